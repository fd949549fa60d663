package outbox

import (
	"context"
)

// Lanes says by which lane a letter leaves. It may be asked by any goroutine.
type Lanes interface {
	Lane(ctx context.Context, to string) (*Lane, error)
}

// Lane is a way out: a relay, or the servers of one destination. It lasts longer than a drain.
type Lane struct {
	Name        string                                 // for the log
	Open        func(context.Context) (Carrier, error) // a connection: [SMTPConfig.Open], [LMTP.Open], [Maildrop.Open]
	Connections int                                    // at a time; 0: as many as the outbox has
	Load        int                                    // letters that one connection carries; 100
}

// Lane implements [Lanes]: every letter leaves by this one.
func (l *Lane) Lane(context.Context, string) (*Lane, error) { return l, nil }

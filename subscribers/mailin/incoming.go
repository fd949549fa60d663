package mailin

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"
)

// Incoming is one mail for one recipient, however it came. A mail to several recipients is several of these
// with the same octets.
type Incoming struct {
	Raw      []byte // at most [MaxSize]; shared, so nobody may change it
	Envelope        // as far as it is known
	Way      Way
	Client   string    // who handed it over, as host:port; empty where that is not known
	Received time.Time // by us
}

// Way is how a mail came in.
type Way string

// The ways.
const (
	ByLMTP Way = "lmtp"
	BySMTP Way = "smtp"
	ByIMAP Way = "imap"
	ByPipe Way = "pipe"
)

// Handler deals with a mail and is done with it when it returns. The same mail may come again, after an error or
// a crash and by another way: to act on it only once is the handler's part.
//
// An error is a failure of ours: the mail stays where it is and comes again. A [*Refused] is not: it is told to
// the sender if he still listens, and ends the matter.
type Handler func(context.Context, Incoming) error

// Refused says that a mail is not wanted, in a sentence for its sender. It is only ever the answer to somebody who
// is on the line, never a mail.
type Refused struct{ Sentence string }

func (r *Refused) Error() string { return r.Sentence }

// longest is how long a handler may take for one mail.
const longest = time.Minute

// safely calls the handler so that no mail ends the program or holds up the others, and is not broken off halfway
// when the program is told to stop.
func (h Handler) safely(ctx context.Context, in Incoming) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("a fault of the program, please report it: %v\n%s", cause, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), longest)
	defer cancel()
	return h(ctx, in)
}

// refused returns the refusal in err, if it is one.
func refused(err error) *Refused {
	var r *Refused
	errors.As(err, &r)
	return r
}

// Hand gives a mail from a pipe to the handler. A refusal comes too late there, and is returned for the log alone:
// were it told to the mail server, that would write to the sender, who may be forged.
func (h Handler) Hand(ctx context.Context, in Incoming) (*Refused, error) {
	err := h.safely(ctx, in)
	if r := refused(err); r != nil {
		return r, nil
	}
	return nil, err
}

// Door takes an address apart to which a mail server wants to hand a mail. One that is not ours, or is for
// something that we do not know, is [*Refused].
func (reader Reader) Door(recipient string) (Door, error) {
	d := reader.parse(strings.ToLower(recipient))
	if d.Address == "" {
		return d, &Refused{"There is no such address here"}
	}
	return d, nil
}

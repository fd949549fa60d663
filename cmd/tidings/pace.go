package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"tidings/subscribers"
)

// How letters go to a provider that blocks us: one at a time, and how often it is asked who does.
const (
	slowly   = 20 * time.Second
	askAgain = time.Minute
)

// pace slows letters down to the providers that block us.
type pace struct {
	providers func(ctx context.Context, since time.Time) ([]subscribers.Provider, error)
	now       func() time.Time
	log       *slog.Logger

	mu    sync.Mutex
	asked time.Time
	seen  []subscribers.Provider
	told  map[string]bool      // editions at providers, of which the log knows
	free  map[string]time.Time // when a provider's next turn is
}

// wait says how long a letter to an address is to wait for its turn.
func (p *pace) wait(ctx context.Context, address string) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, domain := p.now(), subscribers.Domain(address)
	if now.Sub(p.asked) >= askAgain {
		p.ask(ctx, now)
	}
	if !subscribers.Slow(domain, p.seen, now) {
		return 0
	}
	turn := p.free[domain]
	if turn.After(now) {
		return turn.Sub(now)
	}
	p.free[domain] = now.Add(slowly)
	return 0
}

// ask looks who blocks us, and tells the log of each once. While it cannot be known nobody is slowed anew.
func (p *pace) ask(ctx context.Context, now time.Time) {
	p.asked = now
	seen, err := p.providers(ctx, now.Add(-24*time.Hour))
	if err != nil {
		p.log.Error("cannot tell which providers block us", "err", err)
		return
	}
	p.seen = seen
	for _, s := range seen {
		if s.Alarm() && !p.told[s.Domain+" "+s.Edition] {
			p.told[s.Domain+" "+s.Edition] = true
			p.log.Error("a provider blocks us; letters to it go slowly now, and no reader is suspended for it",
				"provider", s.Domain, "edition", s.Edition, "refused", s.Blocked, "of", s.Letters)
		}
	}
}

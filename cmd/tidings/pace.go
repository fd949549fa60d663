package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"tidings/digest/outbox"
	"tidings/subscribers"
)

// How many letters a second go to a provider that blocks us, and how often it is asked who does.
const (
	slowly   = 0.5
	askAgain = time.Minute
)

// pace leads letters to providers that block us by slow lanes of their own, through whoever else would take them.
type pace struct {
	outbox.Lanes
	providers func(ctx context.Context, since time.Time) ([]subscribers.Provider, error)
	now       func() time.Time
	log       *slog.Logger

	mu    sync.Mutex
	asked time.Time
	seen  []subscribers.Provider
	told  map[string]bool        // editions at providers, of which the log knows
	slow  map[byway]*outbox.Lane // to providers that blocked us
}

// byway names a slow lane.
type byway struct {
	domain  string
	through *outbox.Lane
}

// newPace asks the store who blocks us.
func newPace(h *house, lanes outbox.Lanes) *pace {
	return &pace{
		Lanes: lanes, providers: h.store.Providers, now: h.now, log: h.log,
		told: map[string]bool{}, slow: map[byway]*outbox.Lane{},
	}
}

// Lane implements [outbox.Lanes].
func (p *pace) Lane(ctx context.Context, to string) (*outbox.Lane, error) {
	lane, err := p.Lanes.Lane(ctx, to)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now, domain := p.now(), subscribers.Domain(to)
	if now.Sub(p.asked) >= askAgain {
		p.ask(ctx, now)
	}
	if !subscribers.Slow(domain, p.seen, now) {
		return lane, nil
	}
	way := byway{domain, lane}
	if p.slow[way] == nil {
		p.slow[way] = &outbox.Lane{
			Name: domain + " by " + lane.Name, Open: lane.Open, Last: lane.Last, Mark: lane.Mark,
			Terms: &outbox.Terms{Name: domain, Connections: 1, Rate: slowly},
		}
	}
	return p.slow[way], nil
}

// ask looks who blocks us, and tells the log of each once. While it cannot be known nobody is slowed anew.
func (p *pace) ask(ctx context.Context, now time.Time) {
	p.asked = now
	seen, err := p.providers(ctx, now.Add(-subscribers.SlowFor))
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

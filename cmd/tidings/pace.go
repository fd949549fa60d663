package main

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"tidings/subscribers"
)

// How far apart letters go to a provider that blocks us, and how often it is asked who does.
const (
	slowly   = 2 * time.Second
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
	turns map[string]time.Time // of readers who wait for it, by address
}

// newPace asks the store who blocks us.
func newPace(h *house) *pace {
	return &pace{
		providers: h.store.Providers, now: h.now, log: h.log,
		told: map[string]bool{}, free: map[string]time.Time{}, turns: map[string]time.Time{},
	}
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
		delete(p.turns, address)
		return 0
	}
	turn, waits := p.turns[address]
	if !waits {
		if turn = p.free[domain]; turn.Before(now) {
			turn = now
		}
		p.free[domain] = turn.Add(slowly)
	}
	if !turn.After(now) {
		delete(p.turns, address)
		return 0
	}
	p.turns[address] = turn
	return turn.Sub(now)
}

// next sleeps until the next turn of a reader who waits for it, and tells whether there is one. Whose turn had gone by
// when the last drain began waits no more: another daemon has sent his letter, or he has left.
func (p *pace) next(ctx context.Context, began time.Time) bool {
	p.mu.Lock()
	maps.DeleteFunc(p.turns, func(_ string, turn time.Time) bool { return began.Sub(turn) > slowly })
	turns := slices.SortedFunc(maps.Values(p.turns), time.Time.Compare)
	p.mu.Unlock()
	if len(turns) == 0 {
		return false
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(max(turns[0].Sub(p.now()), 50*time.Millisecond)):
		return true
	}
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

package feed

import (
	"context"
	"sync"
	"time"
)

// turns sees to it that a host is asked by one of us at a time, or by so many as it can bear, and left in peace
// for a moment after. Where redirects lead to is not known before, so only the host that is asked first counts. A
// host that nobody waits for is forgotten: links lead to new ones every day, and a daemon runs for months.
type turns struct {
	mu    sync.Mutex
	hosts map[string]*turn
}

// turn is the right to ask one host.
type turn struct {
	free  chan struct{} // holds a token for each who may ask the host now
	users int           // who ask it or wait for it
}

// take waits for the host's turn, of which there are so many at once, and returns what gives it back; the next
// one has it after the gap.
func (t *turns) take(ctx context.Context, host string, atOnce int, gap time.Duration) (leave func(), err error) {
	one := t.join(host, atOnce)
	select {
	case <-one.free:
	case <-ctx.Done():
		t.leave(host, one)
		return nil, context.Cause(ctx)
	}
	back := func() {
		one.free <- struct{}{}
		t.leave(host, one)
	}
	if gap <= 0 {
		return back, nil
	}
	return func() { time.AfterFunc(gap, back) }, nil
}

func (t *turns) join(host string, atOnce int) *turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.hosts == nil {
		t.hosts = map[string]*turn{}
	}
	one, ok := t.hosts[host]
	if !ok {
		one = &turn{free: make(chan struct{}, atOnce)}
		for range atOnce {
			one.free <- struct{}{}
		}
		t.hosts[host] = one
	}
	one.users++
	return one
}

func (t *turns) leave(host string, one *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if one.users--; one.users == 0 {
		delete(t.hosts, host)
	}
}

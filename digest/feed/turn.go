package feed

import (
	"context"
	"sync"
	"time"
)

// turns sees to it that a host is asked by one of us at a time, or by so many as it can bear, and left in peace
// for a moment after. Where redirects lead to is not known before, so only the host that is asked first counts.
type turns struct {
	mu    sync.Mutex
	hosts map[string]chan struct{} // each holds a token for each who may ask the host now
}

// take waits for the host's turn, of which there are so many at once, and returns what gives it back; the next
// one has it after the gap.
func (t *turns) take(ctx context.Context, host string, atOnce int, gap time.Duration) (leave func(), err error) {
	t.mu.Lock()
	if t.hosts == nil {
		t.hosts = map[string]chan struct{}{}
	}
	free, ok := t.hosts[host]
	if !ok {
		free = make(chan struct{}, atOnce)
		for range atOnce {
			free <- struct{}{}
		}
		t.hosts[host] = free
	}
	t.mu.Unlock()
	select {
	case <-free:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	back := func() { free <- struct{}{} }
	if gap <= 0 {
		return back, nil
	}
	return func() { time.AfterFunc(gap, back) }, nil
}

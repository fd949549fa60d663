package feed

import (
	"context"
	"sync"
	"time"
)

// turns sees to it that a host is asked by one of us at a time and left in peace for a moment after. Where
// redirects lead to is not known before, so only the host that is asked first counts.
type turns struct {
	mu    sync.Mutex
	hosts map[string]chan struct{} // each holds one token while the host is free
}

// take waits for the host's turn and returns what gives it back; the next one has it after the gap.
func (t *turns) take(ctx context.Context, host string, gap time.Duration) (leave func(), err error) {
	t.mu.Lock()
	if t.hosts == nil {
		t.hosts = map[string]chan struct{}{}
	}
	free, ok := t.hosts[host]
	if !ok {
		free = make(chan struct{}, 1)
		free <- struct{}{}
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

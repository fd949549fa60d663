package feed

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var all turns
		begin := time.Now()
		leave, err := all.take(t.Context(), "one.example", 1, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		hurried, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := all.take(hurried, "one.example", 1, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a second one has the host: %v", err)
		}
		leave()
		leave, err = all.take(t.Context(), "one.example", 1, time.Minute)
		if err != nil || time.Since(begin) < time.Minute {
			t.Errorf("the next one comes after %s: %v", time.Since(begin), err)
		}
		leave()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if len(all.hosts) > 0 {
			t.Errorf("hosts that nobody waits for are remembered: %d", len(all.hosts))
		}
	})
}

// TestPassNothingAfterTheEnd hands visits on in a round that is over, where there is room for them.
func TestPassNothingAfterTheEnd(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	to := make(chan *visit, 100)
	held := cap(to)
	for range cap(to) {
		pass(ctx, to, &visit{got: answer{leave: func() { held-- }}})
	}
	if len(to) > 0 || held > 0 {
		t.Errorf("of %d came through: %d, are held: %d", cap(to), len(to), held)
	}
}

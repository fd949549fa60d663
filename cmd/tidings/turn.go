package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tidings/digest/store"
)

// attentive is how often a daemon that waits looks whether it is its turn.
const attentive = time.Second

// turn waits until no other process sends from the same file, and does nothing else meanwhile: two daemons would
// send twice as fast as the relay allows. Who waits takes over as soon as the other has ended, however it did. On
// PostgreSQL daemons share the work, and none waits. When the context ends first, there is nothing to
// leave.
func (h daemon) turn(ctx context.Context) (leave func() error, err error) {
	for told := false; ; told = true {
		leave, err = h.store.Attend(ctx)
		if !errors.Is(err, store.ErrSending) {
			return leave, err
		}
		if !told {
			h.log.Warn("another process sends from this store; this one waits until it has ended", "store", h.config.Store.URL)
		}
		select {
		case <-ctx.Done():
			return func() error { return nil }, nil
		case <-time.After(attentive):
		}
	}
}

// passive tells that what is owed is left to another process. By hand nobody sends beside a daemon.
func (h rounds) passive() {
	fmt.Fprintln(h.err, "another process sends from this store, most likely the daemon; what is owed is left to it")
}

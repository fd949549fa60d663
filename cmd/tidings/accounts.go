package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"tidings/digest"
	"tidings/digest/outbox"
	"tidings/subscribers"
)

// accounts is a ledger that tells the list which letters the next server refused for good.
type accounts struct {
	outbox.Ledger
	list *subscribers.List
	log  *slog.Logger
}

// Settle implements [outbox.Ledger]. That a refusal could not be noted keeps no letter from being settled: the
// reader is refused again by the next one.
func (a accounts) Settle(ctx context.Context, outcomes ...digest.Outcome) error {
	err := a.Ledger.Settle(ctx, outcomes...)
	if err == nil || errors.Is(err, digest.ErrStale) {
		a.note(ctx, outcomes)
	}
	return err
}

// Hand implements [outbox.Ledger].
func (a accounts) Hand(ctx context.Context, d digest.Delivery, carried ...digest.Outcome) error {
	err := a.Ledger.Hand(ctx, d, carried...)
	if err == nil || errors.Is(err, digest.ErrStale) || errors.Is(err, digest.ErrGone) {
		a.note(ctx, carried)
	}
	return err
}

// note tells the list of what was refused.
func (a accounts) note(ctx context.Context, outcomes []digest.Outcome) {
	for _, o := range outcomes {
		kind, his := subscribers.Refusal{Code: o.Code, Status: o.Status, At: o.At, Words: o.Note}.Kind()
		if o.State != digest.Failed || !his {
			continue
		}
		noted := subscribers.Postmaster{List: a.list}.Bounce(ctx, subscribers.Report{
			Delivery: o.ID, Bounce: subscribers.Bounce{Kind: kind, Status: o.Status, Diagnostic: o.Note},
		})
		if noted != nil && !errors.Is(noted, subscribers.ErrUnknown) {
			a.log.Error("refusal not noted", "err", noted)
		}
	}
}

// seldom logs what may happen often once a minute.
type seldom struct {
	log *slog.Logger
	now func() time.Time

	mu    sync.Mutex
	last  time.Time
	times int
}

// held hears that a limit kept a confirmation back.
func (s *seldom) held(limit string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.times++
	if now := s.now(); now.Sub(s.last) >= time.Minute {
		s.log.Warn("confirmations are held back; see [subscribe] in the configuration", "limit", limit, "times", s.times)
		s.last, s.times = now, 0
	}
}

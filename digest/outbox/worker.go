package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tidings/digest"
)

// A berth is a worker's place at the quay: its connection, and what that has been through.
type berth struct {
	carrier Carrier
	carried int
	old     <-chan time.Time // the connection has reached its age
	faults  int              // broken connections in a row
}

// patience is how many connections may break in a row before a worker takes the server for unreachable.
const patience = 3

// work takes up claims until none is left: write, render, connect, hand, carry, settle.
func (r *round) work(ctx, flight context.Context) {
	var b berth
	defer b.leave()
	for {
		d, ok := r.next(ctx, flight)
		if !ok {
			return
		}
		envelope, ok := r.prepare(flight, d)
		if !ok {
			continue
		}
		if err := r.moor(flight, &b); err != nil {
			r.hangUp(err, d)
			return
		}
		if !r.hand(flight, d) {
			continue
		}
		if err := r.carry(flight, &b, d, envelope); err != nil {
			r.hangUp(err)
			return
		}
	}
}

// prepare renders d's letter to its last byte. A delivery that has no letter is accounted for here.
func (r *round) prepare(ctx context.Context, d digest.Delivery) (Envelope, bool) {
	if err := r.spoilt(d); err != nil {
		r.spoil(ctx, d, err)
		return Envelope{}, false
	}
	if d.Due.Sub(r.Now()) < r.lease()/4 { // it waited too long to be carried within its lease
		r.account(ctx, d, r.untried(d, 0, ""))
		return Envelope{}, false
	}
	if r.Wait != nil {
		if wait := r.Wait(ctx, d.To); wait > 0 {
			r.account(ctx, d, r.untried(d, wait, "waits for its turn at a server that takes letters slowly"))
			return Envelope{}, false
		}
	}
	envelope, err := r.Letters.Letter(ctx, d)
	switch {
	case err == nil:
		return envelope, true
	case isPermanent(err): // the reader's own address cannot be written to
		r.account(ctx, d, r.outcome(d, "", err))
	case ctx.Err() != nil:
		r.account(ctx, d, r.untried(d, 0, ""))
	default:
		r.spoil(ctx, d, err)
	}
	return Envelope{}, false
}

// moor sees to it that the berth has a connection, and a fresh one after its load or its age.
func (r *round) moor(ctx context.Context, b *berth) error {
	if b.carrier != nil && b.carried >= cmp.Or(r.Load, 100) {
		b.leave()
	}
	select {
	case <-b.old:
		b.leave()
	default:
	}
	if b.carrier != nil {
		return nil
	}
	carrier, err := r.Open(ctx)
	if err != nil {
		return err
	}
	b.carrier, b.carried, b.old = carrier, 0, time.After(cmp.Or(r.Age, 5*time.Minute))
	return nil
}

// hand records that d goes on the wire. Whose claim is stale lets go of it; who has left is skipped.
func (r *round) hand(ctx context.Context, d digest.Delivery) bool {
	err := r.Ledger.Hand(ctx, d)
	switch {
	case err == nil:
		return true
	case errors.Is(err, digest.ErrStale):
		r.log().Debug("claim was taken over", "reader", d.Reader, "edition", subject(d))
	case errors.Is(err, digest.ErrGone):
		r.count(d, digest.Skipped)
	case ctx.Err() != nil:
		r.account(ctx, d, r.untried(d, 0, ""))
	default:
		r.stop(fmt.Errorf("hand %s over: %w", d.Key, err))
	}
	return false
}

// carry puts the letter on the wire and accounts for it. A connection that was over before it heard of
// the letter is replaced once. The error says that the worker can have no connection any more.
func (r *round) carry(flight context.Context, b *berth, d digest.Delivery, e Envelope) error {
	ctx, cancel := context.WithTimeout(flight, d.Due.Sub(r.Now())-r.lease()/20) // the rest is for settling
	defer cancel()
	answer, err := b.carrier.Carry(ctx, e)
	if b.carried > 0 && isEarly(err) && flight.Err() == nil {
		b.leave()
		if gone := r.moor(flight, b); gone != nil {
			r.account(flight, d, r.untried(d, 0, err.Error()))
			return gone
		}
		answer, err = b.carrier.Carry(ctx, e)
	}
	out := r.outcome(d, answer, err)
	if out.State == digest.Deferred && flight.Err() != nil {
		out = r.untried(d, 0, out.Note) // we broke it off ourselves, before its end
	}
	r.account(flight, d, out)
	b.carried++
	if isClean(err) {
		b.faults = 0
		return nil
	}
	b.leave()
	if b.faults++; b.faults >= patience {
		return discreet{err, e.To}
	}
	return nil
}

// discreet is an error that does not tell the reader's address, which a server may have put into its
// answer: what ends a worker is logged, and noted with the letters of others.
type discreet struct {
	error
	reader string
}

// Error tells what happened.
func (d discreet) Error() string { return strings.ReplaceAll(d.error.Error(), d.reader, "a reader") }

// Unwrap returns the cause.
func (d discreet) Unwrap() error { return d.error }

// leave closes the berth's connection, if it has one.
func (b *berth) leave() {
	if b.carrier != nil {
		_ = b.carrier.Close() // what it carried is accounted for already
	}
	b.carrier, b.old = nil, nil
}

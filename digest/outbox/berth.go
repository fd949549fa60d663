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

// A berth is a place at a quay: one worker with one connection. While one of its letters goes, the next one
// is announced; then one commit accounts for the first and hands the next one over.
type berth struct {
	*round
	quay     *quay
	carrier  Carrier
	old      <-chan time.Time // the connection has reached its age
	aged     bool
	used     bool    // the other side has heard of a letter by it
	carried  int     // letters by it
	standing *letter // what is announced on it
	faults   int     // broken connections in a row
	fault    error   // what broke the last one
	ended    []entry // what came of letters, to be told with the next commit
}

const (
	patience = 3  // connections that may break in a row before a berth takes the server for unreachable
	together = 16 // outcomes that wait at most for the next letter's commit
)

// work takes up letters until none is left, or no connection is to be had.
func (r *round) work(flight context.Context, q *quay) {
	b := &berth{round: r, quay: q}
	held, err := b.serve(flight, q.await(true))
	b.leave()
	b.tell(flight)
	r.retire(flight, q, held, err)
}

// serve announces, hands and carries one letter after the other, beginning with l. The error says that the berth can have no
// connection any more; then it may still hold a letter.
func (b *berth) serve(flight context.Context, l *letter) (*letter, error) {
	for {
		if b.faults >= patience {
			return l, b.fault
		}
		if l == nil {
			l = b.next(flight)
		}
		if l == nil {
			return nil, nil
		}
		if b.late(l) {
			b.note(flight, l, b.untried(l.Delivery, 0, ""))
			l, b.standing = nil, nil
			continue
		}
		if b.standing != l {
			if b.spent() && b.quay.yield() {
				return l, nil
			}
			if err := b.connect(flight); err != nil {
				return l, err
			}
			told := b.carrier.Announce(flight, &l.envelope)
			if l = b.heard(flight, l, told); l == nil || b.standing != l {
				continue
			}
		}
		if b.hand(flight, l) {
			l = b.carry(flight, l)
		} else {
			l, b.standing = nil, nil
		}
	}
}

// next takes up a letter. Before it waits for one, it tells what came of the last.
func (b *berth) next(flight context.Context) *letter {
	if l := b.quay.take(); l != nil {
		return l
	}
	b.tell(flight)
	return b.quay.await(false)
}

// late reports whether a letter has waited too long to be carried within its lease.
func (b *berth) late(l *letter) bool { return b.left(l) < b.lease()/4 }

// left is for how long a letter is ours.
func (b *berth) left(l *letter) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.leases.left(l.Due, b.Now())
}

// connect sees to it that the berth has a connection, and a fresh one after its load or its age.
func (b *berth) connect(flight context.Context) error {
	if b.spent() {
		b.leave()
	}
	if b.carrier != nil {
		return nil
	}
	b.tell(flight) // a connection may be long in coming
	carrier, err := b.quay.connect(flight, b.Now)
	b.quay.moor(err == nil)
	if err != nil {
		b.heed(err)
		return err
	}
	b.carrier, b.old = carrier, time.After(cmp.Or(b.Age, 5*time.Minute))
	b.carried, b.used, b.aged, b.standing = 0, false, false, nil
	return nil
}

// spent reports whether the connection has carried enough.
func (b *berth) spent() bool {
	select {
	case <-b.old:
		b.aged = true
	default:
	}
	return b.carrier != nil && (b.aged || b.carried >= cmp.Or(b.quay.terms.Load, 100))
}

// heard takes the answer to l's announcement. It returns l if that stands, or if the connection was over before
// it heard of l, as one that has been idle or busy for too long is; and nil if l has ended.
func (b *berth) heard(flight context.Context, l *letter, told error) *letter {
	switch {
	case told == nil:
		b.used, b.standing = true, l
		return l
	case b.used && isEarly(told) && flight.Err() == nil:
		b.leave()
		return l
	}
	b.used = true
	b.answered(flight, l, "", told)
	return nil
}

// hand tells what came of the letters before l, and that l goes on the wire now, in one commit. Whose claim is
// stale lets go of it; who has left is skipped; and when we are ending it is given back.
func (b *berth) hand(flight context.Context, l *letter) bool {
	if b.over() || flight.Err() != nil || b.late(l) {
		b.note(flight, l, b.untried(l.Delivery, 0, ""))
		return false
	}
	before := b.ended
	err := b.Ledger.Hand(books(flight), l.Delivery, outcomes(before)...)
	told := err == nil || errors.Is(err, digest.ErrStale) || errors.Is(err, digest.ErrGone)
	if told {
		b.count(before...)
		b.ended = b.ended[:0]
	}
	switch {
	case err == nil && b.late(l): // the ledger kept us waiting
		b.note(flight, l, b.untried(l.Delivery, 0, ""))
	case err == nil:
		return true
	case errors.Is(err, digest.ErrGone):
		b.count(entry{l.Delivery, digest.Outcome{State: digest.Skipped}})
	case told:
		b.log().Debug("claim was taken over", "reader", l.Reader, "edition", subject(l.Delivery))
		b.forget(l.Delivery)
	case flight.Err() != nil:
		b.note(flight, l, b.untried(l.Delivery, 0, ""))
	default:
		b.stop(fmt.Errorf("hand %s over: %w", l.Key, err))
		b.note(flight, l, b.untried(l.Delivery, 0, ""))
	}
	return false
}

// carry puts l on the wire, and with it the announcement of the next letter, which it returns.
func (b *berth) carry(flight context.Context, l *letter) *letter {
	var next *letter
	var announce *Envelope
	if b.carried++; !b.spent() {
		if next = b.quay.take(); next != nil {
			announce = &next.envelope
		}
	}
	// The rest is for settling, and for others whose clocks are ahead of ours.
	ctx, cancel := context.WithTimeout(flight, b.left(l)-b.lease()/10)
	defer cancel()
	answer, err, told := b.carrier.Carry(ctx, announce)
	b.standing = nil
	if next != nil {
		b.used = true
	}
	b.answered(flight, l, answer, err)
	switch {
	case next == nil:
	case b.carrier == nil && told == nil: // nothing stands on a connection that has ended
	default:
		next = b.heard(flight, next, told)
	}
	return next
}

// answered accounts for a letter that ended with answer or err, and lets go of a connection that is not as good
// as before.
func (b *berth) answered(flight context.Context, l *letter, answer string, err error) {
	out := b.outcome(l.Delivery, answer, err)
	if out.State == digest.Sent {
		out.Relay = b.quay.Mark
	}
	if out.State == digest.Deferred && flight.Err() != nil {
		out = b.untried(l.Delivery, 0, out.Note) // we broke it off ourselves, before its end
	}
	b.note(flight, l, out)
	b.heed(err)
	if isClean(err) {
		b.faults = 0
		return
	}
	b.leave()
	b.faults++
	b.fault = discreet{err, l.envelope.To}
}

// heed slows letters down when the other side asks for it, and lets them go faster after a while.
func (b *berth) heed(err error) {
	if t := b.quay.terms; t.hear(b.Now(), err) {
		b.log().Warn("a server asks for patience; letters to it go slowly for a while", "lane", cmp.Or(t.Name, b.quay.Name), "code", refusalOf(err).Code, "status", refusalOf(err).Enhanced)
	}
}

// note keeps an outcome until the next commit.
func (b *berth) note(flight context.Context, l *letter, out digest.Outcome) {
	if b.ended = append(b.ended, entry{l.Delivery, out}); len(b.ended) >= together {
		b.tell(flight)
	}
}

// tell records what came of letters.
func (b *berth) tell(flight context.Context) {
	b.settle(flight, b.ended...)
	b.ended = b.ended[:0]
}

// leave closes the berth's connection, if it has one.
func (b *berth) leave() {
	if b.carrier != nil {
		_ = b.carrier.Close() // what it carried is known already
		b.quay.unmoor()
	}
	b.carrier, b.old, b.standing = nil, nil, nil
}

// discreet is an error that does not tell the reader's address, which a server may have put into its
// answer: what ends a berth is logged, and noted with the letters of others.
type discreet struct {
	error
	reader string
}

// Error tells what happened.
func (d discreet) Error() string { return strings.ReplaceAll(d.error.Error(), d.reader, "a reader") }

// Unwrap returns the cause.
func (d discreet) Unwrap() error { return d.error }

// Package outbox delivers what is owed and accounts for it.
//
// It promises that every delivery which the [Ledger] owes is tried until it ends: sent, failed, skipped,
// or uncertain when nobody can know. A letter is rendered to its last byte before the server hears of it;
// it is handed over in the ledger before it is handed over on the wire; and its outcome is accounted for
// before its connection carries the next one. So after any crash at most one letter per connection is in
// doubt. Every try of one delivery bears the same Message-ID.
//
// A letter leaves by a lane: a relay, or the servers of its own domain. While it goes, the next one on its
// connection is announced; one commit then accounts for the one and hands the other over. Rendering and signing
// run ahead of all that: an edition's letter is cut once into a [Stencil], and each reader's is filled in.
//
// It refuses to decide who receives or what a letter says, to send a part of what cannot be rendered
// whole, and to spend a reader's tries on a server that nobody can reach: such claims are given back.
//
// It stores nothing. The ledger remembers, under the delivery's id and fence.
package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode"

	"tidings/digest"
)

// Ledger is what is known of the debts.
type Ledger interface {
	// Claim leases up to n deliveries that are due at now, until until, and returns them; none, and no
	// error, when nothing is due.
	Claim(ctx context.Context, n int, now, until time.Time) ([]digest.Delivery, error)

	// Hand records durably, in one commit, what came of letters as Settle does, and that d's goes on the
	// wire now. It gives [digest.ErrStale] to an owner whose claim of d has been taken over. When the reader
	// may not get the letter any more, it settles d as skipped and gives [digest.ErrGone]. After both, the
	// outcomes are recorded all the same.
	Hand(ctx context.Context, d digest.Delivery, carried ...digest.Outcome) error

	// Settle records outcomes durably, however long that takes, or until ctx ends. An outcome whose fence is stale
	// changes nothing; then the error may be [digest.ErrStale], with the others recorded all the same.
	Settle(ctx context.Context, outcomes ...digest.Outcome) error
}

// Letters writes the letter of a delivery, fit for the wire. Its error means that nothing may be sent for
// that edition (or that kind of notice) now, unless it is a permanent [*Refusal] of the reader's address.
type Letters interface {
	Letter(ctx context.Context, d digest.Delivery) (Envelope, error)
}

// Outbox drains a ledger. Ledger, Letters, Lanes and Now are required; every other field has the default
// that is told beside it.
type Outbox struct {
	Ledger  Ledger
	Letters Letters
	Lanes   Lanes // a [*Lane] when there is but one
	Now     func() time.Time

	Workers  int             // connections at a time, over all lanes; 16
	Lease    time.Duration   // how long a claim holds, and so the most that one letter may take; 2 min
	Retry    time.Duration   // wait before the second try, doubled for each one after it; 5 min
	GiveUp   time.Duration   // a letter is put off no longer than this after it was owed; 20 h
	Grace    time.Duration   // for letters on the wire when the context ends; 20 s
	Poll     time.Duration   // how often Run looks for what has fallen due; 30 s
	Age      time.Duration   // of a connection at most; 5 min
	Jitter   func() float64  // in [0, 1), of any goroutine: spreads retries by ±20 %; nil: they are not spread
	Wake     <-chan struct{} // something is owed; nil: Run only polls
	Log      *slog.Logger    // nil: silence
	Progress func(Tally)     // hears of every outcome of a drain, or of all that a Finish takes, one at a time; may be nil

	// Until says when a letter is given up at the latest, because its next edition is due; nil, and the zero
	// time, set no limit beside GiveUp.
	Until func(digest.Delivery) time.Time

	// NotBefore says when a letter that has been claimed may leave: one that may not yet is owed again then, untried. nil,
	// and any time that is past: now.
	NotBefore func(digest.Delivery) time.Time

	// Ceiling says how many letters of editions may leave today; nil: any number. It is asked after each claim, and what
	// was claimed too much is owed again tomorrow, or in a minute while others may not need all that they claimed. So
	// the letters of all who send from one ledger are never more.
	Ceiling func(context.Context) (Allowance, error)
}

// Tally counts the outcomes of one drain. Claims that were given back untried are not in it.
type Tally struct {
	Sent, Deferred, Failed, Skipped, Uncertain int
}

// Total returns how many letters ended or were put off.
func (t Tally) Total() int { return t.Sent + t.Deferred + t.Failed + t.Skipped + t.Uncertain }

// Plus returns the counts of two drains together.
func (t Tally) Plus(u Tally) Tally {
	return Tally{t.Sent + u.Sent, t.Deferred + u.Deferred, t.Failed + u.Failed, t.Skipped + u.Skipped, t.Uncertain + u.Uncertain}
}

// LogValue tells the counts that are not zero.
func (t Tally) LogValue() slog.Value {
	var told []slog.Attr
	for _, c := range []struct {
		word  string
		count int
	}{{"sent", t.Sent}, {"deferred", t.Deferred}, {"failed", t.Failed}, {"skipped", t.Skipped}, {"uncertain", t.Uncertain}} {
		if c.count > 0 {
			told = append(told, slog.Int(c.word, c.count))
		}
	}
	return slog.GroupValue(told...)
}

func (t *Tally) add(s digest.DeliveryState) {
	switch s {
	case digest.Sent:
		t.Sent++
	case digest.Deferred:
		t.Deferred++
	case digest.Failed:
		t.Failed++
	case digest.Skipped:
		t.Skipped++
	case digest.Uncertain:
		t.Uncertain++
	}
}

// Run drains whenever it is woken and whenever something falls due, until ctx ends. Then it takes no new
// work, lets the letters on the wire finish within the grace period, gives every other claim back and
// returns nil. What stops a drain is tried again, and logged as an error once an hour.
func (o *Outbox) Run(ctx context.Context) error {
	poll := cmp.Or(o.Poll, 30*time.Second)
	var said string
	var at time.Time
	for {
		if _, err := o.Drain(ctx); err != nil && ctx.Err() == nil {
			level := slog.LevelDebug
			if says := wordsOf(err); says != said || o.Now().Sub(at) >= time.Hour {
				level, said, at = slog.LevelError, says, o.Now()
			}
			o.log().Log(ctx, level, "delivery stopped, it will be tried again", "wait", poll, "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-o.Wake:
		case <-time.After(poll):
		}
	}
}

// wordsOf returns what tells one fault from another: not its numbers, for a broken connection tells its port.
func wordsOf(err error) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return -1
		}
		return r
	}, err.Error())
}

// Drain delivers what is due now: claim → write → render → hand → carry → settle. It returns when nothing
// more can be claimed and nothing is on the wire. Its error tells what was left undone and why: a letter
// that does not render, a server that cannot be reached, a ledger that fails, or the end of ctx; the
// other editions are delivered all the same. When ctx ends, every claim is settled or given back before
// Drain returns.
func (o *Outbox) Drain(ctx context.Context) (Tally, error) {
	t, _, err := o.drain(ctx, Tally{})
	return t, err
}

// Finish drains, and stays for the letters that wait for their turn at a server that takes them slowly: for a program
// that ends when all is done, as that of [Outbox.Run] does not.
func (o *Outbox) Finish(ctx context.Context) (Tally, error) {
	var all Tally
	for {
		t, turn, err := o.drain(ctx, all)
		if all = all.Plus(t); err != nil || turn.IsZero() {
			return all, err
		}
		select {
		case <-ctx.Done():
			return all, fmt.Errorf("delivery interrupted: %w", context.Cause(ctx))
		case <-time.After(max(turn.Sub(o.Now()), 50*time.Millisecond)):
		}
	}
}

// drain also returns when the first has its turn of those who wait for it; the zero time when nobody does. Its progress
// is told on top of what was before.
func (o *Outbox) drain(ctx context.Context, before Tally) (Tally, time.Time, error) {
	r := newRound(o)
	r.before = before
	flight, land := o.flight(ctx)
	defer land()
	r.run(ctx, flight)
	r.giveBack(flight)
	if t := r.tally; t.Total() > 0 {
		o.log().Info("letters delivered", "tally", t)
	}
	return r.tally, r.turn, r.err(ctx)
}

// outcome says what a try of d that ended with answer or err comes to.
func (o *Outbox) outcome(d digest.Delivery, answer string, err error) digest.Outcome {
	out := digest.Outcome{ID: d.ID, Fence: d.Fence, State: digest.Sent, Note: line(answer)}
	if err == nil {
		return out
	}
	out.Note = line(err.Error())
	if no := (*Refusal)(nil); errors.As(err, &no) {
		out.Code, out.Status, out.At = no.Code, no.Enhanced, no.At
	}
	now, limit := o.Now(), o.limit(d)
	switch {
	case isUncertain(err) && (d.Attempts < 2 || now.Before(limit)):
		out.State, out.Due = digest.Uncertain, now.Add(o.wait(d.Attempts))
	case isPermanent(err):
		out.State = digest.Failed
	case !now.Before(limit):
		out.State, out.Note = digest.Failed, line(fmt.Sprintf("given up after %s: %v", now.Sub(d.Owed).Round(time.Minute), err))
	default:
		out.State, out.Due = digest.Deferred, now.Add(o.wait(d.Attempts))
		if out.Due.After(limit) {
			out.Due = limit // the last try
		}
	}
	return out
}

// limit returns when a letter is given up.
func (o *Outbox) limit(d digest.Delivery) time.Time {
	limit := d.Owed.Add(cmp.Or(o.GiveUp, 20*time.Hour))
	if o.Until != nil {
		if until := o.Until(d); until.After(d.Owed) && until.Before(limit) { // else it was owed anew since
			return until
		}
	}
	return limit
}

// untried is the outcome that gives a claim back, to be due again after wait.
func (o *Outbox) untried(d digest.Delivery, wait time.Duration, note string) digest.Outcome {
	return digest.Outcome{ID: d.ID, Fence: d.Fence, State: digest.Pending, Due: o.Now().Add(wait), Note: line(note)}
}

// asleep returns how long a letter has to wait before it may leave.
func (o *Outbox) asleep(d digest.Delivery, now time.Time) time.Duration {
	if o.NotBefore == nil {
		return 0
	}
	return o.NotBefore(d).Sub(now)
}

// alone reports whether there is no other way out than this lane.
func (o *Outbox) alone(ctx context.Context, lane *Lane) bool {
	other, err := o.Lanes.Lane(ctx, "")
	return err != nil || other == lane
}

// wait returns how long to wait after so many tries.
func (o *Outbox) wait(attempts int) time.Duration {
	wait := cmp.Or(o.Retry, 5*time.Minute) << min(max(attempts-1, 0), 12)
	if o.Jitter != nil {
		wait += time.Duration((o.Jitter() - 0.5) * 0.4 * float64(wait))
	}
	return wait
}

func (o *Outbox) log() *slog.Logger {
	if o.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return o.Log
}

// batch is how much is claimed at a time: less when few connections could not carry so many within the lease.
func (o *Outbox) batch() int { return min(batch, 8*o.workers()) }

func (o *Outbox) workers() int { return cmp.Or(o.Workers, 16) }

func (o *Outbox) lease() time.Duration { return cmp.Or(o.Lease, 2*time.Minute) }

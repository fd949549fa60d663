package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"

	"tidings/digest"
)

// A round is one drain. Claims stream in as the lanes empty; each waits at the quay of its lane, is prepared
// there by one of a few preparers, and is taken up by one of the lane's berths.
//
// A berth that can get no connection leaves its letter to the others and retires; when the last one of the
// only lane does so the round ends. Thus a server that takes fewer connections than it is given slows a drain,
// and only one that takes none stops it.
type round struct {
	docks

	turn     time.Time // of the first letter whose lane could not take it; zero: all could
	tally    Tally
	before   Tally             // of earlier drains, for the progress of all together
	broken   map[string]error  // by edition or notice: why its letter cannot be made
	away     error             // why no letter can leave
	back     time.Time         // when it may be tried again; zero: soon
	stranded []digest.Delivery // claims for which there is no lane
	failed   error             // what the ledger said
}

// A letter is a claim that is being made ready.
type letter struct {
	digest.Delivery
	envelope Envelope
	made     bool
}

const (
	settling = 5 * time.Second // after the grace period, for outcomes to be recorded
	batch    = 100             // claims at a time
)

// flight returns the context of what is on the wire, which outlives ctx by the grace period. Within it is that of the
// ledger, see [books].
func (o *Outbox) flight(ctx context.Context) (context.Context, context.CancelFunc) {
	books, shut := context.WithCancel(context.WithoutCancel(ctx))
	flight, land := context.WithCancel(context.WithValue(books, ledger{}, books))
	stop := context.AfterFunc(ctx, func() {
		for _, step := range []struct {
			after time.Duration
			end   context.CancelFunc
		}{{cmp.Or(o.Grace, 20*time.Second), land}, {settling, shut}} {
			select {
			case <-time.After(step.after):
				step.end()
			case <-books.Done():
			}
		}
	})
	return flight, func() { stop(); shut() }
}

// ledger finds, in the context of a flight, the one of what is written to the ledger.
type ledger struct{}

// books is the context in which a flight's outcomes are recorded. It lasts as long as the ledger may take, and a moment
// longer than the flight when we are to end: a letter that was on the wire until then has an outcome, too.
func books(flight context.Context) context.Context {
	if books, ok := flight.Value(ledger{}).(context.Context); ok {
		return books
	}
	return flight
}

func newRound(o *Outbox) *round {
	r := &round{broken: map[string]error{}}
	r.docks = docks{Outbox: o, hired: map[*Terms]int{}, leases: leases{}}
	r.claiming, r.preparing = sync.NewCond(&r.mu), sync.NewCond(&r.mu)
	return r
}

// run claims until nothing is due and all that was claimed has ended. Once ctx ends nothing new is taken up,
// and what is on the wire has the grace period to end.
func (r *round) run(ctx, flight context.Context) {
	defer context.AfterFunc(ctx, r.end)()
	if ctx.Err() != nil {
		return
	}
	var preparers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		preparers.Go(func() {
			for q, l := r.pick(); q != nil; q, l = r.pick() {
				r.prepare(flight, q, l)
			}
		})
	}
	for now, more := r.wanting(); more; now, more = r.wanting() {
		r.claim(flight, now)
	}
	preparers.Wait()
	r.hands.Wait()
}

// stop ends the round early because the ledger cannot be relied on.
func (r *round) stop(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = cmp.Or(r.failed, err)
	r.shut()
}

// claim leases a batch and brings each of it to the quay of its lane. When nothing is due and nothing is
// held the round ends.
func (r *round) claim(ctx context.Context, now time.Time) {
	until, n := now.Add(r.lease()), r.batch()
	claimed, err := r.Ledger.Claim(ctx, n, now, until)
	if err != nil {
		r.stop(fmt.Errorf("claim deliveries: %w", err))
		return
	}
	r.mu.Lock()
	r.short = len(claimed) < n
	r.held += len(claimed)
	r.leases.begin(until, len(claimed), r.lease())
	if r.held == 0 {
		r.shut()
	}
	r.mu.Unlock()
	spared, again, err := r.spare(ctx, claimed, now)
	if err != nil {
		r.stop(fmt.Errorf("count today's letters: %w", err))
	}
	var ended []entry
	for _, d := range claimed {
		d.Due = until
		if wait := r.asleep(d, now); wait > 0 {
			ended = append(ended, entry{d, r.untried(d, wait, "waits for the end of the quiet hours")})
			continue
		}
		if d.Edition != "" && spared > 0 {
			spared--
			ended = append(ended, entry{d, r.untried(d, again, "today's letters are used up, or about to be")})
			continue
		}
		ended = append(ended, r.route(ctx, d)...)
	}
	r.settle(ctx, ended...)
}

// route brings a claim to the quay of its lane, or tells why it is not taken up.
func (r *round) route(ctx context.Context, d digest.Delivery) []entry {
	if err := r.spoilt(d); err != nil {
		return []entry{r.spoilBy(d, err)}
	}
	lane, err := r.Lanes.Lane(ctx, d.To)
	switch {
	case err == nil:
	case !errors.As(err, new(adrift)) && (refusalOf(err) != nil || errors.As(err, new(*Fault))):
		return []entry{{d, r.outcome(d, "", err)}}
	default:
		r.strand(d, err, time.Time{})
		return nil
	}
	now := r.Now()
	why := lane.lost(now)
	barred := isLogin(why)
	if barred && !lane.Last && r.alone(ctx, lane) {
		r.strand(d, why, lane.back())
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	q := r.at(lane)
	switch {
	case why != nil && (q.limit == 0 || barred):
		return []entry{r.unreached(q, d, why)}
	case q.limit == 0:
		q.limit, q.missed = q.most(), 0
	}
	if len(q.backlog) >= q.stock() {
		wait := q.book(now)
		if turn := now.Add(wait); r.turn.IsZero() || turn.Before(r.turn) {
			r.turn = turn
		}
		return []entry{{d, r.untried(d, wait, "waits for its turn at "+cmp.Or(q.terms.Name, lane.Name))}}
	}
	q.backlog = append(q.backlog, d)
	r.preparing.Signal()
	return nil
}

// strand ends the round with a claim in hand, because no letter can leave until back.
func (r *round) strand(d digest.Delivery, why error, back time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stranded = append(r.stranded, d)
	r.forsake(why, back)
}

// forsake ends the round for who has the lock.
func (r *round) forsake(why error, back time.Time) {
	r.away, r.back = cmp.Or(r.away, why), back
	r.shut()
}

// entry is an outcome of a delivery.
type entry struct {
	digest.Delivery
	outcome digest.Outcome
}

// settle records outcomes and counts them.
func (r *round) settle(flight context.Context, entries ...entry) {
	if len(entries) == 0 {
		return
	}
	err := r.Ledger.Settle(books(flight), outcomes(entries)...)
	if err != nil && !errors.Is(err, digest.ErrStale) {
		d := entries[0]
		r.stop(fmt.Errorf("settle %s as %s: %w", d.Key, d.outcome.State, err))
		return
	}
	r.count(entries...)
}

// outcomes returns what the ledger is told.
func outcomes(entries []entry) []digest.Outcome {
	out := make([]digest.Outcome, len(entries))
	for i, e := range entries {
		out[i] = e.outcome
	}
	return out
}

// count tells and tallies what is settled: these claims have ended.
func (r *round) count(entries ...entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range entries {
		r.leases.end(e.Due)
		if r.Log != nil {
			r.Log.Debug("letter accounted for", "reader", e.Reader, "edition", subject(e.Delivery), "state", e.outcome.State, "attempt", e.Attempts)
		}
		if e.outcome.State == digest.Pending {
			r.short = false // it may be claimed again
			continue
		}
		r.tally.add(e.outcome.State)
		if r.Progress != nil {
			r.Progress(r.before.Plus(r.tally))
		}
	}
	r.held -= len(entries)
	r.claiming.Signal()
}

// forget lets go of a claim that is another's now.
func (r *round) forget(d digest.Delivery) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leases.end(d.Due)
	r.held--
	r.claiming.Signal()
}

// spoil remembers that no letter can be made for d's edition, and gives all its claims back.
func (r *round) spoil(ctx context.Context, d digest.Delivery, err error) {
	r.mu.Lock()
	key := subject(d)
	if r.broken[key] == nil {
		r.broken[key] = err // told at the end, by [round.err]
	}
	spoilt := []entry{r.spoilBy(d, err)}
	for _, q := range r.quays {
		for _, o := range q.backlog {
			if subject(o) == key {
				spoilt = append(spoilt, r.spoilBy(o, err))
			}
		}
		q.backlog = slices.DeleteFunc(q.backlog, func(o digest.Delivery) bool { return subject(o) == key })
	}
	r.mu.Unlock()
	r.settle(ctx, spoilt...)
}

// spoilBy gives the claim of an edition back that has no letter because of err.
func (r *round) spoilBy(d digest.Delivery, err error) entry {
	return entry{d, r.untried(d, cmp.Or(r.Retry, 5*time.Minute), err.Error())}
}

// spoilt returns why no letter can be made for d's edition, as far as is known.
func (r *round) spoilt(d digest.Delivery) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.broken[subject(d)]
}

// giveBack returns the claims that nobody took up: at once when we are ending, and after a minute when the server is
// away, or when it is tried again.
func (r *round) giveBack(flight context.Context) {
	wait, note := time.Duration(0), ""
	if r.away != nil {
		wait, note = max(probe, r.back.Sub(r.Now())), r.away.Error()
	}
	var entries []entry
	back := func(d digest.Delivery) { entries = append(entries, entry{d, r.untried(d, wait, note)}) }
	for _, q := range r.quays {
		for _, d := range q.claims() {
			back(d)
		}
	}
	for _, d := range r.stranded {
		back(d)
	}
	r.settle(flight, entries...)
}

// err tells everything that kept the round from delivering all that was due.
func (r *round) err(ctx context.Context) error {
	errs := []error{r.failed}
	if r.away != nil {
		errs = append(errs, fmt.Errorf("no letter can leave: %w", r.away))
	}
	for _, key := range slices.Sorted(maps.Keys(r.broken)) {
		errs = append(errs, fmt.Errorf("nothing is sent of %s: %w", key, r.broken[key]))
	}
	if ctx.Err() != nil {
		errs = append(errs, fmt.Errorf("delivery interrupted: %w", context.Cause(ctx)))
	}
	return errors.Join(errs...)
}

// subject names what a delivery's letter is made of: its edition, or its kind of notice.
func subject(d digest.Delivery) string { return cmp.Or(d.Edition, d.Notice) }

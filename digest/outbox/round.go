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
	*Outbox

	mu        sync.Mutex
	claiming  *sync.Cond // wakes who claims
	preparing *sync.Cond // wakes the preparers
	quays     []*quay    // in the order of their first letter
	berths    int        // at work, over all quays
	held      int        // claims that have not ended
	short     bool       // the last claim got less than it asked for, and nothing was given back since
	closed    bool       // nothing new is taken up
	tally     Tally
	broken    map[string]error // by edition or notice: why its letter cannot be made
	away      error            // why no letter can leave
	failed    error            // what the ledger said

	hands sync.WaitGroup // the berths
}

// A quay is where the letters of one lane wait for their berths. The round's lock guards it.
type quay struct {
	*Lane
	limit   int               // berths that it may have
	berths  int               // that it has
	idle    int               // of these, without a letter
	wake    *sync.Cond        // for these
	backlog []digest.Delivery // to be prepared
	ready   []*letter         // to be taken up in this order, once they are made
}

// A letter is a claim that is being made ready.
type letter struct {
	digest.Delivery
	envelope Envelope
	made     bool
}

// ripe counts the letters that can be taken up now.
func (q *quay) ripe() int {
	for i, l := range q.ready {
		if !l.made {
			return i
		}
	}
	return len(q.ready)
}

const (
	settling = 30 * time.Second // bounds how long an outcome may take to be recorded, whatever has ended meanwhile
	batch    = 100              // claims at a time
)

func newRound(o *Outbox) *round {
	r := &round{Outbox: o, broken: map[string]error{}}
	r.claiming, r.preparing = sync.NewCond(&r.mu), sync.NewCond(&r.mu)
	return r
}

// run claims until nothing is due and all that was claimed has ended. Once ctx ends nothing new is taken up,
// and what is on the wire has the grace period to end.
func (r *round) run(ctx context.Context) {
	flight, land := context.WithCancel(context.WithoutCancel(ctx))
	defer land()
	grace := cmp.Or(r.Grace, 25*time.Second)
	defer context.AfterFunc(ctx, func() {
		r.end()
		select {
		case <-time.After(grace):
			land()
		case <-flight.Done():
		}
	})()
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
	for r.wanting() {
		r.claim(flight)
	}
	preparers.Wait()
	r.hands.Wait()
}

// end lets nothing new be taken up.
func (r *round) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.endLocked()
}

func (r *round) endLocked() {
	r.closed = true
	r.claiming.Broadcast()
	r.preparing.Broadcast()
	for _, q := range r.quays {
		q.wake.Broadcast()
	}
}

// stop ends the round early because the ledger cannot be relied on.
func (r *round) stop(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = cmp.Or(r.failed, err)
	r.endLocked()
}

// wanting waits until more should be claimed; it reports false when the round is over.
func (r *round) wanting() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for !r.closed && r.held > 0 && (r.short || r.waiting() >= r.batch()/2) {
		r.claiming.Wait()
	}
	return !r.closed
}

// waiting counts the claims that are not yet being prepared.
func (r *round) waiting() (n int) {
	for _, q := range r.quays {
		n += len(q.backlog)
	}
	return n
}

// batch is how much is claimed at a time: less when few connections could not carry so many within the lease.
func (r *round) batch() int { return min(batch, 8*r.workers()) }

func (r *round) workers() int { return cmp.Or(r.Workers, 16) }

func (r *round) lease() time.Duration { return cmp.Or(r.Lease, 2*time.Minute) }

// claim leases a batch and brings each of it to the quay of its lane. When nothing is due and nothing is
// held the round ends.
func (r *round) claim(ctx context.Context) {
	now := r.Now()
	until, n := now.Add(r.lease()), r.batch()
	claimed, err := r.Ledger.Claim(ctx, n, now, until)
	if err != nil {
		r.stop(fmt.Errorf("claim deliveries: %w", err))
		return
	}
	r.mu.Lock()
	r.short = len(claimed) < n
	r.held += len(claimed)
	if r.held == 0 {
		r.endLocked()
	}
	r.mu.Unlock()
	var spoilt []digest.Delivery
	for _, d := range claimed {
		d.Due = until
		if r.spoilt(d) != nil {
			spoilt = append(spoilt, d)
			continue
		}
		r.route(ctx, d)
	}
	r.giveUpOn(ctx, spoilt)
}

// route brings a claim to the quay of its lane.
func (r *round) route(ctx context.Context, d digest.Delivery) {
	lane, err := r.Lanes.Lane(ctx, d.To)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.away = cmp.Or(r.away, err)
		r.endLocked()
		return
	}
	q := r.quay(lane)
	q.backlog = append(q.backlog, d)
	r.preparing.Signal()
}

// quay returns the lane's place in this round.
func (r *round) quay(lane *Lane) *quay {
	for _, q := range r.quays {
		if q.Lane == lane {
			return q
		}
	}
	q := &quay{Lane: lane, limit: cmp.Or(lane.Connections, r.workers()), wake: sync.NewCond(&r.mu)}
	r.quays = append(r.quays, q)
	return q
}

// pick waits for a claim that is to be prepared; nil when the round is over. No quay has many more letters
// ready than berths, for what is ready takes memory.
func (r *round) pick() (*quay, *letter) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for !r.closed {
		for _, q := range r.quays {
			if len(q.backlog) == 0 || len(q.ready) > q.limit+runtime.GOMAXPROCS(0) {
				continue
			}
			l := &letter{Delivery: q.backlog[0]}
			q.backlog, q.ready = q.backlog[1:], append(q.ready, l)
			if len(q.backlog) < r.batch()/2 {
				r.claiming.Signal()
			}
			return q, l
		}
		r.preparing.Wait()
	}
	return nil, nil
}

// prepare renders a letter to its last byte. A delivery that has no letter is accounted for here.
func (r *round) prepare(ctx context.Context, q *quay, l *letter) {
	var wait time.Duration
	var err error
	if r.Wait != nil {
		wait = r.Wait(ctx, l.To)
	}
	if wait <= 0 {
		l.envelope, err = r.Letters.Letter(ctx, l.Delivery)
	}
	r.mu.Lock()
	l.made = err == nil && wait <= 0
	if !l.made {
		q.ready = slices.DeleteFunc(q.ready, func(o *letter) bool { return o == l })
		r.preparing.Signal()
	}
	r.call(ctx, q)
	r.mu.Unlock()
	switch {
	case l.made:
	case wait > 0:
		r.settle(ctx, entry{l.Delivery, r.untried(l.Delivery, wait, "waits for its turn at a server that takes letters slowly")})
	case isPermanent(err): // the reader's own address cannot be written to
		r.settle(ctx, entry{l.Delivery, r.outcome(l.Delivery, "", err)})
	case ctx.Err() != nil:
		r.settle(ctx, entry{l.Delivery, r.untried(l.Delivery, 0, "")})
	default:
		r.spoil(ctx, l.Delivery, err)
	}
}

// call sees to it that somebody takes up what is ready: an idle berth, or a new one.
func (r *round) call(flight context.Context, q *quay) {
	ripe := q.ripe()
	for range min(ripe, q.idle) {
		q.wake.Signal()
	}
	for ripe > q.idle && r.room(q) && !r.closed {
		q.idle++
		q.berths++
		r.berths++
		r.hands.Go(func() { r.work(flight, q) })
	}
}

// room reports whether the quay may have one more berth.
func (r *round) room(q *quay) bool { return q.berths < q.limit && r.berths < r.workers() }

// take returns the quay's next letter, unless there is none or it is for a berth that is idle or could be had.
func (r *round) take(q *quay) *letter {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || q.ripe() <= q.idle || r.room(q) {
		return nil
	}
	return r.pop(q)
}

// await makes a berth idle until there is a letter for it; nil when the round is over. A new berth is idle from
// the moment at which it was called.
func (r *round) await(q *quay, called bool) *letter {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !called {
		q.idle++
	}
	defer func() { q.idle-- }()
	for !r.closed {
		if q.ripe() > 0 {
			return r.pop(q)
		}
		q.wake.Wait()
	}
	return nil
}

func (r *round) pop(q *quay) *letter {
	l := q.ready[0]
	q.ready = q.ready[1:]
	r.preparing.Signal()
	return l
}

// over reports whether nothing new is to be taken up.
func (r *round) over() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed
}

// retire ends a berth; one that could get no connection leaves its letter, if it still holds one, to the
// others, and its place to nobody.
func (r *round) retire(flight context.Context, q *quay, held *letter, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	q.berths--
	r.berths--
	if held != nil {
		q.ready = slices.Insert(q.ready, 0, held)
	}
	if err != nil {
		q.limit--
	}
	if q.limit == 0 {
		r.away = cmp.Or(r.away, err)
		r.endLocked()
	} else if len(q.ready) > 0 {
		r.call(flight, q)
	}
}

// entry is an outcome of a delivery.
type entry struct {
	digest.Delivery
	outcome digest.Outcome
}

// settle records outcomes and counts them.
func (r *round) settle(ctx context.Context, entries ...entry) {
	if len(entries) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer cancel()
	err := r.Ledger.Settle(ctx, outcomes(entries)...)
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
		if r.Log != nil {
			r.Log.Debug("letter accounted for", "reader", e.Reader, "edition", subject(e.Delivery), "state", e.outcome.State, "attempt", e.Attempts)
		}
		if e.outcome.State == digest.Pending {
			r.short = false // it may be claimed again
			continue
		}
		r.tally.add(e.outcome.State)
		if r.Progress != nil {
			r.Progress(r.tally)
		}
	}
	r.held -= len(entries)
	r.claiming.Signal()
}

// forget lets go of a claim that is another's now.
func (r *round) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
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
	spoilt := []digest.Delivery{d}
	for _, q := range r.quays {
		for _, o := range q.backlog {
			if subject(o) == key {
				spoilt = append(spoilt, o)
			}
		}
		q.backlog = slices.DeleteFunc(q.backlog, func(o digest.Delivery) bool { return subject(o) == key })
	}
	r.mu.Unlock()
	r.giveUpOn(ctx, spoilt)
}

// giveUpOn gives back the claims of editions that have no letter.
func (r *round) giveUpOn(ctx context.Context, spoilt []digest.Delivery) {
	var entries []entry
	for _, d := range spoilt {
		entries = append(entries, entry{d, r.untried(d, cmp.Or(r.Retry, 5*time.Minute), r.spoilt(d).Error())})
	}
	r.settle(ctx, entries...)
}

// spoilt returns why no letter can be made for d's edition, as far as is known.
func (r *round) spoilt(d digest.Delivery) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.broken[subject(d)]
}

// untried is the outcome that gives a claim back, to be due again after wait.
func (r *round) untried(d digest.Delivery, wait time.Duration, note string) digest.Outcome {
	return digest.Outcome{ID: d.ID, Fence: d.Fence, State: digest.Pending, Due: r.Now().Add(wait), Note: line(note)}
}

// giveBack returns the claims that nobody took up: at once when we are ending, and after a minute when
// the server or the ledger is away.
func (r *round) giveBack(ctx context.Context) {
	wait, note := time.Duration(0), ""
	if r.away != nil {
		wait, note = time.Minute, r.away.Error()
	}
	var entries []entry
	back := func(d digest.Delivery) { entries = append(entries, entry{d, r.untried(d, wait, note)}) }
	for _, q := range r.quays {
		for _, d := range q.backlog {
			back(d)
		}
		for _, l := range q.ready {
			back(l.Delivery)
		}
	}
	r.settle(ctx, entries...)
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

package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"tidings/digest"
)

// A round is one drain: the claims that its workers share, and what came of them.
//
// A worker that can get no connection leaves its claim to the others and retires; the last one to do so
// ends the round. Thus a server that takes fewer connections than there are workers slows a drain, and
// only one that takes none stops it.
type round struct {
	*Outbox

	mu      sync.Mutex
	queue   []digest.Delivery // claimed, not yet taken up
	dry     bool              // nothing more is due
	running int               // workers that may still take a claim
	tally   Tally
	broken  map[string]error // by edition or notice: why its letter cannot be made
	away    error            // why no worker has a connection
	failed  error            // what the ledger said
}

// settling bounds how long an outcome may take to be recorded, whatever has ended meanwhile.
const settling = 30 * time.Second

func newRound(o *Outbox) *round { return &round{Outbox: o, broken: map[string]error{}} }

// run starts the workers and waits for them. Once ctx ends they take up nothing new, and what is on the
// wire has the grace period to end.
func (r *round) run(ctx context.Context) {
	flight, land := context.WithCancel(context.WithoutCancel(ctx))
	defer land()
	grace := cmp.Or(r.Grace, 25*time.Second)
	defer context.AfterFunc(ctx, func() {
		select {
		case <-time.After(grace):
			land()
		case <-flight.Done():
		}
	})()
	r.running = cmp.Or(r.Workers, 16)
	var workers sync.WaitGroup
	for range r.running {
		workers.Go(func() { r.work(ctx, flight) })
	}
	workers.Wait()
}

// next takes up a claim, claiming a batch when none is left. A worker that gets none has ended.
func (r *round) next(ctx, flight context.Context) (digest.Delivery, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ctx.Err() == nil && r.failed == nil && len(r.queue) == 0 && !r.dry {
		r.claim(flight)
	}
	if ctx.Err() != nil || r.failed != nil || len(r.queue) == 0 {
		r.running--
		return digest.Delivery{}, false
	}
	d := r.queue[0]
	r.queue = r.queue[1:]
	return d, true
}

// claim fills the queue: with 100, or less when few workers could not carry so many within the lease.
func (r *round) claim(ctx context.Context) {
	now := r.Now()
	until := now.Add(r.lease())
	claimed, err := r.Ledger.Claim(ctx, min(100, 8*cmp.Or(r.Workers, 16)), now, until)
	if err != nil {
		r.failed = fmt.Errorf("claim deliveries: %w", err)
		return
	}
	for i := range claimed {
		claimed[i].Due = until
	}
	r.queue, r.dry = claimed, len(claimed) == 0
}

func (r *round) lease() time.Duration { return cmp.Or(r.Lease, 2*time.Minute) }

// hangUp retires a worker that has no connection. Its claim, if it still holds one, is the others'.
func (r *round) hangUp(err error, held ...digest.Delivery) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queue = append(r.queue, held...)
	if r.running--; r.running == 0 {
		r.away = err
	}
}

// account settles one outcome and counts it.
func (r *round) account(ctx context.Context, d digest.Delivery, out digest.Outcome) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer cancel()
	err := r.Ledger.Settle(ctx, out)
	if err != nil && !errors.Is(err, digest.ErrStale) {
		r.stop(fmt.Errorf("settle %s as %s: %w", d.Key, out.State, err))
		return
	}
	r.count(d, out.State)
}

// count tells and tallies what is settled.
func (r *round) count(d digest.Delivery, state digest.DeliveryState) {
	r.log().Debug("letter accounted for", "reader", d.Reader, "edition", subject(d), "state", state, "attempt", d.Attempts)
	r.mu.Lock()
	defer r.mu.Unlock()
	if state == digest.Pending {
		r.dry = false // it may be claimed again
		return
	}
	r.tally.add(state)
	if r.Progress != nil {
		r.Progress(r.tally)
	}
}

// stop ends the round early because the ledger cannot be relied on.
func (r *round) stop(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = cmp.Or(r.failed, err)
}

// spoil remembers that no letter can be made for d's edition, and gives d back.
func (r *round) spoil(ctx context.Context, d digest.Delivery, err error) {
	r.mu.Lock()
	if r.broken[subject(d)] == nil {
		r.broken[subject(d)] = err // told at the end, by [round.err]
	}
	r.mu.Unlock()
	r.account(ctx, d, r.untried(d, cmp.Or(r.Retry, 5*time.Minute), err.Error()))
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
	if len(r.queue) == 0 {
		return
	}
	wait, note := time.Duration(0), ""
	if r.away != nil {
		wait, note = time.Minute, r.away.Error()
	}
	outcomes := make([]digest.Outcome, len(r.queue))
	for i, d := range r.queue {
		outcomes[i] = r.untried(d, wait, note)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer cancel()
	if err := r.Ledger.Settle(ctx, outcomes...); err != nil && !errors.Is(err, digest.ErrStale) {
		r.stop(fmt.Errorf("give %d claims back: %w", len(outcomes), err))
	}
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

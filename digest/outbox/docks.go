package outbox

import (
	"runtime"
	"slices"
	"sync"
	"time"
)

// docks are all the quays of one round.
type docks struct {
	*Outbox

	mu        sync.Mutex
	claiming  *sync.Cond     // wakes who claims
	preparing *sync.Cond     // wakes the preparers
	quays     []*quay        // in the order of their first letter
	berths    int            // at work, over all quays
	hired     map[*Terms]int // of these, by the terms that bind them
	held      int            // claims that have not ended
	leases    leases         // of these
	spent     time.Time      // when letters of editions may leave again, as today's are used up; zero: they are not
	short     bool           // the last claim got less than it asked for, and nothing was given back since
	closed    bool           // nothing new is taken up

	hands sync.WaitGroup // the berths
}

// end lets nothing new be taken up.
func (d *docks) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shut()
}

// shut does so for who has the lock.
func (d *docks) shut() {
	d.closed = true
	d.claiming.Broadcast()
	d.preparing.Broadcast()
	for _, q := range d.quays {
		q.wake.Broadcast()
	}
}

// wanting waits until more should be claimed, and returns the time at which that is; it reports false when the round is
// over. While a claim of our own has outlived its lease, because the ledger could not be written or the clock was set,
// nothing is claimed: it would be the same letter again.
func (d *docks) wanting() (now time.Time, more bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for now = d.Now(); !d.closed && d.held > 0 && (d.short || d.stocked() || d.leases.over(now)); now = d.Now() {
		d.claiming.Wait()
	}
	return now, !d.closed
}

// stocked reports whether there is work at hand. What waits at a quay that takes no more does not count beside
// others: theirs may be among what is claimed next.
func (d *docks) stocked() bool {
	waiting := 0
	for _, q := range d.quays {
		if full := len(q.backlog) >= q.stock(); !full {
			waiting += len(q.backlog)
		} else if len(d.quays) == 1 {
			return true
		}
	}
	return waiting >= d.batch()/2
}

// over reports whether nothing new is to be taken up.
func (d *docks) over() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.closed
}

// tidy forgets a quay at which nothing happens any more: a round may see thousands of domains.
func (d *docks) tidy(q *quay) {
	if q.berths == 0 && len(q.backlog) == 0 && len(q.ready) == 0 && q.limit > 0 {
		d.quays = slices.DeleteFunc(d.quays, func(o *quay) bool { return o == q })
	}
}

// at returns the lane's quay.
func (d *docks) at(lane *Lane) *quay {
	for _, q := range d.quays {
		if q.Lane == lane {
			return q
		}
	}
	q := &quay{Lane: lane, docks: d, terms: lane.terms(), wake: sync.NewCond(&d.mu), began: d.Now()}
	q.limit = q.most()
	d.quays = append(d.quays, q)
	return q
}

// pick waits for a claim that is to be prepared; nil when the round is over. No quay has many more letters
// ready than berths, for what is ready takes memory.
func (d *docks) pick() (*quay, *letter) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for !d.closed {
		for _, q := range d.quays {
			if len(q.backlog) == 0 || len(q.ready) > q.limit+runtime.GOMAXPROCS(0) {
				continue
			}
			l := &letter{Delivery: q.backlog[0]}
			q.backlog, q.ready = q.backlog[1:], append(q.ready, l)
			if len(q.backlog) < d.batch()/2 {
				d.claiming.Signal()
			}
			return q, l
		}
		d.preparing.Wait()
	}
	return nil, nil
}

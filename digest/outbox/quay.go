package outbox

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"tidings/digest"
)

// A quay is where the letters of one lane wait for their berths, during one round. The docks' lock guards it.
type quay struct {
	*Lane
	*docks
	terms   *Terms
	limit   int               // berths that it may have; 0: its lane is lost
	berths  int               // that it has
	idle    int               // of these, without a letter
	moored  int               // of these, with a connection
	missed  int               // connections in a row that were not to be had
	wake    *sync.Cond        // for the idle
	backlog []digest.Delivery // to be prepared
	ready   []*letter         // to be taken up in this order, once they are made
	began   time.Time         // when it had its first letter
	carried int               // letters since then
	booked  time.Time         // when what it could not take will have its turn
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

// claims returns all that waits.
func (q *quay) claims() []digest.Delivery {
	all := slices.Clone(q.backlog)
	for _, l := range q.ready {
		all = append(all, l.Delivery)
	}
	return all
}

// most returns how many berths its terms allow it.
func (q *quay) most() int { return cmp.Or(q.terms.Connections, q.workers()) }

// stock is how many claims may wait at a quay: as many as it can carry within a quarter of their lease.
func (q *quay) stock() int {
	while := q.lease() / 4
	if gap := q.terms.pace(); gap > 0 {
		return int(while/gap) + 1
	}
	return max(2*q.batch(), int(while/q.each()))
}

// each is how long the quay takes for a letter: as long as so far, or before that is known a second by each connection.
func (q *quay) each() time.Duration {
	if gap := q.terms.pace(); gap > 0 {
		return gap
	}
	if since := q.Now().Sub(q.began); q.carried > 20 && since > 0 {
		return max(time.Microsecond, since/time.Duration(q.carried))
	}
	return time.Second / time.Duration(max(1, q.most()))
}

// book returns how long a claim is to wait that the quay cannot take: until it has carried what it has, and those
// before in the same case; but no more than ten minutes, for it may become faster.
func (q *quay) book(now time.Time) time.Duration {
	if earliest := now.Add(q.lease() / 8); q.booked.Before(earliest) {
		q.booked = earliest
	}
	q.booked = q.booked.Add(q.each())
	return min(10*time.Minute, q.booked.Sub(now))
}

// room reports whether the quay may have one more berth.
func (q *quay) room() bool {
	return q.berths < q.limit && q.docks.berths < q.workers() && q.hired[q.terms] < q.most()
}

// starves reports whether the letters of another quay wait for a berth in vain because of this one's.
func (q *quay) starves() bool {
	return slices.ContainsFunc(q.quays, func(other *quay) bool {
		return other != q && other.berths == 0 && other.ripe() > 0 && (q.docks.berths >= q.workers() || other.terms == q.terms)
	})
}

// yield reports whether a berth whose connection has carried enough should end for another quay's sake.
func (q *quay) yield() bool {
	q.docks.mu.Lock()
	defer q.docks.mu.Unlock()
	return q.starves()
}

// take returns the quay's next letter, unless there is none, it is not its turn yet, or it is for a berth that is
// idle or could be had.
func (q *quay) take() *letter {
	q.docks.mu.Lock()
	defer q.docks.mu.Unlock()
	if q.closed || q.ripe() <= q.idle || q.room() || q.terms.wait(q.Now()) > 0 {
		return nil
	}
	return q.pop()
}

// await makes a berth idle until there is a letter for it; nil when the round is over, or another quay needs the
// connection more. A new berth is idle from the moment at which it was called.
func (q *quay) await(called bool) *letter {
	q.docks.mu.Lock()
	defer q.docks.mu.Unlock()
	if !called {
		q.idle++
	}
	defer func() { q.idle-- }()
	for !q.closed {
		if q.ripe() > 0 {
			wait := q.terms.wait(q.Now())
			if wait == 0 {
				return q.pop()
			}
			defer time.AfterFunc(wait, q.wake.Broadcast).Stop()
		} else if q.starves() {
			return nil
		}
		q.wake.Wait()
	}
	return nil
}

func (q *quay) pop() *letter {
	l := q.ready[0]
	q.ready = q.ready[1:]
	q.carried++
	q.terms.take(q.Now())
	q.preparing.Signal()
	return l
}

// moor notes that a berth of the quay has got a connection, or got none.
func (q *quay) moor(got bool) {
	q.docks.mu.Lock()
	defer q.docks.mu.Unlock()
	if got {
		q.moored++
		q.missed = 0
	} else {
		q.missed++
	}
}

// unmoor notes that a berth of the quay has let go of its connection.
func (q *quay) unmoor() {
	q.docks.mu.Lock()
	defer q.docks.mu.Unlock()
	q.moored--
}

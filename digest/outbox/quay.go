package outbox

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"tidings/digest"
)

// A quay is where the letters of one lane wait for their berths, during one round. The round's lock guards it.
type quay struct {
	*Lane
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

// quay returns the lane's place in this round.
func (r *round) quay(lane *Lane) *quay {
	for _, q := range r.quays {
		if q.Lane == lane {
			return q
		}
	}
	q := &quay{Lane: lane, terms: lane.terms(), wake: sync.NewCond(&r.mu), began: r.Now()}
	q.limit = r.limitOf(q)
	r.quays = append(r.quays, q)
	return q
}

// limitOf returns how many berths the quay may have.
func (r *round) limitOf(q *quay) int { return cmp.Or(q.terms.Connections, r.workers()) }

// stock is how many claims may wait at a quay: as many as it can carry within a quarter of their lease.
func (r *round) stock(q *quay) int {
	while := r.lease() / 4
	if gap := q.terms.pace(); gap > 0 {
		return int(while/gap) + 1
	}
	return max(2*r.batch(), int(while/r.each(q)))
}

// each is how long the quay takes for a letter: what it took so far, and a second for each connection before that is known.
func (r *round) each(q *quay) time.Duration {
	if gap := q.terms.pace(); gap > 0 {
		return gap
	}
	if since := r.Now().Sub(q.began); q.carried > 20 && since > 0 {
		return max(time.Microsecond, since/time.Duration(q.carried))
	}
	return time.Second / time.Duration(max(1, r.limitOf(q)))
}

// book returns how long a claim is to wait that the quay cannot take: until it has carried what it has, and those
// before in the same case; but no more than ten minutes, for it may become faster.
func (r *round) book(q *quay, now time.Time) time.Duration {
	if earliest := now.Add(r.lease() / 8); q.booked.Before(earliest) {
		q.booked = earliest
	}
	q.booked = q.booked.Add(r.each(q))
	return min(10*time.Minute, q.booked.Sub(now))
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
	var err error
	l.envelope, err = r.Letters.Letter(ctx, l.Delivery)
	r.mu.Lock()
	i := slices.Index(q.ready, l)
	if i < 0 { // its lane was lost meanwhile, and its claim brought elsewhere
		r.mu.Unlock()
		return
	}
	if l.made = err == nil; !l.made {
		q.ready = slices.Delete(q.ready, i, i+1)
		r.preparing.Signal()
	}
	r.call(ctx, q)
	r.mu.Unlock()
	switch {
	case err == nil:
	case isPermanent(err): // the reader's own address cannot be written to
		r.settle(ctx, entry{l.Delivery, r.outcome(l.Delivery, "", err)})
	case ctx.Err() != nil:
		r.settle(ctx, entry{l.Delivery, r.untried(l.Delivery, 0, "")})
	default:
		r.spoil(ctx, l.Delivery, err)
	}
}

// call sees to it that somebody takes up what is ready: an idle berth, or a new one, for which an idle berth of
// another quay has to go when there are no more connections.
func (r *round) call(flight context.Context, q *quay) {
	ripe := q.ripe()
	for range min(ripe, q.idle) {
		q.wake.Signal()
	}
	for ripe > q.idle && r.room(q) && !r.closed {
		q.idle++
		q.berths++
		r.berths++
		r.hired[q.terms]++
		r.hands.Go(func() { r.work(flight, q) })
	}
	if ripe == 0 || q.berths > 0 {
		return
	}
	for _, other := range r.quays {
		if other.idle > 0 && r.starving(other) {
			other.wake.Signal()
			return
		}
	}
}

// room reports whether the quay may have one more berth.
func (r *round) room(q *quay) bool {
	return q.berths < q.limit && r.berths < r.workers() && r.hired[q.terms] < r.limitOf(q)
}

// starving reports whether the letters of another quay wait for a berth in vain because of this one's.
func (r *round) starving(q *quay) bool {
	return slices.ContainsFunc(r.quays, func(other *quay) bool {
		return other != q && other.berths == 0 && other.ripe() > 0 && (r.berths >= r.workers() || other.terms == q.terms)
	})
}

// yield reports whether a berth whose connection has carried enough should end for another quay's sake.
func (r *round) yield(q *quay) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.starving(q)
}

// take returns the quay's next letter, unless there is none, it is not its turn yet, or it is for a berth that is
// idle or could be had.
func (r *round) take(q *quay) *letter {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || q.ripe() <= q.idle || r.room(q) || q.terms.wait(r.Now()) > 0 {
		return nil
	}
	return r.pop(q)
}

// await makes a berth idle until there is a letter for it; nil when the round is over, or another quay needs the
// connection more. A new berth is idle from the moment at which it was called.
func (r *round) await(q *quay, called bool) *letter {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !called {
		q.idle++
	}
	defer func() { q.idle-- }()
	for !r.closed {
		if q.ripe() > 0 {
			wait := q.terms.wait(r.Now())
			if wait == 0 {
				return r.pop(q)
			}
			defer time.AfterFunc(wait, q.wake.Broadcast).Stop()
		} else if r.starving(q) {
			return nil
		}
		q.wake.Wait()
	}
	return nil
}

func (r *round) pop(q *quay) *letter {
	l := q.ready[0]
	q.ready = q.ready[1:]
	q.carried++
	q.terms.take(r.Now())
	r.preparing.Signal()
	return l
}

// moor notes that a berth of the quay has got a connection, or got none.
func (r *round) moor(q *quay, got bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if got {
		q.moored++
		q.missed = 0
	} else {
		q.missed++
	}
}

// unmoor notes that a berth of the quay has let go of its connection.
func (r *round) unmoor(q *quay) {
	r.mu.Lock()
	defer r.mu.Unlock()
	q.moored--
}

// retire ends a berth; one that could get no connection leaves its letter, if it still holds one, to the
// others, and its place to nobody.
func (r *round) retire(flight context.Context, q *quay, held *letter, err error) {
	r.mu.Lock()
	q.berths--
	r.berths--
	r.hired[q.terms]--
	if held != nil {
		q.ready = slices.Insert(q.ready, 0, held)
	}
	if err != nil {
		q.limit = max(0, q.limit-1)
	}
	lost := err != nil && (q.limit == 0 || q.moored == 0 && q.missed >= patience)
	if lost {
		q.limit = 0
	}
	for _, other := range slices.SortedStableFunc(slices.Values(r.quays), func(a, b *quay) int { return cmp.Compare(a.berths, b.berths) }) {
		if len(other.ready) > 0 && other.limit > 0 {
			r.call(flight, other)
		}
	}
	r.mu.Unlock()
	if lost {
		r.lose(flight, q, err)
	}
}

// lose clears the quay of a lane by which nothing can leave: other lanes take its claims, or each has been tried when
// there is no other way, or the round ends.
func (r *round) lose(flight context.Context, q *quay, err error) {
	if q.Lane.lose(r.Now(), err) {
		r.log().Warn("no letter can leave this way; it is tried again after a while", "lane", q.Name, "err", err)
	}
	var instead *Lane
	var none error
	if !q.Last {
		instead, none = r.Lanes.Lane(flight, "")
	}
	r.mu.Lock()
	if none != nil || instead == q.Lane {
		r.away = cmp.Or(r.away, err)
		r.endLocked()
		r.mu.Unlock()
		return
	}
	waiting := q.claims()
	q.backlog, q.ready = nil, nil
	r.mu.Unlock()
	var ended []entry
	for _, d := range waiting {
		if q.Last {
			ended = append(ended, r.unreached(q, d, err))
		} else {
			ended = append(ended, r.route(flight, d)...)
		}
	}
	r.settle(flight, ended...)
}

// unreached is what comes of a claim whose lane is lost.
func (r *round) unreached(q *quay, d digest.Delivery, why error) entry {
	if q.Last {
		return entry{d, r.outcome(d, "", why)}
	}
	return entry{d, r.untried(d, probe, why.Error())}
}

package outbox

import (
	"cmp"
	"context"
	"slices"

	"tidings/digest"
)

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
	for ripe > q.idle && q.room() && !r.closed {
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
		if other.idle > 0 && other.starves() {
			other.wake.Signal()
			return
		}
	}
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
	lost := err != nil && (q.limit == 0 || q.moored == 0 && q.missed >= patience || isLogin(err))
	if lost {
		q.limit = 0
	}
	fewest := func(a, b *quay) int { return cmp.Compare(a.berths, b.berths) }
	for _, other := range slices.SortedStableFunc(slices.Values(r.quays), fewest) {
		if len(other.ready) > 0 && other.limit > 0 {
			r.call(flight, other)
		}
	}
	r.tidy(q)
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
		r.forsake(err, q.Lane.back())
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

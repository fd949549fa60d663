package outbox

import "time"

// leases are those of the claims that have not ended, by when they end on the clock.
type leases map[int64]*lease

// A lease is that of all that was claimed at one time.
type lease struct {
	claims int
	ends   time.Time // as the machine measures it, whatever the clock is set to
}

// begin notes a lease of so many claims.
func (l leases) begin(until time.Time, claims int, lasts time.Duration) {
	of := l[until.UnixNano()]
	switch {
	case of != nil: // the clock stands still, or was set back
		of.claims += claims
	case claims > 0:
		l[until.UnixNano()] = &lease{claims, measured().Add(lasts)}
	}
}

// end notes that one of the claims until then has ended.
func (l leases) end(until time.Time) {
	of := l[until.UnixNano()]
	if of == nil {
		return
	}
	if of.claims--; of.claims == 0 {
		delete(l, until.UnixNano())
	}
}

// over reports whether the clock says of one of the claims that its lease has ended.
func (l leases) over(now time.Time) bool {
	for until := range l {
		if until <= now.UnixNano() {
			return true
		}
	}
	return false
}

// left returns how long a lease until then still lasts: on the clock by which others judge it, or as measured since it
// began, whichever is less.
func (l leases) left(until, now time.Time) time.Duration {
	left := until.Sub(now)
	if of := l[until.UnixNano()]; of != nil {
		left = min(left, of.ends.Sub(measured()))
	}
	return left
}

// measured is a time to measure from, and not one to tell.
func measured() time.Time {
	return time.Now() //nolint:forbidigo // the clock that is given may be set while a lease lasts
}

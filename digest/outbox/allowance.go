package outbox

import (
	"context"
	"time"

	"tidings/digest"
)

// Allowance is how many letters of editions may leave on a day, from one ledger.
type Allowance struct {
	Most     int       // in all
	Sent     int       // so far
	Claimed  int       // and are to leave now, by whomever
	Tomorrow time.Time // when the day ends
}

// spare returns how many of the claimed letters of editions may not leave today, and how long they are to wait.
func (d *docks) spare(ctx context.Context, claimed []digest.Delivery, now time.Time) (n int, wait time.Duration, err error) {
	editions := 0
	for _, c := range claimed {
		if c.Edition != "" {
			editions++
		}
	}
	switch {
	case d.Ceiling == nil || editions == 0:
		return 0, 0, nil
	case !d.spent.IsZero():
		return editions, d.spent.Sub(now), nil
	}
	today, err := d.Ceiling(books(ctx))
	if err != nil {
		return editions, 0, err
	}
	if n = min(editions, today.Sent+today.Claimed-today.Most); n <= 0 {
		return 0, 0, nil
	}
	d.mu.Lock()
	others := today.Claimed > d.held
	d.mu.Unlock()
	if today.Sent < today.Most && others {
		return n, probe, nil
	}
	d.spent = today.Tomorrow
	d.log().Warn("today's letters are used up; the others wait for tomorrow, see delivery.warm_up in the configuration", "tomorrow", d.spent)
	return n, d.spent.Sub(now), nil
}

package web

import (
	"sync"
	"time"
)

// How many forms that ask for an address are taken in a span: from one network, behind which may be an office,
// and from all. How many mails come of them is limited by subscribers.Limits.
const (
	span        = 15 * time.Minute
	perNetwork  = 40
	fromAllNets = 4000
)

// crowd counts the forms of this span. It remembers no more networks than forms are taken.
type crowd struct {
	mu    sync.Mutex
	since time.Time
	by    map[string]int
	all   int
}

// takes reports whether one more form is taken from a network; an empty one is not known, and only counted.
func (c *crowd) takes(network string, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.since) >= span || now.Before(c.since) {
		c.since, c.by, c.all = now, map[string]int{}, 0
	}
	if c.all >= fromAllNets || network != "" && c.by[network] >= perNetwork {
		return false
	}
	c.all++
	c.by[network]++
	return true
}

package web

import (
	"sync"
	"time"
)

// span is for how long forms are counted together.
const span = 15 * time.Minute

// Forms is how many forms that ask for an address are taken in a quarter of an hour; how many mails come of them
// is limited by [subscribers.Limits].
type Forms struct {
	Network int // from one network, behind which may be an office
	All     int
}

// crowd counts the forms of this span. It remembers no more networks than forms are taken.
type crowd struct {
	Forms
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
	if c.all >= c.All || network != "" && c.by[network] >= c.Network {
		return false
	}
	c.all++
	c.by[network]++
	return true
}

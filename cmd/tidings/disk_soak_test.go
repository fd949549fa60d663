//go:build soak

package main

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// On a disk that stays full the program says so and stops, when it is told to or when it has waited for long. Then
// no more is in doubt than was on the wire.
func TestDiskStaysFull(t *testing.T) {
	for name, end := range map[string]func(*crossing, *running){
		"told": func(c *crossing, r *running) {
			time.Sleep(2 * time.Second)
			c.stop(r, syscall.SIGTERM)
		},
		"weary": func(c *crossing, r *running) {
			if err := <-r.ended; err == nil {
				c.t.Error("it says that all is well")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			disk := smallDisk(t)
			c := newCrossing(t, unhurried(), disk, crowd(500))
			r := c.begin(c.command(0, "send"))
			c.await(r, 50)
			disk.fill(t)
			end(c, r)
			if !strings.Contains(r.said.String(), "full") || panicked(r.said.String()) {
				t.Errorf("on a full disk it says:\n%s", r.said.String())
			}
			disk.empty(t)
			c.settle()
			if a := c.compare(); a.sent != 500 || a.twice > berths {
				t.Errorf("%+v", a)
			}
		})
	}
}

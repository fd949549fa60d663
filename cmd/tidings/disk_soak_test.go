//go:build soak

package main

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// On a disk that stays full the program says so at once and stops: the daemon within 30 seconds when it is told to, a
// command by itself when it has waited for two minutes. Then no more is in doubt than was on the wire.
func TestDiskStaysFull(t *testing.T) {
	for name, end := range map[string]func(*crossing, *running){
		"serve": func(c *crossing, r *running) {
			time.Sleep(2 * time.Second)
			c.stop(r, syscall.SIGTERM)
		},
		"send": func(c *crossing, r *running) {
			began := time.Now()
			if err := <-r.ended; err == nil {
				c.t.Error("it says that all is well")
			}
			if took := time.Since(began); took > 150*time.Second {
				c.t.Errorf("it gave up after %s", took)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			disk := smallDisk(t)
			c := newCrossing(t, unhurried(), disk, crowd(500))
			r := c.begin(c.command(0, name))
			c.await(r, 50)
			disk.fill(t)
			end(c, r)
			said := r.said.String()
			if strings.Count(said, "the ledger cannot be written") != 1 || !strings.Contains(said, "is full; make room on it") || panicked(said) {
				t.Errorf("on a full disk it says:\n%s", said)
			}
			disk.empty(t)
			c.settle()
			if a := c.compare(); a.sent != 500 || a.twice > berths {
				t.Errorf("%+v", a)
			}
		})
	}
}

//go:build soak

package main

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"tidings/.ci/sink"
	"tidings/digest"
)

// Three daemons share one PostgreSQL, each in a network of its own. One is killed, one loses the database for a minute,
// one loses the relay: nobody is missed, and nobody gets his letter twice but whose letter was on the lost ones' wire.
func TestDaemonsTorn(t *testing.T) {
	if os.Getuid() != 0 {
		t.Fatal("network namespaces are made by root alone: run .ci/soak as root")
	}
	address, err := url.Parse(freshSchema(t))
	if err != nil {
		t.Fatal(err)
	}
	const readers = 20_000
	c := newCrossing(t, &sink.Sink{Slow: 250 * time.Millisecond}, roomIn(t.TempDir()), crowd(readers), "TIDINGS_STORE__URL="+address.String())
	relay, err := url.Parse(c.set("TIDINGS_SMTP__URL"))
	if err != nil {
		t.Fatal(err)
	}
	var daemons []*daemonAway
	for i := range 3 {
		d := &daemonAway{c: c, n: i + 1}
		d.net(address.Host, relay.Host)
		store := *address
		store.Host = d.database
		d.start("TIDINGS_STORE__URL="+store.String(), "TIDINGS_SMTP__URL=smtp://"+d.relay+"?tls=none", "TIDINGS_WEB__LISTEN=127.0.0.1:8080")
		daemons = append(daemons, d)
	}
	c.await(daemons[0].running, 2000)
	t.Logf("%d letters: one is killed", c.sink.Letters())
	c.stop(daemons[0].running, syscall.SIGKILL)
	c.await(daemons[1].running, 1000)
	t.Logf("%d letters: one loses the database, one the relay", c.sink.Letters())
	daemons[1].link("b", "down")
	daemons[2].link("r", "down")
	time.Sleep(time.Minute)
	t.Logf("%d letters: they are back", c.sink.Letters())
	daemons[1].link("b", "up")
	daemons[2].link("r", "up")
	ended := time.Now()
	for c.unended() > 0 {
		if time.Since(ended) > 15*time.Minute {
			t.Fatalf("still owed after a quarter of an hour: %v", c.tally())
		}
		time.Sleep(10 * time.Second)
		t.Logf("%d letters %v later", c.sink.Letters(), time.Since(ended).Round(time.Second))
	}
	t.Logf("all ended %v later", time.Since(ended).Round(time.Second))
	for _, d := range daemons[1:] {
		c.stop(d.running, syscall.SIGTERM)
	}
	if a := c.compare(); a.sent != readers || a.twice > 3*berths {
		t.Errorf("%+v", a)
	}
}

// unended is how many deliveries have not ended.
func (c *crossing) unended() int {
	tally := c.tally()
	return tally[digest.Pending] + tally[digest.Leased] + tally[digest.Handing] + tally[digest.Deferred] + tally[digest.Uncertain]
}

// set returns what the program's environment sets a variable to.
func (c *crossing) set(name string) string {
	value := ""
	for _, e := range c.env {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			value = v
		}
	}
	return value
}

// daemonAway is a daemon in a network of its own, with one line to the database and one to the relay.
type daemonAway struct {
	*running
	c               *crossing
	n               int
	database, relay string // as it sees them
}

func (d *daemonAway) namespace() string { return fmt.Sprintf("tidings-%d-%d", os.Getpid(), d.n) }

// device is our end of one of its lines.
func (d *daemonAway) device(line string) string {
	return fmt.Sprintf("t%s%d-%d", line, d.n, os.Getpid())
}

// net makes the network.
func (d *daemonAway) net(database, relay string) {
	t := d.c.t
	t.Helper()
	ip(t, "netns", "add", d.namespace())
	t.Cleanup(func() { ip(t, "netns", "del", d.namespace()) })
	ip(t, "-n", d.namespace(), "link", "set", "lo", "up")
	for i, line := range []string{"b", "r"} {
		network := fmt.Sprintf("10.%d.%d", 201+i, d.n)
		ip(t, "link", "add", d.device(line), "type", "veth", "peer", "name", "eth-"+line, "netns", d.namespace())
		ip(t, "addr", "add", network+".1/24", "dev", d.device(line))
		ip(t, "link", "set", d.device(line), "up")
		ip(t, "-n", d.namespace(), "addr", "add", network+".2/24", "dev", "eth-"+line)
		ip(t, "-n", d.namespace(), "link", "set", "eth-"+line, "up")
	}
	d.database = forward(t, fmt.Sprintf("10.201.%d.1:0", d.n), database)
	d.relay = forward(t, fmt.Sprintf("10.202.%d.1:0", d.n), relay)
}

// link takes one of the daemon's lines down or up.
func (d *daemonAway) link(line, state string) { ip(d.c.t, "link", "set", d.device(line), state) }

// start starts it.
func (d *daemonAway) start(env ...string) {
	run := d.c.command(0, "serve")
	run.Path, run.Err = lookPath("ip", os.Getenv("PATH"))
	run.Args = append([]string{"ip", "netns", "exec", d.namespace()}, run.Args...)
	run.Env = append(run.Env, env...)
	d.running = d.c.begin(run)
}

func ip(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// forward takes connections and passes them on, and returns where.
func forward(t *testing.T, at, to string) string {
	t.Helper()
	listener, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				_ = near.Close()
				continue
			}
			for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
				go func() {
					_, _ = io.Copy(way[0], way[1])
					_, _ = way[0].Close(), way[1].Close()
				}()
			}
		}
	}()
	return listener.Addr().String()
}

package main

import (
	"crypto/rand"
	"database/sql"
	"errors"
	"flag"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"tidings/.ci/sink"
	"tidings/digest"
)

// Of a soak, .ci/soak asks for more.
var kills = flag.Int("kills", 10, "how often each of the crash tests kills the program")

// unhurried is a far end that takes its time, so that there is time to kill a sender: 16 letters in 10 ms.
func unhurried() *sink.Sink { return &sink.Sink{Slow: 10 * time.Millisecond} }

func skipShort(t *testing.T) {
	t.Helper()
	if testing.Short() && os.Getenv("CI") != "true" {
		t.Skip("kills the program again and again, for some seconds")
	}
}

// Killed again and again, the program misses nobody. Doubtful letters, which are no more than the connections that were
// open, go out twice where the digest says so, and are held back where it does not.
func TestKill(t *testing.T) {
	skipShort(t)
	for name, environment := range map[string]func(*testing.T) []string{
		"resend": func(*testing.T) []string { return nil },
		"hold":   func(*testing.T) []string { return []string{"TIDINGS_DELIVERY__UNCERTAIN=hold"} },
		"postgres": func(t *testing.T) []string {
			return []string{"TIDINGS_DELIVERY__UNCERTAIN=hold", "TIDINGS_STORE__URL=" + freshSchema(t)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCrossing(t, unhurried(), roomIn(t.TempDir()), crowd(100+80**kills), environment(t)...)
			hits := c.strike(*kills, syscall.SIGKILL, "send")
			c.settle()
			a := c.compare()
			t.Logf("%d kills, %d while letters were under way", *kills, hits)
			if a.twice+a.held > berths*hits {
				t.Errorf("%d letters were in doubt after %d kills, more than %d", a.twice+a.held, hits, berths*hits)
			}
			if name == "resend" && a.held > 0 || name != "resend" && a.twice > 0 {
				t.Errorf("with %s, %d were sent twice and %d held back", name, a.twice, a.held)
			}
			if hits < *kills/2 {
				t.Errorf("only %d of %d kills hit a sender", hits, *kills)
			}
		})
	}
}

// freshSchema makes an empty schema in the server that PEER_POSTGRES names, and returns its address.
func freshSchema(t *testing.T) string {
	t.Helper()
	server := peer(t, "PEER_POSTGRES")
	db, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	name := "crash_" + strings.ToLower(rand.Text())
	if _, err := db.Exec("CREATE SCHEMA " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, err := db.Exec("DROP SCHEMA " + name + " CASCADE")
		if err := errors.Join(err, db.Close()); err != nil {
			t.Error(err)
		}
	})
	return server + "&search_path=" + name
}

// Asked to stop, the program lets the letters on the wire arrive: nobody is missed, and nobody gets his twice.
func TestTerminate(t *testing.T) {
	skipShort(t)
	c := newCrossing(t, unhurried(), roomIn(t.TempDir()), crowd(1000))
	t.Parallel()
	for _, command := range []string{"send", "serve"} {
		if hits := c.strike(5, syscall.SIGTERM, command); hits < 4 {
			t.Errorf("only %d of 5 signals hit %s", hits, command)
		}
	}
	c.settle()
	if a := c.compare(); a.sent != 1000 || a.twice > 0 {
		t.Errorf("%+v", a)
	}
}

// Asked to stop while the relay takes everything and says nothing, the program stops all the same. Of what was on the
// wire nobody knows whether it has arrived, and it says so; the rest is owed as before.
func TestTerminateStalled(t *testing.T) {
	skipShort(t)
	for _, command := range []string{"send", "serve"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			c := newCrossing(t, unhurried(), roomIn(t.TempDir()), crowd(300))
			r := c.begin(c.command(0, command))
			c.await(r, 50)
			c.sink.Be(sink.Stalling)
			time.Sleep(200 * time.Millisecond)
			c.stop(r, syscall.SIGTERM)
			c.sink.Be(sink.Well)
			got := c.tally()
			if got[digest.Handing]+got[digest.Leased]+got[digest.Failed] > 0 || got[digest.Uncertain] == 0 || got[digest.Uncertain] > berths {
				t.Errorf("it leaves %v", got)
			}
			c.settle()
			if a := c.compare(); a.sent != 300 || a.twice > got[digest.Uncertain] {
				t.Errorf("%+v, with %v", a, got)
			}
		})
	}
}

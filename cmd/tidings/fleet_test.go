package main

import (
	"bytes"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tidings/digest/store"
)

// Three daemons on one PostgreSQL, each a process of its own. In the middle of an edition one is killed, one is cut off
// from the database for a while, and one from the relay. The edition is made once and its source read once; everybody
// gets it, and it goes twice to no more than what was on the wires of those who were lost.
func TestFleet(t *testing.T) {
	t.Parallel()
	const readers, connections = 1500, 4 // see newsroom
	database, address := freshHouse(t)
	relay := newMailServer(t)
	var visits atomic.Int32
	dir := houseOf(t, &visits)
	list := "email\n"
	for i := range readers {
		list += fmt.Sprintf("reader%04d@example.org\n", i)
	}
	write(t, filepath.Join(dir, "readers.csv"), list)
	runIn(t, dir, address, "", "subscribers", "import", "readers.csv")

	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	toRelay, toDatabase := newStrait(t, relay.addr), newStrait(t, u.Host)
	u.Host = toDatabase.addr
	killed := launch(t, dir, address, relay.addr)
	launch(t, dir, address, toRelay.addr)
	launch(t, dir, u.String(), relay.addr)
	reached := func() int { relay.mu.Lock(); defer relay.mu.Unlock(); return len(relay.got) }
	waitFor(t, "the first letters", func() bool { return reached() > readers/10 })
	if err := killed.Process.Kill(); err != nil {
		t.Error(err)
	}
	toRelay.shut()
	toDatabase.freeze()
	before := reached()
	time.AfterFunc(time.Minute, toDatabase.open)
	time.AfterFunc(20*time.Second, toRelay.open)
	if before == readers {
		t.Error("all was over before anybody was lost")
	}
	tally := func(query string) (n int) {
		if err := database.QueryRow(query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	const sent = "SELECT COUNT(*) FROM delivery WHERE state = 4"
	waitFor(t, "the last letter", func() bool { return tally(sent) == readers })
	relay.mu.Lock()
	defer relay.mu.Unlock()
	again := 0
	for i := range readers {
		n := relay.got[fmt.Sprintf("reader%04d@example.org", i)]
		if n == 0 {
			t.Errorf("reader%04d got nothing", i)
		}
		again += max(n-1, 0)
	}
	if again > 3*connections {
		t.Errorf("%d letters went twice, with %d connections lost", again, 3*connections)
	}
	if n := tally("SELECT COUNT(*) FROM edition"); n != 1 {
		t.Errorf("%d editions were made", n)
	}
	if n := visits.Load(); n != 1 {
		t.Errorf("the source was read %d times", n)
	}
	t.Logf("%d had theirs when the daemons were lost; %d got it twice", before, again)
}

// An edition that was made by hand goes out, while no daemon is there that would hear of it, as soon as one is: the
// first, or one that comes after another has ended, however it did; and to one that is there already.
func TestFleetFindsOwed(t *testing.T) {
	for name, before := range map[string]func(*testing.T, *exec.Cmd){
		"first":   nil,
		"stopped": func(t *testing.T, c *exec.Cmd) { end(t, c, syscall.SIGTERM) },
		"killed":  func(t *testing.T, c *exec.Cmd) { end(t, c, syscall.SIGKILL) },
		"there":   func(t *testing.T, c *exec.Cmd) {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database, address := freshHouse(t)
			relay := newMailServer(t)
			var visits atomic.Int32
			dir := houseOf(t, &visits)
			path := filepath.Join(dir, "config.toml")
			config, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			byHand := strings.NewReplacer("0 0,12 * * *", "0 0 1 1 *", `catch_up_for = "24h"`, `catch_up = "skip"`)
			write(t, path, byHand.Replace(string(config)))
			if before != nil {
				c := launch(t, dir, address, relay.addr)
				waitFor(t, "the daemon", func() bool {
					leads := 0
					_ = database.QueryRow("SELECT COUNT(*) FROM river_leader").Scan(&leads) // the table may not be there yet
					return leads > 0
				})
				before(t, c)
			}
			runIn(t, dir, address, "", "subscribers", "add", "ada@example.org", "bob@example.org")
			runIn(t, dir, address, "", "gather")
			runIn(t, dir, address, "", "compose")
			began := time.Now()
			if name != "there" {
				launch(t, dir, address, relay.addr)
			}
			waitFor(t, "the letters", func() bool {
				relay.mu.Lock()
				defer relay.mu.Unlock()
				return relay.got["ada@example.org"] > 0 && relay.got["bob@example.org"] > 0
			})
			t.Logf("they came after %v", time.Since(began))
		})
	}
}

func end(t *testing.T, c *exec.Cmd, signal os.Signal) {
	t.Helper()
	if err := c.Process.Signal(signal); err != nil {
		t.Error(err)
	}
	_, _ = c.Process.Wait()
}

// A daemon whose clock is wrong says so.
func TestClocksApart(t *testing.T) {
	t.Parallel()
	_, address := freshHouse(t)
	s, err := store.Open(t.Context(), address, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	annexe, err := s.Annexe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer annexe.Close()
	for off, told := range map[time.Duration]bool{0: false, time.Minute: true, -time.Minute: true} {
		var said bytes.Buffer
		h := daemon{house: &house{
			program: &program{now: func() time.Time { return time.Now().Add(off) }}, log: slog.New(slog.NewTextHandler(&said, nil)),
		}}
		if err := h.compareClocks(t.Context(), annexe); err != nil || strings.Contains(said.String(), "clock") != told {
			t.Errorf("%v apart: %v, it says %q", off, err, said.String())
		}
	}
}

// houseOf makes a folder with the configuration of a daily whose slot has passed, and its one source, which counts the
// visits to it.
func houseOf(t *testing.T, visits *atomic.Int32) string {
	t.Helper()
	const item = `<item><title>Court rules on training data</title><link>https://example.org/1</link><pubDate>%s</pubDate>
		<description>A court ruled on Sunday that the makers of models must name the books that they trained on.</description></item>`
	feed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/feed" {
			visits.Add(1)
			fmt.Fprintf(w, `<rss version="2.0"><channel><title>Court</title>`+item+`</channel></rss>`, time.Now().Add(-24*time.Hour).Format(time.RFC1123Z))
		}
	}))
	t.Cleanup(feed.Close)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "config.toml"), `
[delivery]
connections = 4
retry_first = "5s"
[gather]
allow_private = ["127.0.0.0/8"]
[web]
listen = "127.0.0.1:0"
[[source]]
url = "`+feed.URL+`/feed"
on_topic = true
[[digest]]
name = "daily"
from = "AI Daily <daily@example.org>"
schedule = "0 0,12 * * *"
catch_up_for = "24h"
`)
	return dir
}

// freshHouse makes a schema of its own in the server that PEER_POSTGRES names.
func freshHouse(t *testing.T) (db *sql.DB, address string) {
	t.Helper()
	server := os.Getenv("PEER_POSTGRES")
	if server == "" && os.Getenv("CI") == "true" {
		t.Fatal("needs PostgreSQL, and this is CI: set PEER_POSTGRES to the postgres:// address of an empty database")
	}
	if server == "" {
		t.Skip("needs PostgreSQL: set PEER_POSTGRES to the postgres:// address of an empty database")
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	name := "house_" + strings.ToLower(rand.Text())
	query := u.Query()
	query.Set("search_path", name)
	u.RawQuery = query.Encode()
	db, err = sql.Open("pgx", u.String())
	if err == nil {
		_, err = db.Exec("CREATE SCHEMA " + name)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, err := db.Exec("DROP SCHEMA " + name + " CASCADE")
		if err := errors.Join(err, db.Close()); err != nil {
			t.Error(err)
		}
	})
	return db, u.String()
}

// command is the program with a store and a relay.
func command(t *testing.T, dir, store, relay string, args ...string) (c *exec.Cmd, said *bytes.Buffer) {
	t.Helper()
	said = &bytes.Buffer{}
	c = exec.Command("tidings", args...)
	c.Dir, c.Stderr = dir, said
	c.Env = append(os.Environ(), "TIDINGS_STORE__URL="+store)
	if relay != "" {
		c.Env = append(c.Env, "TIDINGS_SMTP__URL=smtp://"+relay+"?tls=none")
	}
	return c, said
}

func runIn(t *testing.T, dir, store, relay string, args ...string) {
	t.Helper()
	if c, said := command(t, dir, store, relay, args...); c.Run() != nil {
		t.Fatalf("%s: %s", args, said)
	}
}

// launch runs a daemon until the test ends, and shows what it said if the test failed.
func launch(t *testing.T, dir, store, relay string) *exec.Cmd {
	t.Helper()
	c, said := command(t, dir, store, relay, "serve")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		late := time.AfterFunc(time.Minute, func() { _ = c.Process.Kill(); t.Error("a daemon did not stop") })
		_ = c.Wait()
		late.Stop()
		if t.Failed() {
			t.Logf("a daemon said:\n%s", said)
		}
	})
	return c
}

func waitFor(t *testing.T, what string, come func() bool) {
	t.Helper()
	for deadline := time.Now().Add(4 * time.Minute); !come(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within four minutes", what)
		}
	}
}

// A strait is the way to a server. It can be shut, which ends all connections, or freeze, in which nothing gets through
// and nobody is told; and be open again.
type strait struct {
	addr, to string

	mu     sync.Mutex
	closed bool
	frozen chan struct{} // closed when it thaws; nil: it is not frozen
	conns  map[net.Conn]bool
}

func newStrait(t *testing.T, to string) *strait {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &strait{addr: listener.Addr().String(), to: to, conns: map[net.Conn]bool{}}
	t.Cleanup(func() { _ = listener.Close(); s.open(); s.shut() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go s.pass(conn)
		}
	}()
	return s
}

func (s *strait) pass(near net.Conn) {
	defer near.Close()
	far, err := net.Dial("tcp", s.to)
	if err != nil {
		return
	}
	defer far.Close()
	if !s.keep(near, far) {
		return
	}
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
		both.Go(func() {
			_, _ = io.Copy(way[0], thawed{way[1], s})
			_, _ = near.Close(), far.Close()
		})
	}
	both.Wait()
}

func (s *strait) keep(conns ...net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range conns {
		s.conns[c] = true
	}
	return !s.closed
}

func (s *strait) shut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for c := range s.conns {
		_ = c.Close()
	}
	clear(s.conns)
}

func (s *strait) freeze() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frozen = make(chan struct{})
}

func (s *strait) open() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed = false; s.frozen != nil {
		close(s.frozen)
		s.frozen = nil
	}
}

// thawed is what comes out of a connection when the strait is not frozen.
type thawed struct {
	io.Reader
	strait *strait
}

func (r thawed) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	r.strait.mu.Lock()
	frozen := r.strait.frozen
	r.strait.mu.Unlock()
	if frozen != nil {
		<-frozen
	}
	return n, err
}

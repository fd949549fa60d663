package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tidings/.ci/sink"
	"tidings/digest"
	"tidings/digest/store"
)

// demoKey is the edition of every crossing: the demo's, whose letters have some 54 KB.
const demoKey = "demo/2023-09-15T0700"

// elsewhen is the program under a clock that is ahead, and that is set by a further step once a file is there.
func elsewhen() {
	ahead, _ := time.ParseDuration(os.Getenv("CLOCK_AHEAD"))
	step, _ := time.ParseDuration(os.Getenv("CLOCK_STEP"))
	os.Exit(start(func() time.Time {
		now := time.Now().Round(0).Add(ahead) // Round takes away what the monotonic clock knows
		if exists(os.Getenv("CLOCK_STEPS")) {
			now = now.Add(step)
		}
		return now
	}))
}

// crossing is a house with a sealed edition, the true program, and the far end to which it sends.
type crossing struct {
	t     *testing.T
	home  room
	store string // its address
	sink  *sink.Sink
	env   []string

	mu   sync.Mutex
	seen map[string]string // by recipient, what must be the same each time his letter comes
}

// berths is how many connections a crossing has.
const berths = 16

// room is a folder, maybe on a disk that only some processes see.
type room struct {
	dir   string   // as the program sees it
	from  string   // as all others do
	enter []string // the command by which a command enters there; none for an ordinary folder
}

// roomIn is an ordinary folder.
func roomIn(dir string) room { return room{dir: dir, from: dir} }

// newCrossing seals an edition that is owed to these readers. The environment is the program's.
func newCrossing(t *testing.T, s *sink.Sink, home room, readers []string, env ...string) *crossing {
	t.Helper()
	c := &crossing{t: t, home: home, sink: s, seen: map[string]string{}}
	c.store = "sqlite:" + filepath.Join(home.dir, "tidings.db")
	s.Inspect = c.inspect
	relay, err := s.Listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	files, err := fs.Sub(demoFiles, "demo")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(home.from, files); err != nil {
		t.Fatal(err)
	}
	c.env = append(os.Environ(), "TIDINGS_SMTP__URL=smtp://"+relay+"?tls=none", "TIDINGS_STORE__URL="+c.store,
		"TIDINGS_MAIL__PIPE=true", "TIDINGS_WEB__LISTEN="+freeAddress(t), "TIDINGS_DIGEST__DEMO__CATCH_UP=skip", "TIDINGS_DIGEST__DIMOSTRAZIONE__CATCH_UP=skip",
		fmt.Sprintf("TIDINGS_DELIVERY__CONNECTIONS=%d", berths))
	c.env = append(c.env, env...)
	for _, e := range env {
		if url, ok := strings.CutPrefix(e, "TIDINGS_STORE__URL="); ok {
			c.store = url
		}
	}
	list := "email,digests\n" + strings.Join(readers, ",demo\n") + ",demo\n"
	if err := os.WriteFile(filepath.Join(home.from, "readers.csv"), []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	c.must("gather", "--digest", "demo")
	c.must("subscribers", "import", filepath.Join(home.dir, "readers.csv"))
	c.must("compose", "--digest", "demo", "--at", "2023-09-15T07:00")
	return c
}

// crowd names so many readers.
func crowd(n int) []string {
	readers := make([]string, n)
	for i := range readers {
		readers[i] = fmt.Sprintf("reader%05d@mail%02d.example", i, i%20)
	}
	return readers
}

// command is one of the program's, under a clock that is so much ahead.
func (c *crossing) command(ahead time.Duration, args ...string) *exec.Cmd {
	words := slices.Concat(c.home.enter, []string{"elsewhen", "-c", filepath.Join(c.home.dir, "demo.toml")}, args)
	run := exec.CommandContext(c.t.Context(), words[0], words[1:]...)
	run.Env = append(slices.Clone(c.env), "CLOCK_AHEAD="+ahead.String())
	return run
}

// must runs a command that has to succeed.
func (c *crossing) must(args ...string) {
	c.t.Helper()
	if out, err := c.command(0, args...).CombinedOutput(); err != nil {
		c.t.Fatalf("tidings %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// running is a command at work.
type running struct {
	*exec.Cmd
	said  bytes.Buffer
	ended chan error
}

// begin starts a command.
func (c *crossing) begin(run *exec.Cmd) *running {
	c.t.Helper()
	r := &running{Cmd: run, ended: make(chan error, 1)}
	r.Stderr = &r.said
	if err := r.Start(); err != nil {
		c.t.Fatal(err)
	}
	go func() { r.ended <- r.Wait() }()
	return r
}

// await waits until so many more letters have come, and reports whether they did before the command ended.
func (c *crossing) await(r *running, more int) bool {
	c.t.Helper()
	want := c.sink.Letters() + more
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if c.sink.Letters() >= want {
			return true
		}
		select {
		case err := <-r.ended:
			r.ended <- err
			return false
		default:
		}
	}
	c.t.Fatalf("%d letters came, and no more; the program says:\n%s", c.sink.Letters(), r.said.String())
	return false
}

// ends waits for a command to end by itself.
func (c *crossing) ends(r *running) error {
	c.t.Helper()
	select {
	case err := <-r.ended:
		return err
	case <-time.After(time.Minute):
		c.t.Fatalf("%v hangs; it says:\n%s", r.Args, r.said.String())
		return nil
	}
}

// stop sends a signal and waits for the end, for the 30 seconds that a daemon has.
func (c *crossing) stop(r *running, signal os.Signal) {
	c.t.Helper()
	_ = r.Process.Signal(signal) // it may have ended already
	select {
	case <-r.ended:
	case <-time.After(30 * time.Second):
		_ = r.Process.Kill()
		c.t.Errorf("the program did not end within 30 s of %v; it says:\n%s", signal, r.said.String())
	}
}

// strike starts the program so often and sends it a signal at a random moment. It returns how often it hit while
// letters were under way.
func (c *crossing) strike(times int, signal os.Signal, args ...string) int {
	c.t.Helper()
	hits := 0
	for range times {
		r := c.begin(c.command(0, args...))
		if c.await(r, rand.IntN(60)) {
			time.Sleep(time.Duration(rand.IntN(int(25 * time.Millisecond))))
			hits++
		}
		c.stop(r, signal)
		if panicked(r.said.String()) {
			c.t.Fatalf("the program broke down:\n%s", r.said.String())
		}
	}
	return hits
}

func panicked(said string) bool {
	return strings.Contains(said, "goroutine ") || strings.Contains(said, "fatal error:")
}

// settle sends what is owed until nothing is, an hour later each time, as no clock but this one waits.
func (c *crossing) settle() {
	c.t.Helper()
	var said bytes.Buffer
	for hour := range 40 {
		run := c.command(time.Duration(hour)*time.Hour, "send")
		run.Stderr = &said
		_ = run.Run() // that some servers refuse is no end
		open := 0
		for _, d := range c.ledger() {
			switch d.State {
			case digest.Sent, digest.Failed, digest.Skipped:
			case digest.Uncertain:
				if !d.Due.IsZero() { // else it is held back
					open++
				}
			default:
				open++
			}
		}
		if open == 0 {
			return
		}
	}
	c.t.Errorf("something is owed for ever; the program says:\n%s", said.String())
}

// ledger reads what is owed to whom.
func (c *crossing) ledger() map[string]digest.Delivery {
	c.t.Helper()
	s := c.open()
	defer s.Close()
	all := map[string]digest.Delivery{}
	for d, err := range s.Deliveries(c.t.Context(), demoKey) {
		if err != nil {
			c.t.Fatal(err)
		}
		all[d.To] = d
	}
	return all
}

// open opens the house's store, or a copy of one that lies where the test cannot go.
func (c *crossing) open() *store.Store {
	c.t.Helper()
	address := c.store
	if c.home.from != c.home.dir {
		copied := filepath.Join(c.t.TempDir(), "home")
		if err := os.CopyFS(copied, os.DirFS(c.home.from)); err != nil {
			c.t.Fatal(err)
		}
		address = "sqlite:" + filepath.Join(copied, "tidings.db")
	}
	s, err := store.Open(c.t.Context(), address, time.Now)
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

// inspect looks at a letter as it comes: it must be whole, its own reader's, and the same on every try.
func (c *crossing) inspect(to string, letter []byte) {
	head, _, _ := bytes.Cut(letter, []byte("\r\n\r\n"))
	var own []string
	for line := range strings.SplitSeq(string(head), "\r\n") {
		name, value, _ := strings.Cut(line, ": ")
		switch strings.ToLower(name) {
		case "to":
			if !strings.Contains(value, "<"+to+">") && value != to {
				c.t.Errorf("%s got a letter to %s", to, value)
			}
		case "message-id", "list-unsubscribe":
			own = append(own, value)
		}
	}
	if end := letter[max(0, len(letter)-80):]; !bytes.HasPrefix(end[bytes.LastIndex(end, []byte("\r\n--"))+2:], []byte("--tidings-")) || !bytes.HasSuffix(end, []byte("--\r\n")) {
		c.t.Errorf("%s got a letter of %d bytes that ends with %q", to, len(letter), end)
	}
	mark := strings.Join(own, " ")
	c.mu.Lock()
	defer c.mu.Unlock()
	switch was := c.seen[to]; {
	case len(own) != 2:
		c.t.Errorf("%s got a letter with %q", to, own)
	case was == "":
		c.seen[to] = mark
	case was != mark:
		c.t.Errorf("%s got %s and then %s", to, was, mark)
	}
}

// account is what the far end and the ledger say together.
type account struct {
	sent, failed int // readers by what is told of them
	never        int // of those told as sent, whom no letter reached
	held, came   int // held back as doubtful, and of these, whom it had reached
	twice        int // letters that came to somebody who had his
	unsaid       int // letters that came and were not answered
}

// compare holds the ledger against what the far end has counted, line by line.
func (c *crossing) compare() account {
	c.t.Helper()
	var a account
	counts := c.sink.Counts()
	for to, d := range c.ledger() {
		n := counts[to]
		delete(counts, to)
		a.twice += max(0, n.Taken-1)
		a.unsaid += n.Taken - n.Answered
		switch d.State {
		case digest.Sent:
			a.sent++
			if n.Taken == 0 {
				a.never++
				c.t.Errorf("%s: told as sent, and no letter came", to)
			}
		case digest.Uncertain:
			a.held++
			a.came += n.Taken
		case digest.Failed, digest.Skipped:
			a.failed++
			if n.Answered > 0 {
				c.t.Errorf("%s: told as %s, and his letter was taken", to, d.State)
			}
		default:
			c.t.Errorf("%s: left as %s: %s", to, d.State, d.Note)
		}
	}
	for to := range maps.Keys(counts) {
		c.t.Errorf("%s: a letter came that nobody owed", to)
	}
	c.t.Logf("%+v", a)
	return a
}

// tally tells how many deliveries of each state there are.
func (c *crossing) tally() map[digest.DeliveryState]int {
	c.t.Helper()
	s := c.open()
	defer s.Close()
	tally, err := s.Tally(c.t.Context(), demoKey)
	if err != nil {
		c.t.Fatal(err)
	}
	return tally
}

// fails runs a command that must fail with a sentence that holds these words.
func (c *crossing) fails(run *exec.Cmd, words ...string) {
	c.t.Helper()
	out, err := run.CombinedOutput()
	exit := (*exec.ExitError)(nil)
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || panicked(string(out)) {
		c.t.Errorf("%v ended with %v, want exit code 1:\n%s", run.Args, err, out)
	}
	for _, word := range words {
		if !strings.Contains(string(out), word) {
			c.t.Errorf("%v does not say %q:\n%s", run.Args, word, out)
		}
	}
}

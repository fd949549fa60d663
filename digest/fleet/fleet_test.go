package fleet_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tidings/digest/fleet"
	"tidings/digest/store"
)

// A sea is where a fleet meets: a schema of its own in the PostgreSQL that PEER_POSTGRES names.
type sea struct {
	address string
	db      *sql.DB
}

func newSea(t *testing.T) sea {
	t.Helper()
	server := os.Getenv("PEER_POSTGRES")
	if server == "" && os.Getenv("CI") == "true" {
		t.Fatal("needs PostgreSQL, and this is CI: set PEER_POSTGRES to the postgres:// address of an empty database")
	}
	if server == "" {
		t.Skip("needs PostgreSQL: set PEER_POSTGRES to the postgres:// address of an empty database")
	}
	u, err := url.Parse(server)
	must(t, err)
	name := "fleet_" + strings.ToLower(rand.Text())
	db, err := sql.Open("pgx", server)
	must(t, err)
	_, err = db.Exec("CREATE SCHEMA " + name)
	must(t, err)
	query := u.Query()
	query.Set("search_path", name)
	u.RawQuery = query.Encode()
	inside, err := sql.Open("pgx", u.String())
	must(t, err)
	t.Cleanup(func() {
		_, err := db.Exec("DROP SCHEMA " + name + " CASCADE")
		must(t, errors.Join(err, inside.Close(), db.Close()))
	})
	return sea{u.String(), inside}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// idle are the orders of a daemon to which nothing comes.
func idle() fleet.Orders {
	nothing := func(context.Context) error { return nil }
	return fleet.Orders{
		Make:    func(context.Context, string) error { return nil },
		Ripe:    func(context.Context) ([]string, error) { return nil, nil },
		Gather:  func(context.Context, string) error { return nil },
		Deliver: func(context.Context) (bool, error) { return false, nil },
		Sweep:   nothing, Edit: nothing, Reviews: never{}, Looks: time.Hour, Polls: time.Hour, Gathers: 2, Delivers: true, Mails: true,
		Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}
}

// join lets a daemon join. It leaves by close.
func (s sea) join(ctx context.Context, o fleet.Orders) (f *fleet.Fleet, leave func() error, err error) {
	house, err := store.Open(ctx, s.address, time.Now)
	if err != nil {
		return nil, nil, err
	}
	annexe, err := house.Annexe(ctx)
	if err == nil {
		f, err = fleet.Join(ctx, annexe, o)
	}
	return f, func() error { annexe.Close(); return house.Close() }, err
}

// launch lets a daemon join, and run until the test ends or stop is called.
func (s sea) launch(t *testing.T, o fleet.Orders) (f *fleet.Fleet, stop func()) {
	t.Helper()
	f, leave, err := s.join(t.Context(), o)
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		must(t, <-ended)
		must(t, leave())
	})
	t.Cleanup(stop)
	return f, stop
}

// until waits for something that has to come.
func until(t *testing.T, what string, come func() bool) {
	t.Helper()
	for deadline := time.Now().Add(90 * time.Second); !come(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 90 seconds", what)
		}
	}
}

func (s sea) count(t *testing.T, query string, args ...any) (n int) {
	t.Helper()
	must(t, s.db.QueryRow(query, args...).Scan(&n))
	return n
}

// tallies counts who does what, by name, and how many do the same at one time.
type tallies struct {
	mu     sync.Mutex
	done   map[string]int
	under  map[string]int
	double []string
}

func newTallies() *tallies { return &tallies{done: map[string]int{}, under: map[string]int{}} }

func (t *tallies) do(name string, takes time.Duration) {
	t.mu.Lock()
	if t.under[name]++; t.under[name] > 1 {
		t.double = append(t.double, name)
	}
	t.mu.Unlock()
	time.Sleep(takes)
	t.mu.Lock()
	t.under[name]--
	t.done[name]++
	t.mu.Unlock()
}

func (t *tallies) of(name string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.done[name]
}

// every is a schedule.
type every time.Duration

func (e every) Next(after time.Time) time.Time {
	return after.Truncate(time.Duration(e)).Add(time.Duration(e))
}

// never is a schedule of nothing.
type never struct{}

func (never) Next(time.Time) time.Time { return time.Time{} }

// Three daemons share the work: each host is read once while it is ripe, and nothing of one name is done by two at a
// time, neither editions nor hosts nor the mailbox.
func TestShared(t *testing.T) {
	t.Parallel()
	s, work := newSea(t), newTallies()
	hosts := []string{"a.example", "b.example", "c.example", "d.example", "e.example", "f.example"}
	for range 3 {
		o := idle()
		o.Polls, o.Looks = time.Second, 2*time.Second
		o.Editions = map[string]fleet.Schedule{"daily": every(time.Second), "weekly": every(time.Second)}
		o.Make = func(_ context.Context, digest string) error { work.do(digest, 300*time.Millisecond); return nil }
		o.Ripe = func(context.Context) (ripe []string, err error) {
			for _, host := range hosts {
				if work.of(host) == 0 {
					ripe = append(ripe, host)
				}
			}
			return ripe, nil
		}
		o.Gather = func(_ context.Context, host string) error {
			if work.of(host) == 0 { // as the marks of its sources tell
				work.do(host, 1500*time.Millisecond)
			}
			return nil
		}
		o.Mailbox = func(ctx context.Context) error {
			work.do("mailbox", time.Second)
			<-ctx.Done()
			return nil
		}
		s.launch(t, o)
	}
	until(t, "all hosts read, and editions made thrice", func() bool {
		for _, host := range hosts {
			if work.of(host) == 0 {
				return false
			}
		}
		return work.of("daily") >= 3 && work.of("weekly") >= 3 && work.of("mailbox") == 1
	})
	for _, host := range hosts {
		if n := work.of(host); n != 1 {
			t.Errorf("%s was read %d times", host, n)
		}
	}
	if work.mu.Lock(); len(work.double) > 0 {
		t.Errorf("done by two at a time: %v", work.double)
	}
	work.mu.Unlock()
}

// What a seal owes is known to the fleet when the seal is, and not before; what is rolled back is not known.
func TestSealed(t *testing.T) {
	t.Parallel()
	s := newSea(t)
	var turns atomic.Int32
	o := idle()
	o.Delivers = false // so that the jobs stay
	f, _ := s.launch(t, o)
	tx, err := s.db.Begin()
	must(t, err)
	must(t, f.Sealed(t.Context(), tx, 1700))
	must(t, tx.Rollback())
	const waiting = "SELECT COUNT(*) FROM river_job WHERE kind = 'deliver' AND state = 'available'"
	before := s.count(t, waiting)
	tx, err = s.db.Begin()
	must(t, err)
	must(t, f.Sealed(t.Context(), tx, 1700))
	must(t, tx.Commit())
	if n := s.count(t, waiting); n < 4 || before > 1 {
		t.Errorf("%d turns wait after the rollback and %d after the seal of 1700 letters, want at most 1 and 4", before, n)
	}
	must(t, f.Owe(t.Context())) // is one of them
	if n := s.count(t, waiting); n != 4 {
		t.Errorf("%d turns wait, want 4", n)
	}
	o.Delivers = true
	o.Deliver = func(context.Context) (bool, error) { turns.Add(1); return false, nil }
	s.launch(t, o)
	until(t, "all turns taken", func() bool { return turns.Load() >= 4 && s.count(t, waiting) == 0 })
}

// Where a turn was not enough, all are called.
func TestMore(t *testing.T) {
	t.Parallel()
	s := newSea(t)
	var turns atomic.Int32
	o := idle()
	o.Deliver = func(context.Context) (bool, error) { return turns.Add(1) < 3, nil }
	f, _ := s.launch(t, o)
	must(t, f.Owe(t.Context()))
	until(t, "more than three turns", func() bool { return turns.Load() > 30 })
}

// What an editor decided is looked at at once, not at the next look.
func TestDecided(t *testing.T) {
	t.Parallel()
	s := newSea(t)
	var edited, made atomic.Int32
	o := idle()
	o.Editions = map[string]fleet.Schedule{"daily": never{}}
	o.Edit = func(context.Context) error { edited.Add(1); return nil }
	o.Make = func(context.Context, string) error { made.Add(1); return nil }
	f, _ := s.launch(t, o)
	until(t, "the first look", func() bool { return edited.Load() == 1 && made.Load() == 1 })
	until(t, "the second", func() bool {
		must(t, f.Decided(t.Context())) // more than once, as the first look may be under way still
		return edited.Load() > 1 && made.Load() > 1
	})
}

// A daemon that cannot deliver leaves the work to who can.
func TestUnable(t *testing.T) {
	t.Parallel()
	s := newSea(t)
	var tried, sent atomic.Int32
	unable, able := idle(), idle()
	unable.Deliver = func(context.Context) (bool, error) { tried.Add(1); return false, errors.New("no relay answers") }
	able.Deliver = func(context.Context) (bool, error) { return sent.Add(1) < 30, nil }
	f, _ := s.launch(t, unable)
	until(t, "the first try", func() bool { return tried.Load() > 0 })
	s.launch(t, able)
	tx, err := s.db.Begin()
	must(t, err)
	must(t, f.Sealed(t.Context(), tx, 1_000_000))
	must(t, tx.Commit())
	until(t, "all sent", func() bool { return sent.Load() >= 30 })
	if n := tried.Load(); n > 5 {
		t.Errorf("who cannot deliver took %d turns", n)
	}
}

// What a dead daemon was at is taken up by another; a job that its worker is at is not, however long it takes.
func TestDead(t *testing.T) {
	t.Parallel()
	s := newSea(t)
	_, stop := s.launch(t, idle()) // makes the tables
	stop()
	must(t, s.db.QueryRow(`INSERT INTO river_job (kind, queue, args, state, attempt, attempted_at, attempted_by, max_attempts, priority)
		VALUES ('gather', 'sources', '{"host": "left.example", "added": "by a later version"}', 'running', 1, now() - interval '25 seconds', '{dead}', 25, 1)
		RETURNING id`).Scan(new(int)))
	work := newTallies()
	o := idle()
	o.Gather = func(_ context.Context, host string) error {
		work.do(host, 8*time.Second)
		return nil
	}
	s.launch(t, o)
	until(t, "taken up", func() bool {
		return s.count(t, "SELECT COUNT(*) FROM river_job WHERE kind = 'gather' AND attempt = 2 AND state = 'running'") == 1
	})
	const taken = "SELECT COUNT(*) FROM river_job WHERE kind = 'gather' AND attempted_at > now() - interval '4 seconds'"
	until(t, "no longer fresh", func() bool { return s.count(t, taken) == 0 })
	until(t, "a sign of life", func() bool { return s.count(t, taken) == 1 })
	until(t, "done", func() bool { return work.of("left.example") == 1 })
	if work.mu.Lock(); len(work.double) > 0 {
		t.Error("a job was taken from its worker")
	}
	work.mu.Unlock()
}

// Jobs of kinds that come with a later version stay for it, and a daemon that is told to stop gives back what it is at.
func TestRollingOver(t *testing.T) {
	t.Parallel()
	s := newSea(t)
	o := idle()
	began := make(chan struct{}, 40)
	o.Deliver = func(ctx context.Context) (bool, error) {
		began <- struct{}{}
		<-ctx.Done()
		return false, ctx.Err()
	}
	f, stop := s.launch(t, o)
	_, err := s.db.Exec(`INSERT INTO river_job (kind, queue, args, max_attempts, priority) VALUES ('proofread', 'letters', '{}', 25, 1)`)
	must(t, err)
	must(t, f.Owe(t.Context()))
	<-began
	stop()
	if n := s.count(t, "SELECT COUNT(*) FROM river_job WHERE kind = 'deliver' AND state = 'available'"); n != 1 {
		t.Errorf("%d jobs were given back, want 1", n)
	}
	if n := s.count(t, "SELECT COUNT(*) FROM river_job WHERE kind = 'proofread' AND state = 'available' AND attempt = 0"); n != 1 {
		t.Error("a job of an unknown kind was touched")
	}
}

// Daemons that come at one time build the tables once.
func TestJoinAtOnce(t *testing.T) {
	t.Parallel()
	s := newSea(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			_, leave, err := s.join(t.Context(), idle())
			if err == nil {
				err = leave()
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

package store_test

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tidings/digest"
	"tidings/digest/store"
	"tidings/subscribers"
)

// What became of letters is not lost while the disk is full: it is written once there is room.
func TestDiskFull(t *testing.T) {
	s, _, key := sealed(t, freshFile(t), 60, digest.Resend)
	var outcomes []digest.Outcome
	for _, d := range claim(t, s, 60, seven) {
		must(t, s.Hand(t.Context(), d))
		o := outcome(d, digest.Sent)
		o.Note = strings.Repeat("queued ", 70)
		outcomes = append(outcomes, o)
	}
	must(t, s.Pragma(t.Context(), "max_page_count = 1")) // no more than there are
	settled := make(chan error)
	go func() { settled <- s.Settle(context.Background(), outcomes...) }()
	select {
	case err := <-settled:
		t.Fatalf("settled on a full disk: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	tallied(t, s, key, map[digest.DeliveryState]int{digest.Handing: 60})
	must(t, s.Pragma(t.Context(), "max_page_count = 1000000"))
	must(t, <-settled)
	tallied(t, s, key, map[digest.DeliveryState]int{digest.Sent: 60})
}

// A disk that stays full is told at once, and once; who waits gives up when his context ends, or when his patience
// does, which begins with the trouble. What can be written after all is.
func TestDiskStaysFull(t *testing.T) {
	s, _, key := sealed(t, freshFile(t), 60, digest.Resend)
	told := make(chan error, 100)
	s.Waits = func(why error) { told <- why }
	var outcomes []digest.Outcome
	for _, d := range claim(t, s, 60, seven) {
		must(t, s.Hand(t.Context(), d))
		o := outcome(d, digest.Sent)
		o.Note = strings.Repeat("queued ", 70)
		outcomes = append(outcomes, o)
	}
	must(t, s.Pragma(t.Context(), "max_page_count = 1")) // no more than there are
	ctx, stop := context.WithCancel(t.Context())
	time.AfterFunc(time.Second, stop)
	says(t, s.Settle(ctx, outcomes...), "is full; make room on it")
	says(t, <-told, "is full; make room on it")

	s.Patience = time.Nanosecond // of a trouble that begins anew
	must(t, s.Pragma(t.Context(), "max_page_count = 1000000"))
	must(t, s.Settle(t.Context(), outcomes[:20]...))
	if why := <-told; why != nil {
		t.Errorf("when there is room again it says %v", why)
	}
	must(t, s.Pragma(t.Context(), "max_page_count = 1"))
	for range 3 {
		says(t, s.Settle(t.Context(), outcomes[20:]...), "is full; make room on it")
	}
	must(t, s.Pragma(t.Context(), "max_page_count = 1000000"))
	must(t, s.Settle(t.Context(), outcomes[20:]...))
	if len(told) > 2 {
		t.Errorf("it was told %d times more", len(told))
	}
	tallied(t, s, key, map[digest.DeliveryState]int{digest.Sent: 60})
}

// Another program that holds the file, as one that copies it, is waited for.
func TestLocked(t *testing.T) {
	address := freshFile(t)
	s, _, key := sealed(t, address, 1, digest.Resend)
	d := claim(t, s, 1, seven)[0]
	db := raw(t, address)
	db.SetMaxOpenConns(1)
	execute(t, db, "BEGIN IMMEDIATE")
	handed := make(chan error)
	go func() { handed <- s.Hand(context.Background(), d) }()
	select {
	case err := <-handed:
		t.Fatalf("handed over behind a lock: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	execute(t, db, "ROLLBACK")
	must(t, <-handed)
	must(t, s.Settle(t.Context(), outcome(d, digest.Sent)))
	tallied(t, s, key, map[digest.DeliveryState]int{digest.Sent: 1})
}

// PostgreSQL ends all our sessions again and again while letters go out. Nobody hears of it, and every letter is
// handed over once and settled.
func TestSessionsCut(t *testing.T) {
	u, err := url.Parse(freshSchema(t))
	must(t, err)
	name := u.Query().Get("search_path")
	query := u.Query()
	query.Set("application_name", name)
	u.RawQuery = query.Encode()
	s, _, key := sealed(t, u.String(), 320, digest.Hold)
	leave := ok[func() error](t)(s.Attend(t.Context()))
	claimed := claim(t, s, 320, seven)

	db, err := sql.Open("pgx", os.Getenv("PEER_POSTGRES"))
	must(t, err)
	defer db.Close()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range 15 {
			time.Sleep(20 * time.Millisecond)
			if _, err := db.Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", name); err != nil {
				t.Error(err)
			}
		}
	}()
	var all sync.WaitGroup
	for own := range slices.Chunk(claimed, 40) {
		all.Go(func() {
			for _, d := range own {
				if err := s.Hand(context.Background(), d); err != nil {
					t.Errorf("hand over: %v", err)
				}
				if err := s.Settle(context.Background(), outcome(d, digest.Sent)); err != nil && !errors.Is(err, digest.ErrStale) {
					t.Errorf("settle: %v", err)
				}
			}
		})
	}
	all.Wait()
	<-ended
	after, _ := open(t, u.String())
	tallied(t, after, key, map[digest.DeliveryState]int{digest.Sent: 320})
	_ = leave() // its session may be gone
}

// Whom a letter may not be sent to any more is settled when it would be claimed; others are found behind him.
func TestClaimPassesOver(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _, key := sealed(t, address, 5, digest.Hold)
		for _, email := range []string{"reader000@example.org", "reader001@example.org", "reader002@example.org"} {
			must(t, s.Change(t.Context(), subscribers.Who{Email: email, Trace: hidden}, func(p *subscribers.Person) error {
				p.Entry.State = subscribers.Left
				return nil
			}))
		}
		got := claim(t, s, 2, seven)
		for len(got) < 2 {
			more := claim(t, s, 2, seven)
			if got = append(got, more...); len(more) == 0 {
				break
			}
		}
		for _, d := range got {
			if d.To != "reader003@example.org" && d.To != "reader004@example.org" {
				t.Errorf("claimed %s", d.To)
			}
			must(t, s.Hand(t.Context(), d))
		}
		tallied(t, s, key, map[digest.DeliveryState]int{digest.Skipped: 3, digest.Handing: 2})
		if held := claim(t, s, 9, seven.Add(lease)); len(held) > 0 {
			t.Errorf("claimed %v, which is to be held back", held)
		}
		tallied(t, s, key, map[digest.DeliveryState]int{digest.Skipped: 3, digest.Uncertain: 2})
		if next := ok[time.Time](t)(s.NextDue(t.Context())); !next.IsZero() {
			t.Errorf("all has ended, and something is due at %v", next)
		}
	})
}

// A backup taken while letters go out is a store of its own, in which what was on the wire is in doubt.
func TestBackup(t *testing.T) {
	address := freshFile(t)
	s, _, key := sealed(t, address, 3, digest.Resend)
	leave := ok[func() error](t)(s.Attend(t.Context()))
	defer leave()
	must(t, s.Hand(t.Context(), claim(t, s, 2, seven)[0]))
	path := filepath.Join(t.TempDir(), "copy.db")
	must(t, s.Backup(t.Context(), path))
	says(t, s.Backup(t.Context(), path), "is there already")
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v", info.Mode())
	}
	copied, _ := open(t, "sqlite:"+path)
	must(t, ok[func() error](t)(copied.Attend(t.Context()))())
	tallied(t, copied, key, map[digest.DeliveryState]int{digest.Pending: 1, digest.Leased: 1, digest.Uncertain: 1})
}

func TestNoBackup(t *testing.T) {
	s, _ := open(t, freshSchema(t))
	wants(t, s.Backup(t.Context(), filepath.Join(t.TempDir(), "copy.db")), store.ErrNoBackup)
}

// What is counted and owed of an edition, while it goes out and at its end.
func TestCounts(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, c, key := sealed(t, address, 4, digest.Resend)
		claimed := claim(t, s, 3, seven)
		later := outcome(claimed[2], digest.Deferred)
		later.Due, later.Code, later.Status = seven.Add(5*time.Minute), 451, "4.7.1"
		sent := outcome(claimed[0], digest.Sent)
		sent.Relay = "one.example:587"
		must(t, s.Settle(t.Context(), sent, later))
		for d, err := range s.Deliveries(t.Context(), key, digest.Sent) {
			if must(t, err); d.Relay != "one.example:587" || d.At != "" {
				t.Errorf("it was taken by %q, and refused at %q", d.Relay, d.At)
			}
		}
		owes := func(want store.Debt) {
			t.Helper()
			if got := ok[store.Debt](t)(s.Owing(t.Context(), key)); got != want {
				t.Errorf("owes %+v, want %+v", got, want)
			}
		}
		owes(store.Debt{Letters: 3, Due: 2, Next: seven.Add(5 * time.Minute)})
		c.move(5 * time.Minute)
		owes(store.Debt{Letters: 3, Due: 3})
		want := []store.Count{
			{State: digest.Pending, Domain: "example.org", N: 1},
			{State: digest.Leased, Domain: "example.org", N: 1},
			{State: digest.Sent, Domain: "example.org", Relay: "one.example:587", N: 1},
			{State: digest.Deferred, Domain: "example.org", Code: 451, Status: "4.7.1", N: 1},
		}
		got := ok[[]store.Count](t)(s.Counts(t.Context(), key))
		if len(got) != len(want) {
			t.Fatalf("counted %v", got)
		}
		for i := range want {
			if want[i].Domain = got[i].Domain; got[i] != want[i] { // tests write no domains
				t.Errorf("counted %+v, want %+v", got[i], want[i])
			}
		}
	})
}

// What left today is counted, and what is about to, but no notice.
func TestSent(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, c, _ := sealed(t, address, 6, digest.Resend)
		save(t, s, subscribers.Subscriber{Email: "new@example.org", State: subscribers.Active}, subscribers.Welcome)
		counted := func(wantSent, wantClaimed int) {
			t.Helper()
			sent, claimed, err := s.Sent(t.Context(), seven.Add(-7*time.Hour))
			if must(t, err); sent != wantSent || claimed != wantClaimed {
				t.Errorf("%d sent and %d claimed, want %d and %d", sent, claimed, wantSent, wantClaimed)
			}
		}
		claimed := claim(t, s, 5, seven) // the welcome is the first of them
		must(t, s.Hand(t.Context(), claimed[1]))
		counted(0, 4)
		must(t, s.Settle(t.Context(), outcome(claimed[0], digest.Sent), outcome(claimed[1], digest.Sent), outcome(claimed[2], digest.Sent), outcome(claimed[3], digest.Failed)))
		counted(2, 1)
		c.move(24 * time.Hour)
		if sent, _, err := s.Sent(t.Context(), seven.Add(17*time.Hour)); err != nil || sent > 0 {
			t.Errorf("on the next day %d were sent, %v", sent, err)
		}
	})
}

// A notice is forgotten three months after it has ended, and not while it is owed.
func TestForgetNotices(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, c := open(t, address)
		for _, email := range []string{"ada@example.org", "bob@example.org"} {
			save(t, s, subscribers.Subscriber{Email: email, State: subscribers.Active}, subscribers.Welcome, subscribers.Link)
		}
		claimed := claim(t, s, 3, seven)
		must(t, s.Settle(t.Context(), outcome(claimed[0], digest.Sent), outcome(claimed[1], digest.Failed)))
		c.move(60 * 24 * time.Hour)
		must(t, s.Settle(t.Context(), outcome(claimed[2], digest.Skipped)))
		db := raw(t, address)
		for _, want := range []int{4, 2, 1} {
			must(t, s.Sweep(t.Context()))
			n := 0
			must(t, db.QueryRow("SELECT COUNT(*) FROM delivery").Scan(&n))
			if n != want {
				t.Errorf("after %v there are %d, want %d", c.Now().Sub(seven), n, want)
			}
			c.move(31 * 24 * time.Hour)
			if want == 2 {
				c.move(60 * 24 * time.Hour)
			}
		}
	})
}

// What came of each delivery is forgotten after three months; how many there were of each kind is not.
func TestRetire(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, c, key := sealed(t, address, 3, digest.Resend)
		claimed := claim(t, s, 2, seven)
		must(t, s.Settle(t.Context(), outcome(claimed[0], digest.Sent), outcome(claimed[1], digest.Failed)))
		known := func(want int) {
			t.Helper()
			must(t, s.Sweep(t.Context()))
			n := 0
			for _, err := range s.Deliveries(t.Context(), key) {
				must(t, err)
				n++
			}
			if n != want {
				t.Errorf("%d are known one by one, want %d", n, want)
			}
		}
		known(3)
		c.move(91 * 24 * time.Hour)
		known(1) // it is still owed
		last := claim(t, s, 9, seven.AddDate(0, 4, 0))
		must(t, s.Settle(t.Context(), outcome(last[0], digest.Sent)))
		known(0)
		tallied(t, s, key, map[digest.DeliveryState]int{digest.Sent: 2, digest.Failed: 1})
		if got := ok[[]store.Count](t)(s.Counts(t.Context(), key)); len(got) != 2 || got[0].N != 2 {
			t.Errorf("counted %v", got)
		}
	})
}

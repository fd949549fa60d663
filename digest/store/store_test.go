package store_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/digest"
	"tidings/digest/store"
	"tidings/subscribers"
)

// seven is the morning at which most tests begin.
var seven = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)

// everywhere runs a test on a SQLite file and on a PostgreSQL schema of its own.
func everywhere(t *testing.T, test func(t *testing.T, address string)) {
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); test(t, freshFile(t)) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); test(t, freshSchema(t)) })
}

func freshFile(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "tidings.db") }

// freshSchema makes an empty schema in the server that PEER_POSTGRES names.
func freshSchema(t testing.TB) string {
	server := os.Getenv("PEER_POSTGRES")
	if server == "" && os.Getenv("CI") == "true" {
		t.Fatal("needs PostgreSQL, and this is CI: set PEER_POSTGRES to the postgres:// address of an empty database")
	}
	if server == "" {
		t.Skip("needs PostgreSQL: set PEER_POSTGRES to the postgres:// address of an empty database")
	}
	u, err := url.Parse(server)
	must(t, err)
	name := "test_" + strings.ToLower(rand.Text())
	db := raw(t, server)
	execute(t, db, "CREATE SCHEMA "+name)
	t.Cleanup(func() { execute(t, db, "DROP SCHEMA "+name+" CASCADE") })
	query := u.Query()
	query.Set("search_path", name)
	u.RawQuery = query.Encode()
	return u.String()
}

// raw opens a database behind the store's back.
func raw(t testing.TB, address string) *sql.DB {
	t.Helper()
	driver, name := "pgx", address
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		driver, name = "sqlite", path
	}
	db, err := sql.Open(driver, name)
	must(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

func execute(t testing.TB, db *sql.DB, query string) {
	t.Helper()
	_, err := db.Exec(query)
	must(t, err)
}

// clock stands still unless it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// open opens a store at seven.
func open(t testing.TB, address string) (*store.Store, *clock) {
	t.Helper()
	c := &clock{now: seven}
	s, err := store.Open(t.Context(), address, c.Now)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s, c
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ok returns v, and ends the test on an error.
func ok[V any](t testing.TB) func(v V, err error) V {
	return func(v V, err error) V {
		t.Helper()
		must(t, err)
		return v
	}
}

func TestOpenAgain(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		keepMarks(t, s, digest.Mark{Source: "https://example.org/feed"})
		again, _ := open(t, address)
		if m := mark(t, again, "https://example.org/feed"); m.Source == "" {
			t.Error("what was stored before is gone")
		}
	})
}

func TestOpenAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				s, err := store.Open(t.Context(), address, time.Now)
				if err != nil {
					t.Error(err)
					return
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
}

func TestOpenNewer(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, err := store.Open(t.Context(), address, time.Now)
		must(t, err)
		must(t, s.Close())
		execute(t, raw(t, address), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, '1')")
		_, err = store.Open(t.Context(), address, time.Now)
		says(t, err, "written by a newer Tidings", "version 99", "run the newer program")
	})
}

func TestOpenFails(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "notes.txt")
	must(t, os.WriteFile(text, []byte(strings.Repeat("not a database\n", 99)), 0o600))
	for _, c := range []struct {
		name, address string
		words         []string
	}{
		{"no scheme", "tidings.db", []string{"sqlite:PATH or postgres://"}},
		{"wrong scheme", "mysql://root:secret@localhost/x", []string{"mysql://root:xxxxx@localhost", "sqlite:PATH or postgres://"}},
		{"no path", "sqlite:", []string{"sqlite:PATH"}},
		{"no folder", "sqlite:" + folder + "/nowhere/tidings.db", []string{"there is no folder " + folder + "/nowhere"}},
		{"a folder", "sqlite:" + folder, []string{"this is a folder", "tidings.db"}},
		{"not a database", "sqlite:" + text, []string{"not a SQLite database"}},
		{"no server", "postgres://tidings:secret@127.0.0.1:1/tidings", []string{"no PostgreSQL answers at 127.0.0.1:1", "start it"}},
		{"no server, odd password", "postgres://tidings@127.0.0.1:1/tidings?password=secret", []string{"postgres://tidings@127.0.0.1:1/tidings?…"}},
		{"no address", "postgres://tidings@127.0.0.1:port/tidings", []string{"cannot be read"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := store.Open(t.Context(), c.address, time.Now)
			says(t, err, c.words...)
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("tells the password: %v", err)
			}
		})
	}
}

func TestOpenNoDatabase(t *testing.T) {
	u, err := url.Parse(freshSchema(t))
	must(t, err)
	u.Path = "/nobody_made_this"
	_, err = store.Open(t.Context(), u.String(), time.Now)
	says(t, err, `no database "nobody_made_this"`, "createdb")
}

// Every letter that a path may have leads to that file and no other, which is nobody else's to read.
func TestOpenOddPaths(t *testing.T) {
	for _, name := range []string{"a b.db", "50%.db", "q?mode=memory", "hash#1.db", "ü.db"} {
		path := filepath.Join(t.TempDir(), name)
		s, err := store.Open(t.Context(), "sqlite:"+path, time.Now)
		must(t, err)
		must(t, s.Close())
		info, err := os.Stat(path)
		must(t, err)
		if info.Size() == 0 || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has %d bytes and mode %v", name, info.Size(), info.Mode())
		}
	}
	t.Chdir(t.TempDir())
	s, err := store.Open(t.Context(), "sqlite:here.db", time.Now)
	must(t, err)
	must(t, s.Close())
	if _, err := os.Stat("here.db"); err != nil {
		t.Error(err)
	}
}

func says(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error does not say %q: %v", w, err)
		}
	}
}

// Builders of the nouns.

var daily = digest.Digest{Name: "daily", Title: "AI Daily"}

func article(id, feed string, published time.Time) digest.Article {
	return digest.Article{
		ID: id, URL: "https://example.org/" + id, Title: "About " + id, Feed: feed, Published: published, Text: "Text of " + id,
	}
}

// keep stores articles and returns the ids of those that were new and of those that were changed.
func keep(t testing.TB, s *store.Store, articles []digest.Article) (fresh, changed string) {
	t.Helper()
	kept := ok[digest.Kept](t)(s.Keep(t.Context(), digest.Harvest{Articles: articles}))
	ids := func(of []digest.Article) string {
		var all []string
		for _, a := range of {
			all = append(all, a.ID)
		}
		return strings.Join(all, " ")
	}
	return ids(kept.New), ids(kept.Changed)
}

func keepMarks(t testing.TB, s *store.Store, marks ...digest.Mark) {
	t.Helper()
	ok[digest.Kept](t)(s.Keep(t.Context(), digest.Harvest{Marks: marks}))
}

func mark(t testing.TB, s *store.Store, source string) digest.Mark {
	t.Helper()
	return ok[map[string]digest.Mark](t)(s.Marks(t.Context(), []string{source}))[source]
}

// edition is that of a slot at a time, with one story of these articles.
func edition(d digest.Digest, at time.Time, articles ...digest.Article) digest.Edition {
	e := digest.Edition{Key: digest.Slot{Digest: d.Name, At: at}.Key(), Digest: d.Name, Title: d.Title, At: at}
	if len(articles) > 0 {
		e.Lead = &digest.Story{ID: articles[0].ID, Lead: articles[0], Others: articles[1:]}
	}
	return e
}

func join(t testing.TB, s *store.Store, email string, state subscribers.State, digests ...string) int64 {
	t.Helper()
	return save(t, s, subscribers.Subscriber{Email: email, State: state, Digests: digests})
}

// hidden is a stand-in for the keyed hash of an address.
func hidden(email string) string { return "#" + email }

// save puts a subscriber on the list, or a wish if he is pending, as he is told, and owes him notices.
func save(t testing.TB, s *store.Store, sub subscribers.Subscriber, owed ...subscribers.Notice) int64 {
	t.Helper()
	var id *int64
	must(t, s.Change(context.Background(), subscribers.Who{Email: sub.Email, Trace: hidden}, func(p *subscribers.Person) error {
		if id = &p.Entry.ID; sub.State == subscribers.Pending {
			p.Wish.Made, id = seven, &p.Wish.ID
		} else {
			sub.ID = p.Entry.ID
			p.Entry = sub
		}
		for _, n := range owed {
			o := subscribers.Owed{Notice: n}
			if n == subscribers.Confirm {
				o.Token = strings.ToLower(rand.Text() + rand.Text())[:subscribers.TokenLength]
			}
			p.Owed = append(p.Owed, o)
		}
		return nil
	}))
	return *id
}

// Steps that many tests take.

const lease = 10 * time.Minute

func claim(t testing.TB, s *store.Store, n int, now time.Time) []digest.Delivery {
	t.Helper()
	return ok[[]digest.Delivery](t)(s.Claim(t.Context(), n, now, now.Add(lease)))
}

func tallied(t *testing.T, s *store.Store, key string, want map[digest.DeliveryState]int) {
	t.Helper()
	if diff := cmp.Diff(want, ok[map[digest.DeliveryState]int](t)(s.Tally(t.Context(), key))); diff != "" {
		t.Errorf("%s: %s", key, diff)
	}
}

func outcome(d digest.Delivery, state digest.DeliveryState) digest.Outcome {
	return digest.Outcome{ID: d.ID, Fence: d.Fence, State: state}
}

func wants(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// sealed is a store with n active readers and an edition of that policy.
func sealed(t *testing.T, address string, n int, policy digest.Policy) (*store.Store, *clock, string) {
	t.Helper()
	s, c := open(t, address)
	for i := range n {
		join(t, s, fmt.Sprintf("reader%03d@example.org", i), subscribers.Active)
	}
	d := digest.Digest{Name: "daily", Uncertain: policy}
	e := edition(d, seven, article("a", lab, seven))
	ok[int](t)(s.Seal(t.Context(), d, e))
	return s, c, e.Key
}

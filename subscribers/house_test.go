package subscribers_test

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/digest"
	"tidings/digest/store"
	"tidings/subscribers"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// house is a list with a clock that stands still, and the mails that it causes.
type house struct {
	*subscribers.List
	clock  *time.Time
	sent   func() []mail
	postbx map[string][]mail // all that ever went to an address
}

// onShelf is a house whose store forgets.
func onShelf(t testing.TB) *house {
	now := noon
	s := newShelf(func() time.Time { return now })
	return furnish(t, s, &now, s.sent)
}

// onDisk is a house with the real store.
func onDisk(t testing.TB, address string) *house {
	now := noon
	s, err := store.Open(t.Context(), address, func() time.Time { return now })
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return furnish(t, s, &now, func() []mail { return post(t, s, now) })
}

func furnish(t testing.TB, s subscribers.Store, now *time.Time, sent func() []mail) *house {
	t.Helper()
	tokens, err := subscribers.NewTokens(bytes.Repeat([]byte("k"), 32))
	must(t, err)
	l := &subscribers.List{
		Store: s, Tokens: tokens, Now: func() time.Time { return *now }, Random: crand.Reader,
		Limits: subscribers.Limits{Domain: 1e6, Network: 1e6, All: 1e6},
		Known:  subscribers.Known{Digests: []string{"daily", "weekly"}, Standard: []string{"daily"}, Topics: []string{"chips", "models", "policy"}},
	}
	return &house{List: l, clock: now, sent: sent, postbx: map[string][]mail{}}
}

// post carries all notices that are owed, and returns those that their readers were still to get.
func post(t testing.TB, s *store.Store, now time.Time) (out []mail) {
	t.Helper()
	claimed, err := s.Claim(t.Context(), 1000, now, now.Add(time.Minute))
	must(t, err)
	for _, d := range claimed {
		switch err := s.Hand(t.Context(), d); {
		case errors.Is(err, digest.ErrGone):
			continue
		case err != nil:
			t.Fatal(err)
		}
		must(t, s.Settle(t.Context(), digest.Outcome{ID: d.ID, Fence: d.Fence, State: digest.Sent}))
		out = append(out, mail{subscribers.Notice(d.Notice), d.To, d.Token, d.Answers, d.Reader})
	}
	return out
}

// mailed carries what is owed, and keeps it in the post boxes.
func (h *house) mailed() []mail {
	out := h.sent()
	for _, m := range out {
		h.postbx[m.to] = append(h.postbx[m.to], m)
	}
	return out
}

// token is that of the newest confirmation in a post box; one that is nobody's without any.
func (h *house) token(email string) string {
	token := "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	for _, m := range h.postbx[email] {
		if m.token != "" {
			token = m.token
		}
	}
	return token
}

// person is all that is known of an address.
func (h *house) person(ctx context.Context, email string) subscribers.Person {
	p, err := h.Store.Look(ctx, subscribers.Who{Email: email, Trace: h.Tokens.Trace})
	if err != nil {
		panic(err)
	}
	return p
}

func (h *house) wait(d time.Duration) { *h.clock = h.clock.Add(d) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
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
	name := "test_" + strings.ToLower(crand.Text())
	db, err := sql.Open("pgx", server)
	must(t, err)
	_, err = db.ExecContext(t.Context(), "CREATE SCHEMA "+name)
	must(t, err)
	t.Cleanup(func() {
		_, err := db.ExecContext(context.Background(), "DROP SCHEMA "+name+" CASCADE")
		must(t, errors.Join(err, db.Close()))
	})
	query := u.Query()
	query.Set("search_path", name)
	u.RawQuery = query.Encode()
	return u.String()
}

// everywhere runs a test on the shelf and on both databases.
func everywhere(t *testing.T, test func(*testing.T, *house)) {
	t.Run("shelf", func(t *testing.T) { test(t, onShelf(t)) })
	onDatabases(t, test)
}

// onDatabases runs a test on a SQLite file and on a PostgreSQL schema of its own.
func onDatabases(t *testing.T, test func(*testing.T, *house)) {
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); test(t, onDisk(t, freshFile(t))) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); test(t, onDisk(t, freshSchema(t))) })
}

// golden compares a text with a file under testdata, or writes it.
func golden(t *testing.T, name, got string, update bool) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if update {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

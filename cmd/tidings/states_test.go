package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// answerOn is what the sources answer on a day.
func answerOn(day int, w http.ResponseWriter, r *http.Request) {
	feed := func(of int) {
		at := time.Date(2026, 10, 10+of, 9, 0, 0, 0, time.UTC)
		fmt.Fprintf(w, `<rss version="2.0"><channel><title>Feed</title><item><title>What happened on day %d</title><guid>%d</guid><pubDate>%s</pubDate></item></channel></rss>`, of, of, at.Format(time.RFC1123Z))
	}
	switch path := r.URL.Path; {
	case path == "/down" && day > 0, path == "/wakes" && day < 3:
		http.Error(w, "down", http.StatusInternalServerError)
	case path == "/wall" && day > 1:
		w.Header().Set("Cf-Mitigated", "challenge")
		w.WriteHeader(http.StatusForbidden)
	case path == "/moves":
		http.Redirect(w, r, "/moved", http.StatusMovedPermanently)
	case path == "/still":
		feed(0)
	case path == "/empty":
		_, _ = io.WriteString(w, `<rss version="2.0"><channel><title>Empty</title></channel></rss>`)
	default:
		feed(day)
	}
}

// TestSourceStates follows seven sources through forty days and reads what "sources list" says of them, as text
// and as JSON, at the times when there is something to tell.
func TestSourceStates(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	now := time.Date(2026, 10, 10, 12, 0, 0, 0, time.UTC)
	day := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		on := day
		mu.Unlock()
		answerOn(on, w, r)
	}))
	defer server.Close()
	home := t.TempDir()
	config := "[gather]\nallow_private = [\"127.0.0.0/8\"]\ngap = \"0s\"\n"
	for _, name := range []string{"fine", "still", "empty", "down", "wakes", "wall", "moves"} {
		config += fmt.Sprintf("[[source]]\nname = %q\nurl = \"%s/%s\"\n", name, server.URL, name)
	}
	path := filepath.Join(home, "config.toml")
	write(t, path, config)
	tidings := func(args ...string) string {
		t.Helper()
		var out, said bytes.Buffer
		p := &program{in: strings.NewReader(""), out: &out, err: &said, now: func() time.Time { return now }}
		if code := p.run(t.Context(), append([]string{"-c", path}, args...)); code != 0 {
			t.Fatalf("tidings %s: %s", strings.Join(args, " "), said.String())
		}
		return out.String()
	}
	for _, c := range []struct {
		day  int // gathered on this day; -1 not at all
		want string
	}{
		{-1, "fine: not read yet; still: not read yet; empty: not read yet; down: not read yet; wakes: not read yet; wall: not read yet; moves: not read yet"},
		{0, "fine: ok, last new 2026-10-10 12:00 UTC; still: ok, last new 2026-10-10 12:00 UTC; empty: silent: it has never had an article; down: ok, last new 2026-10-10 12:00 UTC; " +
			"wakes: failing since 2026-10-10 12:00 UTC, next try 2026-10-10 13:00 UTC: the server has a fault of its own (500); wall: ok, last new 2026-10-10 12:00 UTC; moves: ok, last new 2026-10-10 12:00 UTC"},
		{1, "fine: ok, last new 2026-10-11 12:00 UTC; still: ok, last new 2026-10-10 12:00 UTC; empty: silent: it has never had an article; " +
			"down: failing since 2026-10-11 12:00 UTC, next try 2026-10-11 13:00 UTC: the server has a fault of its own (500); " +
			"wakes: failing since 2026-10-10 12:00 UTC, next try 2026-10-11 14:00 UTC: the server has a fault of its own (500); wall: ok, last new 2026-10-11 12:00 UTC; moves: ok, last new 2026-10-11 12:00 UTC"},
		{3, "fine: ok, last new 2026-10-13 12:00 UTC; still: ok, last new 2026-10-10 12:00 UTC; empty: silent: it has never had an article; " +
			"down: failing since 2026-10-11 12:00 UTC, next try 2026-10-13 14:00 UTC: the server has a fault of its own (500); wakes: ok, last new 2026-10-13 12:00 UTC; " +
			"wall: bot wall since 2026-10-13 12:00 UTC, next try 2026-10-13 13:00 UTC: a wall against robots stands before it (403); ask the site for another address, or leave the source out; " +
			"moves: moved to URL/moved, last new 2026-10-13 12:00 UTC"},
		{40, "fine: ok, last new 2026-11-19 12:00 UTC; still: silent for 40 days; empty: silent: it has never had an article; " +
			"down: failing since 2026-10-11 12:00 UTC, next try 2026-11-19 16:00 UTC: the server has a fault of its own (500); wakes: ok, last new 2026-11-19 12:00 UTC; " +
			"wall: bot wall since 2026-10-13 12:00 UTC, next try 2026-11-19 14:00 UTC: a wall against robots stands before it (403); ask the site for another address, or leave the source out; " +
			"moves: moved to URL/moved, last new 2026-11-19 12:00 UTC"},
	} {
		if c.day >= 0 {
			mu.Lock()
			day, now = c.day, time.Date(2026, 10, 10+c.day, 12, 0, 0, 0, time.UTC)
			mu.Unlock()
			tidings("gather")
		}
		var got []string
		for _, line := range strings.Split(strings.TrimSpace(tidings("sources", "list")), "\n") {
			parts := strings.Split(line, "\t")
			got = append(got, parts[0]+": "+strings.ReplaceAll(parts[len(parts)-1], server.URL, "URL"))
		}
		if all := strings.Join(got, "; "); all != c.want {
			t.Errorf("day %d\n got %s\nwant %s", c.day, all, c.want)
		}
	}
	states := statesIn(t, strings.NewReader(tidings("sources", "list", "--json")))
	if s := states["moves"]; s.State != "moved" || s.Address != server.URL+"/moved" || !s.Since.IsZero() || !s.Next.After(now) {
		t.Errorf("%+v", s)
	}
	if s := states["wall"]; s.State != "bot wall" || !s.Since.Equal(time.Date(2026, 10, 13, 12, 0, 0, 0, time.UTC)) || s.Fault == "" {
		t.Errorf("%+v", s)
	}
	if s := states["still"]; s.State != "silent" || !s.Since.Equal(time.Date(2026, 10, 10, 9, 0, 0, 0, time.UTC)) || !s.Checked.Equal(now) {
		t.Errorf("%+v", s)
	}
}

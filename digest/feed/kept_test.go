package feed_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tidings/digest"
	"tidings/digest/feed"
	"tidings/digest/store"
)

// TestKept gathers from a site for some days into a true store, with a new program every day: what its pages say everywhere
// is learnt from one day to the next, its robots.txt is asked for once, and what was read of a page outlives
// a day on which the page cannot be read.
func TestKept(t *testing.T) {
	const pitch = "Our letter brings you the week in five minutes. Have it on Sunday."
	day, asked := 0, map[string]int{}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		asked[req.URL.Path]++
		switch {
		case req.URL.Path == "/feed":
			_, _ = fmt.Fprint(w, `<rss version="2.0"><channel><title>Press</title><link>/</link>`)
			for i := range day {
				title := fmt.Sprintf("Report number %d of the river", i)
				if day == 5 && i == 3 {
					title += ", corrected"
				}
				_, _ = fmt.Fprintf(w, `<item><title>%s</title><link>/page/%d</link><description>Read more</description><guid>%d</guid></item>`, title, i, i)
			}
			_, _ = fmt.Fprint(w, `</channel></rss>`)
		case strings.HasPrefix(req.URL.Path, "/page/") && day < 5:
			n := strings.TrimPrefix(req.URL.Path, "/page/")
			_, _ = fmt.Fprintf(w, `<html><head><title>Report number %s of the river</title></head><body><article><h1>Report number %s of the river</h1>`, n, n)
			for _, part := range []string{"The water stood %s hands high at dawn, and two men with a boat measured it.", "By noon %s barges had passed the lock, more than on any other day of that month.",
				"Nobody could say why the bridge was closed for %s hours in the afternoon.", "In the evening the mayor counted %s complaints and promised to answer each of them."} {
				_, _ = fmt.Fprintf(w, "<p>"+part+"</p>", n)
			}
			_, _ = fmt.Fprintf(w, "<p>%s</p></article></body></html>", pitch)
		default:
			http.NotFound(w, req)
		}
	}))
	defer site.Close()
	address := "sqlite:" + filepath.Join(t.TempDir(), "tidings.db")
	now := time.Date(2025, 7, 14, 12, 0, 0, 0, time.UTC)
	source := digest.Source{URL: site.URL + "/feed"}
	for day = 1; day <= 5; day++ {
		now = now.Add(4 * time.Hour)
		s, err := store.Open(t.Context(), address, func() time.Time { return now })
		if err != nil {
			t.Fatal(err)
		}
		r, err := feed.New(s, func() time.Time { return now }, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		r.Gap, r.AllowPrivate = 0, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
		p := digest.Press{Feeds: r, Archive: s}
		if g, err := p.Gather(t.Context(), []digest.Source{source}); err != nil || len(g.Troubles) > 0 {
			t.Fatal(g, err)
		}
		kept, err := s.Unprinted(t.Context(), "daily", []string{source.URL}, now.Add(-99*time.Hour), now)
		if err != nil || len(kept) != day {
			t.Fatal(len(kept), err)
		}
		for _, a := range kept {
			n := int(a.URL[len(a.URL)-1] - '0')
			taken := n == 2 || n == 3 // of the first two nobody could know
			switch {
			case n == 4 && a.Full || n < 4 && !a.Full:
				t.Errorf("day %d: %d is full: %t", day, n, a.Full)
			case n < 4 && taken == strings.Contains(a.Text, pitch) || taken && (len(a.Removed) == 0 || a.Removed[0].Reason != "boilerplate"):
				t.Errorf("day %d: %d says:\n%s\nwithout %v", day, n, a.Text, a.Removed)
			case day == 5 && n == 3 && !strings.HasSuffix(a.Title, "corrected"):
				t.Error("the new headline is lost:", a.Title)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]int{"/robots.txt": 1, "/page/0": 1, "/page/1": 1, "/page/2": 1, "/page/3": 2, "/page/4": 1} {
		if asked[path] != want {
			t.Errorf("%s was asked for %d times, want %d", path, asked[path], want)
		}
	}
}

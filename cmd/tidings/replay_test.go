package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tidings/digest/store"
)

// TestReplayDays gathers four recorded feeds over 32 days, twice a day, as a server would give them, and holds
// what is told as new and changed against what the documents hold. The mornings between make their editions:
// none prints an article that an earlier one has printed.
func TestReplayDays(t *testing.T) {
	documents := recorded(t, "daily")
	t.Parallel()
	w := &world{t: t, home: t.TempDir(), web: freeAddress(t)}
	w.feeds()
	p := newReplay(t, "http://"+w.web+"/now/", documents)
	days := daysOf(documents)
	if len(days) != 32 {
		t.Fatalf("%d days, want 32", len(days))
	}
	for _, day := range days {
		w.day(day)
		p.at = parsedDay(t, day).Add(23*time.Hour + 30*time.Minute)
		p.turn(func(name string) []byte { return documents[name][day] })
		p.still()
		p.at = p.at.Add(7*time.Hour + 30*time.Minute)
		p.round()
	}
	p.stands()
	p.printsOnce(days)
	p.summary()
}

// TestReplayMonths does the same with the states of five feeds at the ends of fourteen months, in which they
// move house, come back after a bad day with a single item, write their titles anew, and share one page.
func TestReplayMonths(t *testing.T) {
	documents := recorded(t, "monthly")
	eventful := []string{"feed_anthropic_news.xml", "feed_anthropic_red.xml", "feed_meta_ai.xml", "feed_the_batch.xml", "feed_windsurf_next_changelog.xml"}
	maps.DeleteFunc(documents, func(name string, _ map[string][]byte) bool { return !slices.Contains(eventful, name) })
	t.Parallel()
	var mu sync.Mutex
	today := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		doc, ok := documents[strings.TrimPrefix(r.URL.Path, "/")][today]
		if !ok {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write(doc)
	}))
	defer server.Close()
	p := newReplay(t, server.URL+"/", documents)
	for _, month := range daysOf(documents) {
		mu.Lock()
		today = month
		mu.Unlock()
		p.at = parsedDay(t, month+"-01").AddDate(0, 1, 0)
		p.turn(func(name string) []byte { return documents[name][month] })
		p.still()
	}
	p.stands()
	p.summary()
}

// recorded returns the recorded documents of a kind, by feed and day.
func recorded(t *testing.T, kind string) map[string]map[string][]byte {
	t.Helper()
	if testing.Short() && os.Getenv("CI") != "true" {
		t.Skip("replays recorded feeds for some seconds")
	}
	f, err := os.Open(filepath.Join("..", "..", "..", "shared", "data", "feeds", "olshansk", "feeds.tar.gz"))
	if errors.Is(err, os.ErrNotExist) {
		if os.Getenv("CI") == "true" {
			t.Fatal("../shared is not beside the project")
		}
		t.Skip("../shared is not beside the project: needs its recorded feeds")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	documents := map[string]map[string][]byte{}
	for archive := tar.NewReader(z); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return documents
		}
		if err != nil {
			t.Fatal(err)
		}
		parts := strings.Split(h.Name, "/")
		if len(parts) != 3 || parts[0] != kind {
			continue
		}
		body, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		if documents[parts[2]] == nil {
			documents[parts[2]] = map[string][]byte{}
		}
		documents[parts[2]][parts[1]] = body
	}
}

// daysOf returns all days of which there is a document, in order.
func daysOf(documents map[string]map[string][]byte) []string {
	all := map[string]bool{}
	for _, days := range documents {
		for day := range days {
			all[day] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

func parsedDay(t *testing.T, day string) time.Time {
	t.Helper()
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// chronicle is what a feed has held so far, told from its documents alone, and what the program said of it. An
// item is known by its place: its address, and its title where several items share one page.
type chronicle struct {
	name    string
	shared  map[string]bool   // pages that several items lead to
	titles  map[string]string // the last title, by place
	dated   map[string]string // the place, by title and date
	ids     map[string]string // what the program calls it, by place
	byID    map[string]string // the place, by what the program calls it
	retold  int               // told as changed
	retitle int               // of these with another title
	moved   int               // came back at another address
}

func newChronicle(name string) *chronicle {
	return &chronicle{name: name, shared: map[string]bool{}, titles: map[string]string{}, dated: map[string]string{}, ids: map[string]string{}, byID: map[string]string{}}
}

// turn reads a feed's next document and returns the titles of the items that are new and of those whose title
// has changed, by place. An item at a new place that has title and date of an older one has moved.
func (c *chronicle) turn(t *testing.T, doc []byte) (fresh, retitled map[string]string) {
	t.Helper()
	var parsed struct {
		Items []struct {
			Link  string `xml:"link"`
			Title string `xml:"title"`
			Date  string `xml:"pubDate"`
		} `xml:"channel>item"`
	}
	if err := xml.Unmarshal(doc, &parsed); err != nil {
		t.Fatalf("%s: %v", c.name, err)
	}
	first := map[string]string{}
	for _, it := range parsed.Items {
		page, title := pageOf(it.Link), plainTitle(it.Title)
		c.shared[page] = c.shared[page] || first[page] != "" && first[page] != title
		first[page] = title
	}
	fresh, retitled = map[string]string{}, map[string]string{}
	for _, it := range parsed.Items {
		title := plainTitle(it.Title)
		at, when := c.place(it.Link, title), title+"\n"+it.Date
		was, known := c.titles[at]
		old, twin := c.dated[when]
		switch {
		case known && was != title:
			retitled[at] = title
		case known:
		case twin && it.Date != "" && fresh[old] == "":
			c.moved++
			c.ids[at] = c.ids[old]
			c.byID[c.ids[at]] = at
			delete(c.titles, old)
		default:
			fresh[at] = title
		}
		c.titles[at], c.dated[when] = title, at
	}
	return fresh, retitled
}

func (c *chronicle) place(link, title string) string {
	if page := pageOf(link); !c.shared[page] {
		return page
	}
	return pageOf(link) + " " + title
}

// pageOf is an address without what changes nothing about the page.
func pageOf(link string) string {
	link, _, _ = strings.Cut(strings.TrimSpace(link), "#")
	link, _, _ = strings.Cut(link, "?utm_")
	return strings.TrimRight(link, "/")
}

// plainTitle is a title as a reader sees it.
func plainTitle(s string) string { return strings.Join(strings.Fields(html.UnescapeString(s)), " ") }

// hear checks one thing that the program tells, and crosses it off.
func (c *chronicle) hear(t *testing.T, day string, n news, fresh, retitled map[string]string) {
	t.Helper()
	at := c.place(n.URL, n.Title)
	switch title, isNew := fresh[at]; {
	case n.News == "new" && !isNew:
		t.Errorf("%s %s: told as new, and is not: %s (%s)", day, c.name, n.Title, at)
	case n.News == "new":
		if n.Title != title || c.byID[n.ID] != "" {
			t.Errorf("%s %s: %q has the title %q and the id of %q", day, c.name, title, n.Title, c.byID[n.ID])
		}
		c.ids[at], c.byID[n.ID] = n.ID, at
		delete(fresh, at)
	default:
		c.retold++
		if c.ids[at] != n.ID || n.Title != c.titles[at] {
			t.Errorf("%s %s: told as changed, and was another: %s (%s)", day, c.name, n.Title, at)
		}
		if retitled[at] != "" {
			c.retitle++
		}
		delete(retitled, at)
	}
}

// replay is an open house under a clock that is set by hand, and what is known of its feeds.
type replay struct {
	*house
	t     *testing.T
	at    time.Time             // what the clock says
	feeds map[string]*chronicle // by address
	told  *bytes.Buffer         // what is printed
	said  *bytes.Buffer         // what is said beside that
}

func newReplay(t *testing.T, base string, documents map[string]map[string][]byte) *replay {
	t.Helper()
	p := &replay{t: t, feeds: map[string]*chronicle{}, at: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), told: &bytes.Buffer{}, said: &bytes.Buffer{}}
	home := t.TempDir()
	config := "[store]\nurl = \"sqlite:tidings.db\"\n[gather]\nallow_private = [\"127.0.0.0/8\"]\ngap = \"0s\"\n"
	for _, name := range slices.Sorted(maps.Keys(documents)) {
		p.feeds[base+name] = newChronicle(name)
		config += fmt.Sprintf("[[source]]\nurl = %q\n", base+name)
	}
	config += "[[digest]]\nname = \"daily\"\nfrom = \"d@example.org\"\nschedule = \"0 7 * * *\"\ntimezone = \"UTC\"\nwindow = \"7d\"\n"
	path := filepath.Join(home, "config.toml")
	write(t, path, config)
	run := &program{in: strings.NewReader(""), out: p.told, err: p.said, path: path, now: func() time.Time { return p.at }}
	if code := run.run(t.Context(), []string{"-c", path, "subscribers", "add", "ada@example.org"}); code != 0 {
		t.Fatal(p.said)
	}
	var err error
	if p.house, err = run.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// gather gathers and returns the news, by feed.
func (p *replay) gather() map[string][]news {
	p.t.Helper()
	p.told.Reset()
	if err := (rounds{p.house}).gather(p.t.Context(), "", true); err != nil {
		p.t.Fatal(err, p.said)
	}
	all := map[string][]news{}
	for lines := json.NewDecoder(p.told); ; {
		var n news
		err := lines.Decode(&n)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			p.t.Fatal(err)
		}
		all[n.Feed] = append(all[n.Feed], n)
	}
}

// turn gathers and checks what is told of each feed against its document of the day; nil is none.
func (p *replay) turn(document func(name string) []byte) {
	p.t.Helper()
	got, day := p.gather(), p.at.Format(time.DateOnly)
	for url, c := range p.feeds {
		doc := document(c.name)
		if doc == nil {
			if len(got[url]) > 0 {
				p.t.Errorf("%s %s: news without a document", day, c.name)
			}
			continue
		}
		fresh, retitled := c.turn(p.t, doc)
		for _, n := range got[url] {
			c.hear(p.t, day, n, fresh, retitled)
		}
		for at, title := range fresh {
			p.t.Errorf("%s %s: not told as new: %s (%s)", day, c.name, title, at)
		}
		for at, title := range retitled {
			p.t.Errorf("%s %s: its new title was not told: %s (%s)", day, c.name, title, at)
		}
	}
}

// still gathers again; nothing has happened since.
func (p *replay) still() {
	p.t.Helper()
	if got := p.gather(); len(got) > 0 {
		p.t.Errorf("%s: a second gathering tells news: %v", p.at.Format(time.DateOnly), got)
	}
}

// round makes and delivers the edition of the newest slot.
func (p *replay) round() {
	p.t.Helper()
	if err := (rounds{p.house}).round(p.t.Context(), "", p.at.Format("2006-01-02T15:04")); err != nil {
		p.t.Fatal(err, p.said)
	}
}

// stands checks that the store holds each item once, with its last title and address.
func (p *replay) stands() {
	p.t.Helper()
	for url, c := range p.feeds {
		all, err := p.store.Unprinted(p.t.Context(), "another digest", []string{url}, time.Time{}, p.at)
		if err != nil {
			p.t.Fatal(err)
		}
		kept := map[string]string{}
		for _, a := range all {
			at := c.place(a.URL, a.Title)
			if kept[at] != "" {
				p.t.Errorf("%s: kept twice: %s", c.name, at)
			}
			kept[at] = a.Title
		}
		for at, title := range c.titles {
			if kept[at] != title {
				p.t.Errorf("%s: %s is kept as %q, want %q", c.name, at, kept[at], title)
			}
		}
	}
}

// printsOnce reads all editions: each has one letter, and no article stands in two of them.
func (p *replay) printsOnce(days []string) {
	p.t.Helper()
	listed, err := p.store.Editions(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	sealed, quiet := 0, 0
	printed := map[string]string{} // ids and pages, and the edition
	for _, l := range listed {
		if l.State != store.Sealed {
			quiet++
			continue
		}
		sealed++
		e, err := p.store.Edition(p.t.Context(), l.Key)
		if err != nil {
			p.t.Fatal(err)
		}
		for _, story := range e.Stories() {
			for _, a := range story.Articles() {
				if before := printed[a.ID] + printed[pageOf(a.URL)]; before != "" {
					p.t.Errorf("%s prints %s, as %s has before", l.Key, a.Title, before)
				}
				printed[a.ID], printed[pageOf(a.URL)] = l.Key, l.Key
			}
		}
	}
	letters, err := filepath.Glob(filepath.Join(ways(p.config).maildrop(), "*.eml"))
	if err != nil || len(letters) != sealed || sealed == 0 || quiet == 0 || sealed+quiet != len(days) {
		p.t.Errorf("%d letters, %d editions and %d quiet days of %d (%v)", len(letters), sealed, quiet, len(days), err)
	}
	p.t.Logf("%d editions with %d articles, %d quiet days", sealed, len(printed)/2, quiet)
}

// summary tells what was seen.
func (p *replay) summary() {
	p.t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "\n%-34s %6s %6s %8s %9s %6s\n", "feed", "items", "new", "changed", "retitled", "moved")
	for _, url := range slices.Sorted(maps.Keys(p.feeds)) {
		c := p.feeds[url]
		fmt.Fprintf(&b, "%-34s %6d %6d %8d %9d %6d\n", c.name, len(c.titles), len(c.byID), c.retold, c.retitle, c.moved)
	}
	p.t.Log(b.String())
}

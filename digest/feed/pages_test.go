package feed

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"code.dny.dev/ssrf"
	"github.com/google/go-cmp/cmp"

	"tidings/digest"
)

// outcome tells in a line what became of each article of a gathering.
func (r *rig) outcome(articles []digest.Article) string {
	var lines []string
	for _, a := range articles {
		from := "feed"
		if a.Full {
			from = "page"
		}
		lines = append(lines, fmt.Sprintf("%s: %d paragraphs, %s", from, len(strings.Split(a.Text, "\n\n")), strings.TrimPrefix(a.URL, r.url)))
	}
	return strings.Join(lines, " | ")
}

// TestPages says what becomes of the article of each feed, what the source's mark remarks, and which trouble
// is told.
func TestPages(t *testing.T) {
	const page, feed = "page: 5 paragraphs, ", "feed: 1 paragraphs, "
	for path, want := range map[string]string{
		"/teaser.xml":    page + "/story",
		"/old.xml":       feed + "/story",
		"/undated.xml":   page + "/dated",
		"/whole.xml":     "feed: 5 paragraphs, /story",
		"/refused.xml":   feed + "/403 (only the feed's own text is read: the server forbids us to read it (403))",
		"/walled.xml":    feed + "/wall (only the feed's own text is read: a wall against robots stands before its page)",
		"/robots.xml":    feed + "/closed/story (only the feed's own text is read: its robots.txt closes its page to us)",
		"/allowed.xml":   page + "/private/story",
		"/shorter.xml":   feed + "/short",
		"/gone.xml":      feed + "/error",
		"/consent.xml":   feed + "/consent",
		"/front.xml":     feed + "/login",
		"/canonical.xml": page + "/2025/water",
		"/foreign.xml":   page + "/foreign",
		"/homely.xml":    page + "/homely",
		"/counted.xml":   page + "OTHER/story",
		"/ledaway.xml":   feed + "/ledaway (only the feed's own text is read: its robots.txt closes its page to us)",
		"/twins.xml":     page + "/2025/water | " + page + "/canonical?a=2",
		"/huge.xml":      feed + "/huge",
		"/drip.xml":      feed + "/drip",
		"/half.xml":      feed + "/half",
		"/pdf.xml":       feed + "/picture",
		"/renamed.xml":   page + "/renamed",
		"/untitled.xml":  page + "/story (left out for want of a headline: 1; the server forbids us to read it (403)) trouble",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			r := newRigOf(t, "pages.txtar")
			articles, troubles, err := r.gather(t.Context(), []digest.Source{r.source(path)})
			if err != nil {
				t.Fatal(err)
			}
			got := r.outcome(articles)
			if fault := r.memory.marks[r.url+path].Fault; fault != "" {
				got += " (" + fault + ")"
			}
			if len(troubles) > 0 {
				got += " trouble"
			}
			_, port, _ := strings.Cut(strings.TrimPrefix(r.url, "http://"), ":")
			got = strings.ReplaceAll(got, "http://localhost:"+port, "OTHER")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestPageFills looks at all that an article has from its page and at what it keeps of its feed, and that it
// is known by its feed's link the next time.
func TestPageFills(t *testing.T) {
	r := newRigOf(t, "pages.txtar")
	sources := []digest.Source{r.source("/teaser.xml"), r.source("/undated.xml"), r.source("/canonical.xml"), r.source("/untitled.xml")}
	var articles []digest.Article // one source after the other, for their pages are much alike, and a site's habits are learnt from them
	for i := range sources {
		found, _, err := r.gather(t.Context(), sources[i:i+1])
		if err != nil || len(found) != 1 {
			t.Fatal(found, err)
		}
		articles = append(articles, found...)
	}
	a := articles[0]
	if a.Author != "Ann Vale" || a.Image != r.url+"/water.jpg" || !a.Published.Equal(noon.Add(-3*time.Hour)) || a.Lang != "en" ||
		!strings.HasPrefix(a.Summary, "The city council") || !strings.Contains(a.HTML, "nobody had counted the fish") {
		t.Errorf("%+v", a)
	}
	if m := r.memory.marks[sources[0].URL]; !m.Newest.Equal(a.Published) || !m.Changed.Equal(noon) {
		t.Errorf("%+v", m)
	}
	if want := time.Date(2025, 7, 13, 8, 0, 0, 0, time.UTC); !articles[1].Published.Equal(want) {
		t.Error("the date of the page is not taken:", articles[1].Published)
	}
	if c := articles[2]; c.ID != identity(linkKey(c.URL)) || c.Handles.Link != handle(linkKey(r.url+"/canonical")) {
		t.Errorf("%+v", c)
	}
	if u := articles[3]; u.Title != "Council lets data centre draw water from the river" || u.Handles.Title == "" {
		t.Errorf("%+v", u)
	}
	// The next visit finds the same articles: not one page is asked for again.
	for i := range sources {
		m := r.memory.marks[sources[i].URL]
		m.Hash = ""
		r.memory.marks[sources[i].URL] = m
	}
	asked := maps.Clone(r.asked)
	again, _, err := r.gather(t.Context(), sources)
	if err != nil || len(again) != 0 {
		t.Error(r.outcome(again), err)
	}
	if asked["/403"]++; r.asked["/story"] != asked["/story"] || r.asked["/canonical"] != 1 || r.asked["/dated"] != 1 || r.asked["/robots.txt"] != 1 {
		t.Error(r.asked)
	}
}

// TestFullText reads all pages of a source, or none.
func TestFullText(t *testing.T) {
	r := newRigOf(t, "pages.txtar")
	for _, try := range []struct {
		path string
		text digest.FullText
		want string
	}{
		{"/teaser.xml", digest.Never, "feed: 1 paragraphs, /story"},
		{"/whole.xml", digest.Always, "feed: 5 paragraphs, /story"},
		{"/untitled.xml", digest.Never, ""},
	} {
		source := r.source(try.path)
		source.FullText = try.text
		articles, _, err := r.gather(t.Context(), []digest.Source{source})
		if got := r.outcome(articles); err != nil || got != try.want {
			t.Errorf("%s %s: %s, %v", try.path, try.text, got, err)
		}
	}
	if r.asked["/story"] != 1 {
		t.Error(r.asked)
	}
	if m := r.memory.marks[r.url+"/untitled.xml"]; m.Fault != "left out for want of a headline: 2; the pages of this source are not read" {
		t.Error(m.Fault)
	}
}

// TestInside has a source that does not lie in a private network lead into one that is opened for another.
func TestInside(t *testing.T) {
	r := newRigOf(t, "pages.txtar")
	file := filepath.Join(t.TempDir(), "feed.xml")
	body := fmt.Sprintf(`<rss version="2.0"><channel><title>x</title><item><title>Council lets data centre draw water</title><link>%s/story</link></item></channel></rss>`, r.url)
	if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	articles, _, err := r.gather(t.Context(), []digest.Source{{URL: "file:" + file, FullText: digest.Always}, r.source("/old.xml")})
	if err != nil || len(articles) != 2 || articles[0].Full || len(r.asked) != 1 {
		t.Error(r.outcome(articles), err, r.asked)
	}
	got, err := r.get(t.Context(), r.url+"/story", nil)
	if err != nil || !got.inside {
		t.Error(got.inside, err)
	}
}

// elsewhereOnly stands for a server of the public web, which cannot be had in a test, that redirects to another
// address; whatever else is asked for lies in a private network.
type elsewhereOnly struct{ to string }

func (e elsewhereOnly) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Host != "public.example" {
		return nil, &net.OpError{Op: "dial", Err: ssrf.ErrProhibitedIP}
	}
	return &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {e.to}}, Body: http.NoBody, Request: req}, nil
}

// TestLedInside has the public web lead into a network that is opened for another source: by a redirect, and by the
// feed that a page names.
func TestLedInside(t *testing.T) {
	r := newRigOf(t, "pages.txtar")
	r.web(true).Transport = elsewhereOnly{r.url + "/old.xml"}
	if _, err := r.get(t.Context(), "http://public.example/feed", nil); err == nil || !strings.Contains(err.Error(), "it redirects into a private network") {
		t.Errorf("the redirect is followed: %v", err)
	}
	for _, inside := range []bool{false, true} {
		v := &visit{got: answer{inside: inside}}
		if _, _, err := readOther(t.Context(), &r.Web, v, r.url+"/old.xml"); (err == nil) != inside {
			t.Errorf("a page, inside: %t, names a feed inside: %v", inside, err)
		}
	}
	if len(r.asked) != 1 {
		t.Errorf("asked: %v", r.asked)
	}
}

// press is a site of many articles: a feed /feed/N of the articles N00 to N24 and their pages.
type press struct {
	mu         sync.Mutex
	busy, most int
	asked      []time.Time
	count      map[string]int
	title      string
	hold       chan struct{} // if not nil, pages wait for it
	pages      string        // where the articles lie; empty: here
	status     int           // of pages; 0: they are there
	robots     int           // status of robots.txt; 0: not found
	*httptest.Server
}

func newPress(t *testing.T) *press {
	t.Helper()
	p := &press{count: map[string]int{}, title: "Report"}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *press) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	p.mu.Lock()
	p.busy++
	p.most = max(p.most, p.busy)
	p.asked = append(p.asked, time.Now())
	p.count[req.URL.Path]++
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		p.busy--
		p.mu.Unlock()
	}()
	first, name, _ := strings.Cut(strings.Trim(req.URL.Path, "/"), "/")
	switch {
	case first == "robots.txt" && p.robots != 0:
		w.WriteHeader(p.robots)
	case first == "feed":
		_, _ = fmt.Fprint(w, `<rss version="2.0"><channel><title>Press</title><link>/</link>`)
		for i := range 25 {
			_, _ = fmt.Fprintf(w, `<item><title>%s number %s-%d about something new</title><link>%s/page/%s-%d</link><description>Read more</description><pubDate>%s</pubDate></item>`,
				p.title, name, i, p.pages, name, i, noon.Add(-time.Duration(i)*time.Hour).Format(time.RFC1123Z))
		}
		_, _ = fmt.Fprint(w, `</channel></rss>`)
	case first == "page" && p.status != 0:
		w.WriteHeader(p.status)
	case first == "page":
		if p.hold != nil {
			select {
			case <-p.hold:
			case <-req.Context().Done():
				return
			}
		}
		_, _ = fmt.Fprintf(w, "<html><head><title>Report number %s about something new</title></head><body><article>%s<p>The report of number %s ends with a sentence that stands nowhere else.</p></article></body></html>",
			name, strings.Repeat("<p>What is known of it is told at some length here, so that nobody has to ask "+name+" again.</p><p>There are reasons for it, and those of "+name+" are told in the second part.</p>", 2), name)
	default:
		http.NotFound(w, req)
	}
}

func quickRig(t *testing.T) *rig {
	t.Helper()
	r := newRigOf(t, "pages.txtar")
	r.Timeout = 5 * time.Second
	return r
}

// TestThirdHost reads the articles of two sources that lie on one third host: one at a time and with the gap,
// twenty of each, the newest.
func TestThirdHost(t *testing.T) {
	r := quickRig(t)
	r.Gap = 5 * time.Millisecond
	third, one, two := newPress(t), newPress(t), newPress(t)
	one.pages = strings.Replace(third.URL, "127.0.0.1", "localhost", 1)
	two.pages = one.pages
	articles, troubles, err := r.gather(t.Context(), []digest.Source{{URL: one.URL + "/feed/a"}, {URL: two.URL + "/feed/b"}})
	if err != nil || len(troubles) > 0 || len(articles) != 50 {
		t.Fatal(len(articles), troubles, err)
	}
	full := 0
	for _, a := range articles {
		if a.Full {
			full++
			if noon.Sub(a.Published) > 19*time.Hour {
				t.Error("an old one is read before a newer:", a.Title)
			}
		}
	}
	if full != 40 || third.most != 1 || third.count["/robots.txt"] != 1 {
		t.Errorf("%d pages, %d at once, %d times robots.txt", full, third.most, third.count["/robots.txt"])
	}
	for i := 1; i < len(third.asked); i++ {
		if third.asked[i].Sub(third.asked[i-1]) < r.Gap {
			t.Error("asked again without a gap")
		}
	}
}

// TestSharedPage has two sources with the same articles: each page is asked for once.
func TestSharedPage(t *testing.T) {
	r := quickRig(t)
	p := newPress(t)
	p.hold = make(chan struct{})
	time.AfterFunc(100*time.Millisecond, func() { close(p.hold) })
	articles, _, err := r.gather(t.Context(), []digest.Source{{URL: p.URL + "/feed/a"}, {URL: p.URL + "/feed/a?again"}})
	if err != nil || len(articles) != 50 {
		t.Fatal(len(articles), err)
	}
	pages := 0
	for path, n := range p.count {
		if strings.HasPrefix(path, "/page/") {
			pages += n
		}
	}
	if pages != 21 && pages != 20 { // the first may be on its way already
		t.Error(pages, "pages asked for")
	}
}

// TestSlowHost holds up the pages of one host: the sources of others are handed out meanwhile.
func TestSlowHost(t *testing.T) {
	r := quickRig(t)
	r.Parallel = 2
	slow, quick := newPress(t), newPress(t)
	slow.hold = make(chan struct{})
	quick.pages = quick.URL
	slow.pages = strings.Replace(slow.URL, "127.0.0.1", "localhost", 1)
	var sources []digest.Source
	for _, name := range []string{"a", "b", "c"} {
		sources = append(sources, digest.Source{URL: slow.URL + "/feed/" + name}, digest.Source{URL: quick.URL + "/feed/" + name})
	}
	marks, brought := map[string]bool{}, map[string]int{}
	released := false
	for h, err := range r.Read(t.Context(), sources) {
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range h.Articles {
			brought[a.Feed]++
		}
		for _, m := range h.Marks {
			if brought[m.Source] != 25 {
				t.Errorf("%s is marked as read when %d of its articles have come", m.Source, brought[m.Source])
			}
			marks[strings.TrimPrefix(m.Source, quick.URL)] = true
		}
		if !released && marks["/feed/a"] && marks["/feed/b"] && marks["/feed/c"] {
			released = true
			close(slow.hold)
		}
	}
	if !released || len(marks) != 6 {
		t.Error(slices.Collect(maps.Keys(marks)))
	}
}

// TestGiveUp asks a host that refuses three times, and one that has no robots.txt to give not once.
func TestGiveUp(t *testing.T) {
	for _, try := range []struct {
		status, robots, pages int
		remark                string
	}{
		{http.StatusForbidden, 0, 3, "only the feed's own text is read: the server forbids us to read it (403)"},
		{http.StatusInternalServerError, 0, 3, ""},
		{http.StatusTooManyRequests, 0, 1, ""},
		{0, http.StatusServiceUnavailable, 0, "only the feed's own text is read: its robots.txt cannot be read, which closes its pages for now"},
		{0, http.StatusTooManyRequests, 0, "only the feed's own text is read: its robots.txt cannot be read, which closes its pages for now"},
		{0, http.StatusForbidden, 20, ""},
	} {
		r := quickRig(t)
		p := newPress(t)
		p.status, p.robots = try.status, try.robots
		source := digest.Source{URL: p.URL + "/feed/a"}
		articles, troubles, err := r.gather(t.Context(), []digest.Source{source})
		if err != nil || len(articles) != 25 || len(troubles) > 0 {
			t.Error(len(articles), troubles, err)
		}
		pages := 0
		for path, n := range p.count {
			if strings.HasPrefix(path, "/page/") {
				pages += n
			}
		}
		if remark := r.memory.marks[source.URL].Fault; pages != try.pages || remark != try.remark {
			t.Errorf("%+v: %d pages, %q", try, pages, remark)
		}
		// The remark stays as long as nothing new comes.
		if _, _, err := r.gather(t.Context(), []digest.Source{source}); err != nil || r.memory.marks[source.URL].Fault != try.remark {
			t.Error(err, r.memory.marks[source.URL].Fault)
		}
	}
}

// TestChanged tells one article anew: its page is read again if it has another headline, and not for less.
func TestChanged(t *testing.T) {
	r := newRigOf(t, "pages.txtar")
	if _, _, err := r.gather(t.Context(), []digest.Source{r.source("/teaser.xml")}); err != nil {
		t.Fatal(err)
	}
	source := r.url + "/teaser.xml"
	for _, try := range []struct {
		title string
		asked int
	}{{r.memory.known[source][0].Handles.Title, 1}, {"another", 2}} {
		known, mark := r.memory.known[source], r.memory.marks[source]
		known[0].Handles.Sum, known[0].Handles.Title, mark.Hash = "another", try.title, ""
		r.memory.marks[source] = mark
		articles, _, err := r.gather(t.Context(), []digest.Source{r.source("/teaser.xml")})
		if err != nil || len(articles) != 1 || articles[0].ID != known[0].ID || articles[0].Full != (try.asked > 1) || r.asked["/story"] != try.asked {
			t.Error(r.outcome(articles), err, r.asked)
		}
	}
}

// TestCancelPages ends a round in the middle of its pages.
func TestCancelPages(t *testing.T) {
	r := quickRig(t)
	r.Timeout = time.Minute
	p := newPress(t)
	p.hold = make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	source := digest.Source{URL: p.URL + "/feed/a"}
	_, _, err := r.gather(ctx, []digest.Source{source})
	if _, ok := r.memory.marks[source.URL]; !errors.Is(err, context.Canceled) || ok {
		t.Error(err, ok)
	}
}

// TestRobotsDaily asks for robots.txt once a day, and holds to the old one when the server has a fault.
func TestRobotsDaily(t *testing.T) {
	r := quickRig(t)
	p := newPress(t)
	for _, step := range []struct {
		later  time.Duration
		robots int
		asked  int
		full   bool
	}{
		{0, 0, 1, true},
		{23 * time.Hour, 0, 1, true},
		{2 * time.Hour, http.StatusServiceUnavailable, 2, true},
		{time.Hour, http.StatusServiceUnavailable, 3, true},
	} {
		r.now = r.now.Add(step.later)
		p.robots, p.title = step.robots, p.title+" more"
		articles, _, err := r.gather(t.Context(), []digest.Source{{URL: p.URL + "/feed/a"}})
		if err != nil || slices.ContainsFunc(articles, func(a digest.Article) bool { return a.Full }) != step.full || p.count["/robots.txt"] != step.asked {
			t.Errorf("%+v: %s, %v, %v", step, r.outcome(articles), err, p.count["/robots.txt"])
		}
	}
}

// TestTeaser says what is a teaser and what is not.
func TestTeaser(t *testing.T) {
	long := strings.Repeat("A sentence of some ten words that says what happened. ", 12)
	huge := strings.Repeat(long, 6)
	for text, want := range map[string]bool{
		"":             true,
		"Two words.":   true,
		long:           false,
		long + "…":     true,
		long + "[...]": true,
		long + "(…)\n": true,
		long + "\n\nContinue reading Council lets data centre draw water": true,
		long + "Read more at Valley News »":                               true,
		long + "Weiterlesen":                                              true,
		long + " Lire la suite…":                                          true,
		long + "\n\nLeggi tutto":                                          true,
		long + "\n\nSeguir leyendo":                                       true,
		long + "\n\nЧитать далее →":                                       true,
		long + "続きを読む":                                                    true,
		long + " There is more to read on this. He did.":                  false,
		huge + "…": false,
		strings.Repeat("人工智能公司宣布推出新模型。", 15): false,
		strings.Repeat("人工智能公司宣布推出新模型。", 5):  true,
	} {
		if got := isTeaser(digest.Article{Title: "x", Text: strings.TrimSpace(text)}); got != want {
			t.Errorf("%t: %.20s … %s", got, text, text[max(0, len(text)-60):])
		}
	}
	if a := (digest.Article{Title: "x", Text: long, Summary: strings.TrimSpace(long)}); !isTeaser(a) {
		t.Error("a feed without a body beside the summary has all")
	}
	if a := (digest.Article{Title: "x", Text: long, Removed: []digest.Removed{{Text: "Continue reading…", Reason: promotion}}}); !isTeaser(a) {
		t.Error("what the noise pass took is forgotten")
	}
}

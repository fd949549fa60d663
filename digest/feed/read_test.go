package feed

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"tidings/digest"
)

// memory is marks and articles in maps.
type memory struct {
	mu    sync.Mutex
	marks map[string]digest.Mark
	known map[string][]digest.Known
	sites map[string]digest.Site
}

func newMemory() *memory {
	return &memory{marks: map[string]digest.Mark{}, known: map[string][]digest.Known{}, sites: map[string]digest.Site{}}
}

func (m *memory) Marks(_ context.Context, sources []string) (map[string]digest.Mark, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := map[string]digest.Mark{}
	for _, s := range sources {
		if mark, ok := m.marks[s]; ok {
			found[s] = mark
		}
	}
	return found, nil
}

func (m *memory) Known(_ context.Context, source string) ([]digest.Known, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.known[source]), nil
}

func (m *memory) Site(_ context.Context, host string) (digest.Site, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sites[host], nil
}

// keep does what an archive does.
func (m *memory) keep(h digest.Harvest) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, mark := range h.Marks {
		m.marks[mark.Source] = mark
	}
	for _, site := range h.Sites {
		m.sites[site.Host] = site
	}
	for _, a := range h.Articles {
		k := digest.Known{ID: a.ID, Handles: a.Handles, Published: a.Published}
		at := slices.IndexFunc(m.known[a.Feed], func(k digest.Known) bool { return k.ID == a.ID })
		if at >= 0 {
			if old := m.known[a.Feed][at].Published; !old.IsZero() && (k.Published.IsZero() || k.Published.After(old)) {
				k.Published = old
			}
			m.known[a.Feed][at] = k
		} else {
			m.known[a.Feed] = append([]digest.Known{k}, m.known[a.Feed]...)
		}
	}
}

var noon = time.Date(2025, 7, 14, 12, 0, 0, 0, time.UTC)

// rig is a reader at noon, and a server that answers as an archive of testdata says.
type rig struct {
	*Reader
	memory *memory
	url    string
	now    time.Time
	mu     sync.Mutex
	asked  map[string]int         // by path
	sent   map[string]http.Header // the last request's
}

// newRig is a rig for reading sources alone.
func newRig(t *testing.T) *rig {
	t.Helper()
	r := newRigOf(t, "web.txtar")
	r.Cursory = true
	return r
}

func newRigOf(t *testing.T, file string) *rig {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{memory: newMemory(), now: noon, asked: map[string]int{}, sent: map[string]http.Header{}}
	answers := map[string]string{}
	for _, f := range archive.Files {
		answers[f.Name] = string(f.Data)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		r.asked[req.URL.Path]++
		r.sent[req.URL.Path] = req.Header.Clone()
		r.mu.Unlock()
		_, port, _ := strings.Cut(req.Host, ":")
		respond(w, req, strings.NewReplacer("BASE", "http://"+req.Host, "OTHER", "http://localhost:"+port).Replace(answers[req.URL.Path]))
	}))
	t.Cleanup(server.Close)
	r.url = server.URL
	r.Reader, err = New(r.memory, func() time.Time { return r.now }, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	r.Gap, r.Timeout, r.MaxBytes = 0, 2*time.Second, 512<<10
	r.AllowPrivate = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	return r
}

// respond writes one answer of the archive.
func respond(w http.ResponseWriter, req *http.Request, answer string) {
	if answer == "" {
		http.NotFound(w, req)
		return
	}
	head, body, _ := strings.Cut(answer, "\n\n")
	lines := strings.Split(strings.TrimSpace(head), "\n")
	status, _ := strconv.Atoi(lines[0])
	orders := ""
	for _, l := range lines[1:] {
		k, v, _ := strings.Cut(l, ": ")
		if k == "Test" {
			orders = v
		} else {
			w.Header().Set(k, v)
		}
	}
	if tag := w.Header().Get("ETag"); tag != "" && req.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if _, n, ok := strings.Cut(orders, "repeat="); ok {
		times, _ := strconv.Atoi(n)
		body = strings.Repeat(body, times)
	}
	switch {
	case strings.Contains(orders, "slow"):
		<-req.Context().Done()
	case strings.Contains(orders, "drip"):
		for range 100 {
			_, _ = io.WriteString(w, "<p>")
			_ = http.NewResponseController(w).Flush()
			select {
			case <-req.Context().Done():
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	case strings.Contains(orders, "half"):
		w.Header().Set("Content-Length", strconv.Itoa(2*len(body)))
	case strings.Contains(orders, "latin"):
		body = strings.NewReplacer("è", "\xe8", "ò", "\xf2", "ù", "\xf9", "€", "\xa4").Replace(body)
	case strings.Contains(orders, "gzip"):
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		defer func() { _ = z.Close() }()
		_, _ = io.WriteString(z, body)
		return
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func (r *rig) source(path string) digest.Source { return digest.Source{URL: r.url + path} }

// gather reads sources and remembers what they bring, as who keeps the articles does.
func (r *rig) gather(ctx context.Context, sources []digest.Source) (articles []digest.Article, troubles []digest.Trouble, err error) {
	for h, err := range r.Read(ctx, sources) {
		if err != nil {
			return nil, nil, err
		}
		r.memory.keep(h)
		articles, troubles = append(articles, h.Articles...), append(troubles, h.Troubles...)
	}
	return articles, troubles, nil
}

// read visits one source and returns its titles and its trouble.
func (r *rig) read(t *testing.T, path string) (titles, trouble string) {
	t.Helper()
	articles, troubles, err := r.gather(t.Context(), []digest.Source{r.source(path)})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, a := range articles {
		all = append(all, a.Title)
	}
	if len(troubles) > 0 {
		trouble = strings.ReplaceAll(troubles[0].Reason, r.url, "BASE")
	}
	return strings.Join(all, " | "), trouble
}

func TestConditional(t *testing.T) {
	r := newRig(t)
	titles, trouble := r.read(t, "/good.xml")
	if titles != "First story of the day | From the future" || trouble != "" {
		t.Fatal(titles, trouble)
	}
	mark := r.memory.marks[r.url+"/good.xml"]
	if mark.ETag != `W/"quoted \ kept"` || mark.Modified != "Mon, 14 Jul 2025 10:00:00 GMT" || mark.Title != "Good" || !mark.Changed.Equal(noon) {
		t.Errorf("%+v", mark)
	}
	r.now = noon.Add(time.Hour)
	if titles, trouble = r.read(t, "/good.xml"); titles != "" || trouble != "" {
		t.Error("unchanged, and yet", titles, trouble)
	}
	if h := r.sent["/good.xml"]; h.Get("If-None-Match") != mark.ETag || h.Get("If-Modified-Since") != mark.Modified {
		t.Error(h)
	}
	again := r.memory.marks[r.url+"/good.xml"]
	if !again.Checked.Equal(r.now) || !again.Changed.Equal(noon) || again.ETag != mark.ETag {
		t.Errorf("%+v", again)
	}
	// Without validators the bytes tell.
	if titles, _ = r.read(t, "/plain200.xml"); titles != "Same every time" {
		t.Error(titles)
	}
	if titles, trouble = r.read(t, "/plain200.xml"); titles != "" || trouble != "" {
		t.Error("same bytes, and yet", titles, trouble)
	}
}

func TestFuture(t *testing.T) {
	r := newRig(t)
	articles, _, err := r.gather(t.Context(), []digest.Source{{URL: r.url + "/good.xml", Name: "Our name"}})
	if err != nil || len(articles) != 2 {
		t.Fatal(articles, err)
	}
	if articles[0].Published.IsZero() || !articles[1].Published.IsZero() {
		t.Error(articles[0].Published, articles[1].Published)
	}
	if articles[0].Feed != r.url+"/good.xml" || articles[0].Source.Title != "Our name" || articles[0].URL != r.url+"/1" {
		t.Errorf("%+v", articles[0])
	}
}

// TestAnswers says what becomes of every other answer: the titles, or the sentence, and how long the
// source is left alone.
func TestAnswers(t *testing.T) {
	for path, want := range map[string]string{
		"/moved.xml":     "First story of the day | From the future",
		"/packed.xml":    "Unpacked",
		"/latin.xml":     "Però è 5 € di più",
		"/quiet.xml":     "",
		"/loop.xml":      "1h0m0s: it redirects more than 10 times",
		"/inside.xml":    "1h0m0s: it redirects into a private network (169.254.169.254), where only a source of that network may lead",
		"/file.xml":      "1h0m0s: it redirects to an address that is not one of the web",
		"/bomb.xml":      "1h0m0s: it is larger than 512 KiB, which is the most that is read of one source",
		"/large.xml":     "1h0m0s: it is larger than 512 KiB, which is the most that is read of one source",
		"/slow.xml":      "1h0m0s: it did not answer in full within 2s",
		"/half.xml":      "1h0m0s: its answer broke off in the middle",
		"/lazy.xml":      "1h0m0s: the server says that nothing has changed (304), and was not asked",
		"/missing.xml":   "1h0m0s: there is nothing at this address any more, or there never was (404)",
		"/gone.xml":      "24h0m0s: it was taken down for good (410); leave the source out",
		"/forbidden.xml": "1h0m0s: the server forbids us to read it (403)",
		"/wall.xml":      "1h0m0s: a wall against robots stands before it (403); ask the site for another address, or leave the source out",
		"/check.xml":     "1h0m0s: a wall against robots stands before it; ask the site for another address, or leave the source out",
		"/busy.xml":      "2h0m0s: the server says that we ask too often (429)",
		"/hasty.xml":     "1h0m0s: the server says that we ask too often (429)",
		"/closed.xml":    "3h0m0s: the server is out of service for now (503)",
		"/broken.xml":    "1h0m0s: the server has a fault of its own (500)",
		"/page.xml":      "First story of the day | From the future",
		"/lost.xml":      "1h0m0s: what the server sent is a web page (“Our blog”), not a feed; the page names a feed: BASE/missing.xml",
		"/error.json":    "1h0m0s: what the server sent is no feed but a JSON document that is no feed",
		"/empty.xml":     "1h0m0s: the server sent an empty document where a feed should be",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			got, trouble := r.read(t, path)
			mark := r.memory.marks[r.url+path]
			if trouble != "" {
				got += mark.Due.Sub(noon).String() + ": " + trouble
				if mark.Failures != 1 || !mark.Failing.Equal(noon) || mark.Fault == "" {
					t.Errorf("%+v", mark)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestFollow names a page in a feed's place: the feed that it names is read from then on.
func TestFollow(t *testing.T) {
	r := newRig(t)
	r.read(t, "/page.xml")
	if mark := r.memory.marks[r.url+"/page.xml"]; mark.Address != r.url+"/good.xml" || mark.Failures != 0 {
		t.Errorf("%+v", mark)
	}
	asked := r.asked["/page.xml"]
	if titles, trouble := r.read(t, "/page.xml"); titles != "" || trouble != "" || r.asked["/page.xml"] != asked || r.sent["/good.xml"].Get("If-None-Match") == "" {
		t.Error(titles, trouble, r.asked)
	}
}

// TestLaughs reads a document that would be a gigabyte if its entities were expanded: they are left out, and the
// operator is told.
func TestLaughs(t *testing.T) {
	r := newRig(t)
	titles, trouble := r.read(t, "/laughs.xml")
	if mark := r.memory.marks[r.url+"/laughs.xml"]; titles != "They laugh: and laugh" || trouble != "" || !strings.Contains(mark.Fault, "entities made of entities") {
		t.Error(titles, trouble, mark.Fault)
	}
}

// TestBackOff fails a source for days: it is asked ever less often and never given up.
func TestBackOff(t *testing.T) {
	r := newRig(t)
	var waits []string
	for range 7 {
		r.read(t, "/broken.xml")
		mark := r.memory.marks[r.url+"/broken.xml"]
		waits = append(waits, mark.Due.Sub(r.now).String())
		r.now = mark.Due.Add(-time.Second)
		asked := r.asked["/broken.xml"]
		if _, trouble := r.read(t, "/broken.xml"); !strings.Contains(trouble, "left alone until") || r.asked["/broken.xml"] != asked {
			t.Error("asked before it is due, or its trouble is forgotten:", trouble)
		}
		r.now = mark.Due
	}
	if diff := cmp.Diff("1h0m0s 2h0m0s 4h0m0s 8h0m0s 16h0m0s 24h0m0s 24h0m0s", strings.Join(waits, " ")); diff != "" {
		t.Error(diff)
	}
	r.now = r.now.Add(-time.Hour)
	r.Eager = true
	asked, failures := r.asked["/broken.xml"], 0
	if _, trouble := r.read(t, "/broken.xml"); trouble == "" || r.asked["/broken.xml"] != asked+1 {
		t.Error("a person who wants it now is made to wait")
	}
	for range 3 {
		for _, mark := range r.memory.marks {
			if failures != 0 && mark.Failures != failures {
				t.Errorf("asking early counts as a failure: %d, before %d", mark.Failures, failures)
			}
			failures = mark.Failures
		}
		r.read(t, "/broken.xml")
	}
}

// TestTold holds a person's impatience to what a server has asked for, and to nothing else.
func TestTold(t *testing.T) {
	r := newRig(t)
	r.Eager = true
	for path, asked := range map[string]int{"/busy.xml": 1, "/hasty.xml": 2, "/broken.xml": 2} {
		r.read(t, path)
		r.now = noon.Add(time.Minute)
		if _, trouble := r.read(t, path); r.asked[path] != asked || (asked == 1) != strings.Contains(trouble, "left alone until 2025-07-14 14:00 UTC") {
			t.Errorf("%s asked %d times; %s", path, r.asked[path], trouble)
		}
		r.now = noon
	}
	r.now = noon.Add(3 * time.Hour)
	if r.read(t, "/busy.xml"); r.asked["/busy.xml"] != 2 {
		t.Error("not asked when it is due")
	}
}

// TestUnheard asks where no server listens: nobody is burdened by asking again, and the network may have
// been our own.
func TestUnheard(t *testing.T) {
	r := newRig(t)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	source := digest.Source{URL: gone.URL + "/feed.xml"}
	for n := range 3 {
		_, troubles, err := r.gather(t.Context(), []digest.Source{source})
		if err != nil || len(troubles) != 1 || !strings.Contains(troubles[0].Reason, "no server listens") {
			t.Fatal(troubles, err)
		}
		if mark := r.memory.marks[source.URL]; !mark.Due.IsZero() || mark.Failures != n+1 || !mark.Next.Equal(r.now.Add(time.Hour)) {
			t.Errorf("%+v", mark)
		}
	}
}

// TestPrivate asks for what lies inside without leave.
func TestPrivate(t *testing.T) {
	r := newRig(t)
	r.AllowPrivate = nil
	if _, trouble := r.read(t, "/good.xml"); !strings.Contains(trouble, "private network") {
		t.Error(trouble)
	}
	for _, raw := range []string{"http://[::ffff:127.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://0.0.0.0/", "http://100.64.0.1/", "http://198.18.0.1/", "http://240.0.0.1/", "http://[fe80::1]/", "http://192.0.0.8/",
		"http://[::]/", "http://0.1.2.3/", "http://10.0.0.1/", "http://172.16.0.1/", "http://192.168.1.1/", "http://169.254.169.254/", "http://224.0.0.1/", "http://255.255.255.255/", "http://[ff02::1]/", "http://[fd00::1]/", "http://[::1]/", "http://[::ffff:169.254.169.254]/", "http://[64:ff9b::a9fe:a9fe]/", "http://[2002:a9fe:a9fe::]/", "http://192.88.99.1/", "http://[2001::1]/"} {
		if _, err := r.Fetch(t.Context(), raw, nil); err == nil || !strings.Contains(err.Error(), "private network") {
			t.Errorf("%s: %v", raw, err)
		}
	}
	for _, raw := range []string{"ftp://example.org/feed", "javascript:alert(1)", "/etc/passwd", "http://"} {
		if _, err := r.Fetch(t.Context(), raw, nil); err == nil || !strings.Contains(err.Error(), "not one of the web") {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

// TestHosts holds one host to one request at a time while several hosts are asked at once, and the
// result to the order of the sources.
func TestHosts(t *testing.T) {
	r := newRig(t)
	var mu sync.Mutex
	busy, most, all, crowd := map[string]int{}, 0, 0, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		mu.Lock()
		busy[req.Host]++
		all++
		most, crowd = max(most, busy[req.Host]), max(crowd, all)
		mu.Unlock()
		time.Sleep(20 * time.Millisecond)
		mu.Lock()
		busy[req.Host]--
		all--
		mu.Unlock()
		_, _ = fmt.Fprintf(w, `<rss version="2.0"><channel><title>x</title><item><title>%s</title><guid>%s</guid></item></channel></rss>`, req.URL.Path, req.URL.Path)
	}))
	defer server.Close()
	port := server.URL[strings.LastIndex(server.URL, ":"):]
	var sources []digest.Source
	var want []string
	for i := range 12 {
		path := fmt.Sprintf("/%02d", i)
		host := []string{"127.0.0.1", "localhost"}[i%2]
		sources = append(sources, digest.Source{URL: "http://" + host + port + path})
		want = append(want, path)
	}
	last := 0
	r.Progress = func(done, total int) { last = done*100 + total }
	articles, troubles, err := r.gather(t.Context(), sources)
	if err != nil || len(troubles) > 0 {
		t.Fatal(troubles, err)
	}
	var got []string
	for _, a := range articles {
		got = append(got, a.Title)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if most != 1 || crowd < 2 || last != 1212 {
		t.Errorf("%d at once to one host, %d to all, progress %d", most, crowd, last)
	}
}

func TestCancel(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	_, _, err := r.gather(ctx, []digest.Source{r.source("/good.xml"), r.source("/slow.xml")})
	if _, ok := r.memory.marks[r.url+"/slow.xml"]; !errors.Is(err, context.Canceled) || ok {
		t.Error(err, ok)
	}
}

func TestAgent(t *testing.T) {
	r := newRig(t)
	r.Version, r.Contact = "1.2", "https://digest.example/about"
	doc, err := r.Fetch(t.Context(), r.url+"/moved.xml", http.Header{"X-Extra": {"yes"}})
	if err != nil || doc.URL != r.url+"/good.xml" {
		t.Fatal(doc.URL, err)
	}
	if h := r.sent["/moved.xml"]; h.Get("User-Agent") != "Tidings/1.2 (+https://digest.example/about)" || h.Get("X-Extra") != "yes" {
		t.Error(h)
	}
}

func TestFolder(t *testing.T) {
	r := newRig(t)
	dir := t.TempDir()
	write := func(name, body string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("b.txt", "Second title\n\nSecond text of the folder.")
	write("a.txt", "First title\n\nFirst text of the folder.")
	write("sub/deep/c.xml", `<rss version="2.0"><channel><title>f</title><item><title>From a feed</title><link>https://x.example/1</link></item></channel></rss>`)
	write("sub/deep/deeper/d.txt", "Too deep\n\nNot read.")
	write("README.md", "# Not read")
	write(".hidden", "Not read")
	write("z.pdf", "%PDF-1.7")
	source := digest.Source{URL: "file:" + dir, Name: "Folder"}
	titles := func() (string, string) {
		articles, troubles, err := r.gather(t.Context(), []digest.Source{source})
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, a := range articles {
			all = append(all, a.Title)
			if !a.Published.IsZero() || a.Source.Title != "Folder" || a.Feed != source.URL {
				t.Errorf("%+v", a)
			}
		}
		if len(troubles) > 0 {
			return strings.Join(all, " | "), troubles[0].Reason
		}
		return strings.Join(all, " | "), ""
	}
	got, trouble := titles()
	if got != "First title | Second title | From a feed" || trouble != "1 of 4 files could not be read: z.pdf: it is neither a feed, a web page nor a text" {
		t.Error(got, "/", trouble)
	}
	if err := os.Remove(filepath.Join(dir, "z.pdf")); err != nil {
		t.Fatal(err)
	}
	write("e.txt", "Third title\n\nThird text of the folder.")
	if got, trouble = titles(); got != "Third title" || trouble != "" {
		t.Error(got, "/", trouble)
	}
	if got, trouble = titles(); got != "" || trouble != "" {
		t.Error("unchanged, and yet", got, trouble)
	}
	write("sub/deep/saved-later.xml", `<rss version="2.0"><channel><title>f</title><item><title>From a feed</title><link>https://x.example/1</link></item></channel></rss>`)
	if got, trouble = titles(); got != "" || trouble != "" {
		t.Error("what another file told is news:", got, trouble)
	}
	source.URL = "file:" + filepath.Join(dir, "none.txt")
	if _, trouble = titles(); trouble != "it cannot be opened: no such file or directory" {
		t.Error(trouble)
	}
}

func TestNew(t *testing.T) {
	if _, err := New(nil, nil, nil); err == nil {
		t.Error("a reader of nothing")
	}
}

package desk_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tidings/digest"
	"tidings/digest/desk"
	"tidings/digest/text"
	"tidings/templates"
)

// room shows one edition to come, and a sealed one.
type room struct {
	edition digest.Edition
	err     error
	made    atomic.Int64
}

const past = "daily/2023-09-12T0700"

func (r *room) Editions(context.Context) ([]desk.Listed, error) {
	return []desk.Listed{
		{Key: r.edition.Key, Title: r.edition.Title, At: r.edition.At, Release: digest.ReleaseApproval},
		{Key: past, Title: "AI Daily", At: r.edition.At.AddDate(0, 0, -1), Sealed: true},
	}, nil
}

func (r *room) Edition(_ context.Context, key string) (digest.Edition, bool, error) {
	switch key {
	case r.edition.Key:
		r.made.Add(1)
		return r.edition, false, r.err
	case past:
		e := draft()
		e.Key, e.Number, e.At = past, 41, e.At.AddDate(0, 0, -1)
		return e, true, nil
	}
	return digest.Edition{}, false, desk.ErrNoEdition
}

func (r *room) Mail(e digest.Edition) ([]byte, error) {
	return []byte("From: AI Daily <daily@example.org>\r\nSubject: =?utf-8?q?Senators?=\r\nList-Id: <daily.example.org>\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nSenators\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>" + e.Key + "\r\n--b--\r\n"), nil
}

func (r *room) Read(_ context.Context, _, page string) (digest.Article, error) {
	if !strings.HasSuffix(page, "/good") {
		return digest.Article{}, errors.New("the server answered 404 Not Found")
	}
	return digest.Article{ID: "added", Title: "A good page", URL: page}, nil
}

func article(source, lang, title, url string) digest.Article {
	id, _, _ := strings.Cut(strings.TrimPrefix(url, "https://"), ".")
	return digest.Article{ID: id, Title: title, URL: url, Lang: lang, Source: digest.Origin{Title: source}, Published: time.Date(2023, time.September, 12, 16, 20, 0, 0, time.UTC)}
}

func draft() digest.Edition {
	reasons := []digest.Reason{
		{Part: "sources", Value: 0.31, Detail: "3 independent publishers"}, {Part: "recency", Value: 0.22, Detail: "15 hours old"},
		{Part: "topic", Value: 0, Detail: "policy: senate, licence, regulation"}, {Part: "linked", Value: 0.84, Detail: "Senate, Nvidia, Brad Smith in all three"},
	}
	lead := digest.Story{
		ID: "s1", Topic: "policy", Score: 0.74, Sources: 3, Tags: []string{"chips"}, Reasons: reasons, Summary: []string{"Brad Smith and William Dally told a subcommittee that the riskiest systems need rules."},
		Lead: article("Harbour Gazette", "en", "Senators hear Microsoft and Nvidia on a licence for powerful AI", "https://harbour-gazette.example/senate"),
		Others: []digest.Article{
			article("Silicon Courier", "en", "Microsoft and Nvidia back AI licences in the Senate", "https://silicon-courier.example/senate"),
			article("Rechenwerk heute", "de", "US-Senat: Microsoft und Nvidia für Lizenzpflicht", "javascript:alert(1)"),
		},
	}
	lead.Others[1].ID, lead.Copies = "rechenwerk", []string{"rechenwerk"}
	lead.Names = []text.Name{{Name: "Brad Smith", Kind: text.Person, Maker: "Microsoft"}}
	lead.Near = []digest.Near{{Story: "s3", Article: "schumer", Title: "Schumer plans a forum on AI", Score: 0.41, Why: "senate; another day"}}
	lead.Update = &digest.Update{Edition: "daily/2023-09-12T0700", Title: "Senate calls Microsoft", New: []string{"William Dally"}}
	models := digest.Story{ID: "s2", Topic: "models", Score: 0.55, Sources: 1, Lead: article("Model Watch", "en", "Falcon 180B is released", "https://model-watch.example/falcon"), Reasons: reasons[:2]}
	return digest.Edition{
		Key: "daily/2023-09-13T0700", Digest: "daily", Title: "AI Daily", Lang: "en", Number: 42, Read: 88, Sources: 13,
		At: time.Date(2023, time.September, 13, 7, 0, 0, 0, time.UTC), Lead: &lead,
		Sections: []digest.Section{{Topic: "models", Stories: []digest.Story{models}}}, Names: digest.Names{"models": "Models", "policy": "Policy"},
		Folded:   []digest.Story{{ID: "s4", Topic: "models", Sources: 1, Lead: article("Model Watch", "en", "Falcon is still free", "https://model-watch.example/free")}},
		Left:     []digest.Omitted{{Story: "s9", Article: "prompts", Title: "Ten prompts that will change your life", Why: "score 0.08 is below the floor of 0.20"}},
		Troubles: []digest.Trouble{{Source: "https://datenkutter.example/feed", Name: "Datenkutter", Reason: "the server answered 503 Service Unavailable"}},
	}
}

// serve starts a desk on this machine with an overlay folder for the templates.
func serve(t *testing.T, r *room) (*desk.Desk, *httptest.Server, string) {
	t.Helper()
	overlay := t.TempDir()
	h := desk.Handler(desk.Options{
		Newsroom:  r,
		Templates: func() (*templates.Set, error) { return templates.Load(os.DirFS(overlay)) },
		Reader:    templates.Reader{Leave: "https://letters.example/u/x"},
	})
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	return h, server, overlay
}

// get asks for a path and checks status and words.
func get(t *testing.T, address string, status int, words ...string) (string, http.Header) {
	t.Helper()
	r, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if r.StatusCode != status {
		t.Errorf("%s: status %d, want %d", address, r.StatusCode, status)
	}
	for _, word := range words {
		if !strings.Contains(string(b), word) {
			t.Errorf("%s: %q is not in %s", address, word, b)
		}
	}
	return string(b), r.Header
}

func TestViews(t *testing.T) {
	d := &room{edition: draft()}
	_, server, _ := serve(t, d)
	front, header := get(t, server.URL, 200, "AI Daily", "Wednesday 13 September 2023", `class="view-desktop"`, `src="/letter.html?edition=daily%2f2023-09-13T0700&amp;light=light"`,
		"Subject</span> Senators", "of 80 KB", `data-revision="0"`, "Waits for your approval",
		"0.74", "3 independent publishers", "US-Senat", "below the floor", "Datenkutter", "503 Service Unavailable", "88 fresh articles", "Models",
		"copy, Rechenwerk heute", "Speaks of Brad Smith", "Schumer plans a forum", "senate; another day", "Update of “Senate calls Microsoft” in daily/2023-09-12T0700; new: William Dally",
		"Folded into earlier editions", "Falcon is still free")
	if strings.Contains(front, "javascript:") || strings.Contains(front, "ZgotmplZ") {
		t.Error("a link that is none")
	}
	if strings.Contains(front, "Pin</button>") || strings.Contains(front, "/approve") {
		t.Error("something can be decided without a folder of decisions")
	}
	if csp := header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "form-action 'self'") || strings.Contains(csp, "unsafe") {
		t.Errorf("the page's policy is %q", csp)
	}
	get(t, server.URL+"/?view=phone", 200, `class="view-phone"`)
	get(t, server.URL+"/?view=dark", 200, `class="view-dark"`, "light=dark")
	get(t, server.URL+"/?view=nonsense", 200, `class="view-desktop"`)
	get(t, server.URL+"/?view=text", 200, "<pre class=\"text\" tabindex=\"0\">AI Daily")
	get(t, server.URL+"/?view=source", 200, "&lt;!DOCTYPE html&gt;")
	get(t, server.URL+"/?view=mail", 200, "List-Id: &lt;daily.example.org&gt;", "Content-Type: text/html; charset=utf-8", "depth-1")
	made := d.made.Load()
	get(t, server.URL+"/letter.txt", 200, "Senators hear", "https://letters.example/u/x")
	get(t, server.URL+"/letter.eml", 200, "List-Id")
	get(t, server.URL+"/edition.json", 200, `"key": "daily/2023-09-13T0700"`)
	html, header := get(t, server.URL+"/letter.html", 200, "Senators hear")
	if d.made.Load() != made {
		t.Error("the letter was drafted again for each of its forms")
	}
	if csp := header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "script-src") {
		t.Errorf("the letter's policy is %q", csp)
	}
	again, _ := get(t, server.URL+"/letter.html", 200)
	if again != html {
		t.Error("the same draft renders differently")
	}
	dark, _ := get(t, server.URL+"/letter.html?light=dark", 200)
	light, _ := get(t, server.URL+"/letter.html?light=light", 200)
	if strings.Contains(html, "prefers-color-scheme") && (dark == light || strings.Contains(dark, "prefers-color-scheme")) {
		t.Error("the letter's darkness depends on the editor's screen")
	}
	get(t, server.URL+"/desk.js", 200, "EventSource")
	get(t, server.URL+"/desk.css", 200, "iframe")
	get(t, server.URL+"/nothing", 404)
}

// Editions are chosen from a list; a sealed one can only be read.
func TestEditions(t *testing.T) {
	r := &room{edition: draft()}
	server := decide(t, r, nil)
	front, _ := get(t, server.URL, 200, `href="/?edition=daily%2f2023-09-12T0700"`, "sealed", "Pin</button>")
	if strings.Contains(front, "Send a test") {
		t.Error("a test is offered that cannot be sent")
	}
	sealed, _ := get(t, server.URL+"/?edition="+past, 200, "Tuesday 12 September 2023", "Sealed. Nothing")
	if strings.Contains(sealed, "Pin</button>") {
		t.Error("a sealed edition can be changed")
	}
	get(t, server.URL+"/?edition=daily/2000-01-01T0700", 404, "there is no such edition")
	get(t, server.URL+"/?edition=../../etc/passwd", 404, "there is no such edition")
	get(t, server.URL+"/letter.html?edition=daily/2000-01-01T0700", 404)
	get(t, server.URL+"/edition.json?edition=x", 404)
}

func TestOnlyThisMachine(t *testing.T) {
	h, server, _ := serve(t, &room{edition: draft()})
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]int{
		"localhost": 200, "localhost:" + port: 200, "127.0.0.1:" + port: 200, "[::1]:" + port: 200, "[::1]": 200,
		"evil.example": 421, "evil.example:" + port: 421, "127.0.0.1.evil.example": 421, "localhost.evil.example:80": 421, "": 421, "192.168.1.5:8080": 421,
	} {
		r := httptest.NewRequest("GET", "/letter.txt", nil)
		r.Host = host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%q: %d, want %d", host, w.Code, want)
		}
	}
}

func TestQuiet(t *testing.T) {
	e := draft()
	e.Lead, e.Sections = nil, nil
	_, server, _ := serve(t, &room{edition: e, err: digest.ErrQuiet})
	get(t, server.URL+"/", 200, "Nothing is worth printing", "Ten prompts", "below the floor")
	get(t, server.URL+"/letter.html", 404)
	get(t, server.URL+"/edition.json", 200, "Ten prompts")
}

func TestDraftFails(t *testing.T) {
	_, server, _ := serve(t, &room{err: errors.New("the store is locked")})
	get(t, server.URL+"/", 500, "the store is locked")
	get(t, server.URL+"/letter.txt", 500, "the store is locked")
}

// A template's change is seen within a second, its fault is told with file and line, and its mending heals.
func TestTemplateChange(t *testing.T) {
	h, server, overlay := serve(t, &room{edition: draft()})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- desk.Watch(ctx, []string{overlay}, h.Changed) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	time.Sleep(100 * time.Millisecond) // until it watches
	changes := listen(t, server.URL+"/events?since=0")

	write(t, filepath.Join(overlay, "letter", "foot.txt"), "Our own foot, {{.Title}} {{.Leave}}")
	await(t, changes)
	get(t, server.URL+"/letter.txt", 200, "Our own foot, AI Daily")

	write(t, filepath.Join(overlay, "letter", "foot.txt"), "\n{{.Nonsense}}")
	await(t, changes)
	get(t, server.URL+"/", 500, "letter/foot.txt:2:", "Nonsense")
	get(t, server.URL+"/letter.html", 500, "letter/foot.txt:2:")

	write(t, filepath.Join(overlay, "letter", "foot.txt"), "Mended {{.Leave}}")
	await(t, changes)
	get(t, server.URL+"/letter.txt", 200, "Mended")
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// listen returns the events' data as they come.
func listen(t *testing.T, address string) <-chan string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "GET", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Body.Close() })
	if kind := r.Header.Get("Content-Type"); kind != "text/event-stream" {
		t.Fatalf("events are %s", kind)
	}
	lines := make(chan string, 10)
	go func() {
		for s := bufio.NewScanner(r.Body); s.Scan(); {
			if data, ok := strings.CutPrefix(s.Text(), "data: "); ok {
				lines <- data
			}
		}
	}()
	return lines
}

func await(t *testing.T, changes <-chan string) {
	t.Helper()
	select {
	case <-changes:
	case <-time.After(time.Second):
		t.Fatal("no change was told within a second")
	}
	for { // a folder and the file in it may be told one after the other
		select {
		case <-changes:
		case <-time.After(150 * time.Millisecond):
			return
		}
	}
}

func TestMissedChange(t *testing.T) {
	h, server, _ := serve(t, &room{edition: draft()})
	h.Changed()
	await(t, listen(t, server.URL+"/events?since=0"))
}

func TestWatchFile(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "config.toml")
	write(t, config, "a")
	changes := make(chan string, 10)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- desk.Watch(ctx, []string{config}, func() { changes <- "" }) }()
	time.Sleep(100 * time.Millisecond)

	write(t, filepath.Join(dir, "other.txt"), "not watched")
	write(t, filepath.Join(dir, ".config.toml.swp"), "nor this")
	select {
	case <-changes:
		t.Error("a change of another file was told")
	case <-time.After(200 * time.Millisecond):
	}
	write(t, config+".new", "b")
	if err := os.Rename(config+".new", config); err != nil { // as editors do
		t.Fatal(err)
	}
	await(t, changes)
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := desk.Watch(t.Context(), []string{filepath.Join(dir, "never")}, nil); err == nil {
		t.Error("what is not there is watched")
	}
}

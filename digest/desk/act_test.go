package desk_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"tidings/digest"
	"tidings/digest/desk"
	"tidings/templates"
)

// decide starts a desk where things can be decided.
func decide(t testing.TB, r desk.Newsroom, change func(*desk.Options)) *httptest.Server {
	t.Helper()
	o := desk.Options{
		Newsroom: r, Templates: func() (*templates.Set, error) { return templates.Load(nil) },
		Reader: templates.Reader{Leave: "https://letters.example/u/x"}, Decisions: desk.Folder{Dir: t.TempDir()},
	}
	if change != nil {
		change(&o)
	}
	server := httptest.NewServer(desk.Handler(o))
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	return server
}

// post sends a form and returns the page that comes of it.
func post(t testing.TB, address string, form url.Values) string {
	t.Helper()
	r, err := http.PostForm(address, form)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Each order of an editor: the form, what he is told, and the file of decisions after it. One that is refused changes
// nothing.
func TestOrders(t *testing.T) {
	files, err := filepath.Glob("testdata/orders/*.txtar")
	if err != nil || len(files) < 15 {
		t.Fatal(len(files), err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			part := func(name string) string {
				i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == name })
				if i < 0 {
					return ""
				}
				return string(archive.Files[i].Data)
			}
			folder := desk.Folder{Dir: t.TempDir()}
			r := &room{edition: draft()}
			if before := part("before"); before != "" {
				put(t, folder.Path(r.edition.Key), []byte(before))
			}
			server := decide(t, r, func(o *desk.Options) { o.Decisions = folder })
			form := url.Values{"edition": {r.edition.Key}}
			for line := range strings.Lines(part("form")) {
				field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
				form.Add(field, strings.ReplaceAll(value, `\n`, "\n"))
			}
			page := post(t, server.URL+"/decide", form)
			after, err := os.ReadFile(folder.Path(r.edition.Key))
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			told := ""
			if found := regexp.MustCompile(`<p class="told( wrong)?" role="(alert|status)">(.*)</p>`).FindStringSubmatch(page); found != nil {
				told = strings.TrimSpace(found[1] + " " + html.UnescapeString(found[3]))
			}
			if *update {
				archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return f.Name == "told" || f.Name == "after" })
				archive.Files = append(archive.Files, txtar.File{Name: "told", Data: []byte(told + "\n")}, txtar.File{Name: "after", Data: after})
				if err := os.WriteFile(path, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(part("told"), told+"\n"); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(part("after"), string(after)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// gate remembers who passed.
type gate struct{ passed []string }

func (g *gate) Hold(_ context.Context, key string) (string, error) {
	g.passed = append(g.passed, "hold "+key)
	return key + " is held.", nil
}

func (g *gate) Approve(_ context.Context, key string) (string, error) {
	g.passed = append(g.passed, "approve "+key)
	return key + " goes.", nil
}

// What is approved is what was looked at.
func TestGate(t *testing.T) {
	r, g := &room{edition: draft()}, &gate{}
	key := r.edition.Key
	server := decide(t, r, func(o *desk.Options) { o.Gate = g })
	front, _ := get(t, server.URL, 200, "Hold</button>", "Approve as it stands")
	_, mark, _ := strings.Cut(front, `name="mark" value="`)
	mark, _, _ = strings.Cut(mark, `"`)
	if page := post(t, server.URL+"/hold", url.Values{"edition": {key}}); !strings.Contains(page, key+" is held.") {
		t.Error("nothing is said of the hold")
	}
	r.edition.Lead.Lead.Title = "Senators hear somebody else"
	if page := post(t, server.URL+"/approve", url.Values{"edition": {key}, "mark": {mark}}); !strings.Contains(page, "another one by now") {
		t.Error("what nobody looked at is approved")
	}
	r.edition.Lead.Lead.Title = draft().Lead.Lead.Title
	if page := post(t, server.URL+"/approve", url.Values{"edition": {key}, "mark": {mark}}); !strings.Contains(page, key+" goes.") {
		t.Error("nothing is said of the approval")
	}
	if diff := cmp.Diff([]string{"hold " + key, "approve " + key}, g.passed); diff != "" {
		t.Error(diff)
	}
}

func TestSendATest(t *testing.T) {
	var to []string
	r := &room{edition: draft()}
	server := decide(t, r, func(o *desk.Options) {
		o.Test = func(_ context.Context, e digest.Edition, address string) (string, error) {
			to = append(to, address)
			return "A test of " + e.Key + " went off.", nil
		}
	})
	get(t, server.URL, 200, "Send a test")
	for address, says := range map[string]string{"ada@example.org": "went off", "ada": "is no mail address", "a@b.example\r\nBcc: x@y.example": "is no mail address"} {
		if page := post(t, server.URL+"/test", url.Values{"edition": {r.edition.Key}, "to": {address}}); !strings.Contains(page, says) {
			t.Errorf("%q: %s", address, page)
		}
	}
	if diff := cmp.Diff([]string{"ada@example.org"}, to); diff != "" {
		t.Error(diff)
	}
}

// Another site's page cannot decide anything, and reading changes nothing.
func TestForeignForms(t *testing.T) {
	r := &room{edition: draft()}
	server := decide(t, r, nil)
	for header, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
		request, err := http.NewRequestWithContext(t.Context(), "POST", server.URL+"/decide", strings.NewReader("edition="+r.edition.Key+"&do=note&note=x"))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set(header, value)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", header, answer.StatusCode)
		}
	}
	for _, path := range []string{"/decide", "/undo", "/hold", "/approve", "/test"} {
		get(t, server.URL+path, http.StatusMethodNotAllowed)
	}
	large := url.Values{"edition": {r.edition.Key}, "do": {"note"}, "note": {strings.Repeat("a", 1<<20)}}
	if page := post(t, server.URL+"/decide", large); !strings.Contains(page, "cannot be read") {
		t.Error("a megabyte of form is read")
	}
}

// newsdesk is a real press over a few articles, with decisions laid over its drafts.
type newsdesk struct {
	articles []digest.Article
	press    *digest.Press
	digest   digest.Digest
	slot     digest.Slot
	past     []digest.Edition
}

func (n *newsdesk) Keep(context.Context, digest.Harvest) (digest.Kept, error) {
	return digest.Kept{}, errors.ErrUnsupported
}

func (n *newsdesk) Unprinted(context.Context, string, []string, time.Time, time.Time) ([]digest.Article, error) {
	return slices.Clone(n.articles), nil
}

func (n *newsdesk) Past(context.Context, string, time.Time, time.Duration) (digest.Past, error) {
	return digest.Past{Number: 41, Editions: n.past}, nil
}

func (n *newsdesk) Seal(context.Context, digest.Digest, digest.Edition) (int, error) {
	return 0, errors.ErrUnsupported
}

func (n *newsdesk) Editions(context.Context) ([]desk.Listed, error) {
	return []desk.Listed{{Key: n.slot.Key(), Title: n.digest.Title, At: n.slot.At}}, nil
}

func (n *newsdesk) Edition(ctx context.Context, key string) (digest.Edition, bool, error) {
	if key != n.slot.Key() {
		return digest.Edition{}, false, desk.ErrNoEdition
	}
	e, err := n.press.Draft(ctx, n.digest, n.slot, n.slot.At)
	return e, false, err
}

func (n *newsdesk) Mail(digest.Edition) ([]byte, error) { return nil, errors.ErrUnsupported }

func (n *newsdesk) Read(_ context.Context, _, page string) (digest.Article, error) {
	return digest.Article{}, errors.New("the server answered 404 Not Found")
}

// open sets a desk up with so many articles, each by another publisher and about another event.
func open(articles int) *newsdesk {
	at := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	n := &newsdesk{slot: digest.Slot{Digest: "daily", At: at}}
	n.digest = digest.Digest{
		Name: "daily", Title: "AI Daily", From: "AI Daily <daily@example.org>", Lang: "en", Location: time.UTC,
		Topics: []digest.Topic{
			{ID: "models", Name: map[string]string{"en": "Models"}}, {ID: "policy", Name: map[string]string{"en": "Policy"}}, {ID: "chips", Name: map[string]string{"en": "Chips"}},
		},
	}
	for i := range articles {
		a := report(i, articles, at)
		n.articles = append(n.articles, a)
		n.digest.Sources = append(n.digest.Sources, digest.Source{URL: a.Feed, OnTopic: true})
	}
	n.press = &digest.Press{Archive: n}
	return n
}

// report is the i-th of so many articles of two days before a time.
func report(i, of int, at time.Time) digest.Article {
	events := []string{"%s passes a law on AI for %s: %s", "%s releases the language model %s to %s", "%s makes AI chips for %s in %s", "%s is fined by %s over machine learning at %s"}
	names := []any{}
	for k := range 12 {
		names = append(names, word(i+k*of))
	}
	feed := fmt.Sprintf("https://%s.example/", strings.ToLower(word(i)))
	return digest.Article{
		ID: fmt.Sprintf("a%03d", i), URL: fmt.Sprint(feed, i), Lang: "en", Title: fmt.Sprintf(events[i%len(events)], names[:3]...),
		Text:      strings.Repeat(fmt.Sprintf("%s %s met %s in %s. %s paid %s for %s. %s of %s left %s and %s to %s. ", names...), 8),
		Published: at.Add(-time.Duration(1+i%40) * time.Hour), Source: digest.Origin{Title: word(i) + " Post"}, Feed: feed,
	}
}

// remember gives the desk earlier editions, one a day, which told some of the stories that its articles go on with.
func (n *newsdesk) remember(days int) {
	for day := days; day > 0; day-- {
		slot := digest.Slot{Digest: n.digest.Name, At: n.slot.At.AddDate(0, 0, -day)}
		e := digest.Edition{Key: slot.Key(), Digest: n.digest.Name, Title: n.digest.Title, Lang: "en", Number: 42 - day, At: slot.At, Names: digest.Names{}}
		for i := range 24 {
			told := 24*day + i
			if i%8 > 0 { // else today's articles go on with it
				told += 1e6
			}
			a := report(told, len(n.articles), slot.At)
			a.ID = fmt.Sprint(a.ID, "-", day)
			sum := sha256.Sum256([]byte(a.ID))
			e.Brief = append(e.Brief, digest.Story{ID: hex.EncodeToString(sum[:6]), Lead: a, Topic: digest.Brief})
		}
		n.past = append(n.past, e)
	}
}

// word makes a name of its own of each number.
func word(i int) string {
	syllables := []string{"ka", "mo", "ti", "ru", "ves", "lon", "bra", "den", "fil", "gor", "hes", "jun", "pol", "sar", "wim", "zet"}
	name := ""
	for n := i*7919 + 4096; n > 0; n /= 16 {
		name += syllables[n%16]
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// Two editors at once lose nothing of each other's, and one who takes back what another has built on is told.
func TestTwoEditors(t *testing.T) {
	n := open(24)
	folder := desk.Folder{Dir: t.TempDir()}
	n.press.Editor = folder
	key := n.slot.Key()
	desks := []*httptest.Server{}
	for range 2 {
		desks = append(desks, decide(t, n, func(o *desk.Options) { o.Decisions = folder }))
	}
	var group sync.WaitGroup
	for i, server := range desks {
		group.Go(func() {
			for j := range 6 {
				post(t, server.URL+"/decide", url.Values{"edition": {key}, "do": {fmt.Sprintf("pin a%03d", 2*j+i)}})
			}
		})
	}
	group.Wait()
	d, err := folder.Read(key)
	if err != nil || len(d.Stories) != 12 {
		t.Errorf("%d stories are pinned, %v", len(d.Stories), err)
	}
	undo := func(server *httptest.Server) string {
		front, _ := get(t, server.URL, 200, `class="undo"`)
		_, step, _ := strings.Cut(front, `name="step" value="`)
		step, _, _ = strings.Cut(step, `"`)
		return post(t, server.URL+"/undo", url.Values{"edition": {key}, "step": {step}})
	}
	post(t, desks[0].URL+"/decide", url.Values{"edition": {key}, "do": {"drop a020"}, "reason": {"no news"}})
	post(t, desks[1].URL+"/decide", url.Values{"edition": {key}, "do": {"note"}, "note": {"Good morning"}})
	if page := undo(desks[0]); !strings.Contains(page, "Somebody has changed the decisions since") {
		t.Error("what another has built on is taken back")
	}
	if page := undo(desks[1]); !strings.Contains(page, "Taken back: The note") {
		t.Error("the note is not taken back")
	}
	if d, err = folder.Read(key); err != nil || d.Note != "" || len(d.Stories) != 13 {
		t.Errorf("%+v, %v", d, err)
	}
}

// A decision about a story that is gone is kept and told, until it is forgotten.
func TestDecisionAboutNothing(t *testing.T) {
	n := open(8)
	folder := desk.Folder{Dir: t.TempDir()}
	n.press.Editor = folder
	put(t, folder.Path(n.slot.Key()), []byte("[[story]]\narticle = 'gone'\nwas = 'It is gone'\npin = true\n"))
	server := decide(t, n, func(o *desk.Options) { o.Decisions = folder })
	get(t, server.URL, 200, "Decided, and not applied", "It is gone", "no story of this edition has this article any more", `value="forget gone"`)
	post(t, server.URL+"/decide", url.Values{"edition": {n.slot.Key()}, "do": {"pin a001"}})
	if d, err := folder.Read(n.slot.Key()); err != nil || len(d.Stories) != 2 {
		t.Errorf("%+v, %v", d, err)
	}
	page := post(t, server.URL+"/decide", url.Values{"edition": {n.slot.Key()}, "do": {"forget gone"}})
	if strings.Contains(page, "Decided, and not applied") {
		t.Error("it is not forgotten")
	}
}

// What is remembered changes no draft, whatever is laid out and decided in between.
func TestMemory(t *testing.T) {
	plain, quick := open(40), open(40)
	plain.remember(2)
	quick.remember(2)
	folder := desk.Folder{Dir: t.TempDir()}
	plain.press.Editor, quick.press.Editor, quick.press.Memory = folder, folder, new(digest.Memory)
	changes := []func(*desk.Decisions) error{
		func(d *desk.Decisions) error { return nil },
		func(d *desk.Decisions) error { d.Story("a001", "").Pin = true; return nil },
		func(d *desk.Decisions) error { d.Story("a007", "").Join = []string{"a008"}; return nil },
		func(d *desk.Decisions) error { d.Story("a007", "").Part = []string{"a008"}; return nil },
		func(d *desk.Decisions) error { d.Story("a009", "").Drop = "no news"; return nil },
		func(d *desk.Decisions) error { d.Story("a002", "").Topic = "chips"; return nil },
		func(d *desk.Decisions) error { d.Stories = nil; return nil },
	}
	for i, change := range changes {
		if err := folder.Change(t.Context(), plain.slot.Key(), change); err != nil {
			t.Fatal(err)
		}
		want, _, err := plain.Edition(t.Context(), plain.slot.Key())
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(append(want.Stories(), want.Folded...), func(s digest.Story) bool { return s.Update != nil }) {
			t.Fatal("no story goes on with one of before")
		}
		got, _, err := quick.Edition(t.Context(), quick.slot.Key())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("after change %d: %s", i, diff)
		}
	}
}

// The same edition at the same time renders to the same bytes, in whatever order its articles come.
func TestSameBytes(t *testing.T) {
	n := open(40)
	server := decide(t, n, nil)
	get(t, server.URL, 200)
	first, _ := get(t, server.URL+"/letter.html", 200)
	slices.Reverse(n.articles)
	get(t, server.URL, 200)
	second, _ := get(t, server.URL+"/letter.html", 200)
	if first != second {
		t.Error(cmp.Diff(first, second))
	}
}

// The first sight of a desk with 300 articles, and the sight after a decision: draft, letter and page.
func BenchmarkDesk(b *testing.B) {
	n := open(300)
	n.remember(10)
	folder := desk.Folder{Dir: b.TempDir()}
	n.press.Editor, n.press.Memory = folder, new(digest.Memory)
	server := decide(b, n, func(o *desk.Options) { o.Decisions = folder })
	look := func(path string) {
		r, err := http.Get(server.URL + path)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil || r.StatusCode != 200 {
			b.Fatal(r.Status, err)
		}
		r.Body.Close()
	}
	look("/") // as Prepare does
	b.Run("look", func(b *testing.B) {
		for b.Loop() {
			look("/")
			look("/letter.html")
		}
	})
	b.Run("decide", func(b *testing.B) {
		verbs := []string{"pin a007", "unpin a007"}
		for i := 0; b.Loop(); i++ {
			post(b, server.URL+"/decide", url.Values{"edition": {n.slot.Key()}, "do": {verbs[i%2]}})
			look("/letter.html")
		}
	})
	b.Run("merge", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			verb := []string{"join", "part"}[i%2]
			post(b, server.URL+"/decide", url.Values{"edition": {n.slot.Key()}, "do": {verb + " a007 a008"}})
			look("/letter.html")
		}
	})
}

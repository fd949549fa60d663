package llm

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"tidings/digest"
	"tidings/templates"
)

// forgetful remembers within a test.
type forgetful struct {
	mu   sync.Mutex
	kept map[string]string
}

func (f *forgetful) Recall(_ context.Context, keys []string) (map[string]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := map[string]string{}
	for _, k := range keys {
		if v, ok := f.kept[k]; ok {
			out[k] = v
		}
	}
	return out, nil
}

func (f *forgetful) Remember(_ context.Context, answers map[string]string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.kept == nil {
		f.kept = map[string]string{}
	}
	maps.Copy(f.kept, answers)
	return nil
}

// stub is an endpoint that answers as it is told.
type stub struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string // bodies
}

func newStub(t testing.TB, answer http.HandlerFunc) *stub {
	t.Helper()
	s := &stub{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.asked = append(s.asked, string(body))
		s.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// says answers every question with one text.
func says(content string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		var a chatted
		a.Choices = append(a.Choices, struct {
			Message struct {
				Content string `json:"content"`
			} `json:"message"`
		}{})
		a.Choices[0].Message.Content = content
		_ = json.NewEncoder(w).Encode(a)
	}
}

// writer makes a writer that asks a stub, and the log that it writes.
func writer(t testing.TB, s *stub) (*Writer, *bytes.Buffer) {
	t.Helper()
	client, err := NewClient(s.URL+"/v1/", "sesame")
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	return &Writer{
		Client: client, Model: "stub-7b", Memory: &forgetful{}, Summaries: true, Translate: true, MaxCalls: 40, MaxTokens: 100_000,
		Timeout: 3 * time.Second, Log: slog.New(slog.NewTextHandler(&log, nil)),
	}, &log
}

// edition composes an edition of one story.
func edition(s digest.Story, lang string) digest.Edition {
	d := digest.Digest{Name: "daily", Title: "Daily", Lang: lang}
	return digest.Compose([]digest.Story{s}, d, digest.Slot{Digest: "daily", At: time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)})
}

func letter(t testing.TB, set *templates.Set, e digest.Edition) string {
	t.Helper()
	l, err := set.Letter(e, templates.Reader{Leave: "https://letters.example/u/1"})
	if err != nil {
		t.Fatal(err)
	}
	var page strings.Builder
	if err := set.Page(&page, templates.Edition{Frame: templates.Frame{Lang: e.Lang, Home: "/"}, Edition: e}); err != nil {
		t.Fatal(err)
	}
	return l.Subject + "\n" + l.HTML + "\n" + l.Text + "\n" + page.String()
}

func load(t testing.TB) *templates.Set {
	t.Helper()
	set, err := templates.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestHostileArticles lets a model obey the articles of testdata/hostile. The letter and the page are the very ones
// that there would be without a model.
func TestHostileArticles(t *testing.T) {
	files, err := filepath.Glob("testdata/hostile/*.txtar")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d hostile articles: %v", len(files), err)
	}
	set := load(t)
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			part := map[string][]string{}
			for _, f := range archive.Files {
				part[f.Name] = strings.Split(strings.TrimSuffix(string(f.Data), "\n"), "\n")
			}
			s := story(t, archive.Files)
			for _, lang := range []string{"en", s.Lead.Lang} {
				plain := edition(s, lang)
				want := letter(t, set, plain)
				for _, lie := range part["lies"] {
					server := newStub(t, says(lie))
					w, _ := writer(t, server)
					got := w.Write(t.Context(), plain)
					if l := letter(t, set, got); l != want {
						t.Errorf("the model's lie changed the letter: %s\n%+v", lie, got.Stories()[0].Written)
					}
					harmlessly(t, server)
				}
				for _, never := range part["never"] {
					body := strings.ReplaceAll(want, s.Lead.Title, "")
					if strings.Contains(body, never) {
						t.Errorf("the letter says %q without a model", never)
					}
				}
			}
		})
	}
}

// harmlessly checks that no question held what nobody sees, an address or markup.
func harmlessly(t *testing.T, s *stub) {
	t.Helper()
	for _, asked := range s.asked {
		var q chat
		if err := json.Unmarshal([]byte(asked), &q); err != nil {
			t.Fatal(err)
		}
		sent := strings.ReplaceAll(q.Messages[1].Content, "\n", " ")
		if sent != shown(sent) && strings.TrimSpace(sent) != shown(sent) {
			t.Errorf("what nobody sees was sent: %q", sent)
		}
		if strings.Contains(sent, "://") || strings.Contains(sent, "<!--") || strings.Contains(sent, "previous instructions") {
			t.Errorf("an address, markup or an order was sent: %s", sent)
		}
	}
}

// broken are endpoints that do not answer as they should, and what the log says then.
func broken() map[string]struct {
	answer http.HandlerFunc
	log    string
} {
	raw := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
	}
	code := func(n int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "sesame", n) }
	}
	return map[string]struct {
		answer http.HandlerFunc
		log    string
	}{
		"stalls": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "takes too long"},
		"stalls in the body": {func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"choices":[`)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, "takes too long"},
		"breaks off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "5000")
			_, _ = io.WriteString(w, `{"choices":[{"message":{"content":"{\"sentences\":`)
		}, "breaks off"},
		"hangs up": {func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		}, "does not answer"},
		"500": {code(500), "500 Internal Server Error"},
		"401": {code(401), "check llm.key"},
		"429": {code(429), "asked too often"},
		"redirects": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		}, "redirects are not followed"},
		"a page":    {raw("<!DOCTYPE html><html><body>Log in</body></html>"), "does not answer in the JSON"},
		"nothing":   {raw(""), "does not answer in the JSON"},
		"null":      {raw("null"), "without a choice"},
		"no choice": {raw(`{"choices":[]}`), "without a choice"},
		"an error":  {raw(`{"error":{"message":"sesame"}}`), "without a choice"},
		"a number":  {raw(`{"choices":[{"message":{"content":7}}]}`), "does not answer in the JSON"},
		"nested":    {raw(strings.Repeat(`{"choices":[`, 20_000)), "does not answer in the JSON"},
		"huge": {func(w http.ResponseWriter, _ *http.Request) {
			for range 40 {
				if _, err := io.WriteString(w, strings.Repeat(" ", 1<<20)); err != nil {
					return
				}
			}
		}, "more than"},
	}
}

// A broken endpoint changes nothing but a line of the log, which holds no key; and it is soon left alone.
func TestBrokenEndpoints(t *testing.T) {
	set := load(t)
	archive, err := txtar.ParseFile("testdata/claims/english.txtar")
	if err != nil {
		t.Fatal(err)
	}
	plain := edition(story(t, archive.Files), "en")
	plain.Sections = []digest.Section{{Topic: "models", Stories: slices.Repeat([]digest.Story{*plain.Lead}, 5)}}
	for i := range plain.Sections[0].Stories {
		plain.Sections[0].Stories[i].Lead.Title += fmt.Sprint(i)
	}
	want := letter(t, set, plain)
	for name, b := range broken() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newStub(t, b.answer)
			w, log := writer(t, server)
			got := w.Write(t.Context(), plain)
			if letter(t, set, got) != want {
				t.Error("the letter changed")
			}
			if !strings.Contains(log.String(), b.log) || strings.Contains(log.String(), "sesame") {
				t.Errorf("the log should say %q and no key:\n%s", b.log, log)
			}
			if n := len(server.asked); n > giveUpAfter {
				t.Errorf("it was asked %d times", n)
			}
			for _, s := range got.Stories() {
				if r := s.Reasons[len(s.Reasons)-1]; r.Part != "summary" || !strings.HasPrefix(r.Detail, "the source's own: ") {
					t.Errorf("no reason tells why: %+v", r)
				}
			}
			if v := (&Vectors{Client: w.Client, Model: "v", Memory: &forgetful{}, Timeout: time.Second, Log: w.Log}); v.Vectors(t.Context(), plain.Lead.Articles()) != nil {
				t.Error("it gave vectors")
			}
		})
	}
}

package llm

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"tidings/digest"
)

var update = flag.Bool("update", false, "write what comes out as what is wanted")

// TestHonestAnswers holds what a good answer becomes to testdata/honest: so strict a checker must let something
// through.
func TestHonestAnswers(t *testing.T) {
	files, err := filepath.Glob("testdata/honest/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no honest answers: %v", err)
	}
	set := load(t)
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			part := map[string]string{}
			for _, f := range archive.Files {
				part[f.Name] = strings.TrimSpace(string(f.Data))
			}
			w, log := writer(t, newStub(t, says(part["answer"])))
			w.Label = "Stub"
			plain := edition(story(t, archive.Files), part["lang"])
			got := w.Write(t.Context(), plain).Stories()[0]
			if plain.Stories()[0].Written != nil || plain.Stories()[0].Reasons != nil {
				t.Error("the edition that was given changed too")
			}
			var told []string
			if got.Written != nil {
				told = append(append(told, "title: "+got.Written.Title), got.Written.Summary...)
				if got.Written.By != "Stub" {
					t.Errorf("by %q", got.Written.By)
				}
			}
			told = append(told, got.Reasons[len(got.Reasons)-1].Detail)
			if *update {
				for i, f := range archive.Files {
					if f.Name == "want" {
						archive.Files[i].Data = []byte(strings.Join(told, "\n") + "\n")
					}
				}
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(part["want"], strings.Join(told, "\n")); diff != "" {
				t.Errorf("not what is wanted (-want +got):\n%s\n%s", diff, log)
			}
			l := letter(t, set, w.Write(t.Context(), plain))
			if got.Written != nil && !strings.Contains(l, "Stub") {
				t.Error("the letter does not name who wrote")
			}
		})
	}
}

// halden is a story with a good answer to it.
func halden(t testing.TB) (digest.Story, string) {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/honest/english.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		if f.Name == "answer" {
			return story(t, archive.Files), string(f.Data)
		}
	}
	t.Fatal("no answer")
	return digest.Story{}, ""
}

// days is an edition of n stories with blocks, the last of which is the best.
func days(t testing.TB, n int) digest.Edition {
	s, _ := halden(t)
	e := edition(s, "en")
	e.Lead = nil
	e.Brief = nil
	section := digest.Section{Topic: "models"}
	for i := range n {
		one := s
		one.ID, one.Score = string(rune('a'+i)), float64(i)
		one.Lead.ID = one.ID
		section.Stories = append(section.Stories, one)
	}
	e.Sections = []digest.Section{section}
	return e
}

// told lists which stories were written.
func told(e digest.Edition) string {
	out := ""
	for _, s := range e.Stories() {
		if s.Written != nil {
			out += s.ID
		}
	}
	return out
}

func TestAnswersAreRemembered(t *testing.T) {
	_, answer := halden(t)
	server := newStub(t, says(answer))
	w, _ := writer(t, server)
	first := w.Write(t.Context(), days(t, 3))
	if told(first) != "abc" || len(server.asked) != 3 {
		t.Fatalf("written %q with %d questions", told(first), len(server.asked))
	}
	server.Close()
	if diff := cmp.Diff(first, w.Write(t.Context(), days(t, 3))); diff != "" {
		t.Errorf("made again, the edition differs: %s", diff)
	}
	w.Model = "another"
	if told(w.Write(t.Context(), days(t, 1))) != "" {
		t.Error("one model's answer was taken for another's")
	}
}

func TestBudget(t *testing.T) {
	_, answer := halden(t)
	for name, c := range map[string]struct {
		limit func(*Writer)
		want  string
		why   string
	}{
		"calls":   {func(w *Writer) { w.MaxCalls = 2 }, "de", "the edition's 2 questions are spent"},
		"tokens":  {func(w *Writer) { w.MaxTokens = 2000 }, "e", "the edition's 2000 tokens are spent"},
		"nothing": {func(w *Writer) { w.MaxTokens = 10 }, "", "the edition's 10 tokens are spent"},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := writer(t, newStub(t, says(answer)))
			c.limit(w)
			e := w.Write(t.Context(), days(t, 5))
			if told(e) != c.want {
				t.Errorf("written %q, want the best: %q", told(e), c.want)
			}
			if r := e.Stories()[0].Reasons; !strings.Contains(r[len(r)-1].Detail, c.why) {
				t.Errorf("the reason does not tell why: %v", r)
			}
		})
	}
}

// A preview and the edition after it have the same stories written, within one budget.
func TestBudgetOfPreviews(t *testing.T) {
	_, answer := halden(t)
	server := newStub(t, says(answer))
	w, _ := writer(t, server)
	w.MaxCalls = 2
	preview := told(w.Write(t.Context(), days(t, 5)))
	if again := told(w.Write(t.Context(), days(t, 5))); again != preview || len(server.asked) != 2 {
		t.Errorf("the preview has %q written, the edition %q, with %d questions", preview, again, len(server.asked))
	}
}

// An edition that is given up in the middle keeps what was written before.
func TestSlowModel(t *testing.T) {
	_, answer := halden(t)
	n := 0
	server := newStub(t, func(w http.ResponseWriter, r *http.Request) {
		if n++; n > 1 {
			<-r.Context().Done()
			return
		}
		says(answer)(w, r)
	})
	w, log := writer(t, server)
	w.Timeout = 3 * time.Second
	if e := w.Write(t.Context(), days(t, 5)); told(e) != "e" || !strings.Contains(log.String(), "takes too long") {
		t.Errorf("written %q; log: %s", told(e), log)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w.Memory = &forgetful{}
	if e := w.Write(ctx, days(t, 2)); told(e) != "" {
		t.Errorf("written %q after the end", told(e))
	}
}

// What is sent is the envelope and nothing else.
func TestQuestion(t *testing.T) {
	s, answer := halden(t)
	s.Copies = []string{"m2"}
	s.Others[0].ID = "m2"
	var header http.Header
	server := newStub(t, func(w http.ResponseWriter, r *http.Request) {
		header = r.Header
		if r.URL.Path != "/v1/chat/completions" || r.Method != http.MethodPost {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		says(answer)(w, r)
	})
	w, _ := writer(t, server)
	w.Write(t.Context(), digest.Edition{Lang: "en", Brief: []digest.Story{s}})
	if len(server.asked) != 0 {
		t.Error("it was asked about a story in brief whose headline needs no translation")
	}
	w.Write(t.Context(), digest.Edition{Lang: "en", Lead: &s})
	if header.Get("Authorization") != "Bearer sesame" {
		t.Errorf("authorization %q", header.Get("Authorization"))
	}
	var q chat
	if err := json.Unmarshal([]byte(server.asked[0]), &q); err != nil {
		t.Fatal(err)
	}
	if q.Model != "stub-7b" || q.Temperature > 0.3 || q.MaxTokens != mostTokens || len(q.Messages) != 2 || q.Messages[0].Role != "system" {
		t.Errorf("%+v", q)
	}
	lines := strings.Split(q.Messages[1].Content, "\n")
	if len(lines) != 4 || lines[0] != lines[2] || !strings.HasPrefix(lines[0], "ARTICLES-") {
		t.Fatalf("the fence is not closed: %q", lines)
	}
	var in wanted
	if err := json.Unmarshal([]byte(lines[1]), &in); err != nil {
		t.Fatal(err)
	}
	if len(in.Members) != 1 || in.Members[0].ID != "m1" || in.Language != "English (en)" || !in.Summary || in.Title {
		t.Errorf("%+v", in)
	}
}

func TestHarmless(t *testing.T) {
	for in, want := range map[string]string{
		"plain text": "plain text",
		"a\u200bb\u202ec\U000E0041d\ufe0f\u00ade": "abcde",
		"one\n\n two\t three":                     "one two three",
		"see https://x.example/a?b now":           "see now",
		"see www.x.example, now":                  "see now",
		"x <!-- note --> y <b>z</b>":              "x y z",
		"3 < 4 and 5 > 4":                         "3 < 4 and 5 > 4",
		"code " + strings.Repeat("A", 80) + " ok": "code ok",
		"\xff\x00\x1b[31mred":                     "[31mred",
	} {
		if got := harmless(in, 100); got != want {
			t.Errorf("harmless(%q) = %q, want %q", in, got, want)
		}
	}
	if got := harmless(strings.Repeat("ü", 500), 10); len([]rune(got)) != 10 {
		t.Errorf("%d characters", len([]rune(got)))
	}
}

func TestVectors(t *testing.T) {
	n := 0
	server := newStub(t, func(w http.ResponseWriter, r *http.Request) {
		n++
		_, _ = io.WriteString(w, `{"data":[{"index":1,"embedding":[0,2]},{"index":0,"embedding":[3,4]}]}`)
	})
	w, log := writer(t, server)
	v := &Vectors{Client: w.Client, Model: "v", Memory: &forgetful{}, Timeout: time.Second, Log: w.Log}
	articles := []digest.Article{{ID: "a", Title: "One"}, {ID: "b", Title: "Two"}}
	got := v.Vectors(t.Context(), articles)
	if len(got) != 2 || len(got["a"]) != 2 || got["a"][0]+got["a"][1]+got["b"][0]+got["b"][1] != 2.4 && got["a"][0]+got["a"][1] != 1 {
		t.Errorf("%v, log %s", got, log)
	}
	again := v.Vectors(t.Context(), append(articles, digest.Article{ID: "c", Title: "One"}))
	if n != 1 || len(again) != 3 {
		t.Errorf("asked %d times, %v", n, again)
	}
	if log.Len() > 0 {
		t.Errorf("log: %s", log)
	}
}

// Vectors that cannot be right are none.
func TestBadVectors(t *testing.T) {
	for name, body := range map[string]string{
		"too few":      `{"data":[{"index":0,"embedding":[1]}]}`,
		"not sent":     `{"data":[{"index":0,"embedding":[1]},{"index":7,"embedding":[1]}]}`,
		"negative":     `{"data":[{"index":0,"embedding":[1]},{"index":-1,"embedding":[1]}]}`,
		"other length": `{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1,2]}]}`,
		"empty":        `{"data":[{"index":0,"embedding":[]},{"index":1,"embedding":[]}]}`,
		"zero":         `{"data":[{"index":0,"embedding":[0]},{"index":1,"embedding":[0]}]}`,
		"huge":         `{"data":[{"index":0,"embedding":[1e300,1e300]},{"index":1,"embedding":[1,2]}]}`,
		"words":        `{"data":[{"index":0,"embedding":["a"]},{"index":1,"embedding":["b"]}]}`,
		"none":         `{}`,
	} {
		t.Run(name, func(t *testing.T) {
			w, log := writer(t, newStub(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
			v := &Vectors{Client: w.Client, Model: "v", Memory: &forgetful{}, Timeout: time.Second, Log: w.Log}
			if got := v.Vectors(t.Context(), []digest.Article{{ID: "a", Title: "One"}, {ID: "b", Title: "Two"}}); got != nil {
				t.Errorf("%v", got)
			}
			if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), "grouped without them") {
				t.Errorf("%d lines: %s", n, log)
			}
		})
	}
}

func TestNewClient(t *testing.T) {
	for address, good := range map[string]bool{
		"http://localhost:11434": true, "https://models.example.org/openai/v1/": true, "http://[::1]:8080": true,
		"": false, "localhost:11434": false, "ftp://x.example": false, "https://user:key@x.example": false, "https://x.example/?key=1": false, "https://": false, "http://%zz": false,
	} {
		if _, err := NewClient(address, ""); (err == nil) != good {
			t.Errorf("%q: %v", address, err)
		}
	}
}

package digest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"tidings/digest"
)

// TestQuotes compares what is quoted under a headline with what testdata/quotes wants. The articles of a file are
// one story, led by the first.
func TestQuotes(t *testing.T) {
	files, err := filepath.Glob("testdata/quotes/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no quotes: %v", err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			d := readDay(t, path)
			s := digest.Story{ID: "one", Lead: d.articles[0], Others: d.articles[1:], Topic: digest.Brief, Score: 1, Relevance: 1, Copies: []string{"wire"}}
			e := digest.Compose([]digest.Story{s}, d.digest, digest.Slot{Digest: "daily", At: d.at})
			got := quoted(e.Stories()[0])
			verbatim(t, e.Stories()[0])
			i := slices.IndexFunc(d.archive.Files, func(f txtar.File) bool { return f.Name == "want" })
			if *update {
				if i < 0 {
					d.archive.Files = append(d.archive.Files, txtar.File{Name: "want"})
					i = len(d.archive.Files) - 1
				}
				d.archive.Files[i].Data = []byte(got)
				if err := os.WriteFile(path, txtar.Format(d.archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if i < 0 {
				t.Fatal("nothing is wanted; run with -update")
			}
			if diff := cmp.Diff(string(d.archive.Files[i].Data), got); diff != "" {
				t.Errorf("not what is wanted (-want +got):\n%s", diff)
			}
		})
	}
}

// TestQuotable holds what may be quoted, and what may not, to the sentences of testdata/quotable.tsv.
func TestQuotable(t *testing.T) {
	file, err := os.ReadFile("testdata/quotable.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(file)) {
		lang, rest, _ := strings.Cut(strings.TrimSpace(line), "\t")
		mark, sentence, ok := strings.Cut(rest, "\t")
		if !ok {
			continue // a remark
		}
		s := digest.Story{ID: "one", Lead: digest.Article{ID: "a", Text: sentence, Lang: lang}, Topic: digest.Brief, Score: 1, Relevance: 1}
		e := digest.Compose([]digest.Story{s}, digest.Digest{Lang: lang}, digest.Slot{})
		if got, want := len(e.Stories()[0].Summary) > 0, mark == "+"; got != want {
			t.Errorf("quoted: %t, want %t: %s", got, want, sentence)
		}
	}
}

func quoted(s digest.Story) string {
	var b strings.Builder
	for _, one := range s.Summary {
		fmt.Fprintf(&b, "%s\n", one)
	}
	if s.Added != nil {
		fmt.Fprintf(&b, "also, %s (%s): %s\n", s.Added.Source, s.Added.Lang, s.Added.Text)
	}
	return b.String()
}

// verbatim checks what is promised of every quotation: it stands in its article, and it is short.
func verbatim(t *testing.T, s digest.Story) {
	t.Helper()
	holds := func(a digest.Article, quote string) bool {
		return strings.Contains(strings.Join(strings.Fields(a.Summary+" "+a.Text), " "), quote)
	}
	for _, one := range s.Summary {
		if !holds(s.Lead, one) {
			t.Errorf("%q does not stand in the article", one)
		}
	}
	if n := utf8.RuneCountInString(strings.Join(s.Summary, " ")); n > 280 {
		t.Errorf("the summary has %d characters", n)
	}
	if q := s.Added; q != nil && !slices.ContainsFunc(s.Others, func(a digest.Article) bool { return a.ID == q.Article && holds(a, q.Text) }) {
		t.Errorf("%q does not stand in %s", q.Text, q.Article)
	}
}

// Whatever an article says, what is quoted of it stands there and is short.
func FuzzQuotes(f *testing.F) {
	f.Add("A headline", "PARIS (AFP) - One sentence of five words. \"Another one of five words.\" And he said so.", "en")
	f.Add("標題", "【東京】一二三四五六七八。「九十」と述べた。", "ja")
	f.Add("\xff", "« Non. » ( [ „ “ \u202e . \x00", "")
	f.Fuzz(func(t *testing.T, title, text, lang string) {
		a := digest.Article{ID: "a", Title: title, Text: text, Lang: lang}
		b := digest.Article{ID: "b", Title: title, Summary: text, Lang: lang, Feed: "https://b.example/"}
		s := digest.Story{Lead: a, Others: []digest.Article{b}, Topic: digest.Brief, Score: 1, Relevance: 1}
		e := digest.Compose([]digest.Story{s}, digest.Digest{Lang: "en"}, digest.Slot{})
		verbatim(t, e.Stories()[0])
	})
}

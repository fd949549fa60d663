package digest_test

import (
	"errors"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"tidings/digest"
)

// A file of groups holds articles and, under "want", the stories that are made of them, told by [sorted]. An
// article's fields are title, url, lang, source and published ("none": no date; without the line, this morning);
// its text follows after an empty line.
func readGroup(t *testing.T, archive *txtar.Archive) []digest.Article {
	t.Helper()
	var out []digest.Article
	for _, f := range archive.Files {
		if f.Name == "want" {
			continue
		}
		head, body, _ := strings.Cut(string(f.Data), "\n\n")
		a := digest.Article{ID: f.Name, Lang: "en", Text: strings.TrimSpace(body), Published: at(0)}
		for _, line := range strings.Split(strings.TrimSpace(head), "\n") {
			key, value, _ := strings.Cut(line, ": ")
			var err error
			switch {
			case key == "title":
				a.Title = value
			case key == "url":
				a.URL = value
			case key == "lang":
				a.Lang = value
			case key == "source":
				a.Feed, a.Source.Title = value, value
			case key == "published" && value == "none":
				a.Published = time.Time{}
			case key == "published":
				a.Published, err = time.Parse(time.RFC3339, value)
			default:
				err = errors.New("unknown field")
			}
			if err != nil {
				t.Fatalf("%s: %q: %v", f.Name, line, err)
			}
		}
		out = append(out, a)
	}
	return out
}

// sorted tells stories the way one would jot them down: who is together, who copies, what nearly belonged.
func sorted(articles []digest.Article) string {
	stories := digest.Group(articles, digest.Grouping{Topics: topics()})
	byID := map[string]string{}
	for _, s := range stories {
		byID[s.ID] = s.Lead.ID
	}
	var b strings.Builder
	for _, s := range stories {
		var ids []string
		for _, a := range s.Articles() {
			ids = append(ids, a.ID)
		}
		slices.Sort(ids)
		fmt.Fprintln(&b, strings.Join(ids, " "))
		for _, r := range s.Reasons {
			if r.Part == "linked" {
				fmt.Fprintf(&b, "  %.2f %s\n", r.Value, r.Detail)
			}
		}
		for _, c := range s.Copies {
			fmt.Fprintln(&b, "  copy", c)
		}
		for _, n := range s.Near {
			fmt.Fprintf(&b, "  near %s %.2f: %s\n", byID[n.Story], n.Score, n.Why)
		}
	}
	return b.String()
}

func TestGroups(t *testing.T) {
	files, err := filepath.Glob("testdata/groups/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no groups: %v", err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			articles := readGroup(t, archive)
			got := sorted(articles)
			rand.New(rand.NewSource(1)).Shuffle(len(articles), func(i, j int) { articles[i], articles[j] = articles[j], articles[i] })
			if diff := cmp.Diff(got, sorted(articles)); diff != "" {
				t.Errorf("another order gives other stories:\n%s", diff)
			}
			i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == "want" })
			if i < 0 {
				i = len(archive.Files)
				archive.Files = append(archive.Files, txtar.File{Name: "want"})
			}
			if *update {
				archive.Files[i].Data = []byte(got)
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(archive.Files[i].Data), got); diff != "" {
				t.Errorf("the stories are not the ones that are wanted (-want +got):\n%s", diff)
			}
		})
	}
}

// A title that names a model is about artificial intelligence though no other word says so; the animal is not.
func TestModelsAreRelevant(t *testing.T) {
	for title, about := range map[string]bool{
		"Adobe Firefly sale de su fase beta y ya se puede usar con fines comerciales": true,
		"Una llama se escapa de una granja escuela":                                   false,
	} {
		story := digest.Group([]digest.Article{{ID: "one", Title: title, Lang: "es"}}, digest.Grouping{Topics: topics()})[0]
		if got := story.Relevance >= digest.LeastRelevance; got != about {
			t.Errorf("%s: relevance %.2f", title, story.Relevance)
		}
	}
}

package digest_test

import (
	"context"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"tidings/digest"
	"tidings/digest/desk"
)

// memory is an archive that forgets with the test.
type memory struct {
	articles []digest.Article
	printed  map[string]bool
	editions []digest.Edition
}

func (m *memory) Keep(_ context.Context, h digest.Harvest) (digest.Kept, error) {
	m.articles = append(m.articles, h.Articles...)
	return digest.Kept{New: h.Articles}, nil
}

func (m *memory) Unprinted(_ context.Context, _ string, _ []string, from, to time.Time) ([]digest.Article, error) {
	var out []digest.Article
	for _, a := range m.articles {
		if !m.printed[a.ID] && a.Published.After(from) && !a.Published.After(to) {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b digest.Article) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

func (m *memory) Past(_ context.Context, _ string, before time.Time, back time.Duration) (digest.Past, error) {
	p := digest.Past{Number: len(m.editions)}
	for _, e := range m.editions {
		if !e.At.Before(before) {
			continue
		}
		p.Last = e.At
		if !e.At.Before(before.Add(-back)) {
			p.Editions = append(p.Editions, e)
		}
	}
	return p, nil
}

func (m *memory) Seal(_ context.Context, _ digest.Digest, e digest.Edition) (int, error) {
	if len(e.Stories()) == 0 {
		return 0, nil
	}
	for _, s := range slices.Concat(e.Stories(), e.Folded, e.Dropped) {
		for _, a := range s.Articles() {
			m.printed[a.ID] = true
		}
	}
	m.editions = append(m.editions, e)
	return 0, nil
}

// keepsIDs checks that a story which goes on is called as it was when it was told.
func (m *memory) keepsIDs(t *testing.T, next digest.Edition) {
	t.Helper()
	for _, s := range append(next.Stories(), next.Folded...) {
		if s.Update == nil {
			continue
		}
		was := false
		for _, e := range m.editions {
			was = was || slices.ContainsFunc(e.Stories(), func(o digest.Story) bool { return o.ID == s.ID })
		}
		if !was {
			t.Errorf("%s: %s was told under another id", next.Key, s.Lead.ID)
		}
	}
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, content, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// still is feeds that bring nothing.
type still struct{}

func (still) Read(context.Context, []digest.Source) iter.Seq2[digest.Harvest, error] {
	return func(func(digest.Harvest, error) bool) {}
}

// Several mornings are a file of days: "-- day N --" with settings of its own, the articles that are there by
// then, "-- decided N --", what the editor decided, and "-- want N --", the edition. What stands in a comment's settings holds for all.
func TestMornings(t *testing.T) {
	files, err := filepath.Glob("testdata/mornings/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no mornings: %v", err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got := txtar.Format(&txtar.Archive{Comment: archive.Comment, Files: runMornings(t, archive)})
			if *update {
				if err := os.WriteFile(path, got, 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(txtar.Format(archive)), string(got)); diff != "" {
				t.Errorf("the editions are not those that are wanted (-want +got):\n%s", diff)
			}
		})
	}
}

// runMornings returns the file as it should be: with the editions that come out.
func runMornings(t *testing.T, archive *txtar.Archive) []txtar.File {
	t.Helper()
	d := day{digest: digest.Digest{Name: "daily", Title: "AI Daily", Lang: "en", Topics: topics(), Location: time.UTC}}
	d.settings(t, archive.Comment)
	m := &memory{printed: map[string]bool{}}
	decisions := desk.Folder{Dir: t.TempDir()}
	press := digest.Press{Feeds: still{}, Archive: m, Editor: decisions}
	var decided []byte
	var out []txtar.File
	name := ""
	finish := func() {
		if name == "" {
			return
		}
		m.articles = d.articles
		slot := digest.Slot{Digest: "daily", At: d.at}
		if decided != nil {
			write(t, decisions.Path(slot.Key()), decided)
			decided = nil
		}
		e, err := press.Draft(t.Context(), d.digest, slot, d.at)
		if err != nil && !errors.Is(err, digest.ErrQuiet) {
			t.Fatal(err)
		}
		addsUp(t, e)
		m.keepsIDs(t, e)
		if _, err := m.Seal(t.Context(), d.digest, e); err != nil {
			t.Fatal(err)
		}
		out = append(out, txtar.File{Name: strings.Replace(name, "day", "want", 1), Data: []byte(told(e))})
	}
	for _, f := range archive.Files {
		switch {
		case strings.HasPrefix(f.Name, "want "):
		case strings.HasPrefix(f.Name, "decided "):
			decided = f.Data
			out = append(out, f)
		case strings.HasPrefix(f.Name, "day "):
			finish()
			name = f.Name
			d.settings(t, f.Data)
			out = append(out, f)
		default:
			d.add(readArticle(t, f))
			out = append(out, f)
		}
	}
	finish()
	return out
}

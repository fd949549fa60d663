package desk_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"tidings/digest"
	"tidings/digest/desk"
)

var update = flag.Bool("update", false, "write what comes out as what is wanted")

const morning = "daily/2026-11-23T0700"

func slotOf(day int) digest.Slot {
	return digest.Slot{Digest: "daily", At: time.Date(2026, 11, day, 7, 0, 0, 0, time.UTC)}
}

// A change keeps what people wrote: the file before, the file after.
func TestChangeKeepsComments(t *testing.T) {
	changes := map[string]func(*desk.Decisions) error{
		"pin":    func(d *desk.Decisions) error { d.Story("b", "Second story").Pin = true; return nil },
		"hold":   func(d *desk.Decisions) error { d.Held = true; d.Note = "Back on Monday.\n\nThe editors"; return nil },
		"undrop": func(d *desk.Decisions) error { d.Story("a", "").Drop = ""; return nil },
		"again":  func(d *desk.Decisions) error { d.Story("a", "").Drop = "no news"; return nil },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", "decisions", name+".txtar")
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			f := desk.Folder{Dir: t.TempDir()}
			if before := archive.Files[0].Data; len(before) > 0 {
				put(t, f.Path(morning), before)
			}
			if err := f.Change(t.Context(), morning, change); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(f.Path(morning))
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				archive.Files = []txtar.File{archive.Files[0], {Name: "after", Data: got}}
				if err := os.WriteFile(path, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(archive.Files[1].Data), string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func put(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, content, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// Several editors at once lose nothing of each other's.
func TestEditorsAtOnce(t *testing.T) {
	dir := t.TempDir()
	var group sync.WaitGroup
	for editor := range 4 {
		group.Go(func() {
			f := desk.Folder{Dir: dir}
			for i := range 25 {
				id := fmt.Sprintf("%d-%d", editor, i)
				if err := f.Change(t.Context(), morning, func(d *desk.Decisions) error { d.Story(id, id).Pin = true; return nil }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	d, err := desk.Folder{Dir: dir}.Read(morning)
	if err != nil || len(d.Stories) != 100 {
		t.Errorf("%d stories, %v", len(d.Stories), err)
	}
}

// Whoever seals keeps what he read from changing until he is done.
func TestDecidedHoldsTheLock(t *testing.T) {
	f := desk.Folder{Dir: t.TempDir()}
	if err := f.Change(t.Context(), morning, func(d *desk.Decisions) error { d.Held = true; return nil }); err != nil {
		t.Fatal(err)
	}
	o, release, err := f.Decided(t.Context(), slotOf(23))
	if err != nil || !o.Held {
		t.Fatalf("%+v, %v", o, err)
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := f.Change(short, morning, func(*desk.Decisions) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("changed while it was being sealed: %v", err)
	}
	release()
	if err := f.Change(t.Context(), morning, func(d *desk.Decisions) error { d.Held = false; return nil }); err != nil {
		t.Error(err)
	}
}

// Which stories are one is remembered for two weeks, all else is about one edition.
func TestDecidedRemembers(t *testing.T) {
	f := desk.Folder{Dir: t.TempDir()}
	for _, day := range []int{1, 10, 22, 24} {
		err := f.Change(t.Context(), slotOf(day).Key(), func(d *desk.Decisions) error {
			s := d.Story(fmt.Sprint("a", day), "")
			s.Join, s.Part, s.Pin = []string{"b"}, []string{"c"}, true
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	got, release, err := f.Decided(t.Context(), slotOf(23))
	if err != nil {
		t.Fatal(err)
	}
	release()
	want := digest.Overrides{Joined: [][]string{{"a10", "b"}, {"a22", "b"}}, Parted: [][2]string{{"a10", "c"}, {"a22", "c"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDecisionsThatCannotBeRead(t *testing.T) {
	f := desk.Folder{Dir: t.TempDir()}
	for text, says := range map[string]string{
		"held = yes":                                    ":1:",
		"pinned = true":                                 `:1: there is no setting "pinned"`,
		"\n[[story]]\narticle = \"a\"\npin=1":           ":4:",
		"[[story]]\npin = true":                         "names no article",
		"note = \"" + strings.Repeat("a", 1<<20) + "\"": "larger than a megabyte",
	} {
		put(t, f.Path(morning), []byte(text))
		_, _, err := f.Decided(t.Context(), slotOf(23))
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.40q: %v", text, err)
		}
		if err := f.Change(t.Context(), morning, func(d *desk.Decisions) error { d.Held = true; return nil }); err == nil {
			t.Errorf("%.40q was overwritten", text)
		}
	}
	for _, key := range []string{"", "daily", "../x/2026-11-23T0700", "daily/2026-11-23T0700/x", "daily/2026-11-23"} {
		if _, err := f.Read(key); err == nil {
			t.Errorf("%q names an edition", key)
		}
	}
}

func FuzzDecisions(f *testing.F) {
	f.Add([]byte("# why\nheld = true\nnote = \"\"\"a\n[[story]]\n\"\"\"\n\n# b\n[[story]]\narticle = \"a\" # c\ndrop = \"x\"\n"))
	f.Add([]byte("[[story]]\nadd = \"https://example.org\"\njoin = [\"a\", 'b']\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		folder := desk.Folder{Dir: t.TempDir()}
		put(t, folder.Path(morning), src)
		before, err := folder.Read(morning)
		if err != nil {
			return
		}
		if err := folder.Change(t.Context(), morning, func(d *desk.Decisions) error { d.Approved = !d.Approved; return nil }); err != nil {
			t.Fatal(err)
		}
		if err := folder.Change(t.Context(), morning, func(d *desk.Decisions) error { d.Approved = !d.Approved; return nil }); err != nil {
			t.Fatal(err)
		}
		after, err := folder.Read(morning)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		for i, s := range before.Stories {
			if s.Empty() {
				return
			}
			_ = i
		}
		if diff := cmp.Diff(before, after); diff != "" {
			t.Error(diff)
		}
	})
}

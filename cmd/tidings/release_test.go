package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tidings/digest/desk"
	"tidings/digest/store"
	"tidings/subscribers"
)

// waiting is a house with one article, an editor and a clock that is set by hand.
func waiting(t *testing.T, release string, now *time.Time) (*house, string) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "court.txt"), "Court rules on training data\n\nA court ruled that the makers of models must name the books that they trained on.\n")
	src := fmt.Sprintf(`
[store]
url = "sqlite:tidings.db"
[desk]
editor = "editor@example.org"
[[source]]
url = "file:court.txt"
on_topic = true
[[digest]]
name = "daily"
from = "d@example.org"
release = %q
`, release)
	config, err := parseConfig([]byte(src), filepath.Join(dir, "config.toml"), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	config.File = filepath.Join(dir, "config.toml")
	p := &program{err: &bytes.Buffer{}, now: func() time.Time { return *now }, daemon: true}
	h, err := p.openWith(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h, dir
}

// A held edition never goes out, though ten daemons find it due at once.
func TestHeldEditionIsNotMade(t *testing.T) {
	slot := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	now := slot.Add(time.Minute)
	h, _ := waiting(t, "auto", &now)
	const key = "daily/2026-11-23T0700"
	if _, _, err := (editor{h}).hold(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() { daemon{house: h}.makeDue(t.Context()) })
	}
	group.Wait()
	if state, err := h.store.Slot(t.Context(), "daily", slot); err != nil || state != store.Unknown {
		t.Fatalf("held, and yet %s, %v", state, err)
	}
	// What somebody writes into the file by hand counts as well.
	write(t, editor{h}.folder().Path(key), "approved = true\n")
	daemon{house: h}.makeDue(t.Context())
	if state, err := h.store.Slot(t.Context(), "daily", slot); err != nil || state != store.Sealed {
		t.Fatalf("approved, and yet %s, %v", state, err)
	}
}

// The editor gets the letter once before the slot, and where he has to approve it again at the slot and every two
// hours; what he has approved goes at its slot as it was.
func TestEditorIsTold(t *testing.T) {
	for _, release := range []string{"review", "approve"} {
		t.Run(release, func(t *testing.T) {
			slot := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
			now := slot.Add(-2 * time.Hour)
			h, dir := waiting(t, release, &now)
			told := func() int {
				editor{h}.reviews(t.Context())
				files, err := filepath.Glob(filepath.Join(dir, "outbox", "*review*.eml"))
				if err != nil {
					t.Fatal(err)
				}
				return len(files)
			}
			later := 1
			if release == "approve" {
				later = 2
			}
			for _, step := range []struct {
				at   time.Duration
				want int
			}{{-2 * time.Hour, 0}, {-30 * time.Minute, 1}, {-10 * time.Minute, 1}, {time.Minute, later}, {20 * time.Minute, later}} {
				now = slot.Add(step.at)
				if got := told(); got != step.want {
					t.Errorf("%v from the slot he was told %d times, want %d: %s", step.at, got, step.want, h.err)
				}
			}
			letter, err := os.ReadFile(filepath.Join(dir, "outbox", "daily.2026-11-23T0700.review.0.eml"))
			if err != nil || !strings.Contains(string(letter), "[review]_Court") || !strings.Contains(string(letter), "with: tidings") {
				t.Errorf("%v\n%s", err, letter)
			}
		})
	}
}

// What is approved before its slot is sealed at once, by a word in its file too, and owed from the slot on.
func TestApprovedBeforeItsSlot(t *testing.T) {
	slot := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	now := slot.Add(-time.Hour)
	h, _ := waiting(t, "approve", &now)
	who := subscribers.Who{Email: "ada@example.org", Trace: func(email string) string { return email }}
	if err := h.store.Change(t.Context(), who, func(p *subscribers.Person) error {
		p.Entry = subscribers.Subscriber{ID: p.Entry.ID, Email: who.Email, State: subscribers.Active, Joined: now, ConsentAt: now}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.press.Gather(t.Context(), h.digests[0].Sources); err != nil {
		t.Fatal(err)
	}
	const key = "daily/2026-11-23T0700"
	err := editor{h}.folder().Change(t.Context(), key, func(d *desk.Decisions) error { d.Approved = true; return nil })
	if err != nil {
		t.Fatal(err)
	}
	editor{h}.approved(t.Context())
	if state, err := h.store.Slot(t.Context(), "daily", slot); err != nil || state != store.Sealed {
		t.Fatalf("%s, %v; %s", state, err, h.err)
	}
	if due, err := h.store.NextDue(t.Context()); err != nil || !due.Equal(slot) {
		t.Errorf("due at %s, %v", due, err)
	}
}

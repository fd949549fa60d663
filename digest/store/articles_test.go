package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/digest"
	"tidings/digest/store"
)

const lab, press = "https://lab.example/feed", "https://press.example/feed"

func unprinted(t *testing.T, s *store.Store, name string, sources ...string) string {
	t.Helper()
	found := ok[[]digest.Article](t)(s.Unprinted(t.Context(), name, sources, seven.Add(-48*time.Hour), seven))
	var ids []string
	for _, a := range found {
		ids = append(ids, a.ID)
	}
	return strings.Join(ids, " ")
}

func TestKeep(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, c := open(t, address)
		a := article("a", lab, seven.Add(-time.Hour))
		a.Removed = []digest.Removed{{Text: "Share", Reason: "counter"}}
		a.HTML = "<p>Text of a</p>"
		keep(t, s, []digest.Article{a})
		c.move(time.Hour)
		a.HTML = "" // it is not kept
		a.Title, a.Text = "A better title", "More text"
		keep(t, s, []digest.Article{a})

		a.Seen = seven // and not an hour later
		got := ok[[]digest.Article](t)(s.Unprinted(t.Context(), "daily", []string{lab}, seven.Add(-48*time.Hour), seven))
		if diff := cmp.Diff([]digest.Article{a}, got); diff != "" {
			t.Error(diff)
		}
	})
}

// What was read of an article's page stays while its feed tells less, under the page's address while the feed
// keeps its own.
func TestKeepPage(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		page := article("a", lab, seven.Add(-time.Hour))
		page.URL, page.Text, page.Image, page.Full = "https://lab.example/canonical", "All that the page said.", "https://lab.example/a.png", true
		page.Handles = digest.Handles{Link: "l", Sum: "1"}
		keep(t, s, []digest.Article{page})

		anew := article("a", lab, seven.Add(-time.Hour))
		anew.Title, anew.Text, anew.Handles = "A better title", "Less", digest.Handles{Link: "l", Sum: "2"}
		want := page
		want.Title, want.Seen, want.Handles = "A better title", seven, digest.Handles{}
		for _, step := range []struct {
			change func()
		}{
			{func() {}},
			{func() { // the site has moved
				anew.Handles = digest.Handles{Link: "other", Sum: "3"}
				want.URL = anew.URL
			}},
			{func() { // the feed has all of it now
				anew.Text, anew.Handles.Sum = "All that the page said, and more.", "4"
				want = anew
				want.Seen, want.Handles = seven, digest.Handles{}
			}},
		} {
			step.change()
			keep(t, s, []digest.Article{anew})
			got := ok[[]digest.Article](t)(s.Unprinted(t.Context(), "daily", []string{lab}, seven.Add(-48*time.Hour), seven))
			if diff := cmp.Diff([]digest.Article{want}, got); diff != "" {
				t.Error(diff)
			}
		}
	})
}

// What is news is news once: not again when another feed brings it, nor when its own has changed it.
func TestKeepNews(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		a, b := article("a", lab, seven), article("b", lab, seven)
		theirs, better := article("a", press, seven), a
		theirs.Title, better.Title, better.Handles.Sum = "Theirs", "Better", "other"
		renamed := better
		renamed.Handles.GUID = "another"
		for _, step := range []struct {
			brought        []digest.Article
			fresh, changed string
		}{
			{[]digest.Article{b, a}, "a b", ""},
			{[]digest.Article{a, b}, "", ""},
			{[]digest.Article{theirs}, "", ""},
			{[]digest.Article{better, article("c", lab, seven)}, "c", "a"},
			{[]digest.Article{renamed}, "", ""}, // its source says the same of it as before
			{[]digest.Article{article("d", lab, seven), article("d", press, seven)}, "d", ""},
		} {
			if fresh, changed := keep(t, s, step.brought); fresh != step.fresh || changed != step.changed {
				t.Errorf("new %q, changed %q, want %q and %q", fresh, changed, step.fresh, step.changed)
			}
		}
	})
}

// A feed that dates its old articles anew does not make them new.
func TestKeepDates(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		keep(t, s, []digest.Article{article("old", lab, seven.Add(-99*time.Hour)), article("later", lab, seven.Add(-time.Hour)), article("undated", lab, time.Time{})})
		keep(t, s, []digest.Article{article("old", lab, seven.Add(-time.Hour)), article("later", lab, seven.Add(-2*time.Hour)), article("undated", lab, seven.Add(-3*time.Hour))})
		found := ok[[]digest.Article](t)(s.Unprinted(t.Context(), "daily", []string{lab}, seven.Add(-48*time.Hour), seven))
		if len(found) != 2 || !found[0].Published.Equal(seven.Add(-2*time.Hour)) || !found[1].Published.Equal(seven.Add(-3*time.Hour)) {
			t.Errorf("%+v", found)
		}
	})
}

// What an editor adds by hand is news from when it was added, although a source brought it weeks ago.
func TestKeepByHand(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, c := open(t, address)
		old := article("a", lab, seven.Add(-20*24*time.Hour))
		keep(t, s, []digest.Article{old})
		c.move(20 * 24 * time.Hour)
		now := seven.Add(20 * 24 * time.Hour)
		old.Feed = digest.ByHand
		for range 2 { // and once more weeks later
			keep(t, s, []digest.Article{old})
			found := ok[[]digest.Article](t)(s.Unprinted(t.Context(), "daily", []string{lab, digest.ByHand}, now.Add(-48*time.Hour), now))
			if len(found) != 1 || found[0].ID != "a" || !found[0].Published.Equal(old.Published) {
				t.Errorf("%+v", found)
			}
			c.move(20 * 24 * time.Hour)
			now = now.Add(20 * 24 * time.Hour)
		}
	})
}

func TestKnown(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, c := open(t, address)
		a, b := article("a", lab, seven), article("b", lab, time.Time{})
		a.Handles = digest.Handles{Link: "l", GUID: "g", Title: "t", Sum: "s"}
		keep(t, s, []digest.Article{a})
		c.move(time.Hour)
		keep(t, s, []digest.Article{b, article("c", press, seven)})
		want := []digest.Known{{ID: "b"}, {ID: "a", Handles: a.Handles, Published: seven.UTC()}}
		if diff := cmp.Diff(want, ok[[]digest.Known](t)(s.Known(t.Context(), lab))); diff != "" {
			t.Error(diff)
		}
	})
}

func TestUnprintedWindow(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		keep(t, s, []digest.Article{
			article("at-from", lab, seven.Add(-48*time.Hour)),
			article("after-from", lab, seven.Add(-48*time.Hour+time.Millisecond)),
			article("at-to", lab, seven),
			article("after-to", lab, seven.Add(time.Millisecond)),
			article("undated", lab, time.Time{}),
			article("of-another", press, seven.Add(-time.Hour)),
		})
		if got := unprinted(t, s, "daily", lab); got != "after-from at-to undated" {
			t.Errorf("got %q", got)
		}
		if got := unprinted(t, s, "daily"); got != "" {
			t.Errorf("of no source: %q", got)
		}
	})
}

// An undated page shows its fifty newest, and the rest does not move up the next day.
func TestUnprintedUndated(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, c := open(t, address)
		var old []digest.Article
		for i := range 80 {
			old = append(old, article(fmt.Sprintf("old-%02d", i), lab, time.Time{}))
		}
		keep(t, s, old)
		c.move(time.Hour)
		keep(t, s, []digest.Article{article("new", lab, time.Time{}), article("other", press, time.Time{})})
		found := ok[[]digest.Article](t)(s.Unprinted(t.Context(), "daily", []string{lab, press}, seven.Add(-time.Hour), seven))
		if len(found) != 51 || found[0].ID != "new" || found[50].ID != "other" {
			t.Fatalf("got %d, from %s to %s", len(found), found[0].ID, found[len(found)-1].ID)
		}
		ok[int](t)(s.Seal(t.Context(), daily, edition(daily, seven, found...)))
		if got := unprinted(t, s, "daily", lab, press); got != "" {
			t.Errorf("moved up: %q", got)
		}
	})
}

// An article that two feeds bring is one article, told in the words of the feed that is read.
func TestUnprintedTwoFeeds(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, c := open(t, address)
		theirs, ours := article("a", press, seven.Add(-time.Hour)), article("a", lab, seven.Add(-time.Hour))
		theirs.Title = "Theirs"
		keep(t, s, []digest.Article{theirs})
		c.move(time.Minute)
		keep(t, s, []digest.Article{ours})
		for _, want := range []struct{ feeds, title string }{
			{press, "Theirs"}, {lab, "About a"}, {press + " " + lab, "About a"},
		} {
			got := ok[[]digest.Article](t)(s.Unprinted(t.Context(), "daily", strings.Fields(want.feeds), time.Time{}, seven))
			if len(got) != 1 || got[0].Title != want.title || !got[0].Seen.Equal(seven) {
				t.Errorf("of %s: %+v", want.feeds, got)
			}
		}
		ok[int](t)(s.Seal(t.Context(), daily, edition(daily, seven, theirs)))
		if got := unprinted(t, s, "daily", lab); got != "" {
			t.Errorf("printed from one feed, and still news from the other: %q", got)
		}
	})
}

// What feeds hold is not always text.
func TestKeepDirt(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		a := article("caf\xe9\x00", lab, seven)
		a.URL, a.Title = "https://example.org/\xff\x00", "zero \x00 and \xfe"
		keep(t, s, []digest.Article{a})
		ok[int](t)(s.Seal(t.Context(), daily, edition(daily, seven, a)))
		if got := unprinted(t, s, "daily", lab); got != "" {
			t.Errorf("printed, and found again as %q", got)
		}
	})
}

// A power cut after keeping loses nothing: what matters is what was printed.
func TestCrashBeforeSeal(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, err := store.Open(t.Context(), address, func() time.Time { return seven })
		must(t, err)
		keep(t, s, []digest.Article{article("a", lab, seven.Add(-time.Hour))})
		must(t, s.Close())

		again, _ := open(t, address)
		keep(t, again, []digest.Article{article("a", lab, seven.Add(-time.Hour))})
		if got := unprinted(t, again, "daily", lab); got != "a" {
			t.Errorf("got %q, want a", got)
		}
	})
}

package store_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/digest"
	"tidings/digest/store"
	"tidings/digest/text"
	"tidings/subscribers"
)

func TestSeal(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		join(t, s, "ada@example.org", subscribers.Active)
		a, b, c, d := article("a", lab, seven), article("b", lab, seven), article("c", lab, seven), article("d", lab, seven)
		keep(t, s, []digest.Article{a, b, c, d})
		rome := time.FixedZone("", 3600)
		e := edition(daily, seven.In(rome), a, b)
		e.Sections = []digest.Section{{Topic: "chips", Stories: []digest.Story{{Lead: c}}}}
		e.Brief = []digest.Story{{Lead: d}}
		if owed := ok[int](t)(s.Seal(t.Context(), daily, e)); owed != 1 {
			t.Errorf("owed %d", owed)
		}

		e.Number = 1
		if diff := cmp.Diff(e, ok[digest.Edition](t)(s.Edition(t.Context(), "daily/2026-11-23T0800"))); diff != "" {
			t.Error(diff)
		}
		if got := unprinted(t, s, "daily", lab); got != "" {
			t.Errorf("printed in part only, left %q", got)
		}
		if got := unprinted(t, s, "weekly", lab); got != "a b c d" {
			t.Errorf("the weekly may print what the daily printed, got %q", got)
		}
		listed := []store.Listed{{
			Key: e.Key, Digest: "daily", At: e.At, State: store.Sealed, Number: 1, Title: "AI Daily", Owed: 1, Sealed: seven,
		}}
		if diff := cmp.Diff(listed, ok[[]store.Listed](t)(s.Editions(t.Context()))); diff != "" {
			t.Error(diff)
		}
	})
}

func TestSealTwice(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		join(t, s, "ada@example.org", subscribers.Active)
		var all sync.WaitGroup
		results := make(chan error, 6)
		for range cap(results) {
			all.Go(func() {
				_, err := s.Seal(t.Context(), daily, edition(daily, seven, article("a", lab, seven)))
				results <- err
			})
		}
		all.Wait()
		close(results)
		sealed := 0
		for err := range results {
			if err == nil {
				sealed++
			} else if !errors.Is(err, digest.ErrSealed) {
				t.Error(err)
			}
		}
		if sealed != 1 {
			t.Errorf("sealed %d times", sealed)
		}
		tallied(t, s, "daily/2026-11-23T0700", map[digest.DeliveryState]int{digest.Pending: 1})
	})
}

// The last thing that a seal does fails; nothing of it may stay.
func TestSealIsAtomic(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		join(t, s, "ada@example.org", subscribers.Active)
		a := article("a", lab, seven)
		keep(t, s, []digest.Article{a})
		e := edition(daily, seven, a)
		e.Lead.Score = math.NaN()
		if _, err := s.Seal(t.Context(), daily, e); err == nil {
			t.Fatal("sealed what cannot be written")
		}
		if got := unprinted(t, s, "daily", lab); got != "a" {
			t.Errorf("unprinted %q, want a", got)
		}
		if claimed := claim(t, s, 9, seven); len(claimed) != 0 {
			t.Errorf("owed %v", claimed)
		}
		e.Lead.Score = 1
		if owed := ok[int](t)(s.Seal(t.Context(), daily, e)); owed != 1 {
			t.Errorf("owed %d", owed)
		}
		if e := ok[digest.Edition](t)(s.Edition(t.Context(), e.Key)); e.Number != 1 {
			t.Errorf("number %d", e.Number)
		}
	})
}

func TestWhoIsOwed(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		for _, state := range []subscribers.State{
			subscribers.Active, subscribers.Paused, subscribers.Left, subscribers.Suspended,
		} {
			join(t, s, string(state)+"-none@example.org", state)
			join(t, s, string(state)+"-daily@example.org", state, "daily")
			join(t, s, string(state)+"-both@example.org", state, "daily", "weekly")
			join(t, s, string(state)+"-weekly@example.org", state, "weekly")
		}
		optional := digest.Digest{Name: "daily", Optional: true}
		for _, c := range []struct {
			digest digest.Digest
			want   []string
		}{
			{daily, []string{"active-none@example.org", "active-daily@example.org", "active-both@example.org"}},
			{optional, []string{"active-daily@example.org", "active-both@example.org"}},
			{digest.Digest{Name: "monthly"}, []string{"active-none@example.org"}},
			{digest.Digest{Name: "extra", Optional: true}, nil},
		} {
			at := seven.Add(time.Duration(len(c.want)) * time.Hour)
			e := edition(c.digest, at, article("a", lab, at))
			owed := ok[int](t)(s.Seal(t.Context(), c.digest, e))
			var got []string
			for d, err := range s.Deliveries(t.Context(), e.Key) {
				must(t, err)
				got = append(got, d.To)
			}
			if diff := cmp.Diff(c.want, got); diff != "" || owed != len(c.want) {
				t.Errorf("%s: owed %d: %s", e.Key, owed, diff)
			}
		}
	})
}

func TestQuiet(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		join(t, s, "ada@example.org", subscribers.Active)
		slot := func() store.SlotState { return ok[store.SlotState](t)(s.Slot(t.Context(), "daily", seven)) }
		if slot() != store.Unknown {
			t.Errorf("slot is %s", slot())
		}
		quiet := edition(daily, seven)
		quiet.Left = []digest.Omitted{{Story: "x", Title: "Thin", Why: "below the floor"}}
		for range 2 {
			if owed := ok[int](t)(s.Seal(t.Context(), daily, quiet)); owed != 0 || slot() != store.Quiet {
				t.Errorf("owed %d, slot is %s", owed, slot())
			}
		}
		if _, err := s.Edition(t.Context(), quiet.Key); !errors.Is(err, store.ErrNoEdition) {
			t.Errorf("a quiet slot has an edition: %v", err)
		}
		if diff := cmp.Diff(digest.Past{}, ok[digest.Past](t)(s.Past(t.Context(), "daily", seven.Add(time.Hour), time.Hour))); diff != "" {
			t.Errorf("a quiet slot is nobody's past:\n%s", diff)
		}
		if owed := ok[int](t)(s.Seal(t.Context(), daily, edition(daily, seven, article("a", lab, seven)))); owed != 1 || slot() != store.Sealed {
			t.Errorf("owed %d, slot is %s", owed, slot())
		}
		if _, err := s.Seal(t.Context(), daily, quiet); !errors.Is(err, digest.ErrSealed) {
			t.Errorf("a sealed edition was made quiet: %v", err)
		}
	})
}

func TestNumbersAndLast(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		weekly := digest.Digest{Name: "weekly"}
		for i, d := range []digest.Digest{daily, weekly, daily, daily} {
			at := seven.AddDate(0, 0, i)
			var told []digest.Article
			if i != 2 { // a quiet day takes no number
				told = append(told, article("a", lab, at))
			}
			ok[int](t)(s.Seal(t.Context(), d, edition(d, at, told...)))
		}
		for _, c := range []struct {
			before, at time.Time
			number     int
		}{
			{seven, time.Time{}, 2}, // an older slot sealed late takes the next number, too
			{seven.AddDate(0, 0, 1), seven, 2},
			{seven.AddDate(0, 0, 3), seven, 2},
			{seven.AddDate(0, 0, 4), seven.AddDate(0, 0, 3), 2},
		} {
			past := ok[digest.Past](t)(s.Past(t.Context(), "daily", c.before, 0))
			if !past.Last.Equal(c.at) || past.Number != c.number || len(past.Editions) > 0 {
				t.Errorf("before %v: %v %d, %d editions", c.before, past.Last, past.Number, len(past.Editions))
			}
		}
		var keys []string
		for _, l := range ok[[]store.Listed](t)(s.Editions(t.Context())) {
			keys = append(keys, l.Key)
		}
		want := []string{"daily/2026-11-26T0700", "daily/2026-11-25T0700", "weekly/2026-11-24T0700", "daily/2026-11-23T0700"}
		if diff := cmp.Diff(want, keys); diff != "" {
			t.Error(diff)
		}
	})
}

// What was told comes back as far as it lies before the slot and not too far back: the digest's own sealed
// editions in order, with what they folded, and with the beginnings of long texts.
func TestPast(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		long := article("long", lab, seven)
		long.Text = strings.Repeat("Zürich ", 2000)
		for day := range 5 {
			e := edition(daily, seven.AddDate(0, 0, day), article(fmt.Sprint("a", day), lab, seven))
			switch day {
			case 2:
				e.Lead.Others = []digest.Article{long}
				e.Folded = []digest.Story{{ID: "f", Lead: article("folded", lab, seven)}}
			case 3:
				e.Lead = nil // a quiet day told nothing
			}
			ok[int](t)(s.Seal(t.Context(), daily, e))
		}
		ok[int](t)(s.Seal(t.Context(), digest.Digest{Name: "weekly"}, edition(digest.Digest{Name: "weekly"}, seven.AddDate(0, 0, 2), long)))

		past := ok[digest.Past](t)(s.Past(t.Context(), "daily", seven.AddDate(0, 0, 4), 3*24*time.Hour))
		var keys []string
		for _, e := range past.Editions {
			keys = append(keys, e.Key)
		}
		if diff := cmp.Diff([]string{"daily/2026-11-24T0700", "daily/2026-11-25T0700"}, keys); diff != "" {
			t.Fatal(diff)
		}
		last := past.Editions[1]
		if text := last.Lead.Others[0].Text; len(text) > 7000 || len(text) < 6000 || !strings.HasSuffix(text, "Zürich") {
			t.Errorf("a long text comes back with %d bytes, ends %q", len(text), text[max(0, len(text)-12):])
		}
		if len(last.Folded) != 1 || last.Folded[0].Lead.ID != "folded" {
			t.Errorf("folded: %+v", last.Folded)
		}
	})
}

// What is folded in does not come back, though it is printed nowhere.
func TestFoldedIsPrinted(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		a, b, c := article("a", lab, seven), article("b", lab, seven), article("c", lab, seven)
		keep(t, s, []digest.Article{a, b, c})
		e := edition(daily, seven, a)
		e.Folded = []digest.Story{{ID: "f", Lead: b, Others: []digest.Article{c}}}
		ok[int](t)(s.Seal(t.Context(), daily, e))
		if got := unprinted(t, s, "daily", lab); got != "" {
			t.Errorf("left %q", got)
		}
	})
}

func TestNoEdition(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		_, shown := s.Edition(t.Context(), "daily/2026-11-23T0700")
		_, tallied := s.Tally(t.Context(), "daily/2026-11-23T0700")
		_, resent := s.Resend(t.Context(), "daily/2026-11-23T0700", digest.Failed)
		var told error
		for _, told = range s.Deliveries(t.Context(), "daily/2026-11-23T0700") {
		}
		for _, err := range []error{shown, tallied, resent, told} {
			if !errors.Is(err, store.ErrNoEdition) {
				t.Errorf("got %v", err)
			}
		}
	})
}

func TestMentions(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		names := func(all ...string) (out []text.Name) {
			for _, n := range all {
				out = append(out, text.Name{Name: n, Kind: text.Organisation})
			}
			return out
		}
		a, b := article("a", lab, seven), article("b", lab, seven)
		keep(t, s, []digest.Article{a, b})
		first := edition(daily, seven, a)
		first.Lead.Names = names("Hugging  Face", "Zoë")
		second := edition(daily, seven.Add(24*time.Hour), b)
		second.Lead.Names = names("Hugging Face", "hugging face")
		for _, e := range []digest.Edition{second, first} {
			if _, err := s.Seal(t.Context(), daily, e); err != nil {
				t.Fatal(err)
			}
		}
		for name, want := range map[string]string{"HUGGING FACE": second.Key + " " + first.Key, "zoe": first.Key, "hugging": "", "": ""} {
			var keys []string
			for _, m := range ok[[]digest.Mention](t)(s.Mentions(t.Context(), name, 5)) {
				keys = append(keys, m.Edition)
			}
			if got := strings.Join(keys, " "); got != want {
				t.Errorf("%q is spoken of in %q, want %q", name, got, want)
			}
		}
		if got := ok[[]digest.Mention](t)(s.Mentions(t.Context(), "hugging face", 1)); len(got) != 1 || got[0].Title != b.Title || !got[0].At.Equal(second.At) {
			t.Errorf("the newest is %+v", got)
		}
	})
}

package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/digest"
)

func TestMarks(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		if m := mark(t, s, lab); m != (digest.Mark{}) {
			t.Errorf("unknown source: %+v", m)
		}
		m := digest.Mark{
			Source: lab, ETag: `W/"x"`, Modified: "Mon, 23 Nov 2026 07:00:00 GMT", Hash: "abc", Title: "The Lab", Checked: seven,
			Address: "https://lab.example/new", Moving: "https://lab.example/newer", Moves: 2, Newest: seven.Add(-2 * time.Hour),
			Interval: 90 * time.Minute, Next: seven.Add(2 * time.Hour), Wall: true, Told: true,
			Changed: seven.Add(-time.Hour), Due: seven.Add(time.Hour), Failures: 3, Failing: seven.Add(-24 * time.Hour), Fault: "no answer",
		}
		keepMarks(t, s, m)
		if diff := cmp.Diff(m, mark(t, s, lab)); diff != "" {
			t.Error(diff)
		}
		m.Failures, m.Failing, m.Fault, m.Due = 0, time.Time{}, "", time.Time{}
		keepMarks(t, s, m)
		other := digest.Mark{Source: press}
		keepMarks(t, s, other)
		for _, want := range []digest.Mark{m, other} {
			if diff := cmp.Diff(want, mark(t, s, want.Source)); diff != "" {
				t.Error(diff)
			}
		}
	})
}

func TestSites(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		if got := ok[digest.Site](t)(s.Site(t.Context(), "press.example")); got.Host != "press.example" || !got.Asked.IsZero() {
			t.Errorf("unknown server: %+v", got)
		}
		want := digest.Site{Host: "press.example", Robots: "User-agent: *\nDisallow: /\n", Asked: seven.UTC(), Lines: map[string]int{"a": 3}, Pages: 5}
		ok[digest.Kept](t)(s.Keep(t.Context(), digest.Harvest{Sites: []digest.Site{{Host: "press.example"}}}))
		ok[digest.Kept](t)(s.Keep(t.Context(), digest.Harvest{Sites: []digest.Site{want}}))
		if diff := cmp.Diff(want, ok[digest.Site](t)(s.Site(t.Context(), "press.example"))); diff != "" {
			t.Error(diff)
		}
	})
}

func TestSecret(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		got := make([]string, 16)
		var all sync.WaitGroup
		for i := range got {
			all.Go(func() {
				secret, err := s.Secret(t.Context(), "links", fmt.Append(nil, "\x00secret ", i))
				if err != nil {
					t.Error(err)
				}
				got[i] = string(secret)
			})
		}
		all.Wait()
		for _, g := range got {
			if g != got[0] || g == "" {
				t.Errorf("two secrets: %q and %q", got[0], g)
			}
		}
	})
}

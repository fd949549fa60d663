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
		if m := ok[digest.Mark](t)(s.Mark(t.Context(), lab)); m != (digest.Mark{}) {
			t.Errorf("unknown source: %+v", m)
		}
		m := digest.Mark{
			Source: lab, ETag: `W/"x"`, Modified: "Mon, 23 Nov 2026 07:00:00 GMT", Hash: "abc", Title: "The Lab", Checked: seven,
			Changed: seven.Add(-time.Hour), Due: seven.Add(time.Hour), Failures: 3, Failing: seven.Add(-24 * time.Hour), Fault: "no answer",
		}
		must(t, s.Keep(t.Context(), nil, m))
		if diff := cmp.Diff(m, ok[digest.Mark](t)(s.Mark(t.Context(), lab))); diff != "" {
			t.Error(diff)
		}
		m.Failures, m.Failing, m.Fault, m.Due = 0, time.Time{}, "", time.Time{}
		must(t, s.Keep(t.Context(), nil, m))
		other := digest.Mark{Source: press}
		must(t, s.Keep(t.Context(), nil, other))
		for _, want := range []digest.Mark{m, other} {
			if diff := cmp.Diff(want, ok[digest.Mark](t)(s.Mark(t.Context(), want.Source))); diff != "" {
				t.Error(diff)
			}
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

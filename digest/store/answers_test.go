package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAnswers(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, clock := open(t, address)
		must(t, s.Remember(t.Context(), map[string]string{"a": "one", "b": "with a \x00 and a broken \xff"}))
		must(t, s.Remember(t.Context(), map[string]string{"a": "another"}))
		want := map[string]string{"a": "another", "b": "with a  and a broken \uFFFD"}
		if diff := cmp.Diff(want, ok[map[string]string](t)(s.Recall(t.Context(), []string{"a", "b", "c"}))); diff != "" {
			t.Error(diff)
		}
		clock.move(31 * 24 * time.Hour)
		must(t, s.Remember(t.Context(), map[string]string{"c": "new"}))
		want = map[string]string{"c": "new"}
		if diff := cmp.Diff(want, ok[map[string]string](t)(s.Recall(t.Context(), []string{"a", "b", "c"}))); diff != "" {
			t.Errorf("what is old was not forgotten: %s", diff)
		}
		if got := ok[map[string]string](t)(s.Recall(t.Context(), nil)); len(got) != 0 {
			t.Errorf("nothing was asked for, and %v came", got)
		}
	})
}

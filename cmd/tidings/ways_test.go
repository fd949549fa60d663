package main

import (
	"context"
	"testing"
	"time"

	"tidings/digest"
)

// The plan doubles every two days until there is no limit any more; what left today is taken off.
func TestWarmUp(t *testing.T) {
	w := warmUp{WarmUpConfig: defaultConfig().Delivery.WarmUp}
	w.Since = "2026-11-23"
	sent := 0
	w.sent = func(context.Context, time.Time) (int, error) { return sent, nil }
	for _, c := range []struct {
		day        string
		sent, left int
	}{
		{"2026-11-20", 0, 500}, {"2026-11-23", 0, 500}, {"2026-11-23", 480, 20}, {"2026-11-23", 600, 0}, {"2026-11-24", 0, 500}, {"2026-11-25", 0, 1000},
		{"2026-11-29", 100, 3900}, {"2026-12-08", 0, 64000}, {"2026-12-09", 0, unlimited}, {"2036-12-09", 0, unlimited},
	} {
		day, err := time.ParseInLocation(time.DateOnly, c.day, time.Local)
		if err != nil {
			t.Fatal(err)
		}
		w.now = func() time.Time { return day.Add(9 * time.Hour) }
		sent = c.sent
		left, tomorrow, err := w.left(t.Context())
		if err != nil || left != c.left || !tomorrow.Equal(day.AddDate(0, 0, 1)) {
			t.Errorf("%s after %d: %d until %s, %v", c.day, c.sent, left, tomorrow, err)
		}
	}
}

// A letter is worth sending until an hour before the next edition of its digest.
func TestOutdated(t *testing.T) {
	rome, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{digests: []digest.Digest{{Name: "daily", Schedule: "0 7 * * *", Location: rome}, {Name: "weekly", Schedule: "0 7 * * 1", Location: rome}}}
	for edition, want := range map[string]time.Time{
		"daily/2026-11-23T0700":  time.Date(2026, 11, 24, 6, 0, 0, 0, rome),
		"weekly/2026-11-23T0700": time.Date(2026, 11, 30, 6, 0, 0, 0, rome),
		"yearly/2026-11-23T0700": {}, "daily/never": {}, "": {},
	} {
		if got := h.outdated(digest.Delivery{Edition: edition}); !got.Equal(want) {
			t.Errorf("%q: %s, want %s", edition, got, want)
		}
	}
}

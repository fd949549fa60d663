package main

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/digest"
	"tidings/digest/outbox"
)

// The plan doubles every two days until there is no limit any more, and knows what left today.
func TestWarmUp(t *testing.T) {
	w := warmUp{WarmUpConfig: defaultConfig().Delivery.WarmUp}
	w.Since = "2026-11-23"
	sent := 0
	w.sent = func(context.Context, time.Time) (int, int, error) { return sent, 3, nil }
	for _, c := range []struct {
		day        string
		sent, most int
	}{
		{"2026-11-20", 0, 500}, {"2026-11-23", 0, 500}, {"2026-11-23", 480, 500}, {"2026-11-23", 600, 500}, {"2026-11-24", 0, 500}, {"2026-11-25", 0, 1000},
		{"2026-11-29", 100, 4000}, {"2026-12-08", 0, 64000}, {"2026-12-09", 0, unlimited}, {"2036-12-09", 0, unlimited},
	} {
		day, err := time.ParseInLocation(time.DateOnly, c.day, time.Local)
		if err != nil {
			t.Fatal(err)
		}
		w.now = func() time.Time { return day.Add(9 * time.Hour) }
		sent = c.sent
		got, err := w.today(t.Context())
		want := outbox.Allowance{Most: c.most, Tomorrow: day.AddDate(0, 0, 1)}
		if c.most < unlimited {
			want.Sent, want.Claimed = c.sent, 3
		}
		if err != nil || got != want {
			t.Errorf("%s after %d: %+v, want %+v, %v", c.day, c.sent, got, want, err)
		}
	}
}

// In the quiet hours letters of their digest wait for their end on the reader's clock; notices do not.
func TestAwake(t *testing.T) {
	rome, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 22, 30, 0, 0, rome)
	h := &house{program: &program{now: func() time.Time { return now }}, digests: []digest.Digest{
		{Name: "daily", Location: rome, Quiet: digest.Hours{From: 22 * time.Hour, To: 7 * time.Hour}}, {Name: "weekly", Location: rome},
	}}
	for _, c := range []struct {
		d    digest.Delivery
		wait time.Duration
	}{
		{digest.Delivery{Edition: "daily/2026-11-23T0700"}, 8*time.Hour + 30*time.Minute},
		{digest.Delivery{Edition: "daily/2026-11-23T0700", Zone: "Asia/Tokyo"}, 30 * time.Minute}, // it is 6:30 there
		{digest.Delivery{Edition: "daily/2026-11-23T0700", Zone: "America/New_York"}, 0},
		{digest.Delivery{Edition: "weekly/2026-11-23T0700"}, 0},
		{digest.Delivery{Notice: "confirm"}, 0},
	} {
		if got := max(0, h.awake(c.d).Sub(now)); got != c.wait {
			t.Errorf("%+v waits %v, want %v", c.d, got, c.wait)
		}
	}
}

// What is said of a provider stands before what is built in, and keeps of that what it does not say.
func TestProviders(t *testing.T) {
	d := DeliveryConfig{Provider: []ProviderConfig{
		{Name: "google", Connections: 3}, {Name: "example", Servers: []string{"MX.example.net."}, Rate: 0.5},
	}}
	got := d.providers()
	want := []outbox.Provider{
		{Name: "google", Servers: outbox.Providers()[0].Servers, Connections: 3, Load: 50},
		{Name: "example", Servers: []string{".mx.example.net"}, Connections: 10, Load: 100, Rate: 0.5},
	}
	if diff := cmp.Diff(append(want, outbox.Providers()[1:]...), got); diff != "" {
		t.Error(diff)
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

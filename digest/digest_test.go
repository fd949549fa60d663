package digest

import (
	"strings"
	"testing"
	"time"
)

// The hour is that of the reader's wall clock, also when the clocks change.
func TestDue(t *testing.T) {
	rome, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	seven := 7 * time.Hour
	d := Digest{Location: rome, DeliverAt: &seven}
	for _, c := range []struct{ zone, sealed, want string }{
		{"", "2026-11-23T05:00:00Z", "2026-11-23T06:00:00Z"},
		{"", "2026-11-23T06:00:00Z", "2026-11-23T06:00:00Z"},
		{"", "2026-11-23T06:00:01Z", "2026-11-24T06:00:00Z"},
		{"Asia/Tokyo", "2026-11-23T05:00:00Z", "2026-11-23T22:00:00Z"},
		{"America/New_York", "2026-11-23T05:00:00Z", "2026-11-23T12:00:00Z"},
		{"", "2026-03-28T07:00:00Z", "2026-03-29T05:00:00Z"}, // summer time begins in between
		{"Nowhere/Land", "2026-11-23T05:00:00Z", "2026-11-23T06:00:00Z"},
	} {
		sealed, err := time.Parse(time.RFC3339, c.sealed)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Due(c.zone, sealed).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("in %q, sealed %s: %s, want %s", c.zone, c.sealed, got, c.want)
		}
		if got := (Digest{}).Due(c.zone, sealed); !got.Equal(sealed) {
			t.Errorf("without an hour: %s", got)
		}
	}
}

// Quiet hours end in the morning of the reader's own clock, also over midnight and where clocks change.
func TestQuietHours(t *testing.T) {
	rome, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	night := Hours{From: 22 * time.Hour, To: 7*time.Hour + 30*time.Minute}
	noon := Hours{From: 12 * time.Hour, To: 14 * time.Hour}
	for _, c := range []struct {
		quiet              Hours
		zone, sealed, want string
	}{
		{night, "", "2026-11-23T20:59:00Z", "2026-11-23T20:59:00Z"},
		{night, "", "2026-11-23T21:00:00Z", "2026-11-24T06:30:00Z"},
		{night, "", "2026-11-24T02:00:00Z", "2026-11-24T06:30:00Z"},
		{night, "", "2026-11-24T06:30:00Z", "2026-11-24T06:30:00Z"},
		{night, "America/New_York", "2026-11-24T06:30:00Z", "2026-11-24T12:30:00Z"},
		{night, "", "2026-03-28T23:00:00Z", "2026-03-29T05:30:00Z"}, // summer time begins in between
		{noon, "", "2026-11-23T11:00:00Z", "2026-11-23T13:00:00Z"},
		{noon, "", "2026-11-23T10:59:00Z", "2026-11-23T10:59:00Z"},
		{noon, "", "2026-11-23T13:00:00Z", "2026-11-23T13:00:00Z"},
	} {
		sealed, err := time.Parse(time.RFC3339, c.sealed)
		if err != nil {
			t.Fatal(err)
		}
		d := Digest{Location: rome, Quiet: c.quiet}
		if got := d.Due(c.zone, sealed).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("quiet %v in %q, sealed %s: %s, want %s", c.quiet, c.zone, c.sealed, got, c.want)
		}
	}
}

// A reader gets what stands in his topics or touches them, and the edition itself stays whole.
func TestOnly(t *testing.T) {
	story := func(id, topic string, tags ...string) Story { return Story{ID: id, Topic: topic, Tags: tags} }
	lead := story("lead", "models", "chips")
	e := Edition{
		Lead:     &lead,
		Sections: []Section{{"models", []Story{story("m1", "models"), story("m2", "models", "policy")}}, {"chips", []Story{story("c1", "chips")}}},
		Brief:    []Story{story("b1", Brief), story("b2", "policy")},
	}
	for topics, want := range map[string]string{
		"": "lead m1 m2 c1 b1 b2", "chips": "lead c1", "policy": "m2 b2", "policy chips": "lead m2 c1 b2", "safety": "",
	} {
		var got []string
		for _, s := range e.Only(strings.Fields(topics)).Stories() {
			got = append(got, s.ID)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %v, want %s", topics, got, want)
		}
	}
	if len(e.Stories()) != 6 {
		t.Error("the edition was changed")
	}
}

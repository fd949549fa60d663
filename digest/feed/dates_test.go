package feed

import (
	"os"
	"strings"
	"testing"
	"time"
)

// TestDates reads the table of dates: what a feed wrote, and the moment that was meant, "-" for none.
func TestDates(t *testing.T) {
	table, err := os.ReadFile("testdata/tables/dates.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for row := range strings.Lines(string(table)) {
		want, raw, ok := strings.Cut(strings.TrimRight(row, "\n"), "\t")
		if !ok || strings.HasPrefix(row, "#") {
			continue
		}
		got := "-"
		if at := parseDate(raw); !at.IsZero() {
			got = at.Truncate(time.Second).Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%q: %s, want %s", raw, got, want)
		}
	}
}

func FuzzDates(f *testing.F) {
	table, _ := os.ReadFile("testdata/tables/dates.tsv")
	for row := range strings.Lines(string(table)) {
		if _, raw, ok := strings.Cut(strings.TrimRight(row, "\n"), "\t"); ok {
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw string) {
		at := parseDate(raw)
		if !at.IsZero() && (at.Year() < 1990 || at.Year() > 2200 || at.Location() != time.UTC) {
			t.Errorf("%q: %s", raw, at)
		}
	})
}

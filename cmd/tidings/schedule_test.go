package main

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // so that the tests know the zones everywhere
)

// location loads a zone.
func location(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// schedule parses a line that is right.
func schedule(t testing.TB, line, zone string) Schedule {
	t.Helper()
	s, err := ParseSchedule(line, location(t, zone))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The days on which clocks are moved: the slots after a time, as instants in UTC and as the wall shows them.
func TestScheduleMovedClocks(t *testing.T) {
	for _, c := range []struct {
		name, line, zone, after string
		want                    []string // wall clock; the instant's offset tells the two passes of an hour apart
	}{
		{"Rome, spring, in the gap", "30 2 * * *", "Europe/Rome", "2027-03-26T12:00:00Z",
			[]string{"2027-03-27T02:30:00+01:00", "2027-03-28T03:00:00+02:00", "2027-03-29T02:30:00+02:00"}},
		{"Rome, autumn, in the repeated hour", "30 2 * * *", "Europe/Rome", "2026-10-23T12:00:00Z",
			[]string{"2026-10-24T02:30:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"}},
		{"Rome, autumn, asked between the two", "30 2 * * *", "Europe/Rome", "2026-10-25T00:45:00Z",
			[]string{"2026-10-26T02:30:00+01:00"}},
		{"Rome, autumn, asked in the second pass", "30 2 * * *", "Europe/Rome", "2026-10-25T01:10:00Z",
			[]string{"2026-10-26T02:30:00+01:00"}},
		{"Rome, autumn, midnight", "0 0 * * *", "Europe/Rome", "2026-10-24T12:00:00Z",
			[]string{"2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"}},
		{"Rome, spring, several in the gap are one", "*/20 2,3 * * *", "Europe/Rome", "2027-03-28T00:00:00Z",
			[]string{"2027-03-28T03:00:00+02:00", "2027-03-28T03:20:00+02:00", "2027-03-28T03:40:00+02:00", "2027-03-29T02:00:00+02:00"}},
		{"Rome, autumn, hourly", "@hourly", "Europe/Rome", "2026-10-24T23:30:00Z",
			[]string{"2026-10-25T02:00:00+02:00", "2026-10-25T03:00:00+01:00"}},
		{"Santiago, midnight is skipped", "@daily", "America/Santiago", "2026-09-05T12:00:00Z",
			[]string{"2026-09-06T01:00:00-03:00", "2026-09-07T00:00:00-03:00"}},
		{"Santiago, the hour before midnight is repeated", "30 23 * * *", "America/Santiago", "2027-04-03T12:00:00Z",
			[]string{"2027-04-03T23:30:00-03:00", "2027-04-04T23:30:00-04:00"}},
		{"New York, spring", "0 2 * * *", "America/New_York", "2027-03-13T12:00:00Z",
			[]string{"2027-03-14T03:00:00-04:00", "2027-03-15T02:00:00-04:00"}},
		{"New York, autumn", "0 1 * * *", "America/New_York", "2026-10-31T12:00:00Z",
			[]string{"2026-11-01T01:00:00-04:00", "2026-11-02T01:00:00-05:00"}},
		{"Lord Howe, half an hour", "15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z",
			[]string{"2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00"}},
		{"Apia, a day that never was", "0 7 * * *", "Pacific/Apia", "2011-12-29T12:00:00Z",
			[]string{"2011-12-29T07:00:00-10:00", "2011-12-31T00:00:00+14:00", "2011-12-31T07:00:00+14:00"}},
		{"Rome, the last day of a leap year", "0 7 * * *", "Europe/Rome", "2040-12-30T12:00:00Z",
			[]string{"2040-12-31T07:00:00+01:00", "2041-01-01T07:00:00+01:00"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := schedule(t, c.line, c.zone)
			at, err := time.Parse(time.RFC3339, c.after)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				at = s.Next(at)
				equal(t, at.Format(time.RFC3339), want)
				if last, ok := s.Last(at); !ok || !last.Equal(at) {
					t.Errorf("Last(%v) = %v, %v", at, last, ok)
				}
			}
		})
	}
}

// Over ten years in ten zones a daily slot comes once on each day of the calendar, and never under a key
// that another had.
func TestScheduleOncePerDay(t *testing.T) {
	zones := []string{
		"Europe/Rome", "Europe/London", "America/New_York", "America/Santiago", "America/St_Johns",
		"Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca", "Pacific/Auckland", "UTC",
	}
	for _, zone := range zones {
		for _, line := range []string{"0 7 * * *", "30 2 * * *", "0 0 * * *"} {
			s := schedule(t, line, zone)
			day := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
			at := time.Date(2025, 1, 1, 0, 0, 0, 0, s.loc).Add(-time.Second)
			for day.Year() < 2035 {
				at = s.Next(at)
				if got, want := at.Format(time.DateOnly), day.Format(time.DateOnly); got != want {
					t.Fatalf("%s in %s: slot %v, want one on %s", line, zone, at, want)
				}
				day = day.AddDate(0, 0, 1)
			}
		}
	}
}

// What Next names, Last finds, from there and from anywhere before the following slot.
func TestScheduleLast(t *testing.T) {
	for _, line := range []string{
		"* * * * *", "*/7 1-3 * * *", "0 7 * * *", "0 8 * * 1", "0 7 1 * *", "0 7 31 * *", "0 7 29 2 *", "@yearly",
		"* * 1 1 *", "0 7 13 * 5",
	} {
		for _, zone := range []string{"Europe/Rome", "America/Santiago"} {
			s := schedule(t, line, zone)
			at := time.Date(2026, 10, 20, 3, 4, 5, 6, time.UTC)
			for range 40 {
				next := s.Next(at)
				following := s.Next(next)
				for _, asked := range []time.Time{next, next.Add(time.Nanosecond), following.Add(-time.Nanosecond)} {
					if last, ok := s.Last(asked); !ok || !last.Equal(next) || last.Location() != s.loc {
						t.Fatalf("%s in %s: Last(%v) = %v, %v; want %v", line, zone, asked, last, ok, next)
					}
				}
				at = next.Add(following.Sub(next) / 2)
				if line == "* * * * *" || line == "* * 1 1 *" || line == "*/7 1-3 * * *" {
					at = at.Add(11 * 24 * time.Hour)
				}
			}
		}
	}
}

func TestScheduleNever(t *testing.T) {
	s := schedule(t, "0 7 30 2 *", "UTC")
	if at := s.Next(time.Unix(0, 0)); !at.IsZero() {
		t.Errorf("Next: %v", at)
	}
	if at, ok := s.Last(time.Unix(0, 0)); ok {
		t.Errorf("Last: %v", at)
	}
}

// 1900 and 2100 are no leap years: eight years lie between two 29 Februaries.
func TestScheduleLeapDay(t *testing.T) {
	s := schedule(t, "0 7 29 2 *", "UTC")
	equal(t, s.Next(time.Date(2096, 3, 1, 0, 0, 0, 0, time.UTC)).Year(), 2104)
	last, ok := s.Last(time.Date(2104, 1, 1, 0, 0, 0, 0, time.UTC))
	equal(t, ok, true)
	equal(t, last.Year(), 2096)
}

func TestScheduleRefused(t *testing.T) {
	for _, line := range []string{
		"", " ", "TZ=", "TZ=Europe/Rome", "CRON_TZ=UTC 0 7 * * *", "  TZ=UTC", "@every 1h", "@every", "@often", "0 7 * *",
		"0 0 7 * * *", "60 7 * * *", "0 7 * * 7", ", , , , ,", "0 7 , * *", "0 7-5 * * *", "*/0 * * * *",
	} {
		if s, err := ParseSchedule(line, nil); err == nil {
			t.Errorf("%q is taken: %v", line, s.Next(time.Unix(0, 0)))
		} else if strings.ContainsAny(err.Error(), "\n\r") {
			t.Errorf("%q: the fault is not one line: %v", line, err)
		}
	}
}

// Whatever line is given, it is refused, or its slots ascend and are found again.
func FuzzSchedule(f *testing.F) {
	for _, line := range []string{"0 7 * * *", "30 2 * * *", "@daily", "0 7 30 2 *", "TZ=", "*/15 0-5,22 1,15 jan-mar mon", ", * * * *"} {
		f.Add(line, int64(1792890000))
	}
	rome := location(f, "Europe/Rome")
	f.Fuzz(func(t *testing.T, line string, seconds int64) {
		s, err := ParseSchedule(line, rome)
		if err != nil {
			return
		}
		at := time.Unix(seconds%4e9, 0)
		next := s.Next(at)
		if next.IsZero() {
			return
		}
		if !next.After(at) {
			t.Errorf("%q: Next(%v) = %v", line, at, next)
		}
		if last, ok := s.Last(next); !ok || !last.Equal(next) {
			t.Errorf("%q: Last(%v) = %v, %v", line, next, last, ok)
		}
		if second := s.Next(next); !second.IsZero() && second.Format("2006-01-02T1504") <= next.Format("2006-01-02T1504") {
			t.Errorf("%q: %v is not shown after %v", line, second, next)
		}
	})
}

package main

import (
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"tidings/templates"
)

// Schedule says when a digest appears. It is a [cron.Schedule] that reads its line on the wall clock of
// one place: a slot is the first instant at which the clock there shows the time asked for, or a later
// one. So a time that a spring morning skips comes at the end of the gap, one that an autumn night shows
// twice comes the first time only, and no morning is missed or doubled. Slots that fall into one gap are
// one slot.
//
// A slot's time shows what the clock shows at that instant: 03:00 for 02:30 in a gap, and so does the key
// made from it. Two slots never show the same time.
type Schedule struct {
	spec *cron.SpecSchedule // evaluated in UTC, which stands for the wall clock
	loc  *time.Location
}

// ParseSchedule reads five cron fields (minute, hour, day of the month, month, day of the week), or one of
// @hourly, @daily, @weekly, @monthly, @yearly. Days of the month and of the week that are both given mean
// either. A nil loc is UTC. A line that never comes true, as of 30 February, is no error: its [Schedule.Next]
// is zero.
func ParseSchedule(line string, loc *time.Location) (Schedule, error) {
	line = strings.TrimSpace(line)
	if loc == nil {
		loc = time.UTC
	}
	switch {
	case line == "":
		return Schedule{}, errors.New(`the schedule is empty; write a cron line such as "0 7 * * *"`)
	case strings.HasPrefix(line, "TZ="), strings.HasPrefix(line, "CRON_TZ="):
		// The parser panics at some of these.
		return Schedule{}, fmt.Errorf("a schedule does not name its time zone; take %q out and set timezone instead",
			strings.Fields(line)[0])
	case strings.HasPrefix(line, "@every"):
		return Schedule{}, errors.New(`@every has no times of day to name editions by; write a cron line such as "0 */6 * * *"`)
	}
	parsed, err := cron.ParseStandard(line)
	if err != nil {
		return Schedule{}, fmt.Errorf("%q is not a cron line: %w", line, err)
	}
	spec, ok := parsed.(*cron.SpecSchedule)
	if !ok || spec.Minute == 0 || spec.Hour == 0 || spec.Dom == 0 || spec.Month == 0 || spec.Dow == 0 {
		return Schedule{}, fmt.Errorf("%q is not a cron line: one of its fields names nothing", line)
	}
	spec.Location = time.UTC
	return Schedule{spec: spec, loc: loc}, nil
}

// Next returns the first slot after t; zero when there is none within ten years.
func (s Schedule) Next(t time.Time) time.Time {
	for w := wall(t.In(s.loc)); ; {
		if w = s.nextWall(w); w.IsZero() {
			return time.Time{}
		}
		// In an hour that the clock shows again, what it asks for has been.
		if at := s.instant(w); at.After(t) {
			return at
		}
	}
}

// Last returns the newest slot at or before t; false when there is none in the ten years before.
func (s Schedule) Last(t time.Time) (time.Time, bool) {
	// The line can only be followed forward, so step back ever further until a slot lies ahead.
	for back := time.Hour; back < 16*365*24*time.Hour; back *= 2 {
		at := s.Next(t.Add(-back))
		if at.IsZero() {
			return time.Time{}, false
		}
		if at.After(t) {
			continue
		}
		for next := s.Next(at); !next.IsZero() && !next.After(t); next = s.Next(at) {
			at = next
		}
		return at, true
	}
	return time.Time{}, false
}

// ahead comes so long before each slot of a schedule. It implements [cron.Schedule].
type ahead struct {
	Schedule
	by time.Duration
}

// Next returns the first time after t.
func (a ahead) Next(t time.Time) time.Time {
	next := a.Schedule.Next(t.Add(a.by))
	if next.IsZero() {
		return next
	}
	return next.Add(-a.by)
}

// rhythm says the schedule in few words, as far as these can: days of the week, or one of the month, and up to
// three times of day. What they cannot is the zero value.
func (s Schedule) rhythm() templates.Rhythm {
	minutes, hours := named(s.spec.Minute, 59), named(s.spec.Hour, 23)
	monthdays, weekdays := named(s.spec.Dom>>1, 30), named(s.spec.Dow, 6)
	if len(minutes) != 1 || len(hours) > 3 || len(named(s.spec.Month>>1, 11)) < 12 {
		return templates.Rhythm{}
	}
	r := templates.Rhythm{Zone: s.loc.String()}
	for _, hour := range hours {
		r.Times = append(r.Times, fmt.Sprintf("%d:%02d", hour, minutes[0]))
	}
	switch {
	case len(monthdays) == 31:
		for _, day := range weekdays {
			r.Weekdays = append(r.Weekdays, time.Weekday(day))
		}
		if r.Weekdays[0] == time.Sunday { // the week begins on Monday
			r.Weekdays = append(r.Weekdays[1:], time.Sunday)
		}
	case len(monthdays) == 1 && len(weekdays) == 7:
		r.Monthday = monthdays[0] + 1
	default:
		return templates.Rhythm{}
	}
	return r
}

// named are the numbers from 0 to last whose bits are set.
func named(bits uint64, last int) []int {
	var all []int
	for n := range last + 1 {
		if bits&(1<<n) != 0 {
			all = append(all, n)
		}
	}
	return all
}

// nextWall returns the first time after w that the line names, on the wall clock. The parser's own search
// ends after five years, and 29 February can be eight years away.
func (s Schedule) nextWall(w time.Time) time.Time {
	if next := s.spec.Next(w); !next.IsZero() {
		return next
	}
	return s.spec.Next(w.AddDate(5, 0, 0))
}

// wall returns what a clock shows, as if it were a time in UTC.
func wall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// instant returns the first instant at which the clock of s.loc shows w or later.
//
// It does without [time.Time.ZoneBounds], which on the last day of a leap year can name an end that is
// past (Go 1.26, beyond the years of the zone's table).
func (s Schedule) instant(w time.Time) time.Time {
	// No clock is more than a day from UTC, and none is moved twice within two days: what it is set to
	// before and after is all that it can be set to at w.
	before, after := w.Add(-26*time.Hour).In(s.loc), w.Add(26*time.Hour).In(s.loc)
	_, first := before.Zone()
	_, second := after.Zone()
	for _, offset := range []int{max(first, second), min(first, second)} { // the earlier instant first
		if at := w.Add(-time.Duration(offset) * time.Second).In(s.loc); wall(at).Equal(w) {
			return at
		}
	}
	// The clock skips w, and so it only ever moves forward here.
	gap := sort.Search(int(after.Sub(before)/time.Second), func(n int) bool {
		return !wall(before.Add(time.Duration(n) * time.Second)).Before(w)
	})
	return before.Add(time.Duration(gap) * time.Second)
}

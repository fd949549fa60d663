package templates

import (
	"strings"
	"time"
)

// Rhythm is when letters come. The zero value says nothing.
type Rhythm struct {
	Weekdays []time.Weekday // in their order; all seven: every day
	Monthday int            // from 1 to 31; 0: it goes by Weekdays
	Times    []string       // of the day, as "7:00"
	Zone     string         // of the clock, an IANA name
	Own      bool           // a reader who chose a time zone goes by that one
}

// Comes says when letters come and, if it is not the page's, in which language: "every Monday at 8:00
// (Europe/Rome), in Italian". What is not known is left out.
func (w Words) Comes(c Choice) (string, error) {
	said, err := w.rhythm(c.When)
	if err != nil || sameLanguage(c.Lang, w.Lang) {
		return said, err
	}
	lang, err := w.Say("language", w.tongue(c.Lang))
	if err != nil || said == "" {
		return lang, err
	}
	return said + ", " + lang, nil
}

func (w Words) rhythm(r Rhythm) (string, error) {
	if len(r.Times) == 0 {
		return "", nil
	}
	days, err := w.days(r)
	if err != nil {
		return "", err
	}
	times, err := w.and(r.Times)
	if err != nil {
		return "", err
	}
	if r.Own {
		return w.Say("rhythm.own", days, times, r.Zone)
	}
	return w.Say("rhythm.at", days, times, r.Zone)
}

// days says on which days.
func (w Words) days(r Rhythm) (string, error) {
	switch {
	case r.Monthday > 0:
		return w.Say("rhythm.month", r.Monthday)
	case len(r.Weekdays) == 7:
		return w.Say("rhythm.day")
	case len(r.Weekdays) == 5 && r.Weekdays[0] == time.Monday && r.Weekdays[4] == time.Friday:
		return w.Say("rhythm.work")
	}
	names := make([]string, len(r.Weekdays))
	for i, day := range r.Weekdays {
		names[i] = w.book.Weekdays[day]
	}
	all, err := w.and(names)
	if err != nil {
		return "", err
	}
	return w.Say("rhythm.week", all)
}

// and counts several things up: "one, two and three".
func (w Words) and(words []string) (string, error) {
	if len(words) < 2 {
		return strings.Join(words, ""), nil
	}
	last := len(words) - 1
	return w.Say("and", strings.Join(words[:last], ", "), words[last])
}

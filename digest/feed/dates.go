package feed

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// months holds the names of months in English, Italian, French, German and Spanish by their first
// letters, longer ones before shorter ones that they begin with; accents are written as in the feeds.
//
//nolint:gochecknoglobals // a table, made once and never written
var months = monthNames(
	"jan gen ene jän jen", "feb fév fev", "mar mär mrz", "apr avr abr", "mai may mag", "jun juin giu", "jul juil lug",
	"aug aoû aou ago", "sep set", "oct okt ott", "nov", "dec dez déc dic")

func monthNames(lists ...string) map[string]time.Month {
	m := map[string]time.Month{}
	for i, list := range lists {
		for _, name := range strings.Fields(list) {
			m[name] = time.Month(i + 1)
		}
	}
	return m
}

var (
	// As in "lun, 14 lug 2025 09:30:00 +0200", "14. Juli 2025", "14 de julio de 2025 a las 9:30".
	dayFirst = regexp.MustCompile(`(?i)(\d{1,2})(?:er|º|°|\.)?[\s-]+(?:de\s+)?(\pL{3,})\.?,?[\s-]+(?:de\s+)?(\d{4})`)
	// As in "July 14, 2025".
	monthFirst = regexp.MustCompile(`(?i)(\pL{3,})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})`)
	// As in "2025/07/14" and "2025.07.14".
	yearFirst = regexp.MustCompile(`(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})`)
	clock     = regexp.MustCompile(`(?:^|[\sT,])(\d{1,2})[:h](\d{2})(?::(\d{2}))?(?:\.\d+)?\s*([ap]\.?m\.?)?`)
	offset    = regexp.MustCompile(`([+-])(\d{2}):?(\d{2})\)?\s*$`)
	unixTime  = regexp.MustCompile(`^\d{9,10}(?:\d{3})?$`)
	zones     = map[string]int{"UT": 0, "GMT": 0, "UTC": 0, "Z": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6,
		"PST": -8, "PDT": -7, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2, "EET": 2, "EEST": 3, "MSK": 3, "JST": 9}
)

// parseDate reads the forms of dates that gofeed gives up on: names of months in five languages, year
// first with slashes, Unix seconds and milliseconds. The zone is UTC when none is told. The zero time
// says that it is no date; so does a date before 1990, which is a clock that was never set.
func parseDate(s string) time.Time {
	s = strings.TrimSpace(s)
	if unixTime.MatchString(s) {
		n, _ := strconv.ParseInt(s, 10, 64)
		if len(s) > 10 {
			return plausible(time.UnixMilli(n).UTC())
		}
		return plausible(time.Unix(n, 0).UTC())
	}
	if t, ok := plainDate(s); ok {
		return t
	}
	year, month, day, rest, ok := calendarDay(s)
	if !ok {
		return time.Time{}
	}
	hour, minute, second := clockTime(rest)
	t := time.Date(year, month, day, hour, minute, second, 0, zone(rest)).UTC()
	return plausible(t)
}

// plainDate reads the forms that the standards of feeds name and that leave nothing open.
func plainDate(s string) (t time.Time, ok bool) {
	layouts := []string{"Mon, 2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05 GMT"}
	if hasDigit(s[:min(len(s), 1)]) {
		layouts = []string{time.RFC3339, time.DateOnly}
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return plausible(t.UTC()), true
		}
	}
	return time.Time{}, false
}

// calendarDay finds the day in s and returns what follows it.
func calendarDay(s string) (year int, month time.Month, day int, rest string, ok bool) {
	var y, d string
	if m := dayFirst.FindStringSubmatchIndex(s); m != nil {
		d, month, y, rest = s[m[2]:m[3]], monthOf(s[m[4]:m[5]]), s[m[6]:m[7]], s[m[1]:]
	} else if m := yearFirst.FindStringSubmatchIndex(s); m != nil {
		n, _ := strconv.Atoi(s[m[4]:m[5]])
		y, month, d, rest = s[m[2]:m[3]], time.Month(n), s[m[6]:m[7]], s[m[1]:]
	} else if m := monthFirst.FindStringSubmatchIndex(s); m != nil {
		month, d, y, rest = monthOf(s[m[2]:m[3]]), s[m[4]:m[5]], s[m[6]:m[7]], s[m[1]:]
	}
	day, _ = strconv.Atoi(d)
	year, _ = strconv.Atoi(y)
	return year, month, day, rest, month >= 1 && month <= 12 && day >= 1 && day <= 31
}

func monthOf(name string) time.Month {
	letters := []rune(strings.ToLower(name))
	for n := min(len(letters), 4); n >= 3; n-- {
		if m := months[string(letters[:n])]; m != 0 {
			return m
		}
	}
	return 0
}

func clockTime(s string) (hour, minute, second int) {
	m := clock.FindStringSubmatch(s)
	if m == nil {
		return 0, 0, 0
	}
	hour, _ = strconv.Atoi(m[1])
	minute, _ = strconv.Atoi(m[2])
	second, _ = strconv.Atoi(m[3])
	switch half := strings.ToLower(m[4]); {
	case strings.HasPrefix(half, "p") && hour < 12:
		hour += 12
	case strings.HasPrefix(half, "a") && hour == 12:
		hour = 0
	}
	return hour, minute, second
}

func zone(s string) *time.Location {
	if m := offset.FindStringSubmatch(s); m != nil {
		h, _ := strconv.Atoi(m[2])
		minutes, _ := strconv.Atoi(m[3])
		seconds := h*3600 + minutes*60
		if m[1] == "-" {
			seconds = -seconds
		}
		return time.FixedZone("", seconds)
	}
	words := strings.Fields(s)
	if len(words) > 0 {
		if hours, ok := zones[strings.Trim(words[len(words)-1], "()")]; ok {
			return time.FixedZone("", hours*3600)
		}
	}
	return time.UTC
}

func plausible(t time.Time) time.Time {
	if t.Year() < 1990 || t.Year() > 2200 {
		return time.Time{}
	}
	return t
}

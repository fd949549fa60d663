package feed

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// day is a form in which a day is written, with the groups of its pattern in the order in which they stand:
// y a year, m a month by number, n one by name, d a day, w an ISO week, o the day of a year; s is a slash,
// where nobody knows whether the day or the month stands first.
type day struct {
	pattern func() *regexp.Regexp
	groups  string
}

// days are the forms, the surer ones first.
var days = []day{
	// 2025年7月14日, 2025년 7월 14일
	{pattern(`(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]?`), "ymd"},
	// 14 tháng 7, 2025
	{pattern(`(?i)(\d{1,2})\s+tháng\s+(\d{1,2}),?(?:\s+năm)?\s+(\d{4})`), "dmy"},
	// lun, 14 lug 2025 · 14. Juli 2025 · 14 de julio de 2025 · 14-Jul-25 · 1er août 2025
	{pattern(`(?i)(\d{1,2})(?:er|º|°|ª|\.)?[\s/-]+(?:de\s+)?(\pL{3,})\.?,?[\s/-]+(?:de[l]?\s+)?(\d{4})`), "dny"},
	{pattern(`(?i)(\d{1,2})\.?[\s/-]+(\pL{3,})\.?,?[\s/-]+(\d{2})(?:$|[^\d:h.])`), "dny"},
	// ISO 8601: 2025-W29-1, 2025W291
	{pattern(`(\d{4})-?W(\d{2})(?:-?([1-7]))?`), "ywd"},
	// 2025/07/14, 2025.07.14, 2025. 7. 14.
	{pattern(`(\d{4})[-/.]\s?(\d{1,2})[-/.]\s?(\d{1,2})`), "ymd"},
	// 2025. július 14, 2025-Jul-14
	{pattern(`(\d{4})\.?[\s-]+(?:\.\s+)?(\pL{3,})\.?[\s-]+(\d{1,2})`), "ynd"},
	// July 14, 2025
	{pattern(`(?i)(\pL{3,})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(?:at\s+)?(\d{4})(?:$|[^\d:])`), "ndy"},
	// lun lug 14 09:30:00 CEST 2025; the time is read from the whole
	{pattern(`(\pL{3,})\.?\s+(\d{1,2})\s+\d{1,2}:\d{2}(?::\d{2})?\s+(?:\S+\s+)?(\d{4})$`), "ndy"},
	// 14.07.2025, 14-07-2025, 14.7.25
	{pattern(`(?:^|[\s,])(\d{1,2})([.-])\s?(\d{1,2})[.-]\s?(\d{4}|\d{2})(?:$|[^\d:])`), "d.my"},
	// 14/07/2025, and in America 07/14/2025
	{pattern(`(?:^|[\s,])(\d{1,2})(/)(\d{1,2})/(\d{4}|\d{2})(?:$|[^\d:])`), "dsmy"},
	// ISO 8601: 2025-195, and without hyphens 20250714
	{pattern(`^(\d{4})-(\d{3})(?:$|T)`), "yo"},
	{pattern(`^(\d{4})(\d{2})(\d{2})(?:$|\D)`), "ymd"},
}

var (
	clock = pattern(`(?i)(?:^|[\sT,:(日일午前後上전후])(\d{1,2})(?::|h|\s?[時时点시]\s?)(\d{2})(?:(?::|\s?[分분]\s?)(\d{2}))?[分분秒초]?(?:[.,]\d+)?\s*([ap](?:\.\s?)?m\b\.?)?`)
	// As in "3 pm".
	hourOnly = pattern(`(?i)(?:^|[\s,])(\d{1,2})()()\s*([ap](?:\.\s?)?m\b\.?)`)
	// As in "09.30 Uhr", "kl. 09.30", "alle ore 09.30".
	dotted = pattern(`(?i)(?:\b(?:kl|klo|ore|alle|um|om|godz)\.?\s+(\d{1,2})\.(\d{2})()()|(?:^|\s)(\d{1,2})\.(\d{2})\s*uhr)`)
	// As in "T093000", after a date without hyphens.
	compact  = pattern(`^T(\d{2})(\d{2})(\d{2})?()`)
	half     = pattern(`(上午|午前|오전)|(下午|午後|오후|晚上)`)
	offset   = pattern(`(?:\d|\s|T|GMT|UTC)\s*([+\x{2212}-])(\d{1,2})(?::?(\d{2}))?(?:\s*\(.*\)|\s+[A-Z]{2,5})?\s*$`)
	unixTime = pattern(`^(\d{9,10})(\d{3}|\d{6}|\d{9})?(?:\.\d*)?$`)
	zoneName = pattern(`\b([A-Z]{1,4}Z?)\b`)
	zones    = map[string]int{"UT": 0, "GMT": 0, "UTC": 0, "Z": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6,
		"PST": -8, "PDT": -7, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2, "EET": 2, "EEST": 3, "MSK": 3, "JST": 9, "KST": 9}
)

// longestDate bounds what is looked at for a date, in bytes.
const longestDate = 120

// parseDate reads the forms of dates that gofeed gives up on: names of months in some twenty languages,
// ISO 8601's weeks and days of the year, the day first or the year, Chinese, Japanese and Korean, Unix
// time, clocks of twelve hours, two figures for a year. The zone is UTC when none is told, and midnight
// when no time is. The zero time says that it is no date; so does a date before 1990, which is a clock that
// was never set.
func parseDate(s string) time.Time {
	s = strings.TrimSpace(s[:min(len(s), longestDate)])
	if t, ok := plainDate(s); ok {
		return t
	}
	if s = strings.Map(figure0to9, s); !hasDigit(s) {
		return time.Time{}
	}
	if m := unixTime().FindStringSubmatch(s); m != nil {
		n, _ := strconv.ParseInt(m[1], 10, 64)
		return plausible(time.Unix(n, 0).UTC())
	}
	date, rest, ok := calendarDay(s)
	if !ok {
		return time.Time{}
	}
	hour, minute, second := clockTime(rest)
	return plausible(time.Date(date.Year(), date.Month(), date.Day(), hour, minute, second, 0, zone(rest)).UTC())
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

// figure0to9 makes the figures of any script those of ASCII.
func figure0to9(r rune) rune {
	if r < 0x80 || !unicode.IsDigit(r) {
		return r
	}
	zero := r
	for unicode.IsDigit(zero-1) && r-zero < 9 { // the ten figures of a script stand in a row
		zero--
	}
	return '0' + (r-zero)%10
}

// calendarDay finds the day in s and returns what is left of s, in which the time stands.
func calendarDay(s string) (date time.Time, rest string, ok bool) {
	for _, form := range days {
		at := form.pattern().FindStringSubmatchIndex(s)
		if at == nil {
			continue
		}
		last := at[1]
		for i := len(at) - 1; i > 1; i -= 2 {
			if at[i] >= 0 {
				last = at[i]
				break
			}
		}
		if date, ok = form.read(s, at); ok {
			if strings.HasSuffix(form.pattern().String(), "$") { // the time stands before the year
				return date, s[at[5]:at[1]-4] + " ", true
			}
			return date, s[last:], true
		}
	}
	return date, "", false
}

// read puts the groups of a match together. A day that the calendar does not have is none.
func (d day) read(s string, at []int) (date time.Time, ok bool) {
	year, month, mday, week, slashed := 0, 1, 1, 0, false
	for i, kind := range d.groups {
		if at[2*i+2] < 0 {
			continue
		}
		group := s[at[2*i+2]:at[2*i+3]]
		n, _ := strconv.Atoi(group)
		switch kind {
		case 'y':
			if year = n; len(group) == 2 {
				year = fullYear(n)
			}
		case 'm':
			month = n
		case 'n':
			month = int(monthOf(group))
		case 'd', 'o':
			mday = n
		case 'w':
			week = n
		case 's':
			slashed = true
		}
	}
	if slashed && (month > 12 || mday <= 12 && meridian().MatchString(s)) {
		month, mday = mday, month
	}
	switch {
	case week > 0:
		jan4 := time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC) // lies in week 1
		monday := jan4.AddDate(0, 0, -(int(jan4.Weekday())+6)%7)
		return monday.AddDate(0, 0, (week-1)*7+mday-1), week <= 53
	case d.groups == "yo":
		date = time.Date(year, 1, mday, 0, 0, 0, 0, time.UTC)
		return date, date.Year() == year && mday > 0
	}
	date = time.Date(year, time.Month(month), mday, 0, 0, 0, 0, time.UTC)
	return date, month >= 1 && month <= 12 && date.Day() == mday
}

// meridian is the sign of an American clock, and so of an American date.
var meridian = pattern(`(?i)\d\s*[ap]\.?m\b`)

// fullYear reads two figures as POSIX does.
func fullYear(n int) int {
	if n < 69 {
		return 2000 + n
	}
	return 1900 + n
}

// clockTime reads a time of day; midnight when there is none or no clock could show it. 24:00 is the end of
// the day.
func clockTime(s string) (hour, minute, second int) {
	var m []string
	for _, form := range []func() *regexp.Regexp{clock, compact, dotted, hourOnly} {
		if m = form().FindStringSubmatch(s); m != nil {
			break
		}
	}
	if m == nil {
		return 0, 0, 0
	}
	if len(m) > 5 && m[1] == "" {
		m[1], m[2] = m[5], m[6]
	}
	hour, _ = strconv.Atoi(m[1])
	minute, _ = strconv.Atoi(m[2])
	second, _ = strconv.Atoi(m[3])
	side := half().FindStringSubmatch(s)
	switch sign := strings.ToLower(m[4]); {
	case (strings.HasPrefix(sign, "p") || side != nil && side[2] != "") && hour < 12:
		hour += 12
	case (strings.HasPrefix(sign, "a") || side != nil && side[1] != "") && hour == 12:
		hour = 0
	}
	if hour > 24 || hour == 24 && minute+second > 0 || minute > 59 || second > 60 {
		return 0, 0, 0
	}
	return hour, minute, second
}

// zone finds an offset or the name of a zone at the end of what follows a day.
func zone(s string) *time.Location {
	if m := offset().FindStringSubmatch(s); m != nil {
		h, _ := strconv.Atoi(m[2])
		minutes, _ := strconv.Atoi(m[3])
		seconds := h*3600 + minutes*60
		if m[1] != "+" {
			seconds = -seconds
		}
		if h <= 14 && minutes < 60 {
			return time.FixedZone("", seconds)
		}
	}
	for _, m := range zoneName().FindAllStringSubmatch(s, -1) {
		if hours, ok := zones[m[1]]; ok {
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

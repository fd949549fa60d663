package templates

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/cases"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// Words speak one language. They stand in every view, so that a template says {{.Say "leave"}}.
type Words struct {
	Lang string // BCP 47, of the phrase file
	Dir  string // "ltr" or "rtl"
	tag  language.Tag
	book book
}

// book is a phrase file.
type book struct {
	Date     string            `json:"date"`     // {weekday} {day} {month} {year}
	Day      string            `json:"day"`      // the same without {year}; empty: the date
	Month    string            `json:"month"`    // {month} {year}; empty: just so
	First    string            `json:"first"`    // {day} on the first of a month, as French 1er; empty: 1
	Months   []string          `json:"months"`   // from January
	Weekdays []string          `json:"weekdays"` // from Sunday
	Phrases  map[string]phrase `json:"phrases"`
}

// phrase is what is said, by plural form (zero, one, two, few, many, other); {1} {2} … stand for what it
// is said about, and the first whole number among these chooses the form.
type phrase map[string]string

// UnmarshalJSON reads a string as the one form of a phrase without plural.
func (p *phrase) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte(`"`)) {
		var s string
		err := json.Unmarshal(data, &s)
		*p = phrase{"other": s}
		return err
	}
	return json.Unmarshal(data, (*map[string]string)(p))
}

var blanks = regexp.MustCompile(`\{(\d)\}`)

// Say returns a phrase with its blanks filled in.
func (w Words) Say(key string, about ...any) (string, error) {
	p, ok := w.book.Phrases[key]
	if !ok {
		return "", fmt.Errorf("there is no phrase %q", key)
	}
	form := "other"
	if i := slices.IndexFunc(about, func(a any) bool { _, ok := a.(int); return ok }); i >= 0 {
		form = formOf(w.tag, about[i].(int))
	}
	said, ok := p[form]
	if !ok {
		said = p["other"]
	}
	var err error
	said = blanks.ReplaceAllStringFunc(said, func(blank string) string {
		if n := int(blank[1] - '1'); n >= 0 && n < len(about) {
			return fmt.Sprint(about[n])
		}
		err = fmt.Errorf("phrase %q: nothing was given for %s", key, blank)
		return ""
	})
	return said, err
}

// Capitals writes a text in capitals, as its language does.
func (w Words) Capitals(s string) string { return cases.Upper(w.tag).String(s) }

// Date writes a day in full: "mercoledì 13 settembre 2023".
func (w Words) Date(t time.Time) string { return w.dated(w.book.Date, t) }

// Day writes a day of a year that is known: "mercoledì 13 settembre".
func (w Words) Day(t time.Time) string { return w.dated(cmp.Or(w.book.Day, w.book.Date), t) }

// Month writes a month with its year: "settembre 2023".
func (w Words) Month(t time.Time) string {
	return w.dated(cmp.Or(w.book.Month, "{month} {year}"), t)
}

// MonthName writes a month alone.
func (w Words) MonthName(t time.Time) string { return w.book.Months[t.Month()-1] }

// dated fills a pattern of the book in.
func (w Words) dated(pattern string, t time.Time) string {
	day := strconv.Itoa(t.Day())
	if t.Day() == 1 && w.book.First != "" {
		day = w.book.First
	}
	return strings.NewReplacer(
		"{weekday}", w.book.Weekdays[t.Weekday()],
		"{day}", day,
		"{month}", w.book.Months[t.Month()-1],
		"{year}", strconv.Itoa(t.Year()),
	).Replace(pattern)
}

// tongue names a language in ours: "German", "tedesco"; its code when it has no name here.
func (w Words) tongue(lang string) string {
	if namer := display.Languages(w.tag); namer != nil {
		base, _ := language.Make(lang).Base()
		if name := namer.Name(base); name != "" {
			return name
		}
	}
	return lang
}

// Tongue returns the code of the language that a word names, in whichever of the set's languages: "it", "Italian",
// "italiano". A word that names none of these is returned as it is.
func (s *Set) Tongue(word string) string {
	for _, tag := range s.tags {
		for _, speaker := range s.words {
			if strings.EqualFold(speaker.tongue(tag.String()), word) {
				return tag.String()
			}
		}
	}
	return word
}

// formOf returns the CLDR plural form for a whole number.
func formOf(tag language.Tag, n int) string {
	names := map[plural.Form]string{plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many"}
	if name, ok := names[plural.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0)]; ok {
		return name
	}
	return "other"
}

// Lang returns the language among those the set speaks that fits a reader best; each wish is a tag or the
// whole of an Accept-Language header. English when none fits.
func (s *Set) Lang(wishes ...string) string {
	_, i := language.MatchStrings(s.matcher, wishes...)
	return s.words[s.tags[i].String()].Lang
}

// Tongues returns the languages that the set speaks, each by its own name, English first.
func (s *Set) Tongues() []Choice {
	var all []Choice
	for _, tag := range s.tags {
		all = append(all, Choice{Name: tag.String(), Title: cases.Title(tag, cases.NoLower).String(display.Self.Name(tag))})
	}
	return all
}

// in returns the words of the language that fits best.
func (s *Set) in(lang string) Words { return s.words[s.Lang(lang)] }

// readPhrases reads the languages, English first: what another one lacks is said in English.
func (s *Set) readPhrases(files map[string]string) error {
	s.words = map[string]Words{}
	english, err := readBook("phrases/en.json", files["phrases/en.json"], book{})
	if err != nil {
		return err
	}
	for name, src := range in(files, "phrases/") {
		code := strings.TrimSuffix(path.Base(name), ".json")
		tag, err := language.Parse(code)
		if err != nil {
			return fmt.Errorf("%s:1: %q is not a language", name, code)
		}
		b, err := readBook(name, src, english)
		if err != nil {
			return err
		}
		dir := "ltr"
		if rightToLeft(tag) {
			dir = "rtl"
		}
		s.words[tag.String()] = Words{Lang: tag.String(), Dir: dir, tag: tag, book: b}
		if tag == language.English {
			s.tags = slices.Insert(s.tags, 0, tag)
		} else {
			s.tags = append(s.tags, tag)
		}
	}
	s.matcher = language.NewMatcher(s.tags)
	return nil
}

// readBook reads a phrase file and completes it from another one.
func readBook(name, src string, from book) (book, error) {
	var b book
	dec := json.NewDecoder(strings.NewReader(src))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&b); err != nil {
		return book{}, fmt.Errorf("%s:%d: %w", name, lineOf(src, err, dec.InputOffset()), err)
	}
	if len(b.Months) != 12 || len(b.Weekdays) != 7 || b.Date == "" {
		return book{}, fmt.Errorf("%s:1: a date, 12 months and 7 weekdays are needed", name)
	}
	for key, p := range b.Phrases {
		line := func() int { return 1 + strings.Count(src[:max(0, strings.Index(src, strconv.Quote(key)))], "\n") }
		if _, known := from.Phrases[key]; !known && from.Phrases != nil {
			return book{}, fmt.Errorf("%s:%d: no template says %q", name, line(), key)
		}
		if p["other"] == "" {
			return book{}, fmt.Errorf("%s:%d: %q lacks the form \"other\"", name, line(), key)
		}
		for form, said := range p {
			for _, blank := range blanks.FindAllString(said, -1) {
				if from.Phrases != nil && !strings.Contains(from.Phrases[key]["other"], blank) {
					return book{}, fmt.Errorf("%s:%d: %q, form %q: English has no %s", name, line(), key, form, blank)
				}
			}
		}
	}
	for key, p := range from.Phrases {
		if _, ok := b.Phrases[key]; !ok {
			b.Phrases[key] = p
		}
	}
	return b, nil
}

// lineOf finds the line of a JSON error.
func lineOf(src string, err error, at int64) int {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		at = syntax.Offset
	case errors.As(err, &kind):
		at = kind.Offset
	}
	return 1 + strings.Count(src[:min(int(at), len(src))], "\n")
}

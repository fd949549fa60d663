package feed

import (
	"fmt"
	"strings"
	"testing"

	"tidings/digest"
)

// What the sites of these tests say again and again, and what three reports may quote.
const (
	pitch  = "Our letter brings you the week in five minutes. Have it on Sunday."
	bio    = "Ann Vale has written about rivers and engines for twelve years. She lives in the valley with two dogs and a boat, and can be reached by post, which she prefers, or through the desk of the paper at any hour that is decent."
	agency = "The strike began on Monday after talks about pay had broken down for the third time since spring, and it has by now closed all four harbours of the northern coast, through which two thirds of the country's grain are shipped."
	short  = "The strike began on Monday."
)

// told is an article of a made-up site: its own paragraphs with what is said everywhere around them.
func told(i int, before, middle, after string) digest.Article {
	own := func(part string) string {
		return fmt.Sprintf("In the %s part of number %d somebody says what happened there, at what hour, and why nobody had seen it come.", part, i)
	}
	var all []string
	for _, p := range []string{before, own("first"), own("second"), middle, own("third"), own("fourth"), own("fifth"), own("sixth"), own("seventh"), after} {
		if p != "" {
			all = append(all, p)
		}
	}
	a := digest.Article{Title: fmt.Sprintf("Headline %d of something else", i), Lang: "en", Text: strings.Join(all, "\n\n")}
	a.HTML = "<p>" + strings.ReplaceAll(a.Text, "\n\n", "</p><p>") + "</p>"
	return a
}

// TestBoilerplate tells a site's articles one after another, and from which on a paragraph is taken out; 0 is
// never.
func TestBoilerplate(t *testing.T) {
	always := func(p string) func(int) string { return func(int) string { return p } }
	every := func(n int, p string) func(int) string {
		return func(i int) string {
			if i%n == 0 {
				return p
			}
			return ""
		}
	}
	none := always("")
	for name, try := range map[string]struct {
		before, middle, after func(int) string
		title                 string
		from                  int
	}{
		"a pitch at the end":                        {after: always(pitch), from: 3},
		"a pitch at the beginning":                  {before: always(pitch), from: 3},
		"a pitch in the middle":                     {middle: always(pitch), from: 3},
		"in every third article":                    {after: every(3, pitch), from: 9},
		"in every fifth article":                    {after: every(5, pitch)},
		"a writer's life":                           {after: always(bio), from: 6},
		"a long paragraph in the middle":            {middle: always(agency)},
		"an agency's, quoted in three reports":      {after: func(i int) string { return map[int]string{1: agency, 2: agency, 3: agency}[i] }},
		"an agency's, quoted now and then":          {after: every(3, agency)},
		"what the headline names is the story":      {after: always(short), title: "Harbours closed as strike goes on"},
		"somebody's words":                          {after: always("“We will not give in,” she said.")},
		"a heading within the article":              {middle: always("What we know")},
		"the same words in another dress and space": {after: func(i int) string { return strings.Repeat(" ", i%2) + strings.ToUpper(pitch[:i]) + pitch[i:] }, from: 3},
	} {
		t.Run(name, func(t *testing.T) {
			s := &server{known: digest.Site{Host: "press.example"}}
			from := 0
			for i := 1; i <= 24; i++ {
				a := told(i, firstOf2(try.before, none)(i), firstOf2(try.middle, none)(i), firstOf2(try.after, none)(i))
				if try.title != "" {
					a.Title = try.title
				}
				before := a
				s.tidy(&a, true)
				if len(a.Removed) > 0 && from == 0 {
					from = i
				}
				if from > 0 && i > from && len(a.Removed) == 0 && try.after == nil {
					t.Errorf("taken out from %d on, and left in %d", from, i)
				}
				if back := len(strings.Split(a.Text, "\n\n")) + len(a.Removed); back != len(strings.Split(before.Text, "\n\n")) {
					t.Errorf("%d: %d paragraphs are neither kept nor told", i, back)
				}
				for _, r := range a.Removed {
					if r.Reason != boilerplate || strings.Contains(a.HTML, strings.TrimSpace(r.Text)) {
						t.Errorf("%+v is still shown", r)
					}
				}
			}
			if from != try.from {
				t.Errorf("taken out from %d on, want %d", from, try.from)
			}
		})
	}
}

func firstOf2[F any](f, other func(int) F) func(int) F {
	if f == nil {
		return other
	}
	return f
}

// TestBoilerplateOnly leaves an article alone that is hardly anything else, and learns nothing from one that
// is told again.
func TestBoilerplateOnly(t *testing.T) {
	s := &server{}
	for i := range 10 {
		a := told(i, pitch, "", "")
		s.tidy(&a, true)
	}
	pages := s.known.Pages
	a := digest.Article{Title: "x", Text: pitch + "\n\n" + pitch + "\n\nShort."}
	s.tidy(&a, false)
	if len(a.Removed) > 0 || s.known.Pages != pages {
		t.Errorf("%+v, %d pages", a, s.known.Pages)
	}
}

// TestBoilerplateForgets has a site change what it says, and holds what is remembered within bounds.
func TestBoilerplateForgets(t *testing.T) {
	s := &server{}
	const later = "We moved to a new house with a garden. Come and see it."
	from := 0
	for i := 1; i <= 2000; i++ {
		after := pitch
		if i > 1000 {
			after = later
		}
		a := told(i, "", "", after)
		s.tidy(&a, true)
		if i > 1000 && from == 0 && len(a.Removed) > 0 {
			from = i
		}
		if n := len(s.known.Lines); n > manyLines || s.known.Pages > manyPages {
			t.Fatalf("%d lines of %d pages after %d", n, s.known.Pages, i)
		}
	}
	if from == 0 || from > 1040 {
		t.Error("the new words are known from", from)
	}
	if n := s.known.Lines[handle(strings.ToLower(pitch))]; n > 0 {
		t.Error("the old words are still counted:", n)
	}
}

package digest

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"tidings/digest/text"
)

// The widest window: after a longer downtime older articles are left behind.
const widest = 7 * 24 * time.Hour

// orDefault fills in what is not set, with the values that the fields' comments tell.
func (l Layout) orDefault() Layout {
	return Layout{
		Window:     cmp.Or(l.Window, 48*time.Hour),
		Stories:    cmp.Or(l.Stories, 25),
		PerSection: cmp.Or(l.PerSection, 6),
		PerSource:  cmp.Or(l.PerSource, 3),
		Brief:      cmp.Or(l.Brief, 15),
		Floor:      cmp.Or(l.Floor, 0.2),
		Sentences:  cmp.Or(l.Sentences, 2),
	}
}

// since is the start of what an edition considers: a window before its end, or the last edition when that
// is longer ago.
func (l Layout) since(until, last time.Time) time.Time {
	window := l.orDefault().Window
	from := until.Add(-window)
	if !last.IsZero() && last.Before(from) {
		from = last
	}
	if oldest := until.Add(-max(widest, window)); from.Before(oldest) {
		return oldest
	}
	return from
}

// Compose lays out an edition from ranked stories. The lead is the best story that two independent
// sources tell, or the best of all when none is told twice, rather in the edition's language than in
// another. A section holds its best stories within the caps; what finds no room there, lies below the
// floor or fits no topic goes to brief, and what finds no room in brief is told among the stories left out.
func Compose(stories []Story, d Digest, slot Slot) Edition {
	c := composer{layout: d.Layout.orDefault(), lang: d.Lang, known: map[string]Source{}, sections: map[string][]Story{}, bySource: map[string]int{}}
	for _, s := range d.Sources {
		c.known[s.URL] = s
	}
	e := Edition{Key: slot.Key(), Digest: d.Name, Title: d.Title, From: d.From, Lang: d.Lang, At: slot.At, Names: Names{}}
	for _, t := range d.Topics {
		e.Names[t.ID] = name(t, d.Lang)
	}
	rest := stories
	if i := leading(stories, d.Lang, c.layout.Floor); i >= 0 {
		lead := c.finish(stories[i])
		e.Lead = &lead
		c.bySource[lead.Lead.Feed]++
		c.placed++
		rest = slices.Concat(stories[:i], stories[i+1:])
	}
	for _, s := range rest {
		c.place(s)
	}
	for _, t := range d.Topics {
		if got := c.sections[t.ID]; len(got) > 0 {
			e.Sections = append(e.Sections, Section{Topic: t.ID, Stories: got})
		}
	}
	e.Brief, e.Left = c.brief, c.left
	return e
}

// name is what a topic is called in a language, in English when it has no name there, else its id.
func name(t Topic, lang string) string {
	return cmp.Or(t.Name[lang], t.Name[text.Base(lang)], t.Name["en"], t.ID)
}

// leading is the index of the story to lead with, -1 when none reaches the floor: the best that is told
// twice, in the edition's language rather than in another, else the best that is told once, likewise.
func leading(stories []Story, lang string, floor float64) int {
	lead, worth := -1, 0
	for i, s := range stories {
		if s.Score < floor {
			continue
		}
		mine := 1
		if s.Sources >= 2 {
			mine += 2
		}
		if !foreign(s.Lead, lang) {
			mine++
		}
		if mine > worth {
			lead, worth = i, mine
		}
	}
	return lead
}

// composer is the page being filled.
type composer struct {
	layout   Layout
	lang     string
	known    map[string]Source // by URL
	sections map[string][]Story
	brief    []Story
	left     []Omitted
	bySource map[string]int
	placed   int
}

func (c *composer) place(s Story) {
	why := c.refusal(s)
	switch {
	case why == "":
		c.sections[s.Topic] = append(c.sections[s.Topic], c.finish(s))
		c.bySource[s.Lead.Feed]++
		c.placed++
	case len(c.brief) < c.layout.Brief:
		c.brief = append(c.brief, c.finish(s))
	default:
		c.left = append(c.left, Omitted{Story: s.ID, Title: s.Lead.Title, Why: why + "; brief is full"})
	}
}

// refusal says why a story gets no block of its own; empty: it gets one.
func (c *composer) refusal(s Story) string {
	switch {
	case s.Topic == Brief:
		return "it fits no topic"
	case s.Score < c.layout.Floor:
		return fmt.Sprintf("its score %.2f lies below the floor %.2f", s.Score, c.layout.Floor)
	case c.placed >= c.layout.Stories:
		return fmt.Sprintf("the edition has its %d stories", c.layout.Stories)
	case len(c.sections[s.Topic]) >= c.layout.PerSection:
		return fmt.Sprintf("its section has its %d stories", c.layout.PerSection)
	case c.bySource[s.Lead.Feed] >= c.layout.PerSource:
		return fmt.Sprintf("its source leads %d stories already", c.layout.PerSource)
	}
	return ""
}

// finish quotes what is printed under the story's headline.
func (c *composer) finish(s Story) Story {
	s.Summary = excerpt(s, c.layout.Sentences)
	s.Added = added(s, c.known, c.lang)
	return s
}

// read names to the archive what a digest reads: its sources, and what editors add to it.
func (d Digest) read() []string {
	out := make([]string, 0, len(d.Sources)+2)
	for _, s := range d.Sources {
		out = append(out, s.URL)
	}
	return append(out, ByHand, ByHand+d.Name)
}

func countFeeds(articles []Article) int {
	feeds := map[string]bool{}
	for _, a := range articles {
		feeds[a.Feed] = true
	}
	return len(feeds)
}

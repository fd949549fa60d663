package digest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"tidings/digest/text"
)

// The widest window: after a longer downtime older articles are left behind.
const widest = 7 * 24 * time.Hour

// orDefault fills in what is not set, with the values that the fields' comments tell. What is negative there
// is 0 here.
func (l Layout) orDefault() Layout {
	return Layout{
		Window:     cmp.Or(l.Window, 48*time.Hour),
		Stories:    orElse(l.Stories, 25),
		PerSection: orElse(l.PerSection, 6),
		PerSource:  orElse(l.PerSource, 3),
		Companies:  orElse(l.Companies, 2),
		Brief:      orElse(l.Brief, 15),
		Floor:      orElse(l.Floor, 0.25),
		BriefFloor: orElse(l.BriefFloor, 0.2),
		Sentences:  orElse(l.Sentences, 2),
	}
}

func orElse[T int | float64](n, otherwise T) T { return max(0, cmp.Or(n, otherwise)) }

// since is the start of what an edition considers: a window before its end, or the last edition when that
// is longer ago and the digest does not forget what it missed.
func (d Digest) since(until, last time.Time) time.Time {
	window := d.Layout.orDefault().Window
	from := until.Add(-window)
	if !d.Forget && !last.IsZero() && last.Before(from) {
		from = last
	}
	if oldest := until.Add(-max(widest, window)); from.Before(oldest) {
		return oldest
	}
	return from
}

// Compose lays out an edition from ranked stories. The lead is the best story that two independent
// sources tell, or the best of all when none is told twice, which is marked then; rather one in the edition's
// language than in another. A section holds its best stories within the caps; what finds no room there, lies
// below the floor or fits no topic goes to brief. What finds no room in brief, lies below its floor or is not
// about artificial intelligence is told among the stories left out.
func Compose(stories []Story, d Digest, slot Slot) Edition { return compose(stories, d, slot, nil) }

func compose(stories []Story, d Digest, slot Slot, m *Memory) Edition {
	e := Edition{Key: slot.Key(), Digest: d.Name, Title: d.Title, From: d.From, Lang: d.Lang, At: slot.At, Names: Names{}}
	for _, t := range d.Topics {
		e.Names[t.ID] = name(t, d.Lang)
	}
	c := composer{layout: d.Layout.orDefault(), topics: d.Topics, lang: d.Lang, known: d.known(), at: slot.At, limits: map[share]int{}, memory: m}
	c.quoting = quoting{digest: d.Name, sentences: c.layout.Sentences, known: c.known, lang: d.Lang}
	stories, e.Left = c.sift(stories)
	page := c.lay(stories)
	for at, n := c.excess(); n > 0; at, n = c.excess() {
		c.limits[at] = n
		page = c.lay(stories)
	}
	if page.lead != nil {
		lead := c.finish(*page.lead)
		e.Lead = &lead
	}
	for _, t := range d.Topics {
		if got := page.sections[t.ID]; len(got) > 0 {
			e.Sections = append(e.Sections, Section{Topic: t.ID, Stories: c.finished(got)})
		}
	}
	e.Brief, e.Left = c.finished(page.brief), append(e.Left, page.left...)
	return e
}

// sift leaves out what is not about artificial intelligence.
func (c *composer) sift(stories []Story) (about []Story, left []Omitted) {
	for _, s := range stories {
		if s.Relevance >= LeastRelevance || onTopic(s, c.known) || s.pinned() {
			about = append(about, s)
			continue
		}
		left = append(left, Omitted{Story: s.ID, Article: s.Lead.ID, Title: s.Lead.Title,
			Why: fmt.Sprintf("it is not about artificial intelligence: relevance %.2f, least %.2f", s.Relevance, LeastRelevance)})
	}
	return about, left
}

// name is what a topic is called in a language, in English when it has no name there, else its id.
func name(t Topic, lang string) string {
	return cmp.Or(t.Name[lang], t.Name[text.Base(lang)], t.Name["en"], t.ID)
}

// rest is how long a story that led an edition leads none again unless something new is told of it.
const rest = 3 * 24 * time.Hour

// leading is the index of the story to lead with, -1 when none reaches the floor: the best that is told
// twice, in the edition's language rather than in another, else the best that is told once, likewise.
func (c *composer) leading(stories []Story) int {
	lead, worth := -1, 0
	for i, s := range stories {
		if s.chosen() {
			return i
		}
		if s.Score < c.layout.Floor || s.rests(c.at) {
			continue
		}
		mine := 1
		if s.Sources >= 2 {
			mine += 2
		}
		if !foreign(s.Lead, c.lang) {
			mine++
		}
		if mine > worth {
			lead, worth = i, mine
		}
	}
	return lead
}

// rests says whether a story led an edition of late and goes on with more voices only.
func (s Story) rests(at time.Time) bool {
	return s.Update != nil && len(s.Update.New) == 0 && !s.Update.Led.IsZero() && at.Sub(s.Update.Led) < rest
}

// share is what one company has of one section.
type share struct{ topic, company string }

// composer knows what bounds a page.
type composer struct {
	layout Layout
	topics []Topic
	lang   string
	known  map[string]Source // by URL
	at     time.Time
	limits map[share]int // stories, where a company would have too much otherwise
	page   *page

	quoting quoting
	memory  *Memory
}

// page is an edition being laid out.
type page struct {
	lead     *Story
	sections map[string][]Story
	brief    []Story
	left     []Omitted
	bySource map[string]int
	placed   int
}

// lay places the stories: what an editor pinned, in his order, and then the best first.
func (c *composer) lay(stories []Story) *page {
	stories = slices.Clone(stories)
	slices.SortStableFunc(stories, func(a, b Story) int {
		switch {
		case a.pinned() && b.pinned():
			return a.Decided.Order - b.Decided.Order
		case a.pinned():
			return -1
		case b.pinned():
			return 1
		}
		return 0
	})
	c.page = &page{sections: map[string][]Story{}, bySource: map[string]int{}}
	leading := c.leading(stories)
	if leading >= 0 {
		lead := stories[leading]
		lead.Single = lead.Sources < 2
		c.page.lead = &lead
		c.page.bySource[lead.Lead.Feed]++
		c.page.placed++
	}
	for i, s := range stories {
		if i != leading {
			c.place(s)
		}
	}
	return c.page
}

func (c *composer) place(s Story) {
	if !s.pinned() {
		s = c.relieved(s)
	}
	p, why := c.page, c.refusal(s)
	switch {
	case why == "":
		p.sections[s.Topic] = append(p.sections[s.Topic], s)
		p.bySource[s.Lead.Feed]++
		p.placed++
	case s.pinned(): // it fits no section
		p.brief = append(p.brief, s)
	case s.Score < c.layout.BriefFloor:
		p.left = append(p.left, Omitted{Story: s.ID, Article: s.Lead.ID, Title: s.Lead.Title, Why: fmt.Sprintf("its score %.2f lies below the floor of brief, %.2f", s.Score, c.layout.BriefFloor)})
	case len(p.brief) < c.layout.Brief:
		p.brief = append(p.brief, s)
	case c.layout.Brief == 0:
		p.left = append(p.left, Omitted{Story: s.ID, Article: s.Lead.ID, Title: s.Lead.Title, Why: why + "; there is no brief"})
	default:
		p.left = append(p.left, Omitted{Story: s.ID, Article: s.Lead.ID, Title: s.Lead.Title, Why: why + "; brief is full"})
	}
}

// relieved gives a story another lead when its source leads enough stories already: the next independent report of
// which the same can be said that put the first one there, but for its source.
func (c *composer) relieved(s Story) Story {
	full := func(a Article) bool { return c.page.bySource[a.Feed] >= c.layout.PerSource }
	if !full(s.Lead) {
		return s
	}
	voice := voices(&s, c.known)
	for i, a := range s.Others {
		told := s.Update != nil && len(s.Update.By) > 0 && !slices.Contains(s.Update.By, a.ID)
		if !full(a) && voice[a.ID] == report && foreign(a, c.lang) == foreign(s.Lead, c.lang) && words(a) > 0 && !told {
			s.Reasons = append(slices.Clip(s.Reasons), Reason{Part: "lead", Detail: fmt.Sprintf("instead of %s, which leads %d stories already", teller(s.Lead), c.layout.PerSource)})
			s.Others = slices.Insert(slices.Delete(slices.Clone(s.Others), i, i+1), 0, s.Lead)
			s.Lead = a
			return s
		}
	}
	return s
}

// refusal says why a story gets no block of its own; empty: it gets one.
func (c *composer) refusal(s Story) string {
	p := c.page
	switch {
	case !slices.ContainsFunc(c.topics, func(t Topic) bool { return t.ID == s.Topic }):
		return "it fits no topic"
	case s.pinned():
		return ""
	case s.Score < c.layout.Floor:
		return fmt.Sprintf("its score %.2f lies below the floor %.2f", s.Score, c.layout.Floor)
	case p.placed >= c.layout.Stories:
		return fmt.Sprintf("the edition has its %d stories", c.layout.Stories)
	case len(p.sections[s.Topic]) >= c.layout.PerSection:
		return fmt.Sprintf("its section has its %d stories", c.layout.PerSection)
	case p.bySource[s.Lead.Feed] >= c.layout.PerSource:
		return fmt.Sprintf("its source leads %d stories already", c.layout.PerSource)
	}
	if limit, ok := c.limits[share{s.Topic, company(s)}]; ok && p.held(s.Topic, company(s)) >= limit {
		return fmt.Sprintf("%s has more than half of %d other sections", company(s), c.layout.Companies)
	}
	return ""
}

// held counts a company's stories in a section.
func (p *page) held(topic, of string) int {
	n := 0
	for _, s := range p.sections[topic] {
		if company(s) == of {
			n++
		}
	}
	return n
}

// excess finds a company that has more than half of too many sections, the one of these in which it does
// worst, and how many stories it may have there; 0 when there is none. A section's only story is not more than
// half of it. Each limit is below what the company had, so that laying the page anew comes to an end.
func (c *composer) excess() (at share, limit int) {
	by := map[string][]string{} // topics, by company
	for _, t := range c.topics {
		stories := c.page.sections[t.ID]
		for i, s := range stories {
			of := company(s)
			first := !slices.ContainsFunc(stories[:i], func(o Story) bool { return company(o) == of })
			if n := c.page.held(t.ID, of); of != "" && first && n > 1 && 2*n > len(stories) {
				by[of] = append(by[of], t.ID)
			}
		}
	}
	for _, of := range slices.Sorted(maps.Keys(by)) {
		if topics := by[of]; len(topics) > c.layout.Companies {
			worst := slices.MinFunc(topics, func(a, b string) int { return cmp.Compare(c.best(a, of), c.best(b, of)) })
			return share{worst, of}, max(1, len(c.page.sections[worst])-c.page.held(worst, of))
		}
	}
	return share{}, 0
}

// best is the score of a company's best story in a section.
func (c *composer) best(topic, of string) float64 {
	stories := c.page.sections[topic]
	return stories[slices.IndexFunc(stories, func(s Story) bool { return company(s) == of })].Score
}

// finish quotes what is printed under the story's headline.
func (c *composer) finish(s Story) Story {
	s.Summary, s.Added = c.memory.quote(s, c.quoting)
	return s
}

func (c *composer) finished(stories []Story) []Story {
	for i, s := range stories {
		stories[i] = c.finish(s)
	}
	return stories
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

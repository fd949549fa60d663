package digest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"tidings/digest/text"
)

// Grouping is what articles are grouped by, beside themselves. Its zero value groups without topics.
type Grouping struct {
	Topics  []Topic
	Names   *text.Names          // known organisations, models, people; nil: the built-in ones
	Stories map[string]string    // by article's id: the story in which it was told before
	Vectors map[string][]float32 // by article's id: what it means, as an embedding; any may be missing
}

// Group brings articles of one event together and files each story under a topic. The result does not
// depend on the articles' order; its own order is that of the stories' earliest members.
//
// The same link, or the same title within the window, is the same story. Of the rest, the most alike are
// joined first, and two groups only if at least half of all pairs across them are alike (a quorum), so
// that a chain of half-likenesses never makes a story.
//
// A story is called by its earliest member, or as the articles of it are called that were told before; of
// several such names the earliest member's stays.
func Group(articles []Article, by Grouping) []Story {
	ordered := slices.Clone(articles)
	slices.SortFunc(ordered, earlier)
	filer := NewFiler(by.Topics)
	names := by.Names
	if names == nil {
		names = text.NewNames(nil)
	}
	p := newPairing(ordered, filer)
	g := newGroups(len(ordered))
	g.joinSame(p)
	inside := map[int][]link{} // the links within a group, by the group
	for _, l := range g.joinAlike(p) {
		if of := g.of[l.i]; of == g.of[l.j] {
			inside[of] = append(inside[of], l)
		}
	}
	var stories []Story
	for _, members := range g.sorted() {
		stories = append(stories, newStory(p, members, inside[g.of[members[0]]], filer))
		stories[len(stories)-1].Names = namesOf(stories[len(stories)-1].Articles(), names)
		for _, m := range members {
			if id := by.Stories[ordered[m].ID]; id != "" {
				stories[len(stories)-1].ID = id
				break
			}
		}
	}
	return stories
}

// earlier orders articles by date, undated ones last, then by id and title: a total order that does not
// depend on how they came in.
func earlier(a, b Article) int {
	if a.Published.IsZero() != b.Published.IsZero() {
		if a.Published.IsZero() {
			return 1
		}
		return -1
	}
	return cmp.Or(a.Published.Compare(b.Published), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Title, b.Title), cmp.Compare(a.URL, b.URL),
		cmp.Compare(a.Feed, b.Feed), cmp.Compare(a.Summary, b.Summary), cmp.Compare(a.Text, b.Text))
}

// link is a pair that was found alike.
type link struct {
	i, j  int
	score float64
	words []string
}

// groups says which group each document is in, who is in each, and how many pairs across two of them are
// alike; that is counted as groups grow, for to ask all pairs anew at each join would take a day's news
// minutes.
type groups struct {
	of      []int
	members map[int][]int
	alike   map[int]map[int]int
}

func newGroups(n int) *groups {
	g := &groups{of: make([]int, n), members: map[int][]int{}, alike: map[int]map[int]int{}}
	for i := range n {
		g.of[i], g.members[i] = i, []int{i}
	}
	return g
}

// join puts the second's group into the first's; the older name stays.
func (g *groups) join(i, j int) {
	a, b := min(g.of[i], g.of[j]), max(g.of[i], g.of[j])
	if a == b {
		return
	}
	for _, m := range g.members[b] {
		g.of[m] = a
	}
	g.members[a] = append(g.members[a], g.members[b]...)
	delete(g.members, b)
	for c, pairs := range g.alike[b] {
		delete(g.alike[c], b)
		g.count(a, c, pairs)
	}
	delete(g.alike, b)
}

// count adds to the pairs that are alike across two groups.
func (g *groups) count(a, b, pairs int) {
	if a == b {
		return
	}
	for _, of := range [][2]int{{a, b}, {b, a}} {
		if g.alike[of[0]] == nil {
			g.alike[of[0]] = map[int]int{}
		}
		g.alike[of[0]][of[1]] += pairs
	}
}

// joinSame joins what is one article told twice: equal links, or equal titles of some length.
func (g *groups) joinSame(p *pairing) {
	byLink, byTitle := map[string]int{}, map[string]int{}
	for i, d := range p.docs {
		if u := d.article.URL; u != "" {
			if first, ok := byLink[u]; ok {
				g.join(first, i)
			} else {
				byLink[u] = i
			}
		}
		title := text.Fold(strings.Join(text.Words(d.article.Title), " "))
		if len(title) < 20 {
			continue
		}
		if first, ok := byTitle[title]; ok && p.near(first, i) {
			g.join(first, i)
		} else {
			byTitle[title] = i
		}
	}
}

// joinAlike joins by likeness, the most alike first, and returns the pairs that were alike.
func (g *groups) joinAlike(p *pairing) []link {
	var links []link
	for i, j := range p.candidates {
		if score, words := p.score(i, j); score > 0 {
			links = append(links, link{i, j, score, words})
			g.count(g.of[i], g.of[j], 1)
		}
	}
	slices.SortFunc(links, func(a, b link) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.i, b.i), cmp.Compare(a.j, b.j))
	})
	for _, l := range links {
		if a, b := g.of[l.i], g.of[l.j]; a != b && g.quorum(a, b) {
			g.join(l.i, l.j)
		}
	}
	return links
}

// quorum says whether at least half of the pairs across two groups are alike.
func (g *groups) quorum(a, b int) bool {
	return 2*g.alike[a][b] >= len(g.members[a])*len(g.members[b])
}

func (g *groups) sorted() [][]int {
	var out [][]int
	for _, m := range g.members {
		slices.Sort(m)
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b []int) int { return cmp.Compare(a[0], b[0]) })
	return out
}

// newStory makes a story of its members, the earliest of which names it; links are those between them.
func newStory(p *pairing, members []int, links []link, f *Filer) Story {
	first := p.docs[members[0]].article
	s := Story{ID: storyID(first), Lead: first}
	for _, m := range members[1:] {
		s.Others = append(s.Others, p.docs[m].article)
	}
	told := map[int]bool{members[0]: true}
	for _, l := range links {
		if !(told[l.i] && told[l.j]) {
			told[l.i], told[l.j] = true, true
			s.Reasons = append(s.Reasons, Reason{Part: "linked", Value: l.score, Detail: fmt.Sprintf("%s ~ %s: %s",
				teller(p.docs[l.i].article), teller(p.docs[l.j].article), strings.Join(l.words[:min(5, len(l.words))], ", "))})
		}
	}
	filings := make([]Filing, len(members))
	for i, m := range members {
		filings[i] = p.docs[m].filing
	}
	f.fileStory(&s, filings)
	return s
}

// teller names an article to an editor: by who tells it, for an id says nothing to people.
func teller(a Article) string { return cmp.Or(a.Source.Title, a.ID) }

// storyID is made from the earliest member, so that later members do not change it.
func storyID(first Article) string {
	sum := sha256.Sum256([]byte(cmp.Or(first.ID, first.URL, first.Title)))
	return hex.EncodeToString(sum[:6])
}

// fileStory files a story by the votes of its members.
func (f *Filer) fileStory(s *Story, filings []Filing) {
	sums, words := map[string]float64{}, map[string][]string{}
	for _, filing := range filings {
		s.Relevance += filing.Relevance / float64(len(filings))
		if filing.Topic != "" {
			sums[filing.Topic] += 1
			words[filing.Topic] = append(words[filing.Topic], filing.Words...)
		}
		for _, t := range filing.Tags {
			sums[t] += 0.34
		}
	}
	s.Topic = Brief
	best := 0.0
	for id := range f.order {
		if sums[id] > best || sums[id] == best && best > 0 && f.order[id] < f.order[s.Topic] {
			s.Topic, best = id, sums[id]
		}
	}
	if best == 0 {
		return
	}
	for id := range f.order {
		if id != s.Topic && sums[id] > 0 {
			s.Tags = append(s.Tags, id)
		}
	}
	slices.SortFunc(s.Tags, func(a, b string) int {
		return cmp.Or(cmp.Compare(sums[b], sums[a]), cmp.Compare(f.order[a], f.order[b]))
	})
	s.Tags = s.Tags[:min(mostTags, len(s.Tags))]
	told := slices.Compact(slices.Sorted(slices.Values(words[s.Topic])))
	s.Reasons = append(s.Reasons, Reason{Part: "topic", Value: best, Detail: strings.Join(told[:min(8, len(told))], ", ")})
}

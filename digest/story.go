package digest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// links are the pairs that may tell one story.
func (p *pairing) links(l Likeness) []link {
	var out []link
	p.hopeless = p.hopelessBy(&l)
	var f Features
	for i, j := range p.candidates {
		p.features(&f, i, j)
		one := link{i: i, j: j, p: l.Probability(&f)}
		if one.p < least {
			continue
		}
		if one.p >= nearly {
			one.conflict = p.conflict(i, j)
		}
		if a, b := p.docs[i], p.docs[j]; one.conflict == "" && f[TextsCosine] >= likelyCopy && a.source != b.source && copyOf(a.article, b.article) {
			one.p = 1
		}
		out = append(out, one)
	}
	return out
}

// The bounds of what is told of a story.
const (
	mostNear  = 5
	toldWords = 5 // of a link
	toldParts = 2 // features of a link
)

// stories makes stories of groups; parts are the articles of each reading.
func (p *pairing) stories(g *groups, links []link, parts [][]int, ordered []Article, by Grouping, l Likeness) []Story {
	inside, across := map[int][]link{}, map[[2]int]link{}
	for _, one := range links {
		a, b := g.of[one.i], g.of[one.j]
		if a == b {
			inside[a] = append(inside[a], one)
		} else if one.p >= nearly {
			key := [2]int{min(a, b), max(a, b)}
			if best, ok := across[key]; !ok || stronger(one, best) < 0 {
				across[key] = one
			}
		}
	}
	var out []Story
	at := map[int]int{} // stories by their group
	for of, members := range g.members {
		if len(members) > 0 {
			at[of] = len(out)
			out = append(out, p.story(members, inside[of], parts, ordered, by, &l))
		}
	}
	for _, one := range slices.SortedFunc(maps.Values(across), stronger) {
		for _, side := range [][2]int{{one.i, one.j}, {one.j, one.i}} {
			s, other := &out[at[g.of[side[0]]]], &out[at[g.of[side[1]]]]
			if len(s.Near) < mostNear {
				s.Near = append(s.Near, Near{Story: other.ID, Title: other.Lead.Title, Score: one.p, Why: p.why(one)})
			}
		}
	}
	return out
}

// stronger orders links, the strongest first, in a total order.
func stronger(a, b link) int {
	return cmp.Or(cmp.Compare(b.p, a.p), cmp.Compare(a.i, b.i), cmp.Compare(a.j, b.j))
}

// story makes a story of readings. It is called by its earliest member, or as it was called before.
func (p *pairing) story(members []int, inside []link, parts [][]int, ordered []Article, by Grouping, l *Likeness) Story {
	var all []int
	var filings []Filing
	for _, m := range members {
		all = append(all, parts[m]...)
		filings = append(filings, slices.Repeat([]Filing{p.docs[m].filing}, len(parts[m]))...)
	}
	slices.Sort(all)
	s := Story{ID: storyID(ordered[all[0]]), Lead: ordered[all[0]]}
	for _, m := range all[1:] {
		s.Others = append(s.Others, ordered[m])
	}
	for _, m := range all {
		if id := by.Stories[ordered[m].ID]; id != "" {
			s.ID = id
			break
		}
	}
	s.Names = namesOf(s.Articles(), p.names)
	s.Copies = copies(s.Articles())
	s.Reasons = p.linked(inside, l)
	p.filer.fileStory(&s, filings)
	return s
}

// linked tells why members of a story are together: each by the strongest link that brought it in.
func (p *pairing) linked(links []link, l *Likeness) []Reason {
	slices.SortFunc(links, stronger)
	told := map[int]bool{}
	var out []Reason
	for _, one := range links {
		if told[one.i] && told[one.j] || one.conflict != "" {
			continue
		}
		told[one.i], told[one.j] = true, true
		out = append(out, Reason{Part: "linked", Value: one.p, Detail: fmt.Sprintf("%s ~ %s: %s (%s)",
			teller(*p.docs[one.j].article), teller(*p.docs[one.i].article), p.common(one), p.decisive(one, l))})
	}
	return out
}

// common lists the words that a link's articles share, the rarest first.
func (p *pairing) common(one link) string {
	a, b := p.docs[one.i], p.docs[one.j]
	x, y := a.body, b.body
	if a.lang != b.lang {
		x, y = a.portable, b.portable
	}
	var words []weighed
	for i, j := range shared(x, y) {
		words = append(words, weighed{x[i].word, x[i].weight * y[j].weight})
	}
	slices.SortFunc(words, func(a, b weighed) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(p.bare(a.word), p.bare(b.word)))
	})
	var out []string
	for _, w := range words[:min(toldWords, len(words))] {
		out = append(out, p.bare(w.word))
	}
	return strings.Join(out, ", ")
}

// decisive names the features that spoke the loudest for a link.
func (p *pairing) decisive(one link, l *Likeness) string {
	var f Features
	p.features(&f, one.i, one.j)
	speak := func(x Feature) float64 { return l[x] * f[x] }
	var all []Feature
	for x := range features {
		if speak(x) > 0 && x != Titles && x != Texts && x != Across {
			all = append(all, x)
		}
	}
	slices.SortStableFunc(all, func(a, b Feature) int { return cmp.Compare(speak(b), speak(a)) })
	var out []string
	for _, x := range all[:min(toldParts, len(all))] {
		out = append(out, fmt.Sprintf("%s %+.1f", x, speak(x)))
	}
	return strings.Join(out, ", ")
}

// why tells what two stories share and what keeps them apart.
func (p *pairing) why(one link) string {
	return fmt.Sprintf("%s; %s", p.common(one), cmp.Or(one.conflict, "too little else in common"))
}

// mostOriginals bounds the texts that a story's members are compared with, so that a thousand of one story cost
// no more than their number.
const mostOriginals = 32

// copies returns the ids of the articles that repeat the text of one before them.
func copies(articles []Article) []string {
	if len(articles) < 2 {
		return nil
	}
	var out []string
	var originals [][]uint32
	seen := map[string]bool{}
	for i := range articles {
		a := &articles[i]
		whole := bodyOf(*a, copiedWords)
		repeats := seen[whole] && len(whole) >= leastSame
		if !repeats {
			seen[whole] = true
			s := shingles(a)
			repeats = s != nil && slices.ContainsFunc(originals, func(o []uint32) bool { return contained(s, o) >= containment })
			if !repeats && s != nil && len(originals) < mostOriginals {
				originals = append(originals, s)
			}
		}
		if repeats {
			out = append(out, a.ID)
		}
	}
	return out
}

// teller names an article to an editor: by who tells it, for an id says nothing to people.
func teller(a Article) string { return cmp.Or(a.Source.Title, a.ID) }

// storyID is made from the earliest member, so that later members do not change it.
func storyID(first Article) string {
	sum := sha256.Sum256([]byte(cmp.Or(first.ID, first.URL, first.Title)))
	return hex.EncodeToString(sum[:6])
}

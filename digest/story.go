package digest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// links are the pairs that may tell one story.
func (p *pairing) links(l Likeness) []link {
	var out []link
	p.hopeless = p.hopelessBy(&l)
	var f Features
	begin := beginnings{}
	for i, j := range p.candidates {
		p.features(&f, i, j)
		one := link{i: int32(i), j: int32(j), p: l.Probability(&f)}
		if one.p < least {
			continue
		}
		if one.p >= nearly {
			one.conflict = p.conflict(i, j)
		}
		if a, b := p.docs[i], p.docs[j]; one.conflict == "" && f[TextsCosine] >= likelyCopy && a.source != b.source && begin.copied(a.article, b.article) {
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

// grouped tells of readings that were joined what stories they are.
type grouped struct {
	*likened
	known  map[string]string // by article's id: the story in which it was told before
	joined [][2]int32        // readings that an editor put together
}

// stories makes stories of groups.
func (t *grouped) stories(g *groups) []Story {
	inside, across := map[int32][]link{}, map[[2]int32]link{}
	for _, one := range t.links {
		a, b := g.of[one.i], g.of[one.j]
		if a == b {
			inside[a] = append(inside[a], one)
		} else if one.p >= nearly {
			key := [2]int32{min(a, b), max(a, b)}
			if best, ok := across[key]; !ok || stronger(one, best) < 0 {
				across[key] = one
			}
		}
	}
	var out []Story
	at := map[int32]int{} // stories by their group
	for i, members := range g.members {
		if of := int32(i); len(members) > 0 {
			at[of] = len(out)
			out = append(out, t.story(members, inside[of]))
		}
	}
	for _, one := range slices.SortedFunc(maps.Values(across), stronger) {
		for _, side := range [][2]int32{{one.i, one.j}, {one.j, one.i}} {
			s, other := &out[at[g.of[side[0]]]], &out[at[g.of[side[1]]]]
			if len(s.Near) < mostNear {
				s.Near = append(s.Near, Near{Story: other.ID, Article: other.Lead.ID, Title: other.Lead.Title, Score: one.p, Why: t.why(one)})
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
func (t *grouped) story(members []int32, inside []link) Story {
	var all []int
	var filings []Filing
	for _, m := range members {
		all = append(all, t.parts[m]...)
		filings = append(filings, slices.Repeat([]Filing{t.docs[m].filing}, len(t.parts[m]))...)
	}
	slices.Sort(all)
	s := Story{ID: storyID(t.articles[all[0]]), Lead: t.articles[all[0]]}
	for _, m := range all[1:] {
		s.Others = append(s.Others, t.articles[m])
	}
	for _, m := range all {
		if id := t.known[t.articles[m].ID]; id != "" {
			s.ID = id
			break
		}
	}
	s.Names = namesOf(s.Articles(), t.names)
	s.Copies = copies(s.Articles())
	s.Reasons = append(t.linked(inside), t.together(members)...)
	t.filer.fileStory(&s, filings)
	return s
}

// together tells which members an editor put together.
func (t *grouped) together(members []int32) []Reason {
	var out []Reason
	for _, pair := range t.joined {
		if slices.Contains(members, pair[0]) && slices.Contains(members, pair[1]) {
			out = append(out, Reason{Part: "linked", Value: 1,
				Detail: fmt.Sprintf("%s ~ %s: by the editor", teller(*t.docs[pair[0]].article), teller(*t.docs[pair[1]].article))})
		}
	}
	return out
}

// linked tells why members of a story are together: each by the strongest link that brought it in.
func (t *grouped) linked(links []link) []Reason {
	slices.SortFunc(links, stronger)
	told := map[int32]bool{}
	var out []Reason
	for _, one := range links {
		if told[one.i] && told[one.j] || one.conflict != "" {
			continue
		}
		told[one.i], told[one.j] = true, true
		out = append(out, Reason{Part: "linked", Value: one.p, Detail: fmt.Sprintf("%s ~ %s: %s (%s)",
			teller(*t.docs[one.j].article), teller(*t.docs[one.i].article), t.common(one), t.decisive(one))})
	}
	return out
}

// common lists the words that a link's articles share, the rarest first.
func (t *grouped) common(one link) string {
	a, b := t.docs[one.i], t.docs[one.j]
	x, y := a.body, b.body
	if a.lang != b.lang {
		x, y = a.portable, b.portable
	}
	var words []weighed
	for i, j := range shared(x, y) {
		words = append(words, weighed{x[i].word, x[i].weight * y[j].weight})
	}
	slices.SortFunc(words, func(a, b weighed) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(t.bare(a.word), t.bare(b.word)))
	})
	var out []string
	for _, w := range words {
		if told := readable(t.bare(w.word)); len(out) < toldWords && !slices.Contains(out, told) {
			out = append(out, told)
		}
	}
	return strings.Join(out, ", ")
}

// readable writes a compared word for a person: an event or a maker without its mark, and a great number in words.
func readable(word string) string {
	if n, err := strconv.ParseFloat(word, 64); err == nil && n >= 1e6 {
		return amount(n)
	}
	return strings.ToLower(strings.TrimLeft(word, "!@"))
}

// decisive names the features that spoke the loudest for a link.
func (t *grouped) decisive(one link) string {
	var f Features
	t.features(&f, int(one.i), int(one.j))
	speak := func(x Feature) float64 { return t.likeness[x] * f[x] }
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
func (t *grouped) why(one link) string {
	return fmt.Sprintf("%s; %s", t.common(one), cmp.Or(one.conflict, "too little else in common"))
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

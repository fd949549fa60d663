package digest

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"tidings/digest/text"
)

// Grouping is what articles are grouped by, beside themselves. Its zero value groups without topics.
type Grouping struct {
	Topics   []Topic
	Names    *text.Names          // known organisations, models, people; nil: the built-in ones
	Stories  map[string]string    // by article's id: the story in which it was told before
	Likeness *Likeness            // nil: the one that was learnt
	Vectors  map[string][]float32 // by article's id: what it means, as an embedding; any may be missing
	Joined   [][]string           // ids of articles that tell one story, whatever their likeness
	Parted   [][2]string          // and of those that do not; of both they are an editor's decisions

	Filed func(id string, f Filing) // told how articles are filed, of those that are one and the same only one; may be nil
}

// Group brings articles of one event together and files each story under a topic. The result does not
// depend on the articles' order; its own order is that of the stories' earliest members.
//
// What is one article told again is joined first. Of the rest, pairs that share rare words are looked at; their
// features give the probability that they tell one story. Groups are joined by the mean of these probabilities,
// the greatest first, so that a chain of half-likenesses never makes a story.
//
// A story is called by its earliest member, or as the articles of it are called that were told before; of
// several such names the earliest member's stays.
func Group(articles []Article, by Grouping) []Story { return liken(articles, by).group(by) }

// likened are articles with what makes any two of them alike: that part of grouping which takes long, and in which
// nothing of what was told or decided counts.
type likened struct {
	*pairing
	given    []Article
	by       Grouping
	likeness Likeness
	articles []Article // ordered
	parts    [][]int   // by reading: the articles that it stands for
	links    []link
}

func liken(articles []Article, by Grouping) *likened {
	l := &likened{given: articles, by: by, likeness: by.likeness(), articles: slices.Clone(articles)}
	slices.SortFunc(l.articles, earlier)
	l.pairing, l.parts = by.pair(l.articles)
	l.links = l.pairing.links(l.likeness)
	return l
}

// group makes stories of them by what was told and decided. It may be asked again, one after the other.
func (l *likened) group(by Grouping) []Story {
	joined, parted := by.decided(l.articles, l.parts)
	g := newGroups(len(l.docs), append(l.links[:len(l.links):len(l.links)], parted...))
	for _, pair := range joined {
		g.unite(pair[0], pair[1])
	}
	g.joinAll()
	told := grouped{likened: l, known: by.Stories, joined: joined}
	return told.stories(g)
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

// pair reads articles for comparing: one of those that are the same, the one that says most, with the time of
// all. It returns the parts beside the readings.
func (by Grouping) pair(ordered []Article) (*pairing, [][]int) {
	r := newReader(by)
	parts := same(ordered)
	read := make([]*counted, len(parts))
	for i, part := range parts {
		most := part[0]
		for _, m := range part[1:] {
			if len(ordered[m].Text)+len(ordered[m].Summary) > len(ordered[most].Text)+len(ordered[most].Summary) {
				most = m
			}
		}
		c := r.read(&ordered[most])
		read[i] = c
		if by.Filed != nil {
			by.Filed(ordered[most].ID, c.filing)
		}
		c.from, c.to = ordered[part[0]].Published, ordered[part[0]].Published
		for _, m := range part {
			if at := ordered[m].Published; at.After(c.to) && at.Sub(c.from) <= longestLife {
				c.to = at
			}
		}
	}
	return newPairing(r, read, by), parts
}

// Pairs yields the pairs of articles that grouping looks at, each once, with what it finds in them. Of articles
// that are one and the same, only one stands in pairs.
func Pairs(articles []Article, by Grouping) iter.Seq2[Pair, Features] {
	return func(yield func(Pair, Features) bool) {
		ordered := slices.Clone(articles)
		slices.SortFunc(ordered, earlier)
		p, _ := by.pair(ordered)
		for i, j := range p.candidates {
			var f Features
			p.features(&f, i, j)
			if !yield(Pair{p.docs[j].article.ID, p.docs[i].article.ID}, f) {
				return
			}
		}
	}
}

// Pair is two articles, by their ids, the earlier one first.
type Pair struct{ A, B string }

// likeness is the one to group by.
func (by Grouping) likeness() Likeness {
	if by.Likeness != nil {
		return *by.Likeness
	}
	l, _ := NewLikeness(likenessFile) // a test reads it
	return l
}

// fileStory files a story by the votes of its members.
func (f *Filer) fileStory(s *Story, filings []Filing) {
	sums, words := map[string]float64{}, map[string][][]string{}
	for _, filing := range filings {
		s.Relevance += filing.Relevance / float64(len(filings))
		if filing.Topic != "" {
			sums[filing.Topic] += 1
			words[filing.Topic] = append(words[filing.Topic], filing.Words)
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
	s.Reasons = append(s.Reasons, Reason{Part: "topic", Value: best, Detail: strings.Join(strongest(words[s.Topic]), ", ")})
}

// strongest are the clues that decided, each once: the first of every member, then the second, and so on.
func strongest(members [][]string) []string {
	var out []string
	seen := map[string]bool{}
	for rank := range mostClues {
		for _, words := range members {
			if rank >= len(words) || len(out) == mostClues {
				continue
			}
			name := words[rank][:strings.LastIndexByte(words[rank], ' ')]
			if !seen[name] {
				out = append(out, words[rank])
			}
			seen[name] = true
		}
	}
	return out
}

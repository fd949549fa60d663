package digest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tidings/digest/text"
)

// sharedNames is how many rare names two stories share that speak of the same thing.
const sharedNames = 2

// diversify lowers each story that shares rare names with a better one, once, and orders them anew. The
// stories come with the best first.
func diversify(stories []Story, by float64) []Story {
	if by <= 0 {
		return stories
	}
	rare := rareNames(stories)
	placed := map[string][]int{} // places in out, by name
	out := make([]Story, 0, len(stories))
	place := func(s Story) {
		for _, n := range rare[s.ID] {
			placed[n] = append(placed[n], len(out))
		}
		out = append(out, s)
	}
	var lowered []Story // in order, since all are lowered by the same
	for _, s := range stories {
		for len(lowered) > 0 && better(lowered[0], s) < 0 {
			place(lowered[0])
			lowered = lowered[1:]
		}
		if at, names := resembling(rare[s.ID], placed); at >= 0 {
			s.Score -= by
			s.Reasons = append(s.Reasons, Reason{"sameness", -by, fmt.Sprintf("%s, as in %q", strings.Join(names, ", "), out[at].Lead.Title)})
			lowered = append(lowered, s)
			continue
		}
		place(s)
	}
	return append(out, lowered...)
}

// resembling finds the first placed story that shares enough names with these; -1 when there is none.
func resembling(names []string, placed map[string][]int) (at int, shared []string) {
	by := map[int][]string{}
	for _, n := range names {
		for _, i := range placed[n] {
			by[i] = append(by[i], n)
		}
	}
	at = -1
	for i, n := range by {
		if len(n) >= sharedNames && (at < 0 || i < at) {
			at, shared = i, n
		}
	}
	return at, shared
}

// rareNames are the names of each story, by its id, that only few of the stories speak of: three at most, or
// one in fifty.
func rareNames(stories []Story) map[string][]string {
	names, held := make(map[string][]string, len(stories)), map[string]int{}
	for _, s := range stories {
		names[s.ID] = storyNames(s)
		for _, n := range names[s.ID] {
			held[n]++
		}
	}
	few := max(3, len(stories)/50)
	for id, list := range names {
		names[id] = slices.DeleteFunc(list, func(n string) bool { return held[n] > few })
	}
	return names
}

// storyNames are the names that a story speaks of, folded: those that are known, and what the headline writes
// like names.
func storyNames(s Story) []string {
	var out []string
	for _, n := range s.Names {
		if n.Kind != text.Press && n.Kind != text.Place {
			out = append(out, text.Fold(n.Name))
		}
	}
	for _, n := range spelledNames(head(s.Lead.Title, openingWords), s.Lead.Lang) {
		out = append(out, text.Fold(n.word))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// booster is an editor's wish made ready for comparing.
type booster struct {
	Boost
	words [][]string // folded
}

func newBooster(b Boost) booster {
	made := booster{Boost: b}
	for _, w := range b.Words {
		made.words = append(made.words, folded(w))
	}
	return made
}

// folded are the words of a text, made comparable.
func folded(s string) []string {
	words := text.Words(s)
	for i, w := range words {
		words[i] = text.Fold(w)
	}
	return words
}

// fits tells by what a story fits the wish; empty: it does not.
func (b booster) fits(s *Story) string {
	for _, t := range b.Topics {
		if s.Topic == t || slices.Contains(s.Tags, t) {
			return "topic " + t
		}
	}
	for _, n := range b.Names {
		if slices.ContainsFunc(s.Names, func(o text.Name) bool { return text.Fold(o.Name) == text.Fold(n) }) {
			return n
		}
	}
	if len(b.words) == 0 {
		return ""
	}
	told := folded(head(s.Lead.Title, openingWords) + ". " + head(lead(s.Lead), openingWords))
	for i, phrase := range b.words {
		if indexOf(told, phrase) >= 0 {
			return b.Words[i]
		}
	}
	return ""
}

// indexOf is where a phrase begins among words; -1 when it does not stand there.
func indexOf(words, phrase []string) int {
	if len(phrase) == 0 {
		return -1
	}
	for i := range len(words) - len(phrase) + 1 {
		if slices.Equal(words[i:i+len(phrase)], phrase) {
			return i
		}
	}
	return -1
}

// company is who a story is mainly about: the organisation that it speaks of most, or that makes what it
// speaks of most; empty when none is known.
func company(s Story) string {
	for _, n := range s.Names {
		if n.Kind == text.Organisation || n.Maker != "" {
			return cmp.Or(n.Maker, n.Name)
		}
	}
	return ""
}

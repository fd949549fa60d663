package digest

import (
	"slices"
	"strings"

	"tidings/digest/text"
)

// What makes a text another's copy: so great a share of the shingles of one's beginning, runs of so many letters,
// stands in the other's (Broder 1997). Of a beginning of fewer than leastCopied letters nothing is said, unless it is
// the very same and has leastSame.
const (
	shingle     = 5
	containment = 0.8
	copiedWords = 120
	leastCopied = 200
	leastSame   = 60
	likelyCopy  = 0.6 // cosine of texts below which none is looked for
)

// shingles hashes the runs of letters of a text's beginning, sorted, each once; nil when it is too short.
func shingles(a *Article) []uint32 {
	s := strings.Join(text.Words(cut(head(bodyOf(*a, copiedWords), copiedWords), mostBytes)), " ")
	if len(s) < leastCopied {
		return nil
	}
	return runs(text.Fold(s), shingle)
}

// runs hashes the runs of n characters of s, sorted, each once.
func runs(s string, n int) []uint32 {
	out := make([]uint32, 0, len(s))
	var last []rune
	for _, c := range s {
		if last = append(last, c); len(last) < n {
			continue
		}
		last = last[len(last)-n:]
		h := uint64(14695981039346656037)
		for _, r := range last {
			h = (h ^ uint64(r)) * 1099511628211
		}
		out = append(out, uint32(h>>32))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// contained is the share of the lesser set that the other has too.
func contained(x, y []uint32) float64 {
	if len(x) > len(y) {
		x, y = y, x
	}
	n := 0
	for _, s := range x {
		if _, ok := slices.BinarySearch(y, s); ok {
			n++
		}
	}
	return float64(n) / float64(max(1, len(x)))
}

// beginnings are the shingles of articles, made when one is first compared.
type beginnings map[*Article][]uint32

// copied says whether one article repeats the text of another.
func (all beginnings) copied(a, b *Article) bool {
	x, y := all.of(a), all.of(b)
	return x != nil && y != nil && contained(x, y) >= containment
}

func (all beginnings) of(a *Article) []uint32 {
	s, ok := all[a]
	if !ok {
		s = shingles(a)
		all[a] = s
	}
	return s
}

package digest

import (
	"cmp"
	"slices"

	"tidings/digest/text"
)

// The bounds of a story's names, and what a mention in a headline is worth against one below it.
const (
	mostNames  = 12
	namedAbove = 3
)

// namesOf returns the names that articles speak of, the most spoken of first, and of equals the one that
// comes first.
func namesOf(articles []Article, known *text.Names) []text.Name {
	var names []text.Name
	index, worth := map[string]int{}, []int{}
	count := func(s string, each int) {
		for _, n := range known.Mentions(s) {
			i, ok := index[n.Key()]
			if !ok {
				i = len(names)
				index[n.Key()] = i
				names, worth = append(names, n), append(worth, 0)
			}
			worth[i] += each
		}
	}
	for _, a := range articles {
		count(a.Title, namedAbove)
		count(bodyOf(a, textLen), 1)
	}
	order := make([]int, len(names))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(worth[j], worth[i]) })
	out := make([]text.Name, 0, mostNames)
	for _, i := range order[:min(mostNames, len(order))] {
		out = append(out, names[i])
	}
	return out
}

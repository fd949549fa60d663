package digest

import (
	"container/heap"
)

// The thresholds of joining. Two groups are joined when the mean of all probabilities across them, those of
// pairs that were never looked at counted as 0, reaches linked. It is low since pairs of one story are rare and
// many of them share few words; the mean over all pairs is what keeps strangers out. What is at least nearly as
// likely is told as near.
const (
	linked  = 0.2
	nearly  = 0.1
	least   = 0.05 // of a pair; what is less counts as 0
	objects = 0.1  // share of conflicts among the pairs across two groups that keeps them apart
)

// link is a pair that may tell one story.
type link struct {
	i, j     int
	p        float64
	conflict string // what keeps it apart nevertheless
}

// edge is what is known of the pairs across two groups.
type edge struct {
	sum       float64
	conflicts int
}

// groups are joined step by step, those with the greatest mean first (average linkage; Sokal and Michener 1958).
type groups struct {
	of      []int
	members [][]int
	edges   []map[int]edge
	queue   proposals
}

// proposal is to join two groups as they were when it was made.
type proposal struct {
	mean   float64
	a, b   int // a < b
	sa, sb int // how many members they had
}

// newGroups makes a group of each of n articles.
func newGroups(n int, links []link) *groups {
	g := &groups{of: make([]int, n), members: make([][]int, n), edges: make([]map[int]edge, n)}
	for i := range n {
		g.of[i], g.members[i], g.edges[i] = i, []int{i}, map[int]edge{}
	}
	for _, l := range links {
		e := edge{sum: l.p}
		if l.conflict != "" {
			e = edge{conflicts: 1}
		}
		g.edges[l.i][l.j], g.edges[l.j][l.i] = e, e
	}
	for _, l := range links {
		g.propose(l.i, l.j)
	}
	return g
}

// joinAll joins until nothing reaches the threshold.
func (g *groups) joinAll() {
	for len(g.queue) > 0 {
		p := heap.Pop(&g.queue).(proposal)
		if len(g.members[p.a]) == p.sa && len(g.members[p.b]) == p.sb {
			g.join(p.a, p.b)
		}
	}
}

// propose puts forward to join two groups if they may be.
func (g *groups) propose(a, b int) {
	e := g.edges[a][b]
	sa, sb := len(g.members[a]), len(g.members[b])
	pairs := float64(sa * sb)
	mean := e.sum / pairs
	if mean < linked || float64(e.conflicts) > objects*pairs {
		return
	}
	a, b = min(a, b), max(a, b)
	heap.Push(&g.queue, proposal{mean, a, b, len(g.members[a]), len(g.members[b])})
}

// join puts the second group into the first.
func (g *groups) join(a, b int) {
	for _, m := range g.members[b] {
		g.of[m] = a
	}
	g.members[a] = append(g.members[a], g.members[b]...)
	g.members[b] = nil
	delete(g.edges[a], b)
	for c, e := range g.edges[b] {
		if c == a {
			continue
		}
		delete(g.edges[c], b)
		sum := g.edges[a][c]
		sum.sum += e.sum
		sum.conflicts += e.conflicts
		g.edges[a][c], g.edges[c][a] = sum, sum
	}
	g.edges[b] = nil
	for c := range g.edges[a] {
		g.propose(a, c)
	}
}

// proposals is a heap with the greatest mean on top, in a total order.
type proposals []proposal

func (q proposals) Len() int { return len(q) }
func (q proposals) Less(i, j int) bool {
	x, y := q[i], q[j]
	switch {
	case x.mean != y.mean:
		return x.mean > y.mean
	case x.a != y.a:
		return x.a < y.a
	}
	return x.b < y.b
}
func (q proposals) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *proposals) Push(x any)   { *q = append(*q, x.(proposal)) }
func (q *proposals) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}

package digest

// The thresholds of joining. Two groups are joined when the mean of all probabilities across them, those of
// pairs that were never looked at counted as 0, reaches linked. It is low since pairs of one story are rare and
// many of them share few words; the mean over all pairs is what keeps strangers out. What is at least nearly as
// likely is told as near.
const (
	linked  = 0.2
	nearly  = 0.1
	least   = 0.05 // of a pair; what is less counts as 0
	objects = 0.1  // share of conflicts among the pairs across two groups that keeps them apart

	apart = 1 << 24 // conflicts that outweigh all pairs of any two groups
)

// link is a pair that may tell one story.
type link struct {
	i, j     int32
	p        float64
	conflict string // what keeps it apart nevertheless
	parted   bool   // an editor did
}

// edge is what is known of the pairs between a group and another.
type edge struct {
	to        int32 // a reading of the other group
	conflicts int32
	sum       float64
}

// groups are joined step by step, those with the greatest mean first (average linkage; Sokal and Michener 1958).
type groups struct {
	of      []int32   // by reading: its group, which is called by its first one
	members [][]int32 // by group
	edges   [][]edge  // by group
	place   []int32   // of a group in the list that is being joined, and one; all 0 between joins
	queue   proposals
}

// newGroups makes a group of each of n readings.
func newGroups(n int, links []link) *groups {
	g := &groups{of: make([]int32, n), members: make([][]int32, n), edges: make([][]edge, n), place: make([]int32, n)}
	for i := range int32(n) {
		g.of[i], g.members[i] = i, []int32{i}
	}
	for _, l := range links {
		e := edge{sum: l.p}
		if l.conflict != "" {
			e = edge{conflicts: 1}
		}
		if l.parted {
			e = edge{conflicts: apart}
		}
		e.to = l.j
		g.edges[l.i] = append(g.edges[l.i], e)
		e.to = l.i
		g.edges[l.j] = append(g.edges[l.j], e)
		e.to = l.j
		g.propose(l.i, e)
	}
	return g
}

// joinAll joins until nothing reaches the threshold.
func (g *groups) joinAll() {
	for len(g.queue) > 0 {
		p := g.queue.pop()
		if g.size(p.a) == p.sizeA && g.size(p.b) == p.sizeB {
			g.join(p.a, p.b)
		}
	}
}

// unite joins the groups of two readings without asking.
func (g *groups) unite(i, j int32) {
	if a, b := g.of[i], g.of[j]; a != b {
		g.join(min(a, b), max(a, b))
	}
}

func (g *groups) size(group int32) int32 { return int32(len(g.members[group])) }

// propose puts forward to join a group and another if they may be.
func (g *groups) propose(a int32, e edge) {
	b := e.to
	if a > b {
		a, b = b, a
	}
	p := proposal{a: a, b: b, sizeA: g.size(a), sizeB: g.size(b)}
	pairs := float64(p.sizeA) * float64(p.sizeB)
	if p.mean = e.sum / pairs; p.mean >= linked && float64(e.conflicts) <= objects*pairs {
		g.queue.push(p)
	}
}

// join puts the second group into the first.
func (g *groups) join(a, b int32) {
	for _, m := range g.members[b] {
		g.of[m] = a
	}
	g.members[a] = append(g.members[a], g.members[b]...)
	var joined []edge
	for _, list := range [][]edge{g.edges[a], g.edges[b]} {
		for _, e := range list {
			e.to = g.of[e.to]
			switch at := g.place[e.to]; {
			case e.to == a:
			case at > 0:
				joined[at-1].sum += e.sum
				joined[at-1].conflicts += e.conflicts
			default:
				joined = append(joined, e)
				g.place[e.to] = int32(len(joined))
			}
		}
	}
	g.edges[a], g.edges[b], g.members[b] = joined, nil, nil
	for _, e := range joined {
		g.place[e.to] = 0
		g.propose(a, e)
	}
}

// proposal is to join two groups as they were when it was made.
type proposal struct {
	mean         float64
	a, b         int32 // a < b
	sizeA, sizeB int32 // how many members they had
}

// before orders proposals, the greatest mean first, in a total order.
func (p *proposal) before(q *proposal) bool {
	switch {
	case p.mean != q.mean:
		return p.mean > q.mean
	case p.a != q.a:
		return p.a < q.a
	}
	return p.b < q.b
}

// proposals is a heap. It is our own since most of the time of joining goes here, and container/heap takes thrice
// as long over its interfaces.
type proposals []proposal

func (q *proposals) push(p proposal) {
	*q = append(*q, p)
	h := *q
	i := len(h) - 1
	for i > 0 && p.before(&h[(i-1)/2]) {
		h[i] = h[(i-1)/2]
		i = (i - 1) / 2
	}
	h[i] = p
}

func (q *proposals) pop() proposal {
	h := *q
	first, last := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	*q = h
	for i := 0; len(h) > 0; {
		child := 2*i + 1
		if child+1 < len(h) && h[child+1].before(&h[child]) {
			child++
		}
		if child >= len(h) || !h[child].before(&last) {
			h[i] = last
			break
		}
		h[i] = h[child]
		i = child
	}
	return first
}

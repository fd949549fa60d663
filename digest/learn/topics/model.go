package main

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"tidings/digest"
)

// How the weights are learnt, as found best by cross-validation. The looseness is the variance of a weight around its
// prior. What an event says holds in all languages, so it is held close to the lexicon; words may say anything. Few
// passes at a small rate do the rest against learning by heart.
const (
	passes    = 3
	rate      = 0.1
	leastSeen = 2      // headlines with a clue
	kept      = 16_000 // clues, those that say most

	looseWord      = 0.3
	looseEvent     = 0.03
	looseSource    = 1
	looseBias      = 0.05
	looseRelevance = 5 // times as loose as the same clue's weights for topics
)

// Which of the allowed topics a headline means is asked of what is learnt so far and of the lexicon, half and half: the
// first alone would let one topic of a section grow at the cost of its kin.
const (
	trustModel   = 0.5
	trustLexicon = 0.5
)

// lastSafety and lastSociety are how much more must speak for the topics of concern in the editors' language: they are
// what an English headline stands under that fits no other section, although most name a risk or a worry somewhere.
const (
	lastSafety  = 1.3
	lastSociety = 0.8
)

// relevance is the last weight's place, after those of the ten topics.
const relevance = len(digest.ClueWeights{}) - 1

// unit is one clue of one headline.
type unit struct {
	clue  int
	value float64
	about bool // it says something of relevance
}

// model is what is learnt of.
type model struct {
	number  map[string]int
	name    []string
	seen    []float64
	prior   []digest.ClueWeights
	weights []digest.ClueWeights
	steps   []digest.ClueWeights // sums of squares (AdaGrad; Duchi, Hazan, Singer 2011)
	loose   []float64
}

// weigh learns the weights of clues from some of the headlines.
func weigh(all []example, in func(example) bool) map[string]digest.ClueWeights {
	m := &model{number: map[string]int{}}
	var chosen []example
	for _, e := range all {
		if in(e) {
			chosen = append(chosen, e)
			for _, c := range e.clues {
				m.count(c.Name)
			}
		}
	}
	units := make([][]unit, len(chosen))
	for i, e := range chosen {
		for _, c := range e.clues {
			if n := m.number[c.Name]; m.seen[n] >= leastSeen || strings.HasPrefix(c.Name, "[") {
				units[i] = append(units[i], unit{n, c.Value, tellsRelevance(c.Name)})
			}
		}
	}
	index := map[string]int{}
	for i, t := range topics() {
		index[t.ID] = i
	}
	stride := coprime(len(chosen)) // a fixed order in which neighbours are far apart
	for range passes {
		for j := range chosen {
			i := j * stride % len(chosen)
			m.step(units[i], chosen[i], index)
		}
	}
	best := m.best()
	level(best, index)
	english := best[digest.Anywhere+":en"]
	english[index["safety"]] -= lastSafety
	english[index["society"]] -= lastSociety
	best[digest.Anywhere+":en"] = english
	return best
}

// level gives the topics of one section equal odds before anything is read: the editors told how often they chose a
// section, never a topic within it.
func level(best map[string]digest.ClueWeights, index map[string]int) {
	for name, w := range best {
		if !strings.HasPrefix(name, digest.Anywhere) {
			continue
		}
		for _, section := range []string{toolTopics, businessTopics, concernTopics} {
			ids, mean := strings.Fields(section), 0.0
			for _, id := range ids {
				mean += w[index[id]] / float64(len(ids))
			}
			for _, id := range ids {
				w[index[id]] = mean
			}
		}
		best[name] = w
	}
}

// count counts a clue.
func (m *model) count(name string) {
	n, ok := m.number[name]
	if !ok {
		n = len(m.name)
		m.number[name] = n
		m.name = append(m.name, name)
		m.seen = append(m.seen, 0)
		prior := digest.Prior(name)
		m.prior, m.weights = append(m.prior, prior), append(m.weights, prior)
		m.steps = append(m.steps, digest.ClueWeights{})
		m.loose = append(m.loose, looseness(name))
	}
	m.seen[n]++
}

// looseness is how far a clue's weights may go from their prior.
func looseness(name string) float64 {
	switch {
	case strings.HasPrefix(name, digest.Anywhere):
		return looseBias
	case strings.HasPrefix(name, "["), strings.HasPrefix(name, "#"):
		return looseEvent
	case strings.HasPrefix(name, "@"):
		return looseSource
	}
	return looseWord
}

// tellsRelevance says whether a clue may tell that a text is about artificial intelligence. What is learnt of
// languages in which only such texts are known would say no more than which language it is.
func tellsRelevance(name string) bool {
	if name == digest.Anywhere {
		return true
	}
	foreign := len(name) > 2 && name[2] == ':' || name[0] >= utf8.RuneSelf
	return !foreign && name[0] != '@' && name[0] != '#'
}

// step learns from one headline.
func (m *model) step(units []unit, e example, index map[string]int) {
	var sums, before digest.ClueWeights
	for _, u := range units {
		for t, x := range m.prior[u.clue] {
			before[t] += u.value * x
		}
		for t := range sums {
			if t != relevance || u.about {
				sums[t] += u.value * m.weights[u.clue][t]
			}
		}
	}
	var slope digest.ClueWeights
	if len(e.allowed) > 0 {
		p := softmax(sums[:relevance])
		for t := range p {
			slope[t] = -p[t]
		}
		meant := make([]float64, len(e.allowed))
		for i, id := range e.allowed {
			meant[i] = trustModel*sums[index[id]] + trustLexicon*before[index[id]]
		}
		for i, q := range softmax(meant) {
			slope[index[e.allowed[i]]] += q
		}
	}
	if e.about != 0 {
		slope[relevance] = (float64(e.about)+1)/2 - 1/(1+math.Exp(-sums[relevance]))
	}
	for _, u := range units {
		w, g := &m.weights[u.clue], &m.steps[u.clue]
		hold := 1 / (m.loose[u.clue] * m.seen[u.clue])
		for t := range slope {
			far := w[t] - m.prior[u.clue][t]
			switch {
			case t == relevance && u.about:
				far /= looseRelevance
			case t == relevance, len(e.allowed) == 0, m.name[u.clue] == digest.Anywhere:
				continue
			}
			d := slope[t]*u.value - hold*far
			g[t] += d * d
			w[t] += rate * d / math.Sqrt(g[t]+1e-6)
		}
	}
}

func softmax(sums []float64) []float64 {
	top, total := slices.Max(sums), 0.0
	out := make([]float64, len(sums))
	for i, x := range sums {
		out[i] = math.Exp(x - top)
		total += out[i]
	}
	for i := range out {
		out[i] /= total
	}
	return out
}

// best keeps the clues that say most: whose weights are far from their prior, and that are often met. Topic
// weights are told as differences from their mean, which changes no odds.
func (m *model) best() map[string]digest.ClueWeights {
	worth := func(n int) float64 {
		far := 0.0
		for t, w := range m.weights[n] {
			far = max(far, math.Abs(w-m.prior[n][t]))
		}
		return far * math.Sqrt(m.seen[n])
	}
	out := map[string]digest.ClueWeights{}
	names := slices.SortedFunc(maps.Keys(m.number), func(a, b string) int {
		return cmp.Or(cmp.Compare(worth(m.number[b]), worth(m.number[a])), cmp.Compare(a, b))
	})
	for _, name := range names {
		n := m.number[name]
		event := strings.HasPrefix(name, "[")
		if m.seen[n] < leastSeen && !event || len(out) >= kept && !event {
			continue
		}
		w, mean := m.weights[n], 0.0
		for _, x := range w[:relevance] {
			mean += x / float64(relevance)
		}
		for t := range w[:relevance] {
			w[t] -= mean
		}
		out[name] = w
	}
	return out
}

// coprime returns a step that visits all of n places, about three eighths of them apart.
func coprime(n int) int {
	for s := n*3/8 | 1; ; s += 2 {
		a, b := s, n
		for b > 0 {
			a, b = b, a%b
		}
		if a == 1 {
			return s
		}
	}
}

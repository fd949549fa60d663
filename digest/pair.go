package digest

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
)

// The bounds of looking for pairs: how far apart two reports of one event may be; how many articles of such a
// time may hold a word by which they find each other (of a commoner word only the nearest few are looked at, so
// that the work grows with the articles and not with their square); how many of an article's words are
// followed; and how much two must share to be compared at all.
const (
	storyWindow = 72 * time.Hour
	longestLife = 7 * 24 * time.Hour // of one article that is told again and again
	crowd       = 250
	nearest     = 24
	followed    = 48
	mostMet     = 96
	leastShared = 5.0 // as squares of rarities: one rare word, or a few that are less so
)

// pairing compares articles of one event's time.
type pairing struct {
	*reader
	background
	docs    []*reading // by time, undated ones last
	dated   int        // so many of them have a date
	spans   []span     // of docs
	holders [][]int32  // readings by word, rising
	rates   []float64  // of words, see background.rate
	foreign bool       // there is more than one language
	vectors map[string][]float32
	keys    []uint64 // room for sorting

	hopeless func(*Features) bool // of titles before their letters are looked at; nil: none is
}

// newPairing weighs what was read.
func newPairing(r *reader, read []*counted, by Grouping) *pairing {
	p := &pairing{reader: r, background: newBackground(r.filer.everyday()), vectors: by.Vectors}
	p.holders = make([][]int32, len(r.word))
	p.rates = make([]float64, len(r.word))
	for n := range r.word {
		p.rates[n] = p.rate(r.bare(int32(n)), strings.HasPrefix(r.word[n], "en:") || strings.HasPrefix(r.word[n], "~:"))
	}
	for i, c := range read {
		p.foreign = p.foreign || c.lang != read[0].lang
		if !c.from.IsZero() {
			p.dated = i + 1
		}
		for _, words := range []map[int32]float64{c.body, c.portable} {
			for w := range words {
				p.holders[w] = append(p.holders[w], int32(i))
			}
		}
		for _, m := range append(c.makers, c.events...) {
			p.holders[m.word] = append(p.holders[m.word], int32(i))
		}
	}
	p.docs, p.spans = make([]*reading, len(read)), make([]span, len(read))
	for i := range read {
		d := &read[i].reading
		p.docs[i] = d
		p.spans[i] = span{d.from.Unix(), d.to.Unix(), d.from.IsZero(), d.filing.RoundUp}
	}
	for i := range read {
		p.weigh(i, read[i])
		read[i].body, read[i].portable = nil, nil
	}
	return p
}

// weigh fills in the vectors of a reading, by the rarity of its words in its own days.
func (p *pairing) weigh(i int, c *counted) {
	d := p.docs[i]
	lo, hi := p.window(i)
	around := float64(hi - lo + len(p.docs) - p.dated)
	here := func(w int32) float64 { return float64(p.within(w, lo, hi)) }
	vector := func(counts map[int32]float64) ([]weighed, float32) {
		v := make([]weighed, 0, len(counts))
		for w, n := range counts {
			v = append(v, weighed{w, float32((1 + math.Log(n)) * rarity(here(w), around, p.rates[w]))})
		}
		return unit(v)
	}
	d.body, d.norms[0] = vector(c.body)
	d.portable, d.norms[1] = vector(c.portable)
	for _, w := range slices.Compact(slices.Sorted(slices.Values(c.order))) {
		n := here(w)
		weight := rarity(n, around, p.rates[w])
		d.title = append(d.title, weighed{w, float32(weight)})
		d.bursts = append(d.bursts, float32(burst(n, around, max(p.rates[w], p.elsewhere(w, n, around)))))
		d.mass += weight
	}
	d.length = norm(d.title)
	for k, m := range d.makers {
		d.makers[k].weight = float32(scarcity(here(m.word), around))
	}
	for k, m := range d.events {
		d.events[k].weight = float32(scarcity(here(m.word), around))
	}
}

// elsewhere is the share of the articles of other days that hold a word, as if there were more that do not: what is told
// at all times is no burst, in a language too of which the background knows nothing.
func (p *pairing) elsewhere(w int32, here, around float64) float64 {
	return (float64(len(p.holders[w])) - here) / (float64(len(p.docs)) - around + behind)
}

// scarcity tells how few of the articles of these days are about a maker.
func scarcity(held, articles float64) float64 { return math.Log((articles + 4) / (held + 1)) }

// window is the range of dated readings that lie within the time of one story around the i-th; for an undated
// one, all of them.
func (p *pairing) window(i int) (lo, hi int) {
	d := p.docs[i]
	if d.from.IsZero() {
		return 0, p.dated
	}
	dated := p.docs[:p.dated]
	at := func(d *reading, t time.Time) int { return d.from.Compare(t) }
	lo, _ = slices.BinarySearchFunc(dated, d.from.Add(-storyWindow), at)
	hi, _ = slices.BinarySearchFunc(dated, d.to.Add(storyWindow+1), at)
	return lo, hi
}

// within counts the holders of a word in a range, and the undated ones.
func (p *pairing) within(word int32, lo, hi int) int {
	h := p.holders[word]
	a, _ := slices.BinarySearch(h, int32(lo))
	b, _ := slices.BinarySearch(h, int32(hi))
	c, _ := slices.BinarySearch(h, int32(p.dated))
	return max(b-a, 0) + len(h) - max(c, b)
}

// candidates yields the pairs j < i that may tell one story and share words that are not everybody's, each once.
func (p *pairing) candidates(yield func(i, j int) bool) {
	shares := make([]float32, len(p.docs))
	var met []int32
	for i := range p.docs {
		d := p.docs[i]
		if d.filing.RoundUp {
			continue
		}
		lo := p.oldest(i)
		met = p.meet(met[:0], shares, d.body, d.norms[0], lo, i)
		if p.foreign {
			met = p.meet(met, shares, d.portable, d.norms[1], lo, i)
		}
		for _, j := range p.closest(i, met, shares) {
			if !yield(i, int(j)) {
				return
			}
		}
		for _, j := range met {
			shares[j] = 0
		}
	}
}

// closest are those of the readings met that may tell what the i-th tells, at most mostMet, in order.
func (p *pairing) closest(i int, met []int32, shares []float32) []int32 {
	kept := met[:0:len(met)]
	for k, j := range met {
		if shares[j] >= leastShared && p.near(i, int(j)) {
			met[k], met[len(kept)] = met[len(kept)], j
			kept = met[:len(kept)+1]
		}
	}
	if len(kept) > mostMet { // sorted as numbers: shares are positive, so their bits stand in their order
		p.keys = p.keys[:0]
		for _, j := range kept {
			p.keys = append(p.keys, uint64(math.Float32bits(shares[j]))<<32|uint64(j))
		}
		slices.Sort(p.keys)
		kept = make([]int32, mostMet) // met must keep all
		for k, key := range p.keys[len(p.keys)-mostMet:] {
			kept[k] = int32(key & math.MaxUint32)
		}
	}
	slices.Sort(kept)
	return kept
}

// oldest is the first reading that may be near the i-th.
func (p *pairing) oldest(i int) int {
	d := p.docs[i]
	if d.from.IsZero() {
		return 0
	}
	since := d.from.Add(-storyWindow - longestLife)
	lo, _ := slices.BinarySearchFunc(p.docs[:p.dated], since, func(d *reading, t time.Time) int { return d.from.Compare(t) })
	return lo
}

// meet adds to shares what each reading from lo up to i shares with v, and to met whom it meets first.
func (p *pairing) meet(met []int32, shares []float32, v []weighed, norm float32, lo, i int) []int32 {
	norm2 := norm * norm
	for _, w := range heaviest(v) {
		h := p.holders[w.word]
		a, _ := slices.BinarySearch(h, int32(lo))
		b, _ := slices.BinarySearch(h, int32(i))
		h = h[a:b]
		if len(h) > crowd {
			h = h[len(h)-nearest:]
		}
		for _, j := range h {
			if shares[j] == 0 {
				met = append(met, j)
			}
			shares[j] += w.weight * w.weight * norm2
		}
	}
	return met
}

// heaviest are the weightiest words of a vector.
func heaviest(v []weighed) []weighed {
	if len(v) <= followed {
		return v
	}
	v = slices.Clone(v)
	slices.SortFunc(v, func(a, b weighed) int { return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.word, b.word)) })
	return v[:followed]
}

// span is when an article appeared first and last, in seconds; all that must be known to leave most pairs out.
type span struct {
	first, last    int64
	undated, alone bool
}

// near says whether two articles may tell one story: they lie in one window (one without a date lies in all),
// and neither is a round-up.
func (p *pairing) near(i, j int) bool {
	return !p.spans[i].alone && !p.spans[j].alone && p.apart(i, j) <= int64(storyWindow/time.Second)
}

// apart is the time between two articles in seconds, 0 when they overlap or one has no date.
func (p *pairing) apart(i, j int) int64 {
	a, b := &p.spans[i], &p.spans[j]
	if a.undated || b.undated {
		return 0
	}
	return max(0, a.first-b.last, b.first-a.last)
}

package digest

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"time"

	"tidings/digest/text"
)

// The bounds of grouping. The window is how far apart two reports of one event may be; the thresholds are
// on the similarities of [pairing.score], for two articles in one language and across languages.
const (
	storyWindow  = 72 * time.Hour
	sameLanguage = 0.22
	acrossThem   = 0.22
	agreement    = 1.3 // likeness of two articles of one topic counts so much more
	leadWords    = 80
	leastShared  = 3 // words two articles must share, see [pairing.evidence]
)

// weighed is a word's number and its weight; lists are sorted by number.
type weighed struct {
	word   int
	weight float64
}

// document is an article made ready for comparing.
type document struct {
	article  Article
	lang     string
	filing   Filing
	words    []weighed // stems of title and lead, unit length
	portable []weighed // those that survive translation, unit length
}

// pairing compares articles by the words they share, each weighed by its rarity among all of them
// (tf·idf, cosine; Salton and Buckley 1988). Two languages are compared only by words that both can have.
type pairing struct {
	docs    []document
	number  map[string]int
	name    []string
	holders [][]int // documents by word

	everyday map[string]bool // words of the lexicon
}

func newPairing(articles []Article, f *Filer) *pairing {
	p := &pairing{number: map[string]int{}, everyday: f.everyday()}
	words := make([]map[int]float64, len(articles))
	portable := make([]map[int]float64, len(articles))
	for i, a := range articles {
		lang := language(a)
		p.docs = append(p.docs, document{article: a, lang: lang, filing: f.file(a, lang)})
		words[i], portable[i] = p.count(a, lang)
	}
	p.holders = make([][]int, len(p.name))
	for i := range words {
		for w := range words[i] {
			p.holders[w] = append(p.holders[w], i)
		}
		for w := range portable[i] {
			if _, twice := words[i][w]; !twice {
				p.holders[w] = append(p.holders[w], i)
			}
		}
	}
	for i := range p.docs {
		p.docs[i].words, p.docs[i].portable = p.unit(words[i]), p.unit(portable[i])
	}
	return p
}

// count gathers an article's stems and its anchors; a word of the title counts double.
func (p *pairing) count(a Article, lang string) (words, portable map[int]float64) {
	words, portable = map[int]float64{}, map[int]float64{}
	for i, part := range []string{a.Title, head(lead(a), leadWords)} {
		worth := 2.0 - float64(i)
		for _, w := range text.Words(part) {
			if !text.Stop(w, lang) {
				raise(words, p.id(text.Stem(w, lang)), worth)
			}
		}
		for _, w := range text.Anchors(part, lang) {
			raise(portable, p.id(w), worth)
		}
	}
	return words, portable
}

func raise(m map[int]float64, word int, worth float64) { m[word] = max(m[word], worth) }

func (p *pairing) id(word string) int {
	n, ok := p.number[word]
	if !ok {
		n = len(p.name)
		p.number[word] = n
		p.name = append(p.name, word)
	}
	return n
}

// unit weighs words by their rarity and scales the whole to length one.
func (p *pairing) unit(counts map[int]float64) []weighed {
	out := make([]weighed, 0, len(counts))
	for w, n := range counts {
		out = append(out, weighed{w, n * p.rarity(w)})
	}
	slices.SortFunc(out, func(a, b weighed) int { return cmp.Compare(a.word, b.word) })
	sum := 0.0
	for _, w := range out {
		sum += w.weight * w.weight
	}
	for i := range out {
		out[i].weight /= math.Sqrt(sum)
	}
	return out
}

// The background that a day's articles are seen against: a hundred others, of which fifteen hold any
// word of the lexicon, and none any other. Without it the few articles of a quiet day would make the
// trade's everyday words look like news.
const (
	background = 100
	everyday   = 15
)

// rarity is the inverse document frequency, the background included.
func (p *pairing) rarity(word int) float64 {
	held := len(p.holders[word])
	if p.everyday[p.name[word]] {
		held += everyday
	}
	return math.Log(1 + float64(len(p.docs)+background)/float64(held))
}

// candidates yields the pairs i < j that may tell one story and share a word which is not everybody's,
// each once.
func (p *pairing) candidates(yield func(i, j int) bool) {
	common := max(12, len(p.docs)/25)
	met := make([]int, len(p.docs)) // the last i that each j was paired with, and one
	for i, d := range p.docs {
		for _, list := range [][]weighed{d.words, d.portable} {
			for _, w := range list {
				holders := p.holders[w.word]
				if len(holders) > common {
					continue
				}
				after, _ := slices.BinarySearch(holders, i+1)
				for _, j := range holders[after:] {
					if met[j] == i+1 || !p.near(i, j) {
						continue
					}
					met[j] = i + 1
					if !yield(i, j) {
						return
					}
				}
			}
		}
	}
}

// near says whether two articles may tell one story: they lie in one window (one without a date lies in
// all), and neither is a round-up.
func (p *pairing) near(i, j int) bool {
	if p.docs[i].filing.RoundUp || p.docs[j].filing.RoundUp {
		return false
	}
	a, b := p.docs[i].article.Published, p.docs[j].article.Published
	return a.IsZero() || b.IsZero() || a.Sub(b).Abs() <= storyWindow
}

// score tells how alike two articles are, from 0 to 1, scaled so that 1/2 is the threshold in any pair of
// languages, and by which words, the most telling first. What lies below the threshold is 0.
func (p *pairing) score(i, j int) (float64, []string) {
	a, b := &p.docs[i], &p.docs[j]
	x, y, threshold := a.words, b.words, sameLanguage
	if a.lang != b.lang {
		x, y, threshold = a.portable, b.portable, acrossThem
	}
	likeness := cosine(x, y)
	if a.filing.Topic != "" && a.filing.Topic == b.filing.Topic {
		likeness = min(1, likeness*agreement)
	}
	if likeness < threshold { // nearly all pairs end here, so the words are only told of the others
		return 0, nil
	}
	shared := p.shared(x, y)
	if p.evidence(shared, a, b) < leastShared {
		return 0, nil
	}
	return math.Pow(likeness, math.Ln2/-math.Log(threshold)), shared
}

// evidence counts the shared words: one for each that is no everyday word, and one more for a name or a
// number. Across languages a name counts even when it is an everyday one, since little else can be shared.
func (p *pairing) evidence(shared []string, a, b *document) int {
	n := 0
	for _, w := range shared {
		word := p.number[w]
		named := holds(a.portable, word) && holds(b.portable, word)
		if !p.everyday[w] {
			n++
		}
		if named && (!p.everyday[w] || a.lang != b.lang) {
			n++
		}
	}
	return n
}

func holds(list []weighed, word int) bool {
	_, ok := slices.BinarySearchFunc(list, word, func(w weighed, word int) int { return cmp.Compare(w.word, word) })
	return ok
}

// cosine of two unit vectors.
func cosine(x, y []weighed) float64 {
	sum := 0.0
	for _, part := range both(x, y) {
		sum += part
	}
	return min(1, sum)
}

// shared lists the words that two vectors have in common, the most telling first.
func (p *pairing) shared(x, y []weighed) []string {
	var common []weighed
	for word, part := range both(x, y) {
		common = append(common, weighed{word, part})
	}
	slices.SortFunc(common, func(a, b weighed) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(p.name[a.word], p.name[b.word]))
	})
	names := make([]string, len(common))
	for i, w := range common {
		names[i] = p.name[w.word]
	}
	return names
}

// both yields the words that stand in both of two sorted lists, with the product of their weights.
func both(x, y []weighed) iter.Seq2[int, float64] {
	return func(yield func(int, float64) bool) {
		for i, j := 0, 0; i < len(x) && j < len(y); {
			switch a, b := x[i], y[j]; {
			case a.word < b.word:
				i++
			case a.word > b.word:
				j++
			default:
				if !yield(a.word, a.weight*b.weight) {
					return
				}
				i, j = i+1, j+1
			}
		}
	}
}

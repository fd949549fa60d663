package digest

import (
	"cmp"
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
		lang := cmp.Or(text.Base(a.Lang), text.Base(text.Language(a.Title+". "+lead(a), "")))
		p.docs = append(p.docs, document{article: a, lang: lang, filing: f.File(a)})
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

// candidates returns the pairs that share a word which is not everybody's, each once, i < j.
func (p *pairing) candidates() [][2]int {
	common := max(12, len(p.docs)/25)
	seen := map[[2]int]bool{}
	var out [][2]int
	for _, holders := range p.holders {
		if len(holders) > common {
			continue
		}
		for n, i := range holders {
			for _, j := range holders[n+1:] {
				pair := [2]int{min(i, j), max(i, j)}
				if !seen[pair] && p.near(i, j) {
					seen[pair] = true
					out = append(out, pair)
				}
			}
		}
	}
	return out
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
// languages, and by which words.
func (p *pairing) score(i, j int) (float64, []string) {
	a, b := p.docs[i], p.docs[j]
	x, y, threshold := a.words, b.words, sameLanguage
	if a.lang != b.lang {
		x, y, threshold = a.portable, b.portable, acrossThem
	}
	dot, shared := p.dot(x, y)
	if p.evidence(shared, a, b) < leastShared {
		return 0, nil
	}
	if a.filing.Topic != "" && a.filing.Topic == b.filing.Topic {
		dot = min(1, dot*agreement)
	}
	return math.Pow(dot, math.Ln2/-math.Log(threshold)), shared
}

// evidence counts the shared words: one for each that is no everyday word, and one more for a name or a
// number. Across languages a name counts even when it is an everyday one, since little else can be shared.
func (p *pairing) evidence(shared []string, a, b document) int {
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

// dot is the cosine of two unit vectors, with the shared words, the most telling first.
func (p *pairing) dot(x, y []weighed) (float64, []string) {
	var common []weighed
	sum := 0.0
	for len(x) > 0 && len(y) > 0 {
		switch {
		case x[0].word < y[0].word:
			x = x[1:]
		case x[0].word > y[0].word:
			y = y[1:]
		default:
			part := x[0].weight * y[0].weight
			sum += part
			common = append(common, weighed{x[0].word, part})
			x, y = x[1:], y[1:]
		}
	}
	slices.SortFunc(common, func(a, b weighed) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(p.name[a.word], p.name[b.word]))
	})
	names := make([]string, len(common))
	for i, w := range common {
		names[i] = p.name[w.word]
	}
	return min(1, sum), names
}

package digest

import (
	"math"

	"tidings/digest/text"
)

// The worth, in natural log-odds, of what the operator says of a topic: a word or phrase of his stands above
// all that is learnt; words of his examples must be several, or stand in several examples.
const (
	ownWord     = 9.0
	ownExample  = 4.5
	mostExample = 11.0
)

// examples are the words of a topic's example headlines, by how much each says.
type examples struct {
	topic string
	words map[string]float64
}

// study learns what the words of the topics' examples say: the more of the examples have one, the more, and the
// less the more topics have it. Function words and the trade's everyday words say nothing.
func (f *Filer) study(topics []Topic) []examples {
	var out []examples
	shared := map[string]float64{} // by how many topics a word is used
	for _, t := range topics {
		e := examples{t.ID, map[string]float64{}}
		for _, headline := range t.Examples {
			lang := text.Base(text.Language(headline, ""))
			once := map[string]bool{}
			for _, k := range tokens(headline, lang) {
				if !once[k.stem] && !f.common(k, lang) {
					once[k.stem] = true
					e.words[k.stem]++
				}
			}
		}
		for w := range e.words {
			shared[w]++
		}
		if len(e.words) > 0 {
			out = append(out, e)
		}
	}
	for _, e := range out {
		for w, n := range e.words {
			e.words[w] = math.Log2(1+n) / shared[w]
		}
	}
	return out
}

// common says whether a word stands in any headline.
func (f *Filer) common(k token, lang string) bool {
	if text.Stop(k.written, lang) || len(k.word) < 2 {
		return true
	}
	l := f.knowledge.lexicons[lang]
	if l == nil {
		return false
	}
	for _, t := range l().first[k.stem] {
		if len(t.rest) == 0 && t.event.topic == aboutAI {
			return true
		}
	}
	return false
}

// compare weighs how much of the examples' words stands in the list. One word that stands in a single example
// says nothing yet.
func (f *Filer) compare(list []token, worth float64, s *scale) {
	for _, e := range f.examples {
		sum, words := 0.0, ""
		once := map[string]bool{}
		for _, k := range list {
			if w := e.words[k.stem]; w > 0 && !once[k.stem] {
				once[k.stem] = true
				sum += w
				words += ", " + k.word
			}
		}
		if sum > 1 {
			s.addOwn(e.topic, "like the examples: "+words[2:], min(mostExample, ownExample*sum)*worth)
		}
	}
}

package digest

import (
	_ "embed" // for the weights
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
)

//go:generate go run ./learn/topics -data ../../shared/data -to weights.txt -headlines testdata/headlines.txt

// learntFile holds the weights; see [Learnt].
//
//go:embed weights.txt
var learntFile string

// topicIDs are the built-in topics, in the order of the weights and of sections.
func topicIDs() []string {
	return []string{"models", "products", "research", "open-source", "business", "people", "policy", "chips", "safety", "society"}
}

// The columns of the weights: one for each built-in topic, and one for relevance.
const (
	columns   = 11
	relevance = columns - 1
)

// Weights of one clue: for each of the built-in topics in order, and for being about artificial intelligence
// at all. They are natural log-odds.
type ClueWeights [columns]float64

// Learnt are the weights of clues as they were learnt from headlines that editors filed. The file has a
// line for each: the clue's name, a tab, and one character for each weight: "O" for zero, the n-th character behind
// it for n²/529, the n-th before it for as much below zero, so that small weights are told finely and the greatest is 4.
// It is read where it lies: a line is unpacked only when its clue is met.
type Learnt struct{ rows map[string]string }

// The code of a weight.
const (
	zero  = 'O'
	most  = 46 // steps away from zero
	grain = most * most / 4
)

// ReadLearnt reads a file of weights. What is no line of weights is passed over.
func ReadLearnt(file string) Learnt {
	l := Learnt{make(map[string]string, strings.Count(file, "\n"))}
	for line := range strings.Lines(file) {
		line = strings.TrimSuffix(line, "\n")
		if name, row, ok := strings.Cut(line, "\t"); ok && len(row) == columns {
			l.rows[name] = row
		}
	}
	return l
}

// WriteLearnt writes a file of weights, in the order of the clues' names.
func WriteLearnt(w io.Writer, weights map[string]ClueWeights) error {
	lines := make([]string, 0, len(weights))
	for name, ws := range weights {
		var row [columns]byte
		for i, x := range ws {
			row[i] = encode(x)
		}
		lines = append(lines, name+"\t"+string(row[:])+"\n")
	}
	slices.Sort(lines)
	_, err := io.WriteString(w, strings.Join(lines, ""))
	if err != nil {
		return fmt.Errorf("write weights: %w", err)
	}
	return nil
}

// of unpacks the weights of a clue.
func (l Learnt) of(name []byte) (w ClueWeights, ok bool) {
	row, ok := l.rows[string(name)]
	if !ok {
		return w, false
	}
	for i := range w {
		w[i] = decode(row[i])
	}
	return w, true
}

func encode(weight float64) byte {
	steps := min(most, math.Round(math.Sqrt(math.Abs(weight)*grain)))
	return byte(zero + math.Copysign(steps, weight))
}

func decode(code byte) float64 {
	steps := float64(code) - zero
	return math.Copysign(steps*steps/grain, steps)
}

// The worth of an event for its own topic before anything is learnt, told by a weak and by a strong term.
const (
	priorWeak   = 0.8
	priorStrong = 1.8
)

// Prior is what a clue is worth before anything is learnt: an event of the lexicon speaks for its topic, and one of
// models for artificial intelligence too.
func Prior(clue string) (w ClueWeights) {
	worth := priorWeak
	id, strong := strings.CutSuffix(clue, "]+")
	if strong {
		worth = priorStrong
	}
	if !strings.HasPrefix(id, "[") {
		return w
	}
	topic, _, _ := strings.Cut(strings.Trim(id, "[]"), " ")
	switch topic {
	case aboutAI:
		w[relevance] = 2 * worth
	case "models":
		w[relevance] = worth
	}
	if i := slices.Index(topicIDs(), topic); i >= 0 {
		w[i] = worth
	}
	return w
}

// knowledge is what a filer goes by: the lexicons with a digest's own words, and the weights.
type knowledge struct {
	lexicons map[string]func() *lexicon // by language
	own      map[string]*lexicon
	learnt   Learnt
	everyday func() map[string]bool // all words of the lexicons, as stems: the trade's ordinary words
}

// builtin reads the built-in weights when they are first needed, and a lexicon when its language is: some milliseconds
// each that a program pays once, and only one that files articles.
//
//nolint:gochecknoglobals // read once, never written
var builtin = sync.OnceValue(readKnowledge)

func readKnowledge() knowledge {
	lexicons := builtinLexicons()
	return knowledge{lexicons: lexicons, learnt: ReadLearnt(learntFile), everyday: sync.OnceValue(func() map[string]bool {
		set := map[string]bool{}
		for lang, l := range lexicons {
			l().stems(set, lang)
		}
		return set
	})}
}

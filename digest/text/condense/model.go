package main

import (
	"archive/zip"
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"unicode/utf8"

	"github.com/pemistahl/lingua-go/serialization"
	"google.golang.org/protobuf/proto"
)

// All logarithms are whole micronats, so that every machine adds them up to the same.
const (
	nat     = 1_000_000
	step    = nat / 2   // of a loss in the table
	most    = 15        // the greatest loss in the table
	backoff = nat       // what an n-gram loses that a language does not have
	unheard = -14 * nat // a character that a language does not have
)

// model holds log p(last character | the ones before) of one language's n-grams of all lengths.
type model map[string]int

func readModel(folder string) (model, error) {
	m := model{}
	for _, length := range []string{"uni", "bi", "tri", "quadri"} {
		if err := m.read(filepath.Join(folder, length+"grams.pb.bin.zip")); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m model) read(path string) error {
	z, err := zip.OpenReader(path)
	if err != nil {
		return err
	}
	defer z.Close()
	f, err := z.File[0].Open()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	body, err := io.ReadAll(f)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	var p serialization.SerializableLanguageModel
	if err := proto.Unmarshal(body, &p); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, set := range p.NgramSets {
		for _, ngram := range set.Ngrams {
			m[ngram] = int(math.Round(math.Log(set.Probability) * nat))
		}
	}
	return nil
}

// conditional is log p(last | before), by way of shorter n-grams where a language does not have this one.
func (m model) conditional(ngram string) int {
	penalty := 0
	for ngram != "" {
		if p, ok := m[ngram]; ok {
			return p - penalty
		}
		_, size := utf8.DecodeRuneInString(ngram)
		ngram, penalty = ngram[size:], penalty+backoff
	}
	return unheard
}

// joint is log p(ngram), the sum over its beginnings.
func (m model) joint(ngram string) int {
	sum := 0
	for end := range ngram {
		if end > 0 {
			sum += m.conditional(ngram[:end])
		}
	}
	return sum + m.conditional(ngram)
}

// addNgrams adds the rows of the likeliest n-grams.
func (s script) addNgrams(root string, rows map[uint64][]byte) error {
	all := make([]model, len(s.langs))
	likely := map[string]int{}
	for i, lang := range s.langs {
		var err error
		if all[i], err = readModel(filepath.Join(root, lang)); err != nil {
			return err
		}
		for ngram := range all[i] {
			if n := utf8.RuneCountInString(ngram); n < 2 && !accented(ngram) || !within(ngram) {
				continue
			}
			if p := all[i].joint(ngram); likely[ngram] == 0 || p > likely[ngram] {
				likely[ngram] = p
			}
		}
	}
	ngrams := slices.SortedFunc(maps.Keys(likely), func(a, b string) int {
		return cmp.Or(cmp.Compare(likely[b], likely[a]), cmp.Compare(a, b))
	})
	for _, ngram := range ngrams[:min(s.ngrams, len(ngrams))] {
		rows[ngramKey(ngram)] = losses(all, ngram)
	}
	return nil
}

// losses is a row: how far each language lies behind the one where the n-gram is likeliest.
func losses(all []model, ngram string) []byte {
	best := math.MinInt
	ps := make([]int, len(all))
	for i, m := range all {
		ps[i] = m.conditional(ngram)
		best = max(best, ps[i])
	}
	row := make([]byte, len(all))
	for i, p := range ps {
		row[i] = byte(min(most, (best-p+step/2)/step))
	}
	return row
}

// within says whether all characters have 16 bits, as the key of an n-gram holds no more.
func within(ngram string) bool {
	for _, r := range ngram {
		if r > 0xFFFF {
			return false
		}
	}
	return true
}

// accented says whether a letter alone tells something: a Latin one with an accent or a form of its own. The plain
// letters tell less than the noise they add.
func accented(letter string) bool {
	return letter >= "\u00DF" && letter < "\u0370" || letter >= "\u1E00" && letter < "\u1F00"
}

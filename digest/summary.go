package digest

import (
	"maps"
	"math"
	"slices"
	"strings"

	"tidings/digest/text"
)

// Summarize chooses the n sentences that tell most of a text, verbatim and in their order. A sentence
// counts by how well its words stand for the whole (the mean weight of its stems in the text; Nenkova and
// Vanderwende 2005, SumBasic), more near the beginning and when it speaks of the title; of two that say
// the same, only one is taken.
func Summarize(title string, sentences []string, lang string, n int) []string {
	if n <= 0 {
		return nil
	}
	if lang == "" {
		lang = text.Language(head(strings.Join(sentences, " "), 120), "")
	}
	bags, freq := make([]map[string]bool, len(sentences)), map[string]float64{}
	for i, s := range sentences {
		bags[i] = bag(s, lang)
		for w := range bags[i] {
			freq[w]++
		}
	}
	about := bag(title, lang)
	picked := map[int]bool{}
	for range min(n, len(sentences)) {
		best, value := -1, math.Inf(-1)
		for i := range sentences {
			if v := worth(bags[i], freq, about, i, len(sentences)); !picked[i] && v > value {
				best, value = i, v
			}
		}
		picked[best] = true
		for w := range bags[best] {
			freq[w] *= freq[w] / float64(len(sentences)) // said once, a word tells less the second time
		}
	}
	var out []string
	for i, s := range sentences {
		if picked[i] {
			out = append(out, s)
		}
	}
	return out
}

// bag is the set of a text's stems without function words.
func bag(s, lang string) map[string]bool {
	out := map[string]bool{}
	for _, w := range text.Words(s) {
		if !text.Stop(w, lang) {
			out[text.Stem(w, lang)] = true
		}
	}
	return out
}

// worth of a sentence: how much of the text its words stand for, damped for very short and very long ones.
func worth(words map[string]bool, freq map[string]float64, about map[string]bool, at, of int) float64 {
	if len(words) == 0 {
		return -1
	}
	sum, titled := 0.0, 0.0
	for _, w := range slices.Sorted(maps.Keys(words)) {
		sum += freq[w]
		if about[w] {
			titled++
		}
	}
	central := sum / float64(of) / math.Sqrt(float64(len(words))+4)
	early := 1 / (1 + float64(at)/3)
	return central + 0.3*early + 0.3*titled/float64(len(about)+1)
}

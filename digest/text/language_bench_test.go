package text_test

import (
	"testing"

	"tidings/digest/text"
)

func BenchmarkDetectTitle(b *testing.B) { benchmarkDetect(b, titles(b)) }

// Texts of the corpus: sentences, headlines and lines of interfaces.
func BenchmarkDetectSentence(b *testing.B) { benchmarkDetect(b, corpus(b)) }

func benchmarkDetect(b *testing.B, all []specimen) {
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		text.Detect(all[i%len(all)].Text, "")
		i++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "texts/s")
}

package digest_test

import (
	"fmt"
	"math"
	"math/rand"
	"strings"
	"testing"
	"time"

	"tidings/digest"
)

// headlines makes n headlines of one month whose words are as unevenly common as a language's are.
func headlines(n int) []digest.Article {
	random := rand.New(rand.NewSource(1))
	out := make([]digest.Article, n)
	for i := range out {
		var words []string
		for range 9 {
			words = append(words, fmt.Sprintf("w%05dx", int(math.Pow(30_000, random.Float64()))))
		}
		out[i] = digest.Article{ID: fmt.Sprint(i), Lang: "en", Title: strings.Join(words, " "),
			Published: time.Date(2026, 11, 1, 0, random.Intn(30*24*60), 0, 0, time.UTC)}
	}
	return out
}

func BenchmarkGroup25000(b *testing.B) {
	articles := headlines(25_000)
	for b.Loop() {
		digest.Group(articles, digest.Grouping{Topics: topics()})
	}
}

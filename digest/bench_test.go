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

// news makes n headlines of one month as outlets write them: one event in three is told by several, each in some of
// the event's words and some of the language's, within two days.
func news(n int) []digest.Article {
	random := rand.New(rand.NewSource(1))
	makers := []string{"OpenAI", "Anthropic", "Google", "Meta", "Nvidia", "Mistral", "Apple", "Microsoft", "Tesla", "Adobe"}
	word := func() string { return fmt.Sprintf("w%05dx", int(math.Pow(30_000, random.Float64()))) }
	var out []digest.Article
	for len(out) < n {
		event := []string{makers[random.Intn(len(makers))], word(), word(), word(), word(), word(), fmt.Sprintf("Name%d", random.Intn(n))}
		minute := random.Intn(30 * 24 * 60)
		tellings := 1
		if random.Intn(3) == 0 {
			tellings += 1 + random.Intn(8)
		}
		for range min(tellings, n-len(out)) {
			random.Shuffle(len(event), func(i, j int) { event[i], event[j] = event[j], event[i] })
			words := append(event[:4:4], word(), word(), word(), word(), word())
			out = append(out, digest.Article{ID: fmt.Sprint(len(out)), Lang: "en", Title: strings.Join(words, " "), Feed: fmt.Sprint("outlet ", random.Intn(200)),
				Published: time.Date(2026, 11, 1, 0, minute+random.Intn(2*24*60), 0, 0, time.UTC)})
		}
	}
	return out
}

// Twice the headlines of a month may cost little more than twice the work.
func BenchmarkGroup(b *testing.B) {
	spent := map[int]float64{}
	for _, n := range []int{12_500, 25_000, 50_000} {
		articles := news(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				digest.Group(articles, digest.Grouping{Topics: topics()})
			}
			spent[n] = b.Elapsed().Seconds() / float64(b.N)
			b.ReportMetric(float64(n)/spent[n], "headlines/s")
			if half := spent[n/2]; half > 0 {
				b.ReportMetric(spent[n]/half, "times-half")
			}
		})
	}
}

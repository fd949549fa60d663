package digest_test

import (
	"fmt"
	"math"
	"math/rand"
	"runtime"
	"runtime/metrics"
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

// Two weeks of an industry's headlines, in seven languages. Twice the headlines may cost little more than twice the
// work. Besides the time it tells the greatest heap that was seen, and the heap that the stories keep.
func BenchmarkGroup(b *testing.B) {
	spent := map[int]float64{}
	for _, n := range []int{12_500, 25_000, 50_000} {
		articles, _ := newWire(b).lately(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var stories []digest.Story
			before := heap()
			peak := watchHeap(func() {
				for b.Loop() {
					stories = digest.Group(articles, digest.Grouping{Topics: topics()})
				}
			})
			spent[n] = b.Elapsed().Seconds() / float64(b.N)
			b.ReportMetric(float64(n)/spent[n], "headlines/s")
			if half := spent[n/2]; half > 0 {
				b.ReportMetric(spent[n]/half, "times-half")
			}
			runtime.GC()
			b.ReportMetric(float64(heap()-before)/(1<<20), "MB-kept")
			b.ReportMetric(float64(peak)/(1<<20), "MB-peak")
			b.ReportMetric(float64(len(stories)), "stories")
		})
	}
}

// heap is how many bytes of the heap are in use.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// watchHeap returns the most of the heap that was in use while f ran, as far as looking every few milliseconds shows.
func watchHeap(f func()) uint64 {
	stop, most := make(chan struct{}), make(chan uint64)
	go func() {
		peak := uint64(0)
		for {
			select {
			case <-stop:
				most <- peak
				return
			case <-time.After(5 * time.Millisecond):
				peak = max(peak, heap())
			}
		}
	}()
	f()
	close(stop)
	return <-most
}

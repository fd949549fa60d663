package store_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"tidings/digest"
	"tidings/digest/store"
)

// onEach runs a benchmark on the databases that are there, with STORE_BENCH_READERS readers or 100,000.
func onEach(b *testing.B, run func(b *testing.B, s *store.Store)) {
	n, err := strconv.Atoi(os.Getenv("STORE_BENCH_READERS"))
	if err != nil {
		n = 100_000
	}
	for name, fresh := range map[string]func(testing.TB) string{"sqlite": freshFile, "postgres": freshSchema} {
		b.Run(name, func(b *testing.B) {
			s, _ := open(b, fresh(b))
			began := time.Now()
			ok[store.Imported](b)(s.Import(b.Context(), readers(n), everything, hidden))
			b.Logf("imported %d readers in %v", n, time.Since(began).Round(time.Millisecond))
			run(b, s)
		})
	}
}

func sealNext(b *testing.B, s *store.Store, i int) {
	at := seven.AddDate(0, 0, i)
	ok[int](b)(s.Seal(b.Context(), daily, edition(daily, at, article("a", lab, at))))
}

func BenchmarkSeal(b *testing.B) {
	onEach(b, func(b *testing.B, s *store.Store) {
		i := 0
		for b.Loop() {
			sealNext(b, s, i)
			i++
		}
	})
}

func BenchmarkClaim500(b *testing.B) {
	onEach(b, func(b *testing.B, s *store.Store) {
		sealNext(b, s, 0)
		editions := 1
		for b.Loop() {
			if len(ok[[]digest.Delivery](b)(s.Claim(b.Context(), 500, seven, seven.Add(lease)))) < 500 {
				b.StopTimer()
				sealNext(b, s, editions)
				editions++
				b.StartTimer()
			}
		}
	})
}

// BenchmarkLetter is what the ledger costs a letter, handed over and settled, with sixteen at a time.
func BenchmarkLetter(b *testing.B) {
	onEach(b, func(b *testing.B, s *store.Store) {
		owed := make(chan digest.Delivery, 500)
		go func() {
			for i := 0; ; {
				claimed, err := s.Claim(b.Context(), 500, seven, seven.Add(lease))
				if err != nil {
					return
				}
				if len(claimed) == 0 {
					sealNext(b, s, i)
					i++
				}
				for _, d := range claimed {
					select {
					case owed <- d:
					case <-b.Context().Done():
						return
					}
				}
			}
		}()
		b.SetParallelism(8) // times the cores
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				d := <-owed
				must(b, s.Hand(b.Context(), d))
				must(b, s.Settle(b.Context(), outcome(d, digest.Sent)))
			}
		})
	})
}

// BenchmarkKeep keeps 2,000 articles a time that no one knows yet, of two kilobytes each.
func BenchmarkKeep(b *testing.B) {
	for name, fresh := range map[string]func(testing.TB) string{"sqlite": freshFile, "postgres": freshSchema} {
		b.Run(name, func(b *testing.B) {
			s, _ := open(b, fresh(b))
			text := strings.Repeat("All work and no play. ", 90)
			n := 0
			for b.Loop() {
				articles := make([]digest.Article, 2000)
				for i := range articles {
					n++
					sum := sha256.Sum256([]byte(strconv.Itoa(n)))
					id := hex.EncodeToString(sum[:16])
					articles[i] = article(id, lab+strconv.Itoa(n/100), seven)
					articles[i].Text, articles[i].Handles = text, digest.Handles{Link: id[:16], GUID: id[8:24], Title: id[16:], Sum: id[4:20]}
				}
				ok[digest.Kept](b)(s.Keep(b.Context(), digest.Harvest{Articles: articles}))
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "articles/s")
		})
	}
}

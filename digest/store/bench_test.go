package store_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tidings/digest"
	"tidings/digest/store"
)

// onEach runs a benchmark on the databases that are there, with STORE_BENCH_READERS readers or 100,000, each of
// whom got his id when he joined; every third of them chose topics.
func onEach(b *testing.B, run func(b *testing.B, s *store.Store)) {
	n, err := strconv.Atoi(os.Getenv("STORE_BENCH_READERS"))
	if err != nil {
		n = 100_000
	}
	for name, fresh := range map[string]func(testing.TB) string{"sqlite": freshFile, "postgres": freshSchema} {
		b.Run(name, func(b *testing.B) {
			address := fresh(b)
			s, _ := open(b, address)
			db := raw(b, address)
			execute(b, db, fmt.Sprintf(`
				INSERT INTO subscriber (id, email, name, state, lang, plain, timezone, joined, changed, consent_at, consent_how, domain)
				WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
				SELECT i, 'reader' || (CAST(i AS BIGINT) * 7919 %% 1000003) || '@example' || (i %% 7) || '.org', '', 'active', '', 0, '', 1, 1, 1, 'bench', 'example' || (i %% 7) || '.org'
				FROM n`, n))
			for _, topic := range []string{"chips", "models"} {
				execute(b, db, "INSERT INTO interest (subscriber, topic) SELECT id, '"+topic+"' FROM subscriber WHERE id % 3 = 0")
			}
			if name == "postgres" {
				execute(b, db, "ANALYZE")
			}
			must(b, db.Close())
			run(b, s)
		})
	}
}

// metered begins to measure, now that all is ready; what it returns tells what was used of all cores.
func metered(b *testing.B) func() {
	began := processor()
	b.ResetTimer()
	return func() {
		b.ReportMetric(float64((processor()-began).Microseconds())/float64(b.N), "cpu-µs/op")
	}
}

// processor is the time that this process has used of all cores.
func processor() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func sealNext(b *testing.B, s *store.Store, i int) {
	at := seven.AddDate(0, 0, i)
	e := edition(daily, at, article("a", lab, at))
	e.Lead.Topic = "chips"
	ok[int](b)(s.Seal(b.Context(), daily, e))
}

func BenchmarkSeal(b *testing.B) {
	onEach(b, func(b *testing.B, s *store.Store) {
		defer metered(b)()
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
		defer metered(b)()
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

// BenchmarkLetter is what the ledger costs a letter that is handed over together with the outcome of the one
// before it, by sixteen at a time.
func BenchmarkLetter(b *testing.B) {
	onEach(b, func(b *testing.B, s *store.Store) {
		sealNext(b, s, 0)
		defer metered(b)()
		owed := make(chan digest.Delivery, 100)
		go feed(b, s, owed)
		var left atomic.Int64
		left.Store(int64(b.N))
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				var before []digest.Outcome
				for left.Add(-1) >= 0 {
					d := <-owed
					if err := s.Hand(b.Context(), d, before...); err != nil {
						b.Error(err)
					}
					before = []digest.Outcome{{ID: d.ID, Fence: d.Fence, State: digest.Sent, Note: "2.0.0 Ok: queued as 4d2f7Q1xBZz9sXn"}}
				}
				if err := s.Settle(b.Context(), before...); err != nil {
					b.Error(err)
				}
			})
		}
		all.Wait()
	})
}

// feed claims letters, and seals an edition when none is owed.
func feed(b *testing.B, s *store.Store, owed chan<- digest.Delivery) {
	for i := 1; ; {
		claimed, err := s.Claim(b.Context(), 100, seven, seven.Add(lease))
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

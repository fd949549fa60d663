package feed

import (
	"cmp"
	"context"
	"log/slog"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"tidings/digest"
)

// How much is collected before it is handed out: enough that keeping it is one transaction of a good size,
// and little enough that it fits in memory and comes within a moment.
const (
	basketArticles = 3000
	basketVisits   = 500
	basketWait     = time.Second
)

// round starts a round of visits and returns them as they are done. Hosts are asked side by side and the
// sources of one host one after another, while what has come is read, which is work for the processor and
// not for the network, and while the pages of earlier visits are asked for. The channels hold a few visits
// only: who is ahead waits for who is behind.
func (r *Reader) round(ctx context.Context, stop context.CancelCauseFunc, sources []digest.Source, known *servers) <-chan *visit {
	cores := runtime.GOMAXPROCS(0)
	asked, leading, read := make(chan *visit, 2*cores), make(chan *visit, 2*cores), make(chan *visit, 2*cores)
	marks, err := r.Memory.Marks(ctx, addresses(sources))
	if err != nil {
		stop(err)
		close(read)
		return read
	}
	queue := make(chan []int, len(sources))
	for _, line := range byHost(sources, max(r.PerHost, 1)) {
		queue <- line
	}
	close(queue)
	pass := func(to chan<- *visit, v *visit) { pass(ctx, to, v) }
	hosts := max(1, cmp.Or(r.Parallel, 8))
	stage := newPages(r, known, func(v *visit) { pass(read, v) }, stop)
	workers(hosts, func() {
		for line := range queue {
			for _, i := range line {
				if ctx.Err() != nil {
					return
				}
				v := &visit{place: i, source: sources[i], mark: marks[sources[i].URL]}
				r.ask(ctx, v)
				pass(asked, v)
			}
		}
	}, func() { close(asked) })
	settle := func(v *visit) {
		if err := r.recall(ctx, v); err != nil {
			stop(err)
			return
		}
		stage.send(ctx, v)
	}
	workers(cores, func() {
		for v := range asked {
			if r.read(v); v.leads() {
				pass(leading, v)
				continue
			}
			settle(v)
		}
	}, func() { close(leading) })
	workers(hosts, func() {
		for v := range leading {
			r.follow(ctx, v)
			settle(v)
		}
	}, stage.close)
	workers(hosts, func() { stage.work(ctx) }, func() { close(read) })
	return read
}

// pass hands a visit on, unless the round is over. Once one was lost so, none comes through any more: a mark that
// came without its articles would keep them from being read again.
func pass(ctx context.Context, to chan<- *visit, v *visit) {
	if ctx.Err() == nil {
		select {
		case to <- v:
			return
		case <-ctx.Done():
		}
	}
	v.got.letGo()
}

// workers starts n goroutines; the last to end calls done.
func workers(n int, work, done func()) {
	var group sync.WaitGroup
	for range n {
		group.Go(work)
	}
	go func() {
		group.Wait()
		done()
	}()
}

// collect puts what the visits bring into baskets until there are no more visits, or nobody wants a basket any
// longer.
func (r *Reader) collect(ctx context.Context, visits <-chan *visit, known *servers, total int, baskets chan<- digest.Harvest) {
	var basket []*visit
	articles, done := 0, 0
	var sum struct{ read, fresh, unchanged, troubles int }
	flush := func() {
		if len(basket) == 0 {
			return
		}
		h := harvest(basket)
		h.Sites = known.changed()
		basket, articles = nil, 0
		select {
		case baskets <- h:
		case <-ctx.Done():
		}
	}
	tick := time.NewTicker(basketWait)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-tick.C:
			flush()
			continue
		case v, more := <-visits:
			if !more {
				level := slog.LevelInfo
				if sum.fresh == 0 { // as most of a day's polls
					level = slog.LevelDebug
				}
				r.Log.Log(ctx, level, "sources read", "sources", total, "articles", sum.read, "fresh", sum.fresh, "unchanged", sum.unchanged, "troubles", sum.troubles)
				flush()
				return
			}
			basket, articles = append(basket, v), articles+len(v.articles)
			if v.part {
				break
			}
			done++
			sum.read, sum.fresh = sum.read+v.holds, sum.fresh+v.fresh
			if v.unchanged {
				sum.unchanged++
			}
			if v.fault != "" {
				sum.troubles++
			}
			if r.Progress != nil {
				r.Progress(done, total)
			}
		}
		if articles >= basketArticles || len(basket) >= basketVisits {
			flush()
		}
	}
}

// harvest puts visits together, in the order of their sources.
func harvest(visits []*visit) digest.Harvest {
	slices.SortStableFunc(visits, func(a, b *visit) int { return a.place - b.place })
	var h digest.Harvest
	for _, v := range visits {
		h.Read += v.holds
		h.Articles = append(h.Articles, v.articles...)
		if v.part {
			continue
		}
		if v.fault != "" {
			h.Troubles = append(h.Troubles, digest.Trouble{Source: v.source.URL, Name: cmp.Or(v.source.Name, v.mark.Title), Reason: v.fault})
		}
		if !v.skipped {
			h.Marks = append(h.Marks, v.mark)
		}
	}
	return h
}

// byHost sorts the sources' positions into one line for each host, or so many, the longest first so that it does
// not end up alone at the end. A source that is named twice is visited once; each file is its own line.
func byHost(sources []digest.Source, lanes int) [][]int {
	lines := map[string][]int{}
	var hosts []string
	seen := map[string]bool{}
	for i, s := range sources {
		if seen[s.URL] {
			continue
		}
		seen[s.URL] = true
		host := s.URL
		if u, err := url.Parse(s.URL); err == nil && u.Host != "" {
			host = strings.ToLower(u.Hostname())
		}
		if lines[host] == nil {
			hosts = append(hosts, host)
		}
		lines[host] = append(lines[host], i)
	}
	slices.SortStableFunc(hosts, func(a, b string) int { return len(lines[b]) - len(lines[a]) })
	var out [][]int
	for _, h := range hosts {
		line := lines[h]
		for part := range slices.Chunk(line, (len(line)+lanes-1)/lanes) {
			out = append(out, part)
		}
	}
	return out
}

// Package feed fetches sources politely and reads them into articles.
//
// It promises that whatever a source sends, a newer feed, a broken one, a web page, half a document or a
// bomb, comes out as plain text with one sanitised body beside it or as a sentence that says what is
// wrong, within bounds of time and memory, and that no source can stop another. [Parse] is pure: the
// same bytes give the same articles.
//
// It refuses addresses that are not http or https, hosts in private networks that the operator did not
// open, and more than one request at a time to one host. It never evades a wall against robots, never
// runs or loads anything that a document names, and decides nothing about which article is printed.
//
// It stores nothing. What has to be remembered of a source until the next visit, its [digest.Mark], is
// handed out with the articles, to be stored together with them: the validators of the last answer, kept
// letter for letter, a hash of the last body, and since when and why it fails.
package feed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"tidings/digest"
)

// Marks knows what was learnt of sources on earlier visits.
type Marks interface {
	// Mark returns the mark of a source; the zero mark when it was never visited.
	Mark(ctx context.Context, source string) (digest.Mark, error)
}

// Reader reads sources. Make one with [New]; its fields may be set until the first call. It may be used
// by several goroutines at once.
type Reader struct {
	Marks Marks
	Now   func() time.Time
	Log   *slog.Logger

	Version      string                // our own, for the User-Agent
	Contact      string                // where a site's owner finds us: an address of the web or of mail
	AllowPrivate []netip.Prefix        // private networks that sources may lie in
	Timeout      time.Duration         // of one request with its whole body; 30 s
	MaxBytes     int64                 // of one document, unpacked; 16 MiB
	Parallel     int                   // hosts asked at once; 8
	Gap          time.Duration         // between two requests to one host; [New] sets 1 s, 0 is none
	Eager        bool                  // ask also the sources that are not due; for a person who wants it now
	Progress     func(done, total int) // called after each source, never twice at once; may be nil

	once   sync.Once
	client *http.Client
}

// New returns a reader with the defaults told at the fields. All three are required.
func New(marks Marks, now func() time.Time, log *slog.Logger) (*Reader, error) {
	if marks == nil || now == nil || log == nil {
		return nil, errors.New("a reader of feeds needs marks, a clock and a log")
	}
	return &Reader{Marks: marks, Now: now, Log: log, Version: "dev", Timeout: 30 * time.Second, MaxBytes: 16 << 20, Parallel: 8, Gap: time.Second}, nil
}

// Read visits every source that is due and returns what they brought, in the order of the sources and
// within one in its own order. An unchanged source brings nothing and is no trouble; one that fails and is
// left alone for a while is a trouble still. The error is for what stops all: the context's end, or marks
// that cannot be read.
func (r *Reader) Read(ctx context.Context, sources []digest.Source) (digest.Harvest, error) {
	visits := make([]visit, len(sources))
	if err := r.visitAll(ctx, sources, visits); err != nil {
		return digest.Harvest{}, err
	}
	var h digest.Harvest
	unchanged := 0
	for i := range visits {
		v := &visits[i]
		h.Articles = append(h.Articles, v.articles...)
		if v.fault != "" {
			h.Troubles = append(h.Troubles, digest.Trouble{Source: v.source.URL, Name: cmp.Or(v.source.Name, v.mark.Title), Reason: v.fault})
		}
		if v.unchanged {
			unchanged++
		}
		if v.mark.Source != "" {
			h.Marks = append(h.Marks, v.mark)
		}
	}
	r.Log.Info("sources read", "sources", len(sources), "articles", len(h.Articles), "unchanged", unchanged, "troubles", len(h.Troubles))
	return h, nil
}

// visitAll visits the hosts side by side and the sources of one host one after another.
func (r *Reader) visitAll(ctx context.Context, sources []digest.Source, visits []visit) error {
	lines := byHost(sources)
	queue := make(chan []int, len(lines))
	for _, l := range lines {
		queue <- l
	}
	close(queue)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var group sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for range min(cmp.Or(max(r.Parallel, 0), 8), len(lines)) {
		group.Go(func() {
			for line := range queue {
				asked := false
				for _, i := range line {
					if err := r.visitNext(ctx, sources[i], &visits[i], &asked); err != nil {
						stop(err)
						return
					}
					mu.Lock()
					done++
					if r.Progress != nil {
						r.Progress(done, len(sources))
					}
					mu.Unlock()
				}
			}
		})
	}
	group.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// visitNext visits one source of a host; asked tells whether the host has been asked in this round, and
// so whether to leave it in peace for a moment first.
func (r *Reader) visitNext(ctx context.Context, s digest.Source, v *visit, asked *bool) error {
	v.source = s
	mark, err := r.Marks.Mark(ctx, s.URL)
	if err != nil {
		return fmt.Errorf("mark of %s: %w", s.URL, err)
	}
	if !r.Eager && mark.Due.After(r.Now()) {
		v.unchanged = mark.Failures == 0
		if mark.Failures > 0 {
			v.fault = fmt.Sprintf("%s (left alone until %s)", mark.Fault, mark.Due.Format("2006-01-02 15:04"))
		}
		return nil
	}
	web := !isFile(s.URL)
	if web && *asked && r.Gap > 0 {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(r.Gap):
		}
	}
	*asked = web
	mark.Source = s.URL
	v.mark = mark
	r.visit(ctx, v)
	return context.Cause(ctx)
}

// byHost sorts the sources' positions into one line for each host, the longest first so that it does not
// end up alone at the end. A source that is named twice is visited once; each file is its own line.
func byHost(sources []digest.Source) [][]int {
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
	out := make([][]int, len(hosts))
	for i, h := range hosts {
		out[i] = lines[h]
	}
	return out
}

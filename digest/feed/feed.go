// Package feed fetches sources politely and reads them into articles. A source is a feed, a page that names one,
// a page that lists articles in a way the operator describes, a sitemap, or a file or folder of this machine.
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
// Of articles of which a feed has a teaser only it reads the pages, as far as the sites' robots.txt allow it
// (RFC 9309): the 20 newest of a visit that are not older than 8 days, and of one host 100 in a round. A page
// that refuses, or says no more than the feed, leaves the feed's text in its place and is no trouble.
//
// It stores nothing. What has to be remembered of a source until the next visit, its [digest.Mark], is
// handed out with the articles, to be stored together with them: the validators of the last answer, kept
// letter for letter, a hash of the last body, where it has moved, and since when and why it fails; and so is
// what it knows of the servers of pages, each a [digest.Site].
package feed

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"tidings/digest"
)

// Memory is what was learnt on earlier visits.
type Memory interface {
	// Marks returns the marks of those sources that were visited.
	Marks(ctx context.Context, sources []string) (map[string]digest.Mark, error)

	// Known returns what the source's articles are recognised by, the last seen first.
	Known(ctx context.Context, source string) ([]digest.Known, error)

	// Site returns what is remembered of a server that articles' pages lie on; one with nothing but its
	// name if nothing is.
	Site(ctx context.Context, host string) (digest.Site, error)
}

// Reader reads sources. Make one with [New]; its fields may be set until the first call. It may be used
// by several goroutines at once.
type Reader struct {
	Web
	Memory Memory
	Log    *slog.Logger

	Parallel int                   // hosts asked at once; 8
	Often    time.Duration         // a busy source is worth a visit after so long; 1 h
	Seldom   time.Duration         // and a still one after so long; 12 h
	Eager    bool                  // ask also the sources that are not due, unless their servers say so; for a person who wants it now
	Cursory  bool                  // read no pages of articles; for a person who asks what a source is
	Progress func(done, total int) // called after each source, never twice at once; may be nil
}

// New returns a reader with the defaults told at the fields, and a gap of a second. All three are required.
func New(memory Memory, now func() time.Time, log *slog.Logger) (*Reader, error) {
	if memory == nil || now == nil || log == nil {
		return nil, errors.New("a reader of feeds needs a memory, a clock and a log")
	}
	return &Reader{
		Web:    Web{Now: now, Version: "dev", Timeout: 30 * time.Second, MaxBytes: 16 << 20, Gap: time.Second},
		Memory: memory, Log: log, Parallel: 8, Often: time.Hour, Seldom: 12 * time.Hour,
	}, nil
}

// Read visits every source that is due and hands out what they brought, in parts as it comes; the parts'
// order is that in which the sources answered, and in a part the sources keep theirs. An unchanged source
// brings nothing and is no trouble; one that fails and is left alone for a while is a trouble still. An
// error comes last, for what stops all: the context's end, or a memory that cannot be read.
func (r *Reader) Read(ctx context.Context, sources []digest.Source) iter.Seq2[digest.Harvest, error] {
	return func(yield func(digest.Harvest, error) bool) {
		ctx, stop := context.WithCancelCause(ctx)
		known := newServers(r.Memory)
		visits := r.round(ctx, stop, sources, known)
		baskets := make(chan digest.Harvest) // one is filled while another is kept
		go func() {
			defer close(baskets)
			r.collect(ctx, visits, known, len(sources), baskets)
			for range visits { // until the last of the round has gone home
			}
		}()
		defer func() {
			for range baskets {
			}
		}()
		defer stop(nil)
		for h := range baskets {
			if !yield(h, nil) {
				return
			}
		}
		if ctx.Err() != nil {
			yield(digest.Harvest{}, context.Cause(ctx))
		}
	}
}

// Ripe returns those of the sources that are worth a visit between editions: their habits say that there
// may be something new, and nothing says that they want to be left alone.
func (r *Reader) Ripe(ctx context.Context, sources []digest.Source) ([]digest.Source, error) {
	marks, err := r.Memory.Marks(ctx, addresses(sources))
	if err != nil {
		return nil, fmt.Errorf("which sources are ripe: %w", err)
	}
	var ripe []digest.Source
	now := r.Now()
	for _, s := range sources {
		if m := marks[s.URL]; !m.Next.After(now) && !m.Due.After(now) {
			ripe = append(ripe, s)
		}
	}
	return ripe, nil
}

func addresses(sources []digest.Source) []string {
	all := make([]string, len(sources))
	for i, s := range sources {
		all[i] = s.URL
	}
	return all
}

package feed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	"tidings/digest"
)

// leads says whether a visit leads on to other documents: the sitemaps that an index names, or the feed that
// a page names which came in the feed's place.
func (v *visit) leads() bool {
	var to *elsewhere
	return v.err == nil && len(v.more) > 0 || v.mark.Address == "" && errors.As(v.err, &to)
}

// follow reads the documents that a visit leads to, and no further.
func (w *Web) follow(ctx context.Context, v *visit) {
	var to *elsewhere
	if errors.As(v.err, &to) {
		followFeed(ctx, w, v, to.feed)
		return
	}
	var failed error
	bad := 0
	for _, at := range v.more {
		read, _, err := readOther(ctx, w, v, at)
		v.articles = append(v.articles, read.Articles...)
		if err != nil {
			failed, bad = cmp.Or(failed, err), bad+1
		}
	}
	v.articles = once(v.articles)
	switch {
	case failed == nil:
	case len(v.articles) == 0:
		v.err = failed
	default:
		v.fault = fmt.Sprintf("%d of the %d sitemaps that it names could not be read: %v", bad, len(v.more), failed)
	}
}

// once keeps each article once that several documents of a source tell: the first of them, or the first with a
// headline. Told twice it would be taken for another article of the same name.
func once(all []digest.Article) []digest.Article {
	place := map[string]int{}
	var out []digest.Article
	for _, a := range all {
		i, twice := place[a.ID]
		switch {
		case !twice:
			place[a.ID] = len(out)
			out = append(out, a)
		case out[i].Title == "":
			out[i] = a
		}
	}
	return out
}

// followFeed reads the feed that a page names, and takes it for the source from now on. If there is none, the
// page's own fault stands.
func followFeed(ctx context.Context, w *Web, v *visit, at string) {
	read, header, err := readOther(ctx, w, v, at)
	if err != nil {
		return
	}
	v.articles, v.err = read.Articles, nil
	v.mark.Address, v.mark.Title = at, cmp.Or(read.Source.Title, v.mark.Title)
	v.mark.ETag, v.mark.Modified = header.Get("Etag"), header.Get("Last-Modified")
}

// readOther reads a document that is the source's, but lies elsewhere: in a private network only if the source
// itself lies in one. What it names itself is not followed. The header is empty for one that breaks off, which
// is to be asked for anew.
func readOther(ctx context.Context, w *Web, v *visit, at string) (Reading, http.Header, error) {
	got, err := w.getAs(ctx, at, nil, manner{gap: w.Gap, public: !v.got.inside})
	if err != nil {
		return Reading{}, nil, err
	}
	done, err := w.unpacked(&got)
	defer done()
	if err != nil {
		return Reading{}, nil, err
	}
	got.Lang = v.source.Lang
	read, _, err := parseSource(got.Document, v.source.List)
	if got.cut || read.Cut {
		return read, nil, err
	}
	return read, got.Header, err
}

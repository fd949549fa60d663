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
func (r *Reader) follow(ctx context.Context, v *visit) {
	var to *elsewhere
	if errors.As(v.err, &to) {
		r.followFeed(ctx, v, to.feed)
		return
	}
	var failed error
	bad := 0
	for _, at := range v.more {
		articles, err := r.readOther(ctx, v, at, nil)
		v.articles = append(v.articles, articles...)
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
func (r *Reader) followFeed(ctx context.Context, v *visit, at string) {
	articles, err := r.readOther(ctx, v, at, func(h http.Header) {
		v.mark.ETag, v.mark.Modified = h.Get("Etag"), h.Get("Last-Modified")
	})
	if err != nil {
		return
	}
	v.articles, v.err, v.mark.Address = articles, nil, at
}

// readOther reads a document that is the source's, but lies elsewhere: in a private network only if the source
// itself lies in one. What it names itself is not followed.
func (r *Reader) readOther(ctx context.Context, v *visit, at string, done func(http.Header)) ([]digest.Article, error) {
	got, err := r.getAs(ctx, at, nil, manner{r.Gap, !v.got.inside})
	if err == nil {
		err = got.unpack(r.maxBytes())
	}
	if err != nil {
		return nil, err
	}
	got.Lang = v.source.Lang
	read, _, err := parseSource(got.Document, v.source.List)
	if err == nil && done != nil && !got.cut && !read.Cut {
		done(got.Header)
	}
	return read.Articles, err
}

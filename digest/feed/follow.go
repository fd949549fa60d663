package feed

import (
	"cmp"
	"context"
	"errors"
	"net/http"
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
	for _, at := range v.more {
		read, _, err := r.readOther(ctx, v, at)
		v.articles = append(v.articles, read.Articles...)
		failed = errors.Join(failed, err)
	}
	if len(v.articles) == 0 {
		v.err = failed
	}
}

// followFeed reads the feed that a page names, and takes it for the source from now on. If there is none, the
// page's own fault stands.
func (r *Reader) followFeed(ctx context.Context, v *visit, at string) {
	read, header, err := r.readOther(ctx, v, at)
	if err != nil {
		return
	}
	v.articles, v.err = read.Articles, nil
	v.mark.Address, v.mark.Title = at, cmp.Or(read.Source.Title, v.mark.Title)
	v.mark.ETag, v.mark.Modified = header.Get("Etag"), header.Get("Last-Modified")
}

// readOther reads a document that is the source's, but lies elsewhere. What it names itself is not followed.
// The header is empty for one that breaks off, which is to be asked for anew.
func (r *Reader) readOther(ctx context.Context, v *visit, at string) (Reading, http.Header, error) {
	got, err := r.get(ctx, at, nil)
	if err == nil {
		err = got.unpack(r.maxBytes())
	}
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

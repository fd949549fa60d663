package feed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tidings/digest"
)

// parseSource reads what the address of a source brought: a feed, a sitemap, or by its list rules a page
// that lists articles. It decides by the bytes, so that a site may begin to offer a feed at its old address.
// What follows is the addresses of an index's sitemaps, to be fetched and read in the same way. Sitemaps that
// tell no titles give articles without one.
//
// No article is no error where the form allows for it: a feed may be quiet. A page on which the rules find
// nothing is a fault.
func parseSource(doc Document, list digest.List) (articles []digest.Article, more []string, err error) {
	defer func() {
		if p := recover(); p != nil {
			articles, more, err = nil, nil, fmt.Errorf("it makes the reader fail: %v", p)
		}
	}()
	o, err := open(doc)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case o.kind == xmlFeed || o.kind == jsonFeed:
		articles, err = o.readFeed()
	case o.isSitemap():
		articles, more, err = o.readSitemap(list)
	case o.kind == page && list != digest.List{}:
		articles, err = o.readList(list)
	default:
		return nil, nil, o.notFeed()
	}
	if errors.Is(err, ErrEmpty) {
		return nil, nil, nil
	}
	return articles, more, err
}

// readSource is parseSource with the sitemaps of an index followed. What has no title is left out, for its
// page would have to be read; so is a sitemap that cannot be had, unless it is the last hope. Followed says
// that the articles do not stand in the document itself, whose validators then say nothing of them.
func readSource(ctx context.Context, r *Reader, doc Document, list digest.List) (articles []digest.Article, followed bool, err error) {
	articles, more, err := parseSource(doc, list)
	if err != nil {
		return nil, false, err
	}
	var failed error
	for _, at := range more {
		select {
		case <-ctx.Done():
			return nil, true, context.Cause(ctx)
		case <-time.After(r.Gap):
		}
		got, err := r.get(ctx, at, nil)
		if err == nil {
			var listed []digest.Article
			got.Lang = doc.Lang
			listed, _, err = parseSource(got.Document, list)
			articles = append(articles, listed...)
		}
		failed = errors.Join(failed, err)
	}
	if len(articles) == 0 && failed != nil {
		return nil, true, failed
	}
	return slices.DeleteFunc(articles, func(a digest.Article) bool { return a.Title == "" }), len(more) > 0, nil
}

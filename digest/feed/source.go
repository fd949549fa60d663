package feed

import (
	"errors"
	"fmt"

	"tidings/digest"
)

// parseSource reads what the address of a source brought: a feed, a sitemap, or by its list rules a page
// that lists articles. It decides by the bytes, so that a site may begin to offer a feed at its old address.
// What follows is the addresses of an index's sitemaps, to be fetched and read in the same way. Sitemaps that
// tell no titles give articles without one.
//
// No article is no error where the form allows for it: a feed may be quiet. A page on which the rules find
// nothing is a fault.
func parseSource(doc Document, list digest.List) (r Reading, more []string, err error) {
	defer func() {
		if p := recover(); p != nil {
			r, more, err = Reading{}, nil, fmt.Errorf("it makes the reader fail: %v", p)
		}
	}()
	o, err := open(doc)
	if err != nil {
		return r, nil, err
	}
	switch {
	case o.kind == xmlFeed || o.kind == jsonFeed:
		r, err = o.readFeed()
	case o.isSitemap():
		r.Articles, more, err = o.readSitemap(list)
	case o.kind == page && list != digest.List{}:
		r.Articles, err = o.readList(list)
	default:
		return r, nil, o.notFeed()
	}
	if errors.Is(err, ErrEmpty) {
		err = nil
	}
	r.Nested = o.nested
	return r, more, err
}

package feed

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"tidings/digest"
)

// Found is a feed that a site has.
type Found struct {
	URL      string
	Title    string // the name that it gives itself, else what the page calls it
	Lang     string // as it declares, BCP 47
	Why      string // how it was found, fit to follow a dash
	Articles int
	Index    bool      // it is an index of sitemaps, whose articles are not counted
	Newest   time.Time // when the newest was published or, in a sitemap, changed; zero when that is not told
}

// ErrNoFeed says that a site names no feed, and that none lies where feeds usually do.
var ErrNoFeed = errors.New("it names no feed, and there is none where feeds usually lie")

// maxProbes is how many addresses are asked when a site's feed is looked for.
const maxProbes = 12

// Find looks for the feeds of a site. What is a feed or a sitemap itself is the one that is found. Else the
// page's proposals are fetched one after another, and those are returned that can be read, in the page's
// order; the usual places are tried only when none of these is a feed. The error is [ErrNoFeed], or why the
// address cannot be read.
func (r *Reader) Find(ctx context.Context, address string) ([]Found, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		return nil, &refusal{sentence: "its address is not one of the web (http:// or https://)"}
	}
	doc, err := r.Fetch(ctx, address, nil)
	if err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		// A site that keeps strangers from its pages may still offer feeds.
		if found := probe(ctx, r, distinct(siteShapes(u), u)); len(found) > 0 {
			return found, nil
		}
		return nil, err
	}
	if f, _, ok := look(doc, candidate{address, "", whyItself}); ok {
		return []Found{f}, nil
	}
	o, err := open(doc)
	if err != nil {
		return nil, err
	}
	if o.kind != page || isWall(o.text) {
		return nil, o.notFeed()
	}
	found := probe(ctx, r, o.candidates())
	if len(found) == 0 && o.base() != nil {
		found = probe(ctx, r, usual(o.base()))
	}
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case len(found) == 0:
		return nil, ErrNoFeed
	}
	return found, nil
}

// probe fetches candidates and keeps those that are feeds. The same articles in another form, RSS beside
// Atom, count once; feeds of comments only when there is nothing else.
func probe(ctx context.Context, r *Reader, all []candidate) []Found {
	var found []Found
	twins := map[string]bool{}
	for _, c := range all[:min(len(all), maxProbes)] {
		if c.ofComments() && len(found) > 0 {
			break
		}
		doc, err := r.Fetch(ctx, c.url, nil)
		if err != nil {
			continue
		}
		f, articles, ok := look(doc, c)
		if c.title = f.Title; !ok || c.ofComments() && len(found) > 0 {
			continue
		}
		if len(articles) > 0 {
			twin := strings.ToLower(f.Title) + "\n" + articles[0].ID
			if twins[twin] {
				continue
			}
			twins[twin] = true
		}
		found = append(found, f)
	}
	return found
}

// look says whether a document is a feed or a sitemap, and what is in it.
func look(doc Document, c candidate) (Found, []digest.Article, bool) {
	r, more, err := parseSource(doc, digest.List{})
	if err != nil {
		return Found{}, nil, false
	}
	f := Found{URL: c.url, Title: firstOf(r.Source.Title, c.title), Lang: r.Source.Lang, Why: c.why, Articles: len(r.Articles), Index: len(more) > 0}
	for _, a := range r.Articles {
		f.Title, f.Lang = firstOf(a.Source.Title, f.Title), firstOf(a.Source.Lang, f.Lang)
		for _, at := range []time.Time{a.Published, a.Updated} {
			if at.After(f.Newest) {
				f.Newest = at
			}
		}
	}
	return f, r.Articles, true
}

package feed

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"tidings/digest"
)

// Bounds of sitemaps. Of an index the newest are followed: a site puts there what is new. The protocol allows
// for 50,000 entries in one sitemap.
const (
	maxSitemaps = 3
	maxEntries  = 50_000
)

// mapRoot is the root element of a sitemap or of an index of sitemaps, after whatever may stand before it.
var mapRoot = pattern(`^(?s:\s|<\?.*?\?>|<!--.*?-->|<![A-Za-z][^<>]*>){0,50}<(?:[\w.-]+:)?(urlset|sitemapindex)[\s/>]`)

// mapKind is the root element of a sitemap (sitemaps.org/protocol.html), or "" when it is something else.
func (o opening) mapKind() string {
	if m := mapRoot().FindStringSubmatch(o.text[:min(len(o.text), 1<<16)]); m != nil && o.kind == unknown {
		return m[1]
	}
	return ""
}

func (o opening) isSitemap() bool { return o.mapKind() != "" }

// located is one entry of a sitemap: an article's page, or in an index another sitemap.
type located struct {
	loc, title, lang, publication string
	modified, published           time.Time
}

// when orders entries.
func (e located) when() time.Time {
	if e.published.IsZero() {
		return e.modified
	}
	return e.published
}

// readSitemap reads a sitemap's articles, or of an index the addresses of the sitemaps to follow; both
// newest first, what is undated last. Only news sitemaps
// (developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap) tell titles: an article
// without one has its address and the time of its last change, and has to be read itself.
func (o opening) readSitemap(list digest.List) ([]digest.Article, []string, error) {
	r, bad := compile(list)
	if r.match == nil && list.Match != "" {
		return nil, nil, fmt.Errorf("its rule %s %s", bad[0].Key, bad[0].Why)
	}
	index := o.mapKind() == "sitemapindex"
	all, err := entries(o.text)
	if err != nil && len(all) == 0 {
		return nil, nil, broken("the sitemap", err)
	}
	base, total := o.base(), len(all)
	all = slices.DeleteFunc(all, func(e located) bool {
		at := address(base, e.loc)
		return at == "" || !index && !r.fits(Canonical(at))
	})
	switch {
	case total == 0:
		return nil, nil, ErrEmpty
	case len(all) == 0:
		return nil, nil, fmt.Errorf("match fits none of the addresses in its sitemap (%d)", total)
	}
	slices.SortStableFunc(all, func(a, b located) int {
		return cmp.Or(b.when().Compare(a.when()), newsFirst(index, a.loc, b.loc))
	})
	if index {
		return nil, children(base, all), nil
	}
	return o.mapped(base, all), nil, nil
}

// newsFirst puts an index's sitemaps of news before others of the same age.
func newsFirst(index bool, a, b string) int {
	rank := func(s string) int {
		for i, sign := range []string{"news", "post", "article", "blog"} {
			if strings.Contains(strings.ToLower(s), sign) {
				return i
			}
		}
		return 4
	}
	if !index {
		return 0
	}
	return rank(a) - rank(b)
}

func children(base *url.URL, all []located) []string {
	var more []string
	for _, e := range all {
		if at := address(base, e.loc); !slices.Contains(more, at) && len(more) < maxSitemaps {
			more = append(more, at)
		}
	}
	return more
}

// mapped makes entries into articles.
func (o opening) mapped(base *url.URL, all []located) []digest.Article {
	var articles []digest.Article
	seen := map[string]bool{}
	for _, e := range all {
		a := digest.Article{URL: Canonical(address(base, e.loc)), Title: line(e.title), Published: e.published, Updated: e.modified}
		if seen[a.URL] {
			continue
		}
		if seen[a.URL] = true; len(seen) > maxItems {
			break
		}
		a.Source = digest.Origin{Title: clip(line(e.publication), maxTitle), Lang: langTag(e.lang)}
		if u, err := url.Parse(a.URL); err == nil {
			a.Source.URL = u.Scheme + "://" + u.Host + "/"
		}
		if !a.Updated.After(a.Published) {
			a.Updated = time.Time{}
		}
		settle(&a, firstOf(e.lang, o.Lang))
		name(&a, "", "")
		articles = append(articles, a)
	}
	return articles
}

// entries reads the entries of a sitemap as far as it can be read.
func entries(s string) ([]located, error) {
	d := xml.NewDecoder(strings.NewReader(strings.Map(tidyRune, s)))
	d.Strict, d.Entity = false, xml.HTMLEntity
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // it is decoded
	var all []located
	var e located
	var path []string // local names of the open elements
	var words strings.Builder
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			words.Reset()
			if path = append(path, strings.ToLower(t.Name.Local)); len(path) > 20 {
				return all, errors.New("it is nested too deeply")
			}
			if len(path) == 2 {
				e = located{}
			}
		case xml.CharData:
			if words.Len() < maxText {
				words.Write(t)
			}
		case xml.EndElement:
			if len(path) == 0 {
				return all, errors.New("an element ends that did not begin")
			}
			e.take(path, strings.TrimSpace(words.String()))
			words.Reset()
			if path = path[:len(path)-1]; len(path) == 1 && e.loc != "" {
				if all = append(all, e); len(all) == maxEntries {
					return all, nil
				}
				e = located{}
			}
		}
	}
}

// take notes what an element said. Pictures and films in an entry have titles and dates too; they do not count.
func (e *located) take(path []string, words string) {
	if len(path) < 3 || len(path) > 5 {
		return
	}
	switch strings.Join(path[2:], "/") {
	case "loc":
		e.loc = words
	case "lastmod":
		e.modified = parseDate(words)
	case "news/title":
		e.title = words
	case "news/publication_date":
		e.published = parseDate(words)
	case "news/publication/name":
		e.publication = words
	case "news/publication/language":
		e.lang = words
	}
}

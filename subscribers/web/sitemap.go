package web

import (
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tidings/digest"
	"tidings/templates"
)

// What the protocol of https://www.sitemaps.org allows in one file is 50,000 addresses; the rest is room for the
// pages that are no editions.
const (
	perSitemap  = 49_000
	mostSitemap = 20
)

// guide tells search machines their way.
type guide struct{ shelf }

type siteURL struct {
	Loc      string `xml:"loc"`
	Modified string `xml:"lastmod,omitempty"`
}

type sitemapDoc struct {
	XMLName xml.Name  `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
	URLs    []siteURL `xml:"url"`
}

type sitemapIndex struct {
	XMLName xml.Name  `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 sitemapindex"`
	Maps    []siteURL `xml:"sitemap"`
}

// sitemap lists all pages for search machines, or the parts of that list when there are too many.
func (s guide) sitemap(w http.ResponseWriter, r *http.Request) {
	if s.Hidden {
		s.missing(w, r)
		return
	}
	next, err := s.Archive.Issues(r.Context(), digest.Span{Skip: perSitemap, Most: 1})
	if err != nil {
		s.fault(w, r, "sitemap", err)
		return
	}
	if len(next) == 0 {
		s.part(w, r, 1)
		return
	}
	var index sitemapIndex
	for n := 1; n <= mostSitemap && len(next) > 0; n++ {
		index.Maps = append(index.Maps, siteURL{Loc: s.URL + "/sitemap/" + strconv.Itoa(n)})
		if next, err = s.Archive.Issues(r.Context(), digest.Span{Skip: n * perSitemap, Most: 1}); err != nil {
			s.fault(w, r, "sitemap", err)
			return
		}
	}
	s.xml(w, r, index)
}

// sitemapPart lists the pages of one part, from 1.
func (s guide) sitemapPart(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.PathValue("part"))
	if err != nil || n < 1 || n > mostSitemap || s.Hidden {
		s.missing(w, r)
		return
	}
	s.part(w, r, n)
}

func (s guide) part(w http.ResponseWriter, r *http.Request, n int) {
	issues, err := s.Archive.Issues(r.Context(), digest.Span{Skip: (n - 1) * perSitemap, Most: perSitemap})
	if err != nil {
		s.fault(w, r, "sitemap", err)
		return
	}
	var doc sitemapDoc
	if n == 1 {
		outline, err := s.Archive.Outline(r.Context())
		if err != nil {
			s.fault(w, r, "sitemap", err)
			return
		}
		doc.URLs = s.landmarks(outline)
	}
	for _, i := range issues {
		doc.URLs = append(doc.URLs, siteURL{Loc: s.URL + "/e/" + i.Key, Modified: i.Sealed.UTC().Format(time.RFC3339)})
	}
	if len(doc.URLs) == 0 {
		s.missing(w, r)
		return
	}
	s.xml(w, r, doc)
}

// landmarks are the pages that are no editions.
func (s guide) landmarks(o digest.Outline) []siteURL {
	all := []siteURL{{Loc: s.URL + "/"}, {Loc: s.URL + "/archive"}}
	if len(s.Digests) > 1 {
		for _, d := range s.Digests {
			all = append(all, siteURL{Loc: s.URL + asked{digest: d.Name}.base()})
		}
	}
	for _, t := range s.topicRefs("en", o.Topics) {
		all = append(all, siteURL{Loc: s.URL + t.Path})
	}
	for _, name := range o.Names {
		all = append(all, siteURL{Loc: s.URL + templates.NamePath("/", name)})
	}
	return all
}

func (s guide) xml(w http.ResponseWriter, r *http.Request, doc any) {
	body, err := xml.Marshal(doc)
	if err != nil {
		s.broken(w, err)
		return
	}
	s.last(w, r, "application/xml; charset=utf-8", time.Time{}, append([]byte(xml.Header), body...))
}

// robots tells search machines what not to ask for: what has a token in its address, and the search, which has no
// end. Where they are to keep nothing, every page says so; to forbid them to ask would keep them from reading that,
// and an address that others link to would be kept all the same.
func (s *site) robots(w http.ResponseWriter, r *http.Request) {
	lines := []string{"User-agent: *", "Disallow: /c/", "Disallow: /n/", "Disallow: /p/", "Disallow: /r/", "Disallow: /u/", "Disallow: /search"}
	if s.Archive != nil && !s.Hidden {
		lines = append(lines, "", "Sitemap: "+s.URL+"/sitemap.xml")
	}
	s.last(w, r, "text/plain; charset=utf-8", time.Time{}, []byte(strings.Join(lines, "\n")+"\n"))
}

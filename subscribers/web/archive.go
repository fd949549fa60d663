package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidings/digest"
	"tidings/templates"
)

// How much the archive shows at once, and how much of it can be asked for.
const (
	perList    = 30
	perSearch  = 20
	mostPages  = 500
	longestAsk = 200 // characters of what is looked for
)

// shelf is where past editions stand.
type shelf struct{ *site }

// stand puts the shelf where visitors find it.
func (s shelf) stand(mux *http.ServeMux) {
	feeds, guide := newsstand{s}, guide{s}
	for path, look := range map[string]http.HandlerFunc{
		"/e/{digest}/{slot}": s.edition,
		"/archive":           s.index, "/archive/{shelf}": s.index, "/archive/{shelf}/{month}": s.index,
		"/topic/{topic}": s.topic, "/name/{name...}": s.name, "/search": s.search,
		"/archive/{digest}/atom.xml": feeds.editionFeed(atom), "/archive/{digest}/feed.json": feeds.editionFeed(jsonFeed),
		"/topic/{topic}/atom.xml": feeds.topicFeed(atom), "/topic/{topic}/feed.json": feeds.topicFeed(jsonFeed),
		"/name/{name}/atom.xml": feeds.nameFeed(atom), "/name/{name}/feed.json": feeds.nameFeed(jsonFeed),
		"/sitemap.xml": guide.sitemap, "/sitemap/{part}": guide.sitemapPart,
	} {
		mux.HandleFunc("GET "+path, s.open(look))
	}
}

// open lets readers in, unless there is no archive.
func (s shelf) open(look http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.Archive == nil {
			s.missing(w, r)
			return
		}
		look(w, r)
	}
}

// reading is the frame of a page of the archive.
func (s shelf) reading(r *http.Request, path string) templates.Frame {
	f := s.frame(r)
	f.Canonical = s.URL + path
	return f
}

// edition shows a sealed edition without anything personal. It never changes again, but a correction of the
// templates should not wait long, and neither should the link to the next one.
func (s shelf) edition(w http.ResponseWriter, r *http.Request) {
	e, err := s.Archive.Edition(r.Context(), r.PathValue("digest")+"/"+r.PathValue("slot"))
	if err == nil && len(e.Stories()) == 0 { // a quiet day
		err = ErrMissing
	}
	if err != nil {
		s.fault(w, r, "edition", err)
		return
	}
	f := s.reading(r, "/e/"+e.Key)
	f.Feeds = s.editionFeeds(e.Digest, e.Title)
	s.lastPage(w, r, time.Time{}, templates.Edition{Frame: f, Edition: e.Edition, Before: e.Before, After: e.After})
}

// asked is which list of editions is asked for.
type asked struct {
	digest string // empty: all
	month  time.Time
	page   int // from 1
}

// base is the path of the whole list.
func (a asked) base() string {
	if a.digest == "" {
		return "/archive"
	}
	return "/archive/" + url.PathEscape(a.digest)
}

// path is that of the list without its page.
func (a asked) path() string {
	if a.month.IsZero() {
		return a.base()
	}
	return a.base() + "/" + a.month.Format(monthForm)
}

// span is what it has of editions, and one more, which tells whether there are older ones.
func (a asked) span() digest.Span {
	span := digest.Span{Digest: a.digest, Skip: (a.page - 1) * perList, Most: perList + 1}
	if !a.month.IsZero() {
		span.From, span.To = a.month, a.month.AddDate(0, 1, 0)
	}
	return span
}

const monthForm = "2006-01"

// ask reads /archive, /archive/2026-11, /archive/daily and /archive/daily/2026-11; whether there is such a digest is
// told by the list.
func ask(r *http.Request) (asked, bool) {
	page, ok := pageOf(r)
	a := asked{digest: r.PathValue("shelf"), page: page}
	month := r.PathValue("month")
	if _, err := time.Parse(monthForm, a.digest); err == nil && month == "" {
		a.digest, month = "", a.digest
	}
	if month != "" {
		var err error
		a.month, err = time.Parse(monthForm, month)
		ok = ok && err == nil && a.month.Year() >= 1970
	}
	return a, ok
}

// pageOf is the number of a page of a list; without one it is the first.
func pageOf(r *http.Request) (int, bool) {
	told := r.URL.Query().Get("page")
	if told == "" {
		return 1, true
	}
	n, err := strconv.Atoi(told)
	return n, err == nil && n >= 1 && n <= mostPages
}

// turn are the paths of the pages around one; path may have a query.
func turn(path string, page int, more bool) (older, newer string) {
	mark := "?"
	if strings.Contains(path, "?") {
		mark = "&"
	}
	at := func(n int) string {
		if n == 1 {
			return path
		}
		return path + mark + "page=" + strconv.Itoa(n)
	}
	if more && page < mostPages {
		older = at(page + 1)
	}
	if page > 1 {
		newer = at(page - 1)
	}
	return older, newer
}

// index lists editions: all, those of a digest, of a month, or of a digest's month.
func (s shelf) index(w http.ResponseWriter, r *http.Request) {
	if name := strings.TrimSpace(r.FormValue("name")); name != "" && r.URL.Path == "/archive" { // as earlier pages asked
		http.Redirect(w, r, templates.NamePath("/", name), http.StatusMovedPermanently)
		return
	}
	a, ok := ask(r)
	if !ok {
		s.missing(w, r)
		return
	}
	issues, err := s.Archive.Issues(r.Context(), a.span())
	if err != nil {
		s.fault(w, r, "archive", err)
		return
	}
	outline, err := s.Archive.Outline(r.Context())
	if err != nil {
		s.fault(w, r, "archive", err)
		return
	}
	if len(issues) == 0 && (a.page > 1 || !a.month.IsZero() || a.digest != "" && s.title(a.digest) == "") {
		s.missing(w, r)
		return
	}
	s.lastPage(w, r, time.Time{}, s.indexPage(r, a, issues, outline))
}

func (s shelf) indexPage(r *http.Request, a asked, issues []digest.Issue, outline digest.Outline) templates.Archive {
	older, newer := turn(a.path(), a.page, len(issues) > perList)
	p := templates.Archive{Frame: s.reading(r, a.path()), Month: a.month, Older: older, Newer: newer, Years: years(a, outline.Months)}
	if a.page > 1 {
		p.Canonical = s.URL + a.path() + "?page=" + strconv.Itoa(a.page)
	} else {
		p.Here = a.path()
	}
	for _, i := range issues[:min(len(issues), perList)] {
		p.Editions = append(p.Editions, templates.PastOf(i))
	}
	for _, d := range s.Digests {
		if d.Name == a.digest {
			p.Digest = d
		}
		if a.digest == "" || a.digest == d.Name {
			p.Feeds = append(p.Feeds, s.editionFeeds(d.Name, d.Title)...)
		}
		if len(s.Digests) > 1 {
			p.Shelves = append(p.Shelves, templates.Ref{Title: d.Title, Path: asked{digest: d.Name}.base(), Lang: d.Lang, Here: d.Name == a.digest})
		}
	}
	if a.digest != "" && p.Digest.Name == "" { // a digest of earlier times
		p.Digest = templates.Choice{Name: a.digest, Title: issues[0].Title}
	}
	if a.page > 1 || !a.month.IsZero() {
		return p
	}
	for _, name := range outline.Names {
		p.Names = append(p.Names, templates.NameRef("/", name))
	}
	p.Topics = s.topicRefs(p.Lang, outline.Topics)
	return p
}

// topicRefs lead to the topics that have stories, in the order of sections.
func (s shelf) topicRefs(lang string, ids []string) []templates.Ref {
	var all []templates.Ref
	for _, t := range s.Topics {
		if slices.Contains(ids, t.ID) {
			all = append(all, s.topicRef(lang, t.ID))
		}
	}
	return all
}

// topicRef leads to a topic; without a title where it has no name, as what is told in brief.
func (s shelf) topicRef(lang, id string) templates.Ref {
	ref := templates.Ref{Path: templates.TopicPath("/", id)}
	if i := slices.IndexFunc(s.Topics, func(t digest.Topic) bool { return t.ID == id }); i >= 0 {
		ref.Title = called(s.Topics[i], lang)
	}
	return ref
}

// years are the months in which there are editions, by year, the newest first.
func years(a asked, months []digest.Month) []templates.Year {
	var all []templates.Year
	var last time.Time
	for _, m := range months {
		if a.digest != "" && m.Digest != a.digest || m.First.Equal(last) {
			continue
		}
		last = m.First
		if len(all) == 0 || all[len(all)-1].Year != last.Year() {
			all = append(all, templates.Year{Year: last.Year()})
		}
		year := &all[len(all)-1]
		year.Months = append(year.Months, templates.MonthRef{Month: last, Path: a.base() + "/" + last.Format(monthForm), Here: last.Equal(a.month)})
	}
	return all
}

// title is what a digest is called; empty when there is such a digest no more.
func (s shelf) title(name string) string {
	for _, d := range s.Digests {
		if d.Name == name {
			return cmp.Or(d.Title, d.Name)
		}
	}
	return ""
}

package feed

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/mmcdole/gofeed"
	jsonfeed "github.com/mmcdole/gofeed/json"
	"github.com/mmcdole/gofeed/rss"
	nethtml "golang.org/x/net/html"

	"tidings/digest"
	"tidings/digest/text"
)

// readFeed reads a feed's items. One that cannot be read as a whole is read item by item, and what is
// whole is kept: a bad letter must not silence a source.
func (o opening) readFeed() (Reading, error) {
	p, err := o.parseFeed()
	if err != nil {
		return Reading{}, broken("the feed", err)
	}
	f := p.feed
	declared := firstOf(f.Language, p.lang, o.Header.Get("Content-Language"))
	r := channel{opening: o, base: o.base(), lang: firstOf(o.Lang, declared)}
	r.origin = digest.Origin{Title: clip(line(f.Title), maxTitle), URL: address(r.base, f.Link), Lang: langTag(declared)}
	r.scope = firstOf(r.origin.URL, o.URL, o.Name)
	r.site = r.base
	if u, err := url.Parse(r.origin.URL); err == nil && r.origin.URL != "" {
		r.site = u
	}
	out := Reading{Source: r.origin, Cut: p.cut, Lost: p.lost}
	for _, i := range newest(f.Items) {
		it := f.Items[i]
		it.Description, it.Content = p.put(it.Description), p.put(it.Content)
		out.Articles = append(out.Articles, r.article(it, p.original(i)))
	}
	switch {
	case len(out.Articles) == 0 && p.lost > 0:
		return out, broken("the feed", errCut)
	case len(out.Articles) == 0:
		return out, ErrEmpty
	}
	out.Articles = apart(out.Articles)
	return out, nil
}

// errCut says that nothing whole came before the place where a feed breaks off.
var errCut = errors.New("it breaks off before its first item is whole")

// parsed is a feed as gofeed understands it, and what only its markup tells.
type parsed struct {
	feed  *gofeed.Feed
	spans []span // of the items, in their order; nil when there is none for each
	aside []string
	lang  string
	cut   bool
	lost  int
}

// parseFeed hands the mended text to gofeed, then its whole items, then each of them alone.
func (o opening) parseFeed() (parsed, error) {
	p := gofeed.NewParser()
	p.KeepOriginalFeed = true
	p.RSSTranslator = &gofeed.DefaultRSSTranslator{DisableContentImageScan: true}
	if o.kind == jsonFeed {
		return o.parseJSON(p)
	}
	m, err := mend(tidied(o.text))
	if err != nil {
		return parsed{}, err
	}
	m.leaveOld()
	whole := m.text
	if m.cut && len(m.items) > 0 {
		whole = m.only(m.items)
	}
	out := parsed{aside: m.aside, lang: m.lang, cut: m.cut, lost: m.lost}
	if out.feed, err = p.ParseString(whole); err == nil {
		if len(m.items) == len(out.feed.Items) {
			out.spans = m.items
		}
		return out, nil
	}
	for _, it := range m.salvaged() {
		alone, bad := p.ParseString(m.only([]span{it}))
		switch {
		case bad != nil || len(alone.Items) != 1:
			out.lost++
			continue
		case out.feed == nil:
			out.feed = alone
		default:
			out.feed.Items = append(out.feed.Items, alone.Items...)
		}
		out.spans = append(out.spans, it)
	}
	if out.feed == nil {
		return out, err
	}
	return out, nil
}

// parseJSON hands a JSON Feed to gofeed as it is, or else mended. What stands beyond all bounds is old, or no
// feed.
func (o opening) parseJSON(p *gofeed.Parser) (parsed, error) {
	whole := boundedJSON(o.text)
	f, err := p.ParseString(whole)
	if err == nil {
		return parsed{feed: f}, nil
	}
	text, cut := mendJSON(whole)
	f, err = p.ParseString(text)
	out := parsed{feed: f}
	if cut && len(whole) == len(o.text) {
		out.cut, out.lost = true, 1
	}
	return out, err
}

// channel is what a feed's items have in common.
type channel struct {
	opening
	base, site  *url.URL // of relative links: the feed's, and the site's that it tells of
	lang, scope string
	origin      digest.Origin
}

// original is what gofeed's own form of an item has lost.
type original struct {
	permalink string // the guid, when it is the address
	lang      string
	plain     bool // the content is text, not HTML
	textual   bool // so is the title
}

// original looks an item up in the feed as it was parsed and in its markup.
func (p parsed) original(i int) (was original) {
	switch o := p.feed.OriginalFeed().(type) {
	case *rss.Feed:
		if i < len(o.Items) && o.Items[i].GUID != nil && !strings.EqualFold(o.Items[i].GUID.IsPermalink, "false") {
			was.permalink = o.Items[i].GUID.Value
		}
	case *jsonfeed.Feed:
		if i < len(o.Items) && o.Items[i] != nil {
			it := o.Items[i]
			return original{permalink: it.ID, lang: it.Language, plain: it.ContentHTML == "", textual: true}
		}
	}
	if i < len(p.spans) {
		was.lang, was.textual = p.spans[i].lang, p.spans[i].textual
	}
	return was
}

func (r channel) article(it *gofeed.Item, was original) digest.Article {
	a := digest.Article{Source: r.origin}
	link := firstOf(extension(it, "feedburner", "origLink"), it.Link)
	if a.URL = Canonical(address(r.site, link)); a.URL == "" {
		a.URL = Canonical(address(nil, was.permalink))
	}
	a.Title = line(firstOf(it.Title, media(it, "title")))
	if was.textual && it.Title != "" && !strings.Contains(it.Title, "</") { // with an end tag it is HTML, whatever it is called
		a.Title = literal(it.Title)
	}
	a.Author = authorOf(it)
	a.Published, a.Updated = dateOf(it.Published, it.PublishedParsed), dateOf(it.Updated, it.UpdatedParsed)
	if a.Published.IsZero() {
		a.Published = dateOf(dublinDate(it), nil)
	}
	if a.Published.IsZero() {
		a.Published = a.Updated
	}
	if a.Updated.Equal(a.Published) {
		a.Updated = time.Time{}
	}
	r.body(&a, it, was)
	lang := firstOf(was.lang, dublinLang(it), r.lang)
	if a.Title == "" && a.Text != "" { // a note without a headline: its first sentence is one
		a.Title = clip(squeeze(firstOf(append(text.Sentences(clip(a.Text, maxSummary), lang), a.Text)...)), 140)
	}
	if a.Image == "" {
		a.Image = imageOf(it, r.base)
	}
	settle(&a, lang)
	name(&a, strings.TrimSpace(it.GUID), r.scope)
	return a
}

// body reads an item's texts: Text and HTML from the longer of content and description, Summary from
// the description. The cheap part of the noise pass is run over it.
func (r channel) body(a *digest.Article, it *gofeed.Item, was original) {
	base := r.site
	if u, err := url.Parse(a.URL); err == nil && a.URL != "" {
		base = u
	}
	content, description := it.Content, firstOf(it.Description, media(it, "description"))
	if was.plain {
		content = asHTML(paragraphs(content))
		description = asHTML(paragraphs(description))
	}
	lead := newBody(withoutHead(description), a.Title)
	a.Summary = squeeze(strings.Join(lead.kept, " "))
	long := lead
	if strings.TrimSpace(content) != "" && content != description {
		if b := newBody(content, a.Title); b.size >= len(a.Summary) {
			long = b
		}
	}
	a.Text, a.Removed = strings.Join(long.kept, "\n\n"), long.removed
	anchor(long.root, base)
	drop(long.root, long.removed)
	a.HTML = sanitised(long.root)
	a.Image = picture(long.root)
}

// body is one of an item's texts, read once.
type body struct {
	root    *nethtml.Node
	kept    []string
	removed []digest.Removed
	size    int // bytes of text before any was removed
}

func newBody(s, title string) body {
	root := fragment(paragraphed(s))
	strip(root)
	ps := texts(blocks(root))
	kept, removed := clean(ps, noise{title: title})
	return body{root, kept, removed, size(ps)}
}

// withoutHead takes off what arXiv puts before each abstract.
func withoutHead(s string) string {
	if !strings.Contains(s[:min(len(s), 64)], "arXiv:") {
		return s
	}
	return arxivHead().ReplaceAllString(s, "")
}

// paragraphed gives a text without any tag the paragraphs that its empty lines mean.
func paragraphed(s string) string {
	if !strings.Contains(s, "\n") || anyTag().MatchString(s) || !manyBlank().MatchString(s) {
		return s
	}
	return "<p>" + strings.Join(manyBlank().Split(strings.TrimSpace(s), -1), "</p><p>") + "</p>"
}

func authorOf(it *gofeed.Item) string {
	var names []string
	for _, p := range it.Authors {
		if p == nil {
			continue
		}
		if name := line(firstOf(p.Name, p.Email)); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names[:min(len(names), 5)], ", ")
}

func extension(it *gofeed.Item, prefix, name string) string {
	for _, e := range it.Extensions[prefix][name] {
		return strings.TrimSpace(e.Value)
	}
	return ""
}

func dublinDate(it *gofeed.Item) string {
	if it.DublinCoreExt != nil {
		return firstOf(it.DublinCoreExt.Date...)
	}
	return ""
}

func dublinLang(it *gofeed.Item) string {
	if it.DublinCoreExt != nil {
		return firstOf(it.DublinCoreExt.Language...)
	}
	return ""
}

// dateOf takes gofeed's reading of a date, or else our own.
func dateOf(raw string, parsed *time.Time) time.Time {
	if parsed != nil {
		return plausible(parsed.UTC())
	}
	return parseDate(raw)
}

// newest returns the places of the 500 newest items, in the feed's order; of undated ones those count as
// newer that stand further up.
func newest(items []*gofeed.Item) []int {
	var order []int
	dates := make([]time.Time, len(items))
	for i, it := range items {
		if it == nil {
			continue
		}
		order = append(order, i)
		if dates[i] = dateOf(it.Published, it.PublishedParsed); dates[i].IsZero() {
			dates[i] = dateOf(it.Updated, it.UpdatedParsed)
		}
	}
	if len(order) > maxItems {
		slices.SortStableFunc(order, func(x, y int) int { return dates[y].Compare(dates[x]) })
		order = order[:maxItems]
		slices.Sort(order)
	}
	return order
}

func firstOf(options ...string) string {
	for _, o := range options {
		if strings.TrimSpace(o) != "" {
			return o
		}
	}
	return ""
}

func size(ps []string) int {
	n := 0
	for _, p := range ps {
		n += len(p)
	}
	return n
}

package feed

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"codeberg.org/readeck/go-readability/v2"
	nethtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"tidings/digest"
	"tidings/digest/text"
)

// leastPage is how many letters a page must say to be an article; below it is a menu, an error, a wall.
const leastPage = 120

// readPage reads a web page as one article: what it says of itself, and the text that is the article.
func (o opening) readPage() (digest.Article, error) {
	root, err := o.tree()
	if err != nil {
		return digest.Article{}, err
	}
	base := o.base()
	about := describe(root, base)
	a := digest.Article{URL: Canonical(firstOf(about.canonical, address(nil, o.URL))), Title: about.title, Author: about.author,
		Published: about.published, Updated: about.updated, Image: about.image}
	a.Source = digest.Origin{Title: about.site, URL: about.home, Lang: about.lang}
	stripPixels(root)
	body := extract(root, base)
	bs := clearLines(blocks(body))
	declared := firstOf(about.lang, langTag(o.Lang))
	heard := text.Detect(clip(a.Title+"\n\n"+strings.Join(texts(bs), "\n"), 4000), declared)
	lang := heard.Lang
	kept, removed := clean(bounded(texts(bs)), noise{title: a.Title, lang: lang, prose: true})
	if n := letters(strings.Join(kept, "")); n < leastPage && !(n > 0 && a.Title != "" && isNote(root)) {
		return digest.Article{}, &NotArticle{"a web page without an article" + quoted(a.Title)}
	}
	a.Text, a.Removed = strings.Join(kept, "\n\n"), removed
	drop(body, removed)
	anchor(body, base)
	a.HTML = sanitised(body)
	a.Summary = about.summary
	if a.Image == "" {
		a.Image = picture(body)
	}
	settle(&a, firstOf(declared, lang))
	if lang != "" {
		a.Lang, a.LangBy = lang, heard.String()
	}
	o.namePage(&a)
	return a, nil
}

// isNote tells a page that is nothing but a few paragraphs: no menu, no link, no form, no program, nothing
// that could make it a wall or the shell of a program. What little it says is its article.
func isNote(n *nethtml.Node) bool {
	switch n.DataAtom {
	case atom.Head:
		return !slices.ContainsFunc(slices.Collect(n.Descendants()), func(d *nethtml.Node) bool { return d.DataAtom == atom.Script })
	case atom.P:
		return !slices.ContainsFunc(slices.Collect(n.Descendants()), func(d *nethtml.Node) bool {
			return d.Type == nethtml.ElementNode && !isPlainest(d.DataAtom)
		})
	case 0, atom.Html, atom.Body, atom.Div, atom.Main, atom.Article, atom.Br:
	default:
		return false
	}
	if n.Type == nethtml.TextNode && squeeze(n.Data) != "" {
		return false
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if !isNote(c) {
			return false
		}
	}
	return true
}

func quoted(title string) string {
	if title == "" {
		return ""
	}
	return " (“" + clip(title, 80) + "”)"
}

// extract returns the part of a page that is the article. Readability is asked about the page without
// what is beside the article; when that leaves less than half of what the page's paragraphs say,
// something was taken for an ornament that was not, and it is asked about the whole page.
func extract(root *nethtml.Node, base *url.URL) *nethtml.Node {
	if base == nil {
		base = &url.URL{Scheme: "http", Host: "localhost", Path: "/"}
	}
	best := readable(pruned(root), base)
	said := letters(textOf(best))
	if said*2 < paragraphLetters(root) {
		if whole := readable(clone(root), base); letters(textOf(whole)) > said*2 {
			return whole
		}
	}
	if said < leastPage { // too little: everything that is not beside the article
		whole := pruned(root)
		strip(whole)
		return whole
	}
	return best
}

// pruned is a copy of a page without what is beside the article.
func pruned(root *nethtml.Node) *nethtml.Node {
	lean := clone(root)
	prune(lean)
	return lean
}

// readable runs readability over a tree, which is of no use afterwards. It never returns nil.
func readable(root *nethtml.Node, base *url.URL) *nethtml.Node {
	p := readability.NewParser()
	p.MaxElemsToParse = 100_000
	found, err := p.ParseAndMutate(root, base)
	if err != nil || found.Node == nil {
		return &nethtml.Node{Type: nethtml.ElementNode, Data: "div", DataAtom: atom.Div}
	}
	strip(found.Node)
	return found.Node
}

// paragraphLetters counts what stands in the page's paragraphs outside of menus and the like.
func paragraphLetters(n *nethtml.Node) int {
	if n.Type == nethtml.ElementNode {
		switch n.DataAtom {
		case atom.Nav, atom.Footer, atom.Aside, atom.Form, atom.Script, atom.Style, atom.Noscript, atom.Head:
			return 0
		case atom.P:
			return letters(squeeze(textOf(n)))
		}
	}
	count := 0
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		count += paragraphLetters(c)
	}
	return count
}

// about is what a page says of itself.
type about struct {
	title, author, summary, site, home, image, lang, canonical string
	published, updated                                         time.Time
}

// describe reads a page's metadata: Open Graph before the rest, as it is written for strangers.
func describe(root *nethtml.Node, base *url.URL) about {
	meta, title, h1, lang, canonical := map[string]string{}, "", "", "", ""
	for n := range root.Descendants() {
		switch n.DataAtom {
		case atom.Html:
			lang = firstOf(lang, attr(n, "lang"), attr(n, "xml:lang"))
		case atom.Meta:
			key := strings.ToLower(firstOf(attr(n, "property"), attr(n, "name"), attr(n, "itemprop"), attr(n, "http-equiv")))
			if _, ok := meta[key]; !ok {
				meta[key] = strings.TrimSpace(attr(n, "content"))
			}
		case atom.Title:
			title = firstOf(title, textOf(n))
		case atom.H1:
			h1 = firstOf(h1, textOf(n))
		case atom.Link:
			if strings.EqualFold(attr(n, "rel"), "canonical") {
				canonical = firstOf(canonical, attr(n, "href"))
			}
		case atom.Time:
			if _, ok := meta["time"]; !ok && attr(n, "datetime") != "" {
				meta["time"] = attr(n, "datetime")
			}
		}
	}
	date := func(keys ...string) time.Time {
		for _, k := range keys {
			if t := parseDate(meta[k]); !t.IsZero() {
				return t
			}
		}
		return time.Time{}
	}
	a := about{
		site:      line(firstOf(meta["og:site_name"], meta["application-name"])),
		author:    line(firstOf(meta["author"], meta["article:author"], meta["dc.creator"], meta["parsely-author"], meta["sailthru.author"])),
		summary:   line(firstOf(meta["og:description"], meta["description"], meta["twitter:description"])),
		image:     address(base, firstOf(meta["og:image"], meta["og:image:url"], meta["twitter:image"])),
		lang:      langTag(firstOf(lang, meta["og:locale"], meta["content-language"])),
		canonical: address(base, firstOf(canonical, meta["og:url"])),
		published: date("article:published_time", "datepublished", "dc.date.issued", "dc.date", "date", "parsely-pub-date", "sailthru.date", "pubdate", "time"),
		updated:   date("article:modified_time", "datemodified", "og:updated_time"),
	}
	if webAddress().MatchString(a.author) { // article:author is often a profile's address
		a.author = ""
	}
	if u, err := url.Parse(firstOf(a.canonical, address(base, "/"))); err == nil && u.Host != "" {
		a.home = u.Scheme + "://" + u.Host + "/"
	}
	a.title = pageTitle(line(firstOf(meta["og:title"], meta["twitter:title"])), line(title), line(h1), a.site)
	return a
}

// pageTitle chooses the headline and takes the site's name off its end.
func pageTitle(shared, title, h1, site string) string {
	best := firstOf(shared, title, h1)
	if shared == "" && h1 != "" && len(h1) > 10 && strings.Contains(title, h1) {
		best = h1
	}
	for _, mark := range []string{" | ", " - ", " – ", " — ", " :: ", " · "} {
		head, tail, ok := cutLast(best, mark)
		if ok && len(head) > 10 && (strings.EqualFold(tail, site) || shared == "" && mark != " - " && words(tail) <= 4 && words(head) >= 4) {
			return strings.TrimSpace(head)
		}
	}
	return best
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

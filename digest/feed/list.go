package feed

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/andybalholm/cascadia"
	nethtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"tidings/digest"
	"tidings/digest/text"
)

// Bounds of a page that lists articles.
const (
	maxElements = 50_000 // of the page; some selectors look at all brothers of each
	maxCards    = 2_000  // places that an item rule finds
	maxDate     = 60     // letters of a text that may be a date
)

// BadRule is what is wrong with one rule of a list.
type BadRule struct {
	Key string // item, link, title, date, summary or match
	Why string // follows the key in a sentence
}

// CheckList tells what is wrong with list rules, before any page is read by them.
func CheckList(list digest.List) []BadRule {
	_, bad := compile(list)
	return bad
}

// rules are a [digest.List] made ready. A nil rule was not given.
type rules struct {
	item, link, title, date, summary cascadia.Matcher
	match                            *regexp.Regexp
}

func compile(list digest.List) (rules, []BadRule) {
	var r rules
	var bad []BadRule
	for _, s := range []struct {
		key, selector string
		into          *cascadia.Matcher
	}{
		{"item", list.Item, &r.item}, {"link", list.Link, &r.link}, {"title", list.Title, &r.title},
		{"date", list.Date, &r.date}, {"summary", list.Summary, &r.summary},
	} {
		if s.selector == "" {
			continue
		}
		group, err := cascadia.ParseGroup(s.selector)
		if err != nil {
			bad = append(bad, BadRule{s.key, "is no CSS selector: " + err.Error()})
			continue
		}
		*s.into = group
	}
	if list.Match != "" {
		var err error
		if r.match, err = regexp.Compile(list.Match); err != nil {
			bad = append(bad, BadRule{"match", "is no regular expression: " + strings.TrimPrefix(err.Error(), "error parsing regexp: ")})
		}
	}
	if list.Item == "" && list.Match == "" && list != (digest.List{}) {
		bad = append(bad, BadRule{"item", `is missing; write what holds one article, such as item = "article", or match alone`})
	}
	return r, bad
}

// fits says whether an address may be an article's.
func (r rules) fits(address string) bool {
	return address != "" && (r.match == nil || r.match.MatchString(address))
}

// errNoMatch is a page on which list rules find nothing: most often it was built anew.
var errNoMatch = errors.New("its list rules match nothing; the page may have changed, or be put together by a script in the browser only")

// readList reads the articles that a web page lists: address, title, date and lead of each, 500 at most
// and in the page's order. What stands twice is kept once, with the most that is known of it.
func (o opening) readList(list digest.List) ([]digest.Article, error) {
	r, bad := compile(list)
	if len(bad) > 0 {
		return nil, fmt.Errorf("its rule %s %s", bad[0].Key, bad[0].Why)
	}
	if isWall(o.text) {
		return nil, o.notFeed()
	}
	root, err := o.tree()
	if err != nil {
		return nil, err
	}
	l := frontPage{rules: r, base: baseOf(root, o.base())}
	if countElements(root) > maxElements {
		return nil, fmt.Errorf("the page has more than %d elements, which is the most that list rules are tried on", maxElements)
	}
	about := describe(root, o.base())
	l.self, l.lang = Canonical(address(nil, o.URL)), firstOf(o.Lang, about.lang, o.Header.Get("Content-Language"))
	l.origin = digest.Origin{Title: clip(firstOf(about.site, about.title), maxTitle), URL: address(nil, o.URL), Lang: about.lang}
	cards := l.cards(root)
	articles := l.articles(cards)
	switch {
	case len(articles) > 0:
		return articles, nil
	case len(cards) > 0:
		return nil, fmt.Errorf("its list rules find %d places and in none of them a link to an article; the page may have changed", len(cards))
	}
	return nil, errNoMatch
}

// frontPage is a page that lists articles, and the rules by which it is read.
type frontPage struct {
	rules
	base       *url.URL
	self, lang string
	origin     digest.Origin
}

// baseOf is where a page's relative links start: at its base element, if it has one.
func baseOf(root *nethtml.Node, base *url.URL) *url.URL {
	for n := range root.Descendants() {
		if n.DataAtom == atom.Base && attr(n, "href") != "" {
			if u, err := url.Parse(address(base, attr(n, "href"))); err == nil && u.Host != "" {
				return u
			}
			break
		}
	}
	return base
}

func countElements(root *nethtml.Node) int {
	count := 0
	for n := range root.Descendants() {
		if n.Type == nethtml.ElementNode {
			count++
		}
	}
	return count
}

// cards returns the places that hold an article each.
func (l frontPage) cards(root *nethtml.Node) []*nethtml.Node {
	if l.item == nil {
		return l.around(root)
	}
	var cards []*nethtml.Node
	work := 0 // cards within cards are looked through again and again
	for n := range root.Descendants() {
		if n.Type != nethtml.ElementNode || !l.item.Match(n) {
			continue
		}
		if work += countElements(n); work > 4*maxElements || len(cards) == maxCards {
			break
		}
		cards = append(cards, n)
	}
	return cards
}

// around returns what stands around each link to an article: the largest element in which no other
// article is linked, and nothing larger than an entry of a list.
func (l frontPage) around(root *nethtml.Node) []*nethtml.Node {
	const several = "several"
	only := map[*nethtml.Node]string{} // the one article that an element links to
	var links []*nethtml.Node
	for n := range root.Descendants() {
		to := l.target(n)
		if to == "" {
			continue
		}
		links = append(links, n)
		for p := n; p != nil; p = p.Parent {
			if had, ok := only[p]; ok && had != to {
				only[p] = several
			} else if !ok {
				only[p] = to
			}
		}
	}
	var cards []*nethtml.Node
	seen := map[*nethtml.Node]bool{}
	for _, n := range links[:min(len(links), maxCards)] {
		for n.Parent != nil && only[n.Parent] != several && !bounds(n) && !bounds(n.Parent, atom.Body, atom.Main) {
			n = n.Parent
		}
		if !seen[n] {
			seen[n] = true
			cards = append(cards, n)
		}
	}
	return cards
}

// bounds says whether an element is as large as an entry can be, or one of those named.
func bounds(n *nethtml.Node, names ...atom.Atom) bool {
	switch n.DataAtom {
	case atom.Li, atom.Article, atom.Tr, atom.Dd, atom.Section, atom.Nav, atom.Header, atom.Footer:
		return len(names) == 0
	}
	return slices.Contains(names, n.DataAtom)
}

// target is the canonical address of the article that an element links to, or "".
func (l frontPage) target(n *nethtml.Node) string {
	if n.DataAtom != atom.A && n.DataAtom != atom.Area || !hasAttr(n, "href") || strings.HasPrefix(strings.TrimSpace(attr(n, "href")), "#") {
		return ""
	}
	to := Canonical(address(l.base, attr(n, "href")))
	if u, err := url.Parse(to); err != nil || u.Host == "" || to == l.self || !l.fits(to) {
		return ""
	}
	return to
}

// articles reads the cards.
func (l frontPage) articles(cards []*nethtml.Node) []digest.Article {
	var all []digest.Article
	place := map[string]int{}
	for _, card := range cards {
		link := l.linkOf(card)
		if link == nil {
			continue
		}
		a := l.article(card, link)
		if i, twice := place[a.URL]; twice {
			all[i].Title = cmp.Or(all[i].Title, a.Title)
			all[i].Summary = cmp.Or(all[i].Summary, a.Summary)
			if all[i].Published.IsZero() {
				all[i].Published = a.Published
			}
			continue
		}
		if len(all) == maxItems {
			break
		}
		place[a.URL] = len(all)
		all = append(all, a)
	}
	lang := l.lang
	if lang == "" { // a headline alone says little of its language, all of them together much
		titles := make([]string, len(all))
		for i, a := range all {
			titles[i] = a.Title
		}
		lang = text.Language(clip(strings.Join(titles, "\n"), 4000), "")
	}
	for i := range all {
		settle(&all[i], lang)
		name(&all[i], "", "")
	}
	return all
}

func (l frontPage) article(card, link *nethtml.Node) digest.Article {
	a := digest.Article{URL: l.target(link), Source: l.origin}
	title := l.titleOf(card, link)
	a.Title = titleWords(title, link)
	a.Published = l.dateOf(card, title)
	if l.summary != nil {
		if n := first(card, l.summary); n != nil {
			a.Summary = said(n)
		}
	}
	return a
}

// linkOf is the card's link to its article: by the rule, else the one of its heading, else the first, else
// the one that it stands in.
func (l frontPage) linkOf(card *nethtml.Node) *nethtml.Node {
	var links []*nethtml.Node
	for n := range within(card) {
		if l.target(n) != "" && (l.link == nil || l.link.Match(n)) {
			links = append(links, n)
		}
	}
	if l.link != nil && len(links) == 0 { // the rule may name something within the link, or around it
		if n := first(card, l.link); n != nil {
			return frontPage{rules: rules{match: l.match}, base: l.base, self: l.self}.linkOf(n)
		}
		return nil
	}
	for _, n := range links {
		if l.link != nil {
			return n
		}
		for up := n; up != card.Parent && up != nil; up = up.Parent {
			if isHeadline(up) {
				return n
			}
		}
		for d := range n.Descendants() {
			if isHeadline(d) {
				return n
			}
		}
	}
	if len(links) > 0 {
		return links[0]
	}
	for up := range card.Ancestors() {
		if l.target(up) != "" {
			return up
		}
	}
	return nil
}

// within yields an element and all that lies in it.
func within(n *nethtml.Node) func(func(*nethtml.Node) bool) {
	return func(yield func(*nethtml.Node) bool) {
		if !yield(n) {
			return
		}
		n.Descendants()(yield)
	}
}

// first returns the first element of a card that a selector matches.
func first(card *nethtml.Node, m cascadia.Matcher) *nethtml.Node {
	for n := range within(card) {
		if n.Type == nethtml.ElementNode && m.Match(n) {
			return n
		}
	}
	return nil
}

func isHeadline(n *nethtml.Node) bool {
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return true
	}
	return false
}

// titleOf is the element that says a card's headline.
func (l frontPage) titleOf(card, link *nethtml.Node) *nethtml.Node {
	if l.title != nil {
		return first(card, l.title)
	}
	for n := range within(card) {
		if isHeadline(n) && said(n) != "" {
			return n
		}
	}
	return link
}

// titleWords are the words of a headline. A link around a whole card says more than a headline: of its
// paragraphs the first counts that has three words and is no date.
func titleWords(title, link *nethtml.Node) string {
	if title == nil {
		return ""
	}
	lean := clone(title)
	strip(lean)
	if ps := texts(blocks(lean)); title == link && len(ps) > 1 {
		for _, p := range ps {
			if words(p) >= 3 && (letters(p) > maxDate || pageDate(p, "").IsZero()) {
				return squeeze(p)
			}
		}
	}
	if s := squeeze(textOf(lean)); s != "" {
		return s
	}
	if s := squeeze(firstOf(attr(title, "title"), attr(title, "aria-label"))); s != "" {
		return s
	}
	for n := range title.Descendants() {
		if n.DataAtom == atom.Img && squeeze(attr(n, "alt")) != "" {
			return squeeze(attr(n, "alt"))
		}
	}
	return ""
}

// said is an element's plain text, without what is never shown.
func said(n *nethtml.Node) string {
	lean := clone(n)
	strip(lean)
	return squeeze(textOf(lean))
}

// dateOf is when a card's article appeared: by the rule, else by the first <time>, else by the first short
// text that is a date. What stands in the headline dates something else.
func (l frontPage) dateOf(card, title *nethtml.Node) time.Time {
	if l.date != nil {
		if n := first(card, l.date); n != nil {
			return l.nodeDate(n)
		}
		return time.Time{}
	}
	for n := range within(card) {
		if n.DataAtom == atom.Time {
			if t := l.nodeDate(n); !t.IsZero() {
				return t
			}
		}
	}
	for n := range card.Descendants() {
		if n.Type != nethtml.TextNode || len(n.Data) > 4*maxDate || !hasDigit(n.Data) || inside(n, title) {
			continue
		}
		if s := squeeze(n.Data); letters(s) <= maxDate {
			if t := pageDate(s, l.lang); !t.IsZero() {
				return t
			}
		}
	}
	return time.Time{}
}

// inside says whether a text stands in a headline; a link around a whole card is more than that.
func inside(n, title *nethtml.Node) bool {
	if title == nil || !isHeadline(title) {
		return false
	}
	for up := range n.Ancestors() {
		if up == title {
			return true
		}
	}
	return false
}

// nodeDate reads the date that an element gives.
func (l frontPage) nodeDate(n *nethtml.Node) time.Time {
	for d := range within(n) {
		for _, key := range []string{"datetime", "content", "data-date", "data-time", "data-timestamp"} {
			if t := parseDate(attr(d, key)); !t.IsZero() {
				return t
			}
		}
	}
	return pageDate(said(n), l.lang)
}

// numbered is a date of numbers alone, the year at its end.
var numbered = pattern(`(?:^|[^\d./-])(\d{1,2})([./-])(\d{1,2})[./-](\d{4})(?:[^\d]|$)`)

// pageDate reads a date that is written for people. Of numbers alone, the day comes first, but in English
// with slashes the month, unless it cannot be one.
func pageDate(s, lang string) time.Time {
	m := numbered().FindStringSubmatch(s)
	if m == nil {
		return parseDate(s)
	}
	year, month, day := m[4], m[3], m[1]
	lang = langTag(lang)
	american := m[2] == "/" && (lang == "en" || lang == "en-US" || lang == "")
	if american && atMost(m[1], 12) || !atMost(m[3], 12) {
		month, day = day, month
	}
	return parseDate(fmt.Sprintf("%s/%s/%s", year, month, day))
}

// atMost says whether one or two digits are no more than n.
func atMost(digits string, n int) bool {
	value := 0
	for _, c := range digits {
		value = value*10 + int(c-'0')
	}
	return value <= n
}

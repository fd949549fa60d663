package templates

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"

	"tidings/digest"
)

// Warning is what a mail client or a reader would stumble over. A grave one should keep the letter from going out.
type Warning struct {
	Grave bool
	Told  string // a sentence without its full stop
}

func (w Warning) String() string { return w.Told }

// Bounds on a letter's HTML, in bytes. Gmail cuts a letter off at 102 KB, others before; what is cut off first is the
// link to leave.
const (
	largest = 80 << 10
	large   = 60 << 10
)

// Lint looks at the letter of an edition before readers do: at its size, its links and headings, its texts for those
// who see no pictures, at stories that it tells twice, and at each feature of HTML and CSS that Gmail, Outlook, Apple
// Mail or Yahoo Mail does not know. Grave warnings come first. A letter without HTML has only its edition looked at.
func Lint(e digest.Edition, l Letter) []Warning {
	var lint linter
	lint.edition(e)
	if l.HTML != "" {
		lint.letter(l.HTML)
	}
	slices.SortStableFunc(lint.found, func(a, b Warning) int {
		switch {
		case a.Grave == b.Grave:
			return 0
		case a.Grave:
			return -1
		}
		return 1
	})
	return lint.found
}

// linter collects what it finds, each thing once.
type linter struct {
	found    []Warning
	used     features
	bare     []string // links that anybody on the way can read and change
	headings int      // of the first level
	level    int      // of the last heading
}

func (l *linter) warn(sentence string, about ...any) {
	l.add(Warning{Told: fmt.Sprintf(sentence, about...)})
}

func (l *linter) grave(sentence string, about ...any) {
	l.add(Warning{Grave: true, Told: fmt.Sprintf(sentence, about...)})
}

func (l *linter) add(w Warning) {
	if !slices.Contains(l.found, w) {
		l.found = append(l.found, w)
	}
}

// edition looks for stories that are told twice, or have nothing to be called by.
func (l *linter) edition(e digest.Edition) {
	ids, links, titles := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, s := range e.Stories() {
		title, _ := s.Headline(e.Lang)
		title = clean(title, longestHeadline)
		called := strconv.Quote(cut(title, longestName))
		switch address := outside(s.Lead.URL); {
		case title == "":
			l.warn("a story of %s has no title", sourceName(s.Lead))
		case s.ID != "" && ids[s.ID]:
			l.grave("the story %s is there twice", called)
		case address != "" && links[address]:
			l.warn("another story leads to the same article as %s", called)
		case titles[title]:
			l.warn("two stories have the headline %s", called)
		}
		own := map[string]bool{outside(s.Lead.URL): true}
		for _, a := range s.Others {
			address := outside(a.URL)
			if own[address] = true; address != "" && links[address] {
				l.warn("another story leads to the same article as %s", called)
			}
		}
		maps.Copy(links, own)
		ids[s.ID], titles[title] = true, true
	}
}

// letter looks at the HTML.
func (l *linter) letter(src string) {
	switch {
	case len(src) > largest:
		l.grave("the letter has %d KB, more than %d: mail programs cut it off, and its link to leave with it", len(src)>>10, largest>>10)
	case len(src) > large:
		l.warn("the letter has %d KB, more than %d: some mail programs cut it off", len(src)>>10, large>>10)
	}
	if i := strings.Index(src, "ZgotmplZ"); i >= 0 {
		l.grave("a template puts a text where it is not safe (#ZgotmplZ), at …%s", src[max(0, i-40):i])
	}
	doc, err := html.Parse(strings.NewReader(src))
	if err != nil {
		l.grave("the letter is no HTML: %v", err)
		return
	}
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode {
			l.element(n)
			l.used.element(n)
		}
	}
	switch n := len(l.bare); n {
	case 0:
	case 1:
		l.warn("a link is not https: %q", cut(l.bare[0], longestName))
	default:
		l.warn("%d links are not https, among them %q", n, cut(l.bare[0], longestName))
	}
	if l.headings != 1 {
		l.warn("the letter has %d headings <h1>; one is right", l.headings)
	}
	for _, feature := range l.used.unknown() {
		l.warn("%s", feature)
	}
}

// element looks at what a reader may meet.
func (l *linter) element(n *html.Node) {
	for _, a := range n.Attr {
		if strings.HasPrefix(a.Key, "on") {
			l.grave("<%s %s> is a script; no mail client runs it, and filters refuse it", n.Data, a.Key)
		}
	}
	switch n.Data {
	case "script", "iframe", "object", "embed", "base", "form":
		l.grave("<%s> has no place in a mail; filters refuse it", n.Data)
	case "html":
		if attr(n, "lang") == "" {
			l.warn("<html> names no language, so it is read aloud in the wrong one")
		}
	case "table":
		if attr(n, "role") != "presentation" {
			l.warn(`a table lacks role="presentation", so its cells are read aloud as data`)
		}
	case "img":
		if !has(n, "alt") {
			l.warn("a picture has no alternative text: %s", cut(attr(n, "src"), longestName))
		}
		l.address("picture", attr(n, "src"), "https")
	case "a":
		l.address("link", attr(n, "href"), "http", "https", "mailto")
		if said := spoken(n); said == "" || vague.MatchString(said) {
			l.warn("a link says nothing of where it leads: %s", cut(cmp.Or(said, attr(n, "href")), longestName))
		}
	case "h1", "h2", "h3", "h4", "h5", "h6":
		l.heading(int(n.Data[1] - '0'))
	}
}

// heading looks whether the levels go down one by one.
func (l *linter) heading(level int) {
	if level > l.level+1 {
		l.warn("a heading <h%d> comes where <h%d> is due", level, l.level+1)
	}
	if l.level = level; level == 1 {
		l.headings++
	}
}

// address looks at where something lies: a letter has no place of its own, so that only whole addresses lead somewhere.
func (l *linter) address(what, s string, schemes ...string) {
	u, err := url.Parse(s)
	switch {
	case err != nil || s == "":
		l.grave("a %s has no address that can be read: %q", what, cut(s, longestName))
	case !slices.Contains(schemes, u.Scheme):
		l.grave("a %s must begin with %s://, and %q does not", what, schemes[len(schemes)-min(2, len(schemes))], cut(s, longestName))
	case u.Scheme != "mailto" && u.Host == "":
		l.grave("a %s names no host: %q", what, cut(s, longestName))
	case u.Scheme == "http" && !here(u) && !slices.Contains(l.bare, s):
		l.bare = append(l.bare, s)
	}
}

// here says whether an address is one of this machine, as a house has that is tried out.
func here(u *url.URL) bool {
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

// vague are links that mean something to those alone who see what stands around them (WCAG 2.2, 2.4.4), in our languages.
var vague = regexp.MustCompile(`(?i)^\PL*(here|click here|this link|link|more|read more|read on|learn more|see more|continue reading` +
	`|hier|hier klicken|mehr|mehr lesen|mehr erfahren|weiterlesen` +
	`|ici|cliquez ici|lire|lire plus|lire la suite|la suite|en savoir plus` +
	`|qui|clicca qui|leggi|leggi tutto|leggi di più|continua|continua a leggere` +
	`|aquí|haga clic aquí|leer|leer más|más|ver más|saber más|seguir leyendo)\PL*$`)

// spoken is what can be read of a link: its text, and what stands for its pictures.
func spoken(n *html.Node) string {
	var out strings.Builder
	for c := range n.Descendants() {
		switch {
		case c.Type == html.TextNode:
			out.WriteString(c.Data)
		case c.Data == "img":
			out.WriteString(attr(c, "alt"))
		}
	}
	return strings.TrimSpace(out.String() + attr(n, "aria-label"))
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, key string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
}

package feed

import (
	"strings"

	nethtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// beside are words in the class or id of an element that holds something beside the article. They are
// compared whole: "ad" is not in "header", nor "share" in "shareholders".
//
//nolint:gochecknoglobals // a table, made once and never written
var beside = wordSet(`share sharing shares social sociallinks cookie cookies consent gdpr newsletter newsletters subscribe subscription
	paywall related recommended recommendations recommendation promo promotion promos outbrain taboola caption credit credits byline
	comments comment disqus breadcrumb breadcrumbs popular trending ad ads advert advertisement adverts advertising sponsor sponsored
	tags taglist toolbar signup widget modal popup sidebar hidden copyright timestamp dateline pagination pager skip
	print-only sr-only visually-hidden screen-reader-text read-more readmore most-read mostread more-stories author-bio author-box
	read-next also-read see-also up-next social-share share-bar related-articles related-posts follow-us newsletter-signup navbar menu footer`)

func wordSet(list string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}

var classWord = pattern(`[a-z0-9]+(?:-[a-z0-9]+)*`)

// camel parts "relatedStories" into its words.
var camel = pattern(`([a-z0-9])([A-Z])`)

// prune takes out of a page what its own markup says is beside the article. What holds more than a fifth
// of the page's words stays, whatever it is called: some sites wrap the article itself in a "byline".
func prune(root *nethtml.Node) {
	words := map[*nethtml.Node]int{} // counted once: elements may lie in each other by the hundred
	limit := countWords(root, words) / 5
	var walk func(n *nethtml.Node)
	walk = func(n *nethtml.Node) {
		for c := n.FirstChild; c != nil; {
			next := c.NextSibling
			if c.Type == nethtml.ElementNode {
				if isBeside(c) && words[c] <= limit {
					n.RemoveChild(c)
				} else {
					walk(c)
				}
			}
			c = next
		}
	}
	walk(root)
}

func isBeside(n *nethtml.Node) bool {
	switch n.DataAtom {
	case atom.Figcaption, atom.Aside, atom.Nav, atom.Footer, atom.Form, atom.Dialog:
		return true
	case atom.Article, atom.Main, atom.Body, atom.Html, atom.Head, atom.P, atom.H1, atom.Table, atom.Tr, atom.Td:
		return false
	}
	if strings.EqualFold(attr(n, "aria-hidden"), "true") || hasAttr(n, "hidden") {
		return true
	}
	return namesBeside(attr(n, "class")) || namesBeside(attr(n, "id"))
}

func namesBeside(names string) bool {
	if names == "" {
		return false
	}
	names = strings.ToLower(camel().ReplaceAllString(names, "$1-$2"))
	for _, name := range classWord().FindAllString(strings.ReplaceAll(names, "_", "-"), -1) {
		if beside[name] {
			return true
		}
		for part := range strings.SplitSeq(name, "-") {
			if beside[part] {
				return true
			}
		}
	}
	return false
}

func hasAttr(n *nethtml.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}

// countWords counts the words that a reader would see, and notes the number of each element.
func countWords(n *nethtml.Node, counted map[*nethtml.Node]int) int {
	if n.Type == nethtml.TextNode {
		return words(n.Data)
	}
	if n.Type == nethtml.ElementNode && isForeign(n) {
		return 0
	}
	count := 0
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		count += countWords(c, counted)
	}
	counted[n] = count
	return count
}

// clone copies a tree.
func clone(n *nethtml.Node) *nethtml.Node {
	c := &nethtml.Node{Type: n.Type, DataAtom: n.DataAtom, Data: n.Data, Namespace: n.Namespace, Attr: append([]nethtml.Attribute(nil), n.Attr...)}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		c.AppendChild(clone(child))
	}
	return c
}

// clearLines takes out of an extracted page's blocks what no markup has told: short lines before the
// first real paragraph (dates, authors, sections), pictures' texts, and runs of lines that are nothing
// but links. Entries of lists and rows of tables stay.
func clearLines(bs []block) []block {
	lead := len(bs)
	for i, b := range bs {
		if letters(b.text) >= 90 {
			lead = i
			break
		}
	}
	var out []block
	for i, b := range bs {
		switch {
		case i < lead && lead < len(bs) && !ends(b.text) && !isHeading(b) && b.tag != atom.Li && b.tag != atom.Tr:
		case b.tag == atom.Figcaption, b.tag == atom.Figure && letters(b.text) < 400:
		case isLinks(b) && (i > 0 && isLinks(bs[i-1]) || i+1 < len(bs) && isLinks(bs[i+1])):
		default:
			out = append(out, b)
		}
	}
	for len(out) > 1 && isHeading(out[len(out)-1]) { // a heading of something that was taken out
		out = out[:len(out)-1]
	}
	return out
}

func isLinks(b block) bool {
	return b.linked*10 > len(b.text)*6 && letters(b.text) < 200 && !ends(b.text)
}

func isHeading(b block) bool {
	switch b.tag {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return true
	}
	return false
}

// letters is a text's length, where a character of Chinese, Japanese or Korean says as much as three.
func letters(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r >= 0x2e80 && r < 0xfb00 {
			n += 2
		}
	}
	return n
}

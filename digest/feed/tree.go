package feed

import (
	"fmt"
	"strings"

	nethtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Bounds of what is made into a tree, which takes a hundred bytes for each of its nodes, and time that grows with
// words and depth together. Honest pages stay below a third of each.
const (
	maxBody  = 2 << 20 // bytes of an item's body; what follows is not looked at
	maxWords = 1 << 20 // bytes of words on a page
	maxNodes = 300_000
)

// errOvergrown is HTML of which a parser would make too many nodes.
var errOvergrown = fmt.Errorf("the web page has more than %d elements", maxNodes)

// tree parses a web page.
func (o opening) tree() (*nethtml.Node, error) {
	if isOvergrown(o.text, maxNodes) {
		return nil, errOvergrown
	}
	root, err := nethtml.Parse(strings.NewReader(o.text))
	if err != nil {
		return nil, broken("the web page", err)
	}
	if wordBytes(root) > maxWords {
		return nil, fmt.Errorf("the web page has more than %s of words", byteSize(maxWords))
	}
	return root, nil
}

// wordBytes is how much of a page is words, those that nobody sees not counted.
func wordBytes(root *nethtml.Node) int {
	n := 0
	for d := range root.Descendants() {
		if d.Type == nethtml.TextNode && (d.Parent == nil || d.Parent.DataAtom != atom.Script && d.Parent.DataAtom != atom.Style) {
			n += len(d.Data)
		}
	}
	return n
}

// formatting are the elements that a parser opens again in every block until they are closed, so that a few of
// them make thousands of nodes (html.spec.whatwg.org, 13.2.4.3). <a> is left out, for it closes another.
//
//nolint:gochecknoglobals // a table, made once and never written
var formatting = wordSet("b big code em font i nobr s small strike strong tt u")

// isOvergrown tells HTML of which a parser would make more nodes than that, or many more than its length is worth.
// Where tables begin or end, what is open cannot be closed as it seems; it counts as open from then on.
func isOvergrown(s string, most int) bool {
	open, nodes := map[string]int{}, 0
	all := 0 // formatting elements that are open
	most = min(most, 5000+len(s)/2)
	for {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			return false
		}
		s = s[i:]
		name := tagName(s[:min(len(s), len("</blockquote>"))])
		if nodes += 1 + all; nodes > most {
			return true
		}
		if s = s[1:]; name == "" {
			continue
		}
		switch name = strings.ToLower(name); {
		case name == "table" || name == "td" || name == "th" || name == "caption" || name == "template" || name == "svg" || name == "math":
			clear(open)
		case !formatting[name]:
		case s[0] != '/':
			open[name]++
			all++
		case open[name] > 0:
			open[name]--
			all--
		}
	}
}

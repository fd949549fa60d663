package feed

import (
	"slices"
	"strings"

	nethtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// mostExcised bounds the work on one body.
const mostExcised = 100

// scribe is a tree's words, written one behind another without the space between them, with the nodes
// that they stand in.
type scribe struct {
	root  *nethtml.Node
	nodes []*nethtml.Node
	from  []int // where each node's words begin in all, and at last where all ends
	all   string
}

func newScribe(root *nethtml.Node) scribe {
	s := scribe{root: root}
	var all strings.Builder
	for n := range root.Descendants() {
		if n.Type == nethtml.TextNode {
			s.nodes, s.from = append(s.nodes, n), append(s.from, all.Len())
			all.WriteString(dense(n.Data))
		}
	}
	s.all, s.from = all.String(), append(s.from, all.Len())
	return s
}

// excise takes paragraphs, which are told in their order, out of a tree that has no element for them: those
// between line breaks, and the promotion that ends the last one. Each must fill its text nodes, or stand at
// the tree's very end.
func excise(root *nethtml.Node, paragraphs []string) {
	if len(paragraphs) == 0 {
		return
	}
	s := newScribe(root)
	end := len(s.all)
	for i := len(paragraphs) - 1; i >= max(0, len(paragraphs)-mostExcised); i-- {
		gone := dense(paragraphs[i])
		if at := strings.LastIndex(s.all[:end], gone); at >= 0 && gone != "" {
			s.cut(at, at+len(gone))
			end = at
		}
	}
}

// cut removes the words between two places.
func (s scribe) cut(at, end int) {
	first, starts := slices.BinarySearch(s.from, at)
	last, stops := slices.BinarySearch(s.from, end)
	switch {
	case !stops || !starts && end != len(s.all):
		return
	case !starts:
		n := s.nodes[first-1]
		n.Data = undense(n.Data, at-s.from[first-1])
	}
	for i := first; i < last; i++ {
		uproot(s.nodes[i], s.root)
	}
}

// uproot removes a node, and the elements around it that hold nothing any more.
func uproot(n, root *nethtml.Node) {
	for n != root && n.Parent != nil {
		parent := n.Parent
		parent.RemoveChild(n)
		if n = parent; n.DataAtom == atom.Td || !isHollow(n) {
			return
		}
	}
}

// isHollow tells an element without words and pictures.
func isHollow(n *nethtml.Node) bool {
	for d := range n.Descendants() {
		if d.Type == nethtml.TextNode && strings.TrimSpace(d.Data) != "" || d.DataAtom == atom.Img || d.DataAtom == atom.Hr {
			return false
		}
	}
	return true
}

// dense is a text without any space.
func dense(s string) string { return strings.ReplaceAll(squeeze(s), " ", "") }

// undense cuts a text behind the words that are n bytes long when written densely.
func undense(s string, n int) string {
	for i, r := range s {
		if n <= 0 {
			return strings.TrimRight(s[:i], " \t\r\n\u00a0")
		}
		n -= len(dense(string(r)))
	}
	return s
}

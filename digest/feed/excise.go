package feed

import (
	"slices"
	"strings"

	nethtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// scribe is a tree's words, written one behind another without the space between them, with the nodes
// that they stand in.
type scribe struct {
	nodes []*nethtml.Node
	from  []int // where each node's words begin in all
	all   strings.Builder
}

// excise takes a paragraph out of a tree that no element holds for itself: one between line breaks, or the
// promotion that ends the last one. It must fill its text nodes, or stand at the tree's very end.
func excise(root *nethtml.Node, paragraph string) {
	gone := dense(paragraph)
	if gone == "" {
		return
	}
	var s scribe
	for n := range root.Descendants() {
		if n.Type == nethtml.TextNode {
			s.nodes, s.from = append(s.nodes, n), append(s.from, s.all.Len())
			s.all.WriteString(dense(n.Data))
		}
	}
	all := s.all.String()
	at := strings.LastIndex(all, gone)
	if at < 0 {
		return
	}
	end := at + len(gone)
	last := end == len(all)
	if !last && !(slices.Contains(s.from, at) && slices.Contains(s.from, end)) {
		return
	}
	for i := len(s.nodes) - 1; i >= 0; i-- {
		from, to := s.from[i], len(all)
		if i+1 < len(s.from) {
			to = s.from[i+1]
		}
		switch {
		case to <= at || from >= end && to > from:
		case from >= at && to <= end:
			uproot(s.nodes[i], root)
		case from < at && at < to && last:
			s.nodes[i].Data = undense(s.nodes[i].Data, at-from)
		}
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

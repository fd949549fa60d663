package feed

import (
	"strings"

	nethtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// flow gathers a tree's text paragraph by paragraph. Blocks part paragraphs, and so do two line breaks
// in a row; elements within a line never part words.
type flow struct {
	done   []block
	line   strings.Builder
	tag    atom.Atom
	linked int
	breaks int // line breaks since the last word
	pre    bool
}

// blocks returns the paragraphs of a tree that [strip] has been through.
func blocks(n *nethtml.Node) []block {
	f := &flow{tag: atom.P}
	f.walk(n, false)
	f.close()
	return f.done
}

func (f *flow) walk(n *nethtml.Node, inLink bool) {
	switch n.Type {
	case nethtml.TextNode:
		f.write(n.Data, inLink)
		return
	case nethtml.ElementNode, nethtml.DocumentNode:
	default:
		return
	}
	switch {
	case n.DataAtom == atom.Br:
		f.lineBreak()
		return
	case n.DataAtom == atom.Td || n.DataAtom == atom.Th:
		f.line.WriteByte(' ')
	case isBlock(n):
		f.close()
		defer func(tag atom.Atom, pre bool) {
			f.close()
			f.tag, f.pre = tag, pre
		}(f.tag, f.pre)
		f.tag, f.pre = n.DataAtom, f.pre || n.DataAtom == atom.Pre
	}
	inLink = inLink || n.DataAtom == atom.A
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		f.walk(c, inLink)
	}
}

func (f *flow) write(s string, inLink bool) {
	if strings.TrimSpace(s) != "" {
		f.breaks = 0
	}
	if f.pre {
		s = strings.ReplaceAll(s, "\n", preBreak)
	}
	f.line.WriteString(s)
	if inLink {
		f.linked += len(strings.TrimSpace(s))
	}
}

// preBreak stands for a line break that was meant, while those of the source text count as spaces. It
// is a letter of a private area and never leaves this file.
const preBreak = "\uf8fe"

func (f *flow) lineBreak() {
	f.breaks++
	if f.breaks > 1 {
		f.close()
		return
	}
	f.line.WriteString(preBreak)
}

func (f *flow) close() {
	var lines []string
	for l := range strings.SplitSeq(f.line.String(), preBreak) {
		if l = squeeze(l); l != "" {
			lines = append(lines, l)
		}
	}
	if len(lines) > 0 {
		f.done = append(f.done, block{text: strings.Join(lines, "\n"), tag: f.tag, linked: f.linked})
	}
	f.line.Reset()
	f.linked, f.breaks = 0, 0
}

func isBlock(n *nethtml.Node) bool {
	switch n.DataAtom {
	case atom.P, atom.Div, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Ul, atom.Ol, atom.Li, atom.Dl, atom.Dt, atom.Dd,
		atom.Table, atom.Tr, atom.Caption, atom.Blockquote, atom.Pre, atom.Figure, atom.Figcaption, atom.Section, atom.Article, atom.Aside,
		atom.Header, atom.Footer, atom.Nav, atom.Main, atom.Address, atom.Form, atom.Fieldset, atom.Hr, atom.Details, atom.Summary, atom.Center, atom.Body:
		return true
	}
	return false
}

// texts are the words of blocks.
func texts(bs []block) []string {
	out := make([]string, len(bs))
	for i, b := range bs {
		out[i] = b.text
	}
	return out
}

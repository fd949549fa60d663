package feed

import (
	"html"
	"net/url"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/microcosm-cc/bluemonday"
	nethtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"tidings/digest"
)

var (
	// policy is what a body may keep: text, links, pictures, lists, tables. No script, style, form or frame.
	policy = sync.OnceValue(bluemonday.UGCPolicy) //nolint:gochecknoglobals // compiled patterns, made once and never written

	// framed are elements whose content a parser swallows up to an end that broken bodies never bring.
	framed = wordSet("frame frameset noframes iframe object embed applet plaintext xmp noembed noscript select") //nolint:gochecknoglobals // a table, made once and never written

	hidden     = pattern(`(?is)<(?:script|style)\b[^>]*>.*?(?:</(?:script|style)\s*>|$)|<!--.*?-->`)
	blockTag   = pattern(`(?i)</?(?:p|div|br|li|h[1-6]|tr|td)\b[^<>]*>`)
	inlineTag  = pattern(`(?i)</?(?:a|abbr|acronym|b|bdi|bdo|big|blockquote|center|cite|code|dd|del|dfn|dl|dt|em|figure|font|i|img|ins|kbd|mark|ol|pre|q|s|samp|section|small|span|strike|strong|sub|sup|table|tbody|time|tt|u|ul|var|wbr)(?:\s[^<>]*)?/?>`)
	entity     = pattern(`&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});`)
	tinyStyle  = pattern(`(?i)(?:^|[;\s])(?:width|height)\s*:\s*[01](?:px)?\s*(?:;|!|$)|display\s*:\s*none`)
	anyTag     = pattern(`<[a-zA-Z/!]`)
	gaps       = pattern(`(?:[ \t]*\n){3,}`)
	webAddress = pattern(`(?i)^https?://[^/]`)
)

// block is one paragraph of a body: a paragraph proper, a heading, an entry of a list, a row of a table.
type block struct {
	text   string
	tag    atom.Atom // the element it stands in
	linked int       // how many of its bytes are links
}

// fragment parses a piece of HTML. What is nested or grows beyond what the parser takes comes back as plain text.
func fragment(s string) *nethtml.Node {
	root := &nethtml.Node{Type: nethtml.ElementNode, Data: "body", DataAtom: atom.Body}
	if len(s) > maxBody {
		s = strings.ToValidUTF8(s[:maxBody], "")
	}
	s = unwrapped(s)
	if s != "" && !strings.ContainsAny(s, "<&\r\x00") { // words alone need no parser
		root.AppendChild(&nethtml.Node{Type: nethtml.TextNode, Data: s})
		return root
	}
	s = unframed(s, " ")
	var nodes []*nethtml.Node
	err := errOvergrown
	if !isOvergrown(s, maxNodes) {
		nodes, err = nethtml.ParseFragmentWithOptions(strings.NewReader(s), root, nethtml.ParseOptionEnableScripting(false))
	}
	if err != nil {
		nodes = []*nethtml.Node{{Type: nethtml.TextNode, Data: bare(s)}}
	}
	for _, n := range nodes {
		root.AppendChild(n)
	}
	return root
}

// unwrapped undoes a second CDATA section, which a parser of HTML takes for a comment. A declaration that
// nothing closes is words about one.
func unwrapped(s string) string {
	if inner, ok := strings.CutPrefix(strings.TrimSpace(s), "<![CDATA["); ok {
		s = strings.TrimSuffix(strings.TrimSuffix(inner, "]]>"), "]]")
	}
	if i := strings.LastIndex(s, "<!"); i >= 0 && i+2 < len(s) && isLetter(s[i+2]) && strings.IndexByte(s[i:], '>') < 0 {
		s = s[:i] + "&lt;" + s[i+1:]
	}
	return s
}

// unframed puts something in the place of each tag that opens or closes a frame.
func unframed(s, instead string) string {
	var b strings.Builder
	from := 0
	for i := strings.IndexByte(s, '<'); i >= 0 && i < len(s); {
		next := i + 1
		if name := tagName(s[i:]); len(name) > 2 && len(name) < 10 && framed[strings.ToLower(name)] {
			end := strings.IndexByte(s[i:], '>')
			if end < 0 {
				break
			}
			next = i + end + 1
			b.WriteString(s[from:i])
			b.WriteString(instead)
			from = next
		}
		if i = strings.IndexByte(s[next:], '<'); i < 0 {
			break
		}
		i += next
	}
	if from == 0 {
		return s
	}
	return b.String() + s[from:]
}

// bare takes all tags out of HTML without understanding it.
func bare(s string) string {
	var b strings.Builder
	z := nethtml.NewTokenizer(strings.NewReader(hidden().ReplaceAllString(s, " ")))
	for {
		switch z.Next() {
		case nethtml.ErrorToken:
			return b.String()
		case nethtml.TextToken:
			b.Write(z.Text())
			b.WriteByte(' ')
		}
	}
}

// line makes one line of plain text from something that may hold entities, even doubly escaped ones, and
// tags, as titles and names of authors do. Only tags of HTML are taken out: "Vec<T>" is a title.
func line(s string) string {
	s = unwrapped(s)
	for range 2 {
		if strings.Contains(s, "<") {
			s = unframed(hidden().ReplaceAllString(s, " "), "")
			s = inlineTag().ReplaceAllString(blockTag().ReplaceAllString(s, " "), "")
		}
		if !strings.Contains(s, "&") || !entity().MatchString(s) {
			break
		}
		s = html.UnescapeString(s)
	}
	return squeeze(s)
}

// literal makes one line of a title that is declared to be text, where an angle bracket is one. Programs
// that escape twice are still forgiven.
func literal(s string) string {
	if strings.Contains(s, "&") && entity().MatchString(s) {
		s = html.UnescapeString(s)
	}
	return squeeze(s)
}

// squeeze makes every run of space, no-break ones included, one space.
func squeeze(s string) string {
	if isSqueezed(s) {
		return s
	}
	return strings.Join(strings.FieldsFunc(strings.Map(tidyRune, s), func(r rune) bool {
		return unicode.IsSpace(r) || r == '\u200b'
	}), " ")
}

// isSqueezed tells a text that has no other space than single ones between its words.
func isSqueezed(s string) bool {
	last := ' '
	for _, r := range s {
		switch {
		case r == ' ' && last == ' ':
			return false
		case r != ' ' && (r < 0x21 || r >= 0x7f && (unicode.IsSpace(r) || r == '\u200b' || tidyRune(r) != r)):
			return false
		}
		last = r
	}
	return s == "" || last != ' '
}

// strip takes out of a tree what is no content: scripts, styles, frames, forms' controls, drawings,
// comments, and pictures of one pixel that only tell that a letter was opened.
//
// Of a formula in MathML its signs are kept, as words.
func strip(n *nethtml.Node) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		if c.Namespace == "math" && c.DataAtom == atom.Math {
			if signs := formula(c); len(signs) > 0 {
				n.InsertBefore(&nethtml.Node{Type: nethtml.TextNode, Data: " " + strings.Join(signs, " ") + " "}, c)
			}
			n.RemoveChild(c)
		} else if c.Type == nethtml.CommentNode || c.Type == nethtml.ElementNode && (isForeign(c) || c.DataAtom == atom.Img && isPixel(c)) {
			n.RemoveChild(c)
		} else {
			strip(c)
		}
		c = next
	}
}

// stripPixels takes out what strip would, for the sake of readability, which forgets the styles that tell it.
func stripPixels(n *nethtml.Node) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		if c.DataAtom == atom.Img && isPixel(c) {
			n.RemoveChild(c)
		} else {
			stripPixels(c)
		}
		c = next
	}
}

// formula lists the signs of a formula: its identifiers, numbers and operators, not what is noted beside.
func formula(n *nethtml.Node) []string {
	var signs []string
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch {
		case c.Type == nethtml.TextNode:
			if s := squeeze(c.Data); s != "" {
				signs = append(signs, s)
			}
		case c.Namespace == "math" && !strings.HasPrefix(c.Data, "annotation"):
			signs = append(signs, formula(c)...)
		}
	}
	return signs
}

// isForeign tells elements that are no content of an article.
func isForeign(n *nethtml.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Iframe, atom.Object, atom.Embed, atom.Svg, atom.Math,
		atom.Button, atom.Input, atom.Select, atom.Textarea, atom.Head, atom.Title, atom.Meta, atom.Link, atom.Canvas,
		atom.Map, atom.Area, atom.Source, atom.Keygen:
		return true
	}
	return false
}

func isPixel(n *nethtml.Node) bool {
	tiny := func(v string) bool {
		v = strings.TrimSuffix(strings.TrimSpace(v), "px")
		return v == "0" || v == "1"
	}
	return tiny(attr(n, "width")) || tiny(attr(n, "height")) || tinyStyle().MatchString(attr(n, "style")) || isBeacon(attr(n, "src"))
}

// anchor makes the addresses in a tree absolute. Pictures that wait for a script to load get their
// address from where the script would look.
func anchor(n *nethtml.Node, base *url.URL) {
	if n.Type == nethtml.ElementNode {
		if n.DataAtom == atom.Img {
			if src := attr(n, "src"); src == "" || strings.HasPrefix(src, "data:") {
				if lazy := attr(n, "data-src"); lazy != "" {
					setAttr(n, "src", lazy)
				}
			}
		}
		n.Attr = slices.DeleteFunc(n.Attr, func(a nethtml.Attribute) bool { return isHandle(a.Key) })
		for i, a := range n.Attr {
			if a.Key == "href" || a.Key == "src" || a.Key == "cite" {
				n.Attr[i].Val = absolute(base, a.Val)
			}
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		anchor(c, base)
	}
}

// isHandle tells the attributes by which a page takes hold of its elements; in ours they would mean others.
func isHandle(key string) bool { return key == "id" || key == "name" || key == "usemap" }

// absolute resolves an address against base; without a base, or when it is no address, it stays.
func absolute(base *url.URL, ref string) string {
	ref = strings.TrimSpace(ref)
	if base == nil || ref == "" {
		return ref
	}
	u, err := url.Parse(ref)
	if err != nil || u.IsAbs() {
		return ref
	}
	return base.ResolveReference(u).String()
}

// address is an absolute http or https address, or "".
func address(base *url.URL, ref string) string {
	if ref = absolute(base, ref); webAddress().MatchString(ref) {
		return ref
	}
	return ""
}

// sanitised renders a tree's content with nothing in it that could run, be fetched unseen or restyle.
func sanitised(n *nethtml.Node) string {
	s := rendered(n)
	if !isBare(n) {
		s = policy().Sanitize(s)
	}
	s = strings.TrimSpace(s)
	if strings.Contains(s, "\n\n") || strings.Contains(s, "\n ") || strings.Contains(s, "\n\t") {
		s = gaps().ReplaceAllString(s, "\n")
	}
	return s
}

// rendered is the HTML of what a node holds.
func rendered(n *nethtml.Node) string {
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if err := nethtml.Render(&b, c); err != nil {
			return ""
		}
	}
	return b.String()
}

// isBare tells a tree of nothing but words and the plainest elements, without a single attribute: the
// policy has nothing to find in it.
func isBare(n *nethtml.Node) bool {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch {
		case c.Type == nethtml.TextNode:
		case c.Type != nethtml.ElementNode || c.Namespace != "" || len(c.Attr) > 0 || !isPlainest(c.DataAtom) || !isBare(c):
			return false
		}
	}
	return true
}

func isPlainest(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Br, atom.B, atom.I, atom.Em, atom.Strong, atom.Ul, atom.Ol, atom.Li, atom.H2, atom.H3, atom.H4, atom.Blockquote, atom.Code, atom.Div:
		return true
	}
	return false
}

// picture returns the address of the first picture in a tree.
func picture(n *nethtml.Node) string {
	for d := range n.Descendants() {
		if d.DataAtom == atom.Img {
			if src := attr(d, "src"); webAddress().MatchString(src) {
				return src
			}
		}
	}
	return ""
}

// drop takes removed paragraphs out of a tree, so that a body shows what its plain text says.
func drop(root *nethtml.Node, removed []digest.Removed) {
	if len(removed) == 0 {
		return
	}
	gone, longest := map[string]bool{}, 0
	for _, r := range removed {
		said := squeeze(r.Text)
		gone[said], longest = true, max(longest, len(said))
	}
	dropElements(root, gone, longest)
	var left []string
	for _, r := range removed {
		if gone[squeeze(r.Text)] {
			left = append(left, r.Text)
		}
	}
	excise(root, left)
}

// dropElements removes the elements whose whole text is one of the given paragraphs, and marks it as found.
func dropElements(n *nethtml.Node, gone map[string]bool, longest int) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		if c.Type == nethtml.ElementNode {
			said := ""
			if !saysMore(c, longest) {
				said = squeeze(textOf(c))
			}
			if hasKey(gone, said) {
				n.RemoveChild(c)
				gone[said] = false
			} else {
				dropElements(c, gone, longest)
			}
		}
		c = next
	}
}

// saysMore tells whether an element has more letters than n bytes hold, without reading them all.
func saysMore(e *nethtml.Node, n int) bool {
	for d := range e.Descendants() {
		if d.Type != nethtml.TextNode {
			continue
		}
		for _, r := range d.Data {
			if r > ' ' && r < 0x7f || unicode.IsLetter(r) {
				n--
			}
			if n < 0 {
				return true
			}
		}
	}
	return false
}

func hasKey(set map[string]bool, key string) bool {
	_, ok := set[key]
	return ok
}

func textOf(n *nethtml.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == nethtml.TextNode {
			b.WriteString(d.Data)
		} else if d.DataAtom == atom.Br || d.DataAtom == atom.P || d.DataAtom == atom.Div || d.DataAtom == atom.Td {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// asHTML is the plainest body that says these paragraphs.
func asHTML(paragraphs []string) string {
	var b strings.Builder
	for _, p := range paragraphs {
		b.WriteString("<p>" + strings.ReplaceAll(html.EscapeString(p), "\n", "<br/>") + "</p>")
	}
	return b.String()
}

func attr(n *nethtml.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func setAttr(n *nethtml.Node, key, val string) {
	for i, a := range n.Attr {
		if a.Key == key {
			n.Attr[i].Val = val
			return
		}
	}
	n.Attr = append(n.Attr, nethtml.Attribute{Key: key, Val: val})
}

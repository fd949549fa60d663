package feed

import (
	"bytes"
	"encoding/base64"
	"errors"
	"html"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds how deep elements may lie in each other. Honest feeds stay below thirty; the bound
// keeps a hostile one from exhausting the stack of any reader that descends by recursion.
const maxDepth = 256

// maxMarkup bounds how many tags and other constructs of markup are read outside of bodies. That is four times
// what 500 full items have; a strict reader makes a kilobyte of each empty element.
const maxMarkup = 100_000

var errDeep = errors.New("its elements lie in each other too deeply")

// opened is an element that is not closed yet, under its name in the document and the one written.
type opened struct {
	name, out string
	from      int // where it begins in what is written, and
	inner     int // where its content does
}

// mender walks once over a feed's markup and writes it anew: balanced, without comments and processing
// instructions, with stray angle brackets escaped.
type mender struct {
	in    string
	out   bytes.Buffer
	stack []opened
	body  int // stack height at which an item's xhtml body began, 0 outside one
	item  int // stack height at which the open item began, 0 outside one
	note  span
	plain bool // it is RSS without xml:base, so its texts mean what is written
	alone bool // its root is a channel, of RSS 1.1 or of an RSS that lost its first line
	open  bool // it has a CDATA section that nothing ends
	done  mended
}

var (
	xmlLang  = pattern(`(?:^|\s)xml:lang\s*=\s*["']([^"']*)["']`)
	base64ed = pattern(`(?i)\smode\s*=\s*["']base64["']`)
	textType = pattern(`\stype\s*=\s*["']text(?:/plain)?["']`)
	typeAttr = pattern(`(?i)\stype\s*=\s*["'][^"']*["']`)
)

// bodyStart is what the start of an item's xhtml body is written as, for gofeed to keep it as HTML.
const bodyStart = `<content:encoded xmlns:content="http://purl.org/rss/1.0/modules/content/">`

// mend repairs a feed from its root element on; everything before that has been cut off by [recognise].
func mend(s string) (mended, error) {
	if localName(tagName(s)) == "entry" {
		s = `<feed xmlns="http://www.w3.org/2005/Atom">` + s + "</feed>"
	}
	m := &mender{in: s}
	m.out.Grow(len(s) + 64)
	for i, n := 0, 0; i < len(s); {
		next := strings.IndexByte(s[i:], '<')
		if next < 0 {
			next = len(s) - i
		}
		m.text(s[i : i+next])
		if i += next; i >= len(s) {
			break
		}
		i = m.markup(i)
		if len(m.stack) > maxDepth {
			return mended{}, errDeep
		}
		if m.body == 0 {
			n++
		}
		if n > maxMarkup { // what stands further down is old, or no feed
			lost := m.done.lost
			m.closeTo(0)
			m.done.lost = lost
		}
		if len(m.stack) == 0 { // the root is closed; what follows is junk
			break
		}
	}
	m.done.cut = len(m.stack) > 0
	m.closeTo(0)
	m.done.text = m.out.String()
	return m.done, nil
}

// text writes character data. "]]>" outside a CDATA section is an error to a strict reader.
func (m *mender) text(s string) {
	if len(m.stack) > 0 {
		m.out.WriteString(strings.ReplaceAll(soundRefs(s), "]]>", "]]&gt;"))
	}
}

// markup writes the construct that begins at i and returns where the next begins.
func (m *mender) markup(i int) int {
	rest := m.in[i:]
	switch {
	case strings.HasPrefix(rest, "<!--"):
		return i + after(rest, "-->", len("<!--"))
	case strings.HasPrefix(rest, "<![CDATA["):
		return i + m.cdata(rest)
	case strings.HasPrefix(rest, "<?"):
		return i + after(rest, ">", 2)
	case strings.HasPrefix(rest, "<!") && len(rest) > 2 && isLetter(rest[2]):
		return i + after(rest, ">", 2)
	}
	name := tagName(rest)
	if name == "" {
		m.out.WriteString("&lt;")
		return i + 1
	}
	end := tagEnd(rest)
	if end < 0 { // the document ends inside this tag
		return len(m.in)
	}
	tag := soundRefs(rest[:end])
	switch {
	case tag[1] == '/':
		m.end(name)
	case strings.HasSuffix(tag, "/>"):
		m.empty(name, tag)
	default:
		if n := m.start(name, tag, rest[end:]); n > 0 {
			return i + end + n
		}
	}
	return i + end
}

// charRef is a letter by its number.
var charRef = pattern(`&#(?:[xX]([0-9a-fA-F]+)|(\d+));`)

// soundRefs drops the letters by number that XML forbids, for which a strict reader gives up the whole.
func soundRefs(s string) string {
	if !strings.Contains(s, "&#") {
		return s
	}
	return charRef().ReplaceAllStringFunc(s, func(ref string) string {
		m := charRef().FindStringSubmatch(ref)
		n, err := strconv.ParseInt(m[2], 10, 32)
		if m[1] != "" {
			n, err = strconv.ParseInt(m[1], 16, 32)
		}
		if r := rune(n); err != nil || !utf8.ValidRune(r) || r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
			return ""
		}
		return ref
	})
}

// cdata writes a CDATA section. One without an end is closed where the element around it closes.
func (m *mender) cdata(rest string) int {
	n := -1
	if !m.open {
		n = strings.Index(rest, "]]>")
	}
	if n >= 0 {
		if len(m.stack) > 0 {
			m.out.WriteString(rest[:n+3])
		}
		return n + 3
	}
	n, m.open = len(rest), true // nor has any that follows an end
	if len(m.stack) > 0 {
		if k := strings.Index(rest, "</"+m.stack[len(m.stack)-1].name); k >= 0 {
			n = k
		}
		m.out.WriteString(rest[:n] + "]]>")
	}
	return n
}

// start opens an element. It returns how much of what follows the tag it has dealt with: Atom 0.3 may
// hand text over in base64, which gofeed leaves as it is.
func (m *mender) start(name, tag, follows string) int {
	out := name
	local := localName(name)
	if m.alone && local == "items" { // the items in it are the channel's
		return 0
	}
	switch {
	case len(m.stack) == 0:
		m.done.lang = langIn(tag)
		m.plain = (local == "rss" || local == "rdf") && !strings.Contains(m.in, "xml:base")
		if local == "channel" {
			m.alone = true
			out, tag = "channel></rss", `<rss version="2.0"><channel>`
		}
	case m.body > 0:
		out = local // <xhtml:p> is to be read as HTML
		tag = "<" + local + tag[1+len(name):]
	case (local == "body" || local == "fullitem") && m.inItem():
		out, tag = "content:encoded", bodyStart
		m.body = len(m.stack) + 1
	}
	m.stack = append(m.stack, opened{name, out, m.out.Len(), 0})
	m.notice(name, local, tag)
	if strings.Contains(tag, "64") && base64ed().MatchString(tag) {
		end := strings.IndexByte(follows, '<')
		if end < 0 {
			end = len(follows)
		}
		if plain, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(follows[:end]), "")); err == nil {
			tag = typeAttr().ReplaceAllString(base64ed().ReplaceAllString(tag, ""), "")
			m.out.WriteString(strings.TrimSuffix(tag, ">") + ` type="text/html">` + html.EscapeString(decode(plain, "")))
			return end
		}
	}
	m.out.WriteString(tag)
	m.stack[len(m.stack)-1].inner = m.out.Len()
	return 0
}

func (m *mender) empty(name, tag string) {
	if m.body > 0 {
		tag = "<" + localName(name) + tag[1+len(name):]
	}
	if len(m.stack) > 0 {
		m.out.WriteString(tag)
	}
}

// end closes an element and whatever was left open inside it; an end that nothing began is dropped.
func (m *mender) end(name string) {
	for i := len(m.stack) - 1; i >= 0; i-- {
		if m.stack[i].name == name {
			m.closeTo(i + 1)
			m.pop(true)
			return
		}
	}
}

// closeTo closes elements until only n are open; an item closed so was not whole.
func (m *mender) closeTo(n int) {
	for len(m.stack) > n {
		m.pop(false)
	}
}

func (m *mender) pop(whole bool) {
	e := m.stack[len(m.stack)-1]
	m.stack = m.stack[:len(m.stack)-1]
	if m.plain && m.item > 0 && len(m.stack) == m.item && e.inner > 0 && (e.out == "description" || e.out == "content:encoded") && e.out == e.name {
		m.setAside(e.inner)
	}
	m.out.WriteString("</" + e.out + ">")
	if len(m.stack) < m.body {
		m.body = 0
	}
	if isUnread(e.name) && m.item > 0 && m.body == 0 {
		m.out.Truncate(e.from)
	}
	if m.item == 0 || len(m.stack) >= m.item {
		return
	}
	if m.item = 0; !whole {
		m.done.lost++
		return
	}
	m.note.to = m.out.Len()
	m.done.items = append(m.done.items, m.note)
}

// notice keeps what a start tag that was just opened tells of an item.
func (m *mender) notice(name, local, tag string) {
	switch {
	case m.body > 0:
	case m.item == 0 && (local == "item" || local == "entry"):
		m.item = len(m.stack)
		m.note = span{from: m.out.Len(), lang: langIn(tag)}
		if len(m.done.items) == 0 {
			m.done.ends = m.endsAround()
		}
	case m.item == 0 || len(m.stack) != m.item+1 || len(tag) <= len(name)+len("<>"):
	case name == "title" || name == "atom:title":
		m.note.textual = textType().MatchString(tag)
		fallthrough
	case local == "content" || local == "summary" || local == "description":
		if m.note.lang == "" {
			m.note.lang = langIn(tag)
		}
	}
}

// endsAround are the ends of the elements that are open around the newest one.
func (m *mender) endsAround() string {
	var b strings.Builder
	for i := len(m.stack) - 2; i >= 0; i-- {
		b.WriteString("</" + m.stack[i].out + ">")
	}
	return b.String()
}

func langIn(tag string) string {
	if strings.Contains(tag, "xml:lang") {
		if l := xmlLang().FindStringSubmatch(tag); l != nil {
			return l[1]
		}
	}
	return ""
}

// isUnread tells the elements of an item that nobody looks at, and that many feeds have by the dozen.
func isUnread(name string) bool {
	return name == "category" || name == "comments" || name == "slash:comments" || name == "wfw:commentRss"
}

func (m *mender) inItem() bool {
	return len(m.stack) > 0 && localName(m.stack[len(m.stack)-1].name) == "item"
}

// after returns the length of s up to and with the end mark, looked for from start on; all of it when
// there is none.
func after(s, end string, start int) int {
	if n := strings.Index(s[start:], end); n >= 0 {
		return start + n + len(end)
	}
	return len(s)
}

// tagEnd returns the length of the tag at the start of s; an angle bracket inside quotes does not end it
// unless the quotes never close within reach.
func tagEnd(s string) int {
	quote := byte(0)
	first := -1
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '>' && quote == 0:
			return i + 1
		case c == '>' && first < 0:
			first = i + 1
		case quote == 0 && (c == '"' || c == '\'') && s[i-1] == '=':
			quote = c
		case quote == 0 && (c == '"' || c == '\'') && (s[i-1] == ' ' || s[i-1] == '\n') && strings.HasSuffix(strings.TrimRight(s[:i], " \n\t\r"), "="):
			quote = c
		case c == quote:
			quote = 0
		}
		if i > 1<<16 {
			break
		}
	}
	return first
}

// tagName returns the name of the element whose start or end tag s begins with, "" when it is no tag.
func tagName(s string) string {
	from := 1
	if len(s) > 1 && s[1] == '/' {
		from = 2
	}
	to := from
	for to < len(s) && (isLetter(s[to]) || to > from && (s[to] == '-' || s[to] == '.' || s[to] >= '0' && s[to] <= '9') || s[to] >= 0x80) {
		to++
	}
	if to < len(s) && !strings.ContainsRune(" \t\r\n/>", rune(s[to])) {
		return ""
	}
	return s[from:to]
}

func isLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == ':'
}

// localName is a name in lower case without its namespace prefix.
func localName(name string) string {
	if i := strings.LastIndexByte(name, ':'); i >= 0 {
		name = name[i+1:]
	}
	return strings.ToLower(name)
}

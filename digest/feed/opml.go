package feed

import (
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"strconv"
	"strings"

	"tidings/digest"
)

// Bounds of an OPML file.
const (
	maxOPML     = 16 << 20 // bytes, unpacked
	maxOutlines = 20_000
	maxDeep     = 64 // elements within each other
	maxName     = 300
)

// opmlSpace is the namespace of what only Tidings knows of a source. Its prefix in a file is always
// "tidings".
const opmlSpace = "urn:x-tidings:source"

// Outline is a source as an OPML file tells it (opml.org/spec2.opml).
type Outline struct {
	Source digest.Source // folders within folders are its group, parted by slashes
	Site   string        // the address of its site
	Type   string        // how it is to be read: "rss" or empty is a feed of any kind, "html" a page with list rules
	Line   int           // where it stands in the file it was read from
}

// opmlComment is a comment of any content; XML forbids two hyphens in it, and some programs do not care.
var opmlComment = pattern(`(?s)<!--.*?-->`)

// ReadOPML reads the sources of an OPML file in its order, in any encoding and with the usual faults: bare
// ampersands, names that are escaped twice, attributes in odd case, no title or no text. The error is for a
// file that is no OPML, breaks off, or is beyond all bounds.
//
// An outline without an address of a feed is a folder; an outline in no folder is in that which its category
// names first. Attributes that OPML does not define are not kept, but for Tidings' own.
func ReadOPML(body []byte) ([]Outline, error) {
	body, err := expand(body)
	if err != nil {
		return nil, err
	}
	if len(body) > maxOPML {
		return nil, fmt.Errorf("it is larger than %s", byteSize(maxOPML))
	}
	s := opmlComment().ReplaceAllStringFunc(decode(body, ""), func(c string) string { return strings.Repeat("\n", strings.Count(c, "\n")) })
	d := xml.NewDecoder(strings.NewReader(strings.Map(tidyRune, s)))
	d.Strict, d.Entity = false, xml.HTMLEntity
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // it is decoded
	var r opmlReader
	for {
		lineNumber, _ := d.InputPos()
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = r.take(token, lineNumber)
		}
		if syntax, ok := errors.AsType[*xml.SyntaxError](err); ok {
			return nil, fmt.Errorf("line %d: it is no XML, or breaks off: %s", syntax.Line, syntax.Msg)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", lineNumber, err)
		}
	}
	if !r.opml {
		return nil, errors.New("it is no OPML file: it has no <opml> element")
	}
	return r.found, nil
}

// opmlReader is what has been read of a file.
type opmlReader struct {
	opml, own bool     // there was an opml element; it is one of ours
	open      []string // names of the open elements; of an outline, "/" and its name
	found     []Outline
}

func (r *opmlReader) take(token xml.Token, lineNumber int) error {
	switch t := token.(type) {
	case xml.StartElement:
		name := strings.ToLower(t.Name.Local)
		if len(r.open) == maxDeep {
			return fmt.Errorf("more than %d elements lie within each other", maxDeep)
		}
		switch name {
		case "opml":
			r.opml = true
			for _, a := range t.Attr {
				r.own = r.own || a.Name.Space == "xmlns" && a.Name.Local == "tidings" && a.Value == opmlSpace
			}
		case "outline":
			name = "/" + r.outline(attributes(t), lineNumber)
		}
		r.open = append(r.open, name)
		if len(r.found) > maxOutlines {
			return fmt.Errorf("it has more than %d sources", maxOutlines)
		}
	case xml.EndElement:
		r.close(strings.ToLower(t.Name.Local))
	}
	return nil
}

// close ends the innermost element of that name, and what was left open in it.
func (r *opmlReader) close(name string) {
	for i := len(r.open) - 1; i >= 0; i-- {
		if r.open[i] == name || name == "outline" && strings.HasPrefix(r.open[i], "/") {
			r.open = r.open[:i]
			return
		}
	}
}

// attributes are an element's, by name: those without a namespace in lower case, ours with their prefix.
func attributes(t xml.StartElement) map[string]string {
	all := map[string]string{}
	for _, a := range t.Attr {
		key := strings.ToLower(a.Name.Local)
		switch a.Name.Space {
		case "":
		case "tidings":
			key = "tidings:" + a.Name.Local
		default:
			continue
		}
		if _, twice := all[key]; !twice {
			all[key] = strings.TrimSpace(a.Value)
		}
	}
	return all
}

// outline notes a source, or returns the name of a folder.
func (r *opmlReader) outline(a map[string]string, lineNumber int) (folder string) {
	name := r.name(firstOf(a["title"], a["text"]))
	kind := strings.ToLower(a["type"])
	address := a["xmlurl"]
	if address == "" && (kind == "rss" || kind == "atom") {
		address = a["url"]
	}
	if address == "" {
		return strings.ReplaceAll(name, "/", " ")
	}
	address = webFeed(r.value(address))
	o := Outline{Site: r.value(a["htmlurl"]), Type: a["type"], Line: lineNumber}
	o.Source = digest.Source{URL: address, Name: name, Lang: langTag(a["language"]), Group: r.group(a["category"])}
	if name == address {
		o.Source.Name = ""
	}
	readOwn(&o.Source, a)
	r.found = append(r.found, o)
	return ""
}

// name makes a name readable. Most programs escape it once too often; ours does not.
func (r *opmlReader) name(s string) string {
	if !r.own {
		s = line(s)
	}
	return clip(squeeze(s), maxName)
}

// value reads an address, which some programs escape once too often.
func (r *opmlReader) value(s string) string {
	if !r.own && strings.Contains(s, "&amp;") {
		s = html.UnescapeString(s)
	}
	return strings.Join(strings.Fields(s), "")
}

// group is the path of the folders that are open, else the category's first.
func (r *opmlReader) group(category string) string {
	var path []string
	for _, name := range r.open {
		if folder, ok := strings.CutPrefix(name, "/"); ok && folder != "" {
			path = append(path, folder)
		}
	}
	if len(path) == 0 {
		first, _, _ := strings.Cut(category, ",")
		path = steps(r.name(first))
	}
	return clip(strings.Join(path, "/"), maxName)
}

// steps are the folders of a group.
func steps(group string) []string {
	var path []string
	for s := range strings.SplitSeq(group, "/") {
		if s = squeeze(s); s != "" {
			path = append(path, s)
		}
	}
	return path
}

// readOwn reads what only Tidings knows. What makes no sense counts as not told.
func readOwn(s *digest.Source, a map[string]string) {
	own := func(key string) string { return a["tidings:"+key] }
	s.Owner, s.Topic = own("owner"), own("topic")
	s.First, s.Aggregator, s.OnTopic = own("first") == "true", own("aggregator") == "true", own("onTopic") == "true"
	if w, err := strconv.ParseFloat(own("weight"), 64); err == nil && w > 0 && w <= 100 && w != 1 {
		s.Weight = w
	}
	switch f := digest.FullText(own("fullText")); f {
	case digest.Never, digest.Always:
		s.FullText = f
	}
	s.List = digest.List{
		Item: own("listItem"), Link: own("listLink"), Title: own("listTitle"), Date: own("listDate"),
		Summary: own("listSummary"), Match: own("listMatch"),
	}
}

// WriteOPML writes sources as OPML 2.0, in folders by their groups, each folder where the first of its sources
// stands. What OPML has no word for is written in a namespace of our own, so that [ReadOPML] gives back
// every source as it was.
func WriteOPML(w io.Writer, title string, outlines []Outline) error {
	var b strings.Builder
	b.WriteString(xml.Header + `<opml version="2.0" xmlns:tidings="` + opmlSpace + "\">\n<head>\n<title>")
	b.WriteString(escaped(title) + "</title>\n</head>\n<body>\n")
	var top folder
	for _, o := range outlines {
		top.add(steps(o.Source.Group), o)
	}
	top.write(&b, 0)
	b.WriteString("</body>\n</opml>\n")
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write OPML: %w", err)
	}
	return nil
}

// folder is an outline that holds others.
type folder struct {
	name    string
	entries []entry
}

// entry is one of the two.
type entry struct {
	folder *folder
	source Outline
}

func (f *folder) add(path []string, o Outline) {
	if len(path) == 0 || path[0] == "" {
		f.entries = append(f.entries, entry{source: o})
		return
	}
	for _, e := range f.entries {
		if e.folder != nil && e.folder.name == path[0] {
			e.folder.add(path[1:], o)
			return
		}
	}
	below := &folder{name: path[0]}
	f.entries = append(f.entries, entry{folder: below})
	below.add(path[1:], o)
}

func (f *folder) write(b *strings.Builder, depth int) {
	indent := strings.Repeat("  ", depth)
	for _, e := range f.entries {
		if e.folder == nil {
			b.WriteString(indent + e.source.element() + "\n")
			continue
		}
		b.WriteString(indent + "<outline" + attribute("text", e.folder.name) + ">\n")
		e.folder.write(b, depth+1)
		b.WriteString(indent + "</outline>\n")
	}
}

// element is a source as one empty element.
func (o Outline) element() string {
	s, kind := o.Source, o.Type
	if kind == "" {
		if kind = "rss"; s.List != (digest.List{}) {
			kind = "html"
		}
	}
	weight, full := "", string(s.FullText)
	if s.Weight != 0 && s.Weight != 1 {
		weight = strconv.FormatFloat(s.Weight, 'g', -1, 64)
	}
	if s.FullText == digest.Auto {
		full = ""
	}
	name := firstOf(s.Name, s.URL)
	return "<outline" + attribute("text", name) + attribute("title", name) + attribute("type", kind) + attribute("xmlUrl", s.URL) +
		attribute("htmlUrl", o.Site) + attribute("language", s.Lang) +
		attribute("tidings:owner", s.Owner) + attribute("tidings:weight", weight) + attribute("tidings:topic", s.Topic) +
		truth("tidings:first", s.First) + truth("tidings:aggregator", s.Aggregator) + truth("tidings:onTopic", s.OnTopic) +
		attribute("tidings:fullText", full) +
		attribute("tidings:listItem", s.List.Item) + attribute("tidings:listLink", s.List.Link) + attribute("tidings:listTitle", s.List.Title) +
		attribute("tidings:listDate", s.List.Date) + attribute("tidings:listSummary", s.List.Summary) + attribute("tidings:listMatch", s.List.Match) + "/>"
}

// attribute writes one, or nothing for what is empty.
func attribute(name, value string) string {
	if value == "" {
		return ""
	}
	return " " + name + `="` + escaped(value) + `"`
}

// truth writes an attribute that is true, or nothing.
func truth(name string, is bool) string {
	if !is {
		return ""
	}
	return attribute(name, "true")
}

// escaped makes a text fit for XML.
func escaped(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(strings.Map(tidyRune, s))); err != nil { // a builder takes everything
		return ""
	}
	return b.String()
}

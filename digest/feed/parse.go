package feed

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"tidings/digest"
	"tidings/digest/text"
)

// What one document may bring, so that no source can flood an edition or a store.
const (
	maxItems   = 500
	maxTitle   = 500     // letters
	maxText    = 200_000 // bytes of plain text
	maxHTML    = 600_000 // bytes of a body; a longer one is rebuilt from the text
	maxSummary = 1_000   // letters

	sampleLetters = 80 // of a text that tell its language beside a short title; more tell no more and cost
)

// ErrEmpty says that a feed was read and holds no item: a quiet day, not a fault.
var ErrEmpty = errors.New("a feed without items")

// NotArticle is the error of [Parse] for a document that cannot be read as articles.
type NotArticle struct {
	What string // what it is, fit to follow "it is"
}

func (e *NotArticle) Error() string { return "it is " + e.What }

// Document is something to be read: a feed, a web page or a plain text, in any encoding.
type Document struct {
	Body   []byte
	URL    string      // where it lies, the base of its relative links; empty if nowhere on the web
	Header http.Header // as it was served: Content-Type, Content-Language, Content-Location; may be nil
	Name   string      // of a file; it identifies an article that has no address
	Lang   string      // language its source is known to write, a prior; empty: what the document declares
}

// base is the address against which relative links are resolved.
func (d Document) base() *url.URL {
	u, err := url.Parse(strings.TrimSpace(d.URL))
	if err != nil || !u.IsAbs() || u.Host == "" {
		u = nil
	}
	if at := d.Header.Get("Content-Location"); at != "" {
		if loc, err := url.Parse(at); err == nil && u != nil {
			return u.ResolveReference(loc)
		} else if err == nil && loc.IsAbs() {
			return loc
		}
	}
	return u
}

// Parse reads a document: a feed gives its articles, newest 500 at most and in the feed's order; a web
// page or a plain text gives one. It decides by the bytes, whatever the document is called. Dates are as
// they were told, for it has no clock. The error is [ErrEmpty], a [NotArticle], or tells what is broken.
//
// A fault in a library below must not end a daemon, so a panic is an error here; the fuzz targets go
// around this.
func Parse(doc Document) ([]digest.Article, error) {
	r, err := ParseAll(doc)
	return r.Articles, err
}

// Reading is all that a document says.
type Reading struct {
	Articles []digest.Article
	Source   digest.Origin // what a feed says of itself, also when it has no items
	Cut      bool          // a feed that breaks off before its end; what was whole of it was kept
	Lost     int           // items of a feed that had begun and were not whole, or could not be read
	Nested   bool          // it declares entities of entities; they are left out
}

// ParseAll is [Parse] for who wants to know also how whole the document was. With an error Articles is
// empty; the rest tells what could be told.
func ParseAll(doc Document) (r Reading, err error) {
	defer func() {
		if p := recover(); p != nil {
			r, err = Reading{}, fmt.Errorf("it makes the reader fail: %v", p)
		}
	}()
	return parse(doc)
}

func parse(doc Document) (Reading, error) {
	opened, err := open(doc)
	if err != nil {
		return Reading{}, err
	}
	r, err := opened.read()
	r.Nested = opened.nested
	return r, err
}

// opening is a document decoded and recognised.
type opening struct {
	Document
	kind   kind
	text   string
	nested bool // it declares entities of entities
}

func open(doc Document) (opening, error) {
	body, err := expand(doc.Body)
	if err != nil {
		return opening{}, err
	}
	s, nested := withoutNested(decode(body, doc.Header.Get("Content-Type")))
	k, s := recognise(s)
	doc.Body = nil // it may be large, and nobody needs it any more
	return opening{doc, k, s, nested}, nil
}

func (o opening) read() (Reading, error) {
	switch o.kind {
	case xmlFeed, jsonFeed:
		return o.readFeed()
	case page:
		a, err := o.readPage()
		return one(a, err)
	case plain:
		a, err := o.readPlain()
		return one(a, err)
	}
	if o.isSitemap() {
		return Reading{}, &NotArticle{"a sitemap; it can be a source"}
	}
	return Reading{}, &NotArticle{o.kind.String()}
}

func one(a digest.Article, err error) (Reading, error) {
	if err != nil {
		return Reading{}, err
	}
	return Reading{Articles: []digest.Article{a}, Source: a.Source}, nil
}

// settle finishes an article: bounds, language, and an identity if it has none yet.
func settle(a *digest.Article, declared string) {
	a.Title = clip(a.Title, maxTitle)
	a.Author = clip(a.Author, maxTitle)
	a.Summary = clip(a.Summary, maxSummary)
	if len(a.Text) > maxText {
		a.Text = strings.ToValidUTF8(a.Text[:maxText], "")
		if i := strings.LastIndex(a.Text, "\n\n"); i > maxText/2 {
			a.Text = a.Text[:i]
		}
	}
	if len(a.HTML) > maxHTML {
		a.HTML = asHTML(strings.Split(a.Text, "\n\n"))
	}
	sample := a.Title
	if letters(sample) < sampleLetters {
		sample += "\n\n" + clip(firstOf(a.Summary, a.Text), sampleLetters)
	}
	declared = langTag(declared)
	heard := text.Detect(sample, declared)
	a.Lang, a.LangBy = firstOf(heard.Lang, declared), heard.String()
}

// bounded leaves out paragraphs that [settle] would cut off anyway, so that nobody spends time on them.
func bounded(ps []string) []string {
	n := 0
	for i, p := range ps {
		if n += len(p); n > 2*maxText {
			return ps[:i+1]
		}
	}
	return ps
}

// clip bounds a text to n letters, at a space if there is one near.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	cut, letters := s, 0
	for i := range s {
		if letters == n-1 {
			cut = s[:i]
		}
		if letters++; letters > n {
			break
		}
	}
	if letters <= n {
		return s
	}
	if i := strings.LastIndexByte(cut, ' '); i > len(cut)*3/4 {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, " ,;:") + "…"
}

// langTag spells a declared language as BCP 47 does: en_us becomes en-US. What is no tag becomes "".
func langTag(s string) string {
	parts := strings.FieldsFunc(strings.TrimSpace(s), func(r rune) bool { return r == '-' || r == '_' })
	if len(parts) == 0 || len(parts[0]) < 2 || len(parts[0]) > 3 {
		return ""
	}
	for i, p := range parts {
		for _, c := range []byte(p) {
			if c >= 0x80 || c != '_' && !isLetter(c) && (c < '0' || c > '9') || c == ':' {
				return ""
			}
		}
		switch {
		case i > 0 && len(p) == 2:
			parts[i] = strings.ToUpper(p)
		case i > 0 && len(p) == 4:
			parts[i] = strings.ToUpper(p[:1]) + strings.ToLower(p[1:])
		default:
			parts[i] = strings.ToLower(p)
		}
	}
	return strings.Join(parts, "-")
}

// broken says that a document is what it should be and yet cannot be read.
func broken(what string, err error) error { return fmt.Errorf("%s is broken: %w", what, err) }

package templates

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"tidings/digest"
)

// Page is one of the pages readers see: [Join], [Asked], [Confirm], [Confirmed], [Returned], [Leave],
// [Left], [Error], [Archive] or [Edition].
type Page interface {
	frame() Frame
	name() string // of its file in page/
}

// Frame is what all pages have.
type Frame struct {
	Lang   string // the reader's; see [Set.Lang]
	Title  string // of the house
	Home   string // where the first page lies, ends in a slash: "/"
	Hidden bool   // not for search machines
}

func (f Frame) frame() Frame { return f }

// Join is the first page: a form to subscribe.
type Join struct {
	Frame
	About   string // a short text; empty: ours
	Digests []Choice
	Email   string // as typed before
	Bad     bool   // that was not an address
	Archive bool   // there are past editions to read
}

// Choice is a digest to choose.
type Choice struct {
	Name, Title, About string
	Chosen             bool
}

// Asked says that a mail is on its way, whether or not there is one.
type Asked struct{ Frame }

// Confirm has a button that confirms.
type Confirm struct {
	Frame
	Action string // path
}

// Confirmed says that it is done.
type Confirmed struct{ Frame }

// Returned says that leaving was taken back.
type Returned struct{ Frame }

// Leave has a button that leaves.
type Leave struct {
	Frame
	Action string // path
}

// Left says that it is done, and has a button to take it back.
type Left struct {
	Frame
	Undo string // path; empty: no button
}

// Error says what went wrong, in phrases error.KIND.title and error.KIND.told.
type Error struct {
	Frame
	Kind string // "token", "missing", "refused" or "fault"
}

// Title is the key of the heading.
func (e Error) Title() string { return "error." + e.Kind + ".title" }

// Told is the key of the explanation.
func (e Error) Told() string { return "error." + e.Kind + ".told" }

// Archive lists past editions, or the stories in them that speak of a name; the newest first.
type Archive struct {
	Frame
	Editions []Past
	Name     string // what was looked up; empty: nothing
}

// Past is one of them. A story has no title of its own but its headline.
type Past struct {
	Key, Title, Lang, Headline string
	Number                     int // 0: it is not told
	At                         time.Time
}

// Edition is the web edition: the letter without what is personal in it.
type Edition struct {
	Frame
	Edition digest.Edition
}

func (Join) name() string      { return "join" }
func (Asked) name() string     { return "asked" }
func (Confirm) name() string   { return "confirm" }
func (Confirmed) name() string { return "confirmed" }
func (Returned) name() string  { return "returned" }
func (Leave) name() string     { return "leave" }
func (Left) name() string      { return "left" }
func (Error) name() string     { return "error" }
func (Archive) name() string   { return "archive" }
func (Edition) name() string   { return "edition" }

// PastOf tells of an edition what the list of past ones shows.
func PastOf(e digest.Edition) Past {
	p := Past{Key: e.Key, Title: clean(e.Title, longestName), Lang: tag(e.Lang), Number: e.Number, At: e.At}
	if stories := e.Stories(); len(stories) > 0 {
		p.Headline = clean(stories[0].Lead.Title, longestHeadline)
		if w := stories[0].Written; w != nil && w.Title != "" {
			p.Headline = clean(w.Title, longestHeadline)
		}
	}
	if p.Headline == "" {
		p.Headline = p.Title
	}
	return p
}

// pageView is what a page's template sees.
type pageView struct {
	Words
	Frame Frame
	Page  Page
}

// Page writes a page, whole or not at all.
func (s *Set) Page(w io.Writer, p Page) error {
	var out bytes.Buffer
	if err := s.page(&out, p); err != nil {
		return plainly(err)
	}
	_, err := out.WriteTo(w)
	return err
}

func (s *Set) page(w io.Writer, p Page) error {
	if e, ok := p.(Edition); ok {
		return s.webEdition(w, e)
	}
	t, known := s.pages[p.name()]
	if !known {
		return fmt.Errorf("there is no page %q", p.name())
	}
	f := p.frame()
	return t.ExecuteTemplate(w, "page/base.html", pageView{Words: s.in(f.Lang), Frame: f, Page: p})
}

// webEdition renders an edition with the letter's own template.
func (s *Set) webEdition(w io.Writer, p Edition) error {
	view, err := s.view(p.Edition, Reader{}, place{webbed, p.Home + "e/"})
	if err != nil {
		return err
	}
	view.Web, view.Home = true, p.Home
	return s.letter.ExecuteTemplate(w, "letter/letter.html", view)
}

// MentionOf tells of a story in a past edition what the list shows.
func MentionOf(m digest.Mention) Past {
	return Past{Key: m.Edition, Lang: tag(m.Lang), Headline: clean(m.Title, longestHeadline), At: m.At}
}

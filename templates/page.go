package templates

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"tidings/digest"
)

// Page is one of the pages readers see. Those with a form are [Join], [Lapsed], [Link] and [Preferences]; those
// with a button [Confirm], [Disown], [Leave] and [Left]; [Confirmed] and [Told] say what came of it; [Error] what
// did not; [Archive], [Stories] and [Edition] are for reading, and so is [Syndicated], which is a piece of a page.
type Page interface {
	frame() Frame
	name() string // of its file in page/
}

// Frame is what all pages have.
type Frame struct {
	Lang   string // the reader's; see [Set.Lang]
	Title  string // of the house
	Home   string // where the first page lies, ends in a slash: "/"
	Here   string // path of this page, which may be read in another language; empty: it may not
	Hidden bool   // not for search machines

	Canonical string     // absolute address of this page, however it was reached; empty: it has none
	Feeds     []FeedLink // of what is on it
}

// FeedLink is where feed readers find what is on a page.
type FeedLink struct {
	Title string
	Path  string
	Type  string // application/atom+xml or application/feed+json
}

func (f Frame) frame() Frame { return f }

// Confirm has a button that confirms.
type Confirm struct {
	Frame
	Action  string   // path
	Letters []Choice // what he would get
}

// Confirmed says that it is done, and what comes now.
type Confirmed struct {
	Frame
	Letters []Choice
	Manage  string // path of his preferences, or of the form by which he gets the link to them
}

// Disown has a button that says "this was not me".
type Disown struct {
	Frame
	Action string // path
}

// Leave has a button that leaves. It tells nothing of what the reader gets: letters are forwarded, and anybody
// may have his link.
type Leave struct {
	Frame
	Action string   // path
	Titles []string // of all digests there are
}

// Several says what leaving means when there are several digests; empty: there are not.
func (l Leave) Several() string {
	if len(l.Titles) < 2 {
		return ""
	}
	return strings.Join(l.Titles, ", ")
}

// Left says that it is done, and has a button to take it back.
type Left struct {
	Frame
	Undo string // path; empty: no button
}

// Told says in words what came of a button, in phrases KIND.title and KIND.told.
type Told struct {
	Frame
	Kind string // "asked", "mailed", "disowned" or "returned"
}

// Heading is the key of the heading.
func (t Told) Heading() string { return t.Kind + ".title" }

// Words is the key of the explanation.
func (t Told) Words() string { return t.Kind + ".told" }

// Waits reports whether a mail is on its way, which may have gone astray.
func (t Told) Waits() bool { return t.Kind == "asked" || t.Kind == "mailed" }

// Error says what went wrong, in phrases error.KIND.title and error.KIND.told.
type Error struct {
	Frame
	Kind string // "token", "missing", "refused", "busy" or "fault"
}

// Title is the key of the heading.
func (e Error) Title() string { return "error." + e.Kind + ".title" }

// Told is the key of the explanation.
func (e Error) Told() string { return "error." + e.Kind + ".told" }

// Edition is the web edition: the letter without what is personal in it.
type Edition struct {
	Frame
	Edition digest.Edition
	Before  string // key of the one before; empty: it is the first
	After   string // key of the one after; empty: it is the newest
}

func (Join) name() string        { return "join" }
func (Lapsed) name() string      { return "lapsed" }
func (Link) name() string        { return "link" }
func (Preferences) name() string { return "preferences" }
func (Confirm) name() string     { return "confirm" }
func (Confirmed) name() string   { return "confirmed" }
func (Disown) name() string      { return "disown" }
func (Leave) name() string       { return "leave" }
func (Left) name() string        { return "left" }
func (Told) name() string        { return "told" }
func (Error) name() string       { return "error" }
func (Edition) name() string     { return "edition" }

// pageView is what a page's template sees.
type pageView struct {
	Words
	Frame   Frame
	Page    Page
	Tongues []Choice // all languages
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
	page, known := s.pages[p.name()]
	if !known {
		return fmt.Errorf("there is no page %q", p.name())
	}
	t, err := page()
	if err != nil {
		return err
	}
	f := p.frame()
	return t.ExecuteTemplate(w, "page/base.html", pageView{Words: s.in(f.Lang), Frame: f, Page: p, Tongues: s.Tongues()})
}

// webEdition renders an edition with the letter's own template, but without pictures: no page shows any.
func (s *Set) webEdition(w io.Writer, p Edition) error {
	view, err := s.view(p.Edition, Reader{}, place{webbed, p.Home + "e/"})
	if err != nil {
		return err
	}
	view.Web, view.Home, view.Logo = true, p.Home, nil
	if view.Lead != nil {
		view.Lead.Picture = ""
	}
	view.Shelf = shelfView{Frame: p.Frame, Subject: view.Subject, About: view.Subject, Names: namesIn(p.Edition, p.Home)}
	if view.Preheader != "" {
		view.Shelf.About = view.Preheader
	}
	if p.Before != "" {
		view.Shelf.Before = p.Home + "e/" + p.Before
	}
	if p.After != "" {
		view.Shelf.After = p.Home + "e/" + p.After
	}
	look := s.wears(p.Edition.Digest)
	return look.fault(look.html.ExecuteTemplate(w, "letter/letter.html", view))
}

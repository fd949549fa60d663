// Package desk serves the editor's pages: the stories of the next edition with the reasons why each stands where
// it stands, the letter as readers will get it, and the forms by which an editor decides otherwise.
//
// It promises to show what would be sent, rendered by the very same templates, and to show it anew within a
// second of a change; what does not render is told with its file and line in the letter's place. What is decided
// goes into one file for each edition and nowhere else, see [Folder], and can be taken back; reading never changes
// anything. It refuses to mail readers, to speak with anybody who calls it by another name than this machine's or
// the one that it was given, and to take a form from another site's page. It stores nothing but decisions; it keeps
// the last drafts until something changes or their page is opened again.
package desk

import (
	"context"
	"embed"
	"errors"
	"html/template"
	"io/fs"
	"net/http"
	"time"

	"tidings/digest"
	"tidings/templates"
)

//go:embed page
var files embed.FS

// ErrNoEdition says that there is no edition with a key.
var ErrNoEdition = errors.New("there is no such edition")

// Newsroom is what the desk shows.
type Newsroom interface {
	// Editions lists the next edition of each digest, the one to begin with first, and then sealed ones, the
	// newest first.
	Editions(ctx context.Context) ([]Listed, error)
	// Edition returns a sealed edition, or drafts one to come. With [digest.ErrQuiet] it still tells what was left
	// out and why; the error is [ErrNoEdition] where there is none.
	Edition(ctx context.Context, key string) (e digest.Edition, sealed bool, err error)
	// Mail returns the whole mail of an edition, as a reader would get it.
	Mail(e digest.Edition) ([]byte, error)
	// Read reads a page and keeps it as an article for the digest of an edition to come.
	Read(ctx context.Context, key, page string) (digest.Article, error)
}

// Listed is an edition in a list.
type Listed struct {
	Key, Title string
	At         time.Time // its slot
	Sealed     bool
	Release    digest.Release // of one to come: who lets it go
}

// Gate holds editions back and lets them go. Both return a sentence on what came of it.
type Gate interface {
	Hold(ctx context.Context, key string) (string, error)
	Approve(ctx context.Context, key string) (string, error)
}

// Options say what the desk needs. Newsroom and Templates are required.
type Options struct {
	Newsroom  Newsroom
	Templates func() (*templates.Set, error) // loads them anew
	Reader    templates.Reader               // in whose stead the letter is shown; an edition's key is put behind its Archive
	Decisions Folder                         // without Dir nothing can be decided
	Gate      Gate                           // nil: nothing can be held or approved

	Test     func(ctx context.Context, e digest.Edition, address string) (string, error) // sends one letter to one address; nil: none can be sent
	Fit      func(e digest.Edition) (shorter int, err error)                             // how much shorter letters must tell it, see [digest.Edition.Shorter]; nil: all fits
	Lint     func(e digest.Edition, l templates.Letter) []string                         // what mail programs and readers would stumble over; nil: nobody looks
	Spam     func(ctx context.Context, mail []byte) (string, error)                      // a sentence on what a spam filter thinks of a mail; nil: none is asked
	Patience time.Duration                                                               // the head of a page is shown when its draft takes longer; zero: never before the rest
	Door     Door                                                                        // who may come in; zero: whoever sits at this machine
}

// Desk is the editor's pages.
type Desk struct {
	*board
	steps   *steps
	scorer  scorer
	page    *template.Template
	handler http.Handler
}

// Handler returns the desk. Its events stay open: a server stops promptly when the requests' context ends.
func Handler(o Options) *Desk {
	d := &Desk{board: newBoard(o), steps: &steps{}}
	d.page = template.Must(template.New("desk.html").Option("missingkey=error").ParseFS(files, "page/*.html"))
	acts := acts{d.board, d.steps}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", d.front)
	mux.HandleFunc("GET /letter.html", d.letterHTML)
	mux.HandleFunc("GET /letter.txt", d.letterText)
	mux.HandleFunc("GET /letter.eml", d.letterMail)
	mux.HandleFunc("GET /edition.json", d.edition)
	mux.HandleFunc("GET /spam", d.spam)
	mux.HandleFunc("GET /events", d.events)
	mux.Handle("GET /desk.css", d.file("desk.css"))
	mux.Handle("GET /desk.js", d.file("desk.js"))
	mux.HandleFunc("POST /decide", acts.decide)
	mux.HandleFunc("POST /undo", acts.undo)
	mux.HandleFunc("POST /hold", acts.hold)
	mux.HandleFunc("POST /approve", acts.approve)
	mux.HandleFunc("POST /test", acts.test)
	d.handler = o.Door.guard(http.NewCrossOriginProtection().Handler(mux))
	return d
}

// ServeHTTP serves the pages.
func (d *Desk) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.handler.ServeHTTP(w, r) }

// file serves one of the desk's own files.
func (d *Desk) file(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sub, err := fs.Sub(files, "page")
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		http.ServeFileFS(w, r, sub, name)
	})
}

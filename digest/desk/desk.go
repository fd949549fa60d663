// Package desk serves the editor's pages: the next letter as readers will get it, on a wide and a narrow
// screen and as plain text, and why each story stands where it stands.
//
// It promises to show what would be sent, rendered by the very same templates, and to show it anew within a
// second of a change; what does not render is told with its file and line in the letter's place. It refuses
// to send anything, to change anything, and to speak with anybody but this machine: a request for another
// host's name is turned away, so that no page elsewhere can read the desk. It stores nothing; it keeps the
// last draft until something changes or the front page is opened again.
package desk

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net"
	"net/http"
	"sync"

	"tidings/digest"
	"tidings/templates"
)

//go:embed page
var files embed.FS

// Drafts makes the next edition. With [digest.ErrQuiet] the edition still tells what was left out and why.
type Drafts interface {
	Draft(ctx context.Context) (digest.Edition, error)
}

// Options say what the desk needs. Drafts and Templates are required.
type Options struct {
	Drafts    Drafts
	Templates func() (*templates.Set, error) // loads them anew
	Reader    templates.Reader               // in whose stead the letter is shown; an edition's key is put behind its Archive
}

// Desk is the editor's pages.
type Desk struct {
	Options
	page    *template.Template
	handler http.Handler

	making   sync.Mutex    // held while a proof is made
	mu       sync.Mutex    // guards what follows
	proof    *proof        // nil: to be made
	set      loaded        // zero: to be loaded
	revision int           // counts changes
	changed  chan struct{} // closed at the next change
}

// loaded is a set of templates, or why there is none.
type loaded struct {
	set   *templates.Set
	fault error
}

// proof is a draft as it would be sent, or why there is none.
type proof struct {
	edition digest.Edition
	letter  templates.Letter
	quiet   bool  // nothing is worth printing
	fault   error // it cannot be made, or does not render
}

// Handler returns the desk. Its events stay open: a server stops promptly when the requests' context ends.
func Handler(o Options) *Desk {
	d := &Desk{Options: o, changed: make(chan struct{})}
	d.page = template.Must(template.New("desk.html").Option("missingkey=error").ParseFS(files, "page/*.html"))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", d.front)
	mux.HandleFunc("GET /letter.html", d.letterHTML)
	mux.HandleFunc("GET /letter.txt", d.letterText)
	mux.HandleFunc("GET /edition.json", d.edition)
	mux.HandleFunc("GET /events", d.events)
	mux.Handle("GET /desk.css", d.file("desk.css"))
	mux.Handle("GET /desk.js", d.file("desk.js"))
	d.handler = local(mux)
	return d
}

// ServeHTTP serves the pages.
func (d *Desk) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.handler.ServeHTTP(w, r) }

// Changed says that the templates or what a draft is made of have changed: all is made anew, and open pages
// reload. It may be called at any time from anywhere; see [Watch].
func (d *Desk) Changed() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.proof, d.set = nil, loaded{}
	d.revision++
	close(d.changed)
	d.changed = make(chan struct{})
}

// local turns away whoever calls us by another name than this machine's, and sets what every answer says.
func local(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		switch host {
		case "localhost", "127.0.0.1", "::1", "[::1]":
		default:
			http.Error(w, "The desk answers only to localhost.", http.StatusMisdirectedRequest)
			return
		}
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		next.ServeHTTP(w, r)
	})
}

// current returns the proof and the number of changes that it stands for; renew drafts once more. One proof
// is made at a time, and what changes meanwhile is not kept waiting.
func (d *Desk) current(ctx context.Context, renew bool) (proof, int) {
	d.making.Lock()
	defer d.making.Unlock()
	d.mu.Lock()
	kept, set, revision := d.proof, d.set, d.revision
	d.mu.Unlock()
	if kept != nil && !renew {
		return *kept, revision
	}
	if set == (loaded{}) {
		set.set, set.fault = d.Templates()
	}
	made := pull(ctx, d.Drafts, set, d.Reader)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.revision == revision && ctx.Err() == nil { // else it is out of date, or was cut short
		d.proof, d.set = &made, set
	}
	return made, revision
}

// pull makes a proof.
func pull(ctx context.Context, drafts Drafts, with loaded, r templates.Reader) (p proof) {
	var err error
	p.edition, err = drafts.Draft(ctx)
	switch {
	case errors.Is(err, digest.ErrQuiet):
		p.quiet = true
	case err != nil:
		p.fault = fmt.Errorf("make a draft: %w", err)
	case with.fault != nil:
		p.fault = with.fault
	default:
		r.Archive += p.edition.Key
		p.letter, p.fault = with.set.Letter(p.edition, r)
	}
	return p
}

func (d *Desk) letterHTML(w http.ResponseWriter, r *http.Request) {
	p, _ := d.current(r.Context(), false)
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src https:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'")
	d.send(w, p, "text/html; charset=utf-8", p.letter.HTML)
}

func (d *Desk) letterText(w http.ResponseWriter, r *http.Request) {
	p, _ := d.current(r.Context(), false)
	d.send(w, p, "text/plain; charset=utf-8", p.letter.Text)
}

// send answers with one form of the letter, or in plain words why there is none.
func (d *Desk) send(w http.ResponseWriter, p proof, kind, content string) {
	switch {
	case p.fault != nil:
		http.Error(w, p.fault.Error(), http.StatusInternalServerError)
	case p.quiet:
		http.Error(w, "Nothing is worth printing.", http.StatusNotFound)
	default:
		w.Header().Set("Content-Type", kind)
		w.Write([]byte(content))
	}
}

// edition answers with the draft itself, even where it does not render.
func (d *Desk) edition(w http.ResponseWriter, r *http.Request) {
	p, _ := d.current(r.Context(), false)
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetIndent("", "  ")
	if err := enc.Encode(p.edition); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(out.Bytes())
}

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

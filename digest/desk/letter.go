package desk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/mail"
	"regexp"
	"strings"
)

// asked returns the proof that a request is about.
func (d *Desk) asked(r *http.Request) proof {
	key, err := d.key(r.Context(), r.FormValue("edition"))
	if err != nil {
		return proof{fault: err}
	}
	p, _ := d.current(r.Context(), key, false)
	return p
}

// darkness is what a style asks a screen for.
var darkness = regexp.MustCompile(`(?i)\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)`)

// lit renders a letter for a light or a dark screen, whatever the editor's own is.
func lit(html, light string) string {
	if light != "dark" && light != "light" {
		return html
	}
	return darkness.ReplaceAllStringFunc(html, func(query string) string {
		if strings.EqualFold(darkness.FindStringSubmatch(query)[1], light) {
			return "(min-width: 0)"
		}
		return "(max-width: 0)"
	})
}

// letterHTML answers with the letter. With light=dark or light=light it is shown as on such a screen.
func (d *Desk) letterHTML(w http.ResponseWriter, r *http.Request) {
	p := d.asked(r)
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src https:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'")
	d.send(w, p, "text/html; charset=utf-8", lit(p.letter.HTML, r.FormValue("light")))
}

func (d *Desk) letterText(w http.ResponseWriter, r *http.Request) {
	p := d.asked(r)
	d.send(w, p, "text/plain; charset=utf-8", p.letter.Text)
}

// letterMail answers with the whole mail.
func (d *Desk) letterMail(w http.ResponseWriter, r *http.Request) {
	p := d.asked(r)
	var whole []byte
	if p.fault == nil && !p.quiet {
		whole, p.fault = d.Newsroom.Mail(p.edition)
	}
	if p.fault == nil {
		w.Header().Set("Content-Disposition", `attachment; filename="letter.eml"`)
	}
	d.send(w, p, "message/rfc822", string(whole))
}

// send answers with one form of the letter, or in plain words why there is none.
func (d *Desk) send(w http.ResponseWriter, p proof, kind, content string) {
	switch {
	case errors.Is(p.fault, ErrNoEdition):
		http.Error(w, p.fault.Error(), http.StatusNotFound)
	case p.fault != nil:
		http.Error(w, p.fault.Error(), http.StatusInternalServerError)
	case p.quiet:
		http.Error(w, "Nothing is worth printing.", http.StatusNotFound)
	default:
		w.Header().Set("Content-Type", kind)
		w.Write([]byte(content))
	}
}

// edition answers with the edition itself, even where it does not render.
func (d *Desk) edition(w http.ResponseWriter, r *http.Request) {
	p := d.asked(r)
	if errors.Is(p.fault, ErrNoEdition) {
		http.Error(w, p.fault.Error(), http.StatusNotFound)
		return
	}
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

// part is a mail or one of its parts: its header fields as they are written, and how much they head.
type part struct {
	Header string
	Bytes  int
	Depth  int
}

// deepest bounds the parts in parts that are looked into.
const deepest = 4

// parts takes a mail apart, the whole first.
func parts(whole []byte) ([]part, error) {
	header, _, _ := bytes.Cut(whole, []byte("\r\n\r\n"))
	m, err := mail.ReadMessage(bytes.NewReader(whole))
	if err != nil {
		return nil, fmt.Errorf("the mail cannot be read: %w", err)
	}
	all := []part{{Header: string(header), Bytes: len(whole)}}
	inner, err := within(m.Header.Get("Content-Type"), m.Body, 1)
	return append(all, inner...), err
}

// within lists the parts of a body, if it has any.
func within(kind string, body io.Reader, depth int) (all []part, err error) {
	media, params, err := mime.ParseMediaType(kind)
	if err != nil || !strings.HasPrefix(media, "multipart/") || depth > deepest {
		return nil, nil //nolint:nilerr // a body of an unknown kind has no parts that could be shown
	}
	reader := multipart.NewReader(body, params["boundary"])
	for {
		p, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, fmt.Errorf("a part of the mail cannot be read: %w", err)
		}
		content, err := io.ReadAll(p)
		if err != nil {
			return all, fmt.Errorf("a part of the mail cannot be read: %w", err)
		}
		var lines []string
		for _, field := range []string{"Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Content-Language", "Content-Id"} {
			for _, value := range p.Header[field] {
				lines = append(lines, field+": "+value)
			}
		}
		all = append(all, part{strings.Join(lines, "\n"), len(content), depth})
		inner, err := within(p.Header.Get("Content-Type"), bytes.NewReader(content), depth+1)
		if err != nil {
			return all, err
		}
		all = append(all, inner...)
	}
}

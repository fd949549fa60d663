package web

import (
	"bytes"
	"errors"
	"net/http"

	"tidings/subscribers"
	"tidings/templates"
)

// frame is what all pages have, in the language the browser asks for.
func (s *site) frame(r *http.Request) templates.Frame {
	return templates.Frame{Lang: s.Pages.Lang(r.Header.Get("Accept-Language")), Title: s.Title, Home: "/"}
}

// hidden is the frame of a page behind a token, in the reader's own language if we know it.
func (s *site) hidden(r *http.Request, lang string) templates.Frame {
	f := s.frame(r)
	f.Hidden = true
	if lang != "" {
		f.Lang = s.Pages.Lang(lang)
	}
	return f
}

// private keeps an answer out of caches and of search machines.
func private(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Robots-Tag", "noindex, nofollow")
}

// show answers with a page, whole or not at all.
func (s *site) show(w http.ResponseWriter, status int, p templates.Page) {
	var out bytes.Buffer
	if err := s.Pages.Page(&out, p); err != nil {
		s.Log.Error("cannot render", "err", err)
		private(w)
		brief(w, http.StatusInternalServerError, "something went wrong on our side")
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Add("Vary", "Accept-Language")
	w.WriteHeader(status)
	w.Write(out.Bytes())
}

// brief answers with a line of text.
func brief(w http.ResponseWriter, status int, line string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	w.Write([]byte(line + "\n"))
}

// fault answers an error: what the reader can do about, and all else as our own fault. A token whose
// subscriber is gone looks like one that never was.
func (s *site) fault(w http.ResponseWriter, r *http.Request, act string, err error) {
	private(w)
	kind, status := "fault", http.StatusInternalServerError
	switch {
	case errors.Is(err, subscribers.ErrToken), errors.Is(err, subscribers.ErrUnknown):
		kind, status = "token", http.StatusNotFound
	case errors.Is(err, ErrMissing):
		kind, status = "missing", http.StatusNotFound
	case r.Context().Err() != nil: // nobody waits for the answer
	default:
		s.Log.Error("cannot answer", "act", act, "err", err)
	}
	s.show(w, status, templates.Error{Frame: s.hidden(r, ""), Kind: kind})
}

func (s *site) missing(w http.ResponseWriter, r *http.Request) {
	private(w)
	s.show(w, http.StatusNotFound, templates.Error{Frame: s.hidden(r, ""), Kind: "missing"})
}

func (s *site) refused(w http.ResponseWriter, r *http.Request) {
	private(w)
	s.show(w, http.StatusForbidden, templates.Error{Frame: s.hidden(r, ""), Kind: "refused"})
}

package web

import (
	"net/http"
	"strings"

	"tidings/templates"
)

// listed is how many past editions the archive shows.
const listed = 60

// shelf is where past editions stand.
type shelf struct{ *site }

// edition shows a sealed edition without anything personal. It never changes again, but a correction of the
// templates should not wait long.
func (s shelf) edition(w http.ResponseWriter, r *http.Request) {
	if s.Archive == nil {
		s.missing(w, r)
		return
	}
	e, err := s.Archive.Edition(r.Context(), r.PathValue("digest")+"/"+r.PathValue("slot"))
	if err == nil && len(e.Stories()) == 0 { // a quiet day
		err = ErrMissing
	}
	if err != nil {
		s.fault(w, r, "edition", err)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=600")
	s.show(w, http.StatusOK, templates.Edition{Frame: s.frame(r), Edition: e})
}

// archive lists the newest editions, or the stories that speak of a name.
func (s shelf) archive(w http.ResponseWriter, r *http.Request) {
	if s.Archive == nil {
		s.missing(w, r)
		return
	}
	if name := strings.TrimSpace(r.FormValue("name")); name != "" {
		s.mentions(w, r, name)
		return
	}
	keys, err := s.Archive.Keys(r.Context(), listed)
	if err != nil {
		s.fault(w, r, "archive", err)
		return
	}
	page := templates.Archive{Frame: s.frame(r)}
	for _, key := range keys {
		e, err := s.Archive.Edition(r.Context(), key)
		if err != nil {
			s.fault(w, r, "archive", err)
			return
		}
		page.Editions = append(page.Editions, templates.PastOf(e))
	}
	s.show(w, http.StatusOK, page)
}

// mentions lists the newest stories that speak of a name.
func (s shelf) mentions(w http.ResponseWriter, r *http.Request, name string) {
	found, err := s.Archive.Mentions(r.Context(), name, listed)
	if err != nil {
		s.fault(w, r, "archive", err)
		return
	}
	page := templates.Archive{Frame: s.frame(r), Name: name}
	for _, m := range found {
		past := templates.MentionOf(m)
		past.Title = s.title(m.Edition)
		page.Editions = append(page.Editions, past)
	}
	s.show(w, http.StatusOK, page)
}

// title is what an edition's digest is called; empty when there is such a digest no more.
func (s shelf) title(key string) string {
	name, _, _ := strings.Cut(key, "/")
	for _, d := range s.Digests {
		if d.Name == name {
			return d.Title
		}
	}
	return ""
}

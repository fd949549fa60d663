package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tidings/subscribers"
	"tidings/templates"
)

// frame is what all pages have, in the language that was asked for: by a link, or by the browser.
func (s *site) frame(r *http.Request) templates.Frame {
	lang := s.Pages.Lang(r.URL.Query().Get("lang"), r.Header.Get("Accept-Language"))
	return templates.Frame{Lang: lang, Title: s.Title, Home: "/", Hidden: s.Hidden}
}

// open is the frame of a page that may be read in another language.
func (s *site) open(r *http.Request, here string) templates.Frame {
	f := s.frame(r)
	f.Here = here
	return f
}

// hidden is the frame of a page that is not for search machines, in the reader's own language if we know it.
func (s *site) hidden(r *http.Request, lang string) templates.Frame {
	f := s.frame(r)
	f.Hidden = true
	if lang != "" && r.URL.Query().Get("lang") == "" {
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
		s.broken(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Add("Vary", "Accept-Language")
	w.WriteHeader(status)
	w.Write(out.Bytes())
}

// fresh is how long an answer that is the same for all may be kept before somebody asks anew, in seconds: so rarely
// is the archive asked, whatever the crowd, and so soon is a correction seen.
const fresh = "600"

// last answers with what is the same for all and lasts, whole or not at all; who has it already is told so. Modified
// is when it changed last; zero: nobody knows.
func (s *site) last(w http.ResponseWriter, r *http.Request, kind string, modified time.Time, body []byte) {
	sum := sha256.Sum256(body)
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "public, max-age="+fresh)
	h.Set("ETag", `"`+hex.EncodeToString(sum[:12])+`"`)
	if !modified.IsZero() && modified.Before(s.since) {
		modified = s.since
	}
	http.ServeContent(w, r, "", modified, bytes.NewReader(body))
}

// lastPage answers with a page that lasts.
func (s *site) lastPage(w http.ResponseWriter, r *http.Request, modified time.Time, p templates.Page) {
	var out bytes.Buffer
	if err := s.Pages.Page(&out, p); err != nil {
		s.broken(w, err)
		return
	}
	w.Header().Add("Vary", "Accept-Language")
	s.last(w, r, "text/html; charset=utf-8", modified, out.Bytes())
}

// broken answers that a page cannot be rendered.
func (s *site) broken(w http.ResponseWriter, err error) {
	s.Log.Error("cannot render", "err", err)
	private(w)
	brief(w, http.StatusInternalServerError, "something went wrong on our side")
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

// lapsed offers a new link for one that is not valid: to confirm, or to preferences.
func (s *site) lapsed(w http.ResponseWriter, r *http.Request, joins bool) {
	f := s.hidden(r, "")
	s.show(w, http.StatusNotFound, templates.Lapsed{Frame: f, Entry: templates.Entry{Form: s.signer.sign(f.Lang)}, Joins: joins})
}

// tell says what came of a button.
func (s *site) tell(w http.ResponseWriter, f templates.Frame, kind string) {
	s.show(w, http.StatusOK, templates.Told{Frame: f, Kind: kind})
}

// busy turns away who sends more forms than anybody fills in.
func (s *site) busy(w http.ResponseWriter, r *http.Request) {
	private(w)
	w.Header().Set("Retry-After", strconv.Itoa(int(span.Seconds())))
	s.show(w, http.StatusTooManyRequests, templates.Error{Frame: s.hidden(r, ""), Kind: "busy"})
}

func (s *site) refused(w http.ResponseWriter, r *http.Request) {
	private(w)
	s.show(w, http.StatusForbidden, templates.Error{Frame: s.hidden(r, ""), Kind: "refused"})
}

// network is what is remembered of where a request comes from. A proxy on our own network tells it in the last
// entry of X-Forwarded-For; what anybody else tells there is not believed.
func network(r *http.Request) string {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	if a := from.Addr().Unmap(); a.IsLoopback() || a.IsPrivate() {
		told := r.Header.Values("X-Forwarded-For")
		if len(told) == 0 {
			return ""
		}
		hops := strings.Split(told[len(told)-1], ",")
		visitor, err := netip.ParseAddr(strings.TrimSpace(hops[len(hops)-1]))
		if err != nil {
			return ""
		}
		return subscribers.Network(visitor)
	}
	return subscribers.Network(from.Addr())
}

// path is where the token's button leads.
func path(room string, r *http.Request) string {
	return "/" + room + "/" + url.PathEscape(r.PathValue("token"))
}

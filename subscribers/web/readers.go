package web

import (
	"cmp"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"tidings/subscribers"
	"tidings/templates"
)

// first is the form to subscribe.
func (s *site) first(w http.ResponseWriter, r *http.Request) {
	f := s.open(r, r.URL.Path)
	w.Header().Set("Cache-Control", "no-store") // the form is signed for who opens it now
	s.show(w, http.StatusOK, s.form(f, templates.Entry{Form: s.sign(f.Lang)}, subscribers.Choices{Lang: f.Lang}))
}

// form is the first page with an address and choices as they were.
func (s *site) form(f templates.Frame, e templates.Entry, c subscribers.Choices) templates.Join {
	wishes := s.wishes(f.Lang, c)
	wishes.Narrow = wishes.Narrow || e.Bad("topic")
	return templates.Join{Frame: f, Entry: e, Wishes: wishes, About: s.About, Archive: s.Archive != nil}
}

// join takes the form. What it answers depends on the form alone, never on who is subscribed.
func (s *site) join(w http.ResponseWriter, r *http.Request) {
	e, ok := s.entered(w, r)
	if !ok {
		return
	}
	choices := subscribers.Choices{Lang: e.shown}
	if lang, told := r.PostForm["lang"]; told {
		choices.Lang = s.spoken(lang[0])
	}
	choices.Digests, choices.Topics = s.digests(r.PostForm["digest"]), s.topics(r.PostForm["topic"])
	if r.PostForm.Has("chooses") {
		if len(choices.Digests) == 0 && len(s.Digests) > 1 {
			e.fault("digest", "digest")
		}
		if len(choices.Topics) == 0 && len(s.Topics) > 1 {
			e.fault("topic", "topic")
		}
	}
	f := s.hidden(r, e.shown)
	switch {
	case e.robot:
		s.tell(w, f, "asked")
		return
	case len(e.Faults) > 0:
		s.show(w, http.StatusUnprocessableEntity, s.form(f, e.Entry, choices))
		return
	}
	if len(choices.Topics) == len(s.Topics) {
		choices.Topics = nil // and those that are yet to come
	}
	err := s.evenly(r, func() error {
		return s.Entrance.Join(r.Context(), subscribers.Request{
			Email: e.Email, Choices: choices, Network: network(r),
			Proof: subscribers.Proof{How: "page", From: network(r), Agreed: s.Pages.Consent(e.shown, s.Title)},
		})
	})
	if err != nil && !errors.Is(err, subscribers.ErrAddress) { // a domain that is not taken is answered like any other
		s.fault(w, r, "join", err)
		return
	}
	s.tell(w, s.hidden(r, cmp.Or(choices.Lang, e.shown)), "asked")
}

func (s *site) askConfirm(w http.ResponseWriter, r *http.Request) {
	private(w)
	reader, err := s.Exit.Look(r.Context(), r.PathValue("token"))
	switch {
	case errors.Is(err, subscribers.ErrToken):
		s.lapsed(w, r, true)
	case err != nil:
		s.fault(w, r, "look", err)
	case reader.State == subscribers.Active:
		s.tell(w, s.hidden(r, reader.Lang), "confirmed")
	default:
		s.show(w, http.StatusOK, templates.Confirm{Frame: s.hidden(r, reader.Lang), Action: path("c", r)})
	}
}

func (s *site) confirm(w http.ResponseWriter, r *http.Request) {
	private(w)
	reader, err := s.Entrance.Confirm(r.Context(), r.PathValue("token"), subscribers.Proof{How: "page", From: network(r)})
	switch {
	case errors.Is(err, subscribers.ErrToken):
		s.lapsed(w, r, true)
	case err != nil:
		s.fault(w, r, "confirm", err)
	default:
		s.tell(w, s.hidden(r, reader.Lang), "confirmed")
	}
}

// lapsed offers a new link for one that is not valid: to confirm, or to preferences.
func (s *site) lapsed(w http.ResponseWriter, r *http.Request, joins bool) {
	f := s.hidden(r, "")
	s.show(w, http.StatusNotFound, templates.Lapsed{Frame: f, Entry: templates.Entry{Form: s.sign(f.Lang)}, Joins: joins})
}

func (s *site) askDisown(w http.ResponseWriter, r *http.Request) {
	private(w)
	reader, err := s.Exit.Look(r.Context(), r.PathValue("token"))
	if err != nil {
		s.fault(w, r, "look", err)
		return
	}
	s.show(w, http.StatusOK, templates.Disown{Frame: s.hidden(r, reader.Lang), Action: path("n", r)})
}

// disown takes the button, and the one click that the mail which asks to confirm offers too.
func (s *site) disown(w http.ResponseWriter, r *http.Request) {
	private(w)
	oneClick := clickedOnce(r)
	err := s.Entrance.Disown(r.Context(), r.PathValue("token"))
	switch {
	case oneClick:
		s.answerClick(w, r, err)
	case err != nil:
		s.fault(w, r, "disown", err)
	default:
		s.tell(w, s.hidden(r, ""), "disowned")
	}
}

func (s *site) askLeave(w http.ResponseWriter, r *http.Request) {
	private(w)
	reader, err := s.Exit.Look(r.Context(), r.PathValue("token"))
	if err != nil {
		s.fault(w, r, "look", err)
		return
	}
	if reader.State == subscribers.Left { // a link in a goodbye leads here: it can be taken back
		s.show(w, http.StatusOK, templates.Left{Frame: s.hidden(r, reader.Lang), Undo: path("u", r) + "/return"})
		return
	}
	s.show(w, http.StatusOK, templates.Leave{Frame: s.hidden(r, reader.Lang), Action: path("u", r)})
}

// leave takes both the button and the one click of RFC 8058, which gets a line of text: no redirect, no
// cookie, the same however often it comes. What the body says does not matter, nor whether there is one.
func (s *site) leave(w http.ResponseWriter, r *http.Request) {
	private(w)
	oneClick := clickedOnce(r)
	reader, err := s.Exit.Leave(r.Context(), r.PathValue("token"))
	switch {
	case oneClick:
		s.answerClick(w, r, err)
	case err != nil:
		s.fault(w, r, "leave", err)
	default:
		s.show(w, http.StatusOK, templates.Left{Frame: s.hidden(r, reader.Lang), Undo: path("u", r) + "/return"})
	}
}

// clickedOnce reports whether a mail program posts for its user (RFC 8058, 3.2), in either encoding of forms.
func clickedOnce(r *http.Request) bool { return r.PostFormValue("List-Unsubscribe") == "One-Click" }

// answerClick answers a mail program, which reads no more than the status.
func (s *site) answerClick(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case err == nil:
		brief(w, http.StatusOK, "unsubscribed")
	case errors.Is(err, subscribers.ErrToken):
		brief(w, http.StatusNotFound, "this link is not valid")
	default:
		if r.Context().Err() == nil {
			s.Log.Error("cannot answer", "act", "one click", "err", err)
		}
		brief(w, http.StatusInternalServerError, "please try again later")
	}
}

func (s *site) comeBack(w http.ResponseWriter, r *http.Request) {
	private(w)
	reader, err := s.Exit.Return(r.Context(), r.PathValue("token"))
	switch {
	case err != nil:
		s.fault(w, r, "return", err)
	case reader.State == subscribers.Active || reader.State == subscribers.Paused:
		s.tell(w, s.hidden(r, reader.Lang), "returned")
	default: // he never confirmed, or others took him off: he is asked
		s.tell(w, s.hidden(r, reader.Lang), "asked")
	}
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

package web

import (
	"errors"
	"net/http"
	"net/url"

	"tidings/subscribers"
	"tidings/templates"
)

// exit is where they go, and come back.
type exit struct{ *site }

func (s exit) askLeave(w http.ResponseWriter, r *http.Request) {
	private(w)
	reader, err := s.Exit.Look(r.Context(), r.PathValue("token"))
	switch {
	case errors.Is(err, subscribers.ErrToken):
		s.lapsed(w, r, false)
	case err != nil:
		s.fault(w, r, "look", err)
	case reader.State == subscribers.Left:
		s.show(w, http.StatusOK, templates.Left{Frame: s.hidden(r, reader.Lang), Undo: undo(s.Exit, reader)})
	default:
		s.show(w, http.StatusOK, templates.Leave{Frame: s.hidden(r, reader.Lang), Action: path("u", r), Titles: s.menu.titles()})
	}
}

// leave takes both the button and the one click of RFC 8058, which gets a line of text: no redirect, no
// cookie, the same however often it comes. What the body says does not matter, nor whether there is one.
func (s exit) leave(w http.ResponseWriter, r *http.Request) {
	private(w)
	oneClick := clickedOnce(r)
	reader, err := s.Exit.Leave(r.Context(), r.PathValue("token"))
	switch {
	case oneClick:
		s.answerClick(w, r, err)
	case errors.Is(err, subscribers.ErrToken):
		s.lapsed(w, r, false)
	case err != nil:
		s.fault(w, r, "leave", err)
	default:
		s.show(w, http.StatusOK, templates.Left{Frame: s.hidden(r, reader.Lang), Undo: undo(s.Exit, reader)})
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

// askReturn is where the link in a goodbye leads.
func (s exit) askReturn(w http.ResponseWriter, r *http.Request) {
	private(w)
	reader, err := s.Exit.Look(r.Context(), r.PathValue("token"))
	switch {
	case errors.Is(err, subscribers.ErrToken):
		s.lapsed(w, r, true)
	case err != nil:
		s.fault(w, r, "look", err)
	case reader.State != subscribers.Left:
		s.tell(w, s.hidden(r, reader.Lang), "returned")
	default:
		s.show(w, http.StatusOK, templates.Left{Frame: s.hidden(r, reader.Lang), Undo: path("r", r)})
	}
}

func (s exit) comeBack(w http.ResponseWriter, r *http.Request) {
	private(w)
	reader, err := s.Exit.Return(r.Context(), r.PathValue("token"))
	switch {
	case errors.Is(err, subscribers.ErrToken):
		s.lapsed(w, r, true)
	case err != nil:
		s.fault(w, r, "return", err)
	case reader.State == subscribers.Active || reader.State == subscribers.Paused:
		s.tell(w, s.hidden(r, reader.Lang), "returned")
	default: // he never confirmed, or others took him off: he is asked
		s.tell(w, s.hidden(r, reader.Lang), "asked")
	}
}

// undo is where the button leads that takes back what a reader has just done; empty when it was not just now.
func undo(list Exit, reader subscribers.Subscriber) string {
	token := list.UndoToken(reader)
	if token == "" {
		return ""
	}
	return "/r/" + url.PathEscape(token)
}

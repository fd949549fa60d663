package web

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"tidings/subscribers"
	"tidings/templates"
)

// first is the form to subscribe.
func (s *site) first(w http.ResponseWriter, r *http.Request) {
	s.show(w, http.StatusOK, s.form(r, nil, ""))
}

// form is the first page with a choice and an address as they were; a nil choice is the operator's.
func (s *site) form(r *http.Request, chosen []string, email string) templates.Join {
	choices := slices.Clone(s.Digests)
	for i := range choices {
		if chosen != nil {
			choices[i].Chosen = slices.Contains(chosen, choices[i].Name)
		}
	}
	return templates.Join{Frame: s.frame(r), About: s.About, Digests: choices, Email: email, Archive: s.Archive != nil}
}

// join takes the form. What it answers depends on the form alone, never on who is subscribed.
func (s *site) join(w http.ResponseWriter, r *http.Request) {
	private(w)
	if err := r.ParseForm(); err != nil {
		s.refused(w, r)
		return
	}
	if r.PostForm.Get("website") != "" { // no person sees this field
		s.show(w, http.StatusOK, templates.Asked{Frame: s.frame(r)})
		return
	}
	request := subscribers.Request{
		Email: strings.TrimSpace(r.PostForm.Get("email")),
		Choices: subscribers.Choices{
			Lang:    s.Pages.Lang(r.PostForm.Get("lang"), r.Header.Get("Accept-Language")),
			Digests: known(s.Digests, r.PostForm["digest"]),
		},
		Proof:   subscribers.Proof{How: "page", From: network(r)},
		Network: network(r),
	}
	switch err := s.Entrance.Join(r.Context(), request); {
	case errors.Is(err, subscribers.ErrAddress):
		page := s.form(r, request.Digests, request.Email)
		page.Bad = true
		s.show(w, http.StatusUnprocessableEntity, page)
	case err != nil:
		s.fault(w, r, "join", err)
	default:
		s.show(w, http.StatusOK, templates.Asked{Frame: s.frame(r)})
	}
}

// known keeps the digests that there are, each once, in our order.
func known(there []templates.Choice, names []string) []string {
	chosen := []string{}
	for _, d := range there {
		if slices.Contains(names, d.Name) {
			chosen = append(chosen, d.Name)
		}
	}
	return chosen
}

func (s *site) askConfirm(w http.ResponseWriter, r *http.Request) {
	private(w)
	reader, err := s.Exit.Look(r.Context(), r.PathValue("token"))
	if err != nil {
		s.fault(w, r, "look", err)
		return
	}
	s.show(w, http.StatusOK, templates.Confirm{Frame: s.hidden(r, reader.Lang), Action: path("c", r)})
}

func (s *site) confirm(w http.ResponseWriter, r *http.Request) {
	private(w)
	reader, err := s.Entrance.Confirm(r.Context(), r.PathValue("token"), subscribers.Proof{How: "page", From: network(r)})
	if err != nil {
		s.fault(w, r, "confirm", err)
		return
	}
	s.show(w, http.StatusOK, templates.Confirmed{Frame: s.hidden(r, reader.Lang)})
}

func (s *site) askLeave(w http.ResponseWriter, r *http.Request) {
	private(w)
	reader, err := s.Exit.Look(r.Context(), r.PathValue("token"))
	if err != nil {
		s.fault(w, r, "look", err)
		return
	}
	if reader.State == subscribers.Left {
		s.show(w, http.StatusOK, templates.Left{Frame: s.hidden(r, reader.Lang), Undo: undo(s.Exit, reader)})
		return
	}
	s.show(w, http.StatusOK, templates.Leave{Frame: s.hidden(r, reader.Lang), Action: path("u", r)})
}

// leave takes both the button and the one click of RFC 8058, which gets a line of text: no redirect, no
// cookie, the same however often it comes.
func (s *site) leave(w http.ResponseWriter, r *http.Request) {
	private(w)
	oneClick := r.PostFormValue("List-Unsubscribe") == "One-Click"
	reader, err := s.Exit.Leave(r.Context(), r.PathValue("token"))
	if errors.Is(err, subscribers.ErrUnknown) { // erased since: what was asked for is so already
		err = nil
	}
	switch {
	case err == nil && oneClick:
		brief(w, http.StatusOK, "unsubscribed")
	case oneClick && errors.Is(err, subscribers.ErrToken):
		brief(w, http.StatusNotFound, "this link is not valid")
	case oneClick:
		s.Log.Error("cannot leave", "err", err)
		brief(w, http.StatusInternalServerError, "please try again later")
	case err != nil:
		s.fault(w, r, "leave", err)
	default:
		s.show(w, http.StatusOK, templates.Left{Frame: s.hidden(r, reader.Lang), Undo: undo(s.Exit, reader)})
	}
}

// askReturn is where the link in a goodbye leads.
func (s *site) askReturn(w http.ResponseWriter, r *http.Request) {
	private(w)
	reader, err := s.Exit.Look(r.Context(), r.PathValue("token"))
	if err != nil {
		s.fault(w, r, "look", err)
		return
	}
	if reader.State != subscribers.Left {
		s.show(w, http.StatusOK, templates.Returned{Frame: s.hidden(r, reader.Lang)})
		return
	}
	s.show(w, http.StatusOK, templates.Left{Frame: s.hidden(r, reader.Lang), Undo: path("r", r)})
}

func (s *site) comeBack(w http.ResponseWriter, r *http.Request) {
	private(w)
	reader, err := s.Exit.Return(r.Context(), r.PathValue("token"))
	if err != nil {
		s.fault(w, r, "return", err)
		return
	}
	if reader.State == subscribers.Pending { // he had left before he ever confirmed
		s.show(w, http.StatusOK, templates.Asked{Frame: s.hidden(r, reader.Lang)})
		return
	}
	s.show(w, http.StatusOK, templates.Returned{Frame: s.hidden(r, reader.Lang)})
}

// undo is where the button leads that takes back what a reader has just done; empty when it was not just now.
func undo(list Exit, reader subscribers.Subscriber) string {
	token := list.UndoToken(reader)
	if token == "" {
		return ""
	}
	return "/r/" + url.PathEscape(token)
}

// network is what is remembered of where a request comes from.
func network(r *http.Request) string {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return subscribers.Network(from.Addr())
}

// path is where the token's button leads.
func path(room string, r *http.Request) string {
	return "/" + room + "/" + url.PathEscape(r.PathValue("token"))
}

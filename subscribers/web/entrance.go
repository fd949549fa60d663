package web

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"

	"tidings/subscribers"
	"tidings/templates"
)

// entrance is where readers come in.
type entrance struct{ *site }

// first is the form to subscribe.
func (s entrance) first(w http.ResponseWriter, r *http.Request) {
	f := s.open(r, r.URL.Path)
	w.Header().Set("Cache-Control", "no-store") // the form is signed for who opens it now
	s.show(w, http.StatusOK, s.form(f, templates.Entry{Form: s.signer.sign(f.Lang)}, subscribers.Choices{Lang: f.Lang}))
}

// form is the first page with an address and choices as they were.
func (s entrance) form(f templates.Frame, e templates.Entry, c subscribers.Choices) templates.Join {
	wishes := s.menu.wishes(f.Lang, c)
	wishes.Narrow = wishes.Narrow || e.Bad("topic")
	return templates.Join{Frame: f, Entry: e, Wishes: wishes, About: s.About, Archive: s.Archive != nil}
}

// join takes the form. What it answers depends on the form alone, never on who is subscribed.
func (s entrance) join(w http.ResponseWriter, r *http.Request) {
	e, ok := s.entered(w, r)
	if !ok {
		return
	}
	choices := subscribers.Choices{Lang: e.shown}
	if lang, told := r.PostForm["lang"]; told {
		choices.Lang = s.menu.spoken(lang[0])
	}
	choices.Digests, choices.Topics = s.menu.digests(r.PostForm["digest"]), s.menu.topics(r.PostForm["topic"])
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

func (s entrance) askConfirm(w http.ResponseWriter, r *http.Request) {
	private(w)
	reader, err := s.Exit.Look(r.Context(), r.PathValue("token"))
	switch {
	case errors.Is(err, subscribers.ErrDisowned):
		s.tell(w, s.hidden(r, ""), "disowned")
	case errors.Is(err, subscribers.ErrToken):
		s.lapsed(w, r, true)
	case err != nil:
		s.fault(w, r, "look", err)
	case reader.State == subscribers.Active:
		s.show(w, http.StatusOK, s.confirmed(r, reader, "/link"))
	default:
		s.show(w, http.StatusOK, templates.Confirm{Frame: s.hidden(r, reader.Lang), Action: path("c", r), Letters: templates.Pick(s.Digests, reader.Digests)})
	}
}

func (s entrance) confirm(w http.ResponseWriter, r *http.Request) {
	private(w)
	reader, err := s.Entrance.Confirm(r.Context(), r.PathValue("token"), subscribers.Proof{How: "page", From: network(r)})
	switch {
	case errors.Is(err, subscribers.ErrDisowned):
		s.tell(w, s.hidden(r, ""), "disowned")
	case errors.Is(err, subscribers.ErrToken):
		s.lapsed(w, r, true)
	case err != nil:
		s.fault(w, r, "confirm", err)
	default:
		s.show(w, http.StatusOK, s.confirmed(r, reader, "/p/"+url.PathEscape(s.Entrance.ManageToken(reader.ID))))
	}
}

// confirmed says what the reader gets, and where he can change it.
func (s entrance) confirmed(r *http.Request, reader subscribers.Subscriber, manage string) templates.Confirmed {
	return templates.Confirmed{Frame: s.hidden(r, reader.Lang), Letters: templates.Pick(s.Digests, reader.Digests), Manage: manage}
}

func (s entrance) askDisown(w http.ResponseWriter, r *http.Request) {
	private(w)
	reader, err := s.Exit.Look(r.Context(), r.PathValue("token"))
	switch {
	case errors.Is(err, subscribers.ErrDisowned):
		s.tell(w, s.hidden(r, ""), "disowned")
	case err != nil:
		s.fault(w, r, "look", err)
	default:
		s.show(w, http.StatusOK, templates.Disown{Frame: s.hidden(r, reader.Lang), Action: path("n", r)})
	}
}

// disown takes the button, and the one click that the mail which asks to confirm offers too.
func (s entrance) disown(w http.ResponseWriter, r *http.Request) {
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

package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tidings/subscribers"
	"tidings/templates"
)

// longestPause is in days.
const longestPause = 365

// office is where readers say what they get.
type office struct{ *site }

// askLink is the form by which a reader gets his link mailed.
func (s office) askLink(w http.ResponseWriter, r *http.Request) {
	f := s.open(r, "/link")
	w.Header().Set("Cache-Control", "no-store") // as of the first page
	s.show(w, http.StatusOK, templates.Link{Frame: f, Entry: templates.Entry{Form: s.signer.sign(f.Lang)}})
}

// sendLink takes it. What it answers depends on the form alone.
func (s office) sendLink(w http.ResponseWriter, r *http.Request) {
	e, ok := s.entered(w, r)
	if !ok {
		return
	}
	f := s.hidden(r, e.shown)
	if len(e.Faults) > 0 && !e.robot {
		s.show(w, http.StatusUnprocessableEntity, templates.Link{Frame: f, Entry: e.Entry})
		return
	}
	if !e.robot {
		err := s.evenly(r, func() error { return s.Choosing.SendLink(r.Context(), e.Email) })
		if err != nil && !errors.Is(err, subscribers.ErrAddress) {
			s.fault(w, r, "send a link", err)
			return
		}
	}
	s.tell(w, f, "mailed")
}

// preferences shows a reader what he gets.
func (s office) preferences(w http.ResponseWriter, r *http.Request) {
	private(w)
	token := r.PathValue("token")
	if !s.Choosing.Manages(token) {
		s.lapsed(w, r, false)
		return
	}
	reader, err := s.Exit.Look(r.Context(), token)
	switch {
	case errors.Is(err, subscribers.ErrToken):
		s.lapsed(w, r, false)
	case err != nil:
		s.fault(w, r, "look", err)
	case reader.State == subscribers.Left:
		s.show(w, http.StatusOK, templates.Left{Frame: s.hidden(r, reader.Lang), Undo: undo(s.Exit, reader)})
	case reader.State != subscribers.Active && reader.State != subscribers.Paused:
		s.lapsed(w, r, true) // his letters came back: he begins anew
	default:
		s.show(w, http.StatusOK, s.chosen(r, reader))
	}
}

// prefer takes a change of preferences. A form with a fault changes nothing.
func (s office) prefer(w http.ResponseWriter, r *http.Request) {
	private(w)
	if err := r.ParseForm(); err != nil {
		s.refused(w, r)
		return
	}
	changes, done, faults := s.changes(r)
	if len(faults) > 0 {
		s.preferAgain(w, r, changes, faults)
		return
	}
	reader, err := s.Choosing.Prefer(r.Context(), r.PathValue("token"), changes)
	switch {
	case errors.Is(err, subscribers.ErrToken):
		s.preferences(w, r) // which says what became of him
	case err != nil:
		s.fault(w, r, "prefer", err)
	default:
		page := s.chosen(r, reader)
		page.Done = done
		s.show(w, http.StatusOK, page)
	}
}

// preferAgain shows the form as it was sent, with its faults.
func (s office) preferAgain(w http.ResponseWriter, r *http.Request, c subscribers.Changes, faults []templates.Fault) {
	reader, err := s.Exit.Look(r.Context(), r.PathValue("token"))
	if err != nil || !s.Choosing.Manages(r.PathValue("token")) || reader.State == subscribers.Left {
		s.preferences(w, r)
		return
	}
	if c.Pause == nil { // it was not the form for pauses
		if len(c.Digests) > 0 {
			reader.Digests = c.Digests
		}
		if len(c.Topics) > 0 {
			reader.Topics = s.menu.topics(c.Topics)
		}
		if c.Lang != nil {
			reader.Lang, reader.Text = *c.Lang, *c.Text
		}
		if c.Timezone != nil {
			reader.Timezone = *c.Timezone
		}
	}
	page := s.chosen(r, reader)
	page.Faults = faults
	s.show(w, http.StatusUnprocessableEntity, page)
}

// changes reads the page's forms, which have a button each.
func (s office) changes(r *http.Request) (c subscribers.Changes, done string, faults []templates.Fault) {
	fault := func(field string) { faults = append(faults, templates.Fault{Field: field, Kind: field}) }
	switch r.PostForm.Get("do") {
	case "pause":
		days, err := strconv.Atoi(strings.TrimSpace(r.PostForm.Get("days")))
		if err != nil || days < 1 || days > longestPause {
			fault("days")
		}
		until := s.Now().AddDate(0, 0, min(max(days, 0), longestPause))
		return subscribers.Changes{Pause: &until}, "paused", faults
	case "resume":
		return subscribers.Changes{Pause: &time.Time{}}, "resumed", nil
	}
	lang, text := s.menu.spoken(r.PostForm.Get("lang")), r.PostForm.Get("format") == "text"
	c = subscribers.Changes{Digests: s.menu.digests(r.PostForm["digest"]), Topics: s.menu.topics(r.PostForm["topic"]), Lang: &lang, Text: &text}
	if len(c.Digests) == 0 && len(s.Digests) > 1 {
		fault("digest")
	}
	switch {
	case len(c.Topics) == len(s.Topics):
		c.Topics = []string{"all"} // and those that are yet to come
	case len(c.Topics) == 0 && len(s.Topics) > 1:
		fault("topic")
	}
	if r.PostForm.Has("timezone") { // it is asked only where it makes a difference
		zone := strings.TrimSpace(r.PostForm.Get("timezone"))
		c.Timezone = &zone
		if _, err := time.LoadLocation(zone); err != nil || zone == "Local" {
			fault("timezone")
		}
	}
	return c, "saved", faults
}

// chosen is the page of a reader who is on the list.
func (s office) chosen(r *http.Request, reader subscribers.Subscriber) templates.Preferences {
	f, until := s.hidden(r, reader.Lang), reader.Until
	if zone, err := time.LoadLocation(reader.Timezone); err == nil && reader.Timezone != "" {
		until = until.In(zone) // where it may be another day
	}
	return templates.Preferences{
		Frame:  f,
		Wishes: s.menu.wishes(f.Lang, subscribers.Choices{Digests: reader.Digests, Topics: reader.Topics, Lang: reader.Lang}),
		Email:  reader.Email, Text: reader.Text, Timezone: reader.Timezone, Zones: zones(),
		Paused: reader.State == subscribers.Paused, Until: until,
		Action: path("p", r), Leave: "/u/" + s.Choosing.LeaveToken(reader.ID),
	}
}

package desk

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"

	"tidings/digest"
)

// budget is what a letter's HTML may weigh before mail programs cut it, in KB.
const budget = 80

// frontView is what page/desk.html sees.
type frontView struct {
	View     string // "desktop", "phone", "text" or "why"
	Tabs     []tab
	Revision int
	Title    string
	Key      string
	When     string
	Subject  string
	Text     string
	KB       int
	Budget   int
	Heavy    bool
	Fault    string
	Quiet    bool
	Why      whyView
}

// tab is a way of looking at the letter.
type tab struct {
	Name, Label string
	Chosen      bool
}

// front shows the letter in its frame. Opening it makes a new draft.
func (d *Desk) front(w http.ResponseWriter, r *http.Request) {
	p, revision := d.current(r.Context(), true)
	v := frontView{
		View:     view(r.FormValue("view")),
		Revision: revision,
		Title:    p.edition.Title,
		Key:      p.edition.Key,
		Subject:  p.letter.Subject,
		Text:     p.letter.Text,
		KB:       (len(p.letter.HTML) + 1023) / 1024,
		Budget:   budget,
		Quiet:    p.quiet,
		Why:      why(p.edition),
	}
	if !p.edition.At.IsZero() {
		v.When = p.edition.At.Format("Monday 2 January 2006, 15:04 MST")
	}
	v.Heavy = v.KB > budget
	status := http.StatusOK
	if p.fault != nil {
		v.Fault = p.fault.Error()
		status = http.StatusInternalServerError
	}
	for _, t := range tabs() {
		t.Chosen = t.Name == v.View
		v.Tabs = append(v.Tabs, t)
	}
	var out bytes.Buffer
	if err := d.page.ExecuteTemplate(&out, "desk.html", v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(out.Bytes())
}

func tabs() []tab {
	return []tab{{Name: "desktop", Label: "Desktop 640"}, {Name: "phone", Label: "Phone 360"}, {Name: "text", Label: "Plain text"}, {Name: "why", Label: "Why"}}
}

// view is the one asked for, or the first.
func view(name string) string {
	if slices.ContainsFunc(tabs(), func(t tab) bool { return t.Name == name }) {
		return name
	}
	return tabs()[0].Name
}

// whyView is what page/why.html sees: the edition with its reasons.
type whyView struct {
	Read, Sources int
	Sections      []whySection
	Left          []digest.Omitted
	Troubles      []digest.Trouble
}

type whySection struct {
	Name    string
	Stories []whyStory
}

// whyStory is a story with what brought it where it stands.
type whyStory struct {
	Title   string
	ID      string
	Score   float64
	Sources int
	Tags    []string
	Names   []string
	Reasons []digest.Reason
	Near    []digest.Near
	Update  *digest.Update
	Members []member
}

// member is one of a story's articles, its lead first.
type member struct {
	Title, Source, Lang, Date string
	Role                      string // "copy", "primary source", or empty
	URL                       string // empty: not an address that can be opened
}

// why lays the reasons out, in the letter's order.
func why(e digest.Edition) whyView {
	v := whyView{Read: e.Read, Sources: e.Sources, Left: e.Left, Troubles: e.Troubles}
	add := func(name string, stories []digest.Story) {
		if len(stories) == 0 {
			return
		}
		section := whySection{Name: name}
		for _, s := range stories {
			section.Stories = append(section.Stories, whyOf(s))
		}
		v.Sections = append(v.Sections, section)
	}
	if e.Lead != nil {
		add("Lead", []digest.Story{*e.Lead})
	}
	for _, section := range e.Sections {
		name := e.Names[section.Topic]
		if name == "" {
			name = section.Topic
		}
		add(name, section.Stories)
	}
	add("In brief", e.Brief)
	add("Folded into earlier editions", e.Folded)
	return v
}

func whyOf(s digest.Story) whyStory {
	v := whyStory{Title: s.Lead.Title, ID: s.ID, Score: s.Score, Sources: s.Sources, Tags: s.Tags, Reasons: s.Reasons, Near: s.Near, Update: s.Update}
	for _, n := range s.Names {
		v.Names = append(v.Names, n.Name)
	}
	for _, a := range s.Articles() {
		m := member{Title: a.Title, Source: a.Source.Title, Lang: a.Lang, URL: a.URL}
		if u, err := url.Parse(a.URL); err != nil || u.Scheme != "https" && u.Scheme != "http" {
			m.URL = ""
		}
		if m.Source == "" {
			m.Source = a.Feed
		}
		switch {
		case slices.Contains(s.Copies, a.ID):
			m.Role = "copy"
		case a.ID == s.Primary:
			m.Role = "primary source"
		}
		if !a.Published.IsZero() {
			m.Date = a.Published.Format("2 Jan 15:04")
		}
		v.Members = append(v.Members, m)
	}
	return v
}

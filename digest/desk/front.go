package desk

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"tidings/digest"
	"tidings/templates"
)

// What a letter's HTML may weigh before mail programs cut it, and what it should, in KB.
const (
	budget = 80
	wished = 60
)

// frontView is what page/desk.html sees.
type frontView struct {
	View      string // one of the tabs
	Light     string // "dark" or "light": how the letter is shown
	Tabs      []tab
	Revision  int
	Drafting  bool // nothing but the head is known yet
	Begun     bool // the head is with the browser already
	Title     string
	Key       string
	When      string
	Editions  []editionView
	Subject   string
	Text      string // plain text or source
	Parts     []part
	Lint      []string
	Spam      bool // a spam filter can be asked
	KB        int
	Budget    int
	Wished    int
	Heavy     bool
	InBrief   int // stories for which there is no more room in the letter
	Cut       int // and those for which there is none at all
	Fault     string
	Quiet     bool
	Mark      string // of the letter that is looked at
	Sealed    bool
	Editable  bool
	Gate      bool
	Test      bool
	State     string // who lets it go, and when
	Held      bool
	Approves  bool   // it waits for approval
	Note      string // of the editor
	Told      string // what came of the last act
	Wrong     bool   // it was a fault
	Undo      string // what would be taken back
	Step      string // its name
	Read      int
	Sources   int
	Sections  []sectionView
	Left      []leftView
	Open      []leftView
	Waiting   []string // pages that an editor added and that were not read yet
	Troubles  []digest.Trouble
	Decisions string // the file
}

// tab is a way of looking at the letter.
type tab struct {
	Name, Label string
	Chosen      bool
}

// editionView is an edition in the list of editions.
type editionView struct {
	Key, Title, When string
	Sealed, Chosen   bool
}

// front shows the stories and the letter. Opening it makes a new draft; where that takes its time, the head of the page
// is shown meanwhile.
func (d *Desk) front(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	key, err := d.key(ctx, r.FormValue("edition"))
	all, fault := d.Newsroom.Editions(ctx)
	v := frontView{View: view(r.FormValue("view")), Light: "light", Revision: d.state().revision, Key: key}
	v.list(all, key)
	p := proof{fault: err}
	if err == nil {
		hurried := hurry(d.Patience, func() { d.head(w, v) })
		p, v.Revision = d.current(ctx, key, true)
		v.Begun = hurried()
	}
	if p.fault == nil {
		p.fault = fault
	}
	v.Title, v.Subject = cmp.Or(p.edition.Title, v.Title), p.letter.Subject
	v.KB, v.Budget, v.Wished = (len(p.letter.HTML)+1023)/1024, budget, wished
	v.Quiet, v.Mark, v.Sealed = p.quiet, p.mark(), p.sealed
	v.Editable = d.Decisions.Dir != "" && !p.sealed && key != ""
	v.Gate, v.Test = d.Gate != nil && key != "", d.Test != nil && !p.quiet
	v.Read, v.Sources, v.Troubles = p.edition.Read, p.edition.Sources, p.edition.Troubles
	if !p.edition.At.IsZero() {
		v.When = p.edition.At.Format(slotForm)
	}
	v.Heavy, v.Spam = v.KB > budget, d.Spam != nil
	v.tell(d.steps, r.FormValue("told"))
	v.fill(p)
	d.look(&v, &p)
	status := http.StatusOK
	if p.fault != nil {
		v.Fault = p.fault.Error()
		status = http.StatusInternalServerError
		if errors.Is(p.fault, ErrNoEdition) {
			status = http.StatusNotFound
		}
	}
	if v.Editable {
		v.Decisions = d.Decisions.Path(key)
	}
	d.answer(w, status, v)
}

// slotForm writes the time of an edition at length.
const slotForm = "Monday 2 January 2006, 15:04 MST"

// answer writes the page, or what is to follow its head; then the status has been told.
func (d *Desk) answer(w http.ResponseWriter, status int, v frontView) {
	var out bytes.Buffer
	if err := d.page.ExecuteTemplate(&out, "desk.html", v); err != nil {
		if !v.Begun {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		out.Reset() // nobody is to take half a page for the whole
		template.HTMLEscape(&out, []byte(err.Error()))
	}
	if !v.Begun {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
	}
	w.Write(out.Bytes())
}

// head writes the head of the page and nothing more yet.
func (d *Desk) head(w http.ResponseWriter, v frontView) {
	v.Drafting = true
	var out bytes.Buffer
	if err := d.page.ExecuteTemplate(&out, "head.html", v); err != nil {
		return // the whole page tells
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(out.Bytes())
	_ = http.NewResponseController(w).Flush() // where that cannot be, it comes with the rest
}

// hurry calls write after a while, unless it is stopped before; who stops it learns whether it was called. After
// no time at all it never is.
func hurry(after time.Duration, write func()) (stop func() bool) {
	if after == 0 {
		return func() bool { return false }
	}
	var mu sync.Mutex
	written, stopped := false, false
	timer := time.AfterFunc(after, func() {
		mu.Lock()
		defer mu.Unlock()
		if !stopped {
			written = true
			write()
		}
	})
	return func() bool {
		timer.Stop()
		mu.Lock()
		defer mu.Unlock()
		stopped = true
		return written
	}
}

// look fills in what the chosen pane shows.
func (d *Desk) look(v *frontView, p *proof) {
	if d.Lint != nil && p.fault == nil && !p.quiet {
		v.Lint = d.Lint(p.edition, p.letter)
	}
	for _, t := range tabs() {
		if t.Name == "lint" {
			if d.Lint == nil {
				continue
			}
			t.Label = fmt.Sprintf("Lint %d", len(v.Lint))
		}
		t.Chosen = t.Name == v.View
		v.Tabs = append(v.Tabs, t)
	}
	switch v.View {
	case "dark":
		v.Light = "dark"
	case "text":
		v.Text = p.letter.Text
	case "source":
		v.Text = p.letter.HTML
	case "mail":
		if p.fault != nil || p.quiet {
			return
		}
		whole, err := d.Newsroom.Mail(p.edition)
		if err == nil {
			v.Parts, err = parts(whole)
		}
		p.fault = err
	}
}

func tabs() []tab {
	return []tab{
		{Name: "desktop", Label: "Desktop"}, {Name: "phone", Label: "Phone"}, {Name: "dark", Label: "Dark"}, {Name: "text", Label: "Text"},
		{Name: "source", Label: "Source"}, {Name: "mail", Label: "Mail"}, {Name: "lint", Label: "Lint"},
	}
}

// view is the one asked for, or the first.
func view(name string) string {
	if slices.ContainsFunc(tabs(), func(t tab) bool { return t.Name == name }) {
		return name
	}
	return tabs()[0].Name
}

// tell says what came of the last act, and what can be taken back.
func (v *frontView) tell(s *steps, told string) {
	if one, ok := s.get(told); ok && one.key == v.Key {
		v.Told, v.Wrong = one.said, one.fault
	}
	if last, ok := s.newest(v.Key); ok && v.Editable {
		v.Undo, v.Step = last.said, last.id
	}
}

// list fills in the editions to choose from, and who lets the shown one go.
func (v *frontView) list(all []Listed, key string) {
	for _, l := range all {
		one := editionView{Key: l.Key, Title: l.Title, When: l.At.Format("Mon 2 Jan 2006, 15:04"), Sealed: l.Sealed, Chosen: l.Key == key}
		v.Editions = append(v.Editions, one)
		if !one.Chosen {
			continue
		}
		v.State = state(l)
		v.Approves = !l.Sealed && l.Release == digest.ReleaseApproval
		if v.Title == "" {
			v.Title = l.Title
		}
		if v.When == "" {
			v.When = l.At.Format(slotForm)
		}
	}
}

// state says who lets an edition go.
func state(l Listed) string {
	at := l.At.Format("Monday at 15:04")
	switch {
	case l.Sealed:
		return "Sealed. Nothing of it can be changed any more."
	case l.Release == digest.ReleaseApproval:
		return "Waits for your approval, and goes out " + at + " at the earliest."
	case l.Release == digest.ReleaseReview:
		return "Goes out " + at + " unless it is held."
	}
	return "Goes out by itself " + at + "."
}

// fill fills in the stories and what was decided.
func (v *frontView) fill(p proof) {
	v.Held, v.Note = p.decisions.Held, p.decisions.Note
	if v.Sealed {
		v.Note = p.edition.Note
	}
	if v.Held {
		v.State = "Held. It does not go out until the hold is ended."
	} else if p.decisions.Approved && !p.sealed {
		v.State, v.Approves = "Approved; it is made as soon as there is something in it.", false
	}
	v.rundown(p)
	at := map[string]int{}
	for _, one := range p.edition.Open {
		if i, twice := at[one.Article]; twice { // two things were decided about it, for two reasons
			v.Open[i].Why += "; " + one.Why
			continue
		}
		at[one.Article], one.Title = len(v.Open), templates.Headline(one.Title)
		v.Open = append(v.Open, leftView{Omitted: one, Anchor: anchor(one.Article), Editable: v.Editable})
	}
	for _, s := range p.decisions.Stories {
		if s.Add != "" && s.Article == "" {
			v.Waiting = append(v.Waiting, s.Add)
		}
	}
	dropped := map[string]bool{}
	for _, s := range p.edition.Dropped {
		dropped[s.ID] = true
	}
	for _, one := range p.edition.Left {
		if one.Title = templates.Headline(one.Title); !dropped[one.Story] {
			v.Left = append(v.Left, leftView{Omitted: one, Anchor: anchor(one.Article), Editable: v.Editable && one.Article != ""})
		}
	}
}

// sectionNames are the sections that a story can be moved to, in the order of their names, brief last.
func sectionNames(e digest.Edition) (all []sectionName) {
	for _, id := range slices.SortedFunc(maps.Keys(e.Names), func(a, b string) int { return strings.Compare(e.Names[a], e.Names[b]) }) {
		all = append(all, sectionName{id, e.Names[id]})
	}
	return append(all, sectionName{digest.Brief, "In brief"})
}

// sectionName is a section to choose.
type sectionName struct{ ID, Name string }

// short writes a time for a list.
func short(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2 Jan 15:04")
}

package digest

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Explain writes down why an edition is as it is, for an editor to read: each story in its place with its
// members, why they are together and what nearly joined them, why this topic and why this place, then what
// was folded into earlier editions and what was left out.
func Explain(w io.Writer, e Edition) error {
	x := explainer{w: w}
	if e.Lead != nil {
		x.section("lead", []Story{*e.Lead})
	}
	for _, s := range e.Sections {
		x.section(s.Topic, s.Stories)
	}
	x.section(Brief, e.Brief)
	x.section("folded into earlier editions", e.Folded)
	if len(e.Left) > 0 {
		x.line("# left out")
	}
	for _, o := range e.Left {
		x.line("%s: %s", cmp.Or(o.Title, o.Story), o.Why)
	}
	return x.err
}

// explainer writes until the first error and keeps that.
type explainer struct {
	w   io.Writer
	err error
}

func (x *explainer) line(format string, args ...any) {
	if x.err == nil {
		_, x.err = fmt.Fprintln(x.w, strings.TrimRight(fmt.Sprintf(format, args...), " "))
	}
}

func (x *explainer) section(name string, stories []Story) {
	if len(stories) > 0 {
		x.line("# %s", name)
	}
	for _, s := range stories {
		x.story(s)
	}
}

func (x *explainer) story(s Story) {
	x.line("%.2f %s", s.Score, attributed(s.Lead))
	for _, a := range s.Others {
		role := "also"
		switch {
		case slices.Contains(s.Copies, a.ID):
			role = "copy"
		case a.ID == s.Primary:
			role = "primary"
		}
		x.part(role, attributed(a))
	}
	x.part("story", fmt.Sprintf("%s, %s, %d independent", s.ID, strings.Join(append([]string{s.Topic}, s.Tags...), " + "), s.Sources))
	if len(s.Names) > 0 {
		names := make([]string, len(s.Names))
		for i, n := range s.Names {
			names[i] = fmt.Sprintf("%s (%s)", n.Name, n.Kind)
		}
		x.part("names", strings.Join(names, ", "))
	}
	if u := s.Update; u != nil {
		x.part("update", fmt.Sprintf("of %s, %q; new: %s", u.Edition, u.Title, strings.Join(u.New, ", ")))
	}
	for _, r := range s.Reasons {
		x.part(r.Part, fmt.Sprintf("%+.2f %s", r.Value, r.Detail))
	}
	for _, n := range s.Near {
		x.part("nearly", fmt.Sprintf("%+.2f %s: %s", n.Score, n.Title, n.Why))
	}
	x.text(s)
}

// text tells what the letter says under the headline.
func (x *explainer) text(s Story) {
	for _, one := range s.Summary {
		x.part("says", one)
	}
	if q := s.Added; q != nil {
		x.part("adds", fmt.Sprintf("%s: %s", q.Source, q.Text))
	}
	if w := s.Written; w != nil {
		x.part("written", fmt.Sprintf("by %s: %s", w.By, strings.Join(append([]string{w.Title}, w.Summary...), " ")))
	}
}

func (x *explainer) part(name, what string) { x.line("     %-9s %s", name, what) }

// attributed names an article: its headline, who tells it, in which language and when.
func attributed(a Article) string {
	by := []string{cmp.Or(a.Source.Title, a.Feed, a.ID)}
	if a.Lang != "" {
		by = append(by, a.Lang)
	}
	if !a.Published.IsZero() {
		by = append(by, a.Published.Format("2006-01-02 15:04"))
	}
	return fmt.Sprintf("%s (%s)", cmp.Or(strings.Join(strings.Fields(a.Title), " "), "untitled"), strings.Join(by, ", "))
}

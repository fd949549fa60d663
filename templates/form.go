package templates

import (
	"slices"
	"time"
)

// Entry is what a form begins with that asks for an address.
type Entry struct {
	Form   string // its token
	Email  string // as typed before
	Faults []Fault
}

// Fault says in phrase fault.KIND what is wrong with a field, named by its id on the page.
type Fault struct {
	Field string
	Kind  string // "email", "digest", "topic", "timezone", "days" or "again"
}

// Told is the key of its words.
func (f Fault) Told() string { return "fault." + f.Kind }

// Wishes is what a reader can choose.
type Wishes struct {
	Digests []Choice
	Topics  []Choice // in the page's language
	Langs   []Choice // none is chosen: the digest's own
	Narrow  bool     // not all topics are chosen, or something is wrong with them
}

// OwnClock reports whether any letters come by the clock of the reader's own time zone, so that it matters.
func (w Wishes) OwnClock() bool {
	return slices.ContainsFunc(w.Digests, func(c Choice) bool { return c.When.Own })
}

// Pick returns the digests among all that a reader gets who chose these names: those that are chosen from the start
// when he chose none.
func Pick(all []Choice, names []string) []Choice {
	return slices.DeleteFunc(slices.Clone(all), func(c Choice) bool {
		if len(names) == 0 {
			return !c.Chosen
		}
		return !slices.Contains(names, c.Name)
	})
}

// Choice is one thing to choose; of a digest also when it comes.
type Choice struct {
	Name, Title, About string
	Lang               string // of a digest and of what is said about it, BCP 47; empty: the page's
	When               Rhythm
	Chosen             bool
}

// Join is the first page: a form to subscribe. What a reader agrees to in it is [Set.Consent].
type Join struct {
	Frame
	Entry
	Wishes
	About   string // a short text; empty: ours
	Archive bool   // there are past editions to read
}

// Link is a form by which a reader gets the link to his preferences mailed.
type Link struct {
	Frame
	Entry
}

// Lapsed says that a link is not valid, and has a form to get a new one.
type Lapsed struct {
	Frame
	Entry
	Joins bool // it was to confirm; else to preferences
}

// Preferences shows a reader what he gets, and lets him change it, pause and leave.
type Preferences struct {
	Frame
	Wishes
	Faults   []Fault
	Email    string
	Text     bool     // plain text
	Timezone string   // IANA name; empty: the digest's
	Zones    []string // to be proposed
	Paused   bool
	Until    time.Time // a pause ends; zero: when he says so
	Action   string    // path that takes every change
	Leave    string    // path
	Done     string    // what was just done: "saved", "paused" or "resumed"; empty: nothing
}

// Bad reports whether something is wrong with a field.
func (e Entry) Bad(field string) bool { return bad(e.Faults, field) }

// Bad reports whether something is wrong with a field.
func (p Preferences) Bad(field string) bool { return bad(p.Faults, field) }

func bad(faults []Fault, field string) bool {
	for _, f := range faults {
		if f.Field == field {
			return true
		}
	}
	return false
}

// Consent is what a reader agrees to who sends the form of [Join] or [Lapsed], as it stands on the page. It is
// empty when the phrases lack it, which [Load] does not let pass.
func (s *Set) Consent(lang, title string) string {
	said, err := s.in(lang).Say("join.consent", title)
	if err != nil {
		return ""
	}
	return said
}

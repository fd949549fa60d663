package digest

import "time"

// Shelved is a sealed edition as it stands in the archive, between its neighbours.
type Shelved struct {
	Edition
	Sealed time.Time // when it was
	Before string    // key of the digest's edition before it; empty: it is the first
	After  string    // key of the one after it; empty: it is the newest
}

// Issue is a sealed edition as a list shows it.
type Issue struct {
	Key      string
	Digest   string
	Title    string
	Number   int
	At       time.Time // the slot, at the offset of the digest's wall clock
	Sealed   time.Time
	Headline string // of its first story
	Lang     string // of the headline
}

// Span says which editions are listed. Its zero value has none, as Most bounds them.
type Span struct {
	Digest   string    // empty: of all digests
	From, To time.Time // of the wall clock, which is read as if it were UTC; To itself is out; zero: without that bound
	Skip     int
	Most     int
}

// Told is a printed story as a list shows it.
type Told struct {
	Edition string    // key
	Digest  string    // its name
	Title   string    // of the edition
	At      time.Time // its slot, at the offset of the digest's wall clock
	Place   int       // in the edition, from 0
	Topic   string    // id

	Headline string
	Lang     string   // of the headline
	Summary  []string // sentences
	Tongue   string   // language of the summary
	Source   string   // who tells it
	URL      string   // where
	Machine  Machine
}

// Machine says what of a story a language model wrote.
type Machine struct{ Headline, Summary bool }

// Wanted says which printed stories are looked for, the newest first; what is empty does not matter. Nothing is
// found where all of it is empty.
type Wanted struct {
	Editions []string // keys
	Topic    string   // id
	Name     string   // as it is usually written, in any case
	Phrases  []Phrase // that stand in it, all of them; see [Phrases]
	Skip     int
	Most     int
}

// Outline is what there is in the archive to begin from.
type Outline struct {
	Months []Month  // the newest first
	Topics []string // ids, in no order
	Names  []string // that were spoken of the most of late
}

// Month is one in which editions of a digest appeared.
type Month struct {
	Digest string
	First  time.Time // its first day, in UTC
}

// Told returns the story as the archive lists it, as far as the story itself says it: the editor's words, else those
// of a model, else the source's own.
func (s Story) Told(edition string) Told {
	t := Told{Topic: s.Topic, Source: s.Lead.Source.Title, URL: s.Lead.URL, Tongue: s.Lead.Lang}
	t.Headline, t.Lang = s.Headline(edition)
	summary := s.Summary
	if s.Written != nil {
		t.Machine.Headline = s.Written.Title != ""
		if len(s.Written.Summary) > 0 {
			summary, t.Tongue, t.Machine.Summary = s.Written.Summary, edition, true
		}
	}
	if s.Decided != nil {
		t.Machine.Headline = t.Machine.Headline && s.Decided.Title == ""
		if len(s.Decided.Summary) > 0 {
			summary, t.Tongue, t.Machine.Summary = s.Decided.Summary, edition, false
		}
	}
	t.Summary = summary
	return t
}

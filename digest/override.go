package digest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// ErrHeld says that an editor holds the edition back, or has not approved it yet; its slot stays due.
var ErrHeld = errors.New("the edition is held back")

// Overrides are all that an editor decided about one edition. They are laid over every draft of it anew, so
// they outlive a new gathering.
type Overrides struct {
	Held     bool       // it is not to be sealed
	Approved bool       // it may be, where that is asked for
	Note     string     // plain text, stands on top of the letter
	Stories  []Override // pinned ones stand in this order
	Joined   [][]string // ids of articles that tell one story; decisions about earlier editions count here as well
	Parted   [][2]string
}

// Override is what an editor decided about one story, which is known by any of its articles: a story's own id
// may change when an earlier article is found. Fields are zero where nothing was decided.
type Override struct {
	Article string   `json:"article"`           // id
	Was     string   `json:"was,omitempty"`     // the headline when it was decided, for people
	Lead    bool     `json:"lead,omitempty"`    // it leads the edition
	Pin     bool     `json:"pin,omitempty"`     // it stands first in its section, whatever its score
	Drop    string   `json:"drop,omitempty"`    // it is left out, and why
	Topic   string   `json:"topic,omitempty"`   // id of its section, or [Brief]
	Title   string   `json:"title,omitempty"`   // its headline
	Summary []string `json:"summary,omitempty"` // in the place of the articles' sentences
	Order   int      `json:"order,omitempty"`   // among the decisions about an edition; set where they are laid over it
}

// Release says who lets an edition go.
type Release string

// With Auto, which is the default, an edition appears at its slot. With Review the editor is told of it some time
// before, and it appears all the same unless he holds it. With Approval it waits until he approves it.
const (
	ReleaseAuto     Release = "auto"
	ReleaseReview   Release = "review"
	ReleaseApproval Release = "approve"
)

// Editor tells what was decided.
type Editor interface {
	// Decided returns what was decided about the slot's edition so far. Until release is called nothing can be
	// decided about it: whoever seals it in the meantime seals what was decided.
	Decided(ctx context.Context, slot Slot) (o Overrides, release func(), err error)
}

// nobody decides nothing.
type nobody struct{}

func (nobody) Decided(context.Context, Slot) (Overrides, func(), error) {
	return Overrides{}, func() {}, nil
}

// holds says whether an edition of the digest may not be sealed.
func (o Overrides) holds(d Digest) error {
	switch {
	case o.Held:
		return fmt.Errorf("%w: an editor holds it", ErrHeld)
	case d.Release == ReleaseApproval && !o.Approved:
		return fmt.Errorf("%w: no editor has approved it yet", ErrHeld)
	}
	return nil
}

// apply lays decisions over stories that were grouped and not ranked yet, and takes out those that are dropped.
// What could not be applied comes back with the reason.
func (o Overrides) apply(stories []Story, topics []Topic) (kept, dropped []Story, unapplied []Omitted) {
	at := map[string]int{}
	for i, s := range stories {
		for _, a := range s.Articles() {
			at[a.ID] = i
		}
	}
	all := slices.Clone(stories)
	for order, one := range o.Stories {
		why := ""
		i, there := at[one.Article]
		known := one.Topic == "" || one.Topic == Brief || slices.ContainsFunc(topics, func(t Topic) bool { return t.ID == one.Topic })
		switch {
		case !there:
			why = "no story of this edition has this article any more"
		case !known:
			why = fmt.Sprintf("the digest has no section %q", one.Topic)
			one.Topic = ""
		}
		if why != "" {
			unapplied = append(unapplied, Omitted{Story: one.Article, Article: one.Article, Title: one.Was, Why: why})
		}
		if there {
			one.Order = order + 1
			all[i] = all[i].decide(one)
		}
	}
	for _, s := range all {
		if s.Decided != nil && s.Decided.Drop != "" {
			dropped = append(dropped, s)
		} else {
			kept = append(kept, s)
		}
	}
	return kept, dropped, unapplied
}

// decide lays one decision over a story; where two name the same story, each keeps what the other leaves open.
func (s Story) decide(o Override) Story {
	d := Override{Order: o.Order}
	if s.Decided != nil {
		d = *s.Decided
	}
	d.Article, d.Was = cmp.Or(d.Article, o.Article), cmp.Or(d.Was, o.Was)
	d.Lead, d.Pin = d.Lead || o.Lead, d.Pin || o.Pin
	d.Drop, d.Topic, d.Title = cmp.Or(o.Drop, d.Drop), cmp.Or(o.Topic, d.Topic), cmp.Or(o.Title, d.Title)
	if len(o.Summary) > 0 {
		d.Summary = o.Summary
	}
	s.Decided = &d
	if o.Topic != "" {
		s.Reasons = append(slices.Clip(s.Reasons), Reason{Part: "editor", Detail: fmt.Sprintf("moved here from %s", s.Topic)})
		s.Topic = o.Topic
	}
	if o.Pin || o.Lead {
		s.Reasons = append(slices.Clip(s.Reasons), Reason{Part: "editor", Detail: "pinned"})
	}
	return s
}

// pinned says whether an editor wants the story in its section whatever its score.
func (s Story) pinned() bool { return s.Decided != nil && (s.Decided.Pin || s.Decided.Lead) }

// chosen says whether an editor wants the story to lead.
func (s Story) chosen() bool { return s.Decided != nil && s.Decided.Lead }

// Headline is what stands over the story, with its language: the editor's words, a model's in the edition's
// language, or the lead article's own.
func (s Story) Headline(edition string) (title, lang string) {
	switch {
	case s.Decided != nil && s.Decided.Title != "":
		return s.Decided.Title, edition
	case s.Written != nil && s.Written.Title != "":
		return s.Written.Title, edition
	}
	return s.Lead.Title, s.Lead.Lang
}

// decided turns decisions about articles into links: those that tell one story are joined before all others, and
// those that do not stay apart whatever their likeness. Articles that are one and the same cannot be parted.
func (by Grouping) decided(ordered []Article, parts [][]int) (joined [][2]int32, parted []link) {
	if len(by.Joined)+len(by.Parted) == 0 {
		return nil, nil
	}
	at := map[string]int32{}
	for i, part := range parts {
		for _, m := range part {
			at[ordered[m].ID] = int32(i)
		}
	}
	for _, ids := range by.Joined {
		for _, id := range ids[min(1, len(ids)):] {
			a, ok := at[ids[0]]
			if b, both := at[id]; ok && both && a != b {
				joined = append(joined, [2]int32{a, b})
			}
		}
	}
	for _, pair := range by.Parted {
		a, ok := at[pair[0]]
		if b, both := at[pair[1]]; ok && both && a != b {
			parted = append(parted, link{i: max(a, b), j: min(a, b), parted: true})
		}
	}
	return joined, parted
}

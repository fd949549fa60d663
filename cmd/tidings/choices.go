package main

import (
	"cmp"
	"slices"

	"tidings/subscribers"
	"tidings/templates"
)

// sender is who notices come from that are about these digests (none: about those that somebody gets who chose
// none): the first of them. They speak for the one, or for the house when there are several.
func (h *house) sender(names []string) (from, title, lang string) {
	var about []int
	for i, d := range h.digests {
		if gets(names, d.Name, d.Optional) {
			about = append(about, i)
		}
	}
	switch {
	case len(h.digests) == 0:
		return "Tidings <tidings@localhost>", h.title(), "en"
	case len(about) == 0:
		about = []int{0}
	}
	d := h.digests[about[0]]
	if len(about) > 1 {
		return d.From, h.title(), d.Lang
	}
	return d.From, d.Title, d.Lang
}

// gets reports whether a reader who chose these digests gets the one of this name.
func gets(chosen []string, name string, optional bool) bool {
	if len(chosen) == 0 {
		return !optional
	}
	return slices.Contains(chosen, name)
}

// title is what the house is called.
func (h *house) title() string {
	title := h.config.Web.Title
	if len(h.digests) > 0 {
		title = cmp.Or(title, h.digests[0].Title)
	}
	return cmp.Or(title, "Tidings")
}

// offer is what there is to get, as readers are told of it.
type offer struct{ *house }

// choices are the digests as readers choose from them.
func (h offer) choices() []templates.Choice {
	var all []templates.Choice
	for i, d := range h.digests {
		c := templates.Choice{Name: d.Name, Title: d.Title, About: h.config.Digest[i].About, Lang: d.Lang, Chosen: !d.Optional}
		if s, err := ParseSchedule(d.Schedule, d.Location); err == nil {
			c.When = s.rhythm()
		}
		if d.DeliverAt != nil && len(c.When.Times) > 0 {
			c.When.Times, c.When.Zone = []string{clock(*d.DeliverAt)}, ""
		}
		all = append(all, c)
	}
	return all
}

// gets are the digests of a reader who chose these.
func (h offer) gets(names []string) []templates.Choice {
	return slices.DeleteFunc(h.choices(), func(c templates.Choice) bool { return !gets(names, c.Name, !c.Chosen) })
}

// topicChoices are the topics, called as in a language.
func (h offer) topicChoices(lang string) []templates.Choice {
	var all []templates.Choice
	for _, t := range h.config.topics() {
		all = append(all, templates.Choice{Name: t.ID, Title: cmp.Or(t.Name[lang], t.Name["en"], t.ID)})
	}
	return all
}

// chose tells a reader's choices in the words of the letters, which are in this language.
func (h offer) chose(s subscribers.Subscriber, lang string) templates.Chosen {
	c := templates.Chosen{
		Paused: s.State == subscribers.Paused, Until: s.Until, Lang: s.Lang, Text: s.Text, Timezone: s.Timezone,
	}
	if zone, err := zone(s.Timezone); err == nil {
		c.Until = c.Until.In(zone) // where it may be another day
	}
	for _, t := range h.topicChoices(lang) {
		if slices.Contains(s.Topics, t.Name) {
			c.Topics = append(c.Topics, t.Title)
		}
	}
	return c
}

package main

import (
	"cmp"
	"slices"

	"tidings/digest"
	"tidings/subscribers"
	"tidings/templates"
)

// offer is what there is to get, as readers are told of it.
type offer struct{ *house }

// sender is who notices come from that are about these digests (none: about those that somebody gets who chose
// none): the first of them. They speak for the one, or for the house when there are several.
func (h offer) sender(names []string) (from, title, lang string) {
	if len(h.digests) == 0 {
		return "Tidings <tidings@localhost>", h.title(), "en"
	}
	about, first := templates.Pick(h.choices(), names), h.digests[0]
	if len(about) > 0 {
		first = h.digests[slices.IndexFunc(h.digests, func(d digest.Digest) bool { return d.Name == about[0].Name })]
	}
	if len(about) == 1 {
		return first.From, first.Title, first.Lang
	}
	return first.From, h.title(), first.Lang
}

// title is what the house is called.
func (h offer) title() string {
	title := h.config.Web.Title
	if len(h.digests) > 0 {
		title = cmp.Or(title, h.digests[0].Title)
	}
	return cmp.Or(title, "Tidings")
}

// choices are the digests as readers choose from them.
func (h offer) choices() []templates.Choice {
	var all []templates.Choice
	for i, d := range h.digests {
		c := templates.Choice{Name: d.Name, Title: d.Title, About: h.config.Digest[i].About, Lang: d.Lang, Chosen: !d.Optional}
		if s, err := ParseSchedule(d.Schedule, d.Location); err == nil {
			c.When = s.rhythm()
		}
		if d.DeliverAt != nil && len(c.When.Times) > 0 {
			c.When.Times, c.When.Own = []string{clock(*d.DeliverAt)}, true
		}
		all = append(all, c)
	}
	return all
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

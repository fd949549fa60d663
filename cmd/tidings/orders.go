package main

import (
	"cmp"
	"net/mail"
	"slices"
	"strings"
	"time"

	"tidings/subscribers"
	"tidings/subscribers/mailin"
)

// wished are the choices of somebody who subscribes by mail, as far as the address that he writes to tells them: the
// digest that writes from it, if not all do, and a topic.
func (h mailroom) wished(m mailin.Message) subscribers.Choices {
	c := subscribers.Choices{Lang: m.Order.Lang}
	for _, d := range h.digests {
		if from, err := mail.ParseAddress(d.From); err == nil && strings.EqualFold(from.Address, m.To.Address) {
			c.Digests = append(c.Digests, d.Name)
		}
	}
	if len(c.Digests) == len(h.digests) {
		c.Digests = nil
	}
	for _, word := range m.Order.Words {
		if slices.Contains(h.list.Known.Topics, word) {
			c.Topics = append(c.Topics, word)
		}
	}
	return c
}

// restful is for how many days "pause" alone asks.
const restful = 30

// changes are what an order changes, if anything.
func (h mailroom) changes(o mailin.Order) (c subscribers.Changes, any bool) {
	yes, no, until := true, false, time.Time{}
	switch o.Verb {
	case "topics":
		c.Topics = meant(o.Words, h.topicNames())
	case "digests":
		c.Digests = meant(o.Words, h.digestNames())
	case "language":
		if len(o.Words) == 1 {
			lang := h.set.Tongue(o.Words[0])
			c.Lang = &lang
		}
	case "html":
		c.Text = &no
	case "text":
		c.Text = &yes
	case "pause":
		until = h.now().AddDate(0, 0, cmp.Or(o.Days, restful))
		c.Pause = &until
	case "resume":
		c.Pause = &until
	}
	return c, c.Topics != nil || c.Digests != nil || c.Lang != nil || c.Text != nil || c.Pause != nil
}

// topicNames are what topics are called, in whichever language, by their ids.
func (h mailroom) topicNames() map[string][]string {
	names := map[string][]string{}
	for _, t := range h.config.topics() {
		for _, name := range t.Name {
			names[t.ID] = append(names[t.ID], name)
		}
	}
	return names
}

// digestNames are the titles of digests by their names.
func (h mailroom) digestNames() map[string][]string {
	names := map[string][]string{}
	for _, d := range h.digests {
		names[d.Name] = []string{d.Title}
	}
	return names
}

// meant puts ids in the place of words that readers use for things: a word that the names of one thing have, and of
// no other, both as commands are read. So "leggi e politica" is the policy, twice. The sign before a word stays, and so does a word that
// tells nothing.
func meant(words []string, names map[string][]string) []string {
	whose := map[string]string{}
	for id, all := range names {
		for _, word := range mailin.Words(strings.Join(all, " ")) {
			if other, known := whose[word]; known && other != id {
				whose[word] = "" // several have it
			} else {
				whose[word] = id
			}
		}
	}
	for id := range names {
		whose[id] = id
	}
	out := slices.Clone(words)
	for i, word := range words {
		bare := strings.TrimLeft(word, "+-")
		sign := word[:len(word)-len(bare)]
		switch id := whose[bare]; {
		case slices.Contains([]string{"tutti", "tutte", "tutto", "alle", "alles", "tous", "toutes", "todos", "todas", "everything"}, bare):
			out[i] = "all"
		case id != "":
			out[i] = sign + id
		}
	}
	return out
}

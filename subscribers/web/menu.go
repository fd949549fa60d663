package web

import (
	"slices"

	"tidings/digest"
	"tidings/subscribers"
	"tidings/templates"
)

// menu is what there is to choose.
type menu struct {
	digestChoices []templates.Choice
	topicChoices  []digest.Topic
	tongues       []templates.Choice
}

// wishes is the menu, with what is chosen; of digests and topics none stands for the usual.
func (m menu) wishes(lang string, c subscribers.Choices) templates.Wishes {
	w := templates.Wishes{Digests: slices.Clone(m.digestChoices), Langs: slices.Clone(m.tongues)}
	for i, d := range w.Digests {
		if len(c.Digests) > 0 {
			w.Digests[i].Chosen = slices.Contains(c.Digests, d.Name)
		}
	}
	for _, t := range m.topicChoices {
		chosen := len(c.Topics) == 0 || slices.Contains(c.Topics, t.ID)
		w.Topics = append(w.Topics, templates.Choice{Name: t.ID, Title: called(t, lang), Chosen: chosen})
		w.Narrow = w.Narrow || !chosen
	}
	for i, l := range w.Langs {
		w.Langs[i].Chosen = l.Name == c.Lang
	}
	return w
}

// titles are those of all digests.
func (m menu) titles() []string {
	var all []string
	for _, d := range m.digestChoices {
		all = append(all, d.Title)
	}
	return all
}

// called is a topic's name in a language, or else in English, or its id.
func called(t digest.Topic, lang string) string {
	for _, name := range []string{t.Name[lang], t.Name["en"]} {
		if name != "" {
			return name
		}
	}
	return t.ID
}

// digests keeps the names of digests that there are, each once, in our order.
func (m menu) digests(names []string) []string {
	var known []string
	for _, d := range m.digestChoices {
		if slices.Contains(names, d.Name) {
			known = append(known, d.Name)
		}
	}
	return known
}

// topics keeps the ids of topics that there are, each once, in our order.
func (m menu) topics(ids []string) []string {
	var known []string
	for _, t := range m.topicChoices {
		if slices.Contains(ids, t.ID) {
			known = append(known, t.ID)
		}
	}
	return known
}

// spoken is a language that was chosen; empty, the digest's own, if we do not speak it.
func (m menu) spoken(lang string) string {
	for _, t := range m.tongues {
		if t.Name == lang {
			return lang
		}
	}
	return ""
}

// zones are time zones that many people live in; any other can be written.
func zones() []string {
	return []string{
		"Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi",
		"America/Argentina/Buenos_Aires", "America/Bogota", "America/Chicago", "America/Denver", "America/Halifax",
		"America/Los_Angeles", "America/Mexico_City", "America/New_York", "America/Sao_Paulo", "America/Toronto",
		"Asia/Dhaka", "Asia/Dubai", "Asia/Hong_Kong", "Asia/Jakarta", "Asia/Jerusalem", "Asia/Karachi", "Asia/Kolkata",
		"Asia/Manila", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Tehran", "Asia/Tokyo",
		"Australia/Melbourne", "Australia/Perth", "Australia/Sydney",
		"Europe/Amsterdam", "Europe/Athens", "Europe/Berlin", "Europe/Brussels", "Europe/Dublin", "Europe/Helsinki",
		"Europe/Istanbul", "Europe/Kyiv", "Europe/Lisbon", "Europe/London", "Europe/Madrid", "Europe/Moscow",
		"Europe/Paris", "Europe/Prague", "Europe/Rome", "Europe/Stockholm", "Europe/Vienna", "Europe/Warsaw", "Europe/Zurich",
		"Pacific/Auckland", "Pacific/Honolulu", "UTC",
	}
}

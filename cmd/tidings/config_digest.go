package main

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidings/digest"
)

// checkDigests looks at the digests.
func (r configChecker) checkDigests(c *Config, topics []string) {
	for i, d := range c.Digest {
		path := at("digest", i, "name")
		switch {
		case d.Name == "":
			r.fault(path, `this [[digest]] has no name; write one, such as name = "daily"`)
		case !nameForm.MatchString(d.Name):
			r.fault(path, "digest.name must be letters, digits and single hyphens: it stands in addresses and paths")
		case slices.ContainsFunc(c.Digest[:i], func(o DigestConfig) bool { return strings.EqualFold(o.Name, d.Name) }):
			r.fault(path, "there is another [[digest]] named %q above; give one of them another name", d.Name)
		}
		if d.From == "" {
			r.fault(at("digest", i, "from"), `the digest %q has no from; write one, such as from = "AI Daily <daily@example.org>"`, d.Name)
		} else if mailbox(d.From) != nil {
			r.fault(at("digest", i, "from"), `digest.from must be a mailbox, such as "AI Daily <daily@example.org>"`)
		}
		if d.Lang == "" {
			r.fault(at("digest", i, "lang"), `digest.lang is empty; write the letter's language, such as "en"`)
		}
		r.checkLang(at("digest", i, "lang"), d.Lang)
		r.checkSchedule(i, d)
		if _, err := hour(d.DeliverAt); err != nil {
			r.fault(at("digest", i, "deliver_at"), `digest.deliver_at must be an hour on the reader's clock, such as "07:00 local"`)
		}
		d.checkRelease(r, i, c.Desk.Editor)
		r.checkReferences(i, d, c.Source, topics)
		r.checkLayout(i, d)
		d.checkLook(r, i)
		r.checkBoosts(i, d, topics)
		if d.Uncertain != "" {
			r.checkPolicy(at("digest", i, "uncertain"), d.Uncertain)
		}
	}
}

// checkSchedule looks at when a digest appears.
func (r configChecker) checkSchedule(i int, d DigestConfig) {
	loc, err := zone(d.Timezone)
	if err != nil {
		r.fault(at("digest", i, "timezone"), `there is no time zone %q; write a name as "Europe/Rome" or "UTC"`, d.Timezone)
	}
	path := at("digest", i, "schedule")
	s, err := ParseSchedule(d.Schedule, loc)
	if err != nil {
		r.fault(path, "digest.schedule: %s", err)
	} else if s.Next(time.Unix(0, 0)).IsZero() {
		r.fault(path, "digest.schedule %q names a day that never comes", d.Schedule)
	}
}

// checkRelease looks at who lets editions go, and when they are too late.
func (d DigestConfig) checkRelease(r configChecker, i int, editor string) {
	if _, err := hours(d.Quiet); err != nil {
		r.fault(at("digest", i, "quiet"), `digest.quiet must be hours on the reader's clock, such as "22:00-07:00 local"`)
	}
	switch d.Release {
	case digest.ReleaseAuto:
	case digest.ReleaseReview, digest.ReleaseApproval:
		if editor == "" {
			r.fault(at("digest", i, "release"), `digest.release is %q, so somebody has to be told; write his address as desk.editor`, d.Release)
		}
	default:
		r.fault(at("digest", i, "release"), `digest.release must be "auto", "review" or "approve"`)
	}
	switch d.CatchUp {
	case SendLate, Skip, Merge:
	default:
		r.fault(at("digest", i, "catch_up"), `digest.catch_up must be "send", "skip" or "merge"; how late is told by catch_up_for`)
	}
	if d.CatchUpFor < 0 {
		r.fault(at("digest", i, "catch_up_for"), "digest.catch_up_for must not be negative")
	}
	if d.Review < 0 {
		r.fault(at("digest", i, "review"), "digest.review must not be negative")
	}
}

// hours reads "HH:MM-HH:MM local"; nothing is no hours.
func hours(text string) (digest.Hours, error) {
	if text == "" {
		return digest.Hours{}, nil
	}
	from, to, _ := strings.Cut(text, "-")
	start, err := hour(strings.TrimSpace(from) + " local")
	end, errEnd := hour(strings.TrimSpace(to))
	if err != nil || errEnd != nil || end == nil || *start == *end {
		return digest.Hours{}, fmt.Errorf("quiet %q: write it like \"22:00-07:00 local\"", text)
	}
	return digest.Hours{From: *start, To: *end}, nil
}

// hour reads "HH:MM local" as a time since midnight; nothing is no hour.
func hour(text string) (*time.Duration, error) {
	if text == "" {
		return nil, nil
	}
	t, err := time.Parse("15:04 local", text)
	if err != nil {
		return nil, fmt.Errorf("deliver_at %q: write it like \"07:00 local\"", text)
	}
	since := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
	return &since, nil
}

// clock writes a time since midnight as a clock shows it: "7:00".
func clock(since time.Duration) string {
	return fmt.Sprintf("%d:%02d", int(since.Hours()), int(since.Minutes())%60)
}

// zone returns the location of an IANA name. The machine's own zone is none: editions would change their
// names with the machine.
func zone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("time zone %q: not an IANA name", name)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("time zone: %w", err)
	}
	return loc, nil
}

// checkReferences looks at the sources and topics that a digest names.
func (r configChecker) checkReferences(i int, d DigestConfig, sources []SourceConfig, topics []string) {
	for j, name := range d.Sources {
		path := at("digest", i, "sources") + "[" + strconv.Itoa(j) + "]"
		if !slices.ContainsFunc(sources, func(s SourceConfig) bool { return s.is(name) }) {
			r.fault(path, "the digest %q names a source that is not there: %s; name a [[source]] by its name or url", d.Name, shown(name))
		} else if slices.Contains(d.Sources[:j], name) {
			r.fault(path, "the digest %q names the source %s twice", d.Name, shown(name))
		}
	}
	for j, id := range d.Topics {
		path := at("digest", i, "topics") + "[" + strconv.Itoa(j) + "]"
		if !slices.Contains(topics, id) {
			r.fault(path, "there is no topic %q; there are %s", id, strings.Join(topics, ", "))
		} else if slices.Contains(d.Topics[:j], id) {
			r.fault(path, "the digest %q names the topic %q twice", d.Name, id)
		}
	}
}

// is says whether a digest means this source.
func (s SourceConfig) is(name string) bool { return name != "" && (s.Name == name || s.URL == name) }

// shown returns a source's name for a fault; of an address only the host, since the rest may hold a key.
func shown(name string) string {
	u, err := url.Parse(name)
	switch {
	case err != nil && strings.Contains(name, ":"):
		return "(an address)"
	case err == nil && u.Host != "":
		return strconv.Quote(u.Scheme + "://" + u.Host + "/…")
	}
	return strconv.Quote(name)
}

// checkLayout looks at an edition's bounds and weights.
func (r configChecker) checkLayout(i int, d DigestConfig) {
	r.positive(at("digest", i, "window"), d.Window)
	r.positive(at("digest", i, "weights.half_life"), d.Weights.HalfLife)
	for _, bound := range []struct {
		key string
		n   int
	}{
		{"stories", d.Stories}, {"per_section", d.PerSection}, {"per_source", d.PerSource},
		{"sentences", d.Sentences},
	} {
		r.least(at("digest", i, bound.key), bound.n, 1)
	}
	r.least(at("digest", i, "companies"), d.Companies, 0)
	r.least(at("digest", i, "brief"), d.Brief, 0)
	w := d.Weights
	for _, weight := range []struct {
		key string
		x   float64
	}{
		{"floor", d.Floor}, {"brief_floor", d.BriefFloor}, {"weights.sources", w.Sources}, {"weights.weight", w.Weight},
		{"weights.recency", w.Recency}, {"weights.depth", w.Depth}, {"weights.discussion", w.Discussion},
		{"weights.lasting", w.Lasting}, {"weights.sameness", w.Sameness},
	} {
		if !(weight.x >= 0 && weight.x <= 1000) { // so that NaN does not pass
			r.fault(at("digest", i, weight.key), "digest.%s must not be negative, nor above 1000", weight.key)
		}
	}
	if w.Sources+w.Weight+w.Recency+w.Depth+w.Discussion+w.Lasting == 0 {
		r.fault(at("digest", i, "weights"), "the weights of %q are all 0, so no story could be told from another; raise one", d.Name)
	}
}

// checkBoosts looks at an editor's wishes.
func (r configChecker) checkBoosts(i int, d DigestConfig, topics []string) {
	for j, b := range d.Boost {
		path := at("digest", i, "boost") + "[" + strconv.Itoa(j) + "]"
		if len(b.Words)+len(b.Topics)+len(b.Names) == 0 {
			r.fault(path, "this [[digest.boost]] has no words, no topics and no names, so it fits no story")
		}
		if !(b.By >= -1000 && b.By <= 1000) || b.By == 0 { // so that NaN does not pass
			r.fault(join(path, "by"), "digest.boost.by must be a number other than 0, such as 0.1, or -0.1 to lower a story, within 1000")
		}
		r.checkWords(join(path, "words"), b.Words)
		for k, id := range b.Topics {
			if !slices.Contains(topics, id) {
				r.fault(join(path, "topics")+"["+strconv.Itoa(k)+"]", "there is no topic %q; there are %s", id, strings.Join(topics, ", "))
			}
		}
	}
}

// digests returns what the press needs to know of each [[digest]], in their order. The configuration has
// been checked by [Load]; the error is for one that was put together otherwise.
func (c Config) digests() ([]digest.Digest, error) {
	all, known := make([]digest.Digest, 0, len(c.Digest)), c.names()
	for _, d := range c.Digest {
		loc, err := zone(d.Timezone)
		if err != nil {
			return nil, fmt.Errorf("digest %s: %w", d.Name, err)
		}
		made := digest.Digest{
			Name: d.Name, Title: d.Title, From: d.From, Lang: d.Lang, Schedule: d.Schedule, Location: loc,
			Layout: digest.Layout{
				Window: d.Window, Stories: d.Stories, PerSection: d.PerSection, PerSource: d.PerSource,
				Companies: noneAs(d.Companies), Brief: noneAs(d.Brief), Floor: noneAs(d.Floor), BriefFloor: noneAs(d.BriefFloor),
				Sentences: d.Sentences,
			},
			Weights:  digest.Weights(d.Weights),
			Optional: d.Optional, Uncertain: d.Uncertain, Release: d.Release, Forget: d.CatchUp == Skip,
		}
		if made.Quiet, err = hours(d.Quiet); err != nil {
			return nil, fmt.Errorf("digest %s: %w", d.Name, err)
		}
		if made.DeliverAt, err = hour(d.DeliverAt); err != nil {
			return nil, fmt.Errorf("digest %s: %w", d.Name, err)
		}
		if made.Title == "" {
			made.Title = d.Name
		}
		for _, b := range d.Boost {
			wish := digest.Boost(b)
			wish.Names = slices.Clone(b.Names)
			for i, name := range wish.Names {
				wish.Names[i] = called(known, name)
			}
			made.Boosts = append(made.Boosts, wish)
		}
		if made.Uncertain == "" {
			made.Uncertain = c.Delivery.Uncertain
		}
		if made.Sources, err = c.sourcesOf(d); err != nil {
			return nil, err
		}
		if made.Topics, err = c.topicsOf(d); err != nil {
			return nil, err
		}
		all = append(all, made)
	}
	return all, nil
}

// noneAs writes none as a layout does, which reads 0 as its default.
func noneAs[T int | float64](n T) T {
	if n == 0 {
		return -1
	}
	return n
}

// sources returns all sources.
func (c Config) sources() []digest.Source {
	all := make([]digest.Source, len(c.Source))
	for i, s := range c.Source {
		all[i] = s.source()
	}
	return all
}

// source returns what the press needs to know of a [[source]].
func (s SourceConfig) source() digest.Source {
	return digest.Source{
		URL: s.URL, Name: s.Name, Lang: s.Lang, Owner: s.Owner, Weight: s.Weight, Topic: s.Topic, First: s.First, Group: s.Group,
		Aggregator: s.Aggregator, OnTopic: s.OnTopic, FullText: s.FullText, List: digest.List(s.List),
	}
}

// sourceConfig is a source as it stands in the configuration.
func sourceConfig(s digest.Source) SourceConfig {
	return SourceConfig{
		URL: s.URL, Name: s.Name, Lang: s.Lang, Owner: s.Owner, Weight: s.Weight, Topic: s.Topic, First: s.First, Group: s.Group,
		Aggregator: s.Aggregator, OnTopic: s.OnTopic, FullText: s.FullText, List: ListConfig(s.List),
	}
}

// sourcesOf returns the sources that a digest reads, in the order in which it names them.
func (c Config) sourcesOf(d DigestConfig) ([]digest.Source, error) {
	if len(d.Sources) == 0 {
		return c.sources(), nil
	}
	var picked []digest.Source
	for _, name := range d.Sources {
		i := slices.IndexFunc(c.Source, func(s SourceConfig) bool { return s.is(name) })
		if i < 0 {
			return nil, fmt.Errorf("digest %s: there is no source %s", d.Name, shown(name))
		}
		// A source may be named by its name and by its address.
		if s := c.Source[i].source(); !slices.Contains(picked, s) {
			picked = append(picked, s)
		}
	}
	return picked, nil
}

// topics returns all topics, in the order of sections.
func (c Config) topics() []digest.Topic {
	all := make([]digest.Topic, len(c.Topic))
	for i, t := range c.Topic {
		all[i] = digest.Topic(t)
	}
	return all
}

// topicsOf returns the topics that a digest has sections for, in their order.
func (c Config) topicsOf(d DigestConfig) ([]digest.Topic, error) {
	if len(d.Topics) == 0 {
		return c.topics(), nil
	}
	var picked []digest.Topic
	for _, id := range d.Topics {
		i := slices.IndexFunc(c.Topic, func(t TopicConfig) bool { return t.ID == id })
		if i < 0 {
			return nil, fmt.Errorf("digest %s: there is no topic %q", d.Name, id)
		}
		picked = append(picked, digest.Topic(c.Topic[i]))
	}
	return picked, nil
}

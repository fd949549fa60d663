package desk

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"tidings/digest"
	"tidings/templates"
)

// sectionView is a part of the rundown, the list of the edition's stories.
type sectionView struct {
	Name    string
	Stories []storyView
}

// storyView is what page/story.html sees: a story, what brought it where it stands, and what was decided about it.
type storyView struct {
	Key, View string // of the page that it stands on
	Article   string // by which decisions know it
	Anchor    string
	Headline  string
	Lang      string
	Own       string // the lead article's headline, where another one stands
	URL       string // of the lead article; empty: not an address that can be opened
	Score     float64
	Sources   int
	Tags      []string
	Names     []string
	Reasons   []digest.Reason
	Near      []nearView
	Update    *digest.Update
	Members   []member
	Marks     []string // what was decided, in words
	Decided   digest.Override
	Summary   string         // the one that stands, a line for each part
	Sections  []*sectionName // to move it to
	Editable  bool
	Dropped   bool
	Together  []string // articles that an editor wanted apart, and that are one and the same
}

// nearView is a story that nearly belongs to another.
type nearView struct {
	digest.Near
	Editable bool
	Apart    bool // an editor said that it does not
}

// leftView is a story that was left out, or a decision that could not be applied.
type leftView struct {
	digest.Omitted
	Anchor   string
	Editable bool
}

// member is one of a story's articles, its lead first.
type member struct {
	ID                        string
	Title, Source, Lang, Date string
	Role                      string // "copy", "primary source", or empty
	URL                       string // empty: not an address that can be opened
}

// rundown lays the stories out in the letter's order, then those that are not printed.
func (v *frontView) rundown(p proof) {
	e := p.edition
	var names []*sectionName
	for _, n := range sectionNames(e) {
		names = append(names, &n)
	}
	parted, squeezed := apart(p.decisions), squeezed(e, e.Shorter(p.shorter))
	for _, how := range squeezed {
		if how == inBrief {
			v.InBrief++
		} else {
			v.Cut++
		}
	}
	add := func(name string, stories []digest.Story, editable, dropped bool) {
		if len(stories) == 0 {
			return
		}
		section := sectionView{Name: name}
		for _, s := range stories {
			one := storyOf(s, e.Lang, parted)
			one.Key, one.View, one.Dropped, one.Sections = v.Key, v.View, dropped, names
			one.Editable = v.Editable && editable && one.Article != ""
			one.Marks = marks(one.Decided, one.Editable && !dropped)
			if how := squeezed[s.ID]; how != "" {
				one.Marks = append(one.Marks, how)
			}
			for i := range one.Near {
				one.Near[i].Editable = one.Editable && one.Near[i].Article != ""
			}
			section.Stories = append(section.Stories, one)
		}
		v.Sections = append(v.Sections, section)
	}
	if e.Lead != nil {
		add("Lead", []digest.Story{*e.Lead}, true, false)
	}
	for _, section := range e.Sections {
		add(cmp.Or(e.Names[section.Topic], section.Topic), section.Stories, true, false)
	}
	add("In brief", e.Brief, true, false)
	add("Dropped", e.Dropped, true, true)
	add("Folded into earlier editions", e.Folded, false, false)
}

// What becomes of stories for which a letter has no room.
const (
	inBrief = "in brief, for want of room"
	onWeb   = "not in the letter, for want of room"
)

// squeezed tells of the stories, by their ids, that a letter tells more briefly than the edition has them.
func squeezed(e, shorter digest.Edition) map[string]string {
	how := map[string]string{}
	for _, section := range e.Sections {
		for _, s := range section.Stories {
			how[s.ID] = inBrief
		}
	}
	for _, s := range e.Brief {
		how[s.ID] = onWeb
	}
	for _, section := range shorter.Sections {
		for _, s := range section.Stories {
			delete(how, s.ID)
		}
	}
	there := map[string]bool{}
	for _, s := range shorter.Brief {
		there[s.ID] = true
		if how[s.ID] == onWeb {
			delete(how, s.ID)
		}
	}
	for id := range how {
		if !there[id] {
			how[id] = onWeb
		}
	}
	return how
}

// apart are the pairs of articles that an editor parted, both ways.
func apart(d Decisions) map[[2]string]bool {
	all := map[[2]string]bool{}
	for _, s := range d.Stories {
		for _, other := range s.Part {
			all[[2]string{s.Article, other}], all[[2]string{other, s.Article}] = true, true
		}
	}
	return all
}

func storyOf(s digest.Story, lang string, parted map[[2]string]bool) storyView {
	v := storyView{
		Article: s.Lead.ID, URL: web(s.Lead.URL), Score: s.Score, Sources: s.Sources, Tags: s.Tags, Reasons: s.Reasons, Update: s.Update,
		Summary: strings.Join(summary(s), "\n"),
	}
	v.Anchor = anchor(v.Article)
	v.Headline, v.Lang = s.Headline(lang)
	v.Headline = templates.Headline(v.Headline)
	if own := templates.Headline(s.Lead.Title); v.Headline != own {
		v.Own = own
	}
	if s.Decided != nil {
		v.Decided = *s.Decided
	}
	for _, n := range s.Names {
		v.Names = append(v.Names, n.Name)
	}
	for _, a := range s.Articles() {
		v.Members = append(v.Members, memberOf(s, a))
	}
	for _, n := range s.Near {
		n.Title = templates.Headline(n.Title)
		v.Near = append(v.Near, nearView{Near: n, Apart: slices.ContainsFunc(s.Articles(), func(a digest.Article) bool { return parted[[2]string{a.ID, n.Article}] })})
	}
	for i, a := range v.Members {
		for _, b := range v.Members[:i] {
			if parted[[2]string{a.ID, b.ID}] {
				v.Together = append(v.Together, a.Source)
				break
			}
		}
	}
	return v
}

// summary is what stands under a story's headline.
func summary(s digest.Story) []string {
	switch {
	case s.Decided != nil && len(s.Decided.Summary) > 0:
		return s.Decided.Summary
	case s.Written != nil && len(s.Written.Summary) > 0:
		return s.Written.Summary
	}
	return s.Summary
}

func memberOf(s digest.Story, a digest.Article) member {
	m := member{
		ID: a.ID, Title: cmp.Or(templates.Headline(a.Title), "Untitled"), Source: cmp.Or(a.Source.Title, a.Feed),
		Lang: a.Lang, URL: web(a.URL), Date: short(a.Published),
	}
	switch {
	case slices.Contains(s.Copies, a.ID):
		m.Role = "copy"
	case a.ID == s.Primary:
		m.Role = "primary source"
	}
	return m
}

// marks say in words what was decided, but for what buttons show that are pressed.
func marks(d digest.Override, pressed bool) (all []string) {
	if d.Drop != "" {
		all = append(all, "dropped: "+d.Drop)
	}
	if d.Lead && !pressed {
		all = append(all, "leads")
	}
	if d.Pin && !pressed {
		all = append(all, "pinned")
	}
	if d.Topic != "" {
		all = append(all, "moved here")
	}
	if d.Title != "" {
		all = append(all, "new headline")
	}
	if len(d.Summary) > 0 {
		all = append(all, "new summary")
	}
	return all
}

// web is an address that a browser may open, or nothing.
func web(address string) string {
	if u, err := url.Parse(address); err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return address
}

// anchor is where a story stands on the page.
func anchor(article string) string {
	sum := sha256.Sum256([]byte(article))
	return fmt.Sprintf("s-%s", hex.EncodeToString(sum[:6]))
}

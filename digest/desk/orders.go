package desk

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"tidings/digest"
	"tidings/templates"
)

// The bounds of what an editor writes, in bytes.
const (
	mostForm    = 64 << 10
	mostTitle   = 300
	mostReason  = 300
	mostSummary = 2000
	mostNote    = 4000
	mostAddress = 2000
)

// order is what an editor wants: a verb, what it is about, and his words.
type order struct {
	verb    string
	article string // an article of the story that it is about
	other   string // an article of a second one
	words   url.Values
	proof   proof // what he looks at
}

// newOrder reads a form. A button says all in one value, as "pin ARTICLE" or "join ARTICLE OTHER"; forms with fields
// name the article apart.
func newOrder(form url.Values, p proof) order {
	said := strings.Fields(form.Get("do"))
	said = append(said, "", "", "")
	return order{verb: said[0], article: cmp.Or(said[1], form.Get("article")), other: said[2], words: form, proof: p}
}

// headline is what the story is called, for people.
func (o order) headline() string {
	if s, ok := o.proof.story(o.article); ok {
		return s.Lead.Title
	}
	for _, all := range [][]digest.Omitted{o.proof.edition.Left, o.proof.edition.Open} {
		for _, one := range all {
			if one.Article == o.article {
				return one.Title
			}
		}
	}
	return ""
}

// title is an article's own headline.
func (o order) title(article string) string {
	o.article = article
	if s, ok := o.proof.story(article); ok {
		for _, a := range s.Articles() {
			if a.ID == article {
				return a.Title
			}
		}
	}
	return o.headline()
}

// members are all articles of the story, any of which may stand in a decision about it.
func (o order) members() []string {
	s, ok := o.proof.story(o.article)
	if !ok {
		return []string{o.article}
	}
	var ids []string
	for _, a := range s.Articles() {
		ids = append(ids, a.ID)
	}
	return ids
}

// written is what the editor wrote into a field, without what no line can hold.
func (o order) written(field string, most int) (string, error) {
	text := strings.ToValidUTF8(o.words.Get(field), "")
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r >= ' ' && r != 0x7f:
			return r
		case r == '\t':
			return ' '
		}
		return -1
	}, text)
	if text = strings.TrimSpace(text); len(text) > most {
		return "", fmt.Errorf("that is too long: %d characters, and %d would fit", utf8.RuneCountInString(text), most)
	}
	return text, nil
}

// change turns an order into a change of the decisions, and a sentence on what was done.
func (o order) change() (change func(*Decisions) error, said string, err error) {
	switch o.verb {
	case "note", "release":
		return o.ofEdition()
	case "merge", "join", "part", "split":
		return o.ofStories()
	}
	if o.article == "" {
		return nil, "", errors.New("no story was named; go back and try again")
	}
	set, said, err := o.ofStory()
	if err != nil {
		return nil, "", err
	}
	members, was := o.members(), o.headline()
	return func(d *Decisions) error {
		all := d.about(members)
		if len(all) == 0 {
			all = append(all, d.Story(members[0], was))
		}
		for _, other := range all {
			set(other, false)
		}
		if o.verb == "lead" {
			for i := range d.Stories {
				d.Stories[i].Lead = false
			}
		}
		set(all[0], true)
		return nil
	}, fmt.Sprintf(said, "“"+shortened(was)+"”"), nil
}

// about returns all decisions about the story with these articles: editors may have decided about each of two
// stories that are one by now.
func (d *Decisions) about(articles []string) (all []*Decision) {
	for i, s := range d.Stories {
		if s.Article != "" && slices.Contains(articles, s.Article) {
			all = append(all, &d.Stories[i])
		}
	}
	return all
}

// ofStory returns what sets one thing of a story, or with false takes it away, and the sentence to say of it.
func (o order) ofStory() (set func(d *Decision, is bool), said string, err error) {
	var words string
	switch o.verb {
	case "pin":
		return func(d *Decision, is bool) { d.Pin = is }, "Pinned %s.", nil
	case "unpin":
		return func(d *Decision, _ bool) { d.Pin = false }, "Unpinned %s.", nil
	case "lead":
		return func(d *Decision, is bool) { d.Lead = is }, "%s leads.", nil
	case "unlead":
		return func(d *Decision, _ bool) { d.Lead = false }, "%s does not have to lead any more.", nil
	case "drop":
		if words, err = o.written("reason", mostReason); err == nil && words == "" {
			err = errors.New("say why the story is dropped; the others will want to know")
		}
		return func(d *Decision, is bool) { d.Drop = when(is, words) }, "Dropped %s.", err
	case "back":
		return func(d *Decision, _ bool) { d.Drop = "" }, "Put %s back.", nil
	case "move":
		words = o.words.Get("topic")
		if _, known := o.proof.edition.Names[words]; !known && words != "" && words != digest.Brief {
			err = fmt.Errorf("the digest has no section %q", words)
		}
		return func(d *Decision, is bool) { d.Topic = when(is, words) }, "Moved %s.", err
	case "title":
		words, err = o.written("title", mostTitle)
		words = strings.Join(strings.Fields(words), " ")
		return func(d *Decision, is bool) { d.Title = when(is, words) }, "Changed the headline of %s.", err
	case "summary":
		words, err = o.written("summary", mostSummary)
		return func(d *Decision, is bool) { d.Summary = lines(when(is, words)) }, "Changed the summary of %s.", err
	case "forget":
		return func(d *Decision, _ bool) { *d = Decision{Article: d.Article} }, "Forgot what was decided about %s.", nil
	}
	return nil, "", fmt.Errorf("the desk does not know how to %q", o.verb)
}

func when(is bool, words string) string {
	if is {
		return words
	}
	return ""
}

// lines are the lines that say something.
func lines(text string) (all []string) {
	for line := range strings.Lines(text) {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			all = append(all, line)
		}
	}
	return all
}

// ofEdition changes what is decided about the whole.
func (o order) ofEdition() (change func(*Decisions) error, said string, err error) {
	if o.verb == "release" {
		return func(d *Decisions) error { d.Held = false; return nil }, "The hold is ended.", nil
	}
	note, err := o.written("note", mostNote)
	said = "The note stands on top of the letter."
	if note == "" {
		said = "There is no note any more."
	}
	return func(d *Decisions) error { d.Note = note; return nil }, said, err
}

// ofStories changes which articles tell one story.
func (o order) ofStories() (change func(*Decisions) error, said string, err error) {
	switch o.verb {
	case "merge":
		marked := o.words["article"]
		if len(marked) < 2 || len(marked) > mostMerged {
			return nil, "", fmt.Errorf("mark the stories to merge, from two to %d", mostMerged)
		}
		return func(d *Decisions) error { d.join(marked[0], o.title(marked[0]), marked[1:]); return nil }, "Merged the marked stories.", nil
	case "join", "part":
		if o.article == "" || o.other == "" || o.article == o.other {
			return nil, "", errors.New("two stories have to be named; go back and try again")
		}
		if o.verb == "join" {
			return func(d *Decisions) error { d.join(o.article, o.title(o.article), []string{o.other}); return nil }, "The two tell one story.", nil
		}
		return func(d *Decisions) error { d.part([]string{o.article}, o.title, []string{o.other}); return nil }, "The two do not tell one story.", nil
	}
	off := o.words["member"]
	var rest []string
	for _, id := range o.members() {
		if !slices.Contains(off, id) {
			rest = append(rest, id)
		}
	}
	if len(off) == 0 || len(off) > mostMerged || len(rest) == 0 {
		return nil, "", errors.New("choose the articles that tell something else, and leave at least one")
	}
	return func(d *Decisions) error { d.part(off, o.title, rest); return nil }, "Split “" + shortened(o.headline()) + "”.", nil
}

// mostMerged bounds what one order puts together or apart.
const mostMerged = 50

// join decides that articles tell one story.
func (d *Decisions) join(article, was string, others []string) {
	for _, other := range others {
		d.unrelate(article, other)
	}
	s := d.Story(article, was)
	for _, other := range others {
		if other != article && !slices.Contains(s.Join, other) {
			s.Join = append(s.Join, other)
		}
	}
}

// part decides that some articles do not tell the story of others.
func (d *Decisions) part(off []string, title func(string) string, rest []string) {
	for _, article := range off {
		for _, other := range rest {
			d.unrelate(article, other)
		}
		s := d.Story(article, title(article))
		s.Part = append(s.Part, rest...)
	}
}

// unrelate takes back what was decided about two articles.
func (d *Decisions) unrelate(a, b string) {
	for i := range d.Stories {
		s := &d.Stories[i]
		for pair := range 2 {
			one, other := a, b
			if pair == 1 {
				one, other = b, a
			}
			if s.Article == one {
				is := func(id string) bool { return id == other }
				s.Join, s.Part = slices.DeleteFunc(s.Join, is), slices.DeleteFunc(s.Part, is)
			}
		}
	}
}

// shortened is a headline for a sentence.
func shortened(title string) string {
	const most = 60
	title = templates.Headline(title)
	if runes := []rune(title); len(runes) > most {
		return strings.TrimSpace(string(runes[:most])) + "…"
	}
	return title
}

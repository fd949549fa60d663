package templates

import (
	"slices"
	"strings"
	"unicode"

	"tidings/digest"
)

// Reader is what a letter must know about the one who gets it.
type Reader struct {
	Leave   string // absolute address of his page to leave; empty: none is printed
	Archive string // absolute address of the edition on the web, which ends in its key; empty: none is printed
	Text    bool   // plain text only
}

// Letter is a mail's subject and its two twins. HTML is empty for a reader of plain text.
type Letter struct {
	Subject, HTML, Text string
}

// Letter renders an edition for one reader; see [Set.Print] for many. Its errors begin with file and line.
func (s *Set) Letter(e digest.Edition, r Reader) (Letter, error) {
	editions, ok := strings.CutSuffix(link(r.Archive), e.Key)
	if !ok || e.Key == "" { // it leads elsewhere, so that nobody knows where earlier ones lie
		editions = ""
	}
	view, err := s.view(e, r, place{mailed, editions})
	if err != nil {
		return Letter{}, err
	}
	letter := Letter{Subject: view.Subject}
	var out strings.Builder
	look := s.wears(e.Digest)
	if err := look.plain.ExecuteTemplate(&out, "letter/letter.txt", view); err != nil {
		return Letter{}, look.fault(err)
	}
	letter.Text = fold(out.String())
	if r.Text {
		return letter, nil
	}
	out.Reset()
	if err := look.html.ExecuteTemplate(&out, "letter/letter.html", view); err != nil {
		return Letter{}, look.fault(err)
	}
	letter.HTML = out.String()
	return letter, nil
}

// letterView is what letter/letter.html and letter/letter.txt see.
type letterView struct {
	Words
	Subject   string
	Preheader string // the next headlines, for the inbox's list
	Title     string
	Logo      *logoView // in the place of the title, or nothing
	Date      string
	Number    string // "No. 12", or nothing
	Counts    string // "24 stories from 13 sources, 6 minutes’ read"
	Glance    string // the same for who reads the headlines and the lead's summary alone
	Contents  []content
	Lead      *storyView
	Sections  []sectionView
	Brief     []storyView
	Note      []string // the editor's own words, in paragraphs
	Written   string   // who wrote what is labelled so; nothing when everything is the sources' own
	Imprint   []string // who publishes the digest and where, line by line
	Leave     string
	Archive   string
	Web       bool   // a page for all, not a letter for one
	Home      string // of the pages, ends in a slash; on the web only
	Shelf     shelfView
	links     *links
}

// shelfView is what stands around an edition on the web, where letter/head.html and letter/shelf.html print it.
type shelfView struct {
	Frame
	Subject       string // of the letter
	About         string // what search machines say of it
	Before, After string // paths; empty: there is none
	Names         []Ref
}

// content is one entry of the contents line.
type content struct {
	Name  string
	Count int
}

// logoView is a picture at an https address, as many pixels wide as it is printed; 0: as it comes.
type logoView struct {
	URL   string
	Width int
}

// unbroken keeps a name on one line.
func unbroken(name string) string { return strings.ReplaceAll(name, " ", "\u00a0") }

// sectionView is a section with its stories.
type sectionView struct {
	Name    string
	Stories []storyView
}

// Links are those that the plain text has referred to so far, in the order of their numbers.
func (v letterView) Links() []numbered { return v.links.told }

// What differs between a letter and the same edition on the web: how many further sources it names.
const (
	mailed = 4
	webbed = 100
)

// place is where an edition is shown.
type place struct {
	also     int    // further sources named at a story
	editions string // where editions lie, ends in a slash; empty: nobody knows
}

// The subject names the edition too, so its headline is short; the preheader fills a phone's two lines.
const (
	longestSubject   = 60
	longestPreheader = 140
	mostNotes        = 5 // paragraphs of an editor's note
	mostImprint      = 8 // lines
)

// view lays an edition out.
func (s *Set) view(e digest.Edition, r Reader, at place) (letterView, error) {
	w := s.in(e.Lang)
	v := letterView{
		Words:   w,
		Title:   clean(e.Title, longestName),
		Date:    w.Date(e.At),
		Leave:   link(r.Leave),
		Archive: link(r.Archive),
		links:   &links{refs: map[string]*reference{}},
	}
	look := s.wears(e.Digest)
	if u := picture(look.Logo.URL); u != "" {
		v.Logo = &logoView{u, look.Logo.Width}
	}
	for _, part := range strings.SplitN(look.Imprint, "\n", mostImprint) {
		if part = clean(part, longestName); part != "" {
			v.Imprint = append(v.Imprint, part)
		}
	}
	l := layout{words: w, lang: e.Lang, at: e.At, archive: v.Archive, editions: at.editions, also: at.also, anchors: at.also == webbed, links: v.links}
	if err := l.fill(&v, e); err != nil {
		return letterView{}, err
	}
	if look.Picture && v.Lead != nil {
		v.Lead.Picture = picture(e.Lead.Lead.Image)
	}
	for part := range strings.SplitSeq(e.Note, "\n\n") {
		if part = clean(part, longestSummary); part != "" && len(v.Note) < mostNotes {
			v.Note = append(v.Note, part)
		}
	}
	var err error
	if e.Number > 0 {
		if v.Number, err = w.Say("number", e.Number); err != nil {
			return letterView{}, err
		}
	}
	if v.Counts, err = counts(w, e, v.words(true)); err != nil {
		return letterView{}, err
	}
	if v.Glance, err = counts(w, e, v.words(false)); err != nil {
		return letterView{}, err
	}
	if v.Written, err = colophon(l); err != nil {
		return letterView{}, err
	}
	v.Subject, err = w.Say("subject", cut(l.headlines[0], longestSubject), v.Title)
	v.Preheader = cut(strings.Join(l.headlines[1:min(len(l.headlines), 4)], " · "), longestPreheader)
	return v, err
}

// fill lays the stories out in the order in which they are printed, so that links are numbered in it.
func (l *layout) fill(v *letterView, e digest.Edition) error {
	if e.Lead != nil {
		lead, err := l.story(*e.Lead)
		if err != nil {
			return err
		}
		if e.Lead.Topic != digest.Brief {
			lead.Topic = topicName(e, e.Lead.Topic)
		}
		v.Lead = &lead
	}
	for _, section := range e.Sections {
		stories, err := l.stories(section.Stories)
		if err != nil {
			return err
		}
		if len(stories) == 0 {
			continue
		}
		name := topicName(e, section.Topic)
		v.Sections = append(v.Sections, sectionView{Name: name, Stories: stories})
		v.Contents = append(v.Contents, content{Name: unbroken(name), Count: len(stories)})
	}
	var err error
	if v.Brief, err = l.stories(unquoted(e.Brief)); err != nil {
		return err
	}
	if len(v.Brief) > 0 {
		name, err := l.words.Say("brief")
		if err != nil {
			return err
		}
		v.Contents = append(v.Contents, content{Name: unbroken(name), Count: len(v.Brief)})
	}
	if len(l.headlines) == 0 {
		l.headlines = []string{v.Date}
	}
	return nil
}

// unquoted are stories without what another source adds, for which a line in brief has no room: so that source is named
// among the others.
func unquoted(stories []digest.Story) []digest.Story {
	out := slices.Clone(stories)
	for i := range out {
		out[i].Added = nil
	}
	return out
}

// colophon says of a letter in which a model wrote something that it did, and which one.
func colophon(l layout) (string, error) {
	if !l.wrote {
		return "", nil
	}
	if len(l.writers) == 0 {
		return l.words.Say("colophon.machine")
	}
	return l.words.Say("colophon.written", strings.Join(l.writers, ", "))
}

// words counts what there is to read: everything that is printed, or the headlines and the lead's summary alone. Of a
// story in brief there is no more than its headline.
func (v letterView) words(full bool) int {
	n := 0
	for _, part := range v.Note {
		n += count(part)
	}
	if v.Lead != nil {
		n += v.Lead.words(full)
		if !full {
			n += count(v.Lead.Summary.Text)
		}
	}
	for _, section := range v.Sections {
		for _, s := range section.Stories {
			n += s.words(full)
		}
	}
	for _, s := range v.Brief {
		n += s.words(false)
	}
	return n
}

// words counts those of the headline, and of what stands below it.
func (v storyView) words(full bool) int {
	n := count(v.Headline.Text)
	if full {
		n += count(v.Summary.Text)
		if v.Added != nil {
			n += count(v.Added.Text)
		}
	}
	return n
}

// counts tells how much there is: stories, sources, minutes.
func counts(w Words, e digest.Edition, words int) (string, error) {
	const perMinute = 220
	stories, err := w.Say("stories", len(e.Stories()))
	if err != nil {
		return "", err
	}
	sources, err := w.Say("sources", e.Tellers())
	if err != nil {
		return "", err
	}
	minutes, err := w.Say("minutes", max(1, (words+perMinute-1)/perMinute))
	if err != nil {
		return "", err
	}
	return w.Say("counts", stories, sources, minutes)
}

// topicName is what the edition calls a topic; its id when it does not say.
func topicName(e digest.Edition, id string) string {
	if name := clean(e.Names[id], longestName); name != "" {
		return name
	}
	name := []rune(strings.ReplaceAll(clean(id, longestName), "-", " "))
	if len(name) > 0 {
		name[0] = unicode.ToUpper(name[0])
	}
	return string(name)
}

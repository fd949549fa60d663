package templates

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/width"

	"tidings/digest"
)

// storyView is what letter/story, letter/lead and letter/item see.
type storyView struct {
	Words
	Topic    string // of the lead story, or nothing
	Picture  string // address of the lead story's picture, or nothing
	Headline headline
	Summary  said
	Label    string // says that a machine wrote headline or summary; nothing when none did
	Added    *added // what another source adds to the summary
	Source   string
	Language string // "in German"; nothing when it is the edition's
	Mark     string // "single source", of a lead that is one; or nothing
	Primary  *also  // the party's own word, when it is not the headline's
	Also     []also
	Update   *updateView // nothing when the story is new
	More     string      // "+ 2 more on the web", of those that are not in Also, or nothing
	Others   int         // further sources, named or not
	Archive  string      // where these are named
}

// said is a text with its language and direction, each empty when it is the edition's.
type said struct {
	Text, Lang, Dir string
	Anchor          string // of a headline on the web: what its story is found by
}

// added is a sentence of another source.
type added struct {
	said
	Source   string
	URL      string
	Ref      *reference
	Language string // "in German"; nothing when it is the edition's
}

// headline is a title and where it leads; without URL it is not a link.
type headline struct {
	said
	URL string
	Ref *reference // its link's number in the plain text; nil without URL
}

// also is a further source of a story.
type also struct {
	Source   string
	URL      string
	Ref      *reference
	Code     string // "de"; nothing when it is the edition's language
	Language string // "in German"
}

// updateView is what an update says of itself.
type updateView struct {
	News  string // "new: 2.6 billion, approved", or nothing
	Told  string // "told on 23 November"
	First string // "first on …", when an earlier edition told it before that one
	URL   string // of the edition that told it; empty: it is not known where
	Ref   *reference
}

// layout is what is common to the stories of one edition, and what adds up over them.
type layout struct {
	words     Words
	lang      string // the edition's
	at        time.Time
	archive   string
	editions  string // where editions lie, ends in a slash; empty: nobody knows
	also      int    // further sources named at a story
	anchors   bool   // stories can be linked to
	links     *links
	headlines []string
	wrote     bool     // a model wrote some of it
	writers   []string // these models
}

func (l *layout) stories(stories []digest.Story) ([]storyView, error) {
	var views []storyView
	for _, story := range stories {
		v, err := l.story(story)
		if err != nil {
			return nil, err
		}
		views = append(views, v)
	}
	return views, nil
}

func (l *layout) story(s digest.Story) (storyView, error) {
	lang := articleLang(s.Lead)
	v := storyView{
		Words:    l.words,
		Headline: headline{said: l.say(clean(s.Lead.Title, longestHeadline), lang), URL: outside(s.Lead.URL)},
		Summary:  l.say(clean(sentences(s.Summary), longestSummary), lang),
		Source:   sourceName(s.Lead),
		Archive:  l.archive,
	}
	var err error
	if v.Label, err = l.written(&v, edited(s)); err != nil {
		return storyView{}, err
	}
	l.decided(&v, s.Decided)
	if v.Headline.Text == "" {
		if v.Headline.Text, err = l.words.Say("untitled"); err != nil {
			return storyView{}, err
		}
	}
	v.Headline.Ref = l.links.of(v.Headline.URL)
	if err := l.add(&v, s.Added); err != nil {
		return storyView{}, err
	}
	if l.anchors {
		v.Headline.Anchor = anchor(len(l.headlines))
	}
	l.headlines = append(l.headlines, v.Headline.Text)
	if v.Language, err = l.mark(lang); err != nil {
		return storyView{}, err
	}
	if v.Update, err = l.update(s.Update); err != nil {
		return storyView{}, err
	}
	if s.Single {
		key := "single"
		if s.Primary == s.Lead.ID && s.Primary != "" {
			key = "own"
		}
		if v.Mark, err = l.words.Say(key); err != nil {
			return storyView{}, err
		}
	}
	return v, l.others(&v, s)
}

// update says what a story goes on with.
func (l *layout) update(u *digest.Update) (*updateView, error) {
	if u == nil {
		return nil, nil
	}
	var v updateView
	var err error
	if v.Told, err = l.words.Say("update.told", l.day(u.At)); err != nil {
		return nil, err
	}
	if !u.First.IsZero() && !u.First.Equal(u.At) {
		if v.First, err = l.words.Say("update.first", l.day(u.First)); err != nil {
			return nil, err
		}
	}
	var news []string
	for _, n := range u.New {
		if n = clean(n, longestName); n != "" {
			news = append(news, n)
		}
	}
	if len(news) > 0 {
		if v.News, err = l.words.Say("update.new", strings.Join(news, ", ")); err != nil {
			return nil, err
		}
	}
	if l.editions != "" && u.Edition != "" {
		v.URL = l.editions + u.Edition
		v.Ref = l.links.of(v.URL)
	}
	return &v, nil
}

// day writes a day without its year, if that is the edition's.
func (l *layout) day(t time.Time) string {
	if t.Year() == l.at.Year() {
		return l.words.Day(t)
	}
	return l.words.Date(t)
}

// edited is what a model wrote and no editor replaced.
func edited(s digest.Story) *digest.Written {
	if s.Written == nil || s.Decided == nil {
		return s.Written
	}
	left := *s.Written
	if s.Decided.Title != "" {
		left.Title = ""
	}
	if len(s.Decided.Summary) > 0 {
		left.Summary = nil
	}
	return &left
}

// decided puts an editor's words, in the edition's language, in the place of all others.
func (l *layout) decided(v *storyView, o *digest.Override) {
	if o == nil {
		return
	}
	if title := clean(o.Title, longestHeadline); title != "" {
		v.Headline.said = l.say(title, l.lang)
	}
	if text := clean(sentences(o.Summary), longestSummary); text != "" {
		v.Summary = l.say(text, l.lang)
	}
}

// written puts what a model wrote, in the edition's language, in the place of the source's own words, and says
// so in a label, as Article 50(4) of Regulation (EU) 2024/1689, the AI Act, asks of whoever publishes such text.
func (l *layout) written(v *storyView, w *digest.Written) (string, error) {
	if w == nil {
		return "", nil
	}
	title, text := clean(w.Title, longestHeadline), clean(sentences(w.Summary), longestSummary)
	label := "written.both"
	switch {
	case title == "" && text == "":
		return "", nil
	case text == "":
		label = "written.title"
	case title == "":
		label = "written.summary"
	}
	if title != "" {
		v.Headline.said = l.say(title, l.lang)
	}
	if text != "" {
		v.Summary = l.say(text, l.lang)
	}
	if by := clean(w.By, longestName); by != "" && !slices.Contains(l.writers, by) {
		l.writers = append(l.writers, by)
	}
	l.wrote = true
	return l.words.Say(label)
}

// add lays out what another source adds.
func (l *layout) add(v *storyView, q *digest.Quote) error {
	if q == nil {
		return nil
	}
	lang := tag(q.Lang)
	a := added{said: l.say(clean(q.Text, longestSummary), lang), Source: clean(q.Source, longestName), URL: outside(q.URL)}
	if a.Text == "" || a.Source == "" {
		return nil
	}
	a.Ref = l.links.of(a.URL)
	v.Added = &a
	var err error
	a.Language, err = l.mark(lang)
	return err
}

// others names the primary source, when it is not the headline's, and the further ones, each once, as many as
// there is room for. The one that is quoted is named there.
func (l *layout) others(v *storyView, s digest.Story) error {
	named := map[string]bool{v.Source: true}
	if v.Added != nil {
		named[v.Added.Source] = true
	}
	if i := slices.IndexFunc(s.Others, func(a digest.Article) bool { return a.ID == s.Primary }); i >= 0 && s.Primary != "" {
		primary, err := l.further(s.Others[i])
		if err != nil {
			return err
		}
		v.Primary = &primary
		named[primary.Source] = true
	}
	var more int
	for _, a := range s.Others {
		name := sourceName(a)
		if named[name] {
			continue
		}
		named[name] = true
		if len(v.Also) == l.also {
			more++
			continue
		}
		one, err := l.further(a)
		if err != nil {
			return err
		}
		v.Also = append(v.Also, one)
	}
	if v.Others = len(named) - 1; more == 0 {
		return nil
	}
	key := "more"
	if l.archive != "" {
		key = "more.web"
	}
	var err error
	v.More, err = l.words.Say(key, more)
	return err
}

// further is a further source of a story.
func (l *layout) further(a digest.Article) (also, error) {
	one := also{Source: sourceName(a), URL: outside(a.URL)}
	one.Ref = l.links.of(one.URL)
	var err error
	if one.Language, err = l.mark(articleLang(a)); err != nil {
		return also{}, err
	}
	if one.Language != "" {
		one.Code = articleLang(a)
	}
	return one, nil
}

// say marks a text with its language and direction where they are not the edition's.
func (l *layout) say(text, lang string) said {
	s := said{Text: text}
	if !sameLanguage(lang, l.lang) {
		s.Lang = lang
	}
	if dir := direction(text, lang); text != "" && dir != l.words.Dir {
		s.Dir = dir
	}
	return s
}

// mark says "in German" of a language that is not the edition's.
func (l *layout) mark(lang string) (string, error) {
	if sameLanguage(lang, l.lang) {
		return "", nil
	}
	return l.words.Say("language", l.words.tongue(lang))
}

// articleLang is the article's language, else its source's.
func articleLang(a digest.Article) string {
	if lang := tag(a.Lang); lang != "" {
		return lang
	}
	return tag(a.Source.Lang)
}

// sourceName is what the source calls itself, else where it lies.
func sourceName(a digest.Article) string {
	for _, name := range []string{a.Source.Title, host(a.Source.URL), host(a.URL), host(a.Feed), a.Feed} {
		if name = clean(name, longestName); name != "" {
			return name
		}
	}
	return "?"
}

// sentences puts a summary's sentences into one paragraph; Chinese and Japanese ones need no space.
func sentences(list []string) string {
	var out strings.Builder
	for i, s := range list {
		if i > 0 && !strings.HasSuffix(list[i-1], "。") {
			out.WriteByte(' ')
		}
		out.WriteString(strings.TrimSpace(s))
	}
	return out.String()
}

// count counts words; where words have no spaces, two characters count as one.
func count(s string) int {
	var words, wideRunes int
	inWord := false
	for _, r := range s {
		switch {
		case wide(r):
			wideRunes++
			inWord = false
		case unicode.IsSpace(r):
			inWord = false
		case !inWord:
			words++
			inWord = true
		}
	}
	return words + (wideRunes+1)/2
}

// wide says whether a character fills two columns.
func wide(r rune) bool {
	if r < 0x1100 { // nothing below is, and nearly everything is below
		return false
	}
	kind := width.LookupRune(r).Kind()
	return kind == width.EastAsianWide || kind == width.EastAsianFullwidth
}

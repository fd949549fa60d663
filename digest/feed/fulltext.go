package feed

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"tidings/digest"
)

// What a feed may say of an article and still have but a teaser of it, in letters (see [letters]): so much
// is not told in full by anyone, and so much is no article's whole length if it breaks off.
const (
	shortText  = 500
	brokenText = 3000
)

// leastFull is how much a page must say to be worth more than any feed's text.
const leastFull = 200

// Which pages are worth a request: of articles that may still be printed, which an edition widened by
// downtime takes up to seven days old, and of one visit so many.
const (
	oldestPage = 8 * 24 * time.Hour
	maxPages   = 20
)

var (
	// dots are what a program leaves where it has cut a text.
	dots = pattern(`(?:…|\.\.\.|[\[(]\s*(?:…|\.\.\.|more)\s*[\])])[\s"”’»*_]*$`)

	// moreEnd is what stands at the end of a teaser, in the words of many languages; a few words may follow.
	moreEnd = pattern(`(?i)(?:^|[^\pL])(?:read (?:more|on|the (?:full|whole|rest|complete|original)|(?:full|whole) (?:article|story|post))|continue reading|keep reading|(?:see|view|get) (?:the )?full (?:article|story|post)|` +
		`leggi (?:tutto|ancora|di più|l['’]articolo)|continua (?:a leggere|la lettura)|weiterlesen|mehr lesen|zum (?:ganzen |vollständigen )?(?:artikel|beitrag)|den (?:ganzen|vollständigen) (?:artikel|beitrag)|lesen sie (?:mehr|weiter|den)|` +
		`lire (?:la suite|plus|l['’]article)|(?:poursuivre|continuer) (?:la|votre) lecture|en savoir plus|(?:seguir|sigue|continuar|continúa) leyendo|leer (?:más|el artículo)|(?:ler|leia|continue) (?:mais|lendo|a ler)|` +
		`(?:lees|lezen) (?:verder|meer)|läs (?:mer|vidare|hela)|læs (?:mere|videre)|les (?:mer|videre)|lue lisää|czytaj (?:dalej|więcej)|číst (?:dále|dál|více|celý)|citește mai (?:mult|departe)|читать (?:далее|дальше|полностью)|читати далі|` +
		`devamını oku|διαβάστε (?:περισσότερα|τη συνέχεια)|اقرأ المزيد|המשך קריאה|阅读(?:全文|更多|原文)|閱讀(?:全文|更多)|查看(?:全文|更多)|繼續閱讀|继续阅读|続きを(?:読む|見る)|もっと(?:読む|見る)|全文を読む|記事全文|더 ?(?:보기|읽기)|계속 ?읽기|전문 ?보기)[^.!?]{0,80}[\s\pP\pS]*$`)
)

// isTeaser tells whether a feed has but the beginning of an article, or nothing.
func isTeaser(a digest.Article) bool {
	n := letters(a.Text)
	switch {
	case n < shortText, a.Title == "":
		return true
	case n >= brokenText:
		return false
	case squeeze(a.Text) == squeeze(a.Summary) && n < maxSummary: // there is no body beside the summary
		return true
	}
	last := a.Text[strings.LastIndex(a.Text, "\n\n")+1:]
	if dots().MatchString(last) || moreEnd().MatchString(last) {
		return true
	}
	return slices.ContainsFunc(a.Removed, func(r digest.Removed) bool {
		return r.Reason == promotion && len(r.Text) < 200 && moreEnd().MatchString(r.Text)
	})
}

// wanted picks the articles of a visit whose pages are worth a look: the newest that may still be printed.
// An article that shares its page with others has none of its own, and a known one is worth another look if it
// has another headline; some feeds change something every hour.
func (v *visit) wanted() []int {
	s, now := v.source, v.mark.Checked
	if s.FullText == digest.Never || isFile(s.URL) && s.FullText != digest.Always {
		return nil
	}
	var found []int
	for i, a := range v.articles {
		renamed, known := v.changed[a.ID]
		own := a.Handles.Link != "" && a.Handles.Link == handle(linkKey(a.URL)) && webAddress().MatchString(a.URL)
		if own && (renamed || !known) && isYoung(a, now) && (s.FullText == digest.Always || isTeaser(a)) {
			found = append(found, i)
		}
	}
	slices.SortStableFunc(found, func(i, j int) int { return dated(v.articles[j], now).Compare(dated(v.articles[i], now)) })
	return found[:min(len(found), maxPages)]
}

// isYoung tells whether an article may still be printed.
func isYoung(a digest.Article, now time.Time) bool {
	return a.Published.IsZero() || now.Sub(a.Published) <= oldestPage
}

// dated takes an article without a date for one of now.
func dated(a digest.Article, now time.Time) time.Time {
	if a.Published.IsZero() {
		return now
	}
	return a.Published
}

// leaf is what an article's page says.
type leaf struct {
	digest.Article
	at string // where it lies, after redirects
}

// readLeaf reads a document as an article's page.
func readLeaf(doc Document) (l leaf, err error) {
	defer func() { // see Parse
		if p := recover(); p != nil {
			err = fmt.Errorf("its page makes the reader fail: %v", p)
		}
	}()
	o, err := open(doc)
	if err != nil {
		return l, err
	}
	if o.kind != page {
		return l, errors.New("its page is " + o.kind.String())
	}
	if isWall(o.text) {
		return l, &refusal{sentence: "a wall against robots stands before its page", wall: true}
	}
	if u, err := url.Parse(doc.URL); err != nil || linkKey(Canonical(doc.URL)) == "" || u.Host == "" {
		return l, errors.New("its link leads to the front page of a site")
	}
	l.at = doc.URL
	l.Article, err = o.readPage()
	return l, err
}

// compare says why a page's text is no better than what the feed has of the article; nil: it is.
func (l leaf) compare(a digest.Article) error {
	n := letters(l.Text)
	switch {
	case n < leastFull:
		return errors.New("its page says hardly anything")
	case n <= letters(a.Text):
		return errors.New("its page has no more than the feed")
	case l.Title == "" && a.Title == "":
		return errors.New("its page has no title")
	case !l.isOf(a):
		return fmt.Errorf("its page tells of something else%s", quoted(l.Title))
	}
	return nil
}

// isOf tells whether the page is that of the article: half of the one title is in the other, or the page has
// what the feed tells, or what the title says.
func (l leaf) isOf(a digest.Article) bool {
	t := newTally(noise{title: a.Title, lang: firstOf(a.Lang, l.Lang)})
	theirs := t.stems(l.Title)
	if len(t.titled) == 0 || share(t.titled, theirs) >= 0.5 || len(theirs) > 2 && share(theirs, t.titled) >= 0.5 {
		return true
	}
	if told := shingles(a.Text); len(told) >= 8 {
		return share(told, shingles(l.Text)) >= 0.5
	}
	return share(t.titled, t.stems(clip(l.Text, 2000))) >= 0.75
}

// fill gives an article what its page says. What the feed knows better, its title and date, it keeps.
func (l leaf) fill(a *digest.Article, now time.Time) {
	a.Text, a.HTML, a.Removed, a.Full = l.Text, l.HTML, l.Removed, true
	a.Image, a.Author, a.Lang = firstOf(a.Image, l.Image), firstOf(a.Author, l.Author), firstOf(l.Lang, a.Lang)
	a.Summary = firstOf(a.Summary, l.Summary)
	if a.Title == "" {
		a.Title, a.Handles.Title = l.Title, titleHandle(l.Title)
	}
	if a.Published.IsZero() && !l.Published.After(now.Add(tooEarly)) {
		a.Published = l.Published
	}
	if to := l.address(a.URL); linkKey(to) != "" {
		a.URL = to
	}
}

// address is where the article lies by the page's own word, if it names a place within its own domain (RFC
// 6596), else where a link of another domain led to, as those do that only count, else where the feed says.
func (l leaf) address(link string) string {
	at := Canonical(l.at)
	switch {
	case l.URL != at && linkKey(l.URL) != "" && domain(l.URL) == domain(at):
		return l.URL
	case domain(at) != domain(link):
		return at
	}
	return link
}

// domain is the part of an address's host that was registered; of a bare number the number.
func domain(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	name := u.Hostname()
	if _, err := netip.ParseAddr(name); err == nil {
		return name
	}
	if d, err := publicsuffix.EffectiveTLDPlusOne(name); err == nil {
		return d
	}
	return name
}

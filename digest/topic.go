package digest

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"tidings/digest/text"
)

// Filing is what an article's words say of its subject.
type Filing struct {
	Topic     string   // "" when no word decides
	Tags      []string // further topics, strongest first
	Relevance float64  // to artificial intelligence, from 0 to 1
	Words     []string // those that decided the topic
	RoundUp   bool     // it tells of many things, so that it belongs to no one story
}

// Filer files articles under topics by the lexicon.
type Filer struct {
	order    map[string]int // of the topics in the digest; others are not used
	lexicons map[string]lexicon
}

// The worth of a term by where it stands, and what a further topic must reach to be a tag.
const (
	inTitle  = 3.0
	inLead   = 1.5
	inText   = 0.5
	leadLen  = 80  // words
	textLen  = 700 // words
	leastTag = 0.5 // a strong term anywhere
	mostTags = 5
)

// NewFiler makes a filer for these topics: those it may choose from, with their own words added to the
// built-in lexicon. Earlier topics win ties.
func NewFiler(topics []Topic) *Filer {
	f := &Filer{order: map[string]int{}, lexicons: lexicons(topics)}
	for i, t := range topics {
		f.order[t.ID] = i
	}
	return f
}

// File weighs each term once, where it stands first: the title most, then the lead, then the rest of the
// text. The topic with the greatest sum wins, the earlier one of equals.
func (f *Filer) File(a Article) Filing { return f.file(a, language(a)) }

// file files an article whose language is known.
func (f *Filer) file(a Article, lang string) Filing {
	l, ok := f.lexicons[lang]
	if !ok {
		lang, l = "en", f.lexicons["en"] // names of things are often English elsewhere
	}
	sums, words := map[string]float64{}, map[string][]string{}
	seen, strong := map[string]bool{}, map[string]bool{}
	weigh := func(list []token, worth float64) {
		l.find(list, func(t term) {
			if seen[t.key] {
				return
			}
			seen[t.key] = true
			sums[t.topic] += worth * t.weight / 2
			words[t.topic] = append(words[t.topic], t.words)
			strong[t.topic] = strong[t.topic] || t.weight > 1
		})
	}
	body := tokens(text.Words(bodyOf(a, textLen)), lang)
	cut := min(leadLen, len(body))
	weigh(tokens(text.Words(a.Title), lang), inTitle)
	weigh(body[:cut], inLead)
	weigh(body[cut:min(textLen, len(body))], inText)
	return f.decide(sums, words, strong)
}

// everyday is the set of all words of the lexicon, as stems: the trade's ordinary words.
func (f *Filer) everyday() map[string]bool {
	set := map[string]bool{}
	for _, l := range f.lexicons {
		for first, terms := range l {
			set[first] = true
			for _, t := range terms {
				for _, s := range t.rest {
					set[s] = true
				}
			}
		}
	}
	return set
}

func (f *Filer) decide(sums map[string]float64, words map[string][]string, strong map[string]bool) Filing {
	filing := Filing{Relevance: min(1, sums[aboutAI]/inTitle), RoundUp: sums[roundUp] >= inTitle/2}
	ids := slices.SortedFunc(maps.Keys(f.order), func(a, b string) int {
		return cmp.Or(cmp.Compare(sums[b], sums[a]), cmp.Compare(f.order[a], f.order[b]))
	})
	for i, id := range ids {
		switch {
		case sums[id] == 0:
		case i == 0:
			filing.Topic, filing.Words = id, words[id]
		case len(filing.Tags) < mostTags && strong[id] && sums[id] >= max(leastTag, sums[ids[0]]/40):
			filing.Tags = append(filing.Tags, id)
		}
	}
	return filing
}

// language is an article's base language, declared or found; found only where it must be, as it is dear.
func language(a Article) string {
	if base := text.Base(a.Lang); base != "" {
		return base
	}
	return text.Base(text.Language(a.Title+". "+lead(a), ""))
}

// lead is what an article says first: its summary, or the beginning of its text.
func lead(a Article) string { return cmp.Or(a.Summary, head(a.Text, leadLen)) }

// bodyOf is the summary followed by the text, without saying the same twice; at most about n words.
func bodyOf(a Article, n int) string {
	body := head(a.Text, n)
	if a.Summary == "" || strings.HasPrefix(body, head(a.Summary, 12)) {
		return cmp.Or(body, a.Summary)
	}
	return a.Summary + "\n\n" + body
}

// head returns about the first n words of s.
func head(s string, n int) string {
	for i, r := range s {
		if r == ' ' || r == '\n' || r > 0x2fff {
			if n--; n <= 0 {
				return s[:i]
			}
		}
	}
	return s
}

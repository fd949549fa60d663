package digest

import (
	"embed"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"tidings/digest/text"
)

//go:embed lexicon/*.txt
var lexiconFiles embed.FS

// The lexicon's sections that are no topics: what makes an article one about artificial intelligence, and
// what makes a headline one over many stories.
const (
	aboutAI = "ai"
	roundUp = "round-up"
)

// event is what a text may tell, whatever its language: a section of the lexicon, such as "business funding".
// What is learnt of an event in one language holds in all.
type event struct {
	id    string
	topic string // its first word; [aboutAI] and [roundUp] are no topics
	own   bool   // the operator's own words of a topic
}

// everywhere says whether nearly every long text tells the event, so that it makes no tag: who does not mention a
// company, a study, a product, people?
func (e *event) everywhere() bool {
	switch e.id {
	case "business company", "products app", "products launch", "products feature", "research study", "research result",
		"people role", "policy state", "policy world", "society work", "society public":
		return true
	}
	return false
}

// term is a word or several words in a row that speak for an event.
type term struct {
	event  *event
	words  string // as written in the lexicon, for the reasons
	rest   []step // the words after the first, or after the piece by which it is found
	exact  bool   // only the very word counts, not what shares its stem
	strong bool
}

// step is a further word of a term.
type step struct {
	stem string // [version] stands for any that could be one
	far  bool   // it may stand some words further on, as in "raises … million"
}

// version is what the version of a model is written as in a term: GPT-4 by "gpt #".
const version = "#"

// is says whether a word is the step's.
func (s step) is(k token) bool {
	return s.stem == k.stem || s.stem == version && len(k.word) <= 5 && strings.ContainsAny(k.word, "0123456789")
}

// mostBetween is how many words may stand where a term has a gap.
const mostBetween = 5

// lexicon holds the terms of one language by what they are found by.
type lexicon struct {
	first map[string][]term // the stem of the first word
	tails map[string][]term // the end of a compound: Arbeitsmarktgesetz by *gesetz
	runs  map[rune][]term   // the first character, in scripts that write no spaces
}

// token is a word of a text: its stem, and the word itself, folded and as written.
type token struct{ stem, word, written string }

// builtinLexicons are the built-in lexicons, by language, each read when it is first asked for.
func builtinLexicons() map[string]func() *lexicon {
	all := map[string]func() *lexicon{}
	for _, lang := range languages() {
		all[lang] = sync.OnceValue(func() *lexicon {
			l, events := newLexicon(), map[string]*event{}
			for _, name := range []string{lang, "any"} {
				if b, err := lexiconFiles.ReadFile("lexicon/" + name + ".txt"); err == nil {
					l.read(string(b), lang, events)
				}
			}
			return l
		})
	}
	return all
}

// languages are those that have a lexicon.
func languages() []string { return []string{"en", "it", "de", "fr", "es", "zh", "ja"} }

// ownLexicons holds the words and phrases of the topics, by language.
func ownLexicons(topics []Topic) map[string]*lexicon {
	all := map[string]*lexicon{}
	for _, t := range topics {
		e := &event{id: t.ID + " own", topic: t.ID, own: true}
		for _, own := range []map[string][]string{t.Words, t.Phrases} {
			for _, lang := range slices.Sorted(maps.Keys(own)) {
				base := text.Base(lang)
				if all[base] == nil {
					all[base] = newLexicon()
				}
				for _, w := range own[lang] {
					all[base].add(e, w+"+", base)
				}
			}
		}
	}
	return all
}

func newLexicon() *lexicon {
	return &lexicon{first: map[string][]term{}, tails: map[string][]term{}, runs: map[rune][]term{}}
}

// read takes in a lexicon file; its form is told in lexicon/README.md.
func (l *lexicon) read(file, lang string, events map[string]*event) {
	var e *event
	for line := range strings.Lines(file) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			id := strings.Trim(line, "[]")
			if e = events[id]; e == nil {
				topic, _, _ := strings.Cut(id, " ")
				e = &event{id: id, topic: topic}
				events[id] = e
			}
		case e != nil:
			for words := range strings.SplitSeq(line, ",") {
				l.add(e, strings.TrimSpace(words), lang)
			}
		}
	}
}

// add takes in one term as it is written in a file.
func (l *lexicon) add(e *event, written, lang string) {
	words, strong := strings.CutSuffix(written, "+")
	t := term{event: e, strong: strong}
	t.words = strings.Trim(words, `"*`)
	switch {
	case t.words == "":
	case strings.IndexFunc(t.words, unspaced) >= 0:
		folded := text.Fold(t.words)
		first, _ := utf8.DecodeRuneInString(folded)
		t.rest = []step{{stem: folded}}
		l.runs[first] = append(l.runs[first], t)
	case strings.HasPrefix(words, "*"):
		tail := text.Fold(t.words)
		l.tails[tail] = append(l.tails[tail], t)
	default:
		var key string
		for i, piece := range strings.Split(t.words, "..") {
			piece, versioned := strings.CutSuffix(piece, " "+version)
			for j, k := range tokens(piece, lang) {
				if key == "" {
					key = k.stem
					continue
				}
				t.rest = append(t.rest, step{k.stem, i > 0 && j == 0})
			}
			if versioned {
				t.rest = append(t.rest, step{stem: version})
			}
		}
		if key == "" {
			return
		}
		t.exact = len(t.rest) == 0 && t.words != words
		t.words = strings.ReplaceAll(t.words, "..", " … ")
		l.first[key] = append(l.first[key], t)
	}
}

// unspaced says whether a character is of a script that writes no spaces between words.
func unspaced(r rune) bool {
	return r >= 0x2e80 && (unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) || r == 'ー' || r == '⭐')
}

// find calls found for each term that stands in the list.
func (l *lexicon) find(list []token, found func(*term)) {
	if l == nil {
		return
	}
	for i := range list {
		terms := l.first[list[i].stem]
		for j := range terms {
			if terms[j].in(list, i) {
				found(&terms[j])
			}
		}
		if len(l.tails) > 0 {
			l.findTails(list[i].word, found)
		}
	}
}

// in says whether the term stands in the list, its first word at i.
func (t *term) in(list []token, i int) bool {
	if t.exact && text.Fold(t.words) != list[i].word {
		return false
	}
	for _, s := range t.rest {
		last := i + 1
		if s.far {
			last += mostBetween
		}
		for i++; i < len(list) && i <= last && !s.is(list[i]); i++ {
		}
		if i >= len(list) || i > last {
			return false
		}
	}
	return true
}

// leastHead is the fewest bytes of a compound before its last part.
const leastHead = 2

// findTails finds the terms in which a compound ends.
func (l *lexicon) findTails(word string, found func(*term)) {
	for cut := leastHead; cut <= len(word)-3; cut++ {
		terms := l.tails[word[cut:]]
		for j := range terms {
			found(&terms[j])
		}
	}
}

// findRuns calls found for each term that stands anywhere in a folded text of a script without spaces.
func (l *lexicon) findRuns(folded string, found func(*term)) {
	if l == nil || len(l.runs) == 0 {
		return
	}
	for i, r := range folded {
		terms := l.runs[r]
		for j := range terms {
			if strings.HasPrefix(folded[i:], terms[j].rest[0].stem) {
				found(&terms[j])
			}
		}
	}
}

// stems are the words of all terms, as stems.
func (l *lexicon) stems(to map[string]bool, lang string) {
	for first, terms := range l.first {
		to[first] = true
		for _, t := range terms {
			for _, s := range t.rest {
				to[s.stem] = true
			}
			for _, w := range text.Words(t.words) { // with its hyphens, as stories are compared
				to[text.Stem(w, lang)] = true
			}
		}
	}
	for _, terms := range l.runs {
		for _, t := range terms {
			for _, w := range text.Words(t.words) {
				to[text.Stem(w, lang)] = true
			}
		}
	}
}

// tokens are the words of s, parted also at hyphens and before versions, so that an AI-powered app is AI powered and
// Qwen2.5 is Qwen 2.5.
func tokens(s, lang string) []token {
	words := text.Words(s)
	out := make([]token, 0, len(words)+4)
	for _, w := range words {
		for {
			part, rest, more := cutHyphen(w)
			if part != "" {
				out = append(out, token{text.Stem(part, lang), text.Fold(part), part})
			}
			if !more {
				break
			}
			w = rest
		}
	}
	return out
}

// leastName is the shortest name, in bytes, from which a version is parted: H100 is one word.
const leastName = 3

// cutHyphen parts a word at its first hyphen or before its version.
func cutHyphen(w string) (before, after string, found bool) {
	if before, after, found = strings.Cut(w, "-"); found {
		return before, after, true
	}
	if before, after, found = strings.Cut(w, "‑"); found {
		return before, after, true
	}
	if i := strings.IndexAny(w, "0123456789"); i >= leastName && strings.Trim(w[i:], "0123456789.") == "" {
		return w[:i], w[i:], true
	}
	return w, "", false
}

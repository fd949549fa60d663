package digest

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"tidings/digest/text"
)

// Bounds on what is looked for.
const (
	mostPhrases   = 8
	longestPhrase = 16 // in a phrase
	longestWord   = 40 // characters
	leastBegun    = 3  // letters, from which on a word stands for all that begin so
)

// Phrase is one or more words that stand in a row.
type Phrase struct {
	Words  []string // see [SearchWords]
	Begins bool     // the last is only the beginning of a word
}

// SearchWords takes a text apart into what it is found by: runs of letters and digits without case and accents, and
// each character alone where words are not parted by spaces. They hold nothing else, so that they can stand in the
// query language of any database.
func SearchWords(s string) []string {
	var words []string
	start := -1
	s = strings.Map(func(r rune) rune {
		if unicode.IsMark(r) {
			return -1
		}
		return r
	}, text.Fold(strings.ToValidUTF8(s, " ")))
	flush := func(end int) {
		if start >= 0 {
			words = append(words, upTo(longestWord, s[start:end]))
		}
		start = -1
	}
	for i, r := range s {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush(i)
		case alone(r):
			flush(i)
			words = append(words, string(r))
		case start < 0:
			start = i
		}
	}
	flush(len(s))
	return words
}

// upTo is a word's first characters.
func upTo(most int, word string) string {
	for i := range word {
		if most--; most < 0 {
			return word[:i]
		}
	}
	return word
}

// alone says whether a letter is of a script that parts no words by spaces.
func alone(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// Phrases reads what somebody looks for. What stands between quotation marks, or without a space, is one phrase:
// "office in Dublin", GPT-4. A word without quotation marks stands for all that begin so. What has no letter and no
// digit is passed over; of very much the beginning is taken.
func Phrases(asked string) []Phrase {
	var all []Phrase
	add := func(s string, begins bool) {
		words := SearchWords(s)
		if len(words) == 0 || len(all) == mostPhrases {
			return
		}
		words = words[:min(len(words), longestPhrase)]
		last := words[len(words)-1]
		first, _ := utf8.DecodeRuneInString(last)
		begins = begins && utf8.RuneCountInString(last) >= leastBegun && !alone(first)
		all = append(all, Phrase{Words: words, Begins: begins})
	}
	marks := func(r rune) rune {
		if strings.ContainsRune("“”„«»「」", r) {
			return '"'
		}
		return r
	}
	for i, part := range strings.Split(strings.Map(marks, asked), `"`) {
		if i%2 == 1 {
			add(part, false)
			continue
		}
		for word := range strings.FieldsSeq(part) {
			add(word, true)
		}
	}
	return all
}

// Hit is where something that was looked for stands in a text, in bytes.
type Hit struct{ From, To int }

// Hits tells where phrases stand in a text, in order, none inside another.
func Hits(s string, phrases []Phrase) []Hit {
	if len(phrases) == 0 {
		return nil
	}
	words := placed(s)
	var hits []Hit
	for i := 0; i < len(words); {
		longest := 0
		for _, p := range phrases {
			if p.at(words[i:]) {
				longest = max(longest, len(p.Words))
			}
		}
		if longest == 0 {
			i++
			continue
		}
		hits = append(hits, Hit{words[i].From, words[i+longest-1].To})
		i += longest
	}
	return hits
}

// placedWord is a search word with its place in the text.
type placedWord struct {
	word string
	Hit
}

// placed are the search words of a text with their places.
func placed(s string) []placedWord {
	var all []placedWord
	start := -1
	flush := func(end int) {
		if start >= 0 {
			for _, w := range SearchWords(s[start:end]) {
				all = append(all, placedWord{w, Hit{start, end}})
			}
		}
		start = -1
	}
	for i, r := range s {
		inside := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
		if !inside || alone(r) {
			flush(i)
		}
		if inside && start < 0 {
			start = i
		}
		if inside && alone(r) {
			flush(i + utf8.RuneLen(r))
		}
	}
	flush(len(s))
	return all
}

// at says whether the phrase stands at the head of words.
func (p Phrase) at(words []placedWord) bool {
	if len(words) < len(p.Words) || len(p.Words) == 0 {
		return false
	}
	last := len(p.Words) - 1
	for i, w := range p.Words {
		if words[i].word != w && (i < last || !p.Begins || !strings.HasPrefix(words[i].word, w)) {
			return false
		}
	}
	return true
}

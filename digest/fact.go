package digest

import (
	"bufio"
	_ "embed"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"tidings/digest/text"
)

// fact is a name, a number or a turn of events that an article tells.
type fact struct {
	key  string // the same in every language
	word string // as it is written

	spelled bool // a name that is told by its spelling alone; other languages may call it otherwise
}

// The kinds of facts, as their keys begin.
const (
	aName   = "name "
	aNumber = "number "
	aTurn   = "turn "
)

// turnsFile lists the turns; its form is told at its head.
//
//go:embed turns.txt
var turnsFile string

// turnWord is a word or phrase that tells a turn.
type turnWord struct {
	turn  string
	words []string // folded; of Chinese and Japanese one, as it is
}

// parseTurns reads the words that tell turns, by language.
func parseTurns(file string) map[string][]turnWord {
	out := map[string][]turnWord{}
	turn := ""
	for scanner := bufio.NewScanner(strings.NewReader(file)); scanner.Scan(); {
		line := strings.TrimSpace(scanner.Text())
		if name, ok := strings.CutPrefix(line, "["); ok {
			turn = strings.TrimSuffix(name, "]")
			continue
		}
		lang, words, ok := strings.Cut(line, " ")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		for _, w := range strings.Fields(words) {
			one := turnWord{turn: turn, words: []string{w}}
			if !text.Dense(lang) {
				one.words = folded(strings.ReplaceAll(w, "_", " "))
			}
			out[lang] = append(out[lang], one)
		}
	}
	return out
}

// lore is what facts are recognised by.
type lore struct {
	names *text.Names
	turns map[string][]turnWord // by language
}

// newLore makes the lore of these names; nil are the built-in ones.
func newLore(names *text.Names) lore {
	if names == nil {
		names = text.NewNames(nil)
	}
	return lore{names: names, turns: parseTurns(turnsFile)}
}

// facts are what a text tells, each once: names that are known, without the press and places, names that are
// spelled like ones, numbers and turns.
func (l lore) facts(s, lang string) []fact {
	var out []fact
	add := func(f fact) {
		if !slices.ContainsFunc(out, func(o fact) bool { return o.key == f.key }) {
			out = append(out, f)
		}
	}
	var told []string // words of known names
	for _, n := range l.names.Find(s) {
		for _, spelling := range append([]string{n.Name}, n.Also...) {
			told = append(told, folded(spelling)...)
		}
		if n.Kind != text.Press && n.Kind != text.Place {
			add(fact{key: aName + text.Fold(n.Name), word: n.Name})
		}
	}
	for _, f := range spelledNames(s, lang) {
		if slices.ContainsFunc(folded(f.word), func(w string) bool { return !slices.Contains(told, w) }) {
			add(f)
		}
	}
	for _, f := range slices.Concat(figuresIn(s, lang), l.turnsIn(s, lang)) {
		add(f)
	}
	return out
}

// turnsIn finds the turns that a text tells.
func (l lore) turnsIn(s, lang string) []fact {
	var out []fact
	written, words := text.Words(s), folded(s)
	for _, t := range l.turns[text.Base(lang)] {
		if text.Dense(lang) {
			if strings.Contains(s, t.words[0]) {
				out = append(out, fact{key: aTurn + t.turn, word: t.words[0]})
			}
		} else if at := indexOf(words, t.words); at >= 0 {
			out = append(out, fact{key: aTurn + t.turn, word: strings.Join(written[at:at+len(t.words)], " ")})
		}
	}
	return out
}

// figuresIn finds the numbers of a text: amounts, shares and counts, but no years and none so small that it may
// be a day or an hour.
func figuresIn(s, lang string) []fact {
	var out []fact
	for _, q := range text.Quantities(s, lang) {
		n := q.Values[0]
		small := n <= 31 || n >= 1900 && n < 2100 && n == math.Trunc(n)
		if q.Unit == "month" || math.IsNaN(n) || small && q.Unit == "" && strings.IndexFunc(q.Said, unicode.IsLetter) < 0 {
			continue
		}
		key := strconv.FormatFloat(n, 'g', 6, 64)
		if q.Unit == "%" {
			key += "%"
		}
		out = append(out, fact{key: aNumber + key, word: strings.TrimSpace(q.Said)})
	}
	return out
}

// spelledNames finds what a text writes like names: runs of capitalised words within a sentence, and words that
// mix capitals or digits into small letters wherever they stand (OpenAI, GPT-5). Where all words have
// capitals, as in German and in many English headlines, only the latter tell.
func spelledNames(s, lang string) []fact {
	var out []fact
	for _, sentence := range text.Sentences(s, lang) {
		words := text.Words(sentence)
		latin := !text.Dense(lang) // in other scripts Latin letters are names also where a sentence begins
		telling := text.Base(lang) != "de" && (!latin || !titleCase(words, lang))
		var run []string
		flush := func() {
			if len(run) > 0 {
				name := strings.Join(run, " ")
				out = append(out, fact{key: aName + text.Fold(name), word: name, spelled: !slices.ContainsFunc(run, mixed)})
			}
			run = nil
		}
		for i, w := range words {
			switch {
			case mixed(w), telling && (i > 0 || !latin) && capitalised(w) && !text.Stop(w, lang) && !calendar(w):
				run = append(run, w)
			default:
				flush()
			}
		}
		flush()
	}
	return out
}

// titleCase says whether most words of a sentence begin with a capital.
func titleCase(words []string, lang string) bool {
	capitals, all := 0, 0
	for _, w := range words {
		if utf8.RuneCountInString(w) > 3 && !text.Stop(w, lang) {
			all++
			if capitalised(w) {
				capitals++
			}
		}
	}
	return all > 2 && 3*capitals > 2*all
}

// capitalised says whether a word is written like a name of Latin letters: Kestrel, not EU and not AI.
func capitalised(w string) bool {
	first, size := utf8.DecodeRuneInString(w)
	if !unicode.IsUpper(first) || first >= 0x250 || len(w) < 3 {
		return false
	}
	return strings.IndexFunc(w[size:], unicode.IsLower) >= 0
}

// mixed says whether a word has a capital behind a small letter, or letters and digits. Behind a hyphen a capital
// is none of these: Pulitzer-Preisträger.
func mixed(w string) bool {
	small, upper, digit, odd := false, false, false, false
	for _, r := range w {
		switch {
		case r >= 0x250:
			return false
		case r == '-':
			small = false
		case unicode.IsLower(r):
			small = true
		case unicode.IsUpper(r):
			odd = odd || small
			upper = true
		case unicode.IsDigit(r):
			digit = true
		}
	}
	return odd || upper && digit
}

// calendar says whether a word is an English name of a day or month, which other languages write small.
func calendar(w string) bool {
	switch w {
	case "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "January", "February", "March",
		"April", "May", "June", "July", "August", "September", "October", "November", "December":
		return true
	}
	return false
}

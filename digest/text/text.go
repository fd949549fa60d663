// Package text tells what a text is made of: its words, sentences, language, and the names and numbers
// that survive translation.
//
// It promises that the same text gives the same answer everywhere, and that every sentence it returns
// stands in the text letter for letter. It knows no article and no story, refuses nothing (any string,
// valid or not, is a text) and stores nothing.
//
// Words follow Unicode's word boundaries (UAX #29) with hyphens and inner dots kept, sentences its
// sentence boundaries with the abbreviations of five languages repaired, stems Snowball's algorithms. The
// language comes from the script, then from a table of n-grams that condense makes of lingua-go's models.
package text

import (
	"strings"
	"unicode"

	"github.com/clipperhouse/uax29/v2/words"
	"golang.org/x/text/unicode/norm"
)

// Words returns the words of s in order, as they are written. Words with hyphens and dots inside stay
// whole (GPT-4, Llama-2, 3.5); at apostrophes they part (l'azienda, Meta's). Runs of Chinese and
// Japanese characters, which have no spaces, come as overlapping pairs.
func Words(s string) []string {
	var out []string
	var run []string    // single ideographs that touch each other
	begin, end := 0, -1 // the word that is being read; end < 0: none
	hyphen := -1        // end of a hyphen that touches it
	flush := func() {
		out = append(out, pairs(run)...)
		if end >= 0 {
			out = append(out, parts(s[begin:end])...)
		}
		run, end, hyphen = nil, -1, -1
	}
	it := words.FromString(s)
	for it.Next() {
		w, touches := it.Value(), it.Start() == end
		switch {
		case ideographic(w):
			if len(run) == 0 || !strings.HasSuffix(s[:it.Start()], run[len(run)-1]) {
				flush()
			}
			run = append(run, w)
		case (w == "-" || w == "‑") && touches:
			hyphen = it.End()
		case strings.IndexFunc(w, wordRune) < 0:
			flush()
		case hyphen == it.Start():
			end, hyphen = it.End(), -1
		default:
			flush()
			begin, end = it.Start(), it.End()
		}
	}
	flush()
	return out
}

// parts splits a token at its apostrophes and leaves out what has neither letter nor digit.
func parts(w string) []string {
	var out []string
	for _, p := range strings.FieldsFunc(w, func(r rune) bool { return r == '\'' || r == '’' || r == 'ʼ' }) {
		p = strings.Trim(p, "-‑.·_")
		if strings.IndexFunc(p, wordRune) >= 0 {
			out = append(out, p)
		}
	}
	return out
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// pairs makes overlapping pairs of neighbours; one alone stays alone.
func pairs(run []string) []string {
	if len(run) < 2 {
		return run
	}
	out := make([]string, 0, len(run)-1)
	for i := 1; i < len(run); i++ {
		out = append(out, run[i-1]+run[i])
	}
	return out
}

func ideographic(w string) bool {
	for _, r := range w {
		return unicode.In(r, unicode.Han, unicode.Hiragana)
	}
	return false
}

// Fold makes a word comparable: lower case, compatibility forms unified, accents off, so that "Zürich",
// "ZURICH" and "zurich" are one.
func Fold(word string) string {
	lower := strings.ToLower(word)
	if !foldable(lower) {
		return lower
	}
	var b strings.Builder
	b.Grow(len(lower))
	for _, r := range norm.NFKD.String(lower) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r == 'ß':
			b.WriteString("ss")
		case r == '‑':
			b.WriteByte('-')
		default:
			b.WriteRune(r)
		}
	}
	return norm.NFC.String(b.String())
}

// foldable says whether there is anything to fold in lower letters: in ASCII and in ideographs that stand for themselves
// there is not.
func foldable(lower string) bool {
	for _, r := range lower {
		if r >= 0x80 && (r < 0x4E00 || r > 0x9FFF) {
			return true
		}
	}
	return false
}

// Base returns a language tag's first part in lower case: "pt-BR" and "pt_br" give "pt".
func Base(tag string) string {
	base, _, _ := strings.Cut(strings.ReplaceAll(strings.TrimSpace(tag), "_", "-"), "-")
	return strings.ToLower(base)
}

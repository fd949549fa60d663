package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Anchors returns the words of s that survive translation, folded, in order, doubled ones once: names,
// products with their versions, amounts and counts. A word counts when it is written with a capital or
// holds a digit and is no function word; telling names from other capitalised words is left to rarity.
func Anchors(s, lang string) []string {
	var out []string
	seen := map[string]bool{}
	for _, w := range Words(s) {
		if !anchor(w, lang) {
			continue
		}
		f := Fold(w)
		if !seen[f] {
			seen[f] = true
			out = append(out, f)
		}
	}
	return out
}

func anchor(w, lang string) bool {
	if strings.ContainsAny(w, "0123456789") {
		return utf8.RuneCountInString(w) > 1
	}
	if utf8.RuneCountInString(w) < 2 || Stop(w, lang) {
		return false
	}
	for _, r := range w {
		if unicode.IsUpper(r) && r < 0x250 {
			return true
		}
	}
	return false
}

// Survivor is a word that may stand in a translation, and what it is worth: a name, or a product with its version,
// all, and any other Latin word, which near languages often share, less.
type Survivor struct {
	Word  string // folded
	Worth float64
}

// slight is the worth of a Latin word that is not written like a name.
const slight = 0.4

// Portable returns the words that survive translation, of the words of a text, as [Words] returns them, but for bare
// numbers, which are read as quantities. What holds hyphens or points and is written like a name comes whole and in
// its parts.
func Portable(words []string, lang string) []Survivor {
	var out []Survivor
	foreign := dense(Base(lang)) // where Latin words are taken over from elsewhere
	for i, w := range words {
		if first, _ := utf8.DecodeRuneInString(w); first >= 0x250 {
			continue
		}
		f := Fold(w)
		switch {
		case bareNumber(f):
		case anchor(w, lang):
			out = append(out, Survivor{f, 1})
			for _, part := range strings.FieldsFunc(f, func(r rune) bool { return r == '-' || r == '.' }) {
				if len(part) > 1 && part != f {
					out = append(out, Survivor{part, 1})
				}
			}
		case Stop(w, lang), foreign && Stop(w, "en"):
		case len(f) > 2 && (foreign || i == 0 || strings.Contains(f, "-")): // small though a capital would be due, or one term
			out = append(out, Survivor{f, 1})
		case len(f) > 3:
			out = append(out, Survivor{f, slight})
		}
	}
	return out
}

func bareNumber(w string) bool { return strings.Trim(w, "0123456789.,") == "" }

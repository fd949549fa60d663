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

package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/sentences"
)

// Sentences returns the sentences of s in order, each as it is written, with the space around it taken
// off. A line break between paragraphs always ends a sentence; the dot of an abbreviation, of an initial
// or of a number does not.
func Sentences(s, lang string) []string {
	var out []string
	open := 0 // where the sentence that is being read begins
	pos := 0
	flush := func(end int) {
		if one := strings.TrimSpace(s[open:end]); one != "" {
			out = append(out, one)
		}
		open = end
	}
	it := sentences.FromString(s)
	for it.Next() {
		pos += len(it.Value())
		if !strings.HasSuffix(it.Value(), "\n") && abbreviated(s[open:pos], s[pos:], Base(lang)) {
			continue
		}
		flush(pos)
	}
	flush(len(s))
	return out
}

// abbreviated says whether the dot at the end of head is an abbreviation's, so that the sentence goes on.
func abbreviated(head, tail, base string) bool {
	head = strings.TrimRight(head, " \t\u00a0")
	if !strings.HasSuffix(head, ".") || tail == "" {
		return false
	}
	if next, _ := utf8.DecodeRuneInString(tail); unicode.IsLower(next) {
		return true
	}
	word := head[strings.LastIndexAny(head, " \t\u00a0(\n")+1:]
	word = strings.TrimSuffix(word, ".")
	if first, size := utf8.DecodeRuneInString(word); size == len(word) && unicode.IsUpper(first) {
		return true // an initial: J. Smith
	}
	switch Fold(word) {
	case "dr", "mr", "mrs", "ms", "prof", "st", "inc", "vs", "e.g", "i.e", "no", "jr", "sr", "fig", "approx":
		return base != "it" || Fold(word) != "no"
	case "sig", "dott", "ing", "avv", "art", "pag", "es", "on":
		return base == "it"
	case "z.b", "d.h", "bzw", "ca", "nr", "abs", "u.a", "hrsg", "bspw":
		return base == "de"
	case "m", "mme", "p.ex", "env", "cf":
		return base == "fr"
	case "sra", "srta", "ud", "uds", "pag.", "p.ej", "ee.uu":
		return base == "es"
	}
	return false
}

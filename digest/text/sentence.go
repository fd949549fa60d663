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
	next, _ := utf8.DecodeRuneInString(tail)
	if unicode.IsLower(next) {
		return true
	}
	word := head[strings.LastIndexAny(head, " \t\u00a0(\n")+1:]
	word = strings.TrimSuffix(word, ".")
	if word == "" {
		return false
	}
	if first, size := utf8.DecodeRuneInString(word); size == len(word) && unicode.IsUpper(first) {
		return true // an initial: J. Smith
	}
	if base == "de" && len(word) <= 2 && strings.Trim(word, "0123456789") == "" {
		return true // a day or an ordinal: am 12. November, im 19. Jahrhundert
	}
	if Fold(word) == "no" {
		return unicode.IsDigit(next)
	}
	return strings.Contains(abbreviations("")+abbreviations(base), " "+Fold(word)+" ")
}

// abbreviations that are followed by more of the sentence: the general ones, and a language's own. What as
// often ends a sentence, as etc. and p.m., is not among them.
func abbreviations(base string) string {
	switch base {
	case "":
		return " dr mr mrs ms prof st inc vs e.g i.e jr sr fig approx ph.d al "
	case "en":
		return " sen rep gov gen lt col capt rev corp co ltd u.s u.k u.n jan feb aug sept oct nov dec "
	case "it":
		return " sig dott ing avv art pag es on n s.p.a s.r.l "
	case "de":
		return " z.b d.h bzw ca nr abs u.a hrsg bspw mio mrd tsd vgl ggf inkl evtl str "
	case "fr":
		return " m mm mme mlle p.ex env cf av "
	case "es":
		return " sra srta dra ud uds pag p.ej ee ee.uu num "
	}
	return ""
}

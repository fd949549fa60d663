package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/sentences"
)

// blank is what may stand between a sentence and its quotation marks.
const blank = " \u00a0\u202f"

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
		if !strings.HasSuffix(it.Value(), "\n") && (abbreviated(s[open:pos], s[pos:], Base(lang)) || spoken(s[open:pos], s[pos:])) {
			continue
		}
		flush(pos - opening(s[open:pos]) + closing(s[open:pos], s[pos:]))
	}
	flush(len(s))
	return out
}

// opening counts the bytes at the end of head that open a quotation: they belong to the sentence after it,
// though Unicode's rules, which know quotation marks as mere closing punctuation, leave them before it where no
// space parts the two, as in Chinese and Japanese.
func opening(head string) int {
	bare := strings.TrimRight(head, "“「『《（")
	if bare == "" {
		return 0
	}
	return len(head) - len(bare)
}

// closing counts the bytes at the beginning of tail that close a quotation of head: in French a space stands
// before the mark.
func closing(head, tail string) int {
	if rest, ok := strings.CutPrefix(strings.TrimLeft(tail, blank), "»"); ok && strings.Contains(head, "«") {
		return len(tail) - len(rest)
	}
	return 0
}

// spoken says whether tail goes on with who speaks, when a quotation ends at the end of head.
func spoken(head, tail string) bool {
	rest := strings.TrimLeft(tail, blank)
	head = strings.TrimRight(head, blank)
	if mark, _ := utf8.DecodeLastRuneInString(head); !strings.ContainsRune("\"”“»」』", mark) {
		return false
	}
	if next, _ := utf8.DecodeRuneInString(rest); unicode.IsLower(next) {
		return true
	}
	if strings.HasPrefix(rest, "と") || strings.HasPrefix(rest, "って") {
		return true
	}
	return told(rest)
}

// told says whether a Chinese sentence begins with who said what was quoted before it: 他说, 该公司表示.
func told(rest string) bool {
	n := 0
	for i, r := range rest {
		if n++; n > 10 || !unicode.Is(unicode.Han, r) {
			return false
		}
		if strings.ContainsRune("说說称稱", r) || strings.HasPrefix(rest[i:], "表示") {
			return true
		}
	}
	return false
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
	word := head
	if i := strings.LastIndexFunc(head, parting); i >= 0 {
		_, size := utf8.DecodeRuneInString(head[i:])
		word = head[i+size:]
	}
	word = strings.TrimSuffix(word, ".")
	if word == "" {
		return false
	}
	if first, size := utf8.DecodeRuneInString(word); size == len(word) && unicode.IsUpper(first) {
		return true // an initial: J. Smith
	}
	if base == "de" && len(word) == 1 && unicode.IsLower(rune(word[0])) {
		return true // z. B.
	}
	if base == "de" && len(word) <= 2 && strings.Trim(word, "0123456789") == "" {
		return !nameBefore(head[:len(head)-len(word)-1])
	}
	if Fold(word) == "no" {
		return unicode.IsDigit(next)
	}
	return strings.Contains(abbreviations("")+abbreviations(base), " "+Fold(word)+" ")
}

// nameBefore says whether a name ends right before a number, which then is the name's (Llama 2), and in German no
// day and no ordinal (am 12. November, im 19. Jahrhundert).
func nameBefore(head string) bool {
	head = strings.TrimRight(head, blank)
	word := head[strings.LastIndexAny(head, " (\n")+1:]
	first, _ := utf8.DecodeRuneInString(word)
	return unicode.IsUpper(first) && !strings.HasSuffix(word, ",") && !Stop(word, "de")
}

// parting says whether a character stands between words: also the apostrophe of l'on. Rossi.
func parting(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("('’", r) }

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

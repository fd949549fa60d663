package text

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	mostBytes = 8 << 10 // of a text that are read for its language
	mostWords = 256     // of Latin or Cyrillic letters

	mostMarkup = 2000 // bytes of a tag
)

// reading is what of a text may tell its language: its letters by script, and the words of those scripts in which
// several languages write. Markup, addresses, code, mentions and hashtags are left out.
type reading struct {
	letters [manyScripts]int
	kanji   int // that only Japanese writes so
	hanzi   int // that only Chinese writes so
	farsi   int
	urdu    int
	words   [mostWords]word
	n       int  // of words
	opens   bool // a sentence may begin here
}

// word is a run of letters of one script.
type word struct {
	text    string
	script  script
	form    form
	letters int
	first   bool // it opens a sentence
	clipped bool // an apostrophe stands before it
	elides  bool // an apostrophe and a letter follow it
	coded   bool // digits belong to it (GPT-4)
}

// form is how a word is written.
type form int

const (
	small    form = iota
	initial       // Paris
	capitals      // NASA
	mixed         // OpenAI
)

// read reads a text.
func (r *reading) read(s string) {
	s = s[:min(len(s), mostBytes)]
	if strings.IndexByte(s, '&') >= 0 {
		s = html.UnescapeString(s)
	}
	s = strings.ReplaceAll(s, "\u00AD", "") // where a line may be broken
	if odd(s) {
		s = norm.NFKC.String(s)
	}
	r.opens = true
	for s != "" && r.n < mostWords {
		if n := markup(s); n > 0 {
			s = s[n:]
			continue
		}
		c, size := utf8.DecodeRuneInString(s)
		if unicode.IsSpace(c) || r.wide(c) {
			s = s[size:]
			continue
		}
		n := chunk(s)
		if lettersOnly(s[:n]) || !voteless(s[:n]) {
			r.readChunk(s[:n])
		}
		s = s[n:]
	}
}

// odd says whether a text may have accents apart from their letters, letters of a mathematical typeface or wide ones,
// going by their first bytes.
func odd(s string) bool {
	return strings.IndexByte(s, 0xCC) >= 0 || strings.IndexByte(s, 0xCD) >= 0 || strings.Contains(s, "\xf0\x9d") || strings.Contains(s, "\xef\xbc") ||
		strings.Contains(s, "\xef\xbd")
}

// markup is the length of a tag, a comment or quoted code at the beginning of s, or 0.
func markup(s string) int {
	s = s[:min(len(s), mostMarkup)]
	end := 0
	switch {
	case strings.HasPrefix(s, "<!--"):
		end = strings.Index(s, "-->") + 2
	case len(s) > 1 && s[0] == '<' && (s[1] == '/' || s[1] == '!' || scriptOf(rune(s[1])) == latin):
		end = strings.IndexByte(s, '>')
	case s[0] == '`':
		end = strings.IndexByte(s[1:], '`') + 1
	}
	if end <= 1 {
		return 0
	}
	return end + 1
}

// wide counts a character of the scripts that write without spaces, and says whether it is one.
func (r *reading) wide(c rune) bool {
	if c < 0x2E80 {
		return false
	}
	s := scriptOf(c)
	if s == latin || s == greek || s == arabic {
		return false
	}
	r.letters[s]++
	if s == han && kanji(c) {
		r.kanji++
	}
	if s == han && hanzi(c) {
		r.hanzi++
	}
	return true
}

// chunk is the length of what stands at the beginning of s without a space, markup or wide character inside; at
// least one character.
func chunk(s string) int {
	for i, c := range s {
		if i > 0 && (c == '<' || c == '`' || c >= 0x2E80 || unicode.IsSpace(c)) {
			return i
		}
	}
	return len(s)
}

// lettersOnly says whether a chunk is a plain word, as most are, with a comma or a full stop behind it perhaps.
func lettersOnly(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c|0x20 < 'a' || c|0x20 > 'z') && c < utf8.RuneSelf {
			return i > 0 && i == len(s)-1 && (c == ',' || c == '.')
		}
	}
	return true
}

// voteless says whether a chunk is an address, a path, a piece of code, a mention or a hashtag.
func voteless(s string) bool {
	s = strings.Trim(s, ".,;:!?()[]\"'«»“”„‘’…*_~|<>=") // punctuation, and the emphasis of Markdown
	switch {
	case s == "":
		return false
	case s[0] == '#' || s[0] == '/' || s[0] == '$' || strings.HasPrefix(s, "--") || strings.HasPrefix(s, "www."):
		return true
	case strings.ContainsAny(s, "@_\\{}=<>|~*") || strings.Contains(s, "://"):
		return true
	}
	// A dot inside, small letters behind it: example.com, main.go. A sentence begins with a capital.
	dot := strings.LastIndexByte(s, '.')
	if slash := strings.IndexByte(s, '/'); slash >= 0 {
		dot = strings.LastIndexByte(s[:slash], '.')
		s = s[:slash]
	}
	tail := s[dot+1:]
	return dot > 0 && len(tail) >= 2 && strings.IndexFunc(tail, func(c rune) bool { return c < 'a' || c > 'z' }) < 0
}

// readChunk finds the words of a chunk.
func (r *reading) readChunk(s string) {
	begin, in := 0, noLetter // the word that is being read
	for i, c := range s {
		switch at := scriptOf(c); {
		case at == in && in != noLetter || at == mark && in != noLetter:
		case at == latin || at == cyrillic:
			r.close(s, begin, i, in)
			begin, in = i, at
		default:
			r.close(s, begin, i, in)
			in = noLetter
			r.other(c, at)
		}
	}
	r.close(s, begin, len(s), in)
}

// other counts a character that is no part of a word.
func (r *reading) other(c rune, at script) {
	switch {
	case at == arabic && farsi(c):
		r.farsi++
	case at == arabic && urdu(c):
		r.urdu++
	}
	if at != noLetter {
		r.letters[at]++
	} else if strings.ContainsRune(".!?:;…|–—·•\"“”„«»", c) {
		r.opens = true
	} else if unicode.IsDigit(c) {
		r.opens = false
	}
}

// close takes the word s[begin:end].
func (r *reading) close(s string, begin, end int, in script) {
	if in != latin && in != cyrillic || r.n == mostWords {
		return
	}
	before, after := s[:begin], s[end:]
	w := word{text: s[begin:end], script: in, first: r.opens, clipped: apostrophe(last(before))}
	w.letters, w.form = shape(w.text)
	if apostrophe(first(after)) {
		next := after[utf8.RuneLen(first(after)):]
		w.elides = unicode.IsLetter(first(next)) || next == ""
	}
	w.coded = unicode.IsDigit(last(before)) || unicode.IsDigit(first(after)) || numbered(after)
	r.words[r.n] = w
	r.n++
	r.opens = false
}

// numbered says whether what follows a word is a hyphen or a dot and a digit (Llama-3).
func numbered(s string) bool {
	return len(s) > 1 && (s[0] == '-' || s[0] == '.') && '0' <= s[1] && s[1] <= '9'
}

// first and last are U+FFFD for "".
func first(s string) rune { r, _ := utf8.DecodeRuneInString(s); return r }
func last(s string) rune  { r, _ := utf8.DecodeLastRuneInString(s); return r }

func apostrophe(r rune) bool { return r == '\'' || r == '’' || r == 'ʼ' || r == '‘' }

// shape counts a word's letters and tells its form.
func shape(s string) (letters int, f form) {
	upper, firstUpper := 0, false
	for _, r := range s {
		if unicode.IsUpper(r) {
			upper++
			firstUpper = firstUpper || letters == 0
		}
		letters++
	}
	switch {
	case upper == 0:
		return letters, small
	case upper == 1 && firstUpper:
		return letters, initial
	case upper == letters:
		return letters, capitals
	}
	return letters, mixed
}

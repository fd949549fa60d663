package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// piece is a stretch of one sort of character: what names and numbers are made of. GPT-4o is four pieces
// when its hyphen is left out: GPT, 4, o.
type piece struct {
	from, to int // where it stands in the text, in bytes
	key      string
	sort     pieceSort
	gap      gap
	first    bool // of a sentence, a quotation or a line
}

// pieceSort says what a piece consists of.
type pieceSort uint8

const (
	letters  pieceSort = iota
	digits             // with dots and commas inside
	unparted           // Chinese, Japanese or Korean, which may hold many words
)

// gap is what lies between a piece and the one before it.
type gap uint8

const (
	wide    gap = iota // anything else: they do not belong together
	touches            // nothing
	hyphen
	space
	thin // a dot, an apostrophe or an ampersand
)

// pieces parts s into its pieces.
func pieces(s string) []piece {
	out := make([]piece, 0, len(s)/5+4)
	end := 0
	for i := 0; i < len(s); {
		sort, size := sortAt(s, i)
		if size < 0 {
			i -= size
			continue
		}
		p := piece{from: i, sort: sort}
		for i += size; i < len(s); i += size {
			var next pieceSort
			if next, size = sortAt(s, i); size < 0 || next != sort {
				if size = inside(s, i, sort); size == 0 {
					break
				}
			}
		}
		p.to = i
		p.key = foldFast(s[p.from:p.to])
		p.gap, p.first = gapBetween(s[end:p.from], len(out) == 0, len(out) > 0 && isInitial(s, out[len(out)-1]))
		end = p.to
		out = append(out, p)
	}
	return out
}

// sortAt tells the sort and the length of the character at i; of one that belongs to no piece the length
// is negative.
func sortAt(s string, i int) (pieceSort, int) {
	c := s[i]
	switch {
	case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
		return letters, 1
	case '0' <= c && c <= '9':
		return digits, 1
	case c < utf8.RuneSelf:
		return 0, -1
	}
	r, size := utf8.DecodeRuneInString(s[i:])
	switch {
	case isUnparted(r):
		return unparted, size
	case r < 0x300 && r != '×' && r != '÷' && r >= 0xC0, unicode.IsLetter(r), unicode.Is(unicode.Mn, r):
		return letters, size
	case unicode.IsDigit(r):
		return digits, size
	}
	return 0, -size
}

// isUnparted says whether a character is of a script that parts no words, or of Korean, whose words carry
// their particles.
func isUnparted(r rune) bool {
	return r >= 0x1100 && (r >= 0x4E00 && r <= 0x9FFF || r >= 0x3041 && r <= 0x30FF || r >= 0xAC00 && r <= 0xD7A3 ||
		r >= 0x3400 && r <= 0x4DBF || r == '々' || r >= 0x20000 && r <= 0x3FFFF || r <= 0x11FF)
}

// inside tells the length of a mark at i that lies inside a piece of that sort: the dot of 3.5, the dot
// between a foreign first name and a last one. 0 is none.
func inside(s string, i int, sort pieceSort) int {
	r, size := utf8.DecodeRuneInString(s[i:])
	if i+size >= len(s) {
		return 0
	}
	switch next, after := sortAt(s, i+size); {
	case after < 0 || next != sort:
	case sort == digits && (r == '.' || r == ','), sort == unparted && (r == '·' || r == '・'):
		return size
	}
	return 0
}

// isInitial says whether a piece is one capital letter, as of a first name.
func isInitial(s string, p piece) bool {
	return p.to-p.from == 1 && s[p.from] >= 'A' && s[p.from] <= 'Z'
}

// gapBetween judges what lies between two pieces, and whether a sentence begins behind it.
func gapBetween(s string, first, initial bool) (gap, bool) {
	switch s {
	case "":
		return touches, first
	case " ", "\u00a0", "\u202f":
		return space, first
	case "-", "‑", "–", "_":
		return hyphen, first
	case ".", "'", "’", "&", " & ", "·", "・", "/":
		return thin, first
	case ". ", ".\u00a0":
		if initial {
			return thin, false
		}
	}
	return wide, first || strings.ContainsAny(s, ".!?:;…\n\"“„«»‘「『《【。！？：•|([*")
}

// capital says whether a piece is written with a capital at its head.
func (p piece) capital(s string) bool {
	c := s[p.from]
	if c < utf8.RuneSelf {
		return 'A' <= c && c <= 'Z'
	}
	r, _ := utf8.DecodeRuneInString(s[p.from:p.to])
	return unicode.IsUpper(r)
}

// foldFast is [Fold], without its price for what is plain already.
func foldFast(w string) string {
	for i := range len(w) {
		if c := w[i]; c >= utf8.RuneSelf {
			if r, _ := utf8.DecodeRuneInString(w); isUnparted(r) {
				return w
			}
			return Fold(w)
		}
	}
	return strings.ToLower(w)
}

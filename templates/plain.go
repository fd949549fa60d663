package templates

import (
	"strings"
	"unicode"
)

// columns is how wide the plain text is.
const columns = 72

// fold makes a rendered template a plain text: lines of at most 72 columns that keep their indent, at most
// two empty lines in a row, none at either end. An unbreakable space has done its work then, and is plain.
func fold(s string) string {
	var out strings.Builder
	empty := 0
	for line := range strings.SplitSeq(strings.TrimSpace(s), "\n") {
		line = strings.TrimRightFunc(line, unicode.IsSpace)
		if line == "" {
			empty++
			continue
		}
		out.WriteString(strings.Repeat("\n", min(empty, 2)))
		empty = 0
		foldLine(&out, line)
	}
	return strings.ReplaceAll(out.String(), "\u00a0", " ")
}

// foldLine breaks one line, but not before an address; what follows is indented as its beginning, behind
// a bullet if there is one.
func foldLine(out *strings.Builder, line string) {
	text := strings.TrimLeft(line, " ")
	indent := len(line) - len(text)
	out.WriteString(line[:indent])
	if strings.HasPrefix(text, "* ") {
		out.WriteString("* ")
		text = text[2:]
		indent += 2
	}
	at := indent
	for _, w := range pieces(text, columns-indent) {
		wideness := columnsOf(w.text)
		switch gap := w.gap; {
		case at == indent:
		case at+gap+wideness > columns && !strings.Contains(w.text, "://"):
			out.WriteString("\n" + strings.Repeat(" ", indent))
			at = indent
		default:
			out.WriteString(strings.Repeat(" ", gap))
			at += gap
		}
		out.WriteString(w.text)
		at += wideness
	}
	out.WriteByte('\n')
}

// piece is what is not broken, and how many spaces stand before it on the same line.
type piece struct {
	text string
	gap  int
}

// pieces splits a line at its spaces, the unbreakable apart, and between wide characters, but not before their punctuation;
// and what is wider than the room there is, but no address.
func pieces(line string, room int) []piece {
	var all []piece
	for word := range strings.FieldsFuncSeq(line, func(r rune) bool { return r == ' ' }) {
		gap, start, filled := 1, 0, 0
		address := strings.Contains(word, "://")
		var last rune
		for i, r := range word {
			full := filled >= room && !address && !unicode.Is(unicode.Mn, r)
			if i > 0 && (full || (wide(r) || wide(last)) && !strings.ContainsRune("，。、；：！？）」』》”’…·", r)) {
				all = append(all, piece{word[start:i], gap})
				gap, start, filled = 0, i, 0
			}
			last = r
			filled += columnsOf(string(r))
		}
		all = append(all, piece{word[start:], gap})
	}
	return all
}

// columnsOf counts columns: wide characters fill two, marks none.
func columnsOf(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case wide(r):
			n += 2
		case !unicode.Is(unicode.Mn, r):
			n++
		}
	}
	return n
}

package text

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// spelling is one way of writing a name. Its form is told at the head of names.txt.
type spelling struct {
	name  *Name
	id    string   // [Name.Key] of the name
	own   []string // the keys of the name itself
	keys  []string // its pieces, folded
	cased []casing // how each has to be written
	far   string   // the whole, where a script is in it that parts no words; then there are no keys
	alone bool     // an ordinary word: see names.txt
	model bool     // it needs a version behind it
	plain bool     // it is the name itself
}

// casing says how a piece of a spelling has to be written.
type casing uint8

const (
	anyCase   casing = iota
	smallCase        // in lower case, or with a capital at its head when it has several letters
	headCase         // with a capital at its head
	upperCase        // in capitals
	innerCase        // with a capital behind its first letter
)

// nothing is the kind of what looks like a name and is none.
const nothing Kind = "nothing"

// parseNames reads the list of names; its form is told at its head.
func parseNames(file string) []Name {
	var out []Name
	kind := nothing
	for line := range strings.Lines(file) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
			continue
		case strings.HasPrefix(line, "["):
			kind = Kind(strings.Trim(line, "[]"))
			continue
		}
		fields := strings.Split(line, "|")
		for i := range fields {
			fields[i] = strings.TrimSpace(fields[i])
		}
		name := Name{Name: fields[0], Kind: kind}
		if len(fields) > 1 {
			name.Maker = fields[1]
		}
		if len(fields) > 2 {
			name.Also = fields[2:]
		}
		out = append(out, name)
	}
	return out
}

// bare takes the marks off a spelling.
func bare(written string) string {
	return strings.TrimSuffix(strings.TrimLeft(written, "~="), "+")
}

// SpellingFault says why a spelling of a name, with its marks, could never be found; empty: it can be.
func SpellingFault(written string) string {
	s, ok := newSpelling(written, &Name{})
	switch {
	case !ok:
		return "it has neither letter nor digit"
	case s.far != "" && (s.alone || s.model || strings.HasPrefix(written, "=")):
		return "the marks ~, = and + are for scripts that part their words"
	}
	return ""
}

// newSpelling reads a spelling with its marks; ok is false where there is nothing in it to be found.
func newSpelling(written string, of *Name) (s spelling, ok bool) {
	s = spelling{name: of, alone: strings.HasPrefix(written, "~"), model: strings.HasSuffix(written, "+")}
	inner := strings.HasPrefix(written, "=")
	written = bare(written)
	s.plain = written == of.Name
	if strings.ContainsFunc(written, isUnparted) {
		s.far = written
		return s, true
	}
	for _, p := range pieces(written) {
		s.keys = append(s.keys, p.key)
		s.cased = append(s.cased, casingOf(written[p.from:p.to]))
	}
	if slices.ContainsFunc(s.cased, func(c casing) bool { return c == anyCase }) {
		for i := range s.cased {
			switch {
			case !inner:
				s.cased[i] = anyCase
			case s.cased[i] == anyCase:
				s.cased[i] = innerCase
			}
		}
	}
	return s, len(s.keys) > 0
}

// casingOf reads how a piece has to be written from how it is.
func casingOf(piece string) casing {
	first, size := utf8.DecodeRuneInString(piece)
	rest := piece[size:]
	switch {
	case strings.IndexFunc(rest, unicode.IsUpper) < 0:
		if unicode.IsUpper(first) {
			return headCase
		}
		return smallCase
	case strings.IndexFunc(rest, unicode.IsLower) < 0 && unicode.IsUpper(first):
		return upperCase
	}
	return anyCase
}

// fits says whether a piece of a text is written as this casing wants it.
func (c casing) fits(p piece, s string) bool {
	switch c {
	case smallCase:
		return p.sort != letters || !p.capital(s) || p.to-p.from > 1 && strings.IndexFunc(s[p.from+1:p.to], unicode.IsUpper) < 0
	case headCase:
		return p.capital(s)
	case innerCase:
		return strings.IndexFunc(s[p.from+1:p.to], unicode.IsUpper) >= 0
	case upperCase:
		return strings.IndexFunc(s[p.from:p.to], unicode.IsLower) < 0
	}
	return true
}

package templates

import (
	"fmt"
	"html"
	"strings"

	"tidings/digest"
)

// Print is an edition set in type: it is rendered once, and each reader's letter is struck off it. A
// thousand letters cost little more than one.
type Print struct {
	subject    string
	html, text []string // around the places where the link to leave goes
}

// anybody is the link to leave that stands in a print; a host under .invalid is nobody's (RFC 2606).
const anybody = "https://leave.invalid/0"

// Print renders an edition for many readers; archive is its address on the web, or empty.
func (s *Set) Print(e digest.Edition, archive string) (*Print, error) {
	l, err := s.Letter(e, Reader{Leave: anybody, Archive: archive})
	if err != nil {
		return nil, err
	}
	p := &Print{subject: l.Subject, html: strings.Split(l.HTML, anybody), text: strings.Split(l.Text, anybody)}
	for name, parts := range map[string][]string{"letter/letter.html": p.html, "letter/letter.txt": p.text} {
		if len(parts) < 2 || strings.Contains(strings.Join(parts, ""), "leave.invalid") {
			return nil, fmt.Errorf("%s: .Leave must be in every letter, and just as it is", name)
		}
	}
	return p, nil
}

// For returns the letter of the reader who leaves by this address; text alone if he wants it so.
func (p *Print) For(leave string, text bool) Letter {
	leave = link(leave)
	l := Letter{Subject: p.subject, Text: strings.Join(p.text, leave)}
	if !text {
		l.HTML = strings.Join(p.html, html.EscapeString(leave))
	}
	return l
}

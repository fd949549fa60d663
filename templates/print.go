package templates

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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

// anybody is the link to leave that stands in an edition's print, and the part of it that nothing else there
// can hold: a digest of all that the edition says, so that no feed can write it. A host under .invalid is
// nobody's (RFC 2606).
func anybody(e digest.Edition) (link, mark string, err error) {
	all, err := json.Marshal(e)
	if err != nil {
		return "", "", fmt.Errorf("edition %s: %w", e.Key, err)
	}
	sum := sha256.Sum256(all)
	mark = hex.EncodeToString(sum[:16])
	return "https://leave.invalid/" + mark, mark, nil
}

// Print renders an edition for many readers; archive is its address on the web, or empty.
func (s *Set) Print(e digest.Edition, archive string) (*Print, error) {
	nobody, mark, err := anybody(e)
	if err != nil {
		return nil, err
	}
	l, err := s.Letter(e, Reader{Leave: nobody, Archive: archive})
	if err != nil {
		return nil, err
	}
	p := &Print{subject: l.Subject, html: strings.Split(l.HTML, nobody), text: strings.Split(l.Text, nobody)}
	for name, parts := range map[string][]string{"letter/letter.html": p.html, "letter/letter.txt": p.text} {
		if len(parts) < 2 || strings.Contains(strings.Join(parts, ""), mark) {
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

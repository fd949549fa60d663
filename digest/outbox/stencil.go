package outbox

import (
	"bytes"
	"errors"
	"fmt"
	stdmail "net/mail"
	"slices"
	"strings"
	"time"
)

// Stencil is a letter for many readers: rendered, encoded and checked once, with places for what is each
// reader's own. Filling it gives byte for byte what [Render] makes of his letter, without encoding anything
// anew. Any number of goroutines may fill it.
type Stencil struct {
	from *stdmail.Address
	head []piece
	own  []string // the names of the headers on a label, in their order
	room int      // what a head takes, about
	body sheet
}

// piece is a run of headers that are the same for all, or one whose value is each reader's own.
type piece struct {
	same []byte // with the line's end
	name string // empty: they are the same
	own  int    // its place on a label; -1: it is made of the label's other fields
}

// sheet is an encoded body, and where in it tokens stand.
type sheet struct {
	bytes  []byte
	length []int // of each token
	places []place

	stuffed *sheet // the same with its dots stuffed; itself when it has none to stuff
}

// place is a run of bytes of a token. A token that a soft line break cuts in two has two.
type place struct{ at, token, from, to int }

// Cut makes a stencil of a letter, whose label is a specimen: every reader's has the same own headers in the same
// order, and tokens of the same length. Each of its tokens must stand in the letter's HTML or text, and nothing else there
// may look like it.
func Cut(specimen Letter) (*Stencil, error) {
	whole, err := Render(specimen)
	if err != nil {
		return nil, err
	}
	from, err := mailbox(specimen.From)
	if err != nil {
		return nil, err
	}
	end := bytes.Index(whole.own, []byte("\r\n\r\n")) + len("\r\n")
	s := &Stencil{from: from, room: end + 64, body: sheet{bytes: whole.own[end+len("\r\n"):]}}
	for _, h := range specimen.Own {
		s.own = append(s.own, h.Name)
	}
	for field := range fields(whole.own[:end]) {
		s.cut(field)
	}
	for i, token := range specimen.Tokens {
		if err := s.body.cut(i, token); err != nil {
			return nil, err
		}
	}
	if s.body.crowded() {
		return nil, errors.New("one of the letter's tokens is a part of another one, or of itself")
	}
	s.body.stuffed = s.body.stuff()
	return s, s.prove(specimen)
}

// cut takes one header field in.
func (s *Stencil) cut(field []byte) {
	name, _, _ := strings.Cut(string(field), ":")
	own := slices.Index(s.own, name)
	switch last := len(s.head) - 1; {
	case own >= 0 || name == "To" || name == "Date" || name == "Message-ID":
		s.head = append(s.head, piece{name: name, own: own})
	case last >= 0 && s.head[last].name == "":
		s.head[last].same = append(s.head[last].same, field...)
	default:
		s.head = append(s.head, piece{same: bytes.Clone(field)})
	}
}

// fields goes through the fields of a head, each with its folded lines and the line's end.
func fields(head []byte) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(head) > 0 {
			end := len(head)
			for i := 0; ; {
				n := bytes.Index(head[i:], []byte("\r\n"))
				if n < 0 {
					break
				}
				if i += n + 2; i == len(head) || head[i] != ' ' && head[i] != '\t' {
					end = i
					break
				}
			}
			if !yield(head[:end]) {
				return
			}
			head = head[end:]
		}
	}
}

// softBreak ends a line of quoted-printable that goes on in the next one (RFC 2045, 6.7).
const softBreak = "=\r\n"

// cut finds the places of the i-th token.
func (b *sheet) cut(i int, token string) error {
	if !isToken(token) {
		return fmt.Errorf("token %q: only letters and digits are the same in every encoding", token)
	}
	b.length = append(b.length, len(token))
	before := len(b.places)
	for at := 0; ; at++ {
		n := bytes.IndexByte(b.bytes[at:], token[0])
		if n < 0 {
			break
		}
		at += n
		b.places = append(b.places, b.stands(at, i, token)...)
	}
	if len(b.places) == before {
		return fmt.Errorf("the letter has no place for its token %q", token)
	}
	return nil
}

// stands returns the places of a token that begins here; none if it does not.
func (b *sheet) stands(at, i int, token string) []place {
	var run []place
	for from := 0; from < len(token); {
		if from > 0 && bytes.HasPrefix(b.bytes[at:], []byte(softBreak)) {
			at += len(softBreak)
		}
		to := from
		for to < len(token) && at < len(b.bytes) && b.bytes[at] == token[to] {
			to++
			at++
		}
		if to == from {
			return nil
		}
		run = append(run, place{at: at - (to - from), token: i, from: from, to: to})
		from = to
	}
	return run
}

// crowded says whether two places have a byte in common.
func (b *sheet) crowded() bool {
	slices.SortFunc(b.places, func(p, q place) int { return p.at - q.at })
	for i := 1; i < len(b.places); i++ {
		if before := b.places[i-1]; before.at+before.to-before.from > b.places[i].at {
			return true
		}
	}
	return false
}

// stuff returns the sheet with every dot doubled that begins a line. What precedes it ended one, and no token has a dot.
func (b *sheet) stuff() *sheet {
	lines := append([]byte("\n"), b.bytes...)
	if !bytes.Contains(lines, []byte("\n.")) {
		return b
	}
	out := &sheet{bytes: appendStuffed(nil, b.bytes), length: b.length}
	for _, p := range b.places {
		p.at += bytes.Count(lines[:p.at+1], []byte("\n."))
		out.places = append(out.places, p)
	}
	return out
}

// appendStuffed doubles every dot that begins a line.
func appendStuffed(b, letter []byte) []byte {
	if len(letter) > 0 && letter[0] == '.' {
		b = append(b, '.')
	}
	for {
		i := bytes.Index(letter, []byte("\n."))
		if i < 0 {
			return append(b, letter...)
		}
		b = append(append(b, letter[:i+2]...), '.')
		letter = letter[i+2:]
	}
}

// size returns how many bytes the filled sheet has. That of no sheet is 0.
func (b *sheet) size() int {
	if b == nil {
		return 0
	}
	return len(b.bytes)
}

// appendTo appends the sheet with these tokens.
func (b *sheet) appendTo(to []byte, tokens []string) []byte {
	if b == nil {
		return to
	}
	start := len(to)
	to = append(to, b.bytes...)
	for _, p := range b.places {
		copy(to[start+p.at:], tokens[p.token][p.from:p.to])
	}
	return to
}

// Fill returns the letter of the reader on the label. A reader's address that cannot be written to is a
// permanent [*Refusal]; any other error is a fault of the label.
func (s *Stencil) Fill(l Label) (Envelope, error) {
	e, to, err := l.address(s.from)
	if err != nil {
		return Envelope{}, err
	}
	if l.Date.IsZero() {
		return Envelope{}, errors.New("a letter needs a date")
	}
	if err := s.takes(l); err != nil {
		return Envelope{}, err
	}
	head := make([]byte, 0, s.room)
	for _, p := range s.head {
		if p.name == "" {
			head = append(head, p.same...)
			continue
		}
		start := len(head)
		if head, err = s.appendOwn(head, p, l, to); err != nil {
			return Envelope{}, err
		}
		if err := fits(head[start:]); err != nil {
			return Envelope{}, err
		}
	}
	e.own, e.body, e.tokens = append(head, "\r\n"...), &s.body, l.Tokens
	return e, nil
}

// appendOwn appends a header that is the own of the label's reader.
func (s *Stencil) appendOwn(head []byte, p piece, l Label, to *stdmail.Address) ([]byte, error) {
	if p.own >= 0 {
		value, err := headerValue(p.name, l.Own[p.own].Value)
		return append(append(append(append(head, p.name...), ": "...), value...), "\r\n"...), err
	}
	switch p.name {
	case "To":
		return fold(head, p.name, to.String()), nil
	case "Date":
		return fold(head, p.name, l.Date.Format(time.RFC1123Z)), nil
	}
	id, err := l.id(s.from)
	return fold(head, p.name, "<"+id+">"), err
}

// takes says whether what is on a label fits into the places for it.
func (s *Stencil) takes(l Label) error {
	if !slices.EqualFunc(l.Own, s.own, func(h Header, name string) bool { return h.Name == name }) {
		return fmt.Errorf("letter %s: its own headers are others than the stencil's", l.Key)
	}
	if len(l.Tokens) != len(s.body.length) {
		return fmt.Errorf("letter %s: it has %d tokens and the stencil places for %d", l.Key, len(l.Tokens), len(s.body.length))
	}
	for i, token := range l.Tokens {
		if len(token) != s.body.length[i] || !isToken(token) {
			return fmt.Errorf("letter %s: a token of %d letters and digits does not fit: %.80q", l.Key, s.body.length[i], token)
		}
	}
	return nil
}

func isToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return s != ""
}

// fold writes a header as go-mail does: lines of 76 columns, broken at spaces.
func fold(b []byte, name, value string) []byte {
	b = append(append(b, name...), ": "...)
	room := 76 - 2 - len(name) - 2
	first := true
	for word := range strings.SplitSeq(value, " ") {
		if !first {
			b = append(b, ' ')
			room--
		}
		first = false
		if room-len(word) <= 1 {
			b = append(bytes.TrimSuffix(b, []byte(" ")), "\r\n "...)
			room = 76 - 3
		}
		b = append(b, word...)
		room -= len(word)
	}
	return append(b, "\r\n"...)
}

// next returns another character of the same kind.
func next(r rune) rune {
	switch r {
	case '9', 'Z', 'z':
		return r - 1
	}
	return r + 1
}

// prove fills the stencil with other tokens and compares what comes out with the same letter rendered from
// scratch: one more rendering for all readers, and no letter ever leaves with another one's token.
func (s *Stencil) prove(l Letter) error {
	others := slices.Clone(l.Tokens)
	for i, token := range l.Tokens {
		others[i] = strings.Map(next, token) // as hard to guess for who writes to us as the token
		l.Text, l.HTML = strings.ReplaceAll(l.Text, token, others[i]), strings.ReplaceAll(l.HTML, token, others[i])
	}
	l.Tokens = others
	want, err := Render(l)
	if err != nil {
		return err
	}
	got, err := s.Fill(l.Label)
	if err != nil {
		return err
	}
	if !bytes.Equal(got.AppendTo(nil), want.own) {
		return fmt.Errorf("letter %s: its stencil does not give the letter itself; its tokens may not be told from the rest", l.Key)
	}
	return nil
}

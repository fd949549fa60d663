package outbox

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"mime"
	stdmail "net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/wneessen/go-mail"
	"golang.org/x/net/idna"
)

// Letter is one mail to one reader, before it is put into an envelope.
type Letter struct {
	Label
	From    string            // RFC 5322 mailbox, with or without a name
	Subject string            // plain text
	HTML    string            // empty: the letter is plain text only
	Text    string            // required
	Headers map[string]string // further headers that are the same for all readers: List-Id, Auto-Submitted, …
}

// Label is what makes a letter the one of its reader. All else in the letters of one [Stencil] is the same.
type Label struct {
	Key          string    // the delivery's
	MessageID    string    // without brackets; empty: made by [MessageID]
	To           string    // the reader's mailbox
	EnvelopeFrom string    // where reports of failure go; empty: the address of From; "<>": nowhere
	Date         time.Time // required
	Own          []Header  // further ones of his alone: List-Unsubscribe, CFBL-Address, …
	Tokens       []string  // what in HTML and Text is of him alone: letters and digits, none a part of another
}

// Header is one line of a letter's head: its value is plain text, encoded where it must be.
type Header struct{ Name, Value string }

// Envelope is a letter on its way: rendered to the last byte, lines ended by CR LF, dots not yet stuffed.
type Envelope struct {
	Key  string
	From string // bare address; empty: the null sender
	To   string // bare address
	UTF8 bool   // an address needs SMTPUTF8

	own    []byte   // the whole letter; of one from a stencil its headers and the empty line behind them
	body   *sheet   // what follows on them; nil: nothing
	tokens []string // that are filled in there
}

// Size returns how many bytes the letter has.
func (e Envelope) Size() int { return len(e.own) + e.body.size() }

// AppendTo appends the letter's bytes to b. It may be called from any goroutine, and again.
func (e Envelope) AppendTo(b []byte) []byte { return e.body.appendTo(append(b, e.own...), e.tokens) }

// appendStuffedTo is AppendTo for DATA, in which a dot that begins a line is doubled (RFC 5321, 4.5.2).
func (e Envelope) appendStuffedTo(b []byte) []byte {
	b = appendStuffed(b, e.own)
	if e.body == nil {
		return b
	}
	return e.body.stuffed.appendTo(b, e.tokens)
}

// MessageID returns the id, without brackets, of the letter with this key: the key with its slashes
// turned to dots, at the domain of from. It is the same on every try.
func MessageID(key, from string) (string, error) {
	a, err := mailbox(from)
	if err != nil {
		return "", fmt.Errorf("sender %q: %w", from, err)
	}
	return messageIDAt(key, a)
}

func messageIDAt(key string, from *stdmail.Address) (string, error) {
	left := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r == '/':
			return '.'
		case r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(".-_+=", r)):
			return r
		}
		return '-'
	}, key), ".")
	if left == "" {
		return "", errors.New("a letter without a key has no message id")
	}
	return left + from.Address[strings.LastIndexByte(from.Address, '@'):], nil
}

// Render writes the letter as it goes over the wire: the same bytes for the same letter, every time. A
// reader's address that cannot be written to is a permanent [*Refusal]; any other error is a fault of the
// letter itself.
func Render(l Letter) (Envelope, error) {
	from, err := mailbox(l.From)
	if err != nil {
		return Envelope{}, fmt.Errorf("sender %q: %w", l.From, err)
	}
	e, to, err := l.address(from)
	if err != nil {
		return Envelope{}, err
	}
	m, err := compose(l, from, to)
	if err != nil {
		return Envelope{}, err
	}
	var wire bytes.Buffer
	if _, err := m.WriteTo(&wire); err != nil {
		return Envelope{}, fmt.Errorf("render letter %s: %w", l.Key, err)
	}
	e.own = wire.Bytes()
	return e, fits(e.own)
}

// fits says whether each line is one that mail can carry: 998 octets and CR LF (RFC 5322, 2.1.1).
func fits(lines []byte) error {
	for line := range bytes.Lines(lines) {
		if len(line) > 1000 {
			return fmt.Errorf("the line that begins %.40q is longer than mail allows", line)
		}
	}
	return nil
}

// address is the envelope of the label's reader, still empty, and his mailbox.
func (l Label) address(from *stdmail.Address) (Envelope, *stdmail.Address, error) {
	to, err := mailbox(l.To)
	if err != nil {
		return Envelope{}, nil, &Refusal{Code: 553, Enhanced: "5.1.3", Text: err.Error(), At: "rcpt"}
	}
	back, err := returnPath(l.EnvelopeFrom, from)
	if err != nil {
		return Envelope{}, nil, err
	}
	return Envelope{Key: l.Key, From: back, To: to.Address, UTF8: !isASCII(back) || !isASCII(to.Address) || !isASCII(from.Address)}, to, nil
}

// id is the letter's Message-ID, without brackets.
func (l Label) id(from *stdmail.Address) (string, error) {
	id := l.MessageID
	if id == "" {
		var err error
		if id, err = messageIDAt(l.Key, from); err != nil {
			return "", err
		}
	}
	if left, right, _ := strings.Cut(id, "@"); !isIDHalf(left) || !isIDHalf(right) {
		return "", fmt.Errorf("%q is not a message id", id)
	}
	return id, nil
}

// isIDHalf says of one side of a Message-ID whether it is fit for the header.
func isIDHalf(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == '<' || r == '>' || r == '@' })
}

// compose makes go-mail's message of the letter.
func compose(l Letter, from, to *stdmail.Address) (*mail.Msg, error) {
	if l.Text == "" || l.Date.IsZero() {
		return nil, errors.New("a letter needs a text and a date")
	}
	id, err := l.id(from)
	if err != nil {
		return nil, err
	}
	block, err := headerBlock(l.Headers, l.Own)
	if err != nil {
		return nil, err
	}
	m := mail.NewMsg(mail.WithEncoding(mail.EncodingQP), mail.WithNoDefaultUserAgent())
	m.SetBoundary(boundary(l))
	m.FromMailAddress(from)
	m.ToMailAddress(to)
	m.Subject(plain(l.Subject))
	m.SetMessageIDWithValue(id)
	m.SetDateWithValue(l.Date)
	if name, value, ok := strings.Cut(block, ": "); ok {
		m.SetGenHeaderPreformatted(mail.Header(name), value)
	}
	m.SetBodyString(mail.TypeTextPlain, strings.ToValidUTF8(l.Text, "\uFFFD"))
	if l.HTML != "" {
		m.AddAlternativeString(mail.TypeTextHTML, strings.ToValidUTF8(l.HTML, "\uFFFD"))
	}
	return m, nil
}

var (
	headerName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)
	ownHeader  = regexp.MustCompile(`^(?i:from|to|cc|bcc|subject|date|message-id|mime-version|user-agent|content-.*)$`)
)

// headerBlock writes the further headers, sorted. They are one block because go-mail would write several
// prepared headers in the order of a map, and each on one line where 998 octets allow it, because folded
// List-Unsubscribe headers have broken signatures at relays.
func headerBlock(shared map[string]string, own []Header) (string, error) {
	all := make(map[string]string, len(shared)+len(own))
	maps.Copy(all, shared)
	for _, h := range own {
		all[h.Name] = h.Value
	}
	if len(all) < len(shared)+len(own) {
		return "", errors.New("a further header stands once: the same for all readers, or each one's own")
	}
	lines := []string{"User-Agent: Tidings"}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if !headerName.MatchString(name) || ownHeader.MatchString(name) {
			return "", fmt.Errorf("%q cannot be set as a further header", name)
		}
		value, err := headerValue(name, all[name])
		if err != nil {
			return "", err
		}
		lines = append(lines, name+": "+value)
	}
	return strings.Join(lines, "\r\n"), nil
}

// headerValue is a further header's value as it is written.
func headerValue(name, value string) (string, error) {
	value = plain(value)
	if strings.EqualFold(name, "Reply-To") {
		a, err := mailbox(value)
		if err != nil {
			return "", fmt.Errorf("reply-to %q: %w", value, err)
		}
		value = a.String()
	}
	if isASCII(value) {
		return value, nil
	}
	words, bracket := value, ""
	if i := strings.LastIndex(value, " <"); i >= 0 && !isASCII(value[:i]) {
		words, bracket = value[:i], value[i:] // only the phrase before an id or address is encoded
	}
	return strings.ReplaceAll(mime.QEncoding.Encode("utf-8", words), "?= =?", "?=\r\n =?") + bracket, nil
}

// boundary is made from all that the letter says, so no content can contain it by intent. It is the same for
// every reader, since his tokens do not count.
func boundary(l Letter) string {
	h := sha256.New()
	for _, part := range []string{l.From, l.Subject, l.Text, l.HTML} {
		for _, token := range l.Tokens {
			part = strings.ReplaceAll(part, token, "")
		}
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return fmt.Sprintf("tidings-%x", h.Sum(nil)[:16])
}

// returnPath is the envelope's sender.
func returnPath(given string, from *stdmail.Address) (string, error) {
	switch given {
	case "":
		return from.Address, nil
	case "<>":
		return "", nil
	}
	a, err := mailbox(given)
	if err != nil {
		return "", fmt.Errorf("envelope sender %q: %w", given, err)
	}
	return a.Address, nil
}

// mailbox reads one mailbox whose address is fit for the wire: no quoted local part, no domain literal,
// an IDN domain as A-labels.
func mailbox(s string) (*stdmail.Address, error) {
	if isUsual(s) {
		return &stdmail.Address{Address: s}, nil
	}
	return parseMailbox(s)
}

func parseMailbox(s string) (*stdmail.Address, error) {
	a, err := stdmail.ParseAddress(s)
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "mail: "))
	}
	at := strings.LastIndexByte(a.Address, '@')
	local, domain := a.Address[:at], a.Address[at+1:]
	if local == "" || strings.ContainsFunc(local, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`"<>()[]\,:;@`, r)
	}) {
		return nil, errors.New("its part before the @ would have to be quoted")
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || ascii == "" {
		return nil, fmt.Errorf("%q is not a domain name", domain)
	}
	return &stdmail.Address{Name: plain(a.Name), Address: local + "@" + ascii}, nil
}

// isUsual says at once of most readers' addresses that nothing about them is odd: words of letters and digits that
// single characters part. A test compares it with what parsing finds.
func isUsual(s string) bool {
	at, parted := false, true // by the character before
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			parted = false
			continue
		case parted:
			return false
		case c == '@':
			if at {
				return false
			}
			at = true
		case c != '.' && c != '-' && (at || c != '+' && c != '_'):
			return false
		}
		parted = true
	}
	return at && !parted
}

// plain makes one line of s: every run of blanks and control characters becomes one space.
func plain(s string) string {
	if isPlain(s) {
		return s
	}
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
}

// isPlain says at once of most texts that they are plain: of printable ASCII, with single spaces within.
func isPlain(s string) bool {
	last := byte(' ')
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == ' ' && last == ' ' {
			return false
		}
		last = s[i]
	}
	return last != ' '
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

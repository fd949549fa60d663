package mailin

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"net/mail"
	"regexp"
	"strings"

	"github.com/jhillyerd/enmime/v2"
)

// What is read of a mail. Whoever writes to us says what he wants at the beginning, and so does a server that
// returns a letter; the rest is attachments, or an attack. So any mail is read in bounded time and memory.
const (
	reach      = 512 << 10 // octets
	deepest    = 10        // mentions of a boundary, so as many levels at most: the parser's time doubles with each
	mostParts  = 1000      // lines that may be one
	mostText   = 64 << 10  // octets of text looked at
	mostFields = 1000      // of a header

	mostRecipients = 20 // of a report; ours go to one each
)

// letter is a mail taken apart.
type letter struct {
	*enmime.Envelope
	raw []byte // as far as it was read
	env Envelope
}

func open(r io.Reader, env Envelope) (*letter, error) {
	raw, err := io.ReadAll(io.LimitReader(r, reach))
	if err != nil {
		return nil, fmt.Errorf("read mail: %w", err)
	}
	raw = beginning(bytes.ReplaceAll(raw, []byte{0}, nil))
	parser := enmime.NewParser(enmime.DisableTextConversion(true), enmime.MultipartWOBoundaryAsSinglePart(true), enmime.MaxStoredPartErrors(20),
		enmime.SetReadPartErrorPolicy(func(*enmime.Part, error) bool { return true }))
	e, err := parser.ReadEnvelope(bytes.NewReader(raw))
	if err != nil || e.Root == nil {
		// Its structure is past mending: it is read as one text, for its header may still say what it is.
		_, body := split(raw)
		e, err = parser.ReadEnvelope(io.MultiReader(strings.NewReader(plainHeader(raw)), bytes.NewReader(body)))
	}
	if err != nil {
		return nil, nil //nolint:nilerr,nilnil // no error: bytes that are no mail have a meaning too, see Read
	}
	return &letter{e, raw, env}, nil
}

var (
	boundary = pattern(`(?i)boundary`)
	ruled    = pattern(`(?m)^--`)
)

// beginning is where a mail's parts are still few and not nested too deep. A mbox's separator is left out.
func beginning(raw []byte) []byte {
	raw = bytes.TrimLeft(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")), "\r\n")
	if bytes.HasPrefix(raw, []byte("From ")) {
		_, raw, _ = bytes.Cut(raw, []byte("\n"))
	}
	raw = before(raw, boundary(), deepest)
	raw = before(raw, ruled(), mostParts)
	header, _ := split(raw)
	if ends := newline().FindAllIndex(header, mostFields+1); len(ends) > mostFields {
		raw = append(bytes.Clone(header[:ends[mostFields][0]]), "\n\n"...)
	}
	return raw
}

// before is what stands before the sign comes once more than it may.
func before(raw []byte, sign *regexp.Regexp, most int) []byte {
	if found := sign.FindAllIndex(raw, most+1); len(found) > most {
		return raw[:found[most][0]]
	}
	return raw
}

var (
	newline = pattern(`\n`)
	blank   = pattern(`\r?\n\r?\n`)
)

// split parts a mail's header from its body.
func split(raw []byte) (header, body []byte) {
	if at := blank().FindIndex(raw); at != nil {
		return raw[:at[0]+1], raw[at[1]:]
	}
	return raw, nil
}

// plainHeader is the header without the fields that tell of a structure.
func plainHeader(raw []byte) string {
	header, _ := split(raw)
	var kept strings.Builder
	fields := groups(header)[0]
	for name, values := range fields {
		if strings.HasPrefix(name, "Content-") {
			continue
		}
		for _, value := range values {
			fmt.Fprintf(&kept, "%s: %s\r\n", name, value)
		}
	}
	return kept.String() + "\r\n"
}

// said is the text that a person wrote: the plain one, or else that of the page he wrote.
func (l *letter) said() string {
	text := clip(l.Text)
	if strings.TrimSpace(text) == "" {
		text = textOfPage(clip(l.HTML))
	}
	if strings.TrimSpace(text) == "" && strings.HasPrefix(l.low("Content-Type"), "multipart/") {
		_, body := split(l.raw) // its parts could not be told apart
		text = partLine().ReplaceAllString(clip(string(body)), "")
	}
	return lines(text)
}

var partLine = pattern(`(?im)^(--\S.*|content-[a-z-]+:.*)$`)

// told is all the text of a report but the letter returned with it: servers spread their words over parts, and
// forget to say of what kind they are.
func (l *letter) told() string {
	var all strings.Builder
	for _, part := range l.Root.DepthMatchAll(func(p *enmime.Part) bool { return p.FirstChild == nil }) {
		kind := strings.ToLower(part.ContentType)
		words := kind == "" || kind == "text/plain" || kind == "message/delivery-status" && !statusField().Match(part.Content)
		if words && all.Len() < mostText {
			all.Write(part.Content[:min(len(part.Content), mostText)])
			all.WriteString("\n")
		}
	}
	text := clip(all.String())
	if strings.TrimSpace(text) == "" {
		text = textOfPage(clip(l.HTML))
	}
	if strings.TrimSpace(text) == "" {
		_, body := split(l.raw)
		text = clip(string(body))
	}
	return lines(text)
}

// statusField begins a field that every delivery status has (RFC 3464, section 2): a part without is mere words.
var statusField = pattern(`(?im)^(?:reporting-mta|final-recipient|original-recipient):`)

func clip(s string) string { return strings.ToValidUTF8(s[:min(len(s), mostText)], "\uFFFD") }

// lines gives every line the same end.
func lines(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}

func (l *letter) low(name string) string {
	return strings.ToLower(strings.TrimSpace(l.GetHeader(name)))
}

func (l *letter) has(names ...string) bool {
	for _, name := range names {
		if len(l.GetHeaderValues(name)) > 0 {
			return true
		}
	}
	return false
}

// addresses are those in the fields of these names, in lower case.
func (l *letter) addresses(names ...string) (all []string) {
	for _, name := range names {
		for _, value := range l.GetHeaderValues(name) {
			for _, found := range address().FindAllString(value, 50) {
				all = append(all, strings.ToLower(found))
			}
		}
	}
	return all
}

// writer is the one address in From, or nobody.
func (l *letter) writer() string {
	all := l.GetHeaderValues("From")
	if len(all) != 1 {
		return ""
	}
	list, err := (&mail.AddressParser{WordDecoder: &mime.WordDecoder{}}).ParseList(all[0])
	if err == nil && len(list) == 1 {
		return strings.ToValidUTF8(strings.ToLower(list[0].Address), "\uFFFD")
	}
	if found := address().FindAllString(all[0], 2); len(found) == 1 {
		return strings.ToLower(found[0])
	}
	return ""
}

// null tells whether the mail has no sender to answer to, as reports must not (RFC 5321, section 4.5.5).
func (l *letter) null() bool {
	return l.env.Sender == "<>" || l.env.Sender == "" && l.has("Return-Path") && strings.TrimSpace(l.GetHeader("Return-Path")) == "<>"
}

var address = pattern(addressForm)

const addressForm = `[A-Za-z0-9.!#$%&'*+/=?^_{|}~\x60-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?`

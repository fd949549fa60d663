package feed

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// maxExpanded bounds what comes out of gzip bytes in a document, so that a small file cannot fill memory.
const maxExpanded = 16 << 20

// declared finds the encoding that a document names for itself: in an XML declaration or a meta element.
var declared = pattern(`(?i)(?:<\?xml[^>]*?encoding\s*=\s*["']\s*|<meta[^>]+charset\s*=\s*["']?\s*)([a-z0-9][\w.:+-]*)`)

// expand undoes gzip when the bytes are gzip's, whatever the document is called.
func expand(body []byte) ([]byte, error) {
	if !isPacked(body) {
		return body, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("its gzip wrapping is broken: %w", err)
	}
	plain, err := io.ReadAll(io.LimitReader(z, maxExpanded+1))
	if len(plain) > maxExpanded {
		return nil, fmt.Errorf("it holds more than %d MiB when unpacked", maxExpanded>>20)
	}
	// A cut-off archive still gives what came before the cut.
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("its gzip wrapping is broken: %w", err)
	}
	return plain, nil
}

// decode turns a document's bytes into valid UTF-8 text. What the bytes themselves say goes before what
// anyone says about them: a byte-order mark, the zero bytes of UTF-16 and UTF-32, then text that is
// valid UTF-8; after these the label of the HTTP header, the document's own, and at last UTF-8 with a
// few broken letters or Windows-1252. A label that leaves broken letters behind is not believed.
func decode(body []byte, contentType string) string {
	if enc := marked(body); enc != nil {
		return strings.TrimRight(toUTF8(body, enc), halfLetter)
	}
	body = withoutHalf(body)
	labels := labelsOf(body, contentType)
	if utf8.Valid(body) && !(isASCII(body) && hasStateful(labels)) {
		return string(body)
	}
	for _, label := range labels {
		if enc := named(label); enc != nil {
			if s := strings.TrimRight(toUTF8(body, enc), halfLetter); !strings.ContainsRune(s, utf8.RuneError) {
				return s
			}
		}
	}
	if nearlyUTF8(body) {
		return strings.ToValidUTF8(string(body), "\uFFFD")
	}
	return toUTF8(body, charmap.Windows1252)
}

// halfLetter is what a letter becomes that cannot be decoded. At the end of a document it is one that was cut
// through, and proves nothing.
const halfLetter = string(utf8.RuneError)

// withoutHalf takes off the first bytes of a letter of UTF-8 with which a document ends that was cut off.
func withoutHalf(b []byte) []byte {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if tail := b[len(b)-n:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) && utf8.Valid(b[:len(b)-n]) {
				return b[:len(b)-n]
			}
			break
		}
	}
	return b
}

// marked returns the encoding that the first bytes prove, nil if they prove none.
func marked(b []byte) encoding.Encoding {
	starts := func(s string) bool { return strings.HasPrefix(string(b[:min(len(b), 4)]), s) }
	switch {
	case starts("\xef\xbb\xbf"):
		return unicode.UTF8BOM
	case starts("\xff\xfe\x00\x00"), starts("<\x00\x00\x00"):
		return utf32.UTF32(utf32.LittleEndian, utf32.UseBOM)
	case starts("\x00\x00\xfe\xff"), starts("\x00\x00\x00<"):
		return utf32.UTF32(utf32.BigEndian, utf32.UseBOM)
	case starts("\xff\xfe"), starts("<\x00"), starts("{\x00"):
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case starts("\xfe\xff"), starts("\x00<"), starts("\x00{"):
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case starts("\x4c\x6f\xa7\x94"): // "<?xm" in EBCDIC
		return charmap.CodePage037
	}
	return halfEmpty(b)
}

// halfEmpty tells a text of 16-bit units without a mark by the zero bytes of its Latin letters: they stand
// at every second place, and at the other ones there is none.
func halfEmpty(b []byte) encoding.Encoding {
	var zeros [2]int
	b = b[:min(len(b), 512)]
	for i, c := range b {
		if c == 0 {
			zeros[i%2]++
		}
	}
	switch most := len(b) / 2 * 7 / 10; {
	case len(b) < 8:
	case zeros[0] == 0 && zeros[1] > most:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case zeros[1] == 0 && zeros[0] > most:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	return nil
}

// labelsOf lists what the HTTP header and then the document say of its encoding.
func labelsOf(body []byte, contentType string) []string {
	var labels []string
	if _, params, err := mime.ParseMediaType(contentType); err == nil && params["charset"] != "" {
		labels = append(labels, params["charset"])
	}
	if m := declared().FindSubmatch(body[:min(len(body), 4096)]); m != nil {
		labels = append(labels, string(m[1]))
	}
	return labels
}

// named finds an encoding by name. IANA's names come first, for they hold more; a name of 16- or 32-bit
// units on bytes that marked did not know is a mistake.
func named(label string) encoding.Encoding {
	label = strings.ToLower(strings.TrimSpace(label))
	if strings.HasPrefix(label, "utf-16") || strings.HasPrefix(label, "utf-32") || strings.HasPrefix(label, "utf-8") || strings.Contains(label, "ucs-") {
		return nil
	}
	if enc, err := ianaindex.IANA.Encoding(label); err == nil && enc != nil {
		return enc
	}
	enc, _ := charset.Lookup(label)
	return enc
}

// hasStateful tells whether a label names an encoding that hides its letters in ASCII bytes.
func hasStateful(labels []string) bool {
	for _, l := range labels {
		l = strings.ToLower(l)
		if strings.HasPrefix(l, "iso-2022") || strings.HasPrefix(l, "hz-gb") || strings.HasPrefix(l, "csiso2022") {
			return true
		}
	}
	return false
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// nearlyUTF8 tells whether fewer than a quarter of the letters beyond ASCII are broken.
func nearlyUTF8(b []byte) bool {
	good, bad := 0, 0
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			bad++
		case n > 1:
			good++
		}
		b = b[n:]
	}
	return bad*3 < good
}

// toUTF8 decodes; what cannot be decoded becomes U+FFFD.
func toUTF8(b []byte, enc encoding.Encoding) string {
	s, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(s), "\uFFFD")
	}
	return string(s)
}

// tidied is a text without what [tidyRune] does away with; nearly every document is so already.
func tidied(s string) string {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 0x20 && c < 0x7f, c == '\t', c == '\n', c == '\r', c >= 0x80 && c != 0xc2 && c != 0xef:
		case c == 0xc2 && i+1 < len(s) && s[i+1] >= 0xa0, c == 0xef && i+1 < len(s) && s[i+1] != 0xb7 && s[i+1] < 0xbb:
		default:
			return s[:i] + strings.Map(tidyRune, s[i:])
		}
	}
	return s
}

// tidyRune drops what neither XML nor a letter may hold, and reads the control characters U+0080 to
// U+009F as the Windows-1252 letters that were meant. Use with [strings.Map].
func tidyRune(r rune) rune {
	switch {
	case r == '\t' || r == '\n' || r == '\r':
		return r
	case r < 0x20, r == 0x7f, r == 0xfeff, r == 0xfffe, r == 0xffff, r >= 0xfdd0 && r <= 0xfdef:
		return -1
	case r >= 0x80 && r <= 0x9f:
		if w := charmap.Windows1252.DecodeByte(byte(r)); w != utf8.RuneError && w != r {
			return w
		}
		if r == 0x85 {
			return '\n'
		}
		return -1
	}
	return r
}

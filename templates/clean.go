package templates

import (
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/text/language"
)

// Bounds on outside text, in characters; what is longer is cut at a word.
const (
	longestHeadline = 300
	longestSummary  = 900
	longestName     = 60
	longestLink     = 2000
)

// Headline writes a title as letters print it: one line without controls and direction overrides, not too long.
func Headline(title string) string { return clean(title, longestHeadline) }

// clean makes outside text one line of printable characters: no controls, no direction overrides, no
// invisible ends, at most max characters.
func clean(s string, max int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), r == '\u2028', r == '\u2029', r == '\u200b':
			return ' '
		case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\ufeff', r == '\u00ad':
			return -1
		case unicode.IsControl(r), r == unicode.ReplacementChar, unicode.Is(unicode.Noncharacter_Code_Point, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return cut(strings.Join(strings.Fields(s), " "), max)
}

// cut shortens s to at most max characters, an ellipsis included, at a word boundary if one is near.
func cut(s string, max int) string {
	runes := []rune(s)
	if len(runes) <= max {
		return s
	}
	end := max - 1
	for i := end; i > end/2; i-- {
		if runes[i] == ' ' {
			end = i
			break
		}
	}
	head := strings.TrimRightFunc(string(runes[:end]), func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(",;:–—-(«“\"'", r)
	})
	return head + "…"
}

// link returns an absolute http or https address in plain ASCII, or nothing.
func link(s string) string {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || u.Host == "" || u.User != nil || len(s) > longestLink {
		return ""
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	const hex = "0123456789ABCDEF"
	var out strings.Builder
	for _, c := range []byte(u.String()) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"'<>\^`+"`{|}", c) >= 0 {
			out.Write([]byte{'%', hex[c>>4], hex[c&15]})
			continue
		}
		out.WriteByte(c)
	}
	return out.String()
}

// outside returns the address of an article. The reserved hosts under .invalid are ours, see [Set.Print].
func outside(s string) string {
	l := link(s)
	if strings.HasSuffix(strings.ToLower(host(l)), ".invalid") {
		return ""
	}
	return l
}

// picture returns the address of a picture: https alone, since mail programs show no other.
func picture(s string) string {
	if l := outside(s); strings.HasPrefix(l, "https://") {
		return l
	}
	return ""
}

// tag returns a language tag in its canonical form, or nothing when it is not one.
func tag(lang string) string {
	t, err := language.Parse(lang)
	if err != nil || t == language.Und {
		return ""
	}
	return t.String()
}

// sameLanguage compares the languages without their regions; an unknown one differs from none.
func sameLanguage(a, b string) bool {
	if a == "" || b == "" {
		return true
	}
	x, _ := language.Make(a).Base()
	y, _ := language.Make(b).Base()
	return x == y
}

// rightToLeft says whether a language is written from the right.
func rightToLeft(t language.Tag) bool {
	script, _ := t.Script()
	switch script.String() {
	case "Arab", "Hebr", "Syrc", "Thaa", "Nkoo", "Adlm", "Rohg":
		return true
	}
	return false
}

// direction returns the direction of a text by its letters, the language deciding for mixed ones.
func direction(s, lang string) string {
	var right, left int
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Adlam):
			right++
		case unicode.IsLetter(r):
			left++
		}
	}
	if right > left || right > 0 && lang != "" && rightToLeft(language.Make(lang)) {
		return "rtl"
	}
	return "ltr"
}

// host names a site by its address: "example.org".
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.Hostname(), "www.")
}

package subscribers

import (
	"errors"
	"net/mail"
	"strings"
	"testing"
	"unicode"
)

func TestNormalise(t *testing.T) {
	for in, want := range map[string]string{
		" Ada.Lovelace+digest@Example.ORG\n":     "ada.lovelace+digest@example.org",
		"a@BÜCHER.example":                       "a@xn--bcher-kva.example",
		"a@xn--bcher-kva.example":                "a@xn--bcher-kva.example",
		"root@localhost":                         "root@localhost",
		"Jürgen@example.org":                     "jürgen@example.org",
		"o'brien@example.org":                    "o'brien@example.org",
		"a@1.example":                            "a@1.example",
		strings.Repeat("l", 64) + "@example.org": strings.Repeat("l", 64) + "@example.org",
	} {
		if got, err := Normalise(in); got != want || err != nil {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for in, why := range map[string]string{
		"": "empty", "  ": "empty", "ada": "exactly one @", "a@b@c.org": "exactly one @", "@example.org": "of the form", "a@": "of the form",
		"Ada <a@example.org>": "blank", "<a@example.org>": "one of", "a@example.org,b@example.org": "one of", `"a"@example.org`: "one of",
		"a@[127.0.0.1]": "one of", "a@127.0.0.1": "not a domain", "a@intranet": "not a domain", "a@example.org.": "of the form",
		"a@example..org": "of the form", "a@b。。org": "not a domain", "a..b@example.org": "of the form", ".a@example.org": "of the form", "a@-b.org": "not a domain", "a@b_c.org": "not a domain",
		"a@b\r\nBcc: c@example.org": "blank", "a\x00b@example.org": "blank", "a\u200bb@example.org": "blank", "a\u202eb@example.org": "blank", "a(x)@example.org": "one of",
		strings.Repeat("l", 65) + "@example.org":                      "longer than 64",
		"a@" + strings.Repeat(strings.Repeat("d", 60)+".", 5) + "org": "longer than 254",
		"a@" + strings.Repeat("d", 64) + ".org":                       "not a domain",
		strings.Repeat("x", 5000):                                     "longer than 254",
	} {
		got, err := Normalise(in)
		if got != "" || !errors.Is(err, ErrAddress) || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %q, %v, want %s", in, got, err, why)
		}
	}
}

// What Normalise lets pass is safe on the wire, and stays what it is.
func FuzzNormalise(f *testing.F) {
	for _, s := range []string{"ada@example.org", "Jürgen@BÜCHER.example", "İ@example.org", "a@b。c", "\"a b\"@c.d", "a@b\r\n.c", "ǅ@ß.de", "a@xn--.de"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := Normalise(s)
		if err != nil {
			if got != "" || !errors.Is(err, ErrAddress) {
				t.Errorf("%q: %q, %v", s, got, err)
			}
			return
		}
		if again, err := Normalise(got); again != got || err != nil {
			t.Errorf("%q becomes %q becomes %q, %v", s, got, again, err)
		}
		if a, err := mail.ParseAddress(got); err != nil || a.Address != got {
			t.Errorf("%q: net/mail reads %v, %v", got, a, err)
		}
		if len(got) > longestAddress || strings.ContainsAny(got, "<> \"\r\n\x00") || strings.ContainsFunc(got, unicode.IsControl) {
			t.Errorf("%q is let pass", got)
		}
	})
}

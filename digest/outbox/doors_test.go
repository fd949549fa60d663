package outbox

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseURL(t *testing.T) {
	for url, want := range map[string]SMTPConfig{
		"smtp://me@mail.example.org:2587":              {Host: "mail.example.org", Port: 2587, TLS: STARTTLS, User: "me"},
		"smtp://mail.example.org":                      {Host: "mail.example.org", Port: 587, TLS: STARTTLS},
		"smtps://me%40x.org:p%2Fw%3A@mail.example.org": {Host: "mail.example.org", Port: 465, TLS: Implicit, User: "me@x.org", Password: "p/w:"},
		"smtp://localhost:25?tls=none":                 {Host: "localhost", Port: 25, TLS: None},
		"smtp://[::1]:25/?tls=opportunistic":           {Host: "::1", Port: 25, TLS: Opportunistic},
		"smtp://mail.example.org?tls=starttls":         {Host: "mail.example.org", Port: 587, TLS: STARTTLS},
	} {
		got, err := ParseURL(url)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", url, err, diff)
		}
	}
	for url, fault := range map[string]string{
		"":                                    "smtp:// or smtps://",
		"mail.example.org:587":                "smtp:// or smtps://",
		"http://mail.example.org":             "smtp:// or smtps://",
		"smtp://":                             "names no host",
		"smtp://me:se/cret@mail.example.org":  "as %40, %2F",
		"smtp://me:se#cret@mail.example.org":  "as %40, %2F",
		"smtp://me:se%cret@mail.example.org":  "as %40, %2F",
		"smtp://:secret@mail.example.org":     "no user",
		"smtp://mail.example.org:70000":       "70000 is not a port",
		"smtp://mail.example.org?tls=yes":     "?tls=yes is not known",
		"smtp://mail.example.org?ssl=none":    "?ssl=",
		"smtps://mail.example.org?tls=none":   "always encrypted",
		"smtp://me@mail.example.org?tls=none": "show the password",
		"smtp://mail.example.org?tls=%zz":     "cannot be read",
	} {
		c, err := ParseURL(url)
		if err == nil || !strings.Contains(err.Error(), fault) || strings.Contains(err.Error(), "cret") {
			t.Errorf("%s: %v", url, err)
		}
		if c.Host != "" {
			t.Errorf("%s: %+v beside an error", url, c)
		}
	}
}

func TestMaildrop(t *testing.T) {
	m := Maildrop{Dir: filepath.Join(t.TempDir(), "a", "outbox")}
	c, err := m.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{"first", "second"} { // the same letter again replaces itself
		if _, err := announceAndCarry(t.Context(), c, Envelope{Key: "daily/2026-11-23T0700/42", own: []byte(body)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := announceAndCarry(t.Context(), c, Envelope{Key: "../../etc/passwd\x00 à", own: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(m.Dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	if diff := cmp.Diff([]string{"daily.2026-11-23T0700.42.eml", "etc.passwd___.eml"}, names); diff != "" {
		t.Error(diff)
	}
	if data, err := os.ReadFile(m.Path("daily/2026-11-23T0700/42")); err != nil || string(data) != "second" {
		t.Errorf("%q, %v", data, err)
	}
	os.RemoveAll(m.Dir)
	if _, err := announceAndCarry(t.Context(), c, Envelope{Key: "a"}); err == nil || isClean(err) {
		t.Errorf("without its folder: %v", err)
	}
}

func TestRefusalPermanent(t *testing.T) {
	for want, all := range map[bool][]Refusal{
		true: {{Code: 550, Enhanced: "5.1.1", At: "rcpt"}, {Code: 550, At: "dot"}, {Code: 554, Enhanced: "5.7.1", At: "dot"},
			{Code: 554, Enhanced: "5.7.1", Text: "closed group", At: "rcpt"}, {Code: 501, At: "mail"}},
		false: {{Code: 450, At: "rcpt"}, {Code: 421, At: "dot"}, {Code: 503, At: "mail"}, {Code: 530, At: "mail"}, {Code: 535, At: "mail"},
			{Code: 552, Enhanced: "5.2.2", At: "dot"}, {Code: 550, Enhanced: "5.2.2", At: "rcpt"}, {Code: 550, Enhanced: "5.7.26", At: "mail"},
			{Code: 553, Enhanced: "5.1.8", At: "mail"}, {Code: 554, At: "connect"}, {Code: 554, At: "data"}, {Code: 554, Enhanced: "5.7.1", Text: "Relay access denied", At: "rcpt"}},
	} {
		for _, r := range all {
			if r.Permanent() != want {
				t.Errorf("%v: permanent is %v", &r, !want)
			}
		}
	}
}

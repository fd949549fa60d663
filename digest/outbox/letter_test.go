package outbox

import (
	"bytes"
	"flag"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// letters are rendered to testdata/<name>.eml.
func letters() map[string]Letter {
	date := time.Date(2026, 11, 23, 7, 0, 5, 0, time.FixedZone("", 3600))
	return map[string]Letter{
		"daily": {
			Label: Label{Key: "daily/2026-11-23T0700/42", To: "reader@example.net", EnvelopeFrom: "daily+b-abc@example.org", Date: date},
			From:  "AI Daily <daily@example.org>", Subject: "Chips, models and a lawsuit",
			Text: "AI DAILY\n\n.a line that begins with a dot\n.\nFrom a line that begins with From\n" + strings.Repeat("long ", 300) + "\n",
			HTML: "<!doctype html>\n<p style=\"color: #333\">" + strings.Repeat("long ", 300) + "</p>\n",
			Headers: map[string]string{
				"List-Unsubscribe":      "<https://example.org/leave/" + strings.Repeat("a", 32) + ">, <mailto:daily+u-" + strings.Repeat("a", 32) + "@example.org?subject=unsubscribe>",
				"List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "List-Id": "AI Daily <daily.example.org>",
				"Auto-Submitted": "auto-generated", "Precedence": "bulk", "Reply-To": "daily+help@example.org",
			},
		},
		"confirm": {
			Label:   Label{Key: "confirm/42/1", To: "Jürgen <reader@münchen.example>", EnvelopeFrom: "<>", Date: date},
			From:    "L’età dell’IA <quotidiano@bücher.example>",
			Subject: "Confermi l’iscrizione? È un attimo, e poi ogni mattina il meglio dell’intelligenza artificiale",
			Text:    "Perché sì: è così.\n", Headers: map[string]string{"List-Id": "L’età <quotidiano.example>"},
		},
	}
}

func TestRenderGolden(t *testing.T) {
	for name, l := range letters() {
		e, err := Render(l)
		if err != nil {
			t.Fatal(name, err)
		}
		file := filepath.Join("testdata", name+".eml")
		if *update {
			if err := os.WriteFile(file, e.own, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(e.own)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		for range 5 {
			if again, _ := Render(l); !bytes.Equal(again.own, e.own) {
				t.Errorf("%s is not the same twice", name)
			}
		}
	}
}

func TestRenderParsesBack(t *testing.T) {
	l := letters()["daily"]
	e, err := Render(l)
	if err != nil {
		t.Fatal(err)
	}
	m, err := mail.ReadMessage(bytes.NewReader(e.own))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range l.Headers {
		if got := m.Header.Get(name); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := m.Header.Get("Message-Id"); got != "<daily.2026-11-23T0700.42@example.org>" {
		t.Errorf("Message-ID %s", got)
	}
	if e.From != "daily+b-abc@example.org" || e.To != "reader@example.net" || e.UTF8 {
		t.Errorf("envelope %+v", e)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatal(kind, err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for _, want := range []struct{ kind, body string }{{"text/plain; charset=UTF-8", l.Text}, {"text/html; charset=UTF-8", l.HTML}} {
		p, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Header.Get("Content-Type"); got != want.kind {
			t.Errorf("part is %s, want %s", got, want.kind)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil || string(body) != crlf(want.body) {
			t.Errorf("%s: %v %s", want.kind, err, cmp.Diff(crlf(want.body), string(body)))
		}
	}
	if _, err := parts.NextRawPart(); err != io.EOF {
		t.Errorf("after the parts: %v", err)
	}
	for l := range bytes.Lines(e.own) {
		if !bytes.HasSuffix(l, []byte("\r\n")) {
			t.Errorf("line without CR LF: %q", l)
		}
	}
}

func TestRenderForeign(t *testing.T) {
	e, err := Render(letters()["confirm"])
	if err != nil {
		t.Fatal(err)
	}
	m, err := mail.ReadMessage(bytes.NewReader(e.own))
	if err != nil {
		t.Fatal(err)
	}
	from, err := mail.ParseAddress(m.Header.Get("From"))
	if err != nil || from.Name != "L’età dell’IA" || from.Address != "quotidiano@xn--bcher-kva.example" {
		t.Errorf("From %v, %v", from, err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if want := letters()["confirm"].Subject; err != nil || subject != want {
		t.Errorf("Subject %q, %v", subject, err)
	}
	if e.From != "" || e.To != "reader@xn--mnchen-3ya.example" || e.UTF8 {
		t.Errorf("envelope %q to %q, %v", e.From, e.To, e.UTF8)
	}
	if kind := m.Header.Get("Content-Type"); kind != "text/plain; charset=UTF-8" {
		t.Errorf("a letter without HTML is %s", kind)
	}
	if !isASCII(string(e.own)) {
		t.Error("the letter is not ASCII")
	}
}

func TestRenderNeedsUTF8(t *testing.T) {
	l := letters()["daily"]
	l.To = "jürgen@example.net"
	e, err := Render(l)
	if err != nil || !e.UTF8 || e.To != l.To {
		t.Fatalf("%+v, %v", e, err)
	}
	contains(t, e.own, "To: <jürgen@example.net>\r\n")
}

// Nothing from outside can add a header, end the headers, or smuggle a recipient.
func TestRenderInjection(t *testing.T) {
	evil := "Hello\r\nBcc: victim@example.net\r\n\r\nbody\n\tx\x00y\u2028z"
	l := letters()["daily"]
	l.Subject = evil
	l.Headers["List-Id"] = evil
	l.From = "\"AI\\\r\n Daily\" <daily@example.org>"
	e, err := Render(l)
	if err == nil {
		m, err := mail.ReadMessage(bytes.NewReader(e.own))
		if err != nil || m.Header.Get("Bcc") != "" || !strings.Contains(m.Header.Get("List-Id"), "Bcc: victim") {
			t.Errorf("%v %q", err, m.Header)
		}
	}
	for what, spoil := range map[string]func(*Letter){
		"header name":     func(l *Letter) { l.Headers["X-A: b\r\nBcc"] = "victim@example.net" },
		"own header":      func(l *Letter) { l.Headers["bcc"] = "victim@example.net" },
		"envelope sender": func(l *Letter) { l.EnvelopeFrom = "a@example.org>\r\nRCPT TO:<victim@example.net" },
		"quoted sender":   func(l *Letter) { l.EnvelopeFrom = `"a> SIZE=1"@example.org` },
		"message id":      func(l *Letter) { l.MessageID = "a@b>\r\nBcc: victim@example.net" },
		"no text":         func(l *Letter) { l.Text = "" },
		"no date":         func(l *Letter) { l.Date = time.Time{} },
		"endless line":    func(l *Letter) { l.Headers["X-Long"] = strings.Repeat("x", 2000) },
		"reply-to":        func(l *Letter) { l.Headers["Reply-To"] = "nobody" },
	} {
		l := letters()["daily"]
		spoil(&l)
		if _, err := Render(l); err == nil || isPermanent(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, to := range []string{"", "nobody", "a@b.test, c@d.test", "a@b.test\r\nBcc: c@d.test", `"a b"@c.test`, "a@[127.0.0.1]", "a@b..test", "<a@b.test> SIZE=1"} {
		l := letters()["daily"]
		l.To = to
		if _, err := Render(l); !isPermanent(err) {
			t.Errorf("to %q: %v", to, err)
		}
	}
}

func TestMessageID(t *testing.T) {
	for key, want := range map[string]string{
		"daily/2026-11-23T0700/7": "daily.2026-11-23T0700.7@example.org", "confirm/7/2": "confirm.7.2@example.org", "/à b/": "--b@example.org",
	} {
		if got, err := MessageID(key, "x <d@EXAMPLE.org>"); err != nil || got != want {
			t.Errorf("%q: %q, %v", key, got, err)
		}
	}
	if _, err := MessageID("//", "d@example.org"); err == nil {
		t.Error("a key of slashes has an id")
	}
}

func BenchmarkRender(b *testing.B) {
	l := letters()["daily"]
	l.HTML = strings.Repeat("<p>Ein Satz, der für die Messung länger wird, als er sein müsste.</p>\n", 500)
	for b.Loop() {
		if _, err := Render(l); err != nil {
			b.Fatal(err)
		}
	}
}

// An address that is found usual at a glance is the one that parsing gives.
func FuzzUsual(f *testing.F) {
	for _, s := range []string{"reader@example.net", "a.b+c_d-e@x-y.z.test", "a@b", "a..b@c.test", "a@b--c.test", "a@-b.test", "a@b-.test", "@b.test", "a@", "a@1.2.3.4", "a@b@c", strings.Repeat("l", 300) + "@b.test", "a@" + strings.Repeat("d", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !isUsual(s) {
			return
		}
		a, err := parseMailbox(s)
		if err != nil || a.Address != s || a.Name != "" {
			t.Errorf("%q is %v, %v", s, a, err)
		}
	})
}

// Whatever a letter is made of, it has exactly the headers it should have, in lines that mail allows.
func FuzzRender(f *testing.F) {
	f.Add("AI Daily <daily@example.org>", "reader@example.net", "Subject", "Text", "<p>HTML", "Daily <daily.example.org>")
	f.Add("\"a\\\" b\" <d@bücher.example>", "jürgen@x.test", "a\r\nBcc: b@c.test\r\n\r\n", ".\r\n.\r.\n", "\x00\xff", "=?utf-8?q?x?=\r\n\t y")
	f.Fuzz(func(t *testing.T, from, to, subject, text, html, list string) {
		e, err := Render(Letter{
			Label: Label{Key: "k/1", To: to, Date: morning}, From: from, Subject: subject, Text: text, HTML: html, Headers: map[string]string{"List-Id": list},
		})
		if err != nil {
			return
		}
		m, err := mail.ReadMessage(bytes.NewReader(e.own))
		if err != nil {
			t.Fatalf("%v in %q", err, e.own)
		}
		want := 9
		if html == "" {
			want++ // Content-Transfer-Encoding
		}
		if len(m.Header) != want {
			t.Errorf("headers %q", m.Header)
		}
		if strings.ContainsAny(e.From+e.To, "<> \r\n") {
			t.Errorf("envelope %q, %q", e.From, e.To)
		}
		for l := range bytes.Lines(e.own) {
			if len(l) > 1000 || !bytes.HasSuffix(l, []byte("\r\n")) || bytes.ContainsAny(l[:len(l)-2], "\r\n\x00") {
				t.Errorf("line %q", l)
			}
		}
	})
}

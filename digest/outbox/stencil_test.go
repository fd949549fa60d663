package outbox

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// specimen is a letter with two tokens, of which one stands at three places.
func specimen() Letter {
	l := letters()["daily"]
	leave, manage := strings.Repeat("a2", 16), strings.Repeat("z7", 10)
	l.Tokens = []string{leave, manage}
	l.Text += ".with a dot before it\n..\nLeave: https://example.org/u/" + leave + "\nManage: https://example.org/p/" + manage + ".\n"
	l.HTML += `<p>` + strings.Repeat("é", 20) + `<a href="https://example.org/u/` + leave + `">Leave</a></p>`
	own := []Header{{"List-Unsubscribe", l.Headers["List-Unsubscribe"]}}
	delete(l.Headers, "List-Unsubscribe")
	l.Own = own
	return l
}

// labels are of readers with ordinary and odd addresses.
func labels() map[string]Label {
	out := map[string]Label{}
	long63, local64 := strings.Repeat("d", 63), strings.Repeat("l", 64)
	for i, to := range []string{
		"reader@example.net", "Jürgen Müller <reader@münchen.example>", "jürgen@example.net", "用户@例子.example",
		local64 + "@example.net", local64 + "@" + long63 + "." + long63 + "." + long63 + ".example",
		strings.Repeat("Long Name ", 30) + "<reader@example.net>", `"Reader, The" <the.reader+ai@example.net>`, "О'Нил <o'neil@example.net>", "a@b.test", "x=y@example.net", "{}|~#!$%&@example.net",
	} {
		token := func(n int) string {
			return strings.Map(func(r rune) rune { return 'b' + (r*rune(i+3))%23 }, strings.Repeat("0123456789abcdef", 4))[:n]
		}
		out[to] = Label{
			Key: fmt.Sprintf("daily/2026-11-23T0700/%d", i*i*i*1000), To: to, EnvelopeFrom: "daily+b-" + token(32) + "@example.org",
			Date: time.Date(2026, 11, 23, 7, i, 0, 0, time.FixedZone("", i*1800)), Tokens: []string{token(32), token(20)},
			Own: []Header{{"List-Unsubscribe", "<https://example.org/u/" + token(32) + ">"}},
		}
	}
	return out
}

// scratch is the letter for a label without a stencil.
func scratch(l Letter, label Label) (Envelope, error) {
	for i, token := range l.Tokens {
		l.Text, l.HTML = strings.ReplaceAll(l.Text, token, label.Tokens[i]), strings.ReplaceAll(l.HTML, token, label.Tokens[i])
	}
	l.Label = label
	return Render(l)
}

// same checks that a filled stencil is the letter rendered from scratch, byte for byte.
func same(t *testing.T, s *Stencil, l Letter, label Label) {
	t.Helper()
	want, err := scratch(l, label)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Fill(label)
	if err != nil {
		t.Fatal(err)
	}
	if g, w := got.appendStuffedTo(nil), appendStuffed(nil, want.own); !bytes.Equal(g, w) {
		t.Errorf("stuffed:\n%q\nwant:\n%q", g, w)
	}
	if g, w := got.AppendTo(nil), want.AppendTo(nil); !bytes.Equal(g, w) {
		t.Errorf("%s: the filled letter differs:\n%.3000s\n%.3000s", label.To, g, w)
	}
	if got.Size() != want.Size() || got.From != want.From || got.To != want.To || got.UTF8 != want.UTF8 || got.Key != want.Key {
		t.Errorf("%s: envelope %+v, want %+v", label.To, got.To, want.To)
	}
	if prefix := "before"; !bytes.Equal(got.AppendTo([]byte(prefix)), append([]byte(prefix), want.own...)) {
		t.Errorf("%s: a letter appended to something differs", label.To)
	}
}

func TestFillIsRender(t *testing.T) {
	texts := map[string]func(*Letter){
		"both twins": func(*Letter) {},
		"text":       func(l *Letter) { l.HTML = "" },
		"foreign": func(l *Letter) {
			l.From, l.Subject = "L’età dell’IA <quotidiano@bücher.example>", strings.Repeat("Confermi l’iscrizione? ", 9)
		},
		"no tokens": func(l *Letter) { l.Tokens = nil },
	}
	for name, change := range texts {
		l := specimen()
		change(&l)
		s, err := Cut(l)
		if err != nil {
			t.Fatal(name, err)
		}
		for _, label := range labels() {
			label.Tokens = label.Tokens[:len(l.Tokens)]
			same(t, s, l, label)
		}
	}
}

// Wherever a token comes to stand in a line, and so across a soft line break, it is found and filled.
func TestFillAcrossLines(t *testing.T) {
	for column := range 160 {
		l := specimen()
		l.Text = strings.Repeat("=.", column/2) + strings.Repeat("x", column%2) + l.Tokens[0] + ".é" + l.Tokens[1] + l.Tokens[0] + "\n" + strings.Repeat("y", column) + l.Tokens[1]
		s, err := Cut(l)
		if err != nil {
			t.Fatal(column, err)
		}
		same(t, s, l, labels()["reader@example.net"])
	}
}

func TestCutRefuses(t *testing.T) {
	for what, spoil := range map[string]func(*Letter){
		"no place":            func(l *Letter) { l.Tokens[0] = strings.Repeat("q", 32) },
		"a token in its part": func(l *Letter) { l.Tokens[1] = l.Tokens[0][:20] },
		"an empty token":      func(l *Letter) { l.Tokens[0] = "" },
		"a token with a dot":  func(l *Letter) { l.Tokens[0] = "." + l.Tokens[0]; l.Text += l.Tokens[0] },
		"in the subject":      func(l *Letter) { l.Subject += l.Tokens[0] },
		"twice a header":      func(l *Letter) { l.Headers["List-Unsubscribe"] = "<https://example.org>" },
		"no text":             func(l *Letter) { l.Text = "" },
		"a header of two":     func(l *Letter) { l.Own = append(l.Own, l.Own[0]) },
		"own header":          func(l *Letter) { l.Own = append(l.Own, Header{"Bcc", "victim@example.net"}) },
	} {
		l := specimen()
		spoil(&l)
		if _, err := Cut(l); err == nil {
			t.Errorf("%s: it is cut", what)
		}
	}
}

func TestFillRefuses(t *testing.T) {
	s, err := Cut(specimen())
	if err != nil {
		t.Fatal(err)
	}
	for what, spoil := range map[string]func(*Label){
		"a short token":     func(l *Label) { l.Tokens[0] = l.Tokens[0][1:] },
		"a token with =":    func(l *Label) { l.Tokens[0] = "=" + l.Tokens[0][1:] },
		"a token too many":  func(l *Label) { l.Tokens = append(l.Tokens, l.Tokens[0]) },
		"no tokens":         func(l *Label) { l.Tokens = nil },
		"a header too many": func(l *Label) { l.Own = append(l.Own, Header{"X-Own", "x"}) },
		"another header":    func(l *Label) { l.Own = []Header{{"X-Own", "x"}} },
		"no date":           func(l *Label) { l.Date = time.Time{} },
		"no key":            func(l *Label) { l.Key = "" },
		"an endless line":   func(l *Label) { l.Own[0].Value = strings.Repeat("x", 2000) },
		"envelope sender":   func(l *Label) { l.EnvelopeFrom = "a@example.org>\r\nRCPT TO:<victim@example.net" },
	} {
		label := labels()["reader@example.net"]
		spoil(&label)
		if _, err := s.Fill(label); err == nil || isPermanent(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, to := range []string{"", "nobody", `"a b"@c.test`, `"quoted"@c.test.`, "a@[127.0.0.1]", "a@b.test\r\nBcc: c@d.test"} {
		label := labels()["reader@example.net"]
		label.To = to
		var no *Refusal
		if _, err := s.Fill(label); !errors.As(err, &no) || !no.Permanent() {
			t.Errorf("to %q: %v", to, err)
		}
	}
}

// Nothing of one reader comes into another one's letter.
func TestFillKeepsReadersApart(t *testing.T) {
	l := specimen()
	s, err := Cut(l)
	if err != nil {
		t.Fatal(err)
	}
	all := labels()
	one, two := all["reader@example.net"], all["a@b.test"]
	first, err := s.Fill(one)
	if err != nil {
		t.Fatal(err)
	}
	before := string(first.AppendTo(nil))
	second, err := s.Fill(two)
	if err != nil {
		t.Fatal(err)
	}
	after := strings.ReplaceAll(string(second.AppendTo(nil)), softBreak, "")
	for _, token := range append(one.Tokens, l.Tokens...) {
		if strings.Contains(after, token) {
			t.Errorf("the second letter holds %s", token)
		}
	}
	if string(first.AppendTo(nil)) != before {
		t.Error("the first letter changed")
	}
}

// large is a letter of the size of a digest, about 50 KB.
func large() Letter {
	l := specimen()
	l.HTML = strings.Repeat("<p style=\"color: #333\">Ein Satz, der für die Messung länger wird, als er sein müsste.</p>\n", 430) + l.HTML
	l.Text = strings.Repeat("Ein Satz, der für die Messung länger wird, als er sein müsste.\n", 110) + l.Text
	l.Own = append(l.Own, Header{"CFBL-Address", "daily+f-" + l.Tokens[0] + "@example.org; report=arf"})
	return l
}

func BenchmarkFill(b *testing.B) {
	l := large()
	s, err := Cut(l)
	if err != nil {
		b.Fatal(err)
	}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		e, err := s.Fill(l.Label)
		if err != nil {
			b.Fatal(err)
		}
		buf = e.AppendTo(buf[:0])
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkRenderLarge(b *testing.B) {
	l := large()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Render(l); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCut(b *testing.B) {
	l := large()
	for b.Loop() {
		if _, err := Cut(l); err != nil {
			b.Fatal(err)
		}
	}
}

// Whatever the letter says and whoever it is for, filling is rendering, or both refuse.
func FuzzFill(f *testing.F) {
	f.Add("AI Daily <daily@example.org>", "reader@example.net", "Subject", "Text", "<p>HTML", "daily/1", "<https://example.org>")
	f.Add("d@bücher.example", "Jürgen Müller <jürgen@x.test>", "a\r\nBcc: b@c.test\r\n\r\n", ".\r\n.\r.\n=", "\x00\xff", "//", "=?utf-8?q?x?=\r\n\t y")
	f.Add("d@example.org", "\"A  B\" <a@b.test>", "", "From x", "", "é/"+strings.Repeat("k", 90), "é <x>")
	f.Fuzz(func(t *testing.T, from, to, subject, text, html, key, own string) {
		token, his := "t7t7t7t7t7t7t7t7t7t7t7t7t7t7t7t7", "h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2h2"
		if strings.Contains(from+subject+text+html, "7t7t7") || strings.Contains(from+subject+text+html, "h2h2h") {
			return
		}
		l := Letter{
			Label: Label{Key: "k", To: "nobody@example.org", Date: morning, Own: []Header{{"X-Own", "x"}}, Tokens: []string{token}},
			From:  from, Subject: subject, Text: text + token + text, HTML: html,
		}
		s, err := Cut(l)
		if err != nil {
			return
		}
		label := Label{Key: key, To: to, Date: morning, Own: []Header{{"X-Own", own}}, Tokens: []string{his}}
		want, refused := scratch(l, label)
		got, err := s.Fill(label)
		if (err == nil) != (refused == nil) {
			t.Fatalf("filled: %v, rendered: %v", err, refused)
		}
		if err == nil && !bytes.Equal(got.appendStuffedTo(nil), appendStuffed(nil, want.own)) {
			t.Fatalf("stuffed:\n%q\nof:\n%q", got.appendStuffedTo(nil), want.own)
		}
		if err == nil && !bytes.Equal(got.AppendTo(nil), want.AppendTo(nil)) {
			t.Fatalf("filled:\n%q\nrendered:\n%q", got.AppendTo(nil), want.AppendTo(nil))
		}
	})
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/mail"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tidings/digest"
	"tidings/digest/outbox"
	"tidings/templates"
)

// housed is a house with a configuration, in a folder of its own.
func housed(t testing.TB, config string) (*house, *bytes.Buffer) {
	t.Helper()
	dir := t.TempDir()
	path, said := filepath.Join(dir, "config.toml"), &bytes.Buffer{}
	write(t, path, "[store]\nurl = \"sqlite:t.db\"\n"+config)
	p := &program{out: io.Discard, err: said, path: path, now: time.Now}
	h, err := p.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h, said
}

// editionOf is an edition of so many stories in one language: a lead, three sections, and as many in brief.
func editionOf(lang string, stories int) digest.Edition {
	words := map[string]string{
		"en": "A company opens its model to schools", "it": "Perché l’età dell’IA è già qui: così sarà", "de": "Über größere Modelle für Bürger", "zh": "阿里云宣布通义千问大模型首批通过备案并正式向公众开放", "ar": "الإمارات تطلق أول جامعة للذكاء الاصطناعي",
	}[lang]
	story := func(i int) digest.Story {
		return digest.Story{
			ID: fmt.Sprint(i), Topic: "models", Sources: 1, Summary: []string{strings.Repeat(words+". ", 3)},
			Lead: digest.Article{Title: fmt.Sprint(words, " = ", i), URL: fmt.Sprint("https://example.org/a?q=", i), Lang: lang, Source: digest.Origin{Title: "The Example", Lang: lang}},
		}
	}
	lead := story(0)
	e := digest.Edition{
		Key: "daily/2026-11-23T0700", Digest: "daily", Title: "AI Daily", From: "L’età <daily@example.org>", Lang: lang, Number: 3, Sources: 1, Read: stories,
		At: time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC), Lead: &lead,
	}
	for i, topic := range []string{"models", "chips", "policy"} {
		section := digest.Section{Topic: topic}
		for j := range stories {
			section.Stories = append(section.Stories, story(100*(i+1)+j))
		}
		e.Sections = append(e.Sections, section)
	}
	for j := range stories {
		e.Brief = append(e.Brief, story(1000+j))
	}
	return e
}

// The letter that is filled in for a reader is byte for byte the one that the templates and the encoder make for
// him alone: in every language, both formats, with and without mail that comes in, for odd addresses.
func TestLettersAreTheReadersOwn(t *testing.T) {
	for _, config := range []string{"", "[mail]\npipe = true\n[web]\nurl = \"https://news.example.org/ü/x\"\n"} {
		h, _ := housed(t, config)
		l := newLetters(h)
		for _, lang := range []string{"en", "it", "de", "zh", "ar"} {
			for _, text := range []bool{false, true} {
				e := editionOf(lang, 2)
				p, err := l.proof(e, text)
				if err != nil {
					t.Fatal(err)
				}
				for i, to := range []string{"a@b.test", "jürgen@example.net", "reader@xn--mnchen-3ya.example", strings.Repeat("l", 64) + "@" + strings.Repeat("d", 63) + ".example", "{x}=y+z@example.net"} {
					d := digest.Delivery{ID: int64(i) * 1e6, Key: fmt.Sprint(e.Key, "/", i), Reader: int64(i) * 12345, To: to, Owed: e.At.Add(time.Second)}
					got, err := p.stencil.Fill(l.label(l.addresses(e), d))
					if err != nil {
						t.Fatal(err)
					}
					if want := alone(t, l, e, d, text); !bytes.Equal(got.AppendTo(nil), want) {
						t.Errorf("%s to %s, text %v: the filled letter is another one", lang, to, text)
					}
				}
			}
		}
	}
}

// alone writes a reader's letter without a print and without a stencil.
func alone(t *testing.T, l *letters, e digest.Edition, d digest.Delivery, text bool) []byte {
	t.Helper()
	specimen, err := l.specimen(e, text)
	if err != nil {
		t.Fatal(err)
	}
	label := l.label(l.addresses(e), d)
	his, err := l.house.set.Letter(e, templates.Reader{Leave: l.link("u", label.Tokens[0]), Archive: l.link("e", e.Key), Text: text})
	if err != nil {
		t.Fatal(err)
	}
	envelope, err := outbox.Render(outbox.Letter{Label: label, From: e.From, Subject: his.Subject, HTML: his.HTML, Text: his.Text, Headers: specimen.Headers})
	if err != nil {
		t.Fatal(err)
	}
	return envelope.AppendTo(nil)
}

// A letter over the limit tells its last stories in brief, and the rest on the web. Its foot is whole, and the log
// tells it once.
func TestLetterOverTheLimit(t *testing.T) {
	for _, c := range []struct {
		lang    string
		stories int
		limit   int
	}{{"en", 60, 40 << 10}, {"it", 60, 100 << 10}, {"zh", 100, 30 << 10}, {"en", 3, 100 << 10}} {
		for _, text := range []bool{false, true} {
			h, said := housed(t, fmt.Sprintf("[delivery]\nmax_letter = \"%dKB\"\n[[dkim]]\nselector = \"s\"\nkey = \"\"\"%s\"\"\"\n", c.limit>>10, testKey))
			l := newLetters(h)
			e := editionOf(c.lang, c.stories)
			p, err := l.proof(e, text)
			if err != nil {
				t.Fatal(err)
			}
			label := l.label(l.addresses(e), digest.Delivery{Key: "k", To: "a@b.test", Owed: e.At})
			got, err := l.signed(p.stencil.Fill(label))
			if err != nil {
				t.Fatal(err)
			}
			whole := alone(t, l, e, digest.Delivery{Key: "k", To: "a@b.test", Owed: e.At}, text)
			if got.Size() > c.limit || len(whole) > c.limit && got.Size() < c.limit*9/10 {
				t.Errorf("%s of %d stories: %d bytes, the limit is %d", c.lang, c.stories, got.Size(), c.limit)
			}
			if n := strings.Count(said.String(), "over the limit"); n != min(1, max(0, len(whole)-c.limit)) {
				t.Errorf("the log tells %d times that a letter of %d bytes was cut:\n%s", n, len(whole), said)
			}
			letter, twins := strings.ReplaceAll(string(got.AppendTo(nil)), "=\r\n", ""), 2
			if text {
				twins = 1
			}
			if n := strings.Count(letter, "/u/"+label.Tokens[0]); n != twins+1 {
				t.Errorf("%d links to leave, want %d", n, twins+1)
			}
			if _, err := mail.ReadMessage(strings.NewReader(letter)); err != nil || !text && !strings.Contains(letter, "</html>") {
				t.Errorf("the letter is not whole: %v", err)
			}
		}
	}
}

// Preparers that ask at the same time make one proof, and no more are kept than there is room for.
func TestProofsAreMadeOnce(t *testing.T) {
	h, _ := housed(t, "")
	l, e := newLetters(h), editionOf("en", 2)
	if _, err := h.store.Seal(t.Context(), digest.Digest{Name: "daily"}, e); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	made := map[*proof]bool{}
	for range 32 {
		all.Go(func() {
			p, err := l.sealed(context.Background(), digest.Delivery{Edition: e.Key, Text: true})
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			made[p] = true
		})
	}
	all.Wait()
	if len(made) != 1 {
		t.Errorf("%d proofs were made", len(made))
	}
	for i := range atHand + 10 {
		l.keep(choice{edition: fmt.Sprint(i)}, &proof{})
	}
	if len(l.proofs) != atHand {
		t.Errorf("%d proofs are kept", len(l.proofs))
	}
	if _, err := l.Letter(t.Context(), digest.Delivery{Edition: "daily/none", Key: "k"}); err == nil {
		t.Error("there is a letter of no edition")
	}
}

func BenchmarkLetter(b *testing.B) {
	h, _ := housed(b, "[mail]\npipe = true\n")
	l, e := newLetters(h), editionOf("en", 25)
	if _, err := h.store.Seal(b.Context(), digest.Digest{Name: "daily"}, e); err != nil {
		b.Fatal(err)
	}
	d := digest.Delivery{Edition: e.Key, Key: e.Key + "/7", Reader: 7, ID: 7, To: "reader@example.net", Owed: e.At}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Letter(b.Context(), d); err != nil {
			b.Fatal(err)
		}
	}
}

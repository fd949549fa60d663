package outbox

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
)

// keys are private keys of each kind, made once.
var keys = sync.OnceValue(func() map[string][]byte {
	pkcs8 := func(k any) []byte {
		der, err := x509.MarshalPKCS8PrivateKey(k)
		if err != nil {
			panic(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	}
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return map[string][]byte{
		"rsa": pkcs8(r), "ed25519": pkcs8(ed), "ecdsa": pkcs8(ec),
		"pkcs1": pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(r)}),
	}
})

func signer(t testing.TB, domain, kind string) Signer {
	t.Helper()
	s, err := NewSigner(domain, "sel-"+kind, keys()[kind])
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// verify checks that every signature of the letter verifies, and that there are so many.
func verify(t *testing.T, name string, letter []byte, from string, all Signers, want int) {
	t.Helper()
	zone := map[string]string{}
	for _, s := range all {
		at, says, err := s.Record(from)
		if err != nil {
			t.Fatal(err)
		}
		zone[at] = says
	}
	found, err := dkim.VerifyWithOptions(bytes.NewReader(letter), &dkim.VerifyOptions{LookupTXT: func(at string) ([]string, error) {
		if says, ok := zone[at]; ok {
			return []string{says}, nil
		}
		return nil, fmt.Errorf("no record %s", at)
	}})
	if err != nil || len(found) != want {
		t.Errorf("%s: %d signatures, want %d, %v", name, len(found), want, err)
	}
	for _, v := range found {
		if v.Err != nil {
			t.Errorf("%s: %v\n%.1500s", name, v.Err, letter)
		}
	}
}

func TestSignatures(t *testing.T) {
	for name, all := range map[string]Signers{
		"rsa": {signer(t, "", "rsa")}, "ed25519": {signer(t, "example.org", "ed25519")}, "both": {signer(t, "", "rsa"), signer(t, "example.org", "ed25519")},
		"pkcs1": {signer(t, "", "pkcs1")},
	} {
		l := specimen()
		s, err := Cut(l)
		if err != nil {
			t.Fatal(err)
		}
		for _, label := range labels() {
			e, err := s.Fill(label)
			if err != nil {
				t.Fatal(err)
			}
			if e, err = all.Sign(e); err != nil {
				t.Fatal(err)
			}
			verify(t, name+" "+label.To, e.AppendTo(nil), "example.org", all, len(all))
			whole, err := scratch(l, label)
			if err != nil {
				t.Fatal(err)
			}
			if whole, err = all.Sign(whole); err != nil || !bytes.Equal(whole.AppendTo(nil), e.AppendTo(nil)) {
				t.Errorf("%s: a rendered letter is signed otherwise than a filled one: %v", name, err)
			}
		}
	}
}

// Letters of every shape are signed: without HTML, without a line's end at their end, with empty lines there, with nothing else.
func TestSignShapes(t *testing.T) {
	all := Signers{signer(t, "", "ed25519")}
	for name, text := range map[string]string{"plain": "x\n", "no end": "x", "empty lines": "x\n\n\n\n", "only an end": "\n", "blanks": " \n \t\n"} {
		e, err := Render(Letter{Label: Label{Key: "k", To: "a@b.test", Date: morning}, From: "L’età <d@bücher.example>", Subject: strings.Repeat("è ", 100), Text: text})
		if err != nil {
			t.Fatal(err)
		}
		if e, err = all.Sign(e); err != nil {
			t.Fatal(err)
		}
		letter := e.AppendTo(nil)
		if !bytes.HasSuffix(letter, []byte("\r\n")) {
			letter = append(letter, "\r\n"...) // as on the wire
		}
		verify(t, name, letter, "xn--bcher-kva.example", all, 1)
		if err := fits(letter); err != nil {
			t.Error(err)
		}
		for line := range bytes.Lines(letter) {
			if len(line) > 80 {
				t.Errorf("%s: a line of %d bytes: %s", name, len(line), line)
			}
		}
	}
}

// Whoever changes a letter, or adds another header of a kind that readers see, breaks the signature.
func TestSignatureBreaks(t *testing.T) {
	all := Signers{signer(t, "", "rsa"), signer(t, "", "ed25519")}
	s, err := Cut(specimen())
	if err != nil {
		t.Fatal(err)
	}
	e, err := s.Fill(labels()["reader@example.net"])
	if err != nil {
		t.Fatal(err)
	}
	if e, err = all.Sign(e); err != nil {
		t.Fatal(err)
	}
	letter := string(e.AppendTo(nil))
	spoilt := map[string]string{
		"body": strings.Replace(letter, "AI DAILY", "AI DAILX", 1), "one-click": strings.Replace(letter, "One-Click", "Two-Click", 1),
		"unsubscribe": strings.Replace(letter, "https://example.org/u/", "https://example.net/u/", 1),
	}
	for _, header := range []string{"From: x <x@evil.example>", "To: x@y.test", "Subject: x", "Date: Mon, 23 Nov 2026 07:00:00 +0000", "Reply-To: x@evil.example", "List-Unsubscribe: <https://evil.example>", "List-Unsubscribe-Post: x", "MIME-Version: 1.0", "Content-Type: text/html", "CFBL-Address: x@evil.example"} {
		spoilt[header] = header + "\r\n" + letter
	}
	for what, letter := range spoilt {
		found, err := dkim.VerifyWithOptions(strings.NewReader(letter), &dkim.VerifyOptions{LookupTXT: func(at string) ([]string, error) {
			for _, s := range all {
				if name, says, _ := s.Record("example.org"); name == at {
					return []string{says}, nil
				}
			}
			return nil, errors.New("no record")
		}})
		if err != nil || len(found) != 2 || found[0].Err == nil || found[1].Err == nil {
			t.Errorf("%s: %v %v", what, found, err)
		}
	}
}

func TestSignersChoose(t *testing.T) {
	for _, c := range []struct {
		domain, from string
		signed       bool
	}{
		{"", "daily@example.org", true}, {"example.org", "daily@news.example.org", true}, {"EXAMPLE.org", "daily@Example.ORG", true},
		{"bücher.example", "AI <daily@bücher.example>", true}, {"example.org", "daily@badexample.org", false}, {"news.example.org", "daily@example.org", false},
	} {
		e, err := Render(Letter{Label: Label{Key: "k", To: "a@b.test", Date: morning}, From: c.from, Subject: "x", Text: "x\n"})
		if err != nil {
			t.Fatal(err)
		}
		if e, err = (Signers{signer(t, c.domain, "ed25519")}).Sign(e); err != nil || bytes.HasPrefix(e.own, []byte("DKIM-Signature")) != c.signed {
			t.Errorf("%q for %s: %v %.100s", c.domain, c.from, err, e.own)
		}
	}
}

func TestNewSignerRefuses(t *testing.T) {
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct{ domain, selector, key string }{
		"no pem": {"", "s", "x"}, "no key": {"", "s", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}, "ecdsa": {"", "s", string(keys()["ecdsa"])},
		"selector": {"", "s;", string(keys()["rsa"])}, "no selector": {"", "", string(keys()["rsa"])}, "domain": {"a b", "s", string(keys()["rsa"])},
		"injected": {"a.test;\r\n x", "s", string(keys()["rsa"])},
	} {
		if _, err := NewSigner(c.domain, c.selector, []byte(c.key)); err == nil || strings.Contains(err.Error(), "AAAA") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := fitKey(weak); err != nil {
		t.Error("a key of 1024 bits is what some DNS servers can hold: ", err)
	}
}

func BenchmarkSign(b *testing.B) {
	l := large()
	s, err := Cut(l)
	if err != nil {
		b.Fatal(err)
	}
	rsaKey, ed := signer(b, "", "rsa"), signer(b, "", "ed25519")
	hash := sha256.Sum256([]byte("x"))
	b.Run("bare rsa", func(b *testing.B) {
		for b.Loop() {
			if _, err := rsa.SignPKCS1v15(nil, rsaKey.key.(*rsa.PrivateKey), crypto.SHA256, hash[:]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("bare ed25519", func(b *testing.B) {
		for b.Loop() {
			ed25519.Sign(ed.key.(ed25519.PrivateKey), hash[:])
		}
	})
	for name, all := range map[string]Signers{"nothing": nil, "rsa": {rsaKey}, "ed25519": {ed}, "both": {rsaKey, ed}} {
		b.Run("fill and sign with "+name, func(b *testing.B) {
			b.ReportAllocs()
			var buf []byte
			for b.Loop() {
				e, err := s.Fill(l.Label)
				if err == nil {
					e, err = all.Sign(e)
				}
				if err != nil {
					b.Fatal(err)
				}
				buf = e.AppendTo(buf[:0])
			}
		})
	}
}

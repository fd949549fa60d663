package mailin

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
)

// zone is a DNS of text records.
type zone map[string]string

func (z zone) LookupTXT(_ context.Context, name string) ([]string, error) {
	if text, ok := z[name]; ok {
		return []string{text}, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// signature signs a mail for a domain, over these fields.
func signature(t *testing.T, mail, domain string, fields ...string) (signed string, dns zone) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = dkim.Sign(&out, strings.NewReader(mail), &dkim.SignOptions{Domain: domain, Selector: "s", Signer: private, HeaderKeys: fields})
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), zone{"s._domainkey." + domain: "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)}
}

const leaving = "From: Ada <ada@mail.example.org>\r\nTo: daily+unsubscribe@tidings.example\r\nSubject: unsubscribe\r\n\r\nunsubscribe\r\n"

func TestAuthenticate(t *testing.T) {
	reader := Reader{Addresses: []string{"daily@tidings.example"}, Trusted: []string{"mx.tidings.example"}}
	all := []string{"From", "To", "Subject"}
	for name, c := range map[string]struct {
		domain string
		fields []string
		change func(string) string
		dns    Resolver
		want   string
	}{
		"signed by its domain":            {domain: "mail.example.org", want: "DKIM of mail.example.org"},
		"signed by the one above":         {domain: "example.org", want: "DKIM of example.org"},
		"signed by a top-level domain":    {domain: "org"},
		"signed by another":               {domain: "example.net"},
		"signed by one below":             {domain: "a.mail.example.org"},
		"line ends of a pipe":             {domain: "example.org", change: func(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }, want: "DKIM of example.org"},
		"another text":                    {domain: "example.org", change: func(s string) string { return s + "more\r\n" }},
		"another writer":                  {domain: "example.org", change: func(s string) string { return strings.Replace(s, "ada@", "bob@", 1) }},
		"two writers":                     {domain: "example.org", change: func(s string) string { return "From: bob@mail.example.org\r\n" + s }},
		"a subject on top":                {domain: "example.org", change: func(s string) string { return "Subject: unsubscribe\r\n" + s }},
		"the subject not signed":          {domain: "example.org", fields: []string{"From", "To"}},
		"nor to whom":                     {domain: "example.org", fields: []string{"From", "Subject"}},
		"a letter to somebody else":       {domain: "example.org"},
		"not signed":                      {},
		"no answer from the DNS":          {domain: "example.org", dns: mute{}},
		"a trusted server says DMARC":     {change: results("mx.tidings.example; dmarc=pass header.from=mail.example.org"), want: "DMARC"},
		"it says fail, whatever is right": {domain: "example.org", change: results("mx.tidings.example; dmarc=fail header.from=mail.example.org")},
		"it says DKIM":                    {change: results("mx.tidings.example; dkim=pass header.d=example.org"), want: "DKIM of example.org"},
		"somebody says DMARC":             {change: results("mx.example.net; dmarc=pass header.from=mail.example.org")},
		"octets that are no signature":    {change: func(s string) string { return "DKIM-Signature: v=1; a=;;b=\x00\r\n" + s }},
	} {
		mail, dns := leaving, Resolver(zone{})
		if name == "a letter to somebody else" {
			mail = strings.ReplaceAll(mail, "daily+unsubscribe@tidings.example", "bob@example.net")
		}
		if c.domain != "" {
			fields := c.fields
			if fields == nil {
				fields = all
			}
			mail, dns = signature(t, mail, c.domain, fields...)
		}
		if c.change != nil {
			mail = c.change(mail)
		}
		if c.dns != nil {
			dns = c.dns
		}
		m, err := reader.Read(strings.NewReader(mail), Envelope{Recipient: "daily+unsubscribe@tidings.example"})
		if err != nil {
			t.Fatal(err)
		}
		by, ok := reader.Authenticate(t.Context(), []byte(mail), m, dns)
		if ok != (c.want != "") || ok && by != c.want {
			t.Errorf("%s: %q, %v; want %q", name, by, ok, c.want)
		}
	}
}

func results(field string) func(string) string {
	return func(s string) string { return "Authentication-Results: " + field + "\r\n" + s }
}

// mute is a DNS that does not answer.
type mute struct{}

func (mute) LookupTXT(context.Context, string) ([]string, error) { return nil, errors.New("timeout") }

func FuzzAuthenticate(f *testing.F) {
	f.Add([]byte(leaving))
	f.Add([]byte("DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s; h=From:To:Subject; bh=; b=\r\n" + leaving))
	reader := Reader{}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := reader.Read(bytes.NewReader(raw), Envelope{})
		if err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		if by, ok := reader.Authenticate(t.Context(), raw, m, zone{"s._domainkey.example.org": "v=DKIM1; p="}); ok {
			t.Errorf("%q vouches for %q", by, raw)
		}
	})
}

package mailin

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-msgauth/dkim"
)

// Resolver looks up text records in the DNS; a [net.Resolver] is one.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

const (
	mostSignatures = 5 // that are looked at
	resolving      = 10 * time.Second
)

// Authenticate tells whether a mail is from whom it says, so that it may be obeyed without asking back, and who
// vouches for that: a server of ours that says so in Authentication-Results, or a signature (DKIM, RFC 6376) of a
// domain that fits From. It asks the DNS, so it is for when it matters.
//
// A letter of a reader to somebody else, sent on to us by that somebody, is signed as well. So what orders us must
// be signed: the Subject, of which there may be only one, and a To or Cc that names the address of ours it came to.
func (reader Reader) Authenticate(ctx context.Context, raw []byte, m Message, dns Resolver) (by string, ok bool) {
	if m.From == "" || m.Trust.DMARC == "fail" {
		return "", false
	}
	l, err := open(bytes.NewReader(raw), Envelope{})
	if err != nil || l == nil || len(l.GetHeaderValues("Subject")) > 1 || !reader.meant(l) {
		return "", false
	}
	switch {
	case m.Trust.DMARC == "pass":
		return "DMARC", true
	case m.Trust.DKIM != "":
		return "DKIM of " + m.Trust.DKIM, true
	}
	domain := signedBy(ctx, raw, m.From, dns)
	return "DKIM of " + domain, domain != ""
}

// meant tells whether the header itself names an address of ours.
func (reader Reader) meant(l *letter) bool {
	return slices.ContainsFunc(l.addresses("To", "Cc"), func(to string) bool { return reader.parse(to).Address != "" })
}

// signedBy returns the domain of a valid signature that fits From and covers what orders us; or nothing.
func signedBy(ctx context.Context, raw []byte, from string, dns Resolver) string {
	ctx, cancel := context.WithTimeout(ctx, resolving)
	defer cancel()
	_, domain, _ := strings.Cut(from, "@")
	// A signature is over lines that end in CR LF; a pipe may have changed that.
	raw = bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
	signatures, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{
		LookupTXT:        func(name string) ([]string, error) { return dns.LookupTXT(ctx, name) },
		MaxVerifications: mostSignatures,
	})
	if err != nil && len(signatures) == 0 {
		return ""
	}
	for _, s := range signatures {
		covers := func(name string) bool {
			return slices.ContainsFunc(s.HeaderKeys, func(key string) bool { return strings.EqualFold(key, name) })
		}
		if s.Err == nil && fits(strings.ToLower(s.Domain), domain) && covers("Subject") && (covers("To") || covers("Cc")) {
			return strings.ToLower(s.Domain)
		}
	}
	return ""
}

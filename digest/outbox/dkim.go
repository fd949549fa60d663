package outbox

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// Signer signs the letters of a domain with one key (DKIM, RFC 6376): RSA with SHA-256, or Ed25519 (RFC 8463).
// The signature is made without the time, so that a letter is the same on every try.
type Signer struct {
	Domain   string // that vouches, as A-labels; empty: the domain of each letter's From
	Selector string // names the key in the domain's DNS
	key      crypto.Signer
}

// Signers sign each letter that they may sign. Receivers that know only one kind of key take that signature.
type Signers []Signer

// covered are the headers that are signed, in the order of the signature. Each is named once more than it is
// there, so that nobody can add another one (RFC 6376, 8.15). RFC 8058 asks for List-Unsubscribe and
// List-Unsubscribe-Post, RFC 9477 for CFBL-Address. What relays rewrite as they please is not among them.
var covered = strings.Fields("from to cc subject date message-id in-reply-to references reply-to mime-version content-type " +
	"content-transfer-encoding list-id list-unsubscribe list-unsubscribe-post list-subscribe list-help auto-submitted cfbl-address")

// selectorForm is one or more labels of a domain name.
var selectorForm = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$`)

// NewSigner returns the signer with a private key in PEM: PKCS #8 of RSA or Ed25519, or PKCS #1. An empty domain
// stands for the one of each letter's From. The error tells nothing of the key.
func NewSigner(domain, selector string, key []byte) (Signer, error) {
	if domain != "" {
		var err error
		if domain, err = Domain("nobody@" + domain); err != nil {
			return Signer{}, err
		}
	}
	if !selectorForm.MatchString(selector) {
		return Signer{}, fmt.Errorf("%q is not a selector: it is made of letters, digits and hyphens", selector)
	}
	block, _ := pem.Decode(key)
	if block == nil {
		return Signer{}, errors.New("the key is not in PEM; `openssl genrsa 2048` and `openssl genpkey -algorithm ed25519` make such")
	}
	parsed, err := parseKey(block.Bytes)
	if err != nil {
		return Signer{}, err
	}
	return Signer{Domain: domain, Selector: strings.ToLower(selector), key: parsed}, nil
}

// parseKey reads a private key. RFC 8301 asks verifiers to ignore RSA keys of less than 1024 bits, and signers for 2048.
func parseKey(der []byte) (crypto.Signer, error) {
	if k, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return fitKey(k)
	}
	k, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errors.New("the key is neither of PKCS #8 nor of PKCS #1, or is protected by a password")
	}
	return fitKey(k)
}

func fitKey(k any) (crypto.Signer, error) {
	switch k := k.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() < 1024 || k.N.BitLen() > 4096 {
			return nil, fmt.Errorf("the key has %d bits; verifiers want 1024 to 4096, and 2048 is best", k.N.BitLen())
		}
		return k, nil
	case ed25519.PrivateKey:
		return k, nil
	}
	return nil, errors.New("the key is neither of RSA nor of Ed25519")
}

// algorithm is the a= tag of the key's kind.
func (s Signer) algorithm() string {
	if _, ok := s.key.(ed25519.PrivateKey); ok {
		return "ed25519-sha256"
	}
	return "rsa-sha256"
}

// Signs says whether the signer vouches for letters from a domain: its own, or one below it (RFC 7489, 3.1.1).
func (s Signer) Signs(domain string) bool {
	return s.Domain == "" || s.Domain == domain || strings.HasSuffix(domain, "."+s.Domain)
}

// Record returns the TXT record to be published for letters from a domain: its name, and what it says.
func (s Signer) Record(domain string) (name, says string, err error) {
	kind, public := "ed25519", []byte(nil)
	switch k := s.key.(type) {
	case ed25519.PrivateKey:
		public = k.Public().(ed25519.PublicKey) // the bare key (RFC 8463, 4)
	default:
		kind = "rsa"
		if public, err = x509.MarshalPKIXPublicKey(s.key.Public()); err != nil {
			return "", "", fmt.Errorf("DKIM key %s: %w", s.Selector, err)
		}
	}
	return s.Selector + "._domainkey." + cmp.Or(s.Domain, domain), "v=DKIM1; k=" + kind + "; p=" + base64.StdEncoding.EncodeToString(public), nil
}

// Sign puts the signatures before the letter's other headers: relaxed for headers, since relays fold them anew, and
// simple for the body, whose encoding has nothing that they change.
func (all Signers) Sign(e Envelope) (Envelope, error) {
	if len(all) == 0 {
		return e, nil
	}
	head, _, found := bytes.Cut(e.own, []byte("\r\n\r\n"))
	if !found {
		return e, fmt.Errorf("letter %s: it has no end of its headers to be signed", e.Key)
	}
	names, canonical, domain := canonicalHead(e.own[:len(head)+len("\r\n")])
	bodyHash := base64.StdEncoding.EncodeToString(e.bodyHash(len(head) + len("\r\n\r\n")))
	var signatures []byte
	for _, s := range all {
		if !s.Signs(domain) {
			continue
		}
		tags := fmt.Sprintf("v=1; a=%s; c=relaxed/simple;\r\n d=%s; s=%s;\r\n h=%s;\r\n bh=%s;\r\n b=",
			s.algorithm(), cmp.Or(s.Domain, domain), s.Selector, names, bodyHash)
		signature, err := s.sign(append(canonical, "dkim-signature:"+strings.ReplaceAll(tags, "\r\n", "")...))
		if err != nil {
			return e, fmt.Errorf("letter %s cannot be signed: %w", e.Key, err)
		}
		signatures = append(append(signatures, "DKIM-Signature: "+tags...), inLines(signature)+"\r\n"...)
	}
	e.own = append(signatures, e.own...)
	return e, nil
}

// sign signs what has been made canonical.
func (s Signer) sign(canonical []byte) (string, error) {
	hash := sha256.Sum256(canonical)
	var signature []byte
	var err error
	switch k := s.key.(type) {
	case ed25519.PrivateKey:
		signature = ed25519.Sign(k, hash[:]) // PureEdDSA of the hash (RFC 8463, 3)
	case *rsa.PrivateKey:
		signature, err = rsa.SignPKCS1v15(nil, k, crypto.SHA256, hash[:])
	default:
		err = errors.New("its signer has no key")
	}
	return base64.StdEncoding.EncodeToString(signature), err
}

// inLines folds base64 into header lines.
func inLines(s string) string {
	var lines []string
	for chunk := range slices.Chunk([]byte(s), 72) {
		lines = append(lines, string(chunk))
	}
	return strings.Join(lines, "\r\n ")
}

// canonicalHead returns the names of the headers to be signed, folded, and those that are there in relaxed form
// (RFC 6376, 3.4.2), in this order. domain is the one of From.
func canonicalHead(head []byte) (names string, canonical []byte, domain string) {
	there := make([][]byte, len(covered))
	for field := range fields(head) {
		name, value, _ := bytes.Cut(field, []byte(":"))
		if i := slices.IndexFunc(covered, func(c string) bool { return len(c) == len(name) && strings.EqualFold(c, string(name)) }); i >= 0 {
			there[i] = value
		}
	}
	var list strings.Builder
	canonical = make([]byte, 0, len(head)+512)
	width := len(" h=")
	for i, name := range covered {
		times := 1
		if there[i] != nil {
			times = 2
			canonical = appendRelaxed(append(append(canonical, name...), ':'), there[i])
			if name == "from" {
				domain = strings.ToLower(strings.TrimSuffix(domainOf(string(canonical)), ">"))
			}
			canonical = append(canonical, "\r\n"...)
		}
		for n := range times {
			if i+n > 0 {
				list.WriteByte(':')
				width++
			}
			if width+len(name) > 72 {
				list.WriteString("\r\n ")
				width = 1
			}
			list.WriteString(name)
			width += len(name)
		}
	}
	return list.String(), canonical, domain
}

// appendRelaxed appends a header's value on one line, its runs of blanks as one space.
func appendRelaxed(to, value []byte) []byte {
	start, gap := len(to), false
	for _, c := range value {
		switch c {
		case ' ', '\t', '\r', '\n':
			gap = len(to) > start
			continue
		}
		if gap {
			to, gap = append(to, ' '), false
		}
		to = append(to, c)
	}
	return to
}

// Domain returns the domain of a mailbox, as A-labels in lower case.
func Domain(address string) (string, error) {
	a, err := mailbox(address)
	if err != nil {
		return "", err
	}
	return strings.ToLower(domainOf(a.Address)), nil
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// bodyHash is the SHA-256 of the letter's body in simple form (RFC 6376, 3.4.3): behind its last line that is not
// empty nothing but that line's end. In e.own the body begins at an offset.
func (e Envelope) bodyHash(at int) []byte {
	h := sha256.New()
	body, done := e.own[at:], 0
	if e.body != nil {
		body = e.body.bytes
		for _, p := range e.body.places {
			h.Write(body[done:p.at])
			io.WriteString(h, e.tokens[p.token][p.from:p.to]) //nolint:errcheck // a hash takes everything
			done = p.at + p.to - p.from
		}
	}
	for bytes.HasSuffix(body, []byte("\r\n")) {
		body = body[:len(body)-len("\r\n")]
	}
	h.Write(body[done:])
	h.Write([]byte("\r\n"))
	return h.Sum(nil)
}

package mailin

import (
	"slices"
	"strings"

	"github.com/emersion/go-msgauth/authres"
)

// Trust is what a trusted server found out about the address in From (RFC 8601).
type Trust struct {
	DMARC string // "pass", "fail", …, or nothing
	DKIM  string // the domain of a valid signature that fits From, or nothing
}

// Vouched tells whether the mail is from whom it says.
func (t Trust) Vouched() bool { return t.DMARC == "pass" || t.DMARC != "fail" && t.DKIM != "" }

// comment is what stands in brackets in a field, and says nothing to a machine (RFC 5322, section 3.2.2).
var comment = pattern(`\([^()]*\)`)

// trust reads the Authentication-Results of servers that are believed, and of no other: anybody can write the
// field, and only our own servers take out those that a sender has put in under their name. The first
// counts, for a server writes on top.
func (reader Reader) trust(l *letter, from string) (t Trust) {
	_, domain, _ := strings.Cut(from, "@")
	if domain == "" {
		return t
	}
	for _, value := range l.GetHeaderValues("Authentication-Results") {
		server, results, err := authres.Parse(comment().ReplaceAllString(value, " "))
		if err != nil || !reader.believes(server) {
			continue
		}
		for _, result := range results {
			switch r := result.(type) {
			case *authres.DMARCResult:
				if t.DMARC == "" {
					t.DMARC = string(r.Value)
				}
			case *authres.DKIMResult:
				if r.Value == authres.ResultPass && t.DKIM == "" && fits(signer(r), domain) {
					t.DKIM = signer(r)
				}
			}
		}
		return t
	}
	return t
}

func signer(r *authres.DKIMResult) string {
	if r.Domain != "" {
		return strings.ToLower(r.Domain)
	}
	_, domain, _ := strings.Cut(strings.ToLower(r.Identifier), "@")
	return domain
}

// fits tells whether a signature's domain is From's own, or one above it that is no bare top-level domain. That is
// a little stricter than DMARC's relaxed alignment, and needs no list of public suffixes.
func fits(signer, domain string) bool {
	return signer == domain || strings.Contains(signer, ".") && strings.HasSuffix(domain, "."+signer)
}

func (reader Reader) believes(server string) bool {
	server, _, _ = strings.Cut(strings.TrimSpace(server), " ") // a version may follow
	return slices.ContainsFunc(reader.Trusted, func(own string) bool { return strings.EqualFold(own, server) })
}

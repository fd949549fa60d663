package subscribers

import (
	"slices"
	"strings"
)

// Limits keep the confirmations of one hour in bounds: they go to people who may not have asked for them. A
// wish beyond them is kept and nothing is mailed; it is asked about when it is repeated.
type Limits struct {
	Domain  int      // to one domain
	Giant   int      // to one of Giants
	Giants  []string // domains at which a good part of all people have their mail
	Network int      // asked for from one network
	All     int
	Refuse  []string // domains, and all below them, from which nobody can subscribe himself: throw-away addresses
}

// reached names the limit that keeps a person from being asked; empty: none does.
func (l Limits) reached(email string, r Recent) string {
	domain, most := Domain(email), l.Domain
	if slices.Contains(l.Giants, domain) {
		most = l.Giant
	}
	switch {
	case r.All >= l.All:
		return "all"
	case r.Network >= l.Network:
		return "network"
	case r.Domain >= most:
		return "domain"
	}
	return ""
}

// refuses reports whether nobody can subscribe himself with an address at this domain.
func (l Limits) refuses(domain string) bool {
	return slices.ContainsFunc(l.Refuse, func(r string) bool {
		r = strings.ToLower(r)
		return domain == r || strings.HasSuffix(domain, "."+r)
	})
}

// Known are the digests and topics that there are to choose from.
type Known struct {
	Digests  []string // by name
	Standard []string // those of them that somebody gets who chose none
	Topics   []string // by id
}

// fit leaves of a stranger's choices what can be chosen.
func (k Known) fit(c Choices) Choices {
	c.Digests, c.Topics = pick(nil, c.Digests, k.Digests, nil), pick(nil, c.Topics, k.Topics, nil)
	if !lang(c.Lang) {
		c.Lang = ""
	}
	if !zone(c.Timezone) {
		c.Timezone = ""
	}
	return c
}

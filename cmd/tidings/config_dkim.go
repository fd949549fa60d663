package main

import (
	"fmt"
	"slices"
	"strings"

	"tidings/digest/outbox"
)

// DKIMConfig is one key that signs letters.
type DKIMConfig struct {
	Selector string `toml:"selector"` // required: names the key in the DNS
	Domain   string `toml:"domain"`   // that vouches; empty: the domain of each digest's from
	KeyFile  string `toml:"key_file"` // its content becomes Key
	Key      string `toml:"key"`      // private, in PEM; this or KeyFile is required
}

// signers are the keys that sign letters. The configuration has been checked by [Load]; the error is for one that
// was put together otherwise.
func (c Config) signers() (outbox.Signers, error) {
	var all outbox.Signers
	for _, k := range c.DKIM {
		s, err := outbox.NewSigner(k.Domain, k.Selector, []byte(k.Key))
		if err != nil {
			return nil, fmt.Errorf("DKIM key %s: %w", k.Selector, err)
		}
		all = append(all, s)
	}
	return all, nil
}

// senders are the domains that letters are from, each once and as A-labels.
func (c Config) senders() []string {
	var all []string
	for _, d := range c.Digest {
		if domain, err := outbox.Domain(d.From); err == nil && !slices.Contains(all, domain) {
			all = append(all, domain)
		}
	}
	return all
}

// checkDKIM looks at the keys that sign letters. Nothing of a key is ever told.
func (c *Config) checkDKIM(r configChecker) {
	for i, k := range c.DKIM {
		path := at("dkim", i, "selector")
		same := func(o DKIMConfig) bool {
			return strings.EqualFold(o.Selector, k.Selector) && strings.EqualFold(o.Domain, k.Domain)
		}
		switch {
		case k.Selector == "":
			r.fault(path, `this [[dkim]] has no selector; write one, such as selector = "tidings-2026"`)
			continue
		case slices.ContainsFunc(c.DKIM[:i], same):
			r.fault(path, "there is another [[dkim]] with the selector %q above; each key has its own", k.Selector)
		case k.Key == "" && k.KeyFile == "":
			r.fault(path, "the [[dkim]] %q has no key; set key_file to the file that `openssl genrsa 2048` or `openssl genpkey -algorithm ed25519` makes", k.Selector)
		}
		if k.Key == "" { // or it could not be read, which is told already
			continue
		}
		s, err := outbox.NewSigner(k.Domain, k.Selector, []byte(k.Key))
		if err != nil {
			if path = at("dkim", i, "key"); k.KeyFile != "" {
				path += "_file"
			}
			r.fault(path, "the [[dkim]] %q cannot sign: %s", k.Selector, err)
		} else if senders := c.senders(); len(senders) > 0 && !slices.ContainsFunc(senders, s.Signs) {
			r.fault(at("dkim", i, "domain"), "dkim.domain is %s, and no digest's from is at it or below it, so nothing would be signed; there are %s", s.Domain, strings.Join(senders, ", "))
		}
	}
}

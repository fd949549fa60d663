package main

import (
	"cmp"
	"errors"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"tidings/digest"
	"tidings/digest/outbox"
)

// SMTPConfig says who carries the letters when there is but one way.
type SMTPConfig struct {
	URL          string `toml:"url"`           // empty, and no relay: letters become .eml files in outbox/
	PasswordFile string `toml:"password_file"` // its content becomes Password
	Password     string `toml:"password"`      // of the URL's user; empty: the one in the URL, or none
	Hello        string `toml:"hello"`         // our name in EHLO; empty: the machine's
}

// direct is the address that means the mail servers of each reader's own domain.
const direct = "direct:"

// RelayConfig is one of several ways.
type RelayConfig struct {
	URL          string  `toml:"url"` // as [smtp]'s; required
	PasswordFile string  `toml:"password_file"`
	Password     string  `toml:"password"`
	Weight       int     `toml:"weight"`      // its share of the letters, beside the others'; 1
	Connections  int     `toml:"connections"` // at once; 0: delivery.connections
	Letters      int     `toml:"letters"`     // by one connection; 100
	Rate         float64 `toml:"rate"`        // letters a second; 0: as fast as they go
}

// preset fills in what a [[relay]] means that says nothing.
func (c *RelayConfig) preset() { c.Weight, c.Letters = 1, 100 }

// DeliveryConfig says how letters are handed over.
type DeliveryConfig struct {
	Connections int           `toml:"connections"` // at once; 16
	Uncertain   digest.Policy `toml:"uncertain"`   // of digests that say nothing themselves; resend
	RetryFirst  time.Duration `toml:"retry_first"` // before the second try, doubling from there; 5m
	GiveUp      time.Duration `toml:"give_up"`     // after the first try; 20h
	MaxLetter   Size          `toml:"max_letter"`  // of an edition, on the wire; 100KB
	WarmUp      WarmUpConfig  `toml:"warm_up"`

	Provider []ProviderConfig `toml:"provider"` // beside or instead of the built-in ones
}

// ProviderConfig says how the servers of one provider want their letters when they go there without a relay. What it
// leaves out is as built in, if there is one of its name, and else as told here.
type ProviderConfig struct {
	Name        string   `toml:"name"`        // required
	Servers     []string `toml:"servers"`     // what their names end with; required of a new one
	Connections int      `toml:"connections"` // at once; 10
	Letters     int      `toml:"letters"`     // by one connection; 100
	Rate        float64  `toml:"rate"`        // letters a second; 0: as fast as they go
}

// providers are the configured ones before the built-in ones, so that a server of both is the configured one's.
func (d DeliveryConfig) providers() []outbox.Provider {
	var all []outbox.Provider
	builtIn := outbox.Providers()
	for _, own := range d.Provider {
		p := outbox.Provider{Name: own.Name, Connections: 10, Load: 100}
		if i := slices.IndexFunc(builtIn, func(b outbox.Provider) bool { return b.Name == own.Name }); i >= 0 {
			p = builtIn[i]
			builtIn = slices.Delete(builtIn, i, i+1)
		}
		p.Connections, p.Load, p.Rate = cmp.Or(own.Connections, p.Connections), cmp.Or(own.Letters, p.Load), cmp.Or(own.Rate, p.Rate)
		if len(own.Servers) > 0 {
			p.Servers = nil
			for _, server := range own.Servers {
				p.Servers = append(p.Servers, "."+strings.ToLower(strings.Trim(server, ".")))
			}
		}
		all = append(all, p)
	}
	return append(all, builtIn...)
}

// WarmUpConfig is the plan by which a new sender's letters become more.
type WarmUpConfig struct {
	Since   string        `toml:"since"`   // the first day, 2006-01-02 on the machine's clock; empty: there is no plan
	First   int           `toml:"first"`   // letters on that day; 500
	Doubles time.Duration `toml:"doubles"` // whole days; 48h
	Until   int           `toml:"until"`   // letters a day from which on there is no limit; 100000
}

// check looks at how letters are handed over.
func (d DeliveryConfig) check(r configChecker) {
	r.least("delivery.connections", d.Connections, 1)
	r.checkPolicy("delivery.uncertain", d.Uncertain)
	r.positive("delivery.retry_first", d.RetryFirst)
	if d.GiveUp < d.RetryFirst {
		r.fault("delivery.give_up", "delivery.give_up is shorter than delivery.retry_first, so nothing would be tried twice")
	}
	if d.MaxLetter < 20<<10 {
		r.fault("delivery.max_letter", `delivery.max_letter must be at least "20KB", or there is no room for news`)
	}
	d.WarmUp.check(r)
	for i, p := range d.Provider {
		p.check(r, at("delivery.provider", i, ""))
		if slices.ContainsFunc(d.Provider[:i], func(other ProviderConfig) bool { return other.Name == p.Name }) {
			r.fault(at("delivery.provider", i, "name"), "there are two [[delivery.provider]]s %q; keep one", p.Name)
		}
	}
}

// serverForm is what a mail server's name may end with: a domain of two words or more.
var serverForm = regexp.MustCompile(`^\.?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+\.?$`)

// check looks at how one provider wants its letters.
func (p ProviderConfig) check(r configChecker, path string) {
	known := slices.ContainsFunc(outbox.Providers(), func(b outbox.Provider) bool { return b.Name == p.Name })
	switch {
	case !nameForm.MatchString(p.Name):
		r.fault(path+"name", `delivery.provider.name must be letters, digits and hyphens, such as "google"`)
	case !known && len(p.Servers) == 0:
		r.fault(path+"name", "there is no provider %q built in; set delivery.provider.servers to what its servers' names end with", p.Name)
	}
	for _, server := range p.Servers {
		if !serverForm.MatchString(server) {
			r.fault(path+"servers", `%q is no end of a mail server's name; write it like ".google.com"`, server)
		}
	}
	r.least(path+"connections", p.Connections, 0)
	r.least(path+"letters", p.Letters, 0)
	checkRate(r, path+"rate", p.Rate)
}

// checkRate looks at how many letters a second may go somewhere.
func checkRate(r configChecker, path string, rate float64) {
	if rate < 0 || rate > 100_000 || math.IsNaN(rate) {
		r.fault(path, "%s must be a number of letters a second; 0 is as fast as they go", plain(path))
	}
}

// check looks at the plan. None of it matters while it has no first day.
func (w WarmUpConfig) check(r configChecker) {
	if w.Since == "" {
		return
	}
	if _, err := time.Parse(time.DateOnly, w.Since); err != nil {
		r.fault("delivery.warm_up.since", `delivery.warm_up.since must be the day of the first letters, such as "2026-11-23"`)
	}
	r.least("delivery.warm_up.first", w.First, 1)
	r.least("delivery.warm_up.until", w.Until, 1)
	if w.Doubles < 24*time.Hour {
		r.fault("delivery.warm_up.doubles", `delivery.warm_up.doubles must be a day or more: "48h"`)
	}
}

// checkWays looks at who carries the letters.
func (c *Config) checkWays(r configChecker) {
	r.checkWay("smtp", c.SMTP.URL, c.SMTP.Password, c.SMTP.PasswordFile)
	if c.SMTP.URL != "" && len(c.Relay) > 0 {
		r.fault("smtp.url", "smtp.url names one server, and there are [[relay]]s beside it; make it a [[relay]] too, or take them out")
	}
	for i, relay := range c.Relay {
		path := at("relay", i, "")
		switch {
		case relay.URL == "":
			r.fault(path+"url", `this [[relay]] has no url; write one, such as url = "smtp://user@mail.example.org:587"`)
		case relay.URL == direct:
			r.fault(path+"url", `"direct:" cannot stand beside others; write it into smtp.url, alone`)
		default:
			r.checkWay(strings.TrimSuffix(path, "."), relay.URL, relay.Password, relay.PasswordFile)
		}
		r.least(path+"weight", relay.Weight, 1)
		r.least(path+"connections", relay.Connections, 0)
		r.least(path+"letters", relay.Letters, 1)
		checkRate(r, path+"rate", relay.Rate)
	}
}

// checkWay looks at the address of one server. It may hold a password, also where none should be: behind a question
// mark that was not encoded.
func (r configChecker) checkWay(path, address, password, passwordFile string) {
	user, inURL, err := way(address)
	if _, query, _ := strings.Cut(address, "?"); err != nil && strings.Contains(query, "@") {
		err = errors.New("special characters in a user or password are percent-encoded: %3F for ?, %40 for @")
	}
	url, name := path+".url", plain(path)
	switch given := password != "" || passwordFile != ""; {
	case address == "":
	case err != nil:
		r.fault(url, "%s.url: %s", name, err)
	case user != "" && inURL == "" && !given:
		r.fault(url, "%s.url names a user and nothing gives the password; set %s.password_file", name, name)
	case inURL != "" && password != "":
		r.fault(url, "%s.url holds a password and %s.password or %s.password_file gives another; keep one", name, name, name)
	case user == "" && password != "":
		r.fault(url, "there is a password and %s.url names no user; write smtp://USER@HOST:587", name)
	}
}

// way reads the address of a server that takes letters, and tells the login in it.
func way(address string) (user, password string, err error) {
	switch {
	case address == "" || address == direct:
		return "", "", nil
	case strings.HasPrefix(address, "lmtp:"):
		_, err = outbox.ParseLMTP(address)
		return "", "", err
	}
	server, err := outbox.ParseURL(address)
	return server.User, server.Password, err
}

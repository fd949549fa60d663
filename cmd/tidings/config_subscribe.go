package main

import (
	"os"
	"strings"

	"tidings/subscribers"
)

// check looks at the limits of confirmations, and reads the file of domains that are refused.
func (s *SubscribeConfig) check(r configChecker) {
	r.least("subscribe.per_hour", s.PerHour, 1)
	r.least("subscribe.per_domain", s.PerDomain, 1)
	r.least("subscribe.per_giant", s.PerGiant, 1)
	r.least("subscribe.per_network", s.PerNetwork, 1)
	r.least("subscribe.forms", s.Forms, 1)
	r.least("subscribe.net_forms", s.NetForms, 1)
	checkDomains(r, "subscribe.giants", s.Giants)
	checkDomains(r, "subscribe.refuse", s.Refuse)
	if s.RefuseFile == "" {
		return
	}
	s.RefuseFile = r.path("subscribe.refuse_file", s.RefuseFile)
	content, err := os.ReadFile(s.RefuseFile)
	if err != nil {
		r.fault("subscribe.refuse_file", "the domains to refuse cannot be read from %s: %s", s.RefuseFile, reason(err))
		return
	}
	for line := range strings.Lines(string(content)) {
		if line, _, _ = strings.Cut(line, "#"); strings.TrimSpace(line) != "" {
			s.Refuse = append(s.Refuse, strings.ToLower(strings.TrimSpace(line)))
		}
	}
}

// checkDomains looks whether each is the part of an address behind its @.
func checkDomains(r configChecker, setting string, domains []string) {
	for _, d := range domains {
		if email, err := subscribers.Normalise("a@" + d); err != nil || email != "a@"+d {
			r.fault(setting, "%q is not the domain of a mail address; write it in lower case, like example.org", d)
		}
	}
}

// known is what readers can choose from.
func (h *house) known() subscribers.Known {
	var k subscribers.Known
	for _, d := range h.digests {
		k.Digests = append(k.Digests, d.Name)
		if !d.Optional {
			k.Standard = append(k.Standard, d.Name)
		}
	}
	for _, t := range h.config.topics() {
		k.Topics = append(k.Topics, t.ID)
	}
	return k
}

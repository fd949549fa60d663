package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// resolver is what is asked of the DNS.
type resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
}

// warning is what should be known, and does not keep a morning from coming.
type warning struct{ error }

// asking bounds what is asked of the DNS about one thing.
const asking = 3 * time.Second

// eachDomain looks at every domain that letters are from, if they leave the machine. What is wrong with one of them
// hides nothing of the others.
func (h checkup) eachDomain(ctx context.Context, look func(context.Context, string) (string, error)) (string, error) {
	domains := h.config.senders()
	if h.config.SMTP.URL == "" || len(domains) == 0 {
		return "not looked up: letters stay on this machine", nil
	}
	ctx, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	var told, warned, failed []string
	for _, domain := range domains {
		if reserved(domain) {
			told = append(told, domain+" is for examples and tests, and has no records")
			continue
		}
		says, err := look(ctx, domain)
		var w warning
		switch {
		case errors.As(err, &w):
			warned = append(warned, w.Error())
		case err != nil:
			failed = append(failed, err.Error())
		default:
			told = append(told, says)
		}
	}
	all := strings.Join(slices.Concat(failed, warned, told), "; ")
	switch {
	case failed != nil:
		return "", errors.New(all)
	case warned != nil:
		return "", warning{errors.New(all)}
	}
	return all, nil
}

// reserved says whether a domain is nobody's, by RFC 2606 and RFC 6761.
func reserved(domain string) bool {
	labels := strings.Split(domain, ".")
	switch last := labels[len(labels)-1]; last {
	case "test", "example", "invalid", "localhost", "local":
		return true
	case "com", "net", "org":
		return len(labels) > 1 && labels[len(labels)-2] == "example"
	}
	return len(labels) == 1
}

// txt returns the text records of a name that begin with a version; none, and no error, when there are none.
func (h checkup) txt(ctx context.Context, name, version string) ([]string, error) {
	all, err := h.dns.LookupTXT(ctx, name)
	if err := unanswered(name, err); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool {
		tag, _, _ := strings.Cut(strings.ToLower(s)+" ", " ")
		return strings.TrimRight(tag, "; ") != version && !strings.HasPrefix(tag, version+";")
	}), nil
}

// unanswered is a warning when nobody answered; that there is no such record is an answer.
func unanswered(name string, err error) error {
	if gone := (*net.DNSError)(nil); err == nil || errors.As(err, &gone) && gone.IsNotFound {
		return nil
	}
	return warning{fmt.Errorf("%s cannot be looked up now", name)}
}

// mx tells where mail to a digest goes: answers, and the reports of servers that could not deliver.
func (h checkup) mx(ctx context.Context, domain string) (string, error) {
	all, err := h.dns.LookupMX(ctx, domain)
	if err := unanswered(domain, err); err != nil {
		return "", err
	}
	var hosts []string
	for _, mx := range all {
		if host := strings.TrimSuffix(mx.Host, "."); host != "" { // a null MX takes no mail (RFC 7505)
			hosts = append(hosts, host)
		}
	}
	if hosts == nil {
		err := fmt.Errorf("%s has no server that takes mail, so neither answers nor reports of failure arrive: publish an MX record", domain)
		if h.config.Mail.comes() {
			return "", err
		}
		return "", warning{err}
	}
	return domain + " takes mail at " + strings.Join(hosts, ", "), nil
}

// spf tells who may send for a domain (RFC 7208).
func (h checkup) spf(ctx context.Context, domain string) (string, error) {
	all, err := h.txt(ctx, domain, "v=spf1")
	switch {
	case err != nil:
		return "", err
	case len(all) == 0:
		return "", fmt.Errorf(`%s does not say who may send for it: publish TXT %s "v=spf1 mx -all", with what your mail server's provider asks for (such as include:…) before -all`, domain, domain)
	case len(all) > 1:
		return "", fmt.Errorf("%s has %d SPF records, and so none that counts: put them into one", domain, len(all))
	}
	fields := strings.Fields(strings.ToLower(all[0]))
	if slices.Contains(fields, "+all") || slices.Contains(fields, "all") {
		return "", warning{fmt.Errorf("%s lets all the world send for it: end its SPF record with -all", domain)}
	}
	return fmt.Sprintf("%s says %q", domain, all[0]), nil
}

// keys compares the keys that sign with the published ones. While letters stay on this machine it says what to publish.
func (h checkup) keys(ctx context.Context) (string, error) {
	all, err := h.config.signers()
	if err != nil || h.config.SMTP.URL != "" || len(all) == 0 {
		return h.eachDomain(ctx, h.dkim)
	}
	var records []string
	for _, domain := range h.config.senders() {
		for _, s := range all {
			if !s.Signs(domain) {
				continue
			}
			name, says, err := s.Record(domain)
			if err != nil {
				return "", err
			}
			records = append(records, fmt.Sprintf("publish TXT %s %q", name, says))
		}
	}
	return "before letters leave this machine: " + strings.Join(records, "; "), nil
}

// dkim compares the published keys with those that sign.
func (h checkup) dkim(ctx context.Context, domain string) (string, error) {
	all, err := h.config.signers()
	if err != nil {
		return "", err
	}
	var good, bad []string
	for _, s := range all {
		if !s.Signs(domain) {
			continue
		}
		name, says, err := s.Record(domain)
		if err != nil {
			return "", err
		}
		published, err := h.dns.LookupTXT(ctx, name)
		if err := unanswered(name, err); err != nil {
			return "", warning{fmt.Errorf("%w; it must be TXT %q", err, says)}
		}
		switch {
		case len(published) == 0:
			bad = append(bad, fmt.Sprintf("%s is missing: publish TXT %s %q", name, name, says))
		case slices.ContainsFunc(published, func(s string) bool { return publicKey(s) == publicKey(says) }):
			good = append(good, name+" is published")
		default:
			bad = append(bad, fmt.Sprintf("%s holds another key: publish TXT %q instead", name, says))
		}
	}
	switch {
	case bad != nil:
		return "", errors.New(strings.Join(append(bad, good...), "; "))
	case good == nil:
		return "", warning{fmt.Errorf("no [[dkim]] signs letters from %s: let your mail server sign them, or add one", domain)}
	}
	return strings.Join(good, "; "), nil
}

// publicKey is the p= tag of a published key (RFC 6376, 3.6.1).
func publicKey(record string) string {
	for tag := range strings.SplitSeq(record, ";") {
		name, value, _ := strings.Cut(tag, "=")
		if strings.TrimSpace(name) == "p" {
			return strings.Join(strings.Fields(value), "")
		}
	}
	return ""
}

// dmarc tells what receivers are to do with letters that nobody vouches for. The record may stand at a domain above
// (RFC 7489, 6.6.3).
func (h checkup) dmarc(ctx context.Context, domain string) (string, error) {
	for at := domain; strings.Contains(at, "."); _, at, _ = strings.Cut(at, ".") {
		all, err := h.txt(ctx, "_dmarc."+at, "v=dmarc1")
		switch {
		case err != nil:
			return "", err
		case len(all) > 1:
			return "", fmt.Errorf("_dmarc.%s has %d records, and so none that counts: leave one", at, len(all))
		case len(all) == 1:
			return fmt.Sprintf("_dmarc.%s says %q", at, all[0]), nil
		}
	}
	return "", warning{fmt.Errorf(`%s has no DMARC record, which the great providers want of who sends much: publish TXT _dmarc.%s "v=DMARC1; p=none"`, domain, domain)}
}

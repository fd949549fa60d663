package outbox

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Resolver looks up names; [*net.Resolver] is one.
type Resolver interface {
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupHost(ctx context.Context, name string) ([]string, error)
}

// Direct leads letters to the servers of their own domains (RFC 5321, 5), without a relay. Domains with the same
// servers share a lane, and the lanes to one provider share its terms. Encryption is taken where it is offered, and
// no certificate is asked for, since whoever could forge one could as well offer none (RFC 7435).
type Direct struct {
	Resolver Resolver
	Now      func() time.Time
	Hello    string // our name in EHLO, which should be that of our address; empty: the machine's

	// Providers are those who want letters in their own way; the first whose server it is counts. nil: [Providers].
	Providers []Provider

	Dial func(ctx context.Context, network, address string) (net.Conn, error) // nil: to public addresses alone
	Port int                                                                  // 0: 25

	mu      sync.Mutex
	domains map[string]destination
	lanes   map[string]*Lane  // by their servers
	terms   map[string]*Terms // by provider
}

// destination is what is known of a domain until a time.
type destination struct {
	lane  *Lane
	fault error
	until time.Time
}

const (
	remember = time.Hour       // what was looked up
	forget   = 5 * time.Minute // what could not be
	atHand   = 20_000          // domains that are remembered at a time
	mostMX   = 5               // servers of a domain that are tried
)

// Provider is a group of servers that want their letters in one way, which all lanes to them share.
type Provider struct {
	Name        string
	Servers     []string // what their names end with: ".google.com"
	Connections int      // at a time
	Load        int      // letters by one connection
	Rate        float64  // letters a second; 0: as fast as they go
}

// serves reports whether a server is the provider's.
func (p Provider) serves(host string) bool {
	return slices.ContainsFunc(p.Servers, func(end string) bool { return strings.HasSuffix("."+host, end) })
}

// Providers returns the great ones. The figures are those of KumoMTA's published policies (see its docs, "traffic
// shaping").
func Providers() []Provider {
	return []Provider{
		{Name: "google", Servers: []string{".google.com", ".googlemail.com", ".smtp.goog"}, Connections: 5, Load: 50},
		{Name: "microsoft", Servers: []string{".outlook.com", ".hotmail.com", ".mx.microsoft"}, Connections: 5, Load: 50},
		{Name: "yahoo", Servers: []string{".yahoodns.net"}, Connections: 5, Load: 20},
		{Name: "apple", Servers: []string{".icloud.com", ".apple.com"}, Connections: 10, Load: 5},
		{Name: "orange", Servers: []string{".orange.fr", ".wanadoo.fr"}, Connections: 2, Load: 100},
	}
}

// What every other domain is taken to want.
const (
	otherConnections = 10
	otherRate        = 100
)

// Lane implements [Lanes]. A domain that takes no mail is a permanent [*Refusal].
func (d *Direct) Lane(ctx context.Context, to string) (*Lane, error) {
	domain := strings.ToLower(to[strings.LastIndexByte(to, '@')+1:])
	d.mu.Lock()
	known, ok := d.domains[domain]
	d.mu.Unlock()
	if now := d.Now(); ok && now.Before(known.until) && known.until.Sub(now) <= remember {
		return known.lane, known.fault
	}
	hosts, err := d.servers(ctx, domain)
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return d.learn(domain, hosts, err)
}

// learn remembers what was found of a domain.
func (d *Direct) learn(domain string, hosts []string, fault error) (*Lane, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.domains == nil || len(d.domains) >= atHand {
		d.domains, d.lanes = map[string]destination{}, map[string]*Lane{}
	}
	if d.terms == nil {
		d.terms = map[string]*Terms{}
	}
	found := destination{fault: fault, until: d.Now().Add(forget)}
	if fault == nil {
		found.lane, found.until = d.lane(domain, hosts), d.Now().Add(remember)
	}
	d.domains[domain] = found
	return found.lane, found.fault
}

// lane returns the lane to these servers.
func (d *Direct) lane(domain string, hosts []string) *Lane {
	key := strings.Join(slices.Sorted(slices.Values(hosts)), " ")
	if l, ok := d.lanes[key]; ok {
		return l
	}
	l := &Lane{Name: domain, Last: true, Terms: d.termsOf(hosts[0])}
	l.Open = func(ctx context.Context) (Carrier, error) { return d.open(ctx, hosts) }
	d.lanes[key] = l
	return l
}

// termsOf returns the terms of a server's provider.
func (d *Direct) termsOf(host string) *Terms {
	providers := d.Providers
	if providers == nil {
		providers = Providers()
	}
	if i := slices.IndexFunc(providers, func(p Provider) bool { return p.serves(host) }); i >= 0 {
		p := providers[i]
		if d.terms[p.Name] == nil {
			d.terms[p.Name] = &Terms{Name: p.Name, Connections: p.Connections, Load: p.Load, Rate: p.Rate}
		}
		return d.terms[p.Name]
	}
	return &Terms{Name: host, Connections: otherConnections, Rate: otherRate}
}

// servers looks up who takes a domain's mail, the best first. A domain that names nobody takes it itself (RFC 5321,
// 5.1); one that names "." takes none (RFC 7505).
func (d *Direct) servers(ctx context.Context, domain string) ([]string, error) {
	found, err := d.Resolver.LookupMX(ctx, domain)
	var missing *net.DNSError
	switch {
	case len(found) > 0: // some may be good although others are not
	case errors.As(err, &missing) && missing.IsNotFound || err == nil:
		if _, err := d.Resolver.LookupHost(ctx, domain); errors.As(err, &missing) && missing.IsNotFound {
			return nil, &Refusal{Code: 550, Enhanced: "5.1.2", Text: "there is no such domain", At: "rcpt"}
		} else if err != nil {
			return nil, &Fault{At: "connect", Err: fmt.Errorf("look up %s: %w", domain, err)}
		}
		return []string{domain}, nil
	default:
		return nil, &Fault{At: "connect", Err: fmt.Errorf("look up who takes mail for %s: %w", domain, err)}
	}
	slices.SortStableFunc(found, func(a, b *net.MX) int { return cmp.Compare(a.Pref, b.Pref) })
	var hosts []string
	for _, mx := range found {
		if host := strings.ToLower(strings.TrimSuffix(mx.Host, ".")); host != "" && len(hosts) < mostMX {
			hosts = append(hosts, host)
		}
	}
	if hosts == nil {
		return nil, &Refusal{Code: 556, Enhanced: "5.1.10", Text: "the domain takes no mail", At: "rcpt"}
	}
	return hosts, nil
}

// open connects to the first of the servers that can be had.
func (d *Direct) open(ctx context.Context, hosts []string) (Carrier, error) {
	var errs []error
	for _, host := range hosts {
		c := SMTPConfig{Host: host, Port: cmp.Or(d.Port, 25), TLS: Opportunistic, Hello: d.Hello, Dial: d.Dial,
			TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true}} // see [Direct]
		if c.Dial == nil {
			c.Dial = (&net.Dialer{Control: public}).DialContext
		}
		carrier, err := c.Open(ctx)
		if op := (*net.OpError)(nil); err != nil && refusalOf(err) == nil && !(errors.As(err, &op) && op.Op == "dial") && ctx.Err() == nil {
			c.TLS = None // it offers encryption and fails at it
			carrier, err = c.Open(ctx)
		}
		if err == nil || ctx.Err() != nil {
			return carrier, err
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// public refuses addresses that are no mail server's of the world: anybody can name a machine of ours as his.
func public(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if ip := at.Addr().Unmap(); !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return fmt.Errorf("%s is not a public address", ip)
	}
	return nil
}

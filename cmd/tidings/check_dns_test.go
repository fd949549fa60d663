package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// records is a DNS of text and MX records; what begins with "down" is not answered.
type records map[string][]string

func (z records) LookupTXT(_ context.Context, name string) ([]string, error) {
	return z.lookup("TXT " + name)
}

func (z records) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	found, err := z.lookup("MX " + name)
	var all []*net.MX
	for _, host := range found {
		all = append(all, &net.MX{Host: host})
	}
	return all, err
}

func (z records) lookup(name string) ([]string, error) {
	if _, domain, _ := strings.Cut(name, " "); strings.HasSuffix(domain, "down.eu") {
		return nil, &net.DNSError{Err: "i/o timeout", Name: domain, IsTimeout: true}
	}
	if found, ok := z[name]; ok {
		return found, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// The example key of RFC 8410, 10.3, and what is published of it.
const (
	testKey    = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n"
	testPublic = "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
)

func TestCheckDNS(t *testing.T) {
	record := "v=DKIM1; k=ed25519; p=" + testPublic
	for name, c := range map[string]struct {
		from, config string
		zone         records
		want         string
	}{
		"all is well": {"daily@news.eu", "", records{
			"MX news.eu": {"mx1.news.eu.", "mx2.news.eu."}, "TXT news.eu": {"google-site-verification=x", "v=spf1 mx -all"},
			"TXT s1._domainkey.news.eu": {"v=DKIM1; k=ed25519; p=GB9E; n=old", "v=DKIM1; k=ed25519;  p=" + testPublic[:10] + " " + testPublic[10:]}, "TXT _dmarc.news.eu": {"v=DMARC1;p=reject"},
		}, `ok    mx         news.eu takes mail at mx1.news.eu, mx2.news.eu
ok    spf        news.eu says "v=spf1 mx -all"
ok    dkim       s1._domainkey.news.eu is published
ok    dmarc      _dmarc.news.eu says "v=DMARC1;p=reject"
`},
		"nothing is there": {"daily@news.eu", "", records{}, `warn  mx         news.eu has no server that takes mail, so neither answers nor reports of failure arrive: publish an MX record
FAIL  spf        news.eu does not say who may send for it: publish TXT news.eu "v=spf1 mx -all", with what your mail server's provider asks for (such as include:…) before -all
FAIL  dkim       s1._domainkey.news.eu is missing: publish TXT s1._domainkey.news.eu "` + record + `"
warn  dmarc      news.eu has no DMARC record, which the great providers want of who sends much: publish TXT _dmarc.news.eu "v=DMARC1; p=none"
`},
		"things are wrong": {"AI <daily@news.eu>", "[mail]\npipe = true\n", records{
			"MX news.eu": {"."}, "TXT news.eu": {"v=spf1 a -all", "V=SPF1 mx ~all", "v=spf10"}, "TXT s1._domainkey.news.eu": {"v=DKIM1; p="}, "TXT _dmarc.news.eu": {"v=DMARC1; p=none", "v=DMARC1; p=reject"},
		}, `FAIL  mx         news.eu has no server that takes mail, so neither answers nor reports of failure arrive: publish an MX record
FAIL  spf        news.eu has 2 SPF records, and so none that counts: put them into one
FAIL  dkim       s1._domainkey.news.eu holds another key: publish TXT "` + record + `" instead
FAIL  dmarc      _dmarc.news.eu has 2 records, and so none that counts: leave one
`},
		"a domain below": {"daily@ai.bücher.eu", "", records{
			"MX ai.xn--bcher-kva.eu": {"mx.eu."}, "TXT ai.xn--bcher-kva.eu": {"v=spf1 +all"}, "TXT s1._domainkey.ai.xn--bcher-kva.eu": {record}, "TXT _dmarc.xn--bcher-kva.eu": {"v=DMARC1; p=none"},
		}, `ok    mx         ai.xn--bcher-kva.eu takes mail at mx.eu
warn  spf        ai.xn--bcher-kva.eu lets all the world send for it: end its SPF record with -all
ok    dkim       s1._domainkey.ai.xn--bcher-kva.eu is published
ok    dmarc      _dmarc.xn--bcher-kva.eu says "v=DMARC1; p=none"
`},
		"nobody answers": {"daily@down.eu", "", records{}, `warn  mx         down.eu cannot be looked up now
warn  spf        down.eu cannot be looked up now
warn  dkim       s1._domainkey.down.eu cannot be looked up now; it must be TXT "` + record + `"
warn  dmarc      _dmarc.down.eu cannot be looked up now
`},
		"an example": {"daily@example.org", "", records{}, `ok    mx         example.org is for examples and tests, and has no records
ok    spf        example.org is for examples and tests, and has no records
ok    dkim       example.org is for examples and tests, and has no records
ok    dmarc      example.org is for examples and tests, and has no records
`},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "config.toml")
			write(t, path, fmt.Sprintf("[smtp]\nurl = \"smtp://127.0.0.1:1?tls=none\"\n%s[[dkim]]\nselector = \"s1\"\nkey = \"\"\"\n%s\"\"\"\n[[source]]\nurl = \"file:news\"\n[[digest]]\nname = \"daily\"\nfrom = %q\n", c.config, testKey, c.from))
			var out bytes.Buffer
			p := &program{out: &out, err: &out, path: path, now: time.Now, dns: c.zone}
			config, err := p.load()
			if err != nil {
				t.Fatal(err)
			}
			if err := (checkup{house: &house{program: p, config: config, log: p.logger(config)}}).all(t.Context()); !errors.Is(err, errTold) {
				t.Errorf("no mail server is there, and check says %v", err)
			}
			got := ""
			for line := range strings.Lines(out.String()) {
				if at := strings.Fields(line)[1]; at == "mx" || at == "spf" || at == "dkim" || at == "dmarc" {
					got += line
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

package outbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"
)

// Security is how the line to a mail server is secured.
type Security string

// STARTTLS is the rule and fails without it; Implicit is TLS from the first byte; Opportunistic takes
// STARTTLS where it is offered; None is for a server on the same machine.
const (
	STARTTLS      Security = "starttls"
	Implicit      Security = "implicit"
	Opportunistic Security = "opportunistic"
	None          Security = "none"
)

// SMTPConfig names a mail server and how to speak to it. [ParseURL] makes one; its Open is an outbox's.
type SMTPConfig struct {
	Host      string
	Port      int
	TLS       Security
	User      string // empty: no login
	Password  string
	Hello     string        // our name in EHLO; empty: the machine's
	Timeout   time.Duration // for each letter, and again for the answer to its last byte; 2 min
	TLSConfig *tls.Config   // nil: the system's authorities, TLS 1.2 and later

	Dial func(ctx context.Context, network, address string) (net.Conn, error) // nil: as [net.Dialer] does
}

func (c SMTPConfig) addr() string { return net.JoinHostPort(c.Host, strconv.Itoa(c.Port)) }

// ParseURL reads the address of a mail server: smtp://user@host:587 (STARTTLS required; port 587 when
// none is given), smtps://host:465, smtp://host:25?tls=none or ?tls=opportunistic. User and password are
// percent-encoded; the password may come from elsewhere. No error ever tells the password.
func ParseURL(s string) (SMTPConfig, error) {
	u, err := url.Parse(s)
	if err != nil {
		return SMTPConfig{}, errors.New("the mail server's address cannot be read; " + encodeThem) // err would tell the password
	}
	if u.Scheme != "smtp" && u.Scheme != "smtps" {
		return SMTPConfig{}, fmt.Errorf("the mail server's address begins with %q instead of smtp:// or smtps://", u.Scheme)
	}
	if u.Hostname() == "" {
		return SMTPConfig{}, errors.New("the mail server's address names no host; write it like smtp://user@mail.example.org:587")
	}
	if u.Path != "" && u.Path != "/" || u.Fragment != "" {
		return SMTPConfig{}, errors.New("the mail server's address goes on after the port; " + encodeThem)
	}
	c := SMTPConfig{Host: u.Hostname(), Port: 587, TLS: STARTTLS, User: u.User.Username()}
	c.Password, _ = u.User.Password()
	if c.User == "" && c.Password != "" {
		return SMTPConfig{}, errors.New("the mail server's address has a password but no user")
	}
	if u.Scheme == "smtps" {
		c.Port, c.TLS = 465, Implicit
	}
	if u.Port() != "" {
		c.Port, err = strconv.Atoi(u.Port())
		if err != nil || c.Port < 1 || c.Port > 65535 {
			return SMTPConfig{}, fmt.Errorf("%s is not a port; ports go from 1 to 65535", u.Port())
		}
	}
	if err := c.secure(u); err != nil {
		return SMTPConfig{}, err
	}
	return c, nil
}

const encodeThem = "write @, / and : in a user or a password as %40, %2F and %3A"

// secure reads the address's ?tls=.
func (c *SMTPConfig) secure(u *url.URL) error {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return errors.New("what follows the ? in the mail server's address cannot be read")
	}
	for name, values := range query {
		if name != "tls" || len(values) != 1 {
			return fmt.Errorf("the mail server's address has ?%s=; it takes one ?tls= and nothing else", name)
		}
		how := Security(values[0])
		switch {
		case u.Scheme == "smtps":
			return errors.New("smtps:// is always encrypted; leave ?tls= out")
		case how != None && how != Opportunistic && how != STARTTLS:
			return fmt.Errorf("?tls=%s is not known; it is none, opportunistic or starttls", how)
		}
		c.TLS = how
	}
	if c.TLS == None && c.User != "" && c.Host != "localhost" && !net.ParseIP(c.Host).IsLoopback() {
		return errors.New("a login with ?tls=none would show the password to everybody on the way; leave one of them out")
	}
	return nil
}

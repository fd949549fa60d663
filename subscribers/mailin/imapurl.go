package mailin

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
)

// Security is how the line to an IMAP server is secured.
type Security string

// Implicit is TLS from the first byte; STARTTLS fails where it is not offered; None is for a server on the same
// machine.
const (
	Implicit Security = "implicit"
	STARTTLS Security = "starttls"
	None     Security = "none"
)

// Account names an IMAP server and who logs in to it. [ParseAccount] makes one.
type Account struct {
	Host      string
	Port      int
	TLS       Security
	User      string
	Password  string
	TLSConfig *tls.Config // nil: the system's authorities, TLS 1.2 and later
}

func (a Account) addr() string { return net.JoinHostPort(a.Host, strconv.Itoa(a.Port)) }

// ParseAccount reads the address of an IMAP server: imaps://user@host:993 (TLS from the first byte; 993 when no
// port is given), imap://user@host:143 (STARTTLS required), imap://user@localhost?tls=none. User and password are
// percent-encoded; the password may come from elsewhere. No error ever tells the password.
func ParseAccount(s string) (Account, error) {
	u, err := url.Parse(s)
	if err != nil {
		return Account{}, errors.New("the address cannot be read; " + encodeThem) // err would tell the password
	}
	if u.Scheme != "imap" && u.Scheme != "imaps" {
		return Account{}, errors.New("the address must begin with imaps:// or imap://")
	}
	if u.Hostname() == "" || u.User.Username() == "" {
		return Account{}, errors.New("the address names no user or no host; write it like imaps://user@imap.example.org")
	}
	if u.Path != "" && u.Path != "/" || u.Fragment != "" {
		return Account{}, errors.New("the address goes on after the port; " + encodeThem)
	}
	a := Account{Host: u.Hostname(), Port: 143, TLS: STARTTLS, User: u.User.Username()}
	a.Password, _ = u.User.Password()
	if u.Scheme == "imaps" {
		a.Port, a.TLS = 993, Implicit
	}
	if u.Port() != "" {
		a.Port, err = strconv.Atoi(u.Port())
		if err != nil || a.Port < 1 || a.Port > 65535 {
			return Account{}, fmt.Errorf("%s is not a port; ports go from 1 to 65535", u.Port())
		}
	}
	switch u.RawQuery {
	case "":
	case "tls=none":
		if u.Scheme == "imaps" {
			return Account{}, errors.New("imaps:// is always encrypted; leave ?tls= out")
		}
		if a.Host != "localhost" && !net.ParseIP(a.Host).IsLoopback() {
			return Account{}, errors.New("a login with ?tls=none would show the password to everybody on the way; leave it out")
		}
		a.TLS = None
	default:
		return Account{}, errors.New("after a ? there can only be tls=none; " + encodeThem)
	}
	return a, nil
}

const encodeThem = "write @, /, ? and : in a user or a password as %40, %2F, %3F and %3A"

package subscribers

import (
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// The longest address and local part that mail can carry, in octets (RFC 5321, 4.5.3.1).
const (
	longestAddress = 254
	longestLocal   = 64
)

// domain is a host name of at least two labels, the last of which is not a number.
var domain = regexp.MustCompile(`^([a-z0-9-]{1,63}\.)+([a-z0-9-]{0,62}[a-z-][a-z0-9-]{0,62})$`)

// Normalise brings an address to the form under which a subscriber is known: one bare addr-spec in lower
// case, its domain in ASCII (A-labels). It refuses what cannot be written to safely, quoted local parts
// among it; the error wraps [ErrAddress] and says why. What it returns it returns again unchanged.
func Normalise(address string) (string, error) {
	address = strings.TrimSpace(address)
	switch {
	case address == "":
		return "", refuse("it is empty")
	case len(address) > 4*longestAddress:
		return "", refuse("it is longer than %d characters", longestAddress)
	case strings.ContainsFunc(address, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) || unicode.In(r, unicode.Cf) }):
		return "", refuse("it contains a blank or an invisible character")
	case strings.ContainsAny(address, `"<>()[],:;\`):
		return "", refuse("it contains one of \" < > ( ) [ ] , : ; \\")
	case strings.Count(address, "@") != 1:
		return "", refuse("it needs exactly one @")
	}
	if a, err := mail.ParseAddress(address); err != nil || a.Address != address {
		return "", refuse("it is not of the form name@example.org")
	}
	local, host, _ := strings.Cut(address, "@")
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil || ascii != "localhost" && !domain.MatchString(ascii) {
		return "", refuse("%q is not a domain that takes mail", host)
	}
	local = norm.NFC.String(strings.ToLower(norm.NFC.String(local)))
	if len(local) > longestLocal {
		return "", refuse("its part before the @ is longer than %d characters", longestLocal)
	}
	if len(local)+1+len(ascii) > longestAddress {
		return "", refuse("it is longer than %d characters", longestAddress)
	}
	return local + "@" + ascii, nil
}

func refuse(why string, args ...any) error {
	return fmt.Errorf("%w: "+why, append([]any{ErrAddress}, args...)...)
}

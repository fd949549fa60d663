package subscribers

import "strings"

// ProviderOf names who runs the mailboxes of a domain, as far as its name tells: the four whose domains hold most
// private mailboxes, else the domain itself. Companies whose mail they run are told by their own domains.
func ProviderOf(domain string) string {
	name, _, _ := strings.Cut(domain, ".")
	switch domain {
	case "gmail.com", "googlemail.com", "google.com":
		return "Google"
	case "icloud.com", "me.com", "mac.com", "privaterelay.appleid.com":
		return "Apple"
	case "aol.com", "ymail.com", "rocketmail.com":
		return "Yahoo"
	case "msn.com", "passport.com", "windowslive.com":
		return "Microsoft"
	}
	switch name {
	case "outlook", "hotmail", "live":
		return "Microsoft"
	case "yahoo", "aol":
		return "Yahoo"
	}
	return domain
}

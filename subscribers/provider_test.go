package subscribers_test

import (
	"testing"

	"tidings/subscribers"
)

func TestProviderOf(t *testing.T) {
	for domain, want := range map[string]string{
		"gmail.com": "Google", "googlemail.com": "Google", "hotmail.co.uk": "Microsoft", "outlook.it": "Microsoft",
		"yahoo.de": "Yahoo", "aol.com": "Yahoo", "me.com": "Apple", "mail.gmail.com": "mail.gmail.com", "example.org": "example.org", "": "",
	} {
		if got := subscribers.ProviderOf(domain); got != want {
			t.Errorf("%s: %s, want %s", domain, got, want)
		}
	}
}

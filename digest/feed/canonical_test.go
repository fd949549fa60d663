package feed

import (
	"strings"
	"testing"
)

func TestCanonical(t *testing.T) {
	for raw, want := range map[string]string{
		"https://a.example/x":                                              "https://a.example/x",
		" HTTPS://A.Example:443/X ":                                        "https://a.example/X",
		"http://a.example:80/":                                             "http://a.example/",
		"http://a.example:8080/":                                           "http://a.example:8080/",
		"https://a.example/x?utm_source=rss&id=7&UTM_Medium=b":             "https://a.example/x?id=7",
		"https://a.example/x?fbclid=1":                                     "https://a.example/x",
		"https://a.example/x?":                                             "https://a.example/x",
		"https://a.example/x?a=1&b=2&c":                                    "https://a.example/x?a=1&b=2&c",
		"https://a.example/x?_hsenc=1&_hsmi=2&q=a%20b":                     "https://a.example/x?q=a%20b",
		"https://a.example/x#comments":                                     "https://a.example/x",
		"https://a.example/#!/story/9":                                     "https://a.example/#!/story/9",
		"https://a.example/news/story/amp":                                 "https://a.example/news/story",
		"https://a.example/news/story/amp/?amp=1":                          "https://a.example/news/story/",
		"https://a.example/story.amp.html":                                 "https://a.example/story.html",
		"https://a.example/story?outputType=amp":                           "https://a.example/story",
		"https://a.example/amp":                                            "https://a.example/amp",
		"https://shop.example/guitar-amp":                                  "https://shop.example/guitar-amp",
		"https://www.google.com/amp/s/a.example/story/amp/":                "https://a.example/story/",
		"https://a-example.cdn.ampproject.org/c/s/a.example/story?gclid=1": "https://a.example/story",
		"https://a.example./x":                                             "https://a.example/x",
		"https://bücher.example/ä":                                         "https://xn--bcher-kva.example/%C3%A4",
		"https://a.example/a%2Fb":                                          "https://a.example/a%2Fb",
		"https://[2001:db8::1]:443/x":                                      "https://[2001:db8::1]/x",
		"https://m.a.example/x":                                            "https://m.a.example/x",
		"mailto:a@example.org":                                             "mailto:a@example.org",
		"/relative":                                                        "/relative",
		"tag:a.example,2025:1":                                             "tag:a.example,2025:1",
		"":                                                                 "",
	} {
		if got := Canonical(raw); got != want {
			t.Errorf("Canonical(%q)\n got %s\nwant %s", raw, got, want)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{"https://a.example/x?utm_source=1#y", "http://[::1]:80", "https://google.com/amp/s/a.example/amp", "//x", "http://a.example:/amp/amp?amp", "http://%41/", "HTTP://É.example/#!é", "http://a@b:443/?&&"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		once := Canonical(raw)
		if twice := Canonical(once); twice != once {
			t.Errorf("%q\nonce  %q\ntwice %q", raw, once, twice)
		}
		key := linkKey(once)
		if rest, ok := strings.CutPrefix(once, "https://"); ok && key != once && linkKey("http://"+rest) != key {
			t.Errorf("%q\nis known as %q, and without encryption as %q", once, key, linkKey("http://"+rest))
		}
	})
}

// TestLinkKey tells which addresses are one article's, and which are no article's own.
func TestLinkKey(t *testing.T) {
	for _, c := range []struct{ key, addresses string }{
		{"site.example/a", "https://site.example/a http://www.site.example/a/ https://m.site.example/a#top https://mobile.site.example/a?utm_medium=x https://amp.site.example/a/amp https://WWW.Site.Example:443/a?"},
		{"site.example/a?p=1&q=2", "https://site.example/a?q=2&p=1 https://www.site.example/a/?p=1&utm_id=3&q=2"},
		{"site.example?p=7", "https://site.example/?p=7 https://site.example?p=7"},
		{"site.example#!/story/7", "https://site.example/#!/story/7"},
		{"m.example/a", "https://m.example/a https://www.m.example/a"}, // a name of two parts is the site's own
		{"site.example:8080/a", "https://site.example:8080/a"},
		{"", "https://site.example https://www.site.example/ http://site.example/?utm_source=rss https://m.site.example/#news"},
	} {
		for _, a := range strings.Fields(c.addresses) {
			if got := linkKey(Canonical(a)); got != c.key {
				t.Errorf("%s is known as %q, want %q", a, got, c.key)
			}
		}
	}
}

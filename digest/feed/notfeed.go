package feed

import (
	"errors"
	"strings"

	nethtml "golang.org/x/net/html"
)

// elsewhere is the error of a web page that names its feed.
type elsewhere struct{ sentence, feed string }

func (e *elsewhere) Error() string { return e.sentence }

// notFeed says what came instead of a feed, and for a web page which feed it names.
func (o opening) notFeed() error {
	switch o.kind {
	case empty:
		return errors.New("the server sent an empty document where a feed should be")
	case unknown:
		return errors.New("what the server sent is " + o.kind.String())
	case page:
	default:
		return errors.New("what the server sent is no feed but " + o.kind.String())
	}
	if isWall(o.text) {
		return &refusal{sentence: "a wall against robots stands before it; ask the site for another address, or leave the source out", wall: true}
	}
	root, err := o.tree()
	if err != nil {
		return errors.New("what the server sent is a web page, not a feed")
	}
	about := describe(root, o.base())
	sentence := "what the server sent is a web page" + quoted(about.title) + ", not a feed"
	found := feedOf(root, o)
	if found == "" || found == o.URL {
		return errors.New(sentence)
	}
	return &elsewhere{sentence + "; the page names a feed: " + found, found}
}

// feedOf returns the feed that a web page names in its head, the first that is not of comments.
func feedOf(root *nethtml.Node, o opening) string {
	for _, c := range namedFeeds(root, baseOf(root, o.base())) {
		if !c.ofComments() {
			return c.url
		}
	}
	return ""
}

// isWall tells the pages by which sites keep robots out.
func isWall(s string) bool {
	s = strings.ToLower(s[:min(len(s), 20_000)])
	for _, sign := range []string{"cf-browser-verification", "challenge-platform", "/cdn-cgi/challenge", "cf_chl_", "<title>just a moment", "px-captcha", "captcha-delivery.com", "ddos-guard", "_incapsula_resource", "awswafcookiedomainlist", "anubis_challenge"} {
		if strings.Contains(s, sign) {
			return true
		}
	}
	return false
}

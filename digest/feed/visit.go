package feed

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"time"

	nethtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"tidings/digest"
)

// How long a failing source is left alone: an hour after the first failure, doubling to a day. One that no
// server answered for is not: the network may be our own, and is mended sooner. There is no failure after
// which a source is given up; feeds come back after years.
const (
	firstWait = time.Hour
	longWait  = 24 * time.Hour
)

// tooEarly is how far ahead of the clock an article may be dated; beyond it the date is a mistake or a
// way to stay on top, and the article counts as undated.
const tooEarly = time.Hour

// visit is one source's turn: what it brought, and the mark that remembers it.
type visit struct {
	source    digest.Source
	mark      digest.Mark
	articles  []digest.Article
	fault     string // a sentence, "" when there is no trouble
	unchanged bool
}

func (r *Reader) visit(ctx context.Context, v *visit) {
	now := r.Now()
	v.mark.Checked = now
	var err error
	if isFile(v.source.URL) {
		err = r.visitFiles(v)
	} else {
		err = r.visitWeb(ctx, v)
	}
	if err != nil {
		r.fail(v, err, now)
		r.Log.Debug("source failed", "source", v.source.URL, "failures", v.mark.Failures, "err", err)
		return
	}
	v.mark.Failures, v.mark.Failing, v.mark.Fault, v.mark.Due = 0, time.Time{}, v.fault, time.Time{}
	for i := range v.articles {
		r.settle(&v.articles[i], v.source, now)
	}
	if len(v.articles) > 0 {
		v.mark.Changed = now
		v.mark.Title = cmp.Or(v.articles[0].Source.Title, v.mark.Title)
	}
	r.Log.Debug("source read", "source", v.source.URL, "articles", len(v.articles), "unchanged", v.unchanged)
}

// settle gives an article what only the source and the clock know.
func (r *Reader) settle(a *digest.Article, s digest.Source, now time.Time) {
	a.Feed = s.URL
	if s.Name != "" {
		a.Source.Title = s.Name
	}
	if a.Published.After(now.Add(tooEarly)) {
		a.Published = time.Time{}
	}
	if a.Updated.After(now.Add(tooEarly)) {
		a.Updated = time.Time{}
	}
}

// fail counts a failure. A document that could not be read is asked for anew next time, or the server
// would say that it has not changed.
func (r *Reader) fail(v *visit, err error, now time.Time) {
	v.fault = err.Error()
	v.mark.Failures++
	if v.mark.Failing.IsZero() {
		v.mark.Failing = now
	}
	v.mark.Fault = v.fault
	wait := longWait
	if n := v.mark.Failures - 1; n < 5 {
		wait = min(firstWait<<n, longWait)
	}
	var no *refusal
	if errors.As(err, &no) && no.wait > 0 {
		wait = min(max(no.wait, time.Minute), longWait)
	}
	v.mark.Due = now.Add(wait)
	if isFile(v.source.URL) || no != nil && no.unheard { // nobody is spared by waiting
		v.mark.Due = time.Time{}
	}
}

// visitWeb asks a server for what is new since the mark, and reads it unless it is what it was.
func (r *Reader) visitWeb(ctx context.Context, v *visit) error {
	header := http.Header{}
	if v.mark.ETag != "" {
		header.Set("If-None-Match", v.mark.ETag)
	}
	if v.mark.Modified != "" {
		header.Set("If-Modified-Since", v.mark.Modified)
	}
	got, err := r.get(ctx, v.source.URL, header)
	if err != nil {
		return err
	}
	if got.same {
		v.unchanged = true
		return nil
	}
	etag, modified := got.Header.Get("Etag"), got.Header.Get("Last-Modified")
	hash := hashOf(got.Body)
	if hash == v.mark.Hash {
		v.mark.ETag, v.mark.Modified, v.unchanged = etag, modified, true
		return nil
	}
	v.mark.ETag, v.mark.Modified, v.mark.Hash = "", "", ""
	got.Lang = v.source.Lang
	var followed bool
	if v.articles, followed, err = readSource(ctx, r, got.Document, v.source.List); err != nil || followed {
		return err
	}
	v.mark.ETag, v.mark.Modified, v.mark.Hash = etag, modified, hash
	return nil
}

func hashOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:16])
}

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
		return errors.New("a wall against robots stands before it; ask the site for another address, or leave the source out")
	}
	root, err := nethtml.Parse(strings.NewReader(o.text))
	if err != nil {
		return errors.New("what the server sent is a web page, not a feed")
	}
	about := describe(root, o.base())
	sentence := "what the server sent is a web page" + quoted(about.title) + ", not a feed"
	if found := feedOf(root, o); found != "" && found != o.URL {
		sentence += "; the page names a feed: " + found
	}
	return errors.New(sentence)
}

// feedOf returns the feed that a web page names in its head.
func feedOf(root *nethtml.Node, o opening) string {
	for n := range root.Descendants() {
		if n.DataAtom != atom.Link || !strings.Contains(strings.ToLower(attr(n, "rel")), "alternate") {
			continue
		}
		switch strings.ToLower(attr(n, "type")) {
		case "application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml":
			return address(o.base(), attr(n, "href"))
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

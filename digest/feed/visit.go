package feed

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	nethtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"tidings/digest"
)

// tooEarly is how far ahead of the clock an article may be dated; beyond it the date is a mistake or a
// way to stay on top, and the article counts as undated.
const tooEarly = time.Hour

// visit is one source's turn: what it brought, and the mark that remembers it. It is asked, then read.
type visit struct {
	place  int // among the sources of the round
	source digest.Source
	mark   digest.Mark

	got answer // of the server
	err error  // why there is none

	skipped   bool // it was not due
	unchanged bool
	holds     int              // articles in its document
	articles  []digest.Article // those that are new or changed
	fresh     int              // those that are new
	fault     string           // a sentence, "" when there is no trouble
}

// ask gets the source's document from its server, if it is due. A file is no concern of the network and is
// opened when it is read.
func (r *Reader) ask(ctx context.Context, v *visit) {
	now := r.Now()
	if !r.Eager && v.mark.Due.After(now) {
		v.skipped, v.unchanged = true, v.mark.Failures == 0
		if v.mark.Failures > 0 {
			v.fault = fmt.Sprintf("%s (left alone until %s)", v.mark.Fault, v.mark.Due.Format("2006-01-02 15:04"))
		}
		return
	}
	v.mark.Source, v.mark.Checked = v.source.URL, now
	if isFile(v.source.URL) {
		return
	}
	header := http.Header{}
	if v.mark.ETag != "" {
		header.Set("If-None-Match", v.mark.ETag)
	}
	if v.mark.Modified != "" {
		header.Set("If-Modified-Since", v.mark.Modified)
	}
	v.got, v.err = r.get(ctx, cmp.Or(v.mark.Address, v.source.URL), header)
}

// read reads what was asked for and settles the visit. The error is for what stops the whole round.
func (r *Reader) read(ctx context.Context, v *visit) error {
	if v.skipped {
		return nil
	}
	err := v.err
	switch {
	case err != nil:
	case isFile(v.source.URL):
		err = r.readFiles(v)
	default:
		err = r.readAnswer(v)
	}
	v.got.Body = nil
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		v.fail(err)
		r.Log.Debug("source failed", "source", host(v.source.URL), "failures", v.mark.Failures, "err", v.fault)
		return nil
	}
	v.holds = len(v.articles)
	if v.holds > 0 {
		known, err := r.Memory.Known(ctx, v.source.URL)
		if err != nil {
			return err
		}
		v.mark.Title = cmp.Or(v.articles[0].Source.Title, v.mark.Title)
		for i := range v.articles {
			settleFor(&v.articles[i], v.source, v.mark.Checked)
		}
		v.articles, v.fresh = recall(v.articles, known)
	}
	r.succeed(v)
	r.Log.Debug("source read", "source", host(v.source.URL), "articles", v.holds, "fresh", v.fresh, "unchanged", v.unchanged)
	return nil
}

// settleFor gives an article what only the source and the clock know.
func settleFor(a *digest.Article, s digest.Source, now time.Time) {
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
	a.Handles.Sum = sumOf(*a)
}

// readAnswer reads what a server sent, unless it is what it was. A document that could not be read is asked
// for anew next time, or the server would say that it has not changed.
func (r *Reader) readAnswer(v *visit) error {
	if v.got.same {
		v.unchanged = true
		return nil
	}
	if err := v.got.unpack(r.maxBytes()); err != nil {
		return err
	}
	etag, modified := v.got.Header.Get("Etag"), v.got.Header.Get("Last-Modified")
	hash := hashOf(v.got.Body)
	if hash == v.mark.Hash {
		v.mark.ETag, v.mark.Modified, v.unchanged = etag, modified, true
		return nil
	}
	v.mark.ETag, v.mark.Modified, v.mark.Hash = "", "", ""
	v.got.Lang = v.source.Lang
	var err error
	v.articles, err = readFeedOnly(v.got.Document)
	switch {
	case v.got.cut && len(v.articles) == 0:
		return &refusal{sentence: brokeOff, err: err}
	case v.got.cut:
		v.fault = fmt.Sprintf("%s; the articles before the break were kept (%d)", brokeOff, len(v.articles))
		return nil
	case err != nil:
		return err
	}
	v.mark.ETag, v.mark.Modified, v.mark.Hash = etag, modified, hash
	return nil
}

func hashOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:16])
}

// readFeedOnly reads what should be a feed; anything else is told for what it is.
func readFeedOnly(doc Document) (articles []digest.Article, err error) {
	o, err := open(doc)
	if err != nil {
		return nil, err
	}
	if o.kind != xmlFeed && o.kind != jsonFeed {
		return nil, o.notFeed()
	}
	if articles, err = Parse(doc); errors.Is(err, ErrEmpty) {
		return nil, nil
	}
	return articles, err
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

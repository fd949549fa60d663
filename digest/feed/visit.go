package feed

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

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
	more      []string         // sitemaps that its index names, to be followed
	holds     int              // articles in its document
	articles  []digest.Article // those of which there is something to keep
	changed   map[string]bool  // ids of those that are not new, and whether they have another headline
	ids       map[string]bool  // ids by which articles of the source are known
	fresh     int              // those that are new
	failed    bool
	fault     string // a sentence, "" when there is no trouble
	remark    string // what an operator may want to know, no trouble
	pages     pageCount
	part      bool // only articles of it: the visit itself comes later
}

// ask gets the source's document from its server, if it is due. A file is no concern of the network and is
// opened when it is read.
func (r *Reader) ask(ctx context.Context, v *visit) {
	now := r.Now()
	if v.mark.Due.After(now) && (!r.Eager || v.mark.Told) {
		v.skipped, v.unchanged = true, v.mark.Failures == 0
		if v.mark.Failures > 0 {
			v.fault = fmt.Sprintf("%s (left alone until %s)", v.mark.Fault, v.mark.Due.In(now.Location()).Format("2006-01-02 15:04 MST"))
		}
		return
	}
	v.mark.Source, v.mark.Checked = v.source.URL, now
	if isFile(v.source.URL) {
		return
	}
	header := http.Header{}
	if !v.sameRules() { // by other rules it is read as another document
		v.mark.ETag, v.mark.Modified, v.mark.Hash = "", "", ""
	}
	if v.mark.ETag != "" {
		header.Set("If-None-Match", v.mark.ETag)
	}
	if v.mark.Modified != "" {
		header.Set("If-Modified-Since", v.mark.Modified)
	}
	v.got, v.err = r.get(ctx, cmp.Or(v.mark.Address, v.source.URL), header)
}

// read reads what was asked for. Afterwards the visit leads on to other documents, or has failed, or is ready
// to be compared with what is known.
func (r *Reader) read(v *visit) {
	switch {
	case v.skipped || v.err != nil:
	case isFile(v.source.URL):
		v.err = r.readFiles(v)
	default:
		v.err = r.readAnswer(v)
	}
	v.got.letGo()
}

// recall settles a visit that failed; of any other it tells which of the articles are new or changed, and it is
// settled when their pages have been seen to. The error is for what stops the whole round.
func (r *Reader) recall(ctx context.Context, v *visit) error {
	if v.skipped {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if v.err != nil {
		v.fail(v.err)
		r.Log.Debug("source failed", "source", host(v.source.URL), "failures", v.mark.Failures, "err", v.fault)
		return nil
	}
	v.holds = len(v.articles)
	if v.holds > 0 {
		known, err := r.Memory.Known(ctx, v.source.URL)
		if err != nil {
			return err
		}
		for i := range v.articles {
			settleFor(&v.articles[i], v.source, v.mark.Checked)
		}
		v.articles, v.changed = recall(v.articles, known)
		v.fresh = len(v.articles) - len(v.changed)
		v.ids = make(map[string]bool, len(known)+len(v.articles))
		for _, k := range known {
			v.ids[k.ID] = true
		}
		for _, a := range v.articles {
			v.ids[a.ID] = true
			if a.Published.After(v.mark.Newest) {
				v.mark.Newest = a.Published
			}
		}
	}
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
	switch {
	case v.got.same && v.mark.ETag == "" && v.mark.Modified == "":
		return &refusal{sentence: "the server says that nothing has changed (304), and was not asked"}
	case v.got.same:
		v.unchanged = true
		return nil
	}
	done, err := r.unpacked(&v.got)
	defer done()
	if err != nil {
		return err
	}
	etag, modified := v.got.Header.Get("Etag"), v.got.Header.Get("Last-Modified")
	hash := v.rules() + hashOf(v.got.Body)
	if hash == v.mark.Hash {
		v.mark.ETag, v.mark.Modified, v.unchanged = etag, modified, true
		return nil
	}
	v.mark.ETag, v.mark.Modified, v.mark.Hash = "", "", ""
	v.got.Lang = v.source.Lang
	doc := v.got.Document
	v.got.Body = nil
	read, more, err := parseSource(doc, v.source.List)
	v.articles, v.more, v.mark.Title = read.Articles, more, cmp.Or(read.Source.Title, v.mark.Title)
	switch {
	case v.got.cut && len(v.articles) == 0:
		return &refusal{sentence: brokeOff, err: err}
	case err != nil:
		return err
	case v.got.cut || read.Lost > 0: // asked for anew next time, when it may be whole
		v.fault = fmt.Sprintf("its document breaks off (articles kept: %d, lost: %d)", len(v.articles), read.Lost)
		return nil
	}
	if read.Nested {
		v.remark = "its document declares entities made of entities, as an attack would; they are left out"
	}
	if len(v.more) == 0 { // what is new stands in the document itself
		v.mark.ETag, v.mark.Modified, v.mark.Hash = etag, modified, hash
	}
	return nil
}

func hashOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:16])
}

// rules are what the hash of a page begins with that is read by list rules: a short hash of these.
func (v *visit) rules() string {
	if v.source.List == (digest.List{}) {
		return ""
	}
	return handle(fmt.Sprintf("%q", v.source.List)) + "-"
}

// sameRules says whether the source was read by the rules that it has now.
func (v *visit) sameRules() bool {
	rules := ""
	if i := strings.IndexByte(v.mark.Hash, '-'); i >= 0 {
		rules = v.mark.Hash[:i+1]
	}
	return v.mark.Hash == "" || rules == v.rules()
}

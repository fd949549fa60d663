package feed

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// How long a failing source is left alone: an hour after the first failure, doubling to a day. One that no
// server answered for is not: the network may be our own, and is mended sooner; between editions it is worth a
// look after an hour. There is no failure after
// which a source is given up; feeds come back after years.
const (
	firstWait = time.Hour
	longWait  = 24 * time.Hour
)

// believed is after how many visits in a row a redirect for good (RFC 9110, 15.4.2 and 15.4.9) is taken at
// its word: servers announce moves that they take back the next day.
const believed = 3

// fail counts a failure and says when to come back.
func (v *visit) fail(err error) {
	m := &v.mark
	v.fault, v.articles, v.failed = err.Error(), nil, true
	if !m.Due.After(m.Checked) { // a person who asks before it is due makes nothing worse
		m.Failures++
	}
	if m.Failing.IsZero() {
		m.Failing = m.Checked
	}
	wait := longWait
	if n := m.Failures - 1; n < 5 {
		wait = min(firstWait<<n, longWait)
	}
	var no *refusal
	if errors.As(err, &no) && no.wait > 0 {
		wait = min(max(no.wait, time.Minute), longWait)
	}
	m.Fault, m.Wall, m.Due = v.fault, no != nil && no.wall, m.Checked.Add(wait)
	m.Told = no != nil && no.told
	m.Next = m.Due
	if isFile(v.source.URL) || no != nil && no.unheard { // nobody is spared by waiting
		m.Due, m.Next = time.Time{}, m.Checked.Add(firstWait)
	}
	m.Moving, m.Moves = "", 0
	if m.Address != "" && m.Failures%believed == 0 { // the move was a mistake, or is over
		m.Address, m.ETag, m.Modified, m.Due, m.Next = "", "", "", time.Time{}, time.Time{}
	}
}

// succeed settles a visit that went well: when it is worth while again, and where the source lies.
func (r *Reader) succeed(v *visit) {
	m := &v.mark
	m.Failures, m.Failing, m.Fault, m.Wall, m.Due, m.Told = 0, time.Time{}, cmp.Or(v.fault, v.remark), false, time.Time{}, false
	if v.fresh > 0 {
		m.Changed = m.Checked
	}
	p := r.pace()
	m.Interval = p.interval(m.Interval, v.fresh > 0)
	m.Next = m.Checked.Add(max(m.Interval, min(maxAge(v.got.Header), p.seldom)))
	v.follow()
}

// pace is within which bounds sources are visited.
type pace struct{ often, seldom time.Duration }

func (r *Reader) pace() pace {
	often := r.Often
	if often <= 0 {
		often = time.Hour
	}
	return pace{often, max(r.Seldom, often)}
}

// interval halves what passes between two visits when the last brought something new, and lengthens it by
// a quarter when it did not: after a few visits it is about half of the source's own pace.
func (p pace) interval(last time.Duration, fresh bool) time.Duration {
	switch {
	case last == 0:
		return p.often
	case fresh:
		last /= 2
	default:
		last += last / 4
	}
	return min(max(last, p.often), p.seldom)
}

// follow believes a move for good once it was told often enough. The validators stay: they are those of the
// place that the redirect led to.
func (v *visit) follow() {
	m, to := &v.mark, v.got.moved
	if to == "" {
		m.Moving, m.Moves = "", 0
		return
	}
	if to != m.Moving {
		m.Moving, m.Moves = to, 0
	}
	if m.Moves++; m.Moves >= believed {
		m.Address, m.Moving, m.Moves = to, "", 0
	}
	if m.Address == v.source.URL {
		m.Address = ""
	}
}

// movedFor returns where redirects led if each of them said that it is for good (301, 308) and none gave up
// encryption, behind which anybody could have sent us anywhere; else "".
func movedFor(res *http.Response) string {
	if res.Request == nil || res.Request.Response == nil {
		return ""
	}
	for req := res.Request; req != nil && req.Response != nil; req = req.Response.Request {
		if code := req.Response.StatusCode; code != http.StatusMovedPermanently && code != http.StatusPermanentRedirect {
			return ""
		}
		if req.URL.Scheme != "https" && req.Response.Request != nil && req.Response.Request.URL.Scheme == "https" {
			return ""
		}
	}
	return res.Request.URL.String()
}

// maxAge is how long an answer says that it stays good (RFC 9111, 5.2.2.1); 0 when it does not.
func maxAge(h http.Header) time.Duration {
	for _, part := range strings.Split(h.Get("Cache-Control"), ",") {
		v, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(part)), "max-age=")
		if n, err := strconv.Atoi(strings.Trim(v, `"`)); ok && err == nil && n > 0 {
			return time.Duration(min(n, int(longWait/time.Second))) * time.Second
		}
	}
	return 0
}

// host names a source in a log without what its address may hide.
func host(source string) string {
	if u, err := url.Parse(source); err == nil && u.Host != "" {
		return u.Host
	}
	return "file"
}

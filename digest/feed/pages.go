package feed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"tidings/digest"
)

// pagesWaiting is how many teasers may wait for their pages; who reads feeds faster than that waits too.
const pagesWaiting = 4096

// pages is the stage of a round in which the pages of teasers are read. Every host has a queue of its own, of
// which one page at a time is asked for, so that a slow one holds up nobody else. What is read is handed out
// at once; the visit itself comes last, for its mark must not be kept before its articles.
type pages struct {
	*Reader
	servers *servers
	pass    func(*visit)
	stop    context.CancelCauseFunc

	room    chan struct{} // a token for each teaser that waits
	ready   chan *queue   // hosts that have pages to be asked for and are not asked
	pending sync.WaitGroup

	mu     sync.Mutex
	queues map[string]*queue
}

// queue is the pages that are wanted of one host.
type queue struct {
	host   string
	leaves []*wantedLeaf
	busy   bool // it is among the ready, or is asked
}

// wantedLeaf is a page and the articles, of several sources perhaps, that wait for it.
type wantedLeaf struct {
	address string
	wants   []want
}

// want is an article that waits for its page.
type want struct {
	visit *visit
	digest.Article
	known bool // from an earlier visit
}

func newPages(r *Reader, s *servers, pass func(*visit), stop context.CancelCauseFunc) *pages {
	return &pages{Reader: r, servers: s, pass: pass, stop: stop,
		room: make(chan struct{}, pagesWaiting), ready: make(chan *queue, pagesWaiting), queues: map[string]*queue{}}
}

// send passes a visit on that was read. Those of its articles whose pages are worth a look stay behind.
func (p *pages) send(ctx context.Context, v *visit) {
	if v.skipped || v.failed {
		p.pass(v)
		return
	}
	wants, rest, err := p.part(ctx, v)
	if err != nil {
		p.stop(err)
		return
	}
	v.articles, v.pages.open = rest, len(wants)
	if len(wants) == 0 {
		p.end(v)
		return
	}
	if len(rest) > 0 {
		p.pass(v.with(rest))
		v.articles = nil
	}
	for _, w := range wants {
		select {
		case p.room <- struct{}{}:
		case <-ctx.Done():
			return
		}
		p.enqueue(w)
	}
}

// part divides a visit's articles into those that wait for their pages and the rest. One without a headline
// is nothing without its page.
func (p *pages) part(ctx context.Context, v *visit) (wants []want, rest []digest.Article, err error) {
	if p.Cursory {
		return nil, v.articles, nil
	}
	wait := v.wanted()
	if err := p.tidy(ctx, v); err != nil {
		return nil, nil, err
	}
	waits := map[int]bool{}
	for _, i := range wait {
		a := v.articles[i]
		wants, waits[i] = append(wants, want{v, a, v.knows(a)}), true
	}
	for i, a := range v.articles {
		switch {
		case waits[i], a.Title == "" && v.knows(a): // which stays as it is kept
		case a.Title == "":
			v.pages.leave(v.source, isYoung(a, v.mark.Checked))
		default:
			rest = append(rest, a)
		}
	}
	return wants, rest, nil
}

// tidy takes out of the feed's own texts what it says everywhere.
func (p *pages) tidy(ctx context.Context, v *visit) error {
	if isFile(v.source.URL) || len(v.articles) == 0 {
		return nil
	}
	s, err := p.servers.of(ctx, siteOf(v.source.URL))
	if err != nil {
		return err
	}
	for i := range v.articles {
		s.tidy(&v.articles[i], !v.knows(v.articles[i]))
	}
	return nil
}

// enqueue puts an article into the queue of its host.
func (p *pages) enqueue(w want) {
	p.pending.Add(1)
	p.mu.Lock()
	defer p.mu.Unlock()
	host := siteOf(w.URL)
	q := p.queues[host]
	if q == nil {
		q = &queue{host: host}
		p.queues[host] = q
	}
	for _, one := range q.leaves {
		if one.address == w.URL {
			one.wants = append(one.wants, w)
			return
		}
	}
	q.leaves = append(q.leaves, &wantedLeaf{address: w.URL, wants: []want{w}})
	if !q.busy {
		q.busy = true
		p.ready <- q
	}
}

// next takes the first of a queue.
func (p *pages) next(q *queue) *wantedLeaf {
	p.mu.Lock()
	defer p.mu.Unlock()
	one := q.leaves[0]
	q.leaves = q.leaves[1:]
	return one
}

// back puts a queue at the end of the ready, if there is more in it.
func (p *pages) back(q *queue) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if q.busy = len(q.leaves) > 0; q.busy {
		p.ready <- q
	} else {
		delete(p.queues, q.host)
	}
}

// close lets the workers go when the last of the pages is read; nothing may be sent any more.
func (p *pages) close() {
	p.pending.Wait()
	close(p.ready)
}

// work reads pages until there are no more.
func (p *pages) work(ctx context.Context) {
	for q := range p.ready {
		one := p.next(q)
		p.leaf(ctx, q.host, one)
		p.back(q)
		for range one.wants {
			<-p.room
			p.pending.Done()
		}
	}
}

// leaf reads one page for all who wait for it.
func (p *pages) leaf(ctx context.Context, host string, one *wantedLeaf) {
	if ctx.Err() != nil {
		return
	}
	s, err := p.servers.of(ctx, host)
	if err != nil {
		p.stop(err)
		return
	}
	l, s, err := p.fetch(ctx, s, one)
	if ctx.Err() != nil {
		return
	}
	if err == nil {
		s.tidy(&l.Article, !one.wants[0].known)
	}
	used := false
	var poor error
	for _, w := range one.wants {
		if poor = err; poor == nil {
			poor = l.compare(w.Article)
		}
		used = used || poor == nil || err == nil && w.visit.source.FullText == digest.Always
		p.settle(w, l, poor)
	}
	if !used {
		p.Log.Debug("page not used", "host", host, "err", cmp.Or(err, poor))
	}
	s.judge(err, used)
}

// fetch gets a page, if its site lets us, and the site that redirects lead to, which it returns. Only a feed from
// inside a private network may lead into one: what the operator has opened for a source is not open to the links
// of all the others.
func (p *pages) fetch(ctx context.Context, s *server, one *wantedLeaf) (leaf, *server, error) {
	public := !slices.ContainsFunc(one.wants, func(w want) bool { return w.visit.got.inside })
	at := one.address
	for range maxRedirects {
		u, err := url.Parse(at)
		if err != nil {
			return leaf{}, s, errors.New("its link is no address")
		}
		gap, err := s.admit(ctx, &p.Web, u, public)
		if err != nil {
			return leaf{}, s, err
		}
		got, err := p.getAs(ctx, at, nil, manner{gap, public, true})
		var on *led
		switch {
		case errors.As(err, &on):
			at = on.to
			next, err := p.servers.of(ctx, siteOf(at))
			if err != nil {
				p.stop(err)
				return leaf{}, s, err
			}
			s = next
			continue
		case err != nil:
			return leaf{}, s, err
		}
		l, err := p.readGot(&got)
		return l, s, err
	}
	return leaf{}, s, errRedirects
}

// readGot reads a page that was sent.
func (p *pages) readGot(got *answer) (leaf, error) {
	done, err := p.unpacked(got)
	defer done()
	if err == nil && got.cut {
		err = errors.New(brokeOff)
	}
	if err != nil {
		return leaf{}, err
	}
	return readLeaf(got.Document)
}

// settle hands an article out, with the text of its page unless something speaks against it, and after the
// last of its visit the visit.
func (p *pages) settle(w want, l leaf, poor error) {
	p.mu.Lock()
	v, a := w.visit, w.Article
	if poor == nil {
		l.fill(&a, v.mark.Checked)
		if id := identity(linkKey(a.URL)); !w.known && !v.ids[id] {
			v.ids[id], a.ID = true, id
		} else if id != w.ID {
			a.URL = w.URL // another article is known by that address
		}
	}
	v.pages.count(poor, a.Title == "")
	p.mu.Unlock()
	if a.Title != "" {
		p.pass(v.with([]digest.Article{a}))
	}
	p.mu.Lock() // again, for another of its articles may still be on its way out
	v.pages.open--
	last := v.pages.open == 0
	p.mu.Unlock()
	if last {
		p.end(v)
	}
}

// knows tells whether an article of the visit is not new.
func (v *visit) knows(a digest.Article) bool {
	_, ok := v.changed[a.ID]
	return ok
}

// with is a part of the visit that is handed out before it.
func (v *visit) with(articles []digest.Article) *visit {
	return &visit{place: v.place, source: v.source, articles: articles, part: true}
}

// end settles a visit and passes it on.
func (p *pages) end(v *visit) {
	v.pages.tell(v)
	p.succeed(v)
	p.Log.Debug("source read", "source", host(v.source.URL), "articles", v.holds, "fresh", v.fresh, "unchanged", v.unchanged,
		"pages", v.pages.read, "pages_refused", v.pages.refused)
	p.pass(v)
}

// pageCount is what came of the pages of one visit.
type pageCount struct {
	open    int   // not read yet
	read    int   // used
	refused int   // not used
	closed  int   // of these, kept from us by robots.txt, a wall or a ban
	why     error // the first was not used

	nameless int // articles without a headline that got none
	lost     int // of these, that will not get one
	later    int // that may the next time
}

// count takes note of one page; nameless says that its article has no headline still.
func (c *pageCount) count(poor error, nameless bool) {
	switch {
	case !nameless:
	case errors.Is(poor, errEnough): // its turn has not come
		c.nameless, c.later = c.nameless+1, c.later+1
	default:
		c.nameless, c.lost = c.nameless+1, c.lost+1
	}
	if poor == nil {
		c.read++
		return
	}
	c.refused++
	var no *refusal
	if errors.Is(poor, errRobots) || errors.Is(poor, errNoRobots) || errors.As(poor, &no) && (no.wall || no.code == http.StatusUnauthorized || no.code == http.StatusForbidden) {
		c.closed++
	}
	if c.why == nil {
		c.why = poor
	}
}

// leave takes note of an article without a headline whose page is not asked for. Those too old to be printed
// are no loss.
func (c *pageCount) leave(s digest.Source, young bool) {
	c.nameless++
	switch {
	case !young:
	case s.FullText == digest.Never || isFile(s.URL):
		c.lost++
		c.why = errors.New("the pages of this source are not read")
	default:
		c.later++
	}
}

// teaserOnly begins the remark on a source whose pages are closed to us.
const teaserOnly = "only the feed's own text is read: "

// tell says in the visit what an operator should know. It stays said while there are no new articles to know
// better from. Where more pages wait than one visit reads, the source is asked for all it has once more.
func (c *pageCount) tell(v *visit) {
	switch {
	case c.closed > 0 && c.closed == c.refused && c.read == 0:
		v.remark = teaserOnly + c.why.Error()
	case c.read+c.refused == 0 && strings.HasPrefix(v.mark.Fault, teaserOnly):
		v.remark = v.mark.Fault
	}
	if c.lost > 0 && v.fault == "" {
		v.fault = fmt.Sprintf("left out for want of a headline: %d; %v", c.lost, c.why)
	}
	if c.later > 0 {
		v.mark.ETag, v.mark.Modified, v.mark.Hash = "", "", ""
	}
	v.fresh = max(0, v.fresh-c.nameless)
}

// siteOf names the server of an address, with the port if it is an odd one.
func siteOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

package feed

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"tidings/digest"
)

// robotsAge is how long a robots.txt is good (RFC 9309, 2.4).
const robotsAge = 24 * time.Hour

// When a host is left in peace for the rest of a round: after so many pages, and after so many in a row that
// were refused or of no use.
const (
	pagesOfHost = 100
	inVain      = 3
)

// Why no page is asked for.
var (
	errRobots   = errors.New("its robots.txt closes its page to us")
	errNoRobots = errors.New("its robots.txt cannot be read, which closes its pages for now")
	errEnough   = errors.New("enough pages of its host were read for now")
	errVain     = errors.New("the pages of its host were refused or of no use")
)

// servers are those that a round has to do with, each loaded once.
type servers struct {
	memory Memory
	mu     sync.Mutex
	all    map[string]*server
}

// server is what is remembered of a server, and what a round has seen of it.
type server struct {
	mu      sync.Mutex
	known   digest.Site
	loaded  bool
	changed bool

	asking  sync.Mutex // of what follows: it is asked for the pages of its queue, and for those that others lead to
	rules   robots
	read    bool  // the rules are those of today
	closed  error // why it is asked for nothing more in this round
	asked   int
	useless int // in a row
}

func newServers(memory Memory) *servers { return &servers{memory: memory, all: map[string]*server{}} }

// of returns the site of a host. The error is that of the memory.
func (s *servers) of(ctx context.Context, host string) (*server, error) {
	s.mu.Lock()
	one, ok := s.all[host]
	if !ok {
		one = &server{}
		s.all[host] = one
	}
	s.mu.Unlock()
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.loaded {
		return one, nil
	}
	known, err := s.memory.Site(ctx, host)
	if err != nil {
		return nil, err
	}
	known.Host, known.Lines = host, maps.Clone(known.Lines)
	one.known, one.loaded = known, true
	return one, nil
}

// changed returns what is to be remembered anew.
func (s *servers) changed() []digest.Site {
	s.mu.Lock()
	defer s.mu.Unlock()
	var changed []digest.Site
	for _, one := range s.all {
		one.mu.Lock()
		if one.changed {
			copied := one.known
			copied.Lines = maps.Clone(copied.Lines)
			changed, one.changed = append(changed, copied), false
		}
		one.mu.Unlock()
	}
	return changed
}

// tidy takes out of an article what its site says everywhere; if it is new, the site is learnt from it.
func (s *server) tidy(a *digest.Article, fresh bool) {
	paragraphs := strings.Split(a.Text, "\n\n")
	if len(paragraphs) < fewParagraphs {
		return
	}
	found := habits(paragraphs, a.Title, a.Lang)
	s.mu.Lock()
	defer s.mu.Unlock()
	if fresh {
		learn(&s.known, found)
		s.changed = true
	}
	unhabit(a, &s.known, found)
}

// admit says why a page may not be asked for; nil: it may, and the host is left alone for so long after. An error
// of the context's end is told as such.
func (s *server) admit(ctx context.Context, w *Web, u *url.URL, public bool) (gap time.Duration, err error) {
	s.asking.Lock()
	defer s.asking.Unlock()
	if s.closed != nil {
		return 0, s.closed
	}
	if s.asked >= pagesOfHost {
		s.closed = errEnough
		return 0, s.closed
	}
	if !s.read {
		if err := s.readRobots(ctx, w, u, public); err != nil {
			return 0, err
		}
	}
	if !s.rules.allows(u) {
		return 0, errRobots
	}
	s.asked++
	return max(w.Gap, s.rules.delay), nil
}

// readRobots reads the host's robots.txt unless that of the last day is known. One that is not there allows
// everything (RFC 9309, 2.3.1.3), a server that does not answer, or only that it has a fault or is asked too
// often, nothing (2.3.1.4); an older one is better than none (2.4).
func (s *server) readRobots(ctx context.Context, w *Web, u *url.URL, public bool) error {
	s.mu.Lock()
	text, asked := s.known.Robots, s.known.Asked
	s.mu.Unlock()
	if now := w.Now(); asked.IsZero() || now.Sub(asked) >= robotsAge || asked.After(now) {
		robots := &url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/robots.txt"}
		got, err := w.getAs(ctx, robots.String(), nil, manner{gap: w.Gap, public: public})
		defer got.letGo()
		if err == nil {
			err = got.unpack(min(large, w.maxBytes()))
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var no *refusal
		switch {
		case err == nil && !got.cut:
			text, asked = parseRobots(string(got.Body), product).String(), now
		case errors.Is(err, errRedirects), errors.As(err, &no) && no.code >= 400 && no.code < 500 && no.code != http.StatusTooManyRequests:
			text, asked = "", now
		case asked.IsZero():
			s.closed = errNoRobots
			return s.closed
		}
		s.mu.Lock()
		s.changed = s.changed || s.known.Robots != text || !s.known.Asked.Equal(asked)
		s.known.Robots, s.known.Asked = text, asked
		s.mu.Unlock()
	}
	s.rules, s.read = parseRobots(text, product), true
	return nil
}

// judge takes note of how asking for a page went.
func (s *server) judge(err error, used bool) {
	s.asking.Lock()
	defer s.asking.Unlock()
	var no *refusal
	refused := errors.As(err, &no)
	switch {
	case errors.Is(err, errRobots):
	case used:
		s.useless = 0
	case refused && (no.wall || no.unheard || no.code == http.StatusTooManyRequests || no.code == http.StatusServiceUnavailable):
		s.closed = err
	default:
		if s.useless++; s.useless >= inVain && s.closed == nil {
			s.closed = errVain
			if err != nil {
				s.closed = err
			}
		}
	}
}

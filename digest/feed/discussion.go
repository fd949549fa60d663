package feed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Bounds on asking for discussions. The service allows 10,000 questions an hour; an edition asks far fewer.
const (
	mostAsked    = 40 // addresses in one go
	askGap       = 200 * time.Millisecond
	askTime      = 20 * time.Second // for all of one go
	pointsAge    = time.Hour        // how long an answer is good for
	mostPoints   = 10_000           // of one address; no story has had as many
	mostAnswer   = 512 << 10        // bytes
	mostRemember = 5_000            // addresses
	failuresAsk  = 2                // in a row, after which the rest is left
)

// HackerNews tells how much articles are discussed there, from its search API. It implements
// [digest.Discussion]. It may be used by several goroutines at once.
//
// An article's query is not sent, as it may hold a key, nor is an address that only this network knows.
type HackerNews struct {
	Web *Web
	URL string // of the API: https://hn.algolia.com/api/v1/search
	Log *slog.Logger

	mu    sync.Mutex
	known map[string]points // by address
}

// points are what was answered, and when.
type points struct {
	n  int
	at time.Time
}

// Points implements [digest.Discussion]: of each address the points of its best submission and the comments on
// it. It takes no longer than 20 seconds; what fails is logged and left out.
func (h *HackerNews) Points(ctx context.Context, urls []string) map[string]int {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	out := map[string]int{}
	asked, failed := 0, 0
	var fault error
	for _, address := range urls {
		n, ok := h.remembered(address)
		if !ok {
			if asked == mostAsked || failed == failuresAsk || ctx.Err() != nil || !shareable(address) {
				continue
			}
			asked++
			var err error
			if n, err = h.ask(ctx, address); err != nil {
				if errors.Is(ctx.Err(), context.DeadlineExceeded) {
					err = fmt.Errorf("the answers took longer than %s together", askTime)
				}
				fault, failed = err, failed+1
				continue
			}
			failed = 0
			h.remember(address, n)
		}
		if n > 0 {
			out[address] = n
		}
	}
	if fault != nil {
		h.Log.Warn("discussions could not be asked for; stories are ranked without them", "reason", fault.Error())
	}
	return out
}

// hits is what the API answers, as far as it is about us.
type hits struct {
	Hits []struct {
		URL      string `json:"url"`
		Points   int    `json:"points"`
		Comments int    `json:"num_comments"`
	} `json:"hits"`
}

// ask asks for one address. The search finds what is spelled alike, so that only hits of the very address
// count.
func (h *HackerNews) ask(ctx context.Context, address string) (int, error) {
	u, err := url.Parse(address)
	if err != nil {
		return 0, errors.New("an article's address cannot be read")
	}
	to, err := url.Parse(h.URL)
	if err != nil {
		return 0, errors.New("discussion.url is no address")
	}
	to.RawQuery = url.Values{
		"query": {u.Host + u.Path}, "restrictSearchableAttributes": {"url"}, "tags": {"story"}, "hitsPerPage": {"20"},
		"attributesToRetrieve": {"url,points,num_comments"}, "attributesToHighlight": {""}, "typoTolerance": {"false"},
	}.Encode()
	got, err := h.Web.getAs(ctx, to.String(), http.Header{"Accept": {"application/json"}}, manner{gap: askGap})
	defer got.letGo()
	if err == nil {
		err = got.unpack(mostAnswer)
	}
	switch {
	case err != nil:
		return 0, fmt.Errorf("%s: %w", to.Host, err)
	case got.cut:
		return 0, fmt.Errorf("%s: %s", to.Host, brokeOff)
	case len(got.Body) > mostAnswer:
		return 0, fmt.Errorf("%s: its answer is larger than %s", to.Host, byteSize(mostAnswer))
	}
	var answer hits
	if err := json.Unmarshal(got.Body, &answer); err != nil {
		return 0, fmt.Errorf("%s: its answer is not what its API promises", to.Host)
	}
	best := 0
	for _, hit := range answer.Hits {
		if sameAddress(hit.URL, address) {
			best = max(best, min(max(hit.Points, 0), mostPoints)+min(max(hit.Comments, 0), mostPoints))
		}
	}
	return min(best, mostPoints), nil
}

// sameAddress says whether two addresses mean one page, by whichever scheme and with or without www.
func sameAddress(a, b string) bool {
	bare := func(s string) string {
		_, rest, _ := strings.Cut(Canonical(s), "://")
		return strings.TrimSuffix(strings.TrimPrefix(rest, "www."), "/")
	}
	return bare(a) == bare(b)
}

// shareable says whether an address may be told to others: one of the public web.
func shareable(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Port() != "" {
		return false
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil {
		return false
	}
	switch _, top, dotted := strings.Cut(strings.ToLower(u.Hostname()), "."); {
	case !dotted:
		return false
	default:
		top = top[strings.LastIndex(top, ".")+1:]
		return top != "local" && top != "internal" && top != "lan" && top != "home" && top != "localhost" && top != "arpa"
	}
}

// remembered returns what was answered within the last hour.
func (h *HackerNews) remembered(address string) (int, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p, ok := h.known[address]
	return p.n, ok && h.Web.Now().Sub(p.at) < pointsAge
}

// remember keeps an answer. A daemon sees new addresses every day, so that all are forgotten at times.
func (h *HackerNews) remember(address string, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.known == nil || len(h.known) >= mostRemember {
		h.known = map[string]points{}
	}
	h.known[address] = points{n, h.Web.Now()}
}

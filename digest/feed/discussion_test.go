package feed

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// discussions asks a stub for points. What it logs comes back beside them.
func discussions(t *testing.T, answer http.HandlerFunc, urls ...string) (map[string]int, string) {
	t.Helper()
	server := httptest.NewServer(answer)
	defer server.Close()
	defer server.CloseClientConnections()
	var log bytes.Buffer
	h := &HackerNews{
		Web: &Web{Now: time.Now, Timeout: 200 * time.Millisecond, AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}},
		URL: server.URL + "/api/v1/search", Log: slog.New(slog.NewTextHandler(&log, nil)),
	}
	return h.Points(t.Context(), urls), log.String()
}

const discussed = "https://news.example/2026/story"

func TestPoints(t *testing.T) {
	for name, c := range map[string]struct {
		answer string
		want   int
	}{
		"the best submission":      {`{"hits":[{"url":"https://news.example/2026/story","points":12,"num_comments":3},{"url":"http://www.news.example/2026/story/?utm_source=hn","points":90,"num_comments":10}]}`, 100},
		"another page of the site": {`{"hits":[{"url":"https://news.example/2026/story-two","points":500}]}`, 0},
		"none":                     {`{"hits":[]}`, 0},
		"more than there can be":   {`{"hits":[{"url":"https://news.example/2026/story","points":9000000000000000000,"num_comments":9000000000000000000}]}`, 10_000},
		"less than nothing":        {`{"hits":[{"url":"https://news.example/2026/story","points":-7,"num_comments":-1}]}`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got, log := discussions(t, func(w http.ResponseWriter, r *http.Request) {
				if q := r.URL.Query(); q.Get("query") != "news.example/2026/story" || q.Get("restrictSearchableAttributes") != "url" {
					t.Errorf("asked %s", r.URL)
				}
				_, _ = io.WriteString(w, c.answer)
			}, discussed+"?key=secret", discussed)
			want := map[string]int{}
			if c.want > 0 {
				want[discussed] = c.want
			}
			if diff := cmp.Diff(want, got); diff != "" || log != "" {
				t.Error(diff, log)
			}
		})
	}
}

// A service that stalls, lies or breaks off costs a line in the log and nothing else, and is soon left alone.
func TestPointsOfABadService(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"stalls": func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-time.After(5 * time.Second):
			}
		},
		"breaks off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, `{"hits":[{"url":"`+discussed+`","points":5}]`)
		},
		"is no JSON": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>Down for today</html>") },
		"has odd types": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"hits":[{"url":7,"points":"many"}]}`)
		},
		"never ends": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"hits":[{"url":"`+discussed+`","points":5},`+strings.Repeat(`{"url":"x"},`, 100_000)+`{}]}`)
		},
		"refuses": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) },
		"leads elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			got, log := discussions(t, func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				answer(w, r)
			}, discussed, discussed+"/2", discussed+"/3", discussed+"/4")
			if len(got) > 0 || strings.Count(log, "\n") != 1 || !strings.Contains(log, "ranked without them") || strings.Contains(log, "passwd") {
				t.Errorf("got %v, logged %s", got, log)
			}
			if n := asked.Load(); n != failuresAsk {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

// What was answered is good for an hour, and no more is asked than the bounds allow.
func TestPointsAreRemembered(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = fmt.Fprintf(w, `{"hits":[{"url":%q,"points":7}]}`, discussed)
	}))
	defer server.Close()
	now := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	h := &HackerNews{
		Web: &Web{Now: func() time.Time { return now }, AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}},
		URL: server.URL, Log: slog.New(slog.DiscardHandler),
	}
	for i, want := range []int32{1, 1, 2} {
		if got := h.Points(t.Context(), []string{discussed}); got[discussed] != 7 {
			t.Error(got)
		}
		if n := asked.Load(); n != want {
			t.Errorf("round %d: asked %d times, want %d", i, n, want)
		}
		now = now.Add(40 * time.Minute)
	}
}

// Nobody is told of addresses that only this network knows.
func TestShareable(t *testing.T) {
	for address, want := range map[string]bool{
		discussed: true, "http://blog.example.org/a": true,
		"https://10.0.0.5/wiki": false, "https://[::1]/a": false, "http://wiki/a": false, "http://nas.local/a": false, "http://a.corp.internal/a": false,
		"https://me:word@news.example/a": false, "https://news.example:8443/a": false, "file:///etc/passwd": false, "": false,
	} {
		if got := shareable(address); got != want {
			t.Errorf("%s: %t", address, got)
		}
	}
}

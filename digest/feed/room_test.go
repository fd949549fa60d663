package feed

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tidings/digest"
)

// TestRoom reads large documents, more than are held at once, to the end and not to the end: none is held any more
// afterwards.
func TestRoom(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.PerHost, r.MaxBytes, r.Timeout = 6, 4*large, time.Minute
	stop := func() {}
	filler := strings.Repeat("word ", large/4)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/7" {
			stop()
		}
		if req.URL.Path > "/5" { // of these the length is not told
			w.(http.Flusher).Flush()
		}
		_, _ = fmt.Fprintf(w, `<rss version="2.0"><channel><title>x</title><item><title>A headline of %s</title><link>https://x.example%s</link></item><item><title>The long one</title><description>%s</description></item></channel></rss>`,
			req.URL.Path, req.URL.Path, filler)
	}))
	defer server.Close()
	var sources []digest.Source
	for i := range 10 {
		sources = append(sources, digest.Source{URL: fmt.Sprintf("%s/%d", server.URL, i)})
	}
	for _, whole := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		if stop = func() {}; !whole {
			stop = cancel
		}
		articles := 0
		for h, err := range r.Read(ctx, sources) {
			if whole && (err != nil || len(h.Troubles) > 0) {
				t.Fatal(err, h.Troubles)
			}
			articles += len(h.Articles)
		}
		cancel()
		if held := len(r.room); held > 0 {
			t.Errorf("%d are held still", held)
		}
		if whole != (articles == 2*len(sources)) {
			t.Errorf("%d articles", articles)
		}
	}
}

// TestRoomTime waits for room longer than a request may take: that is not the server's fault.
func TestRoomTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := Web{Timeout: time.Minute, room: make(chan struct{}, 1)}
		w.room <- struct{}{}
		over := make(chan struct{})
		clock := time.AfterFunc(w.Timeout, func() { close(over) })
		time.AfterFunc(time.Hour, func() { <-w.room })
		leave, err := w.enter(t.Context(), clock)
		if err != nil {
			t.Fatal(err)
		}
		select {
		case <-over:
			t.Error("its time is over")
		case <-time.After(59 * time.Second):
		}
		<-over
		leave()
		if len(w.room) > 0 {
			t.Error("there is no room")
		}
	})
}

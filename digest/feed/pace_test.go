package feed

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tidings/digest"
)

// street is a rig whose server answers a path as it was told last, over http and over https.
type street struct {
	*rig
	t             *testing.T
	plain, secure string // addresses
	mu            sync.Mutex
	answers       map[string]http.HandlerFunc
	items         int
}

func newStreet(t *testing.T) *street {
	t.Helper()
	s := &street{rig: newRig(t), t: t, answers: map[string]http.HandlerFunc{}}
	handler := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		s.mu.Lock()
		answer := s.answers[req.URL.Path]
		s.mu.Unlock()
		if answer == nil {
			http.NotFound(w, req)
			return
		}
		answer(w, req)
	})
	plain, secure := httptest.NewServer(handler), httptest.NewTLSServer(handler)
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	s.plain, s.secure = plain.URL, secure.URL
	s.web(false).Transport.(*http.Transport).TLSClientConfig = secure.Client().Transport.(*http.Transport).TLSClientConfig
	return s
}

// says sets what a path answers.
func (s *street) says(path string, answer http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[path] = answer
}

// feed answers with a feed that has one new item more at each call of says.
func (s *street) feed(header ...string) http.HandlerFunc {
	s.items++
	var body strings.Builder
	body.WriteString(`<rss version="2.0"><channel><title>A street</title>`)
	for i := range s.items {
		fmt.Fprintf(&body, "<item><title>House number %d of the street</title><guid>%d</guid></item>", i, i)
	}
	body.WriteString("</channel></rss>")
	return func(w http.ResponseWriter, _ *http.Request) {
		for _, h := range header {
			name, value, _ := strings.Cut(h, ": ")
			w.Header().Set(name, value)
		}
		_, _ = io.WriteString(w, body.String())
	}
}

func redirect(code int, to string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", to)
		w.WriteHeader(code)
	}
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for _, h := range header {
			name, value, _ := strings.Cut(h, ": ")
			w.Header().Set(name, value)
		}
		w.WriteHeader(code)
	}
}

// visit reads a source as soon as it may be read, and returns its mark.
func (s *street) visit(source string) digest.Mark {
	s.t.Helper()
	if due := s.memory.marks[source].Due; due.After(s.now) {
		s.now = due
	}
	if _, _, err := s.gather(s.t.Context(), []digest.Source{{URL: source}}); err != nil {
		s.t.Fatal(err)
	}
	return s.memory.marks[source]
}

// TestPace visits sources as often as they ask for: one that is busy, then still, then busy again.
func TestPace(t *testing.T) {
	s := newStreet(t)
	s.Often, s.Seldom = time.Hour, 6*time.Hour
	source := s.plain + "/feed"
	steps := func(n int, fresh bool) (waits []time.Duration) {
		for range n {
			if fresh {
				s.says("/feed", s.feed())
			}
			mark := s.visit(source)
			waits = append(waits, mark.Next.Sub(s.now).Round(time.Minute))
			s.now = mark.Next
		}
		return waits
	}
	for _, c := range []struct {
		n     int
		fresh bool
		want  string
	}{
		{2, true, "[1h0m0s 1h0m0s]"},
		{9, false, "[1h15m0s 1h34m0s 1h57m0s 2h26m0s 3h3m0s 3h49m0s 4h46m0s 5h58m0s 6h0m0s]"},
		{4, true, "[3h0m0s 1h30m0s 1h0m0s 1h0m0s]"},
	} {
		if got := fmt.Sprint(steps(c.n, c.fresh)); got != c.want {
			t.Errorf("news: %v\n got %s\nwant %s", c.fresh, got, c.want)
		}
	}
}

// TestMaxAge leaves a server alone for as long as its answer says that it stays good, within our bounds.
func TestMaxAge(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"":                                time.Hour,
		"no-cache":                        time.Hour,
		"max-age=60":                      time.Hour,
		"public, Max-Age=7200":            2 * time.Hour,
		`max-age="7200", public`:          2 * time.Hour,
		"max-age=999999999":               6 * time.Hour,
		"max-age=99999999999999999999999": time.Hour,
		"max-age=-5":                      time.Hour,
		"max-age=soon":                    time.Hour,
	} {
		s := newStreet(t)
		s.Often, s.Seldom = time.Hour, 6*time.Hour
		s.says("/feed", s.feed("Cache-Control: "+header))
		if got := s.visit(s.plain + "/feed").Next.Sub(s.now); got != want {
			t.Errorf("%q: the next visit is due in %s, want %s", header, got, want)
		}
	}
}

// TestRetryAfter believes a server that says when to come back, in seconds or in any of the three forms of dates
// (RFC 9110, 5.6.7 and 10.2.3), between a minute and a day; otherwise it backs off.
func TestRetryAfter(t *testing.T) {
	at := noon.Add(5 * time.Hour)
	for header, want := range map[string]time.Duration{
		"18000":                    5 * time.Hour,
		at.Format(http.TimeFormat): 5 * time.Hour,
		at.Format("Monday, 02-Jan-06 15:04:05 GMT"): 5 * time.Hour,
		at.Format(time.ANSIC):                       5 * time.Hour,
		"5":                                         time.Minute,
		"99999999":                                  24 * time.Hour,
		noon.AddDate(1, 0, 0).Format(http.TimeFormat): 24 * time.Hour,
		noon.Add(-time.Hour).Format(http.TimeFormat):  time.Hour,
		"-5":   time.Hour,
		"soon": time.Hour,
		"":     time.Hour,
	} {
		for _, code := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
			s := newStreet(t)
			s.says("/feed", status(code, "Retry-After: "+header))
			mark := s.visit(s.plain + "/feed")
			if got := mark.Due.Sub(s.now); got != want || mark.Next != mark.Due {
				t.Errorf("%d, %q: it is left alone for %s, want %s", code, header, got, want)
			}
		}
	}
	s := newStreet(t) // without a word of the server's each refusal makes us more patient
	s.says("/feed", status(http.StatusTooManyRequests))
	for _, want := range []time.Duration{time.Hour, 2 * time.Hour, 4 * time.Hour} {
		if got := s.visit(s.plain + "/feed").Due.Sub(s.now); got != want {
			t.Errorf("left alone for %s, want %s", got, want)
		}
	}
}

// TestNeverGivenUp fails a source for a year; the first good answer makes it as good as new.
func TestNeverGivenUp(t *testing.T) {
	s := newStreet(t)
	source := s.plain + "/feed"
	s.says("/feed", status(http.StatusInternalServerError))
	visits := 0
	for ; s.now.Before(noon.AddDate(1, 0, 0)); visits++ {
		if mark := s.visit(source); mark.Due.Sub(s.now) > 24*time.Hour || !mark.Failing.Equal(noon) || mark.Failures != visits+1 {
			t.Fatalf("visit %d: %+v", visits, mark)
		}
	}
	if visits < 365 {
		t.Errorf("only %d visits in a year", visits)
	}
	s.says("/feed", s.feed())
	mark := s.visit(source)
	if state, _ := mark.State(s.now); state != digest.Fine || mark.Failures != 0 || !mark.Failing.IsZero() || mark.Fault != "" || !mark.Due.IsZero() {
		t.Errorf("%s: %+v", state, mark)
	}
	s.says("/feed", status(http.StatusInternalServerError))
	if mark = s.visit(source); mark.Due.Sub(s.now) != time.Hour {
		t.Errorf("after a good answer the first failure costs %s", mark.Due.Sub(s.now))
	}
}

// TestMoves follows redirects over several visits: which are believed, and where the source is read then.
func TestMoves(t *testing.T) {
	const visits = 4
	for name, c := range map[string]struct {
		secure  bool // the configured address is
		answers func(s *street)
		believe string // the path that is believed, "" none
	}{
		"for good, 301":      {false, func(s *street) { s.says("/feed", redirect(301, "/new")) }, "plain/new"},
		"for good, 308":      {false, func(s *street) { s.says("/feed", redirect(308, "/new")) }, "plain/new"},
		"for now, 302":       {false, func(s *street) { s.says("/feed", redirect(302, "/new")) }, ""},
		"for now, 307":       {false, func(s *street) { s.says("/feed", redirect(307, "/new")) }, ""},
		"in two steps":       {false, func(s *street) { s.says("/feed", redirect(301, "/b")); s.says("/b", redirect(308, "/new")) }, "plain/new"},
		"one step for now":   {false, func(s *street) { s.says("/feed", redirect(301, "/b")); s.says("/b", redirect(302, "/new")) }, ""},
		"first step for now": {false, func(s *street) { s.says("/feed", redirect(302, "/b")); s.says("/b", redirect(301, "/new")) }, ""},
		"into encryption":    {false, func(s *street) { s.says("/feed", redirect(301, s.secure+"/new")) }, "secure/new"},
		"out of encryption":  {true, func(s *street) { s.says("/feed", redirect(301, s.plain+"/new")) }, ""},
		"out of it and back": {true, func(s *street) {
			s.says("/feed", redirect(301, s.plain+"/b"))
			s.says("/b", redirect(301, s.secure+"/new"))
		}, ""},
		"to no feed":            {false, func(s *street) { s.says("/feed", redirect(301, "/page")) }, ""},
		"to nothing":            {false, func(s *street) { s.says("/feed", redirect(301, "/nowhere")) }, ""},
		"each time elsewhere":   {false, func(s *street) { s.says("/feed", inTurn(redirect(301, "/new"), redirect(301, "/other"))) }, ""},
		"taken back in between": {false, func(s *street) { s.says("/feed", inTurn(redirect(301, "/new"), redirect(301, "/new"), s.feed())) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStreet(t)
			c.answers(s)
			s.says("/new", s.feed())
			s.says("/other", s.feed())
			s.says("/page", func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "<!DOCTYPE html><html><title>Parked</title></html>")
			})
			source := s.plain + "/feed"
			if c.secure {
				source = s.secure + "/feed"
			}
			var mark digest.Mark
			for n := range visits {
				if mark = s.visit(source); mark.Address != "" && n < 2 {
					t.Errorf("believed after %d visits: %s", n+1, mark.Address)
				}
			}
			got := strings.NewReplacer(s.plain, "plain", s.secure, "secure").Replace(mark.Address)
			if got != c.believe {
				t.Errorf("it is read at %q, want %q", got, c.believe)
			}
			if state, _ := mark.State(s.now); (state == digest.Moved) != (c.believe != "") {
				t.Errorf("its state is %s", state)
			}
		})
	}
}

// TestOutOfTheWeb follows no redirect that leaves the web, encrypted or not.
func TestOutOfTheWeb(t *testing.T) {
	s := newStreet(t)
	for _, to := range []string{"ftp://site.example/feed", "file:///etc/passwd", "gopher://site.example/", "data:text/xml,<rss/>", "javascript:1", "http:///feed"} {
		s.says("/feed", redirect(http.StatusMovedPermanently, to))
		for _, source := range []string{s.plain + "/feed", s.secure + "/feed"} {
			s.Eager = true
			if mark := s.visit(source); mark.Fault != "it redirects to an address that is not one of the web" || mark.Moving != "" {
				t.Errorf("%s: %q, %+v", to, mark.Fault, mark)
			}
		}
	}
}

// inTurn gives one answer after the other, over and over.
func inTurn(answers ...http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	n := 0
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		answer := answers[n%len(answers)]
		n++
		mu.Unlock()
		answer(w, r)
	}
}

// TestMoveThatEnds goes back to the configured address when the new one has failed three times, and believes
// neither a second move nor the first again any sooner.
func TestMoveThatEnds(t *testing.T) {
	s := newStreet(t)
	source := s.secure + "/feed"
	s.says("/feed", redirect(301, "/new"))
	s.says("/new", s.feed(`ETag: "new"`))
	for range 3 {
		s.visit(source)
	}
	if mark := s.visit(source); mark.Address != s.secure+"/new" || mark.ETag != `"new"` {
		t.Fatalf("%+v", mark)
	}
	// What is believed is asked without a detour, and may not lead out of encryption either.
	s.says("/feed", s.feed())
	s.says("/new", redirect(301, s.plain+"/open"))
	s.says("/open", s.feed())
	for range 4 {
		if mark := s.visit(source); mark.Address != s.secure+"/new" {
			t.Fatalf("%+v", mark)
		}
	}
	s.says("/new", status(http.StatusGone))
	for n := range 3 {
		if mark := s.visit(source); (mark.Address == "") != (n == 2) || mark.Failures != n+1 {
			t.Fatalf("failure %d: %+v", n+1, mark)
		}
	}
	if mark := s.memory.marks[source]; !mark.Due.IsZero() || !mark.Next.IsZero() || mark.ETag != "" {
		t.Errorf("what was configured is not asked at once: %+v", mark)
	}
	if mark := s.visit(source); mark.Failures != 0 || mark.Address != "" {
		t.Errorf("%+v", mark)
	}
}

// TestRipe looks which sources are worth a visit: never those that want to be left alone.
func TestRipe(t *testing.T) {
	r := newRig(t)
	for name, m := range map[string]digest.Mark{
		"still": {Next: noon.Add(time.Minute)},
		"ripe":  {Next: noon},
		"fails": {Next: noon.Add(-time.Hour), Due: noon.Add(time.Second), Failures: 1},
		"again": {Next: noon.Add(-time.Hour), Due: noon, Failures: 1},
	} {
		m.Source = name
		r.memory.marks[name] = m
	}
	var sources []digest.Source
	for _, name := range []string{"never read", "still", "ripe", "fails", "again"} {
		sources = append(sources, digest.Source{URL: name})
	}
	ripe, err := r.Ripe(t.Context(), sources)
	if got := strings.Join(addresses(ripe), ", "); err != nil || got != "never read, ripe, again" {
		t.Error(got, err)
	}
}

// FuzzWaits reads what servers say of when to come back: never a time in the past, never more than our own bound.
func FuzzWaits(f *testing.F) {
	for _, seed := range []string{"120", "-1", "99999999999999999999", "Mon, 14 Jul 2025 17:00:00 GMT", "Monday, 14-Jul-25 17:00:00 GMT", "Mon Jul 14 17:00:00 2025", "max-age=7200", "public, max-age=\"60\", s-maxage=1", "max-age=9223372036854775807", ", ,max-age"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if wait := retryAfter(s, noon); wait < 0 {
			t.Errorf("%q is %s", s, wait)
		}
		if age := maxAge(http.Header{"Cache-Control": {s}}); age < 0 || age > longWait {
			t.Errorf("%q is %s", s, age)
		}
	})
}

package desk_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"tidings/digest/desk"
	"tidings/templates"
)

const password = "twelve and more letters"

// behind is a desk behind a proxy, with a clock that is set by hand.
func behind(now *time.Time) http.Handler {
	return desk.Handler(desk.Options{
		Newsroom: &room{edition: draft()}, Templates: func() (*templates.Set, error) { return templates.Load(nil) },
		Door: desk.Door{URL: "https://desk.example.org", Password: password, Now: func() time.Time { return *now }},
	})
}

// knock asks for a page and returns the status.
func knock(h http.Handler, host, from, pass string) int {
	r := httptest.NewRequest("GET", "/letter.txt", nil)
	r.Host, r.RemoteAddr = host, "127.0.0.1:1000"
	r.Header.Set("X-Forwarded-For", "192.0.2.99, "+from) // the first is what the visitor claims
	if pass != "" {
		r.SetBasicAuth("editor", pass)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func TestPassword(t *testing.T) {
	now := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	h := behind(&now)
	for _, one := range []struct {
		host, pass string
		want       int
	}{
		{"desk.example.org", password, 200}, {"DESK.example.org:443", password, 200}, {"localhost:8090", password, 200},
		{"desk.example.org", "", 401}, {"desk.example.org", "wrong", 401}, {"localhost", "", 401}, {"127.0.0.1:8090", password + " ", 401},
		{"evil.example", password, 421}, {"desk.example.org.evil.example", password, 421},
	} {
		if got := knock(h, one.host, "198.51.100.7", one.pass); got != one.want {
			t.Errorf("%s with %q: %d, want %d", one.host, one.pass, got, one.want)
		}
	}
}

// Whoever tries too often has to wait, and nobody else.
func TestGuessing(t *testing.T) {
	now := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	h := behind(&now)
	try := func(from, pass string, want int) {
		t.Helper()
		if got := knock(h, "desk.example.org", from, pass); got != want {
			t.Errorf("%s with %q: %d, want %d", from, pass, got, want)
		}
	}
	for range 10 {
		try("2001:db8:1:2::5", "guess", 401)
	}
	try("2001:db8:1:2::6", password, 401) // of the same network
	try("2001:db8:1:3::6", password, 200)
	now = now.Add(4 * time.Minute)
	try("2001:db8:1:2::5", password, 401)
	now = now.Add(time.Minute)
	try("2001:db8:1:2::5", password, 200)
}

// A desk without a password is for this machine; that a proxy stands before it is an oversight.
func TestProxyWithoutPassword(t *testing.T) {
	h := desk.Handler(desk.Options{Newsroom: &room{edition: draft()}, Templates: func() (*templates.Set, error) { return templates.Load(nil) }, Door: desk.Door{URL: "https://desk.example.org"}})
	if got := knock(h, "localhost:8090", "198.51.100.7", ""); got != http.StatusForbidden {
		t.Errorf("a proxy lets everybody in: %d", got)
	}
	if got := knock(h, "desk.example.org", "198.51.100.7", ""); got != http.StatusMisdirectedRequest {
		t.Errorf("a name without a password: %d", got)
	}
}

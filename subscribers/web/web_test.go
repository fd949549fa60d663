package web_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tidings/digest"
	"tidings/subscribers"
	"tidings/subscribers/web"
	"tidings/templates"
)

// people is a list of readers with one token; it counts what was changed.
type people struct {
	late    bool                   // the leave is long ago
	reader  subscribers.Subscriber // what he has chosen
	asked   []subscribers.Changes
	links   []string
	disowns int
	gone    bool // the token was disowned

	onlyLeaves bool // the token is not one to manage

	joined  []subscribers.Request
	state   subscribers.State
	returns subscribers.State
	changes int
	err     error
}

func (p *people) Join(_ context.Context, r subscribers.Request) error {
	if !strings.Contains(r.Email, "@") {
		return subscribers.ErrAddress
	}
	p.joined = append(p.joined, r)
	return p.err
}

func (p *people) Look(_ context.Context, token string) (subscribers.Subscriber, error) {
	if token != goodToken && token != "good.return" {
		return subscribers.Subscriber{}, subscribers.ErrToken
	}
	if p.gone {
		return subscribers.Subscriber{}, subscribers.ErrDisowned
	}
	s := p.reader
	s.ID, s.Email, s.State = 1, "ada@example.org", p.state
	return s, p.err
}

func (p *people) Manages(token string) bool { return token == goodToken && !p.onlyLeaves }

func (p *people) LeaveToken(int64) string { return "leave.token" }

func (p *people) ManageToken(int64) string { return goodToken }

func (p *people) SendLink(_ context.Context, email string) error {
	p.links = append(p.links, email)
	return p.err
}

func (p *people) Disown(_ context.Context, token string) error {
	if token != goodToken {
		return subscribers.ErrToken
	}
	p.disowns++
	return p.err
}

func (p *people) Prefer(ctx context.Context, token string, c subscribers.Changes) (subscribers.Subscriber, error) {
	if p.state == subscribers.Left {
		return subscribers.Subscriber{}, subscribers.ErrToken
	}
	if _, err := p.Look(ctx, token); err != nil {
		return subscribers.Subscriber{}, err
	}
	p.asked = append(p.asked, c)
	if c.Pause != nil && !c.Pause.IsZero() {
		p.state, p.reader.Until = subscribers.Paused, *c.Pause
	}
	return p.Look(ctx, token)
}

func (p *people) become(ctx context.Context, token string, state subscribers.State) (subscribers.Subscriber, error) {
	s, err := p.Look(ctx, token)
	if err == nil && p.state != state {
		p.state = state
		p.changes++
	}
	s.State = p.state
	return s, err
}

func (p *people) Confirm(ctx context.Context, token string, _ subscribers.Proof) (subscribers.Subscriber, error) {
	return p.become(ctx, token, subscribers.Active)
}

func (p *people) Leave(ctx context.Context, token string) (subscribers.Subscriber, error) {
	return p.become(ctx, token, subscribers.Left)
}

func (p *people) Return(ctx context.Context, token string) (subscribers.Subscriber, error) {
	return p.become(ctx, token, p.returns)
}

func (p *people) UndoToken(subscribers.Subscriber) string {
	if p.late {
		return ""
	}
	return "good.return"
}

// noon is when everything happens; goodToken is the one that there is.
var noon = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

const goodToken = "good.token"

// house returns the pages and the people behind them.
func house(t testing.TB) (http.Handler, *people) {
	t.Helper()
	o, p := options(t)
	now := noon
	o.Now = func() time.Time { now = now.Add(3 * time.Second); return now } // nobody is quick here
	return web.Handler(o), p
}

func options(t testing.TB) (web.Options, *people) {
	t.Helper()
	pages, err := templates.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &people{state: subscribers.Active, returns: subscribers.Active}
	return web.Options{
		Pages: pages, Entrance: p, Exit: p, Choosing: p, Archive: books{}, Names: books{}, Title: "AI Daily", URL: "https://news.example.org",
		Key: bytes.Repeat([]byte("k"), 32), Now: func() time.Time { return noon }, Forms: web.Forms{Network: 40, All: 4000},
		Digests: []templates.Choice{
			{Name: "daily", Title: "AI Daily", About: "What happened since yesterday", Lang: "en", When: templates.Rhythm{Weekdays: everyDay(), Times: []string{"7:00"}, Zone: "Europe/Rome", Own: true}, Chosen: true},
			{Name: "giorno", Title: "IA ogni giorno", About: "Che cosa è successo da ieri", Lang: "it", When: templates.Rhythm{Weekdays: everyDay()[:5], Times: []string{"7:00"}, Zone: "Europe/Rome"}},
		},
		Topics: []digest.Topic{
			{ID: "models", Name: map[string]string{"en": "Models", "it": "Modelli"}},
			{ID: "chips", Name: map[string]string{"en": "Chips", "it": "Chip"}}, {ID: "policy"},
		},
	}, p
}

func everyDay() []time.Weekday {
	return []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}
}

// ask sends a request; a non-nil form is posted, as a browser would from our own page.
func ask(h http.Handler, path string, form url.Values, headers ...string) *http.Response {
	var r *http.Request
	if form == nil {
		r = httptest.NewRequest("GET", path, nil)
	} else {
		r = httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t testing.TB, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// expect checks the status and words of an answer.
func expect(t testing.TB, r *http.Response, status int, words ...string) string {
	t.Helper()
	got := body(t, r)
	if r.StatusCode != status {
		t.Errorf("status %d, want %d: %s", r.StatusCode, status, got)
	}
	for _, word := range words {
		if !strings.Contains(got, word) {
			t.Errorf("%q is not in %s", word, got)
		}
	}
	return got
}

func TestPages(t *testing.T) {
	h, p := house(t)
	for path, want := range map[string]string{
		"/":                        `action="/join"`,
		"/join":                    `action="/join"`,
		"/c/good.token":            "You are subscribed",
		"/n/good.token":            `action="/n/good.token"`,
		"/p/good.token":            `action="/p/good.token"`,
		"/link":                    `action="/link"`,
		"/u/good.token":            `action="/u/good.token"`,
		"/e/daily/2023-09-13T0700": "OpenAI opens an office in Dublin",
		"/archive":                 `href="/e/daily/2023-09-13T0700"`,
		"/healthz":                 "ok",
	} {
		expect(t, ask(h, path, nil), http.StatusOK, want)
	}
	for _, path := range []string{"/u/bad", "/c/bad", "/c/" + url.PathEscape(`"><script>`), "/e/daily/never", "/favicon.ico", "/e/daily/", "/u/good.token/return", "/r/bad"} {
		expect(t, ask(h, path, nil), http.StatusNotFound)
	}
	if p.changes != 0 || len(p.joined) != 0 {
		t.Error("looking changed something")
	}
}

func TestConfirm(t *testing.T) {
	h, p := house(t)
	p.state = subscribers.Pending
	expect(t, ask(h, "/c/good.token", nil), http.StatusOK, "AI Daily", "every day at 7:00 (Europe/Rome, or the time zone you choose)", `action="/c/good.token"`)
	expect(t, ask(h, "/c/good.token", url.Values{}), http.StatusOK, "You are subscribed", `href="/p/good.token"`, "every day at 7:00 (Europe/Rome, or the time zone you choose)")
	expect(t, ask(h, "/c/bad", url.Values{}), http.StatusNotFound, "This link is not valid", `action="/join"`, `name="email"`)
	if page := expect(t, ask(h, "/c/good.token", nil), http.StatusOK, "You are subscribed", `href="/link"`); strings.Contains(page, "IA ogni giorno") {
		t.Error("he is told of what he does not get")
	}
	if p.state != subscribers.Active || p.changes != 1 {
		t.Errorf("%s after %d changes", p.state, p.changes)
	}
}

func TestLeaveAndReturn(t *testing.T) {
	h, p := house(t)
	expect(t, ask(h, "/u/good.token", url.Values{}), http.StatusOK, "You have left", `action="/r/good.return"`)
	expect(t, ask(h, "/u/good.token", nil), http.StatusOK, "You have left", `action="/r/good.return"`)
	p.late = true // the button goes, and the goodbye's link stays
	if got := expect(t, ask(h, "/u/good.token", nil), http.StatusOK, "You have left"); strings.Contains(got, "<button") {
		t.Error("an old letter's link offers the way back")
	}
	expect(t, ask(h, "/r/good.return", nil), http.StatusOK, "You have left", `action="/r/good.return"`)
	expect(t, ask(h, "/r/good.return", url.Values{}), http.StatusOK, "You are back")
	expect(t, ask(h, "/u/bad", url.Values{}), http.StatusNotFound, "This link is not valid")
	if p.state != subscribers.Active || p.changes != 2 {
		t.Errorf("%s after %d changes", p.state, p.changes)
	}
}

func TestReturnOfWhoNeverConfirmed(t *testing.T) {
	h, p := house(t)
	p.state, p.returns = subscribers.Left, subscribers.Pending
	expect(t, ask(h, "/r/good.return", url.Values{}), http.StatusOK, "Check your inbox")
}

// As RFC 8058 has it: a POST from anywhere, without cookies, in either encoding, as often as it likes; with a
// body of any kind, as its path says all.
func TestOneClick(t *testing.T) {
	h, p := house(t)
	const urlencoded, multipart = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"
	part := "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n"
	for _, c := range []struct{ path, kind, body, want string }{
		{"/u/good.token", urlencoded, "List-Unsubscribe=One-Click", "unsubscribed"},
		{"/u/good.token", multipart, part, "unsubscribed"},
		{"/u/good.token", urlencoded, "List-Unsubscribe=One-Click", "unsubscribed"},
		{"/u/good.token/", urlencoded, "List-Unsubscribe=One-Click", "unsubscribed"},
		{"/u/good.token?utm=x", urlencoded, "List-Unsubscribe=One-Click", "unsubscribed"},
		{"/u/good.token", urlencoded, "", "You have left"},
		{"/u/good.token", "", "", "You have left"},
		{"/u/good.token", multipart, "--nonsense", "You have left"},
		{"/u/good.token", "text/plain", strings.Repeat("x", 100<<10), "You have left"},
		{"/u/good.token", urlencoded, "a=" + strings.Repeat("x", 100<<10), "You have left"},
	} {
		p.state, p.changes = subscribers.Paused, 0
		for range 2 {
			r := httptest.NewRequest("POST", c.path, strings.NewReader(c.body))
			r.Header.Set("Content-Type", c.kind)
			r.Header.Set("Origin", "https://mail.example.com")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			got := expect(t, w.Result(), http.StatusOK, c.want)
			if c.want == "unsubscribed" && len(got) > 40 {
				t.Errorf("a long answer: %s", got)
			}
			if len(w.Result().Cookies()) > 0 {
				t.Error("a cookie")
			}
		}
		if p.state != subscribers.Left || p.changes != 1 {
			t.Errorf("%.40q to %s: %s after %d changes", c.body, c.path, p.state, p.changes)
		}
	}
	expect(t, ask(h, "/u/bad", url.Values{"List-Unsubscribe": {"One-Click"}}), http.StatusNotFound)
}

// What scanners of mail do changes nothing.
func TestOtherMethods(t *testing.T) {
	h, p := house(t)
	for _, method := range []string{"HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "PROPFIND"} {
		for _, path := range []string{"/join", "/link", "/c/good.token", "/n/good.token", "/p/good.token?do=pause&days=7", "/u/good.token", "/r/good.return"} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader("List-Unsubscribe=One-Click")))
			if w.Code >= 500 || w.Code >= 300 && w.Code < 400 {
				t.Errorf("%s %s: %d", method, path, w.Code)
			}
		}
	}
	if p.changes+p.disowns+len(p.asked)+len(p.joined) != 0 {
		t.Error("a scanner changed something")
	}
}

func TestOtherSitesCannotPost(t *testing.T) {
	h, p := house(t)
	p.state = subscribers.Left
	for _, path := range []string{"/join", "/link", "/c/good.token", "/p/good.token", "/r/good.return"} {
		r := ask(h, path, url.Values{"email": {"ada@example.org"}}, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
		expect(t, r, http.StatusForbidden, "That did not work")
	}
	if p.changes != 0 || len(p.joined)+len(p.asked)+len(p.links) != 0 {
		t.Error("another site changed something")
	}
}

func TestHeaders(t *testing.T) {
	h, _ := house(t)
	for _, path := range []string{"/", "/link", "/u/good.token", "/c/good.token", "/n/good.token", "/p/good.token", "/r/good.return", "/u/bad", "/c/bad", "/p/bad", "/archive", "/nothing", "/e/daily/2023-09-13T0700"} {
		r := ask(h, path, nil)
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "Content-Type": "text/html",
		} {
			if !strings.HasPrefix(r.Header.Get(name), want) {
				t.Errorf("%s: %s is %q", path, name, r.Header.Get(name))
			}
		}
		page := body(t, r)
		if strings.Contains(page, "<script") || strings.Contains(page, "ZgotmplZ") {
			t.Errorf("%s: a script or a broken link", path)
		}
		behindToken := len(path) > 3 && path[2] == '/' && path[1] != 'e'
		hidden := r.Header.Get("Cache-Control") == "no-store" && strings.Contains(r.Header.Get("X-Robots-Tag"), "noindex") && strings.Contains(page, "noindex")
		if behindToken && !hidden {
			t.Errorf("%s: may be kept or found", path)
		}
	}
}

func TestLanguage(t *testing.T) {
	h, _ := house(t)
	expect(t, ask(h, "/", nil, "Accept-Language", "it-IT,it;q=0.9,en;q=0.8"), http.StatusOK, `lang="it"`, "Il tuo indirizzo")
	expect(t, ask(h, "/", nil, "Accept-Language", "ja"), http.StatusOK, `lang="en"`)
}

func TestLargeBody(t *testing.T) {
	h, p := house(t)
	expect(t, ask(h, "/join", url.Values{"email": {strings.Repeat("a", 100<<10)}}), http.StatusForbidden)
	if len(p.joined) != 0 {
		t.Error("a large form was read")
	}
}

func TestNoArchive(t *testing.T) {
	pages, err := templates.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	h := web.Handler(web.Options{Pages: pages, Title: "AI Daily", Now: time.Now, Healthy: func(context.Context) error { return errors.New("no store") }})
	expect(t, ask(h, "/archive", nil), http.StatusNotFound)
	expect(t, ask(h, "/e/a/b", nil), http.StatusNotFound)
	expect(t, ask(h, "/healthz", nil), http.StatusServiceUnavailable)
	if got := expect(t, ask(h, "/", nil), http.StatusOK); strings.Contains(got, "archive") {
		t.Error("a link to the archive that is not there")
	}
}

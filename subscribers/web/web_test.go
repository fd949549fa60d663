package web_test

import (
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
	if token != "good.token" {
		return subscribers.Subscriber{}, subscribers.ErrToken
	}
	return subscribers.Subscriber{Email: "ada@example.org", State: p.state}, p.err
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

// shelf holds one edition.
type shelf struct{ key string }

func (s shelf) Edition(_ context.Context, key string) (digest.Edition, error) {
	if key != s.key {
		return digest.Edition{}, web.ErrMissing
	}
	return shelfEdition(), nil
}

func (s shelf) Keys(context.Context, int) ([]string, error) { return []string{s.key}, nil }

func (s shelf) Mentions(_ context.Context, name string, _ int) ([]digest.Mention, error) {
	if name != "OpenAI" {
		return nil, nil
	}
	return []digest.Mention{{Edition: s.key, At: shelfEdition().At, Title: "OpenAI opens an office in Dublin", Lang: "en"}}, nil
}

func shelfEdition() digest.Edition {
	lead := digest.Story{Lead: digest.Article{Title: "OpenAI opens an office in Dublin", URL: "https://silicon-courier.example/dublin", Lang: "en", Source: digest.Origin{Title: "Silicon Courier"}}, Summary: []string{"It will hire for nine roles."}}
	return digest.Edition{
		Key: "daily/2023-09-13T0700", Title: "AI Daily", Lang: "en", Number: 42, Sources: 1, Lead: &lead,
		At: time.Date(2023, time.September, 13, 7, 0, 0, 0, time.UTC),
	}
}

// house returns the pages and the people behind them.
func house(t *testing.T) (http.Handler, *people) {
	t.Helper()
	pages, err := templates.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &people{state: subscribers.Active, returns: subscribers.Active}
	return web.Handler(web.Options{
		Pages: pages, Entrance: p, Exit: p, Archive: shelf{shelfEdition().Key}, Title: "AI Daily",
		Digests: []templates.Choice{
			{Name: "daily", Title: "AI Daily", About: "Every morning at seven, in English", Chosen: true},
			{Name: "giorno", Title: "IA ogni giorno", About: "Ogni mattina alle sette, in italiano"},
		},
	}), p
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

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// expect checks the status and words of an answer.
func expect(t *testing.T, r *http.Response, status int, words ...string) string {
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
		"/c/good.token":            `action="/c/good.token"`,
		"/u/good.token":            `action="/u/good.token"`,
		"/e/daily/2023-09-13T0700": "OpenAI opens an office in Dublin",
		"/archive":                 `href="/e/daily/2023-09-13T0700"`,
		"/archive?name=OpenAI":     `AI Daily</time><a href="/e/daily/2023-09-13T0700" lang="en" dir="auto">OpenAI opens an office in Dublin</a>`,
		"/archive?name=%3Cb%3E":    "No story so far speaks of &lt;b&gt;.",
		"/healthz":                 "ok",
	} {
		expect(t, ask(h, path, nil), http.StatusOK, want)
	}
	for _, path := range []string{"/u/bad", "/c/bad", "/c/" + url.PathEscape(`"><script>`), "/e/daily/never", "/favicon.ico", "/e/daily/", "/u/good.token/return"} {
		expect(t, ask(h, path, nil), http.StatusNotFound)
	}
	if p.changes != 0 || len(p.joined) != 0 {
		t.Error("looking changed something")
	}
}

func TestJoin(t *testing.T) {
	h, p := house(t)
	form := url.Values{"email": {" ada@example.org "}, "digest": {"giorno", "nonsense"}, "lang": {"it"}}
	known := expect(t, ask(h, "/join", form), http.StatusOK, "Look into your inbox")
	if len(p.joined) != 1 {
		t.Fatalf("%d joined", len(p.joined))
	}
	if got := p.joined[0]; got.Email != "ada@example.org" || got.Lang != "it" || len(got.Digests) != 1 || got.Digests[0] != "giorno" || got.How != "page" {
		t.Errorf("asked for %+v", got)
	}
	if unknown := body(t, ask(h, "/join", url.Values{"email": {"new@example.org"}})); unknown != known {
		t.Error("the answer differs by address")
	}
	expect(t, ask(h, "/join", url.Values{"email": {"nonsense<"}, "digest": {"giorno"}}), http.StatusUnprocessableEntity,
		"does not look like a mail address", `value="nonsense&lt;"`, `value="giorno" checked`)
}

func TestJoinRobot(t *testing.T) {
	h, p := house(t)
	form := url.Values{"email": {"ada@example.org"}, "website": {"https://spam.example"}}
	expect(t, ask(h, "/join", form), http.StatusOK, "Look into your inbox")
	if len(p.joined) != 0 {
		t.Error("a robot joined")
	}
}

func TestJoinFault(t *testing.T) {
	h, p := house(t)
	p.err = errors.New("secret detail")
	got := expect(t, ask(h, "/join", url.Values{"email": {"ada@example.org"}}), http.StatusInternalServerError, "Our fault")
	if strings.Contains(got, "secret") {
		t.Error("the reader sees the chain of errors")
	}
}

func TestConfirm(t *testing.T) {
	h, p := house(t)
	p.state = subscribers.Pending
	expect(t, ask(h, "/c/good.token", url.Values{}), http.StatusOK, "You are subscribed")
	expect(t, ask(h, "/c/bad", url.Values{}), http.StatusNotFound, "This link is not valid")
	if p.state != subscribers.Active || p.changes != 1 {
		t.Errorf("%s after %d changes", p.state, p.changes)
	}
}

func TestLeaveAndReturn(t *testing.T) {
	h, p := house(t)
	expect(t, ask(h, "/u/good.token", url.Values{}), http.StatusOK, "You have left", `action="/u/good.token/return"`)
	expect(t, ask(h, "/u/good.token", nil), http.StatusOK, "You have left", `action="/u/good.token/return"`)
	expect(t, ask(h, "/u/good.token/return", url.Values{}), http.StatusOK, "You are back")
	expect(t, ask(h, "/u/bad", url.Values{}), http.StatusNotFound, "This link is not valid")
	if p.state != subscribers.Active || p.changes != 2 {
		t.Errorf("%s after %d changes", p.state, p.changes)
	}
}

func TestReturnOfWhoNeverConfirmed(t *testing.T) {
	h, p := house(t)
	p.state, p.returns = subscribers.Left, subscribers.Pending
	expect(t, ask(h, "/u/good.token/return", url.Values{}), http.StatusOK, "Look into your inbox")
}

// As RFC 8058 has it: a POST from anywhere, without cookies, in either encoding, as often as it likes.
func TestOneClick(t *testing.T) {
	h, p := house(t)
	multipart := "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n"
	for _, c := range []struct{ kind, body string }{
		{"application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"},
		{"multipart/form-data; boundary=b", multipart},
		{"application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"},
	} {
		r := httptest.NewRequest("POST", "/u/good.token", strings.NewReader(c.body))
		r.Header.Set("Content-Type", c.kind)
		r.Header.Set("Origin", "https://mail.example.com")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := expect(t, w.Result(), http.StatusOK, "unsubscribed"); len(got) > 40 {
			t.Errorf("a long answer: %s", got)
		}
		if len(w.Result().Cookies()) > 0 {
			t.Error("a cookie")
		}
	}
	if p.state != subscribers.Left || p.changes != 1 {
		t.Errorf("%s after %d changes", p.state, p.changes)
	}
	expect(t, ask(h, "/u/bad", url.Values{"List-Unsubscribe": {"One-Click"}}), http.StatusNotFound)
}

func TestOtherSitesCannotPost(t *testing.T) {
	h, p := house(t)
	p.state = subscribers.Left
	for _, path := range []string{"/join", "/c/good.token", "/u/good.token/return"} {
		r := ask(h, path, url.Values{"email": {"ada@example.org"}}, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
		expect(t, r, http.StatusForbidden, "That did not work")
	}
	if p.changes != 0 || len(p.joined) != 0 {
		t.Error("another site changed something")
	}
}

func TestHeaders(t *testing.T) {
	h, _ := house(t)
	for _, path := range []string{"/", "/u/good.token", "/c/good.token", "/u/bad", "/archive", "/nothing", "/e/daily/2023-09-13T0700"} {
		r := ask(h, path, nil)
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "Content-Type": "text/html",
		} {
			if !strings.HasPrefix(r.Header.Get(name), want) {
				t.Errorf("%s: %s is %q", path, name, r.Header.Get(name))
			}
		}
		page := body(t, r)
		if strings.Contains(page, "<script") || strings.Contains(page, "ZgotmplZ") {
			t.Errorf("%s: a script or a broken link", path)
		}
		behindToken := strings.HasPrefix(path, "/u/") || strings.HasPrefix(path, "/c/")
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
	h := web.Handler(web.Options{Pages: pages, Title: "AI Daily", Healthy: func(context.Context) error { return errors.New("no store") }})
	expect(t, ask(h, "/archive", nil), http.StatusNotFound)
	expect(t, ask(h, "/e/a/b", nil), http.StatusNotFound)
	expect(t, ask(h, "/healthz", nil), http.StatusServiceUnavailable)
	if got := expect(t, ask(h, "/", nil), http.StatusOK); strings.Contains(got, "archive") {
		t.Error("a link to the archive that is not there")
	}
}

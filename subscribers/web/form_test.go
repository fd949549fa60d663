package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tidings/subscribers"
	"tidings/subscribers/web"
)

var formToken = regexp.MustCompile(`name="form" value="([^"]+)"`)

// filled is a form as it is on a page, with these fields filled in.
func filled(t testing.TB, h http.Handler, path string, pairs ...string) url.Values {
	t.Helper()
	m := formToken.FindStringSubmatch(body(t, ask(h, path, nil)))
	if m == nil {
		t.Fatalf("no form on %s", path)
	}
	form := url.Values{"form": {m[1]}, "shown": {"en"}}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return form
}

func TestJoin(t *testing.T) {
	h, p := house(t)
	form := filled(t, h, "/", "email", " Ada@example.org ", "digest", "giorno", "digest", "nonsense", "topic", "chips", "lang", "it", "chooses", "yes")
	page := expect(t, ask(h, "/join", form), http.StatusOK, "Controlla la posta")
	if len(p.joined) != 1 {
		t.Fatalf("%d joined", len(p.joined))
	}
	got := p.joined[0]
	if got.Email != "Ada@example.org" || got.Lang != "it" || !slices.Equal(got.Digests, []string{"giorno"}) || !slices.Equal(got.Topics, []string{"chips"}) {
		t.Errorf("asked for %+v", got)
	}
	if strings.Contains(strings.ToLower(page), "ada@") {
		t.Error("the answer repeats the address")
	}
}

// What is recorded as agreed to is what stood on the page, in its language.
func TestConsent(t *testing.T) {
	h, p := house(t)
	for lang, path := range map[string]string{"en": "/", "it": "/?lang=it"} {
		page := body(t, ask(h, path, nil))
		form := filled(t, h, path, "email", "ada@example.org", "chooses", "yes", "digest", "daily", "topic", "chips", "topic", "models", "topic", "policy")
		form.Set("shown", lang)
		expect(t, ask(h, "/join", form), http.StatusOK)
		got := p.joined[len(p.joined)-1]
		if got.How != "page" || len(got.Agreed) < 40 || !strings.Contains(page, got.Agreed) {
			t.Errorf("%s: recorded as %q", lang, got.Agreed)
		}
		if got.Topics != nil {
			t.Errorf("all topics are %v", got.Topics)
		}
	}
	form := filled(t, h, "/?lang=it", "email", "ada@example.org")
	expect(t, ask(h, "/join", form), http.StatusUnprocessableEntity) // shown in English, says the sender
}

func TestFormFaults(t *testing.T) {
	h, p := house(t)
	for name, c := range map[string]struct {
		path, field, value string
		want               []string
	}{
		"no address": {"/join", "email", "nonsense<", []string{`href="#email"`, `aria-invalid="true"`, `value="nonsense&lt;"`, `value="giorno" checked`}},
		"two lines":  {"/join", "email", "a@b.example\r\nBcc: x@y.example", []string{`href="#email"`}},
		"a NUL":      {"/join", "email", "a\x00@b.example", []string{`href="#email"`}},
		"no digest":  {"/join", "digest", "", []string{`href="#digest"`}},
		"no topic":   {"/join", "topic", "", []string{`href="#topic"`, "<details open>"}},
		"no token":   {"/join", "form", "", []string{`href="#send"`}},
		"a forgery":  {"/join", "form", strings.Repeat("A", 32), []string{`href="#send"`}},
		"no link":    {"/link", "email", "x", []string{`href="#email"`}},
		"a robot’s":  {"/link", "form", "x", []string{`href="#send"`}},
	} {
		t.Run(name, func(t *testing.T) {
			form := filled(t, h, c.path, "email", "ada@example.org", "digest", "giorno", "topic", "chips", "chooses", "yes")
			form.Set(c.field, c.value)
			page := expect(t, ask(h, c.path, form), http.StatusUnprocessableEntity, c.want...)
			for _, m := range regexp.MustCompile(`href="#([a-z]+)"`).FindAllStringSubmatch(page, -1) {
				if !strings.Contains(page, `id="`+m[1]+`"`) {
					t.Errorf("there is no field %q", m[1])
				}
			}
		})
	}
	if len(p.joined)+len(p.links) != 0 {
		t.Error("a form with a fault was taken")
	}
}

// A form that comes at once, or after a day, is shown again and taken then.
func TestFormAge(t *testing.T) {
	o, p := options(t)
	now := noon
	o.Now = func() time.Time { return now }
	h := web.Handler(o)
	form := filled(t, h, "/", "email", "ada@example.org")
	for _, c := range []struct {
		wait   time.Duration
		status int
	}{{time.Second, 422}, {2 * time.Second, 200}, {23 * time.Hour, 200}, {2 * time.Hour, 422}} {
		now = now.Add(c.wait)
		expect(t, ask(h, "/join", form), c.status)
	}
	page := body(t, ask(h, "/join", form))
	form.Set("form", formToken.FindStringSubmatch(page)[1])
	now = now.Add(3 * time.Second)
	expect(t, ask(h, "/join", form), http.StatusOK)
	if len(p.joined) != 3 {
		t.Errorf("%d joined", len(p.joined))
	}
}

func TestRobots(t *testing.T) {
	h, p := house(t)
	for path, words := range map[string]string{"/join": "Check your inbox", "/link": "Check your inbox"} {
		form := filled(t, h, path, "email", "ada@example.org", "website", "https://spam.example")
		expect(t, ask(h, path, form), http.StatusOK, words)
	}
	if len(p.joined)+len(p.links) != 0 {
		t.Error("a robot was heard")
	}
}

// One network is turned away when it floods us, and others are not.
func TestFlood(t *testing.T) {
	o, p := options(t)
	now := noon
	o.Now = func() time.Time { return now }
	h := web.Handler(o)
	form := filled(t, h, "/", "email", "ada@example.org")
	now = now.Add(time.Minute)
	from := func(addr, forwarded string) int {
		r := httptest.NewRequest("POST", "/join", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Forwarded-For", forwarded)
		r.RemoteAddr = addr
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code == http.StatusTooManyRequests && w.Header().Get("Retry-After") != "900" {
			t.Error("it is not said for how long")
		}
		return w.Code
	}
	taken := 0
	for i := range 100 {
		if from(fmt.Sprintf("198.51.100.%d:99", i), "203.0.113.9") == http.StatusOK {
			taken++
		}
	}
	if taken != 40 {
		t.Errorf("%d forms of one network were taken", taken)
	}
	if got := p.joined[0].Network; got != "198.51.100.0/24" {
		t.Errorf("network %q: a stranger told it", got)
	}
	if from("127.0.0.1:99", "198.51.100.7") != http.StatusTooManyRequests {
		t.Error("the same network behind our proxy was taken")
	}
	if from("127.0.0.1:99", "198.51.100.7, 203.0.113.9") != http.StatusOK || p.joined[40].Network != "203.0.113.0/24" {
		t.Errorf("another network was not taken, or not seen: %q", p.joined[40].Network)
	}
	now = now.Add(15 * time.Minute)
	if from("198.51.100.1:99", "") != http.StatusOK {
		t.Error("turned away for ever")
	}
}

func TestJoinFault(t *testing.T) {
	h, p := house(t)
	form := filled(t, h, "/", "email", "ada@example.org")
	p.err = fmt.Errorf("secret detail")
	got := expect(t, ask(h, "/join", form), http.StatusInternalServerError, "Our fault")
	if strings.Contains(got, "secret") {
		t.Error("the reader sees the chain of errors")
	}
}

// Whatever is sent as a form, the answer is a page, and nobody is taken without a token of ours.
func FuzzForms(f *testing.F) {
	for _, seed := range []string{
		"email=ada@example.org&form=x", "email=a%00b&topic=chips&topic=&lang=it", "%zz", "do=pause&days=-1", "do=pause&days=99999999999999999999",
		"do=save&digest=daily&topic=models&timezone=../etc/passwd&format=text&lang=xx", "List-Unsubscribe=One-Click", "shown=%F0%9F&email=a@b.c%0D%0AX:y",
	} {
		f.Add(seed, "/join", "token")
		f.Add(seed, "/p/", "good.token")
	}
	h, p := house(f)
	f.Fuzz(func(t *testing.T, content, room, token string) {
		rooms := []string{"/join", "/link", "/p/", "/c/", "/u/", "/n/", "/r/", "/e/"}
		if !slices.Contains(rooms, room) {
			room = rooms[len(room)%len(rooms)]
		}
		if strings.HasSuffix(room, "/") {
			room += url.PathEscape(token)
		}
		if token == "." || token == ".." { // paths to elsewhere
			t.Skip()
		}
		p.state, p.joined, p.asked = subscribers.Active, nil, nil
		r := httptest.NewRequest("POST", room, strings.NewReader(content))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code >= 500 || w.Body.Len() == 0 {
			t.Errorf("%d: %s", w.Code, w.Body)
		}
		if len(p.joined) > 0 {
			t.Errorf("joined: %+v", p.joined)
		}
		for _, c := range p.asked {
			if c.Pause != nil && c.Pause.Sub(noon) > 400*24*time.Hour {
				t.Errorf("a pause until %s", c.Pause)
			}
		}
		if strings.Contains(w.Body.String(), "<script") || strings.Contains(w.Body.String(), "ZgotmplZ") {
			t.Error("a script, or a broken link")
		}
	})
}

package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/subscribers"
)

func TestPreferences(t *testing.T) {
	h, p := house(t)
	p.reader = subscribers.Subscriber{Digests: []string{"giorno"}, Topics: []string{"chips"}, Lang: "it", Text: true, Timezone: "Asia/Tokyo"}
	page := expect(t, ask(h, "/p/good.token", nil), http.StatusOK, `lang="it"`, "ada@example.org", `value="giorno" checked`, `value="chips" checked`,
		`<option value="it" lang="it" selected>`, `value="text" checked`, `value="Asia/Tokyo"`, `action="/u/leave.token"`, "Modelli")
	for _, no := range []string{`value="daily" checked`, `value="models" checked`, `value="html" checked`} {
		if strings.Contains(page, no) {
			t.Errorf("%s is on the page", no)
		}
	}
	expect(t, ask(h, "/p/good.token?lang=en", nil), http.StatusOK, `<html lang="en"`)
	p.reader = subscribers.Subscriber{}
	expect(t, ask(h, "/p/good.token/", nil), http.StatusOK, `value="daily" checked`, `value="models" checked`, `value="policy" checked`, `value="html" checked`)
	if len(p.asked) != 0 {
		t.Error("looking changed something")
	}
}

func TestPrefer(t *testing.T) {
	str := func(s string) *string { return &s }
	yes, no := true, false
	for name, c := range map[string]struct {
		form string
		want subscribers.Changes
	}{
		"some": {"do=save&digest=giorno&topic=chips&topic=nonsense&lang=it&format=text&timezone=Asia/Tokyo",
			subscribers.Changes{Digests: []string{"giorno"}, Topics: []string{"chips"}, Lang: str("it"), Text: &yes, Timezone: str("Asia/Tokyo")}},
		"all": {"do=save&digest=giorno&digest=daily&topic=chips&topic=policy&topic=models&lang=&format=html&timezone=",
			subscribers.Changes{Digests: []string{"daily", "giorno"}, Topics: []string{"all"}, Lang: str(""), Text: &no, Timezone: str("")}},
		"odd words": {"digest=daily&topic=chips&lang=xx&format=pdf",
			subscribers.Changes{Digests: []string{"daily"}, Topics: []string{"chips"}, Lang: str(""), Text: &no}},
		"resume": {"do=resume&days=7", subscribers.Changes{Pause: &time.Time{}}},
	} {
		h, p := house(t)
		form, err := url.ParseQuery(c.form)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, ask(h, "/p/good.token", form), http.StatusOK, `role="status"`)
		if diff := cmp.Diff([]subscribers.Changes{c.want}, p.asked); diff != "" {
			t.Errorf("%s: -want +got %s", name, diff)
		}
	}
}

func TestPause(t *testing.T) {
	h, p := house(t)
	expect(t, ask(h, "/p/good.token", url.Values{"do": {"pause"}, "days": {"7"}}), http.StatusOK, "until Monday 30 November 2026", "End the pause")
	if len(p.asked) != 1 || p.asked[0].Digests != nil || p.asked[0].Lang != nil {
		t.Errorf("changed %+v", p.asked)
	}
}

// A form with a fault changes nothing, and is shown as it was sent.
func TestPreferFaults(t *testing.T) {
	h, p := house(t)
	for form, want := range map[string]string{
		"do=save&topic=chips":                                        `href="#digest"`,
		"do=save&digest=daily":                                       `href="#topic"`,
		"do=save&digest=daily&topic=chips&timezone=Mars":             `value="Mars"`,
		"do=save&digest=daily&topic=chips&timezone=../../etc/passwd": `href="#timezone"`,
		"do=save&digest=daily&topic=chips&timezone=Local":            `href="#timezone"`,
		"do=pause&days=0":                                            `href="#days"`,
		"do=pause&days=366":                                          `href="#days"`,
		"do=pause&days=soon":                                         `href="#days"`,
	} {
		values, err := url.ParseQuery(form)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, ask(h, "/p/good.token", values), http.StatusUnprocessableEntity, want)
	}
	if len(p.asked) != 0 {
		t.Errorf("changed %+v", p.asked)
	}
}

// Only a token to manage opens preferences; with another one, or an old one, a new link can be had by mail.
func TestPreferencesAreClosed(t *testing.T) {
	h, p := house(t)
	save := url.Values{"do": {"pause"}, "days": {"0"}}
	expect(t, ask(h, "/p/bad", nil), http.StatusNotFound, "This link is not valid", `action="/link"`)
	expect(t, ask(h, "/p/bad", save), http.StatusNotFound, `action="/link"`)
	p.onlyLeaves = true
	expect(t, ask(h, "/p/good.token", nil), http.StatusNotFound, `action="/link"`)
	expect(t, ask(h, "/p/good.token", save), http.StatusNotFound, `action="/link"`)
	p.onlyLeaves, p.state = false, subscribers.Left
	expect(t, ask(h, "/p/good.token", nil), http.StatusOK, "You have left", `action="/r/good.return"`)
	expect(t, ask(h, "/p/good.token", save), http.StatusOK, "You have left")
	expect(t, ask(h, "/p/good.token", url.Values{"do": {"resume"}}), http.StatusOK, "You have left")
	p.state = subscribers.Suspended
	expect(t, ask(h, "/p/good.token", nil), http.StatusNotFound, `action="/join"`)
	if len(p.asked) != 0 {
		t.Errorf("changed %+v", p.asked)
	}
}

func TestLink(t *testing.T) {
	h, p := house(t)
	expect(t, ask(h, "/link", filled(t, h, "/link", "email", "ada@example.org")), http.StatusOK, "Check your inbox")
	if len(p.links) != 1 || p.links[0] != "ada@example.org" {
		t.Errorf("mailed to %v", p.links)
	}
}

func TestDisown(t *testing.T) {
	h, p := house(t)
	p.state = subscribers.Pending
	expect(t, ask(h, "/n/good.token", nil), http.StatusOK, `action="/n/good.token"`, "This was not me")
	if p.disowns != 0 {
		t.Error("looking changed something")
	}
	expect(t, ask(h, "/n/good.token", url.Values{}), http.StatusOK, "The request is dropped")
	click := url.Values{"List-Unsubscribe": {"One-Click"}}
	expect(t, ask(h, "/n/good.token", click, "Sec-Fetch-Site", "cross-site"), http.StatusOK, "unsubscribed")
	expect(t, ask(h, "/n/bad", click), http.StatusNotFound)
	expect(t, ask(h, "/n/bad", url.Values{}), http.StatusNotFound, "This link is not valid")
	if p.disowns != 2 {
		t.Errorf("disowned %d times", p.disowns)
	}
	p.gone = true
	expect(t, ask(h, "/n/good.token", nil), http.StatusOK, "The request is dropped")
	expect(t, ask(h, "/c/good.token", nil), http.StatusOK, "The request is dropped")
	expect(t, ask(h, "/c/good.token", url.Values{}), http.StatusOK, "The request is dropped")
}

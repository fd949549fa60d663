package subscribers_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/subscribers"
)

func join(t *testing.T, h *house, email string) []mail {
	t.Helper()
	must(t, h.Join(t.Context(), subscribers.Request{Email: email, Proof: subscribers.Proof{How: "page"}}))
	return h.mailed()
}

// Asked at once, after a quarter of an hour, after a day more, and then no more in that week.
func TestAskedThrice(t *testing.T) {
	h := onShelf(t)
	var at []time.Duration
	begin := *h.clock
	for h.clock.Sub(begin) < 8*day {
		if len(join(t, h, "ada@example.org")) > 0 {
			at = append(at, h.clock.Sub(begin))
		}
		step := 5 * time.Minute
		if h.clock.Sub(begin) >= time.Hour {
			step = 6 * time.Hour
		}
		h.wait(step)
	}
	want := []time.Duration{0, 15 * time.Minute, 25 * time.Hour, 7*day + time.Hour}
	if len(at) < 4 || at[3] > want[3]+6*time.Hour {
		t.Fatalf("asked at %v", at)
	}
	at[3] = want[3]
	if diff := cmp.Diff(want[1:2], at[1:2]); diff != "" || at[2] < 24*time.Hour+15*time.Minute || at[2] > 31*time.Hour {
		t.Errorf("asked at %v", at)
	}
}

// What was chosen is kept until it is confirmed, and with it who said yes, how and to what.
func TestConsent(t *testing.T) {
	everywhere(t, func(t *testing.T, h *house) {
		wish := subscribers.Request{
			Email:   "Ada@BÜCHER.example",
			Choices: subscribers.Choices{Digests: []string{"weekly"}, Topics: []string{"chips"}, Lang: "it", Text: true, Timezone: "Asia/Tokyo"},
			Proof:   subscribers.Proof{How: "page", From: "203.0.113.0/24", Agreed: "Send me the letter"},
		}
		must(t, h.Join(t.Context(), wish))
		h.mailed()
		h.wait(time.Hour)
		looked, err := h.Look(t.Context(), h.token("ada@xn--bcher-kva.example"))
		if err != nil || looked.State != subscribers.Pending || looked.Lang != "it" {
			t.Errorf("looked at %+v, %v", looked, err)
		}
		got, err := h.Confirm(t.Context(), h.token("ada@xn--bcher-kva.example"), subscribers.Proof{How: "mail", From: "<r@example.org>"})
		must(t, err)
		want := subscribers.Subscriber{
			ID: got.ID, Email: "ada@xn--bcher-kva.example", State: subscribers.Active, Joined: noon, Changed: *h.clock,
			Digests: []string{"weekly"}, Topics: []string{"chips"}, Lang: "it", Text: true, Timezone: "Asia/Tokyo",
			ConsentAt: *h.clock, ConsentHow: "page", ConsentFrom: "203.0.113.0/24; confirmed by mail <r@example.org>", ConsentText: "Send me the letter",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(want, h.person(t.Context(), want.Email).Entry); diff != "" {
			t.Error(diff)
		}
	})
}

// Beyond a limit the wish is kept, nothing is mailed, the operator hears of it, and the visitor does not.
func TestLimits(t *testing.T) {
	everywhere(t, func(t *testing.T, h *house) {
		h.Limits = subscribers.Limits{Domain: 2, Giant: 4, Giants: []string{"big.example"}, Network: 3, All: 8, Refuse: []string{"junk.example"}}
		var held []string
		h.Held = func(limit string) { held = append(held, limit) }
		ask := func(n int, domain, network string) string {
			must(t, h.Join(t.Context(), subscribers.Request{Email: fmt.Sprintf("a%d@%s", n, domain), Network: network}))
			return told(h.mailed())
		}
		asked := 0
		for _, c := range []struct {
			domain, network string
			times, want     int
		}{
			{"small.example", "", 3, 2}, {"big.example", "", 5, 4}, {"other.example", "203.0.113.0/24", 2, 2}, {"more.example", "", 1, 0},
		} {
			got := 0
			for n := range c.times {
				if ask(n, c.domain, c.network) == "confirm" {
					got++
				}
			}
			if asked += got; got != c.want {
				t.Errorf("%s: asked %d times, want %d", c.domain, got, c.want)
			}
		}
		if diff := cmp.Diff([]string{"domain", "domain", "all"}, held); diff != "" || asked != 8 {
			t.Errorf("asked %d times: %s", asked, diff)
		}
		h.wait(2 * time.Hour)
		if got := ask(0, "more.example", ""); got != "confirm" {
			t.Error("the wish that was kept is never asked about")
		}
		for n := range 4 {
			ask(n, fmt.Sprintf("d%d.example", n), "198.51.100.0/24")
		}
		if held[len(held)-1] != "network" {
			t.Errorf("held %v", held)
		}
		err := h.Join(t.Context(), subscribers.Request{Email: "a@sub.junk.example"})
		if !errors.Is(err, subscribers.ErrAddress) || len(h.mailed()) > 0 {
			t.Errorf("a throw-away address: %v", err)
		}
	})
}

// The eleventh answer of a day is silence, and an explanation is given once.
func TestAnswers(t *testing.T) {
	h := onShelf(t)
	join(t, h, "ada@example.org")
	_, err := h.Confirm(t.Context(), h.token("ada@example.org"), subscribers.Proof{})
	must(t, err)
	h.mailed()
	answers := map[string]int{}
	for range 100 {
		c := subscribers.Correspondence{List: h.List, Mail: subscribers.Mail{From: "ada@example.org", Authentic: true, MessageID: "<m@example.org>"}}
		must(t, c.Help(t.Context()))
		must(t, c.Puzzled(t.Context()))
		must(t, c.Status(t.Context()))
		for _, m := range h.mailed() {
			answers[string(m.notice)+" "+m.answers]++
		}
		h.wait(time.Minute)
	}
	if diff := cmp.Diff(map[string]int{"help <m@example.org>": 1, "status <m@example.org>": 9}, answers); diff != "" {
		t.Error(diff)
	}
}

func TestChoose(t *testing.T) {
	for _, c := range []struct{ have, words, want string }{
		{"", "chips", "chips"}, {"chips", "models policy", "models policy"}, {"chips", "+models", "chips models"},
		{"", "-chips", "models policy"}, {"chips models", "-chips", "models"}, {"chips", "all", ""}, {"chips", "-chips", "chips"},
		{"chips", "gossip", "chips"}, {"chips", "gossip models", "models"}, {"", "+chips", "chips models policy"}, {"chips", "chips chips", "chips"},
	} {
		t.Run(c.have+"/"+c.words, func(t *testing.T) {
			h := onShelf(t)
			s, _, err := subscribers.Operator{List: h.List}.Add(t.Context(), subscribers.Request{
				Email: "ada@example.org", Choices: subscribers.Choices{Topics: strings.Fields(c.have)},
			})
			must(t, err)
			s, err = h.Prefer(t.Context(), h.ManageToken(s.ID), subscribers.Changes{Topics: strings.Fields(c.words)})
			must(t, err)
			if got := strings.Join(s.Topics, " "); got != c.want {
				t.Errorf("chose %q, want %q", got, c.want)
			}
		})
	}
}

// A token for leaving does not manage, and one for managing ends after a week.
func TestManage(t *testing.T) {
	h := onShelf(t)
	s, _, err := subscribers.Operator{List: h.List}.Add(t.Context(), subscribers.Request{Email: "ada@example.org"})
	must(t, err)
	lang := "it"
	change := subscribers.Changes{Lang: &lang}
	if _, err := h.Prefer(t.Context(), h.LeaveToken(s.ID), change); !errors.Is(err, subscribers.ErrToken) {
		t.Errorf("by a token for leaving: %v", err)
	}
	token := h.ManageToken(s.ID)
	if s, err = h.Prefer(t.Context(), token, change); err != nil || s.Lang != "it" || !h.Manages(token) {
		t.Errorf("%+v, %v", s, err)
	}
	h.wait(8 * day)
	if _, err := h.Prefer(t.Context(), token, change); !errors.Is(err, subscribers.ErrToken) {
		t.Errorf("after eight days: %v", err)
	}
}

// Bounces, one a line: the day, what is reported; then the state, or nobody.
func TestBounces(t *testing.T) {
	hard := subscribers.Bounce{Kind: subscribers.Hard, Status: "5.2.1"}
	soft := subscribers.Bounce{Kind: subscribers.Soft, Status: "4.2.2"}
	gone := subscribers.Bounce{Kind: subscribers.Hard, Status: "5.1.1"}
	policy := subscribers.Bounce{Kind: subscribers.Blocked, Status: "5.7.1"}
	type bounces = map[int][]subscribers.Bounce // by day
	for name, c := range map[string]struct {
		by     bounces
		forged bool
		want   subscribers.State
	}{
		"no such address":                 {bounces{0: {gone}}, false, subscribers.Suspended},
		"says a stranger":                 {bounces{0: {gone}, 1: {gone}, 2: {gone}}, true, subscribers.Active},
		"says a stranger on four days":    {bounces{0: {gone}, 1: {gone}, 2: {gone}, 3: {gone}}, true, subscribers.Suspended},
		"one disabled":                    {bounces{0: {hard, hard, hard}}, false, subscribers.Active},
		"disabled on two days":            {bounces{0: {hard}, 1: {hard}}, false, subscribers.Suspended},
		"full on three days":              {bounces{0: {soft}, 1: {soft}, 2: {soft, soft}}, false, subscribers.Active},
		"full on four days":               {bounces{0: {soft}, 1: {soft}, 2: {soft}, 3: {soft}}, false, subscribers.Suspended},
		"full now and then":               {bounces{0: {soft}, 11: {soft}, 21: {soft}, 31: {soft}}, false, subscribers.Active},
		"blocked by a provider for weeks": {bounces{0: {policy}, 1: {policy}, 2: {policy}, 3: {policy}, 4: {policy}, 5: {policy}}, false, subscribers.Active},
	} {
		t.Run(name, func(t *testing.T) {
			h := onShelf(t)
			s, _, err := subscribers.Operator{List: h.List}.Add(t.Context(), subscribers.Request{Email: "ada@example.org"})
			must(t, err)
			for n := range 40 {
				for _, b := range c.by[n] {
					r := subscribers.Report{Email: "ada@example.org", Bounce: b}
					if !c.forged {
						r.Token = h.ReportToken(subscribers.ToBounce, 9<<32|s.ID)
					}
					must(t, subscribers.Postmaster{List: h.List}.Bounce(t.Context(), r))
				}
				h.wait(day)
			}
			if got := h.person(t.Context(), "ada@example.org").Entry.State; got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// Whom a report is about, by what it bears.
func TestReported(t *testing.T) {
	h := onShelf(t)
	join(t, h, "ada@example.org")
	s, err := h.Confirm(t.Context(), h.token("ada@example.org"), subscribers.Proof{})
	must(t, err)
	h.mailed()
	for name, c := range map[string]struct {
		r      subscribers.Report
		proven bool
	}{
		"delivery":     {subscribers.Report{Delivery: 5<<32 | s.ID}, true},
		"return path":  {subscribers.Report{Token: h.ReportToken(subscribers.ToBounce, 5<<32|s.ID)}, true},
		"feedback id":  {subscribers.Report{Token: h.ReportToken(subscribers.ToComplain, 5<<32|s.ID)}, true},
		"leave link":   {subscribers.Report{Token: h.LeaveToken(s.ID)}, true},
		"confirm link": {subscribers.Report{Token: h.token("ada@example.org")}, true},
		"edition":      {subscribers.Report{MessageID: fmt.Sprintf("<daily.2026-11-23T0700.%d@example.org>", s.ID)}, false},
		"notice":       {subscribers.Report{MessageID: fmt.Sprintf("welcome.%d.77@example.org", s.ID)}, false},
		"not our id":   {subscribers.Report{MessageID: "<x@y>", Email: "ada@example.org"}, false},
		"recipient":    {subscribers.Report{Email: "ADA@example.org"}, false},
	} {
		c.r.Kind, c.r.Status = subscribers.Soft, "4.2.2"
		before := len(h.person(t.Context(), "ada@example.org").Bounces)
		must(t, subscribers.Postmaster{List: h.List}.Bounce(t.Context(), c.r))
		all := h.person(t.Context(), "ada@example.org").Bounces
		if len(all) != before+1 || all[before].Proven != c.proven {
			t.Errorf("%s: %+v", name, all[before:])
		}
	}
	for name, r := range map[string]subscribers.Report{
		"forged": {Token: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", Email: "ada@example.org"}, "nonsense": {Token: "x"}, "nobody": {},
	} {
		if err := (subscribers.Postmaster{List: h.List}).Bounce(t.Context(), r); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		r    subscribers.Refusal
		want string
	}{
		{subscribers.Refusal{}, ""},
		{subscribers.Refusal{Code: 550, Status: "5.1.1", At: "rcpt"}, "hard"},
		{subscribers.Refusal{Code: 550, At: "rcpt", Words: "550 no such user"}, "hard"},
		{subscribers.Refusal{Code: 550, At: "rcpt", Words: "550 your host is on our block list"}, "blocked"},
		{subscribers.Refusal{Code: 550, Status: "5.7.1", At: "rcpt"}, "blocked"},
		{subscribers.Refusal{Code: 554, At: "dot", Words: "554 we do not want this"}, "blocked"},
		{subscribers.Refusal{Code: 550, Status: "5.1.1", At: "dot"}, "hard"},
		{subscribers.Refusal{Code: 552, Status: "5.2.2", At: "rcpt"}, "soft"},
		{subscribers.Refusal{Code: 450, Status: "4.2.0", At: "rcpt"}, "soft"},
		{subscribers.Refusal{Code: 554, Status: "5.6.0", At: "dot"}, ""},
		{subscribers.Refusal{Code: 553, Status: "5.1.8", At: "mail"}, ""},
	} {
		if got, his := c.r.Kind(); string(got) != c.want || his != (c.want != "") {
			t.Errorf("%+v: %q", c.r, got)
		}
	}
}

// A provider that refuses more than a twentieth of an edition is slowed until its next day's edition is out.
func TestSlow(t *testing.T) {
	seen := []subscribers.Provider{
		{Domain: "few.example", Letters: 10, Blocked: 2, Last: noon}, {Domain: "small.example", Letters: 100, Blocked: 5, Last: noon},
		{Domain: "big.example", Letters: 100, Blocked: 6, Last: noon}, {Domain: "next.example", Letters: 100, Blocked: 60, Last: noon.Add(-day - time.Hour)},
		{Domain: "past.example", Letters: 100, Blocked: 60, Last: noon.Add(-2 * day)},
	}
	for domain, want := range map[string]bool{"few.example": false, "small.example": false, "big.example": true, "next.example": true, "past.example": false, "no.example": false} {
		if got := subscribers.Slow(domain, seen, noon); got != want {
			t.Errorf("%s: %v", domain, got)
		}
	}
}

// A mail with several acts is one: all of them or none, and once.
func TestMark(t *testing.T) {
	a := subscribers.Mark("<m@example.org>", "daily+subscribe@example.org", []byte("body"))
	for name, b := range map[string][32]byte{
		"id": subscribers.Mark("<n@example.org>", "daily+subscribe@example.org", []byte("body")), "to": subscribers.Mark("<m@example.org>", "weekly+subscribe@example.org", []byte("body")),
		"content": subscribers.Mark("<m@example.org>", "daily+subscribe@example.org", []byte("other")),
	} {
		if a == b {
			t.Errorf("another %s is the same mail", name)
		}
	}
}

func TestNetwork(t *testing.T) {
	for in, want := range map[string]string{
		"203.0.113.77": "203.0.113.0/24", "::ffff:203.0.113.77": "203.0.113.0/24", "2001:db8:1:2:3::4": "2001:db8:1::/48",
		"127.0.0.1": "", "10.1.2.3": "", "fe80::1%eth0": "", "::1": "",
	} {
		if got := subscribers.Network(netip.MustParseAddr(in)); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}

// What the store cannot keep is told without saying of whom.
func TestFaults(t *testing.T) {
	h := onShelf(t)
	h.Store = broken{errors.New("disk full")}
	if err := h.Join(t.Context(), subscribers.Request{Email: "new@example.org"}); err == nil || strings.Contains(err.Error(), "example.org") {
		t.Error(err)
	}
	if _, err := h.Leave(t.Context(), h.LeaveToken(1)); err == nil || errors.Is(err, subscribers.ErrToken) {
		t.Error(err)
	}
	if err := h.Join(t.Context(), subscribers.Request{Email: "nobody"}); !errors.Is(err, subscribers.ErrAddress) {
		t.Error(err)
	}
}

type broken struct{ fault error }

func (b broken) Change(context.Context, subscribers.Who, func(*subscribers.Person) error) error {
	return b.fault
}
func (b broken) Look(context.Context, subscribers.Who) (subscribers.Person, error) {
	return subscribers.Person{}, b.fault
}
func (b broken) Once(context.Context, [32]byte, func(context.Context) error) (bool, error) {
	return false, b.fault
}

// The way back is shown to who has just left, and mailed to his mailbox; it ends after thirty days and undoes only
// the leave that it was made for. Playing with it fills no mailbox.
func TestWayBack(t *testing.T) {
	h := onShelf(t)
	s, _, err := subscribers.Operator{List: h.List}.Add(t.Context(), subscribers.Request{Email: "ada@example.org"})
	must(t, err)
	leave := func() subscribers.Subscriber {
		s, err := h.Leave(t.Context(), h.LeaveToken(s.ID))
		must(t, err)
		return s
	}
	if h.UndoToken(s) != "" {
		t.Error("who is here is offered the way back")
	}
	first := h.UndoToken(leave())
	h.wait(11 * time.Minute)
	if h.UndoToken(leave()) != "" {
		t.Error("an old letter's link shows the way back")
	}
	_, err = h.Return(t.Context(), first)
	must(t, err)
	h.wait(2 * time.Hour)
	leave()
	if _, err := h.Return(t.Context(), first); !errors.Is(err, subscribers.ErrToken) {
		t.Errorf("by the token of an earlier leave: %v", err)
	}
	h.mailed()
	for range 10 {
		_, err := h.Return(t.Context(), h.ReturnToken(s.ID))
		must(t, err)
		leave()
	}
	if got := told(h.mailed()); got != "goodbye" { // the third of that day
		t.Errorf("mailed %q", got)
	}
	h.wait(31 * day)
	if _, err := h.Return(t.Context(), h.ReturnToken(s.ID)); !errors.Is(err, subscribers.ErrToken) {
		t.Errorf("after 31 days: %v", err)
	}
}

// The link of an earlier wish is worth nothing for a later one.
func TestEarlierWish(t *testing.T) {
	h := onShelf(t)
	join(t, h, "ada@example.org")
	first := h.token("ada@example.org")
	c := subscribers.Correspondence{List: h.List, Mail: subscribers.Mail{From: "ada@example.org", Authentic: true}}
	must(t, c.Leave(t.Context()))
	h.wait(time.Hour)
	join(t, h, "ada@example.org")
	if _, err := h.Confirm(t.Context(), first, subscribers.Proof{}); !errors.Is(err, subscribers.ErrToken) {
		t.Errorf("by the earlier link: %v", err)
	}
	if err := h.Disown(t.Context(), first); !errors.Is(err, subscribers.ErrToken) {
		t.Errorf("disowned by the earlier link: %v", err)
	}
	if s, err := h.Confirm(t.Context(), h.token("ada@example.org"), subscribers.Proof{}); err != nil || s.State != subscribers.Active {
		t.Errorf("by this link: %+v, %v", s, err)
	}
}

package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"tidings/digest"
	"tidings/digest/outbox"
	"tidings/subscribers"
)

// people remembers one person, and whom a rule was for.
type people struct {
	subscribers.Person
	who   subscribers.Who
	fault error
}

func (p *people) Change(_ context.Context, who subscribers.Who, rule func(*subscribers.Person) error) error {
	p.who = who
	return errors.Join(p.fault, rule(&p.Person))
}

func (p *people) Look(context.Context, subscribers.Who) (subscribers.Person, error) {
	return p.Person, nil
}

func (p *people) Once(ctx context.Context, _ [32]byte, act func(context.Context) error) (bool, error) {
	return true, act(ctx)
}

// content is a ledger that is content.
type content struct{ outbox.Ledger }

func (content) Settle(context.Context, ...digest.Outcome) error { return nil }

// What the next server refuses for good because of the reader counts against his address; nothing else does.
func TestRefusalsAreNoted(t *testing.T) {
	now := func() time.Time { return time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC) }
	for name, c := range map[string]struct {
		o    digest.Outcome
		want subscribers.State
	}{
		"no such user":   {digest.Outcome{State: digest.Failed, Code: 550, Status: "5.1.1", At: "rcpt"}, subscribers.Suspended},
		"put off":        {digest.Outcome{State: digest.Deferred, Code: 450, Status: "4.2.1", At: "rcpt"}, subscribers.Active},
		"sent":           {digest.Outcome{State: digest.Sent}, subscribers.Active},
		"our reputation": {digest.Outcome{State: digest.Failed, Code: 550, Status: "5.7.1", At: "rcpt"}, subscribers.Active},
		"given up":       {digest.Outcome{State: digest.Failed}, subscribers.Active},
	} {
		p := &people{Person: subscribers.Person{Email: "ada@example.org"}}
		p.Entry = subscribers.Subscriber{ID: 7, Email: "ada@example.org", State: subscribers.Active}
		c.o.ID = 3<<32 | 7
		var log bytes.Buffer
		a := accounts{content{}, &subscribers.List{Store: p, Now: now}, slog.New(slog.NewTextHandler(&log, nil))}
		if err := a.Settle(t.Context(), c.o); err != nil || p.Entry.State != c.want || log.Len() > 0 {
			t.Errorf("%s: %s, %v, %s", name, p.Entry.State, err, log.String())
		}
		if n := len(p.Bounces); n > 0 && (p.who.ID != 7 || p.Bounces[0].Letter != 3 || !p.Bounces[0].Direct) {
			t.Errorf("%s: noted of %d: %+v", name, p.who.ID, p.Bounces)
		}
		p.fault = errors.New("disk full")
		if err := a.Settle(t.Context(), c.o); err != nil || strings.Contains(log.String(), "example.org") {
			t.Errorf("%s: %v, %s", name, err, log.String())
		}
	}
}

// Letters to a provider that blocks us go by a slow lane of their own; others do not.
func TestPace(t *testing.T) {
	now := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	var log bytes.Buffer
	asked := 0
	relay := &outbox.Lane{Name: "relay"}
	p := &pace{
		Lanes: relay, now: func() time.Time { return now }, log: slog.New(slog.NewTextHandler(&log, nil)),
		providers: func(context.Context, time.Time) ([]subscribers.Provider, error) {
			asked++
			return []subscribers.Provider{{Domain: "big.example", Edition: "daily/x", Letters: 50, Blocked: 5, Last: now}}, nil
		},
		told: map[string]bool{}, slow: map[byway]*outbox.Lane{},
	}
	lane := func(address string) *outbox.Lane {
		l, err := p.Lane(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	slow := lane("a@big.example")
	if slow == relay || slow.Terms.Rate != 0.5 || slow.Terms.Connections != 1 || lane("b@big.example") != slow {
		t.Errorf("a blocking provider: %+v", slow.Terms)
	}
	if lane("d@small.example") != relay {
		t.Error("another one goes slowly too")
	}
	now = now.Add(2 * time.Minute)
	lane("e@big.example")
	if asked != 2 || strings.Count(log.String(), "a provider blocks us") != 1 {
		t.Errorf("asked %d times: %s", asked, log.String())
	}
}

// What is held back is told once a minute, with how often it was.
func TestSeldom(t *testing.T) {
	now := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	var log bytes.Buffer
	s := &seldom{log: slog.New(slog.NewTextHandler(&log, nil)), now: func() time.Time { return now }}
	for range 90 {
		s.held("domain")
		now = now.Add(time.Second)
	}
	if got := log.String(); strings.Count(got, "held back") != 2 || !strings.Contains(got, "times=60") {
		t.Error(got)
	}
}

// An answer cannot be answered by a machine, and names the mail only by what is a name.
func TestAnswering(t *testing.T) {
	for to, want := range map[string]string{
		"<m@example.org>": "<m@example.org>", "m@example.org": "<m@example.org>", "<>": "", "<a b@example.org>": "",
		"<a>\r\nBcc: b@example.org": "", "<" + strings.Repeat("x", 300) + "@example.org>": "",
	} {
		l := outbox.Letter{Headers: map[string]string{}}
		answering(&l, to)
		if l.Headers["In-Reply-To"] != want || l.EnvelopeFrom != "<>" || l.Headers["Auto-Submitted"] != "auto-replied" {
			t.Errorf("%q: %+v", to, l)
		}
	}
}

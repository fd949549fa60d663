package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"tidings/digest"
	"tidings/digest/outbox"
)

// ways are those by which the configuration lets letters leave.
type ways Config

// outbox makes the outbox with the configured ways out.
func (h *house) outbox(ledger outbox.Ledger) (*outbox.Outbox, error) {
	lanes, err := h.lanes()
	if err != nil {
		return nil, err
	}
	d := h.config.Delivery
	o := &outbox.Outbox{
		Ledger: accounts{ledger, h.list, h.log}, Letters: newLetters(h), Lanes: newPace(h, lanes), Now: h.now,
		Workers: d.Connections, Retry: d.RetryFirst, GiveUp: d.GiveUp, Until: h.outdated, NotBefore: h.awake, Jitter: rand.Float64, Log: h.log,
	}
	if d.WarmUp.Since != "" {
		o.Ceiling = warmUp{d.WarmUp, h.now, h.store.Sent}.today
	}
	return o, nil
}

// lanes are the ways by which letters leave: the relays, the servers of their own domains, or the folder outbox beside
// the configuration.
func (h *house) lanes() (outbox.Lanes, error) {
	if h.config.SMTP.URL == direct {
		return &outbox.Direct{Resolver: net.DefaultResolver, Now: h.now, Hello: h.config.SMTP.Hello, Providers: h.config.Delivery.providers()}, nil
	}
	relays, err := ways(h.config).relays()
	if err != nil {
		return nil, err
	}
	if len(relays) == 1 {
		return relays[0], nil
	}
	return &outbox.Relays{Lanes: relays, Now: h.now}, nil
}

// relays are the configured ones, or the folder instead.
func (c ways) relays() ([]*outbox.Lane, error) {
	relays := c.Relay
	if len(relays) == 0 {
		only := RelayConfig{URL: c.SMTP.URL, Password: c.SMTP.Password}
		only.preset()
		relays = []RelayConfig{only}
	}
	var lanes []*outbox.Lane
	for i, r := range relays {
		name, open, err := c.opener(r)
		if err != nil {
			return nil, fmt.Errorf("relay %d: %w", i+1, err)
		}
		lane := &outbox.Lane{
			Name: name, Open: open, Weight: r.Weight,
			Terms: &outbox.Terms{Name: name, Connections: r.Connections, Load: r.Letters, Rate: r.Rate},
		}
		if len(relays) > 1 {
			lane.Mark = name
		}
		lanes = append(lanes, lane)
	}
	return lanes, nil
}

// opener returns how connections to a relay are opened, and what the log calls it.
func (c ways) opener(r RelayConfig) (name string, open func(context.Context) (outbox.Carrier, error), err error) {
	switch {
	case r.URL == "":
		return "outbox", outbox.Maildrop{Dir: c.maildrop()}.Open, nil
	case strings.HasPrefix(r.URL, "lmtp:"):
		store, err := outbox.ParseLMTP(r.URL)
		store.Hello = c.SMTP.Hello
		return store.Address, store.Open, err
	}
	server, err := outbox.ParseURL(r.URL)
	if r.Password != "" {
		server.Password = r.Password
	}
	server.Hello = c.SMTP.Hello
	return net.JoinHostPort(server.Host, strconv.Itoa(server.Port)), server.Open, err
}

// maildrop is the folder of letters that go nowhere else.
func (c ways) maildrop() string {
	if c.File == "" {
		return "outbox"
	}
	return filepath.Join(filepath.Dir(c.File), "outbox")
}

// awake returns when a letter may leave: what is new, what is tried again and what is left of an edition waits for the
// end of its digest's quiet hours, and what is on the wire when they begin ends. A person waits for a notice.
func (h *house) awake(d digest.Delivery) time.Time {
	name, _, _ := strings.Cut(d.Edition, "/")
	for _, of := range h.digests {
		if of.Name == name && of.Quiet != (digest.Hours{}) {
			return of.Awake(d.Zone, h.now())
		}
	}
	return time.Time{}
}

// outdated returns when a letter of an edition is not worth sending any more: an hour before its digest's next edition.
// It is the zero time of a notice, and of a digest that is not in the configuration any more.
func (h *house) outdated(d digest.Delivery) time.Time {
	name, _, _ := strings.Cut(d.Edition, "/")
	for _, of := range h.digests {
		if of.Name != name {
			continue
		}
		sealed, err := digest.ParseKey(d.Edition, of.Location)
		schedule, fault := ParseSchedule(of.Schedule, of.Location)
		if errors.Join(err, fault) != nil {
			break
		}
		if next := schedule.Next(sealed.At); !next.IsZero() {
			return next.Add(-time.Hour)
		}
	}
	return time.Time{}
}

// warmUp is the plan by which a new sender's letters become more, so that the big providers get to know him.
type warmUp struct {
	WarmUpConfig
	now  func() time.Time
	sent func(ctx context.Context, since time.Time) (sent, claimed int, err error)
}

// today implements [outbox.Outbox.Ceiling]. A day begins at midnight on the machine's clock.
func (w warmUp) today(ctx context.Context) (outbox.Allowance, error) {
	now := w.now().Local()
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	allowed := outbox.Allowance{Most: unlimited, Tomorrow: today.AddDate(0, 0, 1)}
	first, err := time.ParseInLocation(time.DateOnly, w.Since, now.Location())
	if err != nil {
		return allowed, err
	}
	ceiling, limited := w.ceiling(int(today.Sub(first).Round(24*time.Hour) / (24 * time.Hour)))
	if !limited {
		return allowed, nil
	}
	allowed.Most = ceiling
	allowed.Sent, allowed.Claimed, err = w.sent(ctx, today)
	return allowed, err
}

// unlimited is more letters than anybody has.
const unlimited = 1 << 40

// ceiling returns how many letters may leave on a day of the plan, the first being 0; false when any number may.
func (w warmUp) ceiling(day int) (int, bool) {
	ceiling := w.First
	for range max(0, day) / int(w.Doubles/(24*time.Hour)) {
		if ceiling *= 2; ceiling >= w.Until {
			break
		}
	}
	return ceiling, ceiling < w.Until
}

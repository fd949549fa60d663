package outbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"tidings/digest"
)

// A pontoon counts what leaves by it, and may be away.
type pontoon struct {
	mu   sync.Mutex
	away bool
	took []string
	at   []time.Time
	say  func(Envelope) error
}

func (p *pontoon) open(context.Context) (Carrier, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.away {
		return nil, errAway
	}
	return &moored{pier: func(_ context.Context, e Envelope) (string, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.took, p.at = append(p.took, e.To), append(p.at, time.Now())
		if p.say != nil {
			return "", p.say(e)
		}
		return "250 ok", nil
	}}, nil
}

func many(n int) (addresses []string) {
	for i := range n {
		addresses = append(addresses, fmt.Sprintf("r%d@x.test", i))
	}
	return addresses
}

// Relays share the letters by their weights; the others take over from one that is away, and it is tried again later.
func TestRelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		big, small := new(pontoon), new(pontoon)
		m := new(memory).owe(time.Now(), many(80)...)
		o := newOutbox(m, nil)
		relays := &Relays{Now: time.Now, Lanes: []*Lane{{Name: "big", Mark: "big", Open: big.open, Weight: 3}, {Name: "small", Open: small.open, Weight: 1}}}
		o.Lanes, o.Now = relays, time.Now
		if tally, err := o.Drain(t.Context()); err != nil || tally != (Tally{Sent: 80}) {
			t.Fatal(tally, err)
		}
		if len(big.took) != 60 || len(small.took) != 20 {
			t.Errorf("big took %d, small %d", len(big.took), len(small.took))
		}
		for _, d := range m.rows {
			if by := slices.Contains(big.took, d.To); by != (d.Relay == "big") {
				t.Errorf("%s left by big: %v, and is told to have left by %q", d.To, by, d.Relay)
			}
		}
		big.away, big.took, small.took = true, nil, nil
		m = new(memory).owe(time.Now(), many(80)...)
		o.Ledger = m
		if tally, err := o.Drain(t.Context()); err != nil || tally != (Tally{Sent: 80}) || len(small.took) != 80 {
			t.Fatal(tally, err, len(small.took))
		}
		big.away = false
		time.Sleep(2 * time.Minute)
		o.Ledger = new(memory).owe(time.Now(), many(4)...)
		if tally, err := o.Drain(t.Context()); err != nil || tally.Sent != 4 || len(big.took) != 3 {
			t.Fatal(tally, err, len(big.took))
		}
		big.away, small.away = true, true
		m = new(memory).owe(time.Now(), many(9)...)
		o.Ledger = m
		if tally, err := o.Drain(t.Context()); !errors.Is(err, errAway) || tally.Total() != 0 {
			t.Fatal(tally, err)
		}
		for _, d := range m.rows {
			if d.State != digest.Pending || d.Attempts != 0 {
				t.Errorf("%s is %s after %d tries", d.To, d.State, d.Attempts)
			}
		}
	})
}

// A login that is refused is tried once, however many connections there are, and again only after a time that grows:
// providers lock the accounts of those who insist. It costs no letter a try, and another relay takes over.
func TestLoginRefused(t *testing.T) {
	h, spare := newHarbour(t, plainLogin), newHarbour(t)
	var mu sync.Mutex
	now, password := morning, "open barley"
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	open := func(ctx context.Context) (Carrier, error) {
		c := h.config()
		c.User, c.Password = "editor", password
		return c.Open(ctx)
	}
	m := new(memory)
	for i := range 60 {
		m.owe(morning, fmt.Sprintf("ok-%d@x.test", i))
	}
	o := newOutbox(m, open)
	o.Workers, o.Now = 16, clock
	for i, step := range []struct {
		after  time.Duration
		logins int
		due    time.Duration
	}{{0, 1, time.Minute}, {time.Second, 1, time.Minute}, {time.Minute, 2, 3*time.Minute + time.Second}, {2 * time.Minute, 3, 7*time.Minute + time.Second}} {
		mu.Lock()
		now = now.Add(step.after)
		mu.Unlock()
		m.owe(clock(), fmt.Sprintf("ok-x%d@x.test", i)) // it must not be tried for the sake of a new letter
		if tally, err := o.Drain(t.Context()); refusalOf(err) == nil || tally.Total() > 0 {
			t.Fatalf("%+v, %v", tally, err)
		}
		if h.logins != step.logins {
			t.Errorf("after %v there were %d logins, want %d", now.Sub(morning), h.logins, step.logins)
		}
		for _, d := range m.rows {
			if due := d.Due.Sub(morning); d.State != digest.Pending || d.Attempts > 0 || due < step.due || due > step.due+time.Minute {
				t.Fatalf("%s is %s after %d tries, due after %v, want %v", d.To, d.State, d.Attempts, due, step.due)
			}
		}
	}
	o.Lanes = &Relays{Now: clock, Lanes: []*Lane{o.Lanes.(*Lane), {Name: "spare", Open: spare.config().Open}}}
	mu.Lock()
	now = now.Add(5 * time.Minute)
	mu.Unlock()
	if tally, err := o.Drain(t.Context()); err != nil || tally.Sent != 64 || h.logins != 4 {
		t.Errorf("%+v, %v, %d logins", tally, err, h.logins)
	}
	o.Lanes, password = o.Lanes.(*Relays).Lanes[0], "open sesame"
	m.owe(clock(), "ok-last@x.test")
	mu.Lock()
	now = now.Add(time.Hour)
	mu.Unlock()
	if tally, err := o.Drain(t.Context()); err != nil || tally.Sent != 1 {
		t.Errorf("with the right password %+v, %v", tally, err)
	}
}

func plainLogin(s *smtp.Server) { s.AllowInsecureAuth = true }

// A lane's rate and its number of connections hold; what exceeds what it can carry soon is owed again later.
func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := new(pontoon)
		m := new(memory).owe(time.Now(), many(300)...)
		o := newOutbox(m, p.open)
		o.Lanes.(*Lane).Terms, o.Now = &Terms{Rate: 2}, time.Now
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		if err := o.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if len(p.took) != 300 {
			t.Fatalf("%d letters left", len(p.took))
		}
		for i, at := range p.at[1:] {
			if gap := at.Sub(p.at[i]); gap < 300*time.Millisecond {
				t.Errorf("letter %d came %v after the one before", i+1, gap)
			}
		}
		if took := p.at[299].Sub(p.at[0]); took > 4*time.Minute {
			t.Errorf("the rate of 2 a second was not reached: %v", took)
		}
	})
}

// Who must end when all is sent stays for the letters that wait for their turn.
func TestFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := new(pontoon)
		o := newOutbox(new(memory).owe(time.Now(), many(100)...), p.open)
		o.Lanes.(*Lane).Terms, o.Now = &Terms{Rate: 0.5}, time.Now
		var told []int
		o.Progress = func(t Tally) { told = append(told, t.Total()) }
		if tally, err := o.Finish(t.Context()); err != nil || tally != (Tally{Sent: 100}) || len(p.took) != 100 {
			t.Errorf("%+v, %v", tally, err)
		}
		if len(told) != 100 || told[99] != 100 || !slices.IsSorted(told) {
			t.Errorf("its progress was told as %v", told)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		m := new(memory).owe(time.Now(), many(100)...)
		o.Ledger = m
		if tally, err := o.Finish(ctx); err == nil || tally.Sent > 31 {
			t.Errorf("cut short: %+v, %v", tally, err)
		}
		allAccounted(t, m)
	})
}

// When the other side asks for patience letters go slowly, and after a while without complaint as before.
func TestPatience(t *testing.T) {
	began := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	now := began
	terms := new(Terms)
	busy := &Refusal{Code: 451, Enhanced: "4.7.650", At: "mail"}
	var told []string
	hear := func(after time.Duration, err error) {
		now = now.Add(after)
		news := terms.hear(now, err)
		told = append(told, fmt.Sprint(now.Sub(began), " ", terms.pace(), " ", news))
	}
	hear(0, busy)
	hear(time.Millisecond, busy) // of the same moment
	hear(2*time.Second, busy)
	hear(2*time.Second, nil)
	hear(31*time.Second, nil)
	hear(31*time.Second, nil)
	want := []string{"0s 100ms true", "1ms 100ms false", "2.001s 200ms false", "4.001s 200ms false", "35.001s 100ms false", "1m6.001s 0s false"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
	for range 20 {
		hear(2*time.Minute, busy)
	}
	if terms.pace() != mostSlow {
		t.Errorf("at last %v", terms.pace())
	}
}

func TestComplaints(t *testing.T) {
	for want, all := range map[bool][]Refusal{
		true: {{Code: 421, Enhanced: "4.7.0", At: "mail"}, {Code: 421, At: "rcpt"}, {Code: 451, Enhanced: "4.7.650", At: "rcpt"},
			{Code: 450, Enhanced: "4.7.1", At: "dot"}, {Code: 421, Enhanced: "4.7.28", At: "connect"}},
		false: {{Code: 451, Enhanced: "4.7.1", Text: "greylisted", At: "rcpt"}, {Code: 421, Enhanced: "4.3.2", At: "mail"}, {Code: 421, Enhanced: "4.4.2", At: "mail"},
			{Code: 421, Text: "too many connections", At: "connect"}, {Code: 452, Enhanced: "4.2.2", At: "dot"}, {Code: 554, Enhanced: "5.7.1", At: "dot"}},
	} {
		for _, r := range all {
			if isComplaint(&r) != want {
				t.Errorf("%v: a complaint is %v", &r, !want)
			}
		}
	}
}

// zone is a resolver that knows these domains' mail servers; nil is a domain without one.
type zone map[string][]*net.MX

func (z zone) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	if name == "broken.test" {
		return nil, &net.DNSError{Err: "server misbehaving", Name: name, IsTemporary: true}
	}
	if len(z[name]) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return z[name], nil
}

func (z zone) LookupHost(_ context.Context, name string) ([]string, error) {
	if _, ok := z[name]; !ok {
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return []string{"192.0.2.1"}, nil
}

// Letters go to the best server of their domain that is there, and a domain that takes none has failed for good.
func TestDirect(t *testing.T) {
	h := newHarbour(t, func(s *smtp.Server) { s.EnableSMTPUTF8 = true })
	var mu sync.Mutex
	var dialled []string
	d := &Direct{
		Now: func() time.Time { return morning }, Hello: "tidings.test",
		Resolver: zone{
			"one.test": {{Host: "second.one.test.", Pref: 20}, {Host: "first.one.test.", Pref: 10}}, "host.test": nil, "null.test": {{Host: ".", Pref: 0}},
			"gone.test": {{Host: "away.gone.test.", Pref: 0}}, "a.test": {{Host: "aspmx.l.google.com."}}, "b.test": {{Host: "aspmx.l.google.com."}},
			"c.test": {{Host: "alt1.gmail-smtp-in.l.google.com."}},
		},
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			mu.Lock()
			dialled = append(dialled, address)
			mu.Unlock()
			if strings.HasPrefix(address, "first.") || strings.HasPrefix(address, "away.") {
				return nil, &net.OpError{Op: "dial", Err: errAway}
			}
			return new(net.Dialer).DialContext(ctx, network, h.addr)
		},
	}
	m := new(memory).owe(morning, "ok-1@one.test", "ok-2@host.test", "ok-3@null.test", "ok-4@missing.test", "ok-5@broken.test", "ok-6@gone.test", "ok-7@a.test", "ok-8@one.test")
	o := newOutbox(m, nil)
	o.Lanes, o.Workers = d, 2
	if tally, err := o.Drain(t.Context()); err != nil || tally != (Tally{Sent: 4, Failed: 2, Deferred: 2}) {
		t.Errorf("%+v, %v", tally, err)
	}
	want := []string{
		"ok-1@one.test sent 1", "ok-2@host.test sent 1", "ok-3@null.test failed 1", "ok-4@missing.test failed 1", "ok-5@broken.test deferred 1",
		"ok-6@gone.test deferred 1", "ok-7@a.test sent 1", "ok-8@one.test sent 1",
	}
	if diff := cmp.Diff(want, m.states()); diff != "" {
		t.Error(diff)
	}
	lane := func(to string) *Lane {
		l, err := d.Lane(t.Context(), to)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	if a, b, c := lane("x@a.test"), lane("x@B.test"), lane("x@c.test"); a != b || a == c || a.Terms != c.Terms || a.Terms.Connections != 5 {
		t.Error("the same servers are one lane, the same provider's lanes have the same terms")
	}
	own := &Direct{Now: d.Now, Resolver: d.Resolver, Providers: []Provider{{Name: "one", Servers: []string{".one.test"}, Connections: 1, Load: 7, Rate: 2}}}
	for to, want := range map[string]*Terms{
		"x@one.test": {Name: "one", Connections: 1, Load: 7, Rate: 2}, "x@a.test": {Name: "aspmx.l.google.com", Connections: otherConnections, Rate: otherRate},
	} {
		if l, err := own.Lane(t.Context(), to); err != nil || l.Terms.Name != want.Name || l.Terms.Connections != want.Connections || l.Terms.Load != want.Load || l.Terms.Rate != want.Rate {
			t.Errorf("%s: %+v, %v", to, l, err)
		}
	}
	if first := slices.Index(dialled, "first.one.test:25"); first < 0 || first > slices.Index(dialled, "second.one.test:25") {
		t.Errorf("dialled %v", dialled)
	}
}

// Nobody leads our letters to a machine of ours by naming it as his mail server.
func TestDirectStaysOutside(t *testing.T) {
	for address, refused := range map[string]bool{
		"127.0.0.1:25": true, "10.0.0.1:25": true, "192.168.1.1:25": true, "169.254.169.254:25": true, "[::1]:25": true, "[fd00::1]:25": true,
		"[fe80::1]:25": true, "[::ffff:10.0.0.1]:25": true, "0.0.0.0:25": true, "192.0.2.1:25": false, "[2001:db8::1]:25": false,
	} {
		if err := public("tcp", address, nil); (err != nil) != refused {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// Many lanes take turns at few connections, and none starves.
func TestLanesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var addresses []string
		for i := range 120 {
			addresses = append(addresses, fmt.Sprintf("r%d@d%d.test", i, i%12))
		}
		m := new(memory).owe(time.Now(), addresses...)
		o := newOutbox(m, nil)
		o.Now, o.Workers, o.Lanes = time.Now, 3, harbourOf{t: map[string]*Lane{}}
		if tally, err := o.Drain(t.Context()); err != nil || tally != (Tally{Sent: 120}) {
			t.Fatal(tally, err)
		}
	})
}

// harbourOf has a lane for each domain.
type harbourOf struct{ t map[string]*Lane }

func (h harbourOf) Lane(_ context.Context, to string) (*Lane, error) {
	domain := to[strings.IndexByte(to, '@')+1:]
	if h.t[domain] == nil {
		h.t[domain] = &Lane{Name: domain, Last: true, Open: (&pontoon{}).open, Terms: &Terms{Connections: 2}}
	}
	return h.t[domain], nil
}

// What exceeds the day's ceiling is owed again tomorrow, untried; notices go all the same.
func TestCeiling(t *testing.T) {
	p := new(pontoon)
	m := new(memory).owe(morning, many(20)...)
	m.rows[15].Edition, m.rows[15].Notice = "", "confirm"
	o := newOutbox(m, p.open)
	tomorrow := morning.Add(17 * time.Hour)
	o.Ceiling = func(context.Context) (Allowance, error) {
		sent, claimed := m.leaving()
		return Allowance{Most: 5, Sent: sent, Claimed: claimed, Tomorrow: tomorrow}, nil
	}
	if tally, err := o.Drain(t.Context()); err != nil || tally != (Tally{Sent: 6}) {
		t.Errorf("%+v, %v", tally, err)
	}
	waiting := 0
	for _, d := range m.rows {
		if d.State == digest.Pending && d.Attempts == 0 && d.Due.Equal(tomorrow) {
			waiting++
		}
	}
	if waiting != 14 {
		t.Errorf("%d wait for tomorrow: %v", waiting, m.states())
	}
}

// Those who send from one ledger have one ceiling; none of them waits until tomorrow for what another may not need.
func TestCeilingShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(memory).owe(time.Now(), many(600)...)
		tomorrow := time.Now().Add(17 * time.Hour)
		var all sync.WaitGroup
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		for range 3 {
			o := newOutbox(m, (&pontoon{}).open)
			o.Now = time.Now
			o.Ceiling = func(context.Context) (Allowance, error) {
				time.Sleep(time.Second) // so that all of them claim first
				sent, claimed := m.leaving()
				return Allowance{Most: 50, Sent: sent, Claimed: claimed, Tomorrow: tomorrow}, nil
			}
			all.Go(func() {
				if err := o.Run(ctx); err != nil {
					t.Error(err)
				}
			})
			time.Sleep(300 * time.Millisecond)
		}
		all.Wait()
		if sent, claimed := m.leaving(); sent != 50 || claimed > 0 {
			t.Errorf("%d were sent, %d are claimed", sent, claimed)
		}
	})
}

// What may not leave yet is owed again when it may, untried: what is new, and what was put off. The others go.
func TestNotBefore(t *testing.T) {
	p := new(pontoon)
	m := new(memory).owe(morning, many(6)...)
	m.rows[1].State, m.rows[1].Attempts = digest.Deferred, 3
	o := newOutbox(m, p.open)
	seven := morning.Add(9 * time.Hour)
	o.NotBefore = func(d digest.Delivery) time.Time {
		if d.Reader <= 4 {
			return seven
		}
		return morning.Add(-time.Hour)
	}
	if tally, err := o.Drain(t.Context()); err != nil || tally != (Tally{Sent: 2}) {
		t.Errorf("%+v, %v", tally, err)
	}
	for i, d := range m.rows[:4] {
		if tries := 3 * (i % 2) * (1 - i/2); d.State != digest.Pending || d.Attempts != tries || !d.Due.Equal(seven) {
			t.Errorf("%s is %s after %d tries, due %v", d.To, d.State, d.Attempts, d.Due)
		}
	}
}

// A letter is given up before its next edition, unless it was owed anew since.
func TestUntil(t *testing.T) {
	p := &pontoon{say: func(Envelope) error { return &Refusal{Code: 451, Enhanced: "4.3.0", At: "rcpt"} }}
	m := new(memory).owe(morning, "a@x.test", "b@x.test")
	m.rows[1].Owed = morning.Add(5 * time.Hour)
	o := newOutbox(m, p.open)
	now := morning
	o.Now = func() time.Time { return now }
	o.Until = func(digest.Delivery) time.Time { return morning.Add(4 * time.Hour) }
	for range 200 {
		if _, err := o.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		now = now.Add(10 * time.Minute)
	}
	if a := m.rows[0]; a.State != digest.Failed || !strings.HasPrefix(a.Note, "given up after 4h") {
		t.Errorf("%s: %s", a.State, a.Note)
	}
	if b := m.rows[1]; b.State != digest.Failed || !strings.HasPrefix(b.Note, "given up after 20h") {
		t.Errorf("%s: %s", b.State, b.Note)
	}
}

func TestLMTP(t *testing.T) {
	h := newHarbour(t, func(s *smtp.Server) { s.LMTP = true })
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &visit{h: h, conn: c}, nil }))
	s.LMTP, s.Domain = true, "store.test"
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	for i, url := range []string{"lmtp:" + path, "lmtp://" + h.addr} {
		store, err := ParseLMTP(url)
		if err != nil {
			t.Fatal(err)
		}
		store.Hello = "tidings.test"
		m := new(memory).owe(morning, fmt.Sprintf("ok-%d@x.test", i), fmt.Sprintf("refuse-%d@x.test", i), fmt.Sprintf("full-%d@x.test", i), fmt.Sprintf("ok-b%d@x.test", i))
		o := newOutbox(m, store.Open)
		o.Workers = 1
		if tally, err := o.Drain(t.Context()); err != nil || tally != (Tally{Sent: 2, Failed: 1, Deferred: 1}) {
			t.Errorf("%s: %+v, %v\n%v", url, tally, err, m.states())
		}
	}
	for url, fault := range map[string]string{"lmtp:": "PATH", "lmtp://host": "host:port", "lmtp://me@host:24": "no login", "lmtp://host:24/x": "nothing more", "smtp://x": "lmtp:PATH"} {
		if _, err := ParseLMTP(url); err == nil || !strings.Contains(err.Error(), fault) {
			t.Errorf("%s: %v", url, err)
		}
	}
}

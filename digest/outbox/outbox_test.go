package outbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/digest"
)

var morning = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)

func newOutbox(l Ledger, open func(context.Context) (Carrier, error)) *Outbox {
	return &Outbox{Ledger: l, Letters: desk{}, Lanes: &Lane{Name: "relay", Open: open}, Workers: 4, Now: func() time.Time { return morning }}
}

func TestFates(t *testing.T) {
	h := newHarbour(t)
	m := new(memory).owe(morning, "ok-1@x.test", "refuse-1@x.test", "ok-2@x.test", "defer-1@x.test", "full-1@x.test",
		"blocked-1@x.test", "closing-1@x.test", "slow-1@x.test", "ok-4@x.test", "drop-1@x.test", "norelay-1@x.test", "left-1@x.test", "no address", "ok-3@x.test")
	m.gone = map[int64]bool{12: true}
	o := newOutbox(m, h.config().Open)
	o.Workers = 1 // so that every fate is followed by another letter on the same worker
	var told []Tally
	o.Progress = func(t Tally) { told = append(told, t) }

	tally, err := o.Drain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := (Tally{Sent: 5, Deferred: 4, Failed: 3, Skipped: 1, Uncertain: 1}); tally != want {
		t.Errorf("tally %+v, want %+v", tally, want)
	}
	if len(told) != 14 || told[13] != tally {
		t.Errorf("progress was told %d times, at last %+v", len(told), told[len(told)-1])
	}
	want := []string{
		"ok-1@x.test sent 1", "refuse-1@x.test failed 1", "ok-2@x.test sent 1", "defer-1@x.test deferred 1", "full-1@x.test deferred 1",
		"blocked-1@x.test failed 1", "closing-1@x.test deferred 1", "slow-1@x.test sent 1", "ok-4@x.test sent 1",
		"drop-1@x.test uncertain 1", "norelay-1@x.test deferred 1", "left-1@x.test skipped 1", "no address failed 1", "ok-3@x.test sent 1",
	}
	if diff := cmp.Diff(want, m.states()); diff != "" {
		t.Error(diff)
	}
	if got := m.rows[1].Note; got != "refused at rcpt: 550 5.1.1 no such user refuse-1@x.test" {
		t.Errorf("note of a refusal: %q", got)
	}
	if h.connections != 3 { // the first, one after the 421, one after the drop
		t.Errorf("%d connections, want 3", h.connections)
	}
	for _, who := range []string{"left-1@x.test", "full-1@x.test", "refuse-1@x.test"} {
		if n := len(h.received(who)); n != 0 {
			t.Errorf("%s received %d letters", who, n)
		}
	}
}

func TestConnectionIsRenewed(t *testing.T) {
	h := newHarbour(t)
	var addresses []string
	for i := range 25 {
		addresses = append(addresses, fmt.Sprintf("ok-%d@x.test", i))
	}
	o := newOutbox(new(memory).owe(morning, addresses...), h.config().Open)
	o.Workers, o.Lanes.(*Lane).Terms = 1, &Terms{Load: 10}
	if tally, err := o.Drain(t.Context()); err != nil || tally.Sent != 25 {
		t.Fatal(tally, err)
	}
	if h.connections != 3 {
		t.Errorf("%d connections for 25 letters of 10 each", h.connections)
	}
}

// A server that closes idle connections costs nobody a try.
func TestStaleConnectionIsReplaced(t *testing.T) {
	var opened, carried int
	o := newOutbox(new(memory).owe(morning, "a@x.test", "b@x.test", "c@x.test"), func(context.Context) (Carrier, error) {
		opened++
		first := true
		return &moored{
			pier: func(context.Context, Envelope) (string, error) { carried++; return "250 ok", nil },
			announce: func(*Envelope) error {
				if !first {
					return &Refusal{Code: 421, At: "mail"}
				}
				first = false
				return nil
			},
		}, nil
	})
	o.Workers = 1
	if tally, err := o.Drain(t.Context()); err != nil || tally != (Tally{Sent: 3}) {
		t.Fatal(tally, err)
	}
	if opened != 3 || carried != 3 {
		t.Errorf("opened %d, carried %d", opened, carried)
	}
}

func TestDeadServerBurnsNoTries(t *testing.T) {
	m := new(memory).owe(morning, "a@x.test", "b@x.test", "c@x.test")
	o := newOutbox(m, func(context.Context) (Carrier, error) { return nil, errAway })
	tally, err := o.Drain(t.Context())
	if !errors.Is(err, errAway) || !strings.Contains(err.Error(), "no letter can leave") {
		t.Errorf("error %v", err)
	}
	if tally.Total() != 0 {
		t.Errorf("tally %+v", tally)
	}
	if diff := cmp.Diff([]string{"a@x.test pending 0", "b@x.test pending 0", "c@x.test pending 0"}, m.states()); diff != "" {
		t.Error(diff)
	}
	if due := m.rows[0].Due; due != morning.Add(time.Minute) {
		t.Errorf("due again at %v", due)
	}
}

// A server that takes fewer connections than there are workers gets every letter all the same.
func TestFewConnections(t *testing.T) {
	m := new(memory)
	for i := range 50 {
		m.owe(morning, fmt.Sprintf("r%d@x.test", i))
	}
	var free atomic.Int32
	free.Store(2)
	o := newOutbox(m, func(context.Context) (Carrier, error) {
		if free.Add(-1) < 0 {
			return nil, &Refusal{Code: 421, Text: "too many connections", At: "connect"}
		}
		return &moored{pier: func(context.Context, Envelope) (string, error) {
			time.Sleep(time.Millisecond)
			return "250 ok", nil
		}}, nil
	})
	o.Workers = 8
	if tally, err := o.Drain(t.Context()); err != nil || tally != (Tally{Sent: 50}) {
		t.Fatal(tally, err)
	}
}

// A server that breaks every connection loses the workers' patience, not every reader's try.
func TestBrokenServer(t *testing.T) {
	m := new(memory)
	for i := range 100 {
		m.owe(morning, fmt.Sprintf("r%d@x.test", i))
	}
	o := newOutbox(m, open(func(context.Context, Envelope) (string, error) { return "", &Fault{At: "rcpt", Err: errAway} }))
	tally, err := o.Drain(t.Context())
	if !errors.Is(err, errAway) {
		t.Errorf("error %v", err)
	}
	if want := (Tally{Deferred: 4 * patience}); tally != want {
		t.Errorf("tally %+v, want %+v", tally, want)
	}
	allAccounted(t, m)
}

func TestSpoiltEdition(t *testing.T) {
	m := new(memory).owe(morning, "a@x.test", "b@x.test", "c@x.test")
	m.rows[1].Edition, m.rows[1].Notice = "", "confirm"
	torn := errors.New("template: letter.html:3: no such field")
	o := newOutbox(m, open(func(context.Context, Envelope) (string, error) { return "250 ok", nil }))
	o.Letters = desk{spoil: map[string]error{"daily/2026-11-23T0700": torn}}
	tally, err := o.Drain(t.Context())
	if !errors.Is(err, torn) || !strings.Contains(err.Error(), "nothing is sent of daily/2026-11-23T0700") {
		t.Errorf("error %v", err)
	}
	if tally != (Tally{Sent: 1}) {
		t.Errorf("tally %+v", tally)
	}
	if diff := cmp.Diff([]string{"a@x.test pending 0", "b@x.test sent 1", "c@x.test pending 0"}, m.states()); diff != "" {
		t.Error(diff)
	}
}

func TestLedgerFails(t *testing.T) {
	m := &memory{broken: errors.New("disk full")}
	_, err := newOutbox(m, open(nil)).Drain(t.Context())
	if err == nil || err.Error() != "claim deliveries: disk full" {
		t.Errorf("error %v", err)
	}
}

// Cancelled at any moment, a drain leaves nothing leased or handing, and nothing is sent twice.
func TestCancelledDrain(t *testing.T) {
	for cut := range 20 {
		m := new(memory)
		for i := range 60 {
			m.owe(morning, fmt.Sprintf("r%d@x.test", i))
		}
		var mu sync.Mutex
		sent := map[string]int{}
		ctx, cancel := context.WithCancel(t.Context())
		o := newOutbox(m, open(func(ctx context.Context, e Envelope) (string, error) {
			mu.Lock()
			defer mu.Unlock()
			if sent[e.To]++; len(sent) == 3*cut {
				cancel()
			}
			return "250 ok", nil
		}))
		tally, err := o.Drain(ctx)
		if cut > 0 && !errors.Is(err, context.Canceled) {
			t.Errorf("cut %d: error %v", cut, err)
		}
		cancel()
		allAccounted(t, m)
		if tally.Sent != len(sent) {
			t.Errorf("cut %d: %d sent, %d accounted for", cut, len(sent), tally.Sent)
		}
		if tally, err := o.Drain(t.Context()); err != nil || tally.Sent+len(sent) < 60 {
			t.Errorf("cut %d: the rest: %+v, %v", cut, tally, err)
		}
		for who, n := range sent {
			if n != 1 {
				t.Errorf("cut %d: %s got %d letters", cut, who, n)
			}
		}
	}
}

// A ledger that cannot be written is waited for as long as nobody asks us to end, and then no longer than 30 seconds,
// whatever still has to be told. What it could write after all is not lost.
func TestLedgerStuck(t *testing.T) {
	for name, room := range map[string]time.Duration{"in time": 20 * time.Minute, "never": 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := new(memory).owe(time.Now(), many(300)...)
				full := &fullLedger{memory: m, until: time.Now().Add(room)}
				o := newOutbox(full, open(func(context.Context, Envelope) (string, error) {
					full.began.Store(true)
					return "250 ok", nil
				}))
				o.Now = time.Now
				ctx, cancel := context.WithCancel(t.Context())
				asked := time.Now().Add(30 * time.Minute)
				time.AfterFunc(30*time.Minute, cancel)
				if err := o.Run(ctx); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(asked); took > 30*time.Second {
					t.Errorf("it stopped %v after it was asked to", took)
				}
				sent, repeated := 0, 0
				for _, d := range m.rows {
					if d.State == digest.Sent {
						sent++
					}
					if d.Attempts > 1 {
						repeated++
					}
				}
				if name == "in time" && (sent != 300 || repeated > 0) || name == "never" && sent > 0 {
					t.Errorf("%d were accounted for, %d were sent again", sent, repeated)
				}
			})
		})
	}
}

// When the clock is set while letters are on the wire, forward or back, nobody gets his twice. A lease is measured as well:
// who took so long that others may have his letter by now does not put it on the wire.
func TestClockSet(t *testing.T) {
	for _, step := range []time.Duration{time.Hour, -time.Hour} {
		t.Run(step.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := new(memory).owe(time.Now().Add(-2*time.Hour), many(200)...)
				set := time.Now().Add(4500 * time.Millisecond)
				took := map[string]int{}
				var mu sync.Mutex
				o := newOutbox(m, open(func(_ context.Context, e Envelope) (string, error) {
					slow := time.Duration(e.To[1]-'0') * 900 * time.Millisecond
					time.Sleep(100*time.Millisecond + slow)
					mu.Lock()
					defer mu.Unlock()
					took[e.To]++
					return "250 ok", nil
				}))
				o.Now = func() time.Time {
					if now := time.Now().Round(0); now.Before(set) {
						return now
					}
					return time.Now().Round(0).Add(step)
				}
				for range 3 {
					if _, err := o.Drain(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				for to, n := range took {
					if n > 1 {
						t.Errorf("%s got %d letters", to, n)
					}
				}
				if step > 0 && len(took) != 200 {
					t.Errorf("%d letters left", len(took))
				}
				allAccounted(t, m)
			})
		})
	}
	l := leases{}
	synctest.Test(t, func(t *testing.T) {
		until := morning.Add(2 * time.Minute)
		l.begin(until, 1, 2*time.Minute)
		time.Sleep(100 * time.Second)
		if left := l.left(until, morning.Add(-time.Hour)); left != 20*time.Second {
			t.Errorf("after 100 s of 120, and the clock an hour back, %v are left", left)
		}
		if left := l.left(until, morning.Add(time.Hour)); left > 0 {
			t.Errorf("by the clock of others it has ended, and %v are left", left)
		}
	})
}

// A fullLedger can be written until letters have begun to leave, and again from a time on.
type fullLedger struct {
	*memory
	began atomic.Bool
	until time.Time
}

func (f *fullLedger) wait(ctx context.Context) error {
	if !f.began.Load() {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Until(f.until)):
		return nil
	}
}

func (f *fullLedger) Hand(ctx context.Context, d digest.Delivery, carried ...digest.Outcome) error {
	if err := f.wait(ctx); err != nil {
		return err
	}
	return f.memory.Hand(ctx, d, carried...)
}

func (f *fullLedger) Settle(ctx context.Context, outcomes ...digest.Outcome) error {
	if err := f.wait(ctx); err != nil {
		return err
	}
	return f.memory.Settle(ctx, outcomes...)
}

// The grace period ends even letters that do not.
func TestGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(memory).owe(time.Now(), "stuck@x.test", "quick@x.test", "uncertain@x.test")
		o := newOutbox(m, open(func(ctx context.Context, e Envelope) (string, error) {
			if fate(e.To) == "quick@x.test" {
				time.Sleep(20 * time.Second)
				return "250 ok", nil
			}
			<-ctx.Done()
			if e.To == "uncertain@x.test" {
				return "", ErrUncertain
			}
			return "", &Fault{At: "data", Err: ctx.Err()}
		}))
		o.Now = time.Now
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		time.AfterFunc(time.Second, cancel)
		if err := o.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 21*time.Second {
			t.Errorf("stopped after %v", took)
		}
		want := []string{"stuck@x.test pending 0", "quick@x.test sent 1", "uncertain@x.test uncertain 1"}
		if diff := cmp.Diff(want, m.states()); diff != "" {
			t.Error(diff)
		}
	})
}

// A letter that the server defers for ever is tried at 0, 5, 15, 35 … minutes and given up after 20 hours.
func TestBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(memory).owe(time.Now(), "a@x.test")
		var tries []time.Duration
		began := time.Now()
		o := newOutbox(m, open(func(context.Context, Envelope) (string, error) {
			tries = append(tries, time.Since(began).Round(time.Minute))
			return "", &Refusal{Code: 451, Enhanced: "4.7.1", Text: "greylisted", At: "rcpt"}
		}))
		o.Now = time.Now
		ctx, cancel := context.WithTimeout(t.Context(), 48*time.Hour)
		defer cancel()
		if err := o.Run(ctx); err != nil {
			t.Fatal(err)
		}
		minutes := []int{0, 5, 15, 35, 75, 155, 315, 635, 1200}
		var want []time.Duration
		for _, n := range minutes {
			want = append(want, time.Duration(n)*time.Minute)
		}
		if diff := cmp.Diff(want, tries); diff != "" {
			t.Error(diff)
		}
		if m.rows[0].State != digest.Failed || !strings.HasPrefix(m.rows[0].Note, "given up after 20h0m0s: refused at rcpt: 451 4.7.1 greylisted") {
			t.Errorf("%v: %s", m.rows[0].State, m.rows[0].Note)
		}
	})
}

func TestWait(t *testing.T) {
	for jitter, want := range map[float64]time.Duration{0: 8 * time.Minute, 0.5: 10 * time.Minute, 0.75: 11 * time.Minute} {
		o := Outbox{Jitter: func() float64 { return jitter }}
		if got := o.wait(2); got != want {
			t.Errorf("jitter %v: %v, want %v", jitter, got, want)
		}
	}
}

// Run is woken by what is newly owed long before it would look by itself.
func TestWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wake := make(chan struct{})
		m := new(memory)
		sent := make(chan time.Time, 1)
		o := newOutbox(m, open(func(context.Context, Envelope) (string, error) { sent <- time.Now(); return "250 ok", nil }))
		o.Now, o.Wake = time.Now, wake
		ctx, cancel := context.WithCancel(t.Context())
		var run sync.WaitGroup
		run.Go(func() { o.Run(ctx) })
		time.Sleep(time.Second)
		m.owe(time.Now(), "a@x.test")
		owed := time.Now()
		wake <- struct{}{}
		if at := <-sent; at.Sub(owed) > 0 {
			t.Errorf("sent %v after it was owed", at.Sub(owed))
		}
		cancel()
		run.Wait()
	})
}

// A claim that waited too long in the queue is given back rather than carried past its lease.
func TestLateClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(memory).owe(time.Now(), "a@x.test", "b@x.test", "c@x.test")
		var tries []string
		o := newOutbox(m, open(func(_ context.Context, e Envelope) (string, error) {
			tries = append(tries, e.To)
			time.Sleep(100 * time.Second)
			return "250 ok", nil
		}))
		o.Now, o.Workers = time.Now, 1
		if tally, err := o.Drain(t.Context()); err != nil || tally != (Tally{Sent: 3}) {
			t.Fatal(tally, err)
		}
		if m.claims != 4 || len(tries) != 3 {
			t.Errorf("%d claims, tries %v", m.claims, tries)
		}
	})
}

// allAccounted fails the test when a claim is still held.
func allAccounted(t *testing.T, m *memory) {
	t.Helper()
	for _, d := range m.rows {
		if d.State == digest.Leased || d.State == digest.Handing {
			t.Errorf("%s is left %s", d.To, d.State)
		}
	}
}

// A night without a mail server is an error once an hour, not once at every look.
func TestRunComplainsSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		o := newOutbox(new(memory).owe(time.Now(), "a@x.test"), func(context.Context) (Carrier, error) {
			return nil, fmt.Errorf("dial from port %d: %w", time.Now().UnixNano()%60000, errAway)
		})
		o.Now, o.Log = time.Now, slog.New(slog.NewTextHandler(&log, nil))
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Minute)
		defer cancel()
		if err := o.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(log.String(), "delivery stopped"); n != 3 {
			t.Errorf("told %d times in two hours and a half:\n%s", n, &log)
		}
	})
}

// A server may repeat the reader's address in its answer. That is noted with this reader's letter and stands
// neither in the drain's error nor with the letters of others.
func TestAddressesStayPrivate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(memory)
		for i := range 4*patience + 1 {
			m.owe(time.Now(), fmt.Sprintf("r%d@x.test", i))
		}
		o := newOutbox(m, open(func(_ context.Context, e Envelope) (string, error) {
			return "", &Refusal{Code: 421, At: "rcpt", Text: "too much mail for <" + e.To + ">"}
		}))
		o.Now = time.Now
		_, err := o.Drain(t.Context())
		if err == nil || !strings.Contains(err.Error(), "too much mail for <a reader>") || strings.Contains(err.Error(), "@") {
			t.Errorf("error %v", err)
		}
		for _, row := range m.rows {
			if note := row.Note; note == "" || strings.Contains(strings.ReplaceAll(note, row.To, ""), "@") {
				t.Errorf("%s is noted: %s", row.To, note)
			}
		}
	})
}

package outbox

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"tidings/digest"
	"tidings/digest/store"
	"tidings/subscribers"
)

// put makes a subscriber what he is told to be.
func put(ctx context.Context, s *store.Store, sub subscribers.Subscriber) error {
	who := subscribers.Who{Email: sub.Email, Trace: func(email string) string { return email }}
	return s.Change(ctx, who, func(p *subscribers.Person) error {
		sub.ID = p.Entry.ID
		p.Entry = sub
		return nil
	})
}

// sealed is a store in a file with one edition that is owed to these readers.
func sealed(t *testing.T, policy digest.Policy, now func() time.Time, readers ...string) (*store.Store, string) {
	t.Helper()
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "tidings.db"), now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for _, email := range readers {
		sub := subscribers.Subscriber{Email: email, State: subscribers.Active, Joined: now(), ConsentAt: now()}
		if err := put(t.Context(), s, sub); err != nil {
			t.Fatal(err)
		}
	}
	a := digest.Article{ID: "a", URL: "https://example.org/a", Title: "A", Published: now()}
	if _, err := s.Keep(t.Context(), digest.Harvest{Articles: []digest.Article{a}}); err != nil {
		t.Fatal(err)
	}
	slot := digest.Slot{Digest: "daily", At: now()}
	e := digest.Edition{Key: slot.Key(), Digest: "daily", Title: "AI Daily", At: slot.At, Lead: &digest.Story{ID: "a", Lead: a}}
	owed, err := s.Seal(t.Context(), digest.Digest{Name: "daily", Uncertain: policy}, e)
	if err != nil || owed != len(readers) {
		t.Fatal(owed, err)
	}
	return s, e.Key
}

// The true ledger and a true server, in each way of speaking: what the one accounts for is what the other received.
func TestStoreAndServer(t *testing.T) {
	for name, offers := range map[string]offers{"chunks": {pipelining: true, chunking: true}, "joined": {pipelining: true}, "plain": {}} {
		t.Run(name, func(t *testing.T) { t.Parallel(); testStoreAndServer(t, offers) })
	}
}

func testStoreAndServer(t *testing.T, offers offers) {
	var readers []string
	for i := range 60 {
		word := []string{"ok", "ok", "refuse", "ok", "defer", "full", "ok", "blocked", "drop", "closing"}[i%10]
		readers = append(readers, fmt.Sprintf("%s-%d@x.test", word, i))
	}
	var mu sync.Mutex
	clock := morning
	now := func() time.Time { mu.Lock(); defer mu.Unlock(); return clock }
	s, key := sealed(t, digest.Resend, now, readers...)
	h := newHarbour(t)
	o := newOutbox(s, func(ctx context.Context) (Carrier, error) {
		c, err := h.config().Open(ctx)
		if err == nil {
			c.(*wire).offers = offers
		}
		return c, err
	})
	o.Now = now
	for round := 0; ; round++ {
		if _, err := o.Drain(t.Context()); err != nil && !errors.As(err, new(*Refusal)) && !errors.Is(err, ErrUncertain) {
			t.Fatal(err)
		}
		tally, err := s.Tally(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if tally[digest.Leased]+tally[digest.Handing] > 0 {
			t.Fatalf("round %d leaves %v", round, tally)
		}
		if now().Sub(morning) > 24*time.Hour {
			if tally[digest.Sent] != 36 || tally[digest.Failed] != 24 {
				t.Errorf("after a day: %v", tally)
			}
			break
		}
		mu.Lock()
		clock = clock.Add(2 * time.Hour)
		mu.Unlock()
	}
	for d, err := range s.Deliveries(t.Context(), key) {
		if err != nil {
			t.Fatal(err)
		}
		got, want := len(h.received(d.To)), map[string]int{"ok": 1, "closing": 1, "drop": 2}[fate(d.To)]
		if got != want {
			t.Errorf("%s received %d letters, want %d; the ledger says %s: %s", d.To, got, want, d.State, d.Note)
		}
	}
}

// With hold, a letter in doubt is left to the operator.
func TestHeldLetters(t *testing.T) {
	clock := morning
	s, key := sealed(t, digest.Hold, func() time.Time { return clock }, "drop-1@x.test", "ok-1@x.test")
	h := newHarbour(t)
	o := newOutbox(s, h.config().Open)
	o.Now = func() time.Time { return clock }
	for range 3 {
		if _, err := o.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		clock = clock.Add(time.Hour)
	}
	tally, err := s.Tally(t.Context(), key)
	if err != nil || tally[digest.Sent] != 1 || tally[digest.Uncertain] != 1 || len(h.received("drop-1@x.test")) != 1 {
		t.Errorf("%v, %v", tally, err)
	}
}

// A reader who leaves between claim and wire gets nothing; a server that is away leaves all as it was.
func TestStoreGivenBack(t *testing.T) {
	s, key := sealed(t, digest.Resend, func() time.Time { return morning }, "a@x.test", "b@x.test")
	o := newOutbox(s, func(context.Context) (Carrier, error) { return nil, errAway })
	if _, err := o.Drain(t.Context()); !errors.Is(err, errAway) {
		t.Error(err)
	}
	for d, err := range s.Deliveries(t.Context(), key) {
		if err != nil || d.State != digest.Pending || d.Attempts != 0 || d.Due != morning.Add(time.Minute).In(d.Due.Location()) {
			t.Errorf("%+v, %v", d, err)
		}
	}
	sub, err := s.Find(t.Context(), "a@x.test")
	if err != nil {
		t.Fatal(err)
	}
	o.Lanes.(*Lane).Open = func(context.Context) (Carrier, error) {
		if sub.State != subscribers.Left {
			sub.State = subscribers.Left
			if err := put(t.Context(), s, sub); err != nil {
				return nil, err
			}
		}
		return &moored{pier: func(context.Context, Envelope) (string, error) { return "250 ok", nil }}, nil
	}
	o.Workers = 1
	o.Now = func() time.Time { return morning.Add(time.Hour) }
	if tally, err := o.Drain(t.Context()); err != nil || tally != (Tally{Sent: 1, Skipped: 1}) {
		t.Errorf("%+v, %v", tally, err)
	}
}

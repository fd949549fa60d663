package store_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/digest"
	"tidings/digest/store"
	"tidings/subscribers"
)

func TestClaim(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		id := save(t, s, subscribers.Subscriber{
			Email: "ada@example.org", State: subscribers.Active, Lang: "it", Text: true,
		})
		ok[int](t)(s.Seal(t.Context(), daily, edition(daily, seven, article("a", lab, seven))))
		save(t, s, subscribers.Subscriber{
			ID: id, Email: "ada@example.org", State: subscribers.Active, Lang: "it", Text: true,
		}, subscribers.Welcome)

		if early := claim(t, s, 9, seven.Add(-time.Millisecond)); len(early) > 0 {
			t.Errorf("claimed before it was due: %v", early)
		}
		got := claim(t, s, 9, seven)
		want := []digest.Delivery{
			{Key: fmt.Sprintf("welcome/%d/2", id), Notice: "welcome"},
			{Key: fmt.Sprintf("daily/2026-11-23T0700/%d", id), Edition: "daily/2026-11-23T0700"},
		}
		for i := range want {
			want[i].Reader, want[i].To, want[i].Lang, want[i].Text = id, "ada@example.org", "it", true
			want[i].State, want[i].Attempts, want[i].Fence = digest.Leased, 1, 1
			want[i].Owed, want[i].Due = seven, seven.Add(lease)
			if i < len(got) {
				want[i].ID = got[i].ID
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// The ledger of one edition leaves notices and other editions alone.
func TestOnly(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _, key := sealed(t, address, 3, digest.Resend)
		weekly := daily
		weekly.Name = "weekly"
		ok[int](t)(s.Seal(t.Context(), weekly, edition(weekly, seven, article("w", lab, seven))))
		save(t, s, subscribers.Subscriber{Email: "eve@example.org", State: subscribers.Active}, subscribers.Welcome)
		only := ok[*store.Single](t)(s.Only(t.Context(), key))
		got := ok[[]digest.Delivery](t)(only.Claim(t.Context(), 99, seven, seven.Add(lease)))
		if len(got) != 3 {
			t.Errorf("claimed %d, want 3", len(got))
		}
		for _, d := range got {
			if d.Edition != key {
				t.Errorf("claimed %s", d.Key)
			}
		}
		if _, err := s.Only(t.Context(), "daily/never"); !errors.Is(err, store.ErrNoEdition) {
			t.Error(err)
		}
	})
}

func TestClaimOnceEach(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _, key := sealed(t, address, 200, digest.Resend)
		var mu sync.Mutex
		var all sync.WaitGroup
		times := map[int64]int{}
		for range 8 {
			all.Go(func() {
				for {
					claimed, err := s.Claim(t.Context(), 7, seven, seven.Add(lease))
					if err != nil {
						t.Error(err)
					}
					if len(claimed) == 0 {
						return
					}
					for _, d := range claimed {
						mu.Lock()
						times[d.ID]++
						mu.Unlock()
						if err := s.Hand(t.Context(), d); err != nil {
							t.Error(err)
						}
						if err := s.Settle(t.Context(), outcome(d, digest.Sent)); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		all.Wait()
		for id, n := range times {
			if n != 1 {
				t.Errorf("delivery %d was claimed %d times", id, n)
			}
		}
		if len(times) != 200 {
			t.Errorf("claimed %d of 200", len(times))
		}
		tallied(t, s, key, map[digest.DeliveryState]int{digest.Sent: 200})
	})
}

func TestNoticesFirst(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, c, _ := sealed(t, address, 5, digest.Resend)
		c.move(time.Minute)
		save(t, s, subscribers.Subscriber{Email: "new@example.org", State: subscribers.Pending}, subscribers.Confirm)
		got := claim(t, s, 2, seven.Add(time.Hour))
		if len(got) != 2 || got[0].Notice != "confirm" || got[1].Notice != "" {
			t.Errorf("got %v", got)
		}
	})
}

func TestLeaseEnds(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _, key := sealed(t, address, 1, digest.Hold)
		first := claim(t, s, 9, seven)[0]
		if early := claim(t, s, 9, seven.Add(lease-1)); len(early) > 0 {
			t.Errorf("claimed under a lease: %v", early)
		}
		second := claim(t, s, 9, seven.Add(lease))[0]
		if second.ID != first.ID || second.Fence != 2 || second.Attempts != 2 {
			t.Errorf("got %+v after %+v", second, first)
		}
		wants(t, s.Hand(t.Context(), first), digest.ErrStale)
		wants(t, s.Settle(t.Context(), outcome(first, digest.Failed)), digest.ErrStale)
		must(t, s.Hand(t.Context(), second))
		wants(t, s.Hand(t.Context(), second), digest.ErrStale) // handed over once
		wants(t, s.Settle(t.Context(), outcome(first, digest.Failed), outcome(second, digest.Sent)), digest.ErrStale)
		tallied(t, s, key, map[digest.DeliveryState]int{digest.Sent: 1})
		wants(t, s.Settle(t.Context(), outcome(second, digest.Failed)), digest.ErrStale) // settled once
	})
}

func TestSettle(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, c, key := sealed(t, address, 4, digest.Resend)
		claimed := claim(t, s, 9, seven)
		c.move(time.Minute)
		var outcomes []digest.Outcome
		for i, state := range []digest.DeliveryState{digest.Sent, digest.Deferred, digest.Failed, digest.Pending} {
			must(t, s.Hand(t.Context(), claimed[i]))
			o := outcome(claimed[i], state)
			o.Note = "antwort \xfc\x00"
			switch state {
			case digest.Deferred:
				o.Due, o.Code, o.Status, o.At = seven.Add(time.Hour), 451, "4.7.1", "rcpt"
			case digest.Failed:
				o.Code, o.Status, o.At = 550, "5.1.1", "rcpt"
			}
			outcomes = append(outcomes, o)
		}
		must(t, s.Settle(t.Context(), outcomes...))
		var got []digest.Delivery
		for d, err := range s.Deliveries(t.Context(), key) {
			must(t, err)
			got = append(got, digest.Delivery{
				State: d.State, Attempts: d.Attempts, Due: d.Due, Ended: d.Ended, Note: d.Note, Code: d.Code, Status: d.Status, At: d.At,
			})
		}
		ended := seven.Add(time.Minute)
		want := []digest.Delivery{
			{State: digest.Sent, Attempts: 1, Ended: ended, Note: "antwort �"},
			{State: digest.Deferred, Attempts: 1, Due: seven.Add(time.Hour), Note: "antwort �", Code: 451, Status: "4.7.1", At: "rcpt"},
			{State: digest.Failed, Attempts: 1, Ended: ended, Note: "antwort �", Code: 550, Status: "5.1.1", At: "rcpt"},
			{State: digest.Pending, Attempts: 0, Due: ended, Note: "antwort �"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if next := ok[time.Time](t)(s.NextDue(t.Context())); !next.Equal(seven.Add(time.Minute)) {
			t.Errorf("next due %v", next)
		}
		if err := s.Settle(t.Context(), outcome(claimed[0], digest.Leased)); err == nil {
			t.Error("settled as leased")
		}
	})
}

// After a crash on the wire nobody knows; the edition's policy decides, and notices always go again.
func TestUncertain(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		for _, c := range []struct {
			policy digest.Policy
			again  int
		}{{digest.Resend, 2}, {digest.Hold, 1}, {"", 2}} {
			t.Run("policy "+string(c.policy), func(t *testing.T) {
				address := address
				if c.policy != digest.Resend {
					address = another(t, address)
				}
				s, _, key := sealed(t, address, 1, c.policy)
				save(t, s, subscribers.Subscriber{Email: "new@example.org", State: subscribers.Pending}, subscribers.Confirm)
				old := claim(t, s, 9, seven)
				for _, d := range old {
					must(t, s.Hand(t.Context(), d))
				}
				if early := claim(t, s, 9, seven.Add(lease-1)); len(early) > 0 {
					t.Errorf("claimed on the wire: %v", early)
				}
				got := claim(t, s, 9, seven.Add(lease))
				if len(got) != c.again || got[0].Notice != "confirm" {
					t.Fatalf("got %v", got)
				}
				if c.policy != digest.Hold {
					wants(t, s.Settle(t.Context(), outcome(old[1], digest.Sent)), digest.ErrStale)
				}
				if c.policy == digest.Hold {
					tallied(t, s, key, map[digest.DeliveryState]int{digest.Uncertain: 1})
					must(t, s.Settle(t.Context(), outcome(got[0], digest.Sent)))
					if next := ok[time.Time](t)(s.NextDue(t.Context())); !next.IsZero() {
						t.Errorf("held back, but due at %v", next)
					}
					must(t, s.Settle(t.Context(), outcome(old[1], digest.Sent))) // its owner was slow and knows
					tallied(t, s, key, map[digest.DeliveryState]int{digest.Sent: 1})
				}
			})
		}
	})
}

// another is one more place like this.
func another(t *testing.T, address string) string {
	if address[:6] == "sqlite" {
		return freshFile(t)
	}
	return freshSchema(t)
}

func TestSettleUncertain(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		for _, policy := range []digest.Policy{digest.Resend, digest.Hold} {
			s, _, key := sealed(t, another(t, address), 1, policy)
			d := claim(t, s, 9, seven)[0]
			must(t, s.Hand(t.Context(), d))
			o := outcome(d, digest.Uncertain)
			o.Due = seven.Add(time.Hour)
			must(t, s.Settle(t.Context(), o))
			tallied(t, s, key, map[digest.DeliveryState]int{digest.Uncertain: 1})
			if early := claim(t, s, 9, seven.Add(time.Minute)); len(early) > 0 {
				t.Errorf("%s: claimed early: %v", policy, early)
			}
			again := claim(t, s, 9, seven.Add(time.Hour))
			if (len(again) == 1) != (policy == digest.Resend) {
				t.Errorf("%s: claimed %v", policy, again)
			}
		}
	})
}

// The reader's last word before the letter goes out counts.
func TestGone(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		active, paused, left := subscribers.Active, subscribers.Paused, subscribers.Left
		for _, c := range []struct {
			notice subscribers.Notice // empty: an edition
			right  []subscribers.State
		}{
			{"", []subscribers.State{active}},
			{subscribers.Welcome, []subscribers.State{active}},
			{subscribers.Goodbye, []subscribers.State{left}},
			{subscribers.Link, []subscribers.State{active, paused}},
			{subscribers.Status, []subscribers.State{active, paused}},
			{subscribers.Leaving, []subscribers.State{active, paused}},
			{subscribers.Help, []subscribers.State{active, paused, left, subscribers.Suspended}},
		} {
			for _, state := range []subscribers.State{active, paused, left, subscribers.Suspended} {
				reader := subscribers.Subscriber{Email: string(c.notice+"-") + string(state) + "@example.org", State: active}
				if c.notice == "" {
					reader.ID = save(t, s, reader)
					d := digest.Digest{Name: "for-" + string(state)}
					ok[int](t)(s.Seal(t.Context(), d, edition(d, seven, article("a", lab, seven))))
				} else {
					reader.ID = save(t, s, reader, c.notice)
				}
				claimed := claim(t, s, 99, seven)
				reader.State = state
				save(t, s, reader)
				for _, d := range claimed {
					if d.Reader != reader.ID {
						continue
					}
					handed(t, s, d, slices.Contains(c.right, state))
				}
				reader.State = subscribers.Suspended // out of the way of the next edition
				save(t, s, reader)
			}
		}
		tallied(t, s, "for-left/2026-11-23T0700", map[digest.DeliveryState]int{digest.Skipped: 1})
	})
}

// handed hands a delivery over and looks whether its reader may still get it.
func handed(t *testing.T, s *store.Store, d digest.Delivery, may bool) {
	t.Helper()
	if may {
		must(t, s.Hand(t.Context(), d))
		return
	}
	wants(t, s.Hand(t.Context(), d), digest.ErrGone)
	wants(t, s.Settle(t.Context(), outcome(d, digest.Sent)), digest.ErrStale)
}

// A confirmation goes out while its wish waits, with its token, which is gone once it has ended.
func TestConfirmation(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		wish := subscribers.Subscriber{Email: "ada@example.org", State: subscribers.Pending}
		for _, done := range []bool{false, true} {
			id := save(t, s, wish, subscribers.Confirm)
			d := claim(t, s, 9, seven)[0]
			if d.Reader != id || d.To != wish.Email || len(d.Token) != subscribers.TokenLength {
				t.Errorf("claimed %+v", d)
			}
			if done {
				must(t, s.Change(t.Context(), subscribers.Who{ID: id, Trace: hidden}, func(p *subscribers.Person) error {
					p.Wish.Done = seven
					return nil
				}))
			}
			handed(t, s, d, !done)
			if !done {
				must(t, s.Settle(t.Context(), outcome(d, digest.Sent)))
			}
			var kept int
			must(t, raw(t, address).QueryRow("SELECT COUNT(*) FROM delivery WHERE token <> ''").Scan(&kept))
			if kept > 0 {
				t.Error("the token is kept in clear")
			}
		}
	})
}

func TestResend(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _, key := sealed(t, address, 4, digest.Hold)
		claimed := claim(t, s, 9, seven)
		for i, state := range []digest.DeliveryState{digest.Sent, digest.Failed, digest.Uncertain, digest.Skipped} {
			must(t, s.Hand(t.Context(), claimed[i]))
			must(t, s.Settle(t.Context(), outcome(claimed[i], state)))
		}
		if n := ok[int](t)(s.Resend(t.Context(), key, digest.Sent, digest.Skipped)); n != 0 {
			t.Errorf("sends %d again that must not be", n)
		}
		if n := ok[int](t)(s.Resend(t.Context(), key, digest.Failed)); n != 1 {
			t.Errorf("failed: %d", n)
		}
		if n := ok[int](t)(s.Resend(t.Context(), key, digest.Uncertain)); n != 1 {
			t.Errorf("uncertain: %d", n)
		}
		again := claim(t, s, 9, seven)
		if len(again) != 2 || again[0].Key != claimed[1].Key || again[0].Attempts != 1 || again[0].Fence <= claimed[1].Fence {
			t.Errorf("got %+v", again)
		}
	})
}

func TestNextDue(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, c := open(t, address)
		next := func(want time.Time) {
			t.Helper()
			if got := ok[time.Time](t)(s.NextDue(t.Context())); !got.Equal(want) {
				t.Errorf("next due %v, want %v", got, want)
			}
		}
		next(time.Time{})
		join(t, s, "ada@example.org", subscribers.Active)
		ok[int](t)(s.Seal(t.Context(), daily, edition(daily, seven, article("a", lab, seven))))
		next(seven)
		d := claim(t, s, 1, seven)[0]
		next(seven.Add(lease))
		must(t, s.Hand(t.Context(), d))
		next(seven.Add(lease))
		c.move(time.Hour)
		must(t, s.Settle(t.Context(), outcome(d, digest.Sent)))
		next(time.Time{})
	})
}

// Those who hand over and settle at one time share a commit; each still gets his own answer.
func TestSharedCommit(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _, key := sealed(t, address, 64, digest.Resend)
		claimed := claim(t, s, 64, seven)
		var all sync.WaitGroup
		for i, d := range claimed {
			all.Go(func() {
				want := error(nil)
				if i%4 == 0 {
					d.Fence, want = 99, digest.ErrStale
				}
				if err := s.Hand(t.Context(), d); !errors.Is(err, want) {
					t.Errorf("%d: %v", i, err)
				}
				if err := s.Settle(t.Context(), outcome(d, digest.Sent)); !errors.Is(err, want) {
					t.Errorf("%d: %v", i, err)
				}
			})
		}
		all.Wait()
		tallied(t, s, key, map[digest.DeliveryState]int{digest.Sent: 48, digest.Leased: 16})
	})
}

package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/digest"
	"tidings/digest/store"
	"tidings/subscribers"
)

func TestChangeAndFind(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		want := subscribers.Subscriber{
			Email: "ada@example.org", Name: "Ada", State: subscribers.Paused, Why: subscribers.ByOperator, Until: seven.Add(24 * time.Hour),
			Digests: []string{"daily", "weekly"}, Topics: []string{"chips"}, Lang: "it", Text: true, Timezone: "Europe/Rome", Joined: seven,
			Changed: seven.Add(time.Hour), ConsentAt: seven.Add(time.Minute), ConsentHow: "page", ConsentFrom: "203.0.113.0/24", ConsentText: "Send me",
		}
		want.ID = save(t, s, want)
		found := func(got subscribers.Subscriber, err error) {
			t.Helper()
			must(t, err)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		}
		found(s.Find(t.Context(), "ada@example.org"))
		want.Name, want.Digests, want.Topics = "Ada L.", nil, []string{"models", "policy"}
		save(t, s, want)
		found(s.Get(t.Context(), want.ID))

		_, err := s.Find(t.Context(), "bob@example.org")
		wants(t, err, subscribers.ErrUnknown)
		_, err = s.Get(t.Context(), 99)
		wants(t, err, subscribers.ErrUnknown)
		for _, who := range []subscribers.Who{{ID: 99, Trace: hidden}, {Token: [32]byte{1}, Trace: hidden}} {
			wants(t, s.Change(t.Context(), who, func(*subscribers.Person) error { return nil }), subscribers.ErrUnknown)
		}
		refused := errors.New("not this one")
		wants(t, s.Change(t.Context(), subscribers.Who{ID: want.ID, Trace: hidden}, func(p *subscribers.Person) error {
			p.Entry.Name = "Nobody"
			return refused
		}), refused)
		found(s.Get(t.Context(), want.ID))
	})
}

// Two who change one person at a time follow one another: nothing of what either did is lost.
func TestChangeTogether(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		const times = 12
		var group sync.WaitGroup
		for n := range times {
			group.Go(func() {
				who := subscribers.Who{Email: "ada@example.org", Trace: hidden}
				err := s.Change(t.Context(), who, func(p *subscribers.Person) error {
					p.Entry.Email, p.Entry.State = who.Email, subscribers.Active
					p.Entry.Topics = append(slices.Clone(p.Entry.Topics), fmt.Sprintf("t%02d", n))
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if got := ok[subscribers.Subscriber](t)(s.Find(t.Context(), "ada@example.org")); len(got.Topics) != times {
			t.Errorf("kept %v", got.Topics)
		}
	})
}

// A mail is acted on once, however many read it; what a failed act did is undone, and it is read again.
func TestOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, clock := open(t, address)
		act := func(mail byte, err error) bool {
			fresh, _ := s.Once(t.Context(), [32]byte{mail}, func(ctx context.Context) error {
				who := subscribers.Who{Email: "ada@example.org", Trace: hidden}
				changed := s.Change(ctx, who, func(p *subscribers.Person) error {
					p.Entry.Email, p.Entry.State = who.Email, subscribers.Active
					p.Entry.Name += "x"
					return nil
				})
				return errors.Join(changed, err)
			})
			return fresh
		}
		if act(1, errors.New("no room")) {
			t.Error("what failed was done")
		}
		if n := len(ok[map[subscribers.State]int](t)(s.Count(t.Context()))); n > 0 {
			t.Error("what failed was kept")
		}
		var did atomic.Int32
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				if act(1, nil) {
					did.Add(1)
				}
			})
		}
		group.Wait()
		if got := ok[subscribers.Subscriber](t)(s.Find(t.Context(), "ada@example.org")); did.Load() != 1 || got.Name != "x" {
			t.Errorf("done %d times: %q", did.Load(), got.Name)
		}
		for _, seen := range []bool{true, false} {
			if got := ok[bool](t)(s.Seen(t.Context(), [32]byte{1})); got != seen {
				t.Errorf("seen: %v", got)
			}
			clock.move(31 * 24 * time.Hour)
			must(t, s.Sweep(t.Context()))
		}
	})
}

func TestEachAndCount(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		join(t, s, "c@example.org", subscribers.Active, "daily")
		join(t, s, "a@example.org", subscribers.Left)
		join(t, s, "b@example.org", subscribers.Active)
		var got []string
		must(t, s.Each(t.Context(), func(sub subscribers.Subscriber) error {
			again, err := s.Find(t.Context(), sub.Email) // the store may be used meanwhile
			got = append(got, fmt.Sprint(again.Email, again.Digests))
			return err
		}))
		if diff := cmp.Diff([]string{"a@example.org[]", "b@example.org[]", "c@example.org[daily]"}, got); diff != "" {
			t.Error(diff)
		}
		enough := errors.New("enough")
		wants(t, s.Each(t.Context(), func(subscribers.Subscriber) error { return enough }), enough)
		want := map[subscribers.State]int{subscribers.Active: 2, subscribers.Left: 1}
		if diff := cmp.Diff(want, ok[map[subscribers.State]int](t)(s.Count(t.Context()))); diff != "" {
			t.Error(diff)
		}
	})
}

func TestErase(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _, key := sealed(t, address, 3, digest.Resend)
		claimed := claim(t, s, 2, seven)
		must(t, s.Hand(t.Context(), claimed[0]))
		refused := outcome(claimed[0], digest.Failed)
		refused.Note = "no such user reader000"
		must(t, s.Settle(t.Context(), refused))
		for _, d := range claimed {
			must(t, s.Change(t.Context(), subscribers.Who{ID: d.Reader, Trace: hidden}, func(p *subscribers.Person) error {
				p.Entry, p.Trace.Erased = subscribers.Subscriber{}, seven
				return nil
			}))
		}
		wants(t, s.Hand(t.Context(), claimed[1]), digest.ErrStale)
		tallied(t, s, key, map[digest.DeliveryState]int{digest.Failed: 1, digest.Skipped: 1, digest.Pending: 1})
		for d, err := range s.Deliveries(t.Context(), key, digest.Failed, digest.Skipped) {
			must(t, err)
			if d.To != "" || d.Note != "" {
				t.Errorf("still known: %+v", d)
			}
		}
		_, err := s.Find(t.Context(), claimed[0].To)
		wants(t, err, subscribers.ErrUnknown)
		back := []subscribers.Subscriber{{Email: claimed[0].To, State: subscribers.Active}}
		if got := ok[store.Imported](t)(s.Import(t.Context(), back, everything, hidden)); len(got.Erased) != 1 || got.Added != 0 {
			t.Errorf("brought back: %+v", got)
		}
	})
}

// everything is what a file tells that has all columns.
var everything = store.Told{Name: true, State: true, Digests: true, Topics: true, Lang: true, Text: true, Timezone: true}

func TestImport(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		told := []subscribers.State{
			subscribers.Pending, subscribers.Active, subscribers.Paused, subscribers.Left, subscribers.Suspended,
		}
		states := told[1:]
		var list []subscribers.Subscriber
		for _, had := range states {
			for _, state := range told {
				email := string(had) + "-" + string(state) + "@example.org"
				join(t, s, email, had, "weekly")
				list = append(list, subscribers.Subscriber{Email: email, Name: "Imported", State: state, Digests: []string{"daily"}})
			}
		}
		list = append(list,
			subscribers.Subscriber{Email: "twice@example.org", Name: "First", State: subscribers.Active},
			subscribers.Subscriber{Email: "twice@example.org", Name: "Last", State: subscribers.Active, ConsentHow: "import"})
		got := ok[store.Imported](t)(s.Import(t.Context(), list, everything, hidden))
		if got.Added != 1 || got.Updated != 12 || len(got.Kept) != 8 || got.Kept[0] != "left-active@example.org" {
			t.Errorf("got %+v", got)
		}
		became := map[string]string{}
		must(t, s.Each(t.Context(), func(sub subscribers.Subscriber) error {
			became[strings.TrimSuffix(sub.Email, "@example.org")] = fmt.Sprint(sub.State, " ", sub.Name, sub.Digests)
			return nil
		}))
		want := map[string]string{"twice": "active Last[]"}
		for _, had := range states {
			for _, now := range told {
				state := now
				switch {
				case had == subscribers.Left, had == subscribers.Suspended, now == subscribers.Pending:
					want[string(had+"-"+now)] = string(had) + " [weekly]"
					continue
				case had == subscribers.Paused && now == subscribers.Active:
					state = had
				}
				want[string(had+"-"+now)] = string(state) + " Imported[daily]"
			}
		}
		if diff := cmp.Diff(want, became); diff != "" {
			t.Error(diff)
		}
	})
}

// A file that names only addresses changes nothing of who is known; one that makes a wish a reader ends the
// wish; one that tells a wish of a stranger is kept, and nobody is asked.
func TestImportFew(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		ada := subscribers.Subscriber{Email: "ada@example.org", Name: "Ada", State: subscribers.Paused, Digests: []string{"weekly"}, Lang: "it", Text: true}
		ada.ID = save(t, s, ada)
		save(t, s, subscribers.Subscriber{Email: "bob@example.org", State: subscribers.Pending})
		list := []subscribers.Subscriber{
			{Email: "ada@example.org", State: subscribers.Active}, {Email: "bob@example.org", State: subscribers.Active},
			{Email: "eve@example.org", State: subscribers.Pending, Digests: []string{"daily"}},
		}
		if got := ok[store.Imported](t)(s.Import(t.Context(), list, store.Told{}, hidden)); got.Added != 2 || got.Updated != 1 {
			t.Errorf("got %+v", got)
		}
		if diff := cmp.Diff(ada, ok[subscribers.Subscriber](t)(s.Find(t.Context(), ada.Email))); diff != "" {
			t.Error(diff)
		}
		var got []string
		must(t, s.Each(t.Context(), func(sub subscribers.Subscriber) error {
			got = append(got, fmt.Sprint(sub.Email, " ", sub.State, sub.Digests))
			return nil
		}))
		if diff := cmp.Diff([]string{"ada@example.org paused[weekly]", "bob@example.org active[]", "eve@example.org pending[daily]"}, got); diff != "" {
			t.Error(diff)
		}
		if owed := claim(t, s, 9, seven); len(owed) > 0 {
			t.Errorf("owed %v", owed)
		}
	})
}

func TestImportMany(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		list := readers(1234)
		for range 2 { // a trial leaves nothing behind
			if got := ok[store.Imported](t)(s.TryImport(t.Context(), list, everything, hidden)); got.Added != len(list) {
				t.Errorf("tried: %+v", got)
			}
		}
		if got := ok[store.Imported](t)(s.Import(t.Context(), list, everything, hidden)); got.Added != len(list) {
			t.Errorf("got %+v", got)
		}
		if got := ok[store.Imported](t)(s.Import(t.Context(), list, everything, hidden)); got.Updated != len(list) {
			t.Errorf("got %+v", got)
		}
		join(t, s, "one-more@example.org", subscribers.Active) // draws a number of its own
	})
}

// readers are n active ones; every tenth chose digests and topics.
func readers(n int) []subscribers.Subscriber {
	all := make([]subscribers.Subscriber, n)
	for i := range all {
		all[i] = subscribers.Subscriber{Email: fmt.Sprintf("reader%07d@example.org", i), State: subscribers.Active, Joined: seven}
		if i%10 == 0 {
			all[i].Digests, all[i].Topics = []string{"daily"}, []string{"chips", "models"}
		}
	}
	return all
}

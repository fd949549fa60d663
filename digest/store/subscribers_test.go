package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/digest"
	"tidings/digest/store"
	"tidings/subscribers"
)

func TestSaveAndFind(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		want := subscribers.Subscriber{
			Email: "ada@example.org", Name: "Ada", State: subscribers.Active, Digests: []string{"daily", "weekly"},
			Topics: []string{"chips"}, Lang: "it", Text: true, Timezone: "Europe/Rome", Joined: seven,
			Changed: seven.Add(time.Hour), ConsentAt: seven.Add(time.Minute), ConsentHow: "page",
		}
		want.ID = ok[int64](t)(s.Save(t.Context(), want))
		found := func(got subscribers.Subscriber, err error) {
			t.Helper()
			must(t, err)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		}
		found(s.Find(t.Context(), "ada@example.org"))
		want.Email, want.Digests, want.Topics = "ada@example.com", nil, []string{"models", "policy"}
		ok[int64](t)(s.Save(t.Context(), want))
		found(s.Get(t.Context(), want.ID))

		_, err := s.Find(t.Context(), "ada@example.org")
		wants(t, err, subscribers.ErrUnknown)
		_, err = s.Get(t.Context(), 99)
		wants(t, err, subscribers.ErrUnknown)
		_, err = s.Save(t.Context(), subscribers.Subscriber{ID: 99, Email: "x@example.org"})
		wants(t, err, subscribers.ErrUnknown)
	})
}

// A change and the notices it owes are one; an address is one person's.
func TestSaveTaken(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		join(t, s, "ada@example.org", subscribers.Active)
		bob := join(t, s, "bob@example.org", subscribers.Pending)
		for _, sub := range []subscribers.Subscriber{{Email: "ada@example.org"}, {ID: bob, Email: "ada@example.org"}} {
			_, err := s.Save(t.Context(), sub, subscribers.Confirm)
			wants(t, err, store.ErrTaken)
		}
		if owed := claim(t, s, 9, seven); len(owed) > 0 {
			t.Errorf("owed for nothing: %v", owed)
		}
		if got := ok[subscribers.Subscriber](t)(s.Get(t.Context(), bob)); got.Email != "bob@example.org" {
			t.Errorf("bob is %s", got.Email)
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
			must(t, s.Erase(t.Context(), d.Reader))
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
		wants(t, s.Erase(t.Context(), claimed[0].Reader), subscribers.ErrUnknown)
	})
}

func TestImport(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		states := []subscribers.State{
			subscribers.Pending, subscribers.Active, subscribers.Paused, subscribers.Left, subscribers.Suspended,
		}
		var list []subscribers.Subscriber
		for _, had := range states {
			for _, told := range states {
				email := string(had) + "-" + string(told) + "@example.org"
				join(t, s, email, had, "weekly")
				list = append(list, subscribers.Subscriber{Email: email, Name: "Imported", State: told, Digests: []string{"daily"}})
			}
		}
		list = append(list,
			subscribers.Subscriber{Email: "twice@example.org", Name: "First", State: subscribers.Active},
			subscribers.Subscriber{Email: "twice@example.org", Name: "Last", State: subscribers.Active, ConsentHow: "import"})
		got := ok[store.Imported](t)(s.Import(t.Context(), list))
		if got.Added != 1 || got.Updated != 15 || len(got.Kept) != 10 || got.Kept[0] != "left-active@example.org" {
			t.Errorf("got %+v", got)
		}
		became := map[string]string{}
		must(t, s.Each(t.Context(), func(sub subscribers.Subscriber) error {
			became[strings.TrimSuffix(sub.Email, "@example.org")] = fmt.Sprint(sub.State, " ", sub.Name, sub.Digests)
			return nil
		}))
		want := map[string]string{"twice": "active Last[]"}
		for _, had := range states {
			for _, told := range states {
				state := told
				switch {
				case had == subscribers.Left || had == subscribers.Suspended:
					want[string(had+"-"+told)] = string(had) + " [weekly]"
					continue
				case told == subscribers.Pending, had == subscribers.Paused && told == subscribers.Active:
					state = had
				}
				want[string(had+"-"+told)] = string(state) + " Imported[daily]"
			}
		}
		if diff := cmp.Diff(want, became); diff != "" {
			t.Error(diff)
		}
	})
}

func TestImportMany(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		list := readers(1234)
		if got := ok[store.Imported](t)(s.Import(t.Context(), list)); got.Added != len(list) {
			t.Errorf("got %+v", got)
		}
		if got := ok[store.Imported](t)(s.Import(t.Context(), list)); got.Updated != len(list) {
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

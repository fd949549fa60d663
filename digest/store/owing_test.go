package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/digest"
	"tidings/digest/store"
	"tidings/subscribers"
)

// about is an edition with one story of a topic.
func about(at time.Time, topic string, tags ...string) digest.Edition {
	e := edition(daily, at, article("a"+at.String(), lab, at))
	e.Lead.Topic, e.Lead.Tags = topic, tags
	return e
}

// Who chose topics is owed an edition that has something of them; else he is skipped, and accounted for.
func TestOwedByTopics(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		join(t, s, "all@example.org", subscribers.Active)
		for _, topics := range [][]string{{"chips"}, {"policy"}, {"models", "policy"}} {
			save(t, s, subscribers.Subscriber{Email: topics[0] + "@example.org", State: subscribers.Active, Topics: topics})
		}
		e := about(seven, "models", "chips")
		if owed := ok[int](t)(s.Seal(t.Context(), daily, e)); owed != 3 {
			t.Errorf("owed %d", owed)
		}
		tallied(t, s, e.Key, map[digest.DeliveryState]int{digest.Pending: 3, digest.Skipped: 1})
		for d, err := range s.Deliveries(t.Context(), e.Key, digest.Skipped) {
			must(t, err)
			if d.To != "policy@example.org" || d.Note != "nothing in it of the topics chosen" {
				t.Errorf("skipped %+v", d)
			}
		}
		for _, d := range claim(t, s, 9, seven) {
			if d.To == "models@example.org" && fmt.Sprint(d.Topics) != "[models policy]" {
				t.Errorf("claimed %+v", d)
			}
		}
	})
}

// A letter arrives at the hour of its reader's own clock.
func TestOwedAtTheReadersHour(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		rome, err := time.LoadLocation("Europe/Rome")
		must(t, err)
		hour := 7*time.Hour + 30*time.Minute
		d := digest.Digest{Name: "daily", Location: rome, DeliverAt: &hour}
		for _, zone := range []string{"", "Asia/Tokyo", "America/New_York", "Nowhere/Land"} {
			save(t, s, subscribers.Subscriber{Email: fmt.Sprintf("in%d@example.org", len(zone)), State: subscribers.Active, Timezone: zone})
		}
		ok[int](t)(s.Seal(t.Context(), d, about(seven, "models"))) // at eight in Rome
		got := map[string]string{}
		for d, err := range s.Deliveries(t.Context(), "daily/2026-11-23T0700") {
			must(t, err)
			got[d.To] = d.Due.Format("02 15:04")
			if !d.Owed.Equal(d.Due) {
				t.Errorf("%s: owed at %s", d.To, d.Owed)
			}
		}
		want := map[string]string{"in0@example.org": "24 06:30", "in10@example.org": "23 22:30", "in16@example.org": "23 12:30", "in12@example.org": "24 06:30"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// A pause ends by itself, in time for the next edition.
func TestPauseEnds(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, clock := open(t, address)
		for _, days := range []int{0, 1, 3} {
			sub := subscribers.Subscriber{Email: fmt.Sprintf("rests%d@example.org", days), State: subscribers.Paused}
			if days > 0 {
				sub.Until = seven.Add(time.Duration(days) * 24 * time.Hour)
			}
			save(t, s, sub)
		}
		for n, want := range []int{0, 1, 1, 2} {
			if owed := ok[int](t)(s.Seal(t.Context(), daily, about(clock.Now(), "models"))); owed != want {
				t.Errorf("day %d: owed %d", n, owed)
			}
			clock.move(24 * time.Hour)
		}
	})
}

// Whom mail could not reach gets one letter after thirty days. When it went out and nothing came back for three
// days, he is active again; when it fails too, he gets none any more.
func TestProbe(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, clock := open(t, address)
		who := func(email string) subscribers.Who { return subscribers.Who{Email: email, Trace: hidden} }
		for _, name := range []string{"well", "bad"} {
			save(t, s, subscribers.Subscriber{
				Email: name + "@example.org", State: subscribers.Suspended, Why: subscribers.ByBounces, Changed: seven, Topics: []string{"policy"},
			})
		}
		var owed []int
		for n := range 40 {
			at := clock.Now()
			e := about(at, "models")
			ok[int](t)(s.Seal(t.Context(), daily, e))
			claimed := claim(t, s, 9, at)
			owed = append(owed, len(claimed))
			for _, d := range claimed {
				must(t, s.Hand(t.Context(), d))
				must(t, s.Settle(t.Context(), outcome(d, digest.Sent)))
				if d.To == "bad@example.org" {
					must(t, s.Change(t.Context(), who(d.To), func(p *subscribers.Person) error { p.Entry.Why = subscribers.ByProbe; return nil }))
				}
			}
			if n == 29 || n == 32 {
				if sub := ok[subscribers.Subscriber](t)(s.Find(t.Context(), "well@example.org")); sub.State != subscribers.Suspended {
					t.Errorf("day %d: %s", n, sub.State)
				}
			}
			clock.move(24 * time.Hour)
		}
		if got := fmt.Sprint(owed[29:34]); got != "[0 2 0 0 0]" {
			t.Errorf("owed %s", got)
		}
		states := ok[map[subscribers.State]int](t)(s.Count(t.Context()))
		if diff := cmp.Diff(map[subscribers.State]int{subscribers.Active: 1, subscribers.Suspended: 1}, states); diff != "" {
			t.Error(diff)
		}
	})
}

// What a provider refused because of us is counted by edition.
func TestProviders(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		for n := range 30 {
			join(t, s, fmt.Sprintf("r%d@%s.example", n, []string{"big", "small", "other"}[n%3]), subscribers.Active)
		}
		ok[int](t)(s.Seal(t.Context(), daily, about(seven, "models")))
		for n, d := range claim(t, s, 99, seven) {
			if subscribers.Domain(d.To) == "small.example" || n > 20 {
				continue
			}
			must(t, s.Change(t.Context(), subscribers.Who{ID: d.Reader, Trace: hidden}, func(p *subscribers.Person) error {
				p.Bounces = append(p.Bounces, subscribers.Bounce{At: seven, Kind: subscribers.Blocked, Letter: subscribers.LetterOf(d.ID)})
				return nil
			}))
		}
		got := ok[[]subscribers.Provider](t)(s.Providers(t.Context(), seven.Add(-time.Hour)))
		want := []subscribers.Provider{
			{Domain: "big.example", Edition: "daily/2026-11-23T0700", Letters: 10, Blocked: 7, Last: seven},
			{Domain: "other.example", Edition: "daily/2026-11-23T0700", Letters: 10, Blocked: 7, Last: seven},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if late := ok[[]subscribers.Provider](t)(s.Providers(t.Context(), seven.Add(time.Hour))); len(late) > 0 {
			t.Errorf("later: %v", late)
		}
	})
}

// A store of an earlier version keeps its pending readers as wishes, and what the operator removed.
func TestMigratePending(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		must(t, s.Close())
		db := raw(t, address)
		for _, back := range append(backToSeven(),
			"DROP TABLE retired", "DROP INDEX delivery_edition_open", "DROP INDEX delivery_notice_open",
			"ALTER TABLE delivery DROP COLUMN ended", "ALTER TABLE delivery DROP COLUMN code",
			"ALTER TABLE delivery DROP COLUMN status", "ALTER TABLE delivery DROP COLUMN place",
			"CREATE INDEX delivery_edition_due ON delivery (due) WHERE state IN (1, 2, 5, 8) AND notice = ''",
			"CREATE INDEX delivery_notice_due ON delivery (due) WHERE state IN (1, 2, 5, 8) AND notice <> ''",
			"CREATE INDEX delivery_handing ON delivery (due) WHERE state = 3",
			"DELETE FROM goose_db_version WHERE version_id >= 5", "DROP INDEX edition_halted", "ALTER TABLE edition DROP COLUMN halted", "DROP TABLE wish", "DROP TABLE ask", "DROP TABLE reply", "DROP TABLE trace",
			"DROP TABLE bounce", "DROP TABLE mail_seen", "DROP INDEX subscriber_zone", "DROP INDEX subscriber_waits",
			"ALTER TABLE delivery DROP COLUMN address", "ALTER TABLE delivery DROP COLUMN token", "ALTER TABLE delivery DROP COLUMN answers",
			"ALTER TABLE subscriber DROP COLUMN domain", "ALTER TABLE subscriber DROP COLUMN why", "ALTER TABLE subscriber DROP COLUMN until",
			"ALTER TABLE subscriber DROP COLUMN consent_from", "ALTER TABLE subscriber DROP COLUMN consent_text",
			"ALTER TABLE subscriber DROP COLUMN probe", "ALTER TABLE subscriber DROP COLUMN probed",
			`INSERT INTO subscriber VALUES (1, 'ada@moo.example', '', 'pending', 'it', 1, '', 1795330800000, 0, 0, 'page'),
				(2, 'bob@b@d', '', 'left', '', 0, '', 0, 0, 0, 'removed by the operator'), (3, 'eve@a.example', '', 'active', '', 0, '', 0, 0, 5, 'page')`,
			"INSERT INTO choice VALUES (1, 'weekly'), (1, 'daily'), (3, 'daily')",
			"INSERT INTO delivery (letter, subscriber, notice, state, due, attempts, fence, owed, note) VALUES (9, 1, 'confirm', 1, 0, 0, 0, 0, '')",
			"INSERT INTO delivery (letter, subscriber, notice, state, due, attempts, fence, owed, note) VALUES (8, 3, '', 4, 1795330800000, 1, 1, 1795330800000, 'ok'), (7, 3, '', 8, 9223372036854775807, 1, 1, 1795330800000, 'held')",
			"INSERT INTO delivery (letter, subscriber, notice, state, due, attempts, fence, owed, note) VALUES (6, 3, '', 5, 1795330800000, 1, 1, 1795330800000, 'later')",
			"UPDATE counter SET last = 9",
		) {
			execute(t, db, back)
		}
		s = ok[*store.Store](t)(store.Open(t.Context(), address, func() time.Time { return seven }))
		defer s.Close()
		var got []string
		must(t, s.Each(t.Context(), func(sub subscribers.Subscriber) error {
			got = append(got, fmt.Sprint(sub.ID, " ", sub.Email, " ", sub.State, sub.Why, sub.Digests, sub.Lang, sub.Text))
			return nil
		}))
		want := []string{"1 ada@moo.example pending[daily weekly]ittrue", "2 bob@b@d leftoperator[]false", "3 eve@a.example active[daily]false"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		var domains string
		must(t, db.QueryRow("SELECT STRING_AGG(domain, ' ') FROM (SELECT domain FROM subscriber ORDER BY id) d").Scan(&domains))
		if domains != "d a.example" {
			t.Errorf("domains %q", domains)
		}
		if owed := claim(t, s, 9, seven.AddDate(1, 0, 0)); len(owed) != 1 || owed[0].ID>>32 != 6 {
			t.Errorf("owed %v", owed)
		}
		must(t, s.Change(context.Background(), subscribers.Who{ID: 1, Trace: hidden}, func(p *subscribers.Person) error {
			if p.Email != "ada@moo.example" || p.Wish.How != "page" {
				t.Errorf("found %+v", p)
			}
			return nil
		}))
	})
}

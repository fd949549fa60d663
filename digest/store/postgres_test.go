package store_test

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"tidings/digest"
	"tidings/digest/store"
	"tidings/subscribers"
)

// Several outcomes of one letter are written in their order, in whatever way the database is told of them.
func TestOutcomesInOrder(t *testing.T) {
	for name, c := range map[string]struct {
		told []digest.DeliveryState
		want digest.DeliveryState
		err  error
	}{
		"doubtful, then sent": {[]digest.DeliveryState{digest.Uncertain, digest.Sent}, digest.Sent, nil},
		"sent, then doubtful": {[]digest.DeliveryState{digest.Sent, digest.Uncertain}, digest.Sent, digest.ErrStale},
		"put off, then sent":  {[]digest.DeliveryState{digest.Deferred, digest.Sent}, digest.Deferred, digest.ErrStale},
		"failed, then sent":   {[]digest.DeliveryState{digest.Failed, digest.Sent}, digest.Failed, digest.ErrStale},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, address string) {
				s, _, key := sealed(t, address, 3, digest.Resend)
				var told []digest.Outcome
				for _, d := range claim(t, s, 3, seven)[1:] { // so that others have no part in it
					must(t, s.Hand(t.Context(), d))
					for _, state := range c.told {
						told = append(told, outcome(d, state))
					}
				}
				wants(t, s.Settle(t.Context(), told...), c.err)
				tallied(t, s, key, map[digest.DeliveryState]int{digest.Leased: 1, c.want: 2})
			})
		})
	}
}

// A daemon that has sent to a few for long, and whose PostgreSQL believes that there are few, sends to many without
// reading more of the ledger for each letter.
func TestSmallLedgerGrowsLarge(t *testing.T) {
	const many = 4000
	address := freshSchema(t)
	s, err := store.Open(t.Context(), address+"&application_name="+t.Name(), func() time.Time { return seven })
	must(t, err)
	t.Cleanup(func() { s.Close() })
	for i := range 3 {
		join(t, s, fmt.Sprintf("early%d@example.org", i), subscribers.Active)
	}
	ok[int](t)(s.Seal(t.Context(), daily, edition(daily, seven, article("a", lab, seven))))
	db := raw(t, address)
	execute(t, db, "VACUUM ANALYZE delivery")
	for range 10 { // by then PostgreSQL keeps a plan
		send(t, s, digest.Pending)
	}
	send(t, s, digest.Sent)

	execute(t, db, fmt.Sprintf(`INSERT INTO subscriber (id, email, name, state, lang, plain, timezone, joined, changed, consent_at, consent_how)
		SELECT n, n || '@example.org', '', 'active', '', 0, '', 1, 1, 1, '' FROM generate_series(1001, 1000 + %d) AS n`, many))
	weekly := digest.Digest{Name: "weekly"}
	ok[int](t)(s.Seal(t.Context(), weekly, edition(weekly, seven, article("b", lab, seven))))
	letters := 0
	for n := send(t, s, digest.Sent); n > 0; n = send(t, s, digest.Sent) {
		letters += n
	}
	must(t, s.Close())
	if letters != many+3 {
		t.Errorf("sent %d letters, want %d", letters, many+3)
	}
	if read := rowsRead(t, db, t.Name()); read > 10*letters {
		t.Errorf("of the ledger %d rows were read for %d letters", read, letters)
	}
}

// send claims letters, hands a few of them over and settles them all.
func send(t *testing.T, s *store.Store, as digest.DeliveryState) int {
	t.Helper()
	claimed := claim(t, s, 100, seven)
	outcomes := make([]digest.Outcome, len(claimed))
	for i, d := range claimed {
		if i < 20 {
			must(t, s.Hand(t.Context(), d))
		}
		outcomes[i] = outcome(d, as)
	}
	must(t, s.Settle(t.Context(), outcomes...))
	return len(claimed)
}

// rowsRead is how many rows of the ledger have been read in this schema. PostgreSQL has counted those of a session once
// it has ended, so this waits for the sessions of that name.
func rowsRead(t *testing.T, db *sql.DB, sessions string) (n int) {
	t.Helper()
	for left := 1; left > 0; time.Sleep(10 * time.Millisecond) {
		must(t, db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = $1", sessions).Scan(&left))
	}
	must(t, db.QueryRow(`SELECT seq_tup_read + COALESCE(idx_tup_fetch, 0) FROM pg_stat_user_tables
		WHERE schemaname = current_schema() AND relname = 'delivery'`).Scan(&n))
	return n
}

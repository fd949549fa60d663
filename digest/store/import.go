package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"tidings/subscribers"
)

// Imported is what came of an import.
type Imported struct {
	Added   int
	Updated int      // were known, and are now as the import says
	Kept    []string // addresses that left or are suspended: untouched, in the order of the alphabet
}

// imported is how an import changes who is known already: it may activate who is pending and may always take
// somebody out, but it neither makes a reader pending again nor ends his pause.
const imported = `
	ON CONFLICT (email) DO UPDATE SET name = excluded.name, lang = excluded.lang, plain = excluded.plain,
		timezone = excluded.timezone, changed = excluded.changed,
		state = CASE
			WHEN excluded.state = 'pending' THEN subscriber.state
			WHEN excluded.state = 'active' AND subscriber.state = 'paused' THEN subscriber.state
			ELSE excluded.state END,
		consent_at = CASE WHEN subscriber.state = 'pending' THEN excluded.consent_at ELSE subscriber.consent_at END,
		consent_how = CASE WHEN subscriber.state = 'pending' THEN excluded.consent_how ELSE subscriber.consent_how END
	WHERE subscriber.state NOT IN ('left', 'suspended')
	RETURNING id, email`

// Import adds and updates subscribers by their normalised addresses, all of them or none; their ids are not
// looked at. An address told twice counts as told last. Who left or is suspended is never revived.
func (r *Readers) Import(ctx context.Context, all []subscribers.Subscriber) (Imported, error) {
	var done Imported
	err := r.write(ctx, func(tx *sql.Tx) error {
		done = Imported{}
		for chunk := range slices.Chunk(lastOfEach(all), 40) {
			if err := importChunk(ctx, tx, chunk, &done); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Imported{}, fmt.Errorf("import subscribers: %w", err)
	}
	return done, nil
}

// lastOfEach returns one subscriber per address, by address.
func lastOfEach(all []subscribers.Subscriber) []subscribers.Subscriber {
	byEmail := func(a, b subscribers.Subscriber) int { return strings.Compare(a.Email, b.Email) }
	sorted := slices.Clone(all)
	slices.Reverse(sorted)
	slices.SortStableFunc(sorted, byEmail)
	return slices.CompactFunc(sorted, func(a, b subscribers.Subscriber) bool { return a.Email == b.Email })
}

// importChunk writes some at once: enough to save PostgreSQL most round trips, and few enough for SQLite, which
// looks up every $n among all others. Who comes back with a number drawn here is new, who comes back
// with another was known, and who does not come back was kept.
func importChunk(ctx context.Context, tx *sql.Tx, chunk []subscribers.Subscriber, done *Imported) error {
	first, err := draw(ctx, tx, "subscriber", len(chunk))
	if err != nil {
		return err
	}
	var args []any
	for i, sub := range chunk {
		args = append(args, values(first+int64(i), sub)...)
	}
	ids := map[string]int64{}
	query := "INSERT INTO subscriber (" + subscriberColumns + ") VALUES " + places(0, len(chunk), 11) + imported
	err = each(ctx, tx, func(rows *sql.Rows) error {
		var id int64
		var email string
		err := rows.Scan(&id, &email)
		ids[email] = id
		return err
	}, query, args...)
	if err != nil {
		return err
	}
	var written []subscribers.Subscriber
	for _, sub := range chunk {
		id, ok := ids[plain(sub.Email)]
		switch {
		case !ok:
			done.Kept = append(done.Kept, sub.Email)
			continue
		case id >= first:
			done.Added++
		default:
			done.Updated++
		}
		sub.ID = id
		written = append(written, sub)
	}
	return choose(ctx, tx, written)
}

// choose replaces the digests and topics that subscribers chose.
func choose(ctx context.Context, tx *sql.Tx, subs []subscribers.Subscriber) error {
	var ids, digests, topics []any
	for _, sub := range subs {
		ids = append(ids, sub.ID)
		for _, name := range sub.Digests {
			digests = append(digests, sub.ID, plain(name))
		}
		for _, topic := range sub.Topics {
			topics = append(topics, sub.ID, plain(topic))
		}
	}
	if err := rewrite(ctx, tx, "choice", "digest", ids, digests); err != nil {
		return err
	}
	return rewrite(ctx, tx, "interest", "topic", ids, topics)
}

// rewrite replaces all pairs of these subscribers in a table of choices.
func rewrite(ctx context.Context, tx *sql.Tx, table, column string, ids, pairs []any) error {
	if len(ids) == 0 {
		return nil
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE subscriber IN "+places(0, 1, len(ids)), ids...); err != nil {
		return err
	}
	for chunk := range slices.Chunk(pairs, 2*100) {
		query := "INSERT INTO " + table + " (subscriber, " + column + ") VALUES " + places(0, len(chunk)/2, 2) + " ON CONFLICT DO NOTHING"
		if _, err := tx.ExecContext(ctx, query, chunk...); err != nil {
			return err
		}
	}
	return nil
}

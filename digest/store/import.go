package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidings/subscribers"
)

// Imported is what came of an import.
type Imported struct {
	Added   int
	Updated int      // were known, and are now as the import says
	Kept    []string // addresses that left or are suspended: untouched, in the order of the alphabet
	Erased  []string // addresses that were erased: as unknown as before, in the order of the alphabet
}

// imported is how an import changes who is known already: it may always take somebody out, but it neither makes
// a reader pending again nor ends his pause. What the file does not tell stays as it is.
func imported(told Told) string {
	set := "email = excluded.email"
	for _, c := range []struct {
		told   bool
		column string
	}{{told.Name, "name"}, {told.Lang, "lang"}, {told.Text, "plain"}, {told.Timezone, "timezone"}} {
		if c.told {
			set += ", " + c.column + " = excluded." + c.column
		}
	}
	if told.State {
		set += `, state = CASE WHEN excluded.state = 'active' THEN subscriber.state ELSE excluded.state END,
			why = CASE WHEN excluded.state IN ('active', subscriber.state) THEN subscriber.why ELSE excluded.why END,
			until = CASE WHEN excluded.state IN ('active', subscriber.state) THEN subscriber.until ELSE excluded.until END,
			changed = CASE WHEN excluded.state IN ('active', subscriber.state) THEN subscriber.changed ELSE excluded.changed END`
	}
	return " ON CONFLICT (email) DO UPDATE SET " + set + " WHERE subscriber.state NOT IN ('left', 'suspended') RETURNING id, email"
}

// Told says which columns an import tells; of who is known already the others stay as they are.
type Told struct{ Name, State, Digests, Topics, Lang, Text, Timezone bool }

// Import adds and updates subscribers by their normalised addresses, all of them or none; their ids are not
// looked at. An address told twice counts as told last. Who left or is suspended is never revived, nor who
// was erased; trace names these. Who is to be pending and is not known gets a wish, which nobody is asked about
// until he repeats it.
func (r *Readers) Import(ctx context.Context, all []subscribers.Subscriber, told Told, trace func(email string) string) (Imported, error) {
	var done Imported
	err := r.write(ctx, func(tx *sql.Tx) error {
		done = Imported{}
		return importing{tx: tx, told: told, now: r.now(), done: &done}.all(ctx, all, trace)
	})
	if err != nil {
		return Imported{}, fmt.Errorf("import subscribers: %w", err)
	}
	return done, nil
}

// TryImport tells what [Readers.Import] would come to, and changes nothing.
func (r *Readers) TryImport(ctx context.Context, all []subscribers.Subscriber, told Told, trace func(email string) string) (Imported, error) {
	var done Imported
	errTried := errors.New("only tried")
	err := r.write(ctx, func(tx *sql.Tx) error {
		done = Imported{}
		if err := (importing{tx: tx, told: told, now: r.now(), done: &done}).all(ctx, all, trace); err != nil {
			return err
		}
		return errTried // so that all is rolled back
	})
	if !errors.Is(err, errTried) {
		return Imported{}, fmt.Errorf("try to import subscribers: %w", err)
	}
	return done, nil
}

// importing is one import under way.
type importing struct {
	tx   *sql.Tx
	told Told
	now  time.Time
	done *Imported
}

// all imports everybody.
func (i importing) all(ctx context.Context, all []subscribers.Subscriber, trace func(string) string) error {
	fresh, err := i.passErased(ctx, lastOfEach(all), trace)
	if err != nil {
		return err
	}
	pending := func(s subscribers.Subscriber) bool { return s.State == subscribers.Pending }
	for _, s := range fresh {
		if pending(s) {
			if err := i.wish(ctx, s); err != nil {
				return err
			}
		}
	}
	for chunk := range slices.Chunk(slices.DeleteFunc(fresh, pending), 40) {
		if err := i.chunk(ctx, chunk); err != nil {
			return err
		}
	}
	return nil
}

// passErased returns those who were not erased.
func (i importing) passErased(ctx context.Context, all []subscribers.Subscriber, trace func(string) string) ([]subscribers.Subscriber, error) {
	erased := map[string]bool{}
	err := each(ctx, i.tx, func(rows *sql.Rows) error {
		var hash string
		err := rows.Scan(&hash)
		erased[hash] = true
		return err
	}, "SELECT hash FROM trace WHERE erased > 0")
	if err != nil || len(erased) == 0 {
		return all, err
	}
	return slices.DeleteFunc(all, func(s subscribers.Subscriber) bool {
		gone := erased[trace(s.Email)]
		if gone {
			i.done.Erased = append(i.done.Erased, s.Email)
		}
		return gone
	}), nil
}

// wish notes what somebody wishes of whom nothing is known.
func (i importing) wish(ctx context.Context, s subscribers.Subscriber) error {
	id, err := draw(ctx, i.tx, "subscriber", 1)
	if err != nil {
		return err
	}
	const query = `
		INSERT INTO wish (email, id, made, done, lapses, digests, topics, lang, plain, timezone, how, source, agreed)
		SELECT $1, $2, $3, 0, $4, $5, $6, $7, $8, $9, $10, $11, $12
		WHERE NOT EXISTS (SELECT 1 FROM subscriber WHERE email = $1)
		ON CONFLICT (email) DO NOTHING`
	n, err := count(i.tx.ExecContext(ctx, query, plain(s.Email), id, millis(i.now), millis(i.now.Add(asksKept)),
		plain(strings.Join(s.Digests, "\n")), plain(strings.Join(s.Topics, "\n")), plain(s.Lang), flag(s.Text), plain(s.Timezone),
		plain(s.ConsentHow), plain(s.ConsentFrom), plain(s.ConsentText)))
	if n == 0 {
		i.done.Updated++ // nothing more is to be done for him
	}
	i.done.Added += n
	return err
}

// lastOfEach returns one subscriber per address, by address.
func lastOfEach(all []subscribers.Subscriber) []subscribers.Subscriber {
	byEmail := func(a, b subscribers.Subscriber) int { return strings.Compare(a.Email, b.Email) }
	sorted := slices.Clone(all)
	slices.Reverse(sorted)
	slices.SortStableFunc(sorted, byEmail)
	return slices.CompactFunc(sorted, func(a, b subscribers.Subscriber) bool { return a.Email == b.Email })
}

// chunk writes some at once: enough to save PostgreSQL most round trips, and few enough for SQLite, which
// looks up every $n among all others. Who comes back with a number drawn here is new, who comes back
// with another was known, and who does not come back was kept.
func (i importing) chunk(ctx context.Context, chunk []subscribers.Subscriber) error {
	first, err := draw(ctx, i.tx, "subscriber", len(chunk))
	if err != nil {
		return err
	}
	var args []any
	for n, sub := range chunk {
		args = append(args, values(first+int64(n), sub)...)
	}
	ids := map[string]int64{}
	var emails []any
	query := "INSERT INTO subscriber (" + subscriberColumns + ") VALUES " + places(0, len(chunk), columnsWritten) + imported(i.told)
	err = each(ctx, i.tx, func(rows *sql.Rows) error {
		var id int64
		var email string
		err := rows.Scan(&id, &email)
		ids[email], emails = id, append(emails, email)
		return err
	}, query, args...)
	if err != nil || len(emails) == 0 {
		i.done.Kept = append(i.done.Kept, addresses(chunk, ids)...)
		return err
	}
	if _, err := i.tx.ExecContext(ctx, "DELETE FROM wish WHERE email IN "+places(0, 1, len(emails)), emails...); err != nil {
		return err
	}
	var fresh, known []subscribers.Subscriber
	for _, sub := range chunk {
		id, ok := ids[plain(sub.Email)]
		sub.ID = id
		switch {
		case ok && id >= first:
			fresh = append(fresh, sub)
		case ok:
			known = append(known, sub)
		}
	}
	i.done.Added += len(fresh)
	i.done.Updated += len(known)
	i.done.Kept = append(i.done.Kept, addresses(chunk, ids)...)
	if err := choose(ctx, i.tx, fresh, true, true); err != nil {
		return err
	}
	return choose(ctx, i.tx, known, i.told.Digests, i.told.Topics)
}

// addresses returns those of whom nothing was written.
func addresses(chunk []subscribers.Subscriber, written map[string]int64) (kept []string) {
	for _, sub := range chunk {
		if _, ok := written[plain(sub.Email)]; !ok {
			kept = append(kept, sub.Email)
		}
	}
	return kept
}

// choose replaces the digests, the topics or both that subscribers chose.
func choose(ctx context.Context, tx *sql.Tx, subs []subscribers.Subscriber, theirDigests, theirTopics bool) error {
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
	if theirDigests {
		if err := rewrite(ctx, tx, "choice", "digest", ids, digests); err != nil {
			return err
		}
	}
	if !theirTopics {
		return nil
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

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tidings/subscribers"
)

// ErrTaken says that another subscriber has the address already.
var ErrTaken = errors.New("another subscriber has this address")

// A subscriber's columns as they are written, and as scanSubscriber reads them: with the choices in lines.
const (
	subscriberColumns = "id, email, name, state, lang, plain, timezone, joined, changed, consent_at, consent_how"
	selectSubscriber  = "SELECT " + subscriberColumns + `,
		COALESCE((SELECT STRING_AGG(digest, '` + "\n" + `') FROM choice WHERE subscriber = s.id), ''),
		COALESCE((SELECT STRING_AGG(topic, '` + "\n" + `') FROM interest WHERE subscriber = s.id), '')
		FROM subscriber s `
)

func scanSubscriber(scan func(...any) error) (subscribers.Subscriber, error) {
	var s subscribers.Subscriber
	var joined, changed, consent int64
	var digests, topics string
	err := scan(&s.ID, &s.Email, &s.Name, &s.State, &s.Lang, &s.Text, &s.Timezone, &joined, &changed, &consent, &s.ConsentHow,
		&digests, &topics)
	s.Joined, s.Changed, s.ConsentAt = moment(joined), moment(changed), moment(consent)
	s.Digests, s.Topics = sortedLines(digests), sortedLines(topics)
	return s, err
}

// sortedLines sorts here and not in SQL, where the order of letters depends on the database.
func sortedLines(text string) []string {
	if text == "" {
		return nil
	}
	return slices.Sorted(slices.Values(strings.Split(text, "\n")))
}

// values are a subscriber's columns, ready to be written.
func values(id int64, s subscribers.Subscriber) []any {
	return []any{
		id, plain(s.Email), plain(s.Name), string(s.State), plain(s.Lang), flag(s.Text), plain(s.Timezone),
		millis(s.Joined), millis(s.Changed), millis(s.ConsentAt), plain(s.ConsentHow),
	}
}

// Find returns the subscriber with this normalised address, or [subscribers.ErrUnknown].
func (r *Readers) Find(ctx context.Context, email string) (subscribers.Subscriber, error) {
	return r.subscriber(ctx, "WHERE email = $1", plain(email))
}

// Get returns the subscriber with this id, or [subscribers.ErrUnknown].
func (r *Readers) Get(ctx context.Context, id int64) (subscribers.Subscriber, error) {
	return r.subscriber(ctx, "WHERE id = $1", id)
}

func (r *Readers) subscriber(ctx context.Context, which string, arg any) (subscribers.Subscriber, error) {
	found, err := scanSubscriber(r.r.QueryRowContext(ctx, selectSubscriber+which, arg).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return subscribers.Subscriber{}, subscribers.ErrUnknown
	}
	if err != nil {
		return subscribers.Subscriber{}, fmt.Errorf("read subscriber: %w", err)
	}
	return found, nil
}

// Save inserts the subscriber (ID 0) or replaces the one with its ID, and owes the notices to him, all in one
// transaction. It returns the subscriber's id; [subscribers.ErrUnknown] when there is none with that ID, and
// [ErrTaken] when the address is another's.
func (r *Readers) Save(ctx context.Context, sub subscribers.Subscriber, owed ...subscribers.Notice) (int64, error) {
	var id int64
	err := r.write(ctx, func(tx *sql.Tx) (err error) {
		if id, err = r.save(ctx, tx, sub); err != nil {
			return err
		}
		for _, notice := range owed {
			if err := r.oweNotice(ctx, tx, id, notice); err != nil {
				return fmt.Errorf("owe the notice %s: %w", notice, err)
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("save subscriber: %w", err)
	}
	return id, nil
}

func (r *Readers) save(ctx context.Context, tx *sql.Tx, sub subscribers.Subscriber) (id int64, err error) {
	query := `UPDATE subscriber SET email = $2, name = $3, state = $4, lang = $5, plain = $6, timezone = $7,
		joined = $8, changed = $9, consent_at = $10, consent_how = $11 WHERE id = $1`
	if id = sub.ID; id == 0 {
		query = "INSERT INTO subscriber (" + subscriberColumns + ") VALUES " + places(0, 1, 11)
		if id, err = draw(ctx, tx, "subscriber", 1); err != nil {
			return 0, err
		}
	}
	switch n, err := count(tx.ExecContext(ctx, query, values(id, sub)...)); {
	case err != nil && r.dialect.taken(err):
		return 0, ErrTaken
	case err != nil:
		return 0, err
	case n == 0:
		return 0, subscribers.ErrUnknown
	}
	sub.ID = id
	return id, choose(ctx, tx, []subscribers.Subscriber{sub})
}

// oweNotice owes a notice under a number of its own.
func (r *Readers) oweNotice(ctx context.Context, tx *sql.Tx, reader int64, notice subscribers.Notice) error {
	letter, err := draw(ctx, tx, "letter", 1)
	if err != nil {
		return err
	}
	const query = `
		INSERT INTO delivery (letter, subscriber, notice, state, due, attempts, fence, owed, note)
		VALUES ($1, $2, $3, 1, $4, 0, 0, $4, '')`
	_, err = tx.ExecContext(ctx, query, letter, reader, string(notice), millis(r.now()))
	return err
}

// Erase forgets a person: the subscriber with all he chose, and what mail servers said about him. That so
// many letters were sent stays known; to whom does not. What he was still owed is skipped.
func (r *Readers) Erase(ctx context.Context, id int64) error {
	err := r.write(ctx, func(tx *sql.Tx) error {
		n, err := count(tx.ExecContext(ctx, "DELETE FROM subscriber WHERE id = $1", id))
		if err != nil {
			return err
		}
		if n == 0 {
			return subscribers.ErrUnknown
		}
		const forget = `UPDATE delivery SET note = '',
			state = CASE WHEN state IN (1, 2, 5, 8) THEN 7 ELSE state END,
			due = CASE WHEN state IN (1, 2, 5, 8) THEN $2 ELSE due END WHERE subscriber = $1`
		_, err = tx.ExecContext(ctx, forget, id, millis(r.now()))
		return err
	})
	if err != nil {
		return fmt.Errorf("erase subscriber %d: %w", id, err)
	}
	return nil
}

// Each calls do with every subscriber in the order of addresses, and stops at its first error. They are
// never all in memory.
func (r *Readers) Each(ctx context.Context, do func(subscribers.Subscriber) error) error {
	return each(ctx, r.r, func(rows *sql.Rows) error {
		sub, err := scanSubscriber(rows.Scan)
		if err != nil {
			return fmt.Errorf("read subscriber: %w", err)
		}
		return do(sub)
	}, selectSubscriber+"ORDER BY email")
}

// Count counts the subscribers by state.
func (r *Readers) Count(ctx context.Context) (map[subscribers.State]int, error) {
	counts := map[subscribers.State]int{}
	err := each(ctx, r.r, func(rows *sql.Rows) error {
		var state subscribers.State
		var n int
		err := rows.Scan(&state, &n)
		counts[state] = n
		return err
	}, "SELECT state, COUNT(*) FROM subscriber GROUP BY state")
	if err != nil {
		return nil, fmt.Errorf("count subscribers: %w", err)
	}
	return counts, nil
}

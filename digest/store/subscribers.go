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

// A subscriber's columns as they are written, and as scanSubscriber reads them: with the choices in lines.
const (
	subscriberColumns = `id, email, domain, name, state, why, until, lang, plain, timezone, joined, changed,
		consent_at, consent_how, consent_from, consent_text`
	selectSubscriber = "SELECT " + subscriberColumns + `,
		COALESCE((SELECT STRING_AGG(digest, '` + "\n" + `') FROM choice WHERE subscriber = s.id), ''),
		COALESCE((SELECT STRING_AGG(topic, '` + "\n" + `') FROM interest WHERE subscriber = s.id), '')
		FROM subscriber s `
	columnsWritten = 16
)

func scanSubscriber(scan func(...any) error) (subscribers.Subscriber, error) {
	var s subscribers.Subscriber
	var until, joined, changed, consent int64
	var domain, digests, topics string
	err := scan(&s.ID, &s.Email, &domain, &s.Name, &s.State, &s.Why, &until, &s.Lang, &s.Text, &s.Timezone, &joined, &changed,
		&consent, &s.ConsentHow, &s.ConsentFrom, &s.ConsentText, &digests, &topics)
	s.Until, s.Joined, s.Changed, s.ConsentAt = moment(until), moment(joined), moment(changed), moment(consent)
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
		id, plain(s.Email), plain(subscribers.Domain(s.Email)), plain(s.Name), string(s.State), string(s.Why), millis(s.Until),
		plain(s.Lang), flag(s.Text), plain(s.Timezone), millis(s.Joined), millis(s.Changed),
		millis(s.ConsentAt), plain(s.ConsentHow), plain(s.ConsentFrom), plain(s.ConsentText),
	}
}

// Find returns the subscriber with this normalised address, or [subscribers.ErrUnknown].
func (r *Readers) Find(ctx context.Context, email string) (subscribers.Subscriber, error) {
	return one(ctx, r.r, selectSubscriber+"WHERE email = $1", plain(email))
}

// Get returns the subscriber with this id, or [subscribers.ErrUnknown].
func (r *Readers) Get(ctx context.Context, id int64) (subscribers.Subscriber, error) {
	return one(ctx, r.r, selectSubscriber+"WHERE id = $1", id)
}

func one(ctx context.Context, q queryer, query string, arg any) (subscribers.Subscriber, error) {
	found, err := scanSubscriber(q.QueryRowContext(ctx, query, arg).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return subscribers.Subscriber{}, subscribers.ErrUnknown
	}
	if err != nil {
		return subscribers.Subscriber{}, fmt.Errorf("read subscriber: %w", err)
	}
	return found, nil
}

// Each calls do with every subscriber in the order of addresses, and stops at its first error. They are
// never all in memory. A wish that waits comes as a subscriber who is pending; that of a reader who left or is
// suspended comes after himself.
func (r *Readers) Each(ctx context.Context, do func(subscribers.Subscriber) error) error {
	const waiting = `
		UNION ALL SELECT id, email, '', '', 'pending', '', 0, lang, plain, timezone, made, made, 0, how, source, agreed, digests, topics
		FROM wish WHERE done = 0 AND lapses > $1 ORDER BY email, state`
	return each(ctx, r.r, func(rows *sql.Rows) error {
		sub, err := scanSubscriber(rows.Scan)
		if err != nil {
			return fmt.Errorf("read subscriber: %w", err)
		}
		return do(sub)
	}, selectSubscriber+waiting, millis(r.now()))
}

// Count counts the subscribers, and the wishes that wait, by state.
func (r *Readers) Count(ctx context.Context) (map[subscribers.State]int, error) {
	counts := map[subscribers.State]int{}
	err := each(ctx, r.r, func(rows *sql.Rows) error {
		var state subscribers.State
		var n int
		err := rows.Scan(&state, &n)
		if n > 0 {
			counts[state] = n
		}
		return err
	}, `SELECT state, COUNT(*) FROM subscriber GROUP BY state
		UNION ALL SELECT 'pending', COUNT(*) FROM wish WHERE done = 0 AND lapses > $1`, millis(r.now()))
	if err != nil {
		return nil, fmt.Errorf("count subscribers: %w", err)
	}
	return counts, nil
}

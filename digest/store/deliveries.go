package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"time"

	"tidings/digest"
)

// never is when a doubtful letter that must not go out twice is due.
const never = math.MaxInt64

// doubt is the due time of a letter in doubt: $1, and never if its edition holds such letters back. Notices
// belong to no edition and are always sent again.
const doubt = `CASE WHEN EXISTS (SELECT 1 FROM edition e WHERE e.id = delivery.letter AND e.policy = 'hold')
	THEN 9223372036854775807 ELSE $1 END`

// entitled holds while the reader may still get the letter: an edition, a confirmation, or another notice.
const entitled = `CASE delivery.notice
	WHEN '' THEN EXISTS (SELECT 1 FROM subscriber s WHERE s.id = delivery.subscriber
		AND (s.state = 'active' OR s.state = 'suspended' AND s.probe = delivery.letter))
	WHEN 'confirm' THEN EXISTS (SELECT 1 FROM wish w WHERE w.id = delivery.subscriber AND w.done = 0)
	WHEN 'help' THEN TRUE
	WHEN 'welcome' THEN EXISTS (SELECT 1 FROM subscriber s WHERE s.id = delivery.subscriber AND s.state = 'active')
	WHEN 'goodbye' THEN EXISTS (SELECT 1 FROM subscriber s WHERE s.id = delivery.subscriber AND s.state = 'left')
	ELSE EXISTS (SELECT 1 FROM subscriber s WHERE s.id = delivery.subscriber AND s.state IN ('active', 'paused'))
	END`

// What may be claimed, in the words of the two indexes that find it.
const (
	openNotices  = `state IN (1, 2, 5, 8) AND notice <> ''`
	openEditions = `state IN (1, 2, 5, 8) AND notice = ''`
)

// Claim leases up to n deliveries that are due at now, until until, and raises their fences. Notices come
// first, for a person waits for them. A letter whose owner let the lease end while it was on the wire becomes
// uncertain, and is claimed again unless its edition holds such letters back.
func (l *Ledger) Claim(ctx context.Context, n int, now, until time.Time) ([]digest.Delivery, error) {
	return l.claim(ctx, n, now, until, openNotices, openEditions)
}

// Single is the ledger of one edition: it claims nothing else.
type Single struct {
	*Ledger
	letter int64
}

// Only returns the ledger of the edition with this key, or [ErrNoEdition].
func (l *Ledger) Only(ctx context.Context, key string) (*Single, error) {
	letter, err := l.letter(ctx, key)
	return &Single{l, letter}, err
}

// Claim is [Ledger.Claim] for the letters of this edition.
func (s *Single) Claim(ctx context.Context, n int, now, until time.Time) ([]digest.Delivery, error) {
	return s.claim(ctx, n, now, until, fmt.Sprintf("%s AND letter = %d", openEditions, s.letter))
}

// claim claims among the deliveries that each of the conditions names, in their order.
func (l *Ledger) claim(ctx context.Context, n int, now, until time.Time, which ...string) ([]digest.Delivery, error) {
	if err := l.stay(ctx); err != nil {
		return nil, fmt.Errorf("claim deliveries: %w", err)
	}
	var claimed []digest.Delivery
	err := l.write(ctx, func(tx *sql.Tx) error {
		claimed = nil
		if _, err := doubtAll(ctx, tx, millis(now), millis(now)); err != nil {
			return err
		}
		if err := putAside(ctx, tx, millis(now)); err != nil {
			return err
		}
		for _, open := range which {
			query := `
				WITH next AS MATERIALIZED (
					SELECT letter, subscriber FROM delivery
					WHERE ` + open + ` AND due <= $1 ORDER BY due LIMIT $2` + l.dialect.locked + `)
				UPDATE delivery SET state = 2, due = $3, attempts = attempts + 1, fence = fence + 1
				WHERE (letter, subscriber) IN (SELECT letter, subscriber FROM next)
				RETURNING ` + deliveryColumns
			err := each(ctx, tx, func(rows *sql.Rows) error {
				d, err := scanDelivery(rows)
				claimed = append(claimed, d)
				return err
			}, query, millis(now), n-len(claimed), millis(until))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("claim deliveries: %w", err)
	}
	slices.SortFunc(claimed, byUrgency)
	return claimed, nil
}

// byUrgency puts notices first, and otherwise what was sealed earlier.
func byUrgency(a, b digest.Delivery) int {
	return cmp.Or(flag(a.Notice == "")-flag(b.Notice == ""), cmp.Compare(a.ID, b.ID))
}

// doubtAll makes uncertain what is on the wire and whose lease has ended by then, and due at now.
func doubtAll(ctx context.Context, tx *sql.Tx, now, then int64) (int, error) {
	const query = `UPDATE delivery SET state = 8, due = ` + doubt + `, note = $2 WHERE state = 3 AND due <= $3`
	const note = "its sender stopped before the answer was recorded"
	return count(tx.ExecContext(ctx, query, now, note, then))
}

// NextDue returns when something will be due next, by its time or because a lease ends; zero when nothing is
// owed.
func (l *Ledger) NextDue(ctx context.Context) (time.Time, error) {
	const query = `
		SELECT COALESCE(MIN(due), 0) FROM (
			SELECT MIN(due) AS due FROM delivery WHERE ` + openNotices + `
			UNION ALL SELECT MIN(due) FROM delivery WHERE ` + openEditions + `
			UNION ALL SELECT MIN(due) FROM delivery WHERE state = 3) soonest`
	var due int64
	if err := l.r.QueryRowContext(ctx, query).Scan(&due); err != nil {
		return time.Time{}, fmt.Errorf("ask what is due next: %w", err)
	}
	return moment(due), nil
}

// Tally counts an edition's deliveries by state.
func (l *Ledger) Tally(ctx context.Context, edition string) (map[digest.DeliveryState]int, error) {
	id, err := l.letter(ctx, edition)
	if err != nil {
		return nil, err
	}
	tally := map[digest.DeliveryState]int{}
	err = each(ctx, l.r, func(rows *sql.Rows) error {
		var state digest.DeliveryState
		var n int
		err := rows.Scan(&state, &n)
		tally[state] = n
		return err
	}, "SELECT state, COUNT(*) FROM delivery WHERE letter = $1 GROUP BY state", id)
	if err != nil {
		return nil, fmt.Errorf("count the deliveries of %s: %w", edition, err)
	}
	return tally, nil
}

// Deliveries tells an edition's deliveries in these states, or in any when none is named, in the order of
// readers. It ends with the first error.
func (l *Ledger) Deliveries(ctx context.Context, edition string, states ...digest.DeliveryState) iter.Seq2[digest.Delivery, error] {
	errEnough := errors.New("the caller has seen enough")
	return func(yield func(digest.Delivery, error) bool) {
		id, err := l.letter(ctx, edition)
		if err != nil {
			yield(digest.Delivery{}, err)
			return
		}
		query, args := "SELECT "+deliveryColumns+" FROM delivery WHERE letter = $1", []any{id}
		if len(states) > 0 {
			query += " AND state IN " + places(1, 1, len(states))
		}
		for _, state := range states {
			args = append(args, int(state))
		}
		err = each(ctx, l.r, func(rows *sql.Rows) error {
			d, err := scanDelivery(rows)
			if err == nil && !yield(d, nil) {
				return errEnough
			}
			return err
		}, query+" ORDER BY subscriber", args...)
		if err != nil && !errors.Is(err, errEnough) {
			yield(digest.Delivery{}, fmt.Errorf("read the deliveries of %s: %w", edition, err))
		}
	}
}

// Resend owes an edition's failed or uncertain letters anew, under their old keys, and returns how many.
// Other states are passed over: nobody gets a second letter by mistake.
func (l *Ledger) Resend(ctx context.Context, edition string, states ...digest.DeliveryState) (int, error) {
	id, err := l.letter(ctx, edition)
	if err != nil || len(states) == 0 {
		return 0, err
	}
	args := []any{millis(l.now()), id}
	for _, state := range states {
		args = append(args, int(state))
	}
	query := `UPDATE delivery SET state = 1, due = $1, owed = $1, attempts = 0
		WHERE letter = $2 AND state IN (6, 8) AND state IN ` + places(2, 1, len(states))
	n, err := count(l.w.ExecContext(ctx, query, args...))
	if err != nil {
		return 0, fmt.Errorf("send %s again: %w", edition, err)
	}
	return n, nil
}

// letter returns the number of an edition's letter.
func (l *Ledger) letter(ctx context.Context, edition string) (id int64, err error) {
	err = l.r.QueryRowContext(ctx, "SELECT id FROM edition WHERE key = $1", edition).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNoEdition
	}
	if err != nil {
		return 0, fmt.Errorf("edition %s: %w", edition, err)
	}
	return id, nil
}

// deliveryColumns are read by scanDelivery. They are subqueries and no joins because these are what both
// databases allow behind RETURNING. A confirmation's reader is a wish.
const deliveryColumns = `letter, subscriber, notice, state, attempts, owed, due, fence, note, token, answers,
	COALESCE((SELECT e.key FROM edition e WHERE e.id = delivery.letter), ''),
	COALESCE((SELECT s.email FROM subscriber s WHERE s.id = delivery.subscriber),
		(SELECT w.email FROM wish w WHERE w.id = delivery.subscriber), address),
	COALESCE((SELECT s.lang FROM subscriber s WHERE s.id = delivery.subscriber),
		(SELECT w.lang FROM wish w WHERE w.id = delivery.subscriber), ''),
	COALESCE((SELECT s.plain FROM subscriber s WHERE s.id = delivery.subscriber),
		(SELECT w.plain FROM wish w WHERE w.id = delivery.subscriber), 0),
	COALESCE((SELECT STRING_AGG(topic, '` + "\n" + `') FROM interest WHERE interest.subscriber = delivery.subscriber), '')`

func scanDelivery(rows *sql.Rows) (digest.Delivery, error) {
	var d digest.Delivery
	var letter, owed, due int64
	var topics string
	err := rows.Scan(&letter, &d.Reader, &d.Notice, &d.State, &d.Attempts, &owed, &due, &d.Fence, &d.Note, &d.Token, &d.Answers,
		&d.Edition, &d.To, &d.Lang, &d.Text, &topics)
	d.ID, d.Owed, d.Due, d.Topics = pack(letter, d.Reader), moment(owed), moment(due), sortedLines(topics)
	d.Key = fmt.Sprintf("%s/%d", d.Edition, d.Reader)
	if d.Notice != "" {
		d.Key = fmt.Sprintf("%s/%d/%d", d.Notice, d.Reader, letter)
	}
	return d, err
}

// A delivery is known by two numbers, its letter's and its reader's; outside they are one, of 31 bits and 32.
func pack(letter, reader int64) int64 { return letter<<32 | reader }

func unpack(id int64) (letter, reader int64) { return id >> 32, id & math.MaxUint32 }

// count returns how many rows a statement met.
func count(done sql.Result, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	n, err := done.RowsAffected()
	return int(n), err
}

package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"tidings/digest"
)

// never is when the letters of a halted edition are due.
const never = math.MaxInt64

// held holds for a letter of an edition that keeps back what is in doubt. Notices belong to no edition and are
// always sent again.
const held = `EXISTS (SELECT 1 FROM edition e WHERE e.id = delivery.letter AND e.policy = 'hold')`

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

// What is open, in the words of the two indexes that find it.
const (
	openNotices  = `delivery.due > 0 AND delivery.notice <> ''`
	openEditions = `delivery.due > 0 AND delivery.notice = ''`
)

// Claim leases up to n deliveries that are due at now, until until, and raises their fences. Notices come
// first, for a person waits for them. Whom a letter may not be sent to any more is settled as skipped. A letter
// whose owner let the lease end while it was on the wire is claimed again, unless its edition holds such letters
// back: then it becomes uncertain. What came of earlier tries of an edition's letter is not told.
func (l *Ledger) Claim(ctx context.Context, n int, now, until time.Time) ([]digest.Delivery, error) {
	return l.claim(ctx, n, now, until, 0)
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
	return s.claim(ctx, n, now, until, s.letter)
}

// claim claims notices and letters of editions, or those of one edition if it is named. What it finds may all be
// for nobody; then it looks further.
func (l *Ledger) claim(ctx context.Context, n int, now, until time.Time, letter int64) ([]digest.Delivery, error) {
	if err := l.stay(ctx); err != nil {
		return nil, fmt.Errorf("claim deliveries: %w", err)
	}
	for {
		c := claiming{Ledger: l, now: millis(now), until: until}
		err := l.dialect.claim(ctx, &c, n, letter)
		switch {
		case errors.Is(err, errOvertaken):
		case err != nil:
			return nil, fmt.Errorf("claim deliveries: %w", l.inTheWay(err))
		case len(c.found) > 0 || c.dropped() == 0:
			slices.SortFunc(c.found, byUrgency)
			return c.found, nil
		}
	}
}

// errOvertaken says that what was found has been claimed by somebody else since.
var errOvertaken = errors.New("the deliveries were claimed by somebody else")

// claimLocked finds and leases in one transaction, for others may claim at the same time.
func claimLocked(ctx context.Context, c *claiming, n int, letter int64) error {
	return c.write(ctx, func(tx *sql.Tx) error {
		*c = claiming{Ledger: c.Ledger, now: c.now, until: c.until}
		search := func(s statement, args ...any) (*sql.Rows, error) {
			return tx.QueryContext(ctx, statements[s]+" FOR UPDATE OF delivery SKIP LOCKED", args...)
		}
		if err := c.find(search, n, letter); err != nil {
			return err
		}
		return c.lease(ctx, tx)
	})
}

// claimFound finds before it writes, so that those who write need not wait meanwhile.
func claimFound(ctx context.Context, c *claiming, n int, letter int64) error {
	search := func(s statement, args ...any) (*sql.Rows, error) {
		return c.prepared[s].QueryContext(ctx, args...)
	}
	if err := c.find(search, n, letter); err != nil || len(c.found)+c.dropped() == 0 {
		return err
	}
	return c.write(ctx, func(tx *sql.Tx) error { return c.lease(ctx, tx) })
}

// claiming is a claim under way.
type claiming struct {
	*Ledger
	now   int64
	until time.Time

	found                  []digest.Delivery
	gone, doubtful, halted []digest.Delivery // are not to be sent, or not now
}

// dropped counts what was found and is not claimed.
func (c *claiming) dropped() int { return len(c.gone) + len(c.doubtful) + len(c.halted) }

// find searches for notices and then for editions' letters, or for those of one letter only.
func (c *claiming) find(search func(statement, ...any) (*sql.Rows, error), n int, letter int64) error {
	if letter == 0 {
		rows, err := search(dueNotices, c.now, n)
		if err := c.sort(rows, err, scanDelivery); err != nil {
			return err
		}
	}
	rows, err := search(dueLetters, c.now, n-len(c.found), letter)
	return c.sort(rows, err, scanLetter)
}

// sort takes what a search found: to be sent, or why not.
func (c *claiming) sort(rows *sql.Rows, err error, scan func(*sql.Rows, ...any) (digest.Delivery, error)) error {
	return scanAll(rows, err, func(rows *sql.Rows) error {
		var may, doubt, halt bool
		d, err := scan(rows, &may, &doubt, &halt)
		switch {
		case !may:
			c.gone = append(c.gone, d)
		case halt:
			c.halted = append(c.halted, d)
		case doubt:
			c.doubtful = append(c.doubtful, d)
		default:
			d.State, d.Due, d.Attempts, d.Fence = digest.Leased, c.until, d.Attempts+1, d.Fence+1
			c.found = append(c.found, d)
		}
		return err
	})
}

// lease makes what was found ours. What is not to be sent is settled, what is of halted editions put aside.
func (c *claiming) lease(ctx context.Context, tx *sql.Tx) error {
	const (
		lease = `UPDATE delivery SET state = 2, due = $1, attempts = attempts + 1, fence = fence + 1 WHERE letter = $2`
		skip  = `UPDATE delivery SET state = 7, due = 0, ended = $1, address = '', token = '', answers = '' WHERE letter = $2`
		hold  = `UPDATE delivery SET state = 8, due = 0, ended = $1, note = '` + stopped + `' WHERE letter = $2`
	)
	return errors.Join(c.each(ctx, tx, lease, millis(c.until), c.found), c.each(ctx, tx, skip, c.now, c.gone),
		c.each(ctx, tx, hold, c.now, c.doubtful), c.each(ctx, tx, aside, never, c.halted))
}

// stopped is the note of a letter that was on the wire when its sender died.
const stopped = "its sender stopped before the answer was recorded"

// each runs a statement for all readers of one letter after the other. All must be due still.
func (c *claiming) each(ctx context.Context, tx *sql.Tx, statement string, value int64, all []digest.Delivery) error {
	if change := c.dialect.change; change != nil && len(all) > 0 {
		return change(ctx, tx, statement, value, c.now, all)
	}
	readers := map[int64][]int64{}
	for _, d := range all {
		letter, reader := unpack(d.ID)
		readers[letter] = append(readers[letter], reader)
	}
	for _, letter := range slices.Sorted(maps.Keys(readers)) {
		for chunk := range slices.Chunk(readers[letter], 100) {
			args := []any{value, letter, c.now}
			for _, reader := range chunk {
				args = append(args, reader)
			}
			met, err := count(tx.ExecContext(ctx, statement+" AND due BETWEEN 1 AND $3 AND subscriber IN "+places(3, 1, len(chunk)), args...))
			if err != nil {
				return err
			}
			if met < len(chunk) {
				return errOvertaken
			}
		}
	}
	return nil
}

// byUrgency puts notices first, and otherwise what was sealed earlier.
func byUrgency(a, b digest.Delivery) int {
	return cmp.Or(flag(a.Notice == "")-flag(b.Notice == ""), cmp.Compare(a.ID, b.ID))
}

// NextDue returns when something will be due next, by its time or because a lease ends; zero when nothing is
// owed.
func (l *Ledger) NextDue(ctx context.Context) (time.Time, error) {
	const query = `
		SELECT COALESCE(MIN(due), 0) FROM (
			SELECT MIN(due) AS due FROM delivery WHERE ` + openNotices + `
			UNION ALL SELECT MIN(due) FROM delivery WHERE ` + openEditions + `) soonest`
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
	}, `SELECT state, SUM(n) FROM (
			SELECT state, COUNT(*) AS n FROM delivery WHERE letter = $1 GROUP BY state
			UNION ALL SELECT state, n FROM retired WHERE letter = $1) counted
		GROUP BY state`, id)
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
		query, args := "SELECT "+deliveryColumns+" FROM "+deliveryTables+" WHERE delivery.letter = $1", []any{id}
		if len(states) > 0 {
			query += " AND delivery.state IN " + places(1, 1, len(states))
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
		}, query+" ORDER BY delivery.subscriber", args...)
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
	query := `UPDATE delivery SET state = 1, due = $1, owed = $1, ended = 0, attempts = 0
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

// deliveryColumns are read by scanDelivery. A confirmation's reader is a wish.
const deliveryColumns = `delivery.letter, delivery.subscriber, delivery.notice, delivery.state, delivery.attempts, delivery.owed,
	delivery.due, delivery.ended, delivery.fence, delivery.note, delivery.code, delivery.status, delivery.place,
	delivery.token, delivery.answers, COALESCE(edition.key, ''), COALESCE(s.email, w.email, delivery.address),
	COALESCE(s.lang, w.lang, ''), COALESCE(s.timezone, ''), COALESCE(s.plain, w.plain, 0),
	COALESCE((SELECT STRING_AGG(topic, '` + "\n" + `') FROM interest WHERE interest.subscriber = delivery.subscriber), '')`

const deliveryTables = `delivery
	LEFT JOIN edition ON edition.id = delivery.letter
	LEFT JOIN subscriber s ON s.id = delivery.subscriber
	LEFT JOIN wish w ON w.id = delivery.subscriber`

// scanDelivery reads the columns, and what else was asked for behind them.
func scanDelivery(rows *sql.Rows, besides ...any) (digest.Delivery, error) {
	var d digest.Delivery
	var letter, owed, due, ended int64
	var topics string
	err := rows.Scan(append([]any{
		&letter, &d.Reader, &d.Notice, &d.State, &d.Attempts, &owed, &due, &ended, &d.Fence, &d.Note, &d.Code, &d.Status, &d.At,
		&d.Token, &d.Answers, &d.Edition, &d.To, &d.Lang, &d.Zone, &d.Text, &topics,
	}, besides...)...)
	d.ID, d.Owed, d.Due, d.Ended, d.Topics = pack(letter, d.Reader), moment(owed), moment(due), moment(ended), sortedLines(topics)
	if d.State == digest.Sent { // it was refused nowhere
		d.At, d.Relay = "", d.At
	}
	d.Key = fmt.Sprintf("%s/%d", d.Edition, d.Reader)
	if d.Notice != "" {
		d.Key = fmt.Sprintf("%s/%d/%d", d.Notice, d.Reader, letter)
	}
	return d, err
}

// scanLetter reads what the search for an edition's letters found.
func scanLetter(rows *sql.Rows, besides ...any) (digest.Delivery, error) {
	var d digest.Delivery
	var letter, owed int64
	var topics string
	err := rows.Scan(append([]any{
		&letter, &d.Reader, &d.State, &d.Attempts, &owed, &d.Fence, &d.Edition, &d.To, &d.Lang, &d.Zone, &d.Text, &topics,
	}, besides...)...)
	d.ID, d.Owed, d.Topics = pack(letter, d.Reader), moment(owed), sortedLines(topics)
	d.Key = d.Edition + "/" + strconv.FormatInt(d.Reader, 10)
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

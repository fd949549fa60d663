package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// deliveriesKept is how long it is known of each delivery what came of it. After that it is known of an edition, in
// counts, and of notices no more.
const deliveriesKept = 90 * 24 * time.Hour

// retire counts and forgets deliveries that ended long ago, in steps that nobody has to wait for. Every step leaves
// the counts right.
func (d *database) retire(ctx context.Context) error {
	before := millis(d.now().Add(-deliveriesKept))
	for _, some := range []func(context.Context, *sql.Tx, int64) (bool, error){retireSome, forgetSome} {
		for more := true; more; {
			err := d.write(ctx, func(tx *sql.Tx) (err error) {
				more, err = some(ctx, tx, before)
				return err
			})
			if err != nil {
				return fmt.Errorf("sweep up after letters: %w", err)
			}
		}
	}
	return nil
}

// forgetSome forgets the next few thousand notices that ended before a time.
func forgetSome(ctx context.Context, tx *sql.Tx, before int64) (more bool, err error) {
	const ended = ` FROM delivery WHERE due = 0 AND notice <> '' AND ended < $1`
	const query = `DELETE` + ended + ` AND ended <= (SELECT MAX(ended) FROM (SELECT ended` + ended + ` ORDER BY ended LIMIT 5000) next)`
	n, err := count(tx.ExecContext(ctx, query, before))
	return n > 0, err
}

func retireSome(ctx context.Context, tx *sql.Tx, before int64) (more bool, err error) {
	// The next few thousand of one edition, by its number and the last of their readers.
	const some = `
		SELECT COALESCE(MAX(letter), 0), COALESCE(MAX(subscriber), 0) FROM (
			SELECT letter, subscriber FROM delivery
			WHERE letter = (SELECT MIN(e.id) FROM edition e WHERE e.sealed_at < $1
				AND EXISTS (SELECT 1 FROM delivery d WHERE d.letter = e.id AND d.due = 0))
			AND due = 0 ORDER BY subscriber LIMIT 5000) next`
	const which = ` FROM delivery WHERE letter = $1 AND subscriber <= $2 AND due = 0`
	var letter, last int64
	if err := tx.QueryRowContext(ctx, some, before).Scan(&letter, &last); err != nil || letter == 0 {
		return false, err
	}
	const tell = `INSERT INTO retired (letter, state, n) SELECT letter, state, COUNT(*)` + which + `
		GROUP BY letter, state ON CONFLICT (letter, state) DO UPDATE SET n = retired.n + excluded.n`
	for _, query := range []string{tell, `DELETE` + which} {
		if _, err := tx.ExecContext(ctx, query, letter, last); err != nil {
			return false, err
		}
	}
	return true, nil
}

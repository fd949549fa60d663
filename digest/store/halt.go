package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Halt keeps the letters of an edition that have not gone out from being claimed, until [Ledger.Resume], and
// returns how many these are. What is on the wire is not called back.
func (l *Ledger) Halt(ctx context.Context, edition string) (int, error) {
	return l.halt(ctx, edition, 1)
}

// Resume lets the letters of a halted edition go, and returns how many these are.
func (l *Ledger) Resume(ctx context.Context, edition string) (int, error) {
	return l.halt(ctx, edition, 0)
}

func (l *Ledger) halt(ctx context.Context, edition string, halted int) (n int, err error) {
	id, err := l.letter(ctx, edition)
	if err != nil {
		return 0, err
	}
	err = l.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE edition SET halted = $1 WHERE id = $2", halted, id); err != nil {
			return err
		}
		if halted == 1 {
			err = putAside(ctx, tx, millis(l.now()))
		} else {
			const back = `UPDATE delivery SET due = CASE WHEN owed > $1 THEN owed ELSE $1 END
				WHERE letter = $2 AND state IN (1, 5) AND due = $3`
			if n, err = count(tx.ExecContext(ctx, back, millis(l.now()), id, int64(never))); err != nil {
				return err
			}
			return nil
		}
		if err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM delivery WHERE letter = $1 AND state IN (1, 2, 5)", id).Scan(&n)
	})
	if err != nil {
		return 0, fmt.Errorf("halt or resume %s: %w", edition, err)
	}
	return n, nil
}

// putAside takes the letters of halted editions out of what may be claimed: at once, and those whose claims were
// given back or put off since then. Without a halted edition, as on nearly every day, it costs a look at an index.
func putAside(ctx context.Context, tx *sql.Tx, now int64) error {
	const query = `UPDATE delivery SET state = CASE state WHEN 2 THEN 1 ELSE state END, due = $1
		WHERE letter IN (SELECT id FROM edition WHERE halted = 1) AND (state IN (1, 5) AND due < $1 OR state = 2 AND due <= $2)`
	_, err := tx.ExecContext(ctx, query, int64(never), now)
	return err
}

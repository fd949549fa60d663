package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Halt keeps the letters of an edition that have not gone out from being claimed, until [Archive.Resume], and
// returns how many these are. What is on the wire is not called back.
func (a *Archive) Halt(ctx context.Context, edition string) (int, error) {
	return a.halt(ctx, edition, 1)
}

// Resume lets the letters of a halted edition go, and returns how many these are.
func (a *Archive) Resume(ctx context.Context, edition string) (int, error) {
	return a.halt(ctx, edition, 0)
}

func (a *Archive) halt(ctx context.Context, edition string, halted int) (n int, err error) {
	err = a.write(ctx, func(tx *sql.Tx) error {
		var id int64
		err := tx.QueryRowContext(ctx, "UPDATE edition SET halted = $1 WHERE key = $2 RETURNING id", halted, edition).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNoEdition
		}
		if err != nil {
			return err
		}
		if halted == 0 {
			const back = `UPDATE delivery SET due = CASE WHEN owed > $1 THEN owed ELSE $1 END
				WHERE letter = $2 AND due = $3`
			n, err = count(tx.ExecContext(ctx, back, millis(a.now()), id, int64(never)))
			return err
		}
		const free = " AND (state IN (1, 5, 8) AND due > 0 OR state IN (2, 3) AND due <= $3)"
		if _, err := tx.ExecContext(ctx, aside+free, int64(never), id, millis(a.now())); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM delivery WHERE letter = $1 AND due > 0 AND state <> 3", id).Scan(&n)
	})
	if err != nil {
		return 0, fmt.Errorf("halt or resume %s: %w", edition, err)
	}
	return n, nil
}

// aside takes letters of a halted edition out of what may be claimed. What was claimed or put off when it was halted
// and is due only later, [Ledger.Claim] puts aside when it comes upon it.
const aside = `UPDATE delivery SET state = CASE state WHEN 2 THEN 1 WHEN 3 THEN 8 ELSE state END, due = $1 WHERE letter = $2`

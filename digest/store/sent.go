package store

import (
	"context"
	"fmt"
	"time"
)

// recent is how far back the editions go of which letters may still leave: a weekly's are given up before the next.
const recent = 8 * 24 * time.Hour

// Sent counts the letters of editions that were accepted since a time, and those that are claimed, by whomever. Of what
// was accepted it looks at the editions of the last days alone.
func (s *Store) Sent(ctx context.Context, since time.Time) (sent, claimed int, err error) {
	const accepted = `SELECT COUNT(*) FROM delivery WHERE state = 4 AND notice = '' AND ended >= $1
		AND letter IN (SELECT id FROM edition WHERE sealed_at >= $2)`
	const underWay = `SELECT COUNT(*) FROM delivery WHERE state IN (2, 3) AND ` + openEditions
	l := &s.Ledger
	if err = l.r.QueryRowContext(ctx, underWay).Scan(&claimed); err == nil {
		err = l.r.QueryRowContext(ctx, accepted, millis(since), millis(since.Add(-recent))).Scan(&sent)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("count the letters sent: %w", err)
	}
	return sent, claimed, nil
}

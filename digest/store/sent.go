package store

import (
	"context"
	"fmt"
	"time"
)

// SentSince counts the letters that were accepted since a time.
func (s *Store) SentSince(ctx context.Context, since time.Time) (n int, err error) {
	const query = "SELECT COUNT(*) FROM delivery WHERE state = 4 AND due >= $1 AND notice = ''"
	if err := s.Ledger.r.QueryRowContext(ctx, query, millis(since)).Scan(&n); err != nil {
		return 0, fmt.Errorf("count the letters sent: %w", err)
	}
	return n, nil
}

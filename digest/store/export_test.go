package store

import "context"

// Pragma sets one of SQLite's settings on the connection that writes.
func (s *Store) Pragma(ctx context.Context, setting string) error {
	_, err := s.Ledger.w.ExecContext(ctx, "PRAGMA "+setting)
	return err
}

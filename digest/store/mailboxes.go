package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Mailbox returns what was kept of a mailbox that is read, or an empty text.
func (n *Notebook) Mailbox(ctx context.Context, name string) (string, error) {
	var kept string
	err := n.r.QueryRowContext(ctx, "SELECT value FROM setting WHERE name = $1", mailbox(name)).Scan(&kept)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read what is known of a mailbox: %w", err)
	}
	return kept, nil
}

// KeepMailbox keeps it in place of what was kept before.
func (n *Notebook) KeepMailbox(ctx context.Context, name, kept string) error {
	const query = "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
	if _, err := n.w.ExecContext(ctx, query, mailbox(name), plain(kept)); err != nil {
		return fmt.Errorf("remember what is known of a mailbox: %w", err)
	}
	return nil
}

func mailbox(name string) string { return "mailbox " + plain(name) }

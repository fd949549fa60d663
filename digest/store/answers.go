package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"time"
)

// answersKept is how long the answers of a language model are kept: longer than any article is news.
const answersKept = 30 * 24 * time.Hour

// Recall returns the answers that are kept under these keys; what is not is left out.
func (n *Notebook) Recall(ctx context.Context, keys []string) (map[string]string, error) {
	answers := make(map[string]string, len(keys))
	for some := range slices.Chunk(keys, 500) {
		args := make([]any, len(some))
		for i, k := range some {
			args[i] = plain(k)
		}
		err := each(ctx, n.r, func(rows *sql.Rows) error {
			var key, doc string
			err := rows.Scan(&key, &doc)
			answers[key] = doc
			return err
		}, "SELECT key, doc FROM answer WHERE key IN "+places(0, 1, len(args)), args...)
		if err != nil {
			return nil, fmt.Errorf("recall what a language model answered: %w", err)
		}
	}
	return answers, nil
}

// Remember keeps answers under their keys, and forgets those of more than thirty days ago.
func (n *Notebook) Remember(ctx context.Context, answers map[string]string) error {
	now := n.now()
	err := n.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM answer WHERE kept < $1", millis(now.Add(-answersKept))); err != nil {
			return err
		}
		const query = "INSERT INTO answer (key, doc, kept) VALUES ($1, $2, $3) ON CONFLICT (key) DO UPDATE SET doc = excluded.doc, kept = excluded.kept"
		set, err := tx.PrepareContext(ctx, query)
		if err != nil {
			return err
		}
		defer set.Close()
		for _, key := range slices.Sorted(maps.Keys(answers)) {
			if _, err := set.ExecContext(ctx, plain(key), plain(answers[key]), millis(now)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("remember what a language model answered: %w", err)
	}
	return nil
}

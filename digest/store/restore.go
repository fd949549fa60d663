package store

import (
	"context"
	"database/sql"
	"fmt"

	"tidings/digest"
)

// Restore takes an edition into the archive that was sealed elsewhere, under its own key and number. Nobody is owed
// it; its articles count as printed. With [digest.ErrSealed] there is one under that key already.
func (a *Archive) Restore(ctx context.Context, e digest.Edition) error {
	return a.write(ctx, func(tx *sql.Tx) error {
		id, err := draw(ctx, tx, "letter", 1)
		if err != nil {
			return err
		}
		if err := makeRoom(ctx, tx, e.Key); err != nil {
			return err
		}
		if err := markPrinted(ctx, tx, e.Digest, id, e); err != nil {
			return fmt.Errorf("mark the articles printed: %w", err)
		}
		if err := indexNames(ctx, tx, id, e); err != nil {
			return fmt.Errorf("note the names: %w", err)
		}
		now := millis(a.now())
		if err := insertEdition(ctx, tx, record{id: id, state: Sealed, sealed: now, policy: digest.Resend}, e); err != nil {
			return err
		}
		return a.sealedStories(ctx, tx, e)
	})
}

package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/pressly/goose/v3"
)

// layLedger lays the deliveries out as the database reads them best.
func (d dialect) layLedger() *goose.Migration {
	const version = 10
	return goose.NewGoMigration(version, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
		for _, query := range d.ledger {
			if _, err := tx.ExecContext(ctx, query); err != nil {
				return fmt.Errorf("lay out the deliveries: %w", err)
			}
		}
		return nil
	}}, nil)
}

// clustered keeps SQLite's deliveries, with the columns that the migrations before gave them, in the order of their key, without the number that it would give each row: one
// tree to be searched and written where there were two.
var clustered = []string{
	"DROP INDEX delivery_edition_open",
	"DROP INDEX delivery_notice_open",
	"ALTER TABLE delivery RENAME TO delivery_before",
	`CREATE TABLE delivery (
		letter     BIGINT NOT NULL,
		subscriber BIGINT NOT NULL,
		notice     TEXT NOT NULL,
		state      INTEGER NOT NULL,
		due        BIGINT NOT NULL,
		attempts   INTEGER NOT NULL,
		fence      BIGINT NOT NULL,
		owed       BIGINT NOT NULL,
		note       TEXT NOT NULL,
		address    TEXT NOT NULL DEFAULT '',
		token      TEXT NOT NULL DEFAULT '',
		answers    TEXT NOT NULL DEFAULT '',
		ended      BIGINT NOT NULL DEFAULT 0,
		code       INTEGER NOT NULL DEFAULT 0,
		status     TEXT NOT NULL DEFAULT '',
		place      TEXT NOT NULL DEFAULT '',
		PRIMARY KEY (letter, subscriber)
	) WITHOUT ROWID`,
	"INSERT INTO delivery SELECT * FROM delivery_before ORDER BY letter, subscriber", // in the order of the columns
	"DROP TABLE delivery_before",
	"CREATE INDEX delivery_edition_open ON delivery (due) WHERE due > 0 AND notice = ''",
	"CREATE INDEX delivery_notice_open ON delivery (due) WHERE due > 0 AND notice <> ''",
}

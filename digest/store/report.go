package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"tidings/digest"
)

// Count is how many of an edition's deliveries stand alike.
type Count struct {
	State  digest.DeliveryState
	Domain string // of the readers' addresses; empty: it is not known any more
	Code   int    // of the last refusal, as in [digest.Outcome]
	Status string
	Relay  string // of sent ones, as in [digest.Outcome]
	N      int
}

// Counts counts an edition's deliveries by state, domain, last refusal and relay.
func (l *Ledger) Counts(ctx context.Context, edition string) ([]Count, error) {
	id, err := l.letter(ctx, edition)
	if err != nil {
		return nil, err
	}
	const query = `
		SELECT d.state, COALESCE(s.domain, ''), d.code, d.status, CASE WHEN d.state = 4 THEN d.place ELSE '' END, COUNT(*)
		FROM delivery d LEFT JOIN subscriber s ON s.id = d.subscriber
		WHERE d.letter = $1
		GROUP BY d.state, COALESCE(s.domain, ''), d.code, d.status, CASE WHEN d.state = 4 THEN d.place ELSE '' END
		UNION ALL SELECT state, '', 0, '', '', n FROM retired WHERE letter = $1
		ORDER BY 1, 2, 3, 4, 5`
	var all []Count
	err = each(ctx, l.r, func(rows *sql.Rows) error {
		var c Count
		err := rows.Scan(&c.State, &c.Domain, &c.Code, &c.Status, &c.Relay, &c.N)
		all = append(all, c)
		return err
	}, query, id)
	if err != nil {
		return nil, fmt.Errorf("count the deliveries of %s: %w", edition, err)
	}
	return all, nil
}

// Debt is what is still owed.
type Debt struct {
	Letters int       // that have not ended, those under way included
	Due     int       // of these, due now or under way
	Next    time.Time // when the first of the others is due; zero: there is none but of a halted edition
}

// Owing tells what is still owed of one edition, or in all when none is named.
func (l *Ledger) Owing(ctx context.Context, edition string) (Debt, error) {
	which := ""
	if edition != "" {
		id, err := l.letter(ctx, edition)
		if err != nil {
			return Debt{}, err
		}
		which = fmt.Sprintf(" AND delivery.letter = %d", id)
	}
	var all Debt
	for _, open := range []string{openNotices, openEditions} {
		query := `SELECT COUNT(*), COUNT(CASE WHEN state IN (2, 3) OR due <= $1 THEN 1 END),
			COALESCE(MIN(CASE WHEN state IN (2, 3) OR due <= $1 THEN NULL ELSE due END), 0)
			FROM delivery WHERE ` + open + which
		var d Debt
		var next int64
		if err := l.r.QueryRowContext(ctx, query, millis(l.now())).Scan(&d.Letters, &d.Due, &next); err != nil {
			return Debt{}, fmt.Errorf("count what is owed: %w", err)
		}
		all.Letters, all.Due = all.Letters+d.Letters, all.Due+d.Due
		if at := moment(next); !at.IsZero() && (all.Next.IsZero() || at.Before(all.Next)) {
			all.Next = at
		}
	}
	return all, nil
}

// ErrNoBackup says that the database is another program's to back up.
var ErrNoBackup = errors.New("PostgreSQL makes its own backups; use pg_dump, which may run while letters go out")

// Backup writes a copy of the store, as it is at this moment, into a new file that only its owner may read.
// Everything else goes on meanwhile. On PostgreSQL it is [ErrNoBackup].
func (s *Store) Backup(ctx context.Context, path string) error {
	d := s.Archive.database
	if d.path == "" {
		return ErrNoBackup
	}
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s is there already; name another file or remove it", path)
	}
	part := path + ".part" // so that half a copy is never taken for a whole one
	f, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	err = d.copyTo(ctx, part)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		return fmt.Errorf("back up %s: %w", d.url, errors.Join(err, os.Remove(part)))
	}
	return nil
}

// copyTo fills an empty file. It has a connection of its own: those of the store that read may not write elsewhere
// either.
func (d *database) copyTo(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", sqliteName(d.path, map[string][]string{"_busy_timeout": {"60000"}}))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO $1", path)
	return errors.Join(err, db.Close())
}

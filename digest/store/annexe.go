package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Annexe is room beside our tables in a PostgreSQL, for who keeps tables of his own there and writes to them in our
// transactions. [Store.Annexe] opens it; close it when done.
type Annexe struct {
	db     *sql.DB
	listen *pgxpool.Pool
}

// Annexe opens the annexe; nil, and no error, on SQLite, which has none.
func (s *Store) Annexe(ctx context.Context) (*Annexe, error) {
	d := s.Archive.database
	if d.path != "" {
		return nil, nil
	}
	config, err := pgxpool.ParseConfig(d.address)
	if err != nil {
		return nil, fmt.Errorf("store %s: the address cannot be read", d.url)
	}
	config.MinConns, config.MaxConns, config.AfterConnect = 0, 1, mortal
	listen, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", d.url, err)
	}
	return &Annexe{d.w, listen}, nil
}

// Now returns what the clock of PostgreSQL shows.
func (a *Annexe) Now(ctx context.Context) (time.Time, error) {
	var ms int64
	err := a.db.QueryRowContext(ctx, "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)").Scan(&ms)
	if err != nil {
		return time.Time{}, fmt.Errorf("ask PostgreSQL for the time: %w", err)
	}
	return time.UnixMilli(ms), nil
}

// Close closes what the annexe has of its own.
func (a *Annexe) Close() { a.listen.Close() }

// Handles returns the store's own handle, and one session in the same schema, for LISTEN.
func (a *Annexe) Handles() (*sql.DB, *pgxpool.Pool) { return a.db, a.listen }

// Build runs do while nobody else builds tables, neither there nor here.
func (a *Annexe) Build(ctx context.Context, do func() error) (err error) {
	conn, err := a.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := (oneMigrates{}).SessionLock(ctx, conn); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, oneMigrates{}.SessionUnlock(context.WithoutCancel(ctx), conn)) }()
	return do()
}

// AtSeal makes every seal that owes letters call do with their number before it commits; an error undoes the seal.
// Where the transaction has to be run again, do is called again. It is to be set before anything is sealed.
func (a *Archive) AtSeal(do func(ctx context.Context, tx *sql.Tx, owed int) error) { a.atSeal = do }

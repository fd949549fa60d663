package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// ErrOccupied says that nothing can be moved into a store, since it has something.
var ErrOccupied = errors.New("it is not empty")

// Moved is how many rows of a table were moved.
type Moved struct {
	Table string
	Rows  int
}

// Move copies all that is remembered here into another store, which has to be empty: all of it or, on any error,
// nothing. It needs little memory, whatever there is. Who wants to write here meanwhile waits, and neither store may be
// sent from: letters that are owed would go out from both. Then the error is [ErrSending]; with anything in the other
// store it is [ErrOccupied]. Told hears of every table that is done; it may be nil.
//
// Numbers and secrets are the same there, so that links in letters that were sent stay valid. The index of words is made
// anew, as each of the two databases has its own kind.
func (s *Store) Move(ctx context.Context, to *Store, told func(Moved)) error {
	from, into := s.Archive.database, to.Archive.database
	tables, err := tableNames()
	if err != nil {
		return err
	}
	if err := into.vacant(ctx, into.r, tables); err != nil {
		return fmt.Errorf("store %s: %w", into.url, err)
	}
	for _, d := range []*database{from, into} {
		leave, err := d.alone(ctx)
		if err != nil {
			return fmt.Errorf("store %s: %w", d.url, err)
		}
		defer leave()
	}
	return from.write(ctx, func(source *sql.Tx) error {
		if err := from.still(ctx, source, tables); err != nil {
			return fmt.Errorf("store %s: %w", from.url, err)
		}
		return into.write(ctx, func(target *sql.Tx) error {
			if err := into.vacant(ctx, target, tables); err != nil {
				return fmt.Errorf("store %s: %w", into.url, err)
			}
			for _, table := range tables {
				rows, err := copyTable(ctx, source, target, table)
				if err != nil {
					return fmt.Errorf("move the table %s: %w", table, err)
				}
				if told != nil {
					told(Moved{table, rows})
				}
			}
			return indexAll(ctx, target, into.dialect)
		})
	})
}

var tableMade = regexp.MustCompile(`(?m)^CREATE TABLE (\w+)`)

// tableNames returns the names of all our tables, in the order in which they are made, so that none refers to a later
// one. The migrations are the one text that tells them for both databases.
func tableNames() ([]string, error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	var names []string
	for _, file := range files {
		text, err := migrations.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, made := range tableMade.FindAllSubmatch(text, -1) {
			names = append(names, string(made[1]))
		}
	}
	return names, nil
}

// vacant finds out whether a store remembers nothing yet. A new one has its counters, at nought.
func (d *database) vacant(ctx context.Context, q queryer, tables []string) error {
	for _, table := range tables {
		query := "SELECT COUNT(*) FROM " + table
		if table == "counter" {
			query += " WHERE last > 0"
		}
		var rows int
		if err := q.QueryRowContext(ctx, query).Scan(&rows); err != nil {
			return err
		}
		if rows > 0 {
			return fmt.Errorf("%w (rows in the table %s: %d); name a store that nothing was ever kept in", ErrOccupied, table, rows)
		}
	}
	return nil
}

// still keeps everybody else from writing until the transaction ends. On SQLite beginning it was enough.
func (d *database) still(ctx context.Context, tx *sql.Tx, tables []string) error {
	if d.path != "" {
		return nil
	}
	_, err := tx.ExecContext(ctx, "LOCK TABLE "+strings.Join(tables, ", ")+" IN SHARE MODE")
	return err
}

// How much is written by one statement at most: of long ones both databases take ever longer to read each value.
const (
	rowsAtOnce  = 50
	bytesAtOnce = 1 << 20
)

// copyTable copies a table's rows, and makes sure that they are all there.
func copyTable(ctx context.Context, from, to *sql.Tx, table string) (int, error) {
	if table == "counter" { // a new store has those at nought
		if _, err := to.ExecContext(ctx, "DELETE FROM counter"); err != nil {
			return 0, err
		}
	}
	rows, err := from.QueryContext(ctx, "SELECT * FROM "+table)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	b := bundle{tx: to, table: table, columns: columns}
	for rows.Next() {
		row := make([]any, len(columns))
		for i := range row {
			row[i] = new(any)
		}
		if err := rows.Scan(row...); err != nil {
			return 0, err
		}
		if err := b.add(ctx, row); err != nil {
			return 0, err
		}
	}
	if err := errors.Join(rows.Err(), b.flush(ctx)); err != nil {
		return 0, err
	}
	var there int
	if err := to.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+table).Scan(&there); err != nil {
		return 0, err
	}
	if there != b.total {
		return 0, fmt.Errorf("%d rows were read and %d are there", b.total, there)
	}
	return b.total, nil
}

// bundle collects rows until they are worth a statement.
type bundle struct {
	tx      *sql.Tx
	table   string
	columns []string

	values            []any
	rows, size, total int
	query             string // for as many rows as the last statement had
	fits              int
}

// add takes the values of a row, each behind a pointer.
func (b *bundle) add(ctx context.Context, row []any) error {
	for _, cell := range row {
		value := *cell.(*any)
		if text, ok := value.([]byte); ok {
			value = string(text)
		}
		if text, ok := value.(string); ok {
			b.size += len(text)
			value = plain(text)
		}
		b.values = append(b.values, value)
	}
	b.rows++
	if b.rows < rowsAtOnce && b.size < bytesAtOnce {
		return nil
	}
	return b.flush(ctx)
}

func (b *bundle) flush(ctx context.Context) error {
	if b.rows == 0 {
		return nil
	}
	if b.fits != b.rows {
		b.query = "INSERT INTO " + b.table + " (" + strings.Join(b.columns, ", ") + ") VALUES " + places(0, b.rows, len(b.columns))
		b.fits = b.rows
	}
	if _, err := b.tx.ExecContext(ctx, b.query, b.values...); err != nil {
		return err
	}
	b.total += b.rows
	b.values, b.rows, b.size = b.values[:0], 0, 0
	return nil
}

// alone makes sure that nobody sends, nor begins to, until leave is called; where somebody does, the error is
// [ErrSending].
func (d *database) alone(ctx context.Context) (leave func() error, err error) {
	if d.path == "" {
		return d.alonePostgres(ctx)
	}
	db, err := sql.Open("sqlite", sqliteName(d.path+".lock", url.Values{"_busy_timeout": {"0"}}))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	const busy = 5
	if _, err = db.ExecContext(ctx, "BEGIN EXCLUSIVE; PRAGMA user_version = 1"); err == nil {
		return db.Close, nil
	}
	if sqliteCode(err)&0xff == busy {
		err = ErrSending
	}
	return nil, errors.Join(unlockable(d.path+".lock", err), db.Close())
}

func (d *database) alonePostgres(ctx context.Context) (leave func() error, err error) {
	conn, err := d.w.Conn(ctx)
	if err != nil {
		return nil, err
	}
	alone := false
	err = conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1, "+schema+")", lockSend).Scan(&alone)
	if err == nil && !alone {
		err = ErrSending
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return func() error {
		return errors.Join(advise(context.WithoutCancel(ctx), conn, "pg_advisory_unlock"), conn.Close())
	}, nil
}

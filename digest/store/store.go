// Package store is the memory of Tidings: one SQL text for SQLite and PostgreSQL.
//
// It promises that what a method has returned without error is on the disk, and that what belongs together
// is there together or not at all: an edition with its printed articles and everything that is owed for it,
// a subscriber with the notices owed to him. A letter is owed once for ever; a claimed one belongs to one
// owner until its lease ends; nobody else can settle it.
//
// What became of each letter is known for three months, and after that how many of an edition were sent, failed or
// skipped. On SQLite one process sends at a time; on PostgreSQL any number do.
//
// It refuses to decide. Which article is news, who may become active and when to try again is told to it;
// it looks at no clock but the one it is given, and makes up no secret.
//
// It stores articles under their id and feed; what is printed under digest and article; editions and quiet slots
// under their key; printed stories, and the words in them, under their edition; deliveries under the number of
// their letter and the reader's; subscribers and what they wish under their address, and the forgotten under a
// keyed hash of it; mail that was acted on under its mark; marks under the source's URL; settings under their
// name; what language models answered under a hash of the question, for thirty days. Articles and editions are
// JSON that the database never looks into.
// Times are milliseconds since 1970, 0 means not known.
//
// The SQL keeps to what both databases read alike: $1 placeholders, TEXT, BIGINT and INTEGER, no clock, no
// casts but to BIGINT, no JSON and no arrays. What differs is in dialect.go, how SQLite keeps deliveries in layout.go,
// and how PostgreSQL is told of many at once in postgres.go.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"tidings/digest"
	"tidings/subscribers"
)

// Store remembers. [Open] makes one; its methods may be called from many goroutines.
type Store struct {
	Archive
	Shelf
	Ledger
	Readers
	Notebook
}

// Archive is what was gathered and what was printed.
type Archive struct{ *database }

// Readers are the subscribers, and the notices owed to them.
type Readers struct{ *database }

// Notebook holds the marks of sources, secrets, what is known of mailboxes, and what language models answered.
type Notebook struct{ *database }

// The parts are what their users say they need.
var (
	_ digest.Archive    = (*Archive)(nil)
	_ subscribers.Store = (*Readers)(nil)
)

// database is what the parts share.
type database struct {
	url     string // as given to Open, without a password
	path    string // of the SQLite file; empty on PostgreSQL
	address string // of PostgreSQL, with the password
	dialect dialect
	now     func() time.Time

	// Writers queue for w, which on SQLite is one connection: they wait their turn in order there, instead of
	// polling the file's lock. Readers never wait for them.
	w, r *sql.DB

	atSeal func(ctx context.Context, tx *sql.Tx, owed int) error // see [Archive.AtSeal]; may be nil
}

// Close ends all connections. Nothing may be under way.
func (s *Store) Close() error { return s.Archive.close() }

func (d *database) close() error {
	if d.r == d.w {
		return d.w.Close()
	}
	return errors.Join(d.r.Close(), d.w.Close())
}

// within finds in a context the transaction of a database that everything joins which is done with it.
type within struct{ *database }

// write runs do in one transaction. Where the database picked it as the victim of a deadlock it runs again,
// so do must set what it returns and not add to it.
func (d *database) write(ctx context.Context, do func(*sql.Tx) error) error {
	if tx, ok := ctx.Value(within{d}).(*sql.Tx); ok {
		return do(tx)
	}
	const tries = 5
	for try := 1; ; try++ {
		err := d.once(ctx, do)
		if err == nil || try == tries || !d.dialect.victim(err) {
			return err
		}
	}
}

func (d *database) once(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := d.w.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after the commit
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// draw takes n numbers of a kind and returns the first. On PostgreSQL the counter's row is locked until the
// transaction ends, so those who draw the same kind follow one another.
func draw(ctx context.Context, tx *sql.Tx, kind string, n int) (int64, error) {
	var last int64
	err := tx.QueryRowContext(ctx, "UPDATE counter SET last = last + $1 WHERE name = $2 RETURNING last", n, kind).Scan(&last)
	if err != nil {
		return 0, fmt.Errorf("draw a number for a %s: %w", kind, err)
	}
	return last - int64(n) + 1, nil
}

// each runs a query and calls scan for every row.
func each(ctx context.Context, q queryer, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	return scanAll(rows, err, scan)
}

// scanAll calls scan for every row of a query that was made, and closes it.
func scanAll(rows *sql.Rows, err error, scan func(*sql.Rows) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// queryer is a database or a transaction.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// places returns "($1, $2), ($3, $4)" for rows of that many columns, counted on after the given number.
func places(after, rows, columns int) string {
	var b strings.Builder
	for r := range rows {
		if r > 0 {
			b.WriteString(", ")
		}
		for c := range columns {
			b.WriteString([]string{"(", ", "}[min(c, 1)])
			fmt.Fprintf(&b, "$%d", after+r*columns+c+1)
		}
		b.WriteByte(')')
	}
	return b.String()
}

// millis is how a time is stored; an unknown one is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// moment is the time that was stored, in UTC.
func moment(ms int64) time.Time {
	if ms == 0 || ms == never {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// flag is how a yes or no is stored.
func flag(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// plain makes text from outside fit for a column: PostgreSQL takes neither broken UTF-8 nor a zero byte, and
// one odd answer of a mail server must not keep a letter unsettled for ever.
func plain(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

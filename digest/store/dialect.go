package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"

	"tidings/digest"
)

// dialect is all in which the two databases differ.
type dialect struct {
	goose   goose.Dialect
	mine    string           // ends the SELECT of a row that is about to be changed
	alone   string           // waits until nobody else changes the person with the address $1; empty: nobody can
	taken   func(error) bool // a unique key exists already
	victim  func(error) bool // the transaction was undone for another's sake; it may be run again
	passing func(error) bool // the database is locked, full or away; waiting may help

	claim  func(ctx context.Context, c *claiming, n int, letter int64) error // finds and leases what is due
	commit func(context.Context, *Ledger, []*line) error                     // writes lines of the ledger in one transaction

	// Runs a statement of [claiming.each] for any deliveries; nil: they are named one by one.
	change func(ctx context.Context, tx *sql.Tx, statement string, value, now int64, all []digest.Delivery) error

	// Hears in a sealing transaction how many letters it owes; nil: need not.
	owed func(ctx context.Context, tx *sql.Tx, n int) error

	migration []goose.ProviderOption
	ledger    []string // lay the table of deliveries out anew, as it is best read

	search []string                     // make the index of words
	index  string                       // puts the words $2 of the story $1 into it
	found  string                       // says of a story s that the query ? finds it
	words  func([]string) string        // writes words for the index
	query  func([]digest.Phrase) string // writes a query
}

// mostFound bounds how many stories with a common word are put into order: of more, those that were sealed first
// are left out.
const mostFound = "20000"

// onSQLite needs no locking of rows, since writers follow one another.
func onSQLite() dialect {
	return dialect{
		goose: goose.DialectSQLite3,
		taken: func(err error) bool {
			const primaryKey, unique = 1555, 2067
			return sqliteCode(err) == primaryKey || sqliteCode(err) == unique
		},
		victim: func(error) bool { return false },
		passing: func(err error) bool {
			const busy, inputOutput, full = 5, 10, 13
			return slices.Contains([]int{busy, inputOutput, full}, sqliteCode(err)&0xff)
		},
		claim:  claimFound,
		commit: commitEach,
		ledger: clustered,
		search: []string{"CREATE VIRTUAL TABLE story_text USING fts5 (words, content = '')"},
		index:  "INSERT INTO story_text (rowid, words) VALUES ($1, $2)",
		found:  "s.id IN (SELECT rowid FROM story_text WHERE story_text MATCH ? ORDER BY rowid DESC LIMIT " + mostFound + ")",
		words:  func(words []string) string { return strings.Join(words, " ") },
		query:  func(p []digest.Phrase) string { return quoted(p, " AND ", `"`, " ", `"`, " *") },
	}
}

// onPostgres passes over the rows that another daemon is claiming, and lets one daemon migrate at a time.
func onPostgres() dialect {
	return dialect{
		goose:     goose.DialectPostgres,
		mine:      " FOR UPDATE OF s",
		alone:     "SELECT pg_advisory_xact_lock(" + schema + ", hashtext($1))",
		taken:     func(err error) bool { return postgresCode(err) == "23505" },
		victim:    func(err error) bool { return postgresCode(err) == "40P01" || postgresCode(err) == "40001" },
		passing:   away,
		claim:     claimLocked,
		commit:    commitAtOnce,
		change:    changeAtOnce,
		owed:      countAnew,
		migration: []goose.ProviderOption{goose.WithSessionLocker(oneMigrates{})},
		ledger:    roomy,
		search: []string{
			"CREATE TABLE story_text (id BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)",
			"CREATE INDEX story_text_words ON story_text USING GIN (words)",
		},
		index: "INSERT INTO story_text (id, words) VALUES ($1, CAST(CAST($2 AS TEXT) AS TSVECTOR))",
		found: "s.id IN (SELECT id FROM story_text WHERE words @@ CAST(CAST(? AS TEXT) AS TSQUERY) ORDER BY id DESC LIMIT " + mostFound + ")",
		words: vector,
		query: func(p []digest.Phrase) string { return quoted(p, " & ", "'", "' <-> '", "'", ":*") },
	}
}

// commitEach runs prepared statements one after the other: SQLite is in this process. Only the beginning of the
// transaction may wait, for another process's; what follows is not worth the goroutine with which the driver watches
// a context for each statement.
func commitEach(ctx context.Context, l *Ledger, lines []*line) error {
	return l.once(ctx, func(tx *sql.Tx) error {
		ctx := context.WithoutCancel(ctx)
		var own [len(statements)]*sql.Stmt
		for _, n := range lines {
			if own[n.statement] == nil {
				own[n.statement] = tx.StmtContext(ctx, l.prepared[n.statement])
			}
			met, err := count(own[n.statement].ExecContext(ctx, n.args...))
			if err != nil {
				return err
			}
			n.met = met == 1
		}
		return nil
	})
}

// away reports whether PostgreSQL is not there or not able: the connection broke, it shuts down or starts, has too
// many guests or a full disk, or may only read for now.
func away(err error) bool {
	if code := postgresCode(err); code != "" {
		return code[:2] == "08" || code[:2] == "53" || code[:2] == "57" || code == "25006"
	}
	var network net.Error
	return pgconn.SafeToRetry(err) || errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, driver.ErrBadConn) || errors.As(err, new(*pgconn.ConnectError))
}

// vector writes words as PostgreSQL writes them itself, each with its position: its parser, which takes numbers and
// hyphens for more than they are, is not asked.
func vector(words []string) string {
	var b strings.Builder
	for i, w := range words {
		fmt.Fprintf(&b, "'%s':%d ", w, i+1)
	}
	return b.String()
}

// PostgreSQL's advisory locks that we take, of the session. The second half of their names is the schema, so
// that two houses in one database do not meet.
const (
	lockSend    = 0x746901
	lockMigrate = 0x746902
	schema      = "hashtext(current_schema())"
)

// oneMigrates lets one daemon migrate at a time. goose has such a lock of its own; that one looks again every
// few seconds where this one waits in line.
type oneMigrates struct{}

func (oneMigrates) SessionLock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1, "+schema+")", lockMigrate)
	return err
}

func (oneMigrates) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1, "+schema+")", lockMigrate)
	return err
}

func sqliteCode(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

func postgresCode(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// openSQLite returns a handle that writes and one that reads. Settings are in the name of the data source,
// so that every connection has them. A writer of another process may need a while (a seal of a million
// readers, a long import); waiting is better than losing an outcome.
func openSQLite(path string) (w, r *sql.DB, err error) {
	settings := url.Values{
		"_busy_timeout": {"60000"},
		"_foreign_keys": {"on"},
		"_journal_mode": {"wal"},
		"_synchronous":  {"full"},
		"_query_only":   {"on"},
	}
	if r, err = sql.Open("sqlite", sqliteName(path, settings)); err != nil {
		return nil, nil, err
	}
	r.SetMaxOpenConns(4)
	settings.Del("_query_only")
	settings.Set("_txlock", "immediate")
	if w, err = sql.Open("sqlite", sqliteName(path, settings)); err != nil {
		return nil, nil, err
	}
	w.SetMaxOpenConns(1)
	return w, r, nil
}

// sqliteName is the data source's name for a file, whatever letters its path has.
func sqliteName(path string, settings url.Values) string {
	u := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path), RawQuery: settings.Encode()}
	return u.String()
}

// openPostgres returns one handle for both.
func openPostgres(c *pgx.ConnConfig) *sql.DB {
	db := stdlib.OpenDB(*c, stdlib.OptionAfterConnect(mortal))
	db.SetMaxOpenConns(16)
	db.SetMaxIdleConns(16)
	return db
}

// mortal makes the server end a session whose client is not heard of any more, as when a machine loses its power or
// its network: what that had locked would otherwise be locked for the two hours that TCP waits. It is not said as the
// session begins, where poolers take only what they know.
func mortal(ctx context.Context, conn *pgx.Conn) error {
	const settings = `SET idle_in_transaction_session_timeout = '20s'; SET tcp_user_timeout = '30s';
		SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 4`
	_, err := conn.PgConn().Exec(ctx, settings).ReadAll()
	return err
}

package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Attend makes this process known as one that sends, until leave is called or the process dies, however it
// does. Whoever claims must attend first. When no other process does, those who claimed before are dead:
// their claims fall due now, and what they had on the wire becomes uncertain.
func (l *Ledger) Attend(ctx context.Context) (leave func() error, err error) {
	attend := l.attendSQLite
	if l.path == "" {
		attend = l.attendPostgres
	}
	if leave, err = attend(ctx); err != nil {
		return nil, fmt.Errorf("store %s: begin to send: %w", l.url, err)
	}
	return leave, nil
}

// release takes the claims back from those who are gone.
func (l *Ledger) release(ctx context.Context) error {
	now := millis(l.now())
	err := l.write(ctx, func(tx *sql.Tx) error {
		if _, err := doubtAll(ctx, tx, now, never); err != nil {
			return err
		}
		for _, open := range []string{openNotices, openEditions} {
			query := `UPDATE delivery SET due = $1 WHERE ` + open + ` AND state = 2 AND due > $1`
			if _, err := tx.ExecContext(ctx, query, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("release the claims of earlier runs: %w", err)
	}
	return nil
}

// attendSQLite holds a shared lock on a file of its own. SQLite's locks are the operating system's: they end
// with the process. Who can have the file for itself first is alone. Between the two locks another process
// may have it for itself; it does no harm, since we have claimed nothing yet.
func (l *Ledger) attendSQLite(ctx context.Context) (leave func() error, err error) {
	db, err := sql.Open("sqlite", sqliteName(l.path+".lock", url.Values{"_busy_timeout": {"0"}}))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	// On a file that we may only read BEGIN EXCLUSIVE locks nothing and is content; only a write tells.
	_, err = db.ExecContext(ctx, "BEGIN EXCLUSIVE; PRAGMA user_version = 1")
	const busy = 5
	switch {
	case err == nil:
		err = l.release(ctx)
		_, ended := db.ExecContext(context.WithoutCancel(ctx), "COMMIT")
		err = errors.Join(err, ended)
	case sqliteCode(err)&0xff == busy:
		err = nil
	}
	for _, step := range []string{"PRAGMA busy_timeout = 60000", "BEGIN", "SELECT COUNT(*) FROM sqlite_master"} {
		if err == nil {
			_, err = db.ExecContext(context.WithoutCancel(ctx), step)
		}
	}
	if err != nil {
		return nil, errors.Join(unlockable(l.path+".lock", err), db.Close())
	}
	return db.Close, nil
}

// unlockable says what to do about a lock file that cannot be one, such as another user's.
func unlockable(file string, err error) error {
	const readOnly, cannotOpen, notADatabase = 8, 14, 26
	if slices.Contains([]int{readOnly, cannotOpen, notADatabase}, sqliteCode(err)&0xff) {
		return fmt.Errorf("%s is of no use; let this user write it, or remove it while nothing else sends: %w", file, err)
	}
	return err
}

// attendPostgres holds a shared advisory lock of the session, on a connection that does nothing else. Who can
// have the lock for himself first is alone.
func (l *Ledger) attendPostgres(ctx context.Context) (leave func() error, err error) {
	l.present.Lock()
	defer l.present.Unlock()
	if l.attending > 0 { // we are known already
		l.attending++
		return sync.OnceValue(l.leavePostgres), nil
	}
	conn, err := l.w.Conn(ctx)
	if err != nil {
		return nil, err
	}
	alone := false
	err = conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1, "+schema+")", lockSend).Scan(&alone)
	if alone {
		err = l.release(ctx)
	}
	if err == nil {
		err = advise(ctx, conn, "pg_advisory_lock_shared")
	}
	if alone {
		err = errors.Join(err, advise(ctx, conn, "pg_advisory_unlock"))
	}
	if err != nil {
		drop(conn)
		return nil, err
	}
	l.attending, l.presence = 1, conn
	return sync.OnceValue(l.leavePostgres), nil
}

func (l *Ledger) leavePostgres() error {
	l.present.Lock()
	defer l.present.Unlock()
	if l.attending--; l.attending > 0 || l.presence == nil {
		return nil
	}
	conn := l.presence
	l.presence = nil
	ctx, cancel := context.WithTimeout(context.Background(), prompt)
	defer cancel()
	if err := advise(ctx, conn, "pg_advisory_unlock_shared"); err != nil {
		drop(conn)
		return fmt.Errorf("store %s: cease to send: %w", l.url, err)
	}
	return conn.Close()
}

// prompt is how soon a server answers that is there.
const prompt = 10 * time.Second

// stay makes sure, before each claim, that PostgreSQL still knows us as one that sends: a session ends with
// its connection, as when the server restarts, and its locks end with it. A caller who gives up must not end
// it: letters of earlier claims may still be on the wire.
func (l *Ledger) stay(ctx context.Context) error {
	l.present.Lock()
	defer l.present.Unlock()
	if err := ctx.Err(); err != nil || l.attending == 0 {
		return err
	}
	if l.presence != nil {
		ping, cancel := context.WithTimeout(context.WithoutCancel(ctx), prompt)
		defer cancel()
		if l.presence.PingContext(ping) == nil {
			return nil
		}
		drop(l.presence)
		l.presence = nil
	}
	conn, err := l.w.Conn(ctx)
	if err != nil {
		return err
	}
	if err := advise(context.WithoutCancel(ctx), conn, "pg_advisory_lock_shared"); err != nil {
		drop(conn)
		return err
	}
	l.presence = conn
	return nil
}

// drop ends a connection, and with it the locks of its session; in the pool it would keep them.
func drop(conn *sql.Conn) { _ = conn.Raw(func(any) error { return driver.ErrBadConn }) }

// advise calls one of PostgreSQL's functions on our lock.
func advise(ctx context.Context, conn *sql.Conn, function string) error {
	_, err := conn.ExecContext(ctx, "SELECT "+function+"($1, "+schema+")", lockSend)
	return err
}

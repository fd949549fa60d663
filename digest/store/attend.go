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

// presence is by what other processes know that this one sends.
type presence struct {
	*database

	present   sync.Mutex
	attending int          // how often
	session   *sql.Conn    // that has the lock on PostgreSQL; nil while it is lost
	still     func()       // ends the heartbeat on PostgreSQL
	unlock    func() error // on SQLite
}

// A daemon on PostgreSQL looks every heartbeat whether its session is still there, and takes the lock again if not. Who
// finds nobody else there looks again after a while: one whose session was cut is not dead.
const (
	heartbeat = time.Second
	lookAgain = 3 * heartbeat
)

// ErrSending says that another process sends from the same file.
var ErrSending = errors.New("another process sends from this store")

// Attend makes this process known as one that sends, until leave is called or the process dies, however it
// does. Whoever claims must attend first. On PostgreSQL any number of processes may; on SQLite one, and the error
// is [ErrSending] for the others. When no other process attends, those who claimed before are dead: their claims
// fall due now, and what they had on the wire becomes uncertain. Parts of one process attend together.
func (l *presence) Attend(ctx context.Context) (leave func() error, err error) {
	l.present.Lock()
	defer l.present.Unlock()
	begin := l.attendSQLite
	if l.path == "" {
		begin = l.attendPostgres
	}
	if l.attending == 0 {
		err = begin(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("store %s: begin to send: %w", l.url, err)
	}
	l.attending++
	return sync.OnceValue(l.leave), nil
}

// leave ends one attendance, and with the last the lock.
func (l *presence) leave() error {
	l.present.Lock()
	defer l.present.Unlock()
	if l.attending--; l.attending > 0 {
		return nil
	}
	if l.path != "" {
		return l.unlock()
	}
	return l.leavePostgres()
}

// release takes the claims back from those who are gone. Who let his lease end before that, [Ledger.Claim] sees to.
func (l *presence) release(ctx context.Context) error {
	now := millis(l.now())
	err := l.write(ctx, func(tx *sql.Tx) error {
		for _, open := range []string{openNotices, openEditions} {
			const free = `UPDATE delivery SET due = $1 WHERE state = 2 AND due > $1 AND `
			const wonder = `UPDATE delivery SET state = 8, due = CASE WHEN ` + held + ` THEN 0 ELSE CAST($1 AS BIGINT) END,
				ended = CASE WHEN ` + held + ` THEN CAST($1 AS BIGINT) ELSE 0 END, note = '` + stopped + `' WHERE state = 3 AND due > $1 AND `
			for _, query := range []string{free, wonder} {
				if _, err := tx.ExecContext(ctx, query+open, now); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("release the claims of earlier runs: %w", err)
	}
	return nil
}

// attendSQLite holds a lock on a file of its own. SQLite's locks are the operating system's: they end with the
// process.
func (l *presence) attendSQLite(ctx context.Context) error {
	db, err := sql.Open("sqlite", sqliteName(l.path+".lock", url.Values{"_busy_timeout": {"0"}}))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	// On a file that we may only read BEGIN EXCLUSIVE locks nothing and is content; only a write tells. What is
	// written while the lock is held would have to be undone after a crash.
	_, err = db.ExecContext(ctx, "BEGIN EXCLUSIVE; PRAGMA user_version = 1; COMMIT; BEGIN EXCLUSIVE")
	const busy = 5
	if sqliteCode(err)&0xff == busy {
		return errors.Join(ErrSending, db.Close())
	}
	if err == nil {
		err = l.release(ctx)
	}
	if err != nil {
		return errors.Join(unlockable(l.path+".lock", err), db.Close())
	}
	l.unlock = db.Close
	return nil
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
// have the lock for himself first, and again a moment later, is alone. He looks only where somebody claimed something.
func (l *presence) attendPostgres(ctx context.Context) error {
	conn, err := l.w.Conn(ctx)
	if err != nil {
		return err
	}
	alone, err := l.alone(ctx, conn)
	if alone && err == nil {
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
		return err
	}
	l.session = conn
	beating, still := context.WithCancel(context.WithoutCancel(ctx))
	l.still = still
	go l.beat(beating)
	return nil
}

// alone takes the lock for itself alone, and reports whether it got it: nobody else sends, and there is something that
// somebody claimed.
func (l *presence) alone(ctx context.Context, conn *sql.Conn) (alone bool, err error) {
	for try := 1; ; try++ {
		err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1, "+schema+")", lockSend).Scan(&alone)
		if err != nil || !alone || try == 2 {
			return alone, err
		}
		if alone, err = l.claimed(ctx); err != nil || !alone {
			return false, errors.Join(err, advise(ctx, conn, "pg_advisory_unlock"))
		}
		if err := advise(ctx, conn, "pg_advisory_unlock"); err != nil {
			return false, err
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(lookAgain):
		}
	}
}

// claimed reports whether anything is claimed for longer than until now.
func (l *presence) claimed(ctx context.Context) (some bool, err error) {
	const query = `SELECT EXISTS (SELECT 1 FROM delivery WHERE state IN (2, 3) AND due > $1 AND ` + openNotices + `)
		OR EXISTS (SELECT 1 FROM delivery WHERE state IN (2, 3) AND due > $1 AND ` + openEditions + `)`
	err = l.r.QueryRowContext(ctx, query, millis(l.now())).Scan(&some)
	return some, err
}

// beat sees to it that a lost session is replaced at once.
func (l *presence) beat(ctx context.Context) {
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_ = l.keep(ctx, 2*heartbeat) // what does not succeed is tried again, and before each claim
		}
	}
}

func (l *presence) leavePostgres() error {
	l.still()
	if l.session == nil {
		return nil
	}
	conn := l.session
	l.session = nil
	ctx, cancel := context.WithTimeout(context.Background(), parting)
	defer cancel()
	if err := advise(ctx, conn, "pg_advisory_unlock_shared"); err != nil {
		drop(conn)
		return fmt.Errorf("store %s: cease to send: %w", l.url, err)
	}
	return conn.Close()
}

// How soon a server answers that is there, and how long we wait for it when we end: it will notice.
const (
	prompt  = 10 * time.Second
	parting = 2 * time.Second
)

// stay makes sure, before each claim, that PostgreSQL still knows us as one that sends: a session ends with
// its connection, as when the server restarts, and its locks end with it. A caller who gives up must not end
// it: letters of earlier claims may still be on the wire.
func (l *presence) stay(ctx context.Context) error { return l.keep(ctx, prompt) }

// keep does so within a time.
func (l *presence) keep(ctx context.Context, within time.Duration) error {
	l.present.Lock()
	defer l.present.Unlock()
	if err := ctx.Err(); err != nil || l.attending == 0 || l.path != "" {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
	defer cancel()
	if l.session != nil {
		if l.session.PingContext(ctx) == nil {
			return nil
		}
		drop(l.session)
		l.session = nil
	}
	conn, err := l.w.Conn(ctx)
	if err != nil {
		return err
	}
	if err := advise(ctx, conn, "pg_advisory_lock_shared"); err != nil {
		drop(conn)
		return err
	}
	l.session = conn
	return nil
}

// drop ends a connection, and with it the locks of its session; in the pool it would keep them.
func drop(conn *sql.Conn) { _ = conn.Raw(func(any) error { return driver.ErrBadConn }) }

// advise calls one of PostgreSQL's functions on our lock.
func advise(ctx context.Context, conn *sql.Conn, function string) error {
	_, err := conn.ExecContext(ctx, "SELECT "+function+"($1, "+schema+")", lockSend)
	return err
}

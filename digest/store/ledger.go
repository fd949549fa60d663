package store

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"

	"tidings/digest"
)

// Ledger is what is owed and what came of it.
//
// Handing a letter over and settling its outcome wait for the disk, and nearly all of their cost is that
// wait; so those who come at one time share one commit. There is no goroutine in it: who comes first writes
// for all that wait, wakes them, and passes the pen to the first of those who came meanwhile.
type Ledger struct {
	*database

	hand, skip, settle *sql.Stmt // on the writing handle

	present   sync.Mutex
	attending int       // how often, on PostgreSQL
	presence  *sql.Conn // by which PostgreSQL knows that we send, see [Ledger.Attend]; nil while it is lost

	mu      sync.Mutex
	writing bool     // somebody has the pen
	waiting []*entry // in the order in which they came
}

// entry is what one caller wants to have written.
type entry struct {
	write   func(context.Context, *sql.Tx) (verdict, fault error) // a verdict is the caller's alone, a fault undoes all
	verdict error
	err     error
	wake    chan event
}

// event is what somebody who waits is woken for.
type event int

const (
	written event = iota + 1 // the entry is on the disk, or err says why not
	penning                  // he has the pen now
)

// patience bounds a commit. It is longer than SQLite waits for a writer of another process.
const patience = 2 * time.Minute

// prepare parses the ledger's statements once, for they run twice for every letter.
func (l *Ledger) prepare(ctx context.Context) error {
	const this = ` WHERE letter = $2 AND subscriber = $3 AND fence = $4 AND state `
	var err error
	for _, p := range []struct {
		statement **sql.Stmt
		text      string
	}{
		{&l.hand, `UPDATE delivery SET state = $1` + this + `= 2 AND ` + entitled},
		{&l.skip, `UPDATE delivery SET state = 7, due = $1, address = '', token = '', answers = ''` + this + `= 2`},
		{&l.settle, `UPDATE delivery SET state = $5, attempts = attempts - $7,
			note = CASE WHEN address = '' THEN $6 ELSE '' END,
			address = CASE WHEN $5 IN (4, 6, 7) THEN '' ELSE address END,
			token = CASE WHEN $5 IN (4, 6, 7) THEN '' ELSE token END,
			answers = CASE WHEN $5 IN (4, 6, 7) THEN '' ELSE answers END,
			due = CASE WHEN $5 = 8 THEN ` + doubt + ` ELSE $1 END` + this + `IN (2, 3)`},
	} {
		if *p.statement, err = l.w.PrepareContext(ctx, p.text); err != nil { //nolint:sqlclosecheck // it lives as long as its handle
			return fmt.Errorf("prepare the ledger: %w", err)
		}
	}
	return nil
}

// enter writes to the ledger. Once it has begun it does not stop when ctx ends: what became of a letter must
// be known.
func (l *Ledger) enter(ctx context.Context, write func(context.Context, *sql.Tx) (verdict, fault error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e := &entry{write: write, wake: make(chan event, 1)}
	l.mu.Lock()
	l.waiting = append(l.waiting, e)
	mine := !l.writing
	l.writing = true
	l.mu.Unlock()
	if mine || <-e.wake == penning {
		l.writeWaiting(ctx)
	}
	return e.err
}

// writeWaiting commits what waits, wakes who waited and passes the pen on. The caller has it.
func (l *Ledger) writeWaiting(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	l.mu.Lock()
	batch := l.waiting
	l.waiting = nil
	l.mu.Unlock()

	err := l.write(ctx, func(tx *sql.Tx) (err error) {
		for _, e := range batch {
			if e.verdict, err = e.write(ctx, tx); err != nil {
				return fmt.Errorf("write the ledger: %w", err)
			}
		}
		return nil
	})
	for _, e := range batch {
		if e.err = err; err == nil {
			e.err = e.verdict
		}
		e.wake <- written // has room; nobody looks when it is the caller's own
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.writing = len(l.waiting) > 0; l.writing {
		l.waiting[0].wake <- penning
	}
}

// Hand records in one transaction what came of letters, as [Ledger.Settle] does, and that d's letter goes on
// the wire now. The claim of d must still be the caller's, else the error is [digest.ErrStale]. Its reader must
// still be entitled to it: to an edition while active or as the one letter that tries him again, to a notice as
// [subscribers.Notice] says; else the delivery is settled as skipped and the error is [digest.ErrGone]. What a
// notice holds besides is wiped once it has ended. A stale outcome among those carried is passed over in silence.
func (l *Ledger) Hand(ctx context.Context, d digest.Delivery, carried ...digest.Outcome) error {
	if err := settleable(carried); err != nil {
		return err
	}
	return l.enter(ctx, func(ctx context.Context, tx *sql.Tx) (verdict, fault error) {
		if _, fault = l.settleAll(ctx, tx, carried); fault != nil {
			return nil, fault
		}
		letter, reader := unpack(d.ID)
		handed, err := touch(ctx, tx, l.hand, digest.Handing, letter, reader, d.Fence)
		if err != nil || handed {
			return nil, err
		}
		skipped, err := touch(ctx, tx, l.skip, millis(l.now()), letter, reader, d.Fence)
		if skipped {
			return digest.ErrGone, err
		}
		return digest.ErrStale, err
	})
}

// Settle records what came of letters, in one transaction. Those whose fence is stale are passed over; if
// there are any the error is [digest.ErrStale], and the others are settled all the same. A doubtful letter
// of an edition that holds such letters back is not due again, whatever the outcome says.
func (l *Ledger) Settle(ctx context.Context, outcomes ...digest.Outcome) error {
	if err := settleable(outcomes); err != nil {
		return err
	}
	return l.enter(ctx, func(ctx context.Context, tx *sql.Tx) (verdict, fault error) {
		return l.settleAll(ctx, tx, outcomes)
	})
}

// settleable refuses what is no outcome.
func settleable(outcomes []digest.Outcome) error {
	for _, o := range outcomes {
		switch o.State {
		case digest.Sent, digest.Deferred, digest.Failed, digest.Skipped, digest.Uncertain, digest.Pending:
		default:
			return fmt.Errorf("settle delivery %d: %s is not an outcome", o.ID, o.State)
		}
	}
	return nil
}

func (l *Ledger) settleAll(ctx context.Context, tx *sql.Tx, outcomes []digest.Outcome) (verdict, fault error) {
	for _, o := range outcomes {
		settled, err := l.settleOne(ctx, tx, o)
		if err != nil {
			return nil, err
		}
		if !settled {
			verdict = digest.ErrStale
		}
	}
	return verdict, nil
}

func (l *Ledger) settleOne(ctx context.Context, tx *sql.Tx, o digest.Outcome) (bool, error) {
	due := l.now() // an end's due time is when it came
	again := o.State == digest.Deferred || o.State == digest.Uncertain || o.State == digest.Pending
	if again && !o.Due.IsZero() {
		due = o.Due
	}
	untried := flag(o.State == digest.Pending)
	letter, reader := unpack(o.ID)
	return touch(ctx, tx, l.settle, millis(due), letter, reader, o.Fence, o.State, plain(o.Note), untried)
}

// touch runs one of the ledger's statements and reports whether it met its delivery.
func touch(ctx context.Context, tx *sql.Tx, statement *sql.Stmt, args ...any) (bool, error) {
	done, err := tx.StmtContext(ctx, statement).ExecContext(ctx, args...) //nolint:sqlclosecheck // the transaction closes it
	if err != nil {
		return false, err
	}
	n, err := done.RowsAffected()
	return n == 1, err
}

package store

import (
	"context"
	"database/sql"
	"fmt"
	"sync"

	"tidings/digest"
)

// Ledger is what is owed and what came of it.
//
// Handing a letter over and settling its outcome wait for the disk, and nearly all of their cost is that
// wait; so those who come at one time share one commit. There is no goroutine in it: who comes first writes
// for all that wait, wakes them, and passes the pen to the first of those who came meanwhile.
//
// A commit that fails because the database is locked, full or away is tried again: what became of a letter must not
// be lost with it.
type Ledger struct {
	*database
	presence
	waiting

	prepared [len(statements)]*sql.Stmt // on SQLite

	mu      sync.Mutex
	writing bool     // somebody has the pen
	queue   []*entry // in the order in which they came
}

// entry is what one caller wants to have written.
type entry struct {
	lines []line
	err   error
	wake  chan event
}

// line is one statement about one delivery.
type line struct {
	statement statement
	args      []any
	met       bool // the delivery was as the statement asks
}

// statement is one of those that run for every letter.
type statement int

const (
	hand statement = iota
	skip           // claimed, and not to be handed over
	sent
	end        // failed or skipped
	again      // deferred, or given back
	doubt      // uncertain
	dueNotices // what may be claimed of notices
	dueLetters // and of editions
)

// mine is the claim that a statement is about. The outcome of a letter that is in doubt by now is still its owner's
// to tell, as long as nobody has claimed it anew.
const mine = ` WHERE letter = $1 AND subscriber = $2 AND fence = $3 AND `

// unsettled holds for a letter whose outcome is not known. (Of an IN SQLite would make a table each time.)
const unsettled = `(state BETWEEN 2 AND 3 OR state = 8)`

// statements are their words. What a notice holds besides is wiped at its end; of a stranger, who has an
// address, no answer is kept, since it may name him. Who hands over again what he handed over a moment ago,
// not knowing whether that was written, gives 3 as $4, else 2.
var statements = [...]string{
	hand: `UPDATE delivery SET state = 3` + mine + `state BETWEEN 2 AND $4 AND ` + entitled,
	skip: `UPDATE delivery SET state = 7, due = 0, ended = $4, address = '', token = '', answers = ''` + mine + `state = 2`,
	sent: `UPDATE delivery SET state = 4, due = 0, ended = $4, note = CASE WHEN address = '' THEN $5 ELSE '' END,
		code = 0, status = '', place = $6, address = '', token = '', answers = ''` + mine + unsettled,
	end: `UPDATE delivery SET state = $4, due = 0, ended = $5, note = CASE WHEN address = '' THEN $6 ELSE '' END,
		code = $7, status = $8, place = $9, address = '', token = '', answers = ''` + mine + unsettled,
	again: `UPDATE delivery SET state = $4, due = $5, attempts = attempts - $6, note = CASE WHEN address = '' THEN $7 ELSE '' END,
		code = $8, status = $9, place = $10` + mine + unsettled,
	doubt: `UPDATE delivery SET state = 8, due = CASE WHEN ` + held + ` THEN 0 ELSE CAST($4 AS BIGINT) END,
		ended = CASE WHEN ` + held + ` THEN CAST($5 AS BIGINT) ELSE 0 END, note = CASE WHEN address = '' THEN $6 ELSE '' END` + mine + unsettled,

	// An edition's letters are by far the most, so no more is read of them than sending needs.
	dueNotices: `SELECT ` + deliveryColumns + `, ` + entitled + `, 0, 0 FROM ` + deliveryTables + `
		WHERE ` + openNotices + ` AND delivery.due <= $1 ORDER BY delivery.due LIMIT $2`,
	dueLetters: `SELECT delivery.letter, delivery.subscriber, delivery.state, delivery.attempts, delivery.owed, delivery.fence,
			COALESCE(e.key, ''), COALESCE(s.email, ''), COALESCE(s.lang, ''), COALESCE(s.timezone, ''), COALESCE(s.plain, 0),
			COALESCE((SELECT STRING_AGG(topic, '` + "\n" + `') FROM interest WHERE interest.subscriber = delivery.subscriber), ''),
			COALESCE(s.state = 'active' OR s.state = 'suspended' AND s.probe = delivery.letter, FALSE),
			COALESCE(delivery.state = 3 AND e.policy = 'hold', FALSE), COALESCE(e.halted, 0)
		FROM delivery LEFT JOIN edition e ON e.id = delivery.letter LEFT JOIN subscriber s ON s.id = delivery.subscriber
		WHERE ` + openEditions + ` AND delivery.due <= $1 AND (CAST($3 AS BIGINT) = 0 OR delivery.letter = $3)
		ORDER BY delivery.due LIMIT $2`,
}

// prepare parses the statements once on SQLite; the driver of PostgreSQL does so by itself.
func (l *Ledger) prepare(ctx context.Context) (err error) {
	for i, text := range statements {
		if l.path == "" {
			return nil
		}
		db := l.w
		if statement(i) >= dueNotices {
			db = l.r
		}
		if l.prepared[i], err = db.PrepareContext(ctx, text); err != nil { //nolint:sqlclosecheck // it lives as long as its handle
			return fmt.Errorf("prepare the ledger: %w", err)
		}
	}
	return nil
}

// event is what somebody who waits is woken for.
type event int

const (
	written event = iota + 1 // the entry is on the disk, or err says why not
	penning                  // he has the pen now
)

// enter writes lines to the ledger, all or none, and tells which of them met. When ctx ends
// nobody may know whether they were written: who wants to know lets it last for as long as he can wait.
func (l *Ledger) enter(ctx context.Context, lines []line) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e := &entry{lines: lines, wake: make(chan event, 1)}
	l.mu.Lock()
	l.queue = append(l.queue, e)
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
	l.mu.Lock()
	batch := l.queue
	l.queue = nil
	l.mu.Unlock()

	var lines []*line
	for _, e := range batch {
		for i := range e.lines {
			lines = append(lines, &e.lines[i])
		}
	}
	err := l.persist(ctx, lines)
	for _, e := range batch {
		e.err = err
		e.wake <- written // has room; nobody looks when it is the caller's own
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.writing = len(l.queue) > 0; l.writing {
		l.queue[0].wake <- penning
	}
}

// Hand records in one transaction what came of letters, as [Ledger.Settle] does, and that d's letter goes on
// the wire now. The claim of d must still be the caller's, else the error is [digest.ErrStale]. Its reader must
// still be entitled to it: to an edition while active or as the one letter that tries him again, to a notice as
// [subscribers.Notice] says; else the delivery is settled as skipped and the error is [digest.ErrGone]. What a
// notice holds besides is wiped once it has ended. A stale outcome among those carried is passed over in silence.
func (l *Ledger) Hand(ctx context.Context, d digest.Delivery, carried ...digest.Outcome) error {
	lines, err := l.lines(carried)
	if err != nil {
		return err
	}
	letter, reader := unpack(d.ID)
	lines = append(lines, line{statement: hand, args: []any{letter, reader, d.Fence, int(digest.Leased)}})
	if err := l.enter(ctx, lines); err != nil || lines[len(carried)].met {
		return err
	}
	last := []line{{statement: skip, args: []any{letter, reader, d.Fence, millis(l.now())}}}
	switch err := l.enter(ctx, last); {
	case err != nil:
		return err
	case last[0].met:
		return digest.ErrGone
	}
	return digest.ErrStale
}

// Settle records what came of letters, in one transaction. Those whose fence is stale are passed over; if
// there are any the error is [digest.ErrStale], and the others are settled all the same. A doubtful letter
// of an edition that holds such letters back is not due again, whatever the outcome says.
func (l *Ledger) Settle(ctx context.Context, outcomes ...digest.Outcome) error {
	lines, err := l.lines(outcomes)
	if err != nil || len(lines) == 0 {
		return err
	}
	if err := l.enter(ctx, lines); err != nil {
		return err
	}
	for _, n := range lines {
		if !n.met {
			return digest.ErrStale
		}
	}
	return nil
}

// lines are what is to be written for outcomes.
func (l *Ledger) lines(outcomes []digest.Outcome) ([]line, error) {
	lines := make([]line, 0, len(outcomes)+1)
	now := l.now()
	for _, o := range outcomes {
		letter, reader := unpack(o.ID)
		args, note, due := []any{letter, reader, o.Fence}, plain(o.Note), o.Due
		if due.IsZero() {
			due = now
		}
		switch o.State {
		case digest.Sent:
			lines = append(lines, line{statement: sent, args: append(args, millis(now), note, plain(o.Relay))})
		case digest.Failed, digest.Skipped:
			args = append(args, int(o.State), millis(now), note, o.Code, plain(o.Status), o.At)
			lines = append(lines, line{statement: end, args: args})
		case digest.Deferred, digest.Pending:
			args = append(args, int(o.State), millis(due), flag(o.State == digest.Pending), note, o.Code, plain(o.Status), o.At)
			lines = append(lines, line{statement: again, args: args})
		case digest.Uncertain:
			lines = append(lines, line{statement: doubt, args: append(args, millis(due), millis(now), note)})
		default:
			return nil, fmt.Errorf("settle delivery %d: %s is not an outcome", o.ID, o.State)
		}
	}
	return lines, nil
}

package store

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"tidings/digest"
)

// waiting is how the ledger waits for a database that is full, locked or away. Who has the pen has it too.
type waiting struct {
	// Patience is for how long what cannot be written is tried again, from when the trouble began; 0: until the
	// context of who writes ends.
	Patience time.Duration

	// Waits hears, a moment after the trouble began, why nothing can be written, as a sentence for the operator; and
	// nil when it is written again. It may be nil.
	Waits func(why error)

	weary *atomic.Bool // whether the patience is at its end; nil: there is no trouble
	told  bool
}

// begin counts from now on how long the trouble lasts.
func (w *waiting) begin() {
	if w.weary != nil {
		return
	}
	w.weary = new(atomic.Bool)
	if weary := w.weary; w.Patience > 0 {
		time.AfterFunc(w.Patience, func() { weary.Store(true) })
	}
}

// tell says once of each trouble what it is.
func (w *waiting) tell(why error) {
	if !w.told && w.Waits != nil {
		w.Waits(why)
	}
	w.told = true
}

// end says that the trouble is over, if there was one.
func (w *waiting) end() {
	if w.told && w.Waits != nil {
		w.Waits(nil)
	}
	w.weary, w.told = nil, false
}

// Between two tries to commit: the first wait, doubled up to the longest. No try takes longer than the last; SQLite
// waits for a writer of another process less long.
const (
	breath   = 100 * time.Millisecond
	sigh     = 2 * time.Second
	patience = 2 * time.Minute
)

// persist commits lines, again and again while what is in the way may pass. After a failure nobody may know
// whether the commit was written after all.
func (l *Ledger) persist(ctx context.Context, lines []*line) error {
	for wait := breath; ; wait = min(2*wait, sigh) {
		err := l.commit(ctx, lines)
		if err == nil {
			l.end()
			return nil
		}
		passing := l.dialect.passing(err) || errors.Is(err, context.DeadlineExceeded)
		if !passing && !l.dialect.victim(err) {
			return fmt.Errorf("write the ledger: %w", err)
		}
		if l.begin(); passing && wait > breath {
			l.tell(l.inTheWay(err))
		}
		if !l.weary.Load() {
			select {
			case <-ctx.Done():
			case <-time.After(wait):
			}
		}
		if ctx.Err() != nil || l.weary.Load() {
			return fmt.Errorf("write the ledger, tried again and again: %w", l.inTheWay(err))
		}
		for _, n := range lines {
			if n.statement == hand {
				n.args[3] = int(digest.Handing)
			}
		}
	}
}

// commit tries once; for a moment also when ctx has ended, for the sake of others whose lines these are.
func (l *Ledger) commit(ctx context.Context, lines []*line) error {
	most := patience
	if ctx.Err() != nil {
		ctx, most = context.WithoutCancel(ctx), sigh
	}
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	return l.dialect.commit(ctx, l, lines)
}

// inTheWay says what to do about what keeps the ledger from being written.
func (l *Ledger) inTheWay(err error) error {
	const busy, inputOutput, full, diskFull = 5, 10, 13, "53100"
	switch code := sqliteCode(err) & 0xff; {
	case code == full:
		return fmt.Errorf("the disk of %s is full; make room on it: %w", l.path, err)
	case code == inputOutput:
		return fmt.Errorf("the disk of %s is full or fails; make room on it, or look at it: %w", l.path, err)
	case code == busy:
		return fmt.Errorf("another program keeps %s locked; end it, or let it finish: %w", l.path, err)
	case postgresCode(err) == diskFull:
		return fmt.Errorf("the disk of PostgreSQL is full; make room on it: %w", err)
	}
	return err
}

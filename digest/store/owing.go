package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"tidings/digest"
	"tidings/subscribers"
)

// owing writes what is owed for an edition: in few statements, for a million readers take seconds.
type owing struct {
	tx     *sql.Tx
	digest digest.Digest
	letter int64
	now    int64
	from   int64 // the slot: nothing goes out before
}

// all owes an edition to everybody who is to get it, and returns how many letters are to go out.
func (o owing) all(ctx context.Context, e digest.Edition) (int, error) {
	if err := o.wake(ctx); err != nil {
		return 0, fmt.Errorf("end pauses: %w", err)
	}
	owed, err := o.everybody(ctx)
	if err != nil {
		return 0, err
	}
	skipped, err := o.skip(ctx, e)
	if err != nil {
		return 0, fmt.Errorf("skip readers of other topics: %w", err)
	}
	return owed - skipped, nil
}

// wake makes those active whose pause is over, and those suspended ones who were tried again with success: the
// letter was sent and nothing came back for days.
func (o owing) wake(ctx context.Context) error {
	const rested = `UPDATE subscriber SET state = 'active', why = '', until = 0, changed = $1
		WHERE state IN ('paused', 'suspended') AND state = 'paused' AND until > 0 AND until <= $1`
	const reached = `UPDATE subscriber SET state = 'active', why = '', probe = 0, changed = $1
		WHERE state IN ('paused', 'suspended') AND state = 'suspended' AND why = 'bounces' AND probe > 0 AND probed <= $2
		AND EXISTS (SELECT 1 FROM delivery d WHERE d.letter = subscriber.probe AND d.subscriber = subscriber.id AND d.state = 4)`
	if _, err := o.tx.ExecContext(ctx, rested, o.now); err != nil {
		return err
	}
	_, err := o.tx.ExecContext(ctx, reached, o.now, o.now-subscribers.ProbeFor.Milliseconds())
	return err
}

// everybody owes the edition to all who chose it, and marks those whom it tries again.
func (o owing) everybody(ctx context.Context) (int, error) {
	const places = 4 // of the statement's own
	due, zones, err := o.due(ctx, places)
	if err != nil {
		return 0, err
	}
	letters := `
		INSERT INTO delivery (letter, subscriber, notice, state, due, attempts, fence, owed, note)
		SELECT $1, s.id, '', 1, ` + due + `, 0, 0, ` + due + `, ''
		FROM subscriber s
		WHERE (s.state = 'active' OR s.state = 'suspended' AND s.why = 'bounces' AND s.probe = 0 AND s.changed <= $4) AND (
			EXISTS (SELECT 1 FROM choice c WHERE c.subscriber = s.id AND c.digest = $2)
			OR $3 = 0 AND NOT EXISTS (SELECT 1 FROM choice c WHERE c.subscriber = s.id))`
	before := o.now - subscribers.ProbeAfter.Milliseconds()
	args := append([]any{o.letter, o.digest.Name, flag(o.digest.Optional), before}, zones...)
	owed, err := count(o.tx.ExecContext(ctx, letters, args...))
	if err != nil {
		return 0, err
	}
	const probes = `UPDATE subscriber SET probe = $1, probed = $2
		WHERE state IN ('paused', 'suspended') AND state = 'suspended' AND why = 'bounces' AND probe = 0 AND changed <= $3
		AND EXISTS (SELECT 1 FROM delivery d WHERE d.letter = $1 AND d.subscriber = subscriber.id)`
	_, err = o.tx.ExecContext(ctx, probes, o.letter, o.now, before)
	return owed, err
}

// skip accounts for those who chose topics of which the edition has nothing. Whom it tries again gets it all
// the same.
func (o owing) skip(ctx context.Context, e digest.Edition) (int, error) {
	topics := map[string]bool{}
	for _, s := range e.Stories() {
		for _, id := range append(s.Tags, s.Topic) {
			topics[plain(id)] = true
		}
	}
	args := []any{o.letter, o.now}
	for id := range topics {
		args = append(args, id)
	}
	query := `UPDATE delivery SET state = 7, due = 0, ended = $2, note = 'nothing in it of the topics chosen'
		WHERE letter = $1 AND subscriber IN (
			SELECT subscriber FROM interest EXCEPT SELECT subscriber FROM interest WHERE topic IN ` + places(2, 1, len(topics)) + `)
		AND NOT EXISTS (SELECT 1 FROM subscriber s WHERE s.id = delivery.subscriber AND s.state = 'suspended')`
	return count(o.tx.ExecContext(ctx, query, args...))
}

// due is when a reader's letter is due, in SQL with the arguments of the places after so many: now, or at the slot of
// an edition that was approved before it, or the hour at which the digest is to arrive, on the clock of each reader s.
func (o owing) due(ctx context.Context, places int) (query string, zones []any, err error) {
	if !o.digest.Shifts() && o.from <= o.now {
		return strconv.FormatInt(o.now, 10), nil, nil
	}
	sealed := moment(max(o.now, o.from))
	usual := millis(o.digest.Due("", sealed))
	query = strconv.FormatInt(usual, 10)
	var cases strings.Builder
	err = each(ctx, o.tx, func(rows *sql.Rows) error {
		var zone string
		err := rows.Scan(&zone)
		if own := millis(o.digest.Due(zone, sealed)); own != usual {
			zones = append(zones, zone)
			fmt.Fprintf(&cases, " WHEN $%d THEN %d", places+len(zones), own)
		}
		return err
	}, "SELECT DISTINCT timezone FROM subscriber WHERE timezone <> ''")
	if err != nil {
		return "", nil, fmt.Errorf("list the readers' time zones: %w", err)
	}
	if len(zones) > 0 {
		query = "CASE s.timezone" + cases.String() + " ELSE " + query + " END"
	}
	return query, zones, nil
}

package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"tidings/digest"
)

// PostgreSQL is another process: a statement has to be sent there, begun and ended, which costs more than most of ours do
// in between. So what would run for one delivery after the other runs once for all of them. They are named by arrays, one
// of each argument, which UNNEST makes rows of.
//
// Two things keep the plan of such a statement good, in which each delivery is found by its primary key. The letter's
// number is never given apart from the reader's: PostgreSQL, which has counted nothing of an edition that was sealed a
// moment ago, takes it for small and would read all of it again and again. And the arrays stand in a SELECT of their own,
// which hides how long they are: else it would plan anew for each length, which takes longer than the statement.

// commitAtOnce sends the statements together, which PostgreSQL takes for one transaction: one round trip.
func commitAtOnce(ctx context.Context, l *Ledger, lines []*line) error {
	conn, err := l.w.Conn(ctx)
	if err != nil {
		return err
	}
	err = conn.Raw(func(c any) error {
		var batch pgx.Batch
		for _, alike := range bunches(lines) {
			text, columns := alike.text()
			batch.Queue(text, columns...).Query(alike.meet)
		}
		return c.(*stdlib.Conn).Conn().SendBatch(ctx, &batch).Close()
	})
	return errors.Join(err, conn.Close())
}

// bunch is lines with one statement, about a delivery each.
type bunch struct {
	statement
	turn  int // how many lines about the same deliveries go before
	lines []*line
}

// bunches puts together the lines that can be written by one statement. They come out in an order that writes the
// lines about one delivery in the order given; those about different ones do not depend on each other.
func bunches(lines []*line) []*bunch {
	var all []*bunch
	turns := map[int64]int{}
	for _, n := range lines {
		turn := turns[n.delivery()]
		turns[n.delivery()]++
		i := slices.IndexFunc(all, func(b *bunch) bool { return b.statement == n.statement && b.turn == turn })
		if i < 0 {
			i, all = len(all), append(all, &bunch{statement: n.statement, turn: turn})
		}
		all[i].lines = append(all[i].lines, n)
	}
	slices.SortStableFunc(all, func(a, b *bunch) int { return cmp.Compare(a.turn, b.turn) })
	return all
}

// delivery is the one that the line is about: the first two arguments of each name it.
func (n *line) delivery() int64 { return pack(n.args[0].(int64), n.args[1].(int64)) }

// columnOf turns the arguments of a statement into columns. The longest comes first, for its beginning is another's name.
var columnOf = strings.NewReplacer("$10", "line.v10", "$1", "line.v1", "$2", "line.v2", "$3", "line.v3", "$4", "line.v4",
	"$5", "line.v5", "$6", "line.v6", "$7", "line.v7", "$8", "line.v8", "$9", "line.v9")

// text returns the statement for all lines, and their arguments by columns.
func (b *bunch) text() (string, []any) {
	columns := make([]any, len(b.lines[0].args))
	var arrays, names []string
	for i := range columns {
		var kind string
		columns[i], kind = column(b.lines, i)
		arrays, names = append(arrays, fmt.Sprintf("(SELECT CAST($%d AS %s[]))", i+1, kind)), append(names, fmt.Sprintf("v%d", i+1))
	}
	set, rest, _ := strings.Cut(statements[b.statement], mine)
	return columnOf.Replace(set) + " FROM UNNEST(" + strings.Join(arrays, ", ") + ") AS line (" + strings.Join(names, ", ") + ")" +
		columnOf.Replace(mine+rest) + " RETURNING letter, subscriber", columns
}

// column returns one argument of all lines, and its type.
func column(lines []*line, i int) (values any, kind string) {
	if _, ok := lines[0].args[i].(string); ok {
		texts := make([]string, len(lines))
		for n, line := range lines {
			texts[n] = line.args[i].(string)
		}
		return texts, "TEXT"
	}
	numbers := make([]int64, len(lines))
	for n, line := range lines {
		switch v := line.args[i].(type) {
		case int:
			numbers[n] = int64(v)
		case int64:
			numbers[n] = v
		}
	}
	return numbers, "BIGINT"
}

// meet tells the lines whether their deliveries were as the statement asks.
func (b *bunch) meet(rows pgx.Rows) error {
	met := map[int64]bool{}
	for rows.Next() {
		var letter, reader int64
		if err := rows.Scan(&letter, &reader); err != nil {
			return err
		}
		met[pack(letter, reader)] = true
	}
	for _, n := range b.lines {
		n.met = met[n.delivery()]
	}
	return rows.Err()
}

// changeAtOnce runs a statement of [claiming.each] for deliveries of any letters.
func changeAtOnce(ctx context.Context, tx *sql.Tx, statement string, value, now int64, all []digest.Delivery) error {
	letters, readers := make([]int64, len(all)), make([]int64, len(all))
	for i, d := range all {
		letters[i], readers[i] = unpack(d.ID)
	}
	set, _, _ := strings.Cut(statement, " WHERE letter = ")
	met, err := count(tx.ExecContext(ctx, set+` FROM UNNEST((SELECT CAST($3 AS BIGINT[])), (SELECT CAST($4 AS BIGINT[]))) AS these (letter, subscriber)
		WHERE delivery.letter = these.letter AND delivery.subscriber = these.subscriber AND due BETWEEN 1 AND $2`, value, now, letters, readers))
	if err == nil && met < len(all) {
		err = errOvertaken
	}
	return err
}

// countAnew makes PostgreSQL count the ledger where an edition has more letters than all that it knew of. A daemon keeps
// its plans until then, and those for a small table, which is read from end to end, are no good for a large one. Later
// counting is autovacuum's, which comes too late for the first.
func countAnew(ctx context.Context, tx *sql.Tx, n int) error {
	var known float64
	err := tx.QueryRowContext(ctx, "SELECT reltuples FROM pg_class WHERE oid = CAST('delivery' AS REGCLASS)").Scan(&known)
	if err == nil && float64(n) > known {
		_, err = tx.ExecContext(ctx, "ANALYZE (SKIP_LOCKED) delivery")
	}
	if err != nil {
		return fmt.Errorf("count the ledger anew: %w", err)
	}
	return nil
}

// roomy leaves room beside each delivery for its later versions, so that the one which goes on the wire needs no new
// entries in the indexes (HOT). Three versions of each are dead in the end; of a ledger that is kept for months the usual
// fifth would be very many before they are swept up.
var roomy = []string{"ALTER TABLE delivery SET (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02)"}

package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/digest"
	"tidings/digest/store"
	"tidings/subscribers"
)

// Every row of every table is the same there, and the same again after the way back.
func TestMove(t *testing.T) {
	file, schema := freshFile(t), freshSchema(t)
	first, _ := open(t, file)
	fill(t, raw(t, file))
	second, _ := open(t, schema)
	want := dump(t, raw(t, file))

	var tables []string
	must(t, first.Move(t.Context(), second, func(m store.Moved) {
		if tables = append(tables, m.Table); m.Rows != rowsFilled {
			t.Errorf("%d rows of %s were moved, want %d", m.Rows, m.Table, rowsFilled)
		}
	}))
	slices.Sort(tables)
	if diff := cmp.Diff(names(t, raw(t, file)), tables); diff != "" {
		t.Errorf("not all tables were moved, or others: %s", diff)
	}
	if diff := cmp.Diff(want, dump(t, raw(t, schema), tables...)); diff != "" {
		t.Errorf("SQLite to PostgreSQL: %s", diff)
	}
	back := freshFile(t)
	third, _ := open(t, back)
	must(t, second.Move(t.Context(), third, nil))
	if diff := cmp.Diff(want, dump(t, raw(t, back))); diff != "" {
		t.Errorf("and back: %s", diff)
	}
}

const rowsFilled = 123

// fill puts so many rows into every table there is, with text that is not easy to carry.
func fill(t *testing.T, db *sql.DB) {
	execute(t, db, "DELETE FROM counter")
	for _, table := range names(t, db) {
		var columns, values []string
		_, info := rowsOf(t, db, "SELECT name, type, pk FROM pragma_table_info('"+table+"')")
		for _, row := range info {
			name, kind, key := row[0].(string), row[1], row[2]
			value := "i"
			switch {
			case kind == "TEXT":
				value = "'" + table + "é''\n\\ ' || i"
			case kind == "BIGINT" && key == int64(0) && name != "subscriber" && name != "id":
				value = "9223372036854775000 + i % 800"
			}
			columns, values = append(columns, name), append(values, value)
		}
		execute(t, db, fmt.Sprintf("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO %s (%s) SELECT %s FROM n",
			rowsFilled, table, strings.Join(columns, ", "), strings.Join(values, ", ")))
	}
}

// names lists the tables of a SQLite file that are ours, without the index of words, which is not moved but made anew.
func names(t *testing.T, db *sql.DB) (all []string) {
	_, rows := rowsOf(t, db, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'goose%' AND name NOT LIKE 'story_text%' ORDER BY name")
	for _, row := range rows {
		all = append(all, row[0].(string))
	}
	return all
}

// dump writes all rows of these tables, or of all in a SQLite file, in an order of their own.
func dump(t *testing.T, db *sql.DB, tables ...string) []string {
	if tables == nil {
		tables = names(t, db)
	}
	var lines []string
	for _, table := range tables {
		columns, rows := rowsOf(t, db, "SELECT * FROM "+table)
		for _, row := range rows {
			line := table
			for i, cell := range row {
				line += fmt.Sprintf(" %s=%v", columns[i], cell)
			}
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines
}

func rowsOf(t *testing.T, db *sql.DB, query string) (columns []string, all [][]any) {
	t.Helper()
	rows, err := db.Query(query)
	must(t, err)
	defer rows.Close()
	columns, err = rows.Columns()
	must(t, err)
	for rows.Next() {
		cells := make([]any, len(columns))
		places := make([]any, len(columns))
		for i := range cells {
			places[i] = &cells[i]
		}
		must(t, rows.Scan(places...))
		all = append(all, cells)
	}
	must(t, rows.Err())
	return columns, all
}

// What was owed before is owed there, to the same readers; it is claimed, sent and counted there.
func TestMoveOwed(t *testing.T) {
	s, c, key := sealed(t, freshFile(t), 30, digest.Resend)
	settled := claim(t, s, 10, seven)
	for _, d := range settled {
		must(t, s.Hand(t.Context(), d))
		must(t, s.Settle(t.Context(), outcome(d, digest.Sent)))
	}
	to, err := store.Open(t.Context(), freshSchema(t), c.Now)
	must(t, err)
	t.Cleanup(func() { must(t, to.Close()) })
	must(t, s.Move(t.Context(), to, nil))
	rest := claim(t, to, 100, seven)
	if len(rest) != 20 {
		t.Errorf("%d are owed there, want 20", len(rest))
	}
	for _, d := range rest {
		if slices.ContainsFunc(settled, func(o digest.Delivery) bool { return o.Key == d.Key }) {
			t.Errorf("%s is owed again", d.Key)
		}
	}
	tallied(t, to, key, map[digest.DeliveryState]int{digest.Sent: 10, digest.Leased: 20})
	if id := join(t, to, "late@example.org", subscribers.Active); id <= 30 {
		t.Errorf("a new reader has the number %d, which another had", id)
	}
}

// What is in the archive is found there too, and again after the way back.
func TestMoveFound(t *testing.T) {
	first, _ := open(t, freshFile(t))
	shelf(t, first)
	second, _ := open(t, freshSchema(t))
	must(t, first.Move(t.Context(), second, nil))
	third, _ := open(t, freshFile(t))
	must(t, second.Move(t.Context(), third, nil))
	for asked, want := range map[string]string{"mistral": "wNovember.0 dOctober.0", "Büro": "dOctober.0", "模型": "dNovember.0", "nowhere": ""} {
		for where, s := range map[string]*store.Store{"SQLite": first, "PostgreSQL": second, "SQLite again": third} {
			if got := stories(t, s, digest.Wanted{Phrases: digest.Phrases(asked), Most: 9}); got != want {
				t.Errorf("%s: %s: %q, want %q", where, asked, got, want)
			}
		}
	}
}

// Nothing is moved to where something is, and nothing while somebody sends.
func TestMoveRefused(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		from, _, _ := sealed(t, address, 3, digest.Resend)
		to, _ := open(t, freshFile(t))
		leave, err := from.Attend(t.Context())
		must(t, err)
		wants(t, from.Move(t.Context(), to, nil), store.ErrSending)
		must(t, leave())
		leave, err = to.Attend(t.Context())
		must(t, err)
		wants(t, from.Move(t.Context(), to, nil), store.ErrSending)
		must(t, leave())
		must(t, from.Move(t.Context(), to, nil))
		err = from.Move(t.Context(), to, nil)
		wants(t, err, store.ErrOccupied)
		says(t, err, "is not empty", "rows in the table")
		wants(t, from.Move(t.Context(), from, nil), store.ErrOccupied)
		leave, err = from.Attend(t.Context())
		must(t, err)
		must(t, leave())
	})
}

// Who writes meanwhile waits, and a failure leaves nothing behind.
func TestMoveWhole(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		file := freshFile(t)
		from, _, _ := sealed(t, file, 3, digest.Resend)
		to, _ := open(t, address)
		db := raw(t, address)
		execute(t, db, "ALTER TABLE mail_seen ADD COLUMN another TEXT NOT NULL DEFAULT 'x' CHECK (another <> 'x')")
		execute(t, raw(t, file), "INSERT INTO mail_seen (mark, seen) VALUES ('a', 1)")
		if err := from.Move(t.Context(), to, nil); err == nil || errors.Is(err, store.ErrOccupied) {
			t.Fatalf("moved into a table that cannot take it: %v", err)
		}
		var rows int
		must(t, db.QueryRow("SELECT COUNT(*) FROM subscriber").Scan(&rows))
		if rows != 0 {
			t.Errorf("%d readers are there after a failure", rows)
		}
		execute(t, db, "ALTER TABLE mail_seen DROP COLUMN another")
		must(t, from.Move(t.Context(), to, nil))
	})
}

// A large house takes little memory; this one is only measured.
func BenchmarkMove(b *testing.B) {
	path := filepath.Join(b.TempDir(), "from.db")
	from, err := store.Open(b.Context(), "sqlite:"+path, time.Now)
	must(b, err)
	defer from.Close()
	const many = 200_000
	execute(b, raw(b, "sqlite:"+path), fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		INSERT INTO delivery (letter, subscriber, notice, state, due, attempts, fence, owed, note)
		SELECT 1, i, '', 4, 1, 1, 1, 1, '250 2.0.0 Ok: queued as 4cZXq12345' FROM n`, many))
	for b.Loop() {
		to, err := store.Open(b.Context(), freshSchema(b), time.Now)
		must(b, err)
		must(b, from.Move(b.Context(), to, nil))
		must(b, to.Close())
	}
	b.ReportMetric(float64(many)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

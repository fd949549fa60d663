package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"tidings/digest"
)

const markColumns = "source, address, moving, moves, etag, modified, hash, title, checked, changed, newest, pace, next, due, failures, failing, fault, wall, told"

// Marks returns what is remembered of these sources, by their addresses; of a source that was never visited there is
// none.
func (n *Notebook) Marks(ctx context.Context, sources []string) (map[string]digest.Mark, error) {
	marks := make(map[string]digest.Mark, len(sources))
	for some := range slices.Chunk(sources, 500) {
		args := make([]any, len(some))
		for i, s := range some {
			args[i] = plain(s)
		}
		err := each(ctx, n.r, func(rows *sql.Rows) error {
			m, err := scanMark(rows)
			marks[m.Source] = m
			return err
		}, "SELECT "+markColumns+" FROM mark WHERE source IN "+places(0, 1, len(args)), args...)
		if err != nil {
			return nil, fmt.Errorf("read the marks of sources: %w", err)
		}
	}
	return marks, nil
}

func scanMark(rows *sql.Rows) (m digest.Mark, err error) {
	var checked, changed, newest, pace, next, due, failing int64
	var wall, told int
	err = rows.Scan(&m.Source, &m.Address, &m.Moving, &m.Moves, &m.ETag, &m.Modified, &m.Hash, &m.Title,
		&checked, &changed, &newest, &pace, &next, &due, &m.Failures, &failing, &m.Fault, &wall, &told)
	m.Checked, m.Changed, m.Newest, m.Next, m.Due, m.Failing = moment(checked), moment(changed), moment(newest), moment(next), moment(due), moment(failing)
	m.Interval, m.Wall, m.Told = time.Duration(pace)*time.Millisecond, wall != 0, told != 0
	return m, err
}

// setMarks remembers sources as their marks say, in one order everywhere.
func setMarks(ctx context.Context, tx *sql.Tx, marks []digest.Mark) error {
	if len(marks) == 0 {
		return nil
	}
	const query = "INSERT INTO mark (" + markColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
		ON CONFLICT (source) DO UPDATE SET address = excluded.address, moving = excluded.moving, moves = excluded.moves,
			etag = excluded.etag, modified = excluded.modified, hash = excluded.hash, title = excluded.title,
			checked = excluded.checked, changed = excluded.changed, newest = excluded.newest, pace = excluded.pace,
			next = excluded.next, due = excluded.due, failures = excluded.failures, failing = excluded.failing,
			fault = excluded.fault, wall = excluded.wall, told = excluded.told`
	set, err := tx.PrepareContext(ctx, query)
	if err != nil {
		return err
	}
	defer set.Close()
	for _, m := range slices.SortedFunc(slices.Values(marks), func(a, b digest.Mark) int { return cmp.Compare(a.Source, b.Source) }) {
		_, err := set.ExecContext(ctx, plain(m.Source), plain(m.Address), plain(m.Moving), m.Moves,
			plain(m.ETag), plain(m.Modified), plain(m.Hash), plain(m.Title),
			millis(m.Checked), millis(m.Changed), millis(m.Newest), m.Interval.Milliseconds(), millis(m.Next), millis(m.Due),
			m.Failures, millis(m.Failing), plain(m.Fault), flag(m.Wall), flag(m.Told))
		if err != nil {
			return fmt.Errorf("mark source %s: %w", m.Source, err)
		}
	}
	return nil
}

// Site returns what is remembered of a server that is asked for pages; a Site with nothing but its name if
// nothing is.
func (n *Notebook) Site(ctx context.Context, host string) (digest.Site, error) {
	s := digest.Site{Host: host}
	var doc string
	err := n.r.QueryRowContext(ctx, "SELECT doc FROM site WHERE host = $1", plain(host)).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(doc), &s)
	}
	if err != nil {
		return s, fmt.Errorf("read what is known of the server %s: %w", host, err)
	}
	s.Host = host
	return s, nil
}

// setSites remembers servers, in one order everywhere.
func setSites(ctx context.Context, tx *sql.Tx, sites []digest.Site) error {
	for _, s := range slices.SortedFunc(slices.Values(sites), func(a, b digest.Site) int { return cmp.Compare(a.Host, b.Host) }) {
		s.Robots = plain(s.Robots)
		doc, err := json.Marshal(s)
		if err != nil {
			return fmt.Errorf("server %s: %w", s.Host, err)
		}
		const query = "INSERT INTO site (host, doc) VALUES ($1, $2) ON CONFLICT (host) DO UPDATE SET doc = excluded.doc"
		if _, err := tx.ExecContext(ctx, query, plain(s.Host), string(doc)); err != nil {
			return fmt.Errorf("remember the server %s: %w", s.Host, err)
		}
	}
	return nil
}

// Secret returns the secret of that name. The first to ask for it has to bring it: fresh is stored if there is
// none yet, and all who ask at one time get the same.
func (n *Notebook) Secret(ctx context.Context, name string, fresh []byte) ([]byte, error) {
	const insert = "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING"
	if _, err := n.w.ExecContext(ctx, insert, name, base64.StdEncoding.EncodeToString(fresh)); err != nil {
		return nil, fmt.Errorf("store secret %s: %w", name, err)
	}
	var value string
	if err := n.w.QueryRowContext(ctx, "SELECT value FROM setting WHERE name = $1", name).Scan(&value); err != nil {
		return nil, fmt.Errorf("read secret %s: %w", name, err)
	}
	secret, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return nil, fmt.Errorf("read secret %s: %w", name, err)
	}
	return secret, nil
}

package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"tidings/digest"
)

const markColumns = "source, etag, modified, hash, title, checked, changed, due, failures, failing, fault"

// Mark returns what is remembered of a source; the zero Mark if nothing is.
func (n *Notebook) Mark(ctx context.Context, source string) (digest.Mark, error) {
	var m digest.Mark
	var checked, changed, due, failing int64
	err := n.r.QueryRowContext(ctx, "SELECT "+markColumns+" FROM mark WHERE source = $1", plain(source)).Scan(
		&m.Source, &m.ETag, &m.Modified, &m.Hash, &m.Title, &checked, &changed, &due, &m.Failures, &failing, &m.Fault)
	if errors.Is(err, sql.ErrNoRows) {
		return digest.Mark{}, nil
	}
	if err != nil {
		return digest.Mark{}, fmt.Errorf("read the mark of a source: %w", err)
	}
	m.Checked, m.Changed, m.Due, m.Failing = moment(checked), moment(changed), moment(due), moment(failing)
	return m, nil
}

// setMarks remembers sources as their marks say, in one order everywhere.
func setMarks(ctx context.Context, tx *sql.Tx, marks []digest.Mark) error {
	const query = "INSERT INTO mark (" + markColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (source) DO UPDATE SET etag = excluded.etag, modified = excluded.modified, hash = excluded.hash,
			title = excluded.title, checked = excluded.checked, changed = excluded.changed, due = excluded.due,
			failures = excluded.failures, failing = excluded.failing, fault = excluded.fault`
	sorted := slices.SortedFunc(slices.Values(marks), func(a, b digest.Mark) int { return cmp.Compare(a.Source, b.Source) })
	for _, m := range sorted {
		_, err := tx.ExecContext(ctx, query, plain(m.Source), plain(m.ETag), plain(m.Modified), plain(m.Hash), plain(m.Title),
			millis(m.Checked), millis(m.Changed), millis(m.Due), m.Failures, millis(m.Failing), plain(m.Fault))
		if err != nil {
			return fmt.Errorf("mark source %s: %w", m.Source, err)
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

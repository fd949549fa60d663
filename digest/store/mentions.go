package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"tidings/digest"
)

// indexNames notes which names an edition's stories speak of.
func indexNames(ctx context.Context, tx *sql.Tx, edition int64, e digest.Edition) error {
	var rows [][]any
	for place, s := range e.Stories() {
		for _, n := range s.Names {
			rows = append(rows, []any{plain(digest.NameKey(n.Name)), edition, place, plain(s.Lead.Title), plain(s.Lead.Lang), plain(n.Name)})
		}
	}
	const most = 100
	for chunk := range slices.Chunk(rows, most) {
		query := "INSERT INTO mention (name, edition, place, title, lang, written) VALUES " + places(0, len(chunk), 6) + " ON CONFLICT DO NOTHING"
		if _, err := tx.ExecContext(ctx, query, slices.Concat(chunk...)...); err != nil {
			return err
		}
	}
	return nil
}

// Mentions returns where a name was spoken of, as it is usually written, in any case: the newest n stories,
// the newest first.
func (a *Archive) Mentions(ctx context.Context, name string, n int) ([]digest.Mention, error) {
	const query = `
		SELECT e.key, e.slot, e.east, m.title, m.lang
		FROM mention m JOIN edition e ON e.id = m.edition
		WHERE m.name = $1 AND e.state = 'sealed'
		ORDER BY e.slot DESC, e.key, m.place LIMIT $2`
	var all []digest.Mention
	err := each(ctx, a.r, func(rows *sql.Rows) error {
		var m digest.Mention
		var slot int64
		var east int
		err := rows.Scan(&m.Edition, &slot, &east, &m.Title, &m.Lang)
		m.At = moment(slot).In(time.FixedZone("", east))
		all = append(all, m)
		return err
	}, query, plain(digest.NameKey(name)), n)
	if err != nil {
		return nil, fmt.Errorf("look the name up: %w", err)
	}
	return all, nil
}

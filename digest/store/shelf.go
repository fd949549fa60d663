package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tidings/digest"
)

// Shelf is what the archive's pages show: the sealed editions and their stories.
type Shelf struct{ *database }

// wall is a stored slot at the offset of its wall clock.
func wall(slot int64, east int) time.Time { return moment(slot).In(time.FixedZone("", east)) }

// Shelved returns what was sealed under the key and its neighbours, or [ErrNoEdition].
func (s *Shelf) Shelved(ctx context.Context, key string) (digest.Shelved, error) {
	const query = `
		SELECT e.doc, e.sealed_at,
			COALESCE((SELECT b.key FROM edition b WHERE b.digest = e.digest AND b.state = 'sealed' AND b.slot < e.slot
				ORDER BY b.slot DESC LIMIT 1), ''),
			COALESCE((SELECT a.key FROM edition a WHERE a.digest = e.digest AND a.state = 'sealed' AND a.slot > e.slot
				ORDER BY a.slot LIMIT 1), '')
		FROM edition e WHERE e.key = $1 AND e.state = 'sealed'`
	var doc string
	var sealed int64
	var all digest.Shelved
	err := s.r.QueryRowContext(ctx, query, plain(key)).Scan(&doc, &sealed, &all.Before, &all.After)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNoEdition
	}
	if err == nil {
		err = json.Unmarshal([]byte(doc), &all.Edition)
	}
	if err != nil {
		return digest.Shelved{}, fmt.Errorf("edition %s: %w", key, err)
	}
	all.Sealed = moment(sealed)
	return all, nil
}

// Issues lists sealed editions, the newest first, see [digest.Span].
func (s *Shelf) Issues(ctx context.Context, span digest.Span) ([]digest.Issue, error) {
	const query = `
		SELECT e.key, e.digest, e.title, e.number, e.slot, e.east, e.sealed_at, COALESCE(s.headline, ''), COALESCE(s.lang, '')
		FROM (SELECT id FROM edition WHERE state = 'sealed' AND ($1 = '' OR digest = $1)
				AND slot + east * 1000 >= $2 AND slot + east * 1000 < $3
				ORDER BY slot DESC, digest LIMIT $4 OFFSET $5) f
			JOIN edition e ON e.id = f.id LEFT JOIN story s ON s.id = e.id * 4096
		ORDER BY e.slot DESC, e.digest`
	to := int64(never)
	if !span.To.IsZero() {
		to = millis(span.To)
	}
	var all []digest.Issue
	err := each(ctx, s.r, func(rows *sql.Rows) error {
		var i digest.Issue
		var slot, sealed int64
		var east int
		err := rows.Scan(&i.Key, &i.Digest, &i.Title, &i.Number, &slot, &east, &sealed, &i.Headline, &i.Lang)
		i.At, i.Sealed = wall(slot, east), moment(sealed)
		all = append(all, i)
		return err
	}, query, plain(span.Digest), millis(span.From), to, span.Most, span.Skip)
	if err != nil {
		return nil, fmt.Errorf("list the editions: %w", err)
	}
	return all, nil
}

// What an outline tells of names: those of the newest editions, as many as anybody looks through.
const (
	newest    = 30 // editions
	mostNames = 24
)

// Outline tells what there is, see [digest.Outline].
func (s *Shelf) Outline(ctx context.Context) (digest.Outline, error) {
	var o digest.Outline
	seen := map[digest.Month]bool{}
	months := func(rows *sql.Rows) error {
		var name string
		var slot int64
		var east int
		err := rows.Scan(&name, &slot, &east)
		year, month, _ := wall(slot, east).Date()
		m := digest.Month{Digest: name, First: time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)}
		if !seen[m] {
			seen[m] = true
			o.Months = append(o.Months, m)
		}
		return err
	}
	into := func(list *[]string) func(*sql.Rows) error {
		return func(rows *sql.Rows) error {
			var s string
			err := rows.Scan(&s)
			*list = append(*list, s)
			return err
		}
	}
	const slots = "SELECT digest, slot, east FROM edition WHERE state = 'sealed' ORDER BY slot DESC, digest"
	const topics = "SELECT DISTINCT topic FROM story"
	const names = `
		SELECT MAX(written) FROM mention
		WHERE written <> '' AND edition IN (SELECT id FROM edition WHERE state = 'sealed' ORDER BY slot DESC, digest LIMIT $1)
		GROUP BY name ORDER BY COUNT(*) DESC, name LIMIT $2`
	err := errors.Join(
		each(ctx, s.r, months, slots),
		each(ctx, s.r, into(&o.Topics), topics),
		each(ctx, s.r, into(&o.Names), names, newest, mostNames),
	)
	if err != nil {
		return digest.Outline{}, fmt.Errorf("outline of the archive: %w", err)
	}
	return o, nil
}

// Written is how a name is written most often in the editions; empty: it is in none.
func (s *Shelf) Written(ctx context.Context, name string) (string, error) {
	const query = "SELECT written FROM mention WHERE name = $1 GROUP BY written ORDER BY COUNT(*) DESC, written LIMIT 1"
	var written string
	err := s.r.QueryRowContext(ctx, query, plain(digest.NameKey(name))).Scan(&written)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("look the name up: %w", err)
	}
	return written, nil
}

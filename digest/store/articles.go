package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidings/digest"
)

// Keep stores articles under their id and feed: a digest that reads only one of the feeds which brought an
// article finds it in that feed's words. What is known is brought up to date and stays printed and first
// seen when it was. The marks of the sources are stored with them. All are kept, or none.
func (a *Archive) Keep(ctx context.Context, articles []digest.Article, marks ...digest.Mark) error {
	const query = `
		INSERT INTO article (id, feed, url, published, seen, doc)
		VALUES ($1, $2, $3, $4, COALESCE((SELECT MIN(seen) FROM article WHERE id = $1), $5), $6)
		ON CONFLICT (id, feed) DO UPDATE SET url = excluded.url, published = excluded.published, doc = excluded.doc
		WHERE article.doc <> excluded.doc`
	// In one order everywhere, or two daemons that keep the same articles would wait for each other.
	sorted := slices.SortedStableFunc(slices.Values(articles), byID)
	seen := millis(a.now())
	return a.write(ctx, func(tx *sql.Tx) error {
		if err := setMarks(ctx, tx, marks); err != nil {
			return err
		}
		insert, err := tx.PrepareContext(ctx, query)
		if err != nil {
			return err
		}
		defer insert.Close()
		for _, one := range sorted {
			one.Seen = time.Time{} // a column of its own
			doc, err := json.Marshal(one)
			if err != nil {
				return fmt.Errorf("article %s: %w", one.ID, err)
			}
			_, err = insert.ExecContext(ctx, plain(one.ID), plain(one.Feed), plain(one.URL), millis(one.Published), seen, string(doc))
			if err != nil {
				return fmt.Errorf("article %s: %w", one.ID, err)
			}
		}
		return nil
	})
}

// undatedLimit bounds what a page without dates can bring: its newest, told by when they were first seen.
// Those below are old hat and do not move up when the ones above are printed.
const undatedLimit = 50

// Unprinted returns what digest has not printed of these sources, in the order of ids: the articles
// published in (from, to], and of those without a date the newest of each source that were first seen after
// from. An article that several of the sources brought is told once, as the first of them has it.
func (a *Archive) Unprinted(ctx context.Context, name string, sources []string, from, to time.Time) ([]digest.Article, error) {
	if len(sources) == 0 {
		return nil, nil
	}
	query := `
		SELECT id, feed, seen, doc FROM article a
		WHERE published > $2 AND published <= $3 AND published <> 0 AND feed IN ` + places(3, 1, len(sources)) + unprinted + `
		UNION ALL
		SELECT id, feed, seen, doc FROM (
			SELECT id, feed, seen, doc, ROW_NUMBER() OVER (PARTITION BY feed ORDER BY seen DESC, id) AS place
			FROM article WHERE published = 0 AND seen > $2 AND feed IN ` + places(3, 1, len(sources)) + `) a
		WHERE place <= ` + fmt.Sprint(undatedLimit) + unprinted
	args := []any{name, millis(from), millis(to)}
	for _, source := range sources {
		args = append(args, plain(source))
	}
	var found []digest.Article
	err := each(ctx, a.r, func(rows *sql.Rows) error {
		one, err := scanArticle(rows)
		found = append(found, one)
		return err
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read the articles that %s has not printed: %w", name, err)
	}
	slices.SortFunc(found, byID)
	return slices.CompactFunc(found, func(a, b digest.Article) bool { return a.ID == b.ID }), nil
}

const unprinted = ` AND NOT EXISTS (SELECT 1 FROM printed p WHERE p.digest = $1 AND p.article = a.id)`

func scanArticle(rows *sql.Rows) (a digest.Article, err error) {
	var id, feed, doc string
	var seen int64
	if err := rows.Scan(&id, &feed, &seen, &doc); err != nil {
		return a, err
	}
	if err := json.Unmarshal([]byte(doc), &a); err != nil {
		return a, fmt.Errorf("article %s: %w", id, err)
	}
	a.ID, a.Feed, a.Seen = id, feed, moment(seen)
	return a, nil
}

func byID(a, b digest.Article) int {
	return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Feed, b.Feed))
}

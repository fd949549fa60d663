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
// article finds it in that feed's words. What is known is brought up to date and stays printed, first seen
// when it was, and no newer than it was: a feed that dates its old articles anew must not fill an edition
// with them. What was read of its page stays, too, until the page is read again. The marks of the sources are
// stored with them. All are kept, or none.
func (a *Archive) Keep(ctx context.Context, h digest.Harvest) (kept digest.Kept, err error) {
	// In one order everywhere, or two daemons that keep the same articles would wait for each other.
	sorted := make([]*digest.Article, len(h.Articles))
	for i := range h.Articles {
		sorted[i] = &h.Articles[i]
	}
	slices.SortStableFunc(sorted, func(a, b *digest.Article) int { return byID(*a, *b) })
	err = a.write(ctx, func(tx *sql.Tx) error {
		kept = digest.Kept{}
		if err := setMarks(ctx, tx, h.Marks); err != nil {
			return err
		}
		if err := setSites(ctx, tx, h.Sites); err != nil {
			return err
		}
		known, err := firstSeen(ctx, tx, sorted)
		if err != nil {
			return err
		}
		return a.insert(ctx, tx, sorted, known, &kept)
	})
	return kept, err
}

// insert writes articles and tells which were news.
func (a *Archive) insert(ctx context.Context, tx *sql.Tx, sorted []*digest.Article, known map[string]firsts, kept *digest.Kept) error {
	const query = `
		INSERT INTO article (id, feed, url, published, seen, link, guid, title, sum, doc)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (id, feed) DO UPDATE SET url = excluded.url, doc = excluded.doc,
			link = excluded.link, guid = excluded.guid, title = excluded.title, sum = excluded.sum,
			seen = CASE WHEN article.feed LIKE 'hand:%' THEN excluded.seen ELSE article.seen END,
			published = CASE WHEN article.published <> 0 AND (excluded.published = 0 OR excluded.published > article.published)
				THEN article.published ELSE excluded.published END
		WHERE article.doc <> excluded.doc OR article.link <> excluded.link OR article.guid <> excluded.guid OR article.title <> excluded.title OR article.sum <> excluded.sum
			OR article.feed LIKE 'hand:%'`
	now := a.now()
	insert, err := tx.PrepareContext(ctx, query)
	if err != nil {
		return err
	}
	defer insert.Close()
	through := context.WithoutCancel(ctx) // the driver watches a context that may end, row by row; we do between rows
	for _, article := range sorted {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		one := *article
		one.Seen, one.HTML = time.Time{}, "" // a column of its own; what nobody asks the archive for
		first, old := known[plain(one.ID)]
		was, ours := first.sums[plain(one.Feed)]
		if !one.Full && ours {
			if err := keepPage(ctx, tx, &one); err != nil {
				return err
			}
		}
		doc, err := json.Marshal(one)
		if err != nil {
			return fmt.Errorf("article %s: %w", one.ID, err)
		}
		if one.Seen = moment(first.seen); !old {
			one.Seen = now
		}
		published, by := millis(one.Published), one.Handles
		if strings.HasPrefix(one.Feed, digest.ByHand) { // it counts by when it was added, as what has no date
			published, one.Seen = 0, now
		}
		done, err := insert.ExecContext(through, plain(one.ID), plain(one.Feed), plain(one.URL), published, millis(one.Seen),
			by.Link, by.GUID, by.Title, by.Sum, string(doc))
		if err != nil {
			return fmt.Errorf("article %s: %w", one.ID, err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			continue
		}
		switch {
		case !old:
			kept.New = append(kept.New, one)
			known[plain(one.ID)] = firsts{seen: millis(one.Seen), sums: map[string]string{plain(one.Feed): by.Sum}}
		case ours && was != by.Sum:
			kept.Changed = append(kept.Changed, one)
		}
	}
	return nil
}

// keepPage gives an article that its feed tells anew what its page said when it was read: a page that is not
// read today takes away nothing. The address that the page gave it stays as long as the feed's own does.
func keepPage(ctx context.Context, tx *sql.Tx, one *digest.Article) error {
	return each(ctx, tx, func(rows *sql.Rows) error {
		var doc, link string
		var was digest.Article
		if err := rows.Scan(&doc, &link); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(doc), &was); err != nil {
			return fmt.Errorf("article %s: %w", one.ID, err)
		}
		if !was.Full || len(was.Text) <= len(one.Text) {
			return nil
		}
		one.Text, one.Removed, one.Full = was.Text, was.Removed, true
		one.Image, one.Author, one.Summary = cmp.Or(one.Image, was.Image), cmp.Or(one.Author, was.Author), cmp.Or(one.Summary, was.Summary)
		if link == one.Handles.Link {
			one.URL = was.URL
		}
		return nil
	}, "SELECT doc, link FROM article WHERE id = $1 AND feed = $2", plain(one.ID), plain(one.Feed))
}

// firsts is since when an article is known, and the sum of what each of its feeds says of it.
type firsts struct {
	seen int64
	sums map[string]string
}

// firstSeen looks up which of these articles are known.
func firstSeen(ctx context.Context, tx *sql.Tx, articles []*digest.Article) (map[string]firsts, error) {
	const some = 500
	known := make(map[string]firsts, len(articles))
	if len(articles) == 0 {
		return known, nil
	}
	look, err := tx.PrepareContext(ctx, "SELECT id, feed, seen, sum FROM article WHERE id IN "+places(0, 1, some))
	if err != nil {
		return nil, fmt.Errorf("look up known articles: %w", err)
	}
	defer look.Close()
	for part := range slices.Chunk(articles, some) {
		ids := make([]any, some)
		for i := range ids { // one statement for all parts: the last is filled up with its last
			ids[i] = plain(part[min(i, len(part)-1)].ID)
		}
		if err := addFirsts(ctx, look, ids, known); err != nil {
			return nil, fmt.Errorf("look up known articles: %w", err)
		}
	}
	return known, nil
}

func addFirsts(ctx context.Context, look *sql.Stmt, ids []any, known map[string]firsts) error {
	rows, err := look.QueryContext(ctx, ids...)
	return scanAll(rows, err, func(rows *sql.Rows) error {
		var id, feed, sum string
		var seen int64
		if err := rows.Scan(&id, &feed, &seen, &sum); err != nil {
			return err
		}
		f, ok := known[id]
		if !ok {
			f = firsts{seen: seen, sums: map[string]string{}}
		}
		f.seen, f.sums[feed] = min(f.seen, seen), sum
		known[id] = f
		return nil
	})
}

// Known returns what the source's newest articles are recognised by, those seen last first and 5,000 at
// most, ten times what a visit can bring.
func (a *Archive) Known(ctx context.Context, source string) ([]digest.Known, error) {
	const query = "SELECT id, link, guid, title, sum, published FROM article WHERE feed = $1 ORDER BY seen DESC, id LIMIT 5000"
	var known []digest.Known
	err := each(ctx, a.r, func(rows *sql.Rows) error {
		var k digest.Known
		var published int64
		err := rows.Scan(&k.ID, &k.Handles.Link, &k.Handles.GUID, &k.Handles.Title, &k.Handles.Sum, &published)
		k.Published = moment(published)
		known = append(known, k)
		return err
	}, query, plain(source))
	if err != nil {
		return nil, fmt.Errorf("read what is known of a source: %w", err)
	}
	return known, nil
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
		SELECT id, feed, published, seen, doc FROM article a
		WHERE seen > $4 AND published > $2 AND published <= $3 AND published <> 0 AND feed IN ` + places(4, 1, len(sources)) + unprinted + `
		UNION ALL
		SELECT id, feed, published, seen, doc FROM (
			SELECT id, feed, published, seen, doc, ROW_NUMBER() OVER (PARTITION BY feed ORDER BY seen DESC, id) AS place
			FROM article WHERE published = 0 AND seen > $2 AND feed IN ` + places(4, 1, len(sources)) + `) a
		WHERE place <= ` + fmt.Sprint(undatedLimit) + unprinted
	args := []any{name, millis(from), millis(to), millis(from.Add(-ahead))}
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

// ahead is by how much, at most, an article may be dated later than it is seen: what was published after a time
// was seen after it, less this, which is how the index finds it.
const ahead = 2 * time.Hour

const unprinted = ` AND NOT EXISTS (SELECT 1 FROM printed p WHERE p.digest = $1 AND p.article = a.id)`

func scanArticle(rows *sql.Rows) (a digest.Article, err error) {
	var id, feed, doc string
	var published, seen int64
	if err := rows.Scan(&id, &feed, &published, &seen, &doc); err != nil {
		return a, err
	}
	if err := json.Unmarshal([]byte(doc), &a); err != nil {
		return a, fmt.Errorf("article %s: %w", id, err)
	}
	a.ID, a.Feed, a.Seen = id, feed, moment(seen)
	if published != 0 && millis(a.Published) != published { // its feed has dated it anew
		a.Published = moment(published)
	}
	return a, nil
}

func byID(a, b digest.Article) int {
	return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Feed, b.Feed))
}

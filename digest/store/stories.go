package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pressly/goose/v3"

	"tidings/digest"
)

// perEdition is how far apart the numbers of two editions' stories are, which is more than any edition has.
const perEdition = 4096

// The bounds of what is kept of a story beside its edition, in bytes and in words.
const (
	longestKept  = 4 << 10
	mostSearched = 1200
)

// shelve notes an edition's stories, and the words in them, for the archive's pages. A quiet one has none.
func shelve(ctx context.Context, tx *sql.Tx, by dialect, id int64, e digest.Edition) error {
	stories := shelved(e)
	const columns, most = 11, 50
	for from := 0; from < len(stories); from += most {
		chunk := stories[from:min(from+most, len(stories))]
		var args []any
		for i, s := range chunk {
			t := s.Told(e.Lang)
			args = append(args, id*perEdition+int64(from+i), id, millis(e.At), plain(t.Topic), kept(t.Headline), plain(t.Lang),
				kept(strings.Join(t.Summary, "\n")), plain(t.Tongue), kept(t.Source), kept(t.URL), byMachine(t.Machine))
		}
		query := "INSERT INTO story (id, edition, slot, topic, headline, lang, summary, tongue, source, url, machine) VALUES " + places(0, len(chunk), columns)
		if _, err := tx.ExecContext(ctx, query, args...); err != nil {
			return err
		}
	}
	return indexWords(ctx, tx, by, id, e)
}

// shelved are the stories of an edition that are noted.
func shelved(e digest.Edition) []digest.Story {
	stories := e.Stories()
	return stories[:min(len(stories), perEdition)]
}

// indexWords notes the words by which an edition's stories are found.
func indexWords(ctx context.Context, tx *sql.Tx, by dialect, id int64, e digest.Edition) error {
	for place, s := range shelved(e) {
		if _, err := tx.ExecContext(ctx, by.index, id*perEdition+int64(place), by.words(searched(s, e.Lang))); err != nil {
			return err
		}
	}
	return nil
}

// kept is an outside text as it is stored beside its edition.
func kept(s string) string {
	if len(s) > longestKept {
		s = strings.ToValidUTF8(s[:longestKept], "")
	}
	return plain(s)
}

func byMachine(m digest.Machine) int { return flag(m.Headline) + 2*flag(m.Summary) }

// searched are the words by which a story is found: those that are printed, the names that it speaks of, and the
// headlines of its members, which tell it in other languages.
func searched(s digest.Story, lang string) []string {
	t := s.Told(lang)
	parts := append([]string{t.Headline}, t.Summary...)
	if s.Added != nil {
		parts = append(parts, s.Added.Text)
	}
	for _, n := range s.Names {
		parts = append(parts, n.Name)
	}
	for _, a := range s.Articles() {
		parts = append(parts, a.Source.Title, a.Title)
	}
	var words []string
	for _, p := range parts {
		words = append(words, digest.SearchWords(kept(p))...)
		if len(words) > mostSearched {
			return words[:mostSearched]
		}
	}
	return words
}

// sealedStories notes the stories of an edition that has just been sealed in the same transaction.
func (a *Archive) sealedStories(ctx context.Context, tx *sql.Tx, e digest.Edition) error {
	var id int64
	if err := tx.QueryRowContext(ctx, "SELECT id FROM edition WHERE key = $1", e.Key).Scan(&id); err != nil {
		return fmt.Errorf("find the edition: %w", err)
	}
	if err := shelve(ctx, tx, a.dialect, id, e); err != nil {
		return fmt.Errorf("note the stories: %w", err)
	}
	return nil
}

// fillShelf makes the index of words, and fills it and the tables before it from the editions that were sealed earlier.
func (d dialect) fillShelf() *goose.Migration {
	const version = 9
	return goose.NewGoMigration(version, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
		for _, query := range d.search {
			if _, err := tx.ExecContext(ctx, query); err != nil {
				return fmt.Errorf("make the index of words: %w", err)
			}
		}
		return shelveAll(ctx, tx, d)
	}}, nil)
}

// shelveAll notes the stories of all sealed editions.
func shelveAll(ctx context.Context, tx *sql.Tx, by dialect) error {
	return eachSealed(ctx, tx, func(id int64, e digest.Edition) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM mention WHERE edition = $1", id); err != nil {
			return err
		}
		if err := indexNames(ctx, tx, id, e); err != nil {
			return fmt.Errorf("note the names of %s: %w", e.Key, err)
		}
		if err := shelve(ctx, tx, by, id, e); err != nil {
			return fmt.Errorf("note the stories of %s: %w", e.Key, err)
		}
		return nil
	})
}

// indexAll notes the words of all sealed editions, whose stories are noted already.
func indexAll(ctx context.Context, tx *sql.Tx, by dialect) error {
	return eachSealed(ctx, tx, func(id int64, e digest.Edition) error {
		if err := indexWords(ctx, tx, by, id, e); err != nil {
			return fmt.Errorf("note the words of %s: %w", e.Key, err)
		}
		return nil
	})
}

// eachSealed calls do for all sealed editions, one after the other, as they are large.
func eachSealed(ctx context.Context, tx *sql.Tx, do func(id int64, e digest.Edition) error) error {
	var ids []int64
	err := each(ctx, tx, func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, "SELECT id FROM edition WHERE state = 'sealed' ORDER BY id")
	if err != nil {
		return err
	}
	for _, id := range ids {
		var doc string
		var e digest.Edition
		if err := tx.QueryRowContext(ctx, "SELECT doc FROM edition WHERE id = $1", id).Scan(&doc); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(doc), &e); err != nil {
			return fmt.Errorf("edition %d: %w", id, err)
		}
		if err := do(id, e); err != nil {
			return err
		}
	}
	return nil
}

// Stories returns the printed stories that are wanted, see [digest.Wanted]. Which they are is asked of the narrow
// columns first, as much may be found of which little is shown.
func (s *Shelf) Stories(ctx context.Context, w digest.Wanted) ([]digest.Told, error) {
	which, args := s.wanted(w)
	if len(args) == 0 || w.Most <= 0 {
		return nil, nil
	}
	query := fmt.Sprintf(`
		SELECT e.key, e.digest, e.title, e.slot, e.east, s.id, s.topic, s.headline, s.lang, s.summary, s.tongue, s.source, s.url, s.machine
		FROM (SELECT s.id FROM story s WHERE %s ORDER BY s.slot DESC, s.id LIMIT $%d OFFSET $%d) f
			JOIN story s ON s.id = f.id JOIN edition e ON e.id = s.edition
		ORDER BY s.slot DESC, s.id`, which, len(args)+1, len(args)+2)
	var all []digest.Told
	err := each(ctx, s.r, func(rows *sql.Rows) error {
		t, err := readTold(rows)
		all = append(all, t)
		return err
	}, query, append(args, w.Most, w.Skip)...)
	if err != nil {
		return nil, fmt.Errorf("look for stories: %w", err)
	}
	return all, nil
}

// wanted writes what is wanted of a story s as a condition, with its arguments; without any nothing is wanted.
func (s *Shelf) wanted(w digest.Wanted) (string, []any) {
	var args []any
	arg := func(value any) string { args = append(args, value); return fmt.Sprintf("$%d", len(args)) }
	var where []string
	if w.Topic != "" {
		where = append(where, "s.topic = "+arg(plain(w.Topic)))
	}
	if w.Name != "" {
		where = append(where, fmt.Sprintf("s.id IN (SELECT edition * %d + place FROM mention WHERE name = %s)", perEdition, arg(plain(digest.NameKey(w.Name)))))
	}
	if len(w.Phrases) > 0 {
		where = append(where, strings.ReplaceAll(s.dialect.found, "?", arg(s.dialect.query(w.Phrases))))
	}
	if len(w.Editions) > 0 {
		var keys []string
		for _, key := range w.Editions {
			keys = append(keys, arg(plain(key)))
		}
		where = append(where, "s.edition IN (SELECT id FROM edition WHERE key IN ("+strings.Join(keys, ", ")+"))")
	}
	return strings.Join(where, " AND "), args
}

func readTold(rows *sql.Rows) (digest.Told, error) {
	var t digest.Told
	var slot, id int64
	var east, machine int
	var summary string
	err := rows.Scan(&t.Edition, &t.Digest, &t.Title, &slot, &east, &id, &t.Topic, &t.Headline, &t.Lang, &summary, &t.Tongue, &t.Source, &t.URL, &machine)
	t.At, t.Place = wall(slot, east), int(id%perEdition)
	t.Machine = digest.Machine{Headline: machine&1 != 0, Summary: machine&2 != 0}
	if summary != "" {
		t.Summary = strings.Split(summary, "\n")
	}
	return t, err
}

// quoted writes phrases in a database's own language: each word in quotation marks, those of a phrase in a row.
// Words are letters and digits, see [digest.SearchWords].
func quoted(all []digest.Phrase, and, open, inner, shut, begins string) string {
	var parts []string
	for _, p := range all {
		part := open + strings.Join(p.Words, inner) + shut
		if p.Begins {
			part += begins
		}
		parts = append(parts, part)
	}
	return strings.Join(slices.Clip(parts), and)
}

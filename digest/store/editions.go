package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidings/digest"
)

// ErrNoEdition says that no edition was ever sealed under that key.
var ErrNoEdition = errors.New("no such edition")

// SlotState is what became of a slot.
type SlotState string

// A slot is unknown until its edition is sealed or there was nothing to print. A quiet one may be sealed
// later, a sealed one stays what it is.
const (
	Unknown SlotState = "unknown"
	Sealed  SlotState = "sealed"
	Quiet   SlotState = "quiet"
)

// Listed is an edition in a list.
type Listed struct {
	Key    string
	Digest string
	At     time.Time // the slot, at the offset of the digest's wall clock
	State  SlotState // Sealed or Quiet
	Number int       // 0 of a quiet one
	Title  string
	Owed   int       // letters that were owed when it was sealed; see [Store.Tally] for what came of them
	Sealed time.Time // when it was settled
}

// Seal makes the edition final, see [digest.Archive]: all of it or, on any error, nothing. Owed is one letter
// to each active subscriber who chose the digest, or who chose none unless the digest is optional, and to each
// suspended one who is to be tried again. A letter with nothing for its reader is skipped at once, and not
// counted.
func (a *Archive) Seal(ctx context.Context, d digest.Digest, e digest.Edition) (int, error) {
	var owed int
	err := a.write(ctx, func(tx *sql.Tx) (err error) {
		if owed, err = seal(ctx, tx, d, e, millis(a.now())); err != nil {
			return err
		}
		if a.dialect.owed != nil {
			if err = a.dialect.owed(ctx, tx, owed); err != nil {
				return err
			}
		}
		if err = a.sealedStories(ctx, tx, e); err == nil && owed > 0 && a.atSeal != nil {
			err = a.atSeal(ctx, tx, owed)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	return owed, nil
}

func seal(ctx context.Context, tx *sql.Tx, d digest.Digest, e digest.Edition, now int64) (int, error) {
	// Drawing comes first: two who seal at once follow one another from here.
	id, err := draw(ctx, tx, "letter", 1)
	if err != nil {
		return 0, err
	}
	if err := makeRoom(ctx, tx, e.Key); err != nil {
		return 0, err
	}
	e.Number = 0
	if len(e.Stories()) == 0 {
		return 0, insertEdition(ctx, tx, record{id: id, state: Quiet, sealed: now, policy: policy(d)}, e)
	}
	const next = `SELECT COALESCE(MAX(number), 0) + 1 FROM edition WHERE digest = $1 AND state = 'sealed'`
	if err := tx.QueryRowContext(ctx, next, d.Name).Scan(&e.Number); err != nil {
		return 0, fmt.Errorf("number the edition: %w", err)
	}
	owed, err := owing{tx: tx, digest: d, letter: id, now: now, from: millis(e.At)}.all(ctx, e)
	if err != nil {
		return 0, fmt.Errorf("owe the letters: %w", err)
	}
	if err := markPrinted(ctx, tx, d.Name, id, e); err != nil {
		return 0, fmt.Errorf("mark the articles printed: %w", err)
	}
	if err := indexNames(ctx, tx, id, e); err != nil {
		return 0, fmt.Errorf("note the names: %w", err)
	}
	return owed, insertEdition(ctx, tx, record{id: id, state: Sealed, sealed: now, policy: policy(d), owed: owed}, e)
}

// makeRoom makes room for an edition under its key: a quiet slot gives way, a sealed one does not.
func makeRoom(ctx context.Context, tx *sql.Tx, key string) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM edition WHERE key = $1 AND state = 'quiet'", key); err != nil {
		return err
	}
	var sealed int
	if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM edition WHERE key = $1", key).Scan(&sealed); err != nil {
		return err
	}
	if sealed > 0 {
		return digest.ErrSealed
	}
	return nil
}

// markPrinted remembers every article of every story in the edition, printed, folded in or dropped by the editor:
// none comes back.
func markPrinted(ctx context.Context, tx *sql.Tx, name string, edition int64, e digest.Edition) error {
	var ids []string
	for _, story := range slices.Concat(e.Stories(), e.Folded, e.Dropped) {
		for _, a := range story.Articles() {
			ids = append(ids, plain(a.ID))
		}
	}
	slices.Sort(ids)
	const rows = 100
	for chunk := range slices.Chunk(slices.Compact(ids), rows) {
		var args []any
		for _, id := range chunk {
			args = append(args, name, id, edition)
		}
		query := "INSERT INTO printed (digest, article, edition) VALUES " + places(0, len(chunk), 3) + " ON CONFLICT DO NOTHING"
		if _, err := tx.ExecContext(ctx, query, args...); err != nil {
			return err
		}
	}
	return nil
}

// record is what an edition's row has besides the edition.
type record struct {
	id, sealed int64
	state      SlotState
	policy     digest.Policy
	owed       int
}

func insertEdition(ctx context.Context, tx *sql.Tx, r record, e digest.Edition) error {
	doc, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("write the edition: %w", err)
	}
	const query = `
		INSERT INTO edition (id, key, digest, slot, east, state, number, title, policy, owed, sealed_at, doc)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
	_, east := e.At.Zone()
	_, err = tx.ExecContext(ctx, query, r.id, e.Key, e.Digest, millis(e.At), east, string(r.state), e.Number,
		plain(e.Title), string(r.policy), r.owed, r.sealed, string(doc))
	if err != nil {
		return fmt.Errorf("store the edition: %w", err)
	}
	return nil
}

func policy(d digest.Digest) digest.Policy { return cmp.Or(d.Uncertain, digest.Resend) }

// shortText is how much of an article's text is told of past editions, in bytes: enough to tell what it is
// about, as two weeks of whole texts would fill the memory.
const shortText = 6 << 10

// Past returns what a digest sealed before a slot, see [digest.Archive]: the newest slot, the highest number
// that any edition has, later ones too, and the editions themselves as far as they lie no longer back.
func (a *Archive) Past(ctx context.Context, name string, before time.Time, back time.Duration) (digest.Past, error) {
	const last = `
		SELECT COALESCE(MAX(CASE WHEN slot < $2 THEN slot END), 0), COALESCE(MAX(number), 0)
		FROM edition WHERE digest = $1 AND state = 'sealed'`
	var past digest.Past
	var slot int64
	if err := a.r.QueryRowContext(ctx, last, name, millis(before)).Scan(&slot, &past.Number); err != nil {
		return digest.Past{}, fmt.Errorf("last edition: %w", err)
	}
	past.Last = moment(slot)
	const told = `
		SELECT doc FROM edition
		WHERE digest = $1 AND state = 'sealed' AND slot < $2 AND slot >= $3 ORDER BY slot`
	err := each(ctx, a.r, func(rows *sql.Rows) error {
		var doc string
		var e digest.Edition
		if err := rows.Scan(&doc); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(doc), &e); err != nil {
			return err
		}
		past.Editions = append(past.Editions, shortened(e))
		return nil
	}, told, name, millis(before), millis(before.Add(-back)))
	if err != nil {
		return digest.Past{}, fmt.Errorf("what was told: %w", err)
	}
	return past, nil
}

// shortened is an edition with the beginnings of its articles' texts.
func shortened(e digest.Edition) digest.Edition {
	lists := [][]digest.Story{e.Brief, e.Folded}
	for _, s := range e.Sections {
		lists = append(lists, s.Stories)
	}
	if e.Lead != nil {
		lead := []digest.Story{*e.Lead}
		e.Lead, lists = &lead[0], append(lists, lead)
	}
	for _, stories := range lists {
		for i := range stories {
			s := &stories[i]
			s.Lead.Text = beginning(s.Lead.Text)
			for j := range s.Others {
				s.Others[j].Text = beginning(s.Others[j].Text)
			}
		}
	}
	return e
}

// beginning is a text's first bytes, up to the end of a word; a copy, so that the rest can be let go.
func beginning(s string) string {
	if len(s) <= shortText {
		return s
	}
	s = strings.ToValidUTF8(s[:shortText], "")
	return strings.Clone(s[:max(strings.LastIndexAny(s, " \n"), 0)])
}

// Slot says what became of a slot.
func (a *Archive) Slot(ctx context.Context, name string, at time.Time) (SlotState, error) {
	state := Unknown
	const query = "SELECT state FROM edition WHERE digest = $1 AND slot = $2"
	err := a.r.QueryRowContext(ctx, query, name, millis(at)).Scan(&state)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	if err != nil {
		return Unknown, fmt.Errorf("slot %s of %s: %w", at, name, err)
	}
	return state, nil
}

// Edition returns what was sealed under the key, or [ErrNoEdition]: a quiet slot has none.
func (a *Archive) Edition(ctx context.Context, key string) (digest.Edition, error) {
	var doc string
	err := a.r.QueryRowContext(ctx, "SELECT doc FROM edition WHERE key = $1 AND state = 'sealed'", key).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNoEdition
	}
	var e digest.Edition
	if err == nil {
		err = json.Unmarshal([]byte(doc), &e)
	}
	if err != nil {
		return digest.Edition{}, fmt.Errorf("edition %s: %w", key, err)
	}
	return e, nil
}

// Editions lists all editions and quiet slots, newest first. It counts no letters, so that a public page may
// call it; see [Store.Tally].
func (a *Archive) Editions(ctx context.Context) ([]Listed, error) {
	const query = `
		SELECT key, digest, slot, east, state, number, title, owed, sealed_at
		FROM edition ORDER BY slot DESC, digest, id`
	var all []Listed
	err := each(ctx, a.r, func(rows *sql.Rows) error {
		var l Listed
		var slot, sealed int64
		var east int
		err := rows.Scan(&l.Key, &l.Digest, &slot, &east, &l.State, &l.Number, &l.Title, &l.Owed, &sealed)
		l.At, l.Sealed = moment(slot).In(time.FixedZone("", east)), moment(sealed)
		all = append(all, l)
		return err
	}, query)
	if err != nil {
		return nil, fmt.Errorf("list the editions: %w", err)
	}
	return all, nil
}

package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"tidings/subscribers"
)

// How long what strangers cause is remembered, and what bounced.
const (
	asksKept    = 7 * 24 * time.Hour
	bouncesKept = 90 * 24 * time.Hour
	bouncesRead = 30 * 24 * time.Hour
	mailKept    = 30 * 24 * time.Hour
)

// Change implements [subscribers.Store]. On PostgreSQL those who change the same person follow one another by a
// lock on the address; an import, which does not take it, waits for the lock on the entry.
func (r *Readers) Change(ctx context.Context, who subscribers.Who, rule func(*subscribers.Person) error) error {
	return r.write(ctx, func(tx *sql.Tx) error {
		c := changing{r, tx, who}
		email, asked, err := c.named(ctx)
		if err != nil {
			return err
		}
		if r.dialect.alone != "" {
			if _, err := tx.ExecContext(ctx, r.dialect.alone, email); err != nil {
				return fmt.Errorf("wait for others who change a subscriber: %w", err)
			}
		}
		p, err := c.load(ctx, email, r.dialect.mine)
		if err != nil {
			return err
		}
		p.Asked = asked
		before := p
		if err := rule(&p); err != nil {
			return err
		}
		if err := c.keep(ctx, before, &p); err != nil {
			return fmt.Errorf("store a subscriber: %w", err)
		}
		return nil
	})
}

// Look implements [subscribers.Store].
func (r *Readers) Look(ctx context.Context, who subscribers.Who) (subscribers.Person, error) {
	c := changing{r, r.r, who}
	email, asked, err := c.named(ctx)
	if err != nil {
		return subscribers.Person{}, err
	}
	p, err := c.load(ctx, email, "")
	p.Asked = asked
	return p, err
}

// Once implements [subscribers.Store].
func (r *Readers) Once(ctx context.Context, mark [32]byte, act func(context.Context) error) (fresh bool, err error) {
	err = r.write(ctx, func(tx *sql.Tx) error {
		const note = "INSERT INTO mail_seen (mark, seen) VALUES ($1, $2) ON CONFLICT DO NOTHING"
		n, err := count(tx.ExecContext(ctx, note, hex.EncodeToString(mark[:]), millis(r.now())))
		if fresh = n > 0; err != nil || !fresh {
			return err
		}
		return act(context.WithValue(ctx, within{r.database}, tx))
	})
	return fresh && err == nil, err
}

// Seen reports whether a mail with this mark was acted on; see [Readers.Once].
func (r *Readers) Seen(ctx context.Context, mark [32]byte) (bool, error) {
	var n int
	err := r.r.QueryRowContext(ctx, "SELECT COUNT(*) FROM mail_seen WHERE mark = $1", hex.EncodeToString(mark[:])).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look whether a mail was seen: %w", err)
	}
	return n > 0, nil
}

// Sweep forgets what nobody needs any more: wishes that lapsed, what was counted, marks of old mail, and
// of editions long past which reader got them; how many did stays known. What is right does not depend on it; once
// a day is enough.
func (r *Readers) Sweep(ctx context.Context) error {
	now := r.now()
	err := r.write(ctx, func(tx *sql.Tx) error {
		for _, s := range []struct {
			what  string
			until time.Time
		}{
			{"wish WHERE lapses", now},
			{"ask WHERE asked", now.Add(-asksKept)},
			{"reply WHERE given", now.Add(-asksKept)},
			{"bounce WHERE at", now.Add(-bouncesKept)},
			{"mail_seen WHERE seen", now.Add(-mailKept)},
			{"trace WHERE erased = 0 AND blocked", now},
		} {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+s.what+" < $1", millis(s.until)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("sweep up after subscribers: %w", err)
	}
	return r.retire(ctx)
}

// changing loads and stores one person.
type changing struct {
	*Readers
	q   queryer
	who subscribers.Who
}

// named returns the address of the person who is meant, and when he was asked with the token that names him.
func (c changing) named(ctx context.Context) (email string, asked time.Time, err error) {
	var at int64
	switch who := c.who; {
	case who.Email != "":
		return who.Email, time.Time{}, nil
	case who.ID != 0:
		const query = "SELECT email FROM subscriber WHERE id = $1 UNION SELECT email FROM wish WHERE id = $1"
		err = c.q.QueryRowContext(ctx, query, who.ID).Scan(&email)
	default:
		const query = "SELECT email, asked FROM ask WHERE token = $1 AND email <> ''"
		err = c.q.QueryRowContext(ctx, query, hex.EncodeToString(who.Token[:])).Scan(&email, &at)
	}
	if errors.Is(err, sql.ErrNoRows) {
		err = subscribers.ErrUnknown
	}
	return email, moment(at), err
}

// load reads all that is known of an address.
func (c changing) load(ctx context.Context, email, lock string) (subscribers.Person, error) {
	p := subscribers.Person{Email: email}
	var err error
	if p.Entry, err = one(ctx, c.q, selectSubscriber+"WHERE email = $1"+lock, plain(email)); errors.Is(err, subscribers.ErrUnknown) {
		err = nil
	}
	steps := []func(context.Context, *subscribers.Person) error{c.loadWish, c.loadTrace, c.loadAsks, c.loadReplies, c.loadBounces}
	if c.who.Email != "" {
		steps = append(steps, c.loadRecent)
	}
	for _, step := range steps {
		if err == nil {
			err = step(ctx, &p)
		}
	}
	if err != nil {
		return subscribers.Person{}, fmt.Errorf("read a subscriber: %w", err)
	}
	return p, nil
}

func (c changing) loadWish(ctx context.Context, p *subscribers.Person) error {
	const query = `SELECT id, made, done, digests, topics, lang, plain, timezone, how, source, agreed FROM wish WHERE email = $1`
	w := &p.Wish
	var made, done int64
	var digests, topics string
	err := c.q.QueryRowContext(ctx, query, plain(p.Email)).Scan(&w.ID, &made, &done, &digests, &topics, &w.Lang, &w.Choices.Text,
		&w.Timezone, &w.How, &w.From, &w.Agreed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	w.Made, w.Done, w.Digests, w.Topics = moment(made), moment(done), sortedLines(digests), sortedLines(topics)
	return err
}

func (c changing) loadTrace(ctx context.Context, p *subscribers.Person) error {
	var erased, blocked int64
	err := c.q.QueryRowContext(ctx, "SELECT erased, blocked FROM trace WHERE hash = $1", c.who.Trace(p.Email)).Scan(&erased, &blocked)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	p.Trace = subscribers.Trace{Erased: moment(erased), Blocked: moment(blocked)}
	return err
}

func (c changing) loadAsks(ctx context.Context, p *subscribers.Person) error {
	return each(ctx, c.q, func(rows *sql.Rows) error {
		var at int64
		err := rows.Scan(&at)
		p.Asks = append(p.Asks, moment(at))
		return err
	}, "SELECT asked FROM ask WHERE email = $1 AND asked > $2 ORDER BY asked", plain(p.Email), millis(c.now().Add(-asksKept)))
}

func (c changing) loadReplies(ctx context.Context, p *subscribers.Person) error {
	return each(ctx, c.q, func(rows *sql.Rows) error {
		var reply subscribers.Reply
		var at int64
		err := rows.Scan(&reply.Notice, &at)
		reply.At = moment(at)
		p.Replies = append(p.Replies, reply)
		return err
	}, "SELECT notice, given FROM reply WHERE email = $1 AND given > $2 ORDER BY given", plain(p.Email), millis(c.now().Add(-asksKept)))
}

func (c changing) loadBounces(ctx context.Context, p *subscribers.Person) error {
	if p.Entry.ID == 0 {
		return nil
	}
	const query = `SELECT at, kind, status, diagnostic, direct, proven, letter FROM bounce WHERE subscriber = $1 AND at > $2 ORDER BY at`
	return each(ctx, c.q, func(rows *sql.Rows) error {
		var b subscribers.Bounce
		var at int64
		err := rows.Scan(&at, &b.Kind, &b.Status, &b.Diagnostic, &b.Direct, &b.Proven, &b.Letter)
		b.At = moment(at)
		p.Bounces = append(p.Bounces, b)
		return err
	}, query, p.Entry.ID, millis(c.now().Add(-bouncesRead)))
}

func (c changing) loadRecent(ctx context.Context, p *subscribers.Person) error {
	const query = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN domain = $2 THEN 1 ELSE 0 END), 0),
		COALESCE(SUM(CASE WHEN network = $3 AND network <> '' THEN 1 ELSE 0 END), 0) FROM ask WHERE asked > $1`
	hour := millis(c.now().Add(-time.Hour))
	return c.q.QueryRowContext(ctx, query, hour, plain(subscribers.Domain(p.Email)), plain(c.who.Network)).
		Scan(&p.Recent.All, &p.Recent.Domain, &p.Recent.Network)
}

// keep stores what a rule changed.
func (c changing) keep(ctx context.Context, before subscribers.Person, p *subscribers.Person) error {
	tx := c.q.(*sql.Tx)
	forgotten := !p.Trace.Erased.IsZero() && !p.Trace.Erased.Equal(before.Trace.Erased)
	if forgotten {
		if err := c.forget(ctx, tx, before); err != nil {
			return err
		}
	}
	if err := c.keepWish(ctx, tx, before, p); err != nil {
		return err
	}
	if err := c.keepEntry(ctx, tx, before, p); err != nil {
		return err
	}
	if err := c.keepBounces(ctx, tx, before, p); err != nil {
		return err
	}
	if p.Trace != before.Trace {
		if err := c.keepTrace(ctx, tx, p); err != nil {
			return err
		}
	}
	for _, owed := range p.Owed {
		if err := c.owe(ctx, tx, p, owed); err != nil {
			return fmt.Errorf("owe the notice %s: %w", owed.Notice, err)
		}
	}
	return nil
}

func (c changing) keepWish(ctx context.Context, tx *sql.Tx, before subscribers.Person, p *subscribers.Person) (err error) {
	w := &p.Wish
	switch asked := slices.ContainsFunc(p.Owed, func(o subscribers.Owed) bool { return o.Notice == subscribers.Confirm }); {
	case w.Made.IsZero() && before.Wish.Made.IsZero(), reflect.DeepEqual(*w, before.Wish) && !asked:
		return nil
	case w.Made.IsZero():
		_, err = tx.ExecContext(ctx, "DELETE FROM wish WHERE email = $1", plain(p.Email))
		return err
	case w.ID == 0:
		if w.ID, err = draw(ctx, tx, "subscriber", 1); err != nil {
			return err
		}
	}
	const query = `
		INSERT INTO wish (email, id, made, done, lapses, digests, topics, lang, plain, timezone, how, source, agreed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (email) DO UPDATE SET id = excluded.id, made = excluded.made, done = excluded.done, lapses = excluded.lapses,
			digests = excluded.digests, topics = excluded.topics, lang = excluded.lang, plain = excluded.plain,
			timezone = excluded.timezone, how = excluded.how, source = excluded.source, agreed = excluded.agreed`
	_, err = tx.ExecContext(ctx, query, plain(p.Email), w.ID, millis(w.Made), millis(w.Done), millis(p.Lapses(c.now())),
		plain(strings.Join(w.Digests, "\n")), plain(strings.Join(w.Topics, "\n")), plain(w.Lang), flag(w.Choices.Text), plain(w.Timezone),
		plain(w.How), plain(w.From), plain(w.Agreed))
	return err
}

func (c changing) keepEntry(ctx context.Context, tx *sql.Tx, before subscribers.Person, p *subscribers.Person) (err error) {
	s := &p.Entry
	if reflect.DeepEqual(*s, before.Entry) || s.Email == "" {
		return nil
	}
	query := `UPDATE subscriber SET email = $2, domain = $3, name = $4, state = $5, why = $6, until = $7, lang = $8, plain = $9,
		timezone = $10, joined = $11, changed = $12, consent_at = $13, consent_how = $14, consent_from = $15, consent_text = $16,
		probe = CASE WHEN $5 = 'suspended' THEN probe ELSE 0 END WHERE id = $1`
	if before.Entry.ID == 0 {
		query = "INSERT INTO subscriber (" + subscriberColumns + ") VALUES " + places(0, 1, columnsWritten)
		if s.ID == 0 {
			if s.ID, err = draw(ctx, tx, "subscriber", 1); err != nil {
				return err
			}
		}
	}
	if _, err := tx.ExecContext(ctx, query, values(s.ID, *s)...); err != nil {
		return err
	}
	return choose(ctx, tx, []subscribers.Subscriber{*s}, true, true)
}

// keepBounces stores those that a rule added, or forgets all.
func (c changing) keepBounces(ctx context.Context, tx *sql.Tx, before subscribers.Person, p *subscribers.Person) error {
	if len(p.Bounces) < len(before.Bounces) {
		_, err := tx.ExecContext(ctx, "DELETE FROM bounce WHERE subscriber = $1", before.Entry.ID)
		return err
	}
	for _, b := range p.Bounces[len(before.Bounces):] {
		const query = `INSERT INTO bounce (subscriber, at, kind, status, diagnostic, direct, proven, letter, domain)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
		_, err := tx.ExecContext(ctx, query, p.Entry.ID, millis(b.At), string(b.Kind), plain(b.Status), plain(b.Diagnostic),
			flag(b.Direct), flag(b.Proven), b.Letter, plain(subscribers.Domain(p.Email)))
		if err != nil {
			return err
		}
	}
	return nil
}

func (c changing) keepTrace(ctx context.Context, tx *sql.Tx, p *subscribers.Person) error {
	hash := c.who.Trace(p.Email)
	if p.Trace == (subscribers.Trace{}) {
		_, err := tx.ExecContext(ctx, "DELETE FROM trace WHERE hash = $1", hash)
		return err
	}
	const query = `INSERT INTO trace (hash, erased, blocked) VALUES ($1, $2, $3)
		ON CONFLICT (hash) DO UPDATE SET erased = excluded.erased, blocked = excluded.blocked`
	_, err := tx.ExecContext(ctx, query, hash, millis(p.Trace.Erased), millis(p.Trace.Blocked))
	return err
}

// owe owes a notice under a number of its own, and counts what must be counted.
func (c changing) owe(ctx context.Context, tx *sql.Tx, p *subscribers.Person, owed subscribers.Owed) error {
	letter, err := draw(ctx, tx, "letter", 1)
	if err != nil {
		return err
	}
	reader, address, now := p.Entry.ID, "", millis(c.now())
	switch {
	case owed.Notice == subscribers.Confirm:
		reader = p.Wish.ID
	case reader == 0:
		address = p.Email
	}
	const query = `
		INSERT INTO delivery (letter, subscriber, notice, state, due, attempts, fence, owed, note, address, token, answers)
		VALUES ($1, $2, $3, 1, $4, 0, 0, $4, '', $5, $6, $7)`
	if _, err := tx.ExecContext(ctx, query, letter, reader, string(owed.Notice), now, plain(address), owed.Token, plain(owed.Answers)); err != nil {
		return err
	}
	if owed.Counted {
		const query = "INSERT INTO reply (email, notice, given) VALUES ($1, $2, $3)"
		if _, err := tx.ExecContext(ctx, query, plain(p.Email), string(owed.Notice), now); err != nil {
			return err
		}
	}
	if owed.Token == "" {
		return nil
	}
	hash, err := subscribers.TokenHash(owed.Token)
	if err != nil {
		return err
	}
	const ask = "INSERT INTO ask (token, email, domain, network, asked) VALUES ($1, $2, $3, $4, $5)"
	_, err = tx.ExecContext(ctx, ask, hex.EncodeToString(hash[:]), plain(p.Email), plain(subscribers.Domain(p.Email)), plain(owed.Network), now)
	return err
}

// forget leaves nothing of a person: not what mail servers said about him, not what he asked. That so many
// letters were sent stays known; to whom does not. What he was still owed is skipped.
func (c changing) forget(ctx context.Context, tx *sql.Tx, p subscribers.Person) error {
	const letters = `UPDATE delivery SET note = '', address = '', token = '', answers = '',
		ended = CASE WHEN state IN (1, 2, 5, 8) THEN $1 ELSE ended END,
		due = CASE WHEN state IN (1, 2, 5, 8) THEN 0 ELSE due END,
		state = CASE WHEN state IN (1, 2, 5, 8) THEN 7 ELSE state END
		WHERE subscriber <> 0 AND subscriber IN ($2, $3) OR address = $4`
	email := plain(p.Email)
	for _, s := range []struct {
		query string
		args  []any
	}{
		{letters, []any{millis(c.now()), p.Entry.ID, p.Wish.ID, email}},
		{"DELETE FROM subscriber WHERE email = $1", []any{email}},
		{"DELETE FROM wish WHERE email = $1", []any{email}},
		{"DELETE FROM reply WHERE email = $1", []any{email}},
		{"UPDATE ask SET email = '' WHERE email = $1", []any{email}},
	} {
		if _, err := tx.ExecContext(ctx, s.query, s.args...); err != nil {
			return err
		}
	}
	return nil
}

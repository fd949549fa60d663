package subscribers

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Kind is what a report says became of a letter.
type Kind string

// The kinds. Blocked is a no to us and not to the reader: policy, reputation, missing signatures (5.7.x).
const (
	Hard    Kind = "hard"
	Soft    Kind = "soft"
	Blocked Kind = "blocked"
	Delayed Kind = "delayed"
)

// Bounce is a letter that did not arrive.
type Bounce struct {
	At         time.Time
	Kind       Kind
	Status     string // RFC 3463, "5.1.1"; empty: none was given
	Diagnostic string // the other side's words, one line
	Direct     bool   // the next server said so to us at once; else it was reported later, by mail
	Proven     bool   // the report bears one of our tokens, or is Direct; others anybody can write
	Letter     int64  // the number of its letter, as far as it is known
}

// How bouncing readers are treated (after what Mailman, Discourse and Sympa do).
const (
	scored       = 30 * day // for which a bounce counts; then it does not at all
	enough       = 4        // points at which a reader is suspended
	longestWords = 500      // of a diagnostic
)

// A suspended reader is tried once more: ProbeAfter that long, with the next edition that he would get. When
// that letter was sent and nothing came back for ProbeFor, he is active again.
const (
	ProbeAfter = 30 * day
	ProbeFor   = 3 * day
)

// points is what one bounce is worth. That an address does not work, said by somebody who cannot be known to
// be a mail server, is worth no more than a full mailbox.
func (b Bounce) points() int {
	switch {
	case b.Kind == Hard && b.Proven:
		return 2
	case b.Kind == Hard, b.Kind == Soft:
		return 1
	}
	return 0
}

// final reports whether a bounce alone is enough: the address does not exist (X.1.x), or its own server said
// no for good when it was offered the letter.
func (b Bounce) final() bool {
	return b.Kind == Hard && b.Proven && (b.Direct || strings.HasPrefix(b.Status, "5.1."))
}

// Score is what the bounces of the last thirty days come to: of each day (UTC) the worst one counts.
func Score(bounces []Bounce, now time.Time) (score int) {
	worst := map[string]int{}
	for _, b := range bounces {
		if now.Sub(b.At) < scored {
			on := b.At.UTC().Format(time.DateOnly)
			worst[on] = max(worst[on], b.points())
		}
	}
	for _, points := range worst {
		score += points
	}
	return score
}

// bounce notes a bounce. A wish whose confirmation bounced is dropped; a reader whose address does not work is
// suspended; the one letter that tries a suspended reader again decides about him for good.
func (p *Person) bounce(b Bounce, ofWish bool, now time.Time) {
	if ofWish {
		if b.Kind != Delayed {
			p.Wish = Wish{}
		}
		return
	}
	if p.Entry.ID == 0 || p.Entry.State == Left {
		return
	}
	p.Bounces = append(p.Bounces, b)
	switch {
	case p.on() && (b.final() || Score(p.Bounces, now) >= enough):
		p.become(Suspended, ByBounces, now)
	case p.Entry.State == Suspended && b.points() > 0 && now.Sub(p.Entry.Changed) >= ProbeAfter:
		p.Entry.Why = ByProbe
	}
}

// Refusal is a no at SMTP time.
type Refusal struct {
	Code   int    // 550; 0: nothing was refused
	Status string // RFC 3463, "5.1.1"; empty: none was given
	At     string // what was answered: "rcpt" speaks of the reader, anything else of us or of the letter
	Words  string
}

// blocking are words of servers that give no status and refuse because of who we are.
var blocking = regexp.MustCompile(`(?i)\b(spam|blocked|block ?list|black ?list|listed|reputation|policy|dnsbl|rbl|spf|dkim|dmarc|banned)`)

// Kind tells what a refusal means for the reader. It means nothing for him when it is about our protocol or our
// letter's form (X.5, X.6) or our own address (X.1.7, X.1.8), or when nothing was refused.
func (r Refusal) Kind() (kind Kind, his bool) {
	_, detail, _ := strings.Cut(r.Status, ".")
	subject, _, _ := strings.Cut(detail, ".")
	switch {
	case r.Code == 0, subject == "5", subject == "6", detail == "1.7", detail == "1.8":
		return "", false
	case subject == "7", subject == "" && blocking.MatchString(r.Words):
		return Blocked, true
	case detail == "2.2", detail == "2.3", subject == "3", subject == "4", r.Code < 500, r.Code == 552 && subject == "":
		return Soft, true
	case r.At != "rcpt" && subject != "1" && subject != "2":
		return Blocked, true
	}
	return Hard, true
}

// Report is what came back: which letter, and what became of it. The letter is known by the first of Delivery,
// Token, MessageID and Email that is set.
type Report struct {
	Token     string // of the envelope's return address, or any of ours that the returned letter bears
	Delivery  int64  // id of the delivery, when the next server refused it to us at once
	MessageID string // of the returned letter
	Email     string // to whom it could not be delivered, or who complains
	Bounce           // Kind, Status and Diagnostic; the rest is found out. Of a complaint: nothing
}

// Postmaster hears what became of letters.
type Postmaster struct{ List *List }

// Bounce notes that a letter did not arrive: an address that does not exist is suspended at once, one that
// fails now and then when the bounces of thirty days come to four points (hard 2, soft 1, a day's worst counts).
// What is blocked or only delayed is noted and counts for nothing. A confirmation that bounces ends its wish. A
// report without a token of ours, which anybody can write, is worth a point at most, so that it takes some on four
// days to suspend a reader. One about nobody we know is [ErrUnknown], one with a token that is not ours [ErrToken].
func (m Postmaster) Bounce(ctx context.Context, r Report) error {
	return m.report(ctx, r, func(p *Person, ofWish bool, b Bounce) { p.bounce(b, ofWish, m.List.Now()) })
}

// Complain takes a reader off the list at once who told his provider that our letters are unwelcome; no import
// brings him back. He is told only if the report bears no token of ours, so that a false one is noticed. A
// wish that waits is dropped and, as after "this was not me", not asked about for thirty days.
func (m Postmaster) Complain(ctx context.Context, r Report) error {
	return m.report(ctx, r, func(p *Person, _ bool, b Bounce) { p.complain(b.Proven, m.List.Now()) })
}

// complain is [Postmaster.Complain].
func (p *Person) complain(proven bool, now time.Time) {
	if p.waits(now) {
		p.Wish, p.Trace.Blocked = Wish{}, now.Add(blockFor)
	}
	if p.Entry.ID == 0 || p.Entry.State == Left {
		return
	}
	told := p.on() && !proven
	p.become(Left, ByComplaint, now)
	if told {
		p.explain(Goodbye, "", now)
	}
}

// report finds whom a report is about and lets a rule see it.
func (m Postmaster) report(ctx context.Context, r Report, rule func(p *Person, ofWish bool, b Bounce)) error {
	l := m.List
	who, err := m.reported(&r)
	if err != nil {
		return err
	}
	b := r.Bounce
	b.At, b.Direct = l.Now(), r.Delivery != 0
	b.Diagnostic = strings.ToValidUTF8(b.Diagnostic[:min(len(b.Diagnostic), longestWords)], "")
	err = l.change(ctx, who, func(p *Person) error {
		ofWish := p.waits(l.Now()) && (p.Entry.ID == 0 || who.ID == p.Wish.ID || !p.Asked.IsZero() && !p.Asked.Before(p.Wish.Made))
		rule(p, ofWish, b)
		return nil
	})
	if err != nil && !errors.Is(err, ErrUnknown) {
		return fmt.Errorf("act on a report: %w", err)
	}
	return err
}

// reported tells whom a report is about, and completes what it proves.
func (m Postmaster) reported(r *Report) (Who, error) {
	r.Proven = true
	switch {
	case r.Delivery != 0:
		r.Letter = LetterOf(r.Delivery)
		return Who{ID: ReaderOf(r.Delivery)}, nil
	case r.Token != "":
		return m.returned(r)
	}
	r.Proven = false
	if id := sentTo(r.MessageID); id != 0 {
		return Who{ID: id}, nil
	}
	email, err := Normalise(r.Email)
	if err != nil {
		return Who{}, err
	}
	return Who{Email: email}, nil
}

// returned opens the token of a report.
func (m Postmaster) returned(r *Report) (Who, error) {
	l := m.List
	for _, purpose := range []Purpose{ToBounce, ToComplain} {
		if id, _, err := l.Tokens.Open(purpose, r.Token, l.Now()); err == nil {
			r.Letter = LetterOf(id)
			return Who{ID: ReaderOf(id)}, nil
		}
	}
	if who, err := l.signed(r.Token, ToLeave, ToManage); err == nil {
		return who, nil
	}
	hash, err := TokenHash(r.Token)
	return Who{Token: hash}, err
}

// A delivery's id holds the numbers of its letter, 31 bits, and of its reader, 32.

// LetterOf returns the number of a delivery's letter.
func LetterOf(delivery int64) int64 { return delivery >> 32 }

// ReaderOf returns the id of a delivery's reader.
func ReaderOf(delivery int64) int64 { return delivery & (1<<32 - 1) }

// sentTo reads the reader's id out of a letter's Message-ID: DIGEST.SLOT.READER@… or NOTICE.READER.LETTER@…;
// 0 when it is not one of ours.
func sentTo(messageID string) int64 {
	local, _, _ := strings.Cut(strings.Trim(messageID, "<> "), "@")
	parts := strings.Split(local, ".")
	if len(parts) != 3 {
		return 0
	}
	reader := parts[2]
	if _, err := strconv.Atoi(parts[1]); err == nil {
		reader = parts[1]
	}
	id, err := strconv.ParseUint(reader, 10, 32)
	if err != nil {
		return 0
	}
	return int64(id)
}

// Provider counts what the servers of one domain did with an edition.
type Provider struct {
	Domain  string
	Edition string    // key
	Letters int       // that are owed there
	Blocked int       // of these, refused because of us
	Last    time.Time // refusal
}

// fewBlocked is how a provider that blocks us is told from a few odd answers.
const fewBlocked = 3

// SlowFor is for how long we go slowly at a provider after it blocked us: longer than until the next day's edition.
const SlowFor = 2 * day

// Alarm reports whether the provider blocks us: more than one letter in twenty, and at least three.
func (p Provider) Alarm() bool { return p.Blocked >= fewBlocked && 20*p.Blocked > p.Letters }

// Slow reports whether letters to a domain should go slowly: it blocked us within [SlowFor]. No reader is
// suspended for it.
func Slow(domain string, seen []Provider, now time.Time) bool {
	for _, p := range seen {
		if p.Domain == domain && p.Alarm() && now.Sub(p.Last) < SlowFor {
			return true
		}
	}
	return false
}

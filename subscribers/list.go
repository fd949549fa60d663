package subscribers

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"time"
)

// List keeps the rules of coming and going. Store, Tokens, Now and Random are required.
type List struct {
	Store  Store
	Tokens Tokens
	Now    func() time.Time
	Random io.Reader // for the tokens of confirmations
	Limits Limits
	Known  Known
	Held   func(limit string) // hears when a limit kept a confirmation back; may be nil
}

// Request is a wish to subscribe.
type Request struct {
	Email string // as written; it is normalised
	Name  string // only the operator may tell it
	Choices
	Proof
	Network string // of the page's visitor, see [Network]; empty by mail
	Answers string // Message-ID of the mail that asks; empty on the page
}

// Join takes a wish to subscribe. Who is not on the list is asked to confirm it, at most three times a week;
// his entry, if he has one, stays as it is until he does. Who is on the list already is mailed the link to his
// preferences. The answer is the same in all these cases, so it tells nobody who is on the list: the error is
// [ErrAddress] or the store's fault.
func (l *List) Join(ctx context.Context, r Request) error {
	email, err := Normalise(r.Email)
	if err != nil {
		return err
	}
	if l.Limits.refuses(Domain(email)) {
		return refuse("addresses at %s are not taken here", Domain(email))
	}
	token, err := draw(l.Random)
	if err != nil {
		return err
	}
	r.Choices = l.Known.fit(r.Choices)
	held := ""
	err = l.change(ctx, Who{Email: email, Network: r.Network}, func(p *Person) error {
		held = p.join(r, l.Limits, token, l.Now())
		return nil
	})
	if err != nil {
		return fmt.Errorf("join: %w", err)
	}
	if held != "" && l.Held != nil {
		l.Held(held)
	}
	return nil
}

// Confirm makes the bearer of a confirmation's token active and owes him a welcome; by says how he confirms.
// The second time changes nothing. The error is [ErrToken] for a token that is forged, older than seven days,
// of an earlier wish, or of one that bounced or was ended by leaving, and [ErrDisowned] for a disowned one.
func (l *List) Confirm(ctx context.Context, token string, by Proof) (Subscriber, error) {
	return l.byWish(ctx, token, func(p *Person) error { return p.confirm(by, "", l.Now()) })
}

// Disown is "this was not me": it drops the wish whose token it is, and lets no confirmation be sent to that
// address for thirty days. Who had confirmed leaves. A second time changes nothing.
func (l *List) Disown(ctx context.Context, token string) error {
	_, err := l.byWish(ctx, token, func(p *Person) error { return p.disown(l.Now()) })
	return err
}

// Leave takes the bearer off the list, from whatever state, and any number of times; who was on it is owed a
// goodbye with the way back. Who was forgotten since is off the list already.
func (l *List) Leave(ctx context.Context, token string) (Subscriber, error) {
	s, err := l.bySigned(ctx, token, func(p *Person) error { p.leave("", l.Now()); return nil }, ToLeave, ToManage)
	if _, forged := l.signed(token, ToLeave, ToManage); forged == nil && errors.Is(err, ErrToken) {
		return Subscriber{State: Left}, nil
	}
	return s, err
}

// Return undoes a leave by the token of its goodbye or of [List.UndoToken], within 30 days; later, and by the
// token of an earlier leave, the error is [ErrToken]. Who had never confirmed, or was taken off by the operator or
// a complaint, is asked to confirm. For who has not left nothing changes.
func (l *List) Return(ctx context.Context, token string) (Subscriber, error) {
	fresh, err := draw(l.Random)
	if err != nil {
		return Subscriber{}, err
	}
	_, made, err := l.Tokens.Open(ToReturn, token, l.Now())
	if err != nil {
		return Subscriber{}, err
	}
	return l.bySigned(ctx, token, func(p *Person) error { return p.comeBack(l.Limits, fresh, made, l.Now()) }, ToReturn)
}

// Prefer changes what the bearer of a token to manage chose. Who is not on the list any more has nothing to
// choose: the error is [ErrToken].
func (l *List) Prefer(ctx context.Context, token string, c Changes) (Subscriber, error) {
	return l.bySigned(ctx, token, func(p *Person) error { return p.prefer(c, l.Known, l.Now()) }, ToManage)
}

// SendLink mails the link to his preferences to who is on the list, at most once a day, and tells nobody
// whether it did. The error is [ErrAddress] or the store's fault.
func (l *List) SendLink(ctx context.Context, address string) error {
	email, err := Normalise(address)
	if err != nil {
		return err
	}
	err = l.change(ctx, Who{Email: email}, func(p *Person) error {
		if p.on() {
			p.explain(Link, "", l.Now())
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("send the link to preferences: %w", err)
	}
	return nil
}

// Look returns the bearer of a valid token for confirming, leaving, returning or managing, and changes nothing. Who
// only wishes to be on the list is [Pending]. The errors are those of [List.Confirm].
func (l *List) Look(ctx context.Context, token string) (Subscriber, error) {
	who, err := l.signed(token, ToManage, ToLeave, ToReturn)
	if err != nil {
		if who.Token, err = TokenHash(token); err != nil {
			return Subscriber{}, err
		}
	}
	p, err := l.look(ctx, who)
	if err != nil {
		return Subscriber{}, voided(err)
	}
	if who.ID != 0 && p.Entry.ID != who.ID {
		return Subscriber{}, ErrToken // the number of a wish that never came to be
	}
	if waited := p.waits(l.Now()); who.ID == 0 {
		if err := p.confirm(Proof{}, "", l.Now()); err != nil { // only tried: nothing of it is stored
			return Subscriber{}, err
		}
		if waited {
			p.Entry.State = Pending
		}
	}
	return p.Entry, nil
}

// Manages reports whether a token is one for managing, and not only for leaving.
func (l *List) Manages(token string) bool {
	_, err := l.signed(token, ToManage)
	return err == nil
}

// LeaveToken returns the token by which the subscriber with this id leaves. It is always the same.
func (l *List) LeaveToken(id int64) string { return l.Tokens.Sign(ToLeave, id, time.Time{}) }

// ReturnToken returns the token for the goodbye of the subscriber with this id, by which he comes back.
func (l *List) ReturnToken(id int64) string { return l.Tokens.Sign(ToReturn, id, l.Now()) }

// UndoToken returns the token by which a page offers the way back to a reader who has left within the last ten
// minutes; later it is empty, since who has an old letter need not be its reader: the goodbye has the way back.
func (l *List) UndoToken(s Subscriber) string {
	if s.State != Left || l.Now().Sub(s.Changed) > undoOnPage {
		return ""
	}
	return l.ReturnToken(s.ID)
}

// ManageToken returns a token by which the subscriber with this id sees and changes his preferences within
// seven days.
func (l *List) ManageToken(id int64) string { return l.Tokens.Sign(ToManage, id, l.Now()) }

// ReportToken returns the token that a bounce of, or a complaint about, the delivery with this id comes back
// to; p is [ToBounce] or [ToComplain].
func (l *List) ReportToken(p Purpose, delivery int64) string {
	return l.Tokens.Sign(p, delivery, time.Time{})
}

// byWish lets the bearer of a confirmation's token act.
func (l *List) byWish(ctx context.Context, token string, rule func(*Person) error) (Subscriber, error) {
	hash, err := TokenHash(token)
	if err != nil {
		return Subscriber{}, err
	}
	return l.act(ctx, Who{Token: hash}, rule)
}

// bySigned lets the bearer of a signed token act.
func (l *List) bySigned(ctx context.Context, token string, rule func(*Person) error, purposes ...Purpose) (Subscriber, error) {
	who, err := l.signed(token, purposes...)
	if err != nil {
		return Subscriber{}, err
	}
	return l.act(ctx, who, func(p *Person) error {
		if p.Entry.ID != who.ID {
			return ErrToken // the number of a wish that never came to be
		}
		return rule(p)
	})
}

// act runs a rule on a bearer and returns him as he is then. Who is no longer stored has no valid token.
func (l *List) act(ctx context.Context, who Who, rule func(*Person) error) (Subscriber, error) {
	var bearer *Person
	err := l.change(ctx, who, func(p *Person) error {
		bearer = p
		return rule(p)
	})
	if err != nil {
		return Subscriber{}, voided(err)
	}
	return bearer.reader(), nil
}

// voided turns nobody's token into an invalid one, and says of a fault where it was.
func voided(err error) error {
	if errors.Is(err, ErrDisowned) {
		return err
	}
	if errors.Is(err, ErrUnknown) || errors.Is(err, ErrToken) {
		return ErrToken
	}
	return fmt.Errorf("the bearer of a token: %w", err)
}

// signed opens a signed token of any of these purposes.
func (l *List) signed(token string, purposes ...Purpose) (Who, error) {
	for _, p := range purposes {
		if id, _, err := l.Tokens.Open(p, token, l.Now()); err == nil {
			return Who{ID: id}, nil
		}
	}
	return Who{}, ErrToken
}

// draw makes a token for a confirmation.
func draw(random io.Reader) (string, error) {
	var raw [20]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", fmt.Errorf("no randomness for a token: %w", err)
	}
	return alphabet.EncodeToString(raw[:]), nil
}

// change is [Store.Change].
func (l *List) change(ctx context.Context, who Who, rule func(*Person) error) error {
	who.Trace = l.Tokens.Trace
	return l.Store.Change(ctx, who, rule)
}

// look is [Store.Look].
func (l *List) look(ctx context.Context, who Who) (Person, error) {
	who.Trace = l.Tokens.Trace
	return l.Store.Look(ctx, who)
}

// Mark is what a mail is known by, so that it is acted on once: its Message-ID, to which of our addresses it
// came, and what of it stays the same whatever way it takes (who wrote it and its body, not its trace).
func Mark(messageID, to string, content []byte) [32]byte {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q ", messageID, to)
	h.Write(content)
	return [32]byte(h.Sum(nil))
}

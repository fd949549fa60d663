package subscribers

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrLeft says that the reader left, so that only he himself can come back.
var ErrLeft = errors.New("the reader has left, and only the reader can undo that")

const (
	askAgain = 15 * time.Minute    // between two requests to confirm, so that nobody's mailbox is filled
	undoFor  = 30 * 24 * time.Hour // for which a leave can be undone
)

// removed stands in ConsentHow of who was taken off the list by the operator and not by himself.
const removed = "removed by the operator"

// List keeps the rules of coming and going. All three fields are required.
type List struct {
	Store  Store
	Tokens Tokens
	Now    func() time.Time
}

// Request is a wish to subscribe.
type Request struct {
	Email   string // as written; it is normalised
	Name    string
	Lang    string   // for pages and notices; empty: the digest's
	Digests []string // chosen by name; empty: every digest that is not optional
	How     string   // how the wish came: "page", "mail", …, with what proves it
}

// Join takes a wish to subscribe. Who is not on the list, has left or is suspended becomes pending and is
// asked to confirm; who is pending is asked again, at most once in 15 minutes; for who is on the list
// nothing changes and nothing is told. The answer is the same in all these cases, so it tells nobody who
// is on the list: the error is [ErrAddress] or the store's fault.
func (l *List) Join(ctx context.Context, r Request) error {
	email, err := Normalise(r.Email)
	if err != nil {
		return err
	}
	now := l.Now()
	s, err := l.Store.Find(ctx, email)
	switch {
	case errors.Is(err, ErrUnknown):
		s = Subscriber{Email: email, Joined: now}
	case err != nil:
		return fmt.Errorf("join: %w", err)
	case s.State == Active, s.State == Paused:
		return nil
	case s.State == Pending && now.Sub(s.Changed) < askAgain:
		return nil
	case s.State != Pending:
		s.Joined = now // confirmations of an earlier wish are void
	}
	s.apply(r)
	s.State, s.Changed, s.ConsentAt, s.ConsentHow = Pending, now, time.Time{}, r.How
	if _, err := l.Store.Save(ctx, s, Confirm); err != nil {
		if _, again := l.Store.Find(ctx, email); s.ID == 0 && again == nil {
			return nil // the same wish arrived twice at one time
		}
		return fmt.Errorf("join: %w", err)
	}
	return nil
}

// apply takes over what a request chooses.
func (s *Subscriber) apply(r Request) {
	s.Name, s.Lang, s.Digests = r.Name, r.Lang, r.Digests
}

// Confirm makes a pending subscriber active and owes him a welcome. For who is active or paused already
// nothing changes. Anybody else, and a confirmation of an earlier wish, gets [ErrToken].
func (l *List) Confirm(ctx context.Context, token string) (Subscriber, error) {
	s, made, err := l.bearer(ctx, ToConfirm, token)
	switch {
	case err != nil:
		return Subscriber{}, err
	case s.State == Active, s.State == Paused:
		return s, nil
	case s.State != Pending, made.Before(s.Joined.Truncate(time.Hour)):
		return Subscriber{}, ErrToken
	}
	s.ConsentAt = l.Now()
	return l.change(ctx, s, Active, Welcome)
}

// Leave takes the bearer off the list, from whatever state, and any number of times. A goodbye is owed
// only to who was really on it: neither to one who never confirmed nor to one who cannot be reached.
func (l *List) Leave(ctx context.Context, token string) (Subscriber, error) {
	s, _, err := l.bearer(ctx, ToLeave, token)
	switch {
	case err != nil || s.State == Left:
		return s, err
	case s.State == Active, s.State == Paused:
		return l.change(ctx, s, Left, Goodbye)
	}
	return l.change(ctx, s, Left)
}

// Return undoes a leave by the token that made it, within 30 days; later the error is [ErrToken]. Who had
// never confirmed, or was taken off by the operator, is asked to confirm. For who has not left nothing
// changes.
func (l *List) Return(ctx context.Context, token string) (Subscriber, error) {
	s, _, err := l.bearer(ctx, ToLeave, token)
	now := l.Now()
	switch {
	case err != nil || s.State != Left:
		return s, err
	case now.Sub(s.Changed) > undoFor:
		return Subscriber{}, ErrToken
	case s.ConsentAt.IsZero():
		s.Joined, s.ConsentHow = now, "return"
		return l.change(ctx, s, Pending, Confirm)
	}
	s.ConsentAt, s.ConsentHow = now, "return"
	return l.change(ctx, s, Active)
}

// Look returns the bearer of a valid token of either purpose, and changes nothing.
func (l *List) Look(ctx context.Context, token string) (Subscriber, error) {
	s, _, err := l.bearer(ctx, ToLeave, token)
	if errors.Is(err, ErrToken) {
		s, _, err = l.bearer(ctx, ToConfirm, token)
	}
	return s, err
}

// LeaveToken returns the token by which the subscriber with this id leaves. It is always the same.
func (l *List) LeaveToken(id int64) string { return l.Tokens.Sign(ToLeave, id, time.Time{}) }

// ConfirmToken returns a token by which the subscriber with this id confirms within seven days.
func (l *List) ConfirmToken(id int64) string { return l.Tokens.Sign(ToConfirm, id, l.Now()) }

// Add puts a reader on the list on the operator's word, without asking him and without a notice, and
// reports whether that changed anything. Who has left is not brought back ([ErrLeft]); who is suspended
// is asked to confirm.
func (l *List) Add(ctx context.Context, r Request) (Subscriber, bool, error) {
	email, err := Normalise(r.Email)
	if err != nil {
		return Subscriber{}, false, err
	}
	now := l.Now()
	s, err := l.Store.Find(ctx, email)
	switch {
	case errors.Is(err, ErrUnknown):
		s = Subscriber{Email: email, Joined: now}
	case err != nil:
		return Subscriber{}, false, fmt.Errorf("add: %w", err)
	case s.State == Active, s.State == Paused:
		return s, false, nil
	case s.State == Left && s.ConsentHow != removed:
		return s, false, ErrLeft
	case s.State == Suspended:
		s.Joined, s.ConsentAt, s.ConsentHow = now, time.Time{}, "operator"
		s, err = l.change(ctx, s, Pending, Confirm)
		return s, err == nil, err
	}
	s.apply(r)
	s.ConsentAt, s.ConsentHow = now, "operator"
	s, err = l.change(ctx, s, Active)
	return s, err == nil, err
}

// Remove takes the reader with this address off the list on the operator's word, without a notice. Who is
// not known gets [ErrUnknown]; who has left stays as he is.
func (l *List) Remove(ctx context.Context, address string) (Subscriber, error) {
	email, err := Normalise(address)
	if err != nil {
		return Subscriber{}, err
	}
	s, err := l.Store.Find(ctx, email)
	switch {
	case errors.Is(err, ErrUnknown):
		return Subscriber{}, err
	case err != nil:
		return Subscriber{}, fmt.Errorf("remove: %w", err)
	case s.State == Left:
		return s, nil
	}
	s.ConsentAt, s.ConsentHow = time.Time{}, removed
	return l.change(ctx, s, Left)
}

// bearer returns whose token it is. A token of somebody who is no longer stored is not valid.
func (l *List) bearer(ctx context.Context, p Purpose, token string) (Subscriber, time.Time, error) {
	id, made, err := l.Tokens.Open(p, token, l.Now())
	if err != nil {
		return Subscriber{}, time.Time{}, err
	}
	s, err := l.Store.Get(ctx, id)
	if errors.Is(err, ErrUnknown) {
		return Subscriber{}, time.Time{}, ErrToken
	}
	if err != nil {
		return Subscriber{}, time.Time{}, fmt.Errorf("look for the bearer of a token: %w", err)
	}
	return s, made, nil
}

// change stores s in its new state with the notices that this owes him.
func (l *List) change(ctx context.Context, s Subscriber, to State, owed ...Notice) (Subscriber, error) {
	s.State, s.Changed = to, l.Now()
	id, err := l.Store.Save(ctx, s, owed...)
	if err != nil {
		return Subscriber{}, fmt.Errorf("make subscriber %d %s: %w", s.ID, to, err)
	}
	s.ID = id
	return s, nil
}

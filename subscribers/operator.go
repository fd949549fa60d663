package subscribers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Operator is what the operator does with the list.
type Operator struct{ List *List }

// Add puts a reader on the list on the operator's word, without asking him and without a notice, and reports
// whether that changed anything. Who was erased comes back so. Who has left is not brought back ([ErrLeft]),
// unless it was the operator who removed him; who is suspended is asked to confirm, and is pending.
func (o Operator) Add(ctx context.Context, r Request) (s Subscriber, changed bool, err error) {
	token, err := draw(o.List.Random)
	if err != nil {
		return Subscriber{}, false, err
	}
	var person *Person
	err = o.change(ctx, r.Email, func(p *Person) (err error) {
		person = p
		changed, err = p.add(r, token, o.List.Now())
		return err
	})
	if person != nil {
		s = person.Entry
	}
	if s.State == Suspended {
		s.State = Pending
	}
	return s, changed, err
}

// Remove takes the reader with this address off the list on the operator's word, without a notice. Who is
// not known gets [ErrUnknown]; who has left stays as he is. A wish that waits is dropped.
func (o Operator) Remove(ctx context.Context, address string) (s Subscriber, err error) {
	err = o.change(ctx, address, func(p *Person) error {
		s = p.reader()
		waited := p.waits(o.List.Now())
		p.Wish = Wish{}
		switch {
		case p.Entry.ID == 0 && !waited:
			return ErrUnknown
		case p.Entry.ID != 0 && p.Entry.State != Left:
			p.become(Left, ByOperator, o.List.Now())
		}
		return nil
	})
	return s, err
}

// Pause lets the reader with this address rest until then, without a notice; a zero time: until he resumes.
// Only who is on the list can rest: for others the error is [ErrUnknown].
func (o Operator) Pause(ctx context.Context, address string, until time.Time) (s Subscriber, err error) {
	err = o.change(ctx, address, func(p *Person) error {
		if !p.on() {
			return ErrUnknown
		}
		p.become(Paused, ByOperator, o.List.Now())
		p.Entry.Until = until
		s = p.Entry
		return nil
	})
	return s, err
}

// Resume ends a pause. For who is not paused the error is [ErrUnknown].
func (o Operator) Resume(ctx context.Context, address string) (s Subscriber, err error) {
	err = o.change(ctx, address, func(p *Person) error {
		if p.Entry.State != Paused {
			return ErrUnknown
		}
		p.become(Active, "", o.List.Now())
		s = p.Entry
		return nil
	})
	return s, err
}

// Erase forgets a person, whether he was known or not: what is left is a keyed hash of his address, so that
// no import brings him back. He himself can come back, and the operator can add him.
func (o Operator) Erase(ctx context.Context, address string) error {
	return o.change(ctx, address, func(p *Person) error { p.forget(o.List.Now()); return nil })
}

// Record returns all that is known of a person, or [ErrUnknown].
func (o Operator) Record(ctx context.Context, address string) (Person, error) {
	email, err := Normalise(address)
	if err != nil {
		return Person{}, err
	}
	p, err := o.List.look(ctx, Who{Email: email})
	if err != nil {
		return Person{}, fmt.Errorf("look for a subscriber: %w", err)
	}
	if p.Entry.ID == 0 && p.Wish.Made.IsZero() && p.Trace == (Trace{}) {
		return Person{}, ErrUnknown
	}
	return p, nil
}

func (o Operator) change(ctx context.Context, address string, rule func(*Person) error) error {
	email, err := Normalise(address)
	if err != nil {
		return err
	}
	err = o.List.change(ctx, Who{Email: email}, rule)
	if err != nil && !errors.Is(err, ErrUnknown) && !errors.Is(err, ErrLeft) {
		return fmt.Errorf("change a subscriber: %w", err)
	}
	return err
}

// add is [Operator.Add].
func (p *Person) add(r Request, token string, now time.Time) (changed bool, err error) {
	s := &p.Entry
	switch {
	case p.on():
		return false, nil
	case s.State == Left && s.Why != ByOperator:
		return false, ErrLeft
	case s.State == Suspended:
		p.Wish = Wish{Made: now, Choices: r.Choices, Proof: Proof{How: "operator"}}
		if p.askable(now) {
			p.owe(Owed{Notice: Confirm, Token: token}, now)
		}
		return true, nil
	case s.ID == 0:
		*s = Subscriber{Email: p.Email, Joined: now}
	}
	if r.Name != "" {
		s.Name = strings.Join(strings.Fields(r.Name), " ") // one line
	}
	s.choose(r.Choices)
	s.ConsentAt, s.ConsentHow, s.ConsentFrom, s.ConsentText = now, "operator", r.From, r.Agreed
	p.become(Active, "", now)
	p.Wish, p.Trace.Erased = Wish{}, time.Time{}
	return true, nil
}

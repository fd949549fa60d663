package subscribers_test

import (
	"context"
	"slices"
	"strings"
	"time"

	"tidings/subscribers"
)

// shelf is a store that forgets at the end of its test. It says in few words what the real one does, and the
// two are held against each other.
type shelf struct {
	now     func() time.Time
	last    int64
	people  map[string]*subscribers.Person // by address
	traces  map[string]subscribers.Trace
	asks    []ask
	replies map[string][]subscribers.Reply
	marks   map[[32]byte]bool
	mails   []mail
}

type ask struct {
	hash                   [32]byte
	email, domain, network string
	at                     time.Time
}

// mail is a notice as it went out.
type mail struct {
	notice             subscribers.Notice
	to, token, answers string
	reader             int64
}

func newShelf(now func() time.Time) *shelf {
	return &shelf{
		now: now, people: map[string]*subscribers.Person{}, traces: map[string]subscribers.Trace{},
		replies: map[string][]subscribers.Reply{}, marks: map[[32]byte]bool{},
	}
}

func (s *shelf) Look(_ context.Context, who subscribers.Who) (subscribers.Person, error) {
	email, asked, err := s.named(who)
	if err != nil {
		return subscribers.Person{}, err
	}
	p := subscribers.Person{Email: email}
	if known := s.people[email]; known != nil {
		p = *known
	}
	now := s.now()
	p.Email, p.Asked, p.Owed, p.Asks, p.Replies, p.Recent = email, asked, nil, nil, nil, subscribers.Recent{}
	p.Trace = s.traces[who.Trace(email)]
	p.Bounces = slices.Clone(p.Bounces)
	p.Bounces = slices.DeleteFunc(p.Bounces, func(b subscribers.Bounce) bool { return now.Sub(b.At) >= 30*24*time.Hour })
	for _, a := range s.asks {
		if a.email == email && now.Sub(a.at) < 7*24*time.Hour {
			p.Asks = append(p.Asks, a.at)
		}
		if who.Email != "" && now.Sub(a.at) < time.Hour {
			p.Recent.All++
			if a.domain == subscribers.Domain(email) {
				p.Recent.Domain++
			}
			if a.network == who.Network && a.network != "" {
				p.Recent.Network++
			}
		}
	}
	for _, r := range s.replies[email] {
		if now.Sub(r.At) < 7*24*time.Hour {
			p.Replies = append(p.Replies, r)
		}
	}
	return p, nil
}

func (s *shelf) named(who subscribers.Who) (string, time.Time, error) {
	if who.Email != "" {
		return who.Email, time.Time{}, nil
	}
	for email, p := range s.people {
		if who.ID != 0 && (p.Entry.ID == who.ID || p.Wish.ID == who.ID) {
			return email, time.Time{}, nil
		}
	}
	for _, a := range s.asks {
		if who.ID == 0 && a.hash == who.Token && a.email != "" {
			return a.email, a.at, nil
		}
	}
	return "", time.Time{}, subscribers.ErrUnknown
}

func (s *shelf) Change(ctx context.Context, who subscribers.Who, rule func(*subscribers.Person) error) error {
	p, err := s.Look(ctx, who)
	if err != nil {
		return err
	}
	before := p.Trace
	read := len(p.Bounces)
	if err := rule(&p); err != nil {
		return err
	}
	if known := s.people[p.Email]; known != nil && len(p.Bounces) >= read {
		p.Bounces = append(slices.Clone(known.Bounces), p.Bounces[read:]...)
	}
	for _, id := range []struct {
		id   *int64
		real bool
	}{{&p.Wish.ID, !p.Wish.Made.IsZero()}, {&p.Entry.ID, p.Entry.Email != ""}} {
		if id.real && *id.id == 0 {
			s.last++
			*id.id = s.last
		}
	}
	s.traces[who.Trace(p.Email)] = p.Trace
	if !p.Trace.Erased.IsZero() && !p.Trace.Erased.Equal(before.Erased) {
		delete(s.replies, p.Email)
		for i := range s.asks {
			if s.asks[i].email == p.Email {
				s.asks[i].email = ""
			}
		}
	}
	s.people[p.Email] = &p
	for _, o := range p.Owed {
		s.owe(p, o)
	}
	return nil
}

func (s *shelf) owe(p subscribers.Person, o subscribers.Owed) {
	reader := p.Entry.ID
	if o.Notice == subscribers.Confirm {
		reader = p.Wish.ID
		hash, _ := subscribers.TokenHash(o.Token)
		s.asks = append(s.asks, ask{hash, p.Email, subscribers.Domain(p.Email), o.Network, s.now()})
	}
	if o.Counted {
		s.replies[p.Email] = append(s.replies[p.Email], subscribers.Reply{Notice: o.Notice, At: s.now()})
	}
	s.mails = append(s.mails, mail{o.Notice, p.Email, o.Token, o.Answers, reader})
}

func (s *shelf) Once(ctx context.Context, mark [32]byte, act func(context.Context) error) (bool, error) {
	if s.marks[mark] {
		return false, nil
	}
	err := act(ctx)
	s.marks[mark] = err == nil
	return err == nil, err
}

// sent takes the mails that went out since it was last asked.
func (s *shelf) sent() []mail {
	out := s.mails
	s.mails = nil
	return out
}

// told names mails by their notices.
func told(mails []mail) string {
	var words []string
	for _, m := range mails {
		words = append(words, string(m.notice))
	}
	return strings.Join(words, " ")
}

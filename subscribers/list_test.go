package subscribers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// shelf is a store that forgets at the end of its test, and remembers the notices owed.
type shelf struct {
	all   map[int64]Subscriber
	owed  []string
	fault error
}

func (s *shelf) Find(_ context.Context, email string) (Subscriber, error) {
	for _, sub := range s.all {
		if sub.Email == email {
			return sub, nil
		}
	}
	return Subscriber{}, ErrUnknown
}

func (s *shelf) Get(_ context.Context, id int64) (Subscriber, error) {
	if sub, ok := s.all[id]; ok {
		return sub, nil
	}
	return Subscriber{}, ErrUnknown
}

func (s *shelf) Save(_ context.Context, sub Subscriber, owed ...Notice) (int64, error) {
	if s.fault != nil {
		return 0, s.fault
	}
	if sub.ID == 0 {
		sub.ID = int64(len(s.all) + 1)
	}
	s.all[sub.ID] = sub
	for _, n := range owed {
		s.owed = append(s.owed, string(n))
	}
	return sub.ID, nil
}

// house is a list with one subscriber, id 1, in some state since a day.
func house(t *testing.T, state State) (*List, *shelf, *time.Time) {
	t.Helper()
	tokens, err := NewTokens(bytes.Repeat([]byte("k"), 32))
	if err != nil {
		t.Fatal(err)
	}
	s := &shelf{all: map[int64]Subscriber{}}
	if state != "" {
		before := noon.Add(-24 * time.Hour)
		sub := Subscriber{ID: 1, Email: "ada@example.org", State: state, Joined: before, Changed: before, ConsentAt: before, ConsentHow: "page"}
		if state == Pending {
			sub.ConsentAt = time.Time{}
		}
		s.all[1] = sub
	}
	now := noon
	return &List{Store: s, Tokens: tokens, Now: func() time.Time { return now }}, s, &now
}

// Every state × every act: the state that follows, the notices owed, the error.
func TestEveryStateEveryAct(t *testing.T) {
	ctx := t.Context()
	ask := Request{Email: " Ada@Example.org", How: "page"}
	acts := map[string]func(*List) error{
		"join":    func(l *List) error { return l.Join(ctx, ask) },
		"confirm": func(l *List) error { _, err := l.Confirm(ctx, l.ConfirmToken(1)); return err },
		"leave":   func(l *List) error { _, err := l.Leave(ctx, l.LeaveToken(1)); return err },
		"return":  func(l *List) error { _, err := l.Return(ctx, l.LeaveToken(1)); return err },
		"look":    func(l *List) error { _, err := l.Look(ctx, l.LeaveToken(1)); return err },
		"add":     func(l *List) error { _, _, err := l.Add(ctx, ask); return err },
		"remove":  func(l *List) error { _, err := l.Remove(ctx, ask.Email); return err },
	}
	token, left, unknown := ErrToken.Error(), ErrLeft.Error(), ErrUnknown.Error()
	table := map[State]map[string]string{
		"":        {"join": "pending confirm", "confirm": "! " + token, "leave": "! " + token, "return": "! " + token, "look": "! " + token, "add": "active", "remove": "! " + unknown},
		Pending:   {"join": "pending confirm", "confirm": "active welcome", "leave": "left", "return": "pending", "look": "pending", "add": "active", "remove": "left"},
		Active:    {"join": "active", "confirm": "active", "leave": "left goodbye", "return": "active", "look": "active", "add": "active", "remove": "left"},
		Paused:    {"join": "paused", "confirm": "paused", "leave": "left goodbye", "return": "paused", "look": "paused", "add": "paused", "remove": "left"},
		Left:      {"join": "pending confirm", "confirm": "left ! " + token, "leave": "left", "return": "active", "look": "left", "add": "left ! " + left, "remove": "left"},
		Suspended: {"join": "pending confirm", "confirm": "suspended ! " + token, "leave": "left", "return": "suspended", "look": "suspended", "add": "pending confirm", "remove": "left"},
	}
	for state, row := range table {
		for act, want := range row {
			l, s, _ := house(t, state)
			err := acts[act](l)
			got := append([]string{string(s.all[1].State)}, s.owed...)
			if err != nil {
				got = append(got, "!", err.Error())
			}
			if got := strings.TrimSpace(strings.Join(got, " ")); got != want {
				t.Errorf("%q, %s: %q, want %q", state, act, got, want)
			}
			if s.all[1].State == Active && s.all[1].ConsentAt.IsZero() {
				t.Errorf("%q, %s: active without consent", state, act)
			}
		}
	}
}

// No walk of any acts of the public, at any times, makes somebody active who did not use his own token
// of confirmation, or the undo of his own leave.
func TestNobodyWithoutConsent(t *testing.T) {
	ctx := t.Context()
	for n := range 1 << 10 {
		l, s, now := house(t, "")
		for step, rest := 0, n; step < 5; step, rest = step+1, rest/4 {
			switch rest % 4 {
			case 0:
				l.Join(ctx, Request{Email: "ada@example.org", How: "page"})
			case 1:
				l.Leave(ctx, l.LeaveToken(1))
			case 2:
				l.Return(ctx, l.LeaveToken(1))
			case 3:
				l.Remove(ctx, "ada@example.org")
			}
			*now = now.Add(time.Hour)
			if state := s.all[1].State; state == Active || state == Paused {
				t.Fatalf("walk %d: %s after step %d", n, state, step)
			}
		}
		if joined := strings.Join(s.owed, " "); strings.Contains(joined, "welcome") || strings.Contains(joined, "goodbye") {
			t.Fatalf("walk %d owes %s", n, joined)
		}
	}
}

func TestJoinKeepsWhatWasChosen(t *testing.T) {
	l, s, now := house(t, "")
	r := Request{Email: "Ada@BÜCHER.example", Name: "Ada", Lang: "it", Digests: []string{"weekly"}, How: "mail <x@y>"}
	if err := l.Join(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	*now = now.Add(time.Minute)
	if _, err := l.Confirm(t.Context(), l.ConfirmToken(1)); err != nil {
		t.Fatal(err)
	}
	want := Subscriber{ID: 1, Email: "ada@xn--bcher-kva.example", Name: "Ada", State: Active, Digests: []string{"weekly"}, Lang: "it",
		Joined: noon, Changed: *now, ConsentAt: *now, ConsentHow: "mail <x@y>"}
	if diff := cmp.Diff(want, s.all[1]); diff != "" {
		t.Error(diff)
	}
}

func TestAskedAgain(t *testing.T) {
	l, s, now := house(t, "")
	for range 60 { // a wish every minute
		if err := l.Join(t.Context(), Request{Email: "ada@example.org"}); err != nil {
			t.Fatal(err)
		}
		*now = now.Add(time.Minute)
	}
	if len(s.owed) != 4 {
		t.Errorf("asked %d times in an hour", len(s.owed))
	}
}

// A link lives seven days, and dies earlier when its wish does.
func TestConfirmExpires(t *testing.T) {
	l, s, now := house(t, Pending)
	first := l.ConfirmToken(1)
	*now = noon.Add(7*24*time.Hour + time.Hour)
	if _, err := l.Confirm(t.Context(), first); !errors.Is(err, ErrToken) {
		t.Errorf("after seven days: %v", err)
	}
	*now = noon.Add(2 * time.Hour)
	l.Leave(t.Context(), l.LeaveToken(1))
	l.Join(t.Context(), Request{Email: "ada@example.org"})
	if _, err := l.Confirm(t.Context(), first); !errors.Is(err, ErrToken) {
		t.Errorf("the link of an earlier wish: %v", err)
	}
	if sub, err := l.Confirm(t.Context(), l.ConfirmToken(1)); err != nil || sub.State != Active {
		t.Errorf("the link of this wish: %v, %v", sub, err)
	}
	if got := strings.Join(s.owed, " "); got != "confirm welcome" {
		t.Errorf("owed %s", got)
	}
}

func TestUndoExpires(t *testing.T) {
	l, s, now := house(t, Active)
	l.Leave(t.Context(), l.LeaveToken(1))
	*now = noon.Add(31 * 24 * time.Hour)
	if _, err := l.Return(t.Context(), l.LeaveToken(1)); !errors.Is(err, ErrToken) || s.all[1].State != Left {
		t.Errorf("after 31 days: %v", err)
	}
}

func TestRemovedMayBeAddedAgain(t *testing.T) {
	l, s, _ := house(t, Active)
	if _, err := l.Remove(t.Context(), "ada@example.org"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Return(t.Context(), l.LeaveToken(1)); err != nil || s.all[1].State != Pending {
		t.Errorf("who was removed undoes it: %v, %v", s.all[1].State, err)
	}
	l.Remove(t.Context(), "ada@example.org")
	if sub, changed, err := l.Add(t.Context(), Request{Email: "ada@example.org"}); err != nil || !changed || sub.State != Active || sub.ConsentHow != "operator" {
		t.Errorf("added again: %+v %v %v", sub, changed, err)
	}
}

func TestFaults(t *testing.T) {
	l, s, _ := house(t, Active)
	s.fault = errors.New("disk full")
	for what, err := range map[string]error{
		"join":  l.Join(t.Context(), Request{Email: "new@example.org"}),
		"leave": func() error { _, err := l.Leave(t.Context(), l.LeaveToken(1)); return err }(),
	} {
		if !errors.Is(err, s.fault) || strings.Contains(fmt.Sprint(err), "example.org") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := l.Join(t.Context(), Request{Email: "nobody"}); !errors.Is(err, ErrAddress) {
		t.Error(err)
	}
}

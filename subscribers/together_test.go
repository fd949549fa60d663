package subscribers_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"tidings/subscribers"
)

// The same act by many at one time is one act, and is told once.
func TestTogether(t *testing.T) {
	const email = "ada@example.org"
	onDatabases(t, func(t *testing.T, h *house) {
		for _, step := range []struct {
			name string
			do   func(ctx context.Context) error
			want string
		}{
			{"join", func(ctx context.Context) error { return h.Join(ctx, subscribers.Request{Email: email}) }, "confirm"},
			{"confirm", func(ctx context.Context) error {
				_, err := h.Confirm(ctx, h.token(email), subscribers.Proof{How: "page"})
				return err
			}, "welcome"},
			{"ask for the link", func(ctx context.Context) error { return h.SendLink(ctx, email) }, "link"},
			{"leave", func(ctx context.Context) error {
				_, err := h.Leave(ctx, h.LeaveToken(h.id(ctx, email)))
				return err
			}, "goodbye"},
			{"undo", func(ctx context.Context) error {
				_, err := h.Return(ctx, h.ReturnToken(h.id(ctx, email)))
				return err
			}, ""},
		} {
			var group sync.WaitGroup
			for range 8 {
				group.Go(func() {
					if err := step.do(context.Background()); err != nil {
						t.Errorf("%s: %v", step.name, err)
					}
				})
			}
			group.Wait()
			if got := told(h.mailed()); got != step.want {
				t.Errorf("%s: %q", step.name, got)
			}
		}
	})
}

// Leaving and changing preferences at one time loses neither: who left has left.
func TestLeaveWhileChoosing(t *testing.T) {
	onDatabases(t, func(t *testing.T, h *house) {
		for range 10 {
			s, _, err := subscribers.Operator{List: h.List}.Add(t.Context(), subscribers.Request{Email: "ada@example.org"})
			must(t, err)
			var group sync.WaitGroup
			group.Go(func() {
				_, err := h.Leave(context.Background(), h.LeaveToken(s.ID))
				if err != nil {
					t.Error(err)
				}
			})
			for range 3 {
				group.Go(func() {
					_, err := h.Prefer(context.Background(), h.ManageToken(s.ID), subscribers.Changes{Topics: []string{"chips"}})
					if err != nil && !errors.Is(err, subscribers.ErrToken) {
						t.Error(err)
					}
				})
			}
			group.Wait()
			if p := h.person(t.Context(), "ada@example.org"); p.Entry.State != subscribers.Left {
				t.Fatalf("he is %s", p.Entry.State)
			}
			must(t, subscribers.Operator{List: h.List}.Erase(t.Context(), "ada@example.org"))
		}
	})
}

// A mail is acted on once: its acts and its mark are one, also when they are about several people.
func TestOnce(t *testing.T) {
	onDatabases(t, func(t *testing.T, h *house) {
		mark := subscribers.Mark("<m@example.org>", "daily+subscribe@example.org", []byte("body"))
		act := func(fault error) (bool, error) {
			return h.Store.Once(context.Background(), mark, func(ctx context.Context) error {
				for _, email := range []string{"ada@example.org", "bob@example.org"} {
					if err := h.Join(ctx, subscribers.Request{Email: email}); err != nil {
						return err
					}
				}
				return fault
			})
		}
		if _, err := act(errors.New("cut off")); err == nil || len(h.mailed()) > 0 {
			t.Errorf("half of a mail was acted on: %v", err)
		}
		var group sync.WaitGroup
		for range 6 {
			group.Go(func() {
				if _, err := act(nil); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if got := told(h.mailed()); got != "confirm confirm" {
			t.Errorf("mailed %q", got)
		}
	})
}

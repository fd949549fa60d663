package subscribers_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"tidings/subscribers"
)

var update = flag.Bool("update", false, "write the golden files")

// act is something that happens to the person with an address.
type act struct {
	name string
	do   func(ctx context.Context, h *house, email string) error
}

const day = 24 * time.Hour

// The acts of the table, in its order. A stranger is anybody who knows no more than the address.
func acts() []act {
	return append(byTheReader(), append(byMail(), byOthers()...)...)
}

func byTheReader() []act {
	return []act{
		{"join on the page", func(ctx context.Context, h *house, email string) error {
			return h.Join(ctx, subscribers.Request{Email: email, Proof: subscribers.Proof{How: "page"}})
		}},
		{"confirm", func(ctx context.Context, h *house, email string) error {
			_, err := h.Confirm(ctx, h.token(email), subscribers.Proof{How: "page"})
			return err
		}},
		{"confirm after eight days", func(ctx context.Context, h *house, email string) error {
			h.wait(8 * day)
			defer h.wait(-8 * day)
			_, err := h.Confirm(ctx, h.token(email), subscribers.Proof{How: "page"})
			return err
		}},
		{"this was not me", func(ctx context.Context, h *house, email string) error { return h.Disown(ctx, h.token(email)) }},
		{"leave by the link", func(ctx context.Context, h *house, email string) error {
			_, err := h.Leave(ctx, h.LeaveToken(h.id(ctx, email)))
			return err
		}},
		{"undo", func(ctx context.Context, h *house, email string) error {
			_, err := h.Return(ctx, h.ReturnToken(h.id(ctx, email)))
			return err
		}},
		{"undo after 31 days", func(ctx context.Context, h *house, email string) error {
			h.wait(31 * day)
			defer h.wait(-31 * day)
			_, err := h.Return(ctx, h.ReturnToken(h.id(ctx, email)))
			return err
		}},
		{"undo by an old letter's link", func(ctx context.Context, h *house, email string) error {
			_, err := h.Return(ctx, h.LeaveToken(h.id(ctx, email)))
			return err
		}},
		{"choose topics", func(ctx context.Context, h *house, email string) error {
			_, err := h.Prefer(ctx, h.ManageToken(h.id(ctx, email)), subscribers.Changes{Topics: []string{"chips"}})
			return err
		}},
		{"pause", func(ctx context.Context, h *house, email string) error {
			until := h.clock.Add(7 * day)
			_, err := h.Prefer(ctx, h.ManageToken(h.id(ctx, email)), subscribers.Changes{Pause: &until})
			return err
		}},
		{"resume", func(ctx context.Context, h *house, email string) error {
			_, err := h.Prefer(ctx, h.ManageToken(h.id(ctx, email)), subscribers.Changes{Pause: &time.Time{}})
			return err
		}},
		{"ask for the link", func(ctx context.Context, h *house, email string) error { return h.SendLink(ctx, email) }},
	}
}

// id is that of the entry, or of the wish.
func (h *house) id(ctx context.Context, email string) int64 {
	p := h.person(ctx, email)
	if p.Entry.ID != 0 {
		return p.Entry.ID
	}
	if p.Wish.ID != 0 {
		return p.Wish.ID
	}
	return 1 << 30 // nobody's
}

func byMail() []act {
	type letters = subscribers.Correspondence
	all := []act{{"confirm by a reply", func(ctx context.Context, h *house, email string) error {
		return letters{List: h.List, Mail: subscribers.Mail{From: email, Token: h.token(email), MessageID: "<r@example.org>"}}.Confirm(ctx)
	}}}
	for _, who := range []struct {
		name      string
		authentic bool
	}{{"he writes", true}, {"a stranger writes", false}} {
		for _, a := range []struct {
			verb string
			do   func(letters, context.Context) error
		}{
			{"subscribe", func(c letters, ctx context.Context) error { return c.Join(ctx, subscribers.Choices{}) }},
			{"unsubscribe", letters.Leave},
			{"topics chips", func(c letters, ctx context.Context) error {
				return c.Prefer(ctx, subscribers.Changes{Topics: []string{"chips"}})
			}},
			{"status", letters.Status}, {"help", letters.Help}, {"what no one understands", letters.Puzzled},
		} {
			all = append(all, act{who.name + " " + a.verb, func(ctx context.Context, h *house, email string) error {
				mail := subscribers.Mail{From: email, Authentic: who.authentic, MessageID: "<m@example.org>"}
				return a.do(letters{List: h.List, Mail: mail}, ctx)
			}})
		}
	}
	return all
}

func byOthers() []act {
	all := []act{}
	for _, r := range []struct {
		name   string
		report subscribers.Bounce
		proven bool
	}{
		{"no such address", subscribers.Bounce{Kind: subscribers.Hard, Status: "5.1.1"}, true},
		{"no such address, says a stranger", subscribers.Bounce{Kind: subscribers.Hard, Status: "5.1.1"}, false},
		{"mailbox full", subscribers.Bounce{Kind: subscribers.Soft, Status: "5.2.2"}, true},
		{"blocked", subscribers.Bounce{Kind: subscribers.Blocked, Status: "5.7.1"}, true},
		{"delayed", subscribers.Bounce{Kind: subscribers.Delayed, Status: "4.4.1"}, true},
	} {
		all = append(all, act{r.name, func(ctx context.Context, h *house, email string) error {
			report := subscribers.Report{Email: email, Bounce: r.report}
			if r.proven {
				report.Token = h.ReportToken(subscribers.ToBounce, 7<<32|h.id(ctx, email))
			}
			return subscribers.Postmaster{List: h.List}.Bounce(ctx, report)
		}})
	}
	return append(all, []act{
		{"the confirmation bounces", func(ctx context.Context, h *house, email string) error {
			return subscribers.Postmaster{List: h.List}.Bounce(ctx, subscribers.Report{Token: h.token(email), Bounce: subscribers.Bounce{Kind: subscribers.Hard, Status: "5.1.1"}})
		}},
		{"he complains", func(ctx context.Context, h *house, email string) error {
			return subscribers.Postmaster{List: h.List}.Complain(ctx, subscribers.Report{Token: h.ReportToken(subscribers.ToComplain, 7<<32|h.id(ctx, email))})
		}},
		{"he complains, says a stranger", func(ctx context.Context, h *house, email string) error {
			return subscribers.Postmaster{List: h.List}.Complain(ctx, subscribers.Report{Email: email})
		}},
		{"the operator adds", func(ctx context.Context, h *house, email string) error {
			_, _, err := subscribers.Operator{List: h.List}.Add(ctx, subscribers.Request{Email: email})
			return err
		}},
		{"the operator removes", func(ctx context.Context, h *house, email string) error {
			_, err := subscribers.Operator{List: h.List}.Remove(ctx, email)
			return err
		}},
		{"the operator pauses", func(ctx context.Context, h *house, email string) error {
			_, err := subscribers.Operator{List: h.List}.Pause(ctx, email, time.Time{})
			return err
		}},
		{"the operator resumes", func(ctx context.Context, h *house, email string) error {
			_, err := subscribers.Operator{List: h.List}.Resume(ctx, email)
			return err
		}},
		{"the operator erases", func(ctx context.Context, h *house, email string) error {
			return subscribers.Operator{List: h.List}.Erase(ctx, email)
		}},
	}...)
}

// states are where somebody can stand, by the acts that lead there.
func states() []struct {
	name string
	by   []string
} {
	confirmed := func(more ...string) []string { return append([]string{"join on the page", "confirm"}, more...) }
	return []struct {
		name string
		by   []string
	}{
		{"nobody", nil},
		{"wishes", []string{"join on the page"}},
		{"active", confirmed()},
		{"active, added", []string{"the operator adds"}},
		{"paused", confirmed("pause")},
		{"left", confirmed("leave by the link")},
		{"left, wishes", confirmed("leave by the link", "join on the page")},
		{"left, removed", confirmed("the operator removes")},
		{"left, complained", confirmed("he complains")},
		{"suspended", confirmed("no such address")},
		{"suspended, wishes", confirmed("no such address", "join on the page")},
		{"disowned", []string{"join on the page", "this was not me"}},
		{"erased", confirmed("the operator erases")},
	}
}

// Every state × every act: what follows, and which notice is owed.
func TestEveryStateEveryAct(t *testing.T) {
	everywhere(t, func(t *testing.T, h *house) {
		var out strings.Builder
		out.WriteString("What follows from every act in every state: the state, whether a wish waits, the notices, the error.\n")
		named := map[string]act{}
		for _, a := range acts() {
			named[a.name] = a
		}
		for i, a := range acts() {
			fmt.Fprintf(&out, "\n%s\n", a.name)
			for j, s := range states() {
				email := fmt.Sprintf("ada%d@s%d.example.org", i, j)
				for _, step := range s.by {
					must(t, named[step].do(t.Context(), h, email))
					h.mailed()
					h.wait(20 * time.Minute) // so that he may be asked again
				}
				before := stands(h.person(t.Context(), email))
				err := a.do(t.Context(), h, email)
				p := h.person(t.Context(), email)
				mails := h.mailed()
				after := stands(p)
				if after == before {
					after = "="
				}
				fmt.Fprintf(&out, "  %-18s → %s\n", s.name, strings.Join(notEmpty(after, told(mails), said(err)), ", "))
				if p.Entry.State == subscribers.Active && p.Entry.ConsentAt.IsZero() {
					t.Errorf("%s, %s: active without consent", s.name, a.name)
				}
				for _, m := range mails {
					if m.to != email {
						t.Errorf("%s, %s: a mail to %s", s.name, a.name, m.to)
					}
				}
			}
		}
		golden(t, "acts.txt", out.String(), *update && strings.HasSuffix(t.Name(), "shelf"))
	})
}

// stands says where somebody stands.
func stands(p subscribers.Person) string {
	var words []string
	switch e := p.Entry; {
	case e.ID == 0:
		words = append(words, "nobody")
	case e.Why != "":
		words = append(words, string(e.State)+" by "+string(e.Why))
	default:
		words = append(words, string(e.State))
	}
	if p.Entry.ID != 0 && len(p.Entry.Topics) > 0 {
		words = append(words, "with "+strings.Join(p.Entry.Topics, " "))
	}
	if !p.Wish.Made.IsZero() && p.Wish.Done.IsZero() {
		words = append(words, "wishes")
	}
	if n := len(p.Bounces); n > 0 {
		words = append(words, fmt.Sprintf("bounced %d×", n))
	}
	if !p.Trace.Blocked.IsZero() {
		words = append(words, "blocked")
	}
	if !p.Trace.Erased.IsZero() {
		words = append(words, "erased")
	}
	return strings.Join(words, " ")
}

func said(err error) string {
	for _, known := range []error{subscribers.ErrToken, subscribers.ErrLeft, subscribers.ErrUnknown} {
		if errors.Is(err, known) {
			return "! " + known.Error()
		}
	}
	if err != nil {
		return "! " + err.Error()
	}
	return ""
}

func notEmpty(words ...string) (out []string) {
	for _, w := range words {
		if w != "" {
			out = append(out, w)
		}
	}
	return out
}

package subscribers

import (
	"context"
	"fmt"
)

// Mail is one that a person wrote, as far as the rules need to know it.
type Mail struct {
	From      string // as written; it is normalised
	Authentic bool   // DMARC passes, or a DKIM signature that is aligned with From
	MessageID string // which an answer names
	Token     string // of the address that it was sent to; empty: none
}

// Correspondence is what a person does by mail. Each act takes one mail, and answers it at most once; nobody
// is answered more than ten times a day. What needs a proof is done at once for who has it, by the token or
// as an authentic sender; anybody else's mail causes at most a mail to the address that it names, by which its
// owner can do it. The errors are the store's faults, [ErrAddress] and, for a token, [ErrToken]; to the
// latter two nothing is answered.
type Correspondence struct {
	List *List
	Mail Mail
}

// Join is "subscribe".
func (c Correspondence) Join(ctx context.Context, choices Choices) error {
	return c.List.Join(ctx, Request{
		Email: c.Mail.From, Choices: choices, Proof: Proof{How: "mail", From: c.Mail.MessageID}, Answers: c.answers(),
	})
}

// Confirm is an answer to a confirmation. That no machine wrote it is for the caller to know.
func (c Correspondence) Confirm(ctx context.Context) error {
	by := Proof{How: "mail", From: c.Mail.MessageID}
	_, err := c.List.byWish(ctx, c.Mail.Token, func(p *Person) error { return p.confirm(by, c.answers(), c.List.Now()) })
	return err
}

// Leave is "unsubscribe".
func (c Correspondence) Leave(ctx context.Context) error {
	l := c.List
	if c.Mail.Token != "" {
		_, err := l.bySigned(ctx, c.Mail.Token, func(p *Person) error { p.leave(c.answers(), l.Now()); return nil }, ToLeave, ToManage)
		return err
	}
	return c.writer(ctx, func(p *Person) error {
		switch {
		case c.Mail.Authentic:
			p.leave(c.answers(), l.Now())
		case p.on():
			p.explain(Leaving, c.answers(), l.Now())
		}
		return nil
	})
}

// Prefer is "topics", "digests", "language", "html", "text", "pause" and "resume". It is answered with what is
// chosen then.
func (c Correspondence) Prefer(ctx context.Context, changes Changes) error {
	l := c.List
	rule := func(p *Person) error {
		if err := p.prefer(changes, l.Known, l.Now()); err != nil {
			return err
		}
		p.owe(Owed{Notice: Status, Answers: c.answers()}, l.Now())
		return nil
	}
	if c.Mail.Token != "" {
		_, err := l.bySigned(ctx, c.Mail.Token, rule, ToManage)
		return err
	}
	return c.writer(ctx, func(p *Person) error {
		switch {
		case !p.on():
			return nil
		case c.Mail.Authentic:
			return rule(p)
		}
		p.explain(Link, c.answers(), l.Now())
		return nil
	})
}

// Status is "status": what is chosen, for who is on the list.
func (c Correspondence) Status(ctx context.Context) error {
	return c.writer(ctx, func(p *Person) error {
		switch {
		case p.on() && c.Mail.Authentic:
			p.owe(Owed{Notice: Status, Answers: c.answers()}, c.List.Now())
		case p.on():
			p.explain(Status, c.answers(), c.List.Now())
		case c.Mail.Authentic:
			p.explain(Help, c.answers(), c.List.Now())
		}
		return nil
	})
}

// Help is "help", answered once a day.
func (c Correspondence) Help(ctx context.Context) error {
	return c.writer(ctx, func(p *Person) error { p.explain(Help, c.answers(), c.List.Now()); return nil })
}

// Puzzled is a mail that asks for nothing we know. Help is the answer to an authentic one, silence to others.
func (c Correspondence) Puzzled(ctx context.Context) error {
	if !c.Mail.Authentic {
		return nil
	}
	return c.Help(ctx)
}

// writer runs a rule on who wrote the mail.
func (c Correspondence) writer(ctx context.Context, rule func(*Person) error) error {
	email, err := Normalise(c.Mail.From)
	if err != nil {
		return err
	}
	if err := c.List.change(ctx, Who{Email: email}, rule); err != nil {
		return fmt.Errorf("act on a mail: %w", err)
	}
	return nil
}

// answers is what the notices that the mail causes are answers to, never empty.
func (c Correspondence) answers() string {
	if c.Mail.MessageID == "" {
		return "<>"
	}
	return c.Mail.MessageID
}

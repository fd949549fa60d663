package main

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strings"

	"tidings/digest"
	"tidings/digest/outbox"
	"tidings/subscribers"
	"tidings/templates"
)

// notice writes one transactional mail.
func (l *letters) notice(ctx context.Context, d digest.Delivery) (outbox.Letter, error) {
	from, title, lang := l.house.sender()
	if d.Lang != "" {
		lang = d.Lang
	}
	n := templates.Notice{Title: title, Lang: lang}
	headers := map[string]string{"Auto-Submitted": "auto-generated"}
	if err := l.fill(ctx, d, &n, headers); err != nil {
		return outbox.Letter{}, fmt.Errorf("notice %s: %w", d.Notice, err)
	}
	letter, err := l.house.set.Notice(d.Notice, n)
	if err != nil {
		return outbox.Letter{}, fmt.Errorf("notice %s: %w", d.Notice, err)
	}
	out := outbox.Letter{
		Label: outbox.Label{Key: d.Key, To: d.To, Date: d.Owed},
		From:  from, Subject: letter.Subject, HTML: letter.HTML, Text: letter.Text, Headers: headers,
	}
	if d.Text {
		out.HTML = ""
	}
	to := func(purpose string) string { return l.house.config.Mail.address(from, purpose) }
	out.EnvelopeFrom = to("b-" + l.house.list.ReportToken(subscribers.ToBounce, d.ID))
	if by := to("c-" + d.Token); d.Token != "" && by != "" { // answering is confirming
		headers["Reply-To"] = by
	}
	if d.Answers != "" {
		answering(&out, d.Answers)
	}
	return out, nil
}

// fill gives a notice the pages and facts that its kind needs.
func (l *letters) fill(ctx context.Context, d digest.Delivery, n *templates.Notice, headers map[string]string) error {
	list := l.house.list
	leave, manage := l.link("u", list.LeaveToken(d.Reader)), l.link("p", list.ManageToken(d.Reader))
	switch subscribers.Notice(d.Notice) {
	case subscribers.Confirm:
		from, _, _ := l.house.sender()
		n.Reply = l.house.config.Mail.address(from, "c-"+d.Token) != ""
		n.Confirm, n.Disown = l.link("c", d.Token), l.link("n", d.Token)
		headers["List-Unsubscribe"], headers["List-Unsubscribe-Post"] = "<"+n.Disown+">", "List-Unsubscribe=One-Click"
	case subscribers.Welcome:
		n.Leave, n.Archive = leave, l.link("archive")
	case subscribers.Goodbye:
		n.Return = l.link("r", list.ReturnToken(d.Reader))
	case subscribers.Leaving:
		n.Leave = leave
	case subscribers.Link:
		n.Manage, n.Leave = manage, leave
	case subscribers.Status:
		n.Manage, n.Leave = manage, leave
		s, err := l.house.store.Get(ctx, d.Reader)
		n.Chosen = l.house.chose(s, n.Lang)
		return err
	case subscribers.Help:
		n.Home = l.link("")
		from, _, _ := l.house.sender()
		to := func(purpose string) string { return l.house.config.Mail.address(from, purpose) }
		n.Mailbox = templates.Mailbox{Subscribe: to("subscribe"), Unsubscribe: to("unsubscribe"), Status: to("status"), Help: to("help")}
	}
	return nil
}

// chose tells a reader's choices in the words of the letters, which are in this language.
func (h *house) chose(s subscribers.Subscriber, lang string) templates.Chosen {
	c := templates.Chosen{
		Paused: s.State == subscribers.Paused, Until: s.Until, Lang: s.Lang, Text: s.Text, Timezone: s.Timezone,
	}
	for _, id := range s.Topics {
		name := id
		for _, t := range h.config.topics() {
			if t.ID == id {
				name = cmp.Or(t.Name[lang], t.Name["en"], id)
			}
		}
		c.Topics = append(c.Topics, name)
	}
	for _, d := range h.digests {
		for _, name := range s.Digests {
			if d.Name == name {
				c.Digests = append(c.Digests, d.Title)
			}
		}
	}
	return c
}

var messageIDForm = regexp.MustCompile(`^<[!-;=?-~]{3,250}>$`)

// answering marks a letter as the answer to a mail, so that no machine answers it (RFC 3834, 3.1): it bears
// no address to which an error could be reported, and names the mail if that has a name.
func answering(l *outbox.Letter, to string) {
	l.EnvelopeFrom = "<>"
	l.Headers["Auto-Submitted"] = "auto-replied"
	l.Headers["X-Auto-Response-Suppress"] = "All"
	l.Headers["Precedence"] = "bulk"
	if to = "<" + strings.Trim(to, "<> ") + ">"; messageIDForm.MatchString(to) {
		l.Headers["In-Reply-To"], l.Headers["References"] = to, to
	}
}

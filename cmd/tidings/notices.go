package main

import (
	"cmp"
	"context"
	"errors"
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
	reader, err := l.addressee(ctx, d)
	if err != nil {
		return outbox.Letter{}, fmt.Errorf("notice %s: %w", d.Notice, err)
	}
	from, title, lang := offer{l.house}.sender(reader.Digests)
	n := templates.Notice{Title: title, Lang: cmp.Or(d.Lang, lang)}
	headers := map[string]string{"Auto-Submitted": "auto-generated"}
	to := func(purpose string) string { return l.house.config.Mail.address(from, purpose) }
	l.fill(d, reader, &n, to)
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
	out.EnvelopeFrom = to("b-" + l.house.list.ReportToken(subscribers.ToBounce, d.ID))
	if n.Disown != "" {
		headers["List-Unsubscribe"], headers["List-Unsubscribe-Post"] = "<"+n.Disown+">", "List-Unsubscribe=One-Click"
	}
	if n.Reply { // answering is confirming
		headers["Reply-To"] = to("c-" + d.Token)
	}
	if d.Answers != "" {
		answering(&out, d.Answers)
	}
	return out, nil
}

// addressee is what is known of who gets a notice: nothing of a stranger, nor of whose wish or entry is gone.
func (l *letters) addressee(ctx context.Context, d digest.Delivery) (subscribers.Subscriber, error) {
	var s subscribers.Subscriber
	var err error
	switch {
	case d.Token != "":
		s, err = l.house.list.Look(ctx, d.Token)
	case d.Reader != 0:
		s, err = l.house.store.Get(ctx, d.Reader)
	}
	if errors.Is(err, subscribers.ErrToken) || errors.Is(err, subscribers.ErrUnknown) {
		return subscribers.Subscriber{}, nil
	}
	return s, err
}

// fill gives a notice the pages and facts that its kind needs; to makes addresses for answers, or empty ones.
func (l *letters) fill(d digest.Delivery, reader subscribers.Subscriber, n *templates.Notice, to func(purpose string) string) {
	list, h := l.house.list, offer{l.house}
	letters := templates.Pick(h.choices(), reader.Digests)
	leave, manage := l.link("u", list.LeaveToken(d.Reader)), l.link("p", list.ManageToken(d.Reader))
	switch subscribers.Notice(d.Notice) {
	case subscribers.Confirm:
		n.Reply = to("c-"+d.Token) != ""
		n.Confirm, n.Disown, n.Letters = l.link("c", d.Token), l.link("n", d.Token), letters
	case subscribers.Welcome:
		n.Manage, n.Leave, n.Archive, n.Letters = manage, leave, l.shelved("archive"), letters
	case subscribers.Goodbye:
		n.Return = l.link("r", list.ReturnToken(d.Reader))
	case subscribers.Leaving:
		n.Leave = leave
	case subscribers.Link:
		n.Manage, n.Leave = manage, leave
	case subscribers.Status:
		n.Manage, n.Leave, n.Mailbox.Plain = manage, leave, to("")
		n.Letters, n.Topics, n.Chosen = letters, h.topicChoices(n.Lang), h.chose(reader, n.Lang)
	case subscribers.Help:
		n.Home, n.Letters, n.Topics = l.link(""), h.choices(), h.topicChoices(n.Lang)
		n.Mailbox = templates.Mailbox{
			Subscribe: to("subscribe"), Unsubscribe: to("unsubscribe"), Status: to("status"), Help: to("help"), Plain: to(""),
		}
	}
}

const longestID = 250 // of a Message-ID that is answered, with its brackets

var messageIDForm = regexp.MustCompile(`^<[!-;=?-~]+>$`)

// answering marks a letter as the answer to a mail, so that no machine answers it (RFC 3834, 3.1): it bears
// no address to which an error could be reported, and names the mail if that has a name.
func answering(l *outbox.Letter, to string) {
	l.EnvelopeFrom = "<>"
	l.Headers["Auto-Submitted"] = "auto-replied"
	l.Headers["X-Auto-Response-Suppress"] = "All"
	l.Headers["Precedence"] = "bulk"
	if to = "<" + strings.Trim(to, "<> ") + ">"; len(to) <= longestID && messageIDForm.MatchString(to) {
		l.Headers["In-Reply-To"], l.Headers["References"] = to, to
	}
}

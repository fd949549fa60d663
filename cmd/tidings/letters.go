package main

import (
	"context"
	"fmt"
	"net/mail"
	"strings"
	"sync"

	"tidings/digest"
	"tidings/digest/outbox"
	"tidings/subscribers"
	"tidings/templates"
)

// letters writes the letter of a delivery: it brings together the edition from the store, the templates,
// and the reader's own links. It keeps what it has printed, since thousands of letters are of one edition.
type letters struct {
	house *house

	mu     sync.Mutex
	proofs map[string]*proof
}

// atHand is how many proofs are kept at most: letters of more editions, and of more choices of topics, are
// seldom owed at one time.
const atHand = 64

// proof is an edition made ready for all its readers.
type proof struct {
	edition digest.Edition
	print   *templates.Print
}

func newLetters(h *house) *letters {
	return &letters{house: h, proofs: map[string]*proof{}}
}

// Letter implements [outbox.Letters].
func (l *letters) Letter(ctx context.Context, d digest.Delivery) (outbox.Envelope, error) {
	if d.Notice != "" {
		notice, err := l.notice(ctx, d)
		if err != nil {
			return outbox.Envelope{}, err
		}
		return outbox.Render(notice)
	}
	p, err := l.sealed(ctx, d.Edition, d.Topics)
	if err != nil {
		return outbox.Envelope{}, err
	}
	return outbox.Render(l.of(p, d))
}

// sealed returns the proof of a sealed edition, or of what it has of some topics, made once.
func (l *letters) sealed(ctx context.Context, key string, topics []string) (*proof, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := strings.Join(append([]string{key}, topics...), " ")
	if p, ok := l.proofs[name]; ok {
		return p, nil
	}
	e, err := l.house.store.Edition(ctx, key)
	if err != nil {
		return nil, err
	}
	p, err := l.proof(e.Only(topics))
	if err != nil {
		return nil, err
	}
	if len(l.proofs) == atHand {
		clear(l.proofs) // a daemon sees years of editions
	}
	l.proofs[name] = p
	return p, nil
}

// proof makes an edition ready.
func (l *letters) proof(e digest.Edition) (*proof, error) {
	p, err := l.house.set.Print(e, l.shelved("e", e.Key))
	if err != nil {
		return nil, fmt.Errorf("letter of %s: %w", e.Key, err)
	}
	return &proof{e, p}, nil
}

// of is a proof's letter to one reader. Where mail gets in, what comes back names the letter by a token (VERP), and
// the reader may leave and ask by mail too.
func (l *letters) of(p *proof, d digest.Delivery) outbox.Letter {
	token := l.house.list.LeaveToken(d.Reader)
	leave := l.link("u", token)
	letter := p.print.For(leave, d.Text)
	headers := map[string]string{
		"List-Id":               listID(p.edition),
		"List-Unsubscribe":      "<" + leave + ">",
		"List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
		"Precedence":            "bulk",
		"Auto-Submitted":        "auto-generated",
	}
	to := func(purpose string) string { return l.house.config.Mail.address(p.edition.From, purpose) }
	if by := to("u-" + token); by != "" {
		headers["List-Unsubscribe"] += ", <mailto:" + by + "?subject=unsubscribe>"
		headers["List-Subscribe"] = "<mailto:" + to("subscribe") + "?subject=subscribe>"
		headers["List-Help"] = "<mailto:" + to("help") + "?subject=help>"
		headers["CFBL-Address"] = to("f-"+l.house.list.ReportToken(subscribers.ToComplain, d.ID)) + "; report=arf" // RFC 9477
	}
	return outbox.Letter{
		Key: d.Key, From: p.edition.From, To: d.To, Subject: letter.Subject, HTML: letter.HTML, Text: letter.Text, Date: d.Owed,
		EnvelopeFrom: to("b-" + l.house.list.ReportToken(subscribers.ToBounce, d.ID)), Headers: headers,
	}
}

// link is an absolute address of one of the readers' pages.
func (l *letters) link(path ...string) string {
	return l.house.config.Web.URL + "/" + strings.Join(path, "/")
}

// shelved is an absolute address in the archive; empty when there is none to be read.
func (l *letters) shelved(path ...string) string {
	if !l.house.config.Web.Archive {
		return ""
	}
	return l.link(path...)
}

// listID names the digest to mail programs (RFC 2919): its name at the sender's domain.
func listID(e digest.Edition) string {
	domain := "localhost"
	if from, err := mail.ParseAddress(e.From); err == nil {
		_, domain, _ = strings.Cut(from.Address, "@")
	}
	return fmt.Sprintf("<%s.%s>", e.Digest, domain)
}

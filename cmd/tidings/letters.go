package main

import (
	"cmp"
	"context"
	"fmt"
	"net/mail"
	"sort"
	"strings"
	"sync"

	"golang.org/x/sync/singleflight"

	"tidings/digest"
	"tidings/digest/outbox"
	"tidings/subscribers"
)

// letters writes the letter of a delivery: it brings together the edition from the store, the templates,
// and the reader's own links. Thousands of letters are of one edition, so it keeps what it has made ready.
type letters struct {
	house *house

	making singleflight.Group
	mu     sync.Mutex
	proofs map[choice]*proof
}

// choice is an edition as some readers want it.
type choice struct {
	edition string
	text    bool
	topics  string // their names, which have no spaces, in one
}

func choiceOf(d digest.Delivery) choice {
	return choice{d.Edition, d.Text, strings.Join(d.Topics, " ")}
}

// atHand is how many proofs are kept at most, of about 60 KB each: one for every edition, choice of topics, and
// format.
const atHand = 128

// proof is an edition made ready for all its readers who chose alike.
type proof struct {
	to      func(purpose string) string // see [MailConfig.addresses]
	stencil *outbox.Stencil
}

func newLetters(h *house) *letters {
	return &letters{house: h, proofs: map[choice]*proof{}}
}

// Letter implements [outbox.Letters].
func (l *letters) Letter(ctx context.Context, d digest.Delivery) (outbox.Envelope, error) {
	if d.Notice != "" {
		notice, err := l.notice(ctx, d)
		if err != nil {
			return outbox.Envelope{}, err
		}
		return l.signed(outbox.Render(notice))
	}
	p, err := l.sealed(ctx, d)
	if err != nil {
		return outbox.Envelope{}, err
	}
	return l.signed(p.stencil.Fill(l.label(p.to, d)))
}

// signed signs a letter that could be written.
func (l *letters) signed(e outbox.Envelope, err error) (outbox.Envelope, error) {
	if err != nil {
		return outbox.Envelope{}, err
	}
	return l.house.signers.Sign(e)
}

// sealed returns the proof of a delivery's edition, as its reader wants it, made once for all of them.
func (l *letters) sealed(ctx context.Context, d digest.Delivery) (*proof, error) {
	c := choiceOf(d)
	if p := l.kept(c); p != nil {
		return p, nil
	}
	made, err, _ := l.making.Do(fmt.Sprint(c), func() (any, error) {
		if p := l.kept(c); p != nil { // by who was just before us
			return p, nil
		}
		e, err := l.house.store.Edition(ctx, d.Edition)
		if err != nil {
			return nil, err
		}
		p, err := l.proof(e.Only(d.Topics), d.Text)
		if err == nil {
			l.keep(c, p)
		}
		return p, err
	})
	if err != nil {
		return nil, err
	}
	return made.(*proof), nil
}

func (l *letters) kept(c choice) *proof {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.proofs[c]
}

// keep makes room by letting go of any other proof: a daemon sees years of editions.
func (l *letters) keep(c choice, p *proof) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for other := range l.proofs {
		if len(l.proofs) < atHand {
			break
		}
		delete(l.proofs, other)
	}
	l.proofs[c] = p
}

// proof makes an edition ready.
func (l *letters) proof(e digest.Edition, text bool) (*proof, error) {
	specimen, err := l.fitting(e, text)
	if err != nil {
		return nil, err
	}
	stencil, err := outbox.Cut(specimen)
	if err != nil {
		return nil, fmt.Errorf("letter of %s: %w", e.Key, err)
	}
	return &proof{l.addresses(e), stencil}, nil
}

// fitting is an edition's letter to nobody, within the size that letters may have: where all stories in full are
// too much, the last ones are told in brief.
func (l *letters) fitting(e digest.Edition, text bool) (outbox.Letter, error) {
	all, shorter, err := l.size(e, text)
	if err != nil {
		return outbox.Letter{}, err
	}
	if shorter > 0 {
		l.house.log.Warn("letter over the limit, its last stories are told in brief or left to the web", "edition", e.Key, "bytes", all, "limit", int(l.house.config.Delivery.MaxLetter), "stories", shorter)
	}
	return l.specimen(e.Shorter(shorter), text)
}

// size is how large an edition's letter gets with all stories in full, in bytes, and how much shorter it must be told
// to keep within the size that letters may have; see [digest.Edition.Shorter].
func (l *letters) size(e digest.Edition, text bool) (all, shorter int, err error) {
	limit := int(l.house.config.Delivery.MaxLetter)
	size := func(shorter int) int {
		envelope, failed := l.render(e.Shorter(shorter), text)
		err = cmp.Or(err, failed)
		return envelope.Size()
	}
	if all = size(0); all > limit {
		shorter = 1 + sort.Search(e.Shortest()-1, func(n int) bool { return size(1+n) <= limit })
	}
	return all, shorter, err
}

// render is an edition's letter to nobody on the wire.
func (l *letters) render(e digest.Edition, text bool) (outbox.Envelope, error) {
	specimen, err := l.specimen(e, text)
	if err != nil {
		return outbox.Envelope{}, err
	}
	envelope, err := l.signed(outbox.Render(specimen))
	if err != nil {
		return outbox.Envelope{}, fmt.Errorf("letter of %s: %w", e.Key, err)
	}
	return envelope, nil
}

// specimen is the letter of an edition to nobody.
func (l *letters) specimen(e digest.Edition, text bool) (outbox.Letter, error) {
	set, err := l.house.set.Print(e, l.shelved("e", e.Key), func(token string) string { return l.link("u", token) })
	if err != nil {
		return outbox.Letter{}, fmt.Errorf("letter of %s: %w", e.Key, err)
	}
	if text {
		set.HTML = ""
	}
	label := l.label(l.addresses(e), digest.Delivery{Key: e.Key + "/0", To: "nobody@example.org", Owed: e.At})
	label.Tokens = []string{set.Token}
	headers := map[string]string{
		"List-Id":               listID(e),
		"List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
		"Precedence":            "bulk",
		"Auto-Submitted":        "auto-generated",
	}
	if by := l.house.config.Mail.address(e.From, "subscribe"); by != "" {
		headers["List-Subscribe"] = "<mailto:" + by + "?subject=subscribe>"
		headers["List-Help"] = "<mailto:" + l.house.config.Mail.address(e.From, "help") + "?subject=help>"
	}
	return outbox.Letter{Label: label, From: e.From, Subject: set.Subject, HTML: set.HTML, Text: set.Text, Headers: headers}, nil
}

// label is what makes an edition's letter the one of a reader. Where mail gets in, what comes back names the letter
// by a token (VERP), and the reader may leave by mail too.
func (l *letters) label(to func(purpose string) string, d digest.Delivery) outbox.Label {
	token := l.house.list.LeaveToken(d.Reader)
	own := []outbox.Header{{Name: "List-Unsubscribe", Value: "<" + l.link("u", token) + ">"}}
	if by := to("u-" + token); by != "" {
		own[0].Value += ", <mailto:" + by + "?subject=unsubscribe>"
		complain := to("f-" + l.house.list.ReportToken(subscribers.ToComplain, d.ID))
		own = append(own, outbox.Header{Name: "CFBL-Address", Value: complain + "; report=arf"}) // RFC 9477
	}
	return outbox.Label{
		Key: d.Key, To: d.To, Date: d.Owed, Own: own, Tokens: []string{token},
		EnvelopeFrom: to("b-" + l.house.list.ReportToken(subscribers.ToBounce, d.ID)),
	}
}

// addresses are an edition's for mail that comes in.
func (l *letters) addresses(e digest.Edition) func(purpose string) string {
	return l.house.config.Mail.addresses(e.From)
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

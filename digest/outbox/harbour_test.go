package outbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"tidings/digest"
)

// A harbour is a mail server in this process whose recipients script their fate by their local part.
type harbour struct {
	addr string

	mu          sync.Mutex
	mails       map[string][]string // by recipient, the letters accepted
	connections int
	commands    []string // sender and recipient of each transaction
	user        string
	logins      int // that were tried
}

func newHarbour(t *testing.T, adjust ...func(*smtp.Server)) *harbour {
	t.Helper()
	h := &harbour{mails: map[string][]string{}}
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.connections++
		return &visit{h: h, conn: c}, nil
	}))
	s.Domain = "harbour.test"
	s.ErrorLog = discard{}
	for _, a := range adjust {
		a(s)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.addr = l.Addr().String()
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return h
}

type discard struct{}

func (discard) Printf(string, ...any) {}
func (discard) Println(...any)        {}

// config speaks to the harbour in clear.
func (h *harbour) config() SMTPConfig {
	c, err := ParseURL("smtp://" + h.addr + "?tls=none")
	if err != nil {
		panic(err)
	}
	c.Hello, c.Timeout = "tidings.test", 5*time.Second
	return c
}

func (h *harbour) received(who string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.mails[who])
}

// A visit is one connection to a harbour.
type visit struct {
	h    *harbour
	conn *smtp.Conn
	from string
	to   string
}

func (v *visit) AuthMechanisms() []string { return []string{sasl.Plain} }

func (v *visit) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		v.h.mu.Lock()
		v.h.logins++
		v.h.mu.Unlock()
		if password != "open sesame" {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "bad login"}
		}
		v.h.mu.Lock()
		defer v.h.mu.Unlock()
		v.h.user = user
		return nil
	}), nil
}

func (v *visit) Mail(from string, _ *smtp.MailOptions) error {
	v.from = from
	if strings.HasPrefix(from, "bad-") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "not from you"}
	}
	return nil
}

func (v *visit) Rcpt(to string, _ *smtp.RcptOptions) error {
	v.to = to
	v.h.mu.Lock()
	v.h.commands = append(v.h.commands, v.from+" > "+to)
	v.h.mu.Unlock()
	switch fate(to) {
	case "refuse":
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user " + to}
	case "defer":
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "later"}
	case "norelay":
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "Relay access denied"}
	case "closing":
		v.h.mu.Lock()
		defer v.h.mu.Unlock()
		if len(v.h.commands) == 0 || !slices.Contains(v.h.commands[:len(v.h.commands)-1], v.from+" > "+to) {
			return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "closing"}
		}
	}
	return nil
}

func (v *visit) Data(r io.Reader) error {
	if fate(v.to) == "slow" {
		time.Sleep(300 * time.Millisecond)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	switch fate(v.to) {
	case "full":
		return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: "mailbox full"}
	case "blocked":
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "spam"}
	}
	v.h.mu.Lock()
	defer v.h.mu.Unlock()
	v.h.mails[v.to] = append(v.h.mails[v.to], string(data))
	if fate(v.to) == "drop" && len(v.h.mails[v.to]) == 1 {
		v.conn.Conn().Close()
	}
	return nil
}

func (v *visit) Reset()        {}
func (v *visit) Logout() error { return nil }

// fate is the part of an address before the first hyphen.
func fate(addr string) string {
	word, _, _ := strings.Cut(addr, "-")
	return word
}

// memory is a ledger that forgets at the end of its test. It follows the states as the store does.
type memory struct {
	mu     sync.Mutex
	rows   []*digest.Delivery
	gone   map[int64]bool
	claims int
	broken error // what Claim answers
}

func (m *memory) owe(at time.Time, addresses ...string) *memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, to := range addresses {
		id := int64(len(m.rows) + 1)
		m.rows = append(m.rows, &digest.Delivery{ID: id, Key: fmt.Sprintf("daily/2026-11-23T0700/%d", id),
			Edition: "daily/2026-11-23T0700", Reader: id, To: to, State: digest.Pending, Owed: at, Due: at})
	}
	return m
}

func (m *memory) Claim(_ context.Context, n int, now, until time.Time) ([]digest.Delivery, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.claims++; m.broken != nil {
		return nil, m.broken
	}
	var claimed []digest.Delivery
	for _, d := range m.rows {
		open := d.State == digest.Pending || d.State == digest.Deferred || d.State == digest.Leased || d.State == digest.Uncertain
		if d.State == digest.Handing && !d.Due.After(now) {
			d.State, d.Due = digest.Uncertain, now // its owner died; resend
			open = true
		}
		if open && !d.Due.After(now) && len(claimed) < n {
			d.State, d.Due = digest.Leased, until
			d.Attempts++
			d.Fence++
			claimed = append(claimed, *d)
		}
	}
	return claimed, nil
}

func (m *memory) Hand(ctx context.Context, d digest.Delivery, carried ...digest.Outcome) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	m.settle(carried)
	row := m.rows[d.ID-1]
	switch {
	case row.Fence != d.Fence || row.State != digest.Leased:
		return digest.ErrStale
	case m.gone[d.Reader]:
		row.State = digest.Skipped
		return digest.ErrGone
	}
	row.State = digest.Handing
	return nil
}

func (m *memory) Settle(ctx context.Context, outcomes ...digest.Outcome) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	m.settle(outcomes)
	return nil
}

func (m *memory) settle(outcomes []digest.Outcome) {
	for _, o := range outcomes {
		row := m.rows[o.ID-1]
		if row.Fence != o.Fence || row.State != digest.Leased && row.State != digest.Handing {
			continue
		}
		row.State, row.Due, row.Note, row.Relay = o.State, o.Due, o.Note, o.Relay
		if o.State == digest.Pending {
			row.Attempts--
		}
	}
}

// leaving counts the letters of editions that are sent, and those that are claimed.
func (m *memory) leaving() (sent, claimed int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.rows {
		switch {
		case d.Edition == "":
		case d.State == digest.Sent:
			sent++
		case d.State == digest.Leased || d.State == digest.Handing:
			claimed++
		}
	}
	return sent, claimed
}

// states lists every row as "address state attempts".
func (m *memory) states() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []string
	for _, d := range m.rows {
		all = append(all, fmt.Sprintf("%s %s %d", d.To, d.State, d.Attempts))
	}
	return all
}

// desk writes the same letter to everybody, except of editions that it was told to spoil.
type desk struct {
	spoil map[string]error
}

func (w desk) Letter(_ context.Context, d digest.Delivery) (Envelope, error) {
	if err := w.spoil[subject(d)]; err != nil {
		return Envelope{}, err
	}
	return Render(Letter{Label: Label{Key: d.Key, To: d.To, Date: time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)}, From: "AI Daily <daily@example.org>",
		Subject: "AI Daily", Text: "Dear " + d.To + "\n", HTML: "<p>Dear reader</p>"})
}

// pier takes of letters whatever its function says.
type pier func(context.Context, Envelope) (string, error)

// moored is a carrier at a pier.
type moored struct {
	pier
	announce  func(*Envelope) error // what is said of a letter before; nil: yes
	announced *Envelope
}

func (m *moored) Announce(_ context.Context, e *Envelope) error {
	m.announced = e
	if m.announce != nil {
		return m.announce(e)
	}
	return nil
}

func (m *moored) Carry(ctx context.Context, next *Envelope) (answer string, err, told error) {
	answer, err = m.pier(ctx, *m.announced)
	if next != nil {
		told = m.Announce(ctx, next)
	}
	return answer, err, told
}

func (m *moored) Close() error { return nil }

// open opens a carrier for each who asks.
func open(p pier) func(context.Context) (Carrier, error) {
	return func(context.Context) (Carrier, error) { return &moored{pier: p}, nil }
}

var errAway = errors.New("connection refused")

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

func contains(t *testing.T, data []byte, want ...string) {
	t.Helper()
	for _, w := range want {
		if !bytes.Contains(data, []byte(w)) {
			t.Errorf("%q is not in:\n%s", w, data)
		}
	}
}

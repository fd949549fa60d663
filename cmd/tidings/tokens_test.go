package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/digest"
	"tidings/subscribers"
	"tidings/subscribers/mailin"
)

// door is a place where a token is taken: an address of ours, or a page's button.
type door struct{ name, way string }

func doors() []door {
	return []door{
		{"+c-", "mail"}, {"+u-", "mail"}, {"+b-", "mail"}, {"+f-", "mail"},
		{"/c/", "web"}, {"/n/", "web"}, {"/p/", "web"}, {"/u/", "web"}, {"/r/", "web"},
	}
}

// bearer is a kind of token, where its owner stands, and the doors that are its own.
type bearer struct {
	kind, stands, doors string
	sign                func(h *house, id int64) string
}

func bearers() []bearer {
	return []bearer{
		{"to confirm", "pending", "+c- /c/ /n/", nil},
		{"to leave", "active", "+u- /u/", func(h *house, id int64) string { return h.list.LeaveToken(id) }},
		{"to manage", "active", "+u- /p/ /u/", func(h *house, id int64) string { return h.list.ManageToken(id) }},
		{"to return", "left", "/r/", func(h *house, id int64) string { return h.list.ReturnToken(id) }},
		{"of a bounce", "active", "+b-", func(h *house, id int64) string { return h.list.ReportToken(subscribers.ToBounce, 7<<32|id) }},
		{"of a complaint", "active", "+f-", func(h *house, id int64) string { return h.list.ReportToken(subscribers.ToComplain, 7<<32|id) }},
	}
}

// gatehouse is a house with all its doors, and a clock that stands still.
type gatehouse struct {
	*testing.T
	*house
	clock time.Time
	pages http.Handler
	mail  mailroom
	came  int // readers, and mails
}

func newGatehouse(t *testing.T) *gatehouse {
	t.Helper()
	dir := t.TempDir()
	config, err := parseConfig([]byte("[store]\nurl = \"sqlite:tidings.db\"\n[[digest]]\nname = \"daily\"\nfrom = \"Daily <daily@example.org>\"\n[subscribe]\nper_domain = 100000\nper_hour = 100000\n"), "x", dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	g := &gatehouse{T: t, clock: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	g.house, err = (&program{err: io.Discard, now: func() time.Time { return g.clock }}).openWith(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	g.mail = newMailroom(g.house, nil)
	if g.pages, err = (daemon{house: g.house}).webHandler(t.Context(), make(chan struct{}, 1)); err != nil {
		t.Fatal(err)
	}
	return g
}

// reader makes somebody who stands where the bearer of such a token does, and returns his address and the token.
func (g *gatehouse) reader(b bearer) (email, token string) {
	g.Helper()
	g.came++
	email = fmt.Sprintf("r%d@readers.test", g.came)
	g.must(g.list.Join(g.Context(), subscribers.Request{Email: email, Proof: subscribers.Proof{How: "page"}}))
	for _, d := range g.owed() {
		if d.to == email {
			token = d.token
		}
	}
	if b.stands == "pending" {
		return email, token
	}
	s, err := g.list.Confirm(g.Context(), token, subscribers.Proof{How: "page"})
	g.must(err)
	if b.stands == "left" {
		_, err = g.list.Leave(g.Context(), g.list.LeaveToken(s.ID))
		g.must(err)
	}
	g.owed()
	return email, b.sign(g.house, s.ID)
}

func (g *gatehouse) must(err error) {
	g.Helper()
	if err != nil {
		g.Fatal(err)
	}
}

type owedNotice struct{ kind, to, token string }

// owed carries what is owed.
func (g *gatehouse) owed() (all []owedNotice) {
	g.Helper()
	claimed, err := g.store.Claim(g.Context(), 1000, g.clock, g.clock.Add(time.Hour))
	g.must(err)
	for _, d := range claimed {
		if err := g.store.Hand(g.Context(), d); errors.Is(err, digest.ErrGone) {
			continue
		}
		g.must(g.store.Settle(g.Context(), digest.Outcome{ID: d.ID, Fence: d.Fence, State: digest.Sent}))
		all = append(all, owedNotice{d.Notice, d.To, d.Token})
	}
	return all
}

// stands is where somebody stands.
func (g *gatehouse) stands(email string) string {
	p, err := subscribers.Operator{List: g.list}.Record(g.Context(), email)
	switch {
	case errors.Is(err, subscribers.ErrUnknown):
		return "unknown"
	case err != nil:
		g.Fatal(err)
	case p.Entry.ID == 0 && p.Wish.Made.IsZero():
		return "disowned"
	case p.Entry.ID == 0:
		return "pending"
	case p.Entry.Why != "":
		return string(p.Entry.State) + " by " + string(p.Entry.Why)
	}
	return string(p.Entry.State)
}

// knock brings a token to a door, on behalf of somebody who calls himself so, and returns the answer. What is refused
// on the line is handed in all the same, as a pipe would, to see that nothing comes of it.
func (g *gatehouse) knock(d door, token, from string) string {
	g.Helper()
	if d.way == "web" {
		r := httptest.NewRequest(http.MethodPost, d.name+token, strings.NewReader("do=pause&days=7"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		g.pages.ServeHTTP(w, r)
		return fmt.Sprint(w.Code)
	}
	g.came++
	to, sender := "daily"+d.name+token+"@example.org", from
	raw := fmt.Sprintf("From: %s\nTo: %s\nMessage-ID: <%d@readers.test>\n\nyes\n", from, to, g.came)
	switch d.name {
	case "+b-":
		sender = "<>"
		raw = report(to, g.came, "delivery-status", "Reporting-MTA: dns; mx.readers.test\n\nFinal-Recipient: rfc822; "+from+"\nAction: failed\nStatus: 5.1.1\n")
	case "+f-":
		raw = report(to, g.came, "feedback-report", "Feedback-Type: abuse\nUser-Agent: Loop/1.0\nVersion: 1\nOriginal-Rcpt-To: "+from+"\n")
	}
	answer := "taken"
	refused := (*mailin.Refused)(nil)
	if err := g.mail.accept(g.Context(), to); errors.As(err, &refused) {
		answer = "refused"
	} else {
		g.must(err)
	}
	g.must(g.mail.handle(g.Context(), mailin.Incoming{Raw: []byte(raw), Envelope: mailin.Envelope{Sender: sender, Recipient: to}, Way: mailin.ByLMTP, Received: g.clock}))
	return answer
}

// report is a machine's report (RFC 3464, RFC 5965) of one part.
func report(to string, number int, kind, fields string) string {
	return fmt.Sprintf("From: mailer-daemon@readers.test\nTo: %s\nMessage-ID: <%d@readers.test>\nContent-Type: multipart/report; report-type=%s; boundary=b\n\n"+
		"--b\nContent-Type: message/%s\n\n%s\n--b--\n", to, number, kind, kind, fields)
}

// Every kind of token at every door, and at its own doors as it should not be: forged, late, a second time, brought by
// somebody else. What is not right is refused, or met with silence, and changes nothing; no notice goes to anybody but the
// token's own reader.
func TestTokenDoors(t *testing.T) {
	t.Parallel()
	g := newGatehouse(t)
	var out strings.Builder
	out.WriteString("What comes of every token at every door: the answer, where its reader stands then, the notices.\n")
	tell := func(d door, answer, before, email string) {
		now := g.stands(email)
		if now == before {
			now = "="
		}
		fmt.Fprintf(&out, "  %s  %-7s → %s", d.name, answer, now)
		for _, n := range g.owed() {
			if n.to != email {
				t.Errorf("a notice to %s, who is not %s", n.to, email)
			}
			fmt.Fprintf(&out, ", %s", n.kind)
		}
		out.WriteString("\n")
	}
	for _, b := range bearers() {
		fmt.Fprintf(&out, "\na token %s, of who is %s\n", b.kind, b.stands)
		for _, d := range doors() {
			email, token := g.reader(b)
			before := g.stands(email)
			tell(d, g.knock(d, token, email), before, email)
		}
		for _, c := range []struct {
			name  string
			knock func(d door, token, email string) string
		}{
			{"forged", func(d door, token, email string) string {
				return g.knock(d, token[:20]+map[bool]string{true: "b", false: "a"}[token[20] == 'a']+token[21:], email)
			}},
			{"late, by forty days", func(d door, token, email string) string {
				g.clock = g.clock.Add(40 * 24 * time.Hour)
				return g.knock(d, token, email)
			}},
			{"a second time", func(d door, token, email string) string {
				first := g.knock(d, token, email)
				g.owed()
				return first + ", " + g.knock(d, token, email)
			}},
			{"in another's hand", func(d door, token, _ string) string { return g.knock(d, token, "mallory@readers.test") }},
		} {
			fmt.Fprintf(&out, " %s\n", c.name)
			for _, d := range doors() {
				if !strings.Contains(b.doors, d.name) {
					continue
				}
				email, token := g.reader(b)
				before := g.stands(email)
				tell(d, c.knock(d, token, email), before, email)
			}
		}
	}
	if got := g.stands("mallory@readers.test"); got != "unknown" {
		t.Errorf("who came with another's token is %s", got)
	}
	file := filepath.Join("testdata", "tokens.txt")
	if *update {
		write(t, file, out.String())
	}
	want, err := os.ReadFile(file)
	g.must(err)
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Errorf("-want +got %s", diff)
	}
}

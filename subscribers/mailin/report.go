package mailin

import (
	"bufio"
	"bytes"
	"net/textproto"
	"regexp"
	"strings"

	"github.com/jhillyerd/enmime/v2"
)

// report reads complaints (RFC 5965) and delivery reports (RFC 3464, and RFC 6533 for addresses beyond
// ASCII) by their structure, and the reports without one of a few common servers.
func report(e *enmime.Envelope) (Message, bool) {
	if part := find(e, "message/feedback-report"); part != nil {
		return complaint(e, part), true
	}
	if part := find(e, "message/delivery-status", "message/global-delivery-status"); part != nil {
		if m, ok := delivery(part, e.Text[:min(len(e.Text), 4<<10)]); ok {
			return m, true
		}
	}
	return plainReport(e)
}

func find(e *enmime.Envelope, kinds ...string) *enmime.Part {
	return e.Root.DepthMatchFirst(func(p *enmime.Part) bool { return in(strings.ToLower(p.ContentType), kinds...) })
}

// complaint names the reader by the report, or else by the letter complained of.
func complaint(e *enmime.Envelope, part *enmime.Part) Message {
	m := Message{Act: Complaint, Reason: "a feedback report"}
	for _, group := range groups(part.Content) {
		if kind := group.Get("Feedback-Type"); kind != "" {
			m.Reason = "a feedback report: " + strings.ToLower(kind)
		}
		for _, name := range []string{"Original-Rcpt-To", "Removal-Recipient"} {
			for _, value := range group[name] {
				m.add(Recipient{Address: bare(value)})
			}
		}
	}
	if letter := find(e, "message/rfc822", "text/rfc822-headers", "message/rfc822-headers"); letter != nil && len(m.Recipients) == 0 {
		m.add(Recipient{Address: bare(groups(letter.Content)[0].Get("To"))})
	}
	return m
}

// delivery reads the groups of a delivery report, beside the words that come with it. One that tells of
// success only is to be ignored.
func delivery(part *enmime.Part, words string) (Message, bool) {
	m := Message{Act: Bounce, Reason: "a delivery report"}
	told := false
	for _, group := range groups(part.Content) {
		to := bare(group.Get("Final-Recipient"))
		if to == "" {
			to = bare(group.Get("Original-Recipient"))
		}
		action := strings.ToLower(strings.TrimSpace(group.Get("Action")))
		if to == "" {
			continue
		}
		told = true
		if in(action, "delivered", "relayed", "expanded") {
			continue
		}
		r := Recipient{Address: to, Status: status.FindString(group.Get("Status")), Diagnostic: diagnostic(group.Get("Diagnostic-Code"))}
		if inner := status.FindString(r.Diagnostic); inner != "" && (r.Status == "" || strings.HasSuffix(r.Status, ".0.0")) {
			r.Status = inner // the particular one is in the other server's words
		}
		if r.Kind = kindOf(action, r.Status, r.Diagnostic); r.Diagnostic == "" {
			r.Kind = kindOf(action, r.Status, words)
		}
		m.add(r)
	}
	if told && len(m.Recipients) == 0 {
		return Message{Act: Ignore, Reason: "a report of success"}, true
	}
	return m, told
}

var (
	status  = regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`)
	full    = regexp.MustCompile(`(?i)(mailbox|quota|storage|inbox|account).{0,40}(full|exceed|over)|over ?quota|quota exceeded|insufficient (disk|storage|system)`)
	missing = regexp.MustCompile(`(?i)user unknown|unknown (user|recipient|address)|no such (user|recipient|mailbox|address)|does(n't| not) exist|not found|invalid (recipient|mailbox|address)|no mailbox|unrouteable|host unknown|domain.{0,20}not (exist|found)|recipient.{0,20}(rejected|unknown)|disabled|inactive|unknown e-?mail|not reachable|not a registered`)
	policy  = regexp.MustCompile(`(?i)\b(spam|blocked|blacklist|block ?list|policy|reputation|dmarc|spf|dkim|relay|not authoriz|denied)`)
)

// kindOf classes a failure by its enhanced status first, and by the words of the answer where that is
// silent.
func kindOf(action, status, text string) Kind {
	switch {
	case action == "delayed":
		return Delayed
	case status == "5.2.2" || full.MatchString(text):
		return Soft
	case strings.HasPrefix(status, "5.7."), in(status, "5.1.7", "5.1.8"), policy.MatchString(text) && !missing.MatchString(text):
		return Blocked
	case strings.HasPrefix(status, "5.1."), status == "5.2.1", status == "5.4.4", missing.MatchString(text) && !strings.HasPrefix(status, "4."):
		return Hard
	}
	return Soft // nobody is taken off a list without a clear word
}

// plainReport knows a report without a machine's part by its sender or subject, and reads the addresses
// that the server lists in a header or at the beginning of lines.
func plainReport(e *enmime.Envelope) (Message, bool) {
	failed := e.GetHeader("X-Failed-Recipients")
	if failed == "" && !(failing.MatchString(e.GetHeader("Subject")) && (daemon.MatchString(e.GetHeader("From")) || low(e, "Return-Path") == "<>")) {
		return Message{}, false
	}
	m := Message{Act: Bounce, Reason: "a report in words"}
	text := e.Text[:min(len(e.Text), 8<<10)]
	if i := returned.FindStringIndex(text); i != nil {
		text = text[:i[0]]
	}
	for _, to := range address.FindAllString(failed, 100) {
		m.add(described(to, text))
	}
	if len(m.Recipients) > 0 {
		return m, true
	}
	for _, found := range listed.FindAllStringSubmatchIndex(text, 100) {
		m.add(described(text[found[2]:found[3]], text[found[1]:min(len(text), found[1]+600)]))
	}
	return m, true
}

var daemon = regexp.MustCompile(`(?i)mailer-daemon|postmaster|mail delivery (sub)?system`)

var (
	listed   = regexp.MustCompile(`(?m)^(?:[45]\d\d |.{0,60}\b(?:to|for) |[*\s]*)<?(` + address.String() + `)>?(?:\.\.\.|[:.,]?\s|\()`)
	returned = regexp.MustCompile(`(?m)^(?:Received:|Return-Path:|.{0,20}(?:original|unsent|returned) message|Message headers)`)
)

func described(to, text string) Recipient {
	s := status.FindString(text)
	return Recipient{Address: strings.ToLower(to), Kind: kindOf("", s, text), Status: s}
}

func (m *Message) add(r Recipient) {
	for _, have := range m.Recipients {
		if strings.EqualFold(have.Address, r.Address) {
			return
		}
	}
	if r.Address != "" {
		m.Recipients = append(m.Recipients, r)
	}
}

// groups reads the blocks of header fields that blank lines separate, forgiving broken lines.
func groups(content []byte) []textproto.MIMEHeader {
	all := []textproto.MIMEHeader{{}}
	var name string
	lines := bufio.NewScanner(bytes.NewReader(content))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := strings.TrimRight(lines.Text(), "\r")
		group := all[len(all)-1]
		key, value, ok := strings.Cut(line, ":")
		switch {
		case strings.TrimSpace(line) == "":
			name = ""
			if len(group) > 0 {
				all = append(all, textproto.MIMEHeader{})
			}
		case line[0] == ' ' || line[0] == '\t':
			if values := group[name]; len(values) > 0 {
				values[len(values)-1] += " " + strings.TrimSpace(line)
			}
		case ok:
			name = textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(key))
			group.Add(name, strings.TrimSpace(value))
		}
	}
	return all
}

// bare takes the address out of "rfc822; <ada@example.org>".
func bare(field string) string {
	if _, after, ok := strings.Cut(field, ";"); ok {
		field = after
	}
	if found := address.FindString(field); found != "" && !strings.ContainsFunc(field, func(r rune) bool { return r >= 0x80 }) {
		return strings.ToLower(found)
	}
	field = strings.Trim(strings.TrimSpace(field), "<>")
	if !strings.Contains(field, "@") || strings.ContainsAny(field, " \t") {
		return ""
	}
	return strings.ToLower(field)
}

// diagnostic drops the "smtp;" before the other server's words.
func diagnostic(field string) string {
	if kind, after, ok := strings.Cut(field, ";"); ok && !strings.Contains(strings.TrimSpace(kind), " ") {
		field = after
	}
	return strings.ToValidUTF8(strings.TrimSpace(field), "\uFFFD")
}

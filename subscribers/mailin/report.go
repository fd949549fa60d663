package mailin

import (
	"bufio"
	"bytes"
	"net/textproto"
	"strings"

	"github.com/jhillyerd/enmime/v2"
)

// report reads complaints (RFC 5965) and delivery reports (RFC 3464, and RFC 6533 for addresses beyond ASCII) by
// their structure, and by their words the reports that have none. A report that came to the address that only
// our envelopes bear is about that reader, whatever else it tells or hides.
func report(l *letter, to Door) (m Message, ok bool) {
	for _, kind := range []func(*letter) (Message, bool){complaint, delivery, notification, wordy} {
		if m, ok = kind(l); ok {
			break
		}
	}
	switch {
	case ok:
	case to.Purpose == 'b' && l.null() && (!answering(l) || bySystem(l)):
		m, ok = Message{Act: Bounce, Reason: "it came to the address for bounces", Recipients: []Recipient{{}}}, true
		m.Recipients[0].judge("", l.told())
	case to.Purpose == 'f':
		return Message{Act: Complaint, Reason: "it came to the address for complaints"}, true
	}
	if !ok {
		return Message{}, false
	}
	if m.Returned.MessageID == "" {
		m.Returned.MessageID = returnedID(l)
	}
	return m, true
}

func find(l *letter, kinds ...string) []*enmime.Part {
	return l.Root.DepthMatchAll(func(p *enmime.Part) bool { return in(strings.ToLower(p.ContentType), kinds...) })
}

// complaint names the reader by the report, or else by the letter complained of. Some providers send the letter
// alone, with a header of theirs on top.
func complaint(l *letter) (Message, bool) {
	m := Message{Act: Complaint, Reason: "a feedback report"}
	parts := find(l, "message/feedback-report")
	for _, part := range parts {
		for _, group := range groups(part.Content) {
			if kind := group.Get("Feedback-Type"); kind != "" {
				m.Reason = "a feedback report: " + strings.ToLower(kind)
			}
			m.Returned.EnvelopeID = group.Get("Original-Envelope-Id")
			for _, name := range []string{"Original-Rcpt-To", "Removal-Recipient"} {
				for _, value := range group[name] {
					m.add(Recipient{Address: bare(value)})
				}
			}
		}
	}
	letter := returned(l)
	marked := letter.Get("X-Hmxmroriginalrecipient")
	if len(parts) == 0 && marked == "" {
		return m, false
	}
	if len(m.Recipients) == 0 {
		m.add(Recipient{Address: bare(marked)})
	}
	if len(m.Recipients) == 0 {
		m.add(Recipient{Address: bare(letter.Get("To"))})
	}
	return m, true
}

// delivery reads the groups of a delivery report, beside the words that come with it. One that tells of
// success only is to be ignored. Where the structure is broken, the fields are looked for in the whole mail.
func delivery(l *letter) (Message, bool) {
	m := Message{Act: Bounce, Reason: "a delivery report"}
	told := false
	for _, part := range find(l, "message/delivery-status", "message/global-delivery-status", "text/delivery-status") {
		told = m.addGroups(groups(part.Content), l) || told
	}
	if !told {
		if at := recipientField().FindIndex(l.raw); at != nil && (l.null() || failing().MatchString(l.GetHeader("Subject")) || l.low("Content-Type") != "" && strings.Contains(l.low("Content-Type"), "report")) {
			told = m.addGroups(groups(l.raw[at[0]:min(len(l.raw), at[0]+mostText)]), l)
		}
	}
	if told && len(m.Recipients) == 0 {
		return Message{Act: Ignore, Reason: "a report of success"}, true
	}
	return m, told
}

var (
	recipientField = pattern(`(?im)^(?:final|original)-recipient:`)
	statusNumber   = pattern(`\b([245])\.(\d{1,3})\.(\d{1,3})\b`)
)

// addGroups takes in the recipients of a delivery report and tells whether it knew any.
func (m *Message) addGroups(all []textproto.MIMEHeader, l *letter) (told bool) {
	words := ""
	for _, group := range all[:min(len(all), mostRecipients)] {
		if id := group.Get("Original-Envelope-Id"); id != "" && m.Returned.EnvelopeID == "" {
			m.Returned.EnvelopeID = id
		}
		to, original := bare(group.Get("Final-Recipient")), bare(group.Get("Original-Recipient"))
		if !wellFormed(to) || !strings.Contains(to, ".") || strings.Contains(group.Get("Final-Recipient"), ":") {
			if wellFormed(original) {
				to = original // where the final one is a route or a local name
			}
		}
		if !wellFormed(to) {
			continue
		}
		told = true
		action := strings.ToLower(strings.TrimSpace(group.Get("Action")))
		if in(action, "delivered", "relayed", "expanded", "deliverable") {
			continue
		}
		r := Recipient{Address: to, Original: original, Status: statusNumber().FindString(group.Get("Status")), Diagnostic: diagnostic(group.Get("Diagnostic-Code"))}
		if words == "" {
			words = unreturned(l.told())
		}
		r.judge(action, about(words, to))
		m.add(r)
	}
	return told
}

func wellFormed(a string) bool {
	local, domain, ok := strings.Cut(a, "@")
	return ok && local != "" && domain != ""
}

// returned is the header of the letter that a report brings back.
func returned(l *letter) textproto.MIMEHeader {
	for _, part := range find(l, "message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "text/rfc822", "message/global-headers") {
		if fields := groups(part.Content)[0]; len(fields) > 0 {
			return fields
		}
	}
	return textproto.MIMEHeader{}
}

var idField = pattern(`(?im)^message-id:\s*<([^<>\s]{1,900})>`)

// returnedID is the Message-ID of the letter that a report brings back, which stands in its text where it has
// no structure.
func returnedID(l *letter) string {
	if id := messageID(returned(l).Get("Message-Id")); id != "" {
		return id
	}
	_, body := split(l.raw)
	if found := idField().FindSubmatch(body); found != nil {
		return strings.ToValidUTF8(string(found[1]), "\uFFFD")
	}
	return ""
}

func messageID(field string) string {
	return strings.ToValidUTF8(strings.Trim(strings.TrimSpace(field), "<>"), "\uFFFD")
}

func (m *Message) add(r Recipient) {
	for _, have := range m.Recipients {
		if strings.EqualFold(have.Address, r.Address) {
			return
		}
	}
	if r.Address != "" && len(m.Recipients) < mostRecipients {
		m.Recipients = append(m.Recipients, r)
	}
}

// groups reads the blocks of header fields that blank lines separate, forgiving broken lines and a missing
// blank line before the next recipient.
func groups(content []byte) []textproto.MIMEHeader {
	all := []textproto.MIMEHeader{{}}
	var name string
	lines := bufio.NewScanner(bytes.NewReader(content[:min(len(content), mostText)]))
	lines.Buffer(nil, mostText+1)
	for lines.Scan() && len(all) < 2*mostRecipients {
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
			if values := group[name]; len(values) > 0 && len(values[len(values)-1]) < 4096 {
				values[len(values)-1] += " " + strings.TrimSpace(line)
			}
		case ok:
			name = textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(key))
			if (name == "Final-Recipient" || name == "Original-Recipient") && len(group[name]) > 0 {
				group = textproto.MIMEHeader{}
				all = append(all, group)
			}
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
	if found := address().FindString(field); found != "" && !strings.ContainsFunc(field, func(r rune) bool { return r >= 0x80 }) {
		return strings.ToLower(found)
	}
	field = strings.Trim(strings.TrimSpace(field), "<>")
	if !strings.Contains(field, "@") || strings.ContainsAny(field, " \t") {
		return ""
	}
	return strings.ToValidUTF8(strings.ToLower(field), "\uFFFD")
}

// diagnostic drops the "smtp;" before the other server's words.
func diagnostic(field string) string {
	if kind, after, ok := strings.Cut(field, ";"); ok && !strings.Contains(strings.TrimSpace(kind), " ") {
		field = after
	}
	return strings.ToValidUTF8(strings.TrimSpace(field), "\uFFFD")
}

package mailin

import (
	"encoding/json"
	"strings"
)

// notification reads what Amazon SES tells of a letter by SNS, when that is subscribed to by mail: a JSON object
// at the beginning of the text.
func notification(l *letter) (Message, bool) {
	var n struct {
		NotificationType string
		EventType        string
		Bounce           struct {
			BounceType        string
			BouncedRecipients []struct{ EmailAddress, Action, Status, DiagnosticCode string }
		}
		Complaint struct {
			ComplainedRecipients  []struct{ EmailAddress string }
			ComplaintFeedbackType string
		}
		Mail struct{ MessageID string }
	}
	text := strings.ReplaceAll(strings.TrimSpace(l.told()), "\n", "") // mail systems break its lines
	if !strings.HasPrefix(text, "{") || json.NewDecoder(strings.NewReader(text)).Decode(&n) != nil {
		return Message{}, false
	}
	m := Message{Reason: "a notification of Amazon SES", Returned: Returned{MessageID: n.Mail.MessageID}}
	switch n.NotificationType + n.EventType {
	case "Bounce":
		m.Act = Bounce
		for _, b := range n.Bounce.BouncedRecipients {
			r := Recipient{Address: bare(b.EmailAddress), Status: statusNumber().FindString(b.Status), Diagnostic: diagnostic(b.DiagnosticCode)}
			r.judge(strings.ToLower(b.Action), "")
			m.add(r)
		}
	case "Complaint":
		m.Act = Complaint
		for _, c := range n.Complaint.ComplainedRecipients {
			m.add(Recipient{Address: bare(c.EmailAddress)})
		}
	case "Delivery":
		m.Act = Ignore
	default:
		return Message{}, false
	}
	return m, true
}

// Package mailin reads the mail that comes back: wishes to join or leave, answers of machines, bounces and
// complaints.
//
// It promises to say what any bytes mean and why, never to take a machine's mail for a person's, and to
// find a command only in what the writer wrote, not in what he quotes. It refuses to act and to answer:
// whoever reads decides on [Message] what follows. It stores nothing.
package mailin

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"regexp"
	"strings"

	"github.com/jhillyerd/enmime/v2"
)

// Act is what an incoming mail means.
type Act string

// The acts. The first six are commands of a person; of ignore and unknown the reason tells more.
const (
	Subscribe   Act = "subscribe"
	Confirm     Act = "confirm"
	Unsubscribe Act = "unsubscribe"
	Preferences Act = "preferences"
	Help        Act = "help"
	Status      Act = "status"
	Bounce      Act = "bounce"     // a letter of ours was not delivered, or is late
	Complaint   Act = "complaint"  // a reader called a letter of ours unwanted
	AutoReply   Act = "auto-reply" // a machine answers for its owner
	Ignore      Act = "ignore"     // a machine's mail that asks nothing of us
	Unknown     Act = "unknown"    // a person's mail without a command, or bytes that are no mail
)

// Message is what a mail means.
type Message struct {
	File       string      `json:"file,omitempty"` // set by who has read it from one
	Act        Act         `json:"act"`
	From       string      `json:"from,omitempty"` // the address of its single writer, in lower case
	Reason     string      `json:"reason,omitempty"`
	Recipients []Recipient `json:"recipients,omitempty"` // of bounces and complaints
	Command    string      `json:"command,omitempty"`    // what the writer wrote, or the word in the address he wrote to
	Token      string      `json:"-"`                    // from the address that the mail came to, or after "confirm"
}

// Recipient is a reader whom a report speaks of.
type Recipient struct {
	Address    string `json:"address"`
	Kind       Kind   `json:"kind,omitempty"` // empty in complaints
	Status     string `json:"status,omitempty"`
	Diagnostic string `json:"diagnostic,omitempty"`
}

// Kind is how lasting a failure is, and whose.
type Kind string

// The kinds. Blocked is a matter of policy or reputation: about us and not about the reader.
const (
	Hard    Kind = "hard"
	Soft    Kind = "soft"
	Blocked Kind = "blocked"
	Delayed Kind = "delayed" // still being tried
)

// MaxSize is how large a mail may be to be read.
const MaxSize = 25 << 20

// ErrTooLarge says that a mail is larger than [MaxSize].
var ErrTooLarge = errors.New("the mail is larger than 25 MB")

// Read says what a mail means. Bytes that are no mail are [Unknown]; the error is [ErrTooLarge] or that of r.
func Read(r io.Reader) (Message, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err != nil {
		return Message{}, fmt.Errorf("read mail: %w", err)
	}
	if len(raw) > MaxSize {
		return Message{}, ErrTooLarge
	}
	if bytes.HasPrefix(raw, []byte("From ")) { // an mbox's separator
		_, raw, _ = bytes.Cut(raw, []byte("\n"))
	}
	e, err := enmime.ReadEnvelope(bytes.NewReader(raw))
	if err != nil {
		return Message{Act: Unknown, Reason: "it cannot be read as a mail: " + err.Error()}, nil
	}
	m := judge(e)
	m.From = writer(e)
	return m, nil
}

// judge asks for reports first, for machines next, and only then for a person's command.
func judge(e *enmime.Envelope) Message {
	if m, ok := report(e); ok {
		return m
	}
	if act, reason := machine(e); act != "" {
		return Message{Act: act, Reason: reason}
	}
	if m, ok := addressed(e); ok {
		return m
	}
	if m, ok := command(bareSubject(e.GetHeader("Subject"))); ok {
		m.Reason = "its subject"
		return m
	}
	if m, ok := command(firstWritten(e.Text)); ok {
		m.Reason = "its first line"
		return m
	}
	return Message{Act: Unknown, Reason: "no command in what was written"}
}

// writer is the one address in From, or nobody.
func writer(e *enmime.Envelope) string {
	all := e.GetHeaderValues("From")
	if len(all) != 1 {
		return ""
	}
	list, err := mail.ParseAddressList(all[0])
	if err == nil && len(list) == 1 {
		return strings.ToLower(list[0].Address)
	}
	if found := address.FindAllString(all[0], 2); len(found) == 1 {
		return strings.ToLower(found[0])
	}
	return ""
}

var address = regexp.MustCompile(`[A-Za-z0-9.!#$%&'*+/=?^_{|}~\x60-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?`)

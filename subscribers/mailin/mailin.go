// Package mailin reads the mail that comes back: wishes to join or leave, answers of machines, bounces and
// complaints.
//
// It promises to say what any bytes mean and why, in bounded time and memory; never to take a machine's mail
// for a person's; and to find a command only in what the writer wrote, not in what he quotes. It refuses to act,
// to answer and to believe: whether a token is ours and may still be used, and whether a writer who is not
// vouched for may be obeyed, is decided by whoever reads the [Message]. It stores nothing.
//
// It also takes the mail in: [Listener] from a mail server, [Mailbox] from an IMAP account, [Handler.Hand] from a
// pipe, all for one [Handler]. They promise that no mail is lost and none stops the others: what the handler fails
// on comes again, by an answer of 451, by staying where it is, or by exit code 75.
package mailin

import (
	"io"
	"strings"
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

// Message is what a mail means. The fields without a name in JSON are for whoever acts on it.
type Message struct {
	File       string      `json:"file,omitempty"` // set by who has read it from one
	Act        Act         `json:"act"`
	From       string      `json:"from,omitempty"` // the address of its single writer, in lower case
	Reason     string      `json:"reason,omitempty"`
	Recipients []Recipient `json:"recipients,omitempty"` // of bounces and complaints
	Command    string      `json:"command,omitempty"`    // what the writer wrote, or the word in the address he wrote to
	Order      Order       `json:"-"`                    // the command as understood; of commands only
	Token      string      `json:"-"`                    // from the address that the mail came to, or after "confirm"
	To         Door        `json:"-"`                    // the address of ours that it came to, if it can be told
	ID         string      `json:"-"`                    // its Message-ID, without the angle brackets
	Returned   Returned    `json:"-"`                    // of bounces and complaints: the letter they are about
	Trust      Trust       `json:"-"`                    // who vouches for From
}

// Returned is what a report says of our letter, each field empty where it is silent. The best sign of which
// letter it was is the token of the address that the report came to; these are the next best.
type Returned struct {
	EnvelopeID string // Original-Envelope-Id (RFC 3464, section 2.2.1), which was given as ENVID
	MessageID  string // of the letter, without the angle brackets
}

// Recipient is a reader whom a report speaks of.
type Recipient struct {
	Address    string `json:"address"`
	Kind       Kind   `json:"kind,omitempty"`       // empty in complaints
	Status     string `json:"status,omitempty"`     // enhanced (RFC 3463), as 5.1.1
	Meaning    string `json:"meaning,omitempty"`    // the failure in plain words
	Diagnostic string `json:"diagnostic,omitempty"` // the server's own words
	Original   string `json:"-"`                    // the address that we wrote to, where the report tells it from Address, to which it was forwarded
}

// Kind is how lasting a failure is, and whose.
type Kind string

// The kinds. Hard is only what cannot come back: no such mailbox, no such domain, a mailbox that has moved, a
// mailbox or domain that takes no mail. A full mailbox is soft whatever the code, for its owner can empty it
// (RFC 3463, X.2.2). Blocked is a matter of policy or reputation: about us and not about the reader.
const (
	Hard    Kind = "hard"
	Soft    Kind = "soft"
	Blocked Kind = "blocked"
	Delayed Kind = "delayed" // still being tried
)

// MaxSize is how large a mail may be to be taken in. Of any mail, only the beginning is read.
const MaxSize = 25 << 20

// Reader knows which addresses are ours. The zero value takes any address for one of ours.
type Reader struct {
	Addresses []string // ours, as daily@example.org; what comes from them is never answered
	Delimiter string   // between our name and what it is to do, beside "+" and "-"
	Trusted   []string // servers of ours whose Authentication-Results are believed, by their authserv-id
}

// Envelope is how a mail came, as far as that is known: from a pipe or a mailbox it may not be.
type Envelope struct {
	Sender    string // "<>" for none
	Recipient string
}

// Read says what a mail means, by its own header alone, taking any address for one of ours.
func Read(r io.Reader) (Message, error) { return Reader{}.Read(r, Envelope{}) }

// Read says what a mail means. Bytes that are no mail are [Unknown]; an error can only be that of r.
func (reader Reader) Read(r io.Reader, env Envelope) (Message, error) {
	l, err := open(r, env)
	if err != nil {
		return Message{}, err
	}
	if l == nil {
		return Message{Act: Unknown, Reason: "it cannot be read as a mail"}, nil
	}
	m := reader.judge(l, reader.door(l))
	m.From = l.writer()
	m.ID = messageID(l.GetHeader("Message-Id"))
	m.Trust = reader.trust(l, m.From)
	return m, nil
}

// judge asks for reports first, for machines next, and only then for a person's command.
func (reader Reader) judge(l *letter, to Door) Message {
	m, ok := report(l, to)
	if !ok {
		if m.Act, m.Reason = reader.machine(l); m.Act == "" {
			m = person(l, to)
		}
	}
	m.To = to
	if m.Token == "" {
		m.Token = to.Token
	}
	return m
}

// person finds the command of a person: the address he wrote to is enough, for links, phones and voices send
// nothing else. A subject that answers ours was not written by him, so his first line comes before it.
func person(l *letter, to Door) Message {
	subject, answers := bareSubject(l.GetHeader("Subject"))
	written := written(l.said())
	if to.Order.Verb != "" {
		m := Message{Act: to.Order.Act(), Reason: "the address it came to", Command: strings.Join(append([]string{string(to.Order.Verb)}, to.Order.Words...), " "), Order: to.Order}
		if m.Act == Confirm {
			return unlessRefused(m, written)
		}
		return m
	}
	if to.Purpose != 0 {
		return Message{Act: Ignore, Reason: "it came to an address for reports and is none"}
	}
	if m, ok := command(first(written)); ok {
		m.Reason = "its first line"
		return m
	}
	if m, ok := command(subject); ok {
		m.Reason = "its subject"
		if m.Act == Confirm && answers {
			return unlessRefused(m, written)
		}
		return m
	}
	return Message{Act: Unknown, Reason: "no command in what was written"}
}

// unlessRefused lets an answer confirm, whatever it says, but for one that says no.
func unlessRefused(m Message, written []string) Message {
	said, ok := command(first(written))
	if ok && said.Act == Unsubscribe {
		said.Reason, said.Token = "it refuses what it should confirm", m.Token
		return said
	}
	if refusal().MatchString(strings.Join(written[:min(len(written), 5)], " ")) {
		return Message{Act: Unknown, Reason: "it answers a confirmation, but seems to refuse it", Token: m.Token}
	}
	return m
}

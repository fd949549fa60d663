package subscribers

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Person is all that is known of one address. What a rule changes in it is what changes; an entry or a wish
// that is made zero is deleted.
type Person struct {
	Email string
	Entry Subscriber // on the list; ID 0: there is none
	Wish  Wish       // to be on it; Made zero: there is none
	Trace Trace

	Asked   time.Time   // when the wish was asked about with the token that names the person here
	Asks    []time.Time // all such questions of the last seven days, whichever wish they were about, oldest first
	Replies []Reply     // notices of the last seven days that a stranger could have caused, oldest first
	Bounces []Bounce    // of the last thirty days, oldest first
	Recent  Recent

	Owed []Owed // what the rule owes him
}

// Wish is a request to subscribe that waits for its confirmation. It lapses seven days after the last question.
type Wish struct {
	ID   int64 // drawn from the same numbers as subscribers'; 0: not stored yet
	Made time.Time
	Done time.Time // when it was confirmed; it is kept so that confirming twice is no fault
	Choices
	Proof
}

// Trace is what stays of a person who must not be remembered, under a keyed hash of his address.
type Trace struct {
	Erased  time.Time // forgotten on demand: no import brings him back
	Blocked time.Time // until then no confirmation is sent to him: he said that it was not he who asked
}

// Reply is a notice that somebody's mail or form has caused.
type Reply struct {
	Notice Notice
	At     time.Time
}

// Recent counts the confirmations of the last hour.
type Recent struct {
	Domain  int // to the person's domain
	Network int // asked for from the visitor's network
	All     int
}

// Owed is a notice that a rule owes.
type Owed struct {
	Notice  Notice
	Token   string // of a confirmation, in clear; the store keeps it until the notice is sent
	Network string // that asked for a confirmation
	Answers string // Message-ID of the mail that it answers; empty: it answers none
	Counted bool   // it is a [Reply]
}

// waits reports whether there is a wish to be confirmed.
func (p *Person) waits(now time.Time) bool {
	return !p.Wish.Made.IsZero() && p.Wish.Done.IsZero() && !now.After(p.Lapses(now))
}

// Lapses returns when the wish may be forgotten: seven days after the last question, of which one may be owed
// just now, or after it was confirmed.
func (p *Person) Lapses(now time.Time) time.Time {
	last := p.Wish.Made
	if n := len(p.Asks); n > 0 && p.Asks[n-1].After(last) {
		last = p.Asks[n-1]
	}
	if p.Wish.Done.After(last) {
		last = p.Wish.Done
	}
	if slices.ContainsFunc(p.Owed, func(o Owed) bool { return o.Notice == Confirm }) {
		last = now
	}
	return last.Add(confirmFor)
}

// on reports whether the person is really on the list.
func (p *Person) on() bool { return p.Entry.State == Active || p.Entry.State == Paused }

// reader is what a caller is told of the person: his entry, or the wish of one who has none.
func (p *Person) reader() Subscriber {
	if p.Entry.ID != 0 {
		return p.Entry
	}
	w := p.Wish
	s := Subscriber{ID: w.ID, Email: p.Email, State: Pending, Joined: w.Made, Changed: w.Made}
	s.choose(w.Choices)
	return s
}

// choose takes over choices.
func (s *Subscriber) choose(c Choices) {
	s.Digests, s.Topics, s.Lang, s.Text, s.Timezone = slices.Clone(c.Digests), slices.Clone(c.Topics), c.Lang, c.Text, c.Timezone
}

// Network is what is remembered of a visitor's address: its first 24 bits, or 48 of IPv6. A private address is
// that of a proxy, behind which anybody may be: of it nothing is remembered.
func Network(a netip.Addr) string {
	if a = a.Unmap().WithZone(""); a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() {
		return ""
	}
	bits := 48
	if a.Is4() {
		bits = 24
	}
	n, err := a.Prefix(bits)
	if err != nil {
		return ""
	}
	return n.String()
}

// Domain is what stands behind an address's @.
func Domain(email string) string { return email[strings.LastIndexByte(email, '@')+1:] }

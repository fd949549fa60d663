package digest

import (
	"errors"
	"time"
)

// The two reasons for which a claimed delivery is not handed over.
var (
	// ErrStale says that the delivery has been claimed anew since: it belongs to somebody else now.
	ErrStale = errors.New("the claim is stale")

	// ErrGone says that the reader is no longer active; the ledger has settled the delivery as skipped.
	ErrGone = errors.New("the reader has left")
)

// DeliveryState is where a delivery stands: pending → leased → handing → one of the ends, or deferred and
// round again. The numbers are stored and never change.
type DeliveryState int

// A leased delivery falls due again when its lease ends. Handing is durable before the letter's last byte
// leaves us; when its owner dies there the delivery becomes uncertain, and the digest's [Policy] decides.
const (
	Pending   DeliveryState = 1 // owed
	Leased    DeliveryState = 2 // claimed by a worker until its lease ends
	Handing   DeliveryState = 3 // the letter may be on the wire
	Sent      DeliveryState = 4 // accepted by the next server
	Deferred  DeliveryState = 5 // put off, owed again at a later time
	Failed    DeliveryState = 6 // refused for good, or given up
	Skipped   DeliveryState = 7 // the reader left before it went out
	Uncertain DeliveryState = 8 // nobody can know whether it was accepted
)

// String returns the state's word in reports, such as "pending".
func (s DeliveryState) String() string {
	words := [...]string{"", "pending", "leased", "handing", "sent", "deferred", "failed", "skipped", "uncertain"}
	if s < 1 || int(s) >= len(words) {
		return "unknown"
	}
	return words[s]
}

// Delivery is one mail owed to one reader: an edition, or a notice.
type Delivery struct {
	ID       int64    // in the ledger
	Key      string   // names it for ever: "<edition key>/<reader>", or "<notice>/<reader>/<n>"
	Edition  string   // key of the edition; empty for a notice
	Notice   string   // kind of the notice: "confirm", "welcome", "goodbye", …; empty for an edition
	Reader   int64    // id of the subscriber; of a confirmation: of the wish; 0: a stranger who wrote
	To       string   // the reader's address
	Lang     string   // the reader's language, when he chose one
	Zone     string   // the time zone that he chose; empty: none
	Text     bool     // plain text only
	Topics   []string // ids that the reader chose; empty: all
	Token    string   // of a confirmation; empty once it has ended
	Answers  string   // Message-ID of the mail that a notice answers, in brackets, which are empty when it has none; empty: it answers none
	State    DeliveryState
	Attempts int       // tries so far, this one included once claimed
	Owed     time.Time // when it was sealed
	Due      time.Time // not before then; of a leased one: the lease's end; zero once it has ended, or is in doubt and held back
	Ended    time.Time // zero: it has not
	Fence    int64     // grows with every claim: an owner whose fence is stale can settle nothing
	Note     string    // the last answer of the other side, or our own fault

	Code   int // as in [Outcome], of the last try
	Status string
	At     string
	Relay  string
}

// Outcome is what came of a try, for the ledger to account for.
type Outcome struct {
	ID    int64
	Fence int64
	State DeliveryState // Sent, Deferred, Failed, Skipped or Uncertain; Pending gives the claim back untried
	Due   time.Time     // of a deferred, pending or uncertain one: when it is owed again
	Note  string        // the other side's answer, or our fault, in one line

	Code   int    // of a refusal by the other side, 550; 0: it refused nothing
	Status string // of a refusal, RFC 3463, 5.1.1; empty when none was given
	At     string // what was refused: "rcpt", "dot", …
	Relay  string // of a sent one: by which relay, when there are several
}

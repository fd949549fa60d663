// Package subscribers says who receives: how a person joins, confirms, chooses, pauses, leaves and comes back,
// what bounces and complaints do to him, and which notice follows which act. The rules are pure and change a
// [Person]; addresses and tokens are checked here and nowhere else.
//
// It promises that nobody becomes active without his own confirmation or the operator's recorded word, that
// nothing a stranger does changes a reader, and that leaving always works and is never undone by anything but
// the reader. It refuses to send mail: a change says which [Notice] is owed, and both are stored in one step.
// It stores people under their normalised address by its [Store].
package subscribers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The errors a caller branches on; anything else is the store's fault.
var (
	ErrUnknown = errors.New("no such subscriber")
	ErrToken   = errors.New("the link is not valid")
	ErrAddress = errors.New("not a mail address that can be written to")
	ErrLeft    = errors.New("the reader has left, and only the reader can undo that")

	// ErrDisowned is the [ErrToken] of a confirmation whose bearer has said that it was not he who asked.
	ErrDisowned = fmt.Errorf("%w: the request was disowned", ErrToken)
)

// State is where a subscriber stands.
type State string

// Only an active subscriber is owed editions. Pending is nobody's entry on the list: it is a [Wish] that waits
// for its confirmation, and may be that of a reader who has left. Suspended is what bounces do; left is what
// the reader did, or a complaint of his.
const (
	Pending   State = "pending"
	Active    State = "active"
	Paused    State = "paused"
	Left      State = "left"
	Suspended State = "suspended"
)

// ParseState returns the state that a word names; the error says which there are.
func ParseState(word string) (State, error) {
	all := []State{Pending, Active, Paused, Left, Suspended}
	if s := State(strings.ToLower(word)); slices.Contains(all, s) {
		return s, nil
	}
	return "", fmt.Errorf("state must be one of %s, %s, %s, %s, %s, not %q", all[0], all[1], all[2], all[3], all[4], word)
}

// Subscriber is an address, its state and its preferences.
type Subscriber struct {
	ID       int64
	Email    string // normalised, see [Normalise]; the key
	Name     string
	State    State
	Why      Why       // he is in this state; empty: he wanted it
	Until    time.Time // of a paused one: when it ends by itself; zero: when he says so
	Digests  []string  // chosen by name; empty: every digest that is not optional
	Topics   []string  // chosen by id; empty: all
	Lang     string    // for pages and notices; empty: the digest's
	Text     bool      // plain text instead of HTML
	Timezone string    // IANA name; empty: the digest's
	Joined   time.Time
	Changed  time.Time

	ConsentAt   time.Time
	ConsentHow  string // "page", "mail", "import", "operator", …
	ConsentFrom string // what proves it: the visitor's network, the mail's Message-ID
	ConsentText string // the words that he agreed to
}

// Why says who or what brought a subscriber into a state that he did not choose.
type Why string

// The reasons. A reader who bounced is tried once more after thirty days; one who bounced twice is not.
const (
	ByOperator  Why = "operator"
	ByComplaint Why = "complaint"
	ByBounces   Why = "bounces"
	ByProbe     Why = "probe" // the one letter that tried him again bounced too
)

// Choices are what a reader may wish for himself. None of it is ever told to anybody else.
type Choices struct {
	Digests  []string // by name; empty: every digest that is not optional
	Topics   []string // by id; empty: all
	Lang     string   // BCP 47; empty: the digest's
	Text     bool     // plain text instead of HTML
	Timezone string   // IANA name; empty: the digest's
}

// Changes are what a reader changes of his choices; what is nil stays as it is. In a list, "all" stands for
// everything, and a word with a + or - before it is added to what he has or taken from it.
type Changes struct {
	Digests  []string
	Topics   []string
	Lang     *string
	Text     *bool
	Timezone *string
	Pause    *time.Time // no editions until then, at most a year; a zero time ends a pause
}

// Proof is the record of how somebody said yes.
type Proof struct {
	How    string // "page" or "mail"
	From   string // the visitor's network, see [Network]; the mail's Message-ID
	Agreed string // the words that were agreed to
}

// Notice is the kind of a mail that a change owes to a person.
type Notice string

// The notices, and to whom they may still go when they leave.
const (
	Confirm Notice = "confirm" // asks to confirm a wish; while it waits
	Welcome Notice = "welcome" // active
	Goodbye Notice = "goodbye" // left; offers to undo it
	Link    Notice = "link"    // active or paused: the link to his preferences
	Status  Notice = "status"  // active or paused: the same, with what he has chosen
	Leaving Notice = "leaving" // active or paused: asks whether it was he who wants to leave
	Help    Notice = "help"    // anybody who wrote
)

// Store is where people are kept.
type Store interface {
	// Change loads all that is known of a person, lets rule change it, and stores what came of it, all in one
	// transaction: two who change the same person follow one another. The rule may be run again, each time on
	// what is stored by then; the numbers that are drawn for an entry or a wish are in that person afterwards.
	// Its error undoes everything and is returned as it is. [ErrUnknown] when an id or a token names nobody; by
	// an address a rule can meet a person of whom nothing is known.
	Change(ctx context.Context, who Who, rule func(*Person) error) error

	// Look loads a person like Change, to be read only.
	Look(ctx context.Context, who Who) (Person, error)

	// Once runs act unless a mail with this mark was acted on in the last thirty days, and then reports false.
	// The mark and all that act changes through the context it is given are one transaction.
	Once(ctx context.Context, mark [32]byte, act func(ctx context.Context) error) (fresh bool, err error)
}

// Who names a person by the first of Email, ID and Token that is set.
type Who struct {
	Email string   // normalised
	ID    int64    // of a subscriber, or of a wish
	Token [32]byte // the hash of a wish's token

	Network string                    // of a visitor: how many confirmations it has asked for lately is counted
	Trace   func(email string) string // under which the forgotten are remembered, see [Tokens.Trace]; required
}

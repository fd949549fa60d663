// Package subscribers says who receives: how a person joins, confirms, leaves and comes back, and which
// state follows which act. The rules are pure; addresses and tokens are checked here and nowhere else.
//
// It promises that nobody becomes active without his own confirmation or the operator's recorded word,
// and that leaving always works and is never undone by anything but the reader. It refuses to send mail:
// a change says which [Notice] is owed, and state and notice are stored in one step. It stores
// subscribers under their normalised address by its [Store].
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
)

// State is where a subscriber stands.
type State string

// Only an active subscriber is owed anything but a confirmation. Suspended is what bounces and complaints
// do; left is what the reader did.
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
	ID         int64
	Email      string // normalised, see [Normalise]; the key
	Name       string
	State      State
	Digests    []string // chosen by name; empty: every digest that is not optional
	Topics     []string // chosen by id; empty: all
	Lang       string   // for pages and notices; empty: the digest's
	Text       bool     // plain text instead of HTML
	Timezone   string   // IANA name; empty: the digest's
	Joined     time.Time
	Changed    time.Time
	ConsentAt  time.Time
	ConsentHow string // "page", "mail", "import", "operator", … with what proves it
}

// Notice is the kind of a mail that a change owes to the subscriber.
type Notice string

// The notices.
const (
	Confirm Notice = "confirm"
	Welcome Notice = "welcome"
	Goodbye Notice = "goodbye"
)

// Store is where subscribers are kept.
type Store interface {
	// Find returns the subscriber with this normalised address, or [ErrUnknown].
	Find(ctx context.Context, email string) (Subscriber, error)

	// Get returns the subscriber with this id, or [ErrUnknown].
	Get(ctx context.Context, id int64) (Subscriber, error)

	// Save inserts the subscriber (ID 0) or replaces the one with its ID, and owes the notices to him,
	// all in one transaction. It returns the subscriber's id.
	Save(ctx context.Context, s Subscriber, owed ...Notice) (int64, error)
}

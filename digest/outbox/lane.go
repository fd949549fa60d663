package outbox

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Lanes says by which lane a letter leaves. It may be asked by any goroutine. A [*Refusal] or a [*Fault] is about
// this address alone, and counts as a try of its letter; any other error means that no letter can leave now.
type Lanes interface {
	Lane(ctx context.Context, to string) (*Lane, error)
}

// Lane is a way out: a relay, or the servers of one destination. It lasts longer than a drain.
type Lane struct {
	Name   string                                 // for the log
	Open   func(context.Context) (Carrier, error) // a connection: [SMTPConfig.Open], [LMTP.Open], [Maildrop.Open]
	Terms  *Terms                                 // may be shared with other lanes; nil: none
	Weight int                                    // of a relay among relays; 1
	Mark   string                                 // what the ledger is told of letters that leave by it; may be empty

	// Last says that there is no other way to where the lane leads, so that a letter which finds nobody there has
	// been tried. Otherwise its claim is given back.
	Last bool

	mu     sync.Mutex
	away   time.Time // until then it is passed over
	why    error
	told   time.Time
	known  bool          // what it answers to who connects
	first  chan struct{} // has room for who finds that out
	barred time.Duration // for which it is passed over because our login was refused; 0: it was not
}

// How long a lane by which nothing could leave is passed over. Where our login was refused it is twice as long each
// time, up to the longest: providers lock the accounts of those who try again and again.
const (
	probe   = time.Minute
	longest = time.Hour
)

// Lane implements [Lanes]: every letter leaves by this one.
func (l *Lane) Lane(context.Context, string) (*Lane, error) { return l, nil }

// terms returns the lane's terms, its own ones if it was given none.
func (l *Lane) terms() *Terms {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.Terms == nil {
		l.Terms = &Terms{Name: l.Name}
	}
	return l.Terms
}

// lose says that no connection is to be had. It reports whether that is news, once an hour.
func (l *Lane) lose(now time.Time, why error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away, l.why = now.Add(max(probe, l.barred)), why
	if now.Sub(l.told) < time.Hour {
		return false
	}
	l.told = now
	return true
}

// lost returns why nothing could leave by this lane a moment ago; nil when it may be tried.
func (l *Lane) lost(now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if wait := l.away.Sub(now); wait > 0 && wait <= max(probe, l.barred) {
		return l.why
	}
	return nil
}

// back returns when the lane is to be tried again.
func (l *Lane) back() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.away
}

// connect opens a connection. While it is not known what the lane answers, one is tried, and the others wait for what
// comes of that. When our login was refused nobody tries it again before its time.
func (l *Lane) connect(ctx context.Context, now func() time.Time) (Carrier, error) {
	done, err := l.queue(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	if why := l.lost(now()); isLogin(why) {
		return nil, why
	}
	carrier, err := l.Open(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch l.known = !isLogin(err); {
	case err == nil:
		l.barred = 0
	case !l.known:
		l.barred = min(max(probe, 2*l.barred), longest)
		l.away, l.why = now().Add(l.barred), err
	}
	return carrier, err
}

// queue waits until it is known what the lane answers, or the caller is the one to find out.
func (l *Lane) queue(ctx context.Context) (done func(), err error) {
	l.mu.Lock()
	if l.first == nil {
		l.first = make(chan struct{}, 1)
	}
	known := l.known
	l.mu.Unlock()
	if known {
		return func() {}, nil
	}
	select {
	case l.first <- struct{}{}:
	case <-ctx.Done():
		return nil, &Fault{At: "connect", Err: ctx.Err()}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if done = func() { <-l.first }; l.known {
		done()
		done = func() {}
	}
	return done, nil
}

// Relays shares letters out over several lanes by their weights, and passes over those that are away.
type Relays struct {
	Lanes []*Lane
	Now   func() time.Time

	mu     sync.Mutex
	credit map[*Lane]int
}

// Lane implements [Lanes] by smooth weighted round robin, as nginx has it: every lane gains its weight, the richest
// is taken and pays what all gained.
func (r *Relays) Lane(context.Context, string) (*Lane, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.credit == nil {
		r.credit = map[*Lane]int{}
	}
	var best *Lane
	var why error
	sum, now := 0, r.Now()
	for _, l := range r.Lanes {
		if err := l.lost(now); err != nil {
			why = err
			continue
		}
		weight := max(1, l.Weight)
		r.credit[l] += weight
		sum += weight
		if best == nil || r.credit[l] > r.credit[best] {
			best = l
		}
	}
	if best == nil {
		return nil, adrift{why}
	}
	r.credit[best] -= sum
	return best, nil
}

// adrift says that every relay is away. What one of them answered is about us, and no outcome of any letter.
type adrift struct{ why error }

// Error tells why the last of them is away.
func (a adrift) Error() string { return fmt.Sprintf("every relay is away: %v", a.why) }

// Unwrap returns that.
func (a adrift) Unwrap() error { return a.why }

// Terms are how the other side wants its letters. They bind all lanes that share them, and tighten for a while
// when it asks for patience.
type Terms struct {
	Name        string  // of who set them, for the log
	Connections int     // at a time; 0: as many as the outbox has
	Load        int     // letters that one connection carries; 100
	Rate        float64 // letters a second; 0: as fast as they go

	mu      sync.Mutex
	slow    time.Duration // between two letters, because the other side complained
	changed time.Time     // when slow was
	turn    time.Time     // of the next letter
}

// How letters slow down: from the first wait to the longest, doubled with each complaint; and halved again after
// every while without one.
const (
	leastSlow = 100 * time.Millisecond
	mostSlow  = time.Minute
	relief    = 30 * time.Second
	burst     = 100 * time.Millisecond // of turns that nobody took, which may be made good
)

// gap is how far apart letters go.
func (t *Terms) gap() time.Duration {
	gap := t.slow
	if t.Rate > 0 {
		gap = max(gap, time.Duration(float64(time.Second)/t.Rate))
	}
	return gap
}

// pace tells how far apart letters go now.
func (t *Terms) pace() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.gap()
}

// wait returns how long the next letter is to wait for its turn.
func (t *Terms) wait(now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	gap := t.gap()
	wait := t.turn.Sub(now)
	if gap == 0 || wait > gap { // longer than it can be: the clock went back
		t.turn = now
		return 0
	}
	return max(0, wait)
}

// take uses up a turn.
func (t *Terms) take(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if earliest := now.Add(-burst); t.turn.Before(earliest) {
		t.turn = earliest
	}
	t.turn = t.turn.Add(t.gap())
}

// hear learns from an answer. Many letters on the wire at one time complain of the same thing, so only one of them
// counts. It reports whether letters begin to go slowly by it.
func (t *Terms) hear(now time.Time, err error) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	calm := now.Sub(t.changed)
	switch {
	case isComplaint(err):
		if t.slow > 0 && calm >= 0 && calm < max(time.Second, t.slow) {
			return false
		}
		began := t.slow == 0
		t.slow, t.changed = min(max(2*t.gap(), leastSlow), mostSlow), now
		return began
	case err == nil && t.slow > 0 && calm >= relief:
		if t.slow, t.changed = t.slow/2, now; t.slow < leastSlow {
			t.slow = 0
		}
	}
	return false
}

// isComplaint reports whether the other side finds that we send too much or too fast: 421, or 4.7.x. What greylisting
// says (4.7.1 to a reader) is no complaint, nor is 421 of a server that stops or has waited too long (4.3.2, 4.4.2), or
// that has no room for one more connection.
func isComplaint(err error) bool {
	r := refusalOf(err)
	switch {
	case r == nil:
		return false
	case r.Code == 421 && r.At != "connect":
		return r.Enhanced != "4.3.2" && r.Enhanced != "4.4.2"
	}
	return strings.HasPrefix(r.Enhanced, "4.7.") && !(r.At == "rcpt" && r.Enhanced == "4.7.1")
}

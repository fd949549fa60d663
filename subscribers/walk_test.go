package subscribers_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/subscribers"
)

// Whatever happens in whatever order: nobody is active without his own yes, or the operator's, after which no
// no came; what a stranger writes leaves an entry as it is, and what he reports is told to its owner; nobody is asked more than
// three times a week nor answered more than ten times a day.
func TestNobodyWithoutConsent(t *testing.T) {
	const walks, steps = 400, 60
	for n := range walks {
		w := &walk{house: onShelf(t), chance: rand.New(rand.NewPCG(uint64(n), 7)), email: "ada@example.org"}
		for range steps {
			w.step(t)
			if t.Failed() {
				t.Fatalf("walk %d: %s", n, strings.Join(w.way, "; "))
			}
		}
	}
}

// walk is one person's life among acts by chance.
type walk struct {
	*house
	chance *rand.Rand
	email  string
	way    []string
	may    bool // he said yes, or the operator did, and no no came since
}

// Acts that are a yes when they are done with what only their owner has, and those that are a no.
const (
	yes = "confirm|confirm by a reply|undo|the operator adds"
	no  = "this was not me|leave by the link|he writes unsubscribe|he complains|he complains, says a stranger|the operator removes|the operator erases"
)

func (w *walk) step(t *testing.T) {
	all := acts()
	a := all[w.chance.IntN(len(all))]
	w.way = append(w.way, a.name)
	before := w.person(t.Context(), w.email)
	err := a.do(t.Context(), w.house, w.email)
	after, mails := w.person(t.Context(), w.email), w.mailed()
	is := func(acts string) bool { return strings.Contains("|"+acts+"|", "|"+a.name+"|") }
	switch {
	case is(no) && err == nil:
		w.may = false
	case is(yes) && err == nil && (after.Entry.State == subscribers.Active || after.Entry.State == subscribers.Paused):
		w.may = true
	}
	if on := after.Entry.State; (on == subscribers.Active || on == subscribers.Paused) && !w.may {
		t.Errorf("%s without consent", on)
	}
	public := strings.HasPrefix(a.name, "a stranger writes") || is("join on the page|ask for the link")
	if diff := cmp.Diff(before.Entry, after.Entry); diff != "" && public {
		t.Errorf("a stranger changed him: %s", diff)
	}
	if is("he complains, says a stranger") && before.Entry.State == subscribers.Active && told(mails) != "goodbye" && w.goodbyes(after) < 3 {
		t.Error("a stranger took him off, and nobody tells him")
	}
	w.bounded(t)
	w.wait(time.Duration(w.chance.IntN(600)) * time.Minute)
}

// goodbyes counts those of the last day.
func (w *walk) goodbyes(p subscribers.Person) (n int) {
	for _, r := range p.Replies {
		if r.Notice == subscribers.Goodbye && w.clock.Sub(r.At) < day {
			n++
		}
	}
	return n
}

// bounded looks at how much was mailed to him.
func (w *walk) bounded(t *testing.T) {
	p := w.person(t.Context(), w.email)
	if len(p.Asks) > 3 {
		t.Errorf("asked %d times in a week", len(p.Asks))
	}
	byDay := 0
	for _, r := range p.Replies {
		if w.clock.Sub(r.At) < day {
			byDay++
		}
	}
	if byDay > 10+3 { // what pages cause is counted and not stopped by the answers to mail
		t.Errorf("answered %d times in a day", byDay)
	}
}

// The shelf, on which the walks go, does what the real store does.
func TestShelfAndStore(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	shelf, disk := onShelf(t), onDisk(t, freshFile(t))
	all := acts()
	for step := range 400 {
		email := fmt.Sprintf("reader%d@example.org", chance.IntN(4))
		a := all[chance.IntN(len(all))]
		got, want := said(a.do(t.Context(), disk, email)), said(a.do(t.Context(), shelf, email))
		if got != want {
			t.Fatalf("step %d, %s: the store says %q, the shelf %q", step, a.name, got, want)
		}
		if diff := cmp.Diff(told(shelf.mailed()), told(disk.mailed())); diff != "" {
			t.Fatalf("step %d, %s: mails: %s", step, a.name, diff)
		}
		was, is := shelf.person(t.Context(), email), disk.person(t.Context(), email)
		was.Owed, is.Owed = nil, nil
		if diff := cmp.Diff(was, is); diff != "" {
			t.Fatalf("step %d, %s: -shelf +store %s", step, a.name, diff)
		}
		if chance.IntN(3) == 0 {
			shelf.wait(time.Duration(step) * time.Minute)
			disk.wait(time.Duration(step) * time.Minute)
		}
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"tidings/digest"
	"tidings/digest/desk"
	"tidings/digest/store"
	"tidings/subscribers"
)

// newsroom is what the desk shows and acts through. Its house changes when the configuration does.
type newsroom struct {
	first string // the digest or the edition to begin with; empty: the first digest
	at    string // act as if it were that time; empty: now
	ahead bool   // at that time the editions after it are to come; otherwise the one of that time is shown

	memory digest.Memory

	mu    sync.Mutex
	house *house
	fault error // of the configuration as it stands now
}

// mostListed bounds the past editions to choose from; others are shown by their address.
const mostListed = 60

// rooms returns the house as it is by now.
func (n *newsroom) rooms() (*house, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.house, n.fault
}

// reload reads the configuration anew. Until its faults are mended, they are shown in the place of the letter.
func (n *newsroom) reload(ctx context.Context) {
	n.mu.Lock()
	defer n.mu.Unlock()
	h := *n.house
	n.fault = h.refurnish(ctx)
	if n.fault == nil {
		n.house = &h
		n.memory.Forget()
	}
}

// refurnish takes on a changed configuration. The store and what is listened on stay.
func (h *house) refurnish(ctx context.Context) error {
	config, err := h.load()
	if err != nil {
		return err
	}
	if config.Store.URL != h.config.Store.URL || config.Desk != h.config.Desk {
		return errors.New("[store] or [desk] has changed; start the desk anew")
	}
	h.config = config
	if h.digests, err = config.digests(); err != nil {
		return err
	}
	if h.set, err = loadTemplates(config); err != nil {
		return err
	}
	return h.wire(ctx)
}

// coming returns a digest's slot to show: the one at --at, or the next.
func (n *newsroom) coming(h *house, d digest.Digest) (s digest.Slot, until time.Time, err error) {
	if until, err = h.when(n.at, d); err != nil {
		return s, until, err
	}
	if n.at != "" && !n.ahead {
		s, err = slot(d, until)
		return s, until, err
	}
	s, err = nextSlot(d, until)
	return s, until, err
}

// Editions implements [desk.Newsroom].
func (n *newsroom) Editions(ctx context.Context) ([]desk.Listed, error) {
	h, err := n.rooms()
	if err != nil {
		return nil, err
	}
	past, err := h.store.Editions(ctx)
	if err != nil {
		return nil, err
	}
	past = slices.DeleteFunc(past, func(l store.Listed) bool { return l.State != store.Sealed })
	var all []desk.Listed
	for _, d := range h.digests {
		s, _, err := n.coming(h, d)
		if err != nil || slices.ContainsFunc(past, func(l store.Listed) bool { return l.Key == s.Key() }) {
			continue // it has none to come, or is among the past ones
		}
		all = append(all, desk.Listed{Key: s.Key(), Title: d.Title, At: s.At, Release: d.Release})
	}
	for _, l := range past[:min(len(past), mostListed)] {
		all = append(all, desk.Listed{Key: l.Key, Title: l.Title, At: l.At, Sealed: true})
	}
	slices.SortStableFunc(all, func(a, b desk.Listed) int { return n.rank(a) - n.rank(b) })
	return all, nil
}

// rank is 0 for what the desk begins with.
func (n *newsroom) rank(l desk.Listed) int {
	if n.first != "" && (l.Key == n.first || strings.HasPrefix(l.Key, n.first+"/")) && (n.at != "" || !l.Sealed || l.Key == n.first) {
		return 0
	}
	return 1
}

// Edition implements [desk.Newsroom].
func (n *newsroom) Edition(ctx context.Context, key string) (digest.Edition, bool, error) {
	h, err := n.rooms()
	if err != nil {
		return digest.Edition{}, false, err
	}
	e, err := h.store.Edition(ctx, key)
	if err == nil || !errors.Is(err, store.ErrNoEdition) {
		return e, err == nil, err
	}
	name, _, _ := strings.Cut(key, "/")
	d, err := h.one(name)
	if err != nil {
		return e, false, desk.ErrNoEdition
	}
	_, s, err := editor{h}.slotOf(key)
	if err != nil {
		return e, false, desk.ErrNoEdition
	}
	until, err := h.when(n.at, d)
	if err != nil {
		return e, false, err
	}
	press := *h.press
	press.Memory = &n.memory
	e, err = press.Draft(ctx, d, s, until)
	return e, false, err
}

// Mail implements [desk.Newsroom].
func (n *newsroom) Mail(e digest.Edition) ([]byte, error) {
	h, err := n.rooms()
	if err != nil {
		return nil, err
	}
	return form{eml: true}.write(h, e)
}

// fit says how much shorter letters must tell an edition.
func (n *newsroom) fit(e digest.Edition) (int, error) {
	h, err := n.rooms()
	if err != nil {
		return 0, err
	}
	_, shorter, err := newLetters(h).size(e, false)
	return shorter, err
}

// Read implements [desk.Newsroom].
func (n *newsroom) Read(ctx context.Context, key, page string) (digest.Article, error) {
	h, err := n.rooms()
	if err != nil {
		return digest.Article{}, err
	}
	name, _, _ := strings.Cut(key, "/")
	if _, err := h.one(name); err != nil {
		return digest.Article{}, err
	}
	return byHand{h}.keep(ctx, name, page)
}

// Hold implements [desk.Gate].
func (n *newsroom) Hold(ctx context.Context, key string) (string, error) {
	h, err := n.rooms()
	if err != nil {
		return "", err
	}
	_, said, err := editor{h}.hold(ctx, key)
	return said + ".", err
}

// Approve implements [desk.Gate].
func (n *newsroom) Approve(ctx context.Context, key string) (string, error) {
	h, err := n.rooms()
	if err != nil {
		return "", err
	}
	d, _, err := editor{h}.slotOf(key)
	if err != nil {
		return "", err
	}
	until, err := h.when(n.at, d)
	if err != nil {
		return "", err
	}
	said, err := editor{h}.approve(ctx, key, until)
	return strings.ReplaceAll(said, "\n", "; ") + ".", err
}

// test sends a letter to one address, as `send --test` does.
func (n *newsroom) test(ctx context.Context, e digest.Edition, address string) (string, error) {
	h, err := n.rooms()
	if err != nil {
		return "", err
	}
	if _, err := subscribers.Normalise(address); err != nil {
		return "", err
	}
	answer, err := rounds{h}.sendOne(ctx, e, rounds{h}.testKey(e), address, "[test] ")
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("A test went to %s: %s", address, answer), nil
}

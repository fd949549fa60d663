package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"

	"tidings/digest"
	"tidings/templates"
)

// atHand is how many proofs are kept at most.
const atHand = 16

// loaded is a set of templates, or why there is none.
type loaded struct {
	set   *templates.Set
	fault error
}

// proof is an edition as it would be sent or was, or why there is none.
type proof struct {
	edition   digest.Edition
	sealed    bool
	letter    templates.Letter
	shorter   int       // what the letter must tell more briefly, see [digest.Edition.Shorter]
	decisions Decisions // what their file says, whether or not it could be applied
	quiet     bool      // nothing is worth printing
	fault     error     // it cannot be made, or does not render
}

// mark tells whether two proofs are of the same letter.
func (p proof) mark() string {
	sum := sha256.Sum256([]byte(p.letter.Subject + "\n" + p.letter.HTML + "\n" + p.letter.Text))
	return hex.EncodeToString(sum[:12])
}

// story finds the story that has an article.
func (p proof) story(article string) (digest.Story, bool) {
	for _, all := range [][]digest.Story{p.edition.Stories(), p.edition.Dropped, p.edition.Folded} {
		for _, s := range all {
			if slices.ContainsFunc(s.Articles(), func(a digest.Article) bool { return a.ID == article }) {
				return s, true
			}
		}
	}
	return digest.Story{}, false
}

// board has the proofs of the editions that are looked at, and tells when they are out of date.
type board struct {
	Options

	making   sync.Mutex       // held while a proof is made
	mu       sync.Mutex       // guards what follows
	proofs   map[string]proof // by the edition's key, made since the last change
	set      loaded           // zero: to be loaded
	revision int              // counts changes
	changed  chan struct{}    // closed at the next change
	stamp    string           // of the decisions that the last change told of
}

func newBoard(o Options) *board {
	return &board{Options: o, changed: make(chan struct{}), proofs: map[string]proof{}, stamp: o.Decisions.stamp()}
}

// Changed says that the templates, the decisions or what a draft is made of have changed: all is made anew, and open
// pages reload. It may be called at any time from anywhere; see [Watch].
func (b *board) Changed() {
	b.mu.Lock()
	b.set = loaded{}
	b.mu.Unlock()
	b.redraft()
}

// redraft makes all drafts anew, and reloads open pages.
func (b *board) redraft() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.proofs = map[string]proof{}
	b.revision++
	close(b.changed)
	b.changed = make(chan struct{})
}

// Decided says that files of decisions may have changed; a change that the desk itself made was told when it was made.
func (b *board) Decided() {
	now := b.Decisions.stamp()
	b.mu.Lock()
	known := b.stamp == now
	b.stamp = now
	b.mu.Unlock()
	if !known {
		b.redraft()
	}
}

// state is how many changes there were, and what tells the next one.
func (b *board) state() (s struct {
	revision int
	changed  <-chan struct{}
}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.revision, s.changed = b.revision, b.changed
	return s
}

// current returns an edition's proof and the number of changes that it stands for; renew makes it once more. One
// proof is made at a time, and what changes meanwhile is not kept waiting.
func (b *board) current(ctx context.Context, key string, renew bool) (proof, int) {
	b.making.Lock()
	defer b.making.Unlock()
	b.mu.Lock()
	kept, there := b.proofs[key]
	set, revision := b.set, b.revision
	b.mu.Unlock()
	if there && !renew {
		return kept, revision
	}
	if set == (loaded{}) {
		set.set, set.fault = b.Templates()
	}
	made := b.pull(ctx, key, set)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.revision == revision && ctx.Err() == nil { // else it is out of date, or was cut short
		if len(b.proofs) >= atHand {
			clear(b.proofs)
		}
		b.proofs[key], b.set = made, set
	}
	return made, revision
}

// Prepare makes the first edition's proof, so that whoever comes first need not wait for it.
func (b *board) Prepare(ctx context.Context) {
	if key, err := b.key(ctx, ""); err == nil {
		b.current(ctx, key, false)
	}
}

// pull makes a proof.
func (b *board) pull(ctx context.Context, key string, with loaded) (p proof) {
	var err error
	p.edition, p.sealed, err = b.Newsroom.Edition(ctx, key)
	switch {
	case errors.Is(err, digest.ErrQuiet):
		p.quiet = true
	case errors.Is(err, ErrNoEdition):
		p.fault = err
	case err != nil:
		p.fault = fmt.Errorf("make a draft: %w", err)
	case with.fault != nil:
		p.fault = with.fault
	default:
		p.letter, p.shorter, p.fault = b.letter(p.edition, with.set)
	}
	if b.Decisions.Dir != "" && !p.sealed {
		if p.decisions, err = b.Decisions.Read(key); err != nil && p.fault == nil {
			p.fault = err
		}
	}
	return p
}

// letter is an edition's, as a reader gets it.
func (b *board) letter(e digest.Edition, set *templates.Set) (l templates.Letter, shorter int, err error) {
	r := b.Reader
	if r.Archive != "" {
		r.Archive += e.Key
	}
	l, err = set.Letter(e, r)
	if err != nil || b.Fit == nil {
		return l, 0, err
	}
	if shorter, err = b.Fit(e); shorter > 0 && err == nil {
		l, err = set.Letter(e.Shorter(shorter), r)
	}
	return l, shorter, err
}

// key is the edition that a request is about: the one that it names, or the first of the list.
func (b *board) key(ctx context.Context, named string) (string, error) {
	if named != "" {
		if !editionKey.MatchString(named) {
			return "", ErrNoEdition
		}
		return named, nil
	}
	all, err := b.Newsroom.Editions(ctx)
	if err != nil {
		return "", err
	}
	if len(all) == 0 {
		return "", ErrNoEdition
	}
	return all[0].Key, nil
}

package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

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

// current returns an edition's proof and the number of changes that it stands for; renew makes it once more. One
// proof is made at a time, and what changes meanwhile is not kept waiting.
func (d *Desk) current(ctx context.Context, key string, renew bool) (proof, int) {
	d.making.Lock()
	defer d.making.Unlock()
	d.mu.Lock()
	kept, there := d.proofs[key]
	set, revision := d.set, d.revision
	d.mu.Unlock()
	if there && !renew {
		return kept, revision
	}
	if set == (loaded{}) {
		set.set, set.fault = d.Templates()
	}
	made := d.pull(ctx, key, set)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.revision == revision && ctx.Err() == nil { // else it is out of date, or was cut short
		if len(d.proofs) >= atHand {
			clear(d.proofs)
		}
		d.proofs[key], d.set = made, set
	}
	return made, revision
}

// Prepare makes the first edition's proof, so that whoever comes first need not wait for it.
func (d *Desk) Prepare(ctx context.Context) {
	if key, err := d.key(ctx, ""); err == nil {
		d.current(ctx, key, false)
	}
}

// pull makes a proof.
func (d *Desk) pull(ctx context.Context, key string, with loaded) (p proof) {
	var err error
	p.edition, p.sealed, err = d.Newsroom.Edition(ctx, key)
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
		r := d.Reader
		r.Archive += p.edition.Key
		p.letter, p.fault = with.set.Letter(p.edition, r)
	}
	if d.Decisions.Dir != "" && !p.sealed {
		if p.decisions, err = d.Decisions.Read(key); err != nil && p.fault == nil {
			p.fault = err
		}
	}
	return p
}

// key is the edition that a request is about: the one that it names, or the first of the list.
func (d *Desk) key(ctx context.Context, named string) (string, error) {
	if named != "" {
		if !editionKey.MatchString(named) {
			return "", ErrNoEdition
		}
		return named, nil
	}
	all, err := d.Newsroom.Editions(ctx)
	if err != nil {
		return "", err
	}
	if len(all) == 0 {
		return "", ErrNoEdition
	}
	return all[0].Key, nil
}

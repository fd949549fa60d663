package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tidings/digest"
	"tidings/digest/desk"
	"tidings/digest/store"
)

// editor is what editors decide: the files in the folder of decisions, with the pages that they add read and kept.
type editor struct{ *house }

func (h editor) folder() desk.Folder { return desk.Folder{Dir: h.config.Desk.Decisions} }

// Decided implements [digest.Editor].
func (h editor) Decided(ctx context.Context, slot digest.Slot) (digest.Overrides, func(), error) {
	if err := h.fetch(ctx, slot); err != nil {
		return digest.Overrides{}, nil, err
	}
	return h.folder().Decided(ctx, slot)
}

// fetch reads the pages that were added to an edition by their address alone, and notes which articles they are. One
// that cannot be read is logged, and tried again with the next draft.
func (h editor) fetch(ctx context.Context, slot digest.Slot) error {
	d, err := h.folder().Read(slot.Key())
	if err != nil {
		return err
	}
	for _, s := range d.Stories {
		if s.Add == "" || s.Article != "" {
			continue
		}
		a, err := byHand(h).keep(ctx, slot.Digest, s.Add)
		if err != nil {
			h.log.Warn("a page that an editor added cannot be read", "edition", slot.Key(), "page", public(s.Add), "err", err)
			continue
		}
		err = h.folder().Change(ctx, slot.Key(), func(d *desk.Decisions) error {
			for i := range d.Stories {
				if one := &d.Stories[i]; one.Add == s.Add && one.Article == "" {
					one.Article, one.Was, one.Pin = a.ID, a.Title, true
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// slotOf returns the digest and the slot of a key; without one, the first digest's next slot.
func (h editor) slotOf(key string) (digest.Digest, digest.Slot, error) {
	if key == "" {
		d, err := h.one("")
		if err != nil {
			return d, digest.Slot{}, err
		}
		s, err := nextSlot(d, h.now())
		return d, s, err
	}
	name, _, _ := strings.Cut(key, "/")
	d, err := h.one(name)
	if err != nil {
		return d, digest.Slot{}, err
	}
	named, err := digest.ParseKey(key, d.Location)
	if err != nil {
		return d, digest.Slot{}, usageError{err}
	}
	s, err := slot(d, named.At)
	if err == nil && s.Key() != key {
		err = usageError{fmt.Errorf("%s has no slot at that time; the one before is %s", name, s.Key())}
	}
	return d, s, err
}

// nextSlot is the first slot of a digest after a time.
func nextSlot(d digest.Digest, after time.Time) (digest.Slot, error) {
	schedule, err := ParseSchedule(d.Schedule, d.Location)
	if err != nil {
		return digest.Slot{}, err
	}
	next := schedule.Next(after)
	if next.IsZero() {
		return digest.Slot{}, fmt.Errorf("the schedule of %s has no slot to come", d.Name)
	}
	return digest.Slot{Digest: d.Name, At: next}, nil
}

func editionsHold(p *program) *cobra.Command {
	return &cobra.Command{
		Use: "hold [EDITION]", Short: "keep an edition back until it is approved; without a key the next one", Args: cobra.MaximumNArgs(1),
		Long: "Keeps the edition of a slot from being made, however often the slot comes round. Of an edition that is\n" +
			"sealed already, the letters that have not gone out stay where they are.",
		RunE: func(c *cobra.Command, args []string) error {
			return p.inHouse(c.Context(), func(ctx context.Context, h *house) error {
				key, said, err := editor{h}.hold(ctx, first(args))
				return told(p.err, said+"; let it go with: tidings editions approve "+key, err)
			})
		},
	}
}

func editionsApprove(p *program) *cobra.Command {
	return &cobra.Command{
		Use: "approve [EDITION]", Short: "let an edition go as it stands now; without a key the next one", Args: cobra.MaximumNArgs(1),
		Long: "Ends a hold, and seals the edition as it stands now: what was looked at is what goes out. Its letters go at\n" +
			"its slot, or with the next delivery when the slot has passed. Of one that was held after it was sealed, the\n" +
			"remaining letters go out.",
		RunE: func(c *cobra.Command, args []string) error {
			return p.inHouse(c.Context(), func(ctx context.Context, h *house) error {
				said, err := editor{h}.approve(ctx, first(args), h.now())
				return told(p.err, said, err)
			})
		},
	}
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

// told writes what came of an act.
func told(to io.Writer, said string, err error) error {
	if err == nil {
		fmt.Fprintln(to, said)
	}
	return err
}

// hold keeps an edition back, and says which and what came of it. Whether it is sealed is asked under the lock that
// sealing holds.
func (h editor) hold(ctx context.Context, named string) (key, said string, err error) {
	_, s, err := h.slotOf(named)
	if err != nil {
		return "", "", err
	}
	state := store.Unknown
	err = h.folder().Change(ctx, s.Key(), func(d *desk.Decisions) (err error) {
		if state, err = h.store.Slot(ctx, s.Digest, s.At); err == nil && state != store.Sealed {
			d.Held, d.Approved = true, false
		}
		return err
	})
	if err != nil || state != store.Sealed {
		return s.Key(), s.Key() + " is held", err
	}
	n, err := h.store.Halt(ctx, s.Key())
	return s.Key(), fmt.Sprintf("%s is sealed already; %s of it stay where they are", s.Key(), count(n, "letter")), err
}

// approve lets an edition go as it is at a time, and says what came of it.
func (h editor) approve(ctx context.Context, key string, until time.Time) (string, error) {
	d, s, err := h.slotOf(key)
	if err != nil {
		return "", err
	}
	state, err := h.store.Slot(ctx, s.Digest, s.At)
	if err != nil {
		return "", err
	}
	if state == store.Sealed {
		n, err := h.store.Resume(ctx, s.Key())
		return fmt.Sprintf("%s was sealed before; %s that were held may go", s.Key(), count(n, "letter")), err
	}
	err = h.folder().Change(ctx, s.Key(), func(d *desk.Decisions) error {
		d.Held, d.Approved = false, true
		return nil
	})
	if err != nil {
		return "", err
	}
	made, err := h.press.Seal(ctx, d, s, until)
	switch {
	case errors.Is(err, digest.ErrSealed):
		return s.Key() + " was sealed just now", nil
	case errors.Is(err, digest.ErrQuiet):
		return s.Key() + " is approved, and there is nothing in it yet; it is made at its slot", nil
	case err != nil:
		return "", err
	}
	said := holdings(made)
	if s.At.After(h.now()) {
		said += fmt.Sprintf("\nits letters go out from %s on", s.At.Format("15:04 on 2 January"))
	}
	return said, nil
}

// approved seals editions to come whose approval somebody wrote into their file.
func (h editor) approved(ctx context.Context) {
	for _, d := range h.digests {
		s, err := nextSlot(d, h.now())
		if err != nil {
			continue
		}
		decided, err := h.folder().Read(s.Key())
		if err == nil && decided.Approved && !decided.Held {
			err = h.sealApproved(ctx, d, s)
		}
		if err != nil && ctx.Err() == nil {
			h.log.Error("an approved edition is not sealed", "edition", s.Key(), "err", err)
		}
	}
}

func (h editor) sealApproved(ctx context.Context, d digest.Digest, s digest.Slot) error {
	if state, err := h.store.Slot(ctx, s.Digest, s.At); err != nil || state == store.Sealed {
		return err
	}
	made, err := h.press.Seal(ctx, d, s, h.now())
	switch {
	case errors.Is(err, digest.ErrQuiet), errors.Is(err, digest.ErrSealed):
		return nil
	case err != nil:
		return err
	}
	h.log.Info("approved edition sealed", "edition", s.Key(), "stories", len(made.Edition.Stories()), "owed", made.Owed)
	return nil
}

// watch calls back when a file of decisions changes, until the context ends. Where files cannot be watched, the
// daemon finds out at its next look.
func (h editor) watch(ctx context.Context, changed func()) {
	dir := h.config.Desk.Decisions
	err := os.MkdirAll(dir, 0o755)
	if err == nil {
		err = desk.Watch(ctx, []string{dir}, changed)
	}
	if err != nil {
		h.log.Warn("the folder of decisions cannot be watched", "look_every", look.String(), "err", err)
	}
}

// reviews tells the editor of editions to come, as far as their digests ask for it: once before the slot, and where
// he has to approve them again at the slot and every few hours after it.
func (h editor) reviews(ctx context.Context) {
	for i, d := range h.digests {
		c := h.config.Digest[i]
		if d.Release == digest.ReleaseAuto || ctx.Err() != nil {
			continue
		}
		now := h.now()
		next, err := nextSlot(d, now)
		if err == nil && !next.At.Add(-c.Review).After(now) {
			h.review(ctx, d, next, 0)
			continue
		}
		if d.Release != digest.ReleaseApproval {
			continue
		}
		if last, err := slot(d, now); err == nil && now.Sub(last.At) <= max(c.CatchUpFor, look) {
			h.review(ctx, d, last, 1+int(now.Sub(last.At)/remindEvery))
		}
	}
}

// remindEvery is how often an editor is reminded of an edition that waits for him.
const remindEvery = 2 * time.Hour

// review sends the editor the letter as it stands, once for each number. That it cannot be sent is logged, and
// tried again at the next look.
func (h editor) review(ctx context.Context, d digest.Digest, s digest.Slot, number int) {
	mark := sha256.Sum256(fmt.Appendf(nil, "review %s %d", s.Key(), number))
	seen, err := h.store.Seen(ctx, mark)
	if err == nil && !seen {
		err = h.tell(ctx, d, s, number)
		if err == nil {
			_, err = h.store.Once(ctx, mark, func(context.Context) error { return nil })
		}
	}
	if err != nil && ctx.Err() == nil {
		h.log.Error("the editor was not told of an edition", "edition", s.Key(), "again_in", look.String(), "err", err)
	}
}

// tell sends the editor the letter of an edition that is not sealed.
func (h editor) tell(ctx context.Context, d digest.Digest, s digest.Slot, number int) error {
	state, err := h.store.Slot(ctx, s.Digest, s.At)
	if err != nil || state != store.Unknown {
		return err
	}
	if number == 0 {
		if _, err := h.press.Gather(ctx, d.Sources); err != nil {
			return err
		}
	}
	decided, err := h.folder().Read(s.Key())
	if err != nil {
		return err
	}
	e, err := h.press.Draft(ctx, d, s, h.now())
	switch {
	case errors.Is(err, digest.ErrQuiet):
		return nil
	case err != nil:
		return err
	}
	e.Note = strings.TrimSpace(h.ask(d, s, decided) + "\n\n" + e.Note)
	to, err := mail.ParseAddress(h.config.Desk.Editor)
	if err != nil {
		return fmt.Errorf("desk.editor: %w", err)
	}
	if _, err := rounds(h).sendOne(ctx, e, fmt.Sprintf("%s/review/%d", s.Key(), number), to.Address, "[review] "); err != nil {
		return err
	}
	h.log.Info("the editor was told of an edition", "edition", s.Key(), "times", number+1)
	return nil
}

// ask says on top of a letter what the editor can do about it. It is for him alone, so it speaks the program's
// language.
func (h editor) ask(d digest.Digest, s digest.Slot, decided desk.Decisions) string {
	when := s.At.Format("Monday 2 January, 15:04")
	switch {
	case decided.Held:
		return fmt.Sprintf("This edition is held. Let it go with: tidings editions approve %s", s.Key())
	case d.Release == digest.ReleaseApproval:
		return fmt.Sprintf("This edition of %s waits for you. Let it go as it stands with: tidings editions approve %s", when, s.Key())
	}
	return fmt.Sprintf("This goes out on %s unless you hold it with: tidings editions hold %s", when, s.Key())
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tidings/digest"
	"tidings/digest/outbox"
	"tidings/digest/store"
	"tidings/subscribers"
)

func runCommand(p *program) *cobra.Command {
	var name, at string
	c := &cobra.Command{
		Use: "run [--digest D] [--at TIME]", Short: "one round now: gather, compose, seal, deliver", Args: cobra.NoArgs,
		Long: "Makes the edition of each digest's newest slot unless it is sealed already, delivers what is owed, and\n" +
			"exits: for systemd timers and cron. Running it again is harmless: between editions only those sources are\n" +
			"read that may have something new. With --at it acts as if it were TIME.",
		RunE: func(c *cobra.Command, _ []string) error {
			return p.inHouse(c.Context(), func(ctx context.Context, h *house) error { return rounds{h}.round(ctx, name, at) })
		},
	}
	c.Flags().StringVar(&name, "digest", "", "only this digest")
	c.Flags().StringVar(&at, "at", "", "act as if it were `TIME` (2026-11-23T07:00)")
	return c
}

// inHouse opens the house for the length of one act.
func (p *program) inHouse(ctx context.Context, act func(context.Context, *house) error) error {
	h, err := p.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(act(ctx, h), h.Close())
}

// rounds is a morning's work and its parts, done by hand.
type rounds struct{ *house }

// round makes what is due and delivers what is owed. A digest that fails does not stop the others.
func (h rounds) round(ctx context.Context, name, at string) error {
	chosen, err := h.chosen(name)
	if err != nil {
		return err
	}
	if err := h.rehearse(); err != nil {
		return err
	}
	h.feeds.Progress = h.progress("gathering")
	var faults []error
	for _, d := range chosen {
		until, err := h.when(at, d)
		if err != nil {
			return err
		}
		if err := h.make(ctx, d, until); err != nil {
			faults = append(faults, err)
		}
	}
	return errors.Join(append(faults, h.drain(ctx, "", h.store))...)
}

// make makes the newest edition of one digest and tells what came of it.
func (h rounds) make(ctx context.Context, d digest.Digest, until time.Time) error {
	s, err := slot(d, until)
	if err != nil {
		return err
	}
	state, err := h.store.Slot(ctx, d.Name, s.At)
	if err != nil {
		return err
	}
	if state == store.Sealed {
		h.before(s.Key())
		return h.poll(ctx, d)
	}
	made, err := h.press.Make(ctx, d, s, until)
	h.troubles(made.Edition.Troubles)
	switch {
	case errors.Is(err, digest.ErrSealed):
		h.before(s.Key())
		return nil
	case errors.Is(err, digest.ErrQuiet):
		fmt.Fprintf(h.err, "%s: nothing worth printing among %s; no letter goes out\n", s.Key(), count(made.Edition.Read, "fresh article"))
		return nil
	case errors.Is(err, digest.ErrHeld):
		h.held(err, s)
		return nil
	case err != nil:
		return err
	}
	h.made(made)
	return nil
}

// poll reads those of a digest's sources that are worth a visit between two editions, as the daemon does: a
// timer may start a round every few minutes.
func (h rounds) poll(ctx context.Context, d digest.Digest) error {
	ripe, err := h.feeds.Ripe(ctx, d.Sources)
	if err != nil {
		return err
	}
	g, err := h.press.Gather(ctx, ripe)
	h.troubles(g.Troubles)
	return err
}

// held tells that an edition waits for its editor: no fault, and nothing that trying again would change.
func (h rounds) held(why error, s digest.Slot) {
	fmt.Fprintf(h.err, "%v; nothing is made. Let it go with: tidings editions approve %s\n", why, s.Key())
}

// made tells what an edition holds.
func (h rounds) made(m digest.Made) { fmt.Fprintln(h.err, holdings(m)) }

// holdings says what an edition holds.
func holdings(m digest.Made) string {
	e := m.Edition
	return fmt.Sprintf("%s: %s from %s, of %s; owed to %s", e.Key, count(len(e.Stories()), "story"),
		count(e.Tellers(), "source"), count(e.Read, "fresh article"), count(m.Owed, "reader"))
}

// troubles tells which sources could not be read.
func (p *program) troubles(troubles []digest.Trouble) {
	for _, t := range troubles {
		fmt.Fprintf(p.err, "source %s: %s\n", public(t.Source), t.Reason)
	}
}

// count writes a number with its noun.
func count(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "y") && !strings.HasSuffix(noun, "ay"):
		return fmt.Sprintf("%d %sies", n, noun[:len(noun)-1])
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func gatherCommand(p *program) *cobra.Command {
	var name string
	var asJSON bool
	c := &cobra.Command{
		Use: "gather [--digest D] [PAGE…]", Short: "read the sources and keep what they hold; or single pages",
		Long: "Reads the sources and keeps what they hold for the editions to come, also those that are not due. With\n" +
			"addresses of pages, or documents here, it reads these instead, and keeps each as an article for the next\n" +
			"edition, however old it is; what was printed before is not printed again.",
		RunE: func(c *cobra.Command, pages []string) error {
			return p.inHouse(c.Context(), func(ctx context.Context, h *house) error {
				if len(pages) > 0 {
					return byHand{h}.add(ctx, name, pages, asJSON)
				}
				return rounds{h}.gather(ctx, name, asJSON)
			})
		},
	}
	c.Flags().StringVar(&name, "digest", "", "only the sources of this digest; of pages: only for this digest")
	c.Flags().BoolVar(&asJSON, "json", false, "print the articles that are new or changed, one JSON object a line, with what they are as \"news\"")
	return c
}

// news is an article as gather prints it.
type news struct {
	News string `json:"news"` // "new" or "changed"
	digest.Article
}

// news prints what is news.
func (h *house) news(k digest.Kept) error {
	for _, a := range k.New {
		if err := h.json(news{"new", a}); err != nil {
			return err
		}
	}
	for _, a := range k.Changed {
		if err := h.json(news{"changed", a}); err != nil {
			return err
		}
	}
	return nil
}

func (h rounds) gather(ctx context.Context, name string, asJSON bool) error {
	sources := h.config.sources()
	if name != "" {
		d, err := h.one(name)
		if err != nil {
			return err
		}
		sources = d.Sources
	}
	if len(sources) == 0 {
		return usageError{errors.New("the configuration has no [[source]]; add one")}
	}
	h.feeds.Eager, h.feeds.Progress = true, h.progress("gathering")
	var printed error
	if asJSON {
		h.press.News = func(k digest.Kept) { printed = errors.Join(printed, h.news(k)) }
	}
	g, err := h.press.Gather(ctx, sources)
	h.troubles(g.Troubles)
	if err = errors.Join(err, printed); err != nil {
		return err
	}
	fmt.Fprintf(h.err, "read %d of %s; %s, %d new, %d changed\n",
		len(sources)-len(g.Troubles), count(len(sources), "source"), count(g.Read, "article"), g.New, g.Changed)
	if len(g.Troubles) == len(sources) {
		return digest.ErrUnread
	}
	return nil
}

// json prints a value as one line.
func (p *program) json(v any) error {
	out := json.NewEncoder(p.out)
	out.SetEscapeHTML(false)
	return out.Encode(v)
}

// composing is the flags of compose.
type composing struct {
	name, at    string
	dry, asJSON bool
}

func composeCommand(p *program) *cobra.Command {
	var f composing
	c := &cobra.Command{
		Use: "compose [--digest D] [--at TIME] [--dry-run] [--json]", Short: "make and seal the edition of the newest slot from what was gathered", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.inHouse(c.Context(), func(ctx context.Context, h *house) error { return rounds{h}.compose(ctx, f) })
		},
	}
	c.Flags().StringVar(&f.name, "digest", "", "which digest (default: the first)")
	c.Flags().StringVar(&f.at, "at", "", "act as if it were `TIME`")
	c.Flags().BoolVar(&f.dry, "dry-run", false, "seal nothing and owe nothing")
	c.Flags().BoolVar(&f.asJSON, "json", false, "print the edition as one JSON object; otherwise as plain text")
	return c
}

func (h rounds) compose(ctx context.Context, f composing) error {
	d, err := h.one(f.name)
	if err != nil {
		return err
	}
	until, err := h.when(f.at, d)
	if err != nil {
		return err
	}
	s, err := slot(d, until)
	if err != nil {
		return err
	}
	state, err := h.store.Slot(ctx, d.Name, s.At)
	if err != nil {
		return err
	}
	if state == store.Sealed && !f.dry {
		h.before(s.Key())
		return nil
	}
	var made digest.Made
	if f.dry {
		made.Edition, err = h.press.Draft(ctx, d, s, until)
	} else if err = h.rehearse(); err == nil {
		made, err = h.press.Seal(ctx, d, s, until)
	}
	e, quiet := made.Edition, errors.Is(err, digest.ErrQuiet)
	switch {
	case quiet: // without a gathering that says nothing of the day, so the slot stays due
		fmt.Fprintf(h.err, "%s: nothing worth printing among %s; gather first if that surprises you\n", s.Key(), count(e.Read, "fresh article"))
	case errors.Is(err, digest.ErrSealed):
		h.before(e.Key) // by another process, just now
	case errors.Is(err, digest.ErrHeld):
		h.held(err, s)
		return nil
	case err != nil:
		return err
	case !f.dry:
		h.made(made)
	}
	if f.asJSON {
		return h.json(e)
	}
	if !f.dry || quiet {
		return nil
	}
	return shelf(h).printText(e)
}

// before tells that an edition stays as it is.
func (h rounds) before(key string) {
	fmt.Fprintf(h.err, "%s was sealed before; nothing new is made\n", key)
}

func sendCommand(p *program) *cobra.Command {
	var test string
	c := &cobra.Command{
		Use: "send [EDITION]", Short: "deliver what is owed: of one edition, or all", Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			key := ""
			if len(args) == 1 {
				key = args[0]
			}
			return p.inHouse(c.Context(), func(ctx context.Context, h *house) error {
				if test != "" {
					return rounds{h}.sendTest(ctx, key, test)
				}
				return rounds{h}.send(ctx, key)
			})
		},
	}
	c.Flags().StringVar(&test, "test", "", "send one letter to this `ADDRESS` and record nothing")
	return c
}

func (h rounds) send(ctx context.Context, key string) error {
	if err := h.rehearse(); err != nil {
		return err
	}
	if key == "" {
		return h.drain(ctx, "", h.store)
	}
	only, err := h.store.Only(ctx, key)
	if err != nil {
		return err
	}
	return h.drain(ctx, key, only)
}

// drain delivers what the ledger owes, of the edition with this key or of all, and tells what came of it.
func (h rounds) drain(ctx context.Context, key string, ledger outbox.Ledger) error {
	leave, err := h.store.Attend(ctx)
	if errors.Is(err, store.ErrSending) {
		h.passive()
		return nil
	}
	if err != nil {
		return err
	}
	defer leave()
	o, err := h.outbox(ledger)
	if err != nil {
		return err
	}
	debt, err := h.store.Owing(ctx, key)
	if err != nil {
		return err
	}
	o.Progress = h.tally(debt.Due)
	t, err := o.Finish(ctx)
	if t != (outbox.Tally{}) || err == nil {
		fmt.Fprintf(h.err, "sent %d, put off %d, failed %d, skipped %d, uncertain %d\n", t.Sent, t.Deferred, t.Failed, t.Skipped, t.Uncertain)
	}
	return err
}

// sendTest sends an edition, or without a key the newest, to one address. Its links lead to pages
// that say that they are not valid.
func (h rounds) sendTest(ctx context.Context, key, address string) error {
	if _, err := subscribers.Normalise(address); err != nil {
		return usageError{fmt.Errorf("--test %q: %w", address, err)}
	}
	e, err := h.editionOrDraft(ctx, key)
	if err != nil {
		return err
	}
	answer, err := h.sendOne(ctx, e, h.testKey(e), address, "[test] ")
	if err == nil {
		fmt.Fprintf(h.err, "a test of %s went to %s: %s\n", e.Key, address, answer)
	}
	return err
}

// testKey names one test of an edition. Each has an id of its own, for mail programs show only the first of letters
// that bear the same.
func (h rounds) testKey(e digest.Edition) string {
	return fmt.Sprintf("%s/test/%d", e.Key, h.now().UnixMilli())
}

// sendOne sends one letter under a key of its own to any address and records nothing. It returns the server's answer.
func (h rounds) sendOne(ctx context.Context, e digest.Edition, key, address, before string) (string, error) {
	lanes, err := h.lanes()
	if err != nil {
		return "", err
	}
	lane, err := lanes.Lane(ctx, address)
	if err != nil {
		return "", err
	}
	letters := newLetters(h.house)
	letter, err := letters.fitting(e, false)
	if err != nil {
		return "", err
	}
	letter.Subject = before + letter.Subject
	ready, err := outbox.Cut(letter)
	if err != nil {
		return "", err
	}
	envelope, err := letters.signed(ready.Fill(letters.label(letters.addresses(e), digest.Delivery{Key: key, To: address, Owed: h.now()})))
	if err != nil {
		return "", err
	}
	carrier, err := lane.Open(ctx)
	if err != nil {
		return "", err
	}
	var answer string
	if err = carrier.Announce(ctx, &envelope); err == nil {
		answer, err, _ = carrier.Carry(ctx, nil)
	}
	return answer, errors.Join(err, carrier.Close())
}

// editionOrDraft returns the edition with this key, or without a key the newest sealed one. Before the first
// is sealed that is the newest slot's, as it would be now.
func (h rounds) editionOrDraft(ctx context.Context, key string) (digest.Edition, error) {
	if key != "" {
		return h.store.Edition(ctx, key)
	}
	d, err := h.one("")
	if err != nil {
		return digest.Edition{}, err
	}
	listed, err := h.store.Editions(ctx)
	if err != nil {
		return digest.Edition{}, err
	}
	i := slices.IndexFunc(listed, func(l store.Listed) bool { return l.State == store.Sealed })
	if i >= 0 {
		return h.store.Edition(ctx, listed[i].Key)
	}
	s, err := slot(d, h.now())
	if err != nil {
		return digest.Edition{}, err
	}
	return h.press.Draft(ctx, d, s, h.now())
}

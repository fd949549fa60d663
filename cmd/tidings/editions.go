package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tidings/digest"
	"tidings/digest/store"
	"tidings/digest/text"
	"tidings/templates"
)

func editionsCommand(p *program) *cobra.Command {
	return family("editions", "past editions",
		editionsList(p), editionsShow(p), editionsExport(p), editionsImport(p), editionsFind(p),
		editionsHold(p), editionsApprove(p))
}

func editionsList(p *program) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "list", Short: "the editions, the newest first", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.inHouse(c.Context(), func(ctx context.Context, h *house) error { return shelf{h}.listEditions(ctx, asJSON) })
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return c
}

// settled is an edition as the command line lists it.
type settled struct {
	Key        string         `json:"key"`
	State      string         `json:"state"`
	Number     int            `json:"number,omitempty"`
	Title      string         `json:"title,omitempty"`
	At         time.Time      `json:"at"`
	Deliveries map[string]int `json:"deliveries,omitempty"`
}

// shelf is where past editions stand.
type shelf struct{ *house }

func (h shelf) listEditions(ctx context.Context, asJSON bool) error {
	all, err := h.store.Editions(ctx)
	if err != nil {
		return err
	}
	out := json.NewEncoder(h.out)
	for _, l := range all {
		counts, err := h.tallied(ctx, l)
		if err != nil {
			return err
		}
		if asJSON {
			err = out.Encode(settled{l.Key, string(l.State), l.Number, l.Title, l.At, counts})
		} else {
			_, err = fmt.Fprintf(h.out, "%s\t%s\t%s\n", l.Key, l.State, byState(counts))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tallied counts an edition's deliveries by state.
func (h shelf) tallied(ctx context.Context, l store.Listed) (map[string]int, error) {
	tally, err := h.store.Tally(ctx, l.Key)
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for state, n := range tally {
		counts[state.String()] = n
	}
	return counts, nil
}

// byState writes counts in the order of a delivery's life.
func byState(counts map[string]int) string {
	var parts []string
	for s := digest.Pending; s <= digest.Uncertain; s++ {
		if n := counts[s.String()]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", s, n))
		}
	}
	return strings.Join(parts, ", ")
}

func editionsShow(p *program) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "show EDITION", Short: "an edition as plain text, and what became of its letters", Args: exactly(1, "an edition's key, as `editions list` shows it"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.inHouse(c.Context(), func(ctx context.Context, h *house) error {
				e, err := h.store.Edition(ctx, args[0])
				if err != nil {
					return err
				}
				if asJSON {
					return shelf{h}.showJSON(ctx, e)
				}
				return errors.Join(shelf{h}.summary(ctx, e.Key), shelf{h}.printText(e))
			})
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "what became of its letters as one JSON object; the edition itself: editions export --json")
	return c
}

// printText prints an edition as its plain-text readers get it.
func (h shelf) printText(e digest.Edition) error {
	letter, err := h.set.Letter(e, templates.Reader{Text: true, Archive: newLetters(h.house).shelved("e", e.Key)})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(h.out, "Subject: %s\n\n%s", letter.Subject, letter.Text)
	return err
}

// form is what an edition is exported as.
type form struct{ html, text, eml, json bool }

func editionsExport(p *program) *cobra.Command {
	var f form
	var path string
	c := &cobra.Command{
		Use: "export EDITION --html|--text|--eml|--json", Short: "an edition as a file", Args: exactly(1, "an edition's key, as `editions list` shows it"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.inHouse(c.Context(), func(ctx context.Context, h *house) error { return shelf{h}.export(ctx, args[0], f, path) })
		},
	}
	c.Flags().BoolVar(&f.html, "html", false, "the letter's HTML")
	c.Flags().BoolVar(&f.text, "text", false, "the letter's plain text")
	c.Flags().BoolVar(&f.eml, "eml", false, "the whole mail, to nobody in particular")
	c.Flags().BoolVar(&f.json, "json", false, "the edition as one JSON object")
	c.Flags().StringVarP(&path, "output", "o", "", "write to this `FILE` instead of the standard output")
	c.MarkFlagsMutuallyExclusive("html", "text", "eml", "json")
	c.MarkFlagsOneRequired("html", "text", "eml", "json")
	return c
}

func (h shelf) export(ctx context.Context, key string, f form, path string) error {
	e, err := h.store.Edition(ctx, key)
	if err != nil {
		return err
	}
	body, err := f.write(h.house, e)
	if err != nil {
		return err
	}
	put := func(w io.Writer) error { _, err := w.Write(body); return err }
	if path == "" || path == "-" {
		return put(h.out)
	}
	return writeFile(path, put)
}

// write makes an edition into bytes of the chosen form.
func (f form) write(h *house, e digest.Edition) ([]byte, error) {
	if f.json {
		b, err := json.Marshal(e)
		return append(b, '\n'), err
	}
	if f.eml {
		letters := newLetters(h)
		ready, err := letters.proof(e, false)
		if err != nil {
			return nil, err
		}
		envelope, err := ready.stencil.Fill(letters.label(letters.addresses(e), digest.Delivery{Key: e.Key + "/export", To: "reader@example.org", Owed: e.At}))
		return envelope.AppendTo(nil), err
	}
	letter, err := h.set.Letter(e, templates.Reader{Text: f.text, Archive: newLetters(h).shelved("e", e.Key)})
	switch {
	case err != nil:
		return nil, err
	case f.text:
		return []byte(letter.Text), nil
	case f.html:
		return []byte(letter.HTML), nil
	}
	return nil, errors.New("no form was chosen")
}

func editionsFind(p *program) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "find NAME", Short: "which stories spoke of a company, a person or a model", Args: exactly(1, "a name, such as OpenAI"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.inHouse(c.Context(), func(ctx context.Context, h *house) error { return shelf{h}.find(ctx, args[0], asJSON) })
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return c
}

// mostFound bounds what one look-up prints.
const mostFound = 1000

func (h shelf) find(ctx context.Context, name string, asJSON bool) error {
	if digest.NameKey(name) == "" {
		return usageError{errors.New("the name to look up is empty")}
	}
	found, err := mentions(ctx, h.store, h.config.names(), name, mostFound)
	if err != nil {
		return err
	}
	for _, m := range found {
		if asJSON {
			err = h.json(m)
		} else {
			_, err = fmt.Fprintf(h.out, "%s\t%s\n", m.Edition, strings.Join(strings.Fields(m.Title), " "))
		}
		if err != nil {
			return err
		}
	}
	if len(found) == 0 {
		return fmt.Errorf("no story so far speaks of %s", name)
	}
	return nil
}

// mentions looks a name up, in whichever of its known spellings it is written.
func mentions(ctx context.Context, s *store.Store, names *text.Names, name string, n int) ([]digest.Mention, error) {
	return s.Mentions(ctx, called(names, name), n)
}

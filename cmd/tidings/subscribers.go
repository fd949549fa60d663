package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tidings/subscribers"
)

func subscribersCommand(p *program) *cobra.Command {
	return family("subscribers", "who receives",
		subscribersAdd(p), subscribersList(p), subscribersImport(p), subscribersExport(p), subscribersRemove(p),
		subscribersShow(p), subscribersPause(p), subscribersErase(p))
}

func subscribersAdd(p *program) *cobra.Command {
	var r subscribers.Request
	c := &cobra.Command{
		Use: "add ADDRESS…", Short: "subscribe people who asked you to; they are active at once", Args: atLeast(1, "an address"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.inHouse(c.Context(), func(ctx context.Context, h *house) error { return roll{h}.add(ctx, r, args) })
		},
	}
	c.Flags().StringVar(&r.Name, "name", "", "the person's name")
	c.Flags().StringVar(&r.Lang, "lang", "", "language of pages and notices (default: the digest's)")
	c.Flags().StringSliceVar(&r.Digests, "digest", nil, "digests chosen, by name (default: all that are not optional)")
	c.Flags().BoolVar(&r.Text, "text", false, "plain text instead of HTML")
	return c
}

// roll is who receives, as the operator keeps it.
type roll struct{ *house }

// office is what the operator does with the list.
func (h roll) office() subscribers.Operator { return subscribers.Operator{List: h.list} }

func (h roll) add(ctx context.Context, r subscribers.Request, addresses []string) error {
	if err := h.preferable(subscribers.Subscriber{Digests: r.Digests, Lang: r.Lang}); err != nil {
		return usageError{err}
	}
	refused := 0
	for _, address := range addresses {
		r.Email = address
		s, fresh, err := h.office().Add(ctx, r)
		switch {
		case errors.Is(err, subscribers.ErrAddress), errors.Is(err, subscribers.ErrLeft):
			fmt.Fprintf(h.err, "%s: %v\n", address, err)
			refused++
		case err != nil:
			return err
		case fresh && s.State == subscribers.Pending:
			fmt.Fprintf(h.err, "%s could not be reached before; a mail asks to confirm\n", s.Email)
		case fresh:
			fmt.Fprintf(h.err, "%s is subscribed\n", s.Email)
		default:
			fmt.Fprintf(h.err, "%s was subscribed before\n", s.Email)
		}
	}
	if refused > 0 {
		return errTold
	}
	return nil
}

// knownDigests refuses names that are no digest's.
func (h roll) knownDigests(names []string) error {
	for _, name := range names {
		if _, err := h.one(name); err != nil {
			return err
		}
	}
	return nil
}

func subscribersList(p *program) *cobra.Command {
	var asJSON bool
	var state string
	c := &cobra.Command{
		Use: "list", Short: "all subscribers, or those in one state", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.inHouse(c.Context(), func(ctx context.Context, h *house) error { return roll{h}.listSubscribers(ctx, state, asJSON) })
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	c.Flags().StringVar(&state, "state", "", "only these: pending, active, paused, left or suspended")
	return c
}

// listed is a subscriber as the command line shows him.
type listed struct {
	Email    string    `json:"email"`
	Name     string    `json:"name,omitempty"`
	State    string    `json:"state"`
	Why      string    `json:"why,omitempty"`
	Until    time.Time `json:"until,omitzero"`
	Digests  []string  `json:"digests,omitempty"`
	Topics   []string  `json:"topics,omitempty"`
	Lang     string    `json:"lang,omitempty"`
	Format   string    `json:"format"`
	Timezone string    `json:"timezone,omitempty"`
	Joined   time.Time `json:"joined,omitzero"`
}

func (h roll) listSubscribers(ctx context.Context, state string, asJSON bool) error {
	only := subscribers.State("")
	if state != "" {
		var err error
		if only, err = subscribers.ParseState(state); err != nil {
			return usageError{fmt.Errorf("--state: %w", err)}
		}
	}
	out := json.NewEncoder(h.out)
	n := 0
	err := h.store.Each(ctx, func(s subscribers.Subscriber) error {
		if only != "" && s.State != only {
			return nil
		}
		n++
		if !asJSON {
			_, err := fmt.Fprintf(h.out, "%s\t%s\t%s\n", s.Email, s.State, strings.Join(s.Digests, ","))
			return err
		}
		return out.Encode(listed{
			Email: s.Email, Name: s.Name, State: string(s.State), Why: string(s.Why), Until: s.Until, Digests: s.Digests, Topics: s.Topics,
			Lang: s.Lang, Format: formatOf(s.Text), Timezone: s.Timezone, Joined: s.Joined,
		})
	})
	if err == nil {
		fmt.Fprintln(h.err, count(n, "subscriber"))
	}
	return err
}

func formatOf(plain bool) string {
	if plain {
		return "text"
	}
	return "html"
}

func subscribersRemove(p *program) *cobra.Command {
	return &cobra.Command{
		Use: "remove ADDRESS…", Short: "end subscriptions; nothing more is sent", Args: atLeast(1, "an address"),
		Long: "Ends subscriptions without a mail about it. The address and its consent are kept, so that no import brings it\n" +
			"back; `tidings subscribers add` does, and so can the person. To forget somebody, use erase.",
		RunE: func(c *cobra.Command, args []string) error {
			return p.inHouse(c.Context(), func(ctx context.Context, h *house) error { return roll{h}.remove(ctx, args) })
		},
	}
}

func (h roll) remove(ctx context.Context, addresses []string) error {
	return h.forEach(addresses, func(address string) (string, error) {
		s, err := h.office().Remove(ctx, address)
		return s.Email + " is removed", err
	})
}

// forEach does something with every address and tells what, or why not.
func (h roll) forEach(addresses []string, do func(address string) (told string, err error)) error {
	refused := 0
	for _, address := range addresses {
		told, err := do(address)
		switch {
		case errors.Is(err, subscribers.ErrAddress), errors.Is(err, subscribers.ErrUnknown):
			fmt.Fprintf(h.err, "%s: %v\n", address, err)
			refused++
		case err != nil:
			return err
		default:
			fmt.Fprintln(h.err, told)
		}
	}
	if refused > 0 {
		return errTold
	}
	return nil
}

func subscribersExport(p *program) *cobra.Command {
	return &cobra.Command{
		Use: "export [FILE]", Short: "all subscribers as CSV that import reads", Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.inHouse(c.Context(), func(ctx context.Context, h *house) error {
				if len(args) == 0 || args[0] == "-" {
					return exportCSV(ctx, h, p.out)
				}
				return writeFile(args[0], func(w io.Writer) error { return exportCSV(ctx, h, w) })
			})
		},
	}
}

// writeFile writes a file that must not be there yet, readable only by its owner.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already; name another file or remove it", path)
	}
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

func exportCSV(ctx context.Context, h *house, w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write(columns()); err != nil {
		return err
	}
	last := ""
	err := h.store.Each(ctx, func(s subscribers.Subscriber) error {
		if s.Email == last { // what a reader wishes who has left
			return nil
		}
		last = s.Email
		return out.Write([]string{
			s.Email, s.Name, string(s.State), strings.Join(s.Digests, " "), strings.Join(s.Topics, " "),
			s.Lang, formatOf(s.Text), s.Timezone, stamp(s.ConsentAt), s.ConsentHow,
			s.ConsentFrom, s.ConsentText, string(s.Why), stamp(s.Until), stamp(s.Joined),
		})
	})
	out.Flush()
	return errors.Join(err, out.Error())
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tidings/subscribers"
)

func subscribersShow(p *program) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "show ADDRESS", Short: "all that is known of one person: consent, choices, bounces", Args: exactly(1, "an address"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.inHouse(c.Context(), func(ctx context.Context, h *house) error { return roll{h}.show(ctx, args[0], asJSON) })
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	return c
}

// record is all that is known of a person, as the command line shows it.
type record struct {
	Email    string     `json:"email"`
	Name     string     `json:"name,omitempty"`
	State    string     `json:"state,omitempty"` // empty: not on the list
	Why      string     `json:"why,omitempty"`
	Until    time.Time  `json:"until,omitzero"`
	Digests  []string   `json:"digests,omitempty"`
	Topics   []string   `json:"topics,omitempty"`
	Lang     string     `json:"lang,omitempty"`
	Format   string     `json:"format,omitempty"`
	Timezone string     `json:"timezone,omitempty"`
	Joined   time.Time  `json:"joined,omitzero"`
	Changed  time.Time  `json:"changed,omitzero"`
	Consent  *consent   `json:"consent,omitempty"`
	Wish     *wish      `json:"wish,omitempty"`
	Score    int        `json:"bounce_score,omitempty"`
	Bounces  []bounce   `json:"bounces,omitempty"`
	Notices  []received `json:"notices,omitempty"`
	Erased   time.Time  `json:"erased,omitzero"`
	Blocked  time.Time  `json:"blocked_until,omitzero"`
}

type consent struct {
	At   time.Time `json:"at,omitzero"`
	How  string    `json:"how,omitempty"`
	From string    `json:"from,omitempty"`
	Text string    `json:"text,omitempty"`
}

type wish struct {
	Made  time.Time   `json:"made"`
	Done  time.Time   `json:"confirmed,omitzero"`
	How   string      `json:"how,omitempty"`
	From  string      `json:"from,omitempty"`
	Text  string      `json:"text,omitempty"`
	Asked []time.Time `json:"asked,omitempty"`
}

type bounce struct {
	At         time.Time `json:"at"`
	Kind       string    `json:"kind"`
	Status     string    `json:"status,omitempty"`
	Diagnostic string    `json:"diagnostic,omitempty"`
}

type received struct {
	Notice string    `json:"notice"`
	At     time.Time `json:"at"`
}

// recordOf brings a person into the form in which he is shown.
func recordOf(p subscribers.Person, now time.Time) record {
	e := p.Entry
	r := record{
		Email: p.Email, Name: e.Name, State: string(e.State), Why: string(e.Why), Until: e.Until, Digests: e.Digests, Topics: e.Topics,
		Lang: e.Lang, Timezone: e.Timezone, Joined: e.Joined, Changed: e.Changed, Score: subscribers.Score(p.Bounces, now),
		Erased: p.Trace.Erased, Blocked: p.Trace.Blocked,
	}
	if e.ID != 0 {
		r.Format = formatOf(e.Text)
		r.Consent = &consent{e.ConsentAt, e.ConsentHow, e.ConsentFrom, e.ConsentText}
	}
	if w := p.Wish; !w.Made.IsZero() {
		r.Wish = &wish{w.Made, w.Done, w.How, w.From, w.Agreed, p.Asks}
		if e.ID == 0 {
			r.State = string(subscribers.Pending)
		}
	}
	for _, b := range p.Bounces {
		r.Bounces = append(r.Bounces, bounce{b.At, string(b.Kind), b.Status, b.Diagnostic})
	}
	for _, n := range p.Replies {
		r.Notices = append(r.Notices, received{string(n.Notice), n.At})
	}
	return r
}

func (h roll) show(ctx context.Context, address string, asJSON bool) error {
	p, err := h.office().Record(ctx, address)
	if err != nil {
		return fmt.Errorf("%s: %w", address, err)
	}
	r := recordOf(p, h.now())
	if asJSON {
		return json.NewEncoder(h.out).Encode(r)
	}
	return r.write(h.out)
}

// write tells the record in lines of a name and a value; what is not known is left out.
func (r record) write(w io.Writer) error {
	var out strings.Builder
	line := func(name, value string) {
		if value = strings.Join(strings.Fields(value), " "); value != "" {
			fmt.Fprintf(&out, "%-14s %s\n", name, value)
		}
	}
	line("address", r.Email)
	line("name", r.Name)
	line("state", strings.TrimSpace(r.State+" "+r.Why))
	line("paused until", stamp(r.Until))
	line("digests", strings.Join(r.Digests, " "))
	line("topics", strings.Join(r.Topics, " "))
	line("language", r.Lang)
	line("format", r.Format)
	line("time zone", r.Timezone)
	line("joined", stamp(r.Joined))
	line("changed", stamp(r.Changed))
	if c := r.Consent; c != nil {
		line("consent", stamp(c.At)+" "+c.How+" "+c.From)
		line("agreed to", c.Text)
	}
	if v := r.Wish; v != nil {
		line("wish", stamp(v.Made)+" "+v.How+" "+v.From)
		line("agreed to", v.Text)
		for _, at := range v.Asked {
			line("asked", stamp(at))
		}
		line("confirmed", stamp(v.Done))
	}
	for _, b := range r.Bounces {
		line("bounced", stamp(b.At)+" "+b.Kind+" "+b.Status+" "+b.Diagnostic)
	}
	if r.Score > 0 {
		line("bounce score", strconv.Itoa(r.Score))
	}
	for _, n := range r.Notices {
		line("mailed", stamp(n.At)+" "+n.Notice)
	}
	line("erased", stamp(r.Erased))
	line("not asked till", stamp(r.Blocked))
	_, err := io.WriteString(w, out.String())
	return err
}

func subscribersErase(p *program) *cobra.Command {
	return &cobra.Command{
		Use: "erase ADDRESS…", Short: "forget a person, so that no import brings him back", Args: atLeast(1, "an address"),
		Long: "Everything that is known of the person goes: the subscription, what was asked and what mail servers said.\n" +
			"What stays is a keyed hash of the address, so that no import brings it back. The person can subscribe again,\n" +
			"and so can you by `tidings subscribers add`.",
		RunE: func(c *cobra.Command, args []string) error {
			return p.inHouse(c.Context(), func(ctx context.Context, h *house) error {
				return roll{h}.forEach(args, func(address string) (string, error) {
					return address + " is forgotten", roll{h}.office().Erase(ctx, address)
				})
			})
		},
	}
}

func subscribersPause(p *program) *cobra.Command {
	var until string
	var end bool
	c := &cobra.Command{
		Use: "pause ADDRESS…", Short: "send no editions for some time", Args: atLeast(1, "an address"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.inHouse(c.Context(), func(ctx context.Context, h *house) error { return roll{h}.pause(ctx, until, end, args) })
		},
	}
	c.Flags().StringVar(&until, "until", "", "when it ends by itself, a date or a time (default: when the reader resumes)")
	c.Flags().BoolVar(&end, "end", false, "end the pause")
	return c
}

func (h roll) pause(ctx context.Context, until string, end bool, addresses []string) error {
	var at time.Time
	if until != "" {
		var err error
		if at, err = parseTime(until, time.UTC); err != nil || !at.After(h.now()) {
			return usageError{fmt.Errorf("--until: %q is no time to come; write it like 2030-01-31", until)}
		}
	}
	return h.forEach(addresses, func(address string) (string, error) {
		if end {
			s, err := h.office().Resume(ctx, address)
			return s.Email + " is active", err
		}
		s, err := h.office().Pause(ctx, address, at)
		if at.IsZero() {
			return s.Email + " is paused", err
		}
		return s.Email + " is paused until " + stamp(at), err
	})
}

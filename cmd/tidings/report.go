package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tidings/digest"
	"tidings/digest/store"
	"tidings/subscribers"
)

func reportCommand(p *program) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "report [EDITION]", Short: "who got it, who did not and why", Args: cobra.MaximumNArgs(1),
		Long: "Tells what became of the letters of an edition, by default the newest: how many, at which providers, and\n" +
			"each that did not arrive with what the other side said. With --json it prints every delivery, one object a line.",
		RunE: func(c *cobra.Command, args []string) error {
			key := strings.Join(args, "")
			return p.inHouse(c.Context(), func(ctx context.Context, h *house) error { return shelf{h}.report(ctx, key, asJSON) })
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line for each delivery")
	return c
}

func (h shelf) report(ctx context.Context, key string, asJSON bool) error {
	key, err := h.sealed(ctx, key)
	if err != nil {
		return err
	}
	if asJSON {
		return h.reportLines(ctx, key)
	}
	if err := h.summary(ctx, key); err != nil {
		return err
	}
	return h.missed(ctx, key)
}

// sealed returns the key, or without one that of the newest edition.
func (h shelf) sealed(ctx context.Context, key string) (string, error) {
	if key != "" {
		return key, nil
	}
	listed, err := h.store.Editions(ctx)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(listed, func(l store.Listed) bool { return l.State == store.Sealed })
	if i < 0 {
		return "", errors.New("there is no edition yet")
	}
	return listed[i].Key, nil
}

// reported is a delivery as the report prints it in JSON.
type reported struct {
	Edition  string     `json:"edition"`
	Reader   int64      `json:"reader"`
	To       string     `json:"to"` // empty: the reader was erased
	Provider string     `json:"provider,omitempty"`
	State    string     `json:"state"`
	Attempts int        `json:"attempts"`
	Owed     time.Time  `json:"owed"`
	Due      *time.Time `json:"due,omitempty"`
	Ended    *time.Time `json:"ended,omitempty"`
	Code     int        `json:"code,omitempty"`
	Status   string     `json:"status,omitempty"`
	At       string     `json:"at,omitempty"`
	Relay    string     `json:"relay,omitempty"` // when there are several
	Note     string     `json:"note,omitempty"`
}

func (h shelf) reportLines(ctx context.Context, key string) error {
	for d, err := range h.store.Deliveries(ctx, key) {
		if err == nil {
			err = h.json(reported{
				d.Edition, d.Reader, d.To, subscribers.ProviderOf(subscribers.Domain(d.To)), d.State.String(), d.Attempts,
				d.Owed, known(d.Due), known(d.Ended), d.Code, d.Status, d.At, d.Relay, d.Note,
			})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// known returns a time that is to be left out when it is not known.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// summary prints how an edition stands: whether it has ended, and its counts by provider and by refusal.
func (h shelf) summary(ctx context.Context, key string) error {
	debt, err := h.store.Owing(ctx, key)
	if err != nil {
		return err
	}
	counts, err := h.store.Counts(ctx, key)
	if err != nil {
		return err
	}
	fmt.Fprintf(h.out, "%s: %s\n", key, standing(debt))
	if len(counts) == 0 {
		fmt.Fprintln(h.out, "nobody was to get it")
		return nil
	}
	h.table(func(w io.Writer) { providers(w, counts) })
	h.table(func(w io.Writer) { refusals(w, counts) })
	h.table(func(w io.Writer) { relays(w, counts) })
	return nil
}

// table prints what write writes in columns that are parted by tabs.
func (h shelf) table(write func(io.Writer)) {
	w := tabwriter.NewWriter(h.out, 0, 0, 2, ' ', 0)
	write(w)
	_ = w.Flush() // what cannot be printed is told by who prints next
}

// standing says how far an edition is.
func standing(d store.Debt) string {
	switch {
	case d.Letters == 0:
		return "finished"
	case d.Due > 0:
		return fmt.Sprintf("not finished; %s still owed, %d of them now or under way", count(d.Letters, "letter"), d.Due)
	case d.Next.IsZero():
		return fmt.Sprintf("not finished; %s still owed, which are kept back until it is approved", count(d.Letters, "letter"))
	}
	return fmt.Sprintf("not finished; %s still owed, the next is due at %s", count(d.Letters, "letter"), d.Next.Format(time.RFC3339))
}

// states are those that occur, in the order of a delivery's life.
func states(counts []store.Count) []digest.DeliveryState {
	var all []digest.DeliveryState
	for _, c := range counts {
		all = append(all, c.State)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// mostProviders bounds how many providers are told by name; the rest is told together.
const mostProviders = 20

// providers writes a line for all, and one for each provider, the largest first.
func providers(w io.Writer, counts []store.Count) {
	columns := states(counts)
	type row struct {
		name string
		all  int
		by   map[digest.DeliveryState]int
	}
	total, rest := row{name: "all", by: map[digest.DeliveryState]int{}}, row{name: "others", by: map[digest.DeliveryState]int{}}
	rows := map[string]*row{}
	add := func(r *row, s digest.DeliveryState, n int) { r.all, r.by[s] = r.all+n, r.by[s]+n }
	for _, c := range counts {
		name := cmp.Or(subscribers.ProviderOf(c.Domain), "(forgotten)")
		if rows[name] == nil {
			rows[name] = &row{name: name, by: map[digest.DeliveryState]int{}}
		}
		add(rows[name], c.State, c.N)
		add(&total, c.State, c.N)
	}
	largest := slices.SortedFunc(maps.Values(rows), func(a, b *row) int { return cmp.Or(b.all-a.all, cmp.Compare(a.name, b.name)) })
	if len(largest) > mostProviders {
		for _, r := range largest[mostProviders:] {
			for s, n := range r.by {
				add(&rest, s, n)
			}
		}
		largest = append(largest[:mostProviders], &rest)
	}
	fmt.Fprint(w, "\nprovider\tletters")
	for _, s := range columns {
		fmt.Fprintf(w, "\t%s", s)
	}
	fmt.Fprintln(w)
	for _, r := range append([]*row{&total}, largest...) {
		fmt.Fprintf(w, "%s\t%d", r.name, r.all)
		for _, s := range columns {
			fmt.Fprintf(w, "\t%d", r.by[s])
		}
		fmt.Fprintln(w)
	}
}

// refusals writes how often which answer was the last, the most frequent first; nothing when none was refused.
func refusals(w io.Writer, counts []store.Count) {
	type answer struct {
		state  digest.DeliveryState
		code   int
		status string
	}
	times := map[answer]int{}
	for _, c := range counts {
		if c.Code > 0 {
			times[answer{c.State, c.Code, c.Status}] += c.N
		}
	}
	if len(times) == 0 {
		return
	}
	fmt.Fprintln(w, "\nanswer\tletters\tstate")
	for _, a := range slices.SortedFunc(maps.Keys(times), func(a, b answer) int {
		return cmp.Or(times[b]-times[a], a.code-b.code, cmp.Compare(a.status, b.status), int(a.state-b.state))
	}) {
		fmt.Fprintf(w, "%s\t%d\t%s\n", strings.TrimSpace(fmt.Sprint(a.code, " ", a.status)), times[a], a.state)
	}
}

// relays writes how many letters each of several relays took; nothing when there was but one way.
func relays(w io.Writer, counts []store.Count) {
	took := map[string]int{}
	for _, c := range counts {
		if c.Relay != "" {
			took[c.Relay] += c.N
		}
	}
	if len(took) == 0 {
		return
	}
	fmt.Fprintln(w, "\nrelay\tletters")
	for _, name := range slices.SortedFunc(maps.Keys(took), func(a, b string) int { return cmp.Or(took[b]-took[a], cmp.Compare(a, b)) }) {
		fmt.Fprintf(w, "%s\t%d\n", name, took[name])
	}
}

// standingOf is how an edition stands, in JSON.
type standingOf struct {
	Edition  string     `json:"edition"`
	Number   int        `json:"number"`
	Title    string     `json:"title"`
	At       time.Time  `json:"at"`
	Finished bool       `json:"finished"`
	Owed     int        `json:"owed"` // letters that have not ended
	Due      int        `json:"due"`  // of these, now or under way
	Next     *time.Time `json:"next,omitempty"`
	Letters  []alike    `json:"letters"`
}

// alike is how many letters of an edition stand alike.
type alike struct {
	State    string `json:"state"`
	Provider string `json:"provider,omitempty"` // empty: it is not known any more
	Code     int    `json:"code,omitempty"`     // of the last refusal
	Status   string `json:"status,omitempty"`
	Relay    string `json:"relay,omitempty"` // that took them, when there are several
	N        int    `json:"n"`
}

// showJSON prints how an edition stands as one object.
func (h shelf) showJSON(ctx context.Context, e digest.Edition) error {
	debt, err := h.store.Owing(ctx, e.Key)
	if err != nil {
		return err
	}
	counts, err := h.store.Counts(ctx, e.Key)
	if err != nil {
		return err
	}
	return h.json(standingOf{
		e.Key, e.Number, e.Title, e.At, debt.Letters == 0, debt.Letters, debt.Due, known(debt.Next), byProvider(counts),
	})
}

// byProvider adds up the counts of a provider's domains, in the order of a delivery's life and then the largest first.
func byProvider(counts []store.Count) []alike {
	sums, in := map[alike]int{}, map[alike]digest.DeliveryState{}
	for _, c := range counts {
		key := alike{c.State.String(), subscribers.ProviderOf(c.Domain), c.Code, c.Status, c.Relay, 0}
		sums[key] += c.N
		in[key] = c.State
	}
	all := slices.SortedFunc(maps.Keys(sums), func(a, b alike) int {
		return cmp.Or(int(in[a]-in[b]), sums[b]-sums[a], cmp.Compare(a.Provider, b.Provider), a.Code-b.Code,
			cmp.Compare(a.Status, b.Status), cmp.Compare(a.Relay, b.Relay))
	})
	for i := range all {
		all[i].N = sums[all[i]]
	}
	return all
}

// missed prints every letter that did not arrive, or may not have, or not yet, with what is known of it.
func (h shelf) missed(ctx context.Context, key string) error {
	var fault error
	h.table(func(w io.Writer) {
		head := "\naddress\tstate\tanswer\twhy\n"
		for d, err := range h.store.Deliveries(ctx, key, digest.Deferred, digest.Failed, digest.Uncertain) {
			if err != nil {
				fault = err
				return
			}
			answer := ""
			if d.Code > 0 {
				answer = strings.TrimSpace(fmt.Sprint(d.Code, " ", d.Status))
			}
			fmt.Fprintf(w, "%s%s\t%s\t%s\t%s\n", head, cmp.Or(d.To, "(forgotten)"), d.State, answer, d.Note)
			head = ""
		}
	})
	return fault
}

func resendCommand(p *program) *cobra.Command {
	var failed, uncertain, dry bool
	c := &cobra.Command{
		Use: "resend EDITION --failed|--uncertain [--dry-run]", Short: "send an edition again to those who did not get it",
		Args: exactly(1, "an edition's key, as `editions list` shows it"),
		Long: "Owes an edition's letters anew that failed, or of which nobody knows whether they arrived. The daemon or\n" +
			"`tidings send` delivers them. Who has left or is suspended since gets nothing.",
		RunE: func(c *cobra.Command, args []string) error {
			state := digest.Failed
			if uncertain {
				state = digest.Uncertain
			}
			return p.inHouse(c.Context(), func(ctx context.Context, h *house) error { return shelf{h}.resend(ctx, args[0], state, dry) })
		},
	}
	c.Flags().BoolVar(&failed, "failed", false, "those that were refused for good or given up")
	c.Flags().BoolVar(&uncertain, "uncertain", false, "those of which nobody knows whether they arrived: some get a second letter")
	c.Flags().BoolVar(&dry, "dry-run", false, "only tell how many these are")
	c.MarkFlagsMutuallyExclusive("failed", "uncertain")
	c.MarkFlagsOneRequired("failed", "uncertain")
	return c
}

func (h shelf) resend(ctx context.Context, key string, state digest.DeliveryState, dry bool) error {
	if dry {
		tally, err := h.store.Tally(ctx, key)
		if err != nil {
			return err
		}
		fmt.Fprintf(h.err, "%s of %s would be owed again\n", count(tally[state], state.String()+" letter"), key)
		return nil
	}
	n, err := h.store.Resend(ctx, key, state)
	if err != nil {
		return err
	}
	fmt.Fprintf(h.err, "%s of %s owed again; the daemon or `tidings send` delivers them\n", count(n, state.String()+" letter"), key)
	return nil
}

func backupCommand(p *program) *cobra.Command {
	return &cobra.Command{
		Use: "backup FILE", Short: "a copy of the store, while it is in use", Args: exactly(1, "a file to write"),
		Long: "Writes a copy of the store as it is at this moment; the daemon may go on. To go back to it, stop the daemon\n" +
			"and put the file in the store's place; what was sent since would then be sent again, so hold or finish it first.",
		RunE: func(c *cobra.Command, args []string) error {
			return p.inHouse(c.Context(), func(ctx context.Context, h *house) error {
				if err := h.store.Backup(ctx, args[0]); err != nil {
					return err
				}
				fmt.Fprintf(h.err, "the store is copied to %s; it holds addresses and secrets, so keep it where nobody else reads it\n", args[0])
				return nil
			})
		},
	}
}

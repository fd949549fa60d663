package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tidings/digest"
)

func sourcesCommand(p *program) *cobra.Command {
	return family("sources", "what is read",
		sourcesList(p), sourcesCheck(p),
		sourcesAdd(p), sourcesRemove(p), sourcesImport(p), sourcesExport(p))
}

// seen is a source as the command line shows it.
type seen struct {
	URL      string       `json:"url"`
	Name     string       `json:"name,omitempty"`
	Lang     string       `json:"lang,omitempty"`
	State    digest.State `json:"state"` // of a check: "ok" or "fault"
	Since    time.Time    `json:"since,omitzero"`
	Fault    string       `json:"fault,omitempty"`
	Address  string       `json:"moved_to,omitempty"`
	Checked  time.Time    `json:"checked,omitzero"`
	Changed  time.Time    `json:"last_new,omitzero"`  // when a visit last brought something new
	Newest   time.Time    `json:"newest,omitzero"`    // the date of its newest article
	Next     time.Time    `json:"next,omitzero"`      // when the daemon will look again
	Articles *int         `json:"articles,omitempty"` // that a check saw
}

func sourcesList(p *program) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "list", Short: "the sources and how they do", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.inHouse(c.Context(), func(ctx context.Context, h *house) error { return sourceList{h}.list(ctx, asJSON) })
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return c
}

// sourceList shows sources.
type sourceList struct{ *house }

func (h sourceList) list(ctx context.Context, asJSON bool) error {
	sources := h.config.sources()
	var urls []string
	for _, s := range sources {
		urls = append(urls, s.URL)
	}
	marks, err := h.store.Marks(ctx, urls)
	if err != nil {
		return err
	}
	if len(sources) == 0 {
		fmt.Fprintln(h.err, "the configuration has no [[source]]; tidings sources add URL writes one")
	}
	now := h.now()
	for _, s := range sources {
		m := marks[s.URL]
		state, since := m.State(now)
		line := seen{
			URL: s.URL, Name: cmp.Or(s.Name, m.Title), Lang: s.Lang, State: state, Since: since, Fault: m.Fault, Address: m.Address,
			Checked: m.Checked, Changed: m.Changed, Newest: m.Newest, Next: m.Next,
		}
		if err := h.show(line, asJSON); err != nil {
			return err
		}
	}
	return nil
}

// show prints one source.
func (h sourceList) show(s seen, asJSON bool) error {
	if asJSON {
		return h.json(s)
	}
	_, err := fmt.Fprintf(h.out, "%s\t%s\t%s\t%s\n", s.Name, s.Lang, s.URL, s.words(h.now()))
	return err
}

// words tells a source's state in a line, its times on the clock of this machine.
func (s seen) words(now time.Time) string {
	words := string(s.State)
	tell := func(what string, t time.Time) {
		if !t.IsZero() {
			words += what + t.In(now.Location()).Format("2006-01-02 15:04 MST")
		}
	}
	switch s.State {
	case digest.Walled, digest.Failing:
		tell(" since ", s.Since)
		if s.Next.After(now) {
			tell(", next try ", s.Next)
		}
	case digest.Silent:
		if s.Since.IsZero() {
			words += ": it has never had an article"
		} else {
			words += " for " + count(int(now.Sub(s.Since)/(24*time.Hour)), "day")
		}
	case digest.Moved:
		words += " to " + s.Address
		tell(", last new ", s.Changed)
	case digest.Fine:
		tell(", last new ", s.Changed)
	}
	if s.Articles != nil {
		words += ", " + count(*s.Articles, "article")
		if s.Address != "" {
			words += ", read at " + s.Address
		}
	}
	if s.Fault != "" {
		words += ": " + s.Fault
	}
	return words
}

func sourcesCheck(p *program) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "check [URL|NAME…]", Short: "fetch each source once and say what it is; remembers nothing",
		RunE: func(c *cobra.Command, args []string) error { return p.checkSources(c.Context(), args, asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return c
}

// checkSources reads the configured sources, or those named, without a memory of earlier visits.
func (p *program) checkSources(ctx context.Context, names []string, asJSON bool) error {
	config, err := p.load()
	if err != nil {
		return err
	}
	h := sourceList{&house{program: p, config: config, log: p.logger(config)}}
	sources, err := config.toCheck(names)
	if err != nil {
		return err
	}
	reader, err := h.reader(forgetful{})
	if err != nil {
		return err
	}
	reader.Eager, reader.Cursory = true, true
	reader.Progress = p.progress("checking")
	faults, numbers, marks := map[string]string{}, map[string]int{}, map[string]digest.Mark{}
	for h, err := range reader.Read(ctx, sources) {
		if err != nil {
			return err
		}
		for _, t := range h.Troubles {
			faults[t.Source] = t.Reason
		}
		for _, a := range h.Articles {
			numbers[a.Feed]++
		}
		for _, m := range h.Marks {
			marks[m.Source] = m
		}
	}
	for _, s := range sources {
		m, n := marks[s.URL], numbers[s.URL]
		line := seen{URL: s.URL, Name: cmp.Or(s.Name, m.Title), Lang: s.Lang, State: digest.Fine, Articles: &n, Fault: faults[s.URL], Address: m.Address}
		if line.Fault != "" {
			line.State = "fault"
			if n == 0 {
				line.Articles = nil
			}
		}
		if err := h.show(line, asJSON); err != nil {
			return err
		}
	}
	if len(faults) > 0 {
		return fmt.Errorf("%d of %s could not be read", len(faults), count(len(sources), "source"))
	}
	return nil
}

// toCheck returns the sources that a check is about: all, or those named. One that is not in the configuration
// is taken by its address, which may be written as people do.
func (c Config) toCheck(names []string) ([]digest.Source, error) {
	if len(names) == 0 {
		if len(c.Source) == 0 {
			return nil, usageError{errors.New("the configuration has no [[source]]; name one, or add one")}
		}
		return c.sources(), nil
	}
	var sources []digest.Source
	for _, name := range names {
		if i := c.sourceIndex(name); i >= 0 {
			sources = append(sources, c.Source[i].source())
			continue
		}
		if !strings.ContainsAny(name, ".:/") {
			return nil, usageError{fmt.Errorf("there is no source %q; tidings sources list shows them", name)}
		}
		address, err := sourceAddress(name)
		if err != nil {
			return nil, err
		}
		sources = append(sources, digest.Source{URL: address})
	}
	return sources, nil
}

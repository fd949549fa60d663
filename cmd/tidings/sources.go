package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	URL      string    `json:"url"`
	Name     string    `json:"name,omitempty"`
	Lang     string    `json:"lang,omitempty"`
	State    string    `json:"state"` // "ok", "failing" or "not read yet"; of a check: "ok" or "fault"
	Fault    string    `json:"fault,omitempty"`
	Failing  time.Time `json:"failing_since,omitzero"`
	Checked  time.Time `json:"checked,omitzero"`
	Changed  time.Time `json:"last_new,omitzero"`
	Articles int       `json:"articles,omitempty"` // that a check saw
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
	for _, s := range h.config.sources() {
		m, err := h.store.Mark(ctx, s.URL)
		if err != nil {
			return err
		}
		line := seen{URL: s.URL, Name: s.Name, Lang: s.Lang, State: "ok", Fault: m.Fault, Failing: m.Failing, Checked: m.Checked, Changed: m.Changed}
		switch {
		case m.Checked.IsZero():
			line.State = "not read yet"
		case m.Failures > 0:
			line.State = "failing"
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
		return json.NewEncoder(h.out).Encode(s)
	}
	state := s.State
	switch {
	case s.Fault != "" && !s.Failing.IsZero():
		state = fmt.Sprintf("failing since %s: %s", s.Failing.Format("2006-01-02 15:04"), s.Fault)
	case s.Fault != "":
		state = s.Fault
	case s.Articles > 0:
		state = "ok, " + count(s.Articles, "article")
	}
	_, err := fmt.Fprintf(h.out, "%s\t%s\t%s\t%s\n", s.Name, s.Lang, s.URL, state)
	return err
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
func (p *program) checkSources(ctx context.Context, urls []string, asJSON bool) error {
	config, err := p.load()
	if err != nil {
		return err
	}
	h := sourceList{&house{program: p, config: config, log: p.logger(config)}}
	sources := config.sources()
	if len(urls) > 0 {
		sources = nil
		for _, u := range urls {
			if i := config.sourceIndex(u); i >= 0 {
				sources = append(sources, config.Source[i].source())
				continue
			}
			sources = append(sources, digest.Source{URL: u})
		}
	}
	if len(sources) == 0 {
		return usageError{errors.New("the configuration has no [[source]]; name one, or add one")}
	}
	reader, err := h.reader(forgetful{})
	if err != nil {
		return err
	}
	reader.Eager = true
	reader.Progress = p.progress("checking")
	harvest, err := reader.Read(ctx, sources)
	if err != nil {
		return err
	}
	articles, troubles := harvest.Articles, harvest.Troubles
	faults, numbers := map[string]string{}, map[string]int{}
	for _, t := range troubles {
		faults[t.Source] = t.Reason
	}
	for _, a := range articles {
		numbers[a.Feed]++
	}
	for _, s := range sources {
		line := seen{URL: s.URL, Name: s.Name, Lang: s.Lang, State: "ok", Articles: numbers[s.URL], Fault: faults[s.URL]}
		if line.Fault != "" {
			line.State = "fault"
		}
		if err := h.show(line, asJSON); err != nil {
			return err
		}
	}
	if len(troubles) > 0 {
		return fmt.Errorf("%d of %s could not be read", len(troubles), count(len(sources), "source"))
	}
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tidings/digest/store"
)

func checkCommand(p *program) *cobra.Command {
	return &cobra.Command{
		Use: "check", Short: "configuration, templates, store and SMTP login; says what to do next", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.check(c.Context()) },
	}
}

// check looks at each thing that a morning needs, tells every one of them, and fails if any is not ready.
func (p *program) check(ctx context.Context) error {
	path, builtin := Find(p.config, p.env)
	config, err := p.load()
	if err != nil {
		return err
	}
	if builtin {
		path = "the built-in one; `tidings init` writes it to config.toml for you to change"
	}
	failed := false
	tell := func(what string, err error, fine string) {
		if err != nil {
			failed = true
			fmt.Fprintf(p.out, "FAIL  %-10s %v\n", what, err)
			return
		}
		fmt.Fprintf(p.out, "ok    %-10s %s\n", what, fine)
	}
	tell("config", nil, path)
	digests, err := config.digests()
	if err == nil && len(digests) == 0 {
		err = errors.New("there is no [[digest]]; add one")
	}
	tell("digests", err, p.nextSlots(config))
	if len(config.Source) == 0 {
		err = errors.New("there is no [[source]]; add one")
	}
	tell("sources", err, fmt.Sprintf("%s; `tidings sources check` fetches each once", count(len(config.Source), "source")))
	_, err = loadTemplates(config)
	tell("templates", err, "every one renders with sample data")
	readers, err := p.checkStore(ctx, config)
	tell("store", err, readers)
	smtp, err := p.checkSMTP(ctx, config)
	tell("smtp", err, smtp)
	if failed {
		return errTold
	}
	return nil
}

// nextSlots tells when each digest appears next.
func (p *program) nextSlots(config Config) string {
	digests, err := config.digests()
	if err != nil {
		return ""
	}
	out := ""
	for _, d := range digests {
		if s, err := ParseSchedule(d.Schedule, d.Location); err == nil {
			out += fmt.Sprintf("%s next at %s; ", d.Name, s.Next(p.now()).Format("Mon 2006-01-02 15:04 MST"))
		}
	}
	return out[:max(0, len(out)-2)]
}

func (p *program) checkStore(ctx context.Context, config Config) (string, error) {
	s, err := store.Open(ctx, config.Store.URL, p.now)
	if err != nil {
		return "", err
	}
	counts, err := s.Count(ctx)
	if err := errors.Join(err, s.Close()); err != nil {
		return "", err
	}
	n := counts["active"]
	if n == 0 {
		return "opened; nobody is subscribed yet: `tidings subscribers add ADDRESS`", nil
	}
	return "opened; " + count(n, "active subscriber"), nil
}

// checkSMTP logs in to the relay and leaves again.
func (p *program) checkSMTP(ctx context.Context, config Config) (string, error) {
	if config.SMTP.URL == "" {
		h := house{config: config}
		return "none is configured: letters become files in " + h.maildrop(), nil
	}
	h := house{config: config}
	open, err := h.carrier()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	carrier, err := open(ctx)
	if err != nil {
		return "", err
	}
	if err := carrier.Close(); err != nil {
		return "", err
	}
	return "greeted and let in by the relay", nil
}

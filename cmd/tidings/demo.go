package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/cli/browser"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"tidings/subscribers"
)

// demoFiles are the configuration and the sources of the demo.
//
//go:embed demo
var demoFiles embed.FS

func demoCommand(p *program) *cobra.Command {
	var once, open bool
	var home string
	c := &cobra.Command{
		Use: "demo [--once]", Short: "the whole line on bundled sources, without a network or a mail server", Args: cobra.NoArgs,
		Long: "Gathers, composes and delivers an English and an Italian edition of one week of September 2023 into a\n" +
			"folder, then serves the readers' pages, and the editor's desk with an edition to come, until Ctrl-C. The outlets\n" +
			"are invented, the events are real.",
		RunE: func(c *cobra.Command, _ []string) error {
			return p.demo(c.Context(), home, once, open)
		},
	}
	c.Flags().BoolVar(&once, "once", false, "print the letters' paths and exit")
	c.Flags().BoolVar(&open, "open", false, "open the desk in the browser")
	c.Flags().StringVar(&home, "home", "", "a new `DIR` to work in (default: a temporary one)")
	return c
}

// demo runs the whole line in a home of its own.
func (p *program) demo(ctx context.Context, home string, once, open bool) error {
	home, err := newHome(home)
	if err != nil {
		return err
	}
	config, err := Load(filepath.Join(home, "demo.toml"), nil)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	config.Web.URL = "http://" + listener.Addr().String()
	h, err := p.openWith(ctx, config)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	at := time.Date(2023, 9, 15, 7, 0, 0, 0, h.digests[0].Location)
	s := show{h}
	if err := errors.Join(s.morning(ctx, at), s.letters()); err != nil || once {
		return errors.Join(err, listener.Close(), h.Close())
	}
	return errors.Join(s.visit(ctx, listener, at, open), h.Close())
}

// newHome makes the demo's folder and puts its files there.
func newHome(home string) (string, error) {
	if home == "" {
		dir, err := os.MkdirTemp("", "tidings-demo-")
		if err != nil {
			return "", err
		}
		home = dir
	}
	files, err := fs.Sub(demoFiles, "demo")
	if err != nil {
		return "", err
	}
	if err := os.CopyFS(home, files); err != nil {
		return "", fmt.Errorf("the demo's home must be a new folder: %w", err)
	}
	return filepath.Abs(home)
}

// show is the demo at work.
type show struct{ *house }

// demoNext is the digest whose edition is still to come, so that the desk has something to decide about.
const demoNext = "weekend"

// morning subscribes two readers, makes both editions of the day and delivers them.
func (h show) morning(ctx context.Context, at time.Time) error {
	readers := []subscribers.Request{
		{Email: "ada@readers.example", Name: "Ada", Choices: subscribers.Choices{Digests: []string{"demo"}}},
		{Email: "alessandro@readers.example", Name: "Alessandro", Choices: subscribers.Choices{Lang: "it", Digests: []string{"dimostrazione"}}},
	}
	for _, r := range readers {
		if _, _, err := (subscribers.Operator{List: h.list}).Add(ctx, r); err != nil {
			return err
		}
	}
	for _, d := range h.digests {
		if d.Name == demoNext {
			continue
		}
		h.feeds.Eager = true
		if err := rounds(h).make(ctx, d, at); err != nil {
			return err
		}
	}
	return rounds(h).drain(ctx, "", h.store)
}

// letters prints the paths of the letters in the mailbox folder.
func (h show) letters() error {
	files, err := filepath.Glob(filepath.Join(ways(h.config).maildrop(), "*.eml"))
	if err != nil {
		return err
	}
	for _, f := range files {
		if _, err := fmt.Fprintln(h.out, f); err != nil {
			return err
		}
	}
	return nil
}

// visit serves the desk and the readers' pages until the context ends.
func (h show) visit(ctx context.Context, pages net.Listener, at time.Time, open bool) error {
	deskAt, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, pages.Close())
	}
	address := "http://" + deskAt.Addr().String()
	fmt.Fprintf(h.out, "the editor's desk:    %s\nthe readers' pages:   %s\n", address, h.config.Web.URL)
	fmt.Fprintln(h.err, "Ctrl-C ends the demo")
	if open {
		if err := browser.OpenURL(address); err != nil {
			fmt.Fprintf(h.err, "no browser could be opened: %v\n", err)
		}
	}
	leave, err := h.store.Attend(ctx)
	if err != nil {
		return errors.Join(err, pages.Close(), deskAt.Close())
	}
	defer leave()
	owed := make(chan struct{}, 1)
	o, err := h.outbox(h.store)
	if err != nil {
		return errors.Join(err, pages.Close(), deskAt.Close())
	}
	o.Wake = owed
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return daemon{house: h.house}.pages(ctx, pages, owed) })
	group.Go(func() error { return o.Run(ctx) })
	room := &newsroom{house: h.house, first: demoNext, at: at.Format("2006-01-02T15:04"), ahead: true}
	h.desk(ctx, group, deskAt, room)
	return group.Wait()
}

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"tidings/digest"
	"tidings/digest/desk"
	"tidings/templates"
)

func previewCommand(p *program) *cobra.Command {
	var name, at string
	var gather bool
	c := &cobra.Command{
		Use: "preview [--digest D] [--at TIME]", Short: "the editor's desk on loopback: the next letter, live; it cannot mail anyone", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.inHouse(c.Context(), func(ctx context.Context, h *house) error {
				d, err := h.one(name)
				if err != nil {
					return err
				}
				if _, err := h.when(at, d); err != nil {
					return err
				}
				if gather {
					if err := (rounds{h}).gather(ctx, d.Name, false); err != nil {
						return err
					}
				}
				return p.preview(ctx, h, d, at)
			})
		},
	}
	c.Flags().StringVar(&name, "digest", "", "which digest (default: the first)")
	c.Flags().StringVar(&at, "at", "", "act as if it were `TIME`")
	c.Flags().BoolVar(&gather, "gather", false, "read the sources first")
	return c
}

// preview serves the desk until the context ends.
func (p *program) preview(ctx context.Context, h *house, d digest.Digest, at string) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", h.config.Desk.Listen)
	if err != nil {
		return fmt.Errorf("desk.listen: cannot listen on %s: %w", h.config.Desk.Listen, err)
	}
	fmt.Fprintf(p.err, "the desk is at http://%s (Ctrl-C ends it)\n", listener.Addr())
	group, ctx := errgroup.WithContext(ctx)
	h.desk(ctx, group, listener, draft{h, d, at})
	return group.Wait()
}

// desk serves the editor's pages of one digest, and reloads them when a template changes.
func (h *house) desk(ctx context.Context, group *errgroup.Group, listener net.Listener, drafts desk.Drafts) {
	pages := desk.Handler(desk.Options{
		Drafts:    drafts,
		Templates: func() (*templates.Set, error) { return loadTemplates(h.config) },
		Reader:    templates.Reader{Leave: h.config.Web.URL + "/u/example", Archive: h.config.Web.URL + "/e/"},
	})
	if dir := h.config.Templates.Dir; dir != "" {
		group.Go(func() error { return desk.Watch(ctx, []string{dir}, pages.Changed) })
	}
	server := &http.Server{
		Handler: pages, ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog: slog.NewLogLogger(h.log.Handler(), slog.LevelWarn),
	}
	group.Go(func() error { return serveHTTP(ctx, server, listener) })
}

// draft composes the next edition of a digest whenever the desk asks.
type draft struct {
	house  *house
	digest digest.Digest
	at     string
}

// Draft implements [desk.Drafts]: the edition of the slot at --at, or of the next slot with what is
// known now.
func (d draft) Draft(ctx context.Context) (digest.Edition, error) {
	until, err := d.house.when(d.at, d.digest)
	if err != nil {
		return digest.Edition{}, err
	}
	if d.at != "" {
		s, err := slot(d.digest, until)
		if err != nil {
			return digest.Edition{}, err
		}
		return d.house.press.Draft(ctx, d.digest, s, until)
	}
	schedule, err := ParseSchedule(d.digest.Schedule, d.digest.Location)
	if err != nil {
		return digest.Edition{}, err
	}
	next := schedule.Next(until)
	if next.IsZero() {
		return digest.Edition{}, errors.New("the schedule has no slot to come")
	}
	return d.house.press.Draft(ctx, d.digest, digest.Slot{Digest: d.digest.Name, At: next}, until)
}

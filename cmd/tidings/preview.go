package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os/exec"
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
		Use: "preview [--digest D] [--at TIME]", Short: "the editor's desk on loopback: the next letter, live; it cannot mail readers", Args: cobra.NoArgs,
		Long: "Serves the editor's desk: the stories of the next edition of each digest, why each stands where it stands, the\n" +
			"letter as readers will get it, and past editions. What is decided there stands in a file for each edition, in\n" +
			"the folder that desk.decisions names. The desk shows changes of templates, configuration and decisions at once.\n" +
			"It mails no reader; one letter to try goes out where smtp.url names a mail server.",
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
	room := &newsroom{house: h, first: d.Name, at: at}
	pages := h.desk(ctx, group, listener, room)
	if file := h.config.File; file != "" {
		group.Go(func() error {
			return desk.Watch(ctx, []string{file}, func() { room.reload(ctx); pages.Changed() })
		})
	}
	return group.Wait()
}

// desk serves the editor's pages, and shows them anew when a template or a decision changes.
func (h *house) desk(ctx context.Context, group *errgroup.Group, listener net.Listener, room *newsroom) *desk.Desk {
	c := h.config
	options := desk.Options{
		Newsroom: room, Gate: room, Decisions: editor{h}.folder(),
		Templates: func() (*templates.Set, error) {
			now, err := room.rooms()
			if err != nil {
				return nil, err
			}
			return loadTemplates(now.config)
		},
		Reader: templates.Reader{Leave: c.Web.URL + "/u/example", Archive: newLetters(h).shelved("e", "")},
		Lint:   lint,
		Fit:    room.fit, Patience: patience,
		Door: desk.Door{URL: c.Desk.URL, Password: c.Desk.Password, Now: h.now},
	}
	if c.SMTP.URL != "" {
		options.Test = room.test
	}
	if _, err := exec.LookPath("spamassassin"); err == nil {
		options.Spam = spamTold
	}
	pages := desk.Handler(options)
	group.Go(func() error { pages.Prepare(ctx); return nil })
	if dir := c.Templates.Dir; dir != "" {
		group.Go(func() error { return desk.Watch(ctx, []string{dir}, pages.Changed) })
	}
	group.Go(func() error { editor{h}.watch(ctx, pages.Decided); return nil })
	server := &http.Server{
		Handler: pages, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, MaxHeaderBytes: 64 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx }, ErrorLog: slog.NewLogLogger(h.log.Handler(), slog.LevelWarn),
	}
	group.Go(func() error { return serveHTTP(ctx, server, listener) })
	return pages
}

// patience is how long an editor looks at nothing while an edition is drafted.
const patience = 100 * time.Millisecond

// spamTold says what SpamAssassin thinks of a mail.
func spamTold(ctx context.Context, mail []byte) (string, error) {
	score, err := spamScore(ctx, mail)
	return fmt.Sprintf("SpamAssassin gives it %.1f of the 5 points that make spam.", score), err
}

// lint says what mail programs and readers would stumble over, the worst first.
func lint(e digest.Edition, l templates.Letter) (all []string) {
	var lesser []string
	for _, w := range templates.Lint(e, l) {
		if w.Grave {
			all = append(all, w.String()+".")
		} else {
			lesser = append(lesser, w.String()+".")
		}
	}
	return append(all, lesser...)
}

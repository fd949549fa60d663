package main

import (
	"cmp"
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/robfig/cron/v3"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"tidings/digest"
	"tidings/digest/store"
	"tidings/digest/text"
	"tidings/subscribers/web"
)

// look is how often the daemon looks for slots that could not be made, because no source could be read or
// the store was away.
const look = 10 * time.Minute

func serveCommand(p *program) *cobra.Command {
	var roles []string
	c := &cobra.Command{
		Use: "serve [--roles R,…]", Short: "the daemon: schedule, pages, incoming mail, deliveries; stops cleanly on SIGTERM", Args: cobra.NoArgs,
		Long: "Does all that comes by the clock or from outside until it is told to stop. With --roles it does a part: web\n" +
			"(the readers' pages), mail (mail that comes in), gather (sources are read and editions made), deliver. On\n" +
			"PostgreSQL any number of daemons may run, on any number of machines, all or parts; they share the work.\n" +
			"Those that gather need the same folder of decisions, or what an editor holds on one is made by another.",
		RunE: func(c *cobra.Command, _ []string) error {
			part, err := parseRoles(roles)
			if err != nil {
				return err
			}
			p.daemon = true
			return p.inHouse(c.Context(), func(ctx context.Context, h *house) error { return daemon{h, part}.serve(ctx) })
		},
	}
	c.Flags().StringSliceVar(&roles, "roles", allRoles(), "what it does, `R,…`")
	return c
}

// daemon makes and delivers editions by itself, and answers readers.
type daemon struct {
	*house
	roles roles
}

// serve runs until the context ends: the schedule wakes the press, the press wakes the outbox, the web
// answers readers. Each part returns when the context ends; the first that fails ends the others.
func (h daemon) serve(ctx context.Context) error {
	if err := h.rehearse(); err != nil {
		return err
	}
	if h.roles.deliver {
		leave, err := h.turn(ctx)
		if err != nil || ctx.Err() != nil {
			return err
		}
		defer leave()
	}
	parts, err := h.parts(ctx)
	if err != nil {
		return err
	}
	defer parts.close()
	group, ctx := errgroup.WithContext(ctx)
	if err := h.editorsDesk(ctx, group); err != nil {
		return err
	}
	for _, run := range parts.run {
		group.Go(func() error { return run(ctx) })
	}
	err = group.Wait()
	h.log.Info("stopped")
	return err
}

// editorsDesk serves the desk, if it is to be served.
func (h daemon) editorsDesk(ctx context.Context, group *errgroup.Group) error {
	if !h.config.Desk.Serve || !h.roles.web {
		return nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", h.config.Desk.Listen)
	if err != nil {
		return fmt.Errorf("desk.listen: cannot listen on %s: %w", h.config.Desk.Listen, err)
	}
	h.log.Info("serving the desk", "at", "http://"+listener.Addr().String())
	h.desk(ctx, group, listener, &newsroom{house: h.house})
	return nil
}

// wake tells a part that there is something to do; a part that knows already is left alone.
func wake(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// pages serves readers until the context ends, then lets running answers finish.
func (h daemon) pages(ctx context.Context, listener net.Listener, owed chan<- struct{}) error {
	handler, err := h.webHandler(ctx, owed)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 60 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(h.log.Handler(), slog.LevelWarn),
	}
	return serveHTTP(ctx, server, listener)
}

// serveHTTP serves until the context ends, then lets running answers finish.
func serveHTTP(ctx context.Context, server *http.Server, listener net.Listener) error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("pages: %w", err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := server.Shutdown(last); err != nil {
		return errors.Join(fmt.Errorf("pages did not end in time: %w", err), server.Close())
	}
	return nil
}

// mornings makes editions until the context ends. cron only wakes us: what is due is asked of the store,
// so a missed night, a restart at noon and a double firing are the same case.
func (h daemon) mornings(ctx context.Context, owed chan<- struct{}) error {
	woken := make(chan struct{}, 1)
	log := cronLog{h.log}
	c := cron.New(cron.WithLogger(log), cron.WithChain(cron.Recover(log), cron.SkipIfStillRunning(log)))
	for i, d := range h.digests {
		s, err := ParseSchedule(d.Schedule, d.Location)
		if err != nil {
			return err
		}
		c.Schedule(s, cron.FuncJob(func() { wake(woken) }))
		c.Schedule(ahead{s, h.config.Digest[i].Review}, cron.FuncJob(func() { wake(woken) }))
	}
	c.Schedule(cron.Every(look), cron.FuncJob(func() { wake(woken) }))
	c.Start()
	defer func() { <-c.Stop().Done() }()
	watching, done := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		editor{h.house}.watch(watching, func() { wake(woken) })
	}()
	defer func() { done(); <-watched }()
	wake(woken)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-woken:
			editor{h.house}.approved(ctx)
			h.makeDue(ctx)
			editor{h.house}.reviews(ctx)
			wake(owed)
			if err := h.store.Sweep(ctx); err != nil && ctx.Err() == nil {
				h.log.Error("not swept up", "again_in", look.String(), "err", err)
			}
		}
	}
}

// polls reads sources between editions until the context ends, each as often as its habits ask for: a feed
// that holds its last ten articles has lost half a busy day by the next morning.
func (h daemon) polls(ctx context.Context) error {
	sources := allSources(h.digests)
	tick := time.NewTicker(h.pollEvery())
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C: // the first time not at once, as an edition that was missed reads all anyway
		}
		ripe, err := h.feeds.Ripe(ctx, sources)
		if err == nil && len(ripe) > 0 {
			_, err = h.press.Gather(ctx, ripe)
		}
		if err != nil && ctx.Err() == nil {
			h.log.Error("sources not read", "again_in", h.pollEvery().String(), "err", err)
		}
	}
}

// pollEvery is how often the daemon looks which sources are ripe: often enough for the busiest.
func (h daemon) pollEvery() time.Duration { return min(look, h.config.Gather.Often) }

// makeDue makes every edition, or those of the digests that are named, whose newest slot has passed, is not settled,
// and is not too long ago.
func (h daemon) makeDue(ctx context.Context, only ...string) {
	for i, d := range h.digests {
		if ctx.Err() != nil {
			return
		}
		if len(only) > 0 && !slices.Contains(only, d.Name) {
			continue
		}
		now := h.now()
		s, err := slot(d, now)
		if err != nil || h.config.Digest[i].over(now.Sub(s.At)) {
			continue // its day has not come, or is over
		}
		state, err := h.store.Slot(ctx, d.Name, s.At)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			h.log.Error("cannot tell whether the edition is sealed", "edition", s.Key(), "err", err)
			continue
		}
		if state == store.Unknown {
			h.makeOne(ctx, d, s, now)
		}
	}
}

// over says whether a slot that was so long ago is not made by itself any more. What is late by less than one look
// was not missed: we wake a little after the slot, and other editions come first.
func (d DigestConfig) over(late time.Duration) bool {
	return late > look && (d.CatchUp != SendLate || late > d.CatchUpFor)
}

func (h daemon) makeOne(ctx context.Context, d digest.Digest, s digest.Slot, now time.Time) {
	made, err := h.press.Make(ctx, d, s, now)
	e := made.Edition
	switch {
	case errors.Is(err, digest.ErrSealed):
		return // another daemon was quicker
	case errors.Is(err, digest.ErrHeld):
		h.log.Info("edition waits for the editor", "edition", s.Key(), "why", err)
		return
	case ctx.Err() != nil:
		return // we were told to stop; the slot stays due
	case errors.Is(err, digest.ErrQuiet):
		h.log.Info("nothing worth printing", "edition", s.Key(), "read", e.Read, "troubles", len(e.Troubles))
	case err != nil:
		h.log.Error("edition not made", "edition", s.Key(), "again_in", look.String(), "err", err)
	default:
		h.log.Info("edition sealed", "edition", e.Key, "number", e.Number, "stories", len(e.Stories()), "read", e.Read,
			"sources", e.Sources, "troubles", len(e.Troubles), "owed", made.Owed)
	}
	if errors.Is(err, digest.ErrUnread) {
		return // one fault of ours is not to be told once for each source, look after look
	}
	for _, t := range e.Troubles {
		h.log.Warn("source not read", "source", public(t.Source), "reason", t.Reason)
	}
}

// beat is how long an answer to an address takes at least: longer than a store needs to find that it is known.
const beat = 300 * time.Millisecond

// webHandler is the readers' pages. A reader who joins or leaves may be owed a notice.
func (h daemon) webHandler(ctx context.Context, owed chan<- struct{}) (http.Handler, error) {
	fresh := make([]byte, 32)
	if _, err := crand.Read(fresh); err != nil {
		return nil, fmt.Errorf("no randomness for the key that signs forms: %w", err)
	}
	key, err := h.store.Secret(ctx, "forms", fresh)
	if err != nil {
		return nil, err
	}
	all := offer{h.house}
	options := web.Options{
		Pages: h.set, Entrance: h.list, Exit: h.list, Choosing: h.list, Key: key, Now: h.now, Beat: beat,
		Forms: web.Forms{Network: h.config.Subscribe.NetForms, All: h.config.Subscribe.Forms},
		URL:   h.config.Web.URL, Hidden: h.config.Web.Robots == RobotsNone,
		Title: all.title(), About: h.config.Web.About, Digests: all.choices(), Topics: h.config.topics(),
		Healthy: func(ctx context.Context) error { _, err := h.store.NextDue(ctx); return err }, Log: h.log,
	}
	if h.config.Web.Archive {
		shelf := archive{h.store, h.config.names()}
		options.Archive, options.Names = shelf, shelf
	}
	pages := web.Handler(options)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pages.ServeHTTP(w, r)
		if r.Method == http.MethodPost {
			wake(owed)
		}
	}), nil
}

// archive shows the store's sealed editions to the readers' pages, and knows names.
type archive struct {
	*store.Store
	names *text.Names
}

// Edition implements [web.Archive].
func (a archive) Edition(ctx context.Context, key string) (digest.Shelved, error) {
	e, err := a.Shelved(ctx, key)
	if errors.Is(err, store.ErrNoEdition) {
		return e, web.ErrMissing
	}
	return e, err
}

// Called implements [web.Register]: by the known names and their spellings in any script, else as it was printed.
func (a archive) Called(ctx context.Context, name string) (string, error) {
	name = called(a.names, name)
	written, err := a.Written(ctx, name)
	return cmp.Or(written, name), err
}

// cronLog takes what the scheduler says of itself into our log.
type cronLog struct{ log *slog.Logger }

// Info implements [cron.Logger]; what the scheduler says of its every move is for debugging.
func (l cronLog) Info(msg string, pairs ...any) {
	l.log.Debug("cron", "said", msg, slog.Group("about", pairs...))
}

// Error implements [cron.Logger].
func (l cronLog) Error(err error, msg string, _ ...any) { l.log.Error("cron", "said", msg, "err", err) }

package main

import (
	"cmp"
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"tidings/digest"
	"tidings/digest/feed"
	"tidings/digest/llm"
	"tidings/digest/outbox"
	"tidings/digest/store"
	"tidings/subscribers"
	"tidings/templates"
)

// house is the rooms of one run, wired together, and the program that they serve. What is done in it is
// told by who does it: [rounds], [daemon], [roll], [shelf].
type house struct {
	*program
	config  Config
	digests []digest.Digest
	log     *slog.Logger
	store   *store.Store
	feeds   *feed.Reader
	press   *digest.Press
	list    *subscribers.List
	set     *templates.Set
	signers outbox.Signers
}

// load reads the configuration that the command line and the environment name.
func (p *program) load() (Config, error) {
	path, _ := Find(p.path, p.env)
	return Load(path, p.env)
}

// logger writes to the standard error as the configuration says. A command that ends by itself tells in
// words what it did, so that only what went wrong is logged beside them.
func (p *program) logger(c Config) *slog.Logger {
	level := c.Log.Level
	switch {
	case p.verbose:
		level = slog.LevelDebug
	case !p.daemon:
		level = max(level, slog.LevelWarn)
	}
	options := &slog.HandlerOptions{Level: level}
	if c.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(p.err, options))
	}
	return slog.New(slog.NewTextHandler(p.err, options))
}

// open wires the house. Close it when done. Its templates have been read and not rehearsed, see [house.rehearse].
func (p *program) open(ctx context.Context) (*house, error) {
	config, err := p.load()
	if err != nil {
		return nil, err
	}
	return p.openWith(ctx, config)
}

func (p *program) openWith(ctx context.Context, config Config) (*house, error) {
	h := &house{program: p, config: config, log: p.logger(config)}
	var err error
	if h.digests, err = config.digests(); err != nil {
		return nil, err
	}
	if h.signers, err = config.signers(); err != nil {
		return nil, err
	}
	if h.set, err = templates.Read(config.Templates.overlay(), config.looks()...); err != nil {
		return nil, err
	}
	if h.store, err = store.Open(ctx, config.Store.URL, p.now); err != nil {
		return nil, err
	}
	h.ledgerWaits()
	if err := h.wire(ctx); err != nil {
		return nil, errors.Join(err, h.store.Close())
	}
	return h, nil
}

// atLast is for how long a command that ends by itself waits for a ledger that cannot be written. The daemon waits until
// it is told to stop: it has nothing better to do, and what became of letters is not lost as long as it lives.
const atLast = 2 * time.Minute

// ledgerWaits has it told when the ledger cannot be written.
func (h *house) ledgerWaits() {
	if !h.daemon {
		h.store.Patience = atLast
	}
	h.store.Waits = func(why error) {
		if why == nil {
			h.log.Warn("the ledger is written again, and letters go on")
			return
		}
		h.log.Error("the ledger cannot be written; letters wait, and what was accepted is recorded as soon as it can be", "err", why)
	}
}

// wire gives the rooms each other, and the clock and chance that they do not take themselves.
func (h *house) wire(ctx context.Context) error {
	fresh := make([]byte, 32)
	if _, err := crand.Read(fresh); err != nil {
		return fmt.Errorf("no randomness for the key that signs links: %w", err)
	}
	key, err := h.store.Secret(ctx, "links", fresh)
	if err != nil {
		return err
	}
	tokens, err := subscribers.NewTokens(key)
	if err != nil {
		return err
	}
	h.list = &subscribers.List{
		Store: h.store, Tokens: tokens, Now: h.now, Random: crand.Reader, Limits: h.config.Subscribe.limits(), Known: h.known(),
		Held: (&seldom{log: h.log, now: h.now}).held,
	}
	if h.feeds, err = h.reader(h.store); err != nil {
		return err
	}
	h.press = &digest.Press{
		Feeds: h.feeds, Archive: h.store, Names: h.config.names(),
		Discussion: &feed.HackerNews{Web: &h.feeds.Web, URL: h.config.Discussion.URL, Log: h.log},
	}
	h.press.Editor = editor{h}
	return h.model()
}

// model gives the press a language model, if the configuration names one.
func (h *house) model() error {
	vectors, writer, err := h.llm(h.store)
	if err != nil {
		return err
	}
	if vectors != nil {
		h.press.Vectors = vectors
	}
	if writer != nil {
		h.press.Writer = writer
	}
	return nil
}

// llm makes what asks a language model, each nil if it is not to be asked; memory keeps its answers.
func (h *house) llm(memory llm.Memory) (*llm.Vectors, *llm.Writer, error) {
	c := h.config.LLM
	if c.URL == "" {
		return nil, nil, nil
	}
	client, err := llm.NewClient(c.URL, c.Key)
	if err != nil {
		return nil, nil, err
	}
	var vectors *llm.Vectors
	if c.Embeddings != "" {
		vectors = &llm.Vectors{Client: client, Model: c.Embeddings, Memory: memory, Timeout: c.Timeout, Log: h.log}
	}
	var writer *llm.Writer
	if c.Model != "" && (c.Summaries || c.Translate) {
		writer = &llm.Writer{
			Client: client, Model: c.Model, Memory: memory, Summaries: c.Summaries, Translate: c.Translate,
			MaxCalls: c.MaxCalls, MaxTokens: c.MaxTokens, Timeout: c.Timeout, Label: c.Label, Log: h.log,
		}
	}
	return vectors, writer, nil
}

// reader makes the reader of sources; memory is what it knows of them.
func (h *house) reader(memory feed.Memory) (*feed.Reader, error) {
	r, err := feed.New(memory, h.now, h.log)
	if err != nil {
		return nil, err
	}
	g := h.config.Gather
	r.Version, r.Contact = version(), h.config.contact()
	r.Gap, r.PerHost, r.Often, r.Seldom = g.Gap, g.PerHost, g.Often, g.Seldom
	r.AllowPrivate, r.Timeout, r.MaxBytes, r.Parallel = g.AllowPrivate, g.Timeout, int64(g.MaxBytes), g.Hosts
	return r, nil
}

// contact is where publishers find who reads their sites.
func (c Config) contact() string { return cmp.Or(c.Gather.Contact, c.Web.URL) }

// forgetful is a memory of nothing, for reading that leaves no trace.
type forgetful struct{}

// Marks implements [feed.Memory].
func (forgetful) Marks(context.Context, []string) (map[string]digest.Mark, error) { return nil, nil }

// Known implements [feed.Memory].
func (forgetful) Known(context.Context, string) ([]digest.Known, error) { return nil, nil }

// Site implements [feed.Memory].
func (forgetful) Site(_ context.Context, host string) (digest.Site, error) {
	return digest.Site{Host: host}, nil
}

// Close lets go of the store.
func (h *house) Close() error { return h.store.Close() }

// loadTemplates loads the built-in templates and the operator's over them, and sees to it that all can be rendered.
func loadTemplates(c Config) (*templates.Set, error) {
	return templates.Load(c.Templates.overlay(), c.looks()...)
}

// rehearse sees to it that all that may have to be printed can be, before there is an edition or a claim of it. The
// built-in templates are rehearsed by their tests, the operator's own here.
func (h *house) rehearse() error {
	if h.config.Templates.overlay() == nil {
		return nil
	}
	return h.set.Rehearse()
}

// overlay is the operator's own templates, or none.
func (t TemplatesConfig) overlay() fs.FS {
	if t.Dir == "" {
		return nil
	}
	return os.DirFS(t.Dir)
}

// chosen returns the digests that a command is about: the named one, or all.
func (h *house) chosen(name string) ([]digest.Digest, error) {
	if len(h.digests) == 0 {
		return nil, usageError{errors.New("the configuration has no [[digest]]; add one")}
	}
	if name == "" {
		return h.digests, nil
	}
	var names []string
	for _, d := range h.digests {
		if d.Name == name {
			return []digest.Digest{d}, nil
		}
		names = append(names, d.Name)
	}
	return nil, usageError{fmt.Errorf("there is no digest %q; the configuration has: %s", name, strings.Join(names, ", "))}
}

// one returns the digest that a command is about when it can only be one: the named one, or the first.
func (h *house) one(name string) (digest.Digest, error) {
	all, err := h.chosen(name)
	if err != nil {
		return digest.Digest{}, err
	}
	return all[0], nil
}

// slot returns the digest's newest slot at or before a time.
func slot(d digest.Digest, at time.Time) (digest.Slot, error) {
	schedule, err := ParseSchedule(d.Schedule, d.Location)
	if err != nil {
		return digest.Slot{}, err
	}
	last, ok := schedule.Last(at)
	if !ok {
		return digest.Slot{}, fmt.Errorf("the schedule %q of %s has no slot at or before %s", d.Schedule, d.Name, at.Format(time.DateTime))
	}
	return digest.Slot{Digest: d.Name, At: last}, nil
}

// when reads an --at flag; empty is now. A time without a zone is on the digest's wall clock.
func (h *house) when(at string, d digest.Digest) (time.Time, error) {
	if at == "" {
		return h.now(), nil
	}
	t, err := parseTime(at, d.Location)
	if err != nil {
		return t, usageError{fmt.Errorf("--at: %w", err)}
	}
	return t, nil
}

// allSources returns the sources that any of the digests reads, each once.
func allSources(digests []digest.Digest) []digest.Source {
	var out []digest.Source
	for _, d := range digests {
		for _, s := range d.Sources {
			if !slices.ContainsFunc(out, func(o digest.Source) bool { return o.URL == s.URL }) {
				out = append(out, s)
			}
		}
	}
	return out
}

// public is a source's address as it may stand in reports and logs: without the login and the keys that
// some publishers put into it.
func public(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "(an address that cannot be read)"
	}
	u.User = nil
	if u.RawQuery != "" {
		u.RawQuery = "…"
	}
	return u.String()
}

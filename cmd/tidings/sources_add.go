package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tidings/digest"
	"tidings/digest/feed"
)

func sourcesAdd(p *program) *cobra.Command {
	var a addition
	c := &cobra.Command{
		Use: "add URL", Short: "find the feed of a site and add it to the configuration", Args: exactly(1, "one address of a feed, a site or a file"),
		Long: "Takes the address of a feed as it is, and of a site looks for its feeds: those that the page names, that\n" +
			"sites of its kind have, or that lie where feeds usually do. When there are several, they are listed and\n" +
			"--pick chooses. A page without a feed is added with --list, which says how it lists its articles.\n" +
			"A [[source]] is written into the configuration file; nothing else in it changes.",
		RunE: func(c *cobra.Command, args []string) error { return a.run(c.Context(), sourceBook{p}, args[0]) },
	}
	f := c.Flags()
	f.StringVar(&a.source.Name, "name", "", "what readers see (default the feed's own `NAME`)")
	f.StringVar(&a.source.Lang, "lang", "", "its `LANGUAGE`, as \"en\" or \"pt-BR\"")
	f.StringVar(&a.source.Owner, "owner", "", "who publishes it; sources of one `OWNER` count once")
	f.StringVar(&a.source.Group, "group", "", "a heading of your own, the folder in OPML")
	f.Float64Var(&a.source.Weight, "weight", 1, "how much its word counts, a `NUMBER`")
	f.StringVar(&a.source.Topic, "topic", "", "the `TOPIC` of articles whose words decide nothing")
	f.BoolVar(&a.source.First, "first", false, "a party's own voice, never an independent report")
	f.StringVar((*string)(&a.source.FullText), "full-text", "", "whether articles' pages are read, `WHEN`: auto, never or always")
	f.StringArrayVar(&a.list, "list", nil, "a `RULE` for a page without a feed, as match=/news/ or item=article.card; may be repeated")
	f.IntVar(&a.pick, "pick", 0, "which of several feeds, by its `NUMBER`")
	return c
}

// addition is one call of sources add.
type addition struct {
	source SourceConfig
	list   []string
	pick   int
}

func (a addition) run(ctx context.Context, p sourceBook, place string) error {
	file, config, err := p.openFile()
	if err != nil {
		return err
	}
	if a.source.URL, err = sourceAddress(place); err != nil {
		return err
	}
	if err := a.rules(); err != nil {
		return err
	}
	if faults := config.sourceFaults(a.source); len(faults) > 0 {
		return usageError{errors.New(strings.Join(faults, "; "))}
	}
	if err := config.isNew(a.source); err != nil {
		return err
	}
	h := &house{program: p.program, config: config, log: p.logger(config)}
	reader, err := h.reader(forgetful{})
	if err != nil {
		return err
	}
	if fileAddress(a.source.URL) || a.source.List != (ListConfig{}) {
		err = a.try(ctx, p, reader)
	} else {
		err = a.find(ctx, p, reader)
	}
	if err != nil {
		return err
	}
	if err := config.isNew(a.source); err != nil {
		return err
	}
	if a.source.Name != "" {
		a.source.Name = config.freeName(a.source.Name, a.source.URL)
	}
	changed, err := file.withSources([]SourceConfig{a.source})
	if err != nil {
		return err
	}
	if err := file.save(changed); err != nil {
		return err
	}
	fmt.Fprintf(p.err, "added %s to %s\n", a.source.shown(), file.path)
	config.tellUnread(p)
	return nil
}

// rules reads the --list flags.
func (a *addition) rules() error {
	for _, flag := range a.list {
		key, value, ok := strings.Cut(flag, "=")
		all := a.source.List.rules()
		i := slices.IndexFunc(all, func(r listRule) bool { return r.key == strings.TrimSpace(key) })
		if !ok || i < 0 {
			return usageError{fmt.Errorf("--list must be RULE=TEXT with one of the rules item, link, title, date, summary, match, not %q", flag)}
		}
		*all[i].value = strings.TrimSpace(value)
	}
	return nil
}

// find looks for the site's feed and takes the one there is, or the one that was picked.
func (a *addition) find(ctx context.Context, p sourceBook, reader *feed.Reader) error {
	found, err := reader.Find(ctx, a.source.URL)
	switch {
	case errors.Is(err, feed.ErrNoFeed):
		return fmt.Errorf("%s: %w; if the page lists articles, say how their addresses look, as --list match=/news/", a.source.URL, err)
	case err != nil && strings.HasPrefix(err.Error(), a.source.URL):
		return err
	case err != nil:
		return fmt.Errorf("%s: %w", a.source.URL, err)
	case a.pick < 0 || a.pick > len(found):
		return usageError{fmt.Errorf("--pick must be from 1 to %d", len(found))}
	case len(found) > 1 && a.pick == 0:
		for i, f := range found {
			fmt.Fprintf(p.out, "%d\t%s\t%s\n", i+1, f.URL, contentOf(f))
		}
		return fmt.Errorf("%s has %d feeds; choose one of them with --pick NUMBER", a.source.URL, len(found))
	}
	f := found[max(a.pick, 1)-1]
	a.source.URL = f.URL
	if a.source.Name == "" {
		a.source.Name = f.Title
	}
	fmt.Fprintf(p.err, "found %s, %s: %s\n", f.URL, f.Why, contentOf(f))
	return nil
}

// contentOf says what is in a feed that was found.
func contentOf(f feed.Found) string {
	s := count(f.Articles, "article")
	if f.Index {
		s = "an index of sitemaps, of which the newest are read"
	}
	if f.Title != "" {
		s = f.Title + ", " + s
	}
	if !f.Newest.IsZero() {
		s += ", the newest of " + f.Newest.Format("2006-01-02")
	}
	return s
}

// try reads a file, or a page by its rules, and refuses what brings nothing.
func (a *addition) try(ctx context.Context, p sourceBook, reader *feed.Reader) error {
	reader.Eager = true
	var articles []digest.Article
	for h, err := range reader.Read(ctx, []digest.Source{a.source.source()}) {
		if err != nil {
			return err
		}
		for _, t := range h.Troubles {
			return fmt.Errorf("%s: %s", public(a.source.URL), t.Reason)
		}
		articles = append(articles, h.Articles...)
	}
	fmt.Fprintf(p.err, "read %s: %s\n", public(a.source.URL), count(len(articles), "article"))
	for _, article := range articles[:min(len(articles), 3)] {
		fmt.Fprintf(p.err, "  %s\n", article.Title)
	}
	return nil
}

func sourcesRemove(p *program) *cobra.Command {
	return &cobra.Command{
		Use: "remove URL|NAME", Short: "take a source out of the configuration", Args: exactly(1, "one source, by its address or name"),
		RunE: func(_ *cobra.Command, args []string) error { return sourceBook{p}.remove(args[0]) },
	}
}

func (p sourceBook) remove(name string) error {
	file, config, err := p.openFile()
	if err != nil {
		return err
	}
	i := config.sourceIndex(name)
	if i < 0 {
		return fmt.Errorf("there is no source %s; tidings sources list shows them", shown(name))
	}
	for _, d := range config.Digest {
		if slices.ContainsFunc(d.Sources, config.Source[i].is) {
			return fmt.Errorf("the digest %q names %s among its sources; take it out there first", d.Name, config.Source[i].shown())
		}
	}
	changed, err := file.withoutSource(i)
	if err != nil {
		return err
	}
	if err := file.save(changed); err != nil {
		return err
	}
	fmt.Fprintf(p.err, "removed %s from %s; what was read of it stays in the store\n", config.Source[i].shown(), file.path)
	return nil
}

// sourceIndex finds a source by its name or address; -1: there is none. An address may be written as
// people do, without https:// or with a slash more.
func (c Config) sourceIndex(name string) int {
	if i := slices.IndexFunc(c.Source, func(s SourceConfig) bool { return s.is(name) }); i >= 0 {
		return i
	}
	if address, err := sourceAddress(name); err == nil {
		return slices.IndexFunc(c.Source, func(s SourceConfig) bool { return bare(s.URL) == bare(address) })
	}
	return -1
}

// sourceAddress makes what a person typed an address: of the web, or of a file here.
func sourceAddress(place string) (string, error) {
	place = strings.TrimSpace(place)
	if path, ok := strings.CutPrefix(place, "file:"); ok && path != "" && !strings.HasPrefix(path, "//") {
		full, err := filepath.Abs(path)
		if err != nil {
			return "", fmt.Errorf("%s: %w", place, err)
		}
		return "file:" + full, nil
	}
	if !strings.Contains(place, ":/") && !strings.HasPrefix(place, "file:") {
		place = "https://" + place
	}
	u, err := url.Parse(place)
	if !fileAddress(place) && (err != nil || !webAddress(u)) {
		return "", usageError{errors.New("a source is an http or https address, or file:PATH of a document or folder")}
	}
	return place, nil
}

// bare is an address without what does not tell two sources apart.
func bare(address string) string {
	if fileAddress(address) {
		return strings.TrimPrefix(strings.TrimPrefix(address, "file:"), "//")
	}
	_, rest, _ := strings.Cut(feed.Canonical(address), "://")
	return strings.TrimSuffix(strings.TrimPrefix(rest, "www."), "/")
}

// isNew refuses a source that is there already.
func (c Config) isNew(s SourceConfig) error {
	for _, there := range c.Source {
		if bare(there.URL) == bare(s.URL) {
			return fmt.Errorf("%s is there already", there.shown())
		}
	}
	return nil
}

// freeName is a name that no source has yet: the given one, else with its host, else with a number.
func (c Config) freeName(name, address string) string {
	taken := func(name string) bool {
		return slices.ContainsFunc(c.Source, func(s SourceConfig) bool { return s.Name == name })
	}
	if !taken(name) {
		return name
	}
	if u, err := url.Parse(address); err == nil && u.Hostname() != "" {
		name += " (" + strings.TrimPrefix(u.Hostname(), "www.") + ")"
	}
	free := name
	for n := 2; taken(free); n++ {
		free = fmt.Sprintf("%s %d", name, n)
	}
	return free
}

// sourceFaults tells what the configuration would find wrong with a source, but for its place in it.
func (c Config) sourceFaults(s SourceConfig) []string {
	var topics []string
	for _, t := range c.Topic {
		topics = append(topics, t.ID)
	}
	r := configReader{bad: make(map[string]bool)}
	configChecker{&r}.checkSources([]SourceConfig{s}, topics)
	var all []string
	for _, f := range r.sorted() {
		all = append(all, f.Sentence)
	}
	return all
}

// shown is what a person calls a source: its name, else its address without keys.
func (s SourceConfig) shown() string {
	if s.Name != "" {
		return s.Name
	}
	return public(s.URL)
}

// tellUnread tells when no digest reads what was added, since each names its sources.
func (c Config) tellUnread(p sourceBook) {
	if len(c.Digest) > 0 && !slices.ContainsFunc(c.Digest, func(d DigestConfig) bool { return len(d.Sources) == 0 }) {
		fmt.Fprintln(p.err, "no digest reads it yet: each names its sources; add it to one of them")
	}
}

package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"tidings/digest"
	"tidings/digest/feed"
)

// maxOPML bounds an OPML file, in bytes; thousands of sources are one megabyte.
const maxOPML = 16 << 20

func sourcesImport(p *program) *cobra.Command {
	var dry, files bool
	c := &cobra.Command{
		Use: "import FILE.opml", Short: "add the sources of an OPML file to the configuration", Args: exactly(1, "one file (- for the standard input)"),
		Long: "Adds every source that is not there yet; folders become groups. Nothing is fetched: see sources check.\n" +
			"An outline that cannot be taken is told with its line and the rest is imported; the exit code is 1 then.",
		RunE: func(_ *cobra.Command, args []string) error { return sourceBook{p}.importOPML(args[0], dry, files) },
	}
	c.Flags().BoolVar(&dry, "dry-run", false, "tell what would be done and change nothing")
	c.Flags().BoolVar(&files, "files", false, "take also file: sources, which are read on this machine; for OPML of your own")
	return c
}

func (p sourceBook) importOPML(path string, dry, files bool) error {
	file, config, err := p.openFile()
	if err != nil {
		return err
	}
	body, err := p.readInput(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	outlines, err := feed.ReadOPML(body)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	added, known, refused := config.newSources(outlines, files)
	for _, r := range refused {
		fmt.Fprintf(p.err, "line %d: %s\n", r.line, r.why)
	}
	if dry {
		fmt.Fprintf(p.err, "would import %s; there already %d, refused %d\n", count(len(added), "source"), known, len(refused))
		return refusing(refused)
	}
	if len(added) > 0 {
		changed, err := file.withSources(added)
		if err != nil {
			return err
		}
		if err := file.save(changed); err != nil {
			return err
		}
	}
	fmt.Fprintf(p.err, "imported %s; there already %d, refused %d\n", count(len(added), "source"), known, len(refused))
	if len(added) > 0 {
		config.tellUnread(p)
	}
	return refusing(refused)
}

// readInput reads a file, or the standard input for "-".
func (p sourceBook) readInput(path string) ([]byte, error) {
	if path != "-" {
		return readFile(path, maxOPML)
	}
	body, err := io.ReadAll(io.LimitReader(p.in, maxOPML+1))
	if err != nil {
		return nil, fmt.Errorf("it cannot be read: %w", err)
	}
	return body, nil
}

// newSources sorts outlines into those to add, the number of those that are there already, and those that
// cannot be taken.
func (c Config) newSources(outlines []feed.Outline, files bool) (added []SourceConfig, known int, refused []refusal) {
	there, line, names := map[string]bool{}, map[string]int{}, Config{}
	for _, s := range c.Source {
		there[bare(s.URL)] = true
	}
	names.Source = append(names.Source, c.Source...)
	for _, o := range outlines {
		s := sourceConfig(o.Source)
		if s.Weight == 0 {
			s.Weight = 1
		}
		key := bare(s.URL)
		why := c.refuses(o, s, files)
		first, twice := line[key]
		switch {
		case why != "":
		case there[key]:
			known++
			continue
		case twice:
			why = fmt.Sprintf("%s stands in line %d already", s.shown(), first)
		}
		if why != "" {
			refused = append(refused, refusal{o.Line, why})
			continue
		}
		line[key] = o.Line
		if s.Name != "" {
			s.Name = names.freeName(s.Name, s.URL)
		}
		added = append(added, s)
		names.Source = append(names.Source, s)
	}
	return added, known, refused
}

// refuses says why an outline cannot be taken, or nothing.
func (c Config) refuses(o feed.Outline, s SourceConfig, files bool) string {
	switch {
	case strings.Contains(o.Type, "+"):
		return fmt.Sprintf("%s is a page that another program reads by rules of its own (%s); add it by hand with list rules", s.shown(), o.Type)
	case strings.HasPrefix(s.URL, "file:") && !files:
		return fmt.Sprintf("%s is a file of this machine, which an OPML file of somebody else could make public; if it is your own, import it with --files", s.shown())
	}
	return strings.Join(c.sourceFaults(s), "; ")
}

func sourcesExport(p *program) *cobra.Command {
	return &cobra.Command{
		Use: "export", Short: "the sources as OPML", Args: cobra.NoArgs,
		Long: "Writes OPML 2.0, which every reader of feeds imports: groups become folders. Weight, topic and what else only\n" +
			"Tidings knows stands there too, so that its own import gives everything back. Addresses are written in full,\n" +
			"with the keys that some have in them.",
		RunE: func(*cobra.Command, []string) error {
			config, err := p.load()
			if err != nil {
				return err
			}
			return feed.WriteOPML(p.out, "Sources of Tidings", outlinesOf(config.sources()))
		},
	}
}

func outlinesOf(sources []digest.Source) []feed.Outline {
	all := make([]feed.Outline, len(sources))
	for i, s := range sources {
		all[i] = feed.Outline{Source: s}
	}
	return all
}

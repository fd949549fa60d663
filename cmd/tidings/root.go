package main

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// The groups under which help lists the commands.
const (
	groupEveryday = "everyday"
	groupParts    = "parts"
	groupKeep     = "keep"
	groupFilters  = "filters"
)

// newRoot builds the table of commands.
func newRoot(p *program) *cobra.Command {
	root := &cobra.Command{
		Use:   "tidings",
		Short: "A newsletter digest of the feeds you follow, mailed to the people who subscribed",
		Long: "Tidings gathers the day's articles, groups them into stories and topics, and mails the digest\n" +
			"to the people who subscribed. Try it: tidings demo",
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(c *cobra.Command, _ []string) error {
			// Flags that need or exclude each other are part of the command line; cobra would look only afterwards.
			if err := c.ValidateFlagGroups(); err != nil {
				return err
			}
			p.started = true
			return nil
		},
	}
	root.SetIn(p.in)
	root.SetOut(p.out)
	root.SetErr(p.err)
	root.PersistentFlags().StringVarP(&p.path, "config", "c", "", "configuration `FILE` (default ./config.toml, then $XDG_CONFIG_HOME/tidings/config.toml, then the built-in one)")
	root.PersistentFlags().BoolVarP(&p.verbose, "verbose", "v", false, "say more of what is done")
	root.AddGroup(
		&cobra.Group{ID: groupEveryday, Title: "Every day:"},
		&cobra.Group{ID: groupParts, Title: "The parts by hand:"},
		&cobra.Group{ID: groupKeep, Title: "Keeping house:"},
		&cobra.Group{ID: groupFilters, Title: "Filters and readers of documents:"},
	)
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add(groupEveryday, demoCommand(p), serveCommand(p), runCommand(p), previewCommand(p), initCommand(p), checkCommand(p))
	add(groupParts, gatherCommand(p), composeCommand(p), sendCommand(p))
	add(groupKeep, editionsCommand(p), subscribersCommand(p), sourcesCommand(p),
		reportCommand(p), resendCommand(p), backupCommand(p), moveCommand(p),
		versionCommand(p))
	add(groupFilters, readCommand(p), groupCommand(p), summarizeCommand(p), mailCommand(p))
	root.SetHelpCommandGroupID(groupKeep)
	root.SetCompletionCommandGroupID(groupKeep)
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		switch c.Name() { // cobra's own would print a help that was not asked for and be content
		case "completion":
			needsOne(c)
		case "help":
			c.Args = aCommand
		}
	}
	return root
}

// aCommand refuses words that name no command.
func aCommand(c *cobra.Command, args []string) error {
	found, rest, err := c.Root().Find(args)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%s has no command %q", found.CommandPath(), rest[0])
	}
	return err
}

// exactly and atLeast refuse a command line with the wrong number of words, naming what is missing.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return fmt.Errorf("%s needs %s, got %d: see %s --help", c.CommandPath(), what, len(args), c.CommandPath())
		}
		return nil
	}
}

func atLeast(n int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) < n {
			return fmt.Errorf("%s needs %s: see %s --help", c.CommandPath(), what, c.CommandPath())
		}
		return nil
	}
}

// family makes a command that only has commands below it: without one of them it was used wrongly.
func family(use, short string, commands ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short}
	c.AddCommand(commands...)
	needsOne(c)
	return c
}

// needsOne makes a command of no work of its own refuse to be called without one of those below it.
func needsOne(c *cobra.Command) {
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usageError{fmt.Errorf("%s has no command %q: see %s --help", c.CommandPath(), args[0], c.CommandPath())}
		}
		return usageError{fmt.Errorf("%s needs one of its commands: see %s --help", c.CommandPath(), c.CommandPath())}
	}
}

func versionCommand(p *program) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "the program's version and how it was built", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			info, ok := debug.ReadBuildInfo()
			if !ok {
				return errors.New("this program was built without build information")
			}
			_, err := fmt.Fprintf(p.out, "tidings %s %s\n", version(), info.GoVersion)
			return err
		},
	}
}

// version is the module's version, or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return "0.1.0-dev+" + s.Value[:min(12, len(s.Value))]
		}
	}
	return "0.1.0-dev"
}

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"tidings/digest/store"
)

func moveCommand(p *program) *cobra.Command {
	var to string
	c := &cobra.Command{
		Use: "move --to URL", Short: "take the store to another database", Args: cobra.NoArgs,
		Long: "Copies all that is remembered into another store, which has to be empty: articles, editions, readers, what\n" +
			"is owed to them and what was sent, and the keys that links in letters are signed with. It is all there or,\n" +
			"on any error, nothing. Stop the daemon first, and what else writes to the store. The old store stays as it\n" +
			"was; once store.url names the new one, put the old one away, since letters are owed in both.\n" +
			"\n" +
			"  tidings move --to postgres://tidings@db.example.org/tidings\n" +
			"  tidings move --to sqlite:tidings.db",
		RunE: func(c *cobra.Command, _ []string) error {
			if to == "" {
				return usageError{errors.New("move needs --to URL: see tidings move --help")}
			}
			config, err := p.load()
			if err != nil {
				return err
			}
			return move(c.Context(), p, config.Store.URL, to)
		},
	}
	c.Flags().StringVar(&to, "to", "", "the other store's `URL`: sqlite:PATH or postgres://…")
	return c
}

// move copies one store into another.
func move(ctx context.Context, p *program, from, to string) (err error) {
	old, err := store.Open(ctx, from, p.now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, old.Close()) }()
	fresh, err := store.Open(ctx, to, p.now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, fresh.Close()) }()
	err = old.Move(ctx, fresh, func(m store.Moved) {
		if m.Rows > 0 {
			fmt.Fprintf(p.err, "%s: %s\n", m.Table, count(m.Rows, "row"))
		}
	})
	switch {
	case errors.Is(err, store.ErrSending):
		return fmt.Errorf("%w; stop it first, or the letters that are owed go out twice", err)
	case err != nil:
		return fmt.Errorf("nothing was moved: %w", err)
	}
	fmt.Fprintf(p.err, "all is there; now set store.url to the new address, and put the old store away\n")
	return nil
}

// Delivery measures how letters go out, on this machine and now, and prints one table: what was measured, what is
// asked, what was reached.
//
//	go run ./.ci/delivery [-readers N] [-rounds N] [-patience D] [LINE…]      the lines with these names, or all
//
// Each figure is of the true program in its own process, with its ledger on the disk and the demo's edition, a letter
// of some 54 KB with the reader's own links in both twins and in the headers, all of which are his alone. The far end
// is [tidings/.ci/sink] on the same cores, and beside the program Debian's smtp-source sends one such letter to the same
// far end, before and after it: times compare only within a round, so ratios are told, and the medians of the rounds.
// What else runs on the machine spoils them; so the share of the cores that others had is told too.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

func main() {
	var b bench
	flag.IntVar(&b.readers, "readers", 20_000, "how many readers a round has")
	flag.IntVar(&b.rounds, "rounds", 3, "how many rounds, of which the medians are told")
	flag.DurationVar(&b.patience, "patience", 5*time.Minute, "how long one sending may take; what was reached by then counts")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := b.all(ctx, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "delivery:", err)
		os.Exit(1)
	}
}

// bench is what all lines share.
type bench struct {
	readers, rounds int
	patience        time.Duration

	dir     string // for all that is made here
	program string
	model   string // a house with a sealed edition that is owed to all readers
	letter  string // a file with one letter of it, for smtp-source
}

// line is one row of the table.
type line struct {
	name, what, asked string
	measure           func(context.Context) (reached string, err error)
}

// errAbsent says why a line cannot be measured here.
type errAbsent string

// Error tells what is missing.
func (e errAbsent) Error() string { return string(e) }

func (b *bench) lines() []line {
	return []line{
		{"16", "rate over smtp-source's, 16 connections", "≥ 0.90", b.rate(16, false)},
		{"64", "rate over smtp-source's, 64 connections", "≥ 1.1", b.rate(64, false)},
		{"plain", "the same at 16 without PIPELINING and CHUNKING", "≥ 0.65", b.rate(16, true)},
		{"far", "64 connections over a round trip of 20 ms", "≥ 2,300 /s", b.far},
		{"rsa", "rate signed by RSA-2048 over bare signing", "≥ 0.80", b.rsa},
		{"ed25519", "rate signed by Ed25519 over unsigned", "≥ 0.60", b.ed25519},
		{"postgres", "rate on PostgreSQL over SQLite's, 16 connections", "≥ 0.70", b.postgres},
		{"million", "a million readers: sealing; peak memory", "≤ 5 s; ≤ 90 MB", b.million},
	}
}

// all measures the lines of these names and prints the table.
func (b *bench) all(ctx context.Context, names []string) (err error) {
	if b.dir, err = os.MkdirTemp("", "tidings-delivery-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if err := b.prepare(ctx); err != nil {
		return err
	}
	var table strings.Builder
	columns := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(columns, "what\tasked\treached")
	for _, l := range b.lines() {
		if len(names) > 0 && !slices.Contains(names, l.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "=== %s: %s\n", l.name, l.what)
		reached, err := l.measure(ctx)
		var absent errAbsent
		switch {
		case errors.As(err, &absent):
			reached = "not measured: " + absent.Error()
		case err != nil:
			return fmt.Errorf("%s: %w", l.name, err)
		}
		fmt.Fprintf(columns, "%s\t%s\t%s\n", l.what, l.asked, reached)
	}
	if err := columns.Flush(); err != nil {
		return err
	}
	_, err = io.WriteString(os.Stdout, table.String())
	return err
}

// median of the rounds.
func median[T int | float64 | time.Duration](of []T) T {
	slices.Sort(of)
	return of[len(of)/2]
}

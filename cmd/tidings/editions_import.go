package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"tidings/digest"
)

// mostImported bounds a file of editions, in bytes: some years of a daily.
const mostImported = 2 << 30

func editionsImport(p *program) *cobra.Command {
	return &cobra.Command{
		Use: "import FILE.json", Short: "editions that were exported as JSON, into the archive; nobody is mailed",
		Args: exactly(1, "a file of editions, as `editions export --json` writes it; - is the standard input"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.inHouse(c.Context(), func(ctx context.Context, h *house) error { return shelf{h}.importFile(ctx, args[0], c.InOrStdin()) })
		},
	}
}

func (h shelf) importFile(ctx context.Context, path string, in io.Reader) error {
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	return h.importEditions(ctx, path, in)
}

// importEditions takes in one edition after the other, up to the first that cannot be: what came before it stays.
func (h shelf) importEditions(ctx context.Context, path string, in io.Reader) error {
	dec := json.NewDecoder(io.LimitReader(in, mostImported))
	dec.DisallowUnknownFields() // what a newer program wrote would be lost
	fresh, known := 0, 0
	for n := 1; ; n++ {
		var e digest.Edition
		err := dec.Decode(&e)
		if errors.Is(err, io.EOF) && n > 1 {
			break
		}
		if err != nil {
			return fmt.Errorf("%s: edition %d cannot be read: %w", path, n, err)
		}
		if why := unfit(e); why != "" {
			return fmt.Errorf("%s: edition %d, %q: %s", path, n, e.Key, why)
		}
		switch err := h.restore(ctx, e); {
		case errors.Is(err, digest.ErrSealed):
			known++
		case err != nil:
			return fmt.Errorf("%s: edition %d: %w", path, n, err)
		default:
			fresh++
		}
	}
	fmt.Fprintf(h.err, "%s taken in, %d were there already\n", count(fresh, "edition"), known)
	return nil
}

// restore takes an edition in; with [digest.ErrSealed] the very same is there.
func (h shelf) restore(ctx context.Context, e digest.Edition) error {
	err := h.store.Restore(ctx, e)
	if !errors.Is(err, digest.ErrSealed) {
		return err
	}
	there, err := h.store.Edition(ctx, e.Key)
	if err != nil {
		return err
	}
	a, errA := json.Marshal(e)
	b, errB := json.Marshal(there)
	if err := errors.Join(errA, errB); err != nil {
		return err
	}
	if !bytes.Equal(a, b) {
		return fmt.Errorf("another edition is sealed as %s; a sealed one does not change", e.Key)
	}
	return digest.ErrSealed
}

// unfit says why an edition cannot stand in the archive; empty: it can.
func unfit(e digest.Edition) string {
	switch {
	case !nameForm.MatchString(e.Digest):
		return "its digest must be letters, digits and single hyphens"
	case e.At.IsZero(), e.Key != digest.Slot{Digest: e.Digest, At: e.At}.Key():
		return "its key is not that of its digest and time"
	case e.Number < 1:
		return "it has no number"
	case len(e.Stories()) == 0:
		return "it has no stories"
	}
	return ""
}

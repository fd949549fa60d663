package outbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

// Maildrop is a carrier into a folder: every letter becomes a file <key>.eml in Dir, its slashes turned to
// dots, so that the name ends with the reader's id. A file is there whole or not at all, and a letter that
// is carried again replaces itself.
type Maildrop struct {
	Dir string
}

// Open makes the folder where it is missing. Any number of workers may use it, each by a carrier of its own.
func (m Maildrop) Open(context.Context) (Carrier, error) {
	if err := os.MkdirAll(m.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("open the maildrop: %w", err)
	}
	return &drop{Maildrop: m}, nil
}

// drop is one worker's hand at the maildrop.
type drop struct {
	Maildrop
	announced *Envelope
}

// Path returns where the letter with this key lies.
func (m Maildrop) Path(key string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r == '/':
			return '.'
		case r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(".-_+=@", r)):
			return r
		}
		return '_'
	}, key)
	return filepath.Join(m.Dir, strings.TrimLeft(name, ".")+".eml")
}

// Announce implements [Carrier]. A folder takes everybody.
func (d *drop) Announce(ctx context.Context, e *Envelope) error {
	if err := ctx.Err(); err != nil {
		return &Fault{At: "mail", Err: err}
	}
	d.announced = e
	return nil
}

// Carry implements [Carrier]: it writes the letter's file durably.
func (d *drop) Carry(ctx context.Context, next *Envelope) (answer string, err, told error) {
	path := d.Path(d.announced.Key)
	if err := writeFile(path, d.announced.AppendTo(nil)); err != nil {
		return "", &Fault{At: "data", Err: err}, &Fault{At: "mail", Err: err}
	}
	if next != nil {
		told = d.Announce(ctx, next)
	}
	return "kept as " + filepath.Base(path), nil, told
}

// Close implements [Carrier]. A folder has no connection.
func (d *drop) Close() error { return nil }

// writeFile writes data under another name, flushes it, renames it and flushes the folder.
func writeFile(path string, data []byte) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"tidings/.ci/sink"
)

// house is a folder with the demo's sources, and a database.
type house struct {
	program, dir, relay, store string
	more                       []string // environment
}

// command is one of the program's, in this house.
func (h house) command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, h.program, append([]string{"-c", "demo.toml"}, args...)...)
	c.Dir = h.dir
	c.Env = append(os.Environ(), "TIDINGS_SMTP__URL=smtp://"+h.relay+"?tls=none", "TIDINGS_STORE__URL="+h.store,
		"TIDINGS_WEB__URL=https://digest.example.org", "TIDINGS_MAIL__PIPE=true")
	c.Env = append(c.Env, h.more...)
	return c
}

// prepare builds the program, seals an edition for all readers and takes one letter of it.
func (b *bench) prepare(ctx context.Context) error {
	// Debian keeps Postfix's tools where only administrators look.
	if err := os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin"); err != nil {
		return err
	}
	if _, err := exec.LookPath("smtp-source"); err != nil {
		return errors.New("needs smtp-source, of Debian's package postfix")
	}
	b.program, b.model, b.letter = filepath.Join(b.dir, "tidings"), filepath.Join(b.dir, "model"), filepath.Join(b.dir, "letter")
	if out, err := build(ctx, b.program); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	h := house{program: b.program, dir: b.model, relay: "127.0.0.1:1", store: "sqlite:tidings.db"}
	if _, err := b.seal(ctx, h, b.readers); err != nil {
		return err
	}
	return b.sample(ctx, h)
}

// build builds the program as it is shipped.
func build(ctx context.Context, program string) ([]byte, error) {
	c := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/tidings")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	return c.CombinedOutput()
}

// seal makes a house with an edition that is owed to so many readers, and tells what the sealing took.
func (b *bench) seal(ctx context.Context, h house, readers int) (took, error) {
	if err := os.CopyFS(h.dir, os.DirFS("cmd/tidings/demo")); err != nil {
		return took{}, err
	}
	list := filepath.Join(h.dir, "readers.csv")
	if err := writeReaders(list, readers); err != nil {
		return took{}, err
	}
	for _, args := range [][]string{{"gather", "--digest", "demo"}, {"subscribers", "import", list}} {
		if _, err := run(h.command(ctx, args...), 0); err != nil {
			return took{}, err
		}
	}
	return run(h.command(ctx, "compose", "--digest", "demo", "--at", "2023-09-15T07:00"), 0)
}

func writeReaders(path string, n int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "email,digests")
	for i := range n {
		fmt.Fprintf(w, "reader%07d@mail%02d.example,demo\n", i, i%40)
	}
	return errors.Join(w.Flush(), f.Close())
}

// sample takes one letter off the wire, in the form in which smtp-source reads it.
func (b *bench) sample(ctx context.Context, h house) error {
	var letter []byte
	s := &sink.Sink{Inspect: func(_ string, l []byte) { letter = bytes.Clone(l) }}
	address, err := s.Listen()
	if err != nil {
		return err
	}
	defer s.Close()
	h.relay = address
	if _, err := run(h.command(ctx, "send", "--test", "reader@mail.example"), 0); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "a letter has %d bytes\n", len(letter))
	return os.WriteFile(b.letter, bytes.ReplaceAll(letter, []byte("\r\n"), []byte("\n")), 0o600)
}

// fresh is a copy of the model house, in which nothing has been sent.
func (b *bench) fresh(relay string) (house, error) {
	dir, err := os.MkdirTemp(b.dir, "house-")
	if err != nil {
		return house{}, err
	}
	err = os.CopyFS(dir, os.DirFS(b.model))
	return house{program: b.program, dir: dir, relay: relay, store: "sqlite:tidings.db"}, err
}

// remove takes a house away.
func (h house) remove() { _ = os.RemoveAll(h.dir) }

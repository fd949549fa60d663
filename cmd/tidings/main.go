// Tidings gathers the day's articles, groups them into stories and topics, and mails the digest to the
// people who subscribed.
//
// This is the one program, and the only package that knows all the others: it reads the configuration
// once and hands it on as values, wires the rooms of the house together, gives them the clock and chance
// that they may not take themselves, and turns what they return into lines and exit codes. Data go to the
// standard output, words to the standard error; the exit code is 0 when done, 1 when something failed and
// 2 when the program was used wrongly; `mail receive` alone ends with 75 when it failed. What a command does is told
// in its help.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // time zones for machines that have none
)

func main() { os.Exit(start(time.Now)) }

// start runs the program under a clock until it ends or is told to, and returns its exit code.
func start(now func() time.Time) int {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1) // a commit that waits for the disk holds one: a sixth more signed letters
	}
	slog.SetDefault(slog.New(slog.DiscardHandler)) // net/http says there what servers send unasked, which may be anything
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // who asks a second time need not wait for letters on the wire
	p := &program{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Environ(), now: now, dns: net.DefaultResolver}
	defer stop()
	return p.run(ctx, os.Args[1:])
}

// program is one run: its streams, its environment and its clock.
type program struct {
	in       io.Reader
	out, err io.Writer
	env      []string
	now      func() time.Time
	dns      resolver

	path    string // the -c flag
	verbose bool   // the -v flag
	daemon  bool   // it runs until it is told to stop
	started bool   // the command line was understood
}

// errTold says that what went wrong has been told already, line by line.
var errTold = errors.New("told already")

// usageError is a fault of the command line or of the configuration: exit code 2.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

// run executes one command line and returns its exit code.
func (p *program) run(ctx context.Context, args []string) int {
	root := newRoot(p)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	p.tell(err)
	if later := (comeAgain{}); errors.As(err, &later) {
		return 75
	}
	var usage usageError
	var faults Faults
	if !p.started || errors.As(err, &usage) || errors.As(err, &faults) {
		return 2
	}
	return 1
}

// tell prints an error for a person: faults of the configuration a line each, anything else behind the
// program's name.
func (p *program) tell(err error) {
	var faults Faults
	switch {
	case errors.Is(err, errTold):
	case errors.As(err, &faults):
		fmt.Fprintln(p.err, faults.Error())
	default:
		fmt.Fprintln(p.err, "tidings: "+strings.TrimSpace(err.Error()))
	}
}

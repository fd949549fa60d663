package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tidings/subscribers/mailin"
)

func mailCommand(p *program) *cobra.Command {
	return family("mail", "mail that comes in", mailInspect(p), mailReceive(p))
}

func mailInspect(p *program) *cobra.Command {
	return &cobra.Command{
		Use: "inspect FILE.eml…", Short: "what an incoming mail means", Args: atLeast(1, "a file"),
		RunE: func(_ *cobra.Command, args []string) error { return p.inspect(args) },
	}
}

func (p *program) inspect(files []string) error {
	out := json.NewEncoder(p.out)
	out.SetEscapeHTML(false)
	failed := false
	for _, file := range files {
		m, err := inspectFile(file)
		if err != nil {
			fmt.Fprintf(p.err, "%s: cannot be read: %s\n", file, reason(err))
			failed = true
			continue
		}
		m.File = file
		if err := out.Encode(m); err != nil {
			return err
		}
	}
	if failed {
		return errTold
	}
	return nil
}

// inspectFile reads as much of a mail as says what it means, however large it is.
func inspectFile(path string) (mailin.Message, error) {
	file, err := os.Open(path)
	if err != nil {
		return mailin.Message{}, err
	}
	defer file.Close()
	return mailin.Read(file)
}

// comeAgain is a failure of ours with a mail from a pipe: exit code 75 (EX_TEMPFAIL of sysexits.h), on which mail
// servers keep the mail and come again. Any other would make them write to its sender, who may be forged.
type comeAgain struct{ error }

func (c comeAgain) Unwrap() error { return c.error }

func mailReceive(p *program) *cobra.Command {
	var env mailin.Envelope
	c := &cobra.Command{
		Use: "receive", Short: "take one message on the standard input, from a mail server's pipe", Args: cobra.NoArgs,
		Long: "Takes one message on the standard input and does what it asks for, as the daemon does with mail that comes to it.\n" +
			"Exit code 75 tells the mail server to keep the message and to try again later.",
		RunE: func(c *cobra.Command, _ []string) error {
			err := p.receive(c.Context(), env)
			if err != nil {
				return comeAgain{err}
			}
			return nil
		},
	}
	c.Flags().StringVar(&env.Sender, "sender", "", "the envelope's sender, `ADDRESS` or <> for none (default $SENDER)")
	c.Flags().StringVar(&env.Recipient, "recipient", "", "the envelope's recipient, `ADDRESS` (default $ORIGINAL_RECIPIENT, then $RECIPIENT)")
	return c
}

// mostLeftOver is how much is read, in octets, of what nobody looks at.
const mostLeftOver = 1 << 30

// receive takes one mail from the standard input, cut where it is too long: its beginning says what it means.
func (p *program) receive(ctx context.Context, env mailin.Envelope) error {
	raw, err := io.ReadAll(io.LimitReader(p.in, mailin.MaxSize))
	if err != nil {
		return fmt.Errorf("the message cannot be read: %w", err)
	}
	if len(raw) == 0 {
		return errors.New("there is no message on the standard input")
	}
	// The rest is taken off the pipe, for to some mail servers one that breaks is a failure.
	if _, err := io.CopyN(io.Discard, p.in, mostLeftOver); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("the message cannot be read: %w", err)
	}
	env.Sender = cmp.Or(env.Sender, lookup(p.env, "SENDER"))
	if strings.EqualFold(env.Sender, "MAILER-DAEMON") { // so Postfix writes that there is none
		env.Sender = "<>"
	}
	env.Recipient = cmp.Or(env.Recipient, lookup(p.env, "ORIGINAL_RECIPIENT"), lookup(p.env, "RECIPIENT"))
	return p.inHouse(ctx, func(ctx context.Context, h *house) error {
		in := mailin.Incoming{Raw: raw, Envelope: env, Way: mailin.ByPipe, Received: p.now()}
		refused, err := mailin.Handler(newMailroom(h, nil).handle).Hand(ctx, in)
		if refused != nil {
			h.log.Info("mail refused", "why", refused.Sentence)
		}
		return err
	})
}

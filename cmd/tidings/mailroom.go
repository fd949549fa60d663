package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"tidings/subscribers"
	"tidings/subscribers/mailin"
)

// mailroom deals with the mail that comes in, whichever way.
type mailroom struct {
	*house
	reader mailin.Reader
	owed   chan<- struct{} // woken when a notice may be owed; nil: nobody waits
}

func newMailroom(h *house, owed chan<- struct{}) mailroom {
	reader := mailin.Reader{Delimiter: h.config.Mail.Delimiter, Trusted: h.config.Mail.Trusted}
	for _, d := range h.digests {
		if from, err := mail.ParseAddress(d.From); err == nil {
			reader.Addresses = append(reader.Addresses, strings.ToLower(from.Address))
		}
	}
	return mailroom{h, reader, owed}
}

// accept tells a mail server whether there is such a recipient: a digest, what can be done with it, or a token that
// is ours.
func (h mailroom) accept(_ context.Context, recipient string) error {
	door, err := h.reader.Door(recipient)
	if err != nil {
		return err
	}
	switch door.Purpose {
	case 'c':
		_, _, err = h.list.Tokens.Open(subscribers.ToConfirm, door.Token, h.now())
	case 'u':
		_, _, err = h.list.Tokens.Open(subscribers.ToLeave, door.Token, h.now())
	}
	if errors.Is(err, subscribers.ErrToken) {
		return &mailin.Refused{Sentence: "This address is not valid, or no longer"}
	}
	return err
}

// handle reads a mail and does what it asks for, if anything. It logs neither whose it is nor what was written.
func (h mailroom) handle(ctx context.Context, in mailin.Incoming) error {
	m, err := h.reader.Read(bytes.NewReader(in.Raw), in.Envelope)
	if err != nil {
		return err
	}
	done, err := h.act(ctx, m)
	if err != nil {
		return fmt.Errorf("%s by mail: %w", m.Act, err)
	}
	h.log.Info("mail came in", "way", in.Way, "octets", len(in.Raw), "act", m.Act, "reason", m.Reason, "done", done)
	if done && h.owed != nil {
		wake(h.owed)
	}
	return nil
}

// act does what a mail asks for, and tells whether it did. A token that is not valid is answered with silence.
func (h mailroom) act(ctx context.Context, m mailin.Message) (bool, error) {
	var err error
	switch {
	case m.Act == mailin.Subscribe:
		err = h.list.Join(ctx, subscribers.Request{Email: m.From, How: "mail"})
	case m.Act == mailin.Confirm && m.Token != "":
		_, err = h.list.Confirm(ctx, m.Token)
	case m.Act == mailin.Unsubscribe && m.Token != "":
		_, err = h.list.Leave(ctx, m.Token)
	default:
		return false, nil
	}
	if errors.Is(err, subscribers.ErrToken) || errors.Is(err, subscribers.ErrAddress) {
		return false, nil
	}
	return err == nil, err
}

// ways are the parts of the daemon that take mail in, each to be run until its context ends. What can go wrong at
// once goes wrong here.
func (h mailroom) ways(ctx context.Context) (run []func(context.Context) error, err error) {
	if h.config.Mail.IMAP.URL != "" {
		box, err := h.mailbox(h.handle, h.store)
		if err != nil {
			return nil, err
		}
		run = append(run, func(ctx context.Context) error { box.Run(ctx); return nil })
	}
	if h.config.Mail.Listen == "" {
		return run, nil
	}
	network, address, smtp, err := h.config.Mail.door()
	if err != nil {
		return nil, fmt.Errorf("mail.listen: %w", err)
	}
	socket, err := listenFor(ctx, network, address)
	if err != nil {
		return nil, fmt.Errorf("mail.listen: cannot listen on %s: %w", address, err)
	}
	h.log.Info("mail is taken", "at", h.config.Mail.Listen)
	door := mailin.Listener{Handle: h.handle, Accept: h.accept, SMTP: smtp, Domain: h.domain(), Now: h.now, Log: h.log}
	return append(run, func(ctx context.Context) error { return door.Serve(ctx, socket) }), nil
}

// listenFor opens a socket. One in the file system that nobody answers at is what a crash left behind; who may
// reach it is decided by its folder.
func listenFor(ctx context.Context, network, address string) (net.Listener, error) {
	if network == "unix" {
		if conn, err := new(net.Dialer).DialContext(ctx, network, address); err == nil {
			return nil, errors.Join(errors.New("another program listens there"), conn.Close())
		}
		if info, err := os.Lstat(address); err == nil && info.Mode().Type() == os.ModeSocket {
			_ = os.Remove(address)
		}
	}
	socket, err := new(net.ListenConfig).Listen(ctx, network, address)
	if err == nil && network == "unix" {
		err = os.Chmod(address, 0o666)
	}
	return socket, err
}

// domain is our name to mail servers: that of the first digest's address.
func (h mailroom) domain() string {
	if len(h.reader.Addresses) == 0 {
		return "localhost"
	}
	_, domain, _ := strings.Cut(h.reader.Addresses[0], "@")
	return domain
}

// mailbox is the reader of the configured mailbox.
func (h *house) mailbox(handle mailin.Handler, memory mailin.Memory) (*mailin.Mailbox, error) {
	c := h.config.Mail.IMAP
	account, err := c.account()
	if err != nil {
		return nil, fmt.Errorf("mail.imap.url: %w", err)
	}
	box := &mailin.Mailbox{
		Handle: handle, Memory: memory, Account: account, Folder: c.Folder, Done: c.Done, Poll: c.Poll, Now: h.now, Log: h.log,
	}
	if len(c.TokenCommand) > 0 || c.TokenFile != "" {
		box.Token = c.token
	}
	return box, nil
}

// Mailbox implements [mailin.Memory].
func (forgetful) Mailbox(context.Context, string) (string, error) { return "", nil }

// KeepMailbox implements [mailin.Memory].
func (forgetful) KeepMailbox(context.Context, string, string) error { return nil }

// token fetches an access token, as they live for an hour only.
func (i IMAPConfig) token(ctx context.Context) (string, error) {
	if i.TokenFile != "" {
		content, err := os.ReadFile(i.TokenFile)
		if err != nil {
			return "", fmt.Errorf("%s cannot be read: %s", i.TokenFile, reason(err))
		}
		return strings.TrimSpace(string(content)), nil
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, i.TokenCommand[0], i.TokenCommand[1:]...).Output()
	token := strings.TrimSpace(string(out))
	switch failed := (*exec.ExitError)(nil); {
	case errors.As(err, &failed):
		return "", fmt.Errorf("mail.imap.token_command %s failed: %w", filepath.Base(i.TokenCommand[0]), err)
	case err != nil:
		return "", fmt.Errorf("mail.imap.token_command cannot be run: %w", err)
	case token == "":
		return "", fmt.Errorf("mail.imap.token_command %s printed nothing; run it by hand to see why", filepath.Base(i.TokenCommand[0]))
	}
	return token, nil
}

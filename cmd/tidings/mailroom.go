package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
func (h mailroom) accept(ctx context.Context, recipient string) error {
	door, err := h.reader.Door(recipient)
	if err != nil {
		return err
	}
	valid := true
	switch door.Purpose {
	case 'c':
		_, err = h.list.Look(ctx, door.Token)
		valid = !h.opens(door.Token, subscribers.ToLeave, subscribers.ToManage, subscribers.ToReturn)
	case 'u':
		valid = h.opens(door.Token, subscribers.ToLeave, subscribers.ToManage)
	case 'b':
		valid = h.opens(door.Token, subscribers.ToBounce)
	case 'f':
		valid = h.opens(door.Token, subscribers.ToComplain)
	}
	if !valid || errors.Is(err, subscribers.ErrToken) {
		return &mailin.Refused{Sentence: "This address is not valid, or no longer"}
	}
	return err
}

// opens tells whether a token is one of these.
func (h mailroom) opens(token string, purposes ...subscribers.Purpose) bool {
	return slices.ContainsFunc(purposes, func(p subscribers.Purpose) bool {
		_, _, err := h.list.Tokens.Open(p, token, h.now())
		return err == nil
	})
}

// handle reads a mail and does what it asks for, if anything, once however often and on whichever ways it comes. It
// logs neither whose it is nor what was written.
func (h mailroom) handle(ctx context.Context, in mailin.Incoming) error {
	m, err := h.reader.Read(bytes.NewReader(in.Raw), in.Envelope)
	if err != nil {
		return err
	}
	authentic := h.authentic(ctx, in.Raw, m) // asks the network, so before anything is held
	done := false
	to := m.To.Address + " " + m.To.Word + " " + m.To.Token
	fresh, err := h.store.Once(ctx, subscribers.Mark(m.ID, to, lasting(in.Raw, m)), func(ctx context.Context) error {
		var err error
		done, err = h.act(ctx, m, authentic)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s by mail: %w", m.Act, err)
	}
	h.log.Info("mail came in", "way", in.Way, "octets", len(in.Raw), "act", m.Act, "reason", m.Reason, "done", done && fresh, "again", !fresh)
	if done && fresh && h.owed != nil {
		wake(h.owed)
	}
	return nil
}

// lasting is what of a mail is the same whatever way it takes: its writer and its body, whose lines end in two ways.
func lasting(raw []byte, m mailin.Message) []byte {
	raw = bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))
	_, body, _ := bytes.Cut(raw, []byte("\n\n"))
	return append([]byte(m.From+"\n"), bytes.TrimSpace(body)...)
}

// authentic tells whether a mail is from whom it says, where that makes a difference.
func (h mailroom) authentic(ctx context.Context, raw []byte, m mailin.Message) bool {
	switch m.Act {
	case mailin.Unsubscribe, mailin.Preferences, mailin.Status, mailin.Unknown:
		if m.From == "" || m.Token != "" {
			return false
		}
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		_, ok := h.reader.Authenticate(ctx, raw, m, net.DefaultResolver)
		return ok
	}
	return false
}

// act does what a mail asks for, and tells whether it did. What is not valid is met with silence.
func (h mailroom) act(ctx context.Context, m mailin.Message, authentic bool) (bool, error) {
	var err error
	switch m.Act {
	case mailin.Bounce, mailin.Complaint:
		err = h.report(ctx, m)
	case mailin.AutoReply, mailin.Ignore:
		return false, nil
	default:
		err = h.obey(ctx, m, authentic)
	}
	for _, nothing := range []error{subscribers.ErrToken, subscribers.ErrAddress, subscribers.ErrUnknown, errNoOrder} {
		if errors.Is(err, nothing) {
			return false, nil
		}
	}
	return err == nil, err
}

// errNoOrder says that a person's mail asks for nothing that can be done.
var errNoOrder = errors.New("nothing is asked for")

// obey does what a person wrote.
func (h mailroom) obey(ctx context.Context, m mailin.Message, authentic bool) error {
	by := subscribers.Correspondence{List: h.list, Mail: subscribers.Mail{From: m.From, Authentic: authentic, MessageID: m.ID, Token: m.Token}}
	switch {
	case m.Act == mailin.Subscribe:
		return by.Join(ctx, h.wished(m))
	case m.Act == mailin.Confirm && m.Token != "":
		return by.Confirm(ctx)
	case m.Act == mailin.Unsubscribe && m.To.Purpose == 'c': // a no to the question whether to confirm
		return h.list.Disown(ctx, m.To.Token)
	case m.Act == mailin.Unsubscribe:
		return by.Leave(ctx)
	case m.Act == mailin.Help:
		return by.Help(ctx)
	}
	if !h.list.Manages(m.Token) {
		by.Mail.Token = ""
	}
	changes, any := h.changes(m.Order)
	switch {
	case any:
		return by.Prefer(ctx, changes)
	case m.Act == mailin.Status, m.Act == mailin.Preferences:
		return by.Status(ctx)
	case m.From == "":
		return errNoOrder
	}
	return by.Puzzled(ctx)
}

// report tells the list what became of letters. The token of the address says which letter it was; a report that has
// none and names nobody is about nobody.
func (h mailroom) report(ctx context.Context, m mailin.Message) error {
	token := ""
	if m.To.Purpose == 'b' || m.To.Purpose == 'f' {
		token = m.To.Token
	}
	told := m.Recipients
	if len(told) == 0 && token != "" {
		told = []mailin.Recipient{{Kind: mailin.Soft}}
	}
	post, noted := subscribers.Postmaster{List: h.list}, false
	for _, r := range told {
		report := subscribers.Report{
			Token: token, MessageID: m.Returned.MessageID, Email: cmp.Or(r.Original, r.Address),
			Bounce: subscribers.Bounce{Kind: subscribers.Kind(r.Kind), Status: r.Status, Diagnostic: r.Diagnostic},
		}
		act := post.Bounce
		if m.Act == mailin.Complaint {
			act = post.Complain
		}
		switch err := act(ctx, report); {
		case err == nil:
			noted = true
		case !errors.Is(err, subscribers.ErrUnknown) && !errors.Is(err, subscribers.ErrToken) && !errors.Is(err, subscribers.ErrAddress):
			return err
		}
	}
	if !noted {
		return errNoOrder
	}
	return nil
}

// box is the part of the daemon that reads the mailbox until its context ends; nil: there is none to read.
func (h mailroom) box() (run func(context.Context) error, err error) {
	if h.config.Mail.IMAP.URL == "" {
		return nil, nil
	}
	box, err := h.mailbox(h.handle, h.store)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error { box.Run(ctx); return nil }, nil
}

// door is the part of the daemon that other mail servers hand mail to until its context ends; nil: there is none. What
// can go wrong at once goes wrong here.
func (h mailroom) door(ctx context.Context) (run func(context.Context) error, err error) {
	if h.config.Mail.Listen == "" {
		return nil, nil
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
	return func(ctx context.Context) error { return door.Serve(ctx, socket) }, nil
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

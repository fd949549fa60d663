package mailin

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Mailbox takes mail in from a folder of an IMAP account. What was dealt with is moved into another folder and
// never deleted; what could not be dealt with stays and is tried again, ever more seldom, and after five times is
// moved into a folder "failed" below that one, so that no mail holds up the others.
//
// All mail in the folder is taken for ours, so the account, or at least the folder, should serve for nothing else.
// Several programs may read one folder: a mail may then be handled twice, and lie in the other folder twice, for
// servers do not move it in one step (seen in Dovecot).
type Mailbox struct {
	Handle  Handler
	Memory  Memory
	Account Account
	Token   func(context.Context) (string, error) // an access token for XOAUTH2, anew for each login; nil: the password logs in
	Folder  string                                // INBOX
	Done    string                                // where mail goes that was dealt with
	Poll    time.Duration                         // how often it is looked at although the server tells of nothing new; 5 min
	Now     func() time.Time
	Log     *slog.Logger

	Patience time.Duration // for one exchange with the server; 1 min
	Retry    time.Duration // before the second try to connect, twice as long before each further one; 5 s
}

// Memory keeps what must outlive a connection to a mailbox: a short text for each.
type Memory interface {
	// Mailbox returns what was kept of this mailbox, or an empty text.
	Mailbox(ctx context.Context, name string) (string, error)

	// KeepMailbox keeps it in place of what was kept before.
	KeepMailbox(ctx context.Context, name, kept string) error
}

const (
	longestIdle = 25 * time.Minute // servers may end an IDLE after 30 (RFC 2177, section 3)
	longestWait = 5 * time.Minute  // before a try to connect
	mostTries   = 5                // of one mail
	batch       = 50               // mails that are moved at once
)

// Run reads the mailbox until the context ends. It only returns then: a server that is away is tried again.
func (m *Mailbox) Run(ctx context.Context) {
	first := cmp.Or(m.Retry, 5*time.Second)
	wait := first
	for ctx.Err() == nil {
		err := m.follow(ctx, func() { wait = first })
		if ctx.Err() != nil {
			return
		}
		m.Log.Warn("mailbox not read", "mailbox", m.Account.Host, "folder", m.Folder, "again_in", wait.String(), "err", err)
		sleep(ctx, wait)
		wait = min(2*wait, longestWait)
	}
}

// Check logs in, finds the folders, and says how many mails wait.
func (m *Mailbox) Check(ctx context.Context) (int, error) {
	v, err := m.open(ctx)
	if err != nil {
		return 0, err
	}
	defer v.close()
	if err := v.enter(ctx); err != nil {
		return 0, err
	}
	all, err := v.waiting(ctx)
	return len(all), err
}

// follow connects, takes what is there, and goes on taking what comes until the connection ends.
func (m *Mailbox) follow(ctx context.Context, well func()) error {
	v, err := m.open(ctx)
	if err != nil {
		return err
	}
	defer v.close()
	for ctx.Err() == nil {
		if err := v.look(ctx); err != nil {
			return err
		}
		well()
		if err := v.wait(ctx, m.every()); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// open connects, logs in, and makes the folders that are missing.
func (m *Mailbox) open(ctx context.Context) (*visit, error) {
	v := &visit{Mailbox: m, news: make(chan struct{}, 1)}
	if err := v.connect(ctx); err != nil {
		return nil, fmt.Errorf("IMAP server %s: %w", m.Account.addr(), err)
	}
	for _, step := range []func(context.Context) error{v.login, v.folders} {
		if err := step(ctx); err != nil {
			v.close()
			return nil, fmt.Errorf("IMAP server %s: %w", m.Account.addr(), err)
		}
	}
	return v, nil
}

// visit is one connection to a mailbox.
type visit struct {
	*Mailbox
	conn   net.Conn
	client *imapclient.Client
	failed string // the folder for mail that is given up
	kept   kept
	stored kept          // as the memory has it
	news   chan struct{} // the server tells of something new
}

func (v *visit) close() { v.conn.Close() }

// within gives an exchange with the server its time, for the library waits for ever: after that, or when the
// context ends, the connection is cut.
func (v *visit) within(ctx context.Context, exchange func() error) error {
	most := cmp.Or(v.Patience, time.Minute)
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	stop := context.AfterFunc(ctx, v.close)
	defer stop()
	err := exchange()
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("it did not answer for %s", most)
	}
	return err
}

func (v *visit) connect(ctx context.Context) error {
	a := v.Account
	options := &imapclient.Options{TLSConfig: a.TLSConfig.Clone(), UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(data *imapclient.UnilateralDataMailbox) {
			if data.NumMessages != nil {
				select {
				case v.news <- struct{}{}:
				default:
				}
			}
		},
	}}
	if options.TLSConfig == nil {
		options.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	options.TLSConfig.ServerName = cmp.Or(options.TLSConfig.ServerName, a.Host)
	var err error
	if v.conn, err = (&net.Dialer{Timeout: cmp.Or(v.Patience, time.Minute)}).DialContext(ctx, "tcp", a.addr()); err != nil {
		return err
	}
	err = v.within(ctx, func() error {
		switch a.TLS {
		case None:
			v.client = imapclient.New(v.conn, options)
		case STARTTLS:
			v.client, err = imapclient.NewStartTLS(v.conn, options)
			if err != nil {
				return fmt.Errorf("no STARTTLS; write imaps:// if it speaks TLS from the first byte: %w", err)
			}
		default:
			line := tls.Client(v.conn, options.TLSConfig)
			if err := line.HandshakeContext(ctx); err != nil {
				return err
			}
			v.client = imapclient.New(line, options)
		}
		return v.client.WaitGreeting()
	})
	if err != nil {
		v.close()
	}
	return err
}

func (v *visit) login(ctx context.Context) error {
	if v.Token == nil {
		err := v.within(ctx, v.client.Login(v.Account.User, v.Account.Password).Wait)
		if err != nil {
			return fmt.Errorf("it does not let %s in: %w", v.Account.User, err)
		}
		return nil
	}
	token, err := v.Token(ctx)
	if err != nil {
		return fmt.Errorf("no access token for %s: %w", v.Account.User, err)
	}
	err = v.within(ctx, func() error { return v.client.Authenticate(xoauth2{v.Account.User, token}) })
	if err != nil {
		return fmt.Errorf("it does not let %s in with this access token: %w", v.Account.User, err)
	}
	return nil
}

// xoauth2 logs in with an access token, as Google and Microsoft want it; go-sasl knows only its standardised
// sister OAUTHBEARER.
type xoauth2 struct{ user, token string }

// Start implements [sasl.Client].
func (x xoauth2) Start() (mech string, ir []byte, err error) {
	return "XOAUTH2", []byte("user=" + x.user + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

// Next implements [sasl.Client]. The server only speaks again to say what is wrong, and then wants an empty answer.
func (xoauth2) Next([]byte) ([]byte, error) { return []byte{}, nil }

// folders makes the folders that mail is moved to, where they are missing.
func (v *visit) folders(ctx context.Context) error {
	return v.within(ctx, func() error {
		between := "/"
		found, err := v.client.List("", v.Folder, nil).Collect()
		if err != nil {
			return fmt.Errorf("it does not list its folders: %w", err)
		}
		if len(found) == 0 {
			return fmt.Errorf("it has no folder %q; create it, or correct mail.imap.folder", v.Folder)
		}
		if found[0].Delim != 0 {
			between = string(found[0].Delim)
		}
		v.failed = v.Done + between + "failed"
		for _, folder := range []string{v.Done, v.failed} {
			found, err := v.client.List("", folder, nil).Collect()
			if err == nil && len(found) == 0 {
				err = v.client.Create(folder, nil).Wait()
			}
			if answer := (*imap.Error)(nil); errors.As(err, &answer) && answer.Code == imap.ResponseCodeAlreadyExists {
				continue // another program was quicker
			}
			if err != nil {
				return fmt.Errorf("it does not create the folder %q; create it by hand, or choose another as mail.imap.done, perhaps INBOX%sTidings: %w", folder, between, err)
			}
		}
		return nil
	})
}

// wait returns when the server tells of something new, and at the latest after so long: it may say nothing even
// where it has promised to.
func (v *visit) wait(ctx context.Context, most time.Duration) error {
	var idle *imapclient.IdleCommand
	err := v.within(ctx, func() (err error) {
		if v.client.Caps().Has(imap.CapIdle) {
			idle, err = v.client.Idle()
		}
		return err
	})
	if err != nil {
		return err
	}
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-v.news:
	case <-timer.C:
	case <-v.client.Closed():
		return errors.New("it ended the connection")
	case <-ctx.Done():
		return ctx.Err()
	}
	if idle == nil {
		return nil
	}
	return v.within(ctx, func() error {
		if err := idle.Close(); err != nil {
			return err
		}
		return idle.Wait()
	})
}

// sleep waits so long, or until the context ends.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

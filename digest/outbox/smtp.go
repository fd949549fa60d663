package outbox

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// SMTP is a carrier over one connection to a mail server. Who holds it must close it after any error that
// is not a plain no to a sender, a recipient or a whole letter.
type SMTP struct {
	client  *smtp.Client
	conn    net.Conn // the socket under client: closing it ends every wait at once
	timeout time.Duration
	broken  bool
}

// connecting bounds dialling, greeting, TLS and login together.
const connecting = 30 * time.Second

// Open connects, secures the line and logs in. The error is a [*Refusal] at "connect" when the server
// turned us away, and a [*Fault] when it could not be talked to.
func (c SMTPConfig) Open(ctx context.Context) (Carrier, error) {
	s := &SMTP{timeout: cmp.Or(c.Timeout, 2*time.Minute)}
	client, err := mail.NewClient(c.Host, c.options(s)...)
	if err != nil {
		return nil, fmt.Errorf("mail server %s: %w", c.addr(), err)
	}
	s.client, err = client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		if s.conn != nil {
			s.conn.Close() // go-mail leaves it open
		}
		return nil, fmt.Errorf("mail server %s: %w", c.addr(), refused("connect", advised(err)))
	}
	return s, nil
}

// advised says what to do about a server that does not offer what the address asks for. go-mail tells these
// two by their words alone.
func advised(err error) error {
	switch says := err.Error(); {
	case strings.HasSuffix(says, "does not support STARTTLS"):
		return errors.New("it offers no STARTTLS; write smtps:// if it speaks TLS from the first byte, or ?tls=none if it is on this machine")
	case strings.HasSuffix(says, "does not support SMTP AUTH"):
		return errors.New("it takes no login on this line; take the user out of its address, or ?tls= if there is one")
	}
	return err
}

// options says all this to go-mail. The socket is dialled here to have it at hand in s.
func (c SMTPConfig) options(s *SMTP) []mail.Option {
	secure := c.TLSConfig.Clone()
	if secure == nil {
		secure = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	secure.ServerName = cmp.Or(secure.ServerName, c.Host)
	options := []mail.Option{
		mail.WithPort(c.Port), mail.WithTimeout(connecting), mail.WithTLSConfig(secure), mail.WithoutNoop(),
		mail.WithDialContextFunc(func(ctx context.Context, network, addr string) (net.Conn, error) {
			var err error
			if s.conn, err = new(net.Dialer).DialContext(ctx, network, addr); err != nil || c.TLS != Implicit {
				return s.conn, err
			}
			line := tls.Client(s.conn, secure)
			return line, line.HandshakeContext(ctx)
		}),
	}
	switch c.TLS {
	case Opportunistic:
		options = append(options, mail.WithTLSPolicy(mail.TLSOpportunistic))
	case Implicit, None:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if c.Hello != "" {
		options = append(options, mail.WithHELO(c.Hello))
	}
	if c.User != "" {
		options = append(options, mail.WithUsername(c.User), mail.WithPassword(c.Password), mail.WithOpportunisticSMTPAuth(
			mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthSCRAMSHA1, mail.SMTPAuthPlain, mail.SMTPAuthLogin, mail.SMTPAuthCramMD5))
	}
	return options
}

// Carry says MAIL, RCPT and DATA and waits for the answer to the letter. When ctx ends, the connection
// does. After anything but a plain answer the connection is cut where it stands: one more command would
// end an open DATA, and the server would take the half letter for a whole one.
func (s *SMTP) Carry(ctx context.Context, e Envelope) (string, error) {
	defer context.AfterFunc(ctx, func() { s.conn.Close() })()
	answer, err := s.say(e)
	if !isClean(err) {
		s.broken = true
		s.conn.Close()
	}
	return answer, err
}

// say is the dialogue. Of a letter whose reader is refused, the server hears no word.
func (s *SMTP) say(e Envelope) (string, error) {
	if err := s.client.UpdateDeadline(s.timeout); err != nil {
		return "", &Fault{At: "mail", Err: err}
	}
	if offered, _ := s.client.Extension("SMTPUTF8"); e.UTF8 && !offered {
		return "", &Refusal{Code: 553, Enhanced: "5.6.7", Text: "the mail server takes no addresses beyond ASCII", At: "rcpt"}
	}
	s.client.SkipSMTPUTF8(!e.UTF8)
	if err := s.client.Mail("<" + e.From + ">"); err != nil {
		return "", refused("mail", err)
	}
	if err := s.client.Rcpt("<" + e.To + ">"); err != nil {
		no := refused("rcpt", err)
		if isClean(no) {
			if err := s.client.Reset(); err != nil {
				s.broken = true
				s.conn.Close() // the next letter finds out, and gets a fresh connection
			}
		}
		return "", no
	}
	w, err := s.client.Data()
	if err != nil {
		return "", refused("data", err)
	}
	if _, err := w.Write(e.AppendTo(nil)); err != nil {
		return "", &Fault{At: "data", Err: err}
	}
	return s.finish(w)
}

// finish writes the final dot and reads the answer. Whatever is not an answer leaves the letter uncertain.
func (s *SMTP) finish(w io.WriteCloser) (string, error) {
	if err := s.client.UpdateDeadline(s.timeout); err != nil {
		return "", &Fault{At: "data", Err: err}
	}
	err := w.Close()
	var answer *textproto.Error
	var no *Refusal
	switch {
	case err == nil:
		return "250 " + w.(*smtp.DataCloser).ServerResponse(), nil
	case errors.As(err, &answer) && answer.Code/100 == 2:
		return answer.Error(), nil
	case errors.As(refused("dot", err), &no):
		return "", no
	}
	return "", fmt.Errorf("%w: %w", ErrUncertain, err)
}

// Close takes leave of the server, briefly.
func (s *SMTP) Close() error {
	if s.broken {
		return nil
	}
	defer s.conn.Close()
	if err := s.client.UpdateDeadline(5 * time.Second); err != nil {
		return err
	}
	return s.client.Quit()
}

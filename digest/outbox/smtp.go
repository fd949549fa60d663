package outbox

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// connecting bounds dialling, greeting, TLS and login together.
const connecting = 30 * time.Second

// Open connects, secures the line and logs in. The error is a [*Refusal] at "connect" when the server
// turned us away, and a [*Fault] when it could not be talked to.
func (c SMTPConfig) Open(ctx context.Context) (Carrier, error) {
	var socket net.Conn
	client, err := mail.NewClient(c.Host, c.options(&socket)...)
	if err != nil {
		return nil, fmt.Errorf("mail server %s: %w", c.addr(), err)
	}
	line, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		if socket != nil {
			socket.Close() // go-mail leaves it open
		}
		return nil, fmt.Errorf("mail server %s: %w", c.addr(), refused("connect", advised(err)))
	}
	return &wire{
		conn: socket, replies: replies{r: line.Text.R}, w: line.Text.W, timeout: cmp.Or(c.Timeout, 2*time.Minute),
		offers: offered(line.Extension),
	}, nil
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

// options says all this to go-mail. The socket is dialled here to have it at hand.
func (c SMTPConfig) options(socket *net.Conn) []mail.Option {
	secure := c.TLSConfig.Clone()
	if secure == nil {
		secure = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	secure.ServerName = cmp.Or(secure.ServerName, c.Host)
	secure.DynamicRecordSizingDisabled = true // a letter is written at one go
	dial := c.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	options := []mail.Option{
		mail.WithPort(c.Port), mail.WithTimeout(connecting), mail.WithTLSConfig(secure), mail.WithoutNoop(),
		mail.WithDialContextFunc(func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dial(ctx, network, addr)
			if *socket = conn; err != nil || c.TLS != Implicit {
				return conn, err
			}
			line := tls.Client(conn, secure)
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

package outbox

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"
)

// LMTP names a mail store that takes letters by LMTP (RFC 2033), as Dovecot does: beside us, over a socket or
// a line that nobody else hears. It has neither TLS nor a login. [ParseLMTP] makes one; its Open is a lane's.
type LMTP struct {
	Network string        // "unix" or "tcp"
	Address string        // path of the socket, or host:port
	Hello   string        // our name in LHLO; empty: the machine's
	Timeout time.Duration // for each command and each answer; 2 min
}

// ParseLMTP reads lmtp:PATH and lmtp://host:port.
func ParseLMTP(s string) (LMTP, error) {
	path, ok := strings.CutPrefix(s, "lmtp:")
	if !ok || path == "" {
		return LMTP{}, errors.New("an LMTP server is lmtp:PATH of its socket, or lmtp://host:port")
	}
	if !strings.HasPrefix(path, "//") {
		return LMTP{Network: "unix", Address: path}, nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.Port() == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return LMTP{}, errors.New("an LMTP server elsewhere is lmtp://host:port and nothing more; LMTP has no login")
	}
	return LMTP{Network: "tcp", Address: u.Host}, nil
}

// Open connects and greets. The errors are those of [SMTPConfig.Open].
func (c LMTP) Open(ctx context.Context) (Carrier, error) {
	ctx, cancel := context.WithTimeout(ctx, connecting)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, c.Network, c.Address)
	if err != nil {
		return nil, fmt.Errorf("mail store %s: %w", c.Address, &Fault{At: "connect", Err: err})
	}
	w := &wire{conn: conn, w: bufio.NewWriter(conn), replies: replies{r: bufio.NewReader(conn)}, timeout: connecting}
	defer w.cutWhen(ctx)()
	if err := w.greet(cmp.Or(c.Hello, hostname())); err != nil {
		conn.Close()
		return nil, fmt.Errorf("mail store %s: %w", c.Address, err)
	}
	w.offers.lmtp = true
	w.timeout = cmp.Or(c.Timeout, 2*time.Minute)
	return w, nil
}

// greet hears the greeting, says LHLO and learns what is offered.
func (w *wire) greet(name string) error {
	if err := w.expect("connect", 200); err != nil {
		return err
	}
	if err := w.ask("connect", "LHLO "+name+"\r\n", 200); err != nil {
		return err
	}
	extensions := map[string]string{}
	for line := range strings.Lines(string(w.text)) {
		name, values, _ := strings.Cut(strings.TrimSpace(line), " ")
		extensions[strings.ToUpper(name)] = values
	}
	w.offers = offered(func(name string) (bool, string) {
		values, ok := extensions[name]
		return ok, values
	})
	return nil
}

// hostname is the machine's name, as go-mail takes it.
func hostname() string {
	name, err := os.Hostname()
	if err != nil || !speakable(name) {
		return "localhost"
	}
	return name
}

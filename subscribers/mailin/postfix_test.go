package mailin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// submit hands a mail to Postfix, as the world does.
func submit(t *testing.T, to, text string) error {
	t.Helper()
	server, err := url.Parse(peer(t, "PEER_SMTP"))
	if err != nil {
		t.Fatal(err)
	}
	raw := "From: ada@example.org\r\nTo: " + to + "\r\nMessage-ID: <" + fmt.Sprint(time.Now().UnixNano()) + "@example.org>\r\nSubject: " + text + "\r\n\r\n" + text + "\r\n"
	c, err := smtp.Dial(server.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.SendMail("ada@example.org", []string{to}, strings.NewReader(raw))
}

// behindPostfix is where Postfix hands mail over, the first place or the second, and the domain of that mail.
func behindPostfix(t *testing.T, i int) (address, domain string) {
	t.Helper()
	address = strings.Fields(peer(t, "PEER_LMTP"))[i]
	_, port, _ := net.SplitHostPort(address)
	return address, "lmtp-" + port + ".test"
}

func (t *tray) await(tb testing.TB, n int) {
	tb.Helper()
	limit := time.After(60 * time.Second)
	for range n {
		select {
		case <-t.full:
		case <-limit:
			tb.Fatalf("waited in vain; taken so far: %q", t.list())
		}
	}
}

// A mail through the real Postfix, address and all; one that we fail on twice comes again until we do not; the
// wrong address is refused while its sender is on the line, where Postfix asks us first.
func TestPostfix(t *testing.T) {
	tray := newTray()
	var fails atomic.Int32
	address, domain := behindPostfix(t, 0)
	listeningAt(t, address, Listener{Accept: tray.accept, Handle: func(ctx context.Context, in Incoming) error {
		if strings.HasPrefix(in.Recipient, "late") && fails.Add(1) < 3 {
			return errors.New("the store is away")
		}
		return tray.handle(ctx, in)
	}})
	token := strings.Repeat("a2", 16)
	for _, to := range []string{"Daily+c-" + token, "late", "strict"} {
		if err := submit(t, to+"@"+domain, "subscribe"); err != nil {
			t.Fatal(to, err)
		}
	}
	tray.await(t, 3)
	if got := fmt.Sprint(tray.list()); !strings.Contains(got, "ada@example.org Daily+c-"+token+"@"+domain) || fails.Load() != 3 {
		t.Errorf("taken: %s; tried %d times", got, fails.Load())
	}
	var said *smtp.SMTPError
	other, domain := behindPostfix(t, 1)
	listeningAt(t, other, Listener{Handle: tray.handle, Accept: func(context.Context, string) error { return &Refused{"There is no such address here"} }})
	if err := submit(t, "strict+nonsense@"+domain, "subscribe"); !errors.As(err, &said) || said.Code != 550 || !strings.Contains(said.Message, "There is no such address here") {
		t.Errorf("a wrong address: %v", err)
	}
}

// While nobody listens, Postfix keeps the mail; what it keeps comes when we are back.
func TestPostfixKeeps(t *testing.T) {
	address, domain := behindPostfix(t, 0)
	for i := range 20 {
		if err := submit(t, fmt.Sprintf("daily+%d@%s", i, domain), "subscribe"); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(time.Second)
	tray := newTray()
	listeningAt(t, address, Listener{Handle: tray.handle})
	tray.await(t, 20)
	seen := map[string]bool{}
	for _, in := range tray.got {
		seen[in.Recipient] = true
	}
	if len(seen) != 20 {
		t.Errorf("%d of 20 came", len(seen))
	}
}

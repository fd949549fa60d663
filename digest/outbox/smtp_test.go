package outbox

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

func carry(t *testing.T, c SMTPConfig, e Envelope) (string, error) {
	t.Helper()
	s, err := c.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return announceAndCarry(t.Context(), s, e)
}

// announceAndCarry puts one letter on the wire.
func announceAndCarry(ctx context.Context, s Carrier, e Envelope) (string, error) {
	if err := s.Announce(ctx, &e); err != nil {
		return "", err
	}
	answer, err, _ := s.Carry(ctx, nil)
	return answer, err
}

func TestSMTPKeepsEveryByte(t *testing.T) {
	h := newHarbour(t)
	l := letters()["daily"]
	e, err := Render(l)
	if err != nil {
		t.Fatal(err)
	}
	e.own = append(e.own, ".\r\n..\r\n.dot\r\nlast\r\n"...)
	answer, err := carry(t, h.config(), e)
	if err != nil || !strings.HasPrefix(answer, "250 ") {
		t.Fatal(answer, err)
	}
	if got := h.received(l.To); len(got) != 1 || got[0] != string(e.own) {
		t.Errorf("received %q", got)
	}
	if h.commands[0] != "daily+b-abc@example.org > reader@example.net" {
		t.Errorf("envelope %s", h.commands[0])
	}
}

func TestSMTPUTF8(t *testing.T) {
	e := Envelope{From: "a@x.test", To: "jürgen@x.test", UTF8: true, own: []byte("Subject: x\r\n\r\nx\r\n")}
	_, err := carry(t, newHarbour(t).config(), e)
	if !isPermanent(err) {
		t.Errorf("a server without SMTPUTF8: %v", err)
	}
	with := newHarbour(t, func(s *smtp.Server) { s.EnableSMTPUTF8 = true })
	if _, err := carry(t, with.config(), e); err != nil || len(with.received(e.To)) != 1 {
		t.Errorf("a server with SMTPUTF8: %v", err)
	}
}

func TestSMTPSecurity(t *testing.T) {
	cert, pool := certificate(t)
	secure := func(s *smtp.Server) { s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}} }
	h := newHarbour(t, secure)
	e := Envelope{From: "a@x.test", To: "ok@x.test", own: []byte("Subject: x\r\n\r\nx\r\n")}
	for _, c := range []struct{ url, fault string }{
		{"smtp://me%40x.test:open%20sesame@" + h.addr, ""},
		{"smtp://" + h.addr + "?tls=opportunistic", ""},
		{"smtp://me:wrong@" + h.addr, "refused at connect: 535 5.7.8 bad login"},
		{"smtps://" + h.addr, "cannot connect"},
		{"smtp://" + newHarbour(t).addr, "it offers no STARTTLS; write smtps://"},
		{"smtp://me:x@" + newHarbour(t).addr + "?tls=none", "it takes no login on this line"},
	} {
		config, err := ParseURL(c.url)
		if err != nil {
			t.Fatal(err)
		}
		config.TLSConfig = &tls.Config{RootCAs: pool}
		s, err := config.Open(t.Context())
		if c.fault != "" {
			if err == nil || !strings.Contains(err.Error(), c.fault) || strings.Contains(err.Error(), "wrong") {
				t.Errorf("%s: %v", c.url, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(c.url, err)
		}
		if _, err := announceAndCarry(t.Context(), s, e); err != nil {
			t.Error(c.url, err)
		}
		s.Close()
	}
	if h.user != "me@x.test" {
		t.Errorf("logged in as %q", h.user)
	}
	config, _ := ParseURL("smtp://" + h.addr)
	if _, err := config.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("an unknown authority: %v", err)
	}
	testImplicit(t, cert, pool, e)
}

func testImplicit(t *testing.T, cert tls.Certificate, pool *x509.CertPool, e Envelope) {
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &visit{h: &harbour{mails: map[string][]string{}}, conn: c}, nil
	}))
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(l)
	defer s.Close()
	config, err := ParseURL("smtps://me:open%20sesame@" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	config.TLSConfig = &tls.Config{RootCAs: pool}
	if _, err := carry(t, config, e); err != nil {
		t.Error("smtps:", err)
	}
}

// A scripted server says what go-smtp never would.
func TestSMTPFaults(t *testing.T) {
	const ok = "250 ok\r\n"
	e := Envelope{From: "a@x.test", To: "b@x.test", own: []byte("Subject: x\r\n\r\nhalf a letter is no letter\r\n")}
	for name, c := range map[string]struct {
		replies   []string // to MAIL, RCPT, DATA, dot; "" closes, "-" is silence
		want      string
		uncertain bool
	}{
		"closed at mail":    {[]string{""}, "connection broke at mail", false},
		"closed at data":    {[]string{ok, ok, ""}, "connection broke at data", false},
		"refused at data":   {[]string{ok, ok, "451 4.3.0 no disk\r\n"}, "refused at data: 451 4.3.0 no disk", false},
		"closed at dot":     {[]string{ok, ok, "354 go\r\n", ""}, "no answer", true},
		"garbage at dot":    {[]string{ok, ok, "354 go\r\n", "hello\r\n"}, "no answer", true},
		"silence at dot":    {[]string{ok, ok, "354 go\r\n", "-"}, "no answer", true},
		"silence at rcpt":   {[]string{ok, "-"}, "connection broke at rcpt", false},
		"251 at dot":        {[]string{ok, ok, "354 go\r\n", "251 will forward\r\n"}, "", false},
		"many lines at dot": {[]string{ok, ok, "354 go\r\n", "554-5.7.1 you\r\n554 5.7.1 are bad\r\n"}, "refused at dot: 554 5.7.1 you are bad", false},
	} {
		t.Run(name, func(t *testing.T) {
			addr, heard := script(t, c.replies)
			config, _ := ParseURL("smtp://" + addr + "?tls=none")
			config.Timeout = 300 * time.Millisecond
			_, err := carry(t, config, e)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v", err)
			}
			if errors.Is(err, ErrUncertain) != c.uncertain {
				t.Errorf("uncertain is %v", !c.uncertain)
			}
			if all := <-heard; !c.uncertain && err != nil && strings.Contains(all, "half a letter") && len(c.replies) < 4 {
				t.Errorf("the server heard of the letter: %q", all)
			}
		})
	}
}

// When ctx ends, so does the wait, and a letter that has been written is uncertain.
func TestSMTPCancelled(t *testing.T) {
	addr, _ := script(t, []string{"250 ok\r\n", "250 ok\r\n", "354 go\r\n", "-"})
	config, _ := ParseURL("smtp://" + addr + "?tls=none")
	s, err := config.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = announceAndCarry(ctx, s, Envelope{To: "b@x.test", own: []byte("x\r\n")})
	if !errors.Is(err, ErrUncertain) {
		t.Error(err)
	}
	if _, err := announceAndCarry(t.Context(), s, Envelope{}); err == nil || isClean(err) {
		t.Errorf("a cut connection carries on: %v", err)
	}
}

// A letter that broke off in its middle must never be ended by a later command.
func TestSMTPNeverEndsHalfALetter(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	heard := make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		r := bufio.NewReader(c)
		c.Write([]byte("220 x\r\n"))
		for range 4 {
			r.ReadString('\n')
			c.Write([]byte("250 ok\r\n"))
			if l, _ := r.Peek(4); string(l) == "DATA" {
				r.ReadString('\n')
				c.Write([]byte("354 go\r\n"))
				break
			}
		}
		time.Sleep(time.Second) // reads nothing, so the writer's deadline passes in mid-letter
		var all strings.Builder
		r.WriteTo(&all)
		heard <- all.String()
	}()
	config, _ := ParseURL("smtp://" + l.Addr().String() + "?tls=none")
	config.Timeout = 200 * time.Millisecond
	_, err = carry(t, config, Envelope{From: "a@x.test", To: "b@x.test", own: []byte(strings.Repeat("a line of the letter\r\n", 1<<20))})
	var f *Fault
	if !errors.As(err, &f) || f.At != "data" {
		t.Errorf("error %v", err)
	}
	if all := <-heard; strings.HasSuffix(all, "\r\n.\r\n") || strings.Contains(all, "QUIT") {
		t.Errorf("half a letter was ended: …%q", all[max(0, len(all)-40):])
	}
}

// script serves one connection with these replies and tells all that it heard.
func script(t *testing.T, replies []string) (addr string, heard <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	all := make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		var b strings.Builder
		defer func() { all <- b.String() }()
		r := bufio.NewReader(c)
		c.Write([]byte("220 x\r\n"))
		for _, reply := range append([]string{"250 x\r\n"}, replies...) {
			line, _ := r.ReadString('\n')
			for strings.HasPrefix(line, "Subject") || line == "x\r\n" || strings.HasSuffix(b.String(), "DATA\r\n") && line != ".\r\n" {
				b.WriteString(line)
				for line != ".\r\n" && line != "" {
					line, _ = r.ReadString('\n')
				}
			}
			b.WriteString(line)
			if reply == "" {
				return
			}
			if reply != "-" {
				c.Write([]byte(reply))
			}
		}
		for {
			line, err := r.ReadString('\n')
			b.WriteString(line)
			if err != nil {
				return
			}
			c.Write([]byte("250 ok\r\n"))
		}
	}()
	return l.Addr().String(), all
}

// certificate makes one for 127.0.0.1 and the pool that trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

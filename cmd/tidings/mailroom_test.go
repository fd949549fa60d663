package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"tidings/subscribers"
)

// mailIn opens a house that takes mail as these settings say, until the test ends.
func mailIn(tb testing.TB, settings string) *house {
	tb.Helper()
	dir := tb.TempDir()
	const rest = "[store]\nurl = \"sqlite:tidings.db\"\n[[digest]]\nname = \"daily\"\nfrom = \"Daily <daily@example.org>\"\n"
	config, err := parseConfig([]byte(settings+rest), "x", dir, nil)
	if err != nil {
		tb.Fatal(err)
	}
	p := &program{err: io.Discard, now: time.Now}
	h, err := p.openWith(tb.Context(), config)
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	parts, err := daemon{h, roles{mail: true}}.parts(ctx)
	if err != nil {
		tb.Fatal(err)
	}
	done := make(chan error, len(parts.run))
	for _, run := range parts.run {
		go func() { done <- run(ctx) }()
	}
	tb.Cleanup(func() {
		cancel()
		for range parts.run {
			if err := <-done; err != nil {
				tb.Error(err)
			}
		}
		_ = h.Close()
	})
	return h
}

// A socket in the file system: one that a crash left behind is no obstacle, one that is in use is.
func TestMailSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lmtp")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	_ = left.Close()
	h := mailIn(t, fmt.Sprintf("[mail]\nlisten = %q\n", "lmtp:"+path))
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	c := smtp.NewClientLMTP(conn)
	defer c.Close()
	if err := c.SendMail("ada@example.net", []string{"daily+subscribe@example.org"}, strings.NewReader("From: ada@example.net\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if p, err := (subscribers.Operator{List: h.list}).Record(t.Context(), "ada@example.net"); err != nil || p.Wish.Made.IsZero() {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := listenFor(t.Context(), "unix", path); err == nil || !strings.Contains(err.Error(), "another program listens there") {
		t.Errorf("a second one: %v", err)
	}
}

// handIn gives the daemon a mail by LMTP and returns what it is told.
func handIn(t *testing.T, path, from, to, mail string) error {
	t.Helper()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	c := smtp.NewClientLMTP(conn)
	defer c.Close()
	return c.SendMail(from, []string{to}, strings.NewReader(strings.ReplaceAll(mail, "\n", "\r\n")))
}

// What comes back to a letter's own address says which letter it was: a request to confirm that nobody takes ends the
// wish. The same report by another way, or a forged token, does nothing more.
func TestReportsAreActedOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lmtp")
	h := mailIn(t, fmt.Sprintf("[mail]\nlisten = %q\n", "lmtp:"+path))
	if err := h.list.Join(t.Context(), subscribers.Request{Email: "ada@example.net", Proof: subscribers.Proof{How: "page"}}); err != nil {
		t.Fatal(err)
	}
	owed, err := h.store.Claim(t.Context(), 9, time.Now(), time.Now().Add(time.Minute))
	if err != nil || len(owed) != 1 {
		t.Fatalf("%+v, %v", owed, err)
	}
	letter, err := newLetters(h).notice(t.Context(), owed[0])
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(letter.EnvelopeFrom, "daily+b-") || !strings.HasPrefix(letter.Headers["Reply-To"], "daily+c-") {
		t.Errorf("return path %q, answers to %q", letter.EnvelopeFrom, letter.Headers["Reply-To"])
	}
	const report = "From: mailer-daemon@example.net\nTo: you\nMessage-ID: <report@example.net>\nAuto-Submitted: auto-replied\n" +
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nNo.\n--b\nContent-Type: message/delivery-status\n\n" +
		"Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; ada@example.net\nAction: failed\nStatus: 5.1.1\n\n--b--\n"
	forged := "daily+b-" + strings.Repeat("a", subscribers.TokenLength) + "@example.org"
	if err := handIn(t, path, "", forged, report); err == nil || !strings.Contains(err.Error(), "not valid") {
		t.Errorf("a forged token: %v", err)
	}
	for range 2 {
		if err := handIn(t, path, "", letter.EnvelopeFrom, report); err != nil {
			t.Fatal(err)
		}
	}
	if p, err := (subscribers.Operator{List: h.list}).Record(t.Context(), "ada@example.net"); err == nil && !p.Wish.Made.IsZero() {
		t.Errorf("the wish still waits: %+v", p)
	}
}

// By mail a reader says what he wants: the digest of the address that he writes to, his language, a topic. Of an order
// that is not vouched for nothing changes; he is mailed how he can do it himself.
func TestOrdersByMail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lmtp")
	h := mailIn(t, fmt.Sprintf("[mail]\nlisten = %q\n", "lmtp:"+path))
	write := func(to, subject string) {
		t.Helper()
		mail := fmt.Sprintf("From: ada@example.net\nTo: %s\nSubject: %s\nMessage-ID: <%s.%s@example.net>\n\n", to, subject, to[:8], strings.ReplaceAll(subject, " ", "."))
		if err := handIn(t, path, "ada@example.net", to, mail); err != nil {
			t.Fatal(err)
		}
	}
	notices := func() (kinds []string, token string) {
		t.Helper()
		owed, err := h.store.Claim(t.Context(), 9, time.Now(), time.Now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range owed {
			kinds, token = append(kinds, d.Notice), d.Token
		}
		return kinds, token
	}
	write("daily+subscribe-chips@example.org", "")
	kinds, token := notices()
	if fmt.Sprint(kinds) != "[confirm]" {
		t.Fatalf("after subscribing: %v", kinds)
	}
	write("daily+c-"+token+"@example.org", "Re: confirm")
	if kinds, _ := notices(); fmt.Sprint(kinds) != "[welcome]" {
		t.Errorf("after confirming: %v", kinds)
	}
	write("daily@example.org", "pause 10")
	if kinds, _ := notices(); fmt.Sprint(kinds) != "[link]" {
		t.Errorf("after a wish to pause that nobody vouches for: %v", kinds)
	}
	s, err := h.store.Find(t.Context(), "ada@example.net")
	if err != nil || s.State != subscribers.Active || fmt.Sprint(s.Topics) != "[chips]" || s.ConsentHow != "mail" {
		t.Errorf("%+v, %v", s, err)
	}
	write("daily+u-"+h.list.LeaveToken(s.ID)+"@example.org", "unsubscribe")
	if kinds, _ := notices(); fmt.Sprint(kinds) != "[goodbye]" {
		t.Errorf("after leaving: %v", kinds)
	}
}

// A machine that does not say that it is one, and writes back to whatever it gets, is answered once; one that says so,
// never. Wishes of one address are asked about once.
func TestLoopsEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lmtp")
	h := mailIn(t, fmt.Sprintf("[mail]\nlisten = %q\n", "lmtp:"+path))
	for name, c := range map[string]struct {
		to, header string
		answers    int
	}{
		"help":      {"daily+help@example.org", "", 1},
		"subscribe": {"daily+subscribe@example.org", "", 1},
		"vacation":  {"daily+help@example.org", "Auto-Submitted: auto-replied\n", 0},
		"robot":     {"daily+subscribe@example.org", "Precedence: bulk\n", 0},
		"list":      {"daily+subscribe@example.org", "List-Id: <robots.example.net>\n", 0},
	} {
		for i := range 100 {
			mail := fmt.Sprintf("From: %s@example.net\nTo: %s\nMessage-ID: <%s.%d@example.net>\n%s\n", name, c.to, name, i, c.header)
			if err := handIn(t, path, name+"@example.net", c.to, mail); err != nil {
				t.Fatal(err)
			}
		}
		owed, err := h.store.Claim(t.Context(), 999, time.Now(), time.Now().Add(time.Hour))
		if err != nil || len(owed) != c.answers {
			t.Errorf("%s: %d answers to a hundred mails, not %d: %v", name, len(owed), c.answers, err)
		}
	}
}

// The token comes from a command or a file, anew each time; what goes wrong is told without what the command said.
func TestToken(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	for _, want := range []string{"one", "two"} {
		if err := os.WriteFile(file, []byte(want+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, c := range []IMAPConfig{{TokenFile: file}, {TokenCommand: []string{"cat", file}}} {
			if got, err := c.token(t.Context()); got != want || err != nil {
				t.Errorf("%+v: %q, %v", c, got, err)
			}
		}
	}
	for want, c := range map[string]IMAPConfig{
		"cannot be read: no such file":                     {TokenFile: file + "x"},
		"token_command cannot be run":                      {TokenCommand: []string{file + "x"}},
		"token_command sh failed: exit status 3":           {TokenCommand: []string{"sh", "-c", "echo hunter2; exit 3"}},
		"token_command sh printed nothing; run it by hand": {TokenCommand: []string{"sh", "-c", "true"}},
	} {
		if got, err := c.token(t.Context()); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%+v: %q, %v; want %s", c, got, err, want)
		}
	}
}

// Wishes to subscribe through LMTP, each of another reader, into the store: how many a second, and how much memory
// they leave in use.
func BenchmarkIncoming(b *testing.B) {
	address := freeAddress(b)
	mailIn(b, fmt.Sprintf("[mail]\nlisten = \"lmtp://%s\"\n", address))
	var n atomic.Int64
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			b.Error(err)
			return
		}
		c := smtp.NewClientLMTP(conn)
		defer c.Close()
		for pb.Next() {
			from := fmt.Sprintf("reader-%d@example.net", n.Add(1))
			mail := "From: " + from + "\r\nTo: daily+subscribe@example.org\r\nSubject: subscribe\r\nMessage-ID: <" + from + ">\r\n\r\nsubscribe\r\n"
			if err := c.SendMail(from, []string{"daily+subscribe@example.org"}, bytes.NewReader([]byte(mail))); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.StopTimer()
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
	b.ReportMetric(float64(after.HeapAlloc)/1024-float64(before.HeapAlloc)/1024, "KB-more-heap")
}

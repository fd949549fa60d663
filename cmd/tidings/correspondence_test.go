package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// byMail is a reader and the daemon that he writes to, with the real Postfix and Dovecot between them.
type byMail struct {
	t              *testing.T
	home           string
	smtp           string // where Postfix is
	imap, password string // where Dovecot is, and what opens every mailbox
	pages          string // where the daemon shows its pages
	digest, reader string // addresses
}

// An article that is mostly about chips, and one about the law.
const (
	kestrel = "Kestrel shows a chip for data centres\n\nKestrel has shown an accelerator chip for data centres that computes language models with half the energy of a GPU.\n"
	hamburg = "A court in Hamburg rules on copyright\n\nThe judges ruled that the copyright law lets nobody train language models on books without a licence.\n"
)

// newByMail makes the home of a daemon whose mail comes in by "imap" or "lmtp", at addresses that no earlier run has
// written to, with these settings at the end of its configuration. Of all tests at one time one may use LMTP.
func newByMail(t *testing.T, way, reader string, settings ...string) byMail {
	t.Helper()
	stamp := time.Now().UnixNano()
	w := byMail{
		t: t, home: t.TempDir(), smtp: peer(t, "PEER_SMTP"), imap: peer(t, "PEER_IMAP"), password: peer(t, "PEER_IMAP_PASSWORD"),
		digest: fmt.Sprintf("daily-%d@tidings.test", stamp), reader: fmt.Sprintf("%s-%d@readers.test", reader, stamp),
	}
	intake := fmt.Sprintf("[mail.imap]\nurl = \"imap://%s@%s?tls=none\"\npassword = %q", url.QueryEscape(w.digest), w.imap, w.password)
	if way == "lmtp" {
		address := strings.Fields(peer(t, "PEER_LMTP"))[2]
		_, port, _ := net.SplitHostPort(address)
		w.digest = fmt.Sprintf("daily-%d@lmtp-%s.test", stamp, port)
		intake = fmt.Sprintf("[mail]\nlisten = \"lmtp://%s\"", address)
	}
	listen := freeAddress(t)
	w.pages = "http://" + listen
	if err := os.Mkdir(filepath.Join(w.home, "news"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(w.home, "config.toml"), fmt.Sprintf("[smtp]\nurl = %q\n[web]\nlisten = %q\nurl = %q\n[[source]]\nurl = \"file:news\"\non_topic = true\n"+
		"[[digest]]\nname = \"daily\"\ntitle = \"AI Daily\"\nfrom = \"AI Daily <%s>\"\ncatch_up = \"skip\"\n%s\n%s\n",
		w.smtp, listen, w.pages, w.digest, intake, strings.ReplaceAll(strings.Join(settings, "\n"), "DIGEST", w.digest)))
	return w
}

// tidings runs a command of the program to its end, and returns what it prints.
func (w byMail) tidings(args ...string) string {
	w.t.Helper()
	c := exec.CommandContext(w.t.Context(), "tidings", args...)
	var said bytes.Buffer
	c.Dir, c.Stderr = w.home, &said
	out, err := c.Output()
	if err != nil {
		w.t.Fatalf("tidings %s: %v\n%s%s", strings.Join(args, " "), err, out, said.String())
	}
	return string(out)
}

// serve runs the daemon until the test ends. It returns when the daemon takes mail: Postfix would wait a second or two
// before it comes a second time.
func (w byMail) serve() {
	w.t.Helper()
	log, err := os.Create(filepath.Join(w.home, "log"))
	if err != nil {
		w.t.Fatal(err)
	}
	c := exec.CommandContext(context.WithoutCancel(w.t.Context()), "tidings", "serve")
	c.Dir, c.Stderr = w.home, log
	if err := c.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		if err := c.Wait(); err != nil {
			w.t.Errorf("serve: %v\n%s", err, w.log())
		}
		_ = log.Close()
	})
	w.awaitLog("serving")
}

// writes sends an empty mail to the digest, for this purpose.
func (w byMail) writes(purpose, header string) {
	w.t.Helper()
	name, domain, _ := strings.Cut(w.digest, "@")
	to := name + "+" + purpose + "@" + domain
	w.hand(w.reader, to, fmt.Sprintf("From: %s\r\nTo: %s\r\nMessage-ID: <%d@readers.test>\r\n%s\r\n", w.reader, to, time.Now().UnixNano(), header))
}

// hand gives a mail to the mail server.
func (w byMail) hand(from, to, raw string) {
	w.t.Helper()
	server, err := url.Parse(w.smtp)
	if err != nil {
		w.t.Fatal(err)
	}
	c, err := smtp.Dial(server.Host)
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	if err := c.SendMail(from, []string{to}, strings.NewReader(raw)); err != nil {
		w.t.Fatal(err)
	}
}

// prints makes an edition of these articles and mails it.
func (w byMail) prints(articles ...string) {
	w.t.Helper()
	for _, article := range articles {
		write(w.t, filepath.Join(w.home, "news", fmt.Sprintf("%d.txt", time.Now().UnixNano())), article)
	}
	w.tidings("run")
}

// fails reports, long after the letter was taken, that the reader has no mailbox any more (RFC 3464).
func (w byMail) fails(token string) {
	w.t.Helper()
	name, domain, _ := strings.Cut(w.digest, "@")
	to := name + "+b-" + token + "@" + domain
	raw := fmt.Sprintf("From: mailer-daemon@readers.test\r\nTo: %s\r\nMessage-ID: <%d@mx.readers.test>\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nThe mailbox is gone.\r\n--b\r\n"+
		"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.readers.test\r\n\r\nFinal-Recipient: rfc822; %s\r\n"+
		"Action: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n", to, time.Now().UnixNano(), w.reader)
	w.hand("", to, raw)
}

// token waits for a mail with a link of this kind, or that would come back to such an address, and returns the token.
func (w byMail) token(kind string) string {
	w.t.Helper()
	return w.tokens(kind, 1)[0]
}

// tokens waits for so many such mails.
func (w byMail) tokens(kind string, n int) (tokens []string) {
	w.t.Helper()
	link := regexp.MustCompile("(?:/" + kind + "/|Return-Path: <[^>]*[+]" + kind + "-)([a-z2-7]{16,52})")
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		tokens = nil
		for _, raw := range inbox(w.t, w.imap, w.reader, w.password) {
			if found := link.FindSubmatch(bytes.ReplaceAll(raw, []byte("=\r\n"), nil)); found != nil {
				tokens = append(tokens, string(found[1]))
			}
		}
		if len(tokens) >= n {
			return tokens
		}
	}
	w.t.Fatalf("%d mails with a link /%s/ came, not %d; the daemon says:\n%s", len(tokens), kind, n, w.log())
	return nil
}

func (w byMail) log() string {
	b, err := os.ReadFile(filepath.Join(w.home, "log"))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}

// awaitLog waits until the daemon has said this.
func (w byMail) awaitLog(words string) {
	w.t.Helper()
	w.awaitSaid(words, 1)
}

// awaitSaid waits until the daemon has said this so often.
func (w byMail) awaitSaid(words string, times int) {
	w.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); strings.Count(w.log(), words) < times; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("the log does not tell %s %d times:\n%s", words, times, w.log())
		}
	}
}

// isReady asks the program whether mail gets in.
func (w byMail) isReady(words string) {
	w.t.Helper()
	if said := w.tidings("check"); !strings.Contains(said, words) {
		w.t.Errorf("check does not say %q:\n%s", words, said)
	}
}

// known is what the program knows of the reader.
func (w byMail) known() (r record) {
	w.t.Helper()
	if err := json.Unmarshal([]byte(w.tidings("subscribers", "show", "--json", w.reader)), &r); err != nil {
		w.t.Fatal(err)
	}
	return r
}

// isListed checks in which state the reader is.
func (w byMail) isListed(state string) {
	w.t.Helper()
	if got := w.known().State; got != state {
		w.t.Errorf("the reader is %s, not %s", got, state)
	}
}

package main

import (
	"bytes"
	"context"
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

// TestByMail follows a reader who never opens a page, through real peers: he subscribes, confirms and leaves by
// mail to Postfix, which reaches the daemon through a mailbox of Dovecot's, and then again by LMTP. A vacation
// reply to the request to confirm does not confirm. He gets an edition, whose letter comes back days later, which
// suspends him; and leaves by its token.
func TestByMail(t *testing.T) {
	smtpURL, imapAt, password := peer(t, "PEER_SMTP"), peer(t, "PEER_IMAP"), peer(t, "PEER_IMAP_PASSWORD")
	lmtp := strings.Fields(peer(t, "PEER_LMTP"))[2]
	_, port, _ := net.SplitHostPort(lmtp)
	stamp := time.Now().UnixNano()
	program := filepath.Join(t.TempDir(), "tidings")
	build(t, program, ".")
	box := fmt.Sprintf("daily-%d@tidings.test", stamp)
	for name, c := range map[string]struct{ address, way string }{
		"imap": {box, fmt.Sprintf("[mail.imap]\nurl = \"imap://%s@%s?tls=none\"\npassword = %q", url.QueryEscape(box), imapAt, password)},
		"lmtp": {fmt.Sprintf("daily@lmtp-%s.test", port), fmt.Sprintf("[mail]\nlisten = \"lmtp://%s\"", lmtp)},
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			w := byMail{t: t, home: home, program: program, smtp: smtpURL, imap: imapAt, password: password,
				digest: c.address, reader: fmt.Sprintf("%s-%d@readers.test", name, stamp)}
			write(t, filepath.Join(home, "config.toml"), fmt.Sprintf("%s\n[smtp]\nurl = %q\n[web]\nlisten = %q\n[[source]]\nurl = \"file:news.txt\"\non_topic = true\n[[digest]]\nname = \"daily\"\nfrom = \"AI Daily <%s>\"\ncatch_up = \"skip\"\n",
				c.way, smtpURL, freeAddress(t), c.address))
			w.isReady(map[string]string{"imap": "let in to the mailbox; 0 mails in INBOX", "lmtp": "the daemon takes it at lmtp://"}[name])
			w.serve()
			w.writes("subscribe", "")
			token := w.token("c")
			w.writes("c-"+token, "Auto-Submitted: auto-replied\r\n")
			w.awaitLog("act=auto-reply")
			w.isListed("pending")
			w.writes("c-"+token, "")
			leave := w.token("u")
			w.isListed("active")
			w.prints()
			w.fails(w.token("b"))
			w.awaitLog("act=bounce")
			w.isListed("suspended")
			w.writes("u-"+leave, "")
			w.awaitLog("act=unsubscribe")
			w.isListed("left")
			if log := w.log(); strings.Contains(log, w.reader) || strings.Contains(log, token) || strings.Contains(log, leave) {
				t.Errorf("the log names the reader or his tokens:\n%s", log)
			}
		})
	}
}

// byMail is a reader and the daemon that he writes to.
type byMail struct {
	t                    *testing.T
	home, program        string
	smtp, imap, password string
	digest, reader       string
}

// serve runs the daemon until the test ends.
func (w byMail) serve() {
	w.t.Helper()
	log, err := os.Create(filepath.Join(w.home, "log"))
	if err != nil {
		w.t.Fatal(err)
	}
	c := exec.CommandContext(context.WithoutCancel(w.t.Context()), w.program, "serve")
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

// prints makes an edition of one article and mails it.
func (w byMail) prints() {
	w.t.Helper()
	write(w.t, filepath.Join(w.home, "news.txt"), "OpenAI buys the chip designer Kestrel\n\nOpenAI has bought Kestrel, which designs chips for language models, for two billion dollars.\n")
	c := exec.CommandContext(w.t.Context(), w.program, "run")
	c.Dir = w.home
	if out, err := c.CombinedOutput(); err != nil {
		w.t.Fatalf("run: %v\n%s", err, out)
	}
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
	link := regexp.MustCompile("(?:/" + kind + "/|Return-Path: <[^>]*[+]" + kind + "-)([a-z2-7]{16,52})")
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		for _, raw := range inbox(w.t, w.imap, w.reader, w.password) {
			if found := link.FindSubmatch(bytes.ReplaceAll(raw, []byte("=\r\n"), nil)); found != nil {
				return string(found[1])
			}
		}
	}
	w.t.Fatalf("no mail with a link /%s/ came; the daemon says:\n%s", kind, w.log())
	return ""
}

func (w byMail) log() string {
	b, err := os.ReadFile(filepath.Join(w.home, "log"))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}

func (w byMail) awaitLog(words string) {
	w.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(w.log(), words); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("the log does not tell %s:\n%s", words, w.log())
		}
	}
}

// isReady asks the program whether mail gets in.
func (w byMail) isReady(words string) {
	w.t.Helper()
	c := exec.CommandContext(w.t.Context(), w.program, "check")
	c.Dir = w.home
	if out, err := c.Output(); err != nil || !strings.Contains(string(out), words) {
		w.t.Errorf("check does not say %q: %v\n%s", words, err, out)
	}
}

// isListed checks in which state the reader is.
func (w byMail) isListed(state string) {
	w.t.Helper()
	c := exec.CommandContext(w.t.Context(), w.program, "subscribers", "list", "--state", state)
	c.Dir = w.home
	if out, err := c.Output(); err != nil || !strings.Contains(string(out), w.reader) {
		w.t.Errorf("the reader is not %s: %v\n%s", state, err, out)
	}
}

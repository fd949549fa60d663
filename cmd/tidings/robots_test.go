package main

import (
	"bytes"
	"fmt"
	"net/mail"
	"strings"
	"testing"
	"time"
)

// TestTwoDaemons sets two daemons at each other: each list has the other's address on it, and somebody writes to
// each in the other's name. Neither answers a letter of the other, nor what bears its name.
func TestTwoDaemons(t *testing.T) {
	a, b := newByMail(t, "imap", "a"), newByMail(t, "lmtp", "b")
	a.reader, b.reader = b.digest, a.digest // each is on the other's list
	a.serve()
	b.serve()
	for _, w := range []byMail{a, b} {
		w.tidings("subscribers", "add", w.reader)
		w.prints(kestrel)
	}
	for _, w := range []byMail{a, b} {
		w.awaitLog("act=ignore") // the other's letter
	}
	a.writes("help", "") // and a answers b, who is silent
	b.writes("subscribe", "")
	for _, w := range []byMail{a, b} {
		w.awaitLog("act=auto-reply")
		w.settles()
		if got := strings.Count(w.log(), "mail came in"); got != 3 {
			t.Errorf("%d mails came in, want a letter, a forged one and an answer:\n%s", got, w.log())
		}
	}
}

// TestParrot lets a machine that does not say that it is one, and for which its mail server vouches, answer every mail
// with an order. It gets the ten answers of a day, and then silence.
func TestParrot(t *testing.T) {
	w := newByMail(t, "lmtp", "vouched-parrot", trusting)
	w.serve()
	w.writes("subscribe", "")
	heard := 0
	for deadline := time.Now().Add(60 * time.Second); heard < 10; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the parrot heard %d mails; the daemon says:\n%s", heard, w.log())
		}
		for _, raw := range inbox(t, w.imap, w.reader, w.password)[heard:] {
			heard++
			w.parrots(raw, heard)
		}
	}
	w.awaitSaid("mail came in", 11)
	w.settles()
	if got := len(inbox(t, w.imap, w.reader, w.password)); got != 10 {
		t.Errorf("the parrot got %d mails", got)
	}
	w.isListed("active")
}

// parrots answers a mail as a simple robot does: to where answers go, under its subject, above what it quotes.
func (w byMail) parrots(raw []byte, n int) {
	w.t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		w.t.Fatal(err)
	}
	from := m.Header.Get("Reply-To")
	if from == "" {
		from = m.Header.Get("From")
	}
	to, err := mail.ParseAddress(from)
	if err != nil {
		w.t.Fatal(err)
	}
	w.hand(w.reader, to.Address, fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: Re: %s\r\nMessage-ID: <%d.%s>\r\n\r\nstatus\r\n\r\n> %s\r\n",
		w.reader, to.Address, m.Header.Get("Subject"), n, w.reader, m.Header.Get("Subject")))
}

// settles waits until the daemon has said nothing for two seconds.
func (w byMail) settles() {
	w.t.Helper()
	for said := -1; said != len(w.log()); time.Sleep(2 * time.Second) {
		said = len(w.log())
	}
}

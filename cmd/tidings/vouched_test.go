package main

import (
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"
)

// TestOrdersFromVouched follows a reader of whom the mail server says that it is he who writes: what he orders by mail
// is done, and told to him; the next editions obey.
func TestOrdersFromVouched(t *testing.T) {
	w := newByMail(t, "lmtp", "vouched", trusting, weekly)
	w.serve()
	w.tidings("subscribers", "add", w.reader)
	for i, c := range []struct{ order, known string }{
		{"topics chips", "[] [chips] html"},
		{"digests weekly", "[weekly] [chips] html"},
		{"lingua it", "[weekly] [chips] it html"},
		{"solo testo", "[weekly] [chips] it text"},
	} {
		w.orders(c.order, "")
		w.awaitSaid("act=preferences", i+1)
		r := w.known()
		if got := strings.Join(strings.Fields(fmt.Sprint(r.Digests, r.Topics, " ", r.Lang, " ", r.Format)), " "); got != c.known {
			t.Errorf("after %q he has %q, want %q", c.order, got, c.known)
		}
	}
	answers := w.subjects("AI Daily", 4)
	if want := "Che cosa ricevi di AI Daily Weekly"; answers[3] != want || answers[0] == want {
		t.Errorf("he is answered %q; the last two should be in Italian", answers)
	}

	w.prints(kestrel, hamburg)
	letters := awaitMail(t, w.imap, w.reader, w.password, 1)
	if len(letters) != 1 {
		t.Fatalf("%d letters of one digest", len(letters))
	}
	kind, _, err := mime.ParseMediaType(letters[0].Header.Get("Content-Type"))
	if err != nil || kind != "text/plain" || !strings.Contains(letters[0].Header.Get("List-Id"), "weekly.") {
		t.Errorf("the letter is of %s, %s, %v", letters[0].Header.Get("List-Id"), kind, err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(letters[0].Body))
	if err != nil || !strings.Contains(string(body), "Kestrel") || strings.Contains(string(body), "Hamburg") {
		t.Errorf("the letter does not keep to his topics: %v\n%s", err, body)
	}
	w.orders("unsubscribe", "")
	w.awaitLog("act=unsubscribe")
	w.isListed("left")
}

// TestOrdersFromAnybody follows a reader for whom nobody vouches, and somebody who writes in his name with a word of
// the mail server that he has put in himself: nothing is done, and the reader gets his link and the question whether
// he wants to leave, once each.
func TestOrdersFromAnybody(t *testing.T) {
	w := newByMail(t, "lmtp", "ada", trusting, weekly)
	w.serve()
	w.tidings("subscribers", "add", w.reader)
	const forged = "Authentication-Results: mx.tidings.test; dmarc=pass header.from=readers.test\r\n"
	for _, order := range []string{"topics chips", "digests weekly", "lingua it", "solo testo", "pause 10"} {
		w.orders(order, forged)
	}
	w.orders("unsubscribe", "")
	w.orders("unsubscribe", forged)
	w.awaitSaid("act=preferences", 5)
	w.awaitSaid("act=unsubscribe", 2)
	if r := w.known(); r.State != "active" || len(r.Digests)+len(r.Topics) > 0 || r.Lang != "" || r.Format != "html" {
		t.Errorf("it was done: %+v", r)
	}
	w.tokens("p", 1)
	w.tokens("u", 2)
	w.prints(kestrel, hamburg)
	if got := len(awaitMail(t, w.imap, w.reader, w.password, 2)); got != 2 {
		t.Errorf("%d letters of two digests", got)
	}
	if got := len(inbox(t, w.imap, w.reader, w.password)); got != 4 {
		t.Errorf("%d mails, want a link, a question and two letters", got)
	}
}

const (
	trusting = "trusted = [\"mx.tidings.test\"]" // goes on with [mail]
	weekly   = "[[digest]]\nname = \"weekly\"\ntitle = \"AI Daily Weekly\"\nfrom = \"AI Weekly <DIGEST>\"\ncatch_up = \"skip\""
)

// orders sends a mail of one line to the digest itself.
func (w byMail) orders(order, header string) {
	w.t.Helper()
	w.hand(w.reader, w.digest, fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: my letters\r\nMessage-ID: <%d@readers.test>\r\n%s\r\n%s\r\n",
		w.reader, w.digest, time.Now().UnixNano(), header, order))
}

// subjects waits for so many mails whose subjects hold this, and returns the subjects.
func (w byMail) subjects(words string, n int) (subjects []string) {
	w.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		subjects = nil
		for _, raw := range inbox(w.t, w.imap, w.reader, w.password) {
			m, err := mail.ReadMessage(strings.NewReader(string(raw)))
			if err != nil {
				w.t.Fatal(err)
			}
			subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
			if err != nil {
				w.t.Fatal(err)
			}
			if strings.Contains(subject, words) {
				subjects = append(subjects, subject)
			}
		}
		if len(subjects) >= n {
			return subjects
		}
	}
	w.t.Fatalf("%q came, not %d with %s", subjects, n, words)
	return nil
}

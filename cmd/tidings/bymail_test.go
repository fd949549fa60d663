package main

import (
	"strings"
	"testing"
)

// TestByMail follows a reader who never opens a page, through real peers: he subscribes, confirms and leaves by
// mail to Postfix, which reaches the daemon through a mailbox of Dovecot's, and then again by LMTP. A vacation
// reply to the request to confirm does not confirm. He gets an edition, whose letter comes back days later, which
// suspends him; and leaves by its token.
func TestByMail(t *testing.T) {
	for name, ready := range map[string]string{"imap": "let in to the mailbox; 0 mails in INBOX", "lmtp": "the daemon takes it at lmtp://"} {
		t.Run(name, func(t *testing.T) {
			w := newByMail(t, name, "ada")
			w.isReady(ready)
			w.serve()
			w.writes("subscribe", "")
			token := w.token("c")
			w.writes("c-"+token, "Auto-Submitted: auto-replied\r\n")
			w.awaitLog("act=auto-reply")
			w.isListed("pending")
			w.writes("c-"+token, "")
			leave := w.token("u")
			w.isListed("active")
			w.prints(kestrel)
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

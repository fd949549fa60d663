package outbox

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-smtp"
)

// peer returns where one of the servers of .ci/peers is.
func peer(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" && os.Getenv("CI") == "true" {
		t.Fatalf("%s is not set: start the peers with .ci/peers", name)
	}
	if value == "" {
		t.Skipf("%s is not set: needs Postfix and Dovecot, see .ci/peers", name)
	}
	return value
}

// openDKIM checks a letter's signatures by another hand than ours and go-msgauth's.
type openDKIM struct{ program, conf, dir string }

// newOpenDKIM knows the published keys of the signers for letters from a domain.
func newOpenDKIM(t *testing.T, domain string, all Signers) openDKIM {
	t.Helper()
	program, err := exec.LookPath("opendkim")
	if err != nil {
		program, err = exec.LookPath("/usr/sbin/opendkim")
	}
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal("opendkim is missing: install Debian's package opendkim")
	}
	if err != nil {
		t.Skip("needs OpenDKIM (Debian's package opendkim)")
	}
	dir := t.TempDir()
	o := openDKIM{program, filepath.Join(dir, "conf"), dir}
	var published strings.Builder
	for _, s := range all {
		name, says, err := s.Record(domain)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&published, name, says)
	}
	keys := filepath.Join(dir, "keys")
	for path, says := range map[string]string{keys: published.String(), o.conf: "Mode v\nSyslog no\nTestPublicKeys " + keys + "\n"} {
		if err := os.WriteFile(path, []byte(says), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

// passes returns how many signatures it finds good, and what it says.
func (o openDKIM) passes(t *testing.T, letter []byte) (int, string) {
	t.Helper()
	path := filepath.Join(o.dir, "letter.eml")
	if err := os.WriteFile(path, letter, 0o600); err != nil {
		t.Fatal(err)
	}
	says, err := exec.CommandContext(t.Context(), o.program, "-x", o.conf, "-t", path, "-vvv").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, says)
	}
	return strings.Count(string(says), "dkim=pass"), string(says)
}

func TestOpenDKIM(t *testing.T) {
	all := Signers{signer(t, "", "rsa"), signer(t, "example.org", "ed25519")}
	o := newOpenDKIM(t, "example.org", all)
	s, err := Cut(specimen())
	if err != nil {
		t.Fatal(err)
	}
	for _, label := range labels() {
		e, err := s.Fill(label)
		if err == nil {
			e, err = all.Sign(e)
		}
		if err != nil {
			t.Fatal(err)
		}
		letter := e.AppendTo(nil)
		if n, says := o.passes(t, letter); n != len(all) {
			t.Errorf("%s: %d good signatures: %s", label.To, n, says)
		}
		if n, _ := o.passes(t, bytes.Replace(letter, []byte("AI DAILY"), []byte("AI DAILX"), 1)); n != 0 {
			t.Errorf("%s: %d good signatures of a changed letter", label.To, n)
		}
	}
}

// Signatures of both kinds are whole after the real Postfix and Dovecot have had the letter in their hands.
func TestSignaturesThroughPostfix(t *testing.T) {
	server, err := url.Parse(peer(t, "PEER_SMTP"))
	if err != nil {
		t.Fatal(err)
	}
	all := Signers{signer(t, "", "rsa"), signer(t, "example.org", "ed25519")}
	o := newOpenDKIM(t, "example.org", all)
	s, err := Cut(specimen())
	if err != nil {
		t.Fatal(err)
	}
	stamp := fmt.Sprint(time.Now().UnixNano())
	for i, to := range []string{
		"reader" + stamp + "@readers.test", "Jürgen Müller <m" + stamp + "@readers.test>", "x" + stamp + "+x=y@readers.test", "o" + stamp + "+o'neil&{}@readers.test",
		"l" + stamp + strings.Repeat("l", 63-len(stamp)) + "@readers.test", strings.Repeat("Long Name ", 20) + "<n" + stamp + "@readers.test>",
	} {
		label := labels()["reader@example.net"]
		label.Key, label.To = fmt.Sprintf("daily/%s/%d", stamp, i), to
		e, err := s.Fill(label)
		if err == nil {
			e, err = all.Sign(e)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := submit(server.Host, e); err != nil {
			t.Fatal(err)
		}
		box := e.To
		if bare, _, plus := strings.Cut(box, "+"); plus {
			box = bare + "@readers.test"
		}
		letter := arrival(t, peer(t, "PEER_IMAP"), box, peer(t, "PEER_IMAP_PASSWORD"))
		verify(t, to, letter, "example.org", all, len(all))
		if n, says := o.passes(t, letter); n != len(all) {
			t.Errorf("%s: OpenDKIM finds %d good signatures: %s", to, n, says)
		}
	}
}

// submit hands a letter to a mail server.
func submit(server string, e Envelope) error {
	c, err := smtp.Dial(server)
	if err != nil {
		return err
	}
	defer c.Close()
	return errors.Join(c.SendMail(e.From, []string{e.To}, bytes.NewReader(e.AppendTo(nil))), c.Quit())
}

// arrival waits for the only mail of a mailbox.
func arrival(t *testing.T, server, user, password string) []byte {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if letter := look(t, server, user, password); letter != nil {
			return letter
		}
	}
	t.Fatalf("no letter came to %s", user)
	return nil
}

// look returns the first mail of a mailbox, or nil.
func look(t *testing.T, server, user, password string) []byte {
	t.Helper()
	c, err := imapclient.DialInsecure(server, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Login(user, password).Wait(); err != nil {
		t.Fatal(err)
	}
	box, err := c.Select("INBOX", nil).Wait()
	if err != nil {
		t.Fatal(err)
	}
	if box.NumMessages == 0 {
		return nil
	}
	section := &imap.FetchItemBodySection{}
	got, err := c.Fetch(imap.SeqSetNum(1), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	if err != nil || len(got) != 1 {
		t.Fatalf("%d mails, %v", len(got), err)
	}
	return got[0].FindBodySection(section)
}

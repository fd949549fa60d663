package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/mail"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// TestTwoMornings follows two mornings through real peers: the true program reads recorded feeds from a web
// server, sends through Postfix into Dovecot, and the letters are read back over IMAP. One reader follows
// the leave link of his letter; the next edition is not owed to him.
func TestTwoMornings(t *testing.T) {
	smtp, imapAt, password := peer(t, "PEER_SMTP"), peer(t, "PEER_IMAP"), peer(t, "PEER_IMAP_PASSWORD")
	w := newWorld(t, smtp)
	stays, leaves := w.reader("stays"), w.reader("leaves")
	w.run("subscribers", "add", stays, leaves)

	w.day("2026-06-10")
	w.run("run", "--at", "2026-06-10T08:00")
	first := awaitMail(t, imapAt, stays, password, 1)
	checkLetter(t, first[0])
	link := leaveLink(t, awaitMail(t, imapAt, leaves, password, 1)[0])
	w.follow(link)

	w.day("2026-06-11")
	w.run("run", "--at", "2026-06-11T08:00")
	second := awaitMail(t, imapAt, stays, password, 2)
	if a, b := second[0].Header.Get("Message-Id"), second[1].Header.Get("Message-Id"); a == b {
		t.Errorf("both editions have the Message-ID %s", a)
	}
	if got := awaitMail(t, imapAt, leaves, password, 1); len(got) != 1 {
		t.Errorf("the reader who left got %d letters, want 1", len(got))
	}
	if list := w.run("editions", "list"); strings.Count(list, "sealed\tsent 1\n") != 1 || strings.Count(list, "sealed\tsent 2\n") != 1 {
		t.Errorf("the editions are not owed as they should be:\n%s", list)
	}
}

// peer returns where a real peer is, as .ci/peers tells it; without it the test is skipped, and fails where
// everything must be there.
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

// world is the program with its home and the web that it reads.
type world struct {
	t             *testing.T
	program, home string
	web, pages    string
	stamp         int64
}

func newWorld(t *testing.T, smtp string) *world {
	t.Helper()
	w := &world{t: t, home: t.TempDir(), web: freeAddress(t), pages: freeAddress(t), stamp: time.Now().UnixNano()}
	w.program = filepath.Join(w.home, "tidings")
	build(t, w.program, ".")
	w.feeds()
	config := fmt.Sprintf(`
[smtp]
url = %q
[gather]
allow_private = ["127.0.0.0/8"]
gap = "0s"
[web]
listen = %q
url = "http://%s"
`, smtp, w.pages, w.pages)
	for _, name := range []string{"feed_anthropic_news", "feed_google_ai", "feed_ollama"} {
		config += fmt.Sprintf("[[source]]\nurl = \"http://%s/now/%s.xml\"\nfull_text = \"never\"\n", w.web, name)
	}
	config += "[[digest]]\nname = \"daily\"\ntitle = \"AI Daily\"\nfrom = \"AI Daily <daily@tidings.test>\"\nschedule = \"0 7 * * *\"\nwindow = \"7d\"\n"
	if err := os.WriteFile(filepath.Join(w.home, "config.toml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return w
}

func build(t testing.TB, to string, what ...string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "go", append([]string{"build", "-o", to}, what...)...)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("go build %v: %v\n%s", what, err, out)
	}
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// feeds starts the web server of recorded feeds, which lies beside the project.
func (w *world) feeds() {
	w.t.Helper()
	shared := filepath.Join("..", "..", "..", "shared")
	if _, err := os.Stat(shared); err != nil {
		if os.Getenv("CI") == "true" {
			w.t.Fatal("../shared is not beside the project")
		}
		w.t.Skip("../shared is not beside the project: needs its recorded feeds")
	}
	server := filepath.Join(w.home, "feedserver")
	build(w.t, server, filepath.Join(shared, "tools", "feedserver", "main.go"))
	c := exec.CommandContext(w.t.Context(), server, "-addr", w.web, "-tar", filepath.Join(shared, "data", "feeds", "olshansk", "feeds.tar.gz"))
	if err := c.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	awaitAnswer(w.t, "http://"+w.web+"/stats")
}

// reader makes an address that no earlier run of the test has written to.
func (w *world) reader(name string) string { return fmt.Sprintf("%s-%d@readers.test", name, w.stamp) }

// day turns the recorded web to a day.
func (w *world) day(day string) {
	w.t.Helper()
	answer, err := http.PostForm("http://"+w.web+"/set", url.Values{"day": {day}})
	if err != nil {
		w.t.Fatal(err)
	}
	_ = answer.Body.Close()
}

// run runs one command of the program and returns what it prints.
func (w *world) run(args ...string) string {
	w.t.Helper()
	c := exec.CommandContext(w.t.Context(), w.program, args...)
	c.Dir = w.home
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.Output()
	if err != nil {
		w.t.Fatalf("tidings %s: %v\n%s", strings.Join(args, " "), err, said.String())
	}
	w.t.Logf("tidings %s: %s", strings.Join(args, " "), said.String())
	return string(out)
}

// follow opens a leave link as a reader does: the page first, which changes nothing, then its button. Then
// the daemon that served it is told to stop, and must within its time.
func (w *world) follow(link string) {
	w.t.Helper()
	c := exec.CommandContext(context.WithoutCancel(w.t.Context()), w.program, "serve")
	c.Dir = w.home
	if err := c.Start(); err != nil {
		w.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	defer func() { _ = c.Process.Kill() }()
	page := awaitAnswer(w.t, link)
	if !strings.Contains(page, "<form") || !strings.Contains(page, `method="post"`) {
		w.t.Errorf("the page behind %s has no button:\n%s", link, page)
	}
	if !strings.Contains(w.run("subscribers", "list", "--state", "active"), "leaves-") {
		w.t.Error("looking at the page has changed something")
	}
	answer, err := http.PostForm(link, url.Values{"List-Unsubscribe": {"One-Click"}})
	if err != nil {
		w.t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		w.t.Errorf("one click answered %s", answer.Status)
	}
	if !strings.Contains(w.run("subscribers", "list", "--state", "left"), "leaves-") {
		w.t.Error("the reader has not left")
	}
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		w.t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err != nil {
			w.t.Errorf("serve: %v", err)
		}
	case <-time.After(30 * time.Second):
		w.t.Error("serve did not stop within 30 s")
	}
}

func awaitAnswer(t testing.TB, address string) string {
	t.Helper()
	for range 200 {
		answer, err := http.Get(address)
		if err == nil {
			defer answer.Body.Close()
			b, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
			if err != nil || answer.StatusCode != http.StatusOK {
				t.Fatalf("%s: %s %v\n%s", address, answer.Status, err, b)
			}
			return string(b)
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s does not answer", address)
	return ""
}

// awaitMail reads a mailbox over IMAP until it holds at least n letters, and returns all of them in order.
// Notices do not count.
func awaitMail(t *testing.T, addr, user, password string, n int) []*mail.Message {
	t.Helper()
	var letters []*mail.Message
	for range 100 {
		letters = nil
		for _, raw := range inbox(t, addr, user, password) {
			m, err := mail.ReadMessage(bytes.NewReader(raw))
			if err != nil {
				t.Fatalf("a letter cannot be read: %v\n%s", err, raw)
			}
			if m.Header.Get("List-Id") != "" {
				letters = append(letters, m)
			}
		}
		if len(letters) >= n {
			return letters
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%s has %d letters, want %d", user, len(letters), n)
	return nil
}

// inbox returns what lies in a person's inbox.
func inbox(t *testing.T, addr, user, password string) [][]byte {
	t.Helper()
	c, err := imapclient.DialInsecure(addr, nil)
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
	all := imap.SeqSet{}
	all.AddRange(1, box.NumMessages)
	section := &imap.FetchItemBodySection{}
	got, err := c.Fetch(all, &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	var raw [][]byte
	for _, m := range got {
		raw = append(raw, m.FindBodySection(section))
	}
	return raw
}

// checkLetter looks at what a mail program would: the headers for leaving, both twins, and the size.
func checkLetter(t *testing.T, m *mail.Message) {
	t.Helper()
	for name, want := range map[string]string{
		"List-Unsubscribe-Post": "^List-Unsubscribe=One-Click$",
		"List-Unsubscribe":      `^<http://.*/u/[a-z2-7]{32}>$`,
		"List-Id":               `<daily\.tidings\.test>$`,
		"Message-Id":            `^<daily\.2026-06-10T0700\.[0-9]+@tidings\.test>$`,
		"From":                  `<daily@tidings\.test>`,
	} {
		if got := m.Header.Get(name); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("%s is %q, want %s", name, got, want)
		}
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("the letter is %s (%v), want multipart/alternative", kind, err)
	}
	twins := multipart.NewReader(m.Body, params["boundary"])
	for _, want := range []string{"text/plain", "text/html"} {
		part, err := twins.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(part.Header.Get("Content-Type"), want) || !bytes.Contains(body, []byte("AI Daily")) || len(body) > 80<<10 {
			t.Errorf("the part %s (%d bytes) is not what it should be", part.Header.Get("Content-Type"), len(body))
		}
	}
}

func leaveLink(t *testing.T, m *mail.Message) string {
	t.Helper()
	return strings.Trim(m.Header.Get("List-Unsubscribe"), "<>")
}

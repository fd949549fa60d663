package mailin

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// dovecot returns an empty mailbox of the real server.
func dovecot(t *testing.T) Account {
	t.Helper()
	address := peer(t, "PEER_IMAP")
	a := accountAt(t, address, fmt.Sprintf("intake-%d@tidings.test", time.Now().UnixNano()))
	a.Password = peer(t, "PEER_IMAP_PASSWORD")
	return a
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

// appendTo puts a mail into a folder of a real server.
func appendTo(t *testing.T, c *imapclient.Client, folder, subject string) {
	t.Helper()
	raw := "From: ada@example.org\r\nSubject: " + subject + "\r\n\r\nsubscribe\r\n"
	w := c.Append(folder, int64(len(raw)), nil)
	if _, err := io.WriteString(w, raw); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Wait(); err != nil {
		t.Fatal(err)
	}
}

// runs reads the mailbox in the background until the test ends.
func (r *reading) runs(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { r.Run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
}

func (r *reading) await(t *testing.T, n int) {
	t.Helper()
	limit := time.After(60 * time.Second)
	for range n {
		select {
		case <-r.came:
		case <-limit:
			t.Fatalf("waited in vain; handled so far: %d", len(r.subjects()))
		}
	}
}

// awaitCount waits until a folder of a real server holds so many mails.
func awaitCount(t *testing.T, c *imapclient.Client, folder string, want uint32) {
	t.Helper()
	var got uint32
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		s, err := c.Status(folder, &imap.StatusOptions{NumMessages: true}).Wait()
		if err != nil {
			continue // it is about to be made
		}
		if got = *s.NumMessages; got == want {
			return
		}
	}
	t.Fatalf("%s holds %d mails, want %d", folder, got, want)
}

// A real server: what comes while we idle is taken at once; a thousand mails; a folder that is made anew under our
// hands; and at the end everything lies in the other folder, nothing is deleted.
func TestDovecot(t *testing.T) {
	account := dovecot(t)
	r := newReading(account)
	r.Poll = time.Hour // so that only IDLE can be quick
	c := dialIMAP(t, account)
	appendTo(t, c, "INBOX", "before")
	r.runs(t)
	r.await(t, 1)
	awaitCount(t, c, "Tidings", 1)
	appendTo(t, c, "INBOX", "while idle")
	r.await(t, 1)
	for i := range 1000 {
		appendTo(t, c, "INBOX", fmt.Sprint(i))
	}
	r.await(t, 1000)
	awaitCount(t, c, "Tidings", 1002)
	awaitCount(t, c, "INBOX", 0)
	got := r.subjects()
	slices.Sort(got)
	if len(got) != 1002 || len(slices.Compact(got)) != 1002 {
		t.Errorf("handled %d", len(got))
	}
}

func TestDovecotNewValidity(t *testing.T) {
	account := dovecot(t)
	c := dialIMAP(t, account)
	if err := c.Create("In", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	r := newReading(account)
	r.Folder, r.Poll = "In", 200*time.Millisecond
	appendTo(t, c, "In", "one")
	r.runs(t)
	r.await(t, 1)
	awaitCount(t, c, "Tidings", 1)
	for _, step := range []func() error{c.Delete("In").Wait, c.Create("In", nil).Wait} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	appendTo(t, c, "In", "two") // again the first UID
	r.await(t, 1)
	awaitCount(t, c, "Tidings", 2)
	if got := r.subjects(); !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("handled %q", got)
	}
}

// A connection that is cut again and again, wherever it is, loses nothing; what was handled just before may be
// handled once more, and lies in the other folder once.
func TestDovecotCut(t *testing.T) {
	account := dovecot(t)
	c := dialIMAP(t, account)
	for i := range 100 {
		appendTo(t, c, "INBOX", fmt.Sprint(i))
	}
	r := newReading(account)
	r.Account = accountAt(t, cutting(t, account.addr(), 10_000), account.User)
	r.runs(t)
	awaitCount(t, c, "Tidings", 100)
	awaitCount(t, c, "INBOX", 0)
	got := r.subjects()
	slices.Sort(got)
	if len(slices.Compact(got)) != 100 {
		t.Errorf("handled %d", len(got))
	}
}

// cutting stands before a server and cuts each connection after so many octets from it.
func cutting(t *testing.T, address string, after int64) string {
	t.Helper()
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	go func() {
		for {
			near, err := socket.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", address)
			if err != nil {
				_ = near.Close()
				continue
			}
			go func() { _, _ = io.Copy(far, near); _ = far.Close() }()
			go func() {
				_, _ = io.CopyN(near, far, after)
				_ = near.Close()
				_ = far.Close()
			}()
		}
	}()
	return socket.Addr().String()
}

// Two programs on one mailbox: each mail lies in the other folder, perhaps twice, and whoever knows what was seen
// before acts on each once.
func TestDovecotTwoPrograms(t *testing.T) {
	account := dovecot(t)
	c := dialIMAP(t, account)
	for i := range 200 {
		appendTo(t, c, "INBOX", fmt.Sprint(i))
	}
	var mu sync.Mutex
	acted := map[string]int{}
	for range 2 {
		r := newReading(account)
		r.Poll = 200 * time.Millisecond
		r.Handle = func(_ context.Context, in Incoming) error {
			mu.Lock()
			defer mu.Unlock()
			if acted[in.subject()] == 0 { // as the store knows it
				acted[in.subject()]++
			}
			return nil
		}
		r.runs(t)
	}
	awaitCount(t, c, "INBOX", 0)
	s, err := c.Status("Tidings", &imap.StatusOptions{NumMessages: true}).Wait()
	if err != nil || *s.NumMessages < 200 {
		t.Errorf("%+v lie in the other folder, %v", s, err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(acted) != 200 {
		t.Errorf("acted on %d", len(acted))
	}
}

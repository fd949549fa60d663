package desk_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tidings/digest"
	"tidings/digest/desk"
	"tidings/templates"
)

// counted tells how often the desk was opened.
type counted struct{ made atomic.Int64 }

func (c *counted) Draft(context.Context) (digest.Edition, error) {
	c.made.Add(1)
	return draft(), nil
}

// A real browser shows the page without complaint, and opens it again when a template has changed.
func TestBrowserReloads(t *testing.T) {
	browser, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("chromium is not installed")
		}
		t.Skip("chromium is not installed")
	}
	overlay := t.TempDir()
	var drafts counted
	h := desk.Handler(desk.Options{Drafts: &drafts, Templates: func() (*templates.Set, error) { return templates.Load(os.DirFS(overlay)) }})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: h}
	go server.Serve(l)
	defer server.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	watching := make(chan error, 1)
	go func() { watching <- desk.Watch(ctx, []string{overlay}, h.Changed) }()

	log := visit(ctx, t, browser, "http://"+l.Addr().String()+"/")
	defer func() {
		stop()
		<-watching
	}()
	opened := func(times int64, within time.Duration) {
		t.Helper()
		for tries := 0; drafts.made.Load() < times; tries++ {
			if tries > int(within/(20*time.Millisecond)) {
				t.Fatalf("opened %d times, want %d", drafts.made.Load(), times)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	opened(1, 30*time.Second)
	time.Sleep(time.Second) // until its script listens; a change before that is told as well
	write(t, filepath.Join(overlay, "phrases", "it.json"), italian(t))
	opened(2, 5*time.Second)
	time.Sleep(500 * time.Millisecond)
	said, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(said), "\n") {
		if strings.Contains(line, "CONSOLE") {
			t.Errorf("the browser complains: %s", line)
		}
	}
}

// visit opens an address in a browser until ctx or the test ends, and returns the file of what it says.
func visit(ctx context.Context, t *testing.T, browser, address string) string {
	t.Helper()
	profile, err := os.MkdirTemp("", "desk")
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(profile, "log")
	ctx, stop := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0",
		"--enable-logging", "--log-file="+log, "--user-data-dir="+profile, address)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		cmd.Wait()            // it was killed, so that is what it says
		os.RemoveAll(profile) // as far as the browser's children let us
	})
	return log
}

// italian returns the built-in phrases, to be written anew.
func italian(t *testing.T) string {
	t.Helper()
	src, err := os.ReadFile("../../templates/phrases/it.json")
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

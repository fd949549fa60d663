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
	ways, err := newMailroom(h, nil).ways(ctx)
	if err != nil {
		tb.Fatal(err)
	}
	done := make(chan error, len(ways))
	for _, way := range ways {
		go func() { done <- way(ctx) }()
	}
	tb.Cleanup(func() {
		cancel()
		for range ways {
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
	if s, err := h.store.Find(t.Context(), "ada@example.net"); err != nil {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := listenFor(t.Context(), "unix", path); err == nil || !strings.Contains(err.Error(), "another program listens there") {
		t.Errorf("a second one: %v", err)
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

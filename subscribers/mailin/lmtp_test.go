package mailin

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/textproto"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// tray is where mails end in tests. What becomes of one is told by the recipient's name.
type tray struct {
	mu   sync.Mutex
	got  []Incoming
	full chan struct{} // one for each mail
}

func newTray() *tray { return &tray{full: make(chan struct{}, 10000)} }

func (t *tray) handle(_ context.Context, in Incoming) error {
	switch {
	case strings.HasPrefix(in.Recipient, "fails"):
		return errors.New("the store is away")
	case strings.HasPrefix(in.Recipient, "refuses"):
		return fmt.Errorf("read: %w", &Refused{"This mail is\r\nnot wanted"})
	case strings.HasPrefix(in.Recipient, "panics"):
		panic("a bug")
	}
	t.mu.Lock()
	t.got = append(t.got, in)
	t.mu.Unlock()
	t.full <- struct{}{}
	return nil
}

func (t *tray) accept(_ context.Context, to string) error {
	switch {
	case strings.HasPrefix(to, "nobody"):
		return &Refused{"There is no such address here"}
	case strings.HasPrefix(to, "broken"):
		return errors.New("the store is away")
	}
	return nil
}

func (t *tray) list() (all []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, in := range t.got {
		all = append(all, fmt.Sprintf("%s %s %q", in.Sender, in.Recipient, in.Raw))
	}
	return all
}

// listening serves on a free port of loopback until the test ends, and returns the address.
func listening(tb testing.TB, l Listener) string {
	tb.Helper()
	return listeningAt(tb, "127.0.0.1:0", l)
}

func listeningAt(tb testing.TB, address string, l Listener) string {
	tb.Helper()
	socket, err := net.Listen("tcp", address)
	if err != nil {
		tb.Fatal(err)
	}
	l.Now = time.Now
	if l.Log == nil {
		l.Log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Serve(ctx, socket) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			tb.Error(err)
		}
	})
	return socket.Addr().String()
}

// Every dialogue, as a file tells it: what the client says (> with a line's end, >> without), how each answer
// begins (<, the words of a longer one in their order), when the line is cut (!), and the mails that were taken (=).
func TestDialogues(t *testing.T) {
	files, err := filepath.Glob("testdata/dialogues/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tray := newTray()
			l := Listener{Handle: tray.handle, Accept: tray.accept, SMTP: bytes.Contains(text, []byte("\n: smtp\n"))}
			if bytes.Contains(text, []byte("\n>> ")) { // a silence is waited for
				l.Patience = 500 * time.Millisecond
			}
			address := listening(t, l)
			want := speak(t, address, string(text))
			if strings.Contains(string(text), "\n!\n") {
				time.Sleep(100 * time.Millisecond) // for what must not come
			}
			if diff := cmp.Diff(want, tray.list()); diff != "" {
				t.Errorf("taken (-want +got):\n%s", diff)
			}
		})
	}
}

// speak holds a dialogue and returns the mails that it should leave.
func speak(t *testing.T, address, script string) (want []string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	r := textproto.NewReader(bufio.NewReader(conn))
	if _, _, err := r.ReadResponse(220); err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(script) {
		n++
		sign, said, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch sign {
		case ">", ">>":
			text, err := strconv.Unquote(`"` + strings.ReplaceAll(said, `"`, `\"`) + `"`)
			if err != nil {
				t.Fatalf("line %d: %v", n, err)
			}
			if sign == ">" {
				text += "\r\n"
			}
			if _, err := io.WriteString(conn, text); err != nil {
				t.Fatalf("line %d: %v", n, err)
			}
		case "<":
			heard := reply(t, r)
			at := 0
			for i, words := range strings.SplitAfterN(said, " ", 2) {
				for _, word := range answerWords(i, words) {
					found := strings.Index(heard[at:], word)
					if found < 0 || i == 0 && found > 0 {
						t.Fatalf("line %d: it answers %q, want %q", n, heard, said)
					}
					at += found + len(word)
				}
			}
		case "!":
			conn.Close()
		case "=":
			want = append(want, said)
		}
	}
	return want
}

// answerWords parts what is expected: the code, then either one sentence or the words of a list.
func answerWords(i int, words string) []string {
	if i == 0 || strings.ContainsAny(words, "<.") {
		return []string{strings.TrimSpace(words)}
	}
	return strings.Fields(words)
}

// reply reads one answer, its lines parted by blanks.
func reply(t *testing.T, r *textproto.Reader) string {
	t.Helper()
	var all []string
	for {
		line, err := r.ReadLine()
		if err != nil {
			t.Fatalf("no answer: %v", err)
		}
		if len(line) < 4 || line[3] != '-' {
			if all == nil {
				return line
			}
			return strings.Join(append(all, line[4:]), " ")
		}
		if all == nil {
			all = []string{line[:3]}
		}
		all = append(all, line[4:])
	}
}

// client says the beginning of a dialogue, up to the recipients.
func client(tb testing.TB, address string, recipients ...string) *textproto.Conn {
	tb.Helper()
	c, err := textproto.Dial("tcp", address)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.Close() })
	if _, _, err := c.ReadResponse(220); err != nil {
		tb.Fatal(err)
	}
	say(tb, c, 250, "LHLO client.example")
	if len(recipients) > 0 {
		say(tb, c, 250, "MAIL FROM:<ada@example.org>")
	}
	for _, to := range recipients {
		say(tb, c, 250, "RCPT TO:<%s>", to)
	}
	return c
}

func say(tb testing.TB, c *textproto.Conn, code int, line string, args ...any) string {
	tb.Helper()
	if err := c.PrintfLine(line, args...); err != nil {
		tb.Fatal(err)
	}
	_, words, err := c.ReadResponse(code)
	if err != nil {
		tb.Fatalf("%s: %v", fmt.Sprintf(line, args...), err)
	}
	return words
}

// deliver hands over one mail.
func deliver(tb testing.TB, c *textproto.Conn, text string) {
	tb.Helper()
	say(tb, c, 354, "DATA")
	w := c.DotWriter()
	if _, err := io.WriteString(w, text); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	if _, _, err := c.ReadResponse(250); err != nil {
		tb.Fatal(err)
	}
}

// 50 MB that were not announced: refused, and the line can be used again. Memory stays within the mail's bound.
func TestFiftyMegabytes(t *testing.T) {
	tray := newTray()
	address := listening(t, Listener{Handle: tray.handle, Patience: time.Minute})
	c := client(t, address, "daily@tidings.example")
	say(t, c, 354, "DATA")
	line := append(bytes.Repeat([]byte("x"), 998), "\r\n"...)
	chunk := bytes.Repeat(line, 1000)
	for range 50 {
		if _, err := c.W.Write(chunk); err != nil {
			t.Fatal(err)
		}
	}
	say(t, c, 552, ".")
	say(t, c, 250, "MAIL FROM:<ada@example.org>")
	say(t, c, 250, "RCPT TO:<daily@tidings.example>")
	deliver(t, c, "subscribe\r\n")
	if got := tray.list(); !slices.Equal(got, []string{`ada@example.org daily@tidings.example "subscribe\r\n"`}) {
		t.Errorf("%q", got)
	}
}

// A line without an end is given up, as text and as command.
func TestEndlessLine(t *testing.T) {
	address := listening(t, Listener{Handle: newTray().handle, Patience: time.Minute})
	for _, begin := range []string{"", "DATA"} {
		c := client(t, address, "daily@tidings.example")
		want := 500
		if begin != "" {
			say(t, c, 354, "%s", begin)
			want = 554
		}
		_, _ = c.W.Write(bytes.Repeat([]byte("x"), 2<<20))
		_ = c.W.Flush()
		if _, words, err := c.ReadResponse(want); err != nil {
			t.Errorf("%q: %s, %v", begin, words, err)
		}
	}
}

func TestTenThousandRecipients(t *testing.T) {
	tray := newTray()
	address := listening(t, Listener{Handle: tray.handle, Patience: time.Minute})
	c := client(t, address, "daily@tidings.example")
	go func() {
		for i := range 10000 {
			fmt.Fprintf(c.W, "RCPT TO:<daily+%d@tidings.example>\r\n", i)
		}
		_ = c.W.Flush()
	}()
	codes := map[int]int{}
	for range 10000 {
		code, _, err := c.ReadResponse(0)
		if err != nil {
			t.Fatal(err)
		}
		codes[code]++
	}
	if codes[250] != mostInEnvelope-1 || codes[452] != 10000-mostInEnvelope+1 {
		t.Errorf("answers %v", codes)
	}
}

// Who is slow holds up nobody but himself, and is let go; who is too many is told to come later.
func TestSlowAndMany(t *testing.T) {
	tray := newTray()
	address := listening(t, Listener{Handle: tray.handle, Connections: 10, Patience: 1500 * time.Millisecond})
	var gone atomic.Int32
	for range 9 {
		c := client(t, address, "slow@tidings.example")
		say(t, c, 354, "DATA")
		go func() {
			for { // a letter at a time, and never a whole mail
				_, err := io.WriteString(c.W, "x")
				if err == nil {
					err = c.W.Flush()
				}
				if err != nil {
					gone.Add(1)
					return
				}
				time.Sleep(50 * time.Millisecond)
			}
		}()
	}
	deliver(t, client(t, address, "daily@tidings.example"), "subscribe\r\n") // the tenth
	c, err := textproto.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, words, err := c.ReadResponse(421); err != nil {
		t.Errorf("the eleventh: %s, %v", words, err)
	}
	for deadline := time.Now().Add(10 * time.Second); gone.Load() < 9; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d of the slow ones are still there", 9-gone.Load())
		}
	}
	deliver(t, client(t, address, "daily@tidings.example"), "again\r\n")
	if got := tray.list(); len(got) != 2 {
		t.Errorf("taken: %q", got)
	}
}

// More large mails than there is room for: all are taken, one after the other.
func TestRoomsForLargeMails(t *testing.T) {
	tray := newTray()
	address := listening(t, Listener{Handle: tray.handle, Patience: 30 * time.Second})
	text := strings.Repeat(strings.Repeat("x", 70)+"\r\n", 16000)
	var all sync.WaitGroup
	for range 4 * larger {
		all.Go(func() { deliver(t, client(t, address, "daily@tidings.example"), text) })
	}
	all.Wait()
	if len(tray.got) != 4*larger || len(tray.got[0].Raw) != len(text) {
		t.Errorf("%d mails taken", len(tray.got))
	}
}

// Told to stop, it finishes what it was given, answers it, and lets go of who says nothing.
func TestStop(t *testing.T) {
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	entered, finish := make(chan struct{}), make(chan struct{})
	l := Listener{Now: time.Now, Log: slog.New(slog.DiscardHandler), Handle: func(ctx context.Context, _ Incoming) error {
		close(entered)
		<-finish
		return ctx.Err()
	}}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Serve(ctx, socket) }()
	address := socket.Addr().String()
	idle, busy := client(t, address, "daily@tidings.example"), client(t, address, "daily@tidings.example")
	answered := make(chan struct{})
	go func() { deliver(t, busy, "subscribe\r\n"); close(answered) }()
	<-entered
	cancel()
	if _, _, err := idle.ReadResponse(421); err != nil {
		t.Errorf("who is silent: %v", err)
	}
	close(finish)
	<-answered
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func FuzzDialogue(f *testing.F) {
	files, err := filepath.Glob("testdata/dialogues/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var said bytes.Buffer
		for line := range strings.Lines(string(text)) {
			if words, ok := strings.CutPrefix(line, "> "); ok {
				text, _ := strconv.Unquote(`"` + strings.ReplaceAll(strings.TrimSpace(words), `"`, `\"`) + `"`)
				said.WriteString(text + "\r\n")
			}
		}
		f.Add(said.Bytes())
	}
	tray := newTray()
	var odd atomic.Value
	address := listening(f, Listener{Handle: func(_ context.Context, in Incoming) error {
		if len(in.Raw) > MaxSize || in.Sender == "" || in.Recipient == "" {
			odd.Store(fmt.Sprintf("%d octets from %q to %q", len(in.Raw), in.Sender, in.Recipient))
		}
		return nil
	}, Accept: tray.accept, Patience: time.Second})
	f.Fuzz(func(t *testing.T, said []byte) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		go func() {
			_, _ = conn.Write(said)
			_ = conn.(*net.TCPConn).CloseWrite()
		}()
		heard, err := io.ReadAll(conn)
		if err != nil && !errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "reset") {
			t.Fatalf("%q: %v", said, err)
		}
		if !bytes.HasPrefix(heard, []byte("220 ")) || odd.Load() != nil {
			t.Errorf("%q is answered %q; %v", said, heard, odd.Load())
		}
	})
}

// Mails through LMTP, each read for what it means: how many a second, and how much memory they leave in use.
func BenchmarkLMTP(b *testing.B) {
	raw, err := os.ReadFile("testdata/unsubscribe-first-line.eml")
	if err != nil {
		b.Fatal(err)
	}
	text := strings.ReplaceAll(strings.ReplaceAll(string(raw), "\r\n", "\n"), "\n", "\r\n")
	reader := Reader{Addresses: []string{"daily@tidings.example"}}
	address := listening(b, Listener{Handle: func(_ context.Context, in Incoming) error {
		_, err := reader.Read(bytes.NewReader(in.Raw), in.Envelope)
		return err
	}})
	before := heap()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		c := client(b, address)
		for pb.Next() {
			say(b, c, 250, "MAIL FROM:<ada@example.org>")
			say(b, c, 250, "RCPT TO:<daily+unsubscribe@tidings.example>")
			deliver(b, c, text)
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
	b.ReportMetric(float64(max(0, heap()-before))/1024, "KB-more-heap")
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

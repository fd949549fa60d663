package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// hostile is a server that means harm or is badly broken: what it writes to a connection once it has read the
// request, and the sentence that the source's state says then, "" when it is read all the same.
type hostile struct {
	name     string
	say      func(w *wire)
	sentence string
}

// wire is one connection to a hostile server.
type wire struct {
	net.Conn
	path  string
	other string // an address that nobody is allowed to ask
}

// send writes a whole answer with its length.
func (w *wire) send(header, body string) {
	_, _ = fmt.Fprintf(w, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n%s", len(body), header, body)
}

// forever writes the same until nobody listens any more.
func (w *wire) forever(b []byte) {
	for {
		if _, err := w.Write(b); err != nil {
			return
		}
	}
}

func (w *wire) redirect(to string) {
	_, _ = fmt.Fprintf(w, "HTTP/1.1 301 Moved\r\nContent-Length: 0\r\nLocation: %s\r\n\r\n", to)
}

const (
	feedHead = `<?xml version="1.0"?><rss version="2.0"><channel><title>Hostile</title>`
	feedItem = `<item><title>A headline of the hostile server</title><guid>one</guid><description>A text that is whole.</description></item>`
	feedTail = `</channel></rss>`
	tooLarge = "it is larger than 16 MiB, which is the most that is read of one source"
	tooSlow  = "it did not answer in full within 3s"
	brokeOff = "its answer broke off in the middle"
	kept     = "its document breaks off (articles kept: 1, lost: 1)"
	keptAll  = "its document breaks off (articles kept: 1, lost: 0)"
	remark   = "its document declares entities made of entities, as an attack would; they are left out"
	tooMuch  = "the head of its answer is larger than 256 KiB"
	notHTTP  = "what its server answers is not HTTP"
	inside   = ", where only a source of that network may lead"
)

// TestHostile gathers from all hostile servers at once, each on a host of its own, and from a good source beside
// them. The program runs by itself, so that its memory can be measured.
func TestHostile(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" && os.Getenv("CI") == "true" {
		t.Fatal("needs Linux: many addresses on loopback, and the memory of a child in KiB")
	}
	if runtime.GOOS != "linux" {
		t.Skip("needs many addresses on loopback, and the memory of a child in KiB")
	}
	all := hostiles()
	forbidden := &forbidden{}
	other := forbidden.listen(t)
	config := "[store]\nurl = \"sqlite:tidings.db\"\n[gather]\nallow_private = [\"127.0.1.0/24\"]\ngap = \"0s\"\ntimeout = \"3s\"\n"
	urls := map[string]string{}
	for i, h := range append(all, hostile{"good", func(w *wire) { w.send("", feedHead+feedItem+feedTail) }, ""}) {
		urls[h.name] = h.listen(t, fmt.Sprintf("127.0.1.%d:0", i+1), other) + "/feed?key=sesame"
		config += fmt.Sprintf("[[source]]\nname = %q\nurl = %q\n", h.name, urls[h.name])
	}
	home := t.TempDir()
	write(t, filepath.Join(home, "config.toml"), config)
	program, err := exec.LookPath("tidings") // as TestMain has put it there
	if err != nil {
		t.Fatal(err)
	}
	said, peak := gatherAlone(t, program, home)
	if peak > 320<<20 { // 38 servers would send 16 MiB each and more; what a busy collector leaves behind counts too
		t.Errorf("the program took %d MiB", peak>>20)
	}
	t.Logf("%d MiB at most\n%s", peak>>20, said)
	if strings.Contains(said, "sesame") {
		t.Errorf("a key is told:\n%s", said)
	}
	if asked := forbidden.asked.Load(); asked > 0 {
		t.Errorf("%d connections to where nobody may go", asked)
	}
	states := statesOf(t, program, home)
	good := states["good"]
	if good.State != "ok" || good.Changed.IsZero() || good.Fault != "" {
		t.Errorf("the good source: %+v", good)
	}
	tidy := strings.NewReplacer(other, "OTHER", other[strings.LastIndex(other, ":")+1:], "PORT")
	for _, h := range all {
		s := states[h.name]
		if got := tidy.Replace(s.Fault); got != h.sentence {
			t.Errorf("%s: %s\n got %s\nwant %s", h.name, s.State, got, h.sentence)
		}
		if failed := s.State == "failing"; failed != (h.sentence != "" && h.sentence != kept && h.sentence != keptAll && h.sentence != remark) {
			t.Errorf("%s: its state is %s", h.name, s.State)
		}
	}
}

// listen starts the server on an address of its own and returns its URL.
func (h hostile) listen(t *testing.T, address, other string) string {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for in := bufio.NewReader(conn); ; {
					req, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					h.say(&wire{Conn: conn, path: req.URL.Path, other: other})
					if !strings.HasPrefix(h.name, "a redirect") {
						return
					}
				}
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// forbidden is a server in a network that is not open.
type forbidden struct{ asked atomic.Int64 }

// listen starts it on IPv4 and, where there is one, on IPv6 under the same port.
func (f *forbidden) listen(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listeners := []net.Listener{l}
	if six, err := net.Listen("tcp", fmt.Sprintf("[::1]:%d", l.Addr().(*net.TCPAddr).Port)); err == nil {
		listeners = append(listeners, six)
	}
	for _, l := range listeners {
		t.Cleanup(func() { _ = l.Close() })
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				f.asked.Add(1)
				_ = conn.Close()
			}
		}()
	}
	return l.Addr().String()
}

// gatherAlone runs the program by itself and returns what it says and the most memory that it took, in bytes.
func gatherAlone(t *testing.T, program, home string) (said string, peak int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, program, "-v", "gather")
	c.Dir = home
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("gather: %v\n%s", err, out)
	}
	return string(out), c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
}

func statesOf(t *testing.T, program, home string) map[string]seen {
	t.Helper()
	c := exec.CommandContext(t.Context(), program, "sources", "list", "--json")
	c.Dir = home
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	return statesIn(t, bytes.NewReader(out))
}

// statesIn reads what "sources list --json" prints, by the sources' names.
func statesIn(t *testing.T, out io.Reader) map[string]seen {
	t.Helper()
	states := map[string]seen{}
	for lines := json.NewDecoder(out); ; {
		var s seen
		err := lines.Decode(&s)
		if errors.Is(err, io.EOF) {
			return states
		}
		if err != nil {
			t.Fatal(err)
		}
		states[s.Name] = s
	}
}

func hostiles() []hostile { return slices.Concat(tooMuchOfIt(), misleading(), broken()) }

// tooMuchOfIt are those that want our memory and our time.
func tooMuchOfIt() []hostile {
	zeros := strings.Repeat(packedText(strings.Repeat("\x00", 16<<20)), 64) // a gigabyte in a megabyte
	return []hostile{
		{"without end, chunked", func(w *wire) {
			_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
			chunk := strings.Repeat(feedItem, 500)
			_, _ = fmt.Fprintf(w, "%x\r\n%s\r\n", len(feedHead), feedHead)
			w.forever(fmt.Appendf(nil, "%x\r\n%s\r\n", len(chunk), chunk))
		}, tooLarge},
		{"a gigabyte, with its length", func(w *wire) {
			_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n"+feedHead)
			w.forever([]byte(strings.Repeat(feedItem, 500)))
		}, tooLarge},
		{"a bomb of gzip", func(w *wire) { w.send("Content-Encoding: gzip\r\n", zeros) }, tooLarge},
		{"gzip in gzip", func(w *wire) { w.send("Content-Encoding: gzip\r\n", packedText(zeros)) }, "it holds more than 16 MiB when unpacked"},
		{"a billion laughs", func(w *wire) { w.send("", laughs()) }, remark},
		{"quadratic blowup", func(w *wire) {
			w.send("", `<!DOCTYPE rss [<!ENTITY a "`+strings.Repeat("a", 100_000)+`">]>`+feedHead+"<item><title>"+strings.Repeat("&a;", 100_000)+"</title></item>"+feedTail)
		}, ""},
		{"items without anything", func(w *wire) { w.send("", feedHead+strings.Repeat("<item/>", 2_000_000)+feedTail) }, ""},
		{"a long head", func(w *wire) {
			w.send("", feedHead+"<description>"+strings.Repeat("word ", 2_500_000)+"</description>"+feedItem+feedTail)
		}, ""},
		{"elements without end in one item", func(w *wire) {
			w.send("", feedHead+"<item><title>A headline of the hostile server</title>"+strings.Repeat("<x:a/>", 1_000_000)+"</item>"+feedTail)
		}, ""},
		{"deep nesting", func(w *wire) { w.send("", feedHead+strings.Repeat("<x>", 3_000_000)) }, "the feed is broken: its elements lie in each other too deeply"},
		{"items without anything, in JSON", func(w *wire) {
			w.send("", `{"version":"https://jsonfeed.org/version/1.1","title":"Hostile","items":[{"id":"1","title":"A headline of the hostile server"}`+strings.Repeat(",{}", 5_000_000)+"]}")
		}, ""},
		{"a text of line breaks", func(w *wire) {
			w.send("", feedHead+"<item><title>A headline of the hostile server</title><description><![CDATA["+strings.Repeat("<br>", 4_000_000)+"]]></description></item>"+feedTail)
		}, ""},
		{"formatting that nothing closes", func(w *wire) {
			w.send("", feedHead+"<item><title>A headline of the hostile server</title><description><![CDATA[<p>"+numberedTags(400)+strings.Repeat("<p>x</p>", 1_500_000)+"]]></description></item>"+feedTail)
		}, ""},
		{"a page of a million links", func(w *wire) {
			w.send("Content-Type: text/html\r\n", "<!DOCTYPE html><html><body>"+strings.Repeat("<a href=/x>y</a>", 1_000_000))
		}, "what the server sent is a web page, not a feed"},
		{"a million attributes", func(w *wire) {
			w.send("", feedHead+"<item"+strings.Repeat(` a="b"`, 1_000_000)+"><title>A headline of the hostile server</title></item>"+feedTail)
		}, ""},
		{"headers without end", func(w *wire) {
			_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\n")
			w.forever([]byte(strings.Repeat("X-Header: and another one\r\n", 1000)))
		}, tooMuch},
		{"ten thousand headers", func(w *wire) { w.send(strings.Repeat("X-Header: and another one\r\n", 10_000), feedHead+feedTail) }, tooMuch},
	}
}

// misleading are those that send us where we should not go.
func misleading() []hostile {
	return []hostile{
		{"a redirect to itself", func(w *wire) { w.redirect(w.path) }, "it redirects more than 10 times"},
		{"a redirect without end", func(w *wire) { w.redirect(w.path + "x") }, "it redirects more than 10 times"},
		{"a redirect to the cloud's own", func(w *wire) { w.redirect("http://169.254.169.254/latest/meta-data/") }, "it redirects into a private network (169.254.169.254)" + inside},
		{"a redirect to another network", func(w *wire) { w.redirect("http://" + w.other + "/") }, "it redirects into a private network (OTHER)" + inside},
		{"a redirect to localhost", func(w *wire) { w.redirect("http://localhost" + w.other[strings.LastIndex(w.other, ":"):] + "/") }, "it redirects into a private network (localhost:PORT)" + inside},
		{"a redirect to IPv6", func(w *wire) { w.redirect("http://[::1]" + w.other[strings.LastIndex(w.other, ":"):] + "/") }, "it redirects into a private network ([::1]:PORT)" + inside},
		{"a redirect to a file", func(w *wire) { w.redirect("file:///etc/passwd") }, "it redirects to an address that is not one of the web"},
		{"a redirect with a key to nowhere", func(w *wire) { w.redirect("http://[x/?key=sesame") }, "it redirects to what is no address"},
	}
}

// broken are those that do not say what they should, or not at once.
func broken() []hostile {
	return []hostile{
		{"a byte a second", func(w *wire) {
			for i := range 60 {
				if _, err := io.WriteString(w, ("HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 60))[i:i+1]); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}, tooSlow},
		{"a body of a byte a second", func(w *wire) {
			_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"+feedHead)
			for range 60 {
				if _, err := io.WriteString(w, " "); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}, tooSlow},
		{"half a document", func(w *wire) {
			_, _ = fmt.Fprintf(w, "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n%s%s<item><title>And half of", feedHead, feedItem)
		}, kept},
		{"half a document in chunks", func(w *wire) {
			part := feedHead + feedItem + "<item><title>And half of"
			_, _ = fmt.Fprintf(w, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(part), part)
		}, kept},
		{"half a document, packed", func(w *wire) {
			half := packedText(feedHead + feedItem + strings.Repeat(feedItem+"<x/>", 2))
			_, _ = fmt.Fprintf(w, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", len(half), half[:len(half)-12])
		}, keptAll},
		{"not a byte", func(*wire) {}, brokeOff},
		{"a length that is too short", func(w *wire) {
			_, _ = fmt.Fprintf(w, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s%s%s", len(feedHead+feedItem), feedHead, feedItem, feedTail)
		}, ""},
		{"packed as nobody asked", func(w *wire) { w.send("Content-Encoding: br\r\n", "\x0b\x02\x80rss") }, "its answer is packed in a way that was not asked for (br)"},
		{"said to be packed, and plain", func(w *wire) { w.send("Content-Encoding: gzip\r\n", feedHead+feedItem+feedTail) }, ""},
		{"no headers at all", func(w *wire) { _, _ = io.WriteString(w, feedHead+feedItem+feedTail) }, notHTTP},
		{"noise", func(w *wire) { _, _ = io.WriteString(w, strings.Repeat("\x00\xff\x13", 1000)) }, notHTTP},
		{"a page to log in", func(w *wire) {
			w.send("Content-Type: text/html\r\n", "<!DOCTYPE html><html><head><title>Log in</title></head><body><form><input name=user></form></body></html>")
		}, "what the server sent is a web page (“Log in”), not a feed"},
		{"never an answer", func(w *wire) { _, _ = io.Copy(io.Discard, w) }, tooSlow},
	}
}

func packedText(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, s)
	_ = z.Close()
	return b.String()
}

// numberedTags are elements that are all different and none of which is closed.
func numberedTags(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "<b id=%d>", i)
	}
	return b.String()
}

// laughs is a document of a billion laughs.
func laughs() string {
	var b strings.Builder
	b.WriteString(`<!DOCTYPE rss [<!ENTITY l0 "ha">`)
	for i := range 9 {
		fmt.Fprintf(&b, `<!ENTITY l%d "%s">`, i+1, strings.Repeat(fmt.Sprintf("&l%d;", i), 10))
	}
	return b.String() + "]>" + feedHead + "<item><title>They laugh: &l9;</title><guid>l</guid></item>" + feedTail
}

package mailin

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// longestLine is how long a connection lives at most; mail servers keep one open for minutes to use it again.
const longestLine = 30 * time.Minute

// gate lets only so many connections in at one time, tells the others to come later, and ends those that idle
// when it is shut. What go-smtp lacks is here: a bound on connections, on how long one may last, and an end that
// waits for the mails that are being dealt with and for nothing else.
type gate struct {
	net.Listener
	most int
	now  func() time.Time

	mu    sync.Mutex
	lines map[*line]struct{}
	shut  bool
}

// Accept implements [net.Listener].
func (g *gate) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l := g.admit(conn); l != nil {
			return l, nil
		}
		_ = conn.SetDeadline(g.now().Add(time.Second)) // a few words to a fresh connection do not wait
		_, _ = io.WriteString(conn, "421 4.3.2 Too many connections, please try again later\r\n")
		conn.Close()
	}
}

func (g *gate) admit(conn net.Conn) *line {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.lines) >= g.most {
		return nil
	}
	l := &line{Conn: conn, gate: g, end: g.now().Add(longestLine)}
	g.lines[l] = struct{}{}
	return l
}

// close ends every wait for a client's next word. What a client has said whole is still dealt with and answered.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = true
	for l := range g.lines {
		_ = l.Conn.SetReadDeadline(g.now())
	}
}

// cut closes what is still open.
func (g *gate) cut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for l := range g.lines {
		_ = l.Conn.Close()
	}
}

// line is one connection that was let in.
type line struct {
	net.Conn
	gate *gate
	end  time.Time
	over atomic.Bool // the client has closed its side
}

// Read implements [net.Conn].
func (l *line) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	if errors.Is(err, io.EOF) {
		l.over.Store(true)
	}
	return n, err
}

// SetReadDeadline implements [net.Conn], and keeps every wait within the line's own end.
func (l *line) SetReadDeadline(t time.Time) error {
	l.gate.mu.Lock()
	defer l.gate.mu.Unlock()
	switch {
	case l.gate.shut:
		t = l.gate.now()
	case t.After(l.end):
		t = l.end
	}
	return l.Conn.SetReadDeadline(t)
}

// Close implements [net.Conn].
func (l *line) Close() error {
	l.gate.mu.Lock()
	delete(l.gate.lines, l)
	l.gate.mu.Unlock()
	return l.Conn.Close()
}

// Package sink is the far end of a delivery, for tests and benchmarks: an SMTP server that swallows letters as fast as
// this machine allows, counts them by recipient, and can be made to fail in every way in which a relay fails.
//
// A letter counts when its last byte is here, whatever is answered then: that is what a reader would have got. The
// beginning of a recipient's address scripts his fate:
//
//	refuse-…    550 5.1.1 at RCPT               defer-…   451 4.3.0 at RCPT, always
//	once-…      451 4.7.1 at the first RCPT, then accepted (greylisting)
//	blocked-…   554 5.7.1 after the final dot    full-…    452 4.2.2 after the final dot
//	drop-…      counted, and the connection closed in place of an answer, the first time
package sink

import (
	"bufio"
	"crypto/tls"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Sink is a far end. Its fields are set before [Sink.Listen]; every other use is of any goroutine.
type Sink struct {
	Plain     bool                           // offers neither PIPELINING nor CHUNKING
	RoundTrip time.Duration                  // of the wire to it, a delay line in both directions
	Slow      time.Duration                  // from a letter's last byte to the answer
	Limit     int                            // letters after which a connection is closed with 421; 0: none
	TLS       *tls.Config                    // offers STARTTLS
	Inspect   func(to string, letter []byte) // sees each letter that counts, without dot-stuffing, from any goroutine

	listener net.Listener
	mood     atomic.Int32
	first    atomic.Int64 // when the first letter and the last one were here, in Unix nanoseconds
	last     atomic.Int64
	octets   atomic.Int64

	mu       sync.Mutex
	counts   map[string]Count
	turned   map[string]bool // recipients whose first try was turned away
	open     map[net.Conn]bool
	opened   int
	mostOpen int
	changed  chan struct{} // closed when the mood changes
	closed   bool
}

// Count is how often a recipient's letter was here.
type Count struct {
	Taken    int // its last byte came
	Answered int // and was answered with 250
}

// Total is what came since the start or the last [Sink.Reset].
type Total struct {
	Letters     int
	Octets      int64
	Connections int           // opened
	MostOpen    int           // connections at one time
	Time        time.Duration // from the first letter's last byte to the last one's
}

// Rate is letters a second.
func (t Total) Rate() float64 { return float64(t.Letters) / max(t.Time.Seconds(), 1e-9) }

// Mood is how a sink treats everybody.
type Mood int32

// The moods. Whoever is connected already feels a change at his next command.
const (
	Well     Mood = iota
	Busy          // 451 4.3.2 to each sender
	Refusing      // 421 in place of a greeting
	Stalling      // takes everything and answers nothing, until the mood changes
	Closing       // takes each letter, which counts, and closes the connection in place of an answer
	Babbling      // answers what is no SMTP
	Tongued       // agrees to STARTTLS, and then speaks something else
)

// Listen starts the sink on a free loopback port and returns its address.
func (s *Sink) Listen() (string, error) { return s.ListenAt("127.0.0.1:0") }

// ListenAt is Listen on an address of one's choice.
func (s *Sink) ListenAt(address string) (string, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	s.listener, s.changed, s.open = l, make(chan struct{}), map[net.Conn]bool{}
	s.Reset()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	return l.Addr().String(), nil
}

// Close ends the sink and all connections to it.
func (s *Sink) Close() error {
	s.Be(Well) // who stalls goes on
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for conn := range s.open {
		conn.Close()
	}
	return s.listener.Close()
}

// Be changes the mood.
func (s *Sink) Be(m Mood) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mood.Store(int32(m))
	close(s.changed)
	s.changed = make(chan struct{})
}

// Reset begins to count anew.
func (s *Sink) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts, s.turned = map[string]Count{}, map[string]bool{}
	s.opened, s.mostOpen = len(s.open), len(s.open)
	s.first.Store(0)
	s.last.Store(0)
	s.octets.Store(0)
}

// Counts returns the counts by recipient.
func (s *Sink) Counts() map[string]Count {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := make(map[string]Count, len(s.counts))
	for to, n := range s.counts {
		counts[to] = n
	}
	return counts
}

// Total sums up.
func (s *Sink) Total() Total {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := Total{Octets: s.octets.Load(), Connections: s.opened, MostOpen: s.mostOpen, Time: time.Duration(s.last.Load() - s.first.Load())}
	for _, n := range s.counts {
		t.Letters += n.Taken
	}
	return t
}

// Letters is how many have come, for who waits for one.
func (s *Sink) Letters() int { return s.Total().Letters }

func (s *Sink) is(m Mood) bool { return Mood(s.mood.Load()) == m }

// stall waits until the mood has changed.
func (s *Sink) stall() {
	for s.is(Stalling) {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if s.is(Stalling) {
			<-changed
		}
	}
}

// serve keeps one connection.
func (s *Sink) serve(conn net.Conn) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		conn.Close()
		return
	}
	s.open[conn] = true
	s.opened++
	s.mostOpen = max(s.mostOpen, len(s.open))
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.open, conn)
	}()
	wire := conn
	if s.RoundTrip > 0 {
		wire = delayed(conn, s.RoundTrip/2)
	}
	defer wire.Close()
	d := &dialogue{sink: s}
	d.speak(wire)
	d.run()
}

// firstTime reports whether a recipient has not been turned away yet, and remembers that he is now.
func (s *Sink) firstTime(to string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.turned[to]
	s.turned[to] = true
	return !was
}

// take counts a letter whose last byte is here.
func (s *Sink) take(to string, size int64) {
	now := time.Now().UnixNano()
	s.first.CompareAndSwap(0, now)
	s.last.Store(now)
	s.octets.Add(size)
	s.count(to, Count{Taken: 1})
}

func (s *Sink) count(to string, more Count) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.counts[to]
	s.counts[to] = Count{n.Taken + more.Taken, n.Answered + more.Answered}
}

// speak makes the dialogue go on over a connection: at first, and again once it is encrypted.
func (d *dialogue) speak(conn net.Conn) {
	d.conn, d.r, d.w = conn, bufio.NewReaderSize(conn, 64<<10), bufio.NewWriter(conn)
}

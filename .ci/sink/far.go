package sink

import (
	"bytes"
	"io"
	"net"
	"sync"
	"time"
)

// far is a connection to somebody far away: each byte takes its time, and as many as like are under way.
type far struct {
	net.Conn
	in, out chan parcel
	arrived []byte // and not yet read
	gone    chan struct{}
	leave   sync.Once
}

// parcel is bytes and when they arrive.
type parcel struct {
	at    time.Time
	bytes []byte
}

// delayed makes what goes over a connection take so long each way. Closing it lets what is under way arrive.
func delayed(conn net.Conn, way time.Duration) net.Conn {
	const many = 1024
	f := &far{Conn: conn, in: make(chan parcel, many), out: make(chan parcel, many), gone: make(chan struct{})}
	go func() {
		defer close(f.in)
		b := make([]byte, 64<<10)
		for {
			n, err := conn.Read(b)
			if err != nil {
				return
			}
			select {
			case f.in <- parcel{time.Now().Add(way), bytes.Clone(b[:n])}:
			case <-f.gone:
				return
			}
		}
	}()
	go func() {
		defer conn.Close()
		for p := range f.out {
			time.Sleep(time.Until(p.at.Add(way)))
			if _, err := conn.Write(p.bytes); err != nil {
				return
			}
		}
	}()
	return f
}

// Read waits for what arrives next.
func (f *far) Read(b []byte) (int, error) {
	if len(f.arrived) == 0 {
		p, open := <-f.in
		if !open {
			return 0, io.EOF
		}
		time.Sleep(time.Until(p.at))
		f.arrived = p.bytes
	}
	n := copy(b, f.arrived)
	f.arrived = f.arrived[n:]
	return n, nil
}

// Write sends bytes on their way.
func (f *far) Write(b []byte) (int, error) {
	f.out <- parcel{time.Now(), bytes.Clone(b)}
	return len(b), nil
}

// Close says no more.
func (f *far) Close() error {
	f.leave.Do(func() { close(f.gone); close(f.out) })
	return nil
}

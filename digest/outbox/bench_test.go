package outbox

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"tidings/digest"
	"tidings/digest/store"
	"tidings/subscribers"
)

// ready writes every letter by filling in a head before a body of 50 KB that all share, as a stencil does.
type ready struct{ body []byte }

func (w ready) Letter(_ context.Context, d digest.Delivery) (Envelope, error) {
	data := fmt.Appendf(make([]byte, 0, 200+len(w.body)), "From: <daily@x.test>\r\nTo: <%s>\r\nMessage-ID: <%d@x.test>\r\n\r\n", d.To, d.ID)
	return Envelope{Key: d.Key, From: "daily@x.test", To: d.To, own: append(data, w.body...)}, nil
}

// BenchmarkDrain delivers letters of 50 KB out of a true ledger to the server that TIDINGS_SINK names, by as many
// connections as TIDINGS_CONNECTIONS says: an iteration is a letter. CPU is this process's, per letter.
func BenchmarkDrain(b *testing.B) {
	sink := os.Getenv("TIDINGS_SINK")
	if sink == "" {
		b.Skip("TIDINGS_SINK names no server that swallows mail")
	}
	connections := 16
	fmt.Sscan(os.Getenv("TIDINGS_CONNECTIONS"), &connections)
	s, err := store.Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "tidings.db"), time.Now)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	owe(b, s, b.N)
	config, err := ParseURL("smtp://" + sink + "?tls=none")
	if err != nil {
		b.Fatal(err)
	}
	o := &Outbox{Ledger: s, Letters: ready{bytes.Repeat([]byte("A line of the letter of which there are many.=20 More text, a bit\r\n"), 760)},
		Lanes: &Lane{Open: config.Open}, Workers: connections, Now: time.Now}
	before := used(b)
	b.ResetTimer()
	tally, err := o.Drain(b.Context())
	b.StopTimer()
	if err != nil || tally.Sent != b.N {
		b.Fatalf("%+v, %v", tally, err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "letters/s")
	b.ReportMetric((used(b)-before).Seconds()/float64(b.N)*1000, "cpu-s/1000")
}

// used is the CPU time of this process.
func used(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// owe seals an edition for so many readers.
func owe(b *testing.B, s *store.Store, n int) {
	readers := make([]subscribers.Subscriber, n)
	for i := range readers {
		readers[i] = subscribers.Subscriber{Email: fmt.Sprintf("reader-%d@x.test", i), State: subscribers.Active, Joined: morning, ConsentAt: morning}
	}
	if _, err := s.Import(b.Context(), readers, store.Told{}, func(email string) string { return email }); err != nil {
		b.Fatal(err)
	}
	a := digest.Article{ID: "a", URL: "https://example.org/a", Title: "A", Published: morning}
	if _, err := s.Keep(b.Context(), digest.Harvest{Articles: []digest.Article{a}}); err != nil {
		b.Fatal(err)
	}
	slot := digest.Slot{Digest: "daily", At: morning}
	e := digest.Edition{Key: slot.Key(), Digest: "daily", Title: "AI Daily", At: slot.At, Lead: &digest.Story{ID: "a", Lead: a}}
	if owed, err := s.Seal(b.Context(), digest.Digest{Name: "daily"}, e); err != nil || owed != n {
		b.Fatal(owed, err)
	}
}

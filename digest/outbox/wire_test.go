package outbox

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// Each file in testdata/wire is one connection. Of its parts, "offers" is what the server can do, "letters" to whom they
// go, and "answers" what the server says to one command after the other: "close" ends the connection, as 421
// does, "silence" says nothing any more, and | stands between the lines of one answer. "dialogue" is what both then say, and at its end what comes
// of each letter; what the client said in one write with the line before is marked "C+".
func TestWire(t *testing.T) {
	files, err := filepath.Glob("testdata/wire/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			part := map[string][]string{}
			for _, f := range a.Files {
				part[f.Name] = strings.Split(strings.TrimSpace(string(f.Data)), "\n")
			}
			got := speak(t, part["offers"], part["letters"], part["answers"])
			last := &a.Files[len(a.Files)-1]
			if diff := cmp.Diff(string(last.Data), got); diff != "" && !*update {
				t.Error(diff)
			}
			last.Data = []byte(got)
			if *update {
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// A prompter is a server that says its lines whatever it hears, and writes down both.
type prompter struct{ said bytes.Buffer }

func (p *prompter) write(format string, args ...any) { fmt.Fprintf(&p.said, format, args...) }

// speak puts letters on the wire to a prompter, as a berth does, and returns what was said and what came of it.
func speak(t *testing.T, offers, letters, answers []string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p := new(prompter)
	over := make(chan struct{})
	go func() {
		defer close(over)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		p.serve(c, offers, answers)
	}()
	config, err := ParseURL("smtp://" + l.Addr().String() + "?tls=none")
	if err != nil {
		t.Fatal(err)
	}
	config.Hello, config.Timeout = "tidings.test", 300*time.Millisecond
	c, err := config.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var came bytes.Buffer
	carryAll(t.Context(), &came, c, letters)
	c.Close()
	<-over
	return p.said.String() + came.String()
}

// carryAll announces and carries letters until the connection is not as good as before.
func carryAll(ctx context.Context, came io.Writer, c Carrier, readers []string) {
	var letters []*Envelope
	for _, to := range readers {
		letters = append(letters, &Envelope{From: "a@x.test", To: to, UTF8: !isASCII(to), own: []byte("To: " + to + "\r\n\r\n.hi\r\n")})
	}
	announced := false
	for len(letters) > 0 {
		e := letters[0]
		if !announced {
			told := c.Announce(ctx, e)
			fmt.Fprintf(came, "= %s announced: %s\n", e.To, said(told))
			if announced = told == nil; !isClean(told) {
				return
			} else if !announced {
				letters = letters[1:]
				continue
			}
		}
		var next *Envelope
		if letters = letters[1:]; len(letters) > 0 {
			next = letters[0]
		}
		answer, err, told := c.Carry(ctx, next)
		fmt.Fprintf(came, "= %s carried: %s %s\n", e.To, said(err), line(answer))
		if next != nil {
			fmt.Fprintf(came, "= %s announced: %s\n", next.To, said(told))
		}
		if !isClean(err) || !isClean(told) {
			return
		}
		if announced = next != nil && told == nil; told != nil {
			letters = letters[1:] // its reader was refused
		}
	}
}

// said is an error without what differs from one machine to another.
func said(err error) string {
	var f *Fault
	switch {
	case err == nil:
		return "yes"
	case errors.Is(err, ErrUncertain):
		return ErrUncertain.Error()
	case errors.As(err, &f):
		return "fault at " + f.At
	}
	return err.Error()
}

// serve says the greeting, the offers, and then the answers.
func (p *prompter) serve(c net.Conn, offers, answers []string) {
	r := bufio.NewReader(c)
	fmt.Fprint(c, "220 x\r\n")
	r.ReadString('\n')
	fmt.Fprint(c, "250-x\r\n")
	for _, o := range offers {
		fmt.Fprintf(c, "250-%s\r\n", o)
	}
	fmt.Fprint(c, "250 HELP\r\n")
	for data := false; ; {
		if !p.listen(r, data) {
			return
		}
		if len(answers) == 0 {
			fmt.Fprint(c, "221 bye\r\n") // only a QUIT is still waited for
			return
		}
		answer := answers[0]
		answers = answers[1:]
		p.write("S: %s\n", answer)
		switch answer {
		case "close":
			return
		case "silence":
			io.Copy(io.Discard, r)
			return
		}
		fmt.Fprint(c, strings.ReplaceAll(answer, "|", "\r\n")+"\r\n")
		if strings.HasPrefix(answer, "421") {
			return
		}
		data = strings.HasPrefix(answer, "354")
	}
}

// listen hears one command with what belongs to it, or a letter and its dot.
func (p *prompter) listen(r *bufio.Reader, data bool) bool {
	for {
		mark := "C:"
		if r.Buffered() > 0 {
			mark = "C+"
		}
		heard, err := r.ReadString('\n')
		if err != nil {
			return false
		}
		p.write("%s %s\n", mark, strings.TrimSpace(heard))
		var size int
		if n, _ := fmt.Sscanf(heard, "BDAT %d LAST", &size); n == 1 {
			chunk := make([]byte, size)
			n, _ := io.ReadFull(r, chunk)
			p.write("C+ (%d bytes)\n", n)
		}
		if !data || heard == ".\r\n" {
			return true
		}
	}
}

package sink

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// dialogue is one connection's state.
type dialogue struct {
	sink *Sink
	conn net.Conn
	r    *bufio.Reader
	w    *bufio.Writer

	to     string       // the recipient of the letter at hand; a second one is refused
	size   int64        // of the letter at hand
	letter bytes.Buffer // itself, when somebody inspects it
	done   int          // letters of this connection
	secure bool
}

// run answers command after command until one side has enough.
func (d *dialogue) run() {
	if d.sink.is(Refusing) {
		d.say("421 4.3.2 not now")
		_ = d.w.Flush()
		return
	}
	d.say("220 sink ESMTP")
	for {
		// Answers to a group of commands go out together, as RFC 2920 wants it.
		if d.r.Buffered() == 0 && d.w.Flush() != nil {
			return
		}
		line, err := d.r.ReadSlice('\n')
		if err != nil {
			return
		}
		if !d.command(strings.TrimRight(string(line), "\r\n")) {
			_ = d.w.Flush()
			return
		}
	}
}

// say answers, and reports whether it was what it was meant to say.
func (d *dialogue) say(text string) bool {
	d.sink.stall()
	babbles := d.sink.is(Babbling)
	if babbles {
		text = "\x00\xffHTTP/1.1 200 OK"
	}
	_, _ = d.w.WriteString(text)
	_, _ = d.w.WriteString("\r\n")
	return !babbles
}

// command answers one line and reports whether the connection stays open.
func (d *dialogue) command(line string) bool {
	verb, rest, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "EHLO":
		d.hello()
	case "HELO", "NOOP":
		d.say("250 2.0.0 ok")
	case "RSET":
		d.begin()
		d.say("250 2.0.0 ok")
	case "STARTTLS":
		return d.startTLS()
	case "MAIL":
		d.begin()
		if d.sink.is(Busy) {
			d.say("451 4.3.2 too busy")
			break
		}
		d.say("250 2.1.0 ok")
	case "RCPT":
		d.recipient(rest)
	case "DATA":
		if d.to == "" {
			d.say("503 5.5.1 no recipient")
			break
		}
		d.say("354 go on")
		return d.w.Flush() == nil && d.data() == nil && d.end()
	case "BDAT":
		return d.chunk(strings.Fields(rest))
	case "QUIT":
		d.say("221 2.0.0 bye")
		return false
	default:
		d.say("502 5.5.2 unknown")
	}
	return true
}

func (d *dialogue) hello() {
	offers := []string{"sink", "8BITMIME", "ENHANCEDSTATUSCODES", "SMTPUTF8"}
	if !d.sink.Plain {
		offers = append(offers, "PIPELINING", "CHUNKING")
	}
	if d.sink.TLS != nil && !d.secure {
		offers = append(offers, "STARTTLS")
	}
	last := len(offers) - 1
	for _, offer := range offers[:last] {
		d.say("250-" + offer)
	}
	d.say("250 " + offers[last])
}

// startTLS encrypts the connection.
func (d *dialogue) startTLS() bool {
	if d.sink.TLS == nil || d.secure {
		d.say("502 5.5.1 not here")
		return true
	}
	d.say("220 2.0.0 go ahead")
	if d.w.Flush() != nil {
		return false
	}
	if d.sink.is(Tongued) {
		_, _ = d.r.ReadByte()
		_, _ = io.WriteString(d.conn, strings.Repeat("* OK this is another server altogether\r\n", 10))
		return false
	}
	secure := tls.Server(d.conn, d.sink.TLS)
	if secure.Handshake() != nil {
		return false
	}
	d.speak(secure)
	d.secure = true
	return true
}

// begin forgets the letter at hand.
func (d *dialogue) begin() {
	d.to, d.size = "", 0
	d.letter.Reset()
}

func (d *dialogue) recipient(rest string) {
	_, address, _ := strings.Cut(rest, "<")
	to, _, found := strings.Cut(address, ">")
	fate, _, _ := strings.Cut(to, "-")
	switch {
	case !found || to == "":
		d.say("501 5.1.3 no address")
	case d.to != "":
		d.say("452 4.5.3 one recipient at a time")
	case fate == "refuse":
		d.say("550 5.1.1 no such user")
	case fate == "defer":
		d.say("451 4.3.0 try again later")
	case fate == "once" && d.sink.firstTime(to):
		d.say("451 4.7.1 greylisted")
	default:
		d.to = to
		d.say("250 2.1.5 ok")
	}
}

var dot = []byte("\r\n.\r\n")

// data reads up to the line with a lone dot. What nobody inspects is not copied.
func (d *dialogue) data() error {
	if start, err := d.r.Peek(3); err != nil || bytes.Equal(start, dot[2:]) {
		_, _ = d.r.Discard(len(start))
		return err
	}
	for {
		if _, err := d.r.Peek(len(dot)); err != nil {
			return err
		}
		b, _ := d.r.Peek(d.r.Buffered())
		i := bytes.Index(b, dot)
		if i >= 0 {
			d.keep(b[:i+2])
			if _, err := d.r.Discard(i + len(dot)); err != nil {
				return err
			}
			if d.sink.Inspect != nil {
				d.letter = *bytes.NewBuffer(bytes.ReplaceAll(d.letter.Bytes(), []byte("\r\n.."), []byte("\r\n.")))
			}
			return nil
		}
		n := len(b) - len(dot) + 1 // the rest may be a beginning of the end
		d.keep(b[:n])
		if _, err := d.r.Discard(n); err != nil {
			return err
		}
	}
}

func (d *dialogue) keep(b []byte) {
	d.size += int64(len(b))
	if d.sink.Inspect != nil {
		d.letter.Write(b)
	}
}

// chunk takes what BDAT announces, RFC 3030.
func (d *dialogue) chunk(args []string) bool {
	if len(args) == 0 {
		return false
	}
	n, err := strconv.ParseInt(args[0], 10, 32)
	if err != nil || n < 0 {
		return false
	}
	d.size += n
	if d.sink.Inspect != nil {
		_, err = io.CopyN(&d.letter, d.r, n)
	} else {
		_, err = d.r.Discard(int(n))
	}
	last := len(args) > 1 && strings.EqualFold(args[1], "LAST")
	switch {
	case err != nil:
		return false
	case d.to == "":
		d.say("503 5.5.1 no recipient")
	case last:
		return d.end()
	default:
		d.say("250 2.0.0 ok")
	}
	return true
}

// end decides the fate of a letter that is here.
func (d *dialogue) end() bool {
	defer d.begin()
	to := d.to
	fate, _, _ := strings.Cut(to, "-")
	switch fate {
	case "blocked":
		d.say("554 5.7.1 blocked by policy")
		return true
	case "full":
		d.say("452 4.2.2 mailbox full")
		return true
	}
	d.sink.take(to, d.size)
	if d.sink.Inspect != nil {
		d.sink.Inspect(to, d.letter.Bytes())
	}
	if d.sink.Slow > 0 {
		time.Sleep(d.sink.Slow)
	}
	if d.sink.is(Closing) || fate == "drop" && d.sink.firstTime(to) {
		return false
	}
	if d.say("250 2.0.0 queued") {
		d.sink.count(to, Count{Answered: 1})
	}
	if d.done++; d.sink.Limit > 0 && d.done >= d.sink.Limit {
		d.say("421 4.7.0 too many letters on this connection")
		return false
	}
	return true
}

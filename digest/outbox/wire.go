package outbox

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// wire is a carrier over one connection to a server that has been greeted, by SMTP or LMTP. How it speaks
// depends on what the server offers:
//
//   - With PIPELINING and CHUNKING (RFC 2920, 3030) a letter goes by BDAT, and the next one's MAIL and RCPT
//     leave in the same write: one round trip for each letter.
//   - With PIPELINING alone the end of a letter leaves together with the next one's MAIL, RCPT and DATA.
//     When the server has answered 354 there is no way back but this letter, or to cut the connection.
//   - Otherwise every command waits for its answer.
//
// After anything but a plain answer the connection is cut where it stands: one more command could end an
// open DATA, and the server would take half a letter for a whole one.
type wire struct {
	conn    net.Conn // the socket: closing it ends every wait at once
	w       *bufio.Writer
	replies // by the same line as w, TLS included
	timeout time.Duration
	offers  offers

	announced *Envelope // its MAIL and RCPT have been taken
	data      bool      // and its DATA
	dirty     bool      // a transaction is open that no letter will end
	broken    bool
	out       []byte // used again and again
}

// offers is what a server can do.
type offers struct {
	pipelining, chunking, eightBit, utf8, sizes bool
	size                                        int // of a letter at most; 0: not told
	lmtp                                        bool
}

// offered asks for what a server can do, by its extensions' names.
func offered(extension func(string) (bool, string)) offers {
	has := func(name string) bool { ok, _ := extension(name); return ok }
	o := offers{pipelining: has("PIPELINING"), chunking: has("CHUNKING"), eightBit: has("8BITMIME"), utf8: has("SMTPUTF8")}
	o.chunking = o.chunking && o.pipelining
	var size string
	o.sizes, size = extension("SIZE")
	if n, err := strconv.Atoi(strings.TrimSpace(size)); err == nil && n > 0 {
		o.size = n
	}
	return o
}

// errOver says why a letter is not announced: it costs the letter nothing.
var errOver = errors.New("the connection was over")

// Announce implements [Carrier].
func (w *wire) Announce(ctx context.Context, e *Envelope) error {
	if w.data {
		w.cut()
	}
	if w.broken {
		return &Fault{At: "mail", Err: errOver}
	}
	w.dirty = w.dirty || w.announced != nil
	w.announced = nil
	if err := w.fit(e); err != nil {
		return err
	}
	defer w.cutWhen(ctx)()
	if !w.offers.pipelining {
		return w.propose(e)
	}
	w.out = w.appendAnnouncement(w.out[:0], e)
	if _, err := w.say(w.out); err != nil {
		w.cut()
		return &Fault{At: "mail", Err: err}
	}
	return w.heed(e)
}

// Carry implements [Carrier].
func (w *wire) Carry(ctx context.Context, next *Envelope) (answer string, err, told error) {
	defer w.cutWhen(ctx)()
	if next != nil {
		told = w.fit(next)
	}
	announce := next != nil && told == nil
	if w.announced == nil || w.broken {
		err = &Fault{At: "mail", Err: errOver}
	} else {
		answer, err = w.deliver(announce && w.offers.pipelining, next)
	}
	switch {
	case !isClean(err):
		w.cut()
		if announce {
			told = &Fault{At: "mail", Err: errOver}
		}
	case announce && w.offers.pipelining:
		told = w.heed(next)
	case announce:
		told = w.propose(next)
	}
	return answer, err, told
}

// deliver writes the letter announced, and with it the next one's announcement, and hears what is said of
// the letter.
func (w *wire) deliver(along bool, next *Envelope) (string, error) {
	e := w.announced
	w.announced = nil
	if !w.offers.pipelining {
		if err := w.ask("data", "DATA\r\n", 354); err != nil {
			return "", err
		}
	}
	if err := w.appendLetter(e); err != nil {
		return "", err
	}
	end := len(w.out)
	w.data = false
	if along {
		w.out = w.appendAnnouncement(w.out, next)
	}
	if sent, err := w.say(w.out); err != nil && sent < end {
		return "", &Fault{At: "data", Err: err}
	} else if err != nil {
		return "", fmt.Errorf("%w: %w", ErrUncertain, err)
	}
	code, err := w.hear()
	switch {
	case err != nil:
		return "", fmt.Errorf("%w: %w", ErrUncertain, err)
	case code < 300:
		return strconv.Itoa(code) + " " + string(w.text), nil
	case code >= 400:
		return "", refusal("dot", code, string(w.text))
	}
	return "", fmt.Errorf("%w: the server said %d", ErrUncertain, code)
}

// appendLetter puts a letter into the buffer as it goes over the wire: as one chunk, or with its dots stuffed
// and ended by a lone dot (RFC 5321, 4.5.2).
func (w *wire) appendLetter(e *Envelope) error {
	if w.offers.chunking {
		size := e.Size()
		w.out = fmt.Appendf(w.out[:0], "BDAT %d LAST\r\n", size)
		begin := len(w.out)
		if w.out = e.AppendTo(w.out); len(w.out)-begin != size {
			return &Fault{At: "data", Err: fmt.Errorf("letter %s has %d bytes and says %d", e.Key, len(w.out)-begin, size)}
		}
		return nil
	}
	w.out = e.appendStuffedTo(w.out[:0])
	if !bytes.HasSuffix(w.out, []byte("\r\n")) {
		w.out = append(w.out, "\r\n"...)
	}
	w.out = append(w.out, ".\r\n"...)
	return nil
}

// fit refuses by itself what the server need not hear of.
func (w *wire) fit(e *Envelope) error {
	switch size := e.Size(); {
	case !speakable(e.From):
		return &Refusal{Code: 553, Enhanced: "5.1.7", Text: "the sender's address cannot be written on the wire", At: "mail"}
	case !speakable(e.To) || e.To == "":
		return &Refusal{Code: 553, Enhanced: "5.1.3", Text: "the address cannot be written on the wire", At: "rcpt"}
	case e.UTF8 && !w.offers.utf8:
		return &Refusal{Code: 553, Enhanced: "5.6.7", Text: "the mail server takes no addresses beyond ASCII", At: "rcpt"}
	case w.offers.size > 0 && size > w.offers.size:
		return &Refusal{Code: 552, Enhanced: "5.3.4", Text: fmt.Sprintf("the letter has %d bytes and the mail server takes %d", size, w.offers.size), At: "mail"}
	}
	return nil
}

// speakable reports whether an address can stand between the brackets of a command and nothing else.
func speakable(address string) bool {
	return !strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == '<' || r == '>' || r == 0x7f })
}

// appendAnnouncement adds the commands that announce a letter, to be answered in their order by heed.
func (w *wire) appendAnnouncement(b []byte, e *Envelope) []byte {
	if w.dirty {
		b = append(b, "RSET\r\n"...)
	}
	b = appendRcpt(w.appendMail(b, e), e)
	if !w.offers.chunking {
		b = append(b, "DATA\r\n"...)
	}
	return b
}

// appendMail adds the MAIL command. What only some letters need is asked for them alone.
func (w *wire) appendMail(b []byte, e *Envelope) []byte {
	b = append(append(append(b, "MAIL FROM:<"...), e.From...), '>')
	if e.UTF8 {
		b = append(b, " SMTPUTF8"...)
		if w.offers.eightBit {
			b = append(b, " BODY=8BITMIME"...)
		}
	}
	if w.offers.sizes {
		b = strconv.AppendInt(append(b, " SIZE="...), int64(e.Size()), 10)
	}
	return append(b, "\r\n"...)
}

func appendRcpt(b []byte, e *Envelope) []byte {
	return append(append(append(b, "RCPT TO:<"...), e.To...), ">\r\n"...)
}

// heed hears the answers to an announcement. The first no counts, and all are heard.
func (w *wire) heed(e *Envelope) error {
	if w.dirty {
		if err := w.expect("mail", 200); err != nil {
			return w.over(err)
		}
	}
	w.dirty = true
	no := w.expect("mail", 200)
	if !isClean(no) {
		return w.over(no)
	}
	if err := w.expect("rcpt", 200); !isClean(err) {
		return w.over(cmp.Or(no, err))
	} else if no == nil {
		no = err
	}
	if !w.offers.chunking {
		if err := w.heedData(no); err != nil {
			return err
		}
	}
	if no == nil {
		w.announced, w.dirty = e, false
	}
	return no
}

// heedData hears the answer to a DATA that was sent together with a RCPT, of which no is the answer. A server
// that goes on although it took no reader is sent an empty letter, which is for nobody.
func (w *wire) heedData(no error) error {
	err := w.expect("data", 354)
	switch {
	case no == nil && err != nil:
		return w.over(err)
	case no == nil:
		w.data = true
	case err == nil:
		if _, err = w.say([]byte(".\r\n")); err == nil && !w.offers.lmtp { // there nobody answers for nobody (RFC 2033, 4.2)
			_, err = w.hear()
		}
		if err != nil {
			w.cut()
		}
		return no
	case refusalOf(err) == nil:
		w.cut()
		return no
	}
	return nil
}

// propose announces a letter command by command.
func (w *wire) propose(e *Envelope) error {
	if w.dirty {
		if err := w.ask("mail", "RSET\r\n", 200); err != nil {
			return w.over(err)
		}
	}
	w.dirty = true
	w.out = w.appendMail(w.out[:0], e)
	if err := w.ask("mail", string(w.out), 200); err != nil {
		return w.over(err)
	}
	w.out = appendRcpt(w.out[:0], e)
	if err := w.ask("rcpt", string(w.out), 200); err != nil {
		return w.over(err)
	}
	w.announced, w.dirty = e, false
	return nil
}

// over cuts the connection if it is not as good as before, and returns the error.
func (w *wire) over(err error) error {
	if !isClean(err) {
		w.cut()
	}
	return err
}

// ask says one command and expects an answer like want.
func (w *wire) ask(at, command string, want int) error {
	if _, err := w.say([]byte(command)); err != nil {
		return &Fault{At: at, Err: err}
	}
	return w.expect(at, want)
}

// expect hears an answer of the same hundred as want.
func (w *wire) expect(at string, want int) error {
	code, err := w.hear()
	switch {
	case err != nil:
		return &Fault{At: at, Err: err}
	case code/100 == want/100:
		return nil
	case code >= 400:
		return refusal(at, code, string(w.text))
	}
	return &Fault{At: at, Err: fmt.Errorf("the server said %d", code)}
}

// say writes b, and returns how much of it has left us.
func (w *wire) say(b []byte) (int, error) {
	w.within(w.timeout)
	n, err := w.w.Write(b)
	if err == nil {
		err = w.w.Flush()
	}
	if err != nil {
		n -= w.w.Buffered()
	}
	return n, err
}

// hear reads one answer.
func (w *wire) hear() (int, error) {
	if w.r.Buffered() == 0 {
		w.within(w.timeout)
	}
	return w.next()
}

// within bounds what is done next on the connection.
func (w *wire) within(d time.Duration) {
	_ = w.conn.SetDeadline(time.Now().Add(d)) //nolint:forbidigo // a socket waits by the machine's clock; if it is closed, reading tells
}

// cutWhen cuts the connection when ctx ends, until the function that it returns is called.
func (w *wire) cutWhen(ctx context.Context) func() bool {
	return context.AfterFunc(ctx, func() { w.conn.Close() })
}

// cut ends the connection without a word.
func (w *wire) cut() {
	w.conn.Close()
	w.broken, w.data, w.announced = true, false, nil
}

// Close implements [Carrier]: it takes leave of the server, briefly.
func (w *wire) Close() error {
	defer w.conn.Close()
	if w.broken || w.data {
		return nil
	}
	w.timeout = min(w.timeout, 5*time.Second)
	return w.ask("quit", "QUIT\r\n", 200)
}

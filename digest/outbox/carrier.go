package outbox

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Carrier takes letters to their next stop over one connection. One worker uses it. Each letter is announced
// before it is carried, so that of one whose reader is refused the other side hears no word.
type Carrier interface {
	// Announce names a letter's sender and reader to the other side. The error is a [*Refusal] when it said
	// no, and a [*Fault] when the connection broke. An announcement that still stands is taken back.
	Announce(ctx context.Context, e *Envelope) error

	// Carry delivers the letter announced, and announces the next one in the same breath, unless that is
	// nil. It returns the other side's answer to the letter; err is a [*Refusal] when it said no,
	// [ErrUncertain] when nobody can know whether it said yes, and a [*Fault] when the connection broke
	// before the letter was complete. What came of the next one's announcement is told, as Announce does.
	Carry(ctx context.Context, next *Envelope) (answer string, err, told error)

	// Close ends the connection. A letter that is only announced is then not carried.
	Close() error
}

// ErrUncertain says that the letter was written to its end and no answer came: it may have arrived.
var ErrUncertain = errors.New("no answer after the letter's last byte")

// Refusal is a no in the other side's own words.
type Refusal struct {
	Code     int    // 421, 550, …
	Enhanced string // RFC 3463 status, "5.1.1"; empty when none was given
	Text     string // the rest, in one line
	At       string // what was answered: "connect", "mail", "rcpt", "data" or "dot"
}

// Error tells the answer and what it was an answer to.
func (r *Refusal) Error() string {
	said := strings.Join(strings.Fields(fmt.Sprint(r.Code, " ", r.Enhanced, " ", r.Text)), " ")
	return fmt.Sprintf("refused at %s: %s", r.At, said)
}

// Permanent reports whether trying this letter again is in vain. A no that is about us and not about the
// reader is temporary: bad order of commands, missing or wrong login, our own address, our reputation, a
// server that will not relay for us. So is a full mailbox.
func (r *Refusal) Permanent() bool {
	if r.Code < 500 || r.At == "connect" || r.At == "data" {
		return false
	}
	switch r.Code {
	case 503, 530, 535, 552:
		return false
	}
	if r.Enhanced == "5.2.2" {
		return false
	}
	policy := strings.HasPrefix(r.Enhanced, "5.7.")
	switch r.At {
	case "mail":
		return !policy && r.Enhanced != "5.1.7" && r.Enhanced != "5.1.8"
	case "rcpt":
		return !(policy && strings.Contains(strings.ToLower(r.Text), "relay"))
	}
	return true
}

// Fault is a connection that broke, or an answer that made no sense, before the letter was complete.
type Fault struct {
	At  string // as in [Refusal]
	Err error
}

// Error tells where it broke.
func (f *Fault) Error() string {
	if f.At == "connect" {
		return fmt.Sprintf("cannot connect: %v", f.Err)
	}
	return fmt.Sprintf("connection broke at %s: %v", f.At, f.Err)
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Err }

func isUncertain(err error) bool { return errors.Is(err, ErrUncertain) }

func isPermanent(err error) bool {
	r := refusalOf(err)
	return r != nil && r.Permanent()
}

// refusalOf returns the no in an error; nil if there is none.
func refusalOf(err error) *Refusal {
	var r *Refusal
	if errors.As(err, &r) {
		return r
	}
	return nil
}

// isLogin reports whether our login was refused, as with a wrong password (RFC 4954, 6).
func isLogin(err error) bool {
	r := refusalOf(err)
	return r != nil && r.At == "connect" && slices.Contains([]int{432, 530, 534, 535, 538}, r.Code)
}

// isClean reports whether the connection is as good as before: it carried the letter, or said a plain no.
func isClean(err error) bool {
	var r *Refusal
	return err == nil || errors.As(err, &r) && r.Code != 421 && (r.At == "mail" || r.At == "rcpt" || r.At == "dot")
}

// isEarly reports whether the connection was over before it heard of the letter, as one that has been
// idle or busy for too long is.
func isEarly(err error) bool {
	var f *Fault
	var r *Refusal
	return errors.As(err, &f) && f.At == "mail" || errors.As(err, &r) && r.At == "mail" && r.Code == 421
}

var enhanced = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}\b`)

// refused reads what came of a connection's opening: a clean no becomes a [*Refusal], anything else a [*Fault].
func refused(at string, err error) error {
	var answer *textproto.Error
	if !errors.As(err, &answer) || answer.Code < 400 || answer.Code > 599 {
		return &Fault{At: at, Err: err}
	}
	return refusal(at, answer.Code, answer.Msg)
}

// refusal reads a no whose lines are told without their codes.
func refusal(at string, code int, text string) *Refusal {
	r := &Refusal{Code: code, At: at}
	var words []string
	for l := range strings.Lines(text) {
		if s := enhanced.FindString(l); s != "" {
			r.Enhanced, l = s, l[len(s):]
		}
		words = append(words, strings.Fields(l)...)
	}
	r.Text = strings.Join(words, " ")
	return r
}

// line makes one line of at most 500 bytes of what may come from anywhere.
func line(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	for len(s) > 500 {
		_, size := utf8.DecodeLastRuneInString(s[:501])
		s = s[:501-size]
	}
	return strings.TrimSpace(s)
}

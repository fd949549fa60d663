package mailin

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

// Listener takes mail in from a mail server by LMTP (RFC 2033), which has an answer for each recipient, or by
// SMTP. Who may connect is decided by where it listens: it asks for no password, and relays nothing.
//
// It bounds everything that a client decides: connections, recipients, octets, lines and time; of large mails only
// a few are in memory at one time. What it has not answered with 250 it has not taken, and the sender keeps it.
type Listener struct {
	Handle Handler
	Accept func(ctx context.Context, recipient string) error // whether there is such a recipient, else [*Refused]; nil: any
	SMTP   bool                                              // instead of LMTP
	Domain string                                            // our name in the greeting
	Now    func() time.Time
	Log    *slog.Logger

	Connections int           // at one time; 100
	Patience    time.Duration // for a client's next command, and for a whole mail; 2 min
}

// The bounds that nobody needs to choose.
const (
	mostInEnvelope = 100     // of one mail, as many as must be taken (RFC 5321, section 4.5.3.1.8)
	longestText    = 1 << 20 // octets in a line: far beyond what the standard allows, and what some programs write
	small          = 1 << 20 // octets of a mail for which there is always room
	larger         = 2       // mails beyond that which are in memory at one time
	farewell       = 10 * time.Second
)

// Serve takes mail from a socket until the context ends; what has been said by then is dealt with and answered.
func (l Listener) Serve(ctx context.Context, socket net.Listener) error {
	g := &gate{Listener: socket, most: cmp.Or(l.Connections, 100), now: l.Now, lines: map[*line]struct{}{}}
	server := l.server(ctx)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(g) }()
	select {
	case err := <-failed:
		g.cut()
		return fmt.Errorf("incoming mail: no more connections can be taken: %w", err)
	case <-ctx.Done():
	}
	g.close()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	err := server.Shutdown(last)
	g.cut() // Shutdown leaves open what it waited for in vain
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("incoming mail did not end in time; what was not answered will come again: %w", err)
	}
	return nil
}

func (l Listener) server(ctx context.Context) *smtp.Server {
	rooms := make(chan struct{}, larger)
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		s := &dialogue{way: ByLMTP, rooms: rooms, now: l.Now, log: l.Log, patience: l.patience()}
		s.line, _ = c.Conn().(*line)
		if l.SMTP {
			s.way = BySMTP
		}
		if remote := c.Conn().RemoteAddr(); remote != nil && remote.Network() != "unix" {
			s.client = remote.String()
		}
		s.handle = func(in Incoming) error { return l.Handle.safely(ctx, in) }
		s.accept = func(to string) error {
			if l.Accept == nil {
				return nil
			}
			return l.Accept(ctx, to)
		}
		if l.SMTP {
			return s, nil
		}
		return bySeveral{s}, nil
	}))
	server.LMTP = !l.SMTP
	server.Domain = cmp.Or(l.Domain, "localhost")
	server.MaxRecipients = mostInEnvelope
	server.MaxMessageBytes = MaxSize
	server.MaxLineLength = longestText
	server.ReadTimeout, server.WriteTimeout = l.patience(), l.patience()
	server.EnableSMTPUTF8 = true
	server.ErrorLog = asides{l.Log}
	return server
}

func (l Listener) patience() time.Duration { return cmp.Or(l.Patience, 2*time.Minute) }

// dialogue is what one client has said.
type dialogue struct {
	way      Way
	client   string
	line     *line
	rooms    chan struct{}
	patience time.Duration
	now      func() time.Time
	log      *slog.Logger
	handle   func(Incoming) error
	accept   func(recipient string) error

	from string
	to   []string
}

// Mail implements [smtp.Session].
func (s *dialogue) Mail(from string, _ *smtp.MailOptions) error {
	s.from = cmp.Or(from, "<>")
	return nil
}

// Rcpt implements [smtp.Session]. Here is the one moment at which a wrong address can be told to who wrote it.
func (s *dialogue) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := s.accept(to); err != nil {
		return s.answer(err, smtp.EnhancedCode{5, 1, 1})
	}
	s.to = append(s.to, to)
	return nil
}

// Reset implements [smtp.Session].
func (s *dialogue) Reset() { s.from, s.to = "", nil }

// Logout implements [smtp.Session].
func (s *dialogue) Logout() error { return nil }

// Data implements [smtp.Session], with one answer for all recipients: while one of them must come again, so must
// all, and it is refused when all refuse it.
func (s *dialogue) Data(r io.Reader) error {
	var refusal error
	taken := false
	failure, err := s.take(r, func(_ string, err error) error {
		switch {
		case err == nil:
			taken = true
		case refused(err) == nil:
			return err
		default:
			refusal = err
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case failure != nil:
		return s.answer(failure, smtp.EnhancedCode{})
	case refusal != nil && !taken:
		return s.answer(refusal, smtp.EnhancedCode{5, 7, 1})
	}
	return nil
}

// bySeveral is a dialogue that answers for each recipient.
type bySeveral struct{ *dialogue }

// LMTPData implements [smtp.LMTPSession].
func (s bySeveral) LMTPData(r io.Reader, status smtp.StatusCollector) error {
	_, err := s.take(r, func(to string, err error) error {
		status.SetStatus(to, s.answer(err, smtp.EnhancedCode{5, 7, 1}))
		return nil
	})
	return err
}

// take reads the whole mail, then hands it over for one recipient after the other until told returns an error.
func (s *dialogue) take(r io.Reader, told func(to string, err error) error) (stopped, err error) {
	raw, leave, err := s.read(r)
	if err != nil {
		return nil, s.answer(err, smtp.EnhancedCode{5, 6, 0})
	}
	defer leave()
	for _, to := range s.to {
		in := Incoming{Raw: raw, Envelope: Envelope{Sender: s.from, Recipient: to}, Way: s.way, Client: s.client, Received: s.now()}
		if err := told(to, s.handle(in)); err != nil {
			return err, nil
		}
	}
	return nil, nil
}

var (
	errCut   = errors.New("the connection ended within the mail")
	errRooms = errors.New("too many large mails at one time")
)

// read takes a mail into memory; one that is not small waits for one of the few rooms, which leave gives back.
func (s *dialogue) read(r io.Reader) (raw []byte, leave func(), err error) {
	var all bytes.Buffer
	leave = func() {}
	if _, err = io.CopyN(&all, r, small); err == nil {
		waited := time.NewTimer(s.patience)
		defer waited.Stop()
		select {
		case s.rooms <- struct{}{}:
			leave = func() { <-s.rooms }
		case <-waited.C:
			return nil, nil, errRooms
		}
		_, err = io.Copy(&all, r)
	} else if errors.Is(err, io.EOF) {
		err = nil
	}
	if err == nil && s.line != nil && s.line.over.Load() {
		err = errCut // go-smtp takes the end of a connection for the end of a chunk (BDAT), and of a mail
	}
	if err != nil {
		leave()
		return nil, nil, err
	}
	return all.Bytes(), leave, nil
}

// answer says an error as the client is to hear it, a refusal under the code given. Nothing but a refusal is final:
// go-smtp would answer 554 to an error it does not know, and the mail would be lost.
func (s *dialogue) answer(err error, code smtp.EnhancedCode) error {
	var said *smtp.SMTPError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &said):
		return said // that the mail is too large
	case errors.Is(err, smtp.ErrTooLongLine):
		return &smtp.SMTPError{Code: 554, EnhancedCode: code, Message: "A line of this mail is longer than 1 MB"}
	case refused(err) != nil:
		return &smtp.SMTPError{Code: 550, EnhancedCode: code, Message: oneLine(refused(err).Sentence)}
	}
	if !errors.Is(err, errCut) && !errors.Is(err, io.ErrUnexpectedEOF) {
		s.log.Error("mail not taken in, its sender will try again", "way", s.way, "err", err)
	}
	return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "This cannot be dealt with just now, please try again later"}
}

// oneLine keeps an answer an answer.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return s[:min(len(s), 400)]
}

// asides takes what go-smtp says of connections into our log.
type asides struct{ log *slog.Logger }

// Printf implements [smtp.Logger].
func (a asides) Printf(format string, args ...any) {
	a.log.Debug("incoming mail", "said", fmt.Sprintf(format, args...))
}

// Println implements [smtp.Logger].
func (a asides) Println(args ...any) { a.log.Debug("incoming mail", "said", fmt.Sprint(args...)) }

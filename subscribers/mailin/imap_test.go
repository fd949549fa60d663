package mailin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-sasl"
)

// notes is a memory of mailboxes that can be away.
type notes struct {
	mu   sync.Mutex
	all  map[string]string
	away bool
}

func (n *notes) Mailbox(_ context.Context, name string) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.all[name], nil
}

func (n *notes) KeepMailbox(_ context.Context, name, kept string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.away {
		return errors.New("the store is away")
	}
	if n.all == nil {
		n.all = map[string]string{}
	}
	n.all[name] = kept
	return nil
}

// post is an IMAP server in memory, with one user who logs in by "secret" or by the token "fresh".
type post struct {
	user    *imapmemserver.User
	account Account
}

func newPost(t *testing.T, caps ...imap.Cap) post {
	t.Helper()
	set := imap.CapSet{}
	for _, c := range caps {
		set[c] = struct{}{}
	}
	users := imapmemserver.New()
	p := post{user: imapmemserver.NewUser("digest@tidings.example", "secret")}
	users.AddUser(p.user)
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &byToken{Session: users.NewSession(), user: p.user}, nil, nil
		},
		Caps: set, InsecureAuth: true, Logger: quiet{},
	})
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(socket) }()
	t.Cleanup(func() { _ = server.Close() })
	p.account = accountAt(t, socket.Addr().String(), "digest@tidings.example")
	if err := p.user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	return p
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}

func accountAt(t *testing.T, address, user string) Account {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	a := Account{Host: host, TLS: None, User: user, Password: "secret"}
	if a.Port, err = strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	return a
}

// byToken adds XOAUTH2 to the server's sessions, and takes MOVE from them.
type byToken struct {
	imapserver.Session
	user *imapmemserver.User
}

func (s *byToken) AuthenticateMechanisms() []string { return []string{"XOAUTH2"} }

func (s *byToken) Authenticate(string) (sasl.Server, error) { return &tokenCheck{session: s}, nil }

func (s *byToken) Move(w *imapserver.MoveWriter, set imap.NumSet, to string) error {
	return s.Session.(imapserver.SessionMove).Move(w, set, to)
}

func (s *byToken) Namespace() (*imap.NamespaceData, error) { return s.user.Namespace() }

type tokenCheck struct {
	session *byToken
	wrong   bool
}

func (c *tokenCheck) Next(response []byte) (challenge []byte, done bool, err error) {
	if c.wrong {
		return nil, false, imapserver.ErrAuthFailed
	}
	if string(response) != "user=digest@tidings.example\x01auth=Bearer fresh\x01\x01" {
		c.wrong = true
		return []byte(`{"status":"401"}`), false, nil
	}
	return nil, true, c.session.Login("digest@tidings.example", "secret")
}

func (p post) put(t *testing.T, folder string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		raw := "From: ada@example.org\r\nSubject: " + text + "\r\n\r\n" + text + "\r\n"
		if _, err := p.user.Append(folder, literal{strings.NewReader(raw), int64(len(raw))}, &imap.AppendOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

type literal struct {
	io.Reader
	size int64
}

func (l literal) Size() int64 { return l.size }

// in tells how many mails a folder holds.
func (p post) in(t *testing.T, folder string) uint32 {
	t.Helper()
	s, err := p.user.Status(folder, &imap.StatusOptions{NumMessages: true})
	if err != nil {
		t.Fatal(folder, err)
	}
	return *s.NumMessages
}

// reading is a mailbox whose mails are noted by their subjects; the handler fails on "poison" and refuses "refuse".
type reading struct {
	Mailbox
	mu   sync.Mutex
	got  []string
	came chan struct{}
	at   time.Time
}

func newReading(account Account) *reading {
	r := &reading{came: make(chan struct{}, 10000), at: time.Now()}
	r.Mailbox = Mailbox{
		Account: account, Memory: &notes{}, Folder: "INBOX", Done: "Tidings", Poll: time.Minute, Log: slog.New(slog.DiscardHandler),
		Patience: 20 * time.Second, Retry: 20 * time.Millisecond,
		Now: func() time.Time { return r.at },
		Handle: func(_ context.Context, in Incoming) error {
			subject := in.subject()
			switch {
			case strings.HasPrefix(subject, "poison"):
				return errors.New("it cannot be digested")
			case strings.HasPrefix(subject, "refuse"):
				return &Refused{"not here"}
			}
			r.mu.Lock()
			r.got = append(r.got, subject)
			r.mu.Unlock()
			r.came <- struct{}{}
			return nil
		},
	}
	return r
}

func (in Incoming) subject() string {
	_, after, _ := bytes.Cut(in.Raw, []byte("Subject: "))
	subject, _, _ := bytes.Cut(after, []byte("\r\n"))
	return string(subject)
}

func (r *reading) subjects() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// once opens the mailbox, looks once, and closes it.
func (r *reading) once(t *testing.T) error {
	t.Helper()
	v, err := r.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.close()
	return v.look(t.Context())
}

// Whatever the server can do: what was handled and what was refused lies in the one folder, what failed five times
// in the other, and what somebody else has marked as deleted where it was.
func TestMailboxMoves(t *testing.T) {
	for name, caps := range map[string][]imap.Cap{
		"moves": {imap.CapIMAP4rev1, imap.CapMove, imap.CapUIDPlus}, "copies": {imap.CapIMAP4rev1, imap.CapUIDPlus},
		"marks": {imap.CapIMAP4rev1}, "rev2": {imap.CapIMAP4rev2},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPost(t, caps...)
			p.put(t, "INBOX", "one", "poison", "two", "refuse", "three")
			p.put(t, "INBOX", "another's")
			p.mark(t, 6)
			r := newReading(p.account)
			for i := range mostTries {
				if err := r.once(t); err != nil {
					t.Fatal(err)
				}
				if i < mostTries-1 && p.in(t, "Tidings/failed") != 0 {
					t.Errorf("given up after %d tries", i+1)
				}
				if err := r.once(t); err != nil { // too early for another try
					t.Fatal(err)
				}
				r.at = r.at.Add(time.Minute << i)
			}
			if got := r.subjects(); !slices.Equal(got, []string{"one", "two", "three"}) {
				t.Errorf("handled %q", got)
			}
			left := uint32(1)
			if name == "marks" { // they cannot be removed, and are marked
				left = 6
			}
			if inbox, done, failed := p.in(t, "INBOX"), p.in(t, "Tidings"), p.in(t, "Tidings/failed"); inbox != left || done != 4 || failed != 1 {
				t.Errorf("INBOX holds %d, Tidings %d, failed %d; want %d, 4, 1", inbox, done, failed, left)
			}
		})
	}
}

// mark flags a mail as deleted, as a person's mail program does.
func (p post) mark(t *testing.T, uid imap.UID) {
	t.Helper()
	c := dialIMAP(t, p.account)
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	if err := c.Store(imap.UIDSetNum(uid), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err != nil {
		t.Fatal(err)
	}
}

func dialIMAP(t *testing.T, a Account) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialInsecure(a.addr(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.Login(a.User, a.Password).Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

// While our own store is away, no failure is held against a mail.
func TestOutageIsNotPoison(t *testing.T) {
	p := newPost(t, imap.CapIMAP4rev1, imap.CapMove, imap.CapUIDPlus)
	p.put(t, "INBOX", "poison")
	r := newReading(p.account)
	memory := &notes{away: true}
	r.Memory = memory
	for range 2 * mostTries {
		if err := r.once(t); err == nil {
			t.Fatal("it went well")
		}
		r.at = r.at.Add(time.Hour)
	}
	memory.away = false
	if err := r.once(t); err != nil {
		t.Fatal(err)
	}
	if p.in(t, "INBOX") != 1 || p.in(t, "Tidings/failed") != 0 {
		t.Error("the mail was given up")
	}
}

// What was handled and could not be moved is moved later, and not handled again; a folder made anew is a new one.
func TestMailboxRemembers(t *testing.T) {
	p := newPost(t, imap.CapIMAP4rev1, imap.CapMove, imap.CapUIDPlus)
	p.put(t, "INBOX", "one")
	r := newReading(p.account)
	v, err := r.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.close()
	if err := p.user.Delete("Tidings"); err != nil {
		t.Fatal(err)
	}
	if err := v.look(t.Context()); err == nil || !strings.Contains(err.Error(), `cannot be moved to the folder "Tidings"`) {
		t.Fatal(err)
	}
	if err := r.once(t); err != nil { // makes the folder again
		t.Fatal(err)
	}
	if got := r.subjects(); len(got) != 1 || p.in(t, "Tidings") != 1 || p.in(t, "INBOX") != 0 {
		t.Errorf("handled %q, %d in Tidings, %d in INBOX", got, p.in(t, "Tidings"), p.in(t, "INBOX"))
	}

	memory := r.Memory.(*notes)
	for name := range memory.all {
		memory.all[name] = `{"validity":99,"handled":[2]}` // of a folder that is no more
	}
	p.put(t, "INBOX", "two")
	if err := r.once(t); err != nil || !slices.Equal(r.subjects(), []string{"one", "two"}) {
		t.Errorf("handled %q, %v", r.subjects(), err)
	}
}

// A login by token asks for one each time; a wrong one is told as such.
func TestXOAUTH2(t *testing.T) {
	p := newPost(t, imap.CapIMAP4rev1, imap.CapMove, imap.CapUIDPlus)
	p.put(t, "INBOX", "one", "two")
	r := newReading(p.account)
	r.Account.Password = ""
	token := "stale"
	r.Token = func(context.Context) (string, error) { return token, nil }
	if _, err := r.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "with this access token") {
		t.Errorf("a stale token: %v", err)
	}
	token = "fresh"
	if n, err := r.Check(t.Context()); n != 2 || err != nil {
		t.Errorf("a fresh token: %d, %v", n, err)
	}
}

// What goes wrong at the door is told so that one can act on it, and never with a password.
func TestMailboxFaults(t *testing.T) {
	p := newPost(t, imap.CapIMAP4rev1, imap.CapMove, imap.CapUIDPlus)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for want, change := range map[string]func(*Mailbox){
		"does not let digest@tidings.example in": func(m *Mailbox) { m.Account.Password = "hunter2" },
		`it has no folder "Elsewhere"`:           func(m *Mailbox) { m.Folder = "Elsewhere" },
		"no STARTTLS":                            func(m *Mailbox) { m.Account.TLS = STARTTLS },
		"tls: first record":                      func(m *Mailbox) { m.Account.TLS = Implicit },
		"connection refused":                     func(m *Mailbox) { m.Account.Port = 1 },
		"no access token for": func(m *Mailbox) {
			m.Token = func(context.Context) (string, error) { return "", errors.New("exit status 1") }
		},
		"it did not answer for 200ms": func(m *Mailbox) {
			m.Account.Port = silent.Addr().(*net.TCPAddr).Port
			m.Patience = 200 * time.Millisecond
		},
	} {
		r := newReading(p.account)
		change(&r.Mailbox)
		_, err := r.Check(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestParseAccount(t *testing.T) {
	for in, want := range map[string]string{
		"imaps://d%40x.example:p%40ss@imap.x.example": "{imap.x.example 993 implicit d@x.example p@ss <nil>}",
		"imap://d@imap.x.example:1143/":               "{imap.x.example 1143 starttls d  <nil>}",
		"imap://d@localhost?tls=none":                 "{localhost 143 none d  <nil>}",
		"imap://d@[::1]:99?tls=none":                  "{::1 99 none d  <nil>}",
	} {
		if a, err := ParseAccount(in); fmt.Sprint(a) != want || err != nil {
			t.Errorf("%s: %v, %v", in, a, err)
		}
	}
	for in, want := range map[string]string{
		"imaps://x.example": "names no user", "imaps://": "names no user", "http://d@x": "must begin with", "imap://d:hunter2@x.example?tls=none": "show the password",
		"imaps://d@x:0": "not a port", "imaps://d@x?tls=none": "always encrypted", "imap://d@x?tls=starttls": "can only be", "imaps://d@x.example/INBOX": "goes on after",
		"imaps://d:hunter2%@x": "cannot be read", "imaps://d:hunter2?@x": "cannot be read",
	} {
		if a, err := ParseAccount(in); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, %v, want %s", in, a, err, want)
		}
	}
}

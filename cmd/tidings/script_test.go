package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tidings": main, "elsewhen": elsewhen})
}

// TestScript runs the scripts of testdata/script: the whole program, as people use it.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Values["mails"] = newMailServer(t)
			return nil
		},
		Condition: func(condition string) (bool, error) {
			if condition != "ci" {
				return false, fmt.Errorf("there is no condition %q", condition)
			}
			return os.Getenv("CI") == "true", nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":      exits,
			"mailserver": mailServerAt,
			"mails":      mails,
			"port":       port,
			"hole":       hole,
			"hand":       hand,
			"serve":      serveFiles,
			"model":      modelAt,
			"await":      await,
			"post":       post,
			"link":       linkTo,
			"seed":       seed,
			"sealed":     sealed,
			"terminate":  terminate,
			"spam":       spam,
		},
	})
}

// exits CODE FILE COMMAND…: runs a command, checks its exit code, and leaves what it says on the standard
// error in FILE.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: exits CODE FILE COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	program, err := lookPath(args[2], ts.Getenv("PATH"))
	ts.Check(err)
	c := exec.CommandContext(ctx, program, args[3:]...)
	c.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "TIDINGS_SMTP__URL", "TIDINGS_TEMPLATES__DIR"} {
		if value := ts.Getenv(name); value != "" {
			c.Env = append(c.Env, name+"="+value)
		}
	}
	var out strings.Builder
	c.Stderr = &out
	err = c.Run()
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(out.String()), 0o600))
	code := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d; it said:\n%s", code, want, out.String())
	}
}

func lookPath(name, path string) (string, error) {
	for _, dir := range strings.Split(path, string(os.PathListSeparator)) {
		if full := dir + string(os.PathSeparator) + name; exists(full) {
			return full, nil
		}
	}
	return "", fmt.Errorf("no %s in PATH", name)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// mailServer is a real SMTP server that counts what it accepts by recipient. The recipient's local part
// says what becomes of him: refuse-… is unknown, once-… is put off at first.
type mailServer struct {
	addr string

	mu   sync.Mutex
	got  map[string]int
	once map[string]bool
}

func newMailServer(t *testing.T) *mailServer {
	t.Helper()
	m := &mailServer{got: map[string]int{}, once: map[string]bool{}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.addr = listener.Addr().String()
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{server: m}, nil }))
	server.Domain = "mail.example"
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return m
}

// session is one connection.
type session struct {
	server *mailServer
	to     []string
}

func (s *session) Mail(string, *smtp.MailOptions) error { return nil }
func (s *session) Reset()                               { s.to = nil }
func (s *session) Logout() error                        { return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	switch {
	case strings.HasPrefix(to, "refuse-"):
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	case strings.HasPrefix(to, "once-") && !s.server.once[to]:
		s.server.once[to] = true
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "come back later"}
	}
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	for _, to := range s.to {
		s.server.got[to]++
	}
	return nil
}

// mailserver: sets SMTP to the address of the script's own mail server.
func mailServerAt(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Setenv("SMTP", "smtp://"+ts.Value("mails").(*mailServer).addr+"?tls=none")
}

// mails [TO=N…]: checks that just these letters were accepted, each recipient so many times.
func mails(ts *testscript.TestScript, _ bool, args []string) {
	m := ts.Value("mails").(*mailServer)
	m.mu.Lock()
	defer m.mu.Unlock()
	var got []string
	for to, n := range m.got {
		got = append(got, fmt.Sprintf("%s=%d", to, n))
	}
	slices.Sort(got)
	slices.Sort(args)
	if !slices.Equal(got, args) {
		ts.Fatalf("accepted %v, want %v", got, args)
	}
}

// port NAME: sets NAME to a free address on loopback.
func port(ts *testscript.TestScript, _ bool, args []string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv(args[0], listener.Addr().String())
	ts.Check(listener.Close())
}

// hole NAME: sets NAME to an address that takes connections and never says a word.
func hole(ts *testscript.TestScript, _ bool, args []string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = listener.Close() })
	ts.Setenv(args[0], listener.Addr().String())
	go func() {
		var silent []net.Conn // kept, or the collector of garbage would close them
		for {
			conn, err := listener.Accept()
			if err != nil {
				break
			}
			silent = append(silent, conn)
		}
		for _, conn := range silent {
			_ = conn.Close()
		}
	}()
}

// hand ADDRESS FILE CODE SENDER RECIPIENT: hands a mail over by LMTP and checks how it is answered, at the recipient
// or at the end.
func hand(ts *testscript.TestScript, _ bool, args []string) {
	conn, err := net.Dial("tcp", args[0])
	ts.Check(err)
	defer conn.Close()
	c := smtp.NewClientLMTP(conn)
	ts.Check(c.Mail(args[3], nil))
	answer := func(err error) {
		code := 250
		if said := (*smtp.SMTPError)(nil); errors.As(err, &said) {
			code = said.Code
		} else {
			ts.Check(err)
		}
		if strconv.Itoa(code) != args[2] {
			ts.Fatalf("answered %d, want %s: %v", code, args[2], err)
		}
	}
	if err := c.Rcpt(args[4], nil); err != nil {
		answer(err)
		return
	}
	w, err := c.Data()
	ts.Check(err)
	_, err = io.WriteString(w, ts.ReadFile(args[1]))
	ts.Check(err)
	answer(w.Close())
}

// serve DIR: serves a folder on the web and sets URL to its address. /huge.xml is a feed without end, /down
// answers 503.
func serveFiles(ts *testscript.TestScript, _ bool, args []string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServer(http.Dir(ts.MkAbs(args[0]))))
	mux.HandleFunc("/huge.xml", func(w http.ResponseWriter, _ *http.Request) {
		item := []byte("<item><title>" + strings.Repeat("x", 1<<20) + "</title></item>")
		_, _ = io.WriteString(w, "<rss><channel>")
		for range 20 {
			if _, err := w.Write(item); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/down", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "down", http.StatusServiceUnavailable) })
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	ts.Defer(func() { _ = server.Close() })
	ts.Setenv("URL", "http://"+listener.Addr().String())
}

// model NAME FILE: sets NAME to the address of a language model that answers what FILE holds whenever it is
// asked; "stall" and "500" are what they say. Its vectors are all the same.
func modelAt(ts *testscript.TestScript, _ bool, args []string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	file := ts.MkAbs(args[1])
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", func(w http.ResponseWriter, r *http.Request) {
		content, _ := os.ReadFile(file)
		switch {
		case r.Header.Get("Authorization") != "Bearer sesame":
			http.Error(w, "who are you?", http.StatusUnauthorized)
		case strings.HasPrefix(string(content), "stall"):
			<-r.Context().Done()
		case strings.HasPrefix(string(content), "500"):
			http.Error(w, "no", http.StatusInternalServerError)
		default:
			_ = json.NewEncoder(w).Encode(map[string]any{"choices": []any{map[string]any{"message": map[string]string{"content": string(content)}}}})
		}
	})
	mux.HandleFunc("POST /v1/embeddings", func(w http.ResponseWriter, r *http.Request) {
		var q struct {
			Input []string `json:"input"`
		}
		_ = json.NewDecoder(r.Body).Decode(&q)
		var data []any
		for i := range q.Input {
			data = append(data, map[string]any{"index": i, "embedding": []float64{3, 4}})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": data})
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	ts.Defer(func() { _ = server.Close() })
	ts.Setenv(args[0], "http://"+listener.Addr().String())
}

// await FILE PATTERN…: waits until a file, or what an address answers, holds all of these texts.
func await(ts *testscript.TestScript, neg bool, args []string) {
	deadline := time.Now().Add(20 * time.Second)
	var last string
	for time.Now().Before(deadline) {
		last = contents(ts, args[0])
		ok := true
		for _, want := range args[1:] {
			ok = ok && strings.Contains(last, want) != neg
		}
		if ok {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	ts.Fatalf("%s does not hold %q; it holds:\n%s", args[0], args[1:], last)
}

func contents(ts *testscript.TestScript, place string) string {
	if !strings.HasPrefix(place, "http://") {
		b, _ := os.ReadFile(ts.MkAbs(place))
		return string(b)
	}
	answer, err := http.Get(place)
	if err != nil {
		return err.Error()
	}
	defer answer.Body.Close()
	b, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	return answer.Status + "\n" + string(b)
}

// post ADDRESS [KEY=VALUE…]: posts a form and checks that the answer is no failure; where it leads is LED then.
func post(ts *testscript.TestScript, neg bool, args []string) {
	form := url.Values{}
	if token := shownForm(ts, args[0]); token != "" {
		form.Set("form", token)
		form.Set("shown", "en")
		time.Sleep(2100 * time.Millisecond) // no person fills in a form any faster
	}
	for _, pair := range args[1:] {
		k, v, _ := strings.Cut(pair, "=")
		form.Add(k, v)
	}
	answer, err := http.PostForm(args[0], form)
	ts.Check(err)
	ts.Check(answer.Body.Close())
	if (answer.StatusCode >= 400) != neg {
		ts.Fatalf("%s answered %s", args[0], answer.Status)
	}
	ts.Setenv("LED", answer.Request.URL.String())
}

// link ROOM NAME: waits for a letter in outbox with a link to this room of the readers' pages, and puts the
// newest such link into the environment under NAME.
func linkTo(ts *testscript.TestScript, _ bool, args []string) {
	form := regexp.MustCompile(`http://[^/\s]+/` + args[0] + `/[a-z2-7]{32}`)
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		letters, err := filepath.Glob(ts.MkAbs("outbox/*.eml"))
		ts.Check(err)
		found, newest := "", time.Time{}
		for _, letter := range letters {
			content, err := os.ReadFile(letter)
			ts.Check(err)
			info, err := os.Stat(letter)
			ts.Check(err)
			link := form.FindString(strings.NewReplacer("=\r\n", "", "=\n", "").Replace(string(content)))
			if link != "" && info.ModTime().After(newest) {
				found, newest = link, info.ModTime()
			}
		}
		if found != "" {
			ts.Setenv(args[1], found)
			return
		}
	}
	ts.Fatalf("no letter has a link to /%s/", args[0])
}

var formToken = regexp.MustCompile(`name="form" value="([^"]+)"`)

// shownForm opens a page, and returns the token of the form on it; empty if there is none.
func shownForm(ts *testscript.TestScript, page string) string {
	answer, err := http.Get(page + "?lang=en")
	ts.Check(err)
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	ts.Check(err)
	if m := formToken.FindSubmatch(content); m != nil {
		return string(m[1])
	}
	return ""
}

// seed FILE: writes the demo's seed article to FILE.
func seed(ts *testscript.TestScript, _ bool, args []string) {
	b, err := demoFiles.ReadFile("demo/sources/llama-esodo.it.txt")
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o600))
}

// sealed EDITION: waits until the store lists an edition.
func sealed(ts *testscript.TestScript, _ bool, args []string) {
	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) {
		if err := ts.Exec("tidings", "editions", "list"); err == nil && strings.Contains(ts.ReadFile("stdout"), args[0]) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	ts.Fatalf("%s is not sealed", args[0])
}

// terminate: sends SIGTERM to what runs in the background.
func terminate(ts *testscript.TestScript, _ bool, _ []string) {
	for _, c := range ts.BackgroundCmds() {
		ts.Check(c.Process.Signal(syscall.SIGTERM))
	}
}

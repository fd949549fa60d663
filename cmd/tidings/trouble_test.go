package main

import (
	"bufio"
	"crypto/tls"
	"database/sql"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tidings/.ci/sink"
	"tidings/digest"
)

// However a relay fails, and whenever: each reader is told as what he got.
func TestRelayFails(t *testing.T) {
	skipShort(t)
	t.Parallel()
	readers := crowd(500)
	for i, fate := range []string{"refuse", "defer", "once", "blocked", "full", "drop"} {
		readers[i*50] = fate + "-reader@mail.example"
	}
	c := newCrossing(t, &sink.Sink{Slow: 5 * time.Millisecond, Limit: 20}, roomIn(t.TempDir()), readers, "TIDINGS_DELIVERY__GIVE_UP=8h")
	for hour, m := range []sink.Mood{sink.Busy, sink.Refusing, sink.Closing, sink.Babbling, sink.Stalling} {
		r := c.begin(c.command(time.Duration(hour)*time.Hour, "send"))
		c.await(r, 30)
		c.sink.Be(m)
		if m == sink.Stalling {
			time.Sleep(time.Second)
			c.sink.Be(sink.Well) // it answers at last
		}
		c.ends(r)
		c.sink.Be(sink.Well)
	}
	c.settle()
	a := c.compare()
	if a.sent != len(readers)-4 || a.failed != 4 || a.twice != a.unsaid {
		t.Errorf("%+v", a)
	}
	for to, d := range c.ledger() {
		if n := c.sink.Counts()[to]; d.State == digest.Sent && n.Answered != 1 {
			t.Errorf("%s: answered %d times", to, n.Answered)
		}
	}
}

// A relay with which no line can be secured gets no letter, and nobody's tries are spent on it.
func TestSecureLineFails(t *testing.T) {
	skipShort(t)
	t.Parallel()
	web := httptest.NewTLSServer(nil) // for its certificate, which is for 127.0.0.1
	defer web.Close()
	authority := filepath.Join(t.TempDir(), "authority.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw})
	if err := os.WriteFile(authority, block, 0o600); err != nil {
		t.Fatal(err)
	}
	readers := crowd(50)
	c := newCrossing(t, &sink.Sink{TLS: &tls.Config{Certificates: web.TLS.Certificates, MinVersion: tls.VersionTLS12}}, roomIn(t.TempDir()), readers)
	for i, e := range c.env {
		c.env[i] = strings.TrimSuffix(e, "?tls=none")
	}
	c.fails(c.command(0, "send"), "certificate")
	c.env = append(c.env, "SSL_CERT_FILE="+authority)
	c.sink.Be(sink.Tongued)
	c.fails(c.command(time.Hour, "send"), "TLS")
	if got := c.tally(); got[digest.Pending] != len(readers) || c.sink.Letters() > 0 {
		t.Errorf("%v, %d letters", got, c.sink.Letters())
	}
	c.sink.Be(sink.Well)
	c.settle()
	if a := c.compare(); a.sent != len(readers) || a.twice > 0 {
		t.Errorf("%+v", a)
	}
}

// When the clock is set while letters are under way, nobody is missed and nobody gets his twice, although an hour forward
// it ends all leases at once.
func TestClockSet(t *testing.T) {
	skipShort(t)
	for _, step := range []time.Duration{-time.Hour, time.Hour} {
		t.Run(step.String(), func(t *testing.T) {
			t.Parallel()
			steps := filepath.Join(t.TempDir(), "steps")
			c := newCrossing(t, unhurried(), roomIn(t.TempDir()), crowd(500), "CLOCK_STEP="+step.String(), "CLOCK_STEPS="+steps)
			r := c.begin(c.command(0, "send"))
			c.await(r, 100)
			write(t, steps, "")
			c.ends(r)
			c.settle()
			if a := c.compare(); a.sent != 500 || a.twice > 0 {
				t.Errorf("%+v", a)
			}
		})
	}
}

// While the database is copied, read for long and locked by others, letters go on or wait.
func TestDatabaseBusy(t *testing.T) {
	skipShort(t)
	t.Parallel()
	c := newCrossing(t, unhurried(), roomIn(t.TempDir()), crowd(1000))
	db, err := sql.Open("sqlite", filepath.Join(c.home.dir, "tidings.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r := c.begin(c.command(0, "send"))
	c.await(r, 50)
	reading, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	if err := reading.QueryRow("SELECT COUNT(*) FROM delivery").Scan(&n); err != nil {
		t.Fatal(err)
	}
	c.await(r, 50)
	if _, err := db.Exec("VACUUM INTO ?", filepath.Join(c.home.dir, "copy.db")); err != nil {
		t.Error(err)
	}
	c.await(r, 50)
	locked, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer locked.Close()
	if _, err := locked.ExecContext(t.Context(), "PRAGMA busy_timeout = 20000; BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Second)
	if _, err := locked.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Error(err)
	}
	c.await(r, 50)
	if err := errors.Join(reading.Rollback(), <-r.ended); err != nil {
		t.Errorf("%v:\n%s", err, r.said.String())
	}
	if a := c.compare(); a.sent != 1000 || a.twice > 0 {
		t.Errorf("%+v", a)
	}
}

// While the disk is full letters wait, and go on once there is room again: nobody is missed, nobody gets his twice.
func TestDiskFull(t *testing.T) {
	skipShort(t)
	t.Parallel()
	disk := smallDisk(t)
	c := newCrossing(t, unhurried(), disk, crowd(500))
	r := c.begin(c.command(0, "send"))
	c.await(r, 50)
	disk.fill(t)
	time.Sleep(2 * time.Second)
	came := c.sink.Letters()
	time.Sleep(time.Second)
	if c.sink.Letters() != came || came == 500 {
		t.Errorf("on a full disk letters go on, %d and then %d", came, c.sink.Letters())
	}
	disk.empty(t)
	if err := c.ends(r); err != nil {
		t.Errorf("%v:\n%s", err, r.said.String())
	}
	if a := c.compare(); a.sent != 500 || a.twice > 0 {
		t.Errorf("%+v", a)
	}
}

// fill leaves no room on a room's disk.
func (r room) fill(t *testing.T) {
	t.Helper()
	for block := make([]byte, 1<<20); len(block) > 0; {
		if err := grow(r.ballast(), block); errors.Is(err, syscall.ENOSPC) {
			block = block[:len(block)/2]
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// empty takes away what filled it.
func (r room) empty(t *testing.T) {
	t.Helper()
	if err := os.Remove(r.ballast()); err != nil {
		t.Fatal(err)
	}
}

func (r room) ballast() string { return filepath.Join(r.from, "..", "ballast") }

// grow appends to a file.
func grow(path string, block []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(block)
	return errors.Join(err, f.Close())
}

// noDisk skips a test that needs a disk of its own, or fails it where everything must be there.
func noDisk(t *testing.T, err error) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("no disk of its own can be mounted here: %v", err)
	}
	t.Skipf("no disk of its own can be mounted here: %v", err)
}

// smallDisk makes a room on a disk of 16 MB. It is mounted in a namespace of its own that a process keeps, so it needs
// neither root nor a clean end.
func smallDisk(t *testing.T) room {
	t.Helper()
	dir := t.TempDir()
	keeper := exec.CommandContext(t.Context(), "sh", "-c", `mount -t tmpfs -o size=16m tmpfs "$0" && echo mounted && exec cat`, dir)
	keeper.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		keeper.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		keeper.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		keeper.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	hold, err := keeper.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := keeper.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := keeper.Start(); err != nil {
		noDisk(t, err)
	}
	t.Cleanup(func() { _ = hold.Close(); _ = keeper.Wait() })
	if word, err := bufio.NewReader(out).ReadString('\n'); word != "mounted\n" {
		noDisk(t, err)
	}
	home := room{
		dir: filepath.Join(dir, "home"), from: fmt.Sprintf("/proc/%d/root%s/home", keeper.Process.Pid, dir),
		enter: []string{"nsenter", "--mount", "--target", strconv.Itoa(keeper.Process.Pid)},
	}
	if os.Getuid() != 0 {
		home.enter = append(home.enter, "--user", "--preserve-credentials")
	}
	home.enter = append(home.enter, "--")
	return home
}

// A real Postfix takes letters by either kind of secure line from who logs in, and from nobody else.
func TestSecureLine(t *testing.T) {
	submission, smtps, authority := peer(t, "PEER_SUBMISSION"), peer(t, "PEER_SMTPS"), peer(t, "PEER_AUTHORITY")
	imapAt, password := peer(t, "PEER_IMAP"), peer(t, "PEER_IMAP_PASSWORD")
	t.Parallel()
	for _, url := range []string{"smtp://editor%40tidings.test@" + submission, "smtps://editor%40tidings.test@" + smtps} {
		reader := fmt.Sprintf("secure-%d@readers.test", time.Now().UnixNano())
		c := newCrossing(t, &sink.Sink{}, roomIn(t.TempDir()), []string{reader},
			"SSL_CERT_FILE="+authority, "TIDINGS_SMTP__URL="+url, "TIDINGS_SMTP__PASSWORD=wrong")
		c.fails(c.command(0, "send"), "535")
		if got := c.ledger()[reader]; got.State != digest.Pending || got.Attempts > 0 {
			t.Errorf("%s: with a wrong password the letter is %s after %d tries", url, got.State, got.Attempts)
		}
		c.env = append(c.env, "TIDINGS_SMTP__PASSWORD="+password)
		c.settle()
		if got := c.ledger()[reader]; got.State != digest.Sent {
			t.Errorf("%s: the letter is %s: %s", url, got.State, got.Note)
		}
		letters := awaitMail(t, imapAt, reader, password, 1)
		if by := strings.Join(letters[0].Header["Received"], " "); len(letters) != 1 || !strings.Contains(by, "with ESMTPSA") {
			t.Errorf("%s: %d letters, received %s", url, len(letters), by)
		}
	}
}

package store_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tidings/digest"
	"tidings/digest/store"
)

// Who begins to send while nobody else does takes over what dead ones left; who comes to others, or is joined
// by others, leaves their claims alone.
func TestAttend(t *testing.T) {
	t.Run("postgres", func(t *testing.T) {
		address := freshSchema(t)
		s, _, key := sealed(t, address, 4, digest.Resend)
		first := ok[func() error](t)(s.Attend(t.Context()))
		claimed := claim(t, s, 3, seven)
		must(t, s.Hand(t.Context(), claimed[0]))
		must(t, s.Hand(t.Context(), claimed[1]))
		must(t, s.Settle(t.Context(), outcome(claimed[1], digest.Sent)))

		other, _ := open(t, address)
		second := ok[func() error](t)(other.Attend(t.Context()))
		tallied(t, s, key, map[digest.DeliveryState]int{digest.Pending: 1, digest.Leased: 1, digest.Handing: 1, digest.Sent: 1})

		must(t, first())
		third, _ := open(t, address)
		leave := ok[func() error](t)(third.Attend(t.Context()))
		tallied(t, s, key, map[digest.DeliveryState]int{digest.Pending: 1, digest.Leased: 1, digest.Handing: 1, digest.Sent: 1})

		must(t, leave())
		must(t, second())
		last, _ := open(t, address)
		leave = ok[func() error](t)(last.Attend(t.Context()))
		tallied(t, s, key, map[digest.DeliveryState]int{digest.Pending: 1, digest.Leased: 1, digest.Uncertain: 1, digest.Sent: 1})
		if got := claim(t, last, 9, seven); len(got) != 3 {
			t.Errorf("claimed %d", len(got))
		}
		wants(t, s.Hand(t.Context(), claimed[2]), digest.ErrStale)
		must(t, leave())
	})
}

// Whose session the database cuts is not dead: who begins to send meanwhile leaves his claims to him.
func TestAttendingOutlivesItsSession(t *testing.T) {
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		u, err := url.Parse(freshSchema(t))
		must(t, err)
		query := u.Query()
		name := query.Get("search_path")
		other := u.String()
		query.Set("application_name", name)
		u.RawQuery = query.Encode()
		s, _, key := sealed(t, u.String(), 3, digest.Resend)
		leave := ok[func() error](t)(s.Attend(t.Context()))
		d := claim(t, s, 2, seven)[0]
		must(t, s.Hand(t.Context(), d))

		beside, _ := open(t, other)
		db := raw(t, other)
		execute(t, db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '"+name+"'")
		for sessions := 1; sessions > 0; {
			must(t, db.QueryRow("SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = $1", name).Scan(&sessions))
		}
		second := ok[func() error](t)(beside.Attend(t.Context()))
		tallied(t, beside, key, map[digest.DeliveryState]int{digest.Pending: 1, digest.Leased: 1, digest.Handing: 1})
		if got := claim(t, beside, 9, seven); len(got) != 1 {
			t.Errorf("claimed %d", len(got))
		}
		must(t, s.Settle(t.Context(), outcome(d, digest.Sent)))
		must(t, errors.Join(leave(), second()))
	})
}

// On SQLite one process sends, and the next one takes over when it has ended.
func TestAttendAlone(t *testing.T) {
	address := freshFile(t)
	s, _, key := sealed(t, address, 3, digest.Resend)
	leave := ok[func() error](t)(s.Attend(t.Context()))
	claimed := claim(t, s, 2, seven)
	must(t, s.Hand(t.Context(), claimed[0]))

	other, _ := open(t, address)
	_, err := other.Attend(t.Context())
	wants(t, err, store.ErrSending)
	tallied(t, s, key, map[digest.DeliveryState]int{digest.Pending: 1, digest.Leased: 1, digest.Handing: 1})

	must(t, leave())
	leave = ok[func() error](t)(other.Attend(t.Context()))
	tallied(t, s, key, map[digest.DeliveryState]int{digest.Pending: 1, digest.Leased: 1, digest.Uncertain: 1})
	if got := claim(t, other, 9, seven); len(got) != 3 {
		t.Errorf("claimed %d", len(got))
	}
	must(t, leave())
}

// attendBeside attends while another process does, which SQLite refuses.
func attendBeside(t *testing.T, s *store.Store, address string) (leave func() error) {
	t.Helper()
	leave, err := s.Attend(t.Context())
	if strings.HasPrefix(address, "sqlite") {
		wants(t, err, store.ErrSending)
		return func() error { return nil }
	}
	must(t, err)
	return leave
}

// Attending ends with its process, however that dies.
func TestAttendingOutlivesNobody(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _, key := sealed(t, address, 4, digest.Resend)
		sender := exec.Command(os.Args[0], "-test.run=^TestSender$", "-test.v")
		sender.Env = append(os.Environ(), "STORE_TEST_SENDER="+address)
		out, err := sender.StdoutPipe()
		must(t, err)
		must(t, sender.Start())
		lines := bufio.NewScanner(out)
		for lines.Scan() && !strings.Contains(lines.Text(), "sending") {
		}
		must(t, attendBeside(t, s, address)())
		tallied(t, s, key, map[digest.DeliveryState]int{digest.Leased: 4})
		must(t, sender.Process.Kill())
		_ = sender.Wait()
		for range 2000 { // the database server may notice a little later
			leave := ok[func() error](t)(s.Attend(t.Context()))
			must(t, leave())
			if got := claim(t, s, 9, seven); len(got) == 4 {
				return
			}
		}
		t.Error("a dead process still holds its claims")
	})
}

// A sender whose connection PostgreSQL has cut is known again from its next claim on.
func TestAttendingOutlivesItsConnection(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _, key := sealed(t, address, 4, digest.Resend)
		leave := ok[func() error](t)(s.Attend(t.Context()))
		if strings.HasPrefix(address, "postgres") {
			cut(t, address)
		}
		claim(t, s, 4, seven)
		other, _ := open(t, address)
		left := attendBeside(t, other, address)
		if got := claim(t, other, 9, seven); len(got) != 0 {
			t.Errorf("claimed %d letters of one who lives", len(got))
		}
		tallied(t, s, key, map[digest.DeliveryState]int{digest.Leased: 4})
		must(t, errors.Join(left(), leave()))
	})
}

// A claim that is broken off, as when the daemon is told to stop, does not end the attending of those whose
// letters are on the wire, nor does it leave anything behind when they go.
func TestAttendingOutlivesABrokenClaim(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _, key := sealed(t, address, 4, digest.Resend)
		leave := ok[func() error](t)(s.Attend(t.Context()))
		claim(t, s, 4, seven)
		stopped, stop := context.WithCancel(t.Context())
		stop()
		_, err := s.Claim(stopped, 4, seven, seven.Add(time.Minute))
		wants(t, err, context.Canceled)

		other, _ := open(t, address)
		left := attendBeside(t, other, address)
		tallied(t, s, key, map[digest.DeliveryState]int{digest.Leased: 4})
		must(t, errors.Join(left(), leave()))

		leave = ok[func() error](t)(other.Attend(t.Context()))
		if got := claim(t, other, 9, seven); len(got) != 4 {
			t.Errorf("claimed %d letters of one who left, want 4", len(got))
		}
		must(t, leave())
	})
}

// Two parts of one program may attend; it is gone when both have left, and to leave twice is to leave once.
func TestAttendTwice(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _, key := sealed(t, address, 4, digest.Resend)
		first := ok[func() error](t)(s.Attend(t.Context()))
		second := ok[func() error](t)(s.Attend(t.Context()))
		claim(t, s, 4, seven)
		must(t, errors.Join(first(), first()))

		other, _ := open(t, address)
		left := attendBeside(t, other, address)
		if got := claim(t, other, 9, seven); len(got) != 0 {
			t.Errorf("claimed %d letters of one who still attends", len(got))
		}
		tallied(t, s, key, map[digest.DeliveryState]int{digest.Leased: 4})
		must(t, errors.Join(left(), second()))

		leave := ok[func() error](t)(other.Attend(t.Context()))
		if got := claim(t, other, 9, seven); len(got) != 4 {
			t.Errorf("claimed %d letters of one who left, want 4", len(got))
		}
		must(t, leave())
	})
}

// Without a lock that is one, nobody can know who else sends; so nobody does.
func TestAttendWithoutLock(t *testing.T) {
	address := freshFile(t)
	s, _, key := sealed(t, address, 4, digest.Resend)
	path := strings.TrimPrefix(address, "sqlite:")
	claim(t, s, 4, seven)
	must(t, os.WriteFile(path+".lock", []byte(strings.Repeat("not a database\n", 99)), 0o600))
	_, err := s.Attend(t.Context())
	says(t, err, path+".lock is of no use", "let this user write it")

	if os.Geteuid() == 0 {
		return // root may write everything; the rest is for other users
	}
	must(t, os.Remove(path+".lock"))
	must(t, ok[func() error](t)(s.Attend(t.Context()))())
	claim(t, s, 4, seven)
	must(t, os.Chmod(path+".lock", 0o400)) // as when root was the first to send
	_, err = s.Attend(t.Context())
	says(t, err, path+".lock is of no use", "let this user write it")
	tallied(t, s, key, map[digest.DeliveryState]int{digest.Leased: 4})
	must(t, s.Close())

	folder := filepath.Dir(path)
	must(t, os.Chmod(folder, 0o500))
	defer os.Chmod(folder, 0o700)
	_, err = store.Open(t.Context(), address, time.Now)
	says(t, err, "let this user write the folder "+folder)
}

// cut ends the connections that hold advisory locks in the database.
func cut(t *testing.T, address string) {
	t.Helper()
	db, err := sql.Open("pgx", address)
	must(t, err)
	defer db.Close()
	const query = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
	_, err = db.ExecContext(t.Context(), query)
	must(t, err)
}

// TestSender is the process that dies in [TestAttendingOutlivesNobody].
func TestSender(t *testing.T) {
	address := os.Getenv("STORE_TEST_SENDER")
	if address == "" {
		return // this is a process of another test, and no test
	}
	s, err := store.Open(t.Context(), address, func() time.Time { return seven })
	must(t, err)
	ok[func() error](t)(s.Attend(t.Context()))
	claim(t, s, 4, seven)
	fmt.Println("sending")
	time.Sleep(time.Minute) // killed long before
}

// What a daemon has locked that falls silent in the middle of a commit, as when its machine loses its network, is free
// for the others before long: PostgreSQL ends its session, and with that its locks.
func TestSilent(t *testing.T) {
	t.Parallel()
	address := freshSchema(t)
	s, c, _ := sealed(t, address, 4, digest.Resend)
	d := claim(t, s, 1, c.Now())[0]
	must(t, s.Hand(t.Context(), d))
	c.move(2 * lease) // it is in doubt now, which the others will note
	annexe := ok[*store.Annexe](t)(s.Annexe(t.Context()))
	defer annexe.Close()
	db, _ := annexe.Handles()
	silent, err := db.Begin()
	must(t, err)
	defer silent.Rollback()
	_, err = silent.Exec("UPDATE delivery SET state = 4 WHERE state = 3")
	must(t, err)
	other, _ := open(t, address)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for claimed := 0; claimed < 4; time.Sleep(200 * time.Millisecond) {
		claimed += len(ok[[]digest.Delivery](t)(other.Claim(ctx, 10, c.Now(), c.Now().Add(lease))))
	}
}

package store_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"tidings/digest/store"
)

func TestSole(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		release, won, err := s.Sole(t.Context())
		if !won || err != nil {
			t.Fatalf("alone, and refused: %v", err)
		}
		other, _ := open(t, address)
		if _, won, err := other.Sole(t.Context()); won || err != nil {
			t.Errorf("two at a time, %v", err)
		}
		must(t, release())
		release, won, err = other.Sole(t.Context())
		if !won || err != nil {
			t.Fatalf("not given up: %v", err)
		}
		must(t, release())
	})
}

// The right to send dies with its owner, however he dies.
func TestSoleOutlivesNobody(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		owner := exec.Command(os.Args[0], "-test.run=^TestHoldSole$", "-test.v")
		owner.Env = append(os.Environ(), "STORE_TEST_HOLD="+address)
		out, err := owner.StdoutPipe()
		must(t, err)
		must(t, owner.Start())
		lines := bufio.NewScanner(out)
		for lines.Scan() && !strings.Contains(lines.Text(), "holding") {
		}
		if _, won, err := s.Sole(t.Context()); won || err != nil {
			t.Errorf("two processes at a time, %v", err)
		}
		must(t, owner.Process.Kill())
		owner.Wait()
		for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			release, won, err := s.Sole(t.Context())
			must(t, err)
			if won {
				must(t, release())
				return
			}
			if time.Now().After(end) {
				t.Fatal("held by a dead process")
			}
		}
	})
}

// TestHoldSole is the owner of [TestSoleOutlivesNobody].
func TestHoldSole(t *testing.T) {
	address := os.Getenv("STORE_TEST_HOLD")
	if address == "" {
		t.Skip("only runs as a child of another test")
	}
	s, err := store.Open(t.Context(), address, time.Now)
	must(t, err)
	if _, won, err := s.Sole(t.Context()); !won || err != nil {
		t.Fatal(won, err)
	}
	fmt.Println("holding")
	time.Sleep(time.Minute) // killed long before
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"tidings/.ci/sink"
)

// took is what one process took.
type took struct {
	wall, cpu time.Duration
	memory    float64 // resident at most, in MB
	others    float64 // cores that the rest of the machine used meanwhile
	said      string
	ended     bool // by itself, and not because the patience was over
}

// sent is what came of one sending.
type sent struct {
	took
	sink.Total
}

// perThousand is the sender's CPU for a thousand letters, in seconds.
func (s sent) perThousand() float64 { return s.cpu.Seconds() / max(float64(s.Letters), 1) * 1000 }

// String tells it in a line.
func (s sent) String() string {
	return fmt.Sprintf("%6d letters, %6.0f /s, %.3f s CPU per 1,000, %.0f MB, %d connections, others used %.1f cores",
		s.Letters, s.Rate(), s.perThousand(), s.memory, s.MostOpen, s.others)
}

// run runs a command to its end, or to the end of our patience if it has one: then it is asked to stop.
func run(c *exec.Cmd, patience time.Duration) (took, error) {
	var said bytes.Buffer
	c.Stderr = &said
	before, busy, from := ourCPU(), machineCPU(), time.Now()
	if err := c.Start(); err != nil {
		return took{}, err
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	var t took
	var err error
	t.ended = true
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var enough <-chan time.Time
	if patience > 0 {
		enough = time.After(patience)
	}
	for running := true; running; {
		select {
		case err = <-ended:
			running = false
		case <-tick.C:
			t.memory = max(t.memory, resident(c.Process.Pid))
		case <-enough:
			t.ended = false
			_ = c.Process.Signal(syscall.SIGTERM)
		}
	}
	t.wall, t.said = time.Since(from), said.String()
	t.cpu = c.ProcessState.UserTime() + c.ProcessState.SystemTime() // as wait4 tells it
	t.others = (machineCPU() - busy - (ourCPU() - before)).Seconds() / t.wall.Seconds()
	if err != nil && t.ended {
		return t, fmt.Errorf("%s: %w\n%s", strings.Join(c.Args, " "), err, t.said)
	}
	return t, nil
}

// resident is the peak of a process so far, in MB. What wait4 tells would count our own memory, of which the process was
// a copy for a moment.
func resident(pid int) float64 {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			kB, _ := strconv.ParseFloat(strings.Fields(value)[0], 64)
			return kB / 1024
		}
	}
	return 0
}

// ourCPU is what this process, with the sink in it, and its children have used.
func ourCPU() time.Duration {
	var sum time.Duration
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if syscall.Getrusage(who, &u) == nil {
			sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
		}
	}
	return sum
}

// machineCPU is what all processes of this machine have used.
func machineCPU() time.Duration {
	all, _ := os.ReadFile("/proc/stat")
	first, _, _ := strings.Cut(string(all), "\n")
	var sum int64
	for i, field := range strings.Fields(first) {
		const idle, waiting, stolen = 4, 5, 8 // behind the word "cpu"; what follows is counted elsewhere already
		if n, err := strconv.ParseInt(field, 10, 64); err == nil && i != idle && i != waiting && i < stolen {
			sum += n
		}
	}
	return time.Duration(sum) * (time.Second / 100)
}

// send lets the program deliver what a house owes.
func (b *bench) send(ctx context.Context, h house, s *sink.Sink, connections int) (sent, error) {
	s.Reset()
	c := h.command(ctx, "send")
	c.Env = append(c.Env, "TIDINGS_DELIVERY__CONNECTIONS="+strconv.Itoa(connections))
	t, err := run(c, b.patience)
	result := sent{t, s.Total()}
	fmt.Fprintf(os.Stderr, "    tidings      %v\n", result)
	if err == nil && t.ended && !strings.Contains(t.said, fmt.Sprintf("sent %d,", result.Letters)) {
		err = fmt.Errorf("%d letters came, and the program says: %s", result.Letters, t.said)
	}
	return result, err
}

// rival lets smtp-source send as many.
func (b *bench) rival(ctx context.Context, s *sink.Sink, address string, sessions int) (sent, error) {
	s.Reset()
	t, err := run(exec.CommandContext(ctx, "smtp-source", "-d", "-s", strconv.Itoa(sessions), "-m", strconv.Itoa(b.readers),
		"-f", "demo@tidings.example", "-t", "reader@mail.example", "-F", b.letter, "inet:"+address), 0)
	result := sent{t, s.Total()}
	fmt.Fprintf(os.Stderr, "    smtp-source  %v\n", result)
	if err == nil && result.Letters != b.readers {
		err = fmt.Errorf("smtp-source sent %d letters of %d", result.Letters, b.readers)
	}
	return result, err
}

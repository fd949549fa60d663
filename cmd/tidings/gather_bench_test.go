package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// BenchmarkGather lets the true program gather 1,000 distinct recorded feeds, 162 MB of XML, from a web server on
// this machine into a store: into an empty one, then with 304 for each, and from a careless server that
// sends the same bytes under a new ETag. What it tells is for the whole process, its start included; the
// server takes its share of the same cores.
func BenchmarkGather(b *testing.B) {
	shared := filepath.Join("..", "..", "..", "shared")
	feeds := filepath.Join(shared, "data", "feeds", "olshansk", "feeds.tar.gz")
	if _, err := os.Stat(feeds); err != nil {
		b.Skip("../shared is not beside the project: needs its recorded feeds")
	}
	bin := b.TempDir()
	build(b, filepath.Join(bin, "tidings"), ".")
	build(b, filepath.Join(bin, "feedserver"), filepath.Join(shared, "tools", "feedserver", "main.go"))
	for _, c := range []struct {
		name   string
		server []string
		first  bool // measure the first round, not the second
	}{
		{"new", nil, true}, {"not-modified", nil, false}, {"same-bytes", []string{"-changed"}, false},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				home := b.TempDir()
				address := freeAddress(b)
				server := exec.CommandContext(b.Context(), filepath.Join(bin, "feedserver"), append(c.server, "-addr", address, "-tar", feeds, "-copies", "1000")...)
				if err := server.Start(); err != nil {
					b.Fatal(err)
				}
				awaitAnswer(b, "http://"+address+"/stats")
				writeBenchConfig(b, home, address)
				if !c.first {
					gatherOnce(b, bin, home)
				}
				b.StartTimer()
				took := gatherOnce(b, bin, home)
				b.StopTimer()
				_ = server.Process.Kill()
				_ = server.Wait()
				b.StartTimer()
				b.ReportMetric(1000/took.wall.Seconds(), "feeds/s")
				b.ReportMetric(took.cpu.Seconds(), "cpu-s/1000")
				b.ReportMetric(took.memory, "MB")
			}
		})
	}
}

// cost is what one run of the program took.
type cost struct {
	wall, cpu time.Duration
	memory    float64 // resident at most, in MB
}

func gatherOnce(b *testing.B, bin, home string) cost {
	b.Helper()
	c := exec.CommandContext(b.Context(), filepath.Join(bin, "tidings"), "gather")
	c.Dir = home
	var said bytes.Buffer
	c.Stderr = &said
	from := time.Now()
	if err := c.Run(); err != nil {
		b.Fatalf("gather: %v\n%s", err, said.Bytes())
	}
	if !bytes.Contains(said.Bytes(), []byte("read 1000 of 1000 sources")) {
		b.Fatalf("%s", said.Bytes())
	}
	took := cost{wall: time.Since(from), cpu: c.ProcessState.UserTime() + c.ProcessState.SystemTime()}
	if usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok && runtime.GOOS == "linux" {
		took.memory = float64(usage.Maxrss) / 1024
	}
	return took
}

func writeBenchConfig(b *testing.B, home, address string) {
	b.Helper()
	var config bytes.Buffer
	config.WriteString("[gather]\nallow_private = [\"127.0.0.0/8\"]\ngap = \"0s\"\nper_host = 8\n[[digest]]\nname = \"daily\"\nfrom = \"A <a@example.org>\"\n")
	for i := range 1000 {
		fmt.Fprintf(&config, "[[source]]\nurl = \"http://%s/copy/%d.xml\"\nfull_text = \"never\"\n", address, i)
	}
	if err := os.WriteFile(filepath.Join(home, "config.toml"), config.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
}

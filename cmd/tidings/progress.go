package main

import (
	"fmt"
	"os"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"tidings/digest/outbox"
)

// refresh is how often what is shown on a terminal changes.
const refresh = 100 * time.Millisecond

// progress shows a bar on the standard error when that is a terminal; otherwise it returns nil.
func (p *program) progress(what string) func(done, total int) {
	f, ok := p.err.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	var bars *mpb.Progress
	var bar *mpb.Bar
	return func(done, total int) {
		if bar == nil { // each digest has its own
			bars = mpb.New(mpb.WithOutput(f), mpb.WithWidth(40), mpb.WithRefreshRate(refresh))
			bar = bars.AddBar(int64(total), mpb.BarRemoveOnComplete(), mpb.PrependDecorators(decor.Name(what+" "), decor.CountersNoUnit("%d/%d")))
		}
		bar.SetCurrent(int64(done))
		if done >= total {
			bars.Wait()
			bar = nil
		}
	}
}

// tally shows how many letters of so many have gone out, how fast, and how long the rest will take, likewise.
func (p *program) tally(all int) func(outbox.Tally) {
	f, ok := p.err.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	began := p.now()
	var shown time.Time
	return func(t outbox.Tally) {
		if now := p.now(); now.Sub(shown) >= refresh { // a slow terminal must not slow the letters
			shown = now
			_, _ = f.WriteString("\r" + headway(t.Total(), all, now.Sub(began)) + "\033[K\r")
		}
	}
}

// headway says how far a drain is after a time.
func headway(done, all int, after time.Duration) string {
	said := fmt.Sprintf("%d of %s", done, count(max(all, done), "letter"))
	if rate := float64(done) / after.Seconds(); done > 0 && after >= time.Second {
		digits := 0
		if rate < 10 {
			digits = 1
		}
		said += fmt.Sprintf(", %.*f a second", digits, rate)
		if left := float64(all-done) / rate; left >= 1 {
			said += fmt.Sprintf(", %s left", time.Duration(left*float64(time.Second)).Round(time.Second))
		}
	}
	return said
}

package main

import (
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

// tally shows how many letters have gone out, likewise.
func (p *program) tally() func(outbox.Tally) {
	f, ok := p.err.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	var shown time.Time
	return func(t outbox.Tally) {
		if now := p.now(); now.Sub(shown) >= refresh { // a slow terminal must not slow the letters
			shown = now
			_, _ = f.WriteString("\r" + count(t.Total(), "letter") + "\033[K\r")
		}
	}
}

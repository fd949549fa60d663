package main

import (
	"os"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"tidings/digest/outbox"
)

// progress shows a bar on the standard error when that is a terminal; otherwise it returns nil.
func (p *program) progress(what string) func(done, total int) {
	f, ok := p.err.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	bars := mpb.New(mpb.WithOutput(f), mpb.WithWidth(40), mpb.WithRefreshRate(100*time.Millisecond))
	bar := bars.AddBar(0, mpb.BarRemoveOnComplete(), mpb.PrependDecorators(decor.Name(what+" "), decor.CountersNoUnit("%d/%d")))
	return func(done, total int) {
		bar.SetTotal(int64(total), false)
		bar.SetCurrent(int64(done))
		if done >= total {
			bar.SetTotal(int64(total), true)
			bars.Wait()
		}
	}
}

// tally shows how many letters have gone out, likewise.
func (p *program) tally() func(outbox.Tally) {
	f, ok := p.err.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return func(t outbox.Tally) {
		_, _ = f.WriteString("\r" + count(t.Sent+t.Deferred+t.Failed+t.Skipped+t.Uncertain, "letter") + "\033[K\r")
	}
}

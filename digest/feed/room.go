package feed

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// Large documents take memory many times their size, so that of these only a few are held at once, from their
// servers' first word until they are read, and one is read at a time. Hardly any honest one is.
const (
	large       = 2 << 20 // bytes
	largeAtOnce = 2
)

// enter waits for room for a large document. The time of its request begins anew then, for it has waited for us.
func (w *Web) enter(ctx context.Context, clock *time.Timer) (leave func(), err error) {
	clock.Stop()
	defer clock.Reset(w.timeout())
	select {
	case w.room <- struct{}{}:
		return func() { <-w.room }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// body reads an answer's body, up to one byte more than the limit. A large one is held until it is let go.
func (w *Web) body(ctx context.Context, got *answer, res *http.Response, clock *time.Timer) (err error) {
	limit := w.maxBytes()
	expected, some := res.ContentLength, min(large, limit)+1
	if expected < some {
		if got.Body, err = readAll(io.LimitReader(res.Body, some), expected); err != nil || int64(len(got.Body)) < some || some > limit {
			return err
		}
		expected = limit
	}
	if got.leave, err = w.enter(ctx, clock); err != nil {
		return err
	}
	rest := io.LimitReader(res.Body, limit+1-int64(len(got.Body)))
	got.Body, err = readAll(io.MultiReader(bytes.NewReader(got.Body), rest), expected)
	return err
}

// letGo gives up what a server sent.
func (a *answer) letGo() {
	a.Body = nil
	if a.leave != nil {
		a.leave()
		a.leave = nil
	}
}

// unpacked unpacks an answer to be read, until done is called, which lets it go.
func (w *Web) unpacked(got *answer) (done func(), err error) {
	limit, plain := w.maxBytes(), false
	if len(got.Body) <= large {
		err = got.unpack(min(large, limit))
		if plain = err == nil; plain && !isPacked(got.Body) || !plain && (limit <= large || !errors.Is(err, errTooLarge)) {
			return got.letGo, err
		}
	}
	w.heavy.Lock()
	if !plain {
		err = got.unpack(limit)
	}
	return func() {
		got.letGo()
		w.heavy.Unlock()
	}, err
}

// Package web serves the pages readers see: join, confirm, leave, the web editions and the archive.
//
// It promises that a GET changes nothing, that every change takes a button or a mail program's one click,
// that no answer tells whether an address is known, and that every page works without script, cookie and
// picture. It refuses to decide who receives: that is subscribers' trade; and to send mail, which is owed by
// the change itself. It stores nothing, and its log names paths without tokens and never an address.
//
// Limits of time belong to the server around it; it limits only what is read of a body.
package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"tidings/digest"
	"tidings/subscribers"
	"tidings/templates"
)

// Entrance is how a reader comes in.
type Entrance interface {
	// Join asks for a confirmation; it answers the same for an address that is known.
	Join(ctx context.Context, r subscribers.Request) error

	// Confirm makes the token's reader active; by is how he confirms.
	Confirm(ctx context.Context, token string, by subscribers.Proof) (subscribers.Subscriber, error)
}

// Exit is how a reader goes, and comes back.
type Exit interface {
	// Look checks a token, of whichever kind, and changes nothing.
	Look(ctx context.Context, token string) (subscribers.Subscriber, error)

	// Leave ends the token's subscription; a second time changes nothing.
	Leave(ctx context.Context, token string) (subscribers.Subscriber, error)

	// Return takes leaving back, by a token of its own.
	Return(ctx context.Context, token string) (subscribers.Subscriber, error)

	// UndoToken is that token for a reader who has just left; empty for others.
	UndoToken(s subscribers.Subscriber) string
}

// ErrMissing says that there is no edition under a key.
var ErrMissing = errors.New("no such edition")

// Archive holds the sealed editions.
type Archive interface {
	// Edition returns the sealed edition with this key, or [ErrMissing].
	Edition(ctx context.Context, key string) (digest.Edition, error)

	// Keys returns the keys of the newest n editions, the newest first.
	Keys(ctx context.Context, n int) ([]string, error)

	// Mentions returns the newest n stories that speak of a name, the newest first.
	Mentions(ctx context.Context, name string, n int) ([]digest.Mention, error)
}

// Options say what the pages need. Pages, Entrance and Exit are required.
type Options struct {
	Pages    *templates.Set
	Entrance Entrance
	Exit     Exit
	Archive  Archive                     // nil: neither web editions nor archive
	Title    string                      // of the house
	About    string                      // a short text on the first page; empty: ours
	Digests  []templates.Choice          // to choose from
	Healthy  func(context.Context) error // what /healthz asks; nil: always well
	Log      *slog.Logger                // nil: nothing is told
}

// Handler returns the pages.
func Handler(o Options) http.Handler {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &site{Options: o}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.first)
	mux.HandleFunc("GET /join", s.first)
	mux.HandleFunc("POST /join", s.join)
	mux.HandleFunc("GET /c/{token}", s.askConfirm)
	mux.HandleFunc("POST /c/{token}", s.confirm)
	mux.HandleFunc("GET /u/{token}", s.askLeave)
	mux.HandleFunc("POST /u/{token}", s.leave)
	mux.HandleFunc("GET /r/{token}", s.askReturn)
	mux.HandleFunc("POST /r/{token}", s.comeBack)
	mux.HandleFunc("GET /e/{digest}/{slot}", s.edition)
	mux.HandleFunc("GET /archive", s.archive)
	mux.HandleFunc("GET /healthz", s.health)
	mux.HandleFunc("/", s.missing)

	// A mail provider's one click comes from anywhere and carries no cookie: its token is its right.
	guard := http.NewCrossOriginProtection()
	guard.AddInsecureBypassPattern("POST /u/{token}")
	guard.SetDenyHandler(http.HandlerFunc(s.refused))
	return bounded(guard.Handler(mux))
}

// site holds the options for the handlers.
type site struct{ Options }

// longestBody is more than any form here needs.
const longestBody = 64 << 10

// bounded limits what is read of a request, and sets what every answer says of itself.
func bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, longestBody)
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

func (s *site) health(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if s.Healthy != nil {
		if err := s.Healthy(r.Context()); err != nil {
			s.Log.Error("not healthy", "err", err)
			w.WriteHeader(http.StatusServiceUnavailable)
			w.Write([]byte("not well\n"))
			return
		}
	}
	w.Write([]byte("ok\n"))
}

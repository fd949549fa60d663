// Package web serves the pages readers see: join, confirm, preferences, leave, the web editions and the archive.
//
// It promises that a GET changes nothing, that every change takes a button or a mail program's one click,
// that no answer tells whether an address is known, neither by its words nor by its time, and that every page
// works without script, cookie and picture. It refuses to decide who receives: that is subscribers' trade; and
// to send mail, which is owed by the change itself. It stores nothing but how many forms came in the last
// quarter of an hour, and its log names paths without tokens and never an address.
//
// Limits of time belong to the server around it; it limits what is read of a body, and how many forms are.
package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

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

	// Disown is "this was not me": it drops what the token would confirm; a second time changes nothing.
	Disown(ctx context.Context, token string) error

	// ManageToken is the token by which the subscriber with this id, who has just confirmed, says what he gets.
	ManageToken(id int64) string
}

// Choosing is how a reader says what he gets.
type Choosing interface {
	// Prefer changes what the bearer of a token to manage gets.
	Prefer(ctx context.Context, token string, c subscribers.Changes) (subscribers.Subscriber, error)

	// SendLink mails such a token to an address, and tells nobody whether it did.
	SendLink(ctx context.Context, address string) error

	// Manages reports whether a token is one to manage.
	Manages(token string) bool

	// LeaveToken is the token by which the subscriber with this id leaves.
	LeaveToken(id int64) string
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

// Archive holds the sealed editions, and the stories in them one by one.
type Archive interface {
	// Edition returns the sealed edition with this key, or [ErrMissing].
	Edition(ctx context.Context, key string) (digest.Shelved, error)

	// Issues lists editions, the newest first.
	Issues(ctx context.Context, span digest.Span) ([]digest.Issue, error)

	// Stories lists printed stories, the newest first.
	Stories(ctx context.Context, wanted digest.Wanted) ([]digest.Told, error)

	// Outline tells what there is to begin from.
	Outline(ctx context.Context) (digest.Outline, error)
}

// Register knows names.
type Register interface {
	// Called is how a name is usually written, by whichever of its spellings; the name itself where nobody speaks of it.
	Called(ctx context.Context, name string) (string, error)
}

// Options say what the pages need. Pages, Entrance, Exit, Choosing, Key, Now and Forms are required.
type Options struct {
	Pages    *templates.Set
	Entrance Entrance
	Exit     Exit
	Choosing Choosing
	Key      []byte // signs forms; the same for all who serve these pages, at least 32 octets
	Now      func() time.Time
	Beat     time.Duration               // an answer to an address takes no less, so that its time tells nothing of it
	Forms    Forms                       // how many are taken
	Archive  Archive                     // nil: neither web editions nor archive
	Names    Register                    // nil: a name stands as it is asked for
	URL      string                      // at which readers reach the pages, without a slash at its end
	Hidden   bool                        // search machines are asked to keep nothing
	Title    string                      // of the house
	About    string                      // a short text on the first page; empty: ours
	Digests  []templates.Choice          // to choose from; Chosen: who chooses none gets it
	Topics   []digest.Topic              // to choose from, in the order of sections
	Healthy  func(context.Context) error // what /healthz asks; nil: always well
	Log      *slog.Logger                // nil: nothing is told
}

// Handler returns the pages.
func Handler(o Options) http.Handler {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &site{Options: o, since: o.Now(), signer: signer{o.Key, o.Now}, crowd: crowd{Forms: o.Forms}, menu: menu{o.Digests, o.Topics, o.Pages.Tongues()}}
	in, out, office := entrance{s}, exit{s}, office{s}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", in.first)
	mux.HandleFunc("GET /join", in.first)
	mux.HandleFunc("POST /join", in.join)
	mux.HandleFunc("GET /link", office.askLink)
	mux.HandleFunc("POST /link", office.sendLink)
	for room, act := range map[string]http.HandlerFunc{
		"GET /c/": in.askConfirm, "POST /c/": in.confirm,
		"GET /n/": in.askDisown, "POST /n/": in.disown,
		"GET /p/": office.preferences, "POST /p/": office.prefer,
		"GET /u/": out.askLeave, "POST /u/": out.leave,
		"GET /r/": out.askReturn, "POST /r/": out.comeBack,
	} {
		mux.HandleFunc(room+"{token}", act)
		mux.HandleFunc(room+"{token}/{$}", act) // some mail programs add a slash, and a redirected POST is a GET
	}
	shelf{s}.stand(mux)
	mux.HandleFunc("GET /robots.txt", s.robots)
	mux.HandleFunc("GET /healthz", s.health)
	mux.HandleFunc("/", s.missing)

	// A mail provider's one click comes from anywhere and carries no cookie: its token is its right.
	guard := http.NewCrossOriginProtection()
	for _, path := range []string{"/u/{token}", "/u/{token}/{$}", "/n/{token}", "/n/{token}/{$}"} {
		guard.AddInsecureBypassPattern("POST " + path)
	}
	guard.SetDenyHandler(http.HandlerFunc(s.refused))
	return s.bounded(guard.Handler(mux))
}

// site is what all rooms share.
type site struct {
	Options
	signer signer
	menu   menu
	crowd  crowd
	since  time.Time // no page is older: a new program may write it differently
}

// longestBody is more than any form here needs.
const longestBody = 64 << 10

// bounded limits what is read of a request, and sets what every answer says of itself.
func (s *site) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, longestBody)
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		if s.Hidden {
			h.Set("X-Robots-Tag", "noindex, nofollow")
		}
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

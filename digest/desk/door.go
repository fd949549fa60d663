package desk

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Door says who may come in. Its zero value lets in whoever sits at this machine.
type Door struct {
	URL      string           // how an editor elsewhere reaches the desk, by a proxy that encrypts; empty: nobody elsewhere does
	Password string           // asked of everybody; empty: of nobody, and then no proxy may stand before the desk
	Now      func() time.Time // required with Password: wrong ones are counted
}

// guard turns away who calls us by a name that is not ours, or does not know the password, and sets what every answer
// says.
func (d Door) guard(next http.Handler) http.Handler {
	names := []string{"localhost", "127.0.0.1", "::1", "[::1]"}
	if u, err := url.Parse(d.URL); err == nil && u.Host != "" && d.Password != "" {
		names = append(names, u.Hostname())
	}
	lock := lock{want: sha256.Sum256([]byte(d.Password)), now: d.Now, wrong: map[string]tries{}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		switch {
		case !named(r.Host, names):
			http.Error(w, "The desk does not answer to this name; localhost always is one, desk.url another.", http.StatusMisdirectedRequest)
		case d.Password == "" && (r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != ""):
			http.Error(w, "A desk behind a proxy needs a password: set desk.password_file and desk.url.", http.StatusForbidden)
		case d.Password != "" && !lock.opens(r):
			h.Set("WWW-Authenticate", `Basic realm="Tidings desk", charset="UTF-8"`)
			http.Error(w, "The desk asks for its password. After ten wrong ones it listens to nobody of the same network for five minutes.", http.StatusUnauthorized)
		default:
			r.Body = http.MaxBytesReader(w, r.Body, mostForm)
			next.ServeHTTP(w, r)
		}
	})
}

// named says whether a request calls us by one of our names.
func named(host string, names []string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	for _, name := range names {
		if strings.EqualFold(host, name) {
			return true
		}
	}
	return false
}

// Wrong passwords that are borne from one network before it has to wait, and how long.
const (
	mostWrong    = 10
	wait         = 5 * time.Minute
	mostNetworks = 4096
)

// lock opens to those who know the password. Whoever was wrong too often is not even listened to for a while.
type lock struct {
	want [sha256.Size]byte
	now  func() time.Time

	mu    sync.Mutex
	wrong map[string]tries // by network
}

// tries are wrong passwords of one network.
type tries struct {
	n    int
	last time.Time
}

// opens says whether a request has the password.
func (l *lock) opens(r *http.Request) bool {
	_, given, ok := r.BasicAuth()
	if !ok {
		return false
	}
	from, now := network(r), l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.wrong[from]
	if now.Sub(t.last) >= wait {
		t.n = 0
	}
	if t.n >= mostWrong {
		return false
	}
	got := sha256.Sum256([]byte(given))
	if subtle.ConstantTimeCompare(got[:], l.want[:]) == 1 {
		delete(l.wrong, from)
		return true
	}
	if len(l.wrong) >= mostNetworks {
		clear(l.wrong)
	}
	l.wrong[from] = tries{t.n + 1, now}
	return false
}

// network is where a request comes from: a proxy on this machine or beside it says so in the last entry of
// X-Forwarded-For. Of an IPv6 address the first 64 bits count.
func network(r *http.Request) string {
	from := r.RemoteAddr
	if host, _, err := net.SplitHostPort(from); err == nil {
		from = host
	}
	a, err := netip.ParseAddr(from)
	if err == nil && (a.IsLoopback() || a.IsPrivate()) {
		all := r.Header.Values("X-Forwarded-For")
		if len(all) > 0 {
			entries := strings.Split(all[len(all)-1], ",")
			if told, err := netip.ParseAddr(strings.TrimSpace(entries[len(entries)-1])); err == nil {
				a = told
			}
		}
	}
	if a = a.Unmap().WithZone(""); a.Is6() {
		return netip.PrefixFrom(a, 64).Masked().String()
	}
	return a.String()
}

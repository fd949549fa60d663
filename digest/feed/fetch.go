package feed

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// maxRedirects is how many times a server may send us elsewhere.
const maxRedirects = 10

const accept = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, text/html;q=0.7, */*;q=0.5"

var (
	errRedirects = errors.New("too many redirects")
	errElsewhere = errors.New("redirect out of the web")
)

// maxHeader is how large the head of an answer may be, in bytes.
const maxHeader = 256 << 10

// refusal is why a document was not had: a sentence for a person, and how long the server asks us to
// stay away.
type refusal struct {
	sentence string
	code     int // the status that the server answered with; 0: none that says no
	wait     time.Duration
	told     bool  // the wait is the server's own word
	unheard  bool  // there was no connection to any server
	wall     bool  // a wall against robots stands before it
	err      error // below it; may be nil
}

func (e *refusal) Error() string { return e.sentence }
func (e *refusal) Unwrap() error { return e.err }

// answer is what a server sent.
type answer struct {
	Document
	same   bool   // 304: nothing new
	cut    bool   // it broke off in the middle
	inside bool   // it came from a private network that the operator has opened
	moved  string // where redirects led that are all for good
	leave  func() // gives up the room of a large one; nil when it has none
}

// unpack undoes the packing that the server was allowed to use, within the limit.
func (a *answer) unpack(limit int64) error {
	how := strings.ToLower(strings.TrimSpace(a.Header.Get("Content-Encoding")))
	switch how {
	case "", "identity":
		return nil
	case "gzip", "x-gzip":
	default:
		return &refusal{sentence: "its answer is packed in a way that was not asked for (" + clip(how, 20) + ")"}
	}
	if !isPacked(a.Body) { // said, and not done
		return nil
	}
	z, err := gzip.NewReader(bytes.NewReader(a.Body))
	if err != nil {
		return &refusal{sentence: "its answer is not packed as it says", err: err}
	}
	plain, err := readAll(io.LimitReader(z, limit+1), min(unpackedSize(a.Body), limit, 20*int64(len(a.Body))))
	switch {
	case int64(len(plain)) > limit:
		return tooLarge(limit)
	case errors.Is(err, io.ErrUnexpectedEOF) && len(plain) > 0:
		a.cut = true
	case err != nil:
		return &refusal{sentence: "its answer is not packed as it says", err: err}
	}
	a.Body = plain
	return nil
}

// unpackedSize is how long gzip's last four bytes say that the unpacked document is (RFC 1952, 2.3.1); that may
// be a lie.
func unpackedSize(packed []byte) int64 {
	if len(packed) < 18 {
		return 0
	}
	return int64(binary.LittleEndian.Uint32(packed[len(packed)-4:]))
}

// readAll is [io.ReadAll] with room for what is expected, where anything is.
func readAll(r io.Reader, expected int64) ([]byte, error) {
	var b bytes.Buffer
	if expected > 0 {
		b.Grow(int(expected) + bytes.MinRead)
	}
	_, err := b.ReadFrom(r)
	return b.Bytes(), err
}

// isPacked tells bytes that are gzip's (RFC 1952, 2.3.1).
func isPacked(b []byte) bool { return bytes.HasPrefix(b, []byte{0x1f, 0x8b, 0x08}) }

var errTooLarge = errors.New("too large")

func tooLarge(limit int64) error {
	return &refusal{sentence: "it is larger than " + byteSize(limit) + ", which is the most that is read of one source", err: errTooLarge}
}

// Web is how we behave on the web. It may be used by several goroutines at once.
type Web struct {
	Now          func() time.Time
	Version      string         // our own, for the User-Agent
	Contact      string         // where a site's owner finds us: an address of the web or of mail
	AllowPrivate []netip.Prefix // private networks that may be asked
	Timeout      time.Duration  // of one request with its whole body; 30 s
	MaxBytes     int64          // of one document, as it is sent and unpacked; 16 MiB
	Gap          time.Duration  // between two requests to one host; 0 is none
	PerHost      int            // requests to one host at once; 1. More is for a server of one's own

	once   sync.Once
	client *http.Client  // goes where the operator has opened a way
	public *http.Client  // goes into no private network
	room   chan struct{} // a place for each large document that is held
	heavy  sync.Mutex    // held while one is read
	turns  turns
}

// Fetch gets one document of the web as it is, for whoever wants to read a single address. The extra
// header may be nil. The document's URL is where redirects led. The error is a sentence about the document,
// and leaves naming it to the caller.
func (w *Web) Fetch(ctx context.Context, address string, header http.Header) (Document, error) {
	got, err := w.get(ctx, address, header)
	defer got.letGo()
	if err == nil {
		err = got.unpack(w.maxBytes())
	}
	return got.Document, err
}

// get asks once, when it is the host's turn. Every failure but the context's own end is a [refusal].
func (w *Web) get(ctx context.Context, address string, header http.Header) (answer, error) {
	return w.getAs(ctx, address, header, manner{gap: w.Gap})
}

// manner is how a host is asked.
type manner struct {
	gap    time.Duration // after it
	public bool          // only if it lies in no private network, not even one that is opened
	stay   bool          // a redirect to another host is not followed but told, as a [led]
}

// led is the error of a redirect to another host, where others have a say.
type led struct{ to string }

func (l *led) Error() string { return "it redirects to another host" }

// stays marks the context of a request that is to stay with its host.
type stays struct{}

// getAs is get in another manner.
func (w *Web) getAs(ctx context.Context, address string, header http.Header, how manner) (answer, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return answer{}, &refusal{sentence: "its address is not one of the web (http:// or https://)"}
	}
	leave, err := w.turns.take(ctx, strings.ToLower(u.Hostname()), max(w.PerHost, 1), how.gap)
	if err != nil {
		return answer{}, err
	}
	defer leave()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	clock := time.AfterFunc(w.timeout(), func() { cancel(context.DeadlineExceeded) })
	defer clock.Stop()
	var from net.Addr
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { from = i.Conn.RemoteAddr() }})
	if how.stay {
		ctx = context.WithValue(ctx, stays{}, true)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return answer{}, &refusal{sentence: "its address cannot be asked for", err: err}
	}
	req.Header.Set("Accept", accept)
	req.Header.Set("Accept-Encoding", "gzip") // unpacked by ourselves, off the host's turn and within bounds
	for k, v := range header {
		req.Header[http.CanonicalHeaderKey(k)] = v
	}
	req.Header.Set("User-Agent", w.userAgent())
	res, err := w.do(req, how.public)
	if on := (*led)(nil); errors.As(err, &on) {
		return answer{}, on
	}
	if err != nil {
		return answer{}, w.explain(ctx, err, u)
	}
	defer func() { _ = res.Body.Close() }()
	got, err := w.take(ctx, res, clock)
	if err != nil {
		return answer{}, w.explain(ctx, err, u)
	}
	if at, e := netip.ParseAddrPort(fmt.Sprint(from)); e == nil {
		got.inside = isIn(at.Addr(), w.AllowPrivate)
	}
	return got, nil
}

// isIn tells whether an address lies in one of these networks.
func isIn(at netip.Addr, networks []netip.Prefix) bool {
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(at.Unmap().WithZone("")) })
}

// take reads an answer's body within the limit, or says what its status means. A body that breaks off is
// kept as far as it came: its whole articles are as good as any.
func (w *Web) take(ctx context.Context, res *http.Response, clock *time.Timer) (answer, error) {
	got := answer{Document: Document{URL: res.Request.URL.String(), Header: res.Header}, moved: movedFor(res)}
	switch {
	case res.StatusCode == http.StatusNotModified:
		got.same = true
		return got, nil
	case res.StatusCode < 200 || res.StatusCode > 299:
		return answer{}, w.refused(res)
	}
	limit := w.maxBytes()
	if res.ContentLength > limit {
		return answer{}, tooLarge(limit)
	}
	err := w.body(ctx, &got, res, clock)
	if int64(len(got.Body)) > limit {
		err = tooLarge(limit)
	}
	got.cut = isCut(err) && len(got.Body) > 0
	if err != nil && !got.cut {
		got.letGo()
		return answer{}, err
	}
	return got, nil
}

// refused says what a status other than success means for the person who named the source.
func (w *Web) refused(res *http.Response) error {
	wait := retryAfter(res.Header.Get("Retry-After"), w.Now())
	start, _ := io.ReadAll(io.LimitReader(res.Body, 20_000))
	wall := res.Header.Get("Cf-Mitigated") != "" || isWall(string(start))
	no := &refusal{code: res.StatusCode, wall: wall}
	switch code := res.StatusCode; {
	case wall:
		no.sentence = fmt.Sprintf("a wall against robots stands before it (%d); ask the site for another address, or leave the source out", code)
	case code == http.StatusNotFound:
		no.sentence = "there is nothing at this address any more, or there never was (404)"
	case code == http.StatusGone:
		no.sentence, no.wait = "it was taken down for good (410); leave the source out", longWait
	case code == http.StatusUnauthorized:
		no.sentence = "it asks for a name and password (401)"
	case code == http.StatusForbidden:
		no.sentence = "the server forbids us to read it (403)"
	case code == http.StatusTooManyRequests:
		no.sentence, no.wait, no.told = "the server says that we ask too often (429)", wait, wait > 0
	case code == http.StatusServiceUnavailable:
		no.sentence, no.wait, no.told = "the server is out of service for now (503)", wait, wait > 0
	case code >= 500:
		no.sentence = fmt.Sprintf("the server has a fault of its own (%d)", code)
	default:
		no.sentence = fmt.Sprintf("the server answers %d %s", code, http.StatusText(code))
	}
	return no
}

// retryAfter reads seconds or any of the three forms of dates; 0 when there is none.
func retryAfter(v string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil {
		return max(0, time.Duration(min(n, int(longWait/time.Second)))*time.Second)
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// explain turns what the network did into a sentence.
func (w *Web) explain(ctx context.Context, err error, u *url.URL) error {
	if no := (*refusal)(nil); errors.As(err, &no) {
		return err
	}
	no := &refusal{err: err, unheard: unheard(err)}
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var timeout net.Error
	late := errors.Is(context.Cause(ctx), context.DeadlineExceeded)
	switch {
	case errors.Is(err, context.Canceled) && !late:
		return context.Canceled // without the address around it, which may hold a key
	case errors.Is(err, ssrf.ErrProhibitedIP) && hostOf(err, u) != u.Host:
		no.sentence = "it redirects into a private network (" + hostOf(err, u) + "), where only a source of that network may lead"
	case errors.Is(err, ssrf.ErrProhibitedIP):
		no.sentence = "it lies in a private network (" + hostOf(err, u) + "), which [gather] allow_private does not open"
	case errors.Is(err, ssrf.ErrProhibitedPort):
		no.sentence = "its port is not one of the web"
	case errors.Is(err, errRedirects):
		no.sentence = fmt.Sprintf("it redirects more than %d times", maxRedirects)
	case errors.Is(err, errElsewhere):
		no.sentence = "it redirects to an address that is not one of the web"
	case errors.As(err, &dns) && dns.IsNotFound:
		no.sentence = "there is no host named " + dns.Name
	case errors.As(err, &cert):
		no.sentence = "the certificate of its server is not valid: " + cert.Err.Error()
	case late, errors.As(err, &timeout) && timeout.Timeout():
		no.sentence = "it did not answer in full within " + w.timeout().String()
	case errors.Is(err, syscall.ECONNREFUSED):
		no.sentence = "no server listens at " + u.Host
	case isCut(err):
		no.sentence = brokeOff
	default:
		no.sentence = untold(err)
	}
	return no
}

// untold is the sentence for what net/http has only words for. They may quote what the server sent, which can be
// anything, and addresses with keys in them.
func untold(err error) string {
	var outer *url.Error
	for errors.As(err, &outer) {
		err = outer.Err
	}
	switch said := err.Error(); {
	case strings.Contains(said, "malformed HTTP"), strings.Contains(said, "malformed MIME"):
		return "what its server answers is not HTTP"
	case strings.Contains(said, "response headers exceeded"):
		return "the head of its answer is larger than " + byteSize(maxHeader)
	case strings.Contains(said, "Location header"):
		return "it redirects to what is no address"
	default:
		return "it could not be fetched: " + clip(squeeze(said), 200)
	}
}

const brokeOff = "its answer broke off in the middle"

// isCut says whether a connection ended before the answer did.
func isCut(err error) bool {
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF)
}

// unheard says whether no server was reached, as when the network is away: a name was not found, or nobody
// took the connection. What we do not dial ourselves is another matter.
func unheard(err error) bool {
	var dial *net.OpError
	return errors.As(err, &dial) && dial.Op == "dial" && !isProhibited(err)
}

// hostOf names the host that was refused; after a redirect it is not the source's own.
func hostOf(err error, u *url.URL) string {
	var outer *url.Error
	if errors.As(err, &outer) {
		if at, e := url.Parse(outer.URL); e == nil && at.Host != "" {
			return at.Host
		}
	}
	return u.Host
}

// do asks as one who may go into no private network, and if the host itself lies in one that is opened, as one who
// may: so a server of the public web can redirect nobody into it.
func (w *Web) do(req *http.Request, public bool) (*http.Response, error) {
	if at, err := netip.ParseAddr(req.URL.Hostname()); err == nil && !public && isIn(at, w.AllowPrivate) {
		return w.web(false).Do(req) // what the public client could only refuse
	}
	res, err := w.web(true).Do(req)
	if isProhibited(err) && !public && hostOf(err, req.URL) == req.URL.Host {
		return w.web(false).Do(req)
	}
	return res, err
}

// web returns the client that goes where the operator has opened a way, or the one that does not. Both are
// made at the first call.
func (w *Web) web(public bool) *http.Client {
	w.once.Do(func() {
		w.client, w.public, w.room = w.newClient(w.AllowPrivate), w.newClient(nil), make(chan struct{}, largeAtOnce)
	})
	if public {
		return w.public
	}
	return w.client
}

// isProhibited tells what we did not dial ourselves.
func isProhibited(err error) bool {
	return errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedPort)
}

// newClient makes a client that knows no proxy and no cookies, and looks at every address after its name is
// resolved, so that neither a redirect nor a name can lead inside.
func (w *Web) newClient(private []netip.Prefix) *http.Client {
	guard := ssrf.New(ssrf.WithAnyPort())
	dialer := &net.Dialer{Timeout: w.timeout(), Control: func(network, address string, c syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("%w: %s", ssrf.ErrInvalidHostPort, address)
		}
		if isIn(at.Addr(), private) {
			return nil
		}
		// The low ports belong to mail, name service and the like; nobody's feed lies there.
		if at.Port() < 1024 && at.Port() != 80 && at.Port() != 443 {
			return fmt.Errorf("%w: %d", ssrf.ErrProhibitedPort, at.Port())
		}
		return guard.Safe(network, address, c)
	}}
	return &http.Client{
		Transport: &http.Transport{
			Proxy: nil, DialContext: dialer.DialContext, ForceAttemptHTTP2: true, MaxResponseHeaderBytes: maxHeader, DisableCompression: true,
			MaxIdleConns: 100, MaxIdleConnsPerHost: max(w.PerHost, 1), IdleConnTimeout: 30 * time.Second, TLSHandshakeTimeout: 15 * time.Second,
		},
		CheckRedirect: func(to *http.Request, via []*http.Request) error {
			switch {
			case len(via) > maxRedirects:
				return errRedirects
			case to.URL.Host == "" || to.URL.Scheme != "http" && to.URL.Scheme != "https":
				return errElsewhere
			case to.Context().Value(stays{}) != nil && !strings.EqualFold(to.URL.Host, via[0].URL.Host):
				return &led{to.URL.String()}
			}
			return nil
		},
	}
}

func (w *Web) userAgent() string {
	if w.Contact == "" {
		return "Tidings/" + w.Version
	}
	return "Tidings/" + w.Version + " (+" + w.Contact + ")"
}

func (w *Web) timeout() time.Duration {
	if w.Timeout <= 0 {
		return 30 * time.Second
	}
	return w.Timeout
}

func (w *Web) maxBytes() int64 {
	if w.MaxBytes <= 0 {
		return 16 << 20
	}
	return w.MaxBytes
}

// byteSize tells a limit as a person would.
func byteSize(n int64) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return strconv.FormatInt(n>>20, 10) + " MiB"
	case n >= 1<<10 && n%(1<<10) == 0:
		return strconv.FormatInt(n>>10, 10) + " KiB"
	}
	return strconv.FormatInt(n, 10) + " bytes"
}

package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strings"
	"time"

	"tidings/subscribers"
	"tidings/templates"
)

// A form that asks for an address is signed when it is shown. A person needs some time to fill it in, and does
// not keep it open for more than a day.
const (
	soonest = 2 * time.Second
	latest  = 24 * time.Hour
)

// signer signs forms and reads what it signed.
type signer struct {
	key []byte
	now func() time.Time
}

// sign makes the token of a form that is shown in a language just now.
func (s signer) sign(lang string) string {
	at := binary.BigEndian.AppendUint64(nil, uint64(s.now().UnixMilli()))
	return base64.RawURLEncoding.EncodeToString(append(at, s.seal(at, lang)...))
}

func (s signer) seal(at []byte, lang string) []byte {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte("tidings/form\x00" + lang + "\x00"))
	h.Write(at)
	return h.Sum(nil)[:16]
}

// age returns for how long the form with this token has been shown in this language; false if it never was.
func (s signer) age(token, lang string) (time.Duration, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != 8+16 || !hmac.Equal(raw[8:], s.seal(raw[:8], lang)) {
		return 0, false
	}
	return s.now().Sub(time.UnixMilli(int64(binary.BigEndian.Uint64(raw)))), true
}

// entry is what a visitor sent in a form that asks for an address.
type entry struct {
	templates.Entry
	shown string // the language of the page
	robot bool   // no person sees the field that is filled in
}

// entered reads a form that asks for an address, and says what is wrong with it. It does not look at who is
// known. It reports false if it has answered already.
func (s *site) entered(w http.ResponseWriter, r *http.Request) (entry, bool) {
	private(w)
	if err := r.ParseForm(); err != nil {
		s.refused(w, r)
		return entry{}, false
	}
	if !s.crowd.takes(network(r), s.Now()) {
		s.busy(w, r)
		return entry{}, false
	}
	e := entry{shown: s.Pages.Lang(r.PostForm.Get("shown"), r.Header.Get("Accept-Language")), robot: r.PostForm.Get("website") != ""}
	e.Form, e.Email = r.PostForm.Get("form"), strings.TrimSpace(r.PostForm.Get("email"))
	if _, err := subscribers.Normalise(e.Email); err != nil {
		e.fault("email", "email")
	}
	age, ours := s.signer.age(e.Form, e.shown)
	if !ours || age > latest || age < 0 {
		e.Form = s.signer.sign(e.shown)
		e.fault("send", "again")
	} else if age < soonest {
		e.fault("send", "again")
	}
	return e, true
}

func (e *entry) fault(field, kind string) {
	e.Faults = append(e.Faults, templates.Fault{Field: field, Kind: kind})
}

// evenly acts and returns no sooner than after a beat: what is done for one who is known takes another time
// than for one who is not.
func (s *site) evenly(r *http.Request, act func() error) error {
	beat := time.NewTimer(s.Beat)
	defer beat.Stop()
	err := act()
	select {
	case <-beat.C:
	case <-r.Context().Done():
	}
	return err
}

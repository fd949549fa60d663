package desk

import (
	"crypto/sha256"
	"net/http"
	"sync"
)

// scorer asks a spam filter, about one mail at a time, and remembers what it said of the last: it takes seconds.
type scorer struct {
	mu   sync.Mutex
	of   [sha256.Size]byte
	said string
}

// spam answers with what a spam filter thinks of the edition's mail.
func (d *Desk) spam(w http.ResponseWriter, r *http.Request) {
	p := d.asked(r)
	if d.Spam == nil {
		http.Error(w, "No spam filter is installed here.", http.StatusNotFound)
		return
	}
	said := ""
	if p.fault == nil && !p.quiet {
		var whole []byte
		if whole, p.fault = d.Newsroom.Mail(p.edition); p.fault == nil {
			said, p.fault = d.scorer.score(whole, func() (string, error) { return d.Spam(r.Context(), whole) })
		}
	}
	d.send(w, p, "text/plain; charset=utf-8", said)
}

// score is what was said of a mail, or is said when it is asked.
func (s *scorer) score(mail []byte, ask func() (string, error)) (string, error) {
	of := sha256.Sum256(mail)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of != of || s.said == "" {
		said, err := ask()
		if err != nil {
			return "", err
		}
		s.of, s.said = of, said
	}
	return s.said, nil
}

package templates

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"strings"

	"tidings/digest"
)

// Print is an edition set in type: the letter of nobody, off which the letter of every reader is struck by
// putting his token into the link to leave.
type Print struct {
	Letter
	Token string // stands in both twins for each reader's own, and for nothing else
}

// nobodys is a token that nothing else in an edition's letter can hold: a digest of all that the edition says,
// so that no feed can write it. It has 32 letters and digits.
func nobodys(e digest.Edition) (string, error) {
	all, err := json.Marshal(e)
	if err != nil {
		return "", fmt.Errorf("edition %s: %w", e.Key, err)
	}
	sum := sha256.Sum256(all)
	return hex.EncodeToString(sum[:16]), nil
}

// Print renders an edition for many readers. Archive is its address on the web, or empty; leave returns the
// address of the page to leave for a token.
func (s *Set) Print(e digest.Edition, archive string, leave func(token string) string) (Print, error) {
	token, err := nobodys(e)
	if err != nil {
		return Print{}, err
	}
	out := link(leave(token))
	l, err := s.Letter(e, Reader{Leave: out, Archive: archive})
	if err != nil {
		return Print{}, err
	}
	for name, twin := range map[string]string{"letter/letter.html": html.UnescapeString(l.HTML), "letter/letter.txt": l.Text} {
		if n := strings.Count(twin, out); n == 0 || n != strings.Count(twin, token) {
			return Print{}, fmt.Errorf("%s: .Leave must be in every letter, and just as it is", name)
		}
	}
	return Print{l, token}, nil
}

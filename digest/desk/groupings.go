package desk

import (
	"crypto/sha256"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"sync"

	"tidings/digest"
)

// Groupings remembers how articles were grouped: most of what an editor decides leaves that as it is, and it takes the
// greatest part of a draft. Its zero value is ready.
type Groupings struct {
	mu    sync.Mutex
	known map[[sha256.Size]byte][]digest.Story
}

// mostGroupings bounds what is remembered: a few digests, each with the last decisions.
const mostGroupings = 8

// Group is [digest.Group].
func (g *Groupings) Group(articles []digest.Article, by digest.Grouping) []digest.Story {
	key, ok := fingerprint(articles, by)
	if !ok {
		return digest.Group(articles, by)
	}
	g.mu.Lock()
	known, there := g.known[key]
	g.mu.Unlock()
	if !there {
		known = digest.Group(articles, by)
		g.mu.Lock()
		if g.known == nil || len(g.known) >= mostGroupings {
			g.known = map[[sha256.Size]byte][]digest.Story{}
		}
		g.known[key] = known
		g.mu.Unlock()
	}
	out := make([]digest.Story, len(known))
	for i, s := range known { // whoever ranks and lays out writes into them
		s.Others, s.Tags, s.Names, s.Copies = slices.Clone(s.Others), slices.Clone(s.Tags), slices.Clone(s.Names), slices.Clone(s.Copies)
		s.Reasons, s.Near = slices.Clone(s.Reasons), slices.Clone(s.Near)
		out[i] = s
	}
	return out
}

// Forget is for when the topics' words or the names have changed.
func (g *Groupings) Forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.known = nil
}

// fingerprint is of all that a grouping depends on, as long as the configuration stays.
func fingerprint(articles []digest.Article, by digest.Grouping) (sum [sha256.Size]byte, ok bool) {
	hash := sha256.New()
	out := json.NewEncoder(hash)
	for _, a := range articles {
		whole := a.Text
		a.Text, a.HTML = "", ""
		if out.Encode(a) != nil {
			return sum, false
		}
		if _, err := io.WriteString(hash, whole+"\x00"); err != nil {
			return sum, false
		}
	}
	var topics []string
	for _, t := range by.Topics {
		topics = append(topics, t.ID)
	}
	err := out.Encode([]any{topics, by.Stories, by.Joined, by.Parted, slices.Sorted(maps.Keys(by.Vectors))})
	return [sha256.Size]byte(hash.Sum(nil)), err == nil
}

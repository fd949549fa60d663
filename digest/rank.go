package digest

import (
	"cmp"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"tidings/digest/text"
)

// Where a part of the score is full: eight independent sources, and a text of 800 words.
const (
	fullSources = 8
	fullDepth   = 800
)

// Rank chooses each story's leading article, scores the story as of at, and returns the stories with the
// best first. Every part of a score is told among the story's reasons; the parts add up to the score,
// which is then scaled down for a story that hardly touches artificial intelligence.
func Rank(stories []Story, d Digest, at time.Time) []Story {
	known := map[string]Source{}
	for _, s := range d.Sources {
		known[s.URL] = s
	}
	out := slices.Clone(stories)
	for i := range out {
		s := &out[i]
		arrange(s, known, d.Lang)
		if def := known[s.Lead.Feed].Topic; s.Topic == Brief && def != "" {
			s.Topic = def
			s.Reasons = append(s.Reasons, Reason{Part: "topic", Detail: "the source's own"})
		}
		s.Reasons = append(s.Reasons, score(s, known, d.Weights.orDefault(), at)...)
	}
	slices.SortStableFunc(out, func(a, b Story) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// orDefault fills in the weights when none is set.
func (w Weights) orDefault() Weights {
	if w == (Weights{}) {
		w = Weights{Sources: 0.45, Weight: 0.2, Recency: 0.25, Depth: 0.1}
	}
	if w.HalfLife <= 0 {
		w.HalfLife = 18 * time.Hour
	}
	return w
}

// arrange puts the article that is best to lead with first: in the edition's language, an independent
// report rather than the party's own, from the weightier source, with more to read, the earlier one.
func arrange(s *Story, known map[string]Source, lang string) {
	all := s.Articles()
	slices.SortStableFunc(all, func(a, b Article) int {
		return cmp.Or(
			compareBool(foreign(a, lang), foreign(b, lang)),
			compareBool(known[a.Feed].First, known[b.Feed].First),
			cmp.Compare(weight(known[b.Feed]), weight(known[a.Feed])),
			cmp.Compare(words(b)/100, words(a)/100),
			earlier(a, b),
		)
	})
	s.Lead, s.Others = all[0], all[1:]
	if len(s.Others) == 0 {
		s.Others = nil
	}
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func foreign(a Article, lang string) bool { return text.Base(a.Lang) != text.Base(lang) }

func weight(s Source) float64 {
	if s.Weight == 0 {
		return 1
	}
	return s.Weight
}

func words(a Article) int { return len(strings.Fields(a.Text)) }

// score adds up a story's parts.
func score(s *Story, known map[string]Source, w Weights, at time.Time) []Reason {
	owners := map[string]bool{}
	var weights float64
	var newest time.Time
	longest := 0
	for _, a := range s.Articles() {
		src := known[a.Feed]
		if !src.First {
			owners[owner(a, src)] = true
		}
		weights += weight(src)
		longest = max(longest, words(a))
		if a.Published.After(newest) {
			newest = a.Published
		}
	}
	s.Sources = max(1, len(owners))
	spread := min(1, math.Log2(float64(1+s.Sources))/math.Log2(1+fullSources))
	mean := min(1, weights/float64(1+len(s.Others))/2)
	fresh, age := 0.5, "undated"
	switch seen := s.Lead.Seen; {
	case newest.IsZero() && !seen.IsZero():
		age += ", first seen " + seen.In(at.Location()).Format("2006-01-02 15:04")
	case !newest.IsZero():
		old := max(0, at.Sub(newest))
		fresh, age = math.Exp2(-old.Hours()/w.HalfLife.Hours()), fmt.Sprintf("%.0f h old", old.Hours())
	}
	depth := min(1, float64(longest)/fullDepth)
	reasons := []Reason{
		{"sources", w.Sources * spread, fmt.Sprintf("%d independent", s.Sources)},
		{"weight", w.Weight * mean, fmt.Sprintf("mean %.2f", mean*2)},
		{"recency", w.Recency * fresh, age},
		{"depth", w.Depth * depth, fmt.Sprintf("%d words", longest)},
	}
	s.Score = 0
	for _, r := range reasons {
		s.Score += r.Value
	}
	if share := relevant(s.Relevance); share < 1 {
		off := -s.Score * (1 - share)
		s.Score += off
		reasons = append(reasons, Reason{"relevance", off, fmt.Sprintf("%.2f about AI", s.Relevance)})
	}
	return reasons
}

// relevant is the share of its score that a story keeps: all from a relevance of one half on, a quarter
// when nothing in it speaks of artificial intelligence.
func relevant(relevance float64) float64 { return min(1, 0.25+1.5*relevance) }

// owner names the publisher of an article: as configured, else the site's registrable name as far as its
// address tells it, else its title.
func owner(a Article, s Source) string {
	if s.Owner != "" {
		return strings.ToLower(s.Owner)
	}
	for _, raw := range []string{a.URL, a.Source.URL, a.Feed} {
		if u, err := url.Parse(raw); err == nil && u.Hostname() != "" {
			return registrable(strings.ToLower(u.Hostname()))
		}
	}
	return cmp.Or(a.Source.Title, a.Feed, a.ID)
}

// registrable is the part of a host's name that somebody registered: its last two labels, or three where a
// country sells names one level down, as in bbc.co.uk and abc.net.au.
func registrable(host string) string {
	labels := strings.Split(host, ".")
	n := 2
	if len(labels) > 2 && len(labels[len(labels)-1]) == 2 {
		switch labels[len(labels)-2] {
		case "ac", "co", "com", "edu", "go", "gob", "gov", "gouv", "ne", "net", "or", "org":
			n = 3
		}
	}
	return strings.Join(labels[max(0, len(labels)-n):], ".")
}

package digest

import (
	"cmp"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tidings/digest/text"
)

// Where a part of the score is full: eight independent sources, a text of 800 words, 500 points elsewhere,
// four days.
const (
	fullSources = 8
	fullDepth   = 800
	fullPoints  = 500
	fullDays    = 4
)

// ownAccount is what a story counts for that only its party or an aggregator tells: less than one
// independent source.
const ownAccount = 0.5

// Rank chooses each story's leading article, scores the story as of at, and returns the stories with the
// best first. Every part of a score is told among the story's reasons; the parts add up to the score.
//
// What hardly touches artificial intelligence is scaled down, unless its source is declared on topic. Of
// stories that share rare names only the best keeps its score whole, so that an edition speaks of many
// things (after maximal marginal relevance; Carbonell and Goldstein 1998).
func Rank(stories []Story, d Digest, at time.Time) []Story {
	r := ranker{known: d.known(), lang: d.Lang, weights: d.Weights.orDefault(d.Layout.orDefault().Window), at: at, clock: d.Location}
	if r.clock == nil {
		r.clock = time.UTC
	}
	for _, b := range d.Boosts {
		r.boosts = append(r.boosts, newBooster(b))
	}
	out := slices.Clone(stories)
	for i := range out {
		r.rank(&out[i])
	}
	slices.SortStableFunc(out, better)
	return diversify(out, r.weights.Sameness)
}

// better orders stories by score, equal ones by id.
func better(a, b Story) int { return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID)) }

// known is the digest's sources by address.
func (d Digest) known() map[string]Source {
	known := make(map[string]Source, len(d.Sources))
	for _, s := range d.Sources {
		known[s.URL] = s
	}
	return known
}

// orDefault fills in the weights when none is set, and the half-life of recency by how long a digest looks
// back.
func (w Weights) orDefault(window time.Duration) Weights {
	if w == (Weights{}) {
		w = Weights{Sources: 0.4, Weight: 0.2, Recency: 0.15, Depth: 0.05, Sameness: 0.05}
	}
	if w.HalfLife <= 0 {
		w.HalfLife = window * 3 / 8
	}
	return w
}

// ranker scores the stories of one edition.
type ranker struct {
	known   map[string]Source
	lang    string
	weights Weights
	boosts  []booster
	at      time.Time
	clock   *time.Location
}

func (r *ranker) rank(s *Story) {
	members := r.arrange(s)
	s.Reasons = slices.Clip(s.Reasons) // they are shared with the story that was handed in
	if own := r.known[s.Lead.Feed].Topic; s.Topic == Brief && own != "" {
		s.Topic = own
		s.Reasons = append(s.Reasons, Reason{Part: "topic", Detail: "the source's own"})
	}
	parts := r.parts(s, members)
	s.Score = 0
	for _, p := range parts {
		s.Score += p.Value
	}
	s.Reasons = append(s.Reasons, parts...)
}

// Whose voice an article is: a report, a copy of one, a party's own word, or what an aggregator passes on. The
// first is worth most, and it alone is independent.
const (
	report = iota
	copied
	partyWord
	passedOn
)

// voices tell whose voice each of a story's articles is, by id.
func voices(s *Story, known map[string]Source) map[string]int {
	out := make(map[string]int, 1+len(s.Others))
	for _, id := range s.Copies {
		out[id] = copied
	}
	for _, a := range s.Articles() {
		switch src := known[a.Feed]; {
		case src.Aggregator:
			out[a.ID] = passedOn
		case src.First:
			out[a.ID] = partyWord
		}
	}
	return out
}

// member is one of a story's articles with what decides how well it leads.
type member struct {
	Article
	stale, foreign bool
	voice, length  int
	weight         float64
}

// arrange puts the article that is best to lead with first: of an update one that brings what is new, in the
// edition's language, an independent report rather than the party's own word, from the weightier source,
// with more to read, the earlier one. The first in which a party speaks for itself is the primary source.
func (r *ranker) arrange(s *Story) []member {
	voice := voices(s, r.known)
	news := map[string]bool{}
	if s.Update != nil {
		for _, id := range s.Update.By {
			news[id] = true
		}
	}
	all := make([]member, 0, 1+len(s.Others))
	for _, a := range s.Articles() {
		all = append(all, member{
			Article: a, stale: len(news) > 0 && !news[a.ID], foreign: foreign(a, r.lang),
			voice: voice[a.ID], length: words(a), weight: weight(r.known[a.Feed]),
		})
	}
	slices.SortStableFunc(all, func(a, b member) int {
		return cmp.Or(
			compareBool(a.stale, b.stale),
			compareBool(a.foreign, b.foreign),
			cmp.Compare(a.voice, b.voice),
			cmp.Compare(b.weight, a.weight),
			cmp.Compare((b.length+99)/100, (a.length+99)/100), // a hundred words more or less say nothing, but none do
			earlier(a.Article, b.Article),
		)
	})
	s.Lead, s.Others, s.Primary = all[0].Article, nil, ""
	for _, m := range all[1:] {
		s.Others = append(s.Others, m.Article)
	}
	if i := slices.IndexFunc(all, func(m member) bool { return m.voice == partyWord }); i >= 0 {
		s.Primary = all[i].ID
	}
	return all
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

// words counts the words of an article. In Chinese and Japanese, where nothing parts them, two characters are
// taken for one.
func words(a Article) int {
	body := cmp.Or(a.Text, a.Summary)
	if text.Dense(a.Lang) {
		return utf8.RuneCountInString(body) / 2
	}
	return len(strings.Fields(body))
}

// weighty tells a mean of weights, and whose are not as everybody's are.
func weighty(members []member, mean float64) string {
	said := fmt.Sprintf("mean %.2f", mean)
	for _, m := range members {
		if one := fmt.Sprintf("%s %g", teller(m.Article), m.weight); m.weight != 1 && !strings.Contains(said, one) {
			said += ", " + one
		}
	}
	return said
}

// parts tells what a story's score is made of.
func (r *ranker) parts(s *Story, members []member) []Reason {
	w := r.weights
	owners, days := map[string]bool{}, map[string]bool{}
	var newest, first, last time.Time // of all, and of the independent ones
	sum, longest := 0.0, 0
	for _, m := range members {
		sum += m.weight
		longest = max(longest, m.length)
		if m.Published.After(newest) {
			newest = m.Published
		}
		if m.voice != report {
			continue
		}
		owners[owner(m.Article, r.known[m.Feed])] = true
		if p := m.Published; !p.IsZero() {
			days[p.In(r.clock).Format(time.DateOnly)] = true
			if first.IsZero() || p.Before(first) {
				first = p
			}
			if p.After(last) {
				last = p
			}
		}
	}
	s.Sources = len(owners)
	mean := sum / float64(len(members))
	fresh, age := r.recency(s, newest)
	parts := []Reason{
		{"sources", w.Sources * logShare(max(float64(s.Sources), ownAccount), fullSources), fmt.Sprintf("%d independent", s.Sources)},
		{"weight", w.Weight * min(1, mean/2), weighty(members, mean)},
		{"recency", w.Recency * fresh, age},
		{"depth", w.Depth * min(1, float64(longest)/fullDepth), fmt.Sprintf("%d words", longest)},
	}
	if w.Lasting > 0 {
		parts = append(parts, Reason{"lasting", w.Lasting * lasting(len(days), last.Sub(first)), fmt.Sprintf("days on which it was told: %d", len(days))})
	}
	if s.Points > 0 {
		parts = append(parts, Reason{"discussion", w.Discussion * logShare(float64(s.Points), fullPoints), fmt.Sprintf("%d points", s.Points)})
	}
	if off, ok := r.aside(s, parts); ok {
		parts = append(parts, off)
	}
	for _, b := range r.boosts {
		if why := b.fits(s); why != "" {
			parts = append(parts, Reason{"boost", b.By, why})
		}
	}
	return parts
}

// logShare is n's share of full on a logarithmic scale.
func logShare(n, full float64) float64 { return min(1, math.Log2(1+n)/math.Log2(1+full)) }

// recency halves with every half-life since the newest article; of what has no date nobody knows.
func (r *ranker) recency(s *Story, newest time.Time) (share float64, told string) {
	if !newest.IsZero() {
		old := max(0, r.at.Sub(newest))
		return math.Exp2(-old.Hours() / r.weights.HalfLife.Hours()), fmt.Sprintf("%.0f h old", old.Hours())
	}
	if seen := s.Lead.Seen; !seen.IsZero() {
		return 0.5, "undated, first seen " + seen.In(r.at.Location()).Format("2006-01-02 15:04")
	}
	return 0.5, "undated"
}

// lasting is the share of days that a story was told on by independent sources; at least half when it is
// still told two days after it began.
func lasting(days int, span time.Duration) float64 {
	share := min(1, float64(max(0, days-1))/(fullDays-1))
	if span >= 48*time.Hour {
		share = max(share, 0.5)
	}
	return share
}

// aside takes off what a story loses that hardly touches artificial intelligence: nothing from a relevance of
// one half on, three quarters of all when nothing in it speaks of that.
func (r *ranker) aside(s *Story, parts []Reason) (Reason, bool) {
	share := min(1, 0.25+1.5*s.Relevance)
	if share == 1 || onTopic(*s, r.known) {
		return Reason{}, false
	}
	sum := 0.0
	for _, p := range parts {
		sum += p.Value
	}
	return Reason{"relevance", -sum * (1 - share), fmt.Sprintf("%.2f about AI", s.Relevance)}, true
}

// onTopic says whether a story is declared to be about artificial intelligence: by a source of it, or by an
// editor who added it.
func onTopic(s Story, known map[string]Source) bool {
	return slices.ContainsFunc(s.Articles(), func(a Article) bool { return known[a.Feed].OnTopic || strings.HasPrefix(a.Feed, ByHand) })
}

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

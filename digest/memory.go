package digest

import (
	"maps"
	"reflect"
	"slices"
	"sync"
)

// Memory keeps what one draft has found out for the next, for whoever drafts again and again: of what takes long,
// an editor's decision changes little. It changes no draft. It is right as long as the configuration stays; when that
// has changed, [Memory.Forget]. Its zero value is ready, several may use it at once, and without one, as nil, nothing
// is remembered.
type Memory struct {
	mu     sync.Mutex
	tried  []tried // the newest last
	facts  map[saying][]fact
	quotes map[quoted]quotation
}

// How much is remembered: drafts, each of which has its articles' texts; texts whose facts are known; stories.
const (
	mostTried  = 4
	mostFacts  = 20_000
	mostQuotes = 1000
)

// tried is what came of some articles and decisions.
type tried struct {
	digest       string
	by           Grouping
	told         told
	likened      *likened
	news, folded []Story
}

// saying is a text in a language.
type saying struct{ text, lang string }

// quoted is a story of a digest, by its lead's id.
type quoted struct{ digest, lead string }

// quotation is what was quoted of a story's articles.
type quotation struct {
	lead    Article
	others  []Article
	copies  []string
	summary []string
	added   *Quote
}

// Forget is for when topics, names, sources or whatever else the configuration says has changed.
func (m *Memory) Forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tried, m.facts, m.quotes = nil, nil, nil
}

// stories groups articles and takes out what was told, see [Group] and [told.sequel].
func (m *Memory) stories(articles []Article, by Grouping, t told, d Digest) (news, folded []Story) {
	if m == nil {
		return t.sequel(Group(articles, by), d, by.Names, nil)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	one := tried{digest: d.Name, by: by, told: t}
	for _, before := range slices.Backward(m.tried) {
		if !before.likened.of(articles, by) {
			continue
		}
		one.likened = before.likened
		if before.digest == one.digest && before.by.decides(by) && reflect.DeepEqual(before.told, t) {
			return cloned(before.news), cloned(before.folded)
		}
	}
	if one.likened == nil {
		one.likened = liken(articles, by)
	}
	one.news, one.folded = t.sequel(one.likened.group(by), d, by.Names, m.remember)
	if len(m.tried) >= mostTried {
		m.tried = slices.Delete(m.tried, 0, 1)
	}
	m.tried = append(m.tried, one)
	return cloned(one.news), cloned(one.folded)
}

// of says whether these very articles were likened, by the same means.
func (l *likened) of(articles []Article, by Grouping) bool {
	return slices.EqualFunc(l.by.Topics, by.Topics, func(a, b Topic) bool { return a.ID == b.ID }) &&
		maps.EqualFunc(l.by.Vectors, by.Vectors, func(_, _ []float32) bool { return true }) && reflect.DeepEqual(l.given, articles)
}

// decides says whether two groupings decide the same about the same articles.
func (by Grouping) decides(other Grouping) bool {
	return maps.Equal(by.Stories, other.Stories) && slices.Equal(by.Parted, other.Parted) && slices.EqualFunc(by.Joined, other.Joined, slices.Equal)
}

// cloned are stories into which whoever ranks and lays out may write.
func cloned(stories []Story) []Story {
	out := slices.Clone(stories)
	for i := range out {
		s := &out[i]
		s.Others, s.Tags, s.Names, s.Copies = slices.Clone(s.Others), slices.Clone(s.Tags), slices.Clone(s.Names), slices.Clone(s.Copies)
		s.Reasons, s.Near = slices.Clone(s.Reasons), slices.Clone(s.Near)
	}
	return out
}

// remember returns the facts of a text, found before or by find now. The lock is held.
func (m *Memory) remember(s saying, find func(text, lang string) []fact) []fact {
	known, there := m.facts[s]
	if !there {
		known = find(s.text, s.lang)
		if m.facts == nil || len(m.facts) >= mostFacts {
			m.facts = map[saying][]fact{}
		}
		m.facts[s] = known
	}
	return known
}

// quote is [quoting.of].
func (m *Memory) quote(s Story, q quoting) (summary []string, also *Quote) {
	if m == nil {
		return q.of(s)
	}
	key := quoted{q.digest, s.Lead.ID}
	m.mu.Lock()
	known, there := m.quotes[key]
	m.mu.Unlock()
	if !there || !slices.Equal(known.copies, s.Copies) || !reflect.DeepEqual(known.lead, s.Lead) || !reflect.DeepEqual(known.others, s.Others) {
		known = quotation{lead: s.Lead, others: slices.Clone(s.Others), copies: slices.Clone(s.Copies)}
		known.summary, known.added = q.of(s)
		m.mu.Lock()
		if m.quotes == nil || len(m.quotes) >= mostQuotes {
			m.quotes = map[quoted]quotation{}
		}
		m.quotes[key] = known
		m.mu.Unlock()
	}
	if known.added != nil {
		a := *known.added
		also = &a
	}
	return slices.Clone(known.summary), also
}

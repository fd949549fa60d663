package digest

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"tidings/digest/text"
)

// Filing is what an article's words say of its subject.
type Filing struct {
	Topic     string   // "" when no word decides
	Tags      []string // further topics, strongest first
	Relevance float64  // to artificial intelligence, from 0 to 1: the odds that an editor of the trade would take it
	Words     []string // what decided the topic, the strongest first, each with what it gave in natural log-odds: "funding: raises … million +2.1"
	RoundUp   bool     // it tells of many things, so that it belongs to no one story
}

// LeastRelevance is what an article must reach to count as being about artificial intelligence. Of headlines
// alone that editors of the trade chose, one in twenty lies below; of those of other news, one in twenty above.
const LeastRelevance = 0.6

// Filer files articles under topics. It may be used by several at once.
type Filer struct {
	topics    []string       // all that may be meant: the built-in ones, then the digest's own
	order     map[string]int // of the topics in the digest; others are not used
	knowledge knowledge
	examples  []examples // of the digest's topics
}

// How much a clue counts by where it stands first, and what a topic must reach.
const (
	inLead  = 0.35 // an event; a word counts half of it
	inText  = 0.2  // an event; words do not count
	leadLen = 80   // words
	textLen = 700  // words

	// evenEvents is how many events a lead or a text may tell before each counts less.
	evenEvents = 2.0

	ofKin      = 0.6 // of the odds of its kin a topic is given, see [family]
	leastShare = 0.2 // of the odds, that the topic must have, and
	leastSaid  = 0.4 // what words, events and the source must give it; otherwise nothing decides
	leastTag   = 0.1 // that strong terms must give a further topic
	mostTags   = 5
	mostClues  = 8 // of what decided, that is told
	leastTold  = 0.15
)

// NewFiler makes a filer for these topics: those it may choose from, with their own words added to the
// built-in lexicon and their examples to what is learnt. Earlier topics win ties.
func NewFiler(topics []Topic) *Filer {
	f := &Filer{topics: topicIDs(), order: map[string]int{}, knowledge: builtin()}
	f.knowledge.own = ownLexicons(topics)
	for i, t := range topics {
		f.order[t.ID] = i
		if !slices.Contains(f.topics, t.ID) {
			f.topics = append(f.topics, t.ID)
		}
	}
	f.examples = f.study(topics)
	return f
}

// Use sets other weights in the place of the built-in ones, for measuring.
func (f *Filer) Use(l Learnt) { f.knowledge.learnt = l }

// Clues are all clues of an article's headline, known or not, for learning.
func (f *Filer) Clues(a Article) []Clue {
	var out []Clue
	lang := language(a)
	f.knowledge.eachClue(a, lang, func(name []byte, value float64) { out = append(out, Clue{string(name), value}) })
	return append(out, Clue{Anywhere, 1}, Clue{Anywhere + ":" + lang, 1})
}

// File adds up what the clues say for each topic: those of the title most, then those of the lead, then the
// events of the rest of the text. The topic with the greatest sum wins, the earlier one of equals.
func (f *Filer) File(a Article) Filing { return f.file(a, language(a)) }

// file files an article whose language is known.
func (f *Filer) file(a Article, lang string) Filing {
	s := scale{learnt: &f.knowledge.learnt, own: make([]float64, len(f.topics)), topics: f.topics, parts: make([]part, 0, 24), strong: map[string]float64{}}
	list := tokens(a.Title, lang)
	hits := f.knowledge.hits(a.Title, list, lang)
	for _, h := range hits {
		s.addHit(h, 1)
	}
	f.knowledge.eachWord(a.Title, list, lang, s.add)
	eachShape(a.Title, list, s.add)
	if at := publisher(a); at != "" {
		s.add([]byte("@"+at), 1)
	}
	f.compare(list, 1, &s)
	if s.known > 0 || a.Summary != "" || a.Text != "" {
		f.weighBody(a, lang, &s)
	}
	known := s.known
	s.add([]byte(Anywhere), 1)
	s.add([]byte(Anywhere+":"+lang), 1)
	s.known = known
	return f.decide(&s)
}

// Anywhere is the clue that every article has, for the relevance of any; with a colon and a language behind it, one
// that every article of the language has, for how often its editors choose each topic. Where no editors were asked,
// all topics begin equal.
const Anywhere = "#any"

// weighBody adds the lead, and the events of the rest of the text.
func (f *Filer) weighBody(a Article, lang string, s *scale) {
	body := bodyOf(a, textLen)
	if body == "" {
		return
	}
	first := head(body, leadLen)
	list := tokens(first, lang)
	f.weighEvents(first, list, lang, inLead, s)
	s.worth = inLead / 2
	f.knowledge.eachWord(first, list, lang, s.addNew)
	s.worth = 0
	f.compare(list, inLead, s)
	if rest := body[len(first):]; rest != "" {
		f.weighEvents(rest, tokens(rest, lang), lang, inText, s)
	}
}

// weighEvents adds the events of a part of the text; many of them count less each.
func (f *Filer) weighEvents(part string, list []token, lang string, worth float64, s *scale) {
	hits := f.knowledge.hits(part, list, lang)
	worth /= math.Max(1, math.Sqrt(float64(len(hits))/evenEvents))
	for _, h := range hits {
		s.addHit(h, worth)
	}
}

// scale is where the clues of one article are weighed.
type scale struct {
	learnt *Learnt
	topics []string
	sums   ClueWeights
	own    []float64 // by topic: what the operator's words and examples give
	parts  []part
	worth  float64 // of the words being added; 0 is read as 1
	known  int     // clues with weights
	strong map[string]float64
	round  bool
}

// part is what one clue gave.
type part struct {
	words   string
	weights ClueWeights
	own     int // the topic to which it gave all; -1: none
	gave    float64
}

// add weighs a clue.
func (s *scale) add(name []byte, value float64) {
	w, ok := s.learnt.of(name)
	if !ok {
		return
	}
	s.known++
	s.put(string(name), w, value)
}

// addNew weighs a word unless the title has it.
func (s *scale) addNew(name []byte, value float64) {
	for _, p := range s.parts {
		if p.words == string(name) {
			return
		}
	}
	s.add(name, value*s.worth)
}

func (s *scale) put(words string, w ClueWeights, value float64) {
	for i := range w {
		w[i] *= value
		s.sums[i] += w[i]
	}
	s.parts = append(s.parts, part{words: words, weights: w, own: -1})
}

// addHit weighs an event.
func (s *scale) addHit(h hit, worth float64) {
	if h.event.topic == roundUp {
		s.round = s.round || worth == 1
		return
	}
	words := h.told()
	if h.event.own {
		s.strong[h.event.topic] += ownWord * worth
		s.addOwn(h.event.topic, words, ownWord*worth*h.value())
		return
	}
	name := h.name()
	w, ok := s.learnt.of([]byte(name))
	if !ok {
		w = Prior(name)
	}
	s.known++
	s.put(words, w, worth*h.value())
	if i := slices.Index(s.topics[:relevance], h.event.topic); i >= 0 && h.strong && !h.event.everywhere() {
		s.strong[h.event.topic] += w[i] * worth * h.value()
	}
}

// addOwn gives something to one topic alone.
func (s *scale) addOwn(topic, words string, gave float64) {
	if i := slices.Index(s.topics, topic); i >= 0 {
		s.known++
		s.own[i] += gave
		s.parts = append(s.parts, part{words: words, own: i, gave: gave})
	}
}

// sum is what all clues gave a topic.
func (s *scale) sum(i int) float64 {
	sum := s.own[i]
	if i < relevance {
		return sum + s.sums[i]
	}
	return sum + strangers
}

// strangers is what a topic that is not built-in begins with: less than a built-in one for which something
// speaks, so that nothing is filed there but for its own words.
const strangers = -1.5

func (f *Filer) decide(s *scale) Filing {
	filing := Filing{Relevance: 1 / (1 + math.Exp(-s.sums[relevance])), RoundUp: s.round}
	shares := f.shares(s)
	kin := map[string]float64{}
	for id := range f.order {
		kin[family(id)] += shares[id]
	}
	worth := make(map[string]float64, len(f.order))
	for id := range f.order {
		worth[id] = shares[id] + ofKin*(kin[family(id)]-shares[id])
	}
	ids := slices.SortedFunc(maps.Keys(f.order), func(a, b string) int {
		if x, y := worth[a], worth[b]; x != y {
			return cmp.Compare(y, x)
		}
		return f.order[a] - f.order[b]
	})
	for _, id := range ids {
		if worth[id] < leastShare {
			break
		}
		if words, said := s.words(slices.Index(f.topics, id)); said >= leastSaid {
			filing.Topic, filing.Words = id, words
			filing.Tags = s.tags(ids, id)
			break
		}
	}
	return filing
}

// tags are the further topics of which an article tells in strong terms, those with the most first.
func (s *scale) tags(ids []string, topic string) []string {
	var tags []string
	for _, id := range ids {
		if id != topic && s.strong[id] >= leastTag {
			tags = append(tags, id)
		}
	}
	slices.SortStableFunc(tags, func(a, b string) int { return cmp.Compare(s.strong[b], s.strong[a]) })
	return tags[:min(mostTags, len(tags))]
}

// family is what topics have in common that share most of what speaks for them: what is made, and who makes it. The
// odds of kin are divided among them, so that a stranger would come before all of them although most speaks for one of
// the family; therefore each is given a part of its kin's.
func family(topic string) string {
	switch topic {
	case "models", "products", "open-source":
		return "what is made"
	case "business", "people", "chips":
		return "who makes it"
	}
	return topic
}

// shares are the odds of each topic among all.
func (f *Filer) shares(s *scale) map[string]float64 {
	sums := make([]float64, len(f.topics))
	for i := range sums {
		sums[i] = s.sum(i)
	}
	top, total := slices.Max(sums), 0.0
	for i, x := range sums {
		sums[i] = math.Exp(x - top)
		total += sums[i]
	}
	out := make(map[string]float64, len(sums))
	for i, x := range sums {
		out[f.topics[i]] = x / total
	}
	return out
}

// words tells what spoke for a topic, the strongest first, and how much it gave without the headline's make.
func (s *scale) words(topic int) (words []string, said float64) {
	type gift struct {
		words string
		gave  float64
	}
	told := make([]gift, 0, len(s.parts))
	for i := range s.parts {
		p := &s.parts[i]
		one := gift{p.words, p.gave}
		switch {
		case strings.HasPrefix(p.words, Anywhere):
			continue
		case p.own == topic:
		case p.own < 0 && topic < relevance:
			one.gave = p.weights[topic]
		default:
			continue
		}
		if i := slices.IndexFunc(told, func(g gift) bool { return g.words == one.words }); i >= 0 {
			told[i].gave += one.gave
		} else {
			told = append(told, one)
		}
	}
	told = slices.DeleteFunc(told, func(g gift) bool { return g.gave < leastTold })
	slices.SortStableFunc(told, func(a, b gift) int { return cmp.Compare(b.gave, a.gave) })
	words = make([]string, min(mostClues, len(told)))
	for i := range words {
		words[i] = fmt.Sprintf("%s %+.1f", told[i].words, told[i].gave)
		if !strings.HasPrefix(told[i].words, "#") && !idle(told[i].words) {
			said += told[i].gave
		}
	}
	return words, said
}

// idle says of a clue whether it is made of function words, which may tip a balance and decide nothing alone.
func idle(clue string) bool {
	lang := "en"
	if len(clue) > 2 && clue[2] == ':' {
		lang, clue = clue[:2], clue[3:]
	}
	for _, w := range strings.Fields(clue) {
		if !text.Stop(w, lang) {
			return false
		}
	}
	return true
}

// everyday is the set of all words of the lexicons, as stems: the trade's ordinary words. It is not to be written.
func (f *Filer) everyday() map[string]bool { return f.knowledge.everyday() }

// language is an article's base language, declared or found; found only where it must be, as it is dear.
func language(a Article) string {
	if base := text.Base(a.Lang); base != "" {
		return base
	}
	return text.Base(text.Language(a.Title+". "+lead(a), ""))
}

// lead is what an article says first: its summary, or the beginning of its text.
func lead(a Article) string { return cmp.Or(a.Summary, head(a.Text, leadLen)) }

// bodyOf is the summary followed by the text, without saying the same twice; at most about n words.
func bodyOf(a Article, n int) string {
	body := head(a.Text, n)
	if a.Summary == "" || begins(body, a.Summary) {
		return cmp.Or(body, a.Summary)
	}
	return a.Summary + "\n\n" + body
}

// begins says whether a text begins as a summary does, which has no line breaks.
func begins(body, summary string) bool {
	flat := func(s string, n int) string { return strings.Join(strings.Fields(head(s, n)), " ") }
	return strings.HasPrefix(flat(body, 24), flat(summary, 12))
}

// head returns about the first n words of s.
func head(s string, n int) string {
	for i, r := range s {
		if r == ' ' || r == '\n' || r > 0x2fff {
			if n--; n <= 0 {
				return s[:i]
			}
		}
	}
	return s
}

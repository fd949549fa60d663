package digest

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidings/digest/text"
)

// What of an article is compared: so many words of its title and of its text, and so many bytes of either at
// most. A text of fewer than leastBody words tells nothing, and a title of more than longTitle is a text without a
// title, whose first words stand for one. The beginning of a text is leadWords long.
const (
	titleWords = 160
	bodyWords  = 320
	mostBytes  = 8 << 10
	leastBody  = 8
	leadWords  = 80
	longTitle  = 30
	headline   = 16

	mostPortable = 2 << 10 // bytes of a text that are looked at for what survives translation
	slight       = 0.65    // worth of a word that many things may be told by
)

// reading is an article made ready for comparing. Words are numbers of the vocabulary; a word of one language
// is another word in the next, except for the portable ones.
type reading struct {
	article  *Article
	lang     string
	source   string // who tells it
	filing   Filing
	from, to time.Time // when it appeared first and last; zero: undated

	order    []int32     // the title's stems as they stand
	title    []weighed   // the same with their rarity
	mass     float64     // sum of title's weights
	length   float64     // of title as a vector
	bursts   []float32   // how far beyond its ordinary rate each of title is told these days
	body     []weighed   // stems of title and text, a vector of unit length
	told     bool        // there is a text
	portable []weighed   // what survives translation of both, a vector of unit length
	norms    [2]float32  // the lengths that body and portable had
	grams    []uint32    // hashes of the title's runs of four letters
	found    []text.Name // the names in the title
	makers   []weighed   // whom the names in the title belong to, and how rare they are
	events   []weighed   // what the title says to happen
	named    []int32     // stems that are part of a name
	numbers  []int32     // those of portable that are numbers
	small    []int32     // those of numbers that anything may have
	nameless []int32     // the numbers, and what is said to happen
	claims   *claims     // read when first asked for
}

// reader turns articles into readings.
type reader struct {
	number    map[string]int32            // of a word, as stem with its language before it
	word      []string                    // by number
	known     map[string]map[string]int32 // by language and the word as written: its number, or -1 for function words
	names     *text.Names
	events    *text.Events
	spellings map[string][]int32 // by language and name, the numbers of all words that it may be written with
	filer     *Filer
}

func newReader(by Grouping) *reader {
	r := &reader{number: map[string]int32{}, known: map[string]map[string]int32{}, spellings: map[string][]int32{}, names: by.Names, events: text.NewEvents(), filer: NewFiler(by.Topics)}
	if r.names == nil {
		r.names = text.NewNames(nil)
	}
	return r
}

// id numbers a word.
func (r *reader) id(word string) int32 {
	n, ok := r.number[word]
	if !ok {
		n = int32(len(r.word))
		word = strings.Clone(word) // lest it keep a whole text alive
		r.number[word] = n
		r.word = append(r.word, word)
	}
	return n
}

// bare is a numbered word without its language.
func (r *reader) bare(n int32) string {
	_, word, _ := strings.Cut(r.word[n], ":")
	return word
}

// stems numbers the words of a text that are no function words.
func (r *reader) stems(words []string, lang string) []int32 {
	known := r.known[lang]
	if known == nil {
		known = map[string]int32{}
		r.known[lang] = known
	}
	out := make([]int32, 0, len(words))
	for _, w := range words {
		n, ok := known[w]
		if !ok {
			n = -1
			if !text.Stop(w, lang) {
				n = r.id(lang + ":" + text.Stem(w, lang))
			}
			known[strings.Clone(w)] = n
		}
		if n >= 0 {
			out = append(out, n)
		}
	}
	return out
}

// counted is a reading with its words not yet weighed.
type counted struct {
	reading
	body     map[int32]float64
	portable map[int32]float64
}

// read takes in an article.
func (r *reader) read(a *Article) *counted {
	c := &counted{reading: reading{article: a, lang: language(*a), source: a.Feed, from: a.Published, to: a.Published},
		body: map[int32]float64{}, portable: map[int32]float64{}}
	c.filing = r.filer.file(*a, c.lang)
	c.filing.RoundUp = c.filing.RoundUp || tellsMany(r.names, cut(a.Title, mostBytes))
	title, body := cut(a.Title, mostBytes), cut(bodyOf(*a, bodyWords), mostBytes)
	if strings.TrimSpace(title) == "" {
		title = head(body, 15)
	}
	written := text.Words(title)
	words := unhyphened(written)
	if len(words) > longTitle { // it is a text without a title
		body = title + "\n\n" + body
		words = words[:headline]
		title = ""
	}
	c.order = r.stems(words[:min(len(words), titleWords)], c.lang)
	for _, n := range c.order {
		c.body[n] = 1
	}
	told := r.stems(unhyphened(text.Words(body)), c.lang)
	c.told = len(told) >= leastBody
	for _, n := range told {
		c.body[n]++
	}
	if title != "" {
		r.survivors(c, title, written, 2)
	}
	first := cut(body, mostPortable)
	r.survivors(c, first, text.Words(first), 1)
	r.name(c, strings.Join(words, " "))
	if slices.ContainsFunc(c.found, unmistakable) {
		c.filing.Relevance = likelier(c.filing.Relevance, modelNamed)
	}
	for n := range c.portable {
		w := r.bare(n)
		if number(w) {
			c.numbers = append(c.numbers, n)
		}
		if number(w) || strings.HasPrefix(w, "!") {
			c.nameless = append(c.nameless, n)
		}
		if number(w) && common(w) {
			c.small = append(c.small, n)
		}
	}
	slices.Sort(c.numbers)
	c.grams = runs(text.Fold(strings.Join(words[:min(len(words), titleWords)], " ")), 4)
	return c
}

// modelNamed is how much more likely a title that names a model is about artificial intelligence, in natural log-odds.
const modelNamed = 2.5

// unmistakable says of a name whether it is a model's and nothing else's: it has two words or a version. A llama and
// Gemini may be many things.
func unmistakable(n text.Name) bool {
	return n.Kind == text.Model && strings.ContainsAny(n.Name, " -0123456789")
}

// likelier is a probability after evidence of so much.
func likelier(p, odds float64) float64 {
	return p / (p + (1-p)*math.Exp(-odds))
}

// survivors takes in what may stand in a translation of a text, whose words are given.
func (r *reader) survivors(c *counted, s string, words []string, worth float64) {
	add := func(w string, worth float64) {
		n := r.id("~:" + w)
		c.portable[n] = max(c.portable[n], worth)
	}
	for _, w := range text.Portable(words, c.lang) {
		add(w.Word, worth*w.Worth)
	}
	for _, name := range r.names.Find(s) {
		for _, w := range text.Words(name.Name) {
			add(text.Fold(w), worth)
		}
		if name.Kind != text.Press && name.Kind != text.Place {
			add("@"+cmp.Or(name.Maker, name.Name), worth*slight)
		}
	}
	for _, q := range text.Quantities(s, c.lang) {
		if n := q.Values[0]; n >= 10 && q.Unit != "month" {
			add(strconv.FormatFloat(n, 'f', -1, 64), worth)
		}
	}
	for _, event := range r.events.Find(s, words, c.lang) {
		add("!"+event, worth*slight)
	}
}

// name takes in the names in a title: whom they belong to, and the words that they are written with.
func (r *reader) name(c *counted, title string) {
	c.found = r.names.Find(title)
	for _, name := range c.found {
		c.named = append(c.named, r.spelt(name, c.lang)...)
		if name.Kind != text.Press && name.Kind != text.Place {
			c.makers = append(c.makers, weighed{word: r.id("@:" + cmp.Or(name.Maker, name.Name))})
		}
	}
	byWord := func(a, b weighed) int { return cmp.Compare(a.word, b.word) }
	slices.SortFunc(c.makers, byWord)
	for _, event := range r.events.Find(title, text.Words(title), c.lang) {
		c.events = append(c.events, weighed{word: r.id("!:" + event)})
	}
	slices.SortFunc(c.events, byWord)
	c.makers = slices.Compact(c.makers)
}

// spelt numbers the words that a name may be written with.
func (r *reader) spelt(name text.Name, lang string) []int32 {
	key := lang + ":" + name.Name
	stems, ok := r.spellings[key]
	if !ok {
		for _, s := range append([]string{name.Name}, name.Also...) {
			stems = append(stems, r.stems(text.Words(s), lang)...)
		}
		r.spellings[key] = stems
	}
	return stems
}

// unhyphened parts words of letters at their hyphens: Ex-OpenAI tells of OpenAI. GPT-4 stays whole.
func unhyphened(words []string) []string {
	out := make([]string, 0, len(words))
	for _, w := range words {
		if strings.ContainsAny(w, "-‑") && !strings.ContainsAny(w, "0123456789") {
			out = append(out, strings.FieldsFunc(w, func(r rune) bool { return r == '-' || r == '‑' })...)
		} else {
			out = append(out, w)
		}
	}
	return out
}

// number says whether a word is a number of two digits or more.
func number(w string) bool {
	digits := 0
	for _, c := range w {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c != '.' && c != ',' && c != '%':
			return false
		}
	}
	return digits > 1
}

// common says of a number whether it is small or a year: such stand everywhere.
func common(number string) bool {
	year := len(number) == 4 && (strings.HasPrefix(number, "19") || strings.HasPrefix(number, "20"))
	return len(number) < 4 && !strings.ContainsAny(number, ".,") || year
}

// cut returns the beginning of s, at most n bytes.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// leastMany is of how many things in a row, each of another maker, a headline must tell to be a round-up.
const (
	leastMany    = 3
	mostHeadline = 160 // bytes; what is longer is a text
)

// tellsMany says whether a title tells of many things, as newsletters are headed: "The morning: Alpha leaves Beta,
// Gamma chases GPT-4, Delta soars". Between colon, commas and the like there must be several parts of more than a name
// alone, each about other makers than the rest.
func tellsMany(names *text.Names, title string) bool {
	if _, list, ok := strings.Cut(title, ": "); ok {
		title = list
	}
	parts := strings.FieldsFunc(title, func(r rune) bool { return strings.ContainsRune(",;|•+、，；｜", r) })
	if len(parts) < leastMany || len(title) > mostHeadline {
		return false
	}
	var makers []string
	n := 0
	for _, part := range parts {
		words := len(text.Words(part))
		for _, name := range names.Find(part) {
			if words > len(text.Words(name.Name))+1 && !slices.Contains(makers, cmp.Or(name.Maker, name.Name)) {
				makers = append(makers, cmp.Or(name.Maker, name.Name))
				n++
				break
			}
		}
	}
	return n >= leastMany
}

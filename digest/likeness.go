package digest

import (
	_ "embed"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

//go:generate go run ./learn/stories -data ../../shared/data -into .

// likenessFile holds the weights of the features; digest/learn/stories makes it.
//
//go:embed likeness.txt
var likenessFile string

// Feature is one thing that is looked at in a pair of articles.
type Feature int

// The features. A pair is compared in one of three ways, and the features of the other two are 0: by texts when
// both articles have one, by portable words alone when they are in two languages, else by titles. So a text that
// is missing says nothing, neither for nor against.
const (
	Titles Feature = iota
	TitlesCosine
	TitlesOverlap
	TitlesLetters
	TitlesShort
	TitlesBurst
	TitlesMaker
	TitlesMakerWord
	TitlesMakers
	TitlesEvents
	TitlesNumbers
	TitlesDays
	TitlesSource

	Texts
	TextsCosine
	TextsShared
	TextsTitle
	TextsStrangers
	TextsNumbers
	TextsDays
	TextsSource

	Across
	AcrossCosine
	AcrossShared
	AcrossRarest
	AcrossNumbers
	AcrossDays

	Meaning

	features
)

// trait is what is known of a feature beside its weight.
type trait struct {
	name, meaning string
	sign          int // of its weight: which way it can only speak; 0: either
}

var traits = [features]trait{
	Titles:          {"titles", "compared by titles: where all begins", 0},
	TitlesCosine:    {"titles cosine", "angle of the titles' words, weighed by rarity", 1},
	TitlesOverlap:   {"titles overlap", "share of the lesser title's words, by rarity, that the other has", 1},
	TitlesLetters:   {"titles letters", "angle of the titles' runs of four letters", 1},
	TitlesShort:     {"titles short", "how short the shorter title is", 0},
	TitlesBurst:     {"titles burst", "a shared word is told far oftener these days than on others; a logarithm", 1},
	TitlesMaker:     {"titles maker", "rarity these days of a maker whom both titles are about, by whatever name", 1},
	TitlesMakerWord: {"titles maker and word", "the same maker, and the rarest shared word that is no name", 1},
	TitlesMakers:    {"titles makers", "share of the makers in the titles, by rarity, that both have", 1},
	TitlesEvents:    {"titles events", "rarity of what both titles say to happen, by whatever word", 1},
	TitlesNumbers:   {"titles numbers", "1 a shared number, -1 none though both have great ones", 1},
	TitlesDays:      {"titles days", "days apart", -1},
	TitlesSource:    {"titles source", "one source, which tells a story once", -1},

	Texts:          {"texts", "compared by texts: where all begins", 0},
	TextsCosine:    {"texts cosine", "angle of the texts' words, weighed by rarity", 1},
	TextsShared:    {"texts shared", "how much rarity they share; a logarithm", 1},
	TextsTitle:     {"texts title", "share of the titles' words, by rarity, that the other's text has", 1},
	TextsStrangers: {"texts strangers", "both titles are about makers, and none is shared", -1},
	TextsNumbers:   {"texts numbers", "1 a shared number, -1 none though both have great ones", 1},
	TextsDays:      {"texts days", "days apart", -1},
	TextsSource:    {"texts source", "one source, which tells a story once", -1},

	Across:        {"across", "compared across languages: where all begins", 0},
	AcrossCosine:  {"across cosine", "angle of the words that survive translation", 1},
	AcrossShared:  {"across shared", "how many of them are shared; a logarithm", 1},
	AcrossRarest:  {"across rarest", "the rarest shared one", 1},
	AcrossNumbers: {"across numbers", "1 a shared number, -1 none though both have great ones", 1},
	AcrossDays:    {"across days", "days apart", -1},

	Meaning: {"meaning", "angle of two embeddings, less four fifths; 0 without them", 1},
}

// String is the feature's name as likeness.txt has it.
func (f Feature) String() string { return traits[f].name }

// Tells is what the feature tells, in words for a person.
func (f Feature) Tells() string { return traits[f].meaning }

// Sign is the sign that the feature's weight must have, 0 for either.
func (f Feature) Sign() int { return traits[f].sign }

// Features are what was found in a pair, by [Feature].
type Features [features]float64

// Likeness weighs features, by [Feature]: it tells how likely a pair tells one story (logistic regression).
type Likeness [features]float64

// NewLikeness reads weights: lines of a feature's name, a colon and its weight; what follows # is for people.
func NewLikeness(file string) (Likeness, error) {
	var l Likeness
	for line := range strings.Lines(file) {
		line, _, _ = strings.Cut(line, "#")
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		i := slices.IndexFunc(traits[:], func(t trait) bool { return t.name == strings.TrimSpace(name) })
		w, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if i < 0 || err != nil {
			return l, fmt.Errorf("likeness: %q is no weight of a feature", strings.TrimSpace(line))
		}
		l[i] = w
	}
	return l, nil
}

// String writes weights as [NewLikeness] reads them.
func (l *Likeness) String() string {
	var b strings.Builder
	for f, t := range traits {
		fmt.Fprintf(&b, "%-24s %6.2f  # %s\n", t.name+":", l[f], t.meaning)
	}
	return b.String()
}

// Probability that a pair with these features tells one story.
func (l *Likeness) Probability(f *Features) float64 {
	return 1 / (1 + math.Exp(-l.sum(f, 0, features)))
}

// sum is the logarithm of the odds as far as features from up to to tell them.
func (l *Likeness) sum(f *Features, from, to Feature) float64 {
	sum := 0.0
	for i := from; i < to; i++ {
		sum += l[i] * f[i]
	}
	return sum
}

// features looks at a pair.
func (p *pairing) features(f *Features, i, j int) {
	a, b := p.docs[i], p.docs[j]
	*f = Features{}
	days, source := float64(p.apart(i, j))/(24*60*60), 0.0
	if a.source != "" && a.source == b.source {
		source = 1
	}
	switch {
	case a.lang != b.lang:
		f[Across], f[AcrossDays] = 1, days
		across(f, a, b)
	case a.told && b.told:
		f[Texts], f[TextsDays], f[TextsSource] = 1, days, source
		texts(f, a, b)
	default:
		f[Titles], f[TitlesDays], f[TitlesSource] = 1, days, source
		titles(f, a, b)
		if p.hopeless != nil && p.hopeless(f) {
			return
		}
		f[TitlesLetters] = cosineSet(a.grams, b.grams)
	}
	f[Meaning] = p.meaning(a.article.ID, b.article.ID)
}

// hopelessBy says of titles whose letters were not looked at yet whether nothing can come of it, whatever they
// are. It saves most of the work.
func (p *pairing) hopelessBy(l *Likeness) func(*Features) bool {
	best := l[TitlesLetters]
	if p.vectors != nil {
		best += l[Meaning] * (1 - alike)
	}
	odds := math.Log(least / (1 - least))
	return func(f *Features) bool { return l.sum(f, Titles, Texts)+best < odds }
}

// Scales that bring features near one.
const (
	rareWord  = 8 // rarity of a rare word
	rareMaker = 4 // of a maker, see [pairing.scarcity]
)

// titles compares two titles.
func titles(f *Features, a, b *reading) {
	dot, mass, burst, word := 0.0, 0.0, 0.0, 0.0
	for k, l := range shared(a.title, b.title) {
		x, y := a.title[k], b.title[l]
		w := float64(x.weight+y.weight) / 2
		dot += float64(x.weight) * float64(y.weight)
		mass += w
		burst = max(burst, float64(a.bursts[k]+b.bursts[l])/2)
		if !slices.Contains(a.named, x.word) {
			word = max(word, w)
		}
	}
	if dot > 0 {
		f[TitlesCosine] = dot / (a.length * b.length)
		f[TitlesOverlap] = mass / min(a.mass, b.mass)
	}
	f[TitlesShort] = 1 / math.Sqrt(float64(1+min(len(a.title), len(b.title))))
	f[TitlesBurst] = burst
	f[TitlesNumbers] = agreement(a, b)
	for k, l := range shared(a.events, b.events) {
		f[TitlesEvents] = max(f[TitlesEvents], float64(a.events[k].weight+b.events[l].weight)/2/rareMaker)
	}
	both, rarest, all := 0.0, 0.0, 0.0
	for _, list := range [][]weighed{a.makers, b.makers} {
		for _, m := range list {
			all += float64(m.weight)
		}
	}
	for k, l := range shared(a.makers, b.makers) {
		w := float64(a.makers[k].weight+b.makers[l].weight) / 2
		both += w
		rarest = max(rarest, w)
	}
	if both > 0 {
		f[TitlesMaker] = rarest / rareMaker
		f[TitlesMakerWord] = word / rareWord
		f[TitlesMakers] = both / (all - both)
	}
}

// texts compares two texts.
func texts(f *Features, a, b *reading) {
	dot, mass := float32(0), float32(0)
	for k, l := range shared(a.body, b.body) {
		x, y := a.body[k].weight, b.body[l].weight
		dot += x * y
		mass += x*a.norms[0] + y*b.norms[0]
	}
	f[TextsCosine] = min(1, float64(dot))
	f[TextsShared] = math.Log1p(float64(mass)/2) / 4
	f[TextsTitle] = (covered(a, b) + covered(b, a)) / 2
	f[TextsNumbers] = agreement(a, b)
	f[TextsStrangers] = aboutOthers(a, b)
}

// across compares two articles in two languages. A small number or a year alone tells nothing, and of two makers neither
// does a great one nor what happens: without a name in common it is a coincidence.
func across(f *Features, a, b *reading) {
	idle := func(d *reading) []int32 { return d.small }
	if aboutOthers(a, b) > 0 {
		idle = func(d *reading) []int32 { return d.nameless }
	}
	n, rarest := 0, 0.0
	for k, l := range shared(a.portable, b.portable) {
		n++
		if !slices.Contains(idle(a), a.portable[k].word) {
			rarest = max(rarest, float64(a.portable[k].weight*a.norms[1]+b.portable[l].weight*b.norms[1])/2)
		}
	}
	if rarest == 0 {
		return
	}
	f[AcrossCosine] = cosine(a.portable, b.portable)
	f[AcrossShared] = math.Log1p(float64(n))
	f[AcrossRarest] = rarest / rareWord
	f[AcrossNumbers] = agreement(a, b)
}

// aboutOthers is 1 when both titles name makers, and not one of them is the same.
func aboutOthers(a, b *reading) float64 {
	if len(a.makers) > 0 && len(b.makers) > 0 && !sharesAny(a.makers, b.makers) {
		return 1
	}
	return 0
}

// alike is how like two embeddings must be to speak for one story.
const alike = 0.8

// meaning is what the embeddings of two articles say: their cosine beyond alike, 0 when one is missing.
func (p *pairing) meaning(a, b string) float64 {
	x, y := p.vectors[a], p.vectors[b]
	if len(x) == 0 || len(x) != len(y) {
		return 0
	}
	dot, xx, yy := 0.0, 0.0, 0.0
	for i := range x {
		dot += float64(x[i]) * float64(y[i])
		xx += float64(x[i]) * float64(x[i])
		yy += float64(y[i]) * float64(y[i])
	}
	if c := dot / math.Sqrt(xx*yy); !math.IsNaN(c) {
		return c - alike
	}
	return 0
}

// covered is the share of a's title, by rarity, that b's text tells as well.
func covered(a, b *reading) float64 {
	sum := 0.0
	for k := range shared(a.title, b.body) {
		sum += float64(a.title[k].weight)
	}
	return sum / max(a.mass, 1e-9)
}

// agreement of two articles' numbers: 1 when they share one, -1 when both have some that are neither small nor a
// year and share none, else 0.
func agreement(a, b *reading) float64 {
	great := func(d *reading) bool { return len(d.numbers) > len(d.small) }
	switch {
	case slices.ContainsFunc(a.numbers, func(x int32) bool { return slices.Contains(b.numbers, x) }):
		return 1
	case great(a) && great(b):
		return -1
	}
	return 0
}

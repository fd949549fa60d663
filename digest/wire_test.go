package digest_test

import (
	"fmt"
	"math"
	"math/rand"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"tidings/digest"
)

// wire makes headlines as outlets write them, the same ones each time: of what testdata/wire.txt lists.
type wire struct {
	*rand.Rand
	ways  map[string]map[string][]string // by kind and language
	kinds []string                       // of events
}

var wireLangs = []string{"en", "en", "en", "it", "de", "fr", "es", "zh", "ja"} // a third is English

func newWire(t testing.TB) *wire {
	t.Helper()
	file, err := os.ReadFile("testdata/wire.txt")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{Rand: rand.New(rand.NewSource(1)), ways: map[string]map[string][]string{}}
	kind := ""
	for line := range strings.Lines(string(file)) {
		line = strings.TrimSpace(line)
		lang, ways, ok := strings.Cut(line, ": ")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case ok:
			w.ways[kind][lang] = strings.Split(ways, " | ")
		default:
			kind = line
			w.ways[kind] = map[string][]string{}
			if !slices.Contains([]string{"thing", "place", "maker", "family", "tail"}, kind) {
				w.kinds = append(w.kinds, kind)
			}
		}
	}
	return w
}

// in is one of a list in a language, by its number; in English where the language has no list.
func (w *wire) in(kind, lang string, i int) string {
	list := w.ways[kind][lang]
	if list == nil {
		list = w.ways[kind]["en"]
	}
	return list[i%len(list)]
}

// coined is a name that nobody bears.
func (w *wire) coined(syllables int) string {
	onsets, vowels, codas := strings.Fields("b br c cr d dr f g gr h k l m n p pr qu r s st t tr v w z"), "aaeeioouy", strings.Fields("- - - l n r s x rn lt m")
	var b strings.Builder
	for range syllables {
		b.WriteString(onsets[w.Intn(len(onsets))] + vowels[w.Intn(len(vowels)):][:1] + strings.Trim(codas[w.Intn(len(codas))], "-"))
	}
	name := b.String()
	return strings.ToUpper(name[:1]) + name[1:]
}

// event is what happened; every report tells some of it.
type event struct {
	kind                string
	who, other          int // number of a maker; -1: the name is coined
	whoElse, otherElse  string
	person, model       string
	million             int
	euro                bool
	share, count        int
	thing, place, began int // began: minutes
}

// count is a number up to most, as amounts are: small ones are commoner, and great ones are round.
func (w *wire) count(most float64) int {
	n := math.Exp(w.Float64() * math.Log(most))
	round := math.Pow(10, max(0, math.Floor(math.Log10(n))-1))
	return int(math.Round(n/round) * round)
}

func (w *wire) event(days int) event {
	e := event{
		kind: w.kinds[w.Intn(len(w.kinds))], who: w.Intn(24), other: -1, whoElse: w.coined(3), otherElse: w.coined(3) + " " + w.coined(1),
		person: w.coined(2) + " " + w.coined(3), million: w.count(20_000), euro: w.Intn(3) == 0, share: 3 + w.Intn(90),
		count: 40 + w.count(20_000), thing: w.Intn(25), place: w.Intn(16), began: w.Intn(days * 24 * 60),
	}
	if w.Intn(3) > 0 {
		e.who = -1
	}
	family := w.coined(2)
	if w.Intn(2) == 0 {
		family = w.in("family", "en", w.Intn(10))
	}
	e.model = fmt.Sprintf("%s %d.%d", family, 1+w.Intn(9), w.Intn(10))
	return e
}

// told is the event in one of the ways of a language.
func (w *wire) told(e event, lang string) string {
	maker := func(i int, coined string) string {
		if i < 0 {
			return coined
		}
		return w.in("maker", lang, i)
	}
	ways := w.ways[e.kind][lang]
	way := ways[w.Intn(len(ways))]
	if tails := w.ways["tail"][lang]; w.Intn(2) == 0 {
		way += behind(tails[w.Intn(len(tails))], lang)
	}
	return strings.NewReplacer("{who}", maker(e.who, e.whoElse), "{other}", maker(e.other, e.otherElse), "{person}", e.person, "{model}", e.model,
		"{sum}", w.amount(e.million, e.euro, lang), "{share}", percent(e.share, lang), "{count}", fmt.Sprint(e.count),
		"{thing}", w.in("thing", lang, e.thing), "{place}", w.in("place", lang, e.place)).Replace(way)
}

// behind parts a tail from what it stands behind, as the language does.
func behind(tail, lang string) string {
	switch {
	case strings.ContainsRune(",:，：、", []rune(tail)[0]):
		return tail
	case lang == "zh":
		return "，" + tail
	case lang == "ja":
		return "\u3000" + tail
	}
	return " " + tail
}

// amount writes so many millions as an outlet of the language does.
func (w *wire) amount(million int, euro bool, lang string) string {
	n, unit := fmt.Sprint(million), 0
	if million >= 1000 && lang != "es" {
		n, unit = fmt.Sprintf("%.1f", float64(million)/1000), 1
	}
	currency := 0
	if euro {
		currency = 1
	}
	if lang != "en" {
		n = strings.Replace(n, ".", ",", 1)
	}
	switch lang {
	case "en":
		return []string{"$", "€"}[currency] + n + [][]string{{"m", "bn"}, {" million", " billion"}}[w.Intn(2)][unit]
	case "it":
		return n + []string{" milioni", " miliardi"}[unit] + []string{" di dollari", " di euro"}[currency]
	case "de":
		return n + [][]string{{" Millionen", " Milliarden"}, {" Mio.", " Mrd."}}[w.Intn(2)][unit] + []string{" Dollar", " Euro"}[currency]
	case "fr":
		return n + []string{" millions", " milliards"}[unit] + []string{" de dollars", " d'euros"}[currency]
	case "es":
		return n + " millones" + []string{" de dólares", " de euros"}[currency]
	}
	money := map[string][]string{"zh": {"美元", "欧元"}, "ja": {"ドル", "ユーロ"}}[lang][currency]
	if million < 100 {
		return fmt.Sprintf("%d万%s", 100*million, money)
	}
	hundreds := map[string]string{"zh": "亿", "ja": "億"}[lang]
	return fmt.Sprintf("%g%s%s", math.Round(float64(million)/10)/10, hundreds, money)
}

func percent(n int, lang string) string {
	switch lang {
	case "de", "fr", "es":
		return fmt.Sprintf("%d %%", n)
	}
	return fmt.Sprintf("%d%%", n)
}

// lately makes n headlines of two weeks, and tells the event of each by its id. Of the events one in three is told by two to nine outlets within two days, each in its
// language and its own words; one report in twenty is an agency's, word for word.
func (w *wire) lately(n int) ([]digest.Article, map[string]string) {
	start := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	var out []digest.Article
	of := map[string]string{}
	for len(out) < n {
		e, first := w.event(14), fmt.Sprint(len(out))
		tellings := 1
		if w.Intn(3) == 0 {
			tellings += 1 + w.Intn(8)
		}
		for range min(tellings, n-len(out)) {
			lang := wireLangs[w.Intn(len(wireLangs))]
			title := w.told(e, lang)
			if last := len(out) - 1; last >= 0 && tellings > 1 && w.Intn(20) == 0 {
				lang, title = out[last].Lang, out[last].Title
			}
			outlet := fmt.Sprintf("%s-%d.example", lang, w.Intn(60))
			a := digest.Article{ID: fmt.Sprint(len(out)), Lang: lang, Title: title, Feed: outlet, Published: start.Add(time.Duration(e.began+w.Intn(2*24*60)) * time.Minute)}
			a.Source.Title = outlet
			out, of[a.ID] = append(out, a), first
		}
	}
	return out, of
}

// Many events in few ways of telling: what the reports have in common is how such news is told, and that must not join
// them. It is held for a day's and for a fortnight's flood, in which the ways are the commoner.
func TestWaysOfTellingJoinNothing(t *testing.T) {
	for _, c := range []struct {
		headlines int
		precision float64 // of pairs
		recall    float64
	}{
		{500, 0.95, 0.75},
		{3000, 0.87, 0.76},
	} {
		articles, want := newWire(t).lately(c.headlines)
		b3, pairs := agreement(want, storyOf(articles))
		t.Logf("%d headlines: B³ %v; pairs %v", c.headlines, b3, pairs)
		if pairs.precision < c.precision || pairs.recall < c.recall {
			t.Errorf("%d headlines: of pairs precision %.3f of %.3f, recall %.3f of %.3f", c.headlines, pairs.precision, c.precision, pairs.recall, c.recall)
		}
	}
}

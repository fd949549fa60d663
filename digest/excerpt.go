package digest

import (
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tidings/digest/text"
)

// What is quoted, in characters, and how far into a text it is looked for, in words: what stands further down
// is background.
const (
	summaryLen   = 280 // all sentences under a headline together
	addedLen     = 220 // the sentence of another source
	excerptWords = 160
)

// quoting is how a digest quotes.
type quoting struct {
	digest    string
	sentences int               // at most, of the lead
	known     map[string]Source // by URL
	lang      string            // of the edition
}

// of quotes what is printed under a story's headline.
func (q quoting) of(s Story) (summary []string, also *Quote) {
	s.Summary = excerpt(s, q.sentences)
	return s.Summary, added(s, q.known, q.lang)
}

// candidate is a sentence that may be quoted.
type candidate struct {
	text  string // as it is quoted
	at    int    // its place among all sentences of the text, from 0
	words map[string]bool
	leans bool // its first word points back to the sentence before
}

// candidates are the quotable sentences of the beginning of a text of a's, which do not repeat the headline.
func candidates(a Article, from, headline string) []candidate {
	var out []candidate
	lang := a.Lang
	repeated := false // the sentence before only repeats the headline, which stands above what is quoted
	for i, s := range text.Sentences(head(from, excerptWords), lang) {
		q := quotable(unheaded(s, a.Source.Title), lang)
		hangs := leans(q, lang) && !repeated
		if repeated = q != "" && Repeats(q, headline, lang); q != "" && !repeated {
			out = append(out, candidate{text: q, at: i, words: bag(q, lang), leans: hangs})
		}
	}
	return out
}

// excerpt quotes at most n sentences of the story's lead, in their order, together at most [summaryLen]
// characters. They come from its summary or from its text, whichever has the better ones. Rather than a bad
// sentence it quotes none.
func excerpt(s Story, n int) []string {
	weights, headline := centroid(s), bag(s.Lead.Title, s.Lead.Lang)
	var best []candidate
	top := 0.0
	parts := []string{s.Lead.Summary, s.Lead.Text}
	if begins(s.Lead.Text, s.Lead.Summary) {
		parts = parts[1:] // it says the same, and keeps headings apart from sentences
	}
	for _, from := range parts {
		picked, value := pick(candidates(s.Lead, from, s.Lead.Title), weights, headline, n)
		if value > top {
			best, top = picked, value
		}
	}
	var out []string
	for _, c := range best {
		out = append(out, c.text)
	}
	return out
}

// centroid weighs the words that the story's articles of the lead's language begin with, by the share of the
// articles that hold them, from 0 to 1; a title counts twice as much as what follows it.
func centroid(s Story) map[string]float64 {
	weights := map[string]float64{}
	n := 0.0
	for _, a := range s.Articles() {
		if foreign(a, s.Lead.Lang) {
			continue
		}
		n += 3
		for w := range bag(a.Title, s.Lead.Lang) {
			weights[w] += 2
		}
		for w := range bag(head(lead(a), leadWords), s.Lead.Lang) {
			weights[w]++
		}
	}
	for w := range weights {
		weights[w] /= n
	}
	return weights
}

// pick takes the best sentence that can stand alone, then as many more as fit and add to it, and tells what
// they are worth together. A sentence that leans on the one before may only follow it.
func pick(from []candidate, weights map[string]float64, headline map[string]bool, n int) ([]candidate, float64) {
	var picked []candidate
	told := map[string]bool{}
	total, size := 0.0, 0
	for len(picked) < n {
		best, value := -1, 0.0
		for i, c := range from {
			taken := slices.ContainsFunc(picked, func(p candidate) bool { return p.at == c.at })
			if taken || c.leans && !follows(c, picked) || size+length(c.text) > summaryLen {
				continue
			}
			if v := gain(c, weights, headline, told, picked); v > value {
				best, value = i, v
			}
		}
		if best < 0 {
			break
		}
		picked = append(picked, from[best])
		total, size = total+value, size+length(from[best].text)+1
		for w := range from[best].words {
			told[w] = true
		}
	}
	slices.SortFunc(picked, func(a, b candidate) int { return a.at - b.at })
	return picked, total
}

// gain is what a sentence adds to those picked: its words that the story is about and that were not told
// yet, how much it speaks of the headline, and its place, since news is written from the top. What goes on right
// after a picked one reads better.
func gain(c candidate, weights map[string]float64, headline, told map[string]bool, picked []candidate) float64 {
	sum, titled := 0.0, 0.0
	for _, w := range slices.Sorted(maps.Keys(c.words)) {
		if told[w] {
			continue
		}
		sum += weights[w]
		if headline[w] {
			titled++
		}
	}
	if len(picked) > 0 && sum < 0.5 {
		return 0 // nothing of the story is in it
	}
	v := sum/math.Sqrt(float64(len(c.words))+4) + 0.5/(1+float64(c.at)/2) + 0.5*titled/float64(len(headline)+1)
	if follows(c, picked) {
		v += 0.2
	}
	return v
}

func follows(c candidate, picked []candidate) bool {
	return slices.ContainsFunc(picked, func(p candidate) bool { return p.at == c.at-1 })
}

func length(s string) int { return utf8.RuneCountInString(s) }

// leans says whether a sentence's first word points back, so that alone it would hang in the air.
func leans(s, lang string) bool {
	first, _, _ := strings.Cut(strings.TrimLeft(s, `"“«„「『`), " ")
	first = text.Fold(strings.Trim(first, ",:"))
	if text.Dense(lang) {
		return slices.ContainsFunc(backwards(text.Base(lang)), func(w string) bool { return strings.HasPrefix(s, w) })
	}
	return slices.Contains(backwards(text.Base(lang)), first) || text.Base(lang) == "en" && leansLater().MatchString(s)
}

// What points back in English behind a preposition, or in time.
var leansLater = pattern(`^(?:(?:In|At|On|By|For|With|From|To|Of|After|Before|Despite|Given|Under) (?:\pL+ing )?(?:it|so|them|doing so|these|those|such)|(?:Hours|Days|Weeks|Months) later)\b`)

// backwards are the first words that point back, folded.
func backwards(base string) []string {
	switch base {
	case "en":
		return strings.Fields("he she it they this that these those his her its their but however and also such so then moreover meanwhile instead both there yet still nor")
	case "it":
		return strings.Fields("lui lei loro questo questa questi queste quello quella tuttavia pero ma e inoltre infatti cosi anche invece poi entrambi")
	case "de":
		return strings.Fields("er sie es dies diese dieser dieses diesen aber doch jedoch auch dabei damit dazu dafur dagegen ausserdem zudem und denn so deshalb beide")
	case "fr":
		return strings.Fields("il elle ils elles ce cet cette ces cela mais et cependant toutefois aussi ainsi or de-la son sa ses leur leurs tous")
	case "es":
		return strings.Fields("el-mismo ella ellos ellas este esta estos estas esto ese esa eso pero y ademas tambien sin asi su sus ambos")
	case "zh":
		return strings.Fields("他 她 它 这 該 该 但 然而 此外 同时 其 不过 因此 并且 而")
	case "ja":
		return strings.Fields("これ それ この その しかし また 同氏 同社 さらに だが 一方 彼 なお ただし")
	}
	return nil
}

// added quotes what another independent source adds to the story: of the sentences that belong to it, the one
// with the most names and numbers that neither headline nor summary has told, from an article in the edition's
// language if any has one; nil when none has at least two. An article that gives orders to machines adds nothing.
func added(s Story, known map[string]Source, lang string) *Quote {
	told := map[string]bool{}
	for _, w := range namesAndNumbers(s.Lead.Title+". "+strings.Join(s.Summary, " "), s.Lead.Lang) {
		told[w], told[root(w)] = true, true
	}
	about := centroid(s)
	by := owner(s.Lead, known[s.Lead.Feed])
	var best *Quote
	most := 0.0
	for _, a := range s.Others {
		src := known[a.Feed]
		body := bodyOf(a, excerptWords)
		if src.First || slices.Contains(s.Copies, a.ID) || owner(a, src) == by || CommandsMachine(a.Title+" "+body) {
			continue
		}
		for _, c := range candidates(a, body, s.Lead.Title) {
			n := adds(c, a, s, told, about)
			if n == 0 {
				continue
			}
			if !foreign(a, lang) {
				n += 100 // one that readers understand comes before any other
			}
			if n > most {
				most = n
				best = &Quote{Text: c.text, Lang: a.Lang, Article: a.ID, Source: teller(a), URL: a.URL}
			}
		}
	}
	return best
}

// adds counts the names and numbers that a sentence adds, a little less for one far down; 0 when they are fewer
// than two, or when the sentence shares nothing with what the story is about. Of another language only names and
// numbers tell whether it says the same once more, so there those that are told already count against it.
func adds(c candidate, a Article, s Story, told map[string]bool, about map[string]float64) float64 {
	if c.leans || length(c.text) > addedLen || slices.ContainsFunc(s.Summary, func(q string) bool { return Repeats(c.text, q, a.Lang) }) {
		return 0
	}
	across := foreign(a, s.Lead.Lang)
	fresh, repeated := 0.0, 0.0
	for _, w := range namesAndNumbers(c.text, a.Lang) {
		if told[w] || across && told[root(w)] {
			repeated++
		} else {
			fresh++
		}
	}
	shared := slices.ContainsFunc(text.Words(c.text), func(w string) bool { return told[text.Fold(w)] })
	if across {
		fresh -= repeated / 2
	} else {
		for w := range c.words {
			shared = shared || about[w] >= 0.5
		}
	}
	if fresh < 2 || !shared {
		return 0
	}
	return min(fresh, 6) + 1/(1+float64(c.at))
}

// root is what a name has in common in many languages: Strasbourg, Strasburgo; Commission, Commissione.
func root(w string) string {
	if letters := []rune(w); len(letters) > 5 {
		return string(letters[:5])
	}
	return w
}

// namesAndNumbers are the names and numbers of a text, folded, each once. The first word of a sentence and, in German, any
// word may be written with a capital for other reasons, and counts only with something more of a name about it.
func namesAndNumbers(s, lang string) []string {
	var out []string
	for _, sentence := range text.Sentences(s, lang) {
		for i, w := range text.Words(sentence) {
			if text.Stop(w, lang) || !nameLike(w, i == 0 || text.Base(lang) == "de") || slices.Contains(out, text.Fold(w)) {
				continue
			}
			out = append(out, text.Fold(w))
		}
	}
	return out
}

// nameLike says whether a word is a number or written like a name; doubtful, if its first capital says nothing.
func nameLike(w string, doubtful bool) bool {
	n := 0
	for i, r := range w {
		switch {
		case unicode.IsDigit(r):
			return true
		case unicode.IsUpper(r) && (i > 0 || !doubtful):
			n++
		}
	}
	return n > 0 && utf8.RuneCountInString(w) > 1
}

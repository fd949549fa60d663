package llm

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tidings/digest"
	"tidings/digest/text"
)

// Bounds of what is written, in characters.
const (
	longestSummary  = 280 // all sentences together
	longestHeadline = 160
	longestSpan     = 500
)

// evidence is what the members of a story tell, made ready for comparing.
type evidence struct {
	task
	known    *text.Names
	ordinary map[string]bool // words that articles in the wanted language write small

	told   found
	words  map[string]bool // folded, whole and in their parts
	joined map[string]bool // words without hyphens, and any two neighbours in one
	names  map[string]bool // known names, as they are usually written
	stems  map[string]bool // of members in the wanted language; nil: there are none
	all    string          // everything, for quotations
}

// newEvidence reads the members. The days on which they appeared are told as well.
func newEvidence(t task, known *text.Names, ordinary map[string]bool) evidence {
	e := evidence{task: t, known: known, ordinary: ordinary, words: map[string]bool{}, joined: map[string]bool{}, names: map[string]bool{}}
	var all strings.Builder
	for _, m := range t.members {
		lang := m.article.Lang
		told := quantities(m.text(), lang)
		if at := m.article.Published; !at.IsZero() {
			told.months, told.weekdays = append(told.months, int(at.Month())), append(told.weekdays, int(at.Weekday()))
			told.numbers = append(told.numbers, text.Quantity{Values: []float64{float64(at.Day())}}, text.Quantity{Values: []float64{float64(at.Year())}})
		}
		e.told.numbers = append(e.told.numbers, told.numbers...)
		e.told.months = append(e.told.months, told.months...)
		e.told.weekdays = append(e.told.weekdays, told.weekdays...)
		e.told.sizes = append(e.told.sizes, told.sizes...)
		e.read(m.text() + "\n" + m.Source)
		if text.Base(lang) == text.Base(t.lang) {
			if e.stems == nil {
				e.stems = map[string]bool{}
			}
			addStems(e.stems, m.text(), lang)
		}
		all.WriteString(m.text() + "\n")
	}
	for _, n := range known.Find(all.String()) {
		e.names[n.Name] = true
	}
	e.all = typed(all.String())
	return e
}

// read takes in a text's words.
func (e evidence) read(s string) {
	before := ""
	for _, w := range text.Words(s) {
		f := text.Fold(w)
		e.words[f] = true
		for _, part := range strings.Split(f, "-") {
			e.words[part] = true
		}
		e.joined[strings.ReplaceAll(f, "-", "")] = true
		e.joined[strings.ReplaceAll(before+f, "-", "")] = true
		before = f
	}
}

// addStems adds a text's telling words to a set.
func addStems(set map[string]bool, s, lang string) {
	for _, w := range text.Words(s) {
		if !text.Stop(w, lang) {
			set[text.Stem(w, lang)] = true
		}
	}
}

// typed makes quotation marks, dashes and spaces one kind each, so that a passage is recognised whatever
// machine it went through.
func typed(s string) string {
	return strings.Join(strings.Fields(typing.Replace(s)), " ")
}

var typing = strings.NewReplacer("’", "'", "‘", "'", "ʼ", "'", "“", `"`, "”", `"`, "„", `"`, "«", `"`, "»", `"`, "–", "-", "—", "-", "‑", "-", "…", "...")

// sentence checks one sentence of an answer against all that is asked of it, and tells how many checks it
// passed, or the first that it failed.
func (e evidence) sentence(c claim, headlines []string) (int, error) {
	spans, err := e.spans(c)
	if err != nil {
		return 0, err
	}
	if utf8.RuneCountInString(c.Text) > longestSummary {
		return 0, fmt.Errorf("a sentence has more than %d characters", longestSummary)
	}
	if last, _ := utf8.DecodeLastRuneInString(strings.TrimRight(c.Text, `"”»」』“)`)); !strings.ContainsRune(".!。！", last) || strings.HasSuffix(c.Text, "..") {
		return 0, errors.New("a sentence is not complete")
	}
	for _, h := range headlines {
		if h != "" && digest.Repeats(c.Text, h, e.lang) {
			return 0, errors.New("a sentence only repeats the headline")
		}
	}
	n, err := e.claims(c.Text)
	if err != nil {
		return 0, err
	}
	if spans := strings.Join(c.Spans, " "); denies(c.Text) != denies(spans) {
		return 0, errors.New("a sentence denies what its passages say, or says what they deny")
	}
	if err := e.grounded(c); err != nil {
		return 0, err
	}
	return spans + n + 1, nil
}

// spans checks that a sentence names articles that there are, and that each is quoted verbatim.
func (e evidence) spans(c claim) (int, error) {
	if len(c.Members) == 0 || len(c.Spans) == 0 {
		return 0, errors.New("a sentence names no article, or no passage of one")
	}
	rests := map[string]bool{}
	for _, span := range c.Spans {
		s := typed(span)
		if words := len(text.Words(s)); words < 3 || utf8.RuneCountInString(s) > longestSpan {
			return 0, errors.New("a passage is too short or too long to prove anything")
		}
		proved := false
		for _, m := range e.members {
			if slices.Contains(c.Members, m.ID) && strings.Contains(typed(m.text()), s) {
				rests[m.ID], proved = true, true
			}
		}
		if !proved {
			return 0, errors.New("a passage stands in none of the articles that are named for it")
		}
	}
	for _, id := range c.Members {
		if !rests[id] {
			return 0, errors.New("an article is named that does not exist, or for which no passage is given")
		}
	}
	return len(c.Spans), nil
}

// denies says whether a text holds a negation, in English, Italian, German, French or Spanish.
func denies(s string) bool {
	return slices.ContainsFunc(text.Words(s), func(w string) bool {
		return slices.Contains(strings.Fields("no not never neither nor without cannot non nessun nessuno nessuna mai senza nicht kein keine keinen keiner keinem nie niemals ohne ne pas jamais aucun aucune sans ni ningun ninguna ninguno nunca jamas sin"), text.Fold(w)) || w == "t"
	})
}

// grounded checks that a sentence is about what the members tell: of its telling words two thirds are theirs and
// one third stands in the passages that it rests on. Of a translation, which has few words in common with them,
// a name or number must stand in the passages.
func (e evidence) grounded(c claim) error {
	spans := strings.Join(c.Spans, "\n")
	if e.stems == nil {
		rests := evidence{words: map[string]bool{}, joined: map[string]bool{}}
		rests.read(spans)
		if !slices.ContainsFunc(text.Words(c.Text), func(w string) bool {
			return (hasUpper(w) || strings.IndexFunc(w, unicode.IsDigit) >= 0) && !text.Stop(w, e.lang) && rests.holds(w)
		}) {
			return errors.New("a translated sentence has no name or number of the passages that it rests on")
		}
		return nil
	}
	mine, rests := map[string]bool{}, map[string]bool{}
	addStems(mine, c.Text, e.lang)
	addStems(rests, spans, e.lang)
	told, proved := 0, 0
	for w := range mine {
		if e.stems[w] || e.words[w] {
			told++
		}
		if rests[w] {
			proved++
		}
	}
	if 3*told < 2*len(mine) || 3*proved < len(mine) {
		return errors.New("too few of a sentence's words stand in the articles, or in the passages that it rests on")
	}
	return nil
}

// headline checks a translated headline: like a sentence, and it must keep at least half of the names and
// numbers of the original, which must have some.
func (e evidence) headline(s string, original digest.Article) (int, error) {
	if s == "" || utf8.RuneCountInString(s) > longestHeadline {
		return 0, errors.New("the headline is empty or too long")
	}
	if strings.ContainsAny(s, "?？") && !strings.ContainsAny(original.Title, "?？") {
		return 0, errors.New("the headline asks what the article does not ask")
	}
	n, err := e.claims(s)
	if err != nil {
		return 0, err
	}
	of := newEvidence(task{lang: e.lang, members: []member{{Title: s, article: digest.Article{Lang: e.lang}}}}, e.known, nil)
	names, numbers := landmarks(original, e.known), quantities(original.Title, original.Lang).numbers
	kept := 0
	for _, m := range names {
		if of.names[m] || of.holds(m) {
			kept++
		}
	}
	for _, q := range numbers {
		if slices.ContainsFunc(of.told.numbers, q.Matches) {
			kept++
		}
	}
	if kept == 0 || 2*kept < len(names)+len(numbers) {
		return 0, errors.New("the headline keeps too few of the original's names and numbers to be checked")
	}
	return n + kept, nil
}

// landmarks are the names by which a headline is recognised in another language: the known ones, what has a capital
// or a digit inside, and, unless nearly all words have one, what has a capital.
func landmarks(a digest.Article, known *text.Names) []string {
	var out []string
	covered := map[string]bool{}
	for _, n := range known.Find(a.Title) {
		out = append(out, n.Name)
		for _, spelling := range append([]string{n.Name}, n.Also...) {
			for _, w := range text.Words(spelling) {
				covered[text.Fold(w)] = true
			}
		}
	}
	words := text.Words(a.Title)
	capitals := 0
	for _, w := range words {
		if hasUpper(w) {
			capitals++
		}
	}
	loud := 5*capitals > 3*len(words) || text.Base(a.Lang) == "de"
	for i, w := range words {
		inner := strings.IndexFunc(w[firstLen(w):], func(r rune) bool { return unicode.IsUpper(r) || unicode.IsDigit(r) }) >= 0
		if f := text.Fold(w); !covered[f] && !unicode.IsDigit(rune(w[0])) && (inner || hasUpper(w) && i > 0 && !loud && !text.Stop(w, a.Lang)) {
			out = append(out, f)
			covered[f] = true
		}
	}
	return out
}

// claims checks what a text is made of, whatever it says: its characters, its language, whom it speaks to, its
// numbers and times, names and quotations. It tells how many checks of the last were passed.
func (e evidence) claims(s string) (int, error) {
	if err := e.manners(s); err != nil {
		return 0, err
	}
	n := 0
	for _, check := range []func(string) (int, error){e.numbers, e.capitals, e.quotations} {
		passed, err := check(s)
		if err != nil {
			return 0, err
		}
		n += passed
	}
	return n, nil
}

// What never stands in a letter's sentence: markup, addresses, and what mail programs would make into a link.
var unwanted = pattern("[<>`*_#|\\\\{}~^@\\[\\]]|://|(?i:www\\.|javascript:|&#?\\w+;)|[\\p{L}\\d-]\\.\\p{L}{2,}")

// manners checks characters, language and tone.
func (e evidence) manners(s string) error {
	switch {
	case strings.TrimSpace(s) != s || s != shown(s):
		return errors.New("it holds characters that nobody sees, or odd spaces")
	case unwanted().MatchString(s), strings.ContainsFunc(s, odd), s == strings.ToUpper(s) && s != strings.ToLower(s):
		return errors.New("it holds markup, an address, odd signs, or shouts")
	case !speaks(s, e.lang):
		return errors.New("it is not in the edition's language")
	case addresses(s, e.lang), digest.CommandsMachine(s):
		return errors.New("it speaks to the reader, or to a machine")
	}
	return nil
}

// odd says whether a character has no place in a sentence of ours: a pictogram, or a digit that is none of ours and
// would go unchecked.
func odd(r rune) bool {
	return unicode.In(r, unicode.So, unicode.Sk, unicode.No, unicode.Nl) || unicode.IsDigit(r) && r > '9'
}

func speaks(s, lang string) bool { return text.Base(text.Language(s, lang)) == text.Base(lang) }

// numbers checks that every number, share, amount and date is one that the members tell.
func (e evidence) numbers(s string) (int, error) {
	f := quantities(s, e.lang)
	for _, q := range f.numbers {
		if !slices.ContainsFunc(e.told.numbers, q.Matches) {
			return 0, fmt.Errorf("the number %q stands in no article", q.Said)
		}
	}
	for _, m := range f.months {
		if !slices.Contains(e.told.months, m) {
			return 0, errors.New("a month is named that stands in no article")
		}
	}
	for _, d := range f.weekdays {
		if !slices.Contains(e.told.weekdays, d) {
			return 0, errors.New("a weekday is named that stands in no article")
		}
	}
	for _, size := range f.sizes {
		if !slices.Contains(e.told.sizes, size) {
			return 0, fmt.Errorf("%q stands in no article", strings.Fields(size)[0])
		}
	}
	return len(f.numbers) + len(f.months) + len(f.weekdays) + len(f.sizes), nil
}

// quotationMarks are opening and closing ones. Straight ones and those of German and English meet in [typed].
var quotationMarks = pattern(`"([^"]*)"|「([^「」]*)」|『([^『』]*)』|《([^《》]*)》`)

// quotations checks that what stands between quotation marks stands in a member letter for letter. A single mark
// counts as one unless letters or digits stand before it.
func (e evidence) quotations(s string) (int, error) {
	n, plain := 0, typed(s)
	rest := quotationMarks().ReplaceAllStringFunc(plain, func(q string) string {
		inner := strings.Trim(q, `"「」『』《》 `)
		if bare := strings.TrimRight(inner, ".,;!"); bare != "" && strings.Contains(e.all, bare) {
			n++
			return " "
		}
		return `"`
	})
	if strings.ContainsAny(rest, `"「」『』《》‹›`) || singleMark().MatchString(rest) {
		return 0, errors.New("a quotation stands in no article letter for letter")
	}
	return n, nil
}

var singleMark = pattern(`(?:^|[^\p{L}\d])'`)

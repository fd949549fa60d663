package digest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"tidings/digest/text"
)

// claims are what a title says that cannot be so in two tellings of one event.
type claims struct {
	work     string              // the paper or program that the link leads to
	versions map[string][]string // by product, folded
	amounts  map[string]float64  // of money, by the word before
	part     int                 // of a series; 0: none is told
	deal     deal
	frame    string   // the title without the names in it
	named    []string // those names, by their keys
}

// deal is who does something to whom.
type deal struct{ act, by, to string }

// readClaims reads the claims of an article.
func readClaims(a *Article, found []text.Name, names *text.Names) *claims {
	title := cut(a.Title, mostBytes)
	c := &claims{work: work(a.URL), versions: map[string][]string{}, amounts: map[string]float64{}}
	for _, n := range found {
		if n.Kind == text.Model || n.Kind == text.Product {
			c.version(strings.FieldsFunc(n.Name, func(r rune) bool { return r == ' ' || r == '-' }))
		}
	}
	words := strings.Fields(title)
	loud := titleCase(text.Words(title), a.Lang)
	for i, w := range words {
		w = strings.Trim(w, ".,:;!?()“”\"'’")
		switch lower := text.Fold(w); {
		case versioned(w):
			c.version(strings.FieldsFunc(w, func(r rune) bool { return r == '-' }))
		case slices.Contains(partWords, lower) && i+1 < len(words):
			if n, err := strconv.Atoi(strings.Trim(words[i+1], ".,:;!?()")); err == nil && n < 100 {
				c.part = n
			}
		case !loud && numbered(words, i, a.Lang):
			c.version([]string{w, strings.TrimRight(words[i+1], ".,:;!?)")})
		default:
			if value, ok := money(words[i:]); ok && i > 0 {
				c.amounts[text.Fold(words[i-1])] = value
			}
		}
	}
	c.deal = readDeal(title, names)
	c.frame, c.named = readFrame(title, found)
	return c
}

// readFrame parts a title into the names in it and the words around them, folded.
func readFrame(title string, found []text.Name) (frame string, named []string) {
	frame = " " + text.Fold(strings.Join(text.Words(title), " ")) + " "
	for _, name := range found {
		named = append(named, name.Key())
		frame = strings.ReplaceAll(frame, " "+text.Fold(strings.Join(text.Words(name.Name), " "))+" ", " * ")
	}
	return frame, named
}

// partWords come before the number of a part.
var partWords = []string{"part", "parte", "teil", "partie", "episode", "episodio", "folge"}

// versioned says whether a word is a name with a version that no list knows: letters, then digits or a hyphen and
// digits, with a capital.
func versioned(w string) bool {
	i := strings.IndexFunc(w, unicode.IsDigit)
	if i < 2 || strings.ToLower(w) == w {
		return false
	}
	name := strings.TrimSuffix(w[:i], "-")
	return len(name) > 1 && strings.IndexFunc(name, func(r rune) bool { return !unicode.IsLetter(r) }) < 0
}

// numbered says whether the word i is a name with a version behind it that no list knows: Aster 3, at the end or
// before a function word, so that what is counted is no version.
func numbered(words []string, i int, lang string) bool {
	name := strings.Trim(words[i], "“”\"'(")
	if i+1 == len(words) || strings.TrimRight(name, ".,:;!?)") != name || !capitalised(name) || text.Stop(name, lang) || calendar(name) {
		return false
	}
	number := strings.TrimRight(words[i+1], ".,:;!?)")
	if n, err := strconv.ParseFloat(number, 64); err != nil || n >= 100 || number[0] == '-' || number[0] == '+' {
		return false
	}
	return i+2 == len(words) || strings.TrimRight(words[i+1], ",:;!?)") != words[i+1] || text.Stop(words[i+2], lang)
}

// version takes in a product whose version is the first of its words with a digit.
func (c *claims) version(words []string) {
	for i, w := range words {
		d := strings.IndexFunc(w, unicode.IsDigit)
		if d < 0 {
			continue
		}
		product := text.Fold(strings.Join(words[:i], " ") + w[:d])
		version := strings.TrimSuffix(text.Fold(w[d:]), ".0")
		if product != "" && !slices.Contains(c.versions[product], version) {
			c.versions[product] = append(c.versions[product], version)
		}
		return
	}
}

// scales are the words and letters that multiply an amount of money.
var scales = map[string]float64{
	"k": 1e3, "m": 1e6, "mn": 1e6, "mln": 1e6, "mio": 1e6, "million": 1e6, "millions": 1e6, "milioni": 1e6, "millionen": 1e6, "millones": 1e6,
	"b": 1e9, "bn": 1e9, "mld": 1e9, "mrd": 1e9, "billion": 1e9, "billions": 1e9, "miliardi": 1e9, "miliardo": 1e9, "milliarden": 1e9, "milliards": 1e9,
}

// money reads an amount that begins with a currency's sign: $5M, €1.2 billion.
func money(words []string) (float64, bool) {
	w, found := strings.CutPrefix(strings.TrimLeft(words[0], "(US"), "$")
	if !found {
		if w, found = strings.CutPrefix(words[0], "€"); !found {
			w, found = strings.CutPrefix(words[0], "£")
		}
	}
	end := strings.IndexFunc(w, func(r rune) bool { return !unicode.IsDigit(r) && r != '.' && r != ',' })
	if end < 0 {
		end = len(w)
	}
	value, err := strconv.ParseFloat(strings.ReplaceAll(strings.TrimRight(w[:end], ".,"), ",", ""), 64)
	if !found || err != nil {
		return 0, false
	}
	scale := strings.Trim(w[end:], ".,:;!?-)")
	if scale == "" && len(words) > 1 {
		scale = strings.Trim(words[1], ".,:;!?)")
	}
	return value * cmp.Or(scales[strings.ToLower(scale)], 1), true
}

// acts are verbs that say who does something to whom, and what they say; with the word for "by" behind it, the
// other way round.
var acts = map[string]string{
	"acquires": "buys", "acquire": "buys", "acquired": "buys", "acquiring": "buys", "buys": "buys", "buy": "buys", "bought": "buys", "acquisisce": "buys",
	"compra": "buys", "ubernimmt": "buys", "kauft": "buys", "rachete": "buys", "acquiert": "buys", "adquiere": "buys",
	"sues": "sues", "sue": "sues", "sued": "sues", "suing": "sues", "denuncia": "sues", "verklagt": "sues", "poursuit": "sues", "demanda": "sues",
}

// readDeal reads who does what to whom: the known names before and after the verb.
func readDeal(title string, names *text.Names) deal {
	words := strings.Fields(title)
	for i, w := range words {
		act := acts[text.Fold(strings.Trim(w, ".,:;!?"))]
		if act == "" || i == 0 || i+1 == len(words) {
			continue
		}
		before, after := names.Find(strings.Join(words[:i], " ")), names.Find(strings.Join(words[i+1:], " "))
		if len(before) == 0 || len(after) == 0 {
			continue
		}
		d := deal{act, before[len(before)-1].Key(), after[0].Key()}
		if slices.Contains([]string{"by", "da", "von", "par", "por"}, text.Fold(words[i+1])) {
			d.by, d.to = d.to, d.by
		}
		return d
	}
	return deal{}
}

// conflict tells what two articles claim that cannot be so in one event; "" when nothing.
func (p *pairing) conflict(i, j int) string {
	a, b := p.claimsOf(i), p.claimsOf(j)
	if a.work != "" && b.work != "" && a.work != b.work {
		return fmt.Sprintf("%s and %s are two works", a.work, b.work)
	}
	for _, product := range sortedKeys(a.versions) {
		x, y := a.versions[product], b.versions[product]
		if len(y) > 0 && !slices.ContainsFunc(x, func(v string) bool { return slices.Contains(y, v) }) {
			return fmt.Sprintf("%s %s and %s are two versions", product, x[0], y[0])
		}
	}
	for _, word := range sortedKeys(a.amounts) {
		x, y := a.amounts[word], b.amounts[word]
		if y != 0 && (x > y*1.25 || y > x*1.25) {
			return fmt.Sprintf("%s %s and %s are two amounts", word, amount(x), amount(y))
		}
	}
	if a.part != b.part && max(a.part, b.part) > 1 {
		return fmt.Sprintf("part %d and part %d", max(1, min(a.part, b.part)), max(a.part, b.part))
	}
	if a.frame == b.frame {
		if x, y := without(a.named, b.named), without(b.named, a.named); x != "" && y != "" {
			return fmt.Sprintf("the same is told of %s and of %s", x, y)
		}
	}
	if a.deal.act != "" && a.deal == (deal{b.deal.act, b.deal.to, b.deal.by}) {
		return fmt.Sprintf("%s %s %s, and the other way round", a.deal.by, a.deal.act, a.deal.to)
	}
	return ""
}

// without is the first of these names that the others lack; empty: none.
func without(names, others []string) string {
	for _, n := range names {
		if !slices.Contains(others, n) {
			return n
		}
	}
	return ""
}

// amount writes a sum of money as a headline would.
func amount(x float64) string {
	switch {
	case x >= 1e9:
		return fmt.Sprintf("%.3g billion", x/1e9)
	case x >= 1e6:
		return fmt.Sprintf("%.3g million", x/1e6)
	}
	return fmt.Sprintf("%.0f", x)
}

func (p *pairing) claimsOf(i int) *claims {
	d := p.docs[i]
	if d.claims == nil {
		d.claims = readClaims(d.article, d.found, p.names)
	}
	return d.claims
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

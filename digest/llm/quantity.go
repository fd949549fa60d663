package llm

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"tidings/digest/text"
)

// quantity is a number as a text tells it. Where it can be read in two ways, as 3,500 can, both are kept.
type quantity struct {
	values []float64
	unit   string // "%", a currency, or nothing
	said   string // as it is written
}

// found is what a text has of numbers and times.
type found struct {
	numbers  []quantity
	months   []int    // 1 to 12
	weekdays []int    // 0 is Sunday
	sizes    []string // millions, half, twice and the like without a number before them, each as its entry of [sizeWords]
}

// number finds digits with what parts them; a sign of currency before them, and what is attached to them.
var number = regexp.MustCompile(`([$€£¥₩₹])?[ \x{a0}\x{202f}]?(\d{1,3}(?:[.,'’ \x{a0}\x{202f}]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)*)([\p{L}%％‰]*)`)

// quantities reads the numbers and times of a text in a language. Digits within a name (GPT-4, H100) are the
// name's, and left to it.
func quantities(s, lang string) found {
	base := text.Base(lang)
	s = digits(s, base)
	var f found
	for _, at := range number.FindAllStringSubmatchIndex(s, -1) {
		group := func(i int) string {
			if at[2*i] < 0 {
				return ""
			}
			return s[at[2*i]:at[2*i+1]]
		}
		if ofName(s[:at[4]]) {
			continue
		}
		q := quantity{values: readings(group(2), base), said: group(1) + group(2)}
		attached := strings.ToLower(group(3))
		if base == "zh" || base == "ja" { // no spaces: what follows is the rest of the sentence
			attached = ""
		}
		rest := s[at[5]:]
		if attached != "" {
			if _, known := unitOf(attached, base); !known && !ordinal(attached) {
				continue // 3D, 5G, H100
			}
		}
		if strings.HasPrefix(rest, "月") {
			f.months = append(f.months, int(q.values[0]))
			continue
		}
		q.scale(rest, base)
		if c := currency(group(1)); c != "" {
			q.unit = c
		}
		f.numbers = append(f.numbers, q)
	}
	numbered := false
	for _, w := range text.Words(s) {
		if size := sizeOf(w); size != "" && !numbered {
			f.sizes = append(f.sizes, size)
		}
		numbered = strings.ContainsAny(w, "0123456789")
		if n := month(w, base); n > 0 {
			f.months = append(f.months, n)
		}
		if n := weekday(w); n >= 0 {
			f.weekdays = append(f.weekdays, n)
		}
	}
	return f
}

// ofName says whether digits behind this are part of a name: a letter touches them, or a hyphen with a letter.
func ofName(before string) bool {
	bare := strings.TrimRight(before, "-‑")
	last, _ := utf8.DecodeLastRuneInString(bare)
	return unicode.IsLetter(last) && !unicode.In(last, unicode.Han, unicode.Hiragana, unicode.Katakana)
}

// readings are the values that digits may have. A mark before the last three may part thousands or decimals; which
// it is, English and the other languages see differently, and technical texts mix both.
func readings(s, base string) []float64 {
	s = strings.NewReplacer("'", "", "’", "", "\u00a0", "", "\u202f", "", " ", "").Replace(s)
	value := func(s string) float64 {
		n, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return math.NaN()
		}
		return n
	}
	marks := strings.Count(s, ".") + strings.Count(s, ",")
	i := strings.LastIndexAny(s, ".,")
	switch {
	case marks == 0:
		return []float64{value(s)}
	case marks == 1 && len(s)-i-1 != 3:
		return []float64{value(strings.Replace(s, ",", ".", 1))}
	case marks == 1:
		whole, part := value(s[:i]+s[i+1:]), value(strings.Replace(s, ",", ".", 1))
		english := base == "en" || base == "zh" || base == "ja"
		switch {
		case s[:i] == "0":
			return []float64{part}
		case english == (s[i] == ','):
			return []float64{whole}
		}
		return []float64{whole, part}
	}
	if strings.Count(s, s[i:i+1]) == 1 { // the last mark differs from the others: 1.300,50
		return []float64{value(strings.NewReplacer(".", "", ",", "").Replace(s[:i]) + "." + s[i+1:])}
	}
	return []float64{value(strings.NewReplacer(".", "", ",", "").Replace(s))}
}

// scale applies what follows the digits: thousands and millions, per cent, a currency.
func (q *quantity) scale(rest, base string) {
	for range 3 {
		word, after := following(rest, base)
		if link(word) { // milioni di dollari
			next, _ := following(after, base)
			q.unit = currency(text.Fold(next))
			return
		}
		u, ok := unitOf(word, base)
		switch {
		case !ok:
			return
		case u.times > 0:
			for i := range q.values {
				q.values[i] *= u.times
			}
		case u.currency != "":
			q.unit = u.currency
			return
		default:
			q.unit = "%"
			return
		}
		rest = after
	}
}

// following is the word that comes next, and what comes after it.
func following(rest, base string) (word, after string) {
	rest = strings.TrimLeft(rest, " \u00a0\u202f-‑.")
	if base == "zh" || base == "ja" {
		for _, w := range []string{"百万", "千", "万", "億", "亿", "兆", "%", "％", "美元", "ドル", "欧元", "ユーロ", "英镑", "ポンド", "人民币", "元", "日元", "円", "パーセント"} {
			if after, ok := strings.CutPrefix(rest, w); ok {
				return w, after
			}
		}
		return "", rest
	}
	if rest == "" {
		return "", ""
	}
	if first, size := utf8.DecodeRuneInString(rest); !unicode.IsLetter(first) {
		return rest[:size], rest[size:]
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return !unicode.IsLetter(r) })
	if end < 0 {
		end = len(rest)
	}
	word, after = rest[:end], rest[end:]
	if second, ok := strings.CutPrefix(after, " "); ok { // per cent, pour cent
		for _, p := range []string{"cent", "cento", "ciento"} {
			if more, ok := strings.CutPrefix(second, p); ok && (more == "" || !unicode.IsLetter(rune(more[0]))) {
				return "percent", more
			}
		}
	}
	return strings.ToLower(word), after
}

// link says whether a word only joins a number and its currency.
func link(word string) bool {
	switch word {
	case "di", "de", "d", "of", "us":
		return true
	}
	return false
}

// unit is what a word behind a number means: so many times, a currency, or per cent when it is neither.
type unit struct {
	times    float64
	currency string
}

// unitOf reads a word behind a number. A billion is a thousand millions in English alone (long scale elsewhere).
func unitOf(word, base string) (unit, bool) {
	billion, trillion := 1e12, 1e18
	if base == "en" {
		billion, trillion = 1e9, 1e12
	}
	switch text.Fold(word) {
	case "k", "thousand", "mila", "tausend", "mille", "mil", "千":
		return unit{times: 1e3}, true
	case "万", "萬":
		return unit{times: 1e4}, true
	case "m", "mn", "mln", "mio", "million", "millions", "milione", "milioni", "millionen", "millon", "millones", "百万":
		return unit{times: 1e6}, true
	case "亿", "億":
		return unit{times: 1e8}, true
	case "b", "bn", "mrd", "mld", "md", "miliardo", "miliardi", "milliarde", "milliarden", "milliard", "milliards":
		return unit{times: 1e9}, true
	case "billion", "billions", "billionen", "billon", "billones":
		return unit{times: billion}, true
	case "bilione", "bilioni", "t", "tn", "兆":
		return unit{times: 1e12}, true
	case "trillion", "trillions", "trillionen", "trilione", "trilioni", "trillon", "trillones":
		return unit{times: trillion}, true
	case "%", "％", "percent", "prozent", "パーセント":
		return unit{}, true
	}
	if c := currency(text.Fold(word)); c != "" {
		return unit{currency: c}, true
	}
	return unit{}, false
}

// currency names a currency by its sign, code or word, folded.
func currency(word string) string {
	switch word {
	case "$", "usd", "dollar", "dollars", "dollari", "dollaro", "dolar", "dolares", "美元", "ドル":
		return "USD"
	case "€", "eur", "euro", "euros", "欧元", "ユーロ":
		return "EUR"
	case "£", "gbp", "pound", "pounds", "sterline", "sterlina", "pfund", "livre", "livres", "libra", "libras", "英镑", "ポンド":
		return "GBP"
	case "¥", "jpy", "yen", "日元", "円":
		return "JPY"
	case "cny", "rmb", "yuan", "人民币", "元":
		return "CNY"
	case "₩", "won":
		return "KRW"
	case "₹", "rupees", "rupie", "rupien", "roupies", "rupias":
		return "INR"
	}
	return ""
}

// ordinal says whether letters behind digits only make them an ordinal: 5th, 3e, 1er, 2ª.
func ordinal(s string) bool {
	return slices.Contains([]string{"st", "nd", "rd", "th", "er", "re", "e", "eme", "ème", "o", "a", "º", "ª"}, s)
}

// matches says whether a number of an answer is one that the evidence tells. A currency may be left out, never
// another one put in; per cent and plain numbers are different things.
func (q quantity) matches(told quantity) bool {
	if q.unit != told.unit && (q.unit != "" || told.unit == "%") {
		return false
	}
	for _, a := range q.values {
		for _, b := range told.values {
			if a == b || math.Abs(a-b) <= 1e-9*math.Abs(b) {
				return true
			}
		}
	}
	return false
}

// month is the number of a month's name, 0 for another word. In English it has a capital: may and march are
// words too.
func month(word, base string) int {
	if base == "en" && word[:1] == strings.ToLower(word[:1]) {
		return 0
	}
	w := text.Fold(word)
	for i, names := range monthNames {
		if slices.Contains(strings.Fields(names), w) {
			return i + 1
		}
	}
	return 0
}

// monthNames are the months in six languages, folded, without abbreviations that are words.
var monthNames = [...]string{
	"january jan gennaio januar janner janvier enero", "february feb febbraio februar fevrier febrero", "march marzo marz mars",
	"april apr aprile avril abril", "may maggio mai mayo", "june jun giugno juni juin junio", "july jul luglio juli juillet julio",
	"august aug agosto aout", "september sept settembre septembre septiembre", "october oct ottobre oktober octobre octubre",
	"november nov novembre noviembre", "december dec dicembre dezember decembre diciembre",
}

// weekday is the number of a day's name from Sunday on, -1 for another word.
func weekday(word string) int {
	w := text.Fold(word)
	for i, names := range dayNames {
		if slices.Contains(strings.Fields(names), w) {
			return i
		}
	}
	return -1
}

var dayNames = [...]string{
	"sunday domenica sonntag dimanche domingo", "monday lunedi montag lundi lunes", "tuesday martedi dienstag mardi martes",
	"wednesday mercoledi mittwoch mercredi miercoles", "thursday giovedi donnerstag jeudi jueves", "friday venerdi freitag vendredi viernes",
	"saturday sabato samstag sonnabend samedi sabado",
}

// sizeOf is the entry of [sizeWords] that a word belongs to, "" for another word.
func sizeOf(word string) string {
	w := text.Fold(word)
	for _, entry := range sizeWords {
		if slices.Contains(strings.Fields(entry), w) {
			return entry
		}
	}
	return ""
}

// sizeWords are words that tell a size without digits, folded; what means the same in several languages is one
// entry. What is also an article or another everyday word (cent, mil) is left out.
var sizeWords = [...]string{
	"dozen dozens dozzina dozzine dutzend dutzende douzaine douzaines docena docenas",
	"hundred hundreds cento centinaia hundert hunderte centaines centaine cientos cien centenares",
	"thousand thousands mille migliaia tausend tausende milliers millier miles",
	"million millions milione milioni millionen millon millones",
	"billion billions miliardo miliardi milliarde milliarden milliard milliards",
	"trillion trillions bilione bilioni billionen",
	"half halves meta mezzo mezza halfte halb halbe halben moitie mitad",
	"quarter quarters viertel quarti",
	"double doubled doubles twice doppio raddoppia raddoppiato verdoppelt doppelt doppelte doubler doble duplica duplicado",
	"triple tripled triples triplo triplicato verdreifacht dreifache tripler triplica",
}

// digits writes number words in digits: two, sette, zwölf, 三个. One is left alone, as it is an article too.
func digits(s, base string) string {
	if base == "zh" || base == "ja" {
		return counted.ReplaceAllStringFunc(s, func(m string) string {
			r, size := utf8.DecodeRuneInString(m)
			return strconv.Itoa(2+slices.Index([]rune("二三四五六七八九十"), normalTwo(r))) + m[size:]
		})
	}
	words := numberWords(base)
	if words == nil {
		return s
	}
	return word.ReplaceAllStringFunc(s, func(w string) string {
		if n := slices.Index(words, text.Fold(w)); n >= 0 {
			switch {
			case n <= 18:
				return strconv.Itoa(n + 2)
			default:
				return strconv.Itoa(10 * (n - 16)) // after twenty: thirty, forty, …
			}
		}
		return w
	})
}

var (
	word    = regexp.MustCompile(`[\p{L}]+`)
	counted = regexp.MustCompile(`[二两兩三四五六七八九十](?:个|個|名|位|人|家|款|种|種|年|か月|ヶ月|次|回|倍|亿|億|万|项|社|つ|件)`)
)

func normalTwo(r rune) rune {
	if r == '两' || r == '兩' {
		return '二'
	}
	return r
}

// numberWords are the numbers from two to twenty, then the tens up to ninety, folded.
func numberWords(base string) []string {
	switch base {
	case "en":
		return strings.Fields("two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety")
	case "it":
		return strings.Fields("due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici diciassette diciotto diciannove venti trenta quaranta cinquanta sessanta settanta ottanta novanta")
	case "de":
		return strings.Fields("zwei drei vier funf sechs sieben acht neun zehn elf zwolf dreizehn vierzehn funfzehn sechzehn siebzehn achtzehn neunzehn zwanzig dreissig vierzig funfzig sechzig siebzig achtzig neunzig")
	case "fr":
		return strings.Fields("deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf vingt trente quarante cinquante soixante soixante-dix quatre-vingts quatre-vingt-dix")
	case "es":
		return strings.Fields("dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis diecisiete dieciocho diecinueve veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa")
	}
	return nil
}

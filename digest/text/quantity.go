package text

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Quantity is a number as a text tells it. Where it can be read in two ways, as 3,500 can, both are kept.
type Quantity struct {
	Values []float64 // rising in no order; NaN for what is no number after all
	Unit   string    // "%", a currency by its ISO 4217 code, "month" of a Chinese or Japanese date, or nothing
	Said   string    // as it is written, number words in digits
}

// figure finds digits with what parts them; a sign of currency before them, and what is attached to them.
var figure = regexp.MustCompile(`([$€£¥₩₹])?[ \x{a0}\x{202f}]?(\d{1,3}(?:[.,'’ \x{a0}\x{202f}]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)*)([\p{L}%％‰]*)`)

// Quantities reads the numbers of a text in a language, BCP 47. Digits within a name (GPT-4, H100) are the name's,
// and left to it.
func Quantities(s, lang string) []Quantity {
	base := Base(lang)
	s = Digits(s, lang)
	if !strings.ContainsAny(s, "0123456789") {
		return nil
	}
	var out []Quantity
	end, times := -1, 1.0 // of the last one
	for _, at := range figure.FindAllStringSubmatchIndex(s, -1) {
		group := func(i int) string {
			if at[2*i] < 0 {
				return ""
			}
			return s[at[2*i]:at[2*i+1]]
		}
		if ofName(s[:at[4]]) {
			continue
		}
		q := Quantity{Values: readings(group(2), base), Said: group(1) + group(2)}
		attached := strings.ToLower(group(3))
		if dense(base) { // no spaces: what follows is the rest of the sentence
			attached = ""
		}
		if attached != "" && !Measure(attached, lang) && !Ordinal(attached) {
			continue // 3D, 5G, H100
		}
		bare, rest := q.Values[0], s[at[5]:]
		if strings.HasPrefix(rest, "月") {
			q.Unit = "month"
		} else {
			left := q.scale(rest, base)
			q.Said += rest[:len(rest)-len(left)]
			q.Unit = cmp.Or(currency(group(1)), q.Unit)
			scaled := q.Values[0] / max(bare, 1e-9)
			if dense(base) && at[4] == end && q.Values[0] < times && (scaled > 1 || times == 1e4) {
				out[len(out)-1] = out[len(out)-1].with(q)
				end, times = len(s)-len(left), scaled
				continue
			}
			end, times = len(s)-len(left), scaled
		}
		out = append(out, q)
	}
	return out
}

// with adds the rest of a number that is told in two parts: 3億 and 1000万.
func (q Quantity) with(rest Quantity) Quantity {
	return Quantity{Values: []float64{q.Values[0] + rest.Values[0]}, Unit: cmp.Or(rest.Unit, q.Unit), Said: q.Said + rest.Said}
}

// Measure says whether a word behind a number is part of it: thousands, per cent, a currency.
func Measure(word, lang string) bool {
	_, ok := unitOf(word, Base(lang))
	return ok
}

// Dense says whether a language is written without spaces between words.
func Dense(lang string) bool { return dense(Base(lang)) }

// dense is that for a base language.
func dense(base string) bool { return base == "zh" || base == "ja" }

// ofName says whether digits behind this are part of a name: a letter touches them, or a hyphen with a letter.
func ofName(before string) bool {
	bare := strings.TrimRight(before, "-‑")
	last, _ := utf8.DecodeLastRuneInString(bare)
	return unicode.IsLetter(last) && !unicode.In(last, unicode.Han, unicode.Hiragana, unicode.Katakana)
}

// blanks takes out what parts thousands and can be nothing else; marks takes out what may part decimals too.
var (
	blanks = strings.NewReplacer("'", "", "’", "", "\u00a0", "", "\u202f", "", " ", "")
	marks  = strings.NewReplacer(".", "", ",", "")
)

// readings are the values that digits may have. A mark before the last three may part thousands or decimals; which
// it is, English and the other languages see differently, and technical texts mix both.
func readings(s, base string) []float64 {
	s = blanks.Replace(s)
	value := func(s string) float64 {
		n, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return math.NaN()
		}
		return n
	}
	n := strings.Count(s, ".") + strings.Count(s, ",")
	i := strings.LastIndexAny(s, ".,")
	switch {
	case n == 0:
		return []float64{value(s)}
	case n == 1 && len(s)-i-1 != 3:
		return []float64{value(strings.Replace(s, ",", ".", 1))}
	case n == 1:
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
		return []float64{value(marks.Replace(s[:i]) + "." + s[i+1:])}
	}
	return []float64{value(marks.Replace(s))}
}

// scale applies what follows the digits (thousands and millions, per cent, a currency) and returns what it left.
func (q *Quantity) scale(rest, base string) string {
	for range 3 {
		word, after := following(rest, base)
		if link(word) { // milioni di dollari
			if next, behind := following(after, base); currency(Fold(next)) != "" {
				q.Unit = currency(Fold(next))
				return behind
			}
			return rest
		}
		u, ok := unitOf(word, base)
		switch {
		case !ok:
			return rest
		case u.times > 0:
			for i := range q.Values {
				q.Values[i] *= u.times
			}
		case u.currency != "":
			q.Unit = u.currency
			return after
		default:
			q.Unit = "%"
			return after
		}
		rest = after
	}
	return rest
}

// following is the word that comes next, and what comes after it.
func following(rest, base string) (word, after string) {
	rest = strings.TrimLeft(rest, " \u00a0\u202f-‑.'’") // d'euros
	if dense(base) {
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
	if !dense(base) { // Fold takes the sounds of ド and パ off
		word = Fold(word)
	}
	switch word {
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
	if c := currency(word); c != "" {
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

// Ordinal says whether letters behind digits only make them an ordinal: 5th, 3e, 1er, 2ª.
func Ordinal(s string) bool {
	return slices.Contains([]string{"st", "nd", "rd", "th", "er", "re", "e", "eme", "ème", "o", "a", "º", "ª"}, s)
}

// Matches says whether a number of an answer is one that the evidence tells. A currency may be left out, never
// another one put in; per cent and plain numbers are different things.
func (q Quantity) Matches(told Quantity) bool {
	if q.Unit != told.Unit && (q.Unit != "" || told.Unit == "%") {
		return false
	}
	for _, a := range q.Values {
		for _, b := range told.Values {
			if a == b || math.Abs(a-b) <= 1e-9*math.Abs(b) {
				return true
			}
		}
	}
	return false
}

// Digits writes number words in digits: two, sette, zwölf, 三个. One is left alone, as it is an article too, but where
// millions or more follow: un miliardo, eine Million; and so is a thousand of millions: mil millones.
func Digits(s, lang string) string {
	base := Base(lang)
	if dense(base) {
		return numeral.ReplaceAllStringFunc(s, func(m string) string {
			r, size := utf8.DecodeRuneInString(m)
			return strconv.Itoa(2+slices.Index([]rune("二三四五六七八九十"), normalTwo(r))) + m[size:]
		})
	}
	if numberWords[base] == nil {
		return s
	}
	var b strings.Builder
	done := 0
	for at := 0; at < len(s); {
		word, parted := hyphenated(s[at:])
		if word == "" {
			_, size := utf8.DecodeRuneInString(s[at:])
			at += size
			continue
		}
		n := worth(word, base)
		if n == 0 && parted > 0 { // dix-sept is one number, two-thirds are words
			word = word[:parted]
			n = worth(word, base)
		}
		if n == 0 && slices.Contains(ones[base], strings.ToLower(word)) {
			n = ofMillions(s[at+len(word):], base)
		}
		if n == 0 && base == "es" && strings.EqualFold(word, "mil") {
			n = 1000 * ofMillions(s[at+len(word):], base)
		}
		if n > 0 {
			b.WriteString(s[done:at])
			b.WriteString(strconv.Itoa(n))
			done = at + len(word)
		}
		at += len(word)
	}
	if done == 0 {
		return s
	}
	return b.String() + s[done:]
}

// hyphenated is the word that s begins with, up to two hyphens in it included (quatre-vingt-dix), and where its first
// hyphen is; 0: it has none.
func hyphenated(s string) (word string, hyphen int) {
	hyphens := 0
	for i, r := range s {
		switch {
		case r == '-' && i > 0 && hyphens < 2:
			hyphens++
			hyphen = cmp.Or(hyphen, i)
		case !unicode.IsLetter(r):
			return s[:i], hyphen
		}
	}
	return s, hyphen
}

// ones are the words for one that stand before a million.
var ones = map[string][]string{
	"en": {"a", "one"}, "it": {"un"}, "de": {"ein", "eine", "einer", "einen"}, "fr": {"un"}, "es": {"un"},
}

// ofMillions is 1 where millions or more come next, else 0.
func ofMillions(rest, base string) int {
	if !strings.HasPrefix(rest, " ") {
		return 0
	}
	word, _ := following(rest, base)
	if u, ok := unitOf(word, base); ok && u.times >= 1e6 && utf8.RuneCountInString(word) > 2 {
		return 1
	}
	return 0
}

var numeral = regexp.MustCompile(`[二两兩三四五六七八九十](?:个|個|名|位|人|家|款|种|種|年|か月|ヶ月|次|回|倍|亿|億|万|项|社|つ|件)`)

func normalTwo(r rune) rune {
	if r == '两' || r == '兩' {
		return '二'
	}
	return r
}

// NumberWord says whether a word is a number from two to twenty, or a ten up to ninety.
func NumberWord(word, lang string) bool { return worth(word, Base(lang)) > 0 }

// worth is the number that a word tells, 0: none.
func worth(word, base string) int {
	n := slices.Index(numberWords[base], Fold(word))
	switch {
	case n < 0:
		return 0
	case n <= 18:
		return n + 2
	}
	return 10 * (n - 16) // after twenty: thirty, forty, …
}

// numberWords are the numbers from two to twenty, then the tens up to ninety, folded, by language.
var numberWords = map[string][]string{
	"en": {
		"two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
		"thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
	},
	"it": {
		"due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove", "dieci", "undici", "dodici", "tredici", "quattordici", "quindici", "sedici", "diciassette", "diciotto", "diciannove", "venti",
		"trenta", "quaranta", "cinquanta", "sessanta", "settanta", "ottanta", "novanta",
	},
	"de": {
		"zwei", "drei", "vier", "funf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwolf", "dreizehn", "vierzehn", "funfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn", "zwanzig",
		"dreissig", "vierzig", "funfzig", "sechzig", "siebzig", "achtzig", "neunzig",
	},
	"fr": {
		"deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze", "treize", "quatorze", "quinze", "seize", "dix-sept", "dix-huit", "dix-neuf", "vingt",
		"trente", "quarante", "cinquante", "soixante", "soixante-dix", "quatre-vingts", "quatre-vingt-dix",
	},
	"es": {
		"dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce", "trece", "catorce", "quince", "dieciseis", "diecisiete", "dieciocho", "diecinueve", "veinte",
		"treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa",
	},
}

package llm

import (
	"slices"
	"strings"

	"tidings/digest/text"
)

// found is what a text has of numbers and times.
type found struct {
	numbers  []text.Quantity
	months   []int    // 1 to 12
	weekdays []int    // 0 is Sunday
	sizes    []string // millions, half, twice and the like without a number before them, each as its entry of [sizeWords]
}

// quantities reads the numbers and times of a text in a language.
func quantities(s, lang string) found {
	var f found
	for _, q := range text.Quantities(s, lang) {
		if q.Unit == "month" {
			f.months = append(f.months, int(q.Values[0]))
		} else {
			f.numbers = append(f.numbers, q)
		}
	}
	base, numbered := text.Base(lang), false
	for _, w := range text.Words(text.Digits(s, lang)) {
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

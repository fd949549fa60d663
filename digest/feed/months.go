package feed

import (
	"strings"
	"time"
)

// months holds how the names of months begin, in English, Italian, French, German, Spanish, Portuguese,
// Dutch, the Scandinavian languages, Finnish, Polish, Czech, Hungarian, Romanian, Turkish, Indonesian,
// Russian, Ukrainian and Greek. The longest beginning counts: "mar" is March, "marras" is November.
//
//nolint:gochecknoglobals // a table, made once and never written
var months = monthNames(
	"jan gen ene jän jen ian sty led tammi oca янв січ ιαν",
	"feb fév fev fév fev lut úno helmi şub фев лют φεβ",
	"mar mär mrz mrt maa már bře maalis мар бер μαρ μάρ",
	"apr avr abr ápr kwi dub huhti nis апр кві απρ",
	"mai may mag maj mei máj kvě touko май мая тра μαϊ μαΐ μάι μαι",
	"jun juin giu jún iun cze červen červn kesä haz июн чер ιουν ιούν",
	"jul juil lug júl iul lip červenec července heinä tem июл лип ιουλ ιούλ",
	"aug aoû aou ago agu sie srp elo ağu авг сер αυγ αύγ",
	"sep set szep wrz zář syys eyl сен вер σεπ",
	"oct okt ott out paź říj loka eki окт жов οκτ",
	"nov noi lis listopad marras kas ноя лис νοε νοέ",
	"dec dez déc dic des gru pro joulu ara дек гру δεκ")

// longestMonth is how many letters of a name are looked at.
const longestMonth = 8

func monthNames(lists ...string) map[string]time.Month {
	m := map[string]time.Month{}
	for i, list := range lists {
		for _, name := range strings.Fields(list) {
			m[name] = time.Month(i + 1)
		}
	}
	return m
}

func monthOf(name string) time.Month {
	letters := []rune(strings.ToLower(name))
	for n := min(len(letters), longestMonth); n >= 3; n-- {
		if m := months[string(letters[:n])]; m != 0 {
			return m
		}
	}
	return 0
}

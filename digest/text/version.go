package text

import (
	"slices"
	"strings"
)

// version finds how far the version reaches that stands behind a model's name whose pieces end before i:
// numbers (4, 2.5, V3, 70B) and the words by which makers tell sizes and editions apart (Pro, Mini, Coder).
// It returns the index behind its last piece, which is i when there is none, and whether a number is in it.
func version(s string, list []piece, i int) (end int, numbered bool) {
	for end = i; end < len(list); {
		n := versionPart(s, list, end, numbered)
		if n == 0 {
			break
		}
		numbered = numbered || slices.ContainsFunc(list[end:end+n], func(p piece) bool { return p.sort == digits })
		end += n
	}
	return end, numbered
}

// versionPart tells how many pieces at i are one part of a version; 0 is none.
func versionPart(s string, list []piece, i int, numbered bool) int {
	p := list[i]
	if p.gap != touches && p.gap != hyphen && p.gap != space {
		return 0
	}
	sized := func(at int) bool { // 70B, 4o: letters that touch the number before them
		return at < len(list) && list[at].gap == touches && list[at].sort == letters && list[at].to-list[at].from <= 2
	}
	switch p.sort {
	case digits:
		if sized(i+1) && p.gap == space && counted(list[i+1].key) {
			return 0 // 100K users
		}
		if sized(i+1) && p.to-p.from <= 4 {
			return 2
		}
		if p.gap == space && !versionNumber(s, list, i) {
			return 0
		}
		return 1
	case letters:
		if i+1 < len(list) && list[i+1].gap == touches && list[i+1].sort == digits && p.to-p.from <= 2 && list[i+1].to-list[i+1].from <= 4 {
			if sized(i + 2) {
				return 3 // A35B
			}
			return 2 // V3, R1
		}
		if edition(p.key) && (p.capital(s) || p.gap == hyphen || numbered && p.gap == space && smallEdition(p.key)) {
			return 1
		}
	}
	return 0
}

// versionNumber says whether a number that stands apart is a version and not an amount, a count or a year.
func versionNumber(s string, list []piece, i int) bool {
	p := list[i]
	number := s[p.from:p.to]
	if len(number) > 4 || len(number) == 4 && number[1] != '.' && number[2] != '.' || len(number) == 3 && number[1] != '.' {
		return false
	}
	if strings.HasPrefix(strings.TrimLeft(s[p.to:min(len(s), p.to+4)], " \u00a0"), "%") {
		return false
	}
	if i+1 < len(list) && list[i+1].gap == space {
		return !counted(list[i+1].key)
	}
	return true
}

// edition says whether a word tells editions of a model apart.
func edition(key string) bool {
	switch key {
	case "pro", "ultra", "flash", "lite", "nano", "mini", "micro", "turbo", "max", "plus", "air", "fast", "heavy", "high", "large", "medium", "small",
		"tiny", "base", "chat", "instruct", "instant", "preview", "exp", "experimental", "vision", "vl", "omni", "thinking", "reasoning", "reasoner", "coder",
		"code", "codex", "math", "image", "audio", "video", "voice", "realtime", "next", "scout", "maverick", "behemoth", "opus", "sonnet", "haiku", "distill",
		"deep", "think", "it", "moe", "speciale", "terminus", "guard", "embedding", "ocr", "spark":
		return true
	}
	return false
}

// smallEdition says whether an edition's name is in no language here an everyday word, so that it needs no capital.
func smallEdition(key string) bool {
	switch key {
	case "mini", "nano", "turbo", "preview", "pro", "lite", "flash", "instruct":
		return true
	}
	return false
}

// counted says whether a word behind a number is what the number counts or how large it is.
func counted(key string) bool {
	switch key {
	case "million", "millions", "billion", "billions", "trillion", "thousand", "hundred", "k", "m", "x", "mln", "mrd", "mio", "bn", "milioni", "milione", "miliardi", "miliardo",
		"mila", "millionen", "milliarden", "tausend", "milliards", "mille", "millones", "mil", "percent", "prozent", "users", "people", "days", "weeks",
		"months", "years", "hours", "minutes", "times", "of", "per", "giorni", "mesi", "anni", "ore", "tage", "wochen", "monate", "jahre", "jours", "mois", "ans",
		"heures", "dias", "meses", "anos", "horas", "points", "languages", "countries", "models", "new", "more", "other", "things", "ways", "tips", "reasons":
		return true
	}
	return false
}

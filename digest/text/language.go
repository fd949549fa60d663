package text

import (
	"slices"
	"unicode"

	"github.com/abadojack/whatlanggo"
)

// Language names the language of s as a BCP 47 base tag, or "" when it cannot tell. The declared language
// (of the feed, the page, the source) is a prior and wins unless the text clearly speaks against it; where
// it agrees it is returned as declared, region and all.
//
// The script decides first. Among languages of the Latin script the function words of those that [Stop]
// knows are counted, and where they are too few the n-gram profiles of whatlanggo are asked.
func Language(s, declared string) string {
	base := Base(declared)
	if base == "und" || base == "mul" {
		declared, base = "", ""
	}
	if by := byScript(s, base); by != "" {
		return prefer(by, base, declared)
	}
	if by := byFunctionWords(s, base); by != "" {
		return prefer(by, base, declared)
	}
	info := whatlanggo.Detect(s)
	guess := info.Lang.Iso6391()
	if info.Confidence == 0 { // two languages are as near as each other, and whatlanggo would draw lots
		return declared
	}
	if guess == base || declared != "" && (!info.IsReliable() || letters(s) < 80) {
		return declared
	}
	return guess
}

func prefer(found, base, declared string) string {
	if found == base {
		return declared
	}
	return found
}

// byScript answers where the script names the language, with Cyrillic, Arabic and Han decided by what is
// declared when that fits. Latin letters that only spell names inside another script's text weigh little.
func byScript(s, base string) string {
	var latin, han, kana, hangul, cyrillic, arabic, greek, hebrew int
	for _, r := range s {
		switch {
		case !unicode.IsLetter(r):
		case unicode.Is(unicode.Han, r):
			han++
		case unicode.In(r, unicode.Hiragana, unicode.Katakana):
			kana++
		case unicode.Is(unicode.Hangul, r):
			hangul++
		case unicode.Is(unicode.Cyrillic, r):
			cyrillic++
		case unicode.Is(unicode.Arabic, r):
			arabic++
		case unicode.Is(unicode.Greek, r):
			greek++
		case unicode.Is(unicode.Hebrew, r):
			hebrew++
		default:
			latin++
		}
	}
	switch {
	case (kana+han)*8 > latin && kana > 0:
		return "ja"
	case han*8 > latin && base == "ja":
		return "ja"
	case han*8 > latin && han > 0:
		return "zh"
	case hangul*8 > latin && hangul > 0:
		return "ko"
	case greek > latin:
		return "el"
	case hebrew > latin:
		return "he"
	case arabic > latin && base != "fa" && base != "ur":
		return "ar"
	case arabic > latin:
		return base
	case cyrillic > latin && (base == "uk" || base == "bg" || base == "sr"):
		return base
	}
	return ""
}

// known are the languages that [Stop] knows.
func known() []string { return []string{"en", "it", "de", "fr", "es", "pt"} }

// byFunctionWords counts the function words of each language it knows; the declared one has a start of
// one and a half words. It is silent when the best is not clearly ahead.
func byFunctionWords(s, base string) string {
	list := Words(s)
	if len(list) > 120 {
		list = list[:120]
	}
	best, second, found := 0.0, 0.0, ""
	for _, lang := range known() {
		n := 0.0
		for _, w := range list {
			if Stop(w, lang) {
				n++
			}
		}
		if lang == base {
			n += 1.5
		}
		switch {
		case n > best:
			best, second, found = n, best, lang
		case n > second:
			second = n
		}
	}
	others := base != "" && !slices.Contains(known(), base)
	if best < 2 || best < second*1.25 || best < float64(len(list))/6 || others && best < float64(len(list))/3 {
		return ""
	}
	return found
}

func letters(s string) int {
	n := 0
	for _, r := range s {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n
}

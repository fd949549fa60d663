package text

import (
	"fmt"
	"strings"
)

// Verdict tells the language of a text and by what evidence.
type Verdict struct {
	Lang   string   // BCP 47; "" if it cannot be told
	By     Evidence // "" if it cannot be told
	Second string   // the next likely language, "" if the script leaves none
	Margin float64  // nats per letter by which the text itself speaks for Lang rather than Second; negative if against it
}

// String tells the evidence to a person: "n-grams, 0.42 nats a letter ahead of es".
func (v Verdict) String() string {
	if v.By != ByNgrams || v.Second == "" {
		return string(v.By)
	}
	return fmt.Sprintf("%s, %.2f nats a letter ahead of %s", v.By, v.Margin, v.Second)
}

// Evidence is what decided on a language.
type Evidence string

// The script alone; the order of the letters, and known words; what the source declares, as the text tells too
// little.
const (
	ByScript   Evidence = "script"
	ByNgrams   Evidence = "n-grams"
	ByDeclared Evidence = "declared"
)

const (
	prior  = 3.0 // nats for the declared language
	rarity = 2.0 // nats against a rival, a language known only lest it be taken for another
	least  = 0.5 // nats that the first must be ahead of the second if nothing is declared
	plain  = 0.5 // nats per letter that must speak against a declared language that we do not know
)

// Language names the language of s as a BCP 47 tag, or "" when it cannot tell. The declared language (of the feed, the
// page, the source) counts a little; where it agrees it is returned as declared, region and all.
func Language(s, declared string) string { return Detect(s, declared).Lang }

// Detect tells the language of s. The script decides first. Among the languages of the Latin script and among those of
// the Cyrillic one, it decides by the order of letters inside words (n-grams of up to four, naive Bayes; the figures
// are condensed from lingua-go's), by function words and by words that headlines use. Words that look like names weigh
// little; markup, addresses, code, mentions and hashtags weigh nothing.
//
// The declared language is a prior of three nats, less than one function word. It is the answer only where the text does
// not tell, or where the text is in its script and it is none of the languages we know.
func Detect(s, declared string) Verdict {
	d := declaration{strings.TrimSpace(declared), canonical(Base(declared))}
	if d.base == "und" || d.base == "mul" || d.base == "zxx" {
		d = declaration{}
	}
	var r reading
	r.read(s)
	switch script := r.script(); script {
	case noLetter:
		return d.verdict()
	case latin, cyrillic:
		return r.byNgrams(script, d)
	default:
		return Verdict{Lang: d.agreed(r.byScript(script, d.base)), By: ByScript}
	}
}

// declaration is the language that the source says, as it says it and as we call it.
type declaration struct{ tag, base string }

func (d declaration) verdict() Verdict {
	if d.tag == "" {
		return Verdict{}
	}
	return Verdict{Lang: d.tag, By: ByDeclared}
}

// agreed is the found language in the words of the declaration, if it says the same.
func (d declaration) agreed(found string) string {
	if found == d.base {
		return d.tag
	}
	return found
}

// canonical is the language that stands for a declared one: the newer of two names, or the one that is written so
// much alike that we do not tell them apart.
func canonical(base string) string {
	switch base {
	case "iw":
		return "he"
	case "in", "ms":
		return "id"
	case "no", "nn":
		return "nb"
	case "mo":
		return "ro"
	case "sh", "bs":
		return "hr"
	case "cmn":
		return "zh"
	}
	return base
}

// script is the one in which the text is written. Words that are surely names do not count.
func (r *reading) script() script {
	for _, w := range r.words[:r.n] {
		if weight := w.weight(false, false); weight > 0.1 {
			r.letters[w.script] += int(weight * float64(w.letters))
		}
	}
	// Japanese is written in three scripts, Chinese in one; the kana make the difference below.
	best, most := noLetter, 0
	for s := latin; s < manyScripts; s++ {
		if n := r.letters[s] * s.weight(); n > most {
			best, most = s, n
		}
	}
	if (r.letters[han]+r.letters[kana])*han.weight() >= most && best == latin {
		return han
	}
	if best == noLetter && r.n > 0 {
		return r.words[0].script
	}
	return best
}

// byScript is the language of a script that few languages write.
func (r *reading) byScript(s script, base string) string {
	switch s {
	case han, kana:
		switch {
		case r.letters[kana]*20 >= r.letters[han] && r.letters[kana] > 0, r.kanji > r.hanzi:
			return "ja"
		case r.hanzi > 0 && base == "ja":
			return "zh"
		}
	case arabic:
		switch {
		case r.urdu*20 >= r.letters[arabic] && base != "ckb":
			return "ur"
		case r.farsi*20 >= r.letters[arabic] && base != "ckb" && base != "ps" && base != "ug" && base != "sd" && base != "ur":
			return "fa"
		}
	}
	langs := strings.Fields(s.languages())
	for _, lang := range langs {
		if lang == base {
			return lang
		}
	}
	return langs[0]
}

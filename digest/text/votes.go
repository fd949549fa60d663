package text

import (
	"math"
	"slices"
	"strings"
)

// clear is by how many nats a language must lead to be settled before the end of the text.
const clear = 30.0

// perhapsName is the weight of a capitalised word inside a sentence.
const perhapsName = 0.4

// weight is how much a word's letters count, from 0 to 1: names tell little of the language around them. In a text that
// shouts capitals mean nothing, in one with title case initials do not.
func (w word) weight(shouts, title bool) float64 {
	switch {
	case w.coded || w.form == mixed:
		return 0.02
	case w.form == capitals && w.letters > 1 && !shouts:
		return 0.1
	case w.form != small && product(w.text):
		return 0.05
	case (w.form == initial || w.form == capitals) && !w.first && !title && !shouts:
		return perhapsName
	}
	return 1
}

// style tells whether a text is written in capitals throughout, and whether its words have initials as a title's in
// English: most of them, and all longer than four letters.
func (r *reading) style() (shouts, title bool) {
	upper, initials, long, all := 0, 0, 0, 0
	for _, w := range r.words[:r.n] {
		if w.coded || w.form == mixed {
			continue
		}
		all++
		switch {
		case w.form == capitals && w.letters > 1:
			upper++
		case w.form == small && w.letters > 4:
			long++
		case w.form != small:
			initials++
		}
	}
	return upper*10 > all*6 && all > 2, long == 0 && (initials+upper)*10 >= all*6 && all > 2
}

// votes is what the words of one script say.
type votes struct {
	against [manyLangs]float64 // each language, in nats
	letters float64            // that voted, by their words' weights
	words   int                // that voted and are hardly names
	sure    bool               // one of them is no name: it is known, or has no capital
}

// count lets the words of a script vote.
func (r *reading) count(t *table, s script) votes {
	var v votes
	shouts, title := r.style()
	for _, w := range r.words[:r.n] {
		if w.script != s {
			continue
		}
		weight := w.weight(shouts, title)
		v.letters += weight * float64(w.letters)
		var spelling, whole losses
		t.addNgrams(w.text, &spelling)
		if weight >= perhapsName {
			known := t.addWord(w, &whole)
			v.words++
			v.sure = v.sure || known || w.form == small
		}
		for i := range t.len() {
			v.against[i] += (weight*float64(spelling[i]) + float64(whole[i])) / 2
		}
		if v.words >= 8 && weight >= perhapsName && v.decided(t) {
			break
		}
	}
	return v
}

// decided says whether one language leads so far that neither the rest of a text nor a declaration matters.
func (v *votes) decided(t *table) bool {
	first, second := t.best(v.against)
	return v.against[second]-v.against[first] >= clear
}

// needs is by how many nats the first must lead to be believed where nothing is declared. Two names are not enough.
func (v votes) needs() float64 {
	switch {
	case v.words == 0 || v.words == 1 && !v.sure:
		return math.Inf(1)
	case !v.sure:
		return prior
	}
	return least
}

// byNgrams decides between the languages of a table.
func (r *reading) byNgrams(s script, d declaration) Verdict {
	latinTable, cyrillicTable := tables()
	t, other := &latinTable, &cyrillicTable
	if s == cyrillic {
		t, other = other, t
	}
	if d.base == "sr" && s == latin {
		d.base = "hr"
	}
	v := r.count(t, s)
	known := t.index(d.base)
	for i := t.len() - t.rivals; i < t.len(); i++ {
		if i != known {
			v.against[i] += rarity
		}
	}
	alone, second := t.best(v.against)
	lead, needs := v.against[second]-v.against[alone], v.needs()
	elsewhere := d.tag != "" && known < 0 && (other.index(d.base) >= 0 || s.excludes(d.base))
	switch {
	case elsewhere && s == cyrillic && v.words > 0: // It cannot be what is declared. A name in Latin letters can.
		needs = 0
	case known >= 0 && !math.IsInf(needs, 1): // The prior will decide.
		needs = 0
	case known < 0 && d.tag != "" && !elsewhere: // It may be a language that we do not know.
		needs = max(needs, prior, plain*v.letters)
	}
	if lead < needs {
		return d.verdict()
	}
	found := alone
	if known >= 0 {
		v.against[known] -= prior
		found, second = t.best(v.against)
		v.against[known] += prior
	}
	verdict := Verdict{Lang: d.agreed(t.lang(found)), By: ByNgrams, Second: t.lang(second)}
	if found == known && (found != alone || lead < least) {
		verdict.By = ByDeclared
	}
	if v.letters > 0 {
		verdict.Margin = (v.against[second] - v.against[found]) / v.letters
	}
	return verdict
}

// excludes says whether a language is known to be written in another script, one of those without n-grams.
func (s script) excludes(lang string) bool {
	for other := range manyScripts {
		if other != s && slices.Contains(strings.Fields(other.languages()), lang) {
			return true
		}
	}
	return false
}

// best is the language that least speaks against, and the next.
func (t *table) best(against [manyLangs]float64) (first, second int) {
	first, second = 0, 1
	if against[1] < against[0] {
		first, second = 1, 0
	}
	for i := 2; i < t.len(); i++ {
		switch {
		case against[i] < against[first]:
			first, second = i, first
		case against[i] < against[second]:
			second = i
		}
	}
	return first, second
}

// product says whether a capitalised word is a company or product that headlines of every language name.
func product(w string) bool {
	switch strings.ToLower(w) {
	case "adobe", "airbnb", "alexa", "alibaba", "alphabet", "altman", "amazon", "android", "anthropic", "apple", "azure", "baidu", "bard",
		"bing", "bitcoin", "bloomberg", "boeing", "bosch", "chrome", "claude", "codex", "cohere", "copilot", "cursor", "dell",
		"disney", "discord", "ericsson", "ethereum", "facebook", "ferrari", "figma", "firefox", "gemini", "gemma", "github", "gmail", "google",
		"grok", "groq", "honda", "huawei", "instagram", "intel", "jira", "kaspersky", "kubernetes", "lenovo", "linkedin", "linux", "llama",
		"mac", "max", "meta", "microsoft", "midjourney", "mistral", "mozilla", "musk", "netflix", "nintendo", "nokia", "nvidia", "office", "oracle",
		"outlook", "palantir", "perplexity", "pixel", "playstation", "pro", "python", "qualcomm", "qwen", "reddit", "reuters", "salesforce",
		"samsung", "siemens", "siri", "slack", "sony", "sora", "spotify", "stripe", "surface", "telegram", "tesla", "threads", "tiktok",
		"toyota", "twitch", "twitter", "uber", "ubuntu", "volkswagen", "whatsapp", "wikipedia", "windows", "xbox", "xiaomi", "yahoo",
		"youtube", "zoom":
		return true
	}
	return false
}

package feed

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"tidings/digest"
	"tidings/digest/text"
)

// Why a paragraph was taken out.
const (
	counter   = "counter"            // a number of comments, shares, minutes to read
	caption   = "caption"            // under a picture: it says the title again, or who took it
	repeated  = "repeated summary"   // a closing paragraph that tells again what was told
	doubled   = "repeated paragraph" // the same words stood earlier
	again     = "repeated title"     // the title as a paragraph
	promotion = "promotion"          // read also, subscribe, share, cookies
	byline    = "byline"             // who wrote it; the name goes to the article's author
	orphan    = "heading of a removed paragraph"
)

// noise says how a text is to be cleaned.
type noise struct {
	title, lang string
	prose       bool // the text is a whole document with what stood around it, not the body of a feed's item
}

// clean takes out of an article's paragraphs what is not the article. It is conservative, as nobody
// misses a caption and everybody a lost sentence: only short lines and closing paragraphs are ever taken,
// a heading stays, a text that is no prose (verse, lists) loses nothing but counters and promotion, and
// a text is never emptied. What it takes is told, in order, with the reason.
func clean(paragraphs []string, how noise) (kept []string, removed []digest.Removed) {
	why := make([]string, len(paragraphs))
	counters(paragraphs, why)
	for i, p := range paragraphs {
		if why[i] == "" && isPromotion(p) {
			why[i] = promotion
		}
	}
	if how.prose && isProse(paragraphs) {
		t := newTally(how)
		t.titles(paragraphs, why)
		t.captions(paragraphs, why)
		t.doubles(paragraphs, why)
		t.recap(paragraphs, why)
		orphans(paragraphs, why)
	}
	if !slices.Contains(why, "") {
		return paragraphs, nil
	}
	for i, p := range paragraphs {
		if why[i] == "" {
			kept = append(kept, p)
		} else {
			removed = append(removed, digest.Removed{Text: p, Reason: why[i]})
		}
	}
	if body, tail := untail(kept[len(kept)-1], how.lang); tail != "" {
		kept[len(kept)-1] = body
		removed = append(removed, digest.Removed{Text: tail, Reason: promotion})
	}
	return kept, removed
}

// untail takes the promotion off a last paragraph's end that feeds put on the same line, such as "The post
// X appeared first on Y" behind the last sentence.
func untail(p, lang string) (body, tail string) {
	if !mayTrail(p) {
		return p, ""
	}
	body = p
	sentences := text.Sentences(p, lang)
	for i := len(sentences) - 1; i > 0 && isPromotion(sentences[i]); i-- {
		body = p[:strings.LastIndex(body, sentences[i])]
	}
	return strings.TrimSpace(body), strings.TrimSpace(p[len(body):])
}

// mayTrail tells whether any sentence after the first begins as promotion does. To part a text into
// sentences costs more than all the rest, and only what follows the end of one can be the next.
func mayTrail(p string) bool {
	if strings.Contains(p, "ookie") {
		return true
	}
	last, space, line := 'a', false, false // the last sign, and whether space or the end of a line came after it
	for i, r := range p {
		if unicode.IsSpace(r) {
			space, line = true, line || r != ' '
			continue
		}
		if line || space && last != ',' && !isWord(last) || last >= 0x80 && !unicode.IsLetter(last) || last == '.' || last == '!' || last == '?' {
			if promotionLine().could(p[i:]) || networks().could(p[i:]) {
				return true
			}
		}
		last, space, line = r, false, false
	}
	return false
}

// counters finds lines that only count. Numbers that go up one by one are the numbers of chapters.
func counters(paragraphs []string, why []string) {
	var bare []int
	chapters := true
	for i, p := range paragraphs {
		switch {
		case counterLine().MatchString(p) && words(p) <= 8:
			why[i] = counter
		case hasDigit(p) && !isLetter(p[0]) && bareNumber().MatchString(p):
			bare = append(bare, i)
			chapters = chapters && strings.Trim(p, " ()[]#") == strconv.Itoa(len(bare))
		}
	}
	if chapters && len(bare) > 1 {
		return
	}
	for _, i := range bare {
		why[i] = counter
	}
}

func isPromotion(p string) bool {
	n := words(p)
	switch {
	case n == 0:
		return false
	case n <= 60 && n >= 3 && len(p) < 500 && (strings.Contains(p, "ookie") || strings.Contains(p, "OOKIE")) && cookieLine().MatchString(p) && (n <= 14 || strings.Count(strings.ToLower(p), "cookie") > 1):
		return true
	case n > 24 || len(p) > 240:
		return false
	case networks().MatchString(p):
		return true
	}
	return promotionLine().MatchString(p)
}

// isProse tells whether most of a text's words stand in paragraphs that are written out. Verse and
// lists of short lines are none.
func isProse(paragraphs []string) bool {
	out, all := 0, 0
	for _, p := range paragraphs {
		n := words(p)
		all += n
		if lines := strings.Count(p, "\n") + 1; n/lines >= 12 && n >= 18 {
			out += n
		}
	}
	return out*2 > all
}

// isLine tells a short line that does not end as a sentence does.
func isLine(p string, most int) bool {
	return !strings.Contains(p, "\n") && words(p) <= most && !ends(p)
}

// ends tells whether a text ends as a sentence does, closing quotes and brackets aside.
func ends(p string) bool {
	p = strings.TrimRight(p, " \"'”’»)]*_")
	return p != "" && strings.ContainsRune(".!?…:;。！？", lastRune(p))
}

func lastRune(s string) rune {
	r := []rune(s)
	return r[len(r)-1]
}

// tally compares paragraphs by the stems of their content words.
type tally struct {
	noise
	titled map[string]bool
}

func newTally(how noise) tally {
	t := tally{noise: how}
	t.titled = t.stems(how.title)
	return t
}

// stems are a text's content words, each in the form that its other forms share.
func (t tally) stems(s string) map[string]bool {
	set := map[string]bool{}
	for _, w := range text.Words(s) {
		if !text.Stop(w, t.lang) && len([]rune(w)) > 1 {
			set[text.Stem(w, t.lang)] = true
		}
	}
	return set
}

// share is the part of a's stems that are in b.
func share[K comparable](a, b map[K]bool) float64 {
	if len(a) == 0 {
		return 0
	}
	n := 0
	for s := range a {
		if b[s] {
			n++
		}
	}
	return float64(n) / float64(len(a))
}

// titles finds the title said again as a paragraph of its own.
func (t tally) titles(paragraphs []string, why []string) {
	title := text.Fold(squeeze(t.title))
	for i, p := range paragraphs {
		if why[i] == "" && title != "" && strings.Trim(text.Fold(squeeze(p)), " .!") == strings.Trim(title, " .!") {
			why[i] = again
		}
	}
}

// captions finds what stands under pictures: credits, numbered figures, and short lines that say most of
// the title again. A heading shares a word or two with the title; to be taken for a caption a line must
// say hardly anything else, and a good part of the title. A line of its own that begins with a small
// letter was never meant as a heading, so there a word of the title is enough.
func (t tally) captions(paragraphs []string, why []string) {
	for i, p := range paragraphs {
		n := words(p)
		if why[i] != "" || n == 0 || n > 30 || strings.Contains(p, "\n") {
			continue
		}
		if n <= 20 && creditStart().MatchString(p) || n <= 18 && creditEnd().MatchString(p) || n <= 30 && figure().MatchString(p) {
			why[i] = caption
			continue
		}
		if !isLine(p, 16) || isListed(p) {
			continue
		}
		own := t.stems(p)
		if len(own) < 2 {
			continue
		}
		said, covered := share(own, t.titled), share(t.titled, own)
		common := int(said*float64(len(own)) + 0.5)
		if common >= 2 && said >= 0.6 && covered >= 0.4 || common >= 1 && n >= 4 && isLoose(paragraphs, i) {
			why[i] = caption
		}
	}
}

// isLoose tells a line that begins with a small letter and does not go on with a sentence that a blank
// line has broken.
func isLoose(paragraphs []string, i int) bool {
	first, _, _ := strings.Cut(paragraphs[i], " ")
	return first == strings.ToLower(first) && unicode.IsLetter([]rune(first)[0]) && (i == 0 || ends(paragraphs[i-1]) || isLine(paragraphs[i-1], 16)) &&
		(i+1 == len(paragraphs) || !unicode.IsLower([]rune(paragraphs[i+1])[0]))
}

var (
	figure  = pattern(`(?i)^(?:fig(?:ure|ura|\.)|abb(?:ildung|\.))\s*\d{1,3}\b`)
	listing = pattern(`^(?:[-–—*•·▪]|\(?\d{1,3}[.)]|[a-zA-Z][.)])\s`)
)

// isListed tells an entry of a list.
func isListed(p string) bool { return listing().MatchString(p) }

// doubles finds paragraphs whose words stood earlier, nearly all of them and in the same order, and every
// number: a report of the second quarter may be worded as that of the first. A question may be put to
// several people.
func (t tally) doubles(paragraphs []string, why []string) {
	var seen []string
	where := map[[3]string][]int{} // the places among the seen of each run of words
	for i, p := range paragraphs {
		if why[i] != "" || words(p) < 10 || strings.HasSuffix(p, "?") {
			continue
		}
		mine, common := shingles(p), make([]int, len(seen))
		for s := range mine {
			for _, k := range where[s] {
				common[k]++
			}
		}
		for k, n := range common {
			if n > 0 && float64(n) >= 0.8*float64(len(mine)) && saysNumbers(seen[k], p) {
				why[i] = doubled
				break
			}
		}
		if why[i] == "" && len(seen) < 500 { // a bound on the work, not on the text
			for s := range mine {
				where[s] = append(where[s], len(seen))
			}
			seen = append(seen, p)
		}
	}
}

// saysNumbers tells whether a text holds every number of p.
func saysNumbers(told, p string) bool {
	mine := numbers(p)
	return len(mine) == 0 || share(mine, numbers(told)) == 1
}

// numbers are a text's words that hold a digit.
func numbers(s string) map[string]bool {
	set := map[string]bool{}
	for _, w := range text.Words(s) {
		if hasDigit(w) {
			set[w] = true
		}
	}
	return set
}

// shingles are a text's runs of three words.
func shingles(s string) map[[3]string]bool {
	ws := text.Words(text.Fold(s))
	set := make(map[[3]string]bool, len(ws))
	for i := 0; i+3 <= len(ws); i++ {
		set[[3]string(ws[i:i+3])] = true
	}
	return set
}

// recap finds the closing paragraph that tells the article once more, as machines like to append: the
// last or last but one of at least four, which names nothing and nobody new, whose words were nearly all
// used before, and which goes back to what the article began with. An ending that adds a fact has a new
// name, a new number or new words; one that quotes somebody is the writer's own.
func (t tally) recap(paragraphs []string, why []string) {
	var rest []int // paragraphs that are still there and are no mere lines
	for i, p := range paragraphs {
		if why[i] == "" && !isLine(p, 16) {
			rest = append(rest, i)
		}
	}
	if len(rest) < 4 {
		return
	}
	for _, k := range []int{len(rest) - 1, len(rest) - 2} {
		before := make([]string, 0, k)
		for _, i := range rest[:k] {
			before = append(before, paragraphs[i])
		}
		if k >= 3 && t.retells(paragraphs[rest[k]], before) {
			why[rest[k]] = repeated
			return
		}
	}
}

// retells tells whether p says only what title and the paragraphs before it have said. The thresholds
// lie between closing paragraphs of 150 real articles (which have a new name, or below 0.6 of known
// words, or hardly any of the opening's) and retellings (above 0.8 and 0.35), nearer to the latter.
func (t tally) retells(p string, before []string) bool {
	told := t.title + "\n" + strings.Join(before, "\n")
	if words(p) < 20 || isListed(p) || quotesAnew(p, told) {
		return false
	}
	fresh, known := t.names(p, told)
	if fresh > 0 || known < 2 {
		return false
	}
	own, all := t.stems(p), t.stems(told)
	opening := share(own, t.stems(t.title+"\n"+strings.Join(before[:2], "\n")))
	least := 0.7
	if len(all) > 300 { // in a long text most words of any paragraph have been used
		least = min(0.7+float64(len(all)-300)/3000, 0.85)
	}
	if recapStart().MatchString(p) || opening >= 0.35 && known >= 3 {
		least -= 0.08
	}
	return opening >= 0.25 && share(own, all) >= least
}

// speech is what stands in quotation marks of any of the five languages.
var speech = pattern(`[“"«„]([^“”"»„]{3,})[“”"»]`)

// quotesAnew tells whether p quotes what was not quoted before: the writer's own work.
func quotesAnew(p, told string) bool {
	told = text.Fold(told)
	for _, m := range speech().FindAllStringSubmatch(p, -1) {
		if !strings.Contains(told, text.Fold(strings.Trim(m[1], " .,;:!?"))) {
			return true
		}
	}
	return false
}

// names counts the names and numbers of p that told does not hold, and those that it does. A capital
// that only begins a sentence makes no name, nor does one of German, where every noun has it: there one
// new noun in fifteen is let pass, unless it holds a digit.
func (t tally) names(p, told string) (fresh, known int) {
	have := map[string]bool{}
	for _, a := range text.Anchors(told, t.lang) {
		have[a] = true
	}
	stems := t.stems(told)
	first := map[string]bool{}
	for _, s := range text.Sentences(p, t.lang) {
		if ws := text.Words(s); len(ws) > 0 {
			first[text.Fold(ws[0])] = true
		}
	}
	nouns := 0
	for _, a := range text.Anchors(p, t.lang) {
		switch {
		case have[a]:
			known++
		case stems[text.Stem(a, t.lang)], first[a] && !hasDigit(a):
		case text.Base(t.lang) == "de" && !hasDigit(a):
			nouns++
		default:
			fresh++
		}
	}
	return fresh + max(0, nouns-known/15), known
}

// orphans finds the heading that stood over nothing but a retelling.
func orphans(paragraphs []string, why []string) {
	i := len(paragraphs) - 1
	told := false
	for ; i > 0 && why[i] != ""; i-- {
		told = why[i] == repeated
	}
	if told && isLine(paragraphs[i], 10) && !isListed(paragraphs[i]) {
		why[i] = orphan
	}
}

// words counts what space parts.
func words(s string) int {
	n, inside := 0, false
	for _, r := range s {
		if unicode.IsSpace(r) {
			inside = false
		} else if !inside {
			inside = true
			n++
		}
	}
	return n
}

func hasDigit(s string) bool { return strings.ContainsAny(s, "0123456789") }

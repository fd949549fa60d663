package digest

import (
	"math"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"tidings/digest/text"
)

// Clue is something in an article that may speak for or against a topic. Its name is the one by which its
// weights are learnt:
//
//	raise           a stem; fr:étoil of another language than English; a word with a capital stands for itself in all
//	raise million   two of them in a row
//	开源             one to three characters of a script without spaces
//	[business funding]  an event of the lexicon, with + when a strong term tells it
//	#money          how the headline is made
//	@example.com    where the article was published
type Clue struct {
	Name  string
	Value float64 // how much of it there is; 1 is ordinary
}

// evenLength is how many word clues a headline has; those of a longer text count less each, so that together
// they weigh as its square root.
const evenLength = 24

// eachClue calls see for all clues of a headline. The name is only good during the call.
func (k *knowledge) eachClue(a Article, lang string, see func(name []byte, value float64)) {
	list := tokens(a.Title, lang)
	k.eachWord(a.Title, list, lang, see)
	for _, h := range k.hits(a.Title, list, lang) {
		see([]byte(h.name()), h.value())
	}
	eachShape(a.Title, list, see)
	if at := publisher(a); at != "" {
		see([]byte("@"+at), 1)
	}
}

// eachWord calls see for the words of a text, and for those that stand together.
func (k *knowledge) eachWord(s string, list []token, lang string, see func(name []byte, value float64)) {
	runs := unspacedRuns(s)
	count := 0
	for _, r := range runs {
		count += 3 * utf8.RuneCountInString(r)
	}
	for _, t := range list {
		if first, _ := utf8.DecodeRuneInString(t.word); !unspaced(first) {
			count += 2
		}
	}
	value := math.Min(1, math.Sqrt(evenLength/float64(max(1, count))))
	buf := make([]byte, 0, 64)
	last := 0 // where the last word begins in buf; 0: there is none
	for _, t := range list {
		if first, _ := utf8.DecodeRuneInString(t.word); unspaced(first) || len(t.stem) > mostWord {
			buf, last = buf[:0], 0
			continue
		}
		if last > 0 || len(buf) > 0 {
			buf = append(buf[:copy(buf, buf[last:])], ' ')
			last = len(buf)
		}
		if lang != "en" && !strings.ContainsFunc(t.written, unicode.IsUpper) {
			buf = append(append(buf, lang...), ':')
		}
		buf = append(buf, t.stem...)
		see(buf[last:], value)
		if last > 0 {
			see(buf, value)
		}
	}
	for _, r := range runs {
		eachGram(r, value, see)
	}
}

// mostWord is the longest word, in bytes, that is looked up.
const mostWord = 40

// eachGram calls see for one, two and three characters in a row.
func eachGram(run string, value float64, see func(name []byte, value float64)) {
	b := []byte(run)
	for i := 0; i < len(b); {
		_, one := utf8.DecodeRune(b[i:])
		end := i
		for range 3 {
			_, n := utf8.DecodeRune(b[end:])
			if n == 0 {
				break
			}
			end += n
			see(b[i:end], value)
		}
		i += one
	}
}

// unspacedRuns are the stretches of a text in scripts without spaces.
func unspacedRuns(s string) []string {
	var out []string
	begin := -1
	for i, r := range s {
		switch in := unspaced(r); {
		case in && begin < 0:
			begin = i
		case !in && begin >= 0:
			out = append(out, s[begin:i])
			begin = -1
		}
	}
	if begin >= 0 {
		out = append(out, s[begin:])
	}
	return out
}

// hit is an event that a text tells, with the terms that tell it.
type hit struct {
	event  *event
	words  []string
	strong bool
}

// name is that of the clue.
func (h hit) name() string {
	if h.strong {
		return "[" + h.event.id + "]+"
	}
	return "[" + h.event.id + "]"
}

// told is the event and its terms in words for a person.
func (h hit) told() string {
	_, name, found := strings.Cut(h.event.id, " ")
	words := strings.Join(h.words[:min(3, len(h.words))], ", ")
	if !found || h.event.own {
		return words
	}
	return name + ": " + words
}

// value grows with the terms, though not as their number.
func (h hit) value() float64 { return math.Min(2, math.Sqrt(float64(len(h.words)))) }

// hits are the events that a text tells, in the order in which they are met.
func (k *knowledge) hits(s string, list []token, lang string) []hit {
	var out []hit
	found := func(t *term) {
		for i := range out {
			if h := &out[i]; h.event == t.event {
				for _, w := range h.words {
					if w == t.words {
						return
					}
				}
				h.words, h.strong = append(h.words, t.words), h.strong || t.strong
				return
			}
		}
		out = append(out, hit{t.event, []string{t.words}, t.strong})
	}
	l := k.lexicons[lang]
	if l == nil {
		l = k.lexicons["en"] // names of things are often English elsewhere
	}
	builtin, own := l(), k.own[lang]
	builtin.find(list, found)
	own.find(list, found)
	if text.Dense(lang) && strings.ContainsFunc(s, unspaced) {
		folded := text.Fold(s)
		builtin.findRuns(folded, found)
		own.findRuns(folded, found)
	}
	return out
}

// eachShape tells how a headline is made: what says much of its kind and is the same in all languages.
func eachShape(title string, list []token, see func(name []byte, value float64)) {
	tell := func(name string, is bool) {
		if is {
			see([]byte(name), 1)
		}
	}
	tell("#money", strings.ContainsAny(title, "$€£¥") && strings.ContainsAny(title, "0123456789"))
	tell("#percent", strings.ContainsAny(title, "%％"))
	tell("#question", strings.ContainsAny(title, "?？"))
	tell("#quote", strings.ContainsAny(title, "“”‘«「『\""))
	numbered, size := false, false
	capital := 0
	for _, t := range list {
		digit := t.written[0] >= '0' && t.written[0] <= '9'
		numbered = numbered || digit && strings.Contains(t.word, ".")
		size = size || digit && strings.HasSuffix(t.word, "b")
		if first, _ := utf8.DecodeRuneInString(t.written); unicode.IsUpper(first) {
			capital++
		}
	}
	tell("#version", numbered)
	tell("#size", size)
	tell("#capitals", len(list) > 4 && capital*4 >= len(list)*3)
	if i := strings.IndexAny(title, ":："); i > 0 {
		named := strings.Count(title[:i], " ") < 3
		tell("#name:", named)
		tell("#colon", !named)
	}
	tell("#count", title != "" && title[0] >= '0' && title[0] <= '9')
	tell("#short", len(list) < 7)
}

// publisher is the registrable domain of where an article was published, as far as it is known.
func publisher(a Article) string {
	for _, raw := range []string{a.URL, a.Source.URL} {
		if u, err := url.Parse(raw); err == nil && u.Hostname() != "" {
			return registrable(strings.ToLower(u.Hostname()))
		}
	}
	if t := strings.ToLower(a.Source.Title); strings.Contains(t, ".") && !strings.ContainsAny(t, " /:") {
		return registrable(t)
	}
	return ""
}

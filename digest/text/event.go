package text

import (
	_ "embed"
	"slices"
	"strings"
)

// eventsFile lists what may happen, by the words that tell it; its form is told at its head.
//
//go:embed events.txt
var eventsFile string

// Events knows the words by which seven languages tell what happens: a purchase, a fine, a resignation. It may be
// used by several at once.
type Events struct {
	words  map[string]map[string]string // by language and word, folded
	stems  map[string][]eventWord       // by language, sorted
	pieces map[string][]eventWord       // by language that is written without spaces
}

// eventWord is how words of an event begin or, in Chinese and Japanese, what stands in them.
type eventWord struct{ written, event string }

// NewEvents reads the built-in list.
func NewEvents() *Events {
	e := &Events{words: map[string]map[string]string{}, stems: map[string][]eventWord{}, pieces: map[string][]eventWord{}}
	event := ""
	for line := range strings.Lines(eventsFile) {
		line, _, _ = strings.Cut(line, "#")
		lang, words, ok := strings.Cut(strings.TrimSpace(line), ":")
		switch {
		case !ok && lang != "":
			event = lang
		case ok:
			for _, w := range strings.Fields(words) {
				e.add(event, lang, w)
			}
		}
	}
	for _, list := range e.stems {
		slices.SortFunc(list, func(a, b eventWord) int { return strings.Compare(a.written, b.written) })
	}
	return e
}

func (e *Events) add(event, lang, written string) {
	stem, open := strings.CutSuffix(written, "-")
	switch {
	case dense(lang):
		e.pieces[lang] = append(e.pieces[lang], eventWord{written, event})
	case open:
		e.stems[lang] = append(e.stems[lang], eventWord{Fold(stem), event})
	default:
		if e.words[lang] == nil {
			e.words[lang] = map[string]string{}
		}
		e.words[lang][Fold(written)] = event
	}
}

// Find returns the events that a text tells, each once, in no order that means anything. words are the text's, as
// [Words] returns them.
func (e *Events) Find(s string, words []string, lang string) []string {
	base := Base(lang)
	var out []string
	add := func(event string) {
		if !slices.Contains(out, event) {
			out = append(out, event)
		}
	}
	if dense(base) {
		for _, p := range e.pieces[base] {
			if strings.Contains(s, p.written) {
				add(p.event)
			}
		}
		return out
	}
	if e.words[base] == nil && e.stems[base] == nil {
		return nil
	}
	for _, w := range words {
		f := Fold(w)
		if event, ok := e.words[base][f]; ok {
			add(event)
		} else if event := begun(e.stems[base], f); event != "" {
			add(event)
		}
	}
	return out
}

// begun is the event of the longest eventWord that a word begins with; empty: none.
func begun(list []eventWord, word string) string {
	i, _ := slices.BinarySearchFunc(list, word, func(o eventWord, w string) int { return strings.Compare(o.written, w) })
	for ; i >= 0; i-- {
		if i < len(list) && strings.HasPrefix(word, list[i].written) {
			return list[i].event
		}
		if i < len(list) && list[i].written[:1] < word[:min(1, len(word))] {
			return ""
		}
	}
	return ""
}

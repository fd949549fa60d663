package digest

import (
	"embed"
	"strings"

	"tidings/digest/text"
)

//go:embed lexicon/*.txt
var lexiconFiles embed.FS

// The lexicon's sections that are no topics: what makes an article one about artificial intelligence, and
// what makes a headline one over many stories.
const (
	aboutAI = "ai"
	roundUp = "round-up"
)

// term is a word or several words in a row that speak for a topic.
type term struct {
	topic  string
	words  string   // as written in the lexicon, for the reasons
	key    string   // its stems: entries that share them are one term
	rest   []string // stems after the first
	exact  bool     // only the very word counts, not what shares its stem
	weight float64
}

// lexicon holds the terms of one language by the stem of their first word.
type lexicon map[string][]term

// token is a word of a text: its stem, and the word itself, folded.
type token struct{ stem, word string }

// lexicons reads the built-in lexicon of each language and adds the words and phrases of the topics.
func lexicons(topics []Topic) map[string]lexicon {
	all := map[string]lexicon{}
	for _, lang := range []string{"en", "it", "de", "fr", "es"} {
		l := lexicon{}
		if b, err := lexiconFiles.ReadFile("lexicon/" + lang + ".txt"); err == nil {
			l.read(string(b), lang)
		}
		all[lang] = l
	}
	for _, t := range topics {
		for _, own := range []map[string][]string{t.Words, t.Phrases} {
			for lang, list := range own {
				base := text.Base(lang)
				if all[base] == nil {
					all[base] = lexicon{}
				}
				for _, w := range list {
					all[base].add(t.ID, w, base, 2)
				}
			}
		}
	}
	return all
}

// read takes in a lexicon file; its form is told in lexicon/README.md.
func (l lexicon) read(file, lang string) {
	topic := ""
	for line := range strings.Lines(file) {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case strings.HasPrefix(line, "["):
			topic = strings.Trim(line, "[]")
		case strings.HasSuffix(line, "+"):
			l.add(topic, strings.TrimSpace(strings.TrimSuffix(line, "+")), lang, 2)
		default:
			l.add(topic, line, lang, 1)
		}
	}
}

func (l lexicon) add(topic, words, lang string, weight float64) {
	bare := strings.Trim(words, `"`)
	tokens := tokens(text.Words(bare), lang)
	if len(tokens) == 0 {
		return
	}
	t := term{topic: topic, words: bare, exact: len(tokens) == 1 && bare != words, weight: weight}
	for _, k := range tokens[1:] {
		t.rest = append(t.rest, k.stem)
	}
	t.key = strings.Join(append([]string{topic, tokens[0].stem}, t.rest...), " ")
	l[tokens[0].stem] = append(l[tokens[0].stem], t)
}

// find calls found for each term that stands in the list.
func (l lexicon) find(list []token, found func(term)) {
	for i, k := range list {
		for _, t := range l[k.stem] {
			if t.exact && text.Fold(t.words) != k.word {
				continue
			}
			if len(t.rest) < len(list)-i && equal(t.rest, list[i+1:i+1+len(t.rest)]) {
				found(t)
			}
		}
	}
}

func equal(stems []string, list []token) bool {
	for i := range stems {
		if stems[i] != list[i].stem {
			return false
		}
	}
	return true
}

func tokens(words []string, lang string) []token {
	out := make([]token, len(words))
	for i, w := range words {
		out[i] = token{text.Stem(w, lang), text.Fold(w)}
	}
	return out
}

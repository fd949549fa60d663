package text

import (
	"strings"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/dutch"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/french"
	"github.com/blevesearch/snowballstem/german"
	"github.com/blevesearch/snowballstem/italian"
	"github.com/blevesearch/snowballstem/portuguese"
	"github.com/blevesearch/snowballstem/spanish"
)

// Stem returns what a word's forms have in common, folded. A word with a digit is a name and only folded,
// and so is every word of a language without a stemmer here.
func Stem(word, lang string) string {
	stem := stemmer(Base(lang))
	if stem == nil || strings.ContainsAny(word, "0123456789") {
		return Fold(word)
	}
	env := snowballstem.NewEnv(strings.ToLower(word))
	stem(env)
	return Fold(env.Current())
}

func stemmer(base string) func(*snowballstem.Env) bool {
	switch base {
	case "en":
		return english.Stem
	case "it":
		return italian.Stem
	case "de":
		return german.Stem
	case "fr":
		return french.Stem
	case "es":
		return spanish.Stem
	case "pt":
		return portuguese.Stem
	case "nl":
		return dutch.Stem
	}
	return nil
}

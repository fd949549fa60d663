package digest

import (
	_ "embed"
	"math"
	"strconv"
	"strings"
)

// backgroundFile tells how often the trade's words stand in its news on any day; digest/learn/stories makes it.
//
//go:embed background.txt
var backgroundFile string

// background is how common words are on any day, to tell what is news today from what is always there.
type background struct {
	articles float64            // that it was counted in
	held     map[string]float64 // by the English stem, in how many of them it stands
	everyday map[string]bool    // stems of the lexicon in all languages: the trade's ordinary words
}

// How much the background counts beside the articles at hand: as much as so many others. Words of the lexicon
// stand in at least this share of them, in all languages; the table knows English alone.
const (
	behind        = 400
	everydayShare = 0.08
)

func newBackground(everyday map[string]bool) background {
	b := background{held: map[string]float64{}, everyday: everyday}
	for line := range strings.Lines(backgroundFile) {
		line, _, _ = strings.Cut(line, "#")
		word, count, ok := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.ParseFloat(count, 64); ok && err == nil {
			b.held[word] = n
			if word == "*" {
				b.articles = n
			}
		}
	}
	return b
}

// rate is the share of articles that hold a word on any day.
func (b *background) rate(stem string, english bool) float64 {
	share := 0.5 / (b.articles + 1)
	if n, ok := b.held[stem]; ok {
		share = (n + 0.5) / (b.articles + 1)
	}
	if !english && b.everyday[stem] {
		share = max(share, everydayShare)
	}
	return share
}

// rarity is the inverse document frequency of a word that stands in held of so many articles and has this rate
// in the background, which is counted with them.
func rarity(held, articles, rate float64) float64 {
	return math.Log((articles + behind + 1) / (held + behind*rate + 0.5))
}

// burst tells how much oftener a word stands in the articles of these days than on any others, as a logarithm;
// 0 when not.
func burst(held, articles, rate float64) float64 {
	return max(0, math.Log(held/(0.3+articles*rate)))
}

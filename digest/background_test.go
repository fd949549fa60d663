package digest

import (
	"strings"
	"testing"
)

// The table is one of stems, each once, and none stands in more articles than there were.
func TestBackgroundIsWellMade(t *testing.T) {
	b := newBackground(nil)
	if b.articles < 1000 {
		t.Fatalf("it was counted in %v articles", b.articles)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(backgroundFile) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		word, _, ok := strings.Cut(strings.TrimSpace(line), " ")
		if n := b.held[word]; !ok || seen[word] || n < 1 || n > b.articles {
			t.Errorf("%q: twice, or in %v articles", line, n)
		}
		seen[word] = true
	}
}

func TestRate(t *testing.T) {
	b := newBackground(map[string]bool{"milliard": true, "model": true})
	rates := []struct {
		stem    string
		english bool
	}{{"kestrel", true}, {"milliard", true}, {"startup", true}, {"milliard", false}, {"ai", true}} // rising
	last := 0.0
	for _, r := range rates {
		got := b.rate(r.stem, r.english)
		if got < last || got <= 0 || got > 1 {
			t.Errorf("%s: %v after %v", r.stem, got, last)
		}
		last = got
	}
	if got := b.rate("milliard", false); got < everydayShare {
		t.Errorf("an everyday word of another language stands in %v of the articles", got)
	}
	if b.rate("milliard", true) != b.rate("kestrel", true) {
		t.Error("in English the table alone tells what is everyday")
	}
	if bare := (&background{}).rate("ai", true); bare <= 0 || bare > 1 {
		t.Errorf("without a table: %v", bare)
	}
}

// What is rare here and anywhere weighs most, and it is a burst only where it is told oftener than ever.
func TestRarityAndBurst(t *testing.T) {
	falling := []float64{rarity(1, 100, 0.0001), rarity(5, 100, 0.0001), rarity(5, 100, 0.05), rarity(50, 100, 0.05), rarity(100, 100, 0.5)}
	for i, r := range falling {
		if r <= 0 || i > 0 && r >= falling[i-1] {
			t.Errorf("%v is not falling", falling)
		}
	}
	for _, c := range []struct {
		held, articles, rate float64
		is                   bool
	}{
		{0, 100, 0.01, false}, {1, 100, 0.01, false}, {10, 100, 0.1, false}, {100, 100, 0.5, true}, {10, 100, 0.001, true}, {1, 1, 0.0001, true}, {100, 1000, 0.1, false},
	} {
		if got := burst(c.held, c.articles, c.rate); got > 0.5 != c.is || got < 0 {
			t.Errorf("%v of %v at a rate of %v: %v", c.held, c.articles, c.rate, got)
		}
	}
}

// What is told on all days is no burst on any, though no table knows it; what is told of a sudden is.
func TestOtherDaysAreABackground(t *testing.T) {
	p := &pairing{docs: make([]*reading, 1000), holders: [][]int32{make([]int32, 100), make([]int32, 10)}}
	always, sudden := p.elsewhere(0, 10, 100), p.elsewhere(1, 10, 100)
	if burst(10, 100, always) > 0.5 || burst(10, 100, sudden) < 2 {
		t.Errorf("bursts of %v and %v", burst(10, 100, always), burst(10, 100, sudden))
	}
}

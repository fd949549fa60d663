package feed

import (
	"strings"
	"testing"
)

// TestSalvaged bounds the work that a feed can ask for which has to be read item by item: with each goes its head.
func TestSalvaged(t *testing.T) {
	item := "<item><title>A headline</title></item>"
	for head, want := range map[int]int{0: maxItems, 1 << 20: maxSalvage/(1<<20) - 1, maxSalvage: 0} {
		m, err := mend("<rss><channel><title>" + strings.Repeat("x", head) + "</title>" + strings.Repeat(item, maxItems+1) + "</channel></rss>")
		if err != nil || len(m.items) != maxItems+1 {
			t.Fatal(len(m.items), err)
		}
		if got := len(m.salvaged()); got != want {
			t.Errorf("behind a head of %d bytes %d items are tried, want %d", head, got, want)
		}
	}
	if m, err := mend("<rss></rss>"); err != nil || len(m.salvaged()) != 0 {
		t.Error("nothing to salvage, and yet", m.salvaged(), err)
	}
}

// TestMaxMarkup reads no more of a feed than any honest one has, and of that all.
func TestMaxMarkup(t *testing.T) {
	item := "<item><title>A headline</title></item>"
	articles, err := Parse(Document{Body: []byte("<rss><channel>" + item + strings.Repeat("<x:y/>", 3*maxMarkup) + item + "</channel></rss>")})
	if err != nil || len(articles) != 1 || articles[0].Title != "A headline" {
		t.Error(len(articles), err)
	}
}

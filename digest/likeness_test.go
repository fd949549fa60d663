package digest_test

import (
	"os"
	"strings"
	"testing"

	"tidings/digest"
)

func TestLikenessReadsWhatItWrites(t *testing.T) {
	file, err := os.ReadFile("likeness.txt")
	if err != nil {
		t.Fatal(err)
	}
	l, err := digest.NewLikeness(string(file))
	if err != nil {
		t.Fatal(err)
	}
	again, err := digest.NewLikeness(l.String())
	if err != nil || again != l {
		t.Errorf("%v, and other weights than before: %v, %v", err, l, again)
	}
	for f, w := range l {
		if w*float64(digest.Feature(f).Sign()) < 0 {
			t.Errorf("%s speaks against its sense: %v", digest.Feature(f), w)
		}
	}
}

func TestLikenessRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, file := range []string{"no such thing: 1", "texts cosine: much", "texts cosine:"} {
		if _, err := digest.NewLikeness(file); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%q: %v", file, err)
		}
	}
}

// Embeddings are one more voice: they join what words alone leave undecided, and never what shares no word.
func TestMeaningIsNeverAlone(t *testing.T) {
	articles := []digest.Article{
		{ID: "a", Lang: "en", Feed: "a", Published: at(0), Title: "Kestrel workers walk out over voice cloning"},
		{ID: "b", Lang: "en", Feed: "b", Published: at(1), Title: "Staff strike at Kestrel"},
		{ID: "c", Lang: "en", Feed: "c", Published: at(2), Title: "Dubbing stops"},
	}
	same := map[string][]float32{"a": {1, 0}, "b": {1, 0}, "c": {1, 0}}
	if n := len(digest.Group(articles, digest.Grouping{})); n != 3 {
		t.Fatalf("%d stories without embeddings", n)
	}
	stories := digest.Group(articles, digest.Grouping{Vectors: same})
	if len(stories) != 2 || len(stories[0].Others) != 1 || stories[1].Lead.ID != "c" {
		t.Errorf("%d stories with embeddings: %v", len(stories), stories)
	}
	for _, odd := range []map[string][]float32{{"a": {1, 0}}, {"a": {1}, "b": {1, 0}}, {"a": {0, 0}, "b": {0, 0}}} {
		if n := len(digest.Group(articles, digest.Grouping{Vectors: odd})); n != 3 {
			t.Errorf("%v: %d stories", odd, n)
		}
	}
}

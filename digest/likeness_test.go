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

// A pair is compared in one of three ways, and the features of the others are 0; what is found is told for every pair.
func TestFeatures(t *testing.T) {
	const long = " The company said so on Monday in a statement that was read by many people who follow the trade."
	articles := []digest.Article{
		{ID: "en", Lang: "en", Feed: "a", Published: at(0), Title: "Nordwind buys Kestrel Silicon for $2.4 billion"},
		{ID: "again", Lang: "en", Feed: "a", Published: at(24), Title: "Kestrel Silicon goes to Nordwind for $2.4 billion"},
		{ID: "less", Lang: "en", Feed: "b", Published: at(1), Title: "Nordwind buys Kestrel Silicon for $900 million"},
		{ID: "de", Lang: "de", Feed: "c", Published: at(2), Title: "Nordwind kauft Kestrel Silicon für 2,4 Milliarden Dollar"},
		{ID: "text", Lang: "en", Feed: "d", Published: at(3), Title: "Kestrel Silicon changes hands", Text: "Nordwind pays $2.4 billion for Kestrel Silicon." + long},
		{ID: "texts", Lang: "en", Feed: "e", Published: at(3), Title: "Nordwind buys a chip maker", Text: "Kestrel Silicon is worth $2.4 billion to Nordwind." + long},
	}
	ways := []digest.Feature{digest.Titles, digest.Texts, digest.Across, digest.Meaning}
	found := map[digest.Pair]digest.Features{}
	for pair, f := range digest.Pairs(articles, digest.Grouping{}) {
		found[pair] = f
		used := 0
		for i, way := range ways[:3] {
			for at := way; at < ways[i+1]; at++ {
				if f[at] != 0 && f[way] != 1 {
					t.Errorf("%v: %v of another way", pair, at)
				}
			}
			used += int(f[way])
		}
		if used != 1 {
			t.Errorf("%v is compared in %d ways", pair, used)
		}
	}
	for _, c := range []struct {
		a, b string
		of   digest.Feature
		want float64
	}{
		{"en", "again", digest.Titles, 1}, {"en", "again", digest.TitlesSource, 1}, {"en", "again", digest.TitlesDays, 1}, {"en", "again", digest.TitlesNumbers, 1},
		{"en", "less", digest.TitlesNumbers, -1}, {"en", "less", digest.TitlesSource, 0},
		{"en", "de", digest.Across, 1}, {"en", "de", digest.AcrossNumbers, 1}, {"less", "de", digest.AcrossNumbers, -1},
		{"en", "text", digest.Titles, 1}, {"text", "texts", digest.Texts, 1}, {"text", "texts", digest.TextsDays, 0}, {"text", "texts", digest.TextsNumbers, 1},
	} {
		f, ok := found[digest.Pair{A: c.a, B: c.b}]
		if !ok || f[c.of] != c.want {
			t.Errorf("%s and %s: %v is %v, not %v", c.a, c.b, c.of, f[c.of], c.want)
		}
	}
}

// A probability is one, and says more for a pair the more it shares.
func TestProbability(t *testing.T) {
	var l digest.Likeness
	l[digest.Texts], l[digest.TextsCosine] = -4, 8
	last := 0.0
	for _, cosine := range []float64{0, 0.25, 0.5, 1} {
		f := digest.Features{digest.Texts: 1, digest.TextsCosine: cosine}
		p := l.Probability(&f)
		if p <= last || p >= 1 {
			t.Errorf("a cosine of %v gives %v after %v", cosine, p, last)
		}
		last = p
	}
	if f := (digest.Features{digest.Texts: 1, digest.TextsCosine: 0.5}); l.Probability(&f) != 0.5 {
		t.Errorf("even odds are %v", l.Probability(&f))
	}
}

// Each link of a story is told with the words that are shared and the features that spoke most for it.
func TestLinksAreExplained(t *testing.T) {
	stories := digest.Group([]digest.Article{
		{ID: "a", Lang: "en", Feed: "herald", Published: at(0), Title: "Nordwind buys Kestrel Silicon for $2.4 billion"},
		{ID: "b", Lang: "de", Feed: "zeitung", Published: at(1), Title: "Nordwind kauft Kestrel Silicon für 2,4 Milliarden Dollar"},
	}, digest.Grouping{})
	if len(stories) != 1 || len(stories[0].Reasons) == 0 {
		t.Fatalf("%d stories: %v", len(stories), stories)
	}
	r := stories[0].Reasons[0]
	for _, said := range []string{"a ~ b", "kestrel", "nordwind", "2.4 billion", "(across "} {
		if r.Part != "linked" || !strings.Contains(r.Detail, said) {
			t.Errorf("%q does not tell %q", r.Detail, said)
		}
	}
	for f := range digest.Feature(len(digest.Features{})) {
		if f.String() == "" || f.Tells() == "" {
			t.Errorf("feature %d has no name or no meaning", f)
		}
	}
}

func FuzzNewLikeness(f *testing.F) {
	f.Add("texts cosine: 1.5 # of words\n")
	f.Add("# nothing\n\n:\ntexts: NaN")
	f.Fuzz(func(t *testing.T, file string) {
		l, err := digest.NewLikeness(file)
		if err == nil {
			var feature digest.Features
			_ = l.Probability(&feature)
		}
	})
}

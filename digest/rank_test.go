package digest_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/digest"
	"tidings/digest/text"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// about makes a story of one article by a source of its own.
func about(id, topic, title string, hours int, names ...text.Name) digest.Story {
	feed := "https://" + id + ".example/feed"
	return digest.Story{
		ID: id, Topic: topic, Relevance: 1, Names: names,
		Lead: digest.Article{ID: id, Title: title, Lang: "en", Feed: feed, URL: "https://" + id + ".example/1", Published: noon.Add(time.Duration(-hours) * time.Hour)},
	}
}

func ids(stories []digest.Story) string {
	var out []string
	for _, s := range stories {
		out = append(out, s.ID)
	}
	return strings.Join(out, " ")
}

// Of stories that share two rare names the best keeps its score; the others come later, and say why.
func TestSameness(t *testing.T) {
	stories := []digest.Story{
		about("hearing", "policy", "Senators hear Ada Morrow on the outage of the chatbot Pelican", 1),
		about("lawsuit", "policy", "A clinic in Oslo sues Ada Morrow over the chatbot Pelican", 2),
		about("again", "policy", "Why the chatbot Pelican and Ada Morrow part ways", 3),
		about("rules", "policy", "Parliament votes for rules on generative AI at school", 6),
	}
	ranked := digest.Rank(stories, digest.Digest{Lang: "en"}, noon)
	if got := ids(ranked); got != "hearing rules lawsuit again" {
		t.Error(got)
	}
	last := ranked[2].Reasons[len(ranked[2].Reasons)-1]
	want := digest.Reason{Part: "sameness", Value: -0.05, Detail: `ada morrow, pelican, as in "Senators hear Ada Morrow on the outage of the chatbot Pelican"`}
	if diff := cmp.Diff(want, last); diff != "" {
		t.Error(diff)
	}
	addsUp(t, digest.Edition{Brief: ranked})
	if len(stories[1].Reasons) > 0 {
		t.Error("ranking writes into the stories that it is given")
	}
	with := digest.Weights{Sources: 0.4, Weight: 0.2, Recency: 0.15, Depth: 0.05}
	if got := ids(digest.Rank(stories, digest.Digest{Lang: "en", Weights: with}, noon)); got != "hearing lawsuit again rules" {
		t.Error("without a weight on sameness:", got)
	}
}

// Copies, a party's own word and aggregators are no independent sources, nor are two feeds of one owner.
func TestIndependentSources(t *testing.T) {
	s := about("a", "policy", "A court rules on chatbots", 1)
	d := digest.Digest{Lang: "en", Sources: []digest.Source{
		{URL: s.Lead.Feed, Owner: "House"}, {URL: "https://same.example/feed", Owner: "house"}, {URL: "https://first.example/feed", First: true},
		{URL: "https://links.example/feed", Aggregator: true}, {URL: "https://copy.example/feed"}, {URL: "https://other.example/feed"},
	}}
	for _, id := range []string{"same", "first", "links", "copy", "other"} {
		s.Others = append(s.Others, about(id, "", "A court rules on chatbots", 2).Lead)
	}
	s.Copies = []string{"copy"}
	got := digest.Rank([]digest.Story{s}, d, noon)[0]
	if got.Sources != 2 || got.Primary != "first" {
		t.Errorf("%d sources, primary %q", got.Sources, got.Primary)
	}
	var order []string
	for _, a := range got.Articles() {
		order = append(order, a.ID)
	}
	if told := strings.Join(order, " "); told != "other same a copy first links" && told != "same other a copy first links" {
		t.Error(told)
	}
}

// One company may have more than half of two sections; in the third its weakest stories make room.
func TestCompanies(t *testing.T) {
	meta := text.Name{Name: "Llama 4", Kind: text.Model, Maker: "Meta"}
	other := text.Name{Name: "Mistral", Kind: text.Organisation}
	var stories []digest.Story
	for i, topic := range []string{"models", "products", "research"} {
		for n := range 3 {
			stories = append(stories, about(fmt.Sprint(topic, n), topic, "Something of a model", 3*i+n, meta))
		}
		stories = append(stories, about(topic+"-other", topic, "Something of another", 20, other))
	}
	d := digest.Digest{Name: "daily", Lang: "en", Topics: topics(), Location: time.UTC, Layout: digest.Layout{PerSource: 9, Floor: -1}}
	told := func(d digest.Digest) string {
		var b strings.Builder
		e := digest.Compose(digest.Rank(stories, d, noon), d, digest.Slot{Digest: "daily", At: noon})
		for _, s := range e.Sections {
			fmt.Fprintf(&b, "%s: %s\n", s.Topic, ids(s.Stories))
		}
		fmt.Fprintf(&b, "brief: %s\n", ids(e.Brief))
		for _, l := range e.Left {
			fmt.Fprintf(&b, "left: %s: %s\n", l.Story, l.Why)
		}
		return b.String()
	}
	want := `models: models1 models2 models-other
products: products0 products1 products2 products-other
research: research0 research-other
brief: research1 research2
`
	if diff := cmp.Diff(want, told(d)); diff != "" {
		t.Error(diff)
	}
	d.Layout.Companies, d.Layout.Brief = -1, -1
	want = `models: models1 models-other
products: products0 products-other
research: research0 research-other
brief: 
left: models2: Meta has more than half of 0 other sections; there is no brief
left: products1: Meta has more than half of 0 other sections; there is no brief
left: products2: Meta has more than half of 0 other sections; there is no brief
left: research1: Meta has more than half of 0 other sections; there is no brief
left: research2: Meta has more than half of 0 other sections; there is no brief
`
	if diff := cmp.Diff(want, told(d)); diff != "" {
		t.Error(diff)
	}
}

func TestBoosts(t *testing.T) {
	s := about("a", "policy", "Una legge sul Diritto d'autore", 1, text.Name{Name: "Mistral", Kind: text.Organisation})
	s.Tags = []string{"business"}
	base := digest.Rank([]digest.Story{s}, digest.Digest{}, noon)[0].Score
	for _, c := range []struct {
		boost digest.Boost
		fits  bool
	}{
		{digest.Boost{Words: []string{"nothing", "diritto d'autore"}, By: 0.1}, true},
		{digest.Boost{Words: []string{"autori"}, By: 0.1}, false},
		{digest.Boost{Topics: []string{"business"}, By: -0.1}, true},
		{digest.Boost{Names: []string{"mistral"}, By: 0.1}, true},
		{digest.Boost{Names: []string{"Meta"}, Words: []string{" "}, By: 0.1}, false},
	} {
		got := digest.Rank([]digest.Story{s}, digest.Digest{Boosts: []digest.Boost{c.boost}}, noon)[0].Score - base
		if want := c.boost.By; c.fits && (got-want > 1e-9 || want-got > 1e-9) || !c.fits && got != 0 {
			t.Errorf("%+v adds %v", c.boost, got)
		}
	}
}

// talk is what readers elsewhere say.
type talk map[string]int

func (p talk) Points(_ context.Context, urls []string) map[string]int {
	out := map[string]int{}
	for _, u := range urls {
		if p[u] > 0 {
			out[u] = p[u]
		}
	}
	return out
}

// Discussions count where a digest weighs them, and are not asked for elsewhere.
func TestDiscussion(t *testing.T) {
	m := &memory{printed: map[string]bool{}}
	for _, s := range []digest.Story{
		about("quiet", "models", "Language model learns the tides of Brest", 1), about("loud", "models", "Chatbot for bakers opens in Vienna", 1),
	} {
		m.articles = append(m.articles, s.Lead)
	}
	p := digest.Press{Feeds: still{}, Archive: m, Discussion: talk{"https://loud.example/1": 300}}
	d := digest.Digest{Name: "daily", Lang: "en", Topics: topics(), Location: time.UTC}
	for weight, want := range map[float64]string{0: "", 0.1: "discussion +0.09 300 points"} {
		d.Weights = digest.Weights{Sources: 0.4, Weight: 0.2, Recency: 0.15, Discussion: weight}
		e, err := p.Draft(t.Context(), d, digest.Slot{Digest: "daily", At: noon}, noon)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, r := range e.Lead.Reasons {
			if r.Part == "discussion" {
				got = fmt.Sprintf("%s %+.2f %s", r.Part, r.Value, r.Detail)
			}
		}
		if got != want {
			t.Errorf("with a weight of %v: %q, of %s", weight, got, e.Lead.ID)
		}
		addsUp(t, e)
	}
}

// An editor sees whose weight is not everybody's.
func TestWhoWeighs(t *testing.T) {
	s := digest.Story{ID: "s", Lead: digest.Article{ID: "a", Title: "A chip is sold", Lang: "en", Feed: "https://a.example/", Source: digest.Origin{Title: "Herald"}}}
	for i, name := range []string{"Courier", "Gazette"} {
		s.Others = append(s.Others, digest.Article{ID: name, Title: "A chip is sold", Lang: "en", Feed: fmt.Sprintf("https://%d.example/", i), Source: digest.Origin{Title: name}})
	}
	d := digest.Digest{Lang: "en", Location: time.UTC, Sources: []digest.Source{{URL: "https://a.example/", Weight: 1.5}, {URL: "https://0.example/", Weight: 0.5}}}
	reasons := digest.Rank([]digest.Story{s}, d, noon)[0].Reasons
	if !slices.ContainsFunc(reasons, func(r digest.Reason) bool { return r.Detail == "mean 1.00, Herald 1.5, Courier 0.5" }) {
		t.Error(reasons)
	}
}

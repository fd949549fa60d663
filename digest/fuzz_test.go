package digest_test

import (
	"encoding/json"
	"math"
	"math/rand"
	"slices"
	"testing"
	"time"

	"tidings/digest"
)

// Whatever an article says, it is filed under a topic of the digest or none, with a relevance that is a share.
func FuzzFile(f *testing.F) {
	for _, s := range []string{"OpenAI raises $6.6bn", "谷歌发布Gemini 3.5", "", "\xff\xfe", "🤖🤖", "AI AI AI AI AI", "Garante multa il chatbot", "\u202eever"} {
		f.Add(s, "", "en", "")
		f.Add(s, s, "zh", "press.example")
		f.Add("", s, "", s)
	}
	filer := digest.NewFiler(topics())
	f.Fuzz(func(t *testing.T, title, body, lang, source string) {
		a := digest.Article{Title: title, Text: body, Lang: lang, Feed: source, Summary: source}
		got := filer.File(a)
		known := func(id string) bool {
			return slices.ContainsFunc(topics(), func(t digest.Topic) bool { return t.ID == id })
		}
		if got.Topic != "" && !known(got.Topic) || slices.Contains(got.Tags, got.Topic) && got.Topic != "" || slices.ContainsFunc(got.Tags, func(id string) bool { return !known(id) }) {
			t.Errorf("%q: filed under %q, tagged %q", title, got.Topic, got.Tags)
		}
		if math.IsNaN(got.Relevance) || got.Relevance < 0 || got.Relevance > 1 {
			t.Errorf("%q: a relevance of %v", title, got.Relevance)
		}
	})
}

// Whatever articles come, each is in one story, and the stories are the same in any order.
func FuzzGroup(f *testing.F) {
	for _, s := range []string{
		`[{"id":"a","title":"Nordwind buys Kestrel","lang":"en"},{"id":"b","title":"Nordwind kauft Kestrel","lang":"de"}]`,
		`[{"id":"a","title":"One","published":"1970-01-01T00:00:00Z"},{"id":"b","title":"One","published":"2099-12-31T00:00:00Z"},{"id":"c","title":"One"}]`,
		`[{"id":"a","url":"https://a.example/1","title":"x"},{"id":"b","url":"https://a.example/1","title":"y"}]`,
		`[{"id":"a","title":"Part 1: 2,4 Mrd."},{"id":"b","title":"Part 2: 2.4 billion","text":"2.4 billion and so on and on and on and on"}]`,
		`[{"id":"","title":""},{"id":"x","title":"\ud800"},{"id":"y","title":"开源"},{"id":"z","title":"オープン"}]`, `[]`, `null`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var articles []digest.Article
		if json.Unmarshal(data, &articles) != nil || len(articles) > 40 {
			t.Skip()
		}
		ids := map[string]bool{}
		for _, a := range articles {
			if ids[a.ID] || a.Published.Year() < 1 || a.Published.After(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)) {
				t.Skip()
			}
			ids[a.ID] = true
		}
		of := storyOf(articles)
		if len(of) != len(articles) {
			t.Fatalf("of %d articles, %d are in stories", len(articles), len(of))
		}
		rand.New(rand.NewSource(1)).Shuffle(len(articles), func(i, j int) { articles[i], articles[j] = articles[j], articles[i] })
		for id, story := range storyOf(articles) {
			if of[id] != story {
				t.Errorf("%q is in %s or, in another order, in %s", id, of[id], story)
			}
		}
	})
}

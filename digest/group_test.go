package digest_test

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"tidings/digest"
)

// at is a time on the day of these tests.
func at(hours int) time.Time {
	return time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC).Add(time.Duration(hours) * time.Hour)
}

// together groups articles and returns the ids of each story's members in order, the stories by their first.
func together(t *testing.T, articles []digest.Article) [][]string {
	t.Helper()
	var out [][]string
	n := 0
	for _, s := range digest.Group(articles, digest.Grouping{Topics: topics()}) {
		var ids []string
		for _, a := range s.Articles() {
			ids = append(ids, a.ID)
		}
		slices.Sort(ids)
		out = append(out, ids)
		n += len(ids)
	}
	if n != len(articles) {
		t.Fatalf("%d articles went in and %d came out", len(articles), n)
	}
	slices.SortFunc(out, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	return out
}

// What nobody would write comes in all the same, and each stays by itself.
func TestGroupBearsWhateverComes(t *testing.T) {
	strange := []string{
		"", " ", "\x00", "…", "🚀🚀🚀", "🚀 🔥", "שלום עולם והמודל החדש", "نموذج لغوي جديد من الشركة", "\xff\xfe broken \xc3", "日本語のAIモデルを公開",
		strings.Repeat("word ", 20_000), strings.Repeat("x", 100_000), "Модель и chatbot и 模型 together", "\u202eright to left\u202c", "a", "GPT-", "-5", "$", "$$$ raises $", "Part", "sues by",
	}
	var articles []digest.Article
	for i, title := range strange {
		for j, when := range []time.Time{{}, time.Unix(0, 0), time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC), at(i)} {
			articles = append(articles, digest.Article{ID: fmt.Sprintf("%02d-%d", i, j), Title: title, Feed: fmt.Sprint(j), Published: when})
		}
	}
	got := together(t, articles)
	for _, story := range got {
		for _, id := range story {
			if id[:2] != story[0][:2] {
				t.Errorf("%v are one story", story)
			}
		}
	}
	rand.New(rand.NewSource(1)).Shuffle(len(articles), func(i, j int) { articles[i], articles[j] = articles[j], articles[i] })
	if again := together(t, articles); fmt.Sprint(got) != fmt.Sprint(again) {
		t.Errorf("another order gives other stories:\n%v\n%v", got, again)
	}
}

// A flood of one article is one story, with or without dates, and costs no more than its number.
func TestGroupFlood(t *testing.T) {
	for _, dated := range []bool{true, false} {
		var articles []digest.Article
		for i := range 10_000 {
			a := digest.Article{ID: fmt.Sprint(i), Title: "Lumen AI releases Aster 3 with a longer memory", Feed: fmt.Sprint("feed ", i), Lang: "en",
				Text: "Lumen AI released Aster 3 on Sunday. The language model remembers two million tokens, and the company sells it for half the price of the last."}
			if dated {
				a.Published = at(i % 48)
			}
			articles = append(articles, a)
		}
		stories := digest.Group(articles, digest.Grouping{Topics: topics()})
		if len(stories) != 1 || len(stories[0].Copies) != 9_999 {
			t.Errorf("dated %v: %d stories, %d copies", dated, len(stories), len(stories[0].Copies))
		}
	}
}

// A flood of titles that differ by a number finishes too.
func TestGroupFloodOfVariants(t *testing.T) {
	var articles []digest.Article
	for i := range 5_000 {
		articles = append(articles, digest.Article{ID: fmt.Sprintf("%04d", i), Title: fmt.Sprintf("Discount number %d on all robots today", i), Lang: "en", Feed: "shop", Published: at(0)})
	}
	together(t, articles)
}

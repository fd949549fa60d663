package digest_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"tidings/digest"
)

// fewFalse is how many pairs of stories may be made one that are two.
const fewFalse = 1

// reports reads testdata/languages.tsv, and the story of each article by its id: the story and the language.
func reports(t *testing.T, withText bool) ([]digest.Article, map[string]string) {
	t.Helper()
	var out []digest.Article
	want := map[string]string{}
	for _, row := range readTable(t, "testdata/languages.tsv", 6) {
		at, err := time.Parse("2006-01-02T15:04Z07:00", row[3])
		if err != nil {
			t.Fatal(err)
		}
		a := digest.Article{ID: row[0] + "-" + row[1], Lang: row[1], Feed: row[2] + ".example", Published: at, Title: row[4]}
		if withText {
			a.Text = row[5]
		}
		out, want[a.ID] = append(out, a), row[0]
	}
	return out, want
}

// What seven languages tell of one event has nothing in common but the event. The figures are told in all and for
// each two languages, and stories that are wrongly one by their ids.
func TestStoriesOfSevenLanguages(t *testing.T) {
	for _, c := range []struct {
		name      string
		text      bool
		b3, pairs float64 // the least F1
	}{
		{"texts", true, 0.95, 0.93},
		{"headlines", false, 0.87, 0.80},
	} {
		t.Run(c.name, func(t *testing.T) {
			articles, want := reports(t, c.text)
			got := storyOf(articles)
			b3, pairs := agreement(want, got)
			t.Logf("%d articles: B³ %v; pairs %v", len(articles), b3, pairs)
			tellPairs(t, articles, want, got)
			wrong := mistaken(articles, want, got)
			t.Logf("%d stories are wrongly one: %s", len(wrong), strings.Join(wrong, ", "))
			if b3.f1() < c.b3 || pairs.f1() < c.pairs || len(wrong) > fewFalse {
				t.Errorf("B³ %.3f of %.3f, pairs %.3f of %.3f, %d false of %d", b3.f1(), c.b3, pairs.f1(), c.pairs, len(wrong), fewFalse)
			}
		})
	}
}

// tellPairs tells for each two languages how many of the pairs that belong together are.
func tellPairs(t *testing.T, articles []digest.Article, want, got map[string]string) {
	t.Helper()
	found, all := map[string]int{}, map[string]int{}
	for i, a := range articles {
		for _, b := range articles[:i] {
			if want[a.ID] != want[b.ID] {
				continue
			}
			langs := min(a.Lang, b.Lang) + "-" + max(a.Lang, b.Lang)
			all[langs]++
			if got[a.ID] == got[b.ID] {
				found[langs]++
			}
		}
	}
	var told []string
	for _, langs := range slices.Sorted(maps.Keys(all)) {
		told = append(told, fmt.Sprintf("%s %d of %d, %.2f", langs, found[langs], all[langs], float64(found[langs])/float64(all[langs])))
	}
	t.Logf("found together:\n%s", strings.Join(told, "\n"))
}

// mistaken lists one pair of articles for each two stories that were made one.
func mistaken(articles []digest.Article, want, got map[string]string) []string {
	var out []string
	seen := map[[2]string]bool{}
	for i, a := range articles {
		for _, b := range articles[:i] {
			two := [2]string{min(want[a.ID], want[b.ID]), max(want[a.ID], want[b.ID])}
			if want[a.ID] != want[b.ID] && got[a.ID] == got[b.ID] && !seen[two] {
				seen[two] = true
				out = append(out, b.ID+" and "+a.ID)
			}
		}
	}
	return out
}

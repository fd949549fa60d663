package digest_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"tidings/digest"
)

var update = flag.Bool("update", false, "write what comes out as what is wanted")

// A day is a file of articles and the edition that is wanted of them. Its comment may hold settings, one a
// line: at, lang, stories, per_section, per_source, companies, brief, floor, brief_floor, lasting; and, with the
// names of sources, first, aggregator, on_topic. An article begins with "field: value" lines; its text follows
// after an empty one.
type day struct {
	digest   digest.Digest
	at       time.Time
	articles []digest.Article
	archive  *txtar.Archive
	first    string // names of sources, as in what follows
	passed   string
	about    string
}

func topics() []digest.Topic {
	var out []digest.Topic
	for _, id := range []string{"models", "products", "research", "open-source", "business", "people", "policy", "chips", "safety", "society"} {
		out = append(out, digest.Topic{ID: id, Name: map[string]string{"en": id}})
	}
	return out
}

func readDay(t *testing.T, path string) day {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d := day{
		digest:  digest.Digest{Name: "daily", Title: "AI Daily", Lang: "en", Topics: topics(), Location: time.UTC},
		at:      time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC),
		archive: archive,
	}
	d.settings(t, archive.Comment)
	for _, f := range archive.Files {
		if f.Name != "want" {
			d.add(readArticle(t, f))
		}
	}
	return d
}

// add puts an article and its source into the day.
func (d *day) add(a digest.Article) {
	d.articles = append(d.articles, a)
	if slices.ContainsFunc(d.digest.Sources, func(s digest.Source) bool { return s.URL == a.Feed }) {
		return
	}
	is := func(names string) bool { return slices.Contains(strings.Fields(names), a.Source.Title) }
	d.digest.Sources = append(d.digest.Sources, digest.Source{
		URL: a.Feed, First: strings.Contains(a.Feed, "first") || is(d.first), Aggregator: is(d.passed), OnTopic: is(d.about),
	})
}

// settings reads lines of "key: value"; others are remarks.
func (d *day) settings(t *testing.T, lines []byte) {
	t.Helper()
	for _, line := range strings.Split(string(lines), "\n") {
		if key, value, ok := strings.Cut(line, ": "); ok {
			d.set(t, key, value)
		}
	}
}

func (d *day) set(t *testing.T, key, value string) {
	t.Helper()
	var err error
	scan := func(into any) { _, err = fmt.Sscan(value, into) }
	switch key {
	case "at":
		d.at, err = time.Parse(time.RFC3339, value)
	case "lang":
		d.digest.Lang = value
	case "stories":
		scan(&d.digest.Layout.Stories)
	case "per_section":
		scan(&d.digest.Layout.PerSection)
	case "per_source":
		scan(&d.digest.Layout.PerSource)
	case "companies":
		scan(&d.digest.Layout.Companies)
	case "brief":
		scan(&d.digest.Layout.Brief)
	case "floor":
		scan(&d.digest.Layout.Floor)
	case "brief_floor":
		scan(&d.digest.Layout.BriefFloor)
	case "lasting":
		d.digest.Weights = digest.Weights{Sources: 0.4, Weight: 0.2, Recency: 0.1, Depth: 0.05, Sameness: 0.05}
		scan(&d.digest.Weights.Lasting)
	case "boost":
		by, words, _ := strings.Cut(value, " ")
		b := digest.Boost{Words: []string{words}}
		_, err = fmt.Sscan(by, &b.By)
		d.digest.Boosts = append(d.digest.Boosts, b)
	case "first":
		d.first = value
	case "aggregator":
		d.passed = value
	case "on_topic":
		d.about = value
	}
	if err != nil {
		t.Fatalf("%s: %v", key, err)
	}
}

func readArticle(t *testing.T, f txtar.File) digest.Article {
	t.Helper()
	head, body, _ := strings.Cut(string(f.Data), "\n\n")
	a := digest.Article{ID: f.Name, Text: strings.TrimSpace(body), Lang: "en"}
	for _, line := range strings.Split(strings.TrimSpace(head), "\n") {
		key, value, _ := strings.Cut(line, ": ")
		var err error
		switch key {
		case "title":
			a.Title = value
		case "url":
			a.URL = value
		case "lang":
			a.Lang = value
		case "summary":
			a.Summary = value
		case "source":
			a.Feed, a.Source.Title = "https://"+value+".example/feed", value
			if value == "hand" {
				a.Feed = digest.ByHand
			}
		case "published":
			a.Published, err = time.Parse(time.RFC3339, value)
		default:
			err = errors.New("unknown field")
		}
		if err != nil {
			t.Fatalf("%s: %q: %v", f.Name, line, err)
		}
	}
	return a
}

func (d day) edition(articles []digest.Article) digest.Edition {
	stories := digest.Rank(digest.Group(articles, digest.Grouping{Topics: d.digest.Topics}), d.digest, d.at)
	return digest.Compose(stories, d.digest, digest.Slot{Digest: "daily", At: d.at})
}

// told writes an edition the way an editor would jot it down.
func told(e digest.Edition) string {
	var b strings.Builder
	story := func(s digest.Story) {
		fmt.Fprintf(&b, "%s (%s) %.2f, %d independent %v\n", s.Lead.ID, s.Topic, s.Score, s.Sources, s.Tags)
		if s.Single {
			b.WriteString("  a single source\n")
		}
		if s.Primary != "" {
			fmt.Fprintf(&b, "  primary %s\n", s.Primary)
		}
		if u := s.Update; u != nil {
			fmt.Fprintf(&b, "  update of %s, first told on %s, new: %s\n", u.Edition, u.First.Format(time.DateOnly), strings.Join(u.New, ", "))
		}
		for _, o := range s.Others {
			fmt.Fprintf(&b, "  also %s\n", o.ID)
		}
		if o := s.Decided; o != nil && o.Title != "" {
			fmt.Fprintf(&b, "  headline %q\n", o.Title)
		}
		if o := s.Decided; o != nil && len(o.Summary) > 0 {
			fmt.Fprintf(&b, "  instead %q\n", o.Summary)
		}
		for _, one := range s.Summary {
			fmt.Fprintf(&b, "  %q\n", one)
		}
		for _, r := range s.Reasons {
			fmt.Fprintf(&b, "  %s %+.2f %s\n", r.Part, r.Value, r.Detail)
		}
	}
	if e.Lead != nil {
		b.WriteString("# lead\n")
		story(*e.Lead)
	}
	for _, section := range e.Sections {
		fmt.Fprintf(&b, "# %s\n", section.Topic)
		for _, s := range section.Stories {
			story(s)
		}
	}
	if len(e.Brief) > 0 {
		b.WriteString("# brief\n")
	}
	for _, s := range e.Brief {
		story(s)
	}
	if len(e.Folded) > 0 {
		b.WriteString("# folded\n")
	}
	for _, s := range e.Folded {
		story(s)
	}
	if e.Note != "" {
		fmt.Fprintf(&b, "# note: %s\n", e.Note)
	}
	for _, o := range e.Open {
		fmt.Fprintf(&b, "# not applied: %s %q: %s\n", o.Story, o.Title, o.Why)
	}
	for _, o := range e.Left {
		fmt.Fprintf(&b, "# left out: %s: %s\n", o.Title, o.Why)
	}
	return b.String()
}

func days(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/days/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no days: %v", err)
	}
	return files
}

func TestDays(t *testing.T) {
	for _, path := range days(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			d := readDay(t, path)
			got := told(d.edition(d.articles))
			i := slices.IndexFunc(d.archive.Files, func(f txtar.File) bool { return f.Name == "want" })
			if i < 0 {
				d.archive.Files = append(d.archive.Files, txtar.File{Name: "want"})
				i = len(d.archive.Files) - 1
			}
			if *update {
				d.archive.Files[i].Data = []byte(got)
				if err := os.WriteFile(path, txtar.Format(d.archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(d.archive.Files[i].Data), got); diff != "" {
				t.Errorf("the edition is not the one that is wanted (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOrderOfArticlesDoesNotMatter(t *testing.T) {
	for _, path := range days(t) {
		d := readDay(t, path)
		want := told(d.edition(d.articles))
		for seed := range 20 {
			shuffled := slices.Clone(d.articles)
			rand.New(rand.NewSource(int64(seed))).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			if diff := cmp.Diff(want, told(d.edition(shuffled))); diff != "" {
				t.Fatalf("%s: another order gives another edition:\n%s", path, diff)
			}
		}
	}
}

// A month of headlines in which every seventh is told again with a word changed, every fifth has no date and
// every eleventh its neighbour's link: what could go by chance would go by chance here.
func TestOrderOfManyDoesNotMatter(t *testing.T) {
	articles := headlines(600)
	for i := range articles {
		if a := &articles[i]; i%7 == 0 && i > 0 {
			a.Title = strings.Replace(articles[i-1].Title, " ", " told again ", 1)
			a.Published = articles[i-1].Published
		}
		if i%5 == 0 {
			articles[i].Published = time.Time{}
		}
		if i%11 == 0 {
			articles[i].URL = "https://a.example/" + fmt.Sprint(i/22)
		}
	}
	want := digest.Group(articles, digest.Grouping{Topics: topics()})
	if len(want) > 550 {
		t.Errorf("%d stories: nothing was grouped", len(want))
	}
	for seed := range 10 {
		rand.New(rand.NewSource(int64(seed))).Shuffle(len(articles), func(i, j int) { articles[i], articles[j] = articles[j], articles[i] })
		if diff := cmp.Diff(want, digest.Group(articles, digest.Grouping{Topics: topics()})); diff != "" {
			t.Fatalf("another order gives other stories:\n%s", diff)
		}
	}
}

// Every fresh article is printed, or told among what was left out.
func TestNothingIsLost(t *testing.T) {
	for _, path := range days(t) {
		d := readDay(t, path)
		e := d.edition(d.articles)
		n := len(e.Left)
		for _, s := range e.Stories() {
			n += len(s.Articles())
		}
		if n < len(d.articles)-countOthers(d, e) {
			t.Errorf("%s: of %d articles, %d are accounted for", path, len(d.articles), n)
		}
	}
}

// countOthers counts the further articles of stories that were left out.
func countOthers(d day, e digest.Edition) int {
	left := map[string]bool{}
	for _, o := range e.Left {
		left[o.Story] = true
	}
	n := 0
	for _, s := range digest.Group(d.articles, digest.Grouping{Topics: d.digest.Topics}) {
		if left[s.ID] {
			n += len(s.Others)
		}
	}
	return n
}

func TestReasonsAddUpToTheScore(t *testing.T) {
	for _, path := range days(t) {
		d := readDay(t, path)
		addsUp(t, d.edition(d.articles))
	}
}

// addsUp checks that the parts of each story's score make its score.
func addsUp(t *testing.T, e digest.Edition) {
	t.Helper()
	parts := []string{"sources", "weight", "recency", "depth", "lasting", "discussion", "relevance", "boost", "sameness"}
	for _, s := range e.Stories() {
		sum := 0.0
		for _, r := range s.Reasons {
			if slices.Contains(parts, r.Part) {
				sum += r.Value
			}
		}
		if diff := sum - s.Score; diff > 1e-9 || diff < -1e-9 {
			t.Errorf("%s: %s: parts add up to %v, the score is %v", e.Key, s.Lead.ID, sum, s.Score)
		}
	}
}

func TestSummarizeIsVerbatim(t *testing.T) {
	sentences := []string{
		"The company opened an office in Dublin.", "It hired forty people there.", "The office is the second in Europe.",
		"Rain fell.", "A spokesperson said that the company would hire more people in Dublin next year.",
	}
	for n := range 8 {
		got := digest.Summarize("Company opens Dublin office", sentences, "en", n)
		if len(got) != min(n, len(sentences)) {
			t.Errorf("%d sentences were asked for, %d came", n, len(got))
		}
		at := -1
		for _, s := range got {
			i := slices.Index(sentences, s)
			if i <= at {
				t.Errorf("%q is not the article's own, or out of order", s)
			}
			at = i
		}
	}
}

func TestStoryKeepsItsIDWhenOthersJoin(t *testing.T) {
	d := readDay(t, "testdata/days/one-event-four-languages.txtar")
	first := slices.MinFunc(d.articles, func(a, b digest.Article) int { return a.Published.Compare(b.Published) })
	alone := digest.Group([]digest.Article{first}, digest.Grouping{Topics: d.digest.Topics})[0].ID
	for _, s := range digest.Group(d.articles, digest.Grouping{Topics: d.digest.Topics}) {
		if slices.ContainsFunc(s.Articles(), func(a digest.Article) bool { return a.ID == first.ID }) && s.ID != alone {
			t.Errorf("the story was %s alone and is %s with others", alone, s.ID)
		}
	}
}

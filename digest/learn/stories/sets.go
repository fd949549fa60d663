package main

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tidings/digest"
	"tidings/digest/text"
)

// folds is in how many parts sets are cut for cross-validation.
const folds = 5

var clusterSets = []string{"last-week-in-ai-related", "scoop-ai-news", "uci-news-sample", "ai-insight-crosslingual"}

// labelled is an article with the story that people gave it.
type labelled struct {
	digest.Article
	story   string
	company bool // it is not alone in its story
	fold    int
}

// set is what was labelled together.
type set struct {
	name     string
	articles []digest.Article
	labels   map[string]labelled // by id
	weigh    func(a, b labelled, f *digest.Features) float64
}

// row is a line of a set.
type row struct {
	ID, Story, Title, Text, Lang, Source, URL string
	Published                                 time.Time
	Issue                                     int
}

// readRows reads JSON lines that are packed with gzip.
func readRows(path string) ([]row, error) {
	var rows []row
	return rows, readLines(path, func(line []byte) error {
		var r row
		if err := json.Unmarshal(line, &r); err != nil {
			return err
		}
		rows = append(rows, r)
		return nil
	})
}

func readLines(path string, each func([]byte) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	s := bufio.NewScanner(z)
	s.Buffer(nil, 16<<20)
	for s.Scan() {
		if err := each(s.Bytes()); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return s.Err()
}

// readSets reads the labelled clusters, and makes one of articles cut in two.
func readSets(data string) ([]*set, error) {
	var sets []*set
	for _, name := range clusterSets {
		rows, err := readRows(filepath.Join(data, "clusters", name, "articles.jsonl.gz"))
		if err != nil {
			return nil, err
		}
		s := &set{name: name, labels: map[string]labelled{}}
		for _, r := range rows {
			part := r.Story
			if r.Issue != 0 {
				part = fmt.Sprint(r.Issue) // what stands in one issue is learnt from together
			}
			if name == "ai-insight-crosslingual" {
				r.URL = "" // all languages of an item have the same
			}
			s.put(digest.Article{ID: r.ID, Title: r.Title, Text: r.Text, Lang: r.Lang, URL: r.URL, Feed: r.Source, Published: r.Published}, r.Story, part)
		}
		sets = append(sets, s)
	}
	halves, err := readHalves(data)
	if err != nil {
		return nil, err
	}
	sets = append(sets, halves)
	for _, s := range sets {
		s.meet()
	}
	sets[0].weigh = func(a, b labelled, _ *digest.Features) float64 {
		if a.story != b.story && !a.company && !b.company {
			return 0.3
		}
		return 1
	}
	sets[1].weigh = func(_, _ labelled, f *digest.Features) float64 { return 0.1*f[digest.Titles] + f[digest.Texts] }
	sets[2].weigh = func(a, b labelled, _ *digest.Features) float64 { return 1e-4 }
	sets[3].weigh = func(a, b labelled, f *digest.Features) float64 {
		if a.story == b.story {
			return 0.1 * f[digest.Across]
		}
		return f[digest.Texts] + 0.2*f[digest.Across]
	}
	sets[4].weigh = func(a, b labelled, f *digest.Features) float64 {
		if a.story != b.story {
			return 0.1 * f[digest.Texts]
		}
		if a.ID[:strings.LastIndex(strings.TrimSuffix(a.ID, "/lead"), "/")+2] == b.ID[:strings.LastIndex(strings.TrimSuffix(b.ID, "/lead"), "/")+2] {
			return 0 // a text and its own lead
		}
		return f[digest.Texts]
	}
	return sets, nil
}

func (s *set) put(a digest.Article, story, part string) {
	h := fnv.New32a()
	h.Write([]byte(part))
	s.articles = append(s.articles, a)
	s.labels[a.ID] = labelled{Article: a, story: story, fold: int(h.Sum32() >> 8 % folds)}
}

// meet tells articles whether they have company.
func (s *set) meet() {
	held := map[string]int{}
	for _, l := range s.labels {
		held[l.story]++
	}
	for id, l := range s.labels {
		l.company = held[l.story] > 1
		s.labels[id] = l
	}
}

// readHalves cuts articles in two: the odd sentences, and the even ones under the first of them as a title.
func readHalves(data string) (*set, error) {
	s := &set{name: "halves of articles", labels: map[string]labelled{}}
	put := func(id, title string, sentences []string) {
		if len(sentences) < 8 || len(sentences) > 100 {
			return
		}
		var parts [2][]string
		for i, one := range sentences {
			parts[i%2] = append(parts[i%2], one)
		}
		at := time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)
		for i, part := range parts {
			a := digest.Article{ID: fmt.Sprint(id, "/", i), Title: title, Text: strings.Join(part, " "), Lang: "en", Feed: fmt.Sprint("outlet ", i), Published: at}
			s.put(a, id, id)
			a.ID, a.Feed, a.Text = a.ID+"/lead", a.Feed+" in short", strings.Join(part[:2], " ")
			s.put(a, id, id)
			title = strings.Join(strings.Fields(sentences[1])[:min(12, len(strings.Fields(sentences[1])))], " ")
		}
	}
	err := readLines(filepath.Join(data, "summaries/bbc-news-summary/pairs.jsonl.gz"), func(line []byte) error {
		var r struct {
			ID, Title string
			Sentences []string
		}
		err := json.Unmarshal(line, &r)
		put(r.ID, r.Title, r.Sentences)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s, readLines(filepath.Join(data, "extraction/scrapinghub/truth.jsonl.gz"), func(line []byte) error {
		var r struct{ File, ArticleBody string }
		err := json.Unmarshal(line, &r)
		if sentences := text.Sentences(r.ArticleBody, "en"); len(sentences) > 1 {
			put(r.File, sentences[0], sentences[1:])
		}
		return err
	})
}

// examples are the pairs of a set to learn from.
func (s *set) examples() []example {
	var out []example
	for pair, f := range digest.Pairs(s.articles, digest.Grouping{}) {
		a, b := s.labels[pair.A], s.labels[pair.B]
		w := s.weigh(a, b, &f)
		if w > 0 {
			out = append(out, example{f, a.story == b.story, w, [2]int{a.fold, b.fold}})
		}
	}
	return out
}

// group groups a set and returns the story of each article.
func (s *set) group(l *digest.Likeness) map[string]string {
	of := map[string]string{}
	for _, story := range digest.Group(s.articles, digest.Grouping{Likeness: l}) {
		for _, a := range story.Articles() {
			of[a.ID] = story.ID
		}
	}
	return of
}

// count compares a grouping with the labels, for the articles that are asked for.
func (s *set) count(of map[string]string, asked func(labelled) bool) tally {
	type cell struct{ made, true string }
	made, labels, both := map[string]float64{}, map[string]float64{}, map[cell]float64{}
	for id, l := range s.labels {
		made[of[id]]++
		labels[l.story]++
		both[cell{of[id], l.story}]++
	}
	var t tally
	for id, l := range s.labels {
		if !asked(l) {
			continue
		}
		n := both[cell{of[id], l.story}]
		t.add(tally{1, n / made[of[id]], n / labels[l.story], n - 1, made[of[id]] - 1, labels[l.story] - 1})
	}
	return t
}

package main

import (
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tidings/digest"
)

// example is a headline and what is known of it.
type example struct {
	article digest.Article
	set     string
	section string   // the editors' own
	allowed []string // topics; none: nothing is known of its topic
	about   int      // 1: about artificial intelligence, -1: not, 0: unknown
	fold    int
	clues   []digest.Clue
}

// folds is how many parts the data are cut in.
const folds = 5

// The names of the topics, as the sections allow them.
const (
	toolTopics     = "models products open-source"
	businessTopics = "business people chips"
	concernTopics  = "safety society"
	societyTopics  = "business people policy chips safety society"
)

// sections says which topics a section allows, by set. Sections that are not named say nothing of the topic.
func sections(set string) map[string]string {
	if set == "ai-insight-daily" {
		return map[string]string{"products": "models products", "research": "research", "open-source": "open-source", "industry-society": societyTopics}
	}
	return map[string]string{
		"research": "research", "business": businessTopics, "policy": "policy", "tools": toolTopics, "concerns": concernTopics,
		"concerns+hype": concernTopics + " policy",
	}
}

func topics() []digest.Topic {
	var out []digest.Topic
	for _, id := range strings.Fields("models products research open-source business people policy chips safety society") {
		out = append(out, digest.Topic{ID: id})
	}
	return out
}

// row is a line of any of the sets.
type row struct {
	Title      string          `json:"title"`
	Text       string          `json:"text"`
	Section    string          `json:"section"`
	Source     string          `json:"source"`
	Date       string          `json:"date"`
	Lang       string          `json:"lang"`
	Kind       string          `json:"kind"`
	Story      string          `json:"story"`
	Collection string          `json:"collection"`
	Issue      json.RawMessage `json:"issue"`
}

// load reads all sets.
func load(data string) ([]example, error) {
	var all []example
	for _, set := range []string{"last-week-in-ai", "ai-insight-daily"} {
		rows, err := read(filepath.Join(data, "topics", set, "headlines.jsonl.gz"))
		if err != nil {
			return nil, err
		}
		fold := folder(rows, func(r row) string { return cmp.Or(string(r.Issue), r.Date) })
		for i, r := range rows {
			e := example{set: set, section: r.Section, about: 1, fold: fold[i]}
			e.article = digest.Article{Title: r.Title, Lang: r.Lang, Source: digest.Origin{Title: r.Source}}
			if r.Lang == "" {
				e.article.Lang = "en"
			}
			e.allowed = strings.Fields(sections(set)[r.Section])
			all = append(all, e)
		}
	}
	others, err := strangers(data)
	return append(all, others...), err
}

// strangers are texts that are not about artificial intelligence.
func strangers(data string) ([]example, error) {
	var all []example
	for _, set := range []string{"clusters/uci-news-sample/articles", "clusters/scoop-ai-news/articles", "langid/texts"} {
		rows, err := read(filepath.Join(data, set+".jsonl.gz"))
		if err != nil {
			return nil, err
		}
		fold := folder(rows, func(r row) string { return r.Story + r.Text[:min(len(r.Text), 12)] })
		name, _, _ := strings.Cut(strings.TrimPrefix(set, "clusters/"), "/")
		for i, r := range rows {
			e := example{set: name, section: r.Collection + r.Kind, about: -1, fold: fold[i]}
			e.article = digest.Article{Title: r.Title, Lang: r.Lang}
			switch {
			case r.Source == "hacker_news": // of the collection, yet about anything
				continue
			case r.Collection == "ai_news":
				e.about = 1
			case r.Kind == "sentence" || r.Kind == "interface":
				e.article.Title = r.Text
			case r.Kind != "":
				continue
			}
			all = append(all, e)
		}
	}
	return all, nil
}

// folder deals the rows out into folds by what must stay together, which is taken in its order.
func folder(rows []row, together func(row) string) []int {
	var keys []string
	for _, r := range rows {
		keys = append(keys, together(r))
	}
	order := slices.Compact(slices.Sorted(slices.Values(keys)))
	out := make([]int, len(rows))
	for i, k := range keys {
		at, _ := slices.BinarySearch(order, k)
		out[i] = at % folds
	}
	return out
}

// read reads compressed lines of JSON.
func read(path string) ([]row, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var rows []row
	for d := json.NewDecoder(unpacked); ; {
		var r row
		switch err := d.Decode(&r); {
		case errors.Is(err, io.EOF):
			return rows, nil
		case err != nil:
			return nil, fmt.Errorf("%s, line %d: %w", path, len(rows)+1, err)
		}
		rows = append(rows, r)
	}
}

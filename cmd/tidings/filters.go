package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tidings/digest"
	"tidings/digest/text"
)

func groupCommand(p *program) *cobra.Command {
	var lang string
	var explain bool
	c := &cobra.Command{
		Use: "group [--lang L] [--explain] < articles.jsonl", Short: "which articles tell one story, and under which topic", Args: cobra.NoArgs,
		Long: "Reads articles as JSON lines (id, title and any of text, lang, source, published, url) and writes one\n" +
			"line for each in the same order: id, story, topic, tags, names, lang, relevance, score, lead, reasons.\n" +
			"With --explain it writes for people instead: the edition that these articles would make, and for each\n" +
			"story why its articles are together, what nearly joined them, why it stands under this topic and in this\n" +
			"place, and what was left out and why. A line that is no article is named on the error output.",
		RunE: func(*cobra.Command, []string) error {
			if !langForm.MatchString(lang) {
				return usageError{fmt.Errorf(`--lang must be a language such as "en" or "pt-BR", not %q`, lang)}
			}
			return filter{p}.group(lang, explain)
		},
	}
	c.Flags().StringVar(&lang, "lang", "en", "language of the edition, for choosing the leading article")
	c.Flags().BoolVar(&explain, "explain", false, "tell in words why")
	return c
}

// grouped is one line of the answer.
type grouped struct {
	ID        json.RawMessage `json:"id"`
	Story     string          `json:"story"`
	Topic     string          `json:"topic"`
	Tags      []string        `json:"tags"`
	Lang      string          `json:"lang"`
	Relevance float64         `json:"relevance"`
	Score     float64         `json:"score"`
	Lead      bool            `json:"lead"`
	Names     []text.Name     `json:"names"`
	Reasons   []digest.Reason `json:"reasons"`
}

func (p filter) group(lang string, explain bool) error {
	config, err := p.load()
	if err != nil {
		return err
	}
	var ids []json.RawMessage
	var articles []digest.Article
	faults := p.lines(func(l line) error {
		a, err := l.article()
		if err == nil {
			ids, articles = append(ids, l.ID), append(articles, a)
		}
		return err
	})
	if faults != nil && !errors.Is(faults, errTold) {
		return faults
	}
	tellApart(articles)
	var newest time.Time
	for _, a := range articles {
		if a.Published.After(newest) {
			newest = a.Published
		}
	}
	d := digest.Digest{Name: "group", Lang: lang, Topics: config.topics()}
	filed := map[string]digest.Filing{}
	by := digest.Grouping{Topics: d.Topics, Names: config.names(), Filed: func(id string, f digest.Filing) { filed[id] = f }}
	stories := digest.Rank(digest.Group(articles, by), d, newest)
	if explain {
		return errors.Join(digest.Explain(p.out, digest.Compose(stories, d, digest.Slot{Digest: d.Name, At: newest})), faults)
	}
	filer := digest.NewFiler(d.Topics)
	for _, a := range articles {
		if _, ok := filed[a.ID]; !ok {
			filed[a.ID] = filer.File(a)
		}
	}
	return errors.Join(p.grouped(ids, articles, stories, filed), faults)
}

// tellApart gives articles of one id ids of their own, for each line is an article. They depend on what the
// articles say, and on their order only where these say the same.
func tellApart(articles []digest.Article) {
	count, again := map[string]int{}, map[string]int{}
	for _, a := range articles {
		count[a.ID]++
	}
	for i, a := range articles {
		if count[a.ID] == 1 {
			continue
		}
		h := fnv.New64a()
		fmt.Fprintln(h, a.Published, a.Title, a.URL, a.Feed, a.Text)
		a.ID = fmt.Sprintf("%s (%x)", a.ID, h.Sum64())
		again[a.ID]++
		articles[i].ID = fmt.Sprintf("%s %d", a.ID, again[a.ID])
	}
}

// grouped writes a line for each article, in their order.
func (p filter) grouped(ids []json.RawMessage, articles []digest.Article, stories []digest.Story, filed map[string]digest.Filing) error {
	of := map[string]*digest.Story{}
	for i := range stories {
		for _, a := range stories[i].Articles() {
			of[a.ID] = &stories[i]
		}
	}
	for i, a := range articles {
		s, filing := of[a.ID], filed[a.ID]
		err := p.json(grouped{
			ID: ids[i], Story: s.ID, Topic: cmp.Or(filing.Topic, digest.Brief), Tags: append([]string{}, filing.Tags...), Lang: a.Lang,
			Relevance: filing.Relevance, Score: s.Score, Lead: s.Lead.ID == a.ID, Names: append([]text.Name{}, s.Names...), Reasons: s.Reasons,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func summarizeCommand(p *program) *cobra.Command {
	var n int
	c := &cobra.Command{
		Use: "summarize [--sentences N] < articles.jsonl", Short: "the sentences that tell most of an article, verbatim", Args: cobra.NoArgs,
		Long: "Reads articles as JSON lines (id, title and text, or id and sentences) and writes id and summary, a\n" +
			"list of sentences that stand in the article letter for letter. A line that is no article is named on the\n" +
			"error output.",
		RunE: func(*cobra.Command, []string) error {
			if n < 1 {
				return usageError{fmt.Errorf("--sentences must be at least 1, not %d", n)}
			}
			return filter{p}.summarize(n)
		},
	}
	c.Flags().IntVar(&n, "sentences", 3, "how many sentences")
	return c
}

func (p filter) summarize(n int) error {
	return p.lines(func(l line) error {
		if l.Lang == "" {
			l.Lang = text.Language(cmp.Or(l.Text, strings.Join(l.Sentences, " ")), "")
		}
		sentences := l.Sentences
		if sentences == nil {
			sentences = text.Sentences(l.Text, l.Lang)
		}
		summary := digest.Summarize(l.Title, sentences, l.Lang, n)
		if summary == nil {
			summary = []string{}
		}
		return p.json(struct {
			ID      json.RawMessage `json:"id"`
			Summary []string        `json:"summary"`
		}{l.ID, summary})
	})
}

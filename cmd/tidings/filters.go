package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tidings/digest"
	"tidings/digest/feed"
	"tidings/digest/text"
)

// maxLine bounds one line of a filter's input.
const maxLine = 16 << 20

// line is one article on a filter's standard input. The id is echoed as it came, number or string.
type line struct {
	ID        json.RawMessage `json:"id"`
	Title     string          `json:"title"`
	Text      string          `json:"text"`
	Sentences []string        `json:"sentences"`
	Lang      string          `json:"lang"`
	Source    json.RawMessage `json:"source"` // a name, or an object with a title
	Published string          `json:"published"`
	URL       string          `json:"url"`
}

// lines reads JSON lines and calls each with every one; a fault names the line.
func lines(r io.Reader, each func(line) error) error {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 64<<10), maxLine)
	n := 0
	for scanner.Scan() {
		n++
		raw := bytes.TrimSpace(scanner.Bytes())
		if len(raw) == 0 {
			continue
		}
		var l line
		if err := json.Unmarshal(raw, &l); err != nil {
			return fmt.Errorf("line %d of the input is not an article in JSON: %w", n, err)
		}
		if len(l.ID) == 0 {
			return fmt.Errorf("line %d of the input has no id", n)
		}
		l.ID = bytes.Clone(l.ID)
		if err := each(l); err != nil {
			return fmt.Errorf("line %d of the input: %w", n, err)
		}
	}
	if errors.Is(scanner.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("line %d of the input is longer than %d bytes", n+1, maxLine)
	}
	return scanner.Err()
}

// article makes a line into what the rooms of the house know.
func (l line) article() (digest.Article, error) {
	a := digest.Article{ID: strings.Trim(string(l.ID), `"`), Title: l.Title, Text: l.Text, Lang: l.Lang, URL: l.URL}
	if l.URL != "" {
		a.URL = feed.Canonical(l.URL)
	}
	if a.Lang == "" {
		a.Lang = text.Language(l.Title+". "+l.Text, "")
	}
	if l.Published != "" {
		at, err := parseTime(l.Published, time.UTC)
		if err != nil {
			return a, err
		}
		a.Published = at
	}
	var name string
	if json.Unmarshal(l.Source, &name) == nil {
		a.Source.Title = name
	} else if json.Unmarshal(l.Source, &a.Source) != nil && len(l.Source) > 0 {
		return a, errors.New("source is neither a name nor an object")
	}
	a.Feed = cmp.Or(a.Source.URL, a.Source.Title)
	return a, nil
}

// parseTime reads a time as people write it; one without a zone is taken in loc.
func parseTime(s string, loc *time.Location) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly, time.RFC1123Z} {
		if at, err := time.ParseInLocation(layout, s, loc); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time; write it like 2026-11-23T07:00 or 2026-11-23T07:00:00Z", s)
}

func groupCommand(p *program) *cobra.Command {
	var lang string
	c := &cobra.Command{
		Use: "group [--lang L] < articles.jsonl", Short: "which articles tell one story, and under which topic", Args: cobra.NoArgs,
		Long: "Reads articles as JSON lines (id, title and any of text, lang, source, published, url) and writes one\n" +
			"line for each in the same order: id, story, topic, tags, lang, relevance, score, lead, names,\n" +
			"reasons.",
		RunE: func(*cobra.Command, []string) error { return p.group(lang) },
	}
	c.Flags().StringVar(&lang, "lang", "en", "language of the edition, for choosing the leading article")
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

func (p *program) group(lang string) error {
	config, err := p.load()
	if err != nil {
		return err
	}
	var ids []json.RawMessage
	var articles []digest.Article
	var newest time.Time
	again := map[string]int{}
	err = lines(p.in, func(l line) error {
		a, err := l.article()
		if again[a.ID]++; again[a.ID] > 1 { // ids may repeat; each line is an article of its own
			a.ID = fmt.Sprintf("%s (%d)", a.ID, again[a.ID])
		}
		ids, articles = append(ids, l.ID), append(articles, a)
		if a.Published.After(newest) {
			newest = a.Published
		}
		return err
	})
	if err != nil {
		return err
	}
	topics := config.topics()
	stories := digest.Rank(digest.Group(articles, digest.Grouping{Topics: topics, Names: config.names()}), digest.Digest{Lang: lang, Topics: topics}, newest)
	of := map[string]*digest.Story{}
	for i := range stories {
		for _, a := range stories[i].Articles() {
			of[a.ID] = &stories[i]
		}
	}
	filer := digest.NewFiler(topics)
	out := json.NewEncoder(p.out)
	out.SetEscapeHTML(false)
	for i, a := range articles {
		s, filing := of[a.ID], filer.File(a)
		err := out.Encode(grouped{
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
			"list of sentences that stand in the article letter for letter.",
		RunE: func(*cobra.Command, []string) error {
			if n < 1 {
				return usageError{fmt.Errorf("--sentences must be at least 1, not %d", n)}
			}
			return p.summarize(n)
		},
	}
	c.Flags().IntVar(&n, "sentences", 3, "how many sentences")
	return c
}

func (p *program) summarize(n int) error {
	out := json.NewEncoder(p.out)
	out.SetEscapeHTML(false)
	return lines(p.in, func(l line) error {
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
		return out.Encode(struct {
			ID      json.RawMessage `json:"id"`
			Summary []string        `json:"summary"`
		}{l.ID, summary})
	})
}

package main

import (
	"archive/tar"
	"cmp"
	"compress/gzip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tidings/digest/text"
)

// leastHeld is in how many articles a word must stand to be listed; the others are as rare as one that never does.
const leastHeld = 2

// writeBackground counts in how many articles each English stem stands, and writes the table.
func writeBackground(data, path string) error {
	skip := map[string]bool{} // titles that are measured with
	for _, name := range clusterSets {
		rows, err := readRows(filepath.Join(data, "clusters", name, "articles.jsonl.gz"))
		if err != nil {
			return err
		}
		for _, r := range rows {
			skip[text.Fold(r.Title)] = true
		}
	}
	all, err := feedItems(filepath.Join(data, "feeds/olshansk/feeds.tar.gz"))
	if err != nil {
		return err
	}
	for _, name := range []string{"last-week-in-ai", "ai-insight-daily"} {
		rows, err := readRows(filepath.Join(data, "topics", name, "headlines.jsonl.gz"))
		if err != nil {
			return err
		}
		for _, r := range rows {
			if r.Lang == "" || r.Lang == "en" {
				all[r.Title] = ""
			}
		}
	}
	held, articles := map[string]int{}, 0
	for title, lead := range all {
		if skip[text.Fold(title)] {
			continue
		}
		articles++
		once := map[string]bool{}
		for _, w := range text.Words(title + ". " + lead) {
			if stem := text.Stem(w, "en"); !once[stem] && !text.Stop(w, "en") && len(stem) <= 24 {
				once[stem] = true
				held[stem]++
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# In how many articles of the trade an English stem stands; * is how many there were. Made by digest/learn/stories.\n* %d\n", articles)
	words := slices.SortedFunc(maps.Keys(held), func(a, b string) int { return cmp.Or(held[b]-held[a], strings.Compare(a, b)) })
	for _, w := range words {
		if held[w] >= leastHeld && !strings.ContainsAny(w, "# *") {
			fmt.Fprintf(&b, "%s %d\n", w, held[w])
		}
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}

// feedItems reads the items of all feeds of an archive: by title, the beginning of what each says.
func feedItems(path string) (map[string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	items := map[string]string{}
	for t := tar.NewReader(z); ; {
		header, err := t.Next()
		if errors.Is(err, io.EOF) {
			return items, nil
		}
		if err != nil {
			return nil, err
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		var doc struct {
			Items []struct {
				Title       string `xml:"title"`
				Description string `xml:"description"`
			} `xml:"channel>item"`
		}
		if err := xml.NewDecoder(t).Decode(&doc); err != nil {
			continue // some are not well-formed
		}
		for _, i := range doc.Items {
			if !strings.Contains(i.Description, "<") {
				items[i.Title] = i.Description[:min(len(i.Description), 500)]
			} else if _, ok := items[i.Title]; !ok {
				items[i.Title] = ""
			}
		}
	}
}

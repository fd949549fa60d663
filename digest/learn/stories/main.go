// Stories learns how likely two articles tell one story, from clusters that people labelled, and how common words
// are on any day, from the trade's feeds and headlines.
//
//	go run ./digest/learn/stories -data ../shared/data
//
// writes digest/background.txt and digest/likeness.txt and prints the figures that these reach. It reads clusters in
// the form of JSON lines, one article each: id, story, title and any of text, lang, source, published, url.
//
// # What is learnt from what
//
// How to compare titles is learnt from a newsletter's related headlines and from running stories of many outlets.
// The first are labelled in part only: beside its lead items the newsletter says of no two that they belong
// together, though many do. So a pair counts less there when neither article has company.
//
// How to compare texts is learnt from articles that were cut in two, the odd sentences and the even ones: two
// reports of one event that share no sentence. What must stay apart are other such halves, one week's items of the
// trade, and different items of one day's news in one language. Of that week's repeats nothing is learnt: they are
// the same articles, and joined before any comparing.
//
// How to compare across languages is learnt from one newsletter in four.
//
// # Figures
//
// The figures are cross-validated: the stories (of the newsletter: the issues) are parted in five, weights are
// learnt without a fifth, all articles of the set are grouped by them, and only those of that fifth are counted.
// The last line of each set is what the weights reach that are written, learnt from all.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"tidings/digest"
)

func main() {
	data := flag.String("data", "../shared/data", "the `folder` of labelled clusters, feeds and headlines")
	into := flag.String("into", "digest", "the `folder` to write to")
	flag.Parse()
	if err := learn(*data, *into, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "stories:", err)
		os.Exit(1)
	}
}

func learn(data, into string, out io.Writer) error {
	if err := writeBackground(data, filepath.Join(into, "background.txt")); err != nil {
		return err
	}
	sets, err := readSets(data)
	if err != nil {
		return err
	}
	var all []example
	for _, s := range sets {
		all = append(all, s.examples()...)
	}
	final := fitAll(all)
	if err := crossValidate(sets, all, final, out); err != nil {
		return err
	}
	head := "# How much each thing that is looked at in a pair of articles speaks for one story. Made by digest/learn/stories.\n"
	return os.WriteFile(filepath.Join(into, "likeness.txt"), []byte(head+final.String()), 0o644)
}

// crossValidate groups each set five times, and tells how well.
func crossValidate(sets []*set, all []example, final digest.Likeness, out io.Writer) error {
	for _, s := range sets {
		var sum tally
		for fold := range folds {
			var rest []example
			for _, e := range all {
				if e.folds[0] != fold && e.folds[1] != fold {
					rest = append(rest, e)
				}
			}
			l := fitAll(rest)
			sum.add(s.count(s.group(&l), func(a labelled) bool { return a.fold == fold }))
		}
		fmt.Fprintf(out, "%-28s %d articles; cross-validated %s\n", s.name, len(s.articles), sum)
		whole := s.count(s.group(&final), func(labelled) bool { return true })
		fmt.Fprintf(out, "%-28s learnt from all %s\n", "", whole)
	}
	return nil
}

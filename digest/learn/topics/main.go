// Topics learns what words, events and shapes of headlines say of their topic, from headlines that editors
// filed, and writes the weights that package digest embeds.
//
//	go run ./digest/learn/topics -data ../shared/data            cross-validates, then writes digest/weights.txt
//	go run ./digest/learn/topics -data ../shared/data -n         only cross-validates
//	go generate ./digest                                         the same as the first
//
// It promises the same weights for the same data. The editors' sections are coarser than the topics: each allows
// several, and which of these is meant is left open. The weights maximise the likelihood that a headline's topic
// is an allowed one, p(topic) being a softmax of the sums of its clues' weights, with a Gaussian prior around what
// the lexicon says (a multinomial logistic regression on partial labels; Cour, Sapp, Taskar 2011). Headlines of one
// issue or date are always in one fold, so that neither repetitions nor translations of an item are on both sides.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"tidings/digest"
)

func main() {
	data := flag.String("data", "../shared/data", "where the labelled headlines lie")
	to := flag.String("to", "digest/weights.txt", "the file to write")
	headlines := flag.String("headlines", "digest/testdata/headlines.txt", "headlines of our own, to measure by")
	only := flag.Bool("n", false, "measure only, write nothing")
	flag.Parse()
	if err := run(os.Stdout, *data, *to, *headlines, *only); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer, data, to, headlines string, only bool) error {
	all, err := load(data)
	if err != nil {
		return err
	}
	filer := digest.NewFiler(topics())
	for i := range all {
		all[i].clues = filer.Clues(all[i].article)
	}
	r := newReport()
	for fold := range folds {
		learnt, err := learn(all, func(e example) bool { return e.fold != fold })
		if err != nil {
			return err
		}
		filer.Use(learnt)
		for _, e := range all {
			if e.fold == fold {
				r.add(e, filer.File(e.article))
			}
		}
	}
	r.print(out)
	var file bytes.Buffer
	if err := digest.WriteLearnt(&file, weigh(all, func(example) bool { return true })); err != nil {
		return err
	}
	filer.Use(digest.ReadLearnt(file.String()))
	if err := own(out, filer, headlines); err != nil {
		return err
	}
	if only {
		return nil
	}
	fmt.Fprintf(out, "%s: %d clues, %d kB\n", to, bytes.Count(file.Bytes(), []byte("\n")), file.Len()/1000)
	return os.WriteFile(to, file.Bytes(), 0o644)
}

// learn gives the weights as they will be read from the file, rounded.
func learn(all []example, in func(example) bool) (digest.Learnt, error) {
	var file bytes.Buffer
	if err := digest.WriteLearnt(&file, weigh(all, in)); err != nil {
		return digest.Learnt{}, err
	}
	return digest.ReadLearnt(file.String()), nil
}

// own tells how the filer does on headlines of our own, from which nothing is learnt.
func own(out io.Writer, filer *digest.Filer, path string) error {
	file, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	right, all := map[string]int{}, map[string]int{}
	for line := range strings.Lines(string(file)) {
		part := strings.SplitN(strings.TrimSpace(line), " | ", 3)
		if len(part) < 3 || strings.HasPrefix(line, "#") {
			continue
		}
		got := filer.File(digest.Article{Title: part[2], Lang: part[0]})
		for _, key := range []string{part[0], part[1], "all"} {
			all[key]++
			if slices.Contains(strings.Fields(part[1]), got.Topic) {
				right[key]++
			}
		}
	}
	fmt.Fprintf(out, "%s:", path)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(out, " %s %d/%d", key, right[key], all[key])
	}
	fmt.Fprintln(out)
	return nil
}

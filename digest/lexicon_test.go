package digest_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tidings/digest"
	"tidings/digest/text"
)

// TestFriends reads sentences that a lexicon is to understand, and false friends that it is not to fall
// for: words of other meaning whose stem is a term's.
func TestFriends(t *testing.T) {
	filer := digest.NewFiler(topics())
	eachLine(t, "testdata/friends.txt", func(line string, part []string) {
		got := filer.File(digest.Article{Title: part[2], Lang: part[0]})
		if want := strings.TrimPrefix(part[1], "not "); (got.Topic == want) == strings.HasPrefix(part[1], "not ") {
			t.Errorf("%s\n  is filed under %q by %q", line, got.Topic, got.Words)
		}
	})
}

// A term whose stems stand in its section already adds nothing but a doubt which of the two counts.
func TestLexiconSaysNothingTwice(t *testing.T) {
	files, _ := filepath.Glob("lexicon/*.txt")
	for _, file := range files {
		lang := strings.TrimSuffix(filepath.Base(file), ".txt")
		seen := map[string]string{}
		eachTerm(t, file, func(section, term string) {
			key := section + " " + term
			if !strings.ContainsAny(term, `"*.#`) && !slices.Contains([]string{"zh", "ja", "any"}, lang) {
				key = section
				for _, w := range text.Words(strings.ReplaceAll(term, "-", " ")) {
					key += " " + text.Stem(w, lang)
				}
			}
			if was := seen[key]; was != "" {
				t.Errorf("%s %s: %q says again what %q says", file, section, term, was)
			}
			seen[key] = term
		})
	}
}

// Every language has terms for each event, so that none is told only in some of them.
func TestLexiconsTellTheSameEvents(t *testing.T) {
	const least = 4
	want := map[string]int{}
	eachTerm(t, "lexicon/en.txt", func(section, _ string) { want[section]++ })
	files, _ := filepath.Glob("lexicon/??.txt")
	for _, file := range files {
		got := map[string]int{}
		eachTerm(t, file, func(section, _ string) { got[section]++ })
		for section := range want {
			if got[section] < least {
				t.Errorf("%s has %d terms for %s", file, got[section], section)
			}
		}
		for section := range got {
			if want[section] == 0 {
				t.Errorf("%s has a section %s that the English lexicon has not", file, section)
			}
		}
	}
}

// eachTerm calls f for the terms of a lexicon, without what makes them strong.
func eachTerm(t *testing.T, file string, f func(section, term string)) {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	section := ""
	for line := range strings.Lines(string(body)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			section = line
		default:
			for term := range strings.SplitSeq(line, ",") {
				f(section, strings.TrimSuffix(strings.TrimSpace(term), "+"))
			}
		}
	}
}

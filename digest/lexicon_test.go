package digest_test

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tidings/digest"
	"tidings/digest/text"
)

// TestFriends reads sentences that a lexicon is to understand, and false friends that it is not to fall
// for: words of other meaning whose stem is a term's.
func TestFriends(t *testing.T) {
	f, err := os.Open("testdata/friends.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	filer := digest.NewFiler(topics())
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		part := strings.SplitN(line, " | ", 3)
		if len(part) != 3 {
			t.Fatalf("%q is not language | topic | sentence", line)
		}
		got := filer.File(digest.Article{Title: part[2], Lang: part[0]})
		if want := strings.TrimPrefix(part[1], "not "); (got.Topic == want) == strings.HasPrefix(part[1], "not ") {
			t.Errorf("%s\n  is filed under %q by %v", line, got.Topic, got.Words)
		}
	}
}

// A line whose stems stand in its section already adds nothing but a doubt which of the two counts.
func TestLexiconSaysNothingTwice(t *testing.T) {
	files, _ := filepath.Glob("lexicon/*.txt")
	for _, file := range files {
		lang := strings.TrimSuffix(filepath.Base(file), ".txt")
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		section, seen := "", map[string]string{}
		for line := range strings.Lines(string(body)) {
			line = strings.TrimSpace(line)
			if strings.HasPrefix(line, "[") {
				section, seen = line, map[string]string{}
				continue
			}
			term := strings.TrimSpace(strings.TrimSuffix(line, "+"))
			var stems []string
			for _, w := range text.Words(term) {
				stems = append(stems, text.Stem(w, lang))
			}
			key := strings.Join(stems, " ")
			if strings.HasPrefix(term, `"`) {
				key = term
			}
			if was := seen[key]; was != "" && key != "" {
				t.Errorf("%s %s: %q says again what %q says", file, section, line, was)
			}
			seen[key] = line
		}
	}
}

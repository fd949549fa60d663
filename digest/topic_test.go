package digest_test

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"testing"

	"tidings/digest"
)

// eachLine calls f with the parts of each line of a table in testdata.
func eachLine(t *testing.T, path string, f func(line string, part []string)) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		part := strings.SplitN(line, " | ", 3)
		if len(part) != 3 {
			t.Fatalf("%q is not language | topic | headline", line)
		}
		f(line, part)
	}
}

// TestHeadlines reads everyday headlines of the trade in seven languages.
func TestHeadlines(t *testing.T) {
	filer := digest.NewFiler(topics())
	eachLine(t, "testdata/headlines.txt", func(line string, part []string) {
		got := filer.File(digest.Article{Title: part[2], Lang: part[0]})
		if !slices.Contains(strings.Fields(part[1]), got.Topic) {
			t.Errorf("%s\n  is filed under %q by %q", line, got.Topic, got.Words)
		}
		if got.Relevance < digest.LeastRelevance {
			t.Logf("%s\n  relevance %.2f", line, got.Relevance)
		}
	})
}

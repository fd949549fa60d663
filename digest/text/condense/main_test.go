package main

import (
	"bytes"
	"os"
	"testing"
)

// TestReproducible proves that the files beside us are what condense makes, to the byte.
func TestReproducible(t *testing.T) {
	bin, err := condense()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]byte{"../ngrams.bin": bin, "../ngrams.sha256": sum(bin)} {
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what condense makes of lingua-go and words.txt; run `go run .`", name)
		}
	}
}

// A language whose words are misspelt by its tag would go unheard.
func TestWordsAreOfKnownLanguages(t *testing.T) {
	words, err := readWords("words.txt")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, s := range scripts() {
		for _, lang := range s.langs {
			known[lang] = true
			if len(words[lang]) < 30 {
				t.Errorf("%s has %d words, want 30", lang, len(words[lang]))
			}
		}
	}
	for lang := range words {
		if !known[lang] {
			t.Errorf("words.txt has words of %q, which is no language of a table", lang)
		}
	}
}

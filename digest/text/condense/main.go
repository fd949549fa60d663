// Condense makes the table by which digest/text tells languages apart: ../ngrams.bin, from the language models of
// lingua-go and the function words in words.txt. It is a module of its own, so that the product never requires
// lingua-go and its 130 MB of models.
//
//	cd digest/text/condense
//	go run .     # writes ../ngrams.bin and ../ngrams.sha256
//	go test .    # proves that the files beside us are what it would write
//
// # The table
//
// Lingua tells, for each language, p(last character | the characters before) of the n-grams inside lower-case words.
// We keep the 2-, 3- and 4-grams that are likeliest in any language, and single letters that are not plain ones. A row
// of the table tells for each language how many half nats it lies behind the one in which the n-gram is likeliest, at
// most 15: a nibble. A language that does not have an n-gram has the probability of the n-gram without its first
// character, less one nat. A word of words.txt has a row too: 0 where it is one, 8 (4 nats) elsewhere.
//
// There is one table for each script, one after the other. Numbers are little-endian:
//
//	uint8            number of languages, L
//	uint8            how many of them, at the end, are rivals
//	[L][2]byte       their tags
//	uint8            bits, B: the first B bits of a key's hash are its bucket
//	[2^B+1]uint16    the row at which each bucket begins; the last is the number of rows, R
//	[R]uint16        16 further bits of the hash, rising within a bucket
//	[R][(L+1)/2]byte the losses, the first of two languages in the low nibble
package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "condense:", err)
		os.Exit(1)
	}
}

func run() error {
	bin, err := condense()
	if err != nil {
		return err
	}
	if err := os.WriteFile("../ngrams.bin", bin, 0o644); err != nil {
		return err
	}
	return os.WriteFile("../ngrams.sha256", sum(bin), 0o644)
}

// sum is what sha256sum would print.
func sum(bin []byte) []byte { return fmt.Appendf(nil, "%x  ngrams.bin\n", sha256.Sum256(bin)) }

// script is a group of languages that only their letters' order tells apart.
type script struct {
	langs  []string // supported ones first, then rivals
	rivals int      // how many of langs nobody asked for; they are there so that Danish is not called Swedish
	bits   int      // of the bucket
	ngrams int
}

func scripts() []script {
	return []script{
		{strings.Fields("cs de en es fr hu id it nl pl pt ro sl sv tr vi  ca da et fi hr lt nb sk"), 8, 14, 46_000},
		{strings.Fields("bg ru uk  be kk mk mn sr"), 5, 12, 20_000},
	}
}

// condense makes the whole file.
func condense() ([]byte, error) {
	root, err := models()
	if err != nil {
		return nil, err
	}
	words, err := readWords("words.txt")
	if err != nil {
		return nil, err
	}
	var bin []byte
	for _, s := range scripts() {
		rows := map[uint64][]byte{}
		if err := s.addNgrams(root, rows); err != nil {
			return nil, err
		}
		s.addWords(words, rows)
		if bin, err = s.append(bin, rows); err != nil {
			return nil, err
		}
	}
	return bin, nil
}

// models finds lingua's folder of models in the module cache.
func models() (string, error) {
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", "-m", "github.com/pemistahl/lingua-go").Output()
	if err != nil {
		return "", fmt.Errorf("go list does not find lingua-go, run `go mod download`: %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "language-models"), nil
}

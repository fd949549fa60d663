package main

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// notMine is what a word of the list costs a language that does not have it, in half nats.
const notMine = 8

// readWords reads lines of a tag and words of that language.
func readWords(path string) (map[string][]string, error) {
	body, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	words := map[string][]string{}
	for line := range strings.Lines(string(body)) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		words[fields[0]] = append(words[fields[0]], fields[1:]...)
	}
	return words, nil
}

// addWords adds the rows of the words.
func (s script) addWords(words map[string][]string, rows map[uint64][]byte) {
	for i, lang := range s.langs {
		for _, word := range words[lang] {
			key := wordKey(word)
			if rows[key] == nil {
				rows[key] = slices.Repeat([]byte{notMine}, len(s.langs))
			}
			rows[key][i] = 0
		}
	}
}

// append writes the table of one script. The format is told in the comment of the package.
func (s script) append(bin []byte, rows map[uint64][]byte) ([]byte, error) {
	keys := slices.SortedFunc(maps.Keys(rows), func(a, b uint64) int {
		return cmp.Or(cmp.Compare(a>>(64-s.bits), b>>(64-s.bits)), cmp.Compare(uint16(a), uint16(b)), cmp.Compare(a, b))
	})
	if len(keys) > 1<<16-1 {
		return nil, fmt.Errorf("%d rows are more than the 65535 that a bucket's beginning can name", len(keys))
	}
	bin = append(bin, byte(len(s.langs)), byte(s.rivals))
	bin = append(bin, strings.Join(s.langs, "")...)
	bin = append(bin, byte(s.bits))
	row := 0
	for bucket := range uint64(1) << s.bits {
		bin = binary.LittleEndian.AppendUint16(bin, uint16(row))
		for row < len(keys) && keys[row]>>(64-s.bits) == bucket {
			row++
		}
	}
	bin = binary.LittleEndian.AppendUint16(bin, uint16(row))
	for _, key := range keys {
		bin = binary.LittleEndian.AppendUint16(bin, uint16(key))
	}
	for _, key := range keys {
		for pair := range slices.Chunk(rows[key], 2) {
			b := pair[0]
			if len(pair) > 1 {
				b |= pair[1] << 4
			}
			bin = append(bin, b)
		}
	}
	return bin, nil
}

// The keys are hashes and must be the same as in ../ngrams.go.

func ngramKey(ngram string) uint64 {
	var k uint64
	for _, r := range ngram {
		k = k<<16 | uint64(r)
	}
	return mix(k)
}

func wordKey(word string) uint64 {
	k := uint64(14695981039346656037)
	for _, r := range word {
		k = (k ^ uint64(r)) * 1099511628211
	}
	return mix(k)
}

// mix is the finalizer of MurmurHash3.
func mix(k uint64) uint64 {
	k ^= k >> 33
	k *= 0xff51afd7ed558ccd
	k ^= k >> 33
	k *= 0xc4ceb9fe1a85ec53
	return k ^ k>>33
}

package text

import (
	_ "embed" // for the table
	"unicode"
	"unicode/utf8"
)

// ngrams is made by condense, whose comment tells the form; see NOTICE for where its figures come from.
//
//go:embed ngrams.bin
var ngrams string

// mostLetters of a word count; what is longer is hardly one.
const mostLetters = 40

// manyLangs is more languages than any script's table has.
const manyLangs = 32

// table tells of one script's n-grams and best-known words how far each language lies behind the one where it is
// likeliest. It is read where it lies in the program: no part of it is unpacked.
type table struct {
	langs   string // two letters each
	rivals  int    // the last so many of them are known only lest they be taken for one of the others
	bits    int    // of a hash that name its bucket
	buckets string // where each bucket begins
	prints  string // 16 further bits of each row's hash
	rows    string
	width   int // bytes of a row
}

// tables are those of the Latin and of the Cyrillic script.
func tables() (latin, cyrillic table) {
	latin, rest := readTable(ngrams)
	cyrillic, _ = readTable(rest)
	return latin, cyrillic
}

func readTable(s string) (table, string) {
	cut := func(n int) (part string) {
		part, s = s[:n], s[n:]
		return part
	}
	var t table
	n := int(cut(1)[0])
	t.rivals = int(cut(1)[0])
	t.langs = cut(2 * n)
	t.bits = int(cut(1)[0])
	t.buckets = cut(2 * (1<<t.bits + 1))
	rows := uint16at(t.buckets, 1<<t.bits)
	t.prints = cut(2 * rows)
	t.width = (n + 1) / 2
	t.rows = cut(rows * t.width)
	return t, s
}

func uint16at(s string, i int) int { return int(s[2*i]) | int(s[2*i+1])<<8 }

func (t *table) len() int { return len(t.langs) / 2 }

func (t *table) lang(i int) string { return t.langs[2*i : 2*i+2] }

// index is the place of a language, or -1.
func (t *table) index(lang string) int {
	for i := range t.len() {
		if t.lang(i) == lang {
			return i
		}
	}
	return -1
}

// losses are half nats for each language of a table.
type losses [manyLangs]uint16

// add adds the row of a key, and says whether there is one.
func (t *table) add(key uint64, to *losses) bool {
	bucket, fingerprint := int(key>>(64-t.bits)), int(uint16(key))
	for i, end := uint16at(t.buckets, bucket), uint16at(t.buckets, bucket+1); i < end; i++ {
		if uint16at(t.prints, i) == fingerprint {
			row := t.rows[i*t.width:]
			for j := range t.width {
				to[2*j] += uint16(row[j] & 15)
				to[2*j+1] += uint16(row[j] >> 4)
			}
			return true
		}
	}
	return false
}

// addNgrams adds the letters of a word, where they are special, and its pairs, triples and quadruples.
func (t *table) addNgrams(word string, to *losses) {
	var last uint64 // four letters of 16 bits
	n := 0
	for _, r := range word {
		if n == mostLetters {
			return
		}
		last = last<<16 | uint64(unicode.ToLower(r))&0xFFFF
		n++
		shortest := 2
		if r >= utf8.RuneSelf { // Plain letters alone are not in the table.
			shortest = 1
		}
		for length := shortest; length <= min(n, 4); length++ {
			t.add(mix(last&(1<<(16*length)-1)), to)
		}
	}
}

// addWord adds what it tells that a word is known as a whole, and says whether it is. With an apostrophe it may be known
// as what elides (l'azienda) or as what is left of a word (it's), otherwise as a plain word between quotes.
func (t *table) addWord(w word, to *losses) bool {
	return w.elides && t.add(w.key("", "'"), to) || w.clipped && t.add(w.key("'", ""), to) || t.add(w.key("", ""), to)
}

// key is the FNV-1a hash of a word in small letters, mixed.
func (w word) key(before, after string) uint64 {
	key := uint64(14695981039346656037)
	for _, s := range [...]string{before, w.text, after} {
		for _, r := range s {
			key = (key ^ uint64(unicode.ToLower(r))) * 1099511628211
		}
	}
	return mix(key)
}

// mix is the finalizer of MurmurHash3.
func mix(k uint64) uint64 {
	k ^= k >> 33
	k *= 0xff51afd7ed558ccd
	k ^= k >> 33
	k *= 0xc4ceb9fe1a85ec53
	return k ^ k>>33
}

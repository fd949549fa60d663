package text

import (
	"cmp"
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// namesFile lists the known names; its form is told at its head.
//
//go:embed names.txt
var namesFile string

// Kind says what a name is the name of.
type Kind string

// The kinds of names.
const (
	Organisation Kind = "organisation"
	Person       Kind = "person"
	Model        Kind = "model"
	Product      Kind = "product"
	Press        Kind = "press" // newspapers, magazines, agencies: who tells the news rather than makes it
	Place        Kind = "place"
)

// Kinds returns all kinds of names.
func Kinds() []Kind { return []Kind{Organisation, Person, Model, Product, Press, Place} }

// Name is what something is called.
type Name struct {
	Name  string   `json:"name"`            // as it is usually written: Code LLaMA
	Kind  Kind     `json:"kind"`            // what it is
	Maker string   `json:"maker,omitempty"` // the organisation that it belongs to: Meta, of Code LLaMA and of Mark Zuckerberg
	Also  []string `json:"-"`               // other spellings, in any language and script: 谷歌, グーグル
}

// Key is one for all ways of writing a name: GPT-5, GPT 5 and gpt5 share theirs, and so do Claude 4 Opus and
// Claude Opus 4.
func (n Name) Key() string {
	keys := keysOf(n.Name)
	slices.SortStableFunc(keys, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	return strings.Join(keys, " ")
}

// rank is 1 of a number and 0 of a word: what comes first in a key.
func rank(key string) int {
	if key[0] >= '0' && key[0] <= '9' {
		return 1
	}
	return 0
}

// Names knows names and finds them in texts. It may be used by several at once. Its list is read when it is first
// asked: most commands look at no text.
type Names struct {
	list func() *nameList
}

// nameList is how names are looked up.
type nameList struct {
	byFirst map[string][]*spelling // by the first piece; the longest first
	far     map[rune][]*spelling   // those of scripts that part no words, by the first character; the longest first
}

// NewNames returns the built-in names with one's own added; one of the same name replaces the built-in one.
// The spellings of one's own may have the marks that names.txt tells of.
func NewNames(own []Name) *Names {
	return &Names{sync.OnceValue(func() *nameList { return listNames(own) })}
}

func listNames(own []Name) *nameList {
	n := &nameList{byFirst: map[string][]*spelling{}, far: map[rune][]*spelling{}}
	known := map[string]bool{}
	for _, name := range own {
		known[Fold(bare(name.Name))] = true
		n.add(name)
	}
	for _, name := range parseNames(namesFile) {
		if !known[Fold(bare(name.Name))] || name.Kind == nothing {
			n.add(name)
		}
	}
	for _, list := range n.byFirst {
		slices.SortStableFunc(list, func(a, b *spelling) int { return cmp.Compare(len(b.keys), len(a.keys)) })
	}
	for _, list := range n.far {
		slices.SortStableFunc(list, func(a, b *spelling) int { return cmp.Compare(len(b.far), len(a.far)) })
	}
	return n
}

func (n *nameList) add(name Name) {
	written := append([]string{name.Name}, name.Also...)
	name.Name = bare(name.Name)
	id, own := name.Key(), keysOf(name.Name)
	for _, w := range written {
		s, ok := newSpelling(w, &name)
		s.id, s.own = id, own
		switch {
		case !ok:
		case s.far != "":
			first, _ := utf8.DecodeRuneInString(s.far)
			n.far[first] = append(n.far[first], &s)
		default:
			n.byFirst[s.keys[0]] = append(n.byFirst[s.keys[0]], &s)
		}
	}
}

// Find returns the names that stand in s, in the order in which they first appear, each once. Where two
// fit, the longer one is meant. Beside the known names these are new versions of known models (their name is
// as it is written), and organisations and people that the words around them tell: see [cues].
func (n *Names) Find(s string) []Name {
	var out []Name
	seen := map[string]bool{}
	for _, m := range n.list().mentions(s, pieces(s)) {
		if key := m.key(); !seen[key] {
			seen[key] = true
			out = append(out, m.name)
		}
	}
	return out
}

// Mentions returns every mention of a name in s, in order: [Names.Find], with the doubled ones.
func (n *Names) Mentions(s string) []Name {
	found := n.list().mentions(s, pieces(s))
	out := make([]Name, len(found))
	for i, m := range found {
		out[i] = m.name
	}
	return out
}

// mention is a place in a text where a name stands.
type mention struct {
	name      Name
	known     *spelling // what was found of the list; nil when only the words around tell it
	versioned bool      // the name is a known one with a version behind it
	from, to  int       // in bytes
}

// key is [Name.Key] of the mention's name.
func (m mention) key() string {
	if m.known == nil || m.versioned {
		return m.name.Key()
	}
	return m.known.id
}

// mentions finds all names in s, whose pieces are given.
func (n *nameList) mentions(s string, list []piece) []mention {
	var out []mention
	c := cues{s: s, list: list}
	for i := 0; i < len(list); {
		if list[i].sort == unparted {
			i = n.within(s, list, i, list[i].from, &out)
			continue
		}
		if m, next, ok := n.farAt(s, list, i, list[i].from); ok {
			out = m.appendTo(out)
			i = n.within(s, list, next, m.to, &out)
			continue
		}
		m, next, ok := n.at(s, list, i)
		if !ok {
			m, next, ok = c.at(i)
		}
		if ok {
			out = m.appendTo(out)
		}
		i = max(i+1, next)
	}
	return out
}

// appendTo adds a mention, unless it is one of nothing.
func (m mention) appendTo(list []mention) []mention {
	if m.name.Kind == nothing {
		return list
	}
	return append(list, m)
}

// within finds the names that begin inside a piece of a script that parts no words, from the byte at on,
// and returns the index of the piece to go on with.
func (n *nameList) within(s string, list []piece, i, at int, out *[]mention) int {
	for i < len(list) && list[i].sort == unparted && at < list[i].to {
		if m, next, ok := n.farAt(s, list, i, max(at, list[i].from)); ok {
			*out = m.appendTo(*out)
			i, at = next, m.to
			continue
		}
		at = max(at, list[i].from)
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
	if i < len(list) && list[i].sort == unparted {
		i++
	}
	return i
}

// farAt finds the longest spelling of a script without parted words that begins at a byte, which lies in
// the piece i, and returns the index of the piece in which it ends, or of the next one.
func (n *nameList) farAt(s string, list []piece, i, at int) (m mention, next int, ok bool) {
	first, _ := utf8.DecodeRuneInString(s[at:])
	for _, sp := range n.far[first] {
		end := at + len(sp.far)
		if !strings.HasPrefix(s[at:], sp.far) || cutsWord(s, at, end) {
			continue
		}
		for i < len(list) && list[i].to <= end {
			i++
		}
		m = mention{name: *sp.name, known: sp, from: at, to: end}
		if sp.name.Kind == Model && (i == len(list) || list[i].from >= end) {
			i = m.extend(s, list, i, sp)
		}
		return m, i, true
	}
	return m, i, false
}

// cutsWord says whether a name from at to end is cut out of a longer word. Only katakana and hangul show
// it; Korean particles may follow.
func cutsWord(s string, at, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:at])
	first, _ := utf8.DecodeRuneInString(s[at:])
	last, _ := utf8.DecodeLastRuneInString(s[:end])
	after, _ := utf8.DecodeRuneInString(s[end:])
	switch {
	case katakana(first) && katakana(before), katakana(last) && katakana(after):
		return true
	case unicode.Is(unicode.Hangul, first) && unicode.Is(unicode.Hangul, before):
		return true
	case latinLetter(first) && latinLetter(before), latinLetter(last) && latinLetter(after):
		return true
	}
	return false
}

func katakana(r rune) bool    { return r >= 0x30A1 && r <= 0x30FA || r == 'ー' }
func latinLetter(r rune) bool { return r < 0x250 && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

// extend takes the version behind a model's name into a mention and returns the index behind it.
func (m *mention) extend(s string, list []piece, i int, sp *spelling) int {
	end, numbered := version(s, list, i)
	if end == i || sp.model && !numbered {
		return i
	}
	m.versioned, m.to = true, list[end-1].to
	if sp.plain || sp.far == "" && slices.Equal(sp.keys, sp.own) {
		m.name.Name = s[m.from:m.to]
	} else {
		m.name.Name += " " + strings.TrimLeft(s[list[i].from:m.to], " -")
	}
	m.name.Also = nil
	return end
}

// keysOf are the keys of a name's pieces.
func keysOf(name string) []string {
	var keys []string
	for _, p := range pieces(name) {
		keys = append(keys, p.key)
	}
	return keys
}

// at finds the longest spelling that begins with the piece i.
func (n *nameList) at(s string, list []piece, i int) (best mention, next int, ok bool) {
	key := list[i].key
	for _, candidates := range [...][]*spelling{n.byFirst[key], n.byFirst[genitive(key, list[i], s)]} {
		for _, sp := range candidates {
			if !sp.stands(s, list, i) {
				continue
			}
			end := i + len(sp.keys)
			m := mention{name: *sp.name, known: sp, from: list[i].from, to: list[end-1].to}
			if sp.name.Kind == Model || sp.name.Kind == Product {
				end = m.extend(s, list, end, sp)
			}
			if end > next && (m.versioned || !sp.model) {
				best, next, ok = m, end, true
			}
		}
		if ok {
			return best, next, true
		}
	}
	return best, next, ok
}

// genitive takes the ending off a word that may be a name in the genitive or another case: Metas, Яндекса.
// The empty answer means that there is none.
func genitive(key string, p piece, s string) string {
	if len(key) < 5 || !p.capital(s) {
		return ""
	}
	if stem, ok := strings.CutSuffix(key, "s"); ok {
		return stem
	}
	if r, size := utf8.DecodeLastRuneInString(key); unicode.Is(unicode.Cyrillic, r) && len(key) > 4*size {
		return key[:len(key)-size]
	}
	return ""
}

// stands says whether the spelling stands at the piece i; only its last piece may be in the genitive.
func (sp *spelling) stands(s string, list []piece, i int) bool {
	if i+len(sp.keys) > len(list) {
		return false
	}
	for k, key := range sp.keys {
		p := list[i+k]
		if k > 0 && (p.gap == wide || p.sort == digits && len(sp.keys[k-1]) == 1 && p.gap != touches) {
			return false
		}
		if p.key != key && (k < len(sp.keys)-1 || genitive(p.key, p, s) != key) || !sp.cased[k].fits(p, s) {
			return false
		}
	}
	return !sp.alone || standsAlone(s, list, i, i+len(sp.keys))
}

// standsAlone says whether a word with a capital has it for its own sake: it is not the first of a sentence
// nor part of a title in which all words have one, and next to no number and no other such word.
func standsAlone(s string, list []piece, i, end int) bool {
	p := list[i]
	if p.first || p.gap == hyphen || p.gap == touches && list[i-1].sort != unparted {
		return false
	}
	if before := list[i-1]; p.gap != wide && before.sort == letters && before.capital(s) && before.to-before.from > 1 {
		return false
	}
	if end < len(list) && list[end].gap != wide && list[end].sort == digits {
		return false
	}
	return !titled(s, list, i)
}

// titled says whether the sentence around the piece i is written with capitals throughout, as headlines of
// some papers are.
func titled(s string, list []piece, i int) bool {
	from, to := i, i+1
	for from > 0 && !list[from].first {
		from--
	}
	for to < len(list) && !list[to].first {
		to++
	}
	words, capitals := 0, 0
	for _, p := range list[from:to] {
		if p.sort == letters && p.to-p.from >= 4 {
			words++
			if p.capital(s) {
				capitals++
			}
		}
	}
	return words >= 4 && 10*capitals >= 9*words
}

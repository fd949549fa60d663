package text

import (
	"bufio"
	_ "embed"
	"strings"
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

// Name is what something is called.
type Name struct {
	Name  string   `json:"name"`            // as it is usually written: Code Llama
	Kind  Kind     `json:"kind"`            // what it is
	Maker string   `json:"maker,omitempty"` // the organisation that it belongs to: Meta, of Code Llama and of Yann LeCun
	Also  []string `json:"-"`               // other spellings, in any language and script: 谷歌, グーグル
}

// Names knows names and finds them in texts. It may be used by several at once.
type Names struct {
	byFirst map[string][]entry // by the first word, folded; the longest first
}

// entry is one way of writing a name.
type entry struct {
	words []string // folded
	name  *Name
}

// NewNames returns the built-in names with one's own added; one of the same name replaces the built-in one.
func NewNames(own []Name) *Names {
	n := &Names{byFirst: map[string][]entry{}}
	known := map[string]bool{}
	for _, name := range own {
		known[Fold(name.Name)] = true
		n.add(name)
	}
	for _, name := range parseNames(namesFile) {
		if !known[Fold(name.Name)] {
			n.add(name)
		}
	}
	return n
}

// parseNames reads lines of "name | kind | maker | also | also …".
func parseNames(file string) []Name {
	var out []Name
	scanner := bufio.NewScanner(strings.NewReader(file))
	for scanner.Scan() {
		line, _, _ := strings.Cut(scanner.Text(), "#")
		fields := strings.Split(line, "|")
		if len(fields) < 2 {
			continue
		}
		for i := range fields {
			fields[i] = strings.TrimSpace(fields[i])
		}
		name := Name{Name: fields[0], Kind: Kind(fields[1])}
		if len(fields) > 2 {
			name.Maker = fields[2]
		}
		if len(fields) > 3 {
			name.Also = fields[3:]
		}
		out = append(out, name)
	}
	return out
}

func (n *Names) add(name Name) {
	for _, spelling := range append([]string{name.Name}, name.Also...) {
		e := entry{name: &name}
		for _, w := range Words(spelling) {
			e.words = append(e.words, Fold(w))
		}
		if len(e.words) > 0 {
			n.byFirst[e.words[0]] = append(n.byFirst[e.words[0]], e)
		}
	}
}

// Find returns the names that stand in s, in the order in which they first appear, each once. Where two
// fit, the longer one is meant.
func (n *Names) Find(s string) []Name {
	words := Words(s)
	for i, w := range words {
		words[i] = Fold(w)
	}
	var out []Name
	seen := map[*Name]bool{}
	for i := 0; i < len(words); {
		best := entry{}
		for _, e := range n.byFirst[words[i]] {
			if len(e.words) > len(best.words) && prefix(words[i:], e.words) {
				best = e
			}
		}
		if best.name != nil && !seen[best.name] {
			seen[best.name] = true
			out = append(out, *best.name)
		}
		i += max(1, len(best.words))
	}
	return out
}

func prefix(words, of []string) bool {
	if len(words) < len(of) {
		return false
	}
	for i := range of {
		if words[i] != of[i] {
			return false
		}
	}
	return true
}

package feed

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// lead is a pattern for how a line begins. It is asked about every line of every article, and hardly any
// line begins so; the first letters, which are looked up in a table made from the pattern itself, answer
// for nearly all of them at a hundredth of what the pattern costs.
type lead struct {
	pattern *regexp.Regexp
	heads   map[string]bool // all that a match can begin with, up to headLetters in lower case
	pairs   [128][128]bool  // their first two letters, a fast no; a second one beyond ASCII is 0
	odd     string          // those of them that begin with no letter or digit of ASCII, by their first letter
	all     bool            // it can begin with anything
}

const (
	headLetters = 6
	reach       = 240 // bytes in which the first letter must stand; no line beside an article is longer
)

// leading is [pattern] for a lead, of the form ^\W*(?:…) or ^[\W_]*(?:…).
func leading(expr string) func() *lead {
	return sync.OnceValue(func() *lead { return newLead(expr) })
}

func newLead(expr string) *lead {
	l := &lead{pattern: regexp.MustCompile(expr), heads: map[string]bool{}}
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil || tree.Op != syntax.OpConcat || len(tree.Sub) < 3 || tree.Sub[0].Op != syntax.OpBeginText || tree.Sub[1].Op != syntax.OpStar {
		l.all = true
		return l
	}
	rest := &syntax.Regexp{Op: syntax.OpConcat, Sub: tree.Sub[2:]}
	for _, h := range heads(rest.Simplify()) {
		first := firstRune(h.letters)
		if h.letters == "" {
			l.all = true
		} else if !isWord(first) {
			l.odd += string(first)
		}
		l.heads[h.letters] = true
		l.pair(h.letters)
	}
	return l
}

// MatchString tells whether the line begins as the pattern says.
func (l *lead) MatchString(s string) bool { return (l.all || l.could(s)) && l.pattern.MatchString(s) }

// could tells whether the first letters leave the pattern a chance.
func (l *lead) could(s string) bool {
	s = s[:min(len(s), reach)]
	at := strings.IndexFunc(s, isWord)
	if at < 0 {
		at = len(s)
	}
	if at > 0 && strings.ContainsAny(strings.ToLower(s[:at]), l.odd) {
		return true
	}
	if at == len(s) {
		return false
	}
	if second := at + 1; second < len(s) && !l.pairs[s[at]|0x20][small7(s[second])] {
		return false
	}
	var buf [headLetters * 4]byte
	head, n := buf[:0], 0
	for _, r := range s[at:] {
		if head = utf8.AppendRune(head, unicode.ToLower(r)); l.heads[string(head)] {
			return true
		}
		if n++; n == headLetters {
			break
		}
	}
	return false
}

// pair enters the first two letters of a beginning.
func (l *lead) pair(head string) {
	if first := head[:min(len(head), 1)]; first == "" || first[0] >= 0x80 {
		return
	} else if len(head) == 1 {
		for i := range l.pairs[first[0]|0x20] {
			l.pairs[first[0]|0x20][i] = true
		}
		return
	}
	l.pairs[head[0]|0x20][small7(head[1])] = true
}

// small7 is a byte in lower case if it is a letter, and 0 beyond ASCII.
func small7(c byte) byte {
	switch {
	case c >= 0x80:
		return 0
	case c >= 'A' && c <= 'Z':
		return c | 0x20
	}
	return c
}

func isWord(r rune) bool {
	return r < 0x80 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9')
}

// head is a beginning of what an expression can match; it is whole when there are no more letters to it.
type head struct {
	letters string
	whole   bool
}

// heads returns what an expression can begin with. Where it cannot be told letter by letter, the letters
// so far stand for all that follows.
func heads(re *syntax.Regexp) []head {
	switch re.Op {
	case syntax.OpLiteral:
		return []head{shorten(head{strings.ToLower(string(re.Rune)), true})}
	case syntax.OpCharClass:
		return classHeads(re.Rune)
	case syntax.OpCapture:
		return heads(re.Sub[0])
	case syntax.OpQuest:
		return append(heads(re.Sub[0]), head{"", true})
	case syntax.OpAlternate:
		var all []head
		for _, sub := range re.Sub {
			all = append(all, heads(sub)...)
		}
		return all
	case syntax.OpConcat:
		all := []head{{"", true}}
		for _, sub := range re.Sub {
			all = follow(all, heads(sub))
		}
		return all
	case syntax.OpEmptyMatch, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary:
		return []head{{"", true}}
	}
	return []head{{"", false}}
}

// follow joins each beginning that is whole with each of what comes next.
func follow(all, next []head) []head {
	var out []head
	for _, h := range all {
		if !h.whole {
			out = append(out, h)
			continue
		}
		for _, n := range next {
			out = append(out, shorten(head{h.letters + n.letters, n.whole}))
		}
	}
	return out
}

func shorten(h head) head {
	if letters := []rune(h.letters); len(letters) >= headLetters {
		return head{string(letters[:headLetters]), false}
	}
	return h
}

// classHeads lists the letters of a small class.
func classHeads(pairs []rune) []head {
	var out []head
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1]-pairs[i] > 16 {
			return []head{{"", false}}
		}
		for r := pairs[i]; r <= pairs[i+1]; r++ {
			out = append(out, head{string(unicode.ToLower(r)), true})
		}
	}
	return out
}

func firstRune(s string) rune {
	for _, r := range s {
		return r
	}
	return 0
}

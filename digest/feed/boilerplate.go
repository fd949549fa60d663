package feed

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"tidings/digest"
	"tidings/digest/text"
)

// boilerplate is the reason for which a paragraph is taken out that a site puts around its articles.
const boilerplate = "boilerplate"

// When a paragraph that repeats is no news any more. A short one must have stood in three articles of its
// site and in a third of them; a long one, which may be an agency's that several reports quote, in six and
// in half of them. A paragraph in the middle counts only if it is short.
const (
	fewTimes, fewShare   = 3, 3
	manyTimes, manyShare = 6, 2
	shortLine            = 25  // words
	longLine             = 120 // words; what is longer is never boilerplate
	topmost, lowest      = 2, 5
	fewParagraphs        = 3 // an article of fewer has nothing around it
)

// Bounds on what is remembered of a site: after so many articles all counts are halved, so that what a site
// has stopped to say is forgotten; and of more lines than that, those seen once are.
const (
	manyPages = 60
	manyLines = 500
)

// habits are the paragraphs of an article that may be its site's habit and not the article's own: those at
// its beginning and end and short ones between, if they quote nobody and name nothing that the title names.
// It returns their places and hashes.
func habits(paragraphs []string, title, lang string) map[int]string {
	found := map[int]string{}
	about := subjectOf(title, lang)
	for i, p := range paragraphs {
		n := max(words(p), letters(p)/10)
		edge := i < topmost || i >= len(paragraphs)-lowest
		if n > longLine || !edge && (n > shortLine || !ends(p)) || speech().MatchString(p) {
			continue
		}
		if !about.in(p) {
			found[i] = handle(text.Fold(squeeze(p)))
		}
	}
	return found
}

// subject is the words of a title that are long enough to name something, as stems, and how they begin.
type subject struct {
	lang          string
	stems, starts map[string]bool
}

func subjectOf(title, lang string) subject {
	s := subject{lang, map[string]bool{}, map[string]bool{}}
	for _, w := range text.Words(title) {
		if !text.Stop(w, lang) && (letters(w) > 3 || hasDigit(w) && len(w) > 1) {
			s.stems[text.Stem(w, lang)], s.starts[start(w)] = true, true
		}
	}
	return s
}

// in tells whether a paragraph has one of the words. Stems are dear, and begin as their words do.
func (s subject) in(p string) bool {
	for _, w := range text.Words(p) {
		if s.starts[start(w)] && s.stems[text.Stem(w, s.lang)] {
			return true
		}
	}
	return false
}

// start is a word's first two letters.
func start(w string) string {
	for i := range w {
		if i > 1 {
			return text.Fold(w[:i])
		}
	}
	return text.Fold(w)
}

// learn counts an article's habits.
func learn(s *digest.Site, found map[int]string) {
	if s.Lines == nil {
		s.Lines = map[string]int{}
	}
	s.Pages++
	mine := map[string]bool{}
	for _, hash := range found {
		if !mine[hash] {
			mine[hash] = true
			s.Lines[hash]++
		}
	}
	if s.Pages >= manyPages {
		s.Pages /= 2
		for hash := range s.Lines {
			s.Lines[hash] /= 2
		}
		maps.DeleteFunc(s.Lines, func(_ string, n int) bool { return n == 0 })
	}
	if len(s.Lines) > manyLines {
		maps.DeleteFunc(s.Lines, func(hash string, n int) bool { return n == 1 && !mine[hash] })
	}
	if len(s.Lines) > manyLines {
		all := slices.SortedFunc(maps.Keys(s.Lines), func(a, b string) int {
			return cmp.Or(s.Lines[b]-s.Lines[a], strings.Compare(a, b))
		})
		for _, hash := range all[manyLines:] {
			delete(s.Lines, hash)
		}
	}
}

// unhabit takes out of an article what its site says everywhere, and tells it. An article of which more
// than half would go is left alone.
func unhabit(a *digest.Article, s *digest.Site, found map[int]string) {
	paragraphs := strings.Split(a.Text, "\n\n")
	var kept []string
	var removed []digest.Removed
	gone := 0
	for i, p := range paragraphs {
		n := s.Lines[found[i]]
		often := n >= fewTimes && n*fewShare >= s.Pages
		if words(p) > shortLine || letters(p) > 10*shortLine {
			often = n >= manyTimes && n*manyShare >= s.Pages
		}
		if found[i] == "" || !often {
			kept = append(kept, p)
			continue
		}
		removed, gone = append(removed, digest.Removed{Text: p, Reason: boilerplate}), gone+len(p)
	}
	if len(removed) == 0 || gone*2 > len(a.Text) {
		return
	}
	root := fragment(a.HTML)
	drop(root, removed)
	a.Text, a.HTML, a.Removed = strings.Join(kept, "\n\n"), sanitised(root), append(slices.Clone(a.Removed), removed...)
}

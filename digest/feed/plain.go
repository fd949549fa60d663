package feed

import (
	"strings"

	"tidings/digest"
	"tidings/digest/text"
)

// wrapped is the length in letters from which a line that is followed by another was broken by a
// program and not by its writer.
const wrapped = 45

var manyBlank = pattern(`\n[ \t\f\p{Z}]*\n\s*`)

// readPlain reads a plain text as one article: the first line that is not empty is the title, empty
// lines part paragraphs. It has no address and no date; the time at which a file was written says when
// it was saved, not when it was published.
func (o opening) readPlain() (digest.Article, error) {
	ps := paragraphs(o.text)
	if len(ps) == 0 {
		return digest.Article{}, &NotArticle{empty.String()}
	}
	title, rest, more := strings.Cut(ps[0], "\n")
	a := digest.Article{Title: line(title)}
	switch {
	case words(title) > 40 || letters(title) > maxTitle: // no headline is as long; the first paragraph stays where it is
		a.Title = clip(line(firstOf(append(text.Sentences(title, o.Lang), title)...)), maxTitle)
	case more:
		ps[0] = rest
	default:
		ps = ps[1:]
	}
	heard := text.Detect(clip(o.text, 4000), langTag(o.Lang))
	lang := heard.Lang
	ps = apartFromProse(ps)
	for i := range ps {
		ps[i] = unwrap(ps[i])
	}
	kept, removed := clean(bounded(ps), noise{title: a.Title, lang: lang, prose: true})
	a.Author, kept, removed = writer(kept, removed)
	a.Text, a.Removed, a.HTML = strings.Join(kept, "\n\n"), removed, asHTML(kept)
	a.URL = Canonical(address(nil, o.URL))
	settle(&a, firstOf(lang, o.Lang))
	if lang != "" {
		a.Lang, a.LangBy = lang, heard.String()
	}
	o.namePage(&a)
	return a, nil
}

// namePage identifies what is one article by its address, else by the name of its file.
func (o opening) namePage(a *digest.Article) {
	guid := ""
	if a.URL == "" && o.Name != "" {
		guid = "file:" + o.Name
	}
	name(a, guid, "")
}

// paragraphs parts a plain text at its empty lines; one that has none, at its lines.
func paragraphs(s string) []string {
	s = strings.Map(tidyRune, strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n"))
	parts := manyBlank().Split(strings.TrimSpace(s), -1)
	if len(parts) == 1 {
		parts = strings.Split(parts[0], "\n")
	}
	var out []string
	for _, p := range parts {
		var lines []string
		for l := range strings.SplitSeq(p, "\n") {
			if l = squeeze(l); l != "" {
				lines = append(lines, l)
			}
		}
		if len(lines) > 0 {
			out = append(out, strings.Join(lines, "\n"))
		}
	}
	return out
}

// apartFromProse makes each line that is a counter or a byline a paragraph of its own where a program has
// left out the empty line around it.
func apartFromProse(ps []string) []string {
	var out []string
	for _, p := range ps {
		if !strings.Contains(p, "\n") {
			out = append(out, p)
			continue
		}
		var open []string // lines of the paragraph that goes on
		flush := func() {
			if len(open) > 0 {
				out = append(out, strings.Join(open, "\n"))
			}
			open = nil
		}
		for l := range strings.SplitSeq(p, "\n") {
			if counterLine().MatchString(l) || bylineStart().MatchString(l) {
				flush()
				out = append(out, l)
			} else {
				open = append(open, l)
			}
		}
		flush()
	}
	return out
}

// unwrap joins the lines of a paragraph that a program has broken at its margin. Lines that were meant,
// as those of verse and addresses, stay.
func unwrap(p string) string {
	lines := strings.Split(p, "\n")
	for i, l := range lines {
		if i < len(lines)-1 && len([]rune(l)) < wrapped || isListed(l) {
			return p
		}
	}
	return strings.Join(lines, " ")
}

// writer finds the line near the top that only says who wrote the text.
func writer(kept []string, removed []digest.Removed) (string, []string, []digest.Removed) {
	for i, p := range kept[:min(len(kept), 3)] {
		if m := bylineStart().FindStringSubmatch(p); m != nil && len(kept) > 2 {
			rest := append(append([]string{}, kept[:i]...), kept[i+1:]...)
			return m[1], rest, append([]digest.Removed{{Text: p, Reason: byline}}, removed...)
		}
	}
	return "", kept, removed
}

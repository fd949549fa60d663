package feed

import (
	"html"
	"strconv"
	"strings"
)

// gofeed reads a document letter by letter, several times over. The long texts of an item, which it would
// give back as they are, are therefore set aside while a feed is mended, and a short mark stands for each
// until gofeed is done. That spares a third of its time for feeds of teasers, and most of it for feeds of
// whole articles.

const (
	asideMark  = "\ufdd5" // no letter, and taken out of every document before
	leastAside = 64       // bytes; a shorter text is not worth a mark
)

// markOf stands for the nth text set aside.
func markOf(n int) string { return asideMark + strconv.Itoa(n) }

// setAside puts a mark in the place of the text that was written from inner on, if it is one that gofeed
// would only decode: a single CDATA section, or words without markup.
func (m *mender) setAside(inner int) {
	written := m.out.Bytes()[inner:]
	if len(written) < leastAside {
		return
	}
	s := strings.TrimSpace(string(written))
	if cdata, ok := strings.CutPrefix(s, "<![CDATA["); ok {
		if cdata, ok = strings.CutSuffix(cdata, "]]>"); !ok || strings.Contains(cdata, "]]>") {
			return
		}
		s = cdata
	} else if strings.Contains(s, "<") {
		return
	} else if strings.Contains(s, "&") {
		s = entity().ReplaceAllStringFunc(s, html.UnescapeString)
	}
	m.out.Truncate(inner)
	m.out.WriteString(markOf(len(m.done.aside)))
	m.done.aside = append(m.done.aside, s)
}

// put gives back the text that a mark stands for.
func (p parsed) put(s string) string {
	if n, ok := strings.CutPrefix(s, asideMark); ok {
		if i, err := strconv.Atoi(n); err == nil && i >= 0 && i < len(p.aside) {
			return p.aside[i]
		}
	}
	return s
}

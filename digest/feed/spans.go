package feed

import (
	"slices"
	"strings"
	"time"
)

// mended is a feed's text made fit for a strict reader.
type mended struct {
	text  string
	items []span   // where its whole items stand in text
	ends  string   // the ends of the elements around the items
	cut   bool     // it ended inside an item, or before its root was closed
	lost  int      // items that began and were not whole
	aside []string // texts that marks stand for
	lang  string   // xml:lang of the root, which gofeed does not tell for RSS
}

// span is where an item stands, and what of its markup gofeed does not tell.
type span struct {
	from, to int
	lang     string // its own xml:lang, else that of its title or text
	textual  bool   // its title is text and not HTML, so that an angle bracket is one
}

// only returns the feed with just these items, its head and the ends of the elements around them. With it
// a feed is read that as a whole cannot be: the whole items of one that was cut off, the good ones beside
// a bad.
func (m mended) only(items []span) string {
	if len(m.items) == 0 {
		return m.text
	}
	var b strings.Builder
	b.WriteString(m.text[:m.items[0].from])
	for _, it := range items {
		b.WriteString(m.text[it.from:it.to])
	}
	b.WriteString(m.ends)
	return b.String()
}

// leaveOld takes the items out that [newest] would not choose, so that nobody spends time on them: some
// feeds hold all that a site ever wrote. It needs a plain date in every item, else it does nothing.
func (m *mended) leaveOld() {
	if len(m.items) <= maxItems {
		return
	}
	dates := make([]time.Time, len(m.items))
	for i, it := range m.items {
		var ok bool
		if dates[i], ok = spanDate(m.text[it.from:it.to]); !ok {
			return
		}
	}
	order := make([]int, len(m.items))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int { return dates[y].Compare(dates[x]) })
	old := order[maxItems:]
	slices.Sort(old)
	var b strings.Builder
	from := 0
	kept := make([]span, 0, maxItems)
	for i, it := range m.items {
		if len(old) > 0 && old[0] == i {
			old = old[1:]
			b.WriteString(m.text[from:it.from])
			from = it.to
			continue
		}
		shift := b.Len() - from
		it.from, it.to = it.from+shift, it.to+shift
		kept = append(kept, it)
	}
	b.WriteString(m.text[from:])
	m.text, m.items = b.String(), kept
}

// spanDate reads the date of an item that has not been parsed; ok only when there can be no doubt which
// one it is and what it says.
func spanDate(item string) (t time.Time, ok bool) {
	if strings.Contains(item, "<source>") { // an Atom entry's source has dates of its own
		return t, false
	}
	for _, name := range []string{"pubDate", "published", "dc:date", "updated"} {
		if _, rest, found := strings.Cut(item, "<"+name+">"); found {
			raw, _, _ := strings.Cut(rest, "<")
			return plainDate(strings.TrimSpace(raw))
		}
	}
	return t, false
}

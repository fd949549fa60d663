package main

import (
	"sort"
	"strconv"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2/unstable"
)

// deepest is how many tables and lists within each other are marked, and parts of one key; no setting lies
// deeper.
const deepest = 8

// marker finds where the settings of a document stand.
type marker struct {
	src   []byte
	lines []int           // offset of each line's first byte
	lists map[string]int  // how many tables a [[list]] has so far, by path
	marks map[string]mark // by path
}

// marks returns where each key and value of a valid TOML document stands, by path. The library's syntax
// tree is called unstable for its Go names, not for what it says; only this file knows it.
func marks(src []byte) map[string]mark {
	m := marker{src: src, lines: []int{0}, lists: make(map[string]int), marks: make(map[string]mark)}
	for i, b := range src {
		if b == '\n' {
			m.lines = append(m.lines, i+1)
		}
	}
	var p unstable.Parser
	p.Reset(src)
	table := ""
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = m.heading(e)
		case unstable.KeyValue:
			m.keyValue(e, table, 0)
		default: // a comment
		}
	}
	return m.marks
}

// heading marks a [table] or [[table]] and returns its path.
func (m *marker) heading(e *unstable.Node) string {
	path := ""
	for it, n := e.Key(), 0; n < deepest && it.Next(); n++ {
		path = join(path, string(it.Node().Data))
		at := m.place(it.Node())
		m.add(path, mark{key: at, value: at})
		if e.Kind == unstable.ArrayTable && it.IsLast() {
			m.lists[path]++
		}
		if n := m.lists[path]; n > 0 {
			path += "[" + strconv.Itoa(n-1) + "]"
			m.add(path, mark{key: at, value: at})
		}
	}
	return path
}

// keyValue marks a key, its value and what lies in it.
func (m *marker) keyValue(e *unstable.Node, path string, depth int) {
	var last place
	for it, n := e.Key(), 0; n < deepest && it.Next(); n++ {
		path = join(path, string(it.Node().Data))
		last = m.place(it.Node())
		m.add(path, mark{key: last, value: last})
	}
	m.marks[path] = mark{key: last, value: m.value(e.Value(), last)}
	m.inside(e.Value(), path, depth)
}

// inside marks what lies in a list or an inline table.
func (m *marker) inside(e *unstable.Node, path string, depth int) {
	if depth == deepest || (e.Kind != unstable.Array && e.Kind != unstable.InlineTable) {
		return
	}
	around, i := m.marks[path].value, 0
	for it := e.Children(); it.Next(); i++ {
		child := it.Node()
		if child.Kind == unstable.KeyValue {
			m.keyValue(child, path, depth+1)
			continue
		}
		element := path + "[" + strconv.Itoa(i) + "]"
		at := m.value(child, around)
		m.add(element, mark{key: at, value: at})
		m.inside(child, element, depth+1)
	}
}

// add marks a path unless it is marked: a table is where it was first named.
func (m *marker) add(path string, at mark) {
	if _, ok := m.marks[path]; !ok {
		m.marks[path] = at
	}
}

// value returns where a value begins; a list's is not known to the library and taken to be its key's.
func (m *marker) value(e *unstable.Node, otherwise place) place {
	if e.Raw.Length == 0 {
		return otherwise
	}
	return m.place(e)
}

// place returns where a node begins.
func (m *marker) place(e *unstable.Node) place {
	offset := int(e.Raw.Offset)
	line := sort.SearchInts(m.lines, offset+1)
	return place{line, utf8.RuneCount(m.src[m.lines[line-1]:offset]) + 1}
}

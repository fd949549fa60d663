package feed

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzMend goes from bytes to the text that gofeed is given: always valid UTF-8 and balanced, its items
// where they are said to be, and each of them fit to stand alone.
func FuzzMend(f *testing.F) {
	for _, feed := range threeItems {
		f.Add([]byte(feed.text), "")
		f.Add([]byte(feed.text[:len(feed.text)*2/3]), "text/xml; charset=utf-8")
	}
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		body, err := expand(body)
		if err != nil {
			return
		}
		kind, s := recognise(decode(body, contentType))
		if !utf8.ValidString(s) {
			t.Fatalf("not UTF-8: %q", s)
		}
		switch kind {
		case xmlFeed:
		case jsonFeed:
			mendJSON(s)
			return
		default:
			return
		}
		m, err := mend(tidied(s))
		if err != nil {
			return
		}
		m.leaveOld()
		last := 0
		for _, it := range m.items {
			if it.from < last || it.to < it.from || it.to > len(m.text) {
				t.Fatalf("%+v in %d bytes behind %d", it, len(m.text), last)
			}
			last = it.to
			balanced(t, m.only([]span{it}))
		}
		balanced(t, m.text)
	})
}

// balanced fails for a document whose elements do not close. Other faults, such as bad attributes, are
// left to the reader.
func balanced(t *testing.T, s string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(s))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for {
		_, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && strings.Contains(err.Error(), "unexpected EOF") {
			t.Fatalf("%v in %q", err, s)
		}
		if err != nil {
			return
		}
	}
}

package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"tidings/digest"
	"tidings/digest/feed"
	"tidings/digest/text"
)

// maxLine bounds one line of a filter's input, in bytes.
const maxLine = 16 << 20

// line is one article on a filter's standard input. The id is echoed as it came, number or string.
type line struct {
	ID        json.RawMessage `json:"id"`
	Title     string          `json:"title"`
	Text      string          `json:"text"`
	Sentences []string        `json:"sentences"`
	Lang      string          `json:"lang"`
	Source    json.RawMessage `json:"source"` // a name, or an object with a title
	Published string          `json:"published"`
	URL       string          `json:"url"`
}

// filter is the program at work on JSON lines: from its input to its output, without a home.
type filter struct{ *program }

// lines reads JSON lines and calls each with every one. A line that is no article, which each may say too by
// a [badLine], is named by its number on the error output and left out; the rest goes on, and the error at
// the end is [errTold].
func (p filter) lines(each func(line) error) error {
	var told error
	reader := bufio.NewReaderSize(p.in, 64<<10)
	if mark, _ := reader.Peek(3); string(mark) == "\ufeff" { // as some editors begin a file
		_, _ = reader.Discard(3)
	}
	for n := 1; ; n++ {
		raw, err := readLine(reader)
		if errors.Is(err, io.EOF) {
			return told
		}
		var l line
		if err == nil {
			l, err = parseLine(raw)
		}
		if err == nil && l.ID != nil {
			err = each(l)
		}
		if errors.As(err, new(badLine)) {
			fmt.Fprintf(p.err, "line %d of the input %v\n", n, err)
			told, err = errTold, nil
		}
		if err != nil {
			return err
		}
	}
}

// badLine says, after the line's number, what is wrong with it.
type badLine string

func (b badLine) Error() string { return string(b) }

// readLine returns the next line, without its end, or [io.EOF] behind the last. One that is too long is
// skipped to its end.
func readLine(r *bufio.Reader) ([]byte, error) {
	var whole []byte
	size := 0
	for {
		part, err := r.ReadSlice('\n')
		if size += len(part); size <= maxLine {
			whole = append(whole, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err == io.EOF && size == 0:
			return nil, io.EOF
		case err != nil && err != io.EOF:
			return nil, err
		case size > maxLine:
			return nil, badLine(fmt.Sprintf("is longer than %d MB", maxLine>>20))
		}
		return whole, nil
	}
}

// parseLine reads one line; an empty one gives a line without an id.
func parseLine(raw []byte) (line, error) {
	var l line
	if raw = bytes.TrimSpace(raw); len(raw) == 0 {
		return l, nil
	}
	if err := json.Unmarshal(raw, &l); err != nil {
		return l, badLine("is not an article in JSON: " + jsonFault(err))
	}
	if id := strings.TrimSpace(string(l.ID)); id == "" || id == "null" || id[0] == '{' || id[0] == '[' {
		return l, badLine("has no id; it must be a text or a number")
	}
	return l, nil
}

// jsonFault says in words what is wrong with a line.
func jsonFault(err error) string {
	kind := (*json.UnmarshalTypeError)(nil)
	switch {
	case !errors.As(err, &kind):
		return strings.TrimPrefix(err.Error(), "json: ")
	case kind.Field == "":
		return "it must be an object in braces, not " + kind.Value
	case kind.Type.Kind() == reflect.Slice:
		return kind.Field + " must be a list, not " + kind.Value
	}
	return kind.Field + " must be text in quotes, not " + kind.Value
}

// mostTitle bounds what is looked at of a title, in bytes: no headline is as long, and one takes as much time.
const mostTitle = 8 << 10

// article makes a line into what the rooms of the house know.
func (l line) article() (digest.Article, error) {
	a := digest.Article{ID: strings.Trim(string(l.ID), `"`), Title: strings.ToValidUTF8(l.Title[:min(len(l.Title), mostTitle)], ""), Text: l.Text, Lang: l.Lang}
	if l.URL != "" {
		a.URL = feed.Canonical(l.URL)
	}
	if a.Lang == "" {
		a.Lang = text.Language(a.Title+". "+l.Text, "")
	}
	if l.Published != "" {
		at, err := parseTime(l.Published, time.UTC)
		if err != nil {
			return a, badLine("has no date in published: " + err.Error())
		}
		a.Published = at
	}
	if len(l.Source) > 0 && json.Unmarshal(l.Source, &a.Source.Title) != nil && json.Unmarshal(l.Source, &a.Source) != nil {
		return a, badLine("has a source that is neither a name nor an object")
	}
	a.Feed = cmp.Or(a.Source.URL, a.Source.Title)
	return a, nil
}

// parseTime reads a time as people write it; one without a zone is taken in loc.
func parseTime(s string, loc *time.Location) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly, time.RFC1123Z} {
		if at, err := time.ParseInLocation(layout, s, loc); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time; write it like 2026-11-23T07:00 or 2026-11-23T07:00:00Z", s)
}

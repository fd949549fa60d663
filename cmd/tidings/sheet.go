package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	utf "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// The bounds of a sheet: far beyond what any row of ours needs.
const (
	longestRow  = 64 << 10 // octets
	longestCell = 1000     // octets
)

// sheet reads a table as spreadsheets write it (RFC 4180, and what is written under that name): parted by commas,
// semicolons or tabs, in UTF-8 or, with a byte order mark, UTF-16, with any end of lines.
//
// A row is one line, unlike in RFC 4180: nothing that we read has a line break in it, and a quote that is not closed
// then costs its own row instead of swallowing those below.
type sheet struct {
	in    *bufio.Reader
	comma rune
	line  int // of the row read last, from 1
}

func newSheet(in io.Reader) *sheet {
	return &sheet{in: bufio.NewReader(transform.NewReader(in, utf.BOMOverride(transform.Nop)))}
}

// next returns the cells of the next row that has any; [io.EOF] behind the last. A [badLine] is about this row alone.
// The first row says by its first comma, semicolon or tab what parts the cells.
func (s *sheet) next() ([]string, error) {
	for {
		text, err := s.read()
		if err != nil {
			return nil, err
		}
		if s.comma == 0 {
			s.comma = ','
			if at := strings.IndexAny(text, ",;\t"); at >= 0 {
				s.comma = rune(text[at])
			}
		}
		cells, err := s.cells(text)
		if err != nil || strings.Join(cells, "") != "" {
			return cells, err
		}
	}
}

// read returns the next line without its end, cut where it is too long.
func (s *sheet) read() (string, error) {
	var text strings.Builder
	for begun := false; ; begun = true {
		c, err := s.in.ReadByte()
		switch {
		case errors.Is(err, io.EOF) && begun:
			return text.String(), nil
		case err != nil:
			return "", err
		case !begun:
			s.line++
		}
		if c == '\r' {
			if next, _ := s.in.Peek(1); string(next) == "\n" {
				continue
			}
		}
		if c == '\r' || c == '\n' {
			return text.String(), nil
		}
		if text.Len() <= longestRow {
			text.WriteByte(c)
		}
	}
}

// cells takes a row apart, blanks around its cells left out.
func (s *sheet) cells(text string) ([]string, error) {
	switch {
	case strings.TrimSpace(text) == "":
		return nil, nil
	case len(text) > longestRow:
		return nil, badLine("it is longer than 64 kB")
	case !utf8.ValidString(text) || strings.ContainsRune(text, utf8.RuneError):
		return nil, badLine("it is not in UTF-8; save the file as CSV in UTF-8")
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = s.comma
	cells, err := r.Read()
	if err != nil {
		return nil, badLine(`its quotes (") do not come in pairs; a row is one line`)
	}
	for i, cell := range cells {
		cells[i] = strings.TrimSpace(cell)
		switch {
		case len(cell) > longestCell:
			return nil, badLine("a cell is longer than 1000 characters")
		case strings.ContainsFunc(cells[i], unicode.IsControl):
			return nil, badLine("it contains an invisible character; is the file CSV in UTF-8?")
		}
	}
	return cells, nil
}

package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

// office is a home with one digest, and what its operator is told.
type office struct {
	t      *testing.T
	config string
}

func newOffice(t *testing.T) office {
	t.Helper()
	config := filepath.Join(t.TempDir(), "config.toml")
	write(t, config, "[[digest]]\nname = \"daily\"\nfrom = \"AI Daily <daily@example.org>\"\n")
	return office{t, config}
}

// says runs the program with something on its standard input.
func (o office) says(in io.Reader, args ...string) (code int, out, said string) {
	o.t.Helper()
	var printed, told bytes.Buffer
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	p := &program{in: in, out: &printed, err: &told, now: func() time.Time { return now }}
	code = p.run(o.t.Context(), append([]string{"-c", o.config}, args...))
	return code, printed.String(), told.String()
}

// wide is a text in UTF-16 with its mark.
func wide(order binary.AppendByteOrder, s string) string {
	b := order.AppendUint16(nil, 0xfeff)
	for _, unit := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

// Files as they come from spreadsheets, from other programs and by accident: each row is taken, or refused with its
// line and a reason, and costs no other.
func TestImportOdd(t *testing.T) {
	const two = "email,name\nada@example.org,Ada\nzoe@example.org,Zoë\n"
	const taken = "imported 2 rows: 2 new, 0 known; refused 0\n"
	long := strings.Repeat("x", 1<<20)
	for name, c := range map[string]struct{ file, want string }{
		"commas":            {two, taken},
		"semicolons":        {strings.ReplaceAll(two, ",", ";"), taken},
		"tabs":              {strings.ReplaceAll(two, ",", "\t"), taken},
		"CR LF":             {strings.ReplaceAll(two, "\n", "\r\n"), taken},
		"CR":                {strings.ReplaceAll(two, "\n", "\r"), taken},
		"no last end":       {strings.TrimSpace(two), taken},
		"a mark":            {"\ufeff" + two, taken},
		"UTF-16":            {wide(binary.LittleEndian, two), taken},
		"UTF-16, the other": {wide(binary.BigEndian, strings.ReplaceAll(two, "\n", "\r\n")), taken},
		"rows of nothing":   {"\n\nemail,name\n,\nada@example.org,Ada\n\n , \nzoe@example.org,Zoe,,,,\n\n", taken},
		"quotes":            {"\"email\",\"name\"\n\"ada@example.org\",\"Lovelace, \"\"Ada\"\"\"\nzoe@example.org,Zoe\n", taken},
		"Latin-1":           {"email,name\nada@example.org,Ada\nzoe@example.org,Zo\xeb\n", "line 3: it is not in UTF-8; save the file as CSV in UTF-8\nimported 1 row: 1 new, 0 known; refused 1\n"},
		"UTF-16, unmarked":  {wide(binary.LittleEndian, two)[2:], "tidings: -: line 1, which must name the columns: it contains an invisible character; is the file CSV in UTF-8?\n"},
		"a NUL":             {"email,name\nada@example.org,A\x00da\nb\x00@example.org,Bob\nzoe@example.org,\n", "line 2: it contains an invisible character; is the file CSV in UTF-8?\nline 3: it contains an invisible character; is the file CSV in UTF-8?\nimported 1 row: 1 new, 0 known; refused 2\n"},
		"an open quote":     {"email,name\nada@example.org,Ada\nmia@example.org,\"Mia\nnora@example.org,Nora\nlea@example.org,\"\n", "line 3: its quotes (\") do not come in pairs; a row is one line\nline 5: its quotes (\") do not come in pairs; a row is one line\nimported 2 rows: 2 new, 0 known; refused 2\n"},
		"a stray quote":     {"email,name\nada@example.org,Ada \"x\" L.\nmia@example.org,Mia\n", "line 2: its quotes (\") do not come in pairs; a row is one line\nimported 1 row: 1 new, 0 known; refused 1\n"},
		"two lines in one":  {"email,name\n\"a@b\r\n.org\",Ada\nmia@example.org,Mia\n", "line 2: its quotes (\") do not come in pairs; a row is one line\nline 3: its quotes (\") do not come in pairs; a row is one line\nimported 1 row: 1 new, 0 known; refused 2\n"},
		"too many cells":    {"email,name,state\nada@example.org,Lovelace, Ada,active\nmia@example.org\n", "line 2: it has 4 cells under 3 columns; quote a cell that holds a comma\nimported 1 row: 1 new, 0 known; refused 1\n"},
		"a long cell":       {"email,name\nada@example.org," + long[:5000] + "\nmia@example.org,Mia\n", "line 2: a cell is longer than 1000 characters\nimported 1 row: 1 new, 0 known; refused 1\n"},
		"a megabyte":        {"email,name\nada@example.org," + long + "\n" + long + "@example.org,Bob\nmia@example.org,Mia\n", "line 2: it is longer than 64 kB\nline 3: it is longer than 64 kB\nimported 1 row: 1 new, 0 known; refused 2\n"},
		"no time":           {"email,consent_at\nada@example.org,2999-01-01\nbob@example.org,yesterday\nmia@example.org,0001-01-01T00:00:00Z\n", "line 2: consent_at: nobody can have agreed on 2999-01-01\nline 3: consent_at: \"yesterday\" is no time; write it like 2026-11-23T07:00 or 2026-11-23T07:00:00Z\nline 4: consent_at: nothing of ours was on 0001-01-01\nimported 0 rows: 0 new, 0 known; refused 3\n"},
		"nothing":           {"", "tidings: -: the file is empty; its first line must name the columns, email among them\n"},
		"a header alone":    {"email\n", "imported 0 rows: 0 new, 0 known; refused 0\n"},
		"no header":         {"ada@example.org,Ada\n", "tidings: -: the header has a column \"ada@example.org\" that is not known; columns are email, name, state, digests, topics, lang, format, timezone, consent_at, consent_how, consent_from, consent_text, why, paused_until, joined\n"},
		"a header twice":    {"email,name,Name\nada@example.org,Ada,x\n", "tidings: -: the header names the column name twice\n"},
		"a long header":     {long + "\nx\n", "tidings: -: line 1, which must name the columns: it is longer than 64 kB\n"},
		"a picture":         {"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "tidings: -: line 1, which must name the columns: it is not in UTF-8; save the file as CSV in UTF-8\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, _, said := newOffice(t).says(strings.NewReader(c.file), "subscribers", "import", "-")
			if diff := cmp.Diff(c.want, said); diff != "" {
				t.Errorf("-want +got %s", diff)
			}
			if failed := strings.HasPrefix(said, "tidings:") || !strings.Contains(said, "refused 0"); failed != (code == 1) {
				t.Errorf("exit code %d", code)
			}
		})
	}
}

// A hundred thousand rows of which every other is bad: each of these is told with its line and the reason, and all
// others are there afterwards.
func TestImportHalfBad(t *testing.T) {
	t.Parallel()
	const rows = 100_000
	bad := []string{"no address,,,,", "a@b\x00.org,,,,", "x@example.org,,happy,,", "x@example.org,,,weekly,", "x@example.org,,,,english language", "reader0@example.org,,,,"}
	var file strings.Builder
	file.WriteString("email,name,state,digests,lang\n")
	for i := range rows / 2 {
		fmt.Fprintf(&file, "reader%d@example.org,Reader %d,,daily,en\n%s\n", i, i, bad[i%len(bad)])
	}
	o := newOffice(t)
	code, _, said := o.says(strings.NewReader(file.String()), "subscribers", "import", "-")
	told := strings.Split(strings.TrimSpace(said), "\n")
	if last := told[len(told)-1]; code != 1 || len(told) != rows/2+1 || last != "imported 50000 rows: 50000 new, 0 known; refused 50000" {
		t.Fatalf("exit code %d, %d lines: %s", code, len(told), last)
	}
	for i, line := range told[:rows/2] {
		if number := fmt.Sprintf("line %d: ", 2*i+3); !strings.HasPrefix(line, number) || len(line) < len(number)+20 {
			t.Fatalf("%q is said of line %d", line, 2*i+3)
		}
	}
	if _, exported, _ := o.says(nil, "subscribers", "export"); strings.Count(exported, "\n") != 1+rows/2 {
		t.Errorf("%d lines are exported", strings.Count(exported, "\n"))
	}
}

// Any octets are rows, or refused line by line; no cell has more than one line, and none is lost.
func FuzzSheet(f *testing.F) {
	for _, seed := range []string{"email,name\na@b.org,Ada\n", "email;name\r\n\"a\"\"b\";\r\n", "\ufeffemail\ra\r", wide(binary.LittleEndian, "email\na@b.org\n"), "a\tb\n\"\n\"\n", "\"\x00\xff,\n\r\r\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, last := newSheet(bytes.NewReader(raw)), 0
		for {
			cells, err := s.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil && !errors.As(err, new(badLine)) {
				t.Fatal(err)
			}
			if s.line <= last || err == nil && len(cells) == 0 {
				t.Fatalf("line %d after line %d: %q", s.line, last, cells)
			}
			last = s.line
			for _, cell := range cells {
				if len(cell) > longestCell || strings.ContainsAny(cell, "\r\n\x00") || cell != strings.TrimSpace(cell) {
					t.Fatalf("a cell %q", cell)
				}
			}
		}
		if lines := bytes.Count(raw, []byte("\n")) + bytes.Count(raw, []byte("\r")); last > lines+1 {
			t.Errorf("line %d of %d", last, lines)
		}
	})
}

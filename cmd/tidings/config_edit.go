package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"tidings/digest"
)

// configFile is the configuration as it is written, for commands that change it. It is edited as text, so
// that comments, order and spelling stay the operator's.
type configFile struct {
	path string // as the user named it
	dir  string // absolute
	src  []byte
	env  []string
}

// sourceBook keeps the sources in the configuration file.
type sourceBook struct{ *program }

// openFile reads the configuration and its text. The built-in one cannot be changed.
func (p sourceBook) openFile() (configFile, Config, error) {
	path, builtin := Find(p.path, p.env)
	if builtin {
		return configFile{}, Config{}, errors.New("there is no configuration file yet to write this into; run tidings init first")
	}
	config, err := Load(path, p.env)
	if err != nil {
		return configFile{}, Config{}, err
	}
	f := configFile{path: path, env: p.env}
	if f.src, err = os.ReadFile(path); err != nil {
		return configFile{}, Config{}, fmt.Errorf("%s: %s", path, reason(err))
	}
	if f.dir, err = filepath.Abs(filepath.Dir(path)); err != nil {
		return configFile{}, Config{}, fmt.Errorf("%s: %w", path, err)
	}
	return f, config, nil
}

// save puts a changed text into the place of the file, provided that it is a configuration without faults
// still and that nobody else has changed the file meanwhile.
func (f configFile) save(changed []byte) error {
	if _, err := parseConfig(changed, f.path, f.dir, f.env); err != nil {
		return fmt.Errorf("%s was left as it is, for with this change it would have faults:\n%s", f.path, err.Error())
	}
	if err := replaceFile(f.path, f.src, changed); err != nil {
		return fmt.Errorf("%s was left as it is: %w", f.path, err)
	}
	return nil
}

// withSources returns the text with these sources behind those that it has, or at its end.
func (f configFile) withSources(added []SourceConfig) ([]byte, error) {
	lines := textLines(f.src)
	at := len(lines)
	for at > 0 && blank(lines[at-1]) {
		at--
	}
	if n := sourceCount(f.src); n > 0 {
		_, end, err := f.block(n - 1)
		if err != nil {
			return nil, err
		}
		at = end
	}
	newline := "\n"
	if bytes.Contains(f.src, []byte("\r\n")) {
		newline = "\r\n"
	}
	var b bytes.Buffer
	before := bytes.Join(lines[:at], nil)
	b.Write(before)
	if len(before) > 0 && !bytes.HasSuffix(before, []byte("\n")) {
		b.WriteString(newline)
	}
	for i, s := range added {
		if i > 0 || len(before) > 0 {
			b.WriteString(newline)
		}
		b.WriteString(strings.ReplaceAll(s.block(), "\n", newline))
	}
	b.Write(bytes.Join(lines[at:], nil))
	return b.Bytes(), nil
}

// withoutSource returns the text without the block of the i-th source. Comments around it stay.
func (f configFile) withoutSource(i int) ([]byte, error) {
	lines := textLines(f.src)
	start, end, err := f.block(i)
	if err != nil {
		return nil, err
	}
	if start == 0 || blank(lines[start-1]) {
		for end < len(lines) && blank(lines[end]) {
			end++
		}
	}
	for end == len(lines) && start > 0 && blank(lines[start-1]) {
		start--
	}
	return bytes.Join(slices.Concat(lines[:start], lines[end:]), nil), nil
}

// block returns the lines from which and up to which the [[source]] of a number stands, counted from 0. What
// directly follows its last setting as a comment is part of it, unless it leads on to the next heading.
func (f configFile) block(i int) (start, end int, err error) {
	places, lines := marks(f.src), textLines(f.src)
	path := "source[" + strconv.Itoa(i) + "]"
	start = places[path].key.line - 1
	if !bytes.HasPrefix(bytes.TrimSpace(lines[start]), []byte("[[")) {
		return 0, 0, fmt.Errorf("%s:%d: the sources stand in one list here, which is not changed by a command; write each as a [[source]], or change the list by hand", f.path, start+1)
	}
	inBlock := func(p string) bool {
		return p == path || strings.HasPrefix(p, path+".") || strings.HasPrefix(p, path+"[")
	}
	next, last := len(lines), start
	for p, m := range places {
		if line := m.key.line - 1; !inBlock(p) && line > start && line < next {
			next = line
		}
	}
	for p, m := range places {
		if line := m.key.line - 1; inBlock(p) && line > last {
			last = line
		}
	}
	if last >= next {
		return 0, 0, fmt.Errorf("%s:%d: this source is told in several places of the file; change it by hand", f.path, start+1)
	}
	end = next
	for end > start+1 && (blank(lines[end-1]) || comment(lines[end-1])) {
		end--
	}
	after := end
	for after < next && comment(lines[after]) {
		after++
	}
	if after == len(lines) || blank(lines[after]) {
		end = after
	}
	return start, end, nil
}

// sourceCount is how many sources a text has.
func sourceCount(src []byte) int {
	places := marks(src)
	for n := 0; ; n++ {
		if _, ok := places["source["+strconv.Itoa(n)+"]"]; !ok {
			return n
		}
	}
}

// textLines are the lines of a text, each with its end.
func textLines(src []byte) [][]byte { return slices.Collect(bytes.Lines(src)) }

func blank(line []byte) bool { return len(bytes.TrimSpace(line)) == 0 }

func comment(line []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(line), []byte("#")) }

// block is a source as it is written into the file, without what is the default.
func (s SourceConfig) block() string {
	var b strings.Builder
	b.WriteString("[[source]]\n")
	text := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s = %s\n", key, tomlText(value))
		}
	}
	text("url", s.URL)
	text("name", s.Name)
	text("lang", s.Lang)
	text("owner", s.Owner)
	text("group", s.Group)
	if s.Weight != 1 {
		fmt.Fprintf(&b, "weight = %s\n", tomlNumber(s.Weight))
	}
	text("topic", s.Topic)
	for _, truth := range []struct {
		key string
		is  bool
	}{{"first", s.First}, {"aggregator", s.Aggregator}, {"on_topic", s.OnTopic}} {
		if truth.is {
			b.WriteString(truth.key + " = true\n")
		}
	}
	if s.FullText != digest.Auto {
		text("full_text", string(s.FullText))
	}
	var list []string
	for _, rule := range s.List.rules() {
		if *rule.value != "" {
			list = append(list, rule.key+" = "+tomlText(*rule.value))
		}
	}
	if len(list) > 0 {
		fmt.Fprintf(&b, "list = { %s }\n", strings.Join(list, ", "))
	}
	return b.String()
}

// listRule is one rule of a list, by its key.
type listRule struct {
	key   string
	value *string
}

// rules are all rules of a list, to be read or set.
func (l *ListConfig) rules() []listRule {
	return []listRule{
		{"item", &l.Item}, {"link", &l.Link}, {"title", &l.Title}, {"date", &l.Date}, {"summary", &l.Summary}, {"match", &l.Match},
	}
}

// tomlNumber writes a number that TOML does not take for a whole one's misspelling: 2 and 0.5.
func tomlNumber(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// tomlText writes a text as TOML. What is full of backslashes or quotes, as regular expressions are, is
// written literally where that can be.
func tomlText(s string) string {
	odd := strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f || c == '\'' })
	if strings.ContainsAny(s, `\"`) && !odd {
		return "'" + s + "'"
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b.WriteString(`\` + string(c))
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

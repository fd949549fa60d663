package main

import (
	"bytes"
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
)

// configReader fills a [Config] and collects what is wrong on the way. Settings are named by paths as
// "digest[1].weights.depth", the same in the file, in variables and in checks; a path finds the place that
// a fault is told at.
//
// The library reads the syntax; the values are laid into the struct here, since its decoder stops at the
// first wrong type and knows no place for what is wrong in meaning. (2026-11; would change if it went on.)
type configReader struct {
	file   string          // its name in faults
	dir    string          // where relative paths start
	marks  map[string]mark // by path
	bad    map[string]bool // paths told already: nothing more is told of them or of what lies in them
	faults Faults
}

// mark is where a setting stands.
type mark struct {
	key, value place
	variable   string // the one that overrides it; key and value are meaningless then
}

// place is a position in the file, both from 1; columns count characters.
type place struct{ line, column int }

// read lays the file's values into c. It returns false when nothing more can be told, since the syntax is
// wrong.
func (r *configReader) read(src []byte, c *Config) bool {
	var values map[string]any
	if err := toml.Unmarshal(src, &values); err != nil {
		fault := Fault{File: r.file, Sentence: "this is not TOML: " + strings.TrimPrefix(err.Error(), "toml: ")}
		if at := (*toml.DecodeError)(nil); errors.As(err, &at) {
			fault.Line, fault.Column = at.Position()
			fault.Column = characters(src, fault.Line, fault.Column)
		}
		r.faults = append(r.faults, fault)
		return false
	}
	r.marks = marks(src)
	r.fill(reflect.ValueOf(c).Elem(), values, "")
	return true
}

// characters turns a column counted in bytes into one counted in characters.
func characters(src []byte, line, column int) int {
	lines := bytes.SplitAfterN(src, []byte("\n"), line+1)
	if line < 1 || line > len(lines) || column < 1 || column > len(lines[line-1])+1 {
		return max(column, 1)
	}
	return utf8.RuneCount(lines[line-1][:column-1]) + 1
}

// fault tells that something is wrong with the setting at path, unless something was told there before.
func (r *configReader) fault(path, format string, args ...any) {
	r.faultAt(path, false, fmt.Sprintf(format, args...))
}

// faultAt tells a fault at the setting's value, or at its key. What stands nowhere, as a missing setting,
// is told at the nearest table around it.
func (r *configReader) faultAt(path string, key bool, sentence string) {
	for around := path; around != ""; around = enclosing(around) {
		if r.bad[around] {
			return
		}
	}
	r.bad[path] = true
	fault := Fault{File: r.file, Sentence: sentence}
	for around := path; around != ""; around = enclosing(around) {
		m, ok := r.marks[around]
		if !ok {
			continue
		}
		if m.variable != "" {
			fault.File, fault.Variable = "", m.variable
		}
		at := m.value
		if key || around != path {
			at = m.key
		}
		fault.Line, fault.Column = at.line, at.column
		break
	}
	r.faults = append(r.faults, fault)
}

// enclosing returns the path of what a setting lies in; empty at the top.
func enclosing(path string) string {
	return path[:max(strings.LastIndexAny(path, ".["), 0)]
}

// plain returns a path as a person writes it: without indices.
func plain(path string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(path, "[") {
		if n, rest, ok := strings.Cut(part, "]"); ok && strings.Trim(n, "0123456789") == "" {
			part = rest
		}
		b.WriteString(part)
	}
	return b.String()
}

// sorted returns the faults in the order of the file, then of the variables.
func (r *configReader) sorted() Faults {
	slices.SortStableFunc(r.faults, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Variable, b.Variable), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return r.faults
}

// fill lays a decoded value into v, which keeps its default when the value does not fit.
func (r *configReader) fill(v reflect.Value, value any, path string) {
	if text, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if s, ok := value.(string); !ok || text.UnmarshalText([]byte(s)) != nil {
			r.misfit(v.Type(), path)
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		r.fillStruct(v, value, path)
	case reflect.Slice:
		r.fillSlice(v, value, path)
	case reflect.Map:
		r.fillMap(v, value, path)
	default:
		if !fillScalar(v, value) {
			r.misfit(v.Type(), path)
		}
	}
}

// misfit tells that the value at path is not of its setting's type. It does not quote the value, which may
// be a secret.
func (r *configReader) misfit(t reflect.Type, path string) {
	r.fault(path, "%s must be %s", plain(path), wanted(t))
}

// fillScalar lays a text, a number, a truth or a duration into v and says whether it fits.
func fillScalar(v reflect.Value, value any) bool {
	switch value := value.(type) {
	case string:
		if v.Type() == reflect.TypeFor[time.Duration]() {
			d, err := parseDuration(value)
			v.SetInt(int64(d))
			return err == nil
		}
		if v.Kind() == reflect.String {
			v.SetString(value)
			return true
		}
	case int64:
		if v.Kind() == reflect.Int && !v.OverflowInt(value) {
			v.SetInt(value)
			return true
		}
		if v.Kind() == reflect.Float64 {
			v.SetFloat(float64(value))
			return true
		}
	case float64:
		if v.Kind() == reflect.Float64 {
			v.SetFloat(value)
			return true
		}
	case bool:
		if v.Kind() == reflect.Bool {
			v.SetBool(value)
			return true
		}
	}
	return false
}

// fillStruct lays a table into v and tells every key that is not a setting.
func (r *configReader) fillStruct(v reflect.Value, value any, path string) {
	table, ok := value.(map[string]any)
	if !ok {
		r.misfit(v.Type(), path)
		return
	}
	for _, key := range slices.Sorted(maps.Keys(table)) {
		if field, ok := fieldOf(v, key); ok {
			r.fill(field, table[key], join(path, key))
			continue
		}
		section := "at the top there are"
		if path != "" {
			section = plain(path) + " has"
		}
		r.faultAt(join(path, key), true, fmt.Sprintf("there is no setting %s; %s %s",
			strconv.Quote(plain(join(path, key))), section, strings.Join(keysOf(v.Type()), ", ")))
	}
}

// fillSlice lays a list into v, replacing what was there. Tables in it start from their presets.
func (r *configReader) fillSlice(v reflect.Value, value any, path string) {
	list, ok := value.([]any)
	if !ok {
		r.misfit(v.Type(), path)
		return
	}
	v.SetZero()
	for i, value := range list {
		element := reflect.New(v.Type().Elem())
		if p, ok := element.Interface().(interface{ preset() }); ok {
			p.preset()
		}
		r.fill(element.Elem(), value, path+"["+strconv.Itoa(i)+"]")
		v.Set(reflect.Append(v, element.Elem()))
	}
}

// fillMap lays a table with keys of the user's choice, languages everywhere, over what v holds.
func (r *configReader) fillMap(v reflect.Value, value any, path string) {
	table, ok := value.(map[string]any)
	if !ok {
		r.misfit(v.Type(), path)
		return
	}
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	for _, key := range slices.Sorted(maps.Keys(table)) {
		element := reflect.New(v.Type().Elem()).Elem()
		r.fill(element, table[key], join(path, key))
		v.SetMapIndex(reflect.ValueOf(key), element)
	}
}

// join returns the path of a key in the table at path.
func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// fieldOf returns the field that a key sets.
func fieldOf(v reflect.Value, key string) (reflect.Value, bool) {
	for i := range v.NumField() {
		if tag := v.Type().Field(i).Tag.Get("toml"); tag == key && tag != "-" {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

// keysOf returns the keys that a table of this type has, in their order.
func keysOf(t reflect.Type) []string {
	var keys []string
	for i := range t.NumField() {
		if tag := t.Field(i).Tag.Get("toml"); tag != "-" {
			keys = append(keys, tag)
		}
	}
	return keys
}

// wanted says in words what a setting of this type must be.
func wanted(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[time.Duration]():
		return `a length of time, such as "90s", "20h" or "8d"`
	case reflect.TypeFor[Size]():
		return `a size, such as "500KB" or "16MB"`
	case reflect.TypeFor[slog.Level]():
		return `"debug", "info", "warn" or "error"`
	case reflect.TypeFor[netip.Prefix]():
		return `a network, such as "10.0.0.0/8" or "::1/128"`
	}
	switch t.Kind() {
	case reflect.String:
		return "text in quotes"
	case reflect.Int:
		return "a whole number without quotes"
	case reflect.Float64:
		return "a number without quotes"
	case reflect.Bool:
		return "true or false, without quotes"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Struct && t.Elem() != reflect.TypeFor[netip.Prefix]() {
			return "tables, each under a heading in double brackets such as [[digest]]"
		}
		return `a list in square brackets, such as ["one", "two"]`
	case reflect.Map:
		return `a table by language, such as { en = …, it = … }`
	}
	return "a table of settings, under a heading in brackets"
}

// Size is a number of bytes. Its units are steps of 1024.
type Size int64

// UnmarshalText reads "16MB", "500KB", "1GB", "1048576" or "1048576B".
func (s *Size) UnmarshalText(text []byte) error {
	number, unit := strings.TrimSuffix(strings.ToUpper(strings.TrimSpace(string(text))), "B"), int64(1)
	for shift, suffix := range map[int]string{10: "K", 20: "M", 30: "G"} {
		if digits, ok := strings.CutSuffix(number, suffix); ok {
			number, unit = strings.TrimSpace(digits), 1<<shift
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 32)
	if err != nil {
		return fmt.Errorf("size: %w", err)
	}
	*s = Size(n * unit)
	return nil
}

// parseDuration is [time.ParseDuration], with days of 24 hours besides: "8d".
func parseDuration(text string) (time.Duration, error) {
	days, ok := strings.CutSuffix(text, "d")
	if !ok {
		return time.ParseDuration(text)
	}
	n, err := strconv.ParseInt(days, 10, 16) // at most 32767 days, which does not overflow
	if err != nil {
		return 0, fmt.Errorf("days: %w", err)
	}
	return time.Duration(n) * 24 * time.Hour, nil
}

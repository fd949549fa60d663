package main

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// override is one setting that a variable of the environment gives.
type override struct {
	variable string
	path     string        // of the setting, as in [configReader]
	target   reflect.Value // the setting
	wrap     string        // of a table by language: the language; target is the table
	text     string        // the value
}

// override lays what the TIDINGS_SECTION__KEY variables among env say over c. A table in a list is
// addressed by its name, as TIDINGS_DIGEST__DAILY__SCHEDULE; with …_FILE behind it, a variable names a
// file that holds the value. Variables without a double underscore are not settings and left alone.
func (r *configReader) override(env []string, c *Config) {
	var all []override
	for _, entry := range slices.Sorted(slices.Values(env)) {
		name, value, _ := strings.Cut(entry, "=")
		setting, ok := strings.CutPrefix(name, "TIDINGS_")
		if !ok || !strings.Contains(setting, "__") {
			continue
		}
		// All are found before the first is laid: one of them may rename the digest that others address.
		if o, ok := r.find(c, override{variable: name, text: value}, setting); ok {
			all = append(all, o)
		}
	}
	for i, o := range all {
		if i > 0 && all[i-1].path == o.path && all[i-1].wrap == o.wrap && all[i-1].variable != o.variable {
			r.blame(o.variable, "%s gives the same setting; unset one of them", all[i-1].variable)
			continue
		}
		r.lay(o)
	}
}

// find looks up the setting that a variable means. A setting whose own key ends in _file is meant before
// the file of another: both ways, the password of TIDINGS_SMTP__PASSWORD_FILE is that file's content.
func (r *configReader) find(c *Config, o override, setting string) (override, bool) {
	parts := strings.Split(setting, "__")
	err := o.locate(reflect.ValueOf(c).Elem(), parts)
	short, file := strings.CutSuffix(setting, "_FILE")
	if err == nil || !file {
		if err != nil {
			r.blame(o.variable, "%s", err)
		}
		return o, err == nil
	}
	o.path, o.wrap = "", ""
	if err := o.locate(reflect.ValueOf(c).Elem(), strings.Split(short, "__")); err != nil {
		r.blame(o.variable, "%s", err)
		return o, false
	}
	content, err := os.ReadFile(o.text)
	if err != nil {
		r.blame(o.variable, "%s cannot be read: %s", o.text, reason(err))
		return o, false
	}
	o.text = lastLine(content)
	return o, true
}

// blame tells that a variable is wrong as a whole.
func (r *configReader) blame(variable, format string, args ...any) {
	r.faults = append(r.faults, Fault{Variable: variable, Sentence: fmt.Sprintf(format, args...)})
}

// locate walks from v to the setting that parts name, and notes its path.
func (o *override) locate(v reflect.Value, parts []string) error {
	if len(parts) == 0 {
		return nil
	}
	part, rest := parts[0], parts[1:]
	switch {
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct && len(keysOf(v.Type().Elem())) > 1:
		return o.locateTable(v, part, rest)
	case v.Kind() == reflect.Map && len(rest) == 0:
		o.wrap = strings.ReplaceAll(strings.ToLower(part), "_", "-")
		return nil
	case v.Kind() != reflect.Struct || !settings(v.Type()):
		return fmt.Errorf("there is no such setting; %s holds no others", plain(o.path))
	}
	for _, key := range keysOf(v.Type()) {
		if spell(key) != part {
			continue
		}
		field, _ := fieldOf(v, key)
		o.path, o.target = join(o.path, key), field
		if len(rest) == 0 && (settings(field.Type()) || field.Kind() == reflect.Map) {
			return fmt.Errorf("%s is a table; name one of the settings in it, behind another __", plain(o.path))
		}
		return o.locate(field, rest)
	}
	around := "at the top there are"
	if o.path != "" {
		around = plain(o.path) + " has"
	}
	keys := keysOf(v.Type())
	for i := range keys {
		keys[i] = spell(keys[i])
	}
	return fmt.Errorf("there is no such setting; %s %s", around, strings.Join(keys, ", "))
}

// locateTable goes on in the table of a list that is called part.
func (o *override) locateTable(list reflect.Value, part string, rest []string) error {
	var found []int
	var names []string
	for i := range list.Len() {
		name := tableName(list.Index(i).Interface())
		if name != "" && spell(name) == part {
			found = append(found, i)
		}
		names = append(names, spell(name))
	}
	kind := o.path
	switch {
	case len(names) == 0:
		return fmt.Errorf("the configuration has no [[%s]] to change", kind)
	case len(found) == 0 && len(names) > 10:
		return fmt.Errorf("there is no [[%s]] that is called %s", kind, part)
	case len(found) == 0:
		return fmt.Errorf("there is no [[%s]] that is called %s; choose from %s", kind, part, strings.Join(names, ", "))
	case len(found) > 1:
		return fmt.Errorf("several [[%s]] are called %s; change the file instead", kind, part)
	case len(rest) == 0:
		return fmt.Errorf("%s is a table; name one of the settings in it, behind another __", part)
	}
	o.path += "[" + strconv.Itoa(found[0]) + "]"
	return o.locate(list.Index(found[0]), rest)
}

// settings says whether a type is a table of settings, or a list of such tables.
func settings(t reflect.Type) bool {
	if t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct && t.NumField() > 0 && t.Field(0).Tag.Get("toml") != ""
}

// tableName returns what a table of a list is addressed by.
func tableName(table any) string {
	switch table := table.(type) {
	case SourceConfig:
		return table.Name
	case TopicConfig:
		return table.ID
	case DKIMConfig:
		return table.Selector
	case DigestConfig:
		return table.Name
	}
	return ""
}

// spell writes a name as it stands in a variable: in upper case, whatever is neither letter nor digit as one
// _, since two of them part the names: "Foo - Bar" is FOO_BAR.
func spell(name string) string {
	words := strings.FieldsFunc(strings.ToUpper(name), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
	return strings.Join(words, "_")
}

// lay sets the setting, and has whatever is wrong with it told at the variable.
func (r *configReader) lay(o override) {
	path, value := o.path, fromText(o.target.Type(), o.text)
	if o.wrap != "" {
		path = join(path, o.wrap)
		value = map[string]any{o.wrap: fromText(o.target.Type().Elem(), o.text)}
	}
	for marked := range r.marks {
		if strings.HasPrefix(marked, path+"[") || strings.HasPrefix(marked, path+".") {
			delete(r.marks, marked)
		}
	}
	r.marks[path] = mark{variable: o.variable}
	r.fill(o.target, value, o.path)
}

// fromText reads a variable's text as a value for a setting of type t: numbers, truths and lists, which
// are separated by commas. What cannot be read stays text, and does not fit.
func fromText(t reflect.Type, text string) any {
	switch t.Kind() {
	case reflect.Bool:
		if b, err := strconv.ParseBool(text); err == nil {
			return b
		}
	case reflect.Int:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
	case reflect.Float64:
		if x, err := strconv.ParseFloat(text, 64); err == nil {
			return x
		}
	case reflect.Slice:
		list := []any{}
		for part := range strings.SplitSeq(text, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
		return list
	}
	return text
}

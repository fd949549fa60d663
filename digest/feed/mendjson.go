package feed

import (
	"encoding/json"
	"strings"
)

// textKeys are the members of a JSON Feed and its items that are text, and are written as numbers or
// worse by programs that were not told.
//
//nolint:gochecknoglobals // a table, made once and never written
var textKeys = wordSet("version title home_page_url feed_url description icon favicon language id url external_url content_html " +
	"content_text summary image banner_image date_published date_modified")

// boundedJSON is as much of a JSON text as has no more values and members than markup may have: a strict
// reader makes a kilobyte of each empty item.
func boundedJSON(s string) string {
	quoted, escaped, n := false, false, 0
	for i := range len(s) {
		switch c := s[i]; {
		case escaped:
			escaped = false
		case quoted:
			escaped, quoted = c == '\\', c != '"'
		case c == '"':
			quoted = true
		case c == ',' || c == '{' || c == '[':
			if n++; n > maxMarkup {
				return s[:i]
			}
		}
	}
	return s
}

// mendJSON repairs what makes a strict reader give up a whole JSON Feed for one fault: a comma before a
// closing bracket, a line break inside a text, a member of another type than it should have. Of a feed
// that breaks off the whole items are kept, and cut is true.
func mendJSON(s string) (mended string, cut bool) {
	d := json.NewDecoder(strings.NewReader(tidyJSON(s)))
	d.UseNumber()
	feed := map[string]any{}
	var items []any
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return s, false
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			cut = true
			break
		}
		name, _ := key.(string)
		if name == "items" {
			items, err = wholeItems(d, items)
		} else {
			var value any
			if err = d.Decode(&value); err == nil {
				feed[name] = value
			}
		}
		if err != nil {
			cut = true
			break
		}
	}
	if _, err := d.Token(); err != nil {
		cut = true
	}
	mendMembers(feed)
	feed["items"] = items
	out, err := json.Marshal(feed)
	if err != nil {
		return s, cut
	}
	return string(out), cut
}

// wholeItems reads the items of a feed up to the first that is not whole.
func wholeItems(d *json.Decoder, items []any) ([]any, error) {
	t, err := d.Token()
	if err != nil || t != json.Delim('[') {
		return items, err
	}
	for d.More() {
		var value any
		if err := d.Decode(&value); err != nil {
			return items, err
		}
		if item, ok := value.(map[string]any); ok {
			mendMembers(item)
			items = append(items, item)
		}
	}
	_, err = d.Token()
	return items, err
}

// mendMembers makes text of numbers and drops what is not of its type; what these members do not name is
// dropped unless it is an author's name.
func mendMembers(m map[string]any) {
	for key, value := range m {
		switch v := value.(type) {
		case string:
			if !textKeys[key] {
				delete(m, key)
			}
		case json.Number:
			if delete(m, key); textKeys[key] {
				m[key] = v.String()
			}
		default:
			if key == "items" || isPeople(key, value) {
				continue
			}
			delete(m, key)
		}
	}
}

// isPeople tells a well-formed author or list of them.
func isPeople(key string, value any) bool {
	person := func(v any) bool {
		p, ok := v.(map[string]any)
		for _, member := range p {
			if _, text := member.(string); !text {
				return false
			}
		}
		return ok
	}
	if key == "author" {
		return person(value)
	}
	list, ok := value.([]any)
	if key != "authors" || !ok {
		return false
	}
	for _, p := range list {
		if !person(p) {
			return false
		}
	}
	return true
}

// tidyJSON mends the commonest faults of JSON that no library wrote: a comma before a closing bracket,
// and line breaks and tabs inside a text.
func tidyJSON(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	quoted, escaped := false, false
	for i := range len(s) {
		c := s[i]
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\n':
			b.WriteString(`\n`)
			continue
		case quoted && c < 0x20:
			c = ' '
		case quoted:
			escaped, quoted = c == '\\', c != '"'
		case c == '"':
			quoted = true
		case c == ',':
			if rest := strings.TrimLeft(s[i+1:min(len(s), i+200)], " \t\r\n"); rest != "" && (rest[0] == ']' || rest[0] == '}') {
				continue
			}
		}
		b.WriteByte(c)
	}
	return b.String()
}

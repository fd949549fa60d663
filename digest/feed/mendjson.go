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

// mendJSON repairs what makes a strict reader give up a whole JSON Feed for one member: a comma before a
// closing bracket, and a member of another type than it should have.
func mendJSON(s string) string {
	s = withoutTrailingCommas(s)
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var feed map[string]any
	if d.Decode(&feed) != nil {
		return s
	}
	mendMembers(feed)
	items, _ := feed["items"].([]any)
	whole := make([]any, 0, len(items))
	for _, it := range items {
		if item, ok := it.(map[string]any); ok {
			mendMembers(item)
			whole = append(whole, item)
		}
	}
	feed["items"] = whole
	mended, err := json.Marshal(feed)
	if err != nil {
		return s
	}
	return string(mended)
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

// withoutTrailingCommas mends the commonest fault of JSON written by hand.
func withoutTrailingCommas(s string) string {
	var b strings.Builder
	quoted, escaped := false, false
	for i := range len(s) {
		c := s[i]
		switch {
		case escaped:
			escaped = false
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

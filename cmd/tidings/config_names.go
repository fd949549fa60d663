package main

import (
	"slices"
	"strings"

	"tidings/digest/text"
)

// NameConfig is a [text.Name].
type NameConfig struct {
	Name  string    `toml:"name"`  // required
	Kind  text.Kind `toml:"kind"`  // required: one of [text.Kinds]
	Maker string    `toml:"maker"` // the organisation that it belongs to; empty: none
	Also  []string  `toml:"also"`  // other spellings; empty: none
}

// names returns the built-in names with the operator's own.
func (c Config) names() *text.Names {
	own := make([]text.Name, len(c.Name))
	for i, n := range c.Name {
		own[i] = text.Name(n)
	}
	return text.NewNames(own)
}

// called is how a known name is usually written; any other stays as it is.
func called(names *text.Names, name string) string {
	if known := names.Find(name); len(known) == 1 {
		return known[0].Name
	}
	return name
}

// checkNames looks at the operator's names.
func (r configChecker) checkNames(names []NameConfig) {
	var kinds, seen []string
	for _, k := range text.Kinds() {
		kinds = append(kinds, string(k))
	}
	for i, n := range names {
		path := at("name", i, "name")
		switch folded := text.Fold(n.Name); {
		case n.Name == "":
			r.fault(path, `this [[name]] has no name; write one, such as name = "Quillwright"`)
		case slices.Contains(seen, folded):
			r.fault(path, "there is another [[name]] %q above; put the two together", n.Name)
		default:
			seen = append(seen, folded)
		}
		for k, spelling := range append([]string{n.Name}, n.Also...) {
			if spelling != "" || k > 0 {
				if why := text.SpellingFault(spelling); why != "" {
					r.fault(path, "%q is no spelling that could be found: %s", spelling, why)
				}
			}
		}
		if !slices.Contains(kinds, string(n.Kind)) {
			r.fault(at("name", i, "kind"), "name.kind must be one of %s", strings.Join(kinds, ", "))
		}
	}
}

package templates

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// sheet is a style sheet taken apart: what is written into elements and what stays in the head.
type sheet struct {
	classes map[string]string // declarations by class
	live    map[string]bool   // classes that a rule in the head speaks of
	head    string            // one line
}

var (
	comments  = regexp.MustCompile(`(?s)/\*.*?\*/`)
	variables = regexp.MustCompile(`var\((--[\w-]+)\)`)
	plainRule = regexp.MustCompile(`^\.[a-z]+$`)
	someClass = regexp.MustCompile(`\.([a-z]+)`)
	classAttr = regexp.MustCompile(`\s*class="([^"]*)"`)
	styleLink = regexp.MustCompile(`<link rel="stylesheet" href="\.\./(style/[\w.-]+)">`)
	space     = regexp.MustCompile(`\s+`)
	tight     = regexp.MustCompile(`\s*([{};:,])\s*`)
)

// dress writes the styles into the templates: a letter's and a notice's class attributes become style
// attributes, and a linked sheet becomes a style element. Lines stay where they are.
func dress(files map[string]string) error {
	letter, err := readSheet("style/letter.css", files["style/letter.css"])
	if err != nil {
		return err
	}
	heads := map[string]string{
		"style/letter.css": letter.head,
		"style/page.css":   squeeze(comments.ReplaceAllString(files["style/page.css"], "")),
	}
	for name, src := range files {
		if path.Ext(name) != ".html" {
			continue
		}
		if !strings.HasPrefix(name, "page/") {
			if src, err = letter.inline(name, src); err != nil {
				return err
			}
		}
		files[name] = styleLink.ReplaceAllStringFunc(src, func(link string) string {
			return "<style>" + heads[styleLink.FindStringSubmatch(link)[1]] + "</style>"
		})
	}
	return nil
}

// readSheet takes a sheet apart. It knows comments, :root variables, rules of plain classes, and keeps
// whatever else for the head.
func readSheet(name, src string) (sheet, error) {
	sh := sheet{classes: map[string]string{}, live: map[string]bool{}}
	vars := map[string]string{}
	blank := func(c string) string { return strings.Repeat("\n", strings.Count(c, "\n")) }
	rest := comments.ReplaceAllStringFunc(src, blank)
	for line := 1; strings.TrimSpace(rest) != ""; {
		rule, after, ok := cutRule(rest)
		if !ok {
			return sheet{}, fmt.Errorf("%s:%d: a brace is missing", name, line+leading(rest))
		}
		selector, body, _ := strings.Cut(strings.TrimSuffix(rule, "}"), "{")
		sh.take(squeeze(selector), body, vars)
		line += strings.Count(rule, "\n")
		rest = after
	}
	var missing string
	resolve := func(s string) string {
		return variables.ReplaceAllStringFunc(s, func(v string) string {
			value, known := vars[variables.FindStringSubmatch(v)[1]]
			if !known {
				missing = v
			}
			return value
		})
	}
	for class, declarations := range sh.classes {
		sh.classes[class] = resolve(declarations)
	}
	sh.head = resolve(sh.head)
	if missing != "" {
		line := 1 + strings.Count(src[:strings.Index(src, missing)], "\n")
		return sheet{}, fmt.Errorf("%s:%d: %s is not set in :root", name, line, missing)
	}
	return sh, nil
}

// take files one rule.
func (sh *sheet) take(selector, body string, vars map[string]string) {
	if selector == ":root" {
		for declaration := range strings.SplitSeq(body, ";") {
			if key, value, ok := strings.Cut(declaration, ":"); ok {
				vars[strings.TrimSpace(key)] = squeeze(value)
			}
		}
		return
	}
	if plainRule.MatchString(selector) {
		sh.classes[selector[1:]] += strings.TrimSuffix(squeeze(body), ";") + ";"
		return
	}
	sh.head += squeeze(selector + "{" + body + "}")
	for _, class := range someClass.FindAllStringSubmatch(selector+withoutValues(body), -1) {
		sh.live[class[1]] = true
	}
}

// withoutValues blanks the innermost declarations, so that ".3px" is not read as a class.
func withoutValues(body string) string {
	var out strings.Builder
	for part := range strings.SplitSeq(body, "}") {
		selector, _, nested := strings.Cut(part, "{")
		if nested {
			out.WriteString(selector)
		}
	}
	return out.String()
}

// inline writes the classes' declarations into the elements; a class stays when the head speaks of it.
func (sh sheet) inline(name, src string) (string, error) {
	var fault error
	out := classAttr.ReplaceAllStringFunc(src, func(attr string) string {
		var declarations string
		var kept []string
		for class := range strings.FieldsSeq(classAttr.FindStringSubmatch(attr)[1]) {
			d, known := sh.classes[class]
			if !known && !sh.live[class] && fault == nil {
				line := 1 + strings.Count(src[:strings.Index(src, attr)], "\n")
				fault = fmt.Errorf("%s:%d: style/letter.css has no class %q", name, line, class)
			}
			declarations += d
			if sh.live[class] {
				kept = append(kept, class)
			}
		}
		var out string
		if len(kept) > 0 {
			out = ` class="` + strings.Join(kept, " ") + `"`
		}
		if declarations != "" {
			out += ` style="` + strings.TrimSuffix(declarations, ";") + `"`
		}
		return out
	})
	return out, fault
}

// cutRule splits off the first rule, nested braces included.
func cutRule(src string) (rule, rest string, ok bool) {
	depth := 0
	for i, r := range src {
		switch r {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return src[:i+1], src[i+1:], true
			}
			if depth < 0 {
				return "", "", false
			}
		}
	}
	return "", "", false
}

// leading counts the empty lines before the first word.
func leading(src string) int {
	return strings.Count(src[:len(src)-len(strings.TrimLeft(src, " \t\n"))], "\n")
}

// squeeze takes the needless white space out of CSS.
func squeeze(css string) string {
	return tight.ReplaceAllString(space.ReplaceAllString(strings.TrimSpace(css), " "), "$1")
}

package templates

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// letterSheet is the style sheet of letters and notices.
const letterSheet = "style/letter.css"

// sheet is a style sheet taken apart: what is written into elements and what stays in the head. The rules for the
// dark stand apart, since a mail client that stumbles over one style element drops the whole of it.
type sheet struct {
	vars    map[string]string // those of :root
	classes map[string]string // declarations by class
	live    map[string]bool   // classes that a rule in the head speaks of
	head    string            // one line
	dark    string            // one line, with its @media
	outlook string            // the same for Outlook on the web and on phones
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
// attributes, and a linked sheet becomes style elements. Lines stay where they are. The letter's sheet is the one in
// style, over which the sheet named look is laid; empty: none is. An accent takes the place of the sheet's own.
func dress(files map[string]string, look, accent string) error {
	letter, err := letterStyle(files, look, accent)
	if err != nil {
		return err
	}
	heads := map[string][]string{
		letterSheet:      {letter.head, letter.dark, letter.outlook},
		"style/page.css": {squeeze(comments.ReplaceAllString(files["style/page.css"], ""))},
	}
	for name, src := range files {
		if _, _, other := lookFile(name); other || path.Ext(name) != ".html" {
			continue
		}
		if !strings.HasPrefix(name, "page/") {
			if src, err = letter.inline(name, src); err != nil {
				return err
			}
		}
		files[name] = styleLink.ReplaceAllStringFunc(src, func(link string) string {
			return elements(heads[styleLink.FindStringSubmatch(link)[1]])
		})
	}
	return nil
}

// letterStyle is the letter's sheet with a look's laid over it: each class and each variable of the look's takes the
// place of the letter's, and its rules for the head take the place of all of the letter's.
func letterStyle(files map[string]string, look, accent string) (sheet, error) {
	sh, err := readSheet(letterSheet, files[letterSheet])
	if err != nil {
		return sheet{}, err
	}
	if src, ok := files[look]; ok {
		over, err := readSheet(look, src)
		if err != nil {
			return sheet{}, err
		}
		maps.Copy(sh.classes, over.classes)
		maps.Copy(sh.vars, over.vars)
		sh.live, sh.head, sh.dark, sh.outlook = over.live, over.head, over.dark, over.outlook
	}
	if err := sh.tint(accent); err != nil {
		return sheet{}, err
	}
	return sh, sh.resolve(files, letterSheet, look)
}

// elements puts each part of a head into a style element of its own.
func elements(parts []string) string {
	var out strings.Builder
	for _, css := range parts {
		if css != "" {
			out.WriteString("<style>" + css + "</style>")
		}
	}
	return out.String()
}

// readSheet takes a sheet apart. It knows comments, :root variables, rules of plain classes, rules for the dark, and
// keeps whatever else for the head.
func readSheet(name, src string) (sheet, error) {
	sh := sheet{vars: map[string]string{}, classes: map[string]string{}, live: map[string]bool{}}
	blank := func(c string) string { return strings.Repeat("\n", strings.Count(c, "\n")) }
	rest := comments.ReplaceAllStringFunc(src, blank)
	for line := 1; strings.TrimSpace(rest) != ""; {
		rule, after, ok := cutRule(rest)
		if !ok {
			return sheet{}, fmt.Errorf("%s:%d: a brace is missing", name, line+leading(rest))
		}
		selector, body, _ := strings.Cut(strings.TrimSuffix(rule, "}"), "{")
		sh.take(squeeze(selector), body)
		line += strings.Count(rule, "\n")
		rest = after
	}
	return sh, nil
}

// resolve puts the variables' values in their places. A fault names the sheet that speaks of a variable nobody sets.
func (sh *sheet) resolve(files map[string]string, sheets ...string) error {
	var missing string
	resolve := func(s string) string {
		return variables.ReplaceAllStringFunc(s, func(v string) string {
			value, known := sh.vars[variables.FindStringSubmatch(v)[1]]
			if !known {
				missing = v
			}
			return value
		})
	}
	for class, declarations := range sh.classes {
		sh.classes[class] = resolve(declarations)
	}
	sh.head, sh.dark, sh.outlook = resolve(sh.head), resolve(sh.dark), resolve(sh.outlook)
	if missing == "" {
		return nil
	}
	for _, name := range slices.Backward(sheets) {
		if before, _, found := strings.Cut(files[name], missing); found {
			return fmt.Errorf("%s:%d: %s is not set in :root", name, 1+strings.Count(before, "\n"), missing)
		}
	}
	return fmt.Errorf("%s:1: %s is not set in :root", letterSheet, missing)
}

// take files one rule.
func (sh *sheet) take(selector, body string) {
	if selector == ":root" {
		for declaration := range strings.SplitSeq(body, ";") {
			if key, value, ok := strings.Cut(declaration, ":"); ok {
				sh.vars[strings.TrimSpace(key)] = squeeze(value)
			}
		}
		return
	}
	if plainRule.MatchString(selector) {
		sh.classes[selector[1:]] += strings.TrimSuffix(squeeze(body), ";") + ";"
		return
	}
	if rule := squeeze(selector + "{" + body + "}"); selector == "@media (prefers-color-scheme:dark)" {
		sh.dark += rule
		sh.outlook += forOutlook(squeeze(body))
	} else {
		sh.head += rule
	}
	for _, class := range someClass.FindAllStringSubmatch(selector+withoutValues(body), -1) {
		sh.live[class[1]] = true
	}
}

// tint puts an accent in the place of the sheet's own, on its light and on its dark paper.
func (sh *sheet) tint(accent string) error {
	if accent == "" {
		return nil
	}
	light, err := colourOf(sh.vars["--paper"])
	if err != nil {
		return fmt.Errorf("--paper: %w", err)
	}
	dark, err := colourOf(sh.vars["--dark-paper"])
	if err != nil {
		return fmt.Errorf("--dark-paper: %w", err)
	}
	if sh.vars["--accent"], sh.vars["--dark-accent"], err = accents(accent, light, dark); err != nil {
		return fmt.Errorf("accent: %w", err)
	}
	return nil
}

// forOutlook writes the rules for the dark once more: Outlook on the web and on phones turns colours round by itself
// and marks what it turned, text by data-ogsc and backgrounds by data-ogsb (caniemail: @media prefers-color-scheme).
func forOutlook(rules string) string {
	var out strings.Builder
	for rule := range strings.SplitSeq(rules, "}") {
		selectors, declarations, ok := strings.Cut(rule, "{")
		if !ok {
			continue
		}
		var text, ground []string
		for d := range strings.SplitSeq(declarations, ";") {
			if strings.HasPrefix(d, "background") {
				ground = append(ground, d)
			} else if d != "" {
				text = append(text, d)
			}
		}
		out.WriteString(marked("[data-ogsc] ", selectors, text) + marked("[data-ogsb] ", selectors, ground))
	}
	return out.String()
}

// marked is a rule for elements in one that has a mark.
func marked(mark, selectors string, declarations []string) string {
	if len(declarations) == 0 {
		return ""
	}
	return mark + strings.ReplaceAll(selectors, ",", ","+mark) + "{" + strings.Join(declarations, ";") + "}"
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
				fault = fmt.Errorf("%s:%d: "+letterSheet+" has no class %q", name, line, class)
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

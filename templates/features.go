package templates

import (
	_ "embed"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

//go:embed caniemail.txt
var unknownFeatures string

// features are the features of HTML and CSS that a letter uses, by the names that Can I email gives them.
type features []string

// harmless are those without which a letter reads as well: it has one column that needs no media query, its colours
// bear being turned round, and rounded corners, hyphens and the like are for those who have them.
var harmless = regexp.MustCompile(`^(css-(at-media|at-media-prefers-color-scheme|at-media-prefers-reduced-motion|border-radius|box-shadow|color-scheme|display-none|height|hyphens|hyphenate-.*|max-height|min-height|overflow|overflow-wrap|word-break|word-wrap|table-layout|transition|pseudo-class-(hover|active|focus|link|visited)|selector-.*|text-shadow|text-decoration-.*|text-underline-.*|text-wrap|cursor|orphans|widows)|html-(abbr|aria-.*|body|doctype|loading-attribute|meta-color-scheme|style|target|wbr))$`)

// unknown tells of each feature who does not know it, in their order of use.
func (f features) unknown() []string {
	var out []string
	for _, name := range f {
		_, row, found := strings.Cut(unknownFeatures, "\n"+name+": ")
		if !found || harmless.MatchString(name) {
			continue
		}
		clients, _, _ := strings.Cut(row, "\n")
		_, feature, _ := strings.Cut(name, "-")
		kind := strings.ToUpper(strings.TrimSuffix(name, "-"+feature))
		if kind == "IMAGE" {
			kind = "picture"
		}
		out = append(out, fmt.Sprintf("the %s feature %q is not known to %s", kind, feature, strings.ReplaceAll(clients, "; ", ", ")))
	}
	return out
}

func (f *features) use(names ...string) {
	for _, name := range names {
		if !slices.Contains(*f, name) {
			*f = append(*f, name)
		}
	}
}

// byElement are the elements whose feature is not called like them.
func byElement(name string) string {
	switch name {
	case "article", "aside", "details", "figcaption", "figure", "footer", "header", "main", "mark", "nav", "section", "summary", "time":
		return "html-semantics"
	case "ul", "ol", "li", "dl", "dt", "dd":
		return "html-lists"
	case "h1", "h2", "h3", "h4", "h5", "h6":
		return "html-h1-h6"
	case "map", "area":
		return "html-image-maps"
	case "embed":
		return "html-object"
	}
	return "html-" + name
}

// element notes what an element uses: itself, its attributes, its style.
func (f *features) element(n *html.Node) {
	f.use(byElement(n.Data))
	for _, a := range n.Attr {
		switch a.Key {
		case "style":
			f.declarations(a.Val)
		case "href":
			if strings.HasPrefix(a.Val, "#") {
				f.use("html-anchor-links")
			}
		case "src":
			f.picture(a.Val)
		case "usemap":
			f.use("html-image-maps")
		case "loading":
			f.use("html-loading-attribute")
		case "type":
			f.use("html-"+n.Data+"-"+a.Val, "html-button-"+a.Val)
		default:
			f.use("html-" + a.Key)
		}
	}
	if n.Data == "style" && n.FirstChild != nil {
		f.sheet(n.FirstChild.Data)
	}
}

// picture notes a picture's format.
func (f *features) picture(src string) {
	if strings.HasPrefix(src, "data:") {
		f.use("image-base64")
		return
	}
	ext := strings.TrimPrefix(path.Ext(strings.ToLower(src)), ".")
	if other, ok := map[string]string{"jpeg": "jpg", "tif": "tiff", "heic": "heif"}[ext]; ok {
		ext = other
	}
	f.use("image-" + ext)
}

var (
	innermost  = regexp.MustCompile(`([^{}]*)\{([^{}]*)\}`)
	atRule     = regexp.MustCompile(`@([\w-]+)([^{;]*)`)
	pseudo     = regexp.MustCompile(`(::?)([a-z-]+)`)
	mediaWords = regexp.MustCompile(`prefers-color-scheme|prefers-reduced-motion|hover|orientation|device-pixel-ratio`)
	functions  = regexp.MustCompile(`\b(calc|clamp|max|min|light-dark|linear-gradient|radial-gradient|conic-gradient|rgba|rgb|var)\(`)
	units      = regexp.MustCompile(`\d(rem|vh|vw|vmin|vmax|ch)\b`)
)

// sheet notes what a style element uses.
func (f *features) sheet(css string) {
	css = comments.ReplaceAllString(css, "")
	for _, m := range atRule.FindAllStringSubmatch(css, -1) {
		f.use("css-at-" + m[1])
		for _, word := range mediaWords.FindAllString(m[2], -1) {
			f.use("css-at-media-" + word)
		}
	}
	for _, m := range innermost.FindAllStringSubmatch(css, -1) {
		f.declarations(m[2])
		if strings.HasPrefix(strings.TrimSpace(m[1]), "@") {
			continue
		}
		if strings.Contains(m[1], "[") {
			f.use("css-selector-attribute")
		}
		for _, p := range pseudo.FindAllStringSubmatch(m[1], -1) {
			f.use("css-pseudo-class-"+p[2], "css-pseudo-element-"+p[2])
		}
	}
}

// declarations notes the properties of a style, their functions and units.
func (f *features) declarations(css string) {
	for declaration := range strings.SplitSeq(css, ";") {
		property, value, ok := strings.Cut(declaration, ":")
		property = strings.ToLower(strings.TrimSpace(property))
		if !ok || strings.HasPrefix(property, "mso-") {
			continue
		}
		f.property(strings.TrimPrefix(property, "-webkit-"), strings.ToLower(value))
		for _, m := range functions.FindAllStringSubmatch(value, -1) {
			f.use(map[string]string{"calc": "css-unit-calc", "var": "css-variables", "rgb": "css-rgb", "rgba": "css-rgba"}[m[1]], "css-function-"+m[1], "css-"+m[1])
		}
		for _, m := range units.FindAllStringSubmatch(value, -1) {
			f.use("css-unit-" + m[1])
		}
	}
}

// property notes a property. Longhands that have no entry are as well known as their shorthands: to all.
func (f *features) property(property, value string) {
	switch property {
	case "display":
		for _, kind := range []string{"flex", "grid", "none"} {
			if strings.Contains(value, kind) {
				f.use("css-display-" + kind)
			}
		}
	case "left", "right", "top", "bottom":
		property = "left-right-top-bottom"
	}
	f.use("css-" + property)
}

package templates

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// inspect parses a page or letter and tells what no mail client and no reader should meet.
func inspect(t *testing.T, name, src string) {
	t.Helper()
	if i := strings.Index(src, "ZgotmplZ"); i >= 0 {
		t.Errorf("%s: #ZgotmplZ at …%s", name, src[max(0, i-80):i+10])
	}
	doc, err := html.Parse(strings.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	in := inspection{t: t, name: name}
	in.walk(doc)
	if in.ones != 1 {
		t.Errorf("%s: %d first headings", name, in.ones)
	}
}

type inspection struct {
	t     *testing.T
	name  string
	ones  int
	level int
}

func (in *inspection) walk(n *html.Node) {
	if n.Type == html.ElementNode {
		in.element(n)
	}
	for c := range n.ChildNodes() {
		in.walk(c)
	}
}

var heading = regexp.MustCompile(`^h[1-6]$`)

func (in *inspection) element(n *html.Node) {
	t := in.t
	attr := map[string]string{}
	for _, a := range n.Attr {
		attr[a.Key] = a.Val
		if strings.HasPrefix(a.Key, "on") {
			t.Errorf("%s: <%s %s>", in.name, n.Data, a.Key)
		}
	}
	if slices.Contains([]string{"script", "iframe", "object", "embed", "base", "img"}, n.Data) {
		t.Errorf("%s: <%s> in it", in.name, n.Data)
	}
	switch {
	case n.Data == "html" && (attr["lang"] == "" || attr["dir"] == ""):
		t.Errorf("%s: no language or direction", in.name)
	case n.Data == "table" && attr["role"] != "presentation":
		t.Errorf("%s: a table that is not for layout", in.name)
	case n.Data == "a":
		in.anchor(n, attr["href"])
	case heading.MatchString(n.Data):
		level, _ := strconv.Atoi(n.Data[1:])
		if level > in.level+1 {
			t.Errorf("%s: <%s> after level %d", in.name, n.Data, in.level)
		}
		if in.level = level; level == 1 {
			in.ones++
		}
	}
}

func (in *inspection) anchor(n *html.Node, href string) {
	u, err := url.Parse(href)
	page := strings.HasPrefix(in.name, "page/")
	absolute := err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
	mailto := err == nil && in.name == "notice/help" && u.Scheme == "mailto"
	if !absolute && !mailto && !(page && (strings.HasPrefix(href, "/") || strings.HasPrefix(href, "#"))) {
		in.t.Errorf("%s: link %q", in.name, href)
	}
	if n.FirstChild == nil || strings.TrimSpace(n.FirstChild.Data) == "" {
		in.t.Errorf("%s: link %q has no text", in.name, href)
	}
}

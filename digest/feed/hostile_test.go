package feed

import (
	"encoding/json"
	"html"
	"net/url"
	"os"
	"strings"
	"testing"

	nethtml "golang.org/x/net/html"
)

// harmless are the elements that a body may hold, and the attributes of any of them.
var (
	harmless = wordSet(`a abbr acronym article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del details dfn
		div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hgroup hr i img ins kbd li mark meter ol p pre progress q rp rt ruby s samp
		section small span strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr`)
	harmlessAttr = wordSet(`href src alt title cite rel lang xml:lang dir width height align valign abbr axis headers scope span rowspan
		colspan start type value datetime min max low high optimum open summary nowrap bgcolor`)
)

// harms lists what a browser would find in a body that has no business there.
func harms(t *testing.T, body string) []string {
	t.Helper()
	root := &nethtml.Node{Type: nethtml.ElementNode, Data: "body", DataAtom: 0}
	nodes, err := nethtml.ParseFragment(strings.NewReader(body), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		root.AppendChild(n)
	}
	var found []string
	for n := range root.Descendants() {
		switch {
		case n.Type == nethtml.CommentNode:
			found = append(found, "a comment")
		case n.Type != nethtml.ElementNode || n.Data == "html" || n.Data == "head" || n.Data == "body":
			continue
		case n.Namespace != "" || !harmless[n.Data]:
			found = append(found, "<"+n.Data+">")
		}
		for _, a := range n.Attr {
			if !harmlessAttr[a.Key] || a.Namespace != "" {
				found = append(found, a.Key+"="+a.Val)
			}
			if a.Key != "href" && a.Key != "src" && a.Key != "cite" {
				continue
			}
			u, err := url.Parse(a.Val)
			if err != nil || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto" {
				found = append(found, a.Key+"="+a.Val)
			} else if strings.Contains(u.Host, "evil") || n.Data == "img" && u.Host != "good.example" && u.Host != "example.org" {
				found = append(found, a.Key+"="+a.Val)
			}
		}
	}
	return found
}

// TestHostile puts every construct of the table into a body in each way that a body can come, and looks
// with a browser's eyes for anything that could run, load, restyle, count or take hold of our page. What
// stands after it must not be lost, save what a construct swallows by its nature.
func TestHostile(t *testing.T) {
	table, err := os.ReadFile("testdata/tables/hostile.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for evil := range strings.Lines(string(table)) {
		if evil = strings.TrimSuffix(evil, "\n"); strings.HasPrefix(evil, "#") || evil == "" {
			continue
		}
		n++
		body := "<p>The words before it.</p>" + evil + "<p>The words after it.</p>"
		quoted, _ := json.Marshal(body)
		for way, doc := range map[string]string{
			"escaped": `<rss version="2.0"><channel><item><title>t</title><description>` + html.EscapeString(body) + `</description></item></channel></rss>`,
			"cdata":   `<rss version="2.0"><channel><item><title>t</title><description><![CDATA[` + strings.ReplaceAll(body, "]]>", "]]&gt;") + `]]></description></item></channel></rss>`,
			"encoded": `<rss version="2.0"><channel><item><title>t</title><content:encoded>` + html.EscapeString(body) + `</content:encoded></item></channel></rss>`,
			"xhtml":   `<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>t</title><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">` + body + `</div></content></entry></feed>`,
			"title":   `<feed xmlns="http://www.w3.org/2005/Atom"><entry><title type="html">` + html.EscapeString(body) + `</title><summary type="html">` + html.EscapeString(body) + `</summary></entry></feed>`,
			"json":    `{"version":"https://jsonfeed.org/version/1.1","title":"t","items":[{"id":"1","title":"t","content_html":` + string(quoted) + `}]}`,
			"page":    `<html><head><title>A page</title></head><body><article>` + strings.Repeat("<p>A paragraph of an article that is long enough to be taken for one, with a comma or two, and an end.</p>", 6) + body + `</article></body></html>`,
		} {
			articles, err := Parse(Document{URL: "https://example.org/", Body: []byte(doc)})
			if err != nil {
				if way != "xhtml" && way != "page" { // there a construct may break the document itself
					t.Errorf("%s, %s: %v", way, evil, err)
				}
				continue
			}
			for _, a := range articles {
				if f := harms(t, a.HTML); len(f) > 0 {
					t.Errorf("%s, %s:\n%q in %s", way, evil, f, a.HTML)
				}
				if strings.Contains(a.Image, "tracker") || strings.Contains(a.Image, "evil") || strings.HasPrefix(a.Image, "data:") {
					t.Errorf("%s, %s: picture %s", way, evil, a.Image)
				}
				if way != "page" && way != "xhtml" && !strings.Contains(a.Text+a.Summary, "before it") {
					t.Errorf("%s, %s: the words before are lost: %q", way, evil, a.Text)
				}
				if way == "escaped" && !strings.Contains(a.Text, "after it") && !swallows(evil) {
					t.Errorf("%s, %s: the words after are lost: %q", way, evil, a.Text)
				}
			}
		}
	}
	if n < 100 {
		t.Errorf("only %d constructs", n)
	}
}

// swallows tells the constructs that HTML itself lets run to the end of a document.
func swallows(evil string) bool {
	for _, start := range []string{"<script src=\"data:", "<svg><style>", "<svg></p>", "<form><math>", "<scr<script>"} {
		if strings.HasPrefix(evil, start) {
			return true
		}
	}
	return false
}

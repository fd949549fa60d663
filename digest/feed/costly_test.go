package feed

import (
	"fmt"
	"strings"
	"testing"
)

// TestCostly reads documents that are made to cost a reader hours of time or gigabytes of memory. The test fails by
// not coming to its end.
func TestCostly(t *testing.T) {
	const size = 4 << 20
	times := func(s string) string { return strings.Repeat(s, size/len(s)) }
	inFeed := func(items string) string {
		return `<rss version="2.0"><channel><title>Costly</title>` + items + `<item><title>A headline that is whole</title></item></channel></rss>`
	}
	item := func(body string) string {
		return inFeed("<item><title>A headline of its own</title><description><![CDATA[" + body + "]]></description></item>")
	}
	var bold, paragraphs strings.Builder
	for i := range 400 {
		fmt.Fprintf(&bold, "<b id=%d>", i)
	}
	for i := 0; paragraphs.Len() < size/8; i++ {
		fmt.Fprintf(&paragraphs, "<p>Of twenty words and more, %d of them perhaps, each paragraph on this very long page is made, and none of them is %d like another one.</p>", i, i*7)
	}
	deep, ends := strings.Repeat("<div class=ad>", 300), strings.Repeat("</div>", 300)
	for name, document := range map[string]string{
		"channels in channels":           times("<channel>"),
		"document types":                 times("<!a>"),
		"brackets before the last":       item(times("<") + ">"),
		"a headline of brackets":         inFeed("<item><title>" + times("&lt;") + ">" + "</title></item>"),
		"CDATA without end":              `<rss version="2.0"><channel><item>` + times("<a><![CDATA[</a>"),
		"CDATA without end in a body":    `<rss version="2.0"><channel><item><body>` + times("<a><![CDATA[</a>"),
		"promotion within many elements": item(deep + times("word ") + ends + "<br>Read more<br><br>Read also this"),
		"formatting that nothing closes": item("<p>" + bold.String() + "</p>" + times("<p>x</p>")),
		"formatting around tables":       item("<p>" + strings.Repeat("<b id=1><b id=2><b id=3><table></b></b></b></table>", 100) + times("<p>x</p>")),
		"line breaks":                    item(times("<br>")),
		"links of nothing but AMP":       inFeed(strings.Repeat("<item><title>A headline of its own</title><link>https://news.example/1"+strings.Repeat("/amp", 1900)+"</link></item>", size/8000)),
		"items of JSON":                  `{"version":"https://jsonfeed.org/version/1.1","title":"x","items":[{"id":"1","title":"A headline that is whole"},` + times("{},") + `{}]}`,
		"lists in JSON":                  `{"version":"https://jsonfeed.org/version/1.1","title":"x","items":[{"id":"1","title":"A headline that is whole"}],"_x":[` + times("[],") + `[]]}`,
		"a page of line breaks":          "<html><body><article>" + times("<br>"),
		"a page of paragraphs":           "<html><body><article>" + paragraphs.String(),
		"a page of formatting":           "<html><body><article><p>" + bold.String() + "</p>" + times("<p>x</p>"),
		"a deep page":                    "<html><body>" + deep + strings.Repeat("word ", 30_000),
		"a page that is a book":          "<html><body>" + deep + times("word "),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			articles, err := Parse(Document{URL: "https://example.org/", Body: []byte(document)})
			if strings.Contains(document, "A headline that is whole") && len(articles) == 0 {
				t.Errorf("its whole article is lost: %v", err)
			}
		})
	}
}

package feed

import (
	"bytes"
	"compress/gzip"
	"errors"
	"net/http"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

// threeItems are one feed in every format, three items each; the mark tells where an item is whole.
var threeItems = map[string]struct{ text, mark string }{
	"rss": {`<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Caffè</title><link>https://a.example/</link>
<item><title>Perché?</title><link>https://a.example/1</link><description>Così è, 漢字.</description></item>
<item><title>Due &amp; due</title><link>https://a.example/2</link><content:encoded><![CDATA[<p>Un <em>testo</em> più lungo.</p>]]></content:encoded></item>
<item><title>Tre</title><guid isPermaLink="false">3</guid><description>&lt;p&gt;Ultimo.&lt;/p&gt;</description></item>
</channel></rss>`, "</item>"},
	"atom": {`<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:title>Caffè</a:title>
<a:entry xml:lang="it"><a:title>Perché?</a:title><a:id>urn:x:1</a:id><a:summary>Così è.</a:summary></a:entry>
<a:entry><a:title>Zwei</a:title><a:id>urn:x:2</a:id><a:content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Größe.</p></div></a:content></a:entry>
<a:entry><a:title>Drei</a:title><a:id>urn:x:3</a:id></a:entry></a:feed>`, "</a:entry>"},
	"rdf": {`<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel rdf:about="https://a.example/"><title>Caffè</title><link>https://a.example/</link></channel>
<item rdf:about="https://a.example/1"><title>Perché?</title><link>https://a.example/1</link></item>
<item rdf:about="https://a.example/2"><title>Due</title><link>https://a.example/2</link></item>
<item rdf:about="https://a.example/3"><title>Tre</title><link>https://a.example/3</link></item></rdf:RDF>`, "</item>"},
	"json": {`{"version":"https://jsonfeed.org/version/1.1","title":"Caffè","items":[{"id":"1","title":"Perché?","content_text":"Così \"è\"."},
{"id":"2","title":"Due","content_html":"<p>{ } ] , più</p>","tags":["a","b"]},{"id":"3","title":"Tre","content_text":"\u00e8"}]}`, "}"},
}

// TestCut cuts each feed off at every byte. What was whole is read as in the whole feed, nothing is
// invented, and the reading says that it broke off.
func TestCut(t *testing.T) {
	for name, feed := range threeItems {
		whole, err := ParseAll(Document{Body: []byte(feed.text), URL: "https://a.example/feed"})
		if err != nil || len(whole.Articles) != 3 || whole.Cut || whole.Lost != 0 {
			t.Fatalf("%s: %+v, %v", name, whole, err)
		}
		rest := feed.text
		if name == "json" {
			rest = rest[strings.Index(rest, "["):]
		}
		var ends []int
		for from := len(feed.text) - len(rest); ; {
			n := strings.Index(feed.text[from:], feed.mark)
			if n < 0 || len(ends) == 3 {
				break
			}
			from += n + len(feed.mark)
			if name == "json" && strings.HasPrefix(feed.text[from:], " ]") {
				continue
			}
			ends = append(ends, from)
		}
		for at := strings.Index(feed.text, "<title") + 1; at < len(feed.text); at++ {
			want := 0
			for _, end := range ends {
				if at >= end {
					want++
				}
			}
			got, err := ParseAll(Document{Body: []byte(feed.text[:at]), URL: "https://a.example/feed"})
			if want == 0 && (err != nil || len(got.Articles) == 1) { // the first item may be read as far as it goes
				continue
			}
			if err != nil || len(got.Articles) != want || !got.Cut {
				t.Errorf("%s cut at %d (…%q): %d articles, want %d; cut %v, %v", name, at, feed.text[max(0, at-20):at], len(got.Articles), want, got.Cut, err)
				continue
			}
			if diff := cmp.Diff(whole.Articles[:want], got.Articles); diff != "" {
				t.Errorf("%s cut at %d: %s", name, at, diff)
			}
		}
	}
}

// TestCutBytes cuts documents of other encodings through a letter, and one that is packed.
func TestCutBytes(t *testing.T) {
	text := threeItems["rss"].text
	text = text[strings.Index(text, "<rss"):]
	upTo := strings.Index(text, "<title>Due") + len("<title>Du")
	units := utf16.Encode([]rune(text[:upTo]))
	wide := []byte{0xff, 0xfe}
	for _, u := range units {
		wide = append(wide, byte(u), byte(u>>8))
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(text))
	_ = z.Flush()
	for name, doc := range map[string]Document{
		"utf-16":                         {Body: wide[:len(wide)-1]},
		"utf-8 in a letter":              {Body: []byte(text[:upTo] + "\xc3")},
		"utf-8 in a letter, said latin1": {Body: []byte(text[:upTo] + "\xe6\xbc"), Header: http.Header{"Content-Type": {"text/xml; charset=iso-8859-1"}}},
		"gzip":                           {Body: packed.Bytes()},
	} {
		got, err := ParseAll(doc)
		if err != nil || len(got.Articles) == 0 || got.Articles[0].Title != "Perché?" || name != "gzip" && (!got.Cut || got.Lost != 1 || len(got.Articles) != 1) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	shift := []byte("<?xml version=\"1.0\" encoding=\"Shift_JIS\"?><rss><channel><item><title>\x93\xfa\x96{</title></item><item><title>\x93")
	if got, err := ParseAll(Document{Body: shift}); err != nil || !got.Cut || got.Articles[0].Title != "日本" {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestFeedForms reads feeds that no standard foresaw, each as one line of titles or the reason why not.
func TestFeedForms(t *testing.T) {
	for body, want := range map[string]string{
		`<channel><title>c</title><item><title>One</title><guid isPermaLink="false">7</guid></item></channel>`:                                                                                                                                         "One",
		`<Channel xmlns="http://purl.org/net/rss1.1#"><title>c</title><link>http://x.example/</link><items rdf:parseType="Collection"><item rdf:about="http://x.example/1"><title>One</title><link>http://x.example/1</link></item></items></Channel>`: "One http://x.example/1",
		`<entry xmlns="http://www.w3.org/2005/Atom"><title>One</title><id>urn:x</id></entry>`:                                                                                                                                                          "One",
		`<?xml version="1.0"?><opml version="2.0"><head><title>x</title></head><body><outline text="a"/></body></opml>`:                                                                                                                                "error: it is a list of feeds (OPML), which `tidings sources import` reads",
		`<rss><channel><item><title>A&#26;B &#xFFFF;C</title></item></channel></rss>`:                                                                                                                                                                  "AB C",
		`<rss><channel><item><title><![CDATA[<![CDATA[Twice]]]]></title><description>&lt;![CDATA[wrapped]]&gt;</description></item></channel></rss>`:                                                                                                   "Twice wrapped",
		`<feed xmlns="http://www.w3.org/2005/Atom"><entry><title type="text">Why &lt;blink&gt; died</title></entry></feed>`:                                                                                                                            "Why <blink> died",
		`<feed xmlns="http://www.w3.org/2005/Atom"><entry><title type="html">Why &lt;b&gt;it&lt;/b&gt; died</title></entry></feed>`:                                                                                                                    "Why it died",
		`<feed xmlns="http://www.w3.org/2005/Atom"><entry><title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Why <b>it</b></div></title></entry></feed>`:                                                                                    "Why it",
		`<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>Meta&amp;amp;#8217;s</title></entry></feed>`:                                                                                                                                          "Meta’s",
		`<rss><channel><item><title></title><description>A first sentence. A second.</description></item></channel></rss>`:                                                                                                                             "A first sentence. A first sentence. A second.",
		`<rss><channel><link>https://a.example/blog/</link><item><title>x</title><link>/p/1</link></item></channel></rss>`:                                                                                                                             "x https://a.example/p/1",
		`<rss xml:base="https://b.example/"><channel><item><title>x</title><link>p/1</link></item></channel></rss>`:                                                                                                                                    "x https://b.example/p/1",
		`<rss><channel><item><title>x</title><guid>https://a.example/p/1</guid></item></channel></rss>`:                                                                                                                                                "x https://a.example/p/1",
		`<rss xmlns:m="http://search.yahoo.com/mrss/"><channel><item><m:title>From media</m:title><guid>1</guid></item></channel></rss>`:                                                                                                               "From media",
		"{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{\"id\":1,\"title\":\"Line\nbreak\",},],}":                                                                                                                                       "Line break",
		`{"version":"https://jsonfeed.org/version/1.1","title":"t","items":[]}`:                                                                                                                                                                        "error: a feed without items",
		`{"version":"https://jsonfeed.org/version/1.1","title":"t","items":[{"id":"1","tit`:                                                                                                                                                            "error: the feed is broken: it breaks off before its first item is whole",
	} {
		articles, err := Parse(Document{Body: []byte(body)})
		var got string
		for _, a := range articles {
			got += strings.Join(strings.Fields(a.Title+" "+a.URL+" "+a.Text), " ")
		}
		if err != nil {
			got += "error: " + err.Error()
		}
		if got != want {
			t.Errorf("%.120s\n got %s\nwant %s", body, got, want)
		}
	}
}

// TestLanguageOfItem takes an item's own word for its language before its feed's.
func TestLanguageOfItem(t *testing.T) {
	for name, body := range map[string]string{
		"entry":     `<feed xml:lang="en" xmlns="http://www.w3.org/2005/Atom"><entry xml:lang="sl"><title>AI 2</title></entry></feed>`,
		"its title": `<feed xml:lang="en" xmlns="http://www.w3.org/2005/Atom"><entry><title xml:lang="sl">AI 2</title></entry></feed>`,
		"item":      `<rss xml:lang="en"><channel><language>en</language><item xml:lang="sl"><title>AI 2</title></item></channel></rss>`,
		"dc":        `<rss xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><language>en</language><item><dc:language>sl</dc:language><title>AI 2</title></item></channel></rss>`,
		"json":      `{"version":"https://jsonfeed.org/version/1.1","language":"en","items":[{"id":"1","language":"sl","title":"AI 2"}]}`,
	} {
		articles, err := Parse(Document{Body: []byte(body)})
		if err != nil || articles[0].Lang != "sl" {
			t.Errorf("%s: %+v, %v", name, articles, err)
		}
	}
}

// TestReading tells an empty feed from a broken one.
func TestReading(t *testing.T) {
	r, err := ParseAll(Document{Body: []byte(`<rss><channel><title>Quiet</title></channel></rss>`)})
	if !errors.Is(err, ErrEmpty) || r.Cut || r.Source.Title != "Quiet" {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err = ParseAll(Document{Body: []byte(`<rss><channel><title>Quiet</title>`)}); !errors.Is(err, ErrEmpty) || !r.Cut {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err = ParseAll(Document{Body: []byte(`<rss><channel><item><ti`)}); errors.Is(err, ErrEmpty) || err == nil && len(r.Articles) == 0 || !r.Cut {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestLeads holds the table of first letters to the patterns that it was made from.
func TestLeads(t *testing.T) {
	lines := []string{"", "x", "Comments", "  (more)", "— Read also: this", "LEGGI ANCHE", "à lire aussi", "Également", "© 2024 all rights reserved", "3 comments", "12 min read", "úNETE A", "Únete al canal",
		"_share_", "«Leggi", "日本語の文", "comentarios: 3", "Foto: x", "Share", "Facebook Twitter", "x | facebook", "X", "e-mail print", "submitted by /u/x", "Getty", "l’articolo x proviene da y", "s’abonner", "S'inscrire", "Kommentar schreiben", "éé", "tl;dr"}
	for _, c := range []string{english, italian, german, french, spanish} {
		for _, alternative := range strings.Split(c, "|") {
			lines = append(lines, strings.NewReplacer(`\b`, " ", `\W*$`, "", `(?:`, "", `)`, "", `?`, "", `\s*`, " ").Replace(alternative), "» "+alternative)
		}
	}
	for _, l := range []*lead{counterLine(), creditStart(), promotionLine(), networks()} {
		if l.all {
			t.Error("a pattern that could begin with anything:", l.pattern)
		}
		hits := 0
		for _, s := range lines {
			want := l.pattern.MatchString(s)
			if want {
				hits++
			}
			if l.MatchString(s) != want {
				t.Errorf("%q: %v, want %v of %.60s", s, !want, want, l.pattern)
			}
		}
		if hits == 0 {
			t.Errorf("no line for %.60s", l.pattern)
		}
	}
}

// TestLabels sets what the bytes say against what anybody says about them.
func TestLabels(t *testing.T) {
	xml := func(label, title string) []byte {
		return []byte(`<?xml version="1.0" encoding="` + label + `"?><rss><channel><item><title>` + title + `</title></item></channel></rss>`)
	}
	served := func(charset string) http.Header {
		return http.Header{"Content-Type": {"application/rss+xml; charset=" + charset}}
	}
	for name, c := range map[string]struct {
		doc  Document
		want string
	}{
		"HTTP before the declaration":     {Document{Body: xml("windows-1252", "\xcf\xf0\xe8\xe2\xe5\xf2"), Header: served("windows-1251")}, "Привет"},
		"the declaration, HTTP is silent": {Document{Body: xml("koi8-r", "\xf0\xd2\xc9\xd7\xc5\xd4")}, "Привет"},
		"HTTP names what nobody knows":    {Document{Body: xml("koi8-r", "\xf0\xd2\xc9\xd7\xc5\xd4"), Header: served("x-klingon")}, "Привет"},
		"valid UTF-8 before all labels":   {Document{Body: xml("iso-8859-1", "Привет"), Header: served("us-ascii")}, "Привет"},
		"a mark before all labels":        {Document{Body: append([]byte("\xef\xbb\xbf"), xml("koi8-r", "Привет")...), Header: served("koi8-r")}, "Привет"},
		"two marks":                       {Document{Body: append([]byte("\xef\xbb\xbf\xef\xbb\xbf"), xml("utf-8", "Привет")...)}, "Привет"},
		"Shift_JIS":                       {Document{Body: xml("Shift_JIS", "\x93\xfa\x96{")}, "日本"},
		"EUC-KR by a name of Microsoft's": {Document{Body: xml("ks_c_5601-1987", "\xc7\xd1\xb1\xdb")}, "한글"},
		"GB2312 that is GBK":              {Document{Body: xml("gb2312", "\xd6\xd0\xce\xc4")}, "中文"},
		"Latin-1 called UTF-8":            {Document{Body: xml("utf-8", "Caf\xe9 cr\xe8me")}, "Café crème"},
		"one bad byte in UTF-8":           {Document{Body: xml("utf-8", "Пр\xffивет")}, "Пр\uFFFDивет"},
		"control letters for quotes":      {Document{Body: xml("utf-8", "\u0093so\u0094")}, "“so”"},
		"by number, for quotes":           {Document{Body: xml("utf-8", "&#147;so&#148;")}, "“so”"},
		"ISO-2022-JP, which is all ASCII": {Document{Body: xml("iso-2022-jp", "\x1b$BF|K\\\x1b(B")}, "日本"},
		"a label with space and quotes":   {Document{Body: xml(" KOI8-R ", "\xf0\xd2\xc9\xd7\xc5\xd4")}, "Привет"},
		"a label of HTTP within quotes":   {Document{Body: xml("utf-8", "\xcf\xf0\xe8\xe2\xe5\xf2"), Header: served(`"windows-1251"`)}, "Привет"},
		"a Content-Type that is no such":  {Document{Body: xml("koi8-r", "\xf0\xd2\xc9\xd7\xc5\xd4"), Header: http.Header{"Content-Type": {";;charset"}}}, "Привет"},
		"standalone before the encoding":  {Document{Body: []byte("<?xml version='1.0' standalone='yes' encoding='koi8-r'?><rss><channel><item><title>\xf0\xd2\xc9\xd7\xc5\xd4</title></item></channel></rss>")}, "Привет"},
	} {
		articles, err := Parse(c.doc)
		if err != nil || len(articles) != 1 || articles[0].Title != c.want {
			t.Errorf("%s: %+v, %v, want %s", name, articles, err, c.want)
		}
	}
}

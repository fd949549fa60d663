package feed

import (
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/digest"
)

var update = flag.Bool("update", false, "write the goldens anew")

// show writes articles as a person reads them.
func show(articles []digest.Article, err error) string {
	var b strings.Builder
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	for _, a := range articles {
		field("title", a.Title)
		field("url", a.URL)
		field("author", a.Author)
		field("lang", a.Lang)
		if !a.Published.IsZero() {
			field("published", a.Published.Format(time.RFC3339))
		}
		field("source", strings.Trim(a.Source.Title+" "+a.Source.URL+" "+a.Source.Lang, " "))
		field("summary", a.Summary)
		field("image", a.Image)
		for _, r := range a.Removed {
			field("removed as "+r.Reason, r.Text)
		}
		fmt.Fprintf(&b, "\n%s\n\n%s\n----\n", a.Text, a.HTML)
	}
	if err != nil {
		fmt.Fprintln(&b, "error:", err)
	}
	return b.String()
}

// TestParse reads every document of testdata and compares what came of it with the golden beside it.
func TestParse(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.*")
	for _, file := range files {
		if ext := filepath.Ext(file); ext == ".golden" || ext == ".txtar" {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			doc := Document{Body: body, Name: filepath.Base(file)}
			if ext := filepath.Ext(file); ext != ".txt" {
				doc.URL = "https://example.org/feeds/" + filepath.Base(file)
			}
			got := show(Parse(doc))
			if *update {
				if err := os.WriteFile(file+".golden", []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file + ".golden")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestVerbatim holds the noise pass to its first duty: what it keeps stands in the document letter for
// letter, and what is gone is told.
func TestVerbatim(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.txt")
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		articles, err := Parse(Document{Body: body, Name: file})
		if err != nil {
			t.Fatal(file, err)
		}
		a := articles[0]
		rest := string(body)
		pieces := strings.Split(a.Text, "\n\n")
		if !strings.HasPrefix(a.Text, a.Title) { // a text that is one long line lends its first sentence
			pieces = append(pieces, a.Title)
		}
		for _, r := range a.Removed {
			pieces = append(pieces, r.Text)
		}
		for _, p := range pieces {
			if !strings.Contains(rest, p) {
				t.Errorf("%s: not in the document: %.80s", file, p)
			}
			rest = strings.Replace(rest, p, "", 1)
		}
		if rest = strings.TrimSpace(rest); rest != "" {
			t.Errorf("%s: neither kept nor told: %q", file, rest)
		}
	}
}

func TestSeed(t *testing.T) {
	body, err := os.ReadFile("testdata/llama-esodo.it.txt")
	if err != nil {
		t.Fatal(err)
	}
	articles, err := Parse(Document{Body: body, Name: "llama-esodo.it.txt"})
	if err != nil || len(articles) != 1 {
		t.Fatal(len(articles), err)
	}
	a := articles[0]
	if a.Lang != "it" || a.Title != "Sconvolgente rivelazione: I creatori di LLaMA lasciano il lavoro in massa!" {
		t.Error(a.Lang, a.Title)
	}
	var reasons []string
	for _, r := range a.Removed {
		reasons = append(reasons, r.Reason)
	}
	if diff := cmp.Diff([]string{counter, caption, repeated}, reasons); diff != "" {
		t.Error(diff)
	}
	if n := len(strings.Split(a.Text, "\n\n")); n != 6 {
		t.Errorf("%d paragraphs kept, want 6", n)
	}
}

// TestEncodings writes one feed in many ways and reads the same title from all.
func TestEncodings(t *testing.T) {
	const text = `<rss version="2.0"><channel><title>Caffè</title><item><title>Perché “così”?</title></item></channel></rss>`
	utf16 := func(big bool) []byte {
		b := []byte{0xff, 0xfe}
		if big {
			b = []byte{0xfe, 0xff}
		}
		for _, r := range text {
			if big {
				b = append(b, byte(r>>8), byte(r))
			} else {
				b = append(b, byte(r), byte(r>>8))
			}
		}
		return b
	}
	windows := strings.NewReplacer("è", "\xe8", "é", "\xe9", "ì", "\xec", "“", "\x93", "”", "\x94").Replace(text)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	for name, doc := range map[string]Document{
		"utf-8":                         {Body: []byte(text)},
		"utf-8 with mark":               {Body: []byte("\xef\xbb\xbf" + text)},
		"utf-8 called latin-1":          {Body: []byte(`<?xml version="1.0" encoding="ISO-8859-1"?>` + text)},
		"utf-8 called utf-16":           {Body: []byte(`<?xml version="1.0" encoding="utf-16"?>` + text)},
		"utf-16 little":                 {Body: utf16(false)},
		"utf-16 big":                    {Body: utf16(true)},
		"utf-16 little without mark":    {Body: utf16(false)[2:]},
		"utf-16 big without mark":       {Body: utf16(true)[2:]},
		"windows-1252 undeclared":       {Body: []byte(windows)},
		"windows-1252 called latin-1":   {Body: []byte(`<?xml version="1.0" encoding="ISO-8859-1"?>` + windows)},
		"windows-1252 by HTTP":          {Body: []byte(windows), Header: http.Header{"Content-Type": {"text/xml; charset=windows-1252"}}},
		"unknown label":                 {Body: []byte(`<?xml version="1.0" encoding="klingon"?>` + windows)},
		"gzip bytes":                    {Body: packed.Bytes()},
		"xml 1.1 with control letters":  {Body: []byte("<?xml version=\"1.1\"?>\x01" + strings.Replace(text, "Perché", "Per\x02ché", 1))},
		"junk before, junk behind":      {Body: []byte("<br />\n<b>Warning</b>: oh\n" + text + "<!-- cached -->\x00 more")},
		"a comment longer than a block": {Body: []byte("<!--" + strings.Repeat(" x ", 5000) + "-->" + text)},
	} {
		articles, err := Parse(doc)
		if err != nil || len(articles) != 1 {
			t.Errorf("%s: %d articles, %v", name, len(articles), err)
			continue
		}
		if got := articles[0].Source.Title + " / " + articles[0].Title; got != "Caffè / Perché “così”?" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestNotArticles(t *testing.T) {
	for body, want := range map[string]string{
		"":                                      "it is empty",
		" \n\t":                                 "it is empty",
		`{"error": "quota exceeded"}`:           "it is a JSON document that is no feed",
		"%PDF-1.7\n...":                         "it is neither a feed, a web page nor a text",
		"<note><to>you</to></note>":             "it is neither a feed, a web page nor a text",
		"<html><body>Move along.</body></html>": "it is a web page without an article",
		`<rss version="2.0"><channel><title>x</title></channel></rss>`: ErrEmpty.Error(),
		"<rss>" + strings.Repeat("<a>", 2000):                          "the feed is broken: " + errDeep.Error(),
	} {
		articles, err := Parse(Document{Body: []byte(body)})
		if err == nil || err.Error() != want || len(articles) != 0 {
			t.Errorf("%.40q: %d articles, error %v, want %s", body, len(articles), err, want)
		}
	}
	if _, err := Parse(Document{Body: []byte("{}")}); !errors.As(err, new(*NotArticle)) {
		t.Errorf("%T", err)
	}
}

// TestBounds sends too much of everything.
func TestBounds(t *testing.T) {
	var b strings.Builder
	b.WriteString(`<rss version="2.0"><channel><title>big</title>`)
	for i := range 1000 {
		fmt.Fprintf(&b, "<item><title>%s</title><guid isPermaLink=\"false\">g%d</guid><pubDate>%s</pubDate></item>", strings.Repeat("long ", 300), i,
			time.Date(2025, 1, 1, 0, i, 0, 0, time.UTC).Format(time.RFC1123Z))
	}
	b.WriteString("<item><title>one</title><description>" + strings.Repeat("&lt;p&gt;much text&lt;/p&gt;", 40_000) + "</description></item></channel></rss>")
	articles, err := Parse(Document{Body: []byte(b.String())})
	if err != nil || len(articles) != maxItems {
		t.Fatal(len(articles), err)
	}
	if first := articles[0]; len([]rune(first.Title)) > maxTitle || first.Published.Before(time.Date(2025, 1, 1, 8, 20, 0, 0, time.UTC)) {
		t.Error(len(first.Title), first.Published)
	}
	deep := "<p>x</p>" + strings.Repeat("<div>", 5000) + "deep"
	articles, err = Parse(Document{Body: []byte("<rss><channel><item><title>d</title><description><![CDATA[" + deep + "]]></description></item></channel></rss>")})
	if err != nil || len(articles) != 1 || !strings.Contains(articles[0].Text, "deep") {
		t.Error(articles, err)
	}
	bomb := `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><rss><channel><item><title>&b;</title></item></channel></rss>`
	if articles, err = Parse(Document{Body: []byte(bomb)}); err != nil || strings.Contains(articles[0].Title, "aaa") {
		t.Error(articles, err)
	}
}

func TestIdentity(t *testing.T) {
	read := func(items string) []digest.Article {
		articles, err := Parse(Document{Body: []byte(`<rss version="2.0"><channel><link>https://a.example/</link>` + items + `</channel></rss>`), URL: "https://a.example/feed"})
		if err != nil {
			t.Fatal(err)
		}
		return articles
	}
	same := func(a, b string) bool { return read(a)[0].ID == read(b)[0].ID }
	if !same(`<item><title>Old</title><link>https://a.example/1?utm_source=x</link></item>`, `<item><title>New</title><link>https://a.example/1</link><guid>other</guid></item>`) {
		t.Error("a changed title or guid makes another article of one link")
	}
	if !same(`<item><title>Old</title><guid isPermaLink="false">7</guid></item>`, `<item><title>New</title><guid isPermaLink="false">7</guid></item>`) {
		t.Error("a changed title makes another article of one guid")
	}
	two := read(`<item><title>v1</title><link>/changes#v1</link></item><item><title>v2</title><link>/changes#v2</link></item><item><title>v2</title><link>/changes#v2</link></item>`)
	if len(two) != 2 || two[0].ID == two[1].ID {
		t.Error("two entries of one page are not told apart, or one is doubled", len(two))
	}
}

func TestLangTag(t *testing.T) {
	for raw, want := range map[string]string{"en_us": "en-US", "EN": "en", "zh-hant-tw": "zh-Hant-TW", " it ": "it", "english": "", "": "", "x<script>": "", "de-": "de"} {
		if got := langTag(raw); got != want {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.*")
	for _, file := range files {
		if body, err := os.ReadFile(file); err == nil && filepath.Ext(file) != ".golden" {
			f.Add(body, "https://example.org/feed", "text/xml")
		}
	}
	f.Add([]byte("<feed><entry><title mode=\"base64\">PGI+</title></entry>"), "", "text/xml; charset=koi8-r")
	f.Add([]byte("<rss><channel><item><xhtml:body><xhtml:p>x</xhtml:body></item>"), "http://[::1", "")
	f.Add([]byte("\xff\xfe<\x00r\x00s\x00s\x00>\x00"), "x", "\x00")
	f.Add([]byte("a\n\n0\n\nb c d e f g\n\n"), "", "text/plain")
	f.Fuzz(func(t *testing.T, body []byte, base, contentType string) {
		r, err := parse(Document{Body: body, URL: base, Header: http.Header{"Content-Type": {contentType}}})
		articles := r.Articles
		if err == nil && len(articles) == 0 {
			t.Error("nothing, and no word why")
		}
		for _, a := range articles {
			if a.ID == "" || len([]rune(a.Title)) > maxTitle || len(a.Text) > maxText {
				t.Errorf("out of bounds: id %q, title of %d, text of %d", a.ID, len(a.Title), len(a.Text))
			}
			if strings.Contains(a.HTML, "<script") {
				t.Errorf("script in %q", a.HTML)
			}
		}
	})
}

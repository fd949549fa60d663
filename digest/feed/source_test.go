package feed

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"tidings/digest"
)

// listCase is a file of testdata/lists: rules, the page, and what is read of it.
type listCase struct {
	archive *txtar.Archive
	doc     Document
	list    digest.List
}

func readListCase(t testing.TB, file string) listCase {
	t.Helper()
	a, err := txtar.ParseFile(file)
	if err != nil || len(a.Files) != 3 {
		t.Fatalf("%s: %d files, %v", file, len(a.Files), err)
	}
	c := listCase{archive: a, doc: Document{Body: a.Files[1].Data}}
	into := map[string]*string{
		"url": &c.doc.URL, "lang": &c.doc.Lang, "item": &c.list.Item, "link": &c.list.Link, "title": &c.list.Title,
		"date": &c.list.Date, "summary": &c.list.Summary, "match": &c.list.Match,
	}
	for l := range strings.Lines(string(a.Files[0].Data)) {
		key, value, _ := strings.Cut(strings.TrimSpace(l), " = ")
		if into[key] == nil {
			t.Fatalf("%s: there is no rule %q", file, key)
		}
		*into[key] = value
	}
	return c
}

// showList writes listed articles a line each.
func showList(articles []digest.Article, more []string, err error) string {
	var b strings.Builder
	for _, a := range articles {
		when := func(name string, t time.Time) {
			if !t.IsZero() {
				fmt.Fprintf(&b, " %s%s", name, t.Format("2006-01-02T15:04Z"))
			}
		}
		fmt.Fprintf(&b, "%s\n  %q", a.URL, a.Title)
		when("", a.Published)
		when("changed ", a.Updated)
		fmt.Fprintf(&b, " %s from %q %s\n", a.Lang, a.Source.Title, a.Source.URL)
		if a.Summary != "" {
			fmt.Fprintf(&b, "  %q\n", a.Summary)
		}
	}
	for _, m := range more {
		fmt.Fprintln(&b, "more:", m)
	}
	if err != nil {
		fmt.Fprintln(&b, "error:", err)
	}
	return b.String()
}

func TestSources(t *testing.T) {
	files, _ := filepath.Glob("testdata/lists/*.txtar")
	if len(files) == 0 {
		t.Fatal("no cases")
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			c := readListCase(t, file)
			read, more, err := parseSource(c.doc, c.list)
			got := showList(read.Articles, more, err)
			if *update {
				c.archive.Files[2].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(c.archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(c.archive.Files[2].Data), got); diff != "" {
				t.Error(diff)
			}
			ids := map[string]bool{}
			for _, a := range read.Articles {
				if a.ID == "" || ids[a.ID] {
					t.Errorf("%s: id %q is empty or not its own", a.URL, a.ID)
				}
				ids[a.ID] = true
			}
		})
	}
}

// A listed article is the same as the one of the site's feed: both are known by their address.
func TestListedIsTheFeeds(t *testing.T) {
	listed, _, err := parseSource(Document{URL: "https://a.example/", Body: []byte(`<html><article><a href="/1?utm_source=x">One of the site</a></article></html>`)}, digest.List{Item: "article"})
	if err != nil {
		t.Fatal(err)
	}
	fed, err := Parse(Document{URL: "https://a.example/feed", Body: []byte(`<rss><channel><item><title>One</title><link>https://a.example/1</link><guid>77</guid></item></channel></rss>`)})
	if err != nil || fed[0].ID != listed.Articles[0].ID {
		t.Error(err, fed, listed)
	}
}

// Sitemaps come packed, and large.
func TestLargeSitemap(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	fmt.Fprint(z, `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">`)
	for i := range 50_000 {
		fmt.Fprintf(z, "<url><loc>https://a.example/%d</loc><lastmod>%s</lastmod></url>", i, noon.Add(time.Duration(i)*time.Minute).Format(time.RFC3339))
	}
	fmt.Fprint(z, "</urlset>")
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	read, _, err := parseSource(Document{URL: "https://a.example/sitemap.xml.gz", Body: b.Bytes()}, digest.List{})
	if err != nil || len(read.Articles) != maxItems || read.Articles[0].URL != "https://a.example/49999" {
		t.Error(err, len(read.Articles))
	}
}

// A page without end is refused, and one with more cards than an edition can hold is cut.
func TestLargeList(t *testing.T) {
	page := func(n int) Document {
		return Document{URL: "https://a.example/", Body: []byte("<html><body>" + strings.Repeat("<p>x</p>", n) + "</body></html>")}
	}
	if _, _, err := parseSource(page(maxElements), digest.List{Item: "p"}); err == nil || !strings.Contains(err.Error(), "more than 50000 elements") {
		t.Error(err)
	}
	var b strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&b, `<p><a href="/%d">Article number %d</a></p>`, i, i)
	}
	for _, list := range []digest.List{{Item: "p"}, {Match: `/\d+$`}} {
		read, _, err := parseSource(Document{URL: "https://a.example/", Body: []byte("<html>" + b.String())}, list)
		if err != nil || len(read.Articles) != maxItems {
			t.Error(list, len(read.Articles), err)
		}
	}
}

// Cards within cards, each with all the links of the page, are read in a bounded number of steps.
func TestNestedCards(t *testing.T) {
	deep := strings.Repeat("<div><h2></h2>", 400) + strings.Repeat(`<a href="/1">12 links</a>`, 40_000)
	for _, list := range []digest.List{{Item: "div"}, {Item: "div", Title: "b", Date: "i"}, {Match: "/"}} {
		if _, _, err := parseSource(Document{URL: "https://a.example/", Body: []byte("<html><body>" + deep)}, list); err != nil {
			t.Error(list, err)
		}
	}
}

func TestCheckList(t *testing.T) {
	for _, c := range []struct {
		list digest.List
		want string
	}{
		{digest.List{}, ""},
		{digest.List{Match: "/a"}, ""},
		{digest.List{Item: "a, b > c:not(.d)", Link: "a[href]", Title: "h3", Date: "time", Summary: "p + p"}, ""},
		{digest.List{Item: "a >", Match: "("}, "item is no CSS selector: expected selector, found EOF instead; match is no regular expression: missing closing ): `(`"},
		{digest.List{Item: "p:hovered"}, "item is no CSS selector: unknown pseudoclass or pseudoelement :hovered"},
		{digest.List{Title: "h3"}, `item is missing; write what holds one article, such as item = "article", or match alone`},
	} {
		var got []string
		for _, b := range CheckList(c.list) {
			got = append(got, b.Key+" "+b.Why)
		}
		if diff := cmp.Diff(c.want, strings.Join(got, "; ")); diff != "" {
			t.Errorf("%+v: %s", c.list, diff)
		}
	}
}

func TestPageDate(t *testing.T) {
	for _, c := range []struct{ text, lang, want string }{
		{"03/11/2026", "it", "2026-11-03"},
		{"03/11/2026", "en", "2026-03-11"},
		{"03/11/2026", "en-GB", "2026-11-03"},
		{"23/11/2026", "en", "2026-11-23"},
		{"11/23/2026", "fr", "2026-11-23"},
		{"3.11.2026", "en", "2026-11-03"},
		{"Pubblicato il 3 novembre 2026 da noi", "it", "2026-11-03"},
		{"1.2.3.2026", "de", ""},
		{"99/99/2026", "de", ""},
		{"ieri", "it", ""},
	} {
		got := ""
		if at := pageDate(c.text, c.lang); !at.IsZero() {
			got = at.Format(time.DateOnly)
		}
		if got != c.want {
			t.Errorf("%q in %q: %q, want %q", c.text, c.lang, got, c.want)
		}
	}
}

// Whatever a page and its rules are, reading them ends, with articles that have an address each or with a
// sentence.
func FuzzSource(f *testing.F) {
	files, _ := filepath.Glob("testdata/lists/*.txtar")
	for _, file := range files {
		c := readListCase(f, file)
		f.Add(c.doc.Body, c.list.Item, c.list.Title, c.list.Match)
	}
	f.Fuzz(func(t *testing.T, body []byte, item, title, match string) {
		list := digest.List{Item: item, Title: title, Date: title, Match: match}
		if len(item)+len(title)+len(match) > 200 || len(CheckList(list)) > 0 {
			return
		}
		doc := Document{Body: body, URL: "https://example.org/a/"}
		o, err := open(doc)
		if err != nil || o.kind != page && !o.isSitemap() {
			return
		}
		var articles []digest.Article
		if o.kind == page {
			articles, err = o.readList(list)
		} else {
			articles, _, err = o.readSitemap(list)
		}
		for _, a := range articles {
			if err != nil || a.ID == "" || !strings.HasPrefix(strings.ToLower(a.URL), "http") {
				t.Errorf("%+v %v", a, err)
			}
		}
	})
}

func listOf(match string) digest.List { return digest.List{Match: match} }

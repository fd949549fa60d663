package web_test

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"tidings/subscribers/web"
)

// stocked are the pages with so many editions behind the first.
func stocked(t *testing.T, behind int) http.Handler {
	t.Helper()
	o, _ := options(t)
	o.Archive = books{behind}
	return web.Handler(o)
}

func TestArchive(t *testing.T) {
	h := stocked(t, 100)
	for path, want := range map[string]string{
		"/archive":                      `href="/archive?page=2" rel="next"`,
		"/archive?page=2":               `href="/archive" rel="prev"`,
		"/archive?page=4":               "What happened 100 days earlier &lt;&amp;&gt; was told",
		"/archive/daily":                `<span lang="en">AI Daily</span>`,
		"/archive/giorno":               "No edition has appeared yet.",
		"/archive/2023-08":              `<h2>August 2023</h2>`,
		"/archive/daily/2023-08?page=2": `<link rel="canonical" href="https://news.example.org/archive/daily/2023-08?page=2">`,
		"/e/daily/2023-09-13T0700":      `<a href="/e/daily/2023-09-12T0700" rel="prev"`,
		"/topic/models":                 "OpenAI opens an office in Dublin",
		"/topic/policy":                 "No story has appeared under this topic yet.",
		"/topic/chips":                  "&lt;script&gt;alert(1)&lt;/script&gt; gnp &amp; ]]&gt;",
		"/name/openai":                  `<link rel="canonical" href="https://news.example.org/name/OpenAI">`,
		"/name/" + url.PathEscape("オープンAI"): "Everything on OpenAI",
		"/search":                      "All the words have to stand in one story",
		"/search?q=dublin+OFFI":        `OpenAI opens an <mark>office</mark> in <mark>Dublin</mark>`,
		"/search?q=%E6%A8%A1%E5%9E%8B": `Qwen2<mark>模型</mark>`,
		"/search?q=%3Cscript%3E":       `&lt;<mark>script</mark>&gt;alert(1)&lt;/<mark>script</mark>&gt;`,
		"/search?q=%22%3E%3Cb%3Ezzz":   `value="&#34;&gt;&lt;b&gt;zzz"`,
		"/robots.txt":                  "Sitemap: https://news.example.org/sitemap.xml",
		"/sitemap.xml":                 "<loc>https://news.example.org/name/AT&amp;T%2F1%3F%23</loc>",
	} {
		if got := expect(t, ask(h, path, nil), http.StatusOK, want); strings.Contains(got, "<script") || strings.Contains(got, "javascript:") {
			t.Errorf("%s: a script", path)
		}
	}
	for _, path := range []string{
		"/archive?page=5", "/archive?page=0", "/archive?page=-1", "/archive?page=x", "/archive?page=99999999999999999999", "/archive/weekly", "/archive/2023-13",
		"/archive/2031-01", "/archive/daily/nothing", "/archive/daily/2023-08/x", "/archive/%00", "/archive/" + strings.Repeat("x", 9000),
		"/topic/nothing", "/topic/brief", "/topic/%2e%2e%2f", "/topic/models?page=2", "/name/", "/name/%20", "/name/%22%3E%3C", "/name/..%2f..", "/name/" + strings.Repeat("x", 300),
		"/search?q=zzz&page=2", "/search?page=501", "/sitemap/2", "/sitemap/x", "/sitemap/21",
	} {
		expect(t, ask(h, path, nil), http.StatusNotFound, "Nothing here")
	}
	for path, want := range map[string]string{"/archive?name=Open+AI%2F1": "/name/Open%20AI%2F1"} {
		if r := ask(h, path, nil); r.StatusCode != http.StatusMovedPermanently || r.Header.Get("Location") != want {
			t.Errorf("%s: %d to %s", path, r.StatusCode, r.Header.Get("Location"))
		}
	}
}

// A name that nobody spoke of has no page, and whatever it is, it stays text.
func TestUnknownName(t *testing.T) {
	h := stocked(t, 0)
	for _, name := range []string{"Nordwind", "<b>x</b>", "../../etc/passwd", "a/b", ".NET", "x\x00\x01", "\u202egnp", "100%", "?q=1#x"} {
		r := ask(h, "/name/"+url.PathEscape(name), nil)
		if r.StatusCode == http.StatusTemporaryRedirect || r.StatusCode == http.StatusMovedPermanently {
			t.Errorf("%q leads to %s", name, r.Header.Get("Location"))
		}
		got := expect(t, r, http.StatusNotFound, `noindex`)
		if strings.Contains(got, "<b>x") || strings.Contains(got, "\x00") {
			t.Errorf("%q is markup", name)
		}
	}
}

// Who has a page already gets no second one; what a page says of how long it may be kept is the same for all.
func TestConditional(t *testing.T) {
	h := stocked(t, 3)
	for _, path := range []string{
		"/archive", "/e/daily/2023-09-13T0700", "/topic/models", "/name/OpenAI", "/search?q=office", "/archive/daily/atom.xml", "/archive/daily/feed.json",
		"/topic/models/atom.xml", "/topic/models/feed.json", "/name/OpenAI/atom.xml", "/sitemap.xml", "/robots.txt",
	} {
		r := ask(h, path, nil)
		tag := r.Header.Get("ETag")
		if r.StatusCode != http.StatusOK || tag == "" || r.Header.Get("Cache-Control") != "public, max-age=600" {
			t.Errorf("%s: %d, %v", path, r.StatusCode, r.Header)
		}
		expect(t, ask(h, path, nil, "If-None-Match", tag), http.StatusNotModified)
		expect(t, ask(h, path, nil, "If-None-Match", `"other"`), http.StatusOK)
		modified := r.Header.Get("Last-Modified")
		if strings.Contains(path, "atom") || strings.Contains(path, "json") {
			expect(t, ask(h, path, nil, "If-Modified-Since", modified), http.StatusNotModified)
			expect(t, ask(h, path, nil, "If-Modified-Since", "Mon, 01 Jan 2001 00:00:00 GMT"), http.StatusOK)
		} else if modified != "" {
			t.Errorf("%s: last modified %s, which nobody knows", path, modified)
		}
	}
}

func TestHiddenArchive(t *testing.T) {
	o, _ := options(t)
	o.Hidden = true
	h := web.Handler(o)
	for _, path := range []string{"/", "/archive", "/e/daily/2023-09-13T0700", "/topic/models", "/archive/daily/atom.xml"} {
		r := ask(h, path, nil)
		if got := body(t, r); !strings.Contains(r.Header.Get("X-Robots-Tag"), "noindex") || strings.Contains(got, "<html") && !strings.Contains(got, `content="noindex`) {
			t.Errorf("%s: search machines may keep it", path)
		}
	}
	expect(t, ask(h, "/sitemap.xml", nil), http.StatusNotFound)
	if got := expect(t, ask(h, "/robots.txt", nil), http.StatusOK); strings.Contains(got, "Sitemap") {
		t.Error("robots.txt names a map")
	}
}

// Over 49,000 editions the map is in parts.
func TestSitemapInParts(t *testing.T) {
	h := stocked(t, 49_000)
	expect(t, ask(h, "/sitemap.xml", nil), http.StatusOK, "<sitemapindex", "<loc>https://news.example.org/sitemap/1</loc>", "<loc>https://news.example.org/sitemap/2</loc>")
	var doc struct {
		URLs []struct {
			Loc string `xml:"loc"`
		} `xml:"url"`
	}
	for path, want := range map[string]int{"/sitemap/1": 49_000 + 2 + 2 + 2 + 2, "/sitemap/2": 1} {
		doc.URLs = nil
		must(t, xml.Unmarshal([]byte(expect(t, ask(h, path, nil), http.StatusOK)), &doc))
		if len(doc.URLs) != want {
			t.Errorf("%s: %d addresses, want %d", path, len(doc.URLs), want)
		}
	}
	expect(t, ask(h, "/sitemap/3", nil), http.StatusNotFound)
}

// Feeds keep the rules that the Feed Validator looks at.
func TestAtom(t *testing.T) {
	h := stocked(t, 30)
	for path, want := range map[string]struct{ id, first, link, title string }{
		"/archive/daily": {"tag:news.example.org,2026-01-01:archive/daily", "tag:news.example.org,2023-09-13:daily/2023-09-13T0700", "https://news.example.org/e/daily/2023-09-13T0700", "AI Daily"},
		"/name/OpenAI":   {"tag:news.example.org,2026-01-01:name/OpenAI", "tag:news.example.org,2023-09-13:daily/2023-09-13T0700/s1", "https://news.example.org/e/daily/2023-09-13T0700#s1", "AI Daily: OpenAI"},
		"/topic/chips":   {"tag:news.example.org,2026-01-01:topic/chips", "tag:news.example.org,2023-09-13:daily/2023-09-13T0700/s2", "https://news.example.org/e/daily/2023-09-13T0700#s2", "AI Daily: Chips"},
	} {
		r := ask(h, path+"/atom.xml", nil)
		if got := r.Header.Get("Content-Type"); got != "application/atom+xml; charset=utf-8" {
			t.Errorf("%s: %s", path, got)
		}
		src := body(t, r)
		var doc atomDoc
		must(t, xml.Unmarshal([]byte(src), &doc))
		if doc.ID != want.id || doc.Title != want.title || doc.Lang != "en" || doc.Author == "" || doc.Entries[0].ID != want.first {
			t.Errorf("%s: %+v", path, doc)
		}
		if doc.link("self") != "https://news.example.org"+path+"/atom.xml" || doc.link("alternate") != "https://news.example.org"+path || doc.Entries[0].link("alternate") != want.link {
			t.Errorf("%s: links %v", path, doc.Links)
		}
		seen := map[string]bool{}
		for _, e := range doc.Entries {
			if seen[e.ID] || e.Title == "" || !rfc3339.MatchString(e.Updated) || e.Updated > doc.Updated || e.Content.Type != "html" {
				t.Errorf("%s: entry %+v", path, e)
			}
			seen[e.ID] = true
			content(t, path, e.Content.Text)
		}
	}
	if got := len(regexp.MustCompile("<entry>").FindAllString(body(t, ask(h, "/archive/daily/atom.xml", nil)), -1)); got != 15 {
		t.Errorf("%d entries", got)
	}
	for _, path := range []string{"/archive/nothing/atom.xml", "/archive/nothing/feed.json", "/topic/nothing/atom.xml", "/topic/brief/feed.json", "/name/Nordwind/atom.xml", "/name/%20/feed.json"} {
		expect(t, ask(h, path, nil), http.StatusNotFound)
	}
	expect(t, ask(h, "/name/openai/atom.xml", nil), http.StatusOK, `<link rel="self" type="application/atom+xml" href="https://news.example.org/name/OpenAI/atom.xml">`) // as the name is best known
	expect(t, ask(h, "/archive/giorno/atom.xml", nil), http.StatusOK, `xml:lang="it"`, "<updated>")                                                                      // none yet, and valid
}

type atomDoc struct {
	Lang    string `xml:"lang,attr"`
	ID      string `xml:"id"`
	Title   string `xml:"title"`
	Updated string `xml:"updated"`
	Author  string `xml:"author>name"`
	atomLinks
	Entries []struct {
		ID      string `xml:"id"`
		Title   string `xml:"title"`
		Updated string `xml:"updated"`
		atomLinks
		Content struct {
			Type string `xml:"type,attr"`
			Text string `xml:",chardata"`
		} `xml:"content"`
	} `xml:"entry"`
}

type atomLinks struct {
	Links []struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	} `xml:"link"`
}

func (l atomLinks) link(rel string) string {
	for _, one := range l.Links {
		if one.Rel == rel {
			return one.Href
		}
	}
	return ""
}

var (
	rfc3339 = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$`)
	hrefs   = regexp.MustCompile(`href="([^"]*)"`)
)

// content is HTML that feed readers may show: no scripts, no styles, no relative addresses.
func content(t *testing.T, path, html string) {
	t.Helper()
	for _, no := range []string{"<script", "<style", " style=", "javascript:", "\x01"} {
		if strings.Contains(html, no) {
			t.Errorf("%s: %q in %s", path, no, html)
		}
	}
	for _, h := range hrefs.FindAllStringSubmatch(html, -1) {
		if !strings.HasPrefix(h[1], "https://") {
			t.Errorf("%s: leads to %q", path, h[1])
		}
	}
}

func TestJSONFeed(t *testing.T) {
	h := stocked(t, 3)
	for _, path := range []string{"/archive/daily", "/topic/models", "/name/OpenAI"} {
		r := ask(h, path+"/feed.json", nil)
		var doc struct {
			Version, Title, Language string
			Home                     string `json:"home_page_url"`
			Self                     string `json:"feed_url"`
			Items                    []struct {
				ID, URL, Title string
				HTML           string `json:"content_html"`
				Published      string `json:"date_published"`
			}
		}
		src := body(t, r)
		must(t, json.Unmarshal([]byte(src), &doc))
		if r.Header.Get("Content-Type") != "application/feed+json; charset=utf-8" || doc.Version != "https://jsonfeed.org/version/1.1" || doc.Self != "https://news.example.org"+path+"/feed.json" || doc.Home != "https://news.example.org"+path || doc.Language != "en" {
			t.Errorf("%s: %s", path, src)
		}
		for _, i := range doc.Items {
			if i.ID == "" || i.Title == "" || !strings.HasPrefix(i.URL, "https://news.example.org/e/") || !rfc3339.MatchString(i.Published) {
				t.Errorf("%s: %+v", path, i)
			}
			content(t, path, i.HTML)
		}
	}
}

// A page leads feed readers to its feeds.
func TestFeedsAreFound(t *testing.T) {
	h := stocked(t, 3)
	for path, want := range map[string]string{
		"/archive": "/archive/daily/atom.xml", "/archive/daily": "/archive/daily/feed.json", "/e/daily/2023-09-13T0700": "/archive/daily/atom.xml", "/topic/models": "/topic/models/atom.xml",
		"/name/openai": "/name/OpenAI/atom.xml",
	} {
		got := expect(t, ask(h, path, nil), http.StatusOK)
		if !regexp.MustCompile(`<link rel="alternate" type="application/(atom|feed)&#43;(xml|json)" title="[^"]+" href="` + want + `">`).MatchString(got) {
			t.Errorf("%s does not lead to %s", path, want)
		}
	}
}

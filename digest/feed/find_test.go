package feed

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"tidings/digest"
)

// Each file of testdata/discover is a page, and what it proposes as feeds.
func TestCandidates(t *testing.T) {
	files, _ := filepath.Glob("testdata/discover/*.txtar")
	if len(files) == 0 {
		t.Fatal("no cases")
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil || len(a.Files) != 3 {
				t.Fatal(len(a.Files), err)
			}
			o, err := open(Document{URL: strings.TrimSpace(string(a.Files[0].Data)), Body: a.Files[1].Data})
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for _, c := range o.candidates() {
				fmt.Fprintf(&got, "%s\n  %q - %s\n", c.url, c.title, c.why)
			}
			if *update {
				a.Files[2].Data = []byte(got.String())
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(a.Files[2].Data), got.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// site serves pages by path, with SITE for its own address.
func site(t *testing.T, pages map[string]string) (*Reader, string, map[string]int) {
	t.Helper()
	asked := map[string]int{}
	var address string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		asked[req.URL.Path]++
		body, ok := pages[req.URL.Path]
		switch {
		case !ok:
			http.NotFound(w, req)
		case strings.HasPrefix(body, "->"):
			http.Redirect(w, req, body[2:], http.StatusMovedPermanently)
		default:
			fmt.Fprint(w, strings.ReplaceAll(body, "SITE", address))
		}
	}))
	t.Cleanup(server.Close)
	address = server.URL
	r, err := New(&memory{}, func() time.Time { return noon }, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	r.Gap, r.AllowPrivate = 0, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	return r, address, asked
}

func rssOf(title string, days ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<rss version="2.0"><channel><title>%s</title><link>SITE/</link><language>it</language>`, title)
	for _, d := range days {
		fmt.Fprintf(&b, "<item><title>Of %s</title><link>SITE/%s</link><pubDate>%s Jul 2025 08:00:00 GMT</pubDate></item>", d, d, d)
	}
	return b.String() + "</channel></rss>"
}

func TestFind(t *testing.T) {
	pages := map[string]string{
		"/feed.xml": rssOf("The feed", "10", "12", "11"),
		"/quiet":    rssOf("Quiet"),
		"/atom":     `<feed xmlns="http://www.w3.org/2005/Atom"><title>The feed</title><entry><title>Of 10</title><id>x:10</id><link href="SITE/10"/><updated>2025-07-10T08:00:00Z</updated></entry></feed>`,
		"/ai.xml":   rssOf("The feed: AI", "10"),
		"/page": `<html><head><link rel="alternate" type="application/rss+xml" href="/feed.xml"><link rel="alternate" type="application/atom+xml" href="/atom">
			<link rel="alternate" type="application/rss+xml" href="/comments/feed"><link rel="alternate" type="application/rss+xml" href="/gone">
			<link rel="alternate" type="application/rss+xml" href="/page2"><link rel="alternate" type="application/rss+xml" title="AI" href="/ai.xml"></head></html>`,
		"/page2":         "<html><p>No feed</p></html>",
		"/comments/feed": rssOf("Comments", "9"),
		"/talk":          `<html><link rel="alternate" type="application/rss+xml" href="/comments/feed"></html>`,
		"/moved":         "->/feed.xml",
		"/empty":         `<html><link rel="alternate" type="application/rss+xml" title="Told by the page" href="/quiet"></html>`,
		"/dir/":          "<html><p>Nothing named</p></html>",
		"/dir/rss.xml":   rssOf("In the folder", "3"),
		"/map.xml":       `<urlset><url><loc>SITE/a</loc><lastmod>2025-07-01</lastmod></url></urlset>`,
		"/wall":          `<html><title>Just a moment...</title></html>`,
		"/api":           `{"error": "no"}`,
	}
	for path, want := range map[string]string{
		"/page":    `/feed.xml "The feed" it 3 2025-07-12 named by the page; /ai.xml "The feed: AI" it 1 2025-07-10 named by the page`,
		"/talk":    `/comments/feed "Comments" it 1 2025-07-09 named by the page`,
		"/moved":   `/moved "The feed" it 3 2025-07-12 the address itself`,
		"/atom":    `/atom "The feed"  1 2025-07-10 the address itself`,
		"/empty":   `/quiet "Quiet" it 0 0001-01-01 named by the page`,
		"/dir/":    `/dir/rss.xml "In the folder" it 1 2025-07-03 where feeds usually lie; /feed.xml "The feed" it 3 2025-07-12 where feeds usually lie`,
		"/map.xml": `/map.xml ""  1 2025-07-01 the address itself`,
		"/page2":   ErrNoFeed.Error(),
		"/wall":    "a wall against robots stands before it; ask the site for another address, or leave the source out",
		"/api":     "what the server sent is no feed but a JSON document that is no feed",
		"/none":    "there is nothing at this address any more, or there never was (404)",
	} {
		t.Run(path, func(t *testing.T) {
			own := pages
			if path == "/page2" {
				own = map[string]string{path: pages[path]}
			}
			r, address, asked := site(t, own)
			found, err := r.Find(t.Context(), address+path)
			var got []string
			for _, f := range found {
				got = append(got, fmt.Sprintf("%s %q %s %d %s %s", strings.TrimPrefix(f.URL, address), f.Title, f.Lang, f.Articles, f.Newest.Format(time.DateOnly), f.Why))
			}
			if err != nil {
				got = append(got, strings.ReplaceAll(err.Error(), address, "SITE"))
			}
			if diff := cmp.Diff(want, strings.Join(got, "; ")); diff != "" {
				t.Error(diff)
			}
			for p, n := range asked {
				if n > 1 && p != "/feed.xml" {
					t.Errorf("%s was asked %d times", p, n)
				}
			}
		})
	}
}

// A site that keeps strangers from its pages is asked for the feed that its kind has.
func TestFindBehindAWall(t *testing.T) {
	r, address, _ := site(t, map[string]string{"/@ada.rss": rssOf("Ada", "1")})
	found, err := r.Find(t.Context(), address+"/@ada")
	if err != nil || len(found) != 1 || found[0].Title != "Ada" {
		t.Error(found, err)
	}
	if _, err = r.Find(t.Context(), address+"/none"); err == nil || errors.Is(err, ErrNoFeed) {
		t.Error(err)
	}
}

// The sitemaps of an index are followed when a source is read, and what tells no title and has no page is left
// out.
func TestSitemapIndex(t *testing.T) {
	news := func(path, title string) string {
		return `<urlset xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>SITE` + path + `</loc><news:news><news:title>` + title + `</news:title></news:news></url><url><loc>SITE/untitled</loc></url></urlset>`
	}
	r, address, asked := site(t, map[string]string{
		"/index.xml": `<sitemapindex><sitemap><loc>SITE/a.xml</loc></sitemap><sitemap><loc>SITE/gone.xml</loc></sitemap><sitemap><loc>SITE/news.xml</loc></sitemap><sitemap><loc>SITE/d.xml</loc></sitemap></sitemapindex>`,
		"/a.xml":     news("/1", "One"), "/news.xml": news("/2", "Two"), "/d.xml": news("/3", "Three"),
	})
	read := func(match string) (titles []string, trouble string) {
		for h, err := range r.Read(t.Context(), []digest.Source{{URL: address + "/index.xml", List: listOf(match)}}) {
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range h.Articles {
				titles = append(titles, a.Title)
			}
			for _, f := range h.Troubles {
				trouble = f.Reason
			}
		}
		return titles, trouble
	}
	if titles, trouble := read(""); strings.Join(titles, " ") != "Two One" || !strings.HasPrefix(trouble, "1 of the 3 sitemaps that it names could not be read: ") || asked["/d.xml"] != 0 {
		t.Error(titles, trouble, asked)
	}
	if _, trouble := read("/nowhere/"); !strings.Contains(trouble, "match fits none") {
		t.Error(trouble)
	}
}

// Whatever a page is, what it proposes are addresses of the web, none of them twice.
func FuzzCandidates(f *testing.F) {
	files, _ := filepath.Glob("testdata/discover/*.txtar")
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(strings.TrimSpace(string(a.Files[0].Data)), a.Files[1].Data)
	}
	f.Fuzz(func(t *testing.T, address string, body []byte) {
		o, err := open(Document{URL: address, Body: body})
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, c := range o.candidates() {
			if u, err := url.Parse(c.url); err == nil && !strings.HasPrefix(strings.ToLower(u.Scheme), "http") || seen[c.url] || c.why == "" {
				t.Errorf("%+v", c)
			}
			seen[c.url] = true
		}
	})
}

package feed

import (
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"tidings/digest"
)

// TestRecall follows feeds over several visits, as testdata/identity.txtar tells them.
func TestRecall(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/identity.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		t.Run(f.Name, func(t *testing.T) {
			memory, names := newMemory(), map[string]string{}
			for n, visit := range strings.Split(strings.TrimSpace(string(f.Data)), "\n\n") {
				check(t, n+1, visit, memory, names)
			}
		})
	}
}

// check makes one visit. The names are those of the articles, by their ids.
func check(t *testing.T, n int, visit string, memory *memory, names map[string]string) {
	t.Helper()
	const source = "https://site.example/feed.xml"
	lines := spelledOut(t, visit)
	articles, err := Parse(Document{Body: []byte(asFeed(lines)), URL: source})
	if err != nil {
		t.Fatal(err)
	}
	for i := range articles {
		settleFor(&articles[i], digest.Source{URL: source}, noon)
	}
	known, _ := memory.Known(t.Context(), source)
	news, changed := recall(articles, known)
	fresh := len(news) - len(changed)
	before := map[string]digest.Known{}
	for _, k := range known {
		before[k.ID] = k
	}
	memory.keep(digest.Harvest{Articles: news})
	var got []string // what is told, in the order of the document
	for _, a := range news {
		switch was, old := before[a.ID]; {
		case !old:
			names[a.ID] = a.Author
			got = append(got, a.Author+", new")
			fresh--
		case was.Handles.Sum != a.Handles.Sum:
			got = append(got, names[a.ID]+", changed")
		}
	}
	var want []string
	for _, l := range lines {
		if strings.Contains(l.verdict, ",") {
			want = append(want, l.verdict)
		}
	}
	if strings.Join(got, "; ") != strings.Join(want, "; ") || fresh != 0 {
		t.Errorf("visit %d\n got %s\nwant %s\n(%d more are said to be new)", n, strings.Join(got, "; "), strings.Join(want, "; "), fresh)
	}
}

// item is a line of the archive.
type item struct{ link, guid, title, date, verdict string }

func spelledOut(t *testing.T, visit string) []item {
	t.Helper()
	var items []item
	for _, line := range strings.Split(visit, "\n") {
		times := 1
		if n, rest, ok := strings.Cut(line, "x "); ok {
			if count, err := strconv.Atoi(n); err == nil {
				times, line = count, rest
			}
		}
		for i := range times {
			say := line
			if times > 1 {
				say = strings.ReplaceAll(line, "N", strconv.Itoa(i+1))
			}
			said, verdict, ok := strings.Cut(say, "=>")
			parts := strings.Split(said, "|")
			if !ok || len(parts) != 4 {
				t.Fatalf("not a line of an item: %q", line)
			}
			for i := range parts {
				parts[i] = strings.Trim(strings.TrimSpace(parts[i]), "-")
			}
			items = append(items, item{parts[0], parts[1], parts[2], parts[3], strings.TrimSpace(verdict)})
		}
	}
	return items
}

// asFeed writes items as a feed.
func asFeed(items []item) string {
	var b strings.Builder
	b.WriteString(`<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>A feed</title><link>https://site.example/blog</link>`)
	tag := func(name, value, attribute string) {
		if value != "" {
			fmt.Fprintf(&b, "<%s%s>%s</%s>", name, attribute, html.EscapeString(value), name)
		}
	}
	for _, it := range items {
		b.WriteString("<item>")
		tag("title", it.title, "")
		tag("link", it.link, "")
		name, _, _ := strings.Cut(it.verdict, ",")
		tag("dc:creator", name, "") // by which the test knows it again
		tag("guid", it.guid, ` isPermaLink="false"`)
		if hours, err := strconv.Atoi(it.date); err == nil {
			tag("pubDate", time.Date(2025, 1, 1, hours, 0, 0, 0, time.UTC).Format(time.RFC1123Z), "")
		}
		b.WriteString("</item>\n")
	}
	b.WriteString("</channel></rss>")
	return b.String()
}

// FuzzRecall makes visits to a feed whose items have few links, guids, titles and dates in all mixtures: no two
// articles get one id, none that is new has the id of a known one, and a second look at a document tells nothing.
func FuzzRecall(f *testing.F) {
	f.Add([]byte{1, 1, 3, 1, 2, 2, 4, 2}, []byte{1, 1, 3, 1, 3, 1, 4, 2})
	f.Add([]byte{0, 0, 1, 0, 0, 0, 2, 0}, []byte{0, 0, 2, 0, 0, 1, 2, 0})
	f.Add([]byte("\x01\x01\x03\x01\x02\x02\x04\x02\x03\x03\x05\x03\x04\x04\x06\x04\x05\x05\x07\x05"), []byte("\x11\x11\x03\x11\x12\x12\x04\x12\x13\x13\x05\x13\x14\x14\x06\x14\x15\x15\x07\x15"))
	f.Add([]byte{1, 1, 3, 1}, []byte{2, 1, 3, 1, 1, 2, 4, 2})
	f.Fuzz(func(t *testing.T, first, second []byte) {
		memory := newMemory()
		for _, visit := range [][]byte{first, second, first} {
			articles := mixed(visit)
			known, _ := memory.Known(t.Context(), "")
			news, changed := recall(articles, known)
			fresh := len(news) - len(changed)
			ids, seen := map[string]bool{}, map[string]bool{}
			for _, k := range known {
				ids[k.ID] = true
			}
			for _, a := range news {
				if seen[a.ID] {
					t.Fatalf("two articles have the id %s", a.ID)
				}
				if seen[a.ID] = true; !ids[a.ID] {
					fresh--
				}
			}
			if fresh != 0 || len(news) > len(articles) {
				t.Fatalf("%d of %d are told, and %d that are new have a known id", len(news), len(articles), fresh)
			}
			memory.keep(digest.Harvest{Articles: news})
			known, _ = memory.Known(t.Context(), "")
			if again, changed := recall(articles, known); len(again) > 0 {
				t.Fatalf("a second look tells %d, %d of them new", len(again), len(again)-len(changed))
			}
		}
	})
}

// mixed makes an article of four bytes each: which link, guid, title and date it has; 0 is none.
func mixed(visit []byte) []digest.Article {
	var all []digest.Article
	for b := range slices.Chunk(visit[:len(visit)/4*4], 4) {
		var a digest.Article
		guid := ""
		if b[0] > 0 {
			a.URL = fmt.Sprintf("https://site.example/%d", b[0]%32)
		}
		if b[1] > 0 {
			guid = strconv.Itoa(int(b[1] % 32))
		}
		switch a.Title = strings.Repeat("word ", int(b[2]%8)); {
		case b[2]%8 > 3:
			a.Title += strconv.Itoa(int(b[2]))
		}
		if b[3] > 0 {
			a.Published = noon.Add(time.Duration(b[3]%32) * time.Hour)
		}
		name(&a, guid, "https://site.example/feed.xml")
		settleFor(&a, digest.Source{}, noon.AddDate(1, 0, 0))
		all = append(all, a)
	}
	return apart(all)
}

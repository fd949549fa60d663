package web_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"tidings/digest"
	"tidings/digest/store"
	"tidings/digest/text"
	"tidings/subscribers/web"
)

// shelved is the real archive.
type shelved struct{ *store.Store }

func (s *shelved) Edition(ctx context.Context, key string) (digest.Shelved, error) {
	e, err := s.Shelved(ctx, key)
	if errors.Is(err, store.ErrNoEdition) {
		return e, web.ErrMissing
	}
	return e, err
}

// print seals an edition for each of so many days, from noon backwards.
func (s *shelved) print(t *testing.T, days int) {
	t.Helper()
	daily := digest.Digest{Name: "daily", Title: "AI Daily"}
	for i := range days {
		at := noon.AddDate(0, 0, i-days+1)
		one := func(topic, title, name string) digest.Story {
			return digest.Story{
				Topic: topic, Summary: []string{"That is what the Herald tells today."}, Names: []text.Name{{Name: name}},
				Lead: digest.Article{Title: title, Lang: "en", URL: fmt.Sprint("https://herald.example/", i), Source: digest.Origin{Title: "Herald"}},
			}
		}
		lead := one("chips", fmt.Sprintf("Nordwind ships chip number %d", i+1), "Nordwind")
		e := digest.Edition{
			Key: digest.Slot{Digest: "daily", At: at}.Key(), Digest: "daily", Title: "AI Daily", Lang: "en", At: at, Lead: &lead,
			Brief: []digest.Story{one("models", "Halden opens Skald", "AT&T/1?#")},
		}
		_, err := s.Seal(t.Context(), daily, e)
		must(t, err)
	}
}

// A visitor goes through the archive with a mouse: back in time, to a month, a name, a topic, and by searching.
func TestBrowseArchive(t *testing.T) {
	var archive shelved
	h := move(t, func(o *web.Options) { o.Archive = &archive })
	archive.Store = h.store
	archive.print(t, 40)
	v := &visitor{t: t, ctx: browse(t, 2*time.Minute), base: h.pages.URL}

	v.open("/")
	v.press("a[href='/archive']")
	v.sees("All editions", "Nordwind ships chip number 40", "Nordwind", "By month", "October")
	v.press("a[rel=next]")
	v.sees("Nordwind ships chip number 10")
	v.press("a[rel=prev]")
	v.press("a[href='/archive/2026-10']")
	v.sees("October 2026", "Nordwind ships chip number 17")
	v.press(".list li a")
	v.sees("Halden opens Skald", "Named in this edition", "Previous edition")
	v.press("a[rel=next]")
	v.sees("Nordwind ships chip number 18")
	v.press("a[href='/name/Nordwind']")
	v.sees("Everything on Nordwind", "Nordwind ships chip number 40", "Older")
	v.press("a[href='/topic/chips']")
	v.sees("Chips", "Nordwind ships chip number 40")
	v.open("/archive")
	v.press("a[href='/name/AT&T%2F1%3F%23']")
	v.sees("Everything on AT&T/1?#", "Halden opens Skald")
	v.open("/search")
	v.write("input[name=q]", `"chip number 7" nord`)
	v.press("form button")
	v.sees("Nordwind ships chip number 7", "Herald")
	v.press(".list li a")
	v.sees("Nordwind ships chip number 7", "Subscribe")
	v.open("/search?lang=it")
	v.write("input[name=q]", "niente")
	v.press("form button")
	v.sees("niente")
}

// Whoever reads the archive with other means than eyes finds no hindrance that axe-core knows, in both lights. AXE names
// the script axe.min.js of the npm package axe-core.
func TestArchiveAccessible(t *testing.T) {
	script, err := os.ReadFile(os.Getenv("AXE"))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("AXE names no axe.min.js of axe-core")
		}
		t.Skip("AXE names no axe.min.js of axe-core")
	}
	var archive shelved
	h := move(t, func(o *web.Options) { o.Archive = &archive })
	archive.Store = h.store
	archive.print(t, 40)
	v := &visitor{t: t, ctx: browse(t, 4*time.Minute), base: h.pages.URL}
	_, err = chromedp.Call(v.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: false})
	must(t, err)
	for _, path := range []string{
		"/archive", "/archive/2026-10", "/e/" + digest.Slot{Digest: "daily", At: noon}.Key(), "/topic/chips", "/name/Nordwind", "/search?q=chip+number",
	} {
		for light, rules := range map[string]string{"light": "null", "dark": `["color-contrast"]`} {
			media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: light}}}
			_, err := chromedp.Call(v.ctx, emulation.SetEmulatedMedia, media)
			must(t, err)
			v.open(path)
			_, err = chromedp.Run(v.ctx, chromedp.Evaluate[bool](string(script)+";true"))
			must(t, err)
			found, err := chromedp.Run(v.ctx, chromedp.Evaluate[[]string](`axe.run(document, {resultTypes: ["violations"], runOnly: `+rules+` || undefined}).then(r => r.violations.map(v =>
				v.id + " (" + v.help + "): " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + " " + n.failureSummary).join(" | ")))`, chromedp.EvalAwaitPromise))
			must(t, err)
			for _, violation := range found {
				t.Errorf("%s, %s: %s", path, light, violation)
			}
		}
	}
}

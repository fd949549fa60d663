package web_test

import (
	"cmp"
	"flag"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"tidings/subscribers/web"
	"tidings/templates"
)

var screenshots = flag.String("screenshots", "", "a folder to put pictures of the pages in, to be looked at")

// TestPictures takes a picture of every page and notice, in each language, on a phone and on a screen, in both
// lights, for people to look at: go test ./subscribers/web -run Pictures -screenshots FOLDER. What no phone may do,
// scroll sideways, is checked.
func TestPictures(t *testing.T) {
	if *screenshots == "" {
		t.Skip("nobody wants to look: no -screenshots")
	}
	must(t, os.MkdirAll(*screenshots, 0o700))
	ctx := browse(t, 8*time.Minute)
	o, _ := options(t)
	for _, lang := range []string{"en", "it"} {
		for name, html := range scenes(t, o, lang) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(html)) }))
			v := &visitor{t: t, ctx: ctx, base: server.URL}
			v.open("/")
			for _, width := range []int64{360, 1000} {
				for _, light := range []string{"light", "dark"} {
					media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: light}}}
					_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, media)
					must(t, err)
					v.do(chromedp.EmulateViewport(width, 640))
					wide, err := chromedp.Run(ctx, chromedp.Evaluate[int]("document.documentElement.scrollWidth"))
					must(t, err)
					if int64(wide) > width {
						t.Errorf("%s in %s is %d pixels wide on a screen of %d", name, lang, wide, width)
					}
					png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
					must(t, err)
					must(t, os.WriteFile(filepath.Join(*screenshots, strings.Join([]string{name, lang, strconv.FormatInt(width, 10), light}, "-")+".png"), png, 0o600))
				}
			}
			server.Close()
		}
	}
}

// scenes are all pages and notices by name, as HTML.
func scenes(t *testing.T, o web.Options, lang string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for name, p := range pagesToSee(o, lang) {
		var out strings.Builder
		must(t, o.Pages.Page(&out, p))
		all["page-"+name] = out.String()
	}
	const link = "https://news.example.org/c/aaaaaaabaaaaaimi6borwn5zzlcoznuo"
	n := templates.Notice{
		Title: "AI Daily", Lang: lang, Confirm: link, Disown: link, Leave: link, Return: link, Manage: link,
		Archive: "https://news.example.org/archive", Home: "https://news.example.org/", Reply: true, Letters: o.Digests,
		Chosen: templates.Chosen{Paused: true, Until: noon, Topics: []string{"Chips"}, Lang: "it", Timezone: "Asia/Tokyo"},
		Mailbox: templates.Mailbox{
			Subscribe: "daily+subscribe@example.org", Unsubscribe: "daily+unsubscribe@example.org", Status: "daily+status@example.org",
			Help: "daily+help@example.org", Plain: "daily@example.org",
		},
		Topics: topicsToSee(o, lang),
	}
	for _, kind := range []string{"confirm", "welcome", "goodbye", "link", "status", "leaving", "help"} {
		letter, err := o.Pages.Notice(kind, n)
		must(t, err)
		all["notice-"+kind] = letter.HTML
	}
	return all
}

func topicsToSee(o web.Options, lang string) (all []templates.Choice) {
	for _, topic := range o.Topics {
		all = append(all, templates.Choice{Name: topic.ID, Title: cmp.Or(topic.Name[lang], topic.ID), Chosen: topic.ID != "policy"})
	}
	return all
}

// pagesToSee are all pages, with what they can show.
func pagesToSee(o web.Options, lang string) map[string]templates.Page {
	f := templates.Frame{Lang: lang, Title: o.Title, Home: "/"}
	open := f
	open.Here = "/"
	wishes := templates.Wishes{Digests: o.Digests, Topics: topicsToSee(o, lang), Langs: o.Pages.Tongues()}
	narrow := wishes
	narrow.Narrow = true
	faults := []templates.Fault{{Field: "email", Kind: "email"}, {Field: "digest", Kind: "digest"}, {Field: "topic", Kind: "topic"}, {Field: "send", Kind: "again"}}
	prefers := templates.Preferences{
		Frame: f, Wishes: wishes, Email: "a-reader-with-a-rather-long-name@mail.example.org", Action: "/p/t", Leave: "/u/t", Zones: []string{"Europe/Rome"},
	}
	paused, wrong := prefers, prefers
	paused.Paused, paused.Until, paused.Done, paused.Timezone = true, noon.AddDate(0, 0, 14), "paused", "Asia/Tokyo"
	wrong.Faults = []templates.Fault{{Field: "timezone", Kind: "timezone"}, {Field: "days", Kind: "days"}}
	pages := map[string]templates.Page{
		"join":        templates.Join{Frame: open, Wishes: wishes, Archive: true},
		"join-faults": templates.Join{Frame: f, Entry: templates.Entry{Email: "ada@example", Faults: faults}, Wishes: narrow},
		"link":        templates.Link{Frame: open},
		"lapsed":      templates.Lapsed{Frame: f},
		"lapsed-join": templates.Lapsed{Frame: f, Joins: true},
		"preferences": prefers,
		"paused":      paused,
		"wrong":       wrong,
		"confirm":     templates.Confirm{Frame: f, Action: "/c/t", Letters: o.Digests},
		"confirmed":   templates.Confirmed{Frame: f, Letters: o.Digests[:1], Manage: "/p/t"},
		"disown":      templates.Disown{Frame: f, Action: "/n/t"},
		"leave":       templates.Leave{Frame: f, Action: "/u/t", Titles: []string{"AI Daily", "IA ogni giorno"}},
		"left":        templates.Left{Frame: f, Undo: "/r/t"},
		"left-long":   templates.Left{Frame: f},
	}
	maps.Copy(pages, shelvesToSee(f))
	for _, kind := range []string{"asked", "mailed", "disowned", "returned"} {
		pages["told-"+kind] = templates.Told{Frame: f, Kind: kind}
	}
	for _, kind := range []string{"token", "missing", "refused", "busy", "fault"} {
		pages["error-"+kind] = templates.Error{Frame: f, Kind: kind}
	}
	return pages
}

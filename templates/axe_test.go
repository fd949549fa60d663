package templates

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Whoever reads with other means than eyes finds no hindrance that axe-core knows, in letters, notices and pages, in
// both lights. AXE names the script axe.min.js of the npm package axe-core.
func TestAccessible(t *testing.T) {
	script, err := os.ReadFile(os.Getenv("AXE"))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("AXE names no axe.min.js of axe-core")
		}
		t.Skip("AXE names no axe.min.js of axe-core")
	}
	b := browse(t, 8*time.Minute)
	for name, html := range everything(t) {
		b.open(html)
		if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](string(script)+";true")); err != nil {
			t.Fatal(err)
		}
		for _, light := range []string{"light", "dark"} {
			b.as(640, 1, light)
			part := strings.Contains(name, "syndicated")
			for _, v := range b.violations(strings.HasPrefix(name, "page") && !part, !part) {
				t.Errorf("%s, %s: %s", name, light, v)
			}
		}
	}
}

// violations are what axe finds, each with the first elements that show it. A mail is shown as a part of a page of the
// mail program, and what is syndicated as one of the feed reader's: these have the landmarks and the first heading.
func (b browser) violations(page, headed bool) []string {
	b.t.Helper()
	find := fmt.Sprintf(`axe.run(document, {resultTypes: ["violations"], rules: {region: {enabled: %[1]v}, "landmark-one-main": {enabled: %[1]v}, "page-has-heading-one": {enabled: %[2]v}}}).then(r => r.violations.map(v =>
		v.id + " (" + v.help + "): " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + " " + n.failureSummary).join(" | ")))`, page, headed)
	found, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](find, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatal(err)
	}
	return found
}

// everything is all that readers see, as HTML by name: the letter in each look, the web edition, notices and pages.
func everything(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, look := range lookNames(files(t)) {
		s := dressed(t, Look{Name: look, Accent: "#003399"})
		e := english()
		e.Note = "A word of the editor’s own."
		l, err := s.Letter(e, reader())
		if err != nil {
			t.Fatal(err)
		}
		all["look "+look] = l.HTML
	}
	s := load(t)
	l, err := s.Letter(italian(), reader())
	if err != nil {
		t.Fatal(err)
	}
	all["italian"] = l.HTML
	for kind := range s.notices {
		l, err := s.Notice(kind, sampleNotice("en"))
		if err != nil {
			t.Fatal(err)
		}
		all["notice "+kind] = l.HTML
	}
	for i, p := range append(samplePages("en"), Edition{Frame: Frame{Lang: "en", Title: "Daily", Home: "/"}, Edition: english(), Before: "daily/2023-09-12T0700"}) {
		var out strings.Builder
		if err := s.Page(&out, p); err != nil {
			t.Fatal(err)
		}
		all[fmt.Sprintf("page %s %d", p.name(), i)] = out.String()
	}
	return all
}

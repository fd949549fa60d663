package templates

import (
	"strings"
	"testing"

	"tidings/digest"
)

// What we send ourselves has nothing to be warned of, in any look, nor is it larger than one wishes.
func TestLintOfOurOwn(t *testing.T) {
	for _, look := range lookNames(files(t)) {
		s := dressed(t, Look{Name: look, Accent: "#003399", Logo: Logo{"https://example.org/logo.png", 200}, Picture: true, Imprint: "Daily, <b>Example</b> Ltd\n1 Example Street"})
		e := english()
		e.Lead.Lead.Image = "https://silicon-courier.example/dublin.jpg"
		l, err := s.Letter(e, reader())
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range Lint(e, l) {
			t.Errorf("%s: %s", look, w)
		}
		if !strings.Contains(l.HTML, e.Lead.Lead.Image) || !strings.Contains(l.HTML, "logo.png") || !strings.Contains(l.HTML, "003399") && look == "default" {
			t.Errorf("%s: a picture, the logo or the accent is missing", look)
		}
	}
}

// Each fault is told once, in words that say who stumbles.
func TestLint(t *testing.T) {
	page := func(body string) string {
		return `<!DOCTYPE html><html lang="en"><head></head><body><h1>Daily</h1>` + body + `</body></html>`
	}
	for name, c := range map[string]struct {
		html  string
		want  string // empty: nothing
		grave bool
	}{
		"fine":            {html: page(`<p style="margin-top:1px;font-family:serif;mso-hide:all"><a href="https://example.org/">Where</a></p>`)},
		"flex":            {html: page(`<p style="display:flex">x</p>`), want: `"display-flex" is not known to Outlook on Windows`},
		"grid in head":    {html: `<html lang="en"><head><style>@media (min-width:600px){.a{display:grid}}</style></head><h1>x</h1>`, want: `"display-grid"`},
		"position":        {html: page(`<p style="position:absolute">x</p>`), want: `"position" is not known to Gmail`},
		"calc":            {html: page(`<p style="margin:calc(1px + 2px)">x</p>`), want: `"unit-calc"`},
		"variable":        {html: page(`<p style="color:var(--ink)">x</p>`), want: `"variables" is not known to Gmail, Outlook, Yahoo Mail`},
		"rem":             {html: page(`<p style="margin:2rem">x</p>`), want: `"unit-rem"`},
		"first child":     {html: page(`<style>p:first-child{color:red}</style>`), want: `"pseudo-class-first-child"`},
		"font face":       {html: page(`<style>@font-face{src:url(x)}</style>`), want: `"at-font-face"`},
		"bdi":             {html: page(`<bdi>x</bdi>`), want: `HTML feature "bdi" is not known to Gmail`},
		"semantics":       {html: page(`<section>x</section>`), want: `"semantics"`},
		"anchor":          {html: page(`<a href="#models">Models</a>`), want: `must begin with https://`, grave: true},
		"svg":             {html: page(`<img src="https://example.org/a.svg" alt="">`), want: `picture feature "svg"`},
		"webp":            {html: page(`<img src="https://example.org/a.webp" alt="">`), want: `"webp" is not known to Outlook on Windows`},
		"no alt":          {html: page(`<img src="https://example.org/a.png">`), want: `no alternative text`},
		"http picture":    {html: page(`<img src="http://example.org/a.png" alt="">`), want: `picture must begin with https://`, grave: true},
		"relative link":   {html: page(`<a href="/archive">All</a>`), want: `"/archive"`, grave: true},
		"script link":     {html: page(`<a href="javascript:alert(1)">All</a>`), want: `"javascript:alert(1)"`, grave: true},
		"empty link":      {html: page(`<a href="https://example.org/"> </a>`), want: `says nothing`},
		"vague link":      {html: page(`<a href="https://example.org/">Read more …</a>`), want: `says nothing of where it leads: Read more …`},
		"vague in French": {html: page(`<a href="https://example.org/">» en savoir plus</a>`), want: `says nothing`},
		"more than vague": {html: page(`<a href="https://example.org/">More than half of the paper’s authors have left</a> <a href="https://example.org/a">Here Technologies</a>`)},
		"picture as link": {html: page(`<a href="https://example.org/"><img src="https://example.org/a.png" alt="All"></a>`)},
		"bare link":       {html: page(`<a href="http://example.org/">Where</a>`), want: `a link is not https: "http://example.org/"`},
		"bare links":      {html: page(`<a href="http://example.org/">Where</a><a href="http://example.com/">There</a><a href="http://example.org/">Where</a>`), want: `2 links are not https, among them "http://example.org/"`},
		"our own":         {html: page(`<a href="http://localhost:8080/u/1">Leave</a><a href="http://127.0.0.1:8080/">Archive</a><a href="http://[::1]/">Home</a>`)},
		"script":          {html: page(`<script>1</script>`), want: `<script>`, grave: true},
		"onclick":         {html: page(`<p onclick="x">x</p>`), want: `<p onclick>`, grave: true},
		"unsafe":          {html: page(`<a href="#ZgotmplZ">x</a>`), want: `ZgotmplZ`, grave: true},
		"no language":     {html: `<h1>x</h1>`, want: `no language`},
		"two titles":      {html: page(`<h1>x</h1>`), want: `2 headings <h1>`},
		"headings":        {html: page(`<h3>x</h3>`), want: `<h3> comes where <h2> is due`},
		"table":           {html: page(`<table><tr><td>x</table>`), want: `role="presentation"`},
		"large":           {html: page(strings.Repeat("x", large)), want: `more than 60`},
		"largest":         {html: page(strings.Repeat("x", largest)), want: `more than 80`, grave: true},
	} {
		t.Run(name, func(t *testing.T) {
			found := Lint(digest.Edition{}, Letter{HTML: c.html})
			if c.want == "" {
				if len(found) > 0 {
					t.Errorf("%v", found)
				}
				return
			}
			if len(found) == 0 || !strings.Contains(found[0].Told, c.want) || found[0].Grave != c.grave {
				t.Errorf("%+v", found)
			}
		})
	}
}

func TestLintOfEdition(t *testing.T) {
	one := story("models", from("Model Watch", "Halden opens Skald", "https://model-watch.example/skald"), "")
	same, copied, named, nameless := one, one, one, one
	copied.ID, copied.Lead.Title = "2", "Skald is open"
	named.ID, named.Lead.URL = "3", "https://officina.example/skald"
	nameless.ID, nameless.Lead.Title, nameless.Lead.URL = "4", "\u202e", ""
	again := story("models", from("Officina Neurale", "Skald, and what it means", "https://officina.example/means"), "", "Model Watch")
	again.Others[0].URL = one.Lead.URL
	for want, s := range map[string]digest.Story{
		`the story "Halden opens Skald" is there twice`:                         same,
		`another story leads to the same article as "Skald is open"`:            copied,
		`two stories have the headline "Halden opens Skald"`:                    named,
		`a story of Model Watch has no title`:                                   nameless,
		`another story leads to the same article as "Skald, and what it means"`: again,
	} {
		found := Lint(digest.Edition{Lang: "en", Brief: []digest.Story{one, s}}, Letter{})
		if len(found) != 1 || found[0].Told != want {
			t.Errorf("%q: %v", want, found)
		}
	}
	if found := Lint(english(), Letter{}); len(found) > 0 {
		t.Errorf("%v", found)
	}
}

func FuzzLint(f *testing.F) {
	f.Add(`<p style="display:flex;:;a:b(c"><a href="#">x`)
	f.Add(`<style>@media{a{b:c}}}{`)
	f.Fuzz(func(_ *testing.T, src string) { Lint(digest.Edition{}, Letter{HTML: src}) })
}

package templates

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// What is dark stands in a letter's head, so that its golden file is the same in both lights. What a browser makes of
// it is kept here: each kind of text in a look, its size and its colours, in light, in dark, and when a mail program turns
// the light ones round by itself. All can be read, in every language, and Outlook's dark is ours.
func TestColoursGolden(t *testing.T) {
	b := browse(t, 8*time.Minute)
	for _, look := range lookNames(files(t)) {
		s := dressed(t, Look{Name: look})
		for _, lang := range tongues {
			e := english()
			e.Lang, e.Note = lang, "A word of the editor’s own."
			l, err := s.Letter(e, reader())
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "look/"+look+".colours.txt", b.palette(look+"."+lang, l.HTML))
			if *update {
				break
			}
		}
	}
	s := load(t)
	for kind := range s.notices {
		l, err := s.Notice(kind, sampleNotice("en"))
		if err != nil {
			t.Fatal(err)
		}
		b.palette("notice "+kind, l.HTML)
	}
}

// palette tells each kind of text's size and colours, and finds fault with what cannot be read.
func (b browser) palette(name, html string) string {
	b.t.Helper()
	b.open(html)
	b.as(640, 1, "dark")
	dark := b.texts()
	b.as(640, 1, "light")
	light := b.texts()
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("*").forEach(e => { e.dataset.ogsc = ""; e.dataset.ogsb = "" })`))
	if !slices.Equal(b.texts(), dark) {
		b.t.Errorf("%s: Outlook's dark is not ours", name)
	}
	if len(light) != len(dark) {
		b.t.Fatalf("%s: %d kinds of text in light and %d in dark", name, len(light), len(dark))
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%-24s %4s   %-25s   %-25s   %s\n", "", "size", "light", "dark", "turned round")
	for i := range light {
		what, size, ink, paper := b.text(light[i])
		_, _, darkInk, darkPaper := b.text(dark[i])
		fmt.Fprintf(&out, "%-24s %4g", what, size)
		for _, pair := range [][2]colour{{ink, paper}, {darkInk, darkPaper}, {ink.turned(), paper.turned()}} {
			ratio := contrast(pair[0], pair[1])
			fmt.Fprintf(&out, "   %s on %s %4.1f", pair[0], pair[1], ratio)
			if ratio < leastContrast || size < 16 {
				b.t.Errorf("%s: %s has %g pixels and a contrast of %.1f, %s on %s", name, what, size, ratio, pair[0], pair[1])
			}
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// texts are the kinds of text that are seen: the element, its size, its colour, and the next ground below it.
func (b browser) texts() []string {
	b.t.Helper()
	found, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](`(() => {
		const seen = new Set(), clear = "rgba(0, 0, 0, 0)"
		const called = e => e.localName + (e.className ? "." + e.className : "")
		const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
		for (let text; text = texts.nextNode();) {
			const e = text.parentElement, block = e.closest("h1, h2, h3, p, td")
			if (!text.data.trim() || !e.getClientRects().length) continue
			let ground = e
			while (getComputedStyle(ground).backgroundColor == clear) ground = ground.parentElement
			const style = getComputedStyle(e), inner = block == e ? "" : " " + called(e)
			seen.add([called(block) + inner, style.fontSize, style.color, getComputedStyle(ground).backgroundColor].join("|"))
		}
		return [...seen]
	})()`))
	if err != nil {
		b.t.Fatal(err)
	}
	return found
}

// text takes apart what [browser.texts] tells.
func (b browser) text(told string) (what string, size float64, ink, paper colour) {
	b.t.Helper()
	parts := strings.Split(told, "|")
	size, err := strconv.ParseFloat(strings.TrimSuffix(parts[1], "px"), 64)
	if err != nil {
		b.t.Fatal(err)
	}
	read := func(s string) (c colour) {
		if _, err := fmt.Sscanf(s, "rgb(%f, %f, %f)", &c.r, &c.g, &c.b); err != nil {
			b.t.Fatalf("%s: the colour %s: %v", parts[0], s, err)
		}
		return c
	}
	return parts[0], size, read(parts[2]), read(parts[3])
}

// turned is the colour that a mail program makes of one when it turns light into dark by itself: of the same hue and
// saturation in HSL, as light as it was dark. How Gmail does it is not told; this is the common way.
func (c colour) turned() colour {
	most, least := max(c.r, c.g, c.b), min(c.r, c.g, c.b)
	shift := 255 - most - least
	return colour{math.Round(c.r + shift), math.Round(c.g + shift), math.Round(c.b + shift)}
}

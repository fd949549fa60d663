package templates

import (
	"path"
	"regexp"
	"strings"
	"testing"
)

// Text is readable on its paper in both lights, and survives a mail program that turns the colours round.
func TestContrast(t *testing.T) {
	for file, src := range files(t) {
		if path.Ext(file) != ".css" {
			continue
		}
		light, dark := palettes(src)
		for name, p := range map[string]map[string]string{"light": light, "dark": dark} {
			for _, text := range []string{"ink", "dim", "accent"} {
				if c := between(t, p[text], p["paper"]); c < leastContrast {
					t.Errorf("%s, %s: %s on paper has a contrast of %.1f", file, name, text, c)
				}
			}
			button := p["onaccent"]
			if button == "" {
				button = p["paper"]
			}
			if c := between(t, button, p["accent"]); c < leastContrast {
				t.Errorf("%s, %s: a button has a contrast of %.1f", file, name, c)
			}
			for key, colour := range p {
				if colour == "#000000" || colour == "#ffffff" {
					t.Errorf("%s, %s: %s is pure and turns round badly", file, name, key)
				}
			}
		}
	}
}

// between is the contrast of two colours as a sheet writes them.
func between(t *testing.T, a, b string) float64 {
	t.Helper()
	x, err := colourOf(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := colourOf(b)
	if err != nil {
		t.Fatal(err)
	}
	return contrast(x, y)
}

// An accent that cannot be read is refused with one that can; on dark paper any can.
func TestAccents(t *testing.T) {
	light, dark := colour{255, 253, 248}, colour{27, 26, 24}
	for _, c := range []struct{ wish, light, dark, fault string }{
		{wish: "#9c2f1d", light: "#9c2f1d"},
		{wish: "#003399", light: "#003399"},
		{wish: "#000000", light: "#000000"},
		{wish: "#F0A000", fault: "would do"},
		{wish: "#ffffff", fault: "would do"},
		{wish: "red", fault: "is not a colour"},
		{wish: "#12345", fault: "is not a colour"},
	} {
		gotLight, gotDark, err := accents(c.wish, light, dark)
		if c.fault != "" {
			if err == nil || !strings.Contains(err.Error(), c.fault) {
				t.Errorf("%s: %v", c.wish, err)
			}
			continue
		}
		if err != nil || gotLight != c.light || between(t, gotDark, dark.String()) < darkContrast-0.1 {
			t.Errorf("%s became %s and %s: %v", c.wish, gotLight, gotDark, err)
		}
		t.Log(c.wish, gotLight, gotDark)
	}
}

var colours = regexp.MustCompile(`--(dark-)?(\w+): (#[0-9a-f]{6});`)

// palettes reads a sheet's colours; the dark ones are called so, or stand in the second half.
func palettes(css string) (light, dark map[string]string) {
	light, dark = map[string]string{}, map[string]string{}
	before, _, _ := strings.Cut(css, "prefers-color-scheme: dark")
	for _, m := range colours.FindAllStringSubmatchIndex(css, -1) {
		name, colour := css[m[4]:m[5]], css[m[6]:m[7]]
		if m[2] >= 0 || m[0] > len(before) {
			dark[name] = colour
		} else {
			light[name] = colour
		}
	}
	return light, dark
}

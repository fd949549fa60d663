package templates

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Text is readable on its paper in both lights, and survives a mail program that turns the colours round.
func TestContrast(t *testing.T) {
	for _, file := range []string{"style/letter.css", "style/page.css"} {
		light, dark := palettes(read(t, file))
		for name, p := range map[string]map[string]string{"light": light, "dark": dark} {
			for _, text := range []string{"ink", "dim", "accent"} {
				if c := contrast(p[text], p["paper"]); c < 4.5 {
					t.Errorf("%s, %s: %s on paper has a contrast of %.1f", file, name, text, c)
				}
			}
			button := p["onaccent"]
			if button == "" {
				button = p["paper"]
			}
			if c := contrast(button, p["accent"]); c < 4.5 {
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

// contrast is the ratio of WCAG 2.
func contrast(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(colour string) float64 {
	var sum float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			return math.NaN()
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

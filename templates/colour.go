package templates

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
)

// colour is a colour of sRGB, each part from 0 to 255.
type colour struct{ r, g, b float64 }

var hexColour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// colourOf reads "#9c2f1d".
func colourOf(s string) (colour, error) {
	if !hexColour.MatchString(s) {
		return colour{}, fmt.Errorf(`%q is not a colour; write it like "#9c2f1d"`, s)
	}
	n, err := strconv.ParseUint(s[1:], 16, 32)
	return colour{float64(n >> 16), float64(n >> 8 & 0xff), float64(n & 0xff)}, err
}

func (c colour) String() string {
	return fmt.Sprintf("#%02x%02x%02x", int(math.Round(c.r)), int(math.Round(c.g)), int(math.Round(c.b)))
}

// mixed is as much of another colour in this one as share says, from 0 to 1.
func (c colour) mixed(with colour, share float64) colour {
	mix := func(a, b float64) float64 { return a + (b-a)*share }
	return colour{mix(c.r, with.r), mix(c.g, with.g), mix(c.b, with.b)}
}

// bright is the same hue as bright as it gets.
func (c colour) bright() colour {
	most := max(c.r, c.g, c.b, 1)
	return colour{c.r * 255 / most, c.g * 255 / most, c.b * 255 / most}
}

// until mixes in another colour until the contrast on a paper is reached, as far as it goes.
func (c colour) until(with, paper colour, ratio float64) colour {
	for share := 0.0; share < 1; share += 1.0 / 64 {
		if m := c.mixed(with, share); contrast(m, paper) >= ratio {
			return m
		}
	}
	return with
}

// contrast is the contrast ratio of WCAG 2.2, from 1 to 21.
func contrast(a, b colour) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// luminance is the relative luminance of WCAG 2.2.
func (c colour) luminance() float64 {
	linear := func(part float64) float64 {
		if part /= 255; part <= 0.04045 {
			return part / 12.92
		}
		return math.Pow((part+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.r) + 0.7152*linear(c.g) + 0.0722*linear(c.b)
}

// Contrasts of an accent: the least with which text can be read (WCAG 2.2, 1.4.3), and what the dark paper is given.
const (
	leastContrast = 4.5
	darkContrast  = 6.5
)

// accents returns the accents for light and dark paper; the dark one is the same hue, as bright as can be read there.
func accents(wish string, light, dark colour) (onLight, onDark string, err error) {
	c, err := colourOf(wish)
	if err != nil {
		return "", "", err
	}
	if ratio := contrast(c, light); ratio < leastContrast {
		would := c.until(colour{}, light, leastContrast)
		return "", "", fmt.Errorf("%s on the paper %s has a contrast of %.1f, and %.1f is needed to be read; %s would do", wish, light, ratio, leastContrast, would)
	}
	return c.String(), c.bright().until(colour{255, 255, 255}, dark, darkContrast).String(), nil
}

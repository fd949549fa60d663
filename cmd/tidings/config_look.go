package main

import (
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"tidings/templates"
)

var colourForm = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// checkLook looks at how a digest's letters look. Whether there is such a look, and whether the accent can be read on
// its paper, is told when the templates are loaded.
func (d DigestConfig) checkLook(r configChecker, i int) {
	if !nameForm.MatchString(d.Look) {
		r.fault(at("digest", i, "look"), `digest.look must be the name of a look, such as "default", "classic" or "brief"`)
	}
	if d.Accent != "" && !colourForm.MatchString(d.Accent) {
		r.fault(at("digest", i, "accent"), `digest.accent must be a colour, such as "#9c2f1d"`)
	}
	if u, err := url.Parse(d.Logo); d.Logo != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil) {
		r.fault(at("digest", i, "logo"), `digest.logo must be the https address of a picture, such as "https://example.org/logo.png"`)
	}
	if utf8.RuneCountInString(d.Imprint) > 600 || strings.Count(strings.TrimSpace(d.Imprint), "\n") > 7 {
		r.fault(at("digest", i, "imprint"), "digest.imprint must be short: at most 8 lines, and 600 letters in all")
	}
	if d.LogoWidth < 0 || d.LogoWidth > 640 {
		r.fault(at("digest", i, "logo_width"), "digest.logo_width must be from 0 to 640, the letter's own width in pixels")
	}
}

// looks returns how the letters of each digest look.
func (c Config) looks() []templates.Look {
	all := make([]templates.Look, len(c.Digest))
	for i, d := range c.Digest {
		all[i] = templates.Look{
			Digest: d.Name, Name: d.Look, Accent: d.Accent, Logo: templates.Logo{URL: d.Logo, Width: d.LogoWidth}, Picture: d.Picture,
			Imprint: d.Imprint,
		}
	}
	return all
}

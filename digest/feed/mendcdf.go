package feed

import (
	"html"
	"regexp"
	"strings"
)

// The Channel Definition Format (W3C note of 10 March 1997) is the oldest format of feeds that is still
// met: <channel> is its root, an item has its address in an attribute and its text in <abstract>.
var (
	cdfAddress = regexp.MustCompile(`(?i)\shref\s*=\s*["']?([^"'\s>]+)`)
	cdfDate    = regexp.MustCompile(`(?i)\slastmod\s*=\s*["']([^"']+)`)
)

// cdfElement writes a start tag of CDF as RSS has it, and returns the element's new name with it.
func cdfElement(name, tag string) (out, start string) {
	switch localName(name) {
	case "abstract":
		return "description", "<description>"
	case "item":
		start = "<item>"
		if m := cdfAddress.FindStringSubmatch(tag); m != nil {
			start += "<link>" + html.EscapeString(html.UnescapeString(m[1])) + "</link>"
		}
		if m := cdfDate.FindStringSubmatch(tag); m != nil {
			start += "<pubDate>" + html.EscapeString(m[1]) + "</pubDate>"
		}
		return "item", start
	}
	return name, tag
}

// isChannel tells a feed whose root is its channel, of CDF, of RSS 1.1, or of an RSS that lost its first line.
func isChannel(s string) bool {
	s = strings.ToLower(s)
	return strings.Contains(s, "</channel") && (strings.Contains(s, "<item") || strings.Contains(s, "<abstract"))
}

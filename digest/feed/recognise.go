package feed

import (
	"strings"
	"unicode"
)

// kind is what a document turned out to be, whatever it was called.
type kind int

const (
	unknown  kind = iota // an XML document of some other trade, a picture, a program
	empty                // nothing but space
	xmlFeed              // RSS, Atom, RDF
	jsonFeed             // JSON Feed
	jsonElse             // some other JSON
	page                 // HTML
	plain                // words
	feedList             // OPML
)

// String names a kind in a sentence that begins "it is".
func (k kind) String() string {
	return [...]string{"neither a feed, a web page nor a text", "empty", "a feed", "a JSON feed", "a JSON document that is no feed",
		"a web page", "a plain text", "a list of feeds (OPML), which `tidings sources import` reads"}[k]
}

var (
	htmlWord  = pattern(`(?i)^(?:html|head|body|title|meta|link|div|p|span|h[1-6]|table|article|main|section|center|br|b|a|font|img|ul|ol|script|style|base)$`)
	htmlStart = pattern(`(?i)<!doctype\s+html|<html[\s>]`)
	jsonSigns = pattern(`"version"\s*:\s*"https?:\\?/\\?/(?:www\.)?jsonfeed\.org|"items"\s*:\s*\[`)
)

// rootWindow bounds how much junk may stand before the root element.
const rootWindow = 1 << 18

// recognise tells what decoded text is and returns it from where it really begins: feeds without
// prolog, comments, warnings of a broken server program and whatever else stands before their root.
func recognise(s string) (kind, string) {
	trimmed := strings.TrimLeftFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '\uFEFF' })
	switch {
	case trimmed == "":
		return empty, ""
	case isBinary(trimmed):
		return unknown, trimmed
	case trimmed[0] == '{':
		if jsonSigns().MatchString(trimmed) {
			return jsonFeed, trimmed
		}
		return jsonElse, trimmed
	case trimmed[0] == '[' && strings.HasSuffix(strings.TrimSpace(trimmed), "]") && strings.Contains(trimmed, `":`):
		return jsonElse, trimmed
	}
	k, at := findRoot(trimmed)
	switch {
	case k == xmlFeed && (trimmed[0] == '<' || strings.Contains(trimmed[at:], "</")):
		return xmlFeed, trimmed[at:]
	case k == feedList && trimmed[0] == '<':
		return feedList, trimmed
	case k == page && (trimmed[0] == '<' || htmlStart().MatchString(trimmed[:min(len(trimmed), 4096)])):
		return page, trimmed
	case k == unknown && trimmed[0] == '<' && (tagName(trimmed) != "" || strings.HasPrefix(trimmed, "<?xml") || strings.HasPrefix(trimmed, "<!")):
		return unknown, trimmed
	}
	return plain, trimmed
}

// findRoot looks for the first element that settles what the document is.
func findRoot(s string) (kind, int) {
	seen, channels := unknown, true // channels: nobody has looked whether one could be a feed
	for i := 0; i < min(len(s), rootWindow); {
		n := strings.IndexByte(s[i:], '<')
		if n < 0 {
			break
		}
		i += n
		rest := s[i:]
		switch {
		case strings.HasPrefix(rest, "<!--"):
			i += after(rest, "-->", 4)
			continue
		case strings.HasPrefix(rest, "<!"):
			if htmlStart().MatchString(rest[:min(len(rest), 16)]) {
				return page, i
			}
			i += doctypeEnd(rest)
			continue
		}
		name := tagName(rest) // "" also for a stray bracket
		switch local := localName(name); {
		case local == "rss" || local == "feed" || local == "rdf":
			return xmlFeed, i
		case local == "entry" && seen == unknown: // a document of one Atom entry, RFC 4287 section 2
			return xmlFeed, i
		case local == "channel" && seen == unknown && channels:
			if channels = false; isChannel(rest) { // what follows the first decides for all of them
				return xmlFeed, i
			}
		case local == "opml" && seen == unknown:
			return feedList, i
		case local == "html" || local == "body" || local == "head":
			return page, i
		case htmlWord().MatchString(name):
			seen = page
		}
		i++
	}
	return seen, 0
}

// isChannel tells a feed whose root is its channel, of RSS 1.1 or of an RSS that lost its first line.
func isChannel(s string) bool {
	s = strings.ToLower(s)
	return strings.Contains(s, "</channel") && strings.Contains(s, "<item")
}

// doctypeEnd returns the length of a document type with its internal subset.
func doctypeEnd(s string) int {
	end := strings.IndexByte(s, '>')
	if open := strings.IndexByte(s[:max(end, 0)], '['); open >= 0 {
		return after(s, "]", open) + after(s[after(s, "]", open):], ">", 0)
	}
	return after(s, ">", 0)
}

// isBinary tells bytes that are no text: control characters, or what was no letter in any encoding.
func isBinary(s string) bool {
	s = s[:min(len(s), 4096)]
	if strings.HasPrefix(s, "%PDF-") || strings.HasPrefix(s, "PK\x03\x04") {
		return true
	}
	odd, all := 0, 0
	for _, r := range s {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' && r != '\f' && r != 0x1b || r == unicode.ReplacementChar {
			odd++
		}
		all++
	}
	return odd*20 > all
}

package feed

import (
	"net/url"
	"strings"

	"github.com/mmcdole/gofeed"
	ext "github.com/mmcdole/gofeed/extensions"
)

// beacons are pieces of addresses of pictures that show nothing: they count who reads.
var beacons = pattern(`(?i)feeds\.feedburner\.com/~|feedsportal\.com/|//pixel\.|/pixel(?:\.gif|\.png|\?)|[/_-](?:1x1|1px|blank|spacer|clear|cleardot|transparent|beacon|count|counter|tracker)\.gif|` +
	`google-analytics\.com|googletagmanager\.com|doubleclick\.net|//(?:b|sb)\.scorecardresearch|quantserve\.com|//stats\.wordpress|/beacon[./?]|/tracking[./?]|/track/open|/wf/open|/open\?|` +
	`medium\.com/_/stat|facebook\.com/tr[?/]|bat\.bing\.com|/(?:piwik|matomo)\.php|/__(?:utm|ptq)\.gif|list-manage\.com/track|googleusercontent\.com/tracker/|substackcdn\.com/open`)

func isBeacon(src string) bool { return beacons().MatchString(src) }

// imageOf is the picture that an item names beside its text.
func imageOf(it *gofeed.Item, base *url.URL) string {
	if it.Image != nil {
		if u := address(base, it.Image.URL); u != "" && !isBeacon(u) {
			return u
		}
	}
	for _, e := range it.Enclosures {
		if e != nil && strings.HasPrefix(e.Type, "image/") {
			return address(base, e.URL)
		}
	}
	for _, group := range append([]map[string][]ext.Extension{it.Extensions["media"]}, mediaGroups(it)...) {
		for _, name := range []string{"thumbnail", "content"} {
			for _, e := range group[name] {
				if name == "thumbnail" || strings.HasPrefix(e.Attrs["type"], "image/") || e.Attrs["medium"] == "image" {
					return address(base, e.Attrs["url"])
				}
			}
		}
	}
	return ""
}

// media looks for a text of Media RSS on the item, its content and its group.
func media(it *gofeed.Item, name string) string {
	for _, group := range append([]map[string][]ext.Extension{it.Extensions["media"]}, mediaGroups(it)...) {
		for _, e := range group[name] {
			if strings.TrimSpace(e.Value) != "" {
				return e.Value
			}
		}
	}
	return ""
}

func mediaGroups(it *gofeed.Item) []map[string][]ext.Extension {
	var groups []map[string][]ext.Extension
	for _, name := range []string{"group", "content"} {
		for _, e := range it.Extensions["media"][name] {
			groups = append(groups, e.Children)
		}
	}
	return groups
}

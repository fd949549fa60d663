package feed

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	nethtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Bounds of what a page may propose.
const (
	maxNamed  = 8 // feeds in its head
	maxLinked = 4 // links that look like feeds
)

// candidate is an address that may be a feed, and why it was thought of.
type candidate struct {
	url, title, why string
}

// Why an address was thought of.
const (
	whyHead   = "named by the page"
	whyLink   = "linked on the page"
	whyKnown  = "where feeds usually lie"
	whyItself = "the address itself"
)

var (
	feedPath = pattern(`(?i)/(?:rss|rss2|feeds?|atom)(?:[/._-][^/]*)?/?$|\.(?:rss|atom|rdf)$|/(?:index|rss|feed|atom)\.xml$|/feeds?/`)
	feedTell = pattern(`(?i)^(?:feed|format|alt|type)=(?:rss|rss2|atom|feed)$`)
	feedWord = pattern(`(?i)\b(?:rss|atom)\b|^(?:xml|json )?feed$`)
	comments = pattern(`(?i)(?:^|[/\s»])(?:comments?|commenti|kommentare|commentaires|comentarios)(?:$|[/\s])`)

	// Readers offer to subscribe by links that hold the word and are no feeds.
	readers = pattern(`(?i)(?:^|\.)(?:feedly\.com|inoreader\.com|newsblur\.com|netvibes\.com|theoldreader\.com|feedspot\.com|feeder\.co|feedbin\.com|my\.yahoo\.com|facebook\.com|x\.com|twitter\.com)$`)
)

// candidates returns where a web page's feed may be, the likeliest first: what sites of its kind offer,
// what the page names in its head, what it links to. Feeds of comments come last. An address stands once.
func (o opening) candidates() []candidate {
	at := o.base()
	if at == nil {
		return nil
	}
	all := siteShapes(at)
	if o.kind == page {
		if root, err := o.tree(); err == nil {
			base := baseOf(root, at)
			all = append(all, namedFeeds(root, base)...)
			all = append(all, linkedFeeds(root, base)...)
			all = append(all, pageShapes(root, at, o.text)...)
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return rankOf(a) - rankOf(b) })
	return distinct(all, at)
}

func rankOf(c candidate) int {
	if c.ofComments() {
		return 1
	}
	return 0
}

// ofComments tells feeds of what readers say.
func (c candidate) ofComments() bool {
	return comments().MatchString(c.title) || comments().MatchString(c.url)
}

// distinct keeps each address of the web once, and not the page's own.
func distinct(all []candidate, at *url.URL) []candidate {
	seen := map[string]bool{"": true, loose(at.String()): true}
	var out []candidate
	for _, c := range all {
		if key := loose(c.url); !seen[key] && webAddress().MatchString(c.url) {
			seen[key] = true
			out = append(out, c)
		}
	}
	return out
}

// loose is an address without what does not tell two feeds apart.
func loose(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	rest, _, _ = strings.Cut(rest, "#")
	return strings.TrimSuffix(strings.TrimPrefix(rest, "www."), "/")
}

// namedFeeds are the feeds that a page names in its head, as the RSS Advisory Board's autodiscovery
// (rssboard.org/rss-autodiscovery) and JSON Feed ask.
func namedFeeds(root *nethtml.Node, base *url.URL) []candidate {
	var out []candidate
	for n := range root.Descendants() {
		if n.DataAtom != atom.Link || len(out) == maxNamed {
			continue
		}
		rel := strings.Fields(strings.ToLower(attr(n, "rel")))
		if !slices.Contains(rel, "alternate") && !slices.Contains(rel, "feed") {
			continue
		}
		kind, _, _ := strings.Cut(strings.ToLower(attr(n, "type")), ";")
		href := webFeed(attr(n, "href"))
		switch strings.TrimSpace(kind) {
		case "application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml", "application/x.atom+xml":
		case "text/xml", "application/xml", "application/json", "":
			if !looksLikeFeed(href) && !slices.Contains(rel, "feed") || strings.Contains(href, "/wp-json/") {
				continue
			}
		default:
			continue
		}
		if to := address(base, href); to != "" {
			out = append(out, candidate{to, line(attr(n, "title")), whyHead})
		}
	}
	return out
}

// linkedFeeds are the links of a page that look like feeds, by their address or by their words.
func linkedFeeds(root *nethtml.Node, base *url.URL) []candidate {
	var out []candidate
	for n := range root.Descendants() {
		if n.DataAtom != atom.A || len(out) == maxLinked {
			continue
		}
		href := webFeed(attr(n, "href"))
		to := address(base, href)
		u, err := url.Parse(to)
		if to == "" || err != nil || readers().MatchString(u.Hostname()) {
			continue
		}
		words := said(n)
		told := letters(words) <= 30 && feedWord().MatchString(words) || feedWord().MatchString(attr(n, "title")) || feedWord().MatchString(attr(n, "aria-label"))
		if (told || looksLikeFeed(to)) && !strings.HasPrefix(href, "#") {
			out = append(out, candidate{to, firstOf(line(attr(n, "title")), words), whyLink})
		}
	}
	return distinct(out, &url.URL{})
}

// looksLikeFeed goes by an address alone.
func looksLikeFeed(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		if feedTell().MatchString(pair) {
			return true
		}
	}
	return feedPath().MatchString(u.Path)
}

// webFeed makes an address of the scheme that some sites give their feeds one of the web.
func webFeed(address string) string {
	address = strings.TrimSpace(address)
	if len(address) < 5 || !strings.EqualFold(address[:5], "feed:") {
		return address
	}
	rest := address[5:]
	if webAddress().MatchString(rest) {
		return rest
	}
	return "https://" + strings.TrimLeft(rest, "/")
}

// shape is where sites of one kind have their feeds: what their addresses look like, and what to make of it.
type shape struct {
	host, path func() *regexp.Regexp // a nil host is any that no other shape fits
	feed       string                // "$1" is what path caught; relative to the site
	title, why string
}

// shapes are the kinds of sites that an address tells. The first that fit are tried first.
var shapes = []shape{
	{at(`youtube\.com`), at(`/channel/(UC[\w-]+).*`), "/feeds/videos.xml?channel_id=$1", "Videos", "a channel of YouTube"},
	{at(`youtube\.com`), at(`/user/([\w-]+).*`), "/feeds/videos.xml?user=$1", "Videos", "a channel of YouTube"},
	{at(`youtube\.com`), at(`/(@).*`), "", "", "a channel of YouTube, whose page tells its number"},
	{at(`youtube\.com`), at(`/playlist\?.*list=([\w-]+).*`), "/feeds/videos.xml?playlist_id=$1", "Videos", "a playlist of YouTube"},
	{at(`github\.com`), at(`/([\w.-]+/[\w.-]+)(?:/releases.*)?/?`), "/$1/releases.atom", "Releases", "a project on GitHub"},
	{at(`github\.com`), at(`/([\w.-]+/[\w.-]+)/tags.*`), "/$1/tags.atom", "Tags", "a project on GitHub"},
	{at(`github\.com`), at(`/([\w.-]+/[\w.-]+)(?:/commits.*)?/?`), "/$1/commits.atom", "Commits", "a project on GitHub"},
	{at(`github\.com`), at(`/([\w-]+)/?`), "/$1.atom", "Activity", "an account on GitHub"},
	{at(`gitlab\.com`), at(`/([\w.-]+/[\w.-]+)(?:/-/.*)?/?`), "/$1/-/tags?format=atom", "Tags", "a project on GitLab"},
	{at(`pypi\.org`), at(`/project/([\w.-]+).*`), "/rss/project/$1/releases.xml", "Releases", "a package on PyPI"},
	{at(`reddit\.com`), at(`/((?:r|u|user)/[\w-]+).*`), "/$1/.rss", "", "a part of Reddit"},
	{at(`medium\.com`), at(`/(@?[\w.-]+)/?`), "/feed/$1", "", "a writer or publication on Medium"},
	{at(`[\w-]+\.medium\.com`), at(`/.*`), "/feed", "", "a writer or publication on Medium"},
	{at(`[\w-]+\.substack\.com`), at(`/.*`), "/feed", "", "a newsletter on Substack"},
	{at(`bsky\.app`), at(`/profile/([\w.:-]+).*`), "/profile/$1/rss", "", "an account on Bluesky"},
	{at(`(?:export\.)?arxiv\.org`), at(`/list/([\w.-]+).*`), "https://rss.arxiv.org/rss/$1", "", "a list of arXiv"},
	{at(`[\w-]+\.tumblr\.com`), at(`/.*`), "/rss", "", "a blog on Tumblr"},
	{at(`[\w-]+\.blogspot\.\w+(?:\.\w+)?`), at(`/.*`), "/feeds/posts/default", "", "a blog on Blogger"},
	{at(`news\.ycombinator\.com`), at(`/(?:news)?`), "/rss", "", "Hacker News"},
	{nil, at(`/(@[\w.-]+)(?:/.*)?`), "/$1.rss", "", "an account of the Fediverse"},
}

// at compiles a pattern for a whole host or path.
func at(whole string) func() *regexp.Regexp {
	return pattern(`(?i)^(?:www\.|m\.|old\.)?` + whole + `$`)
}

// siteShapes proposes the feeds that sites with such an address have.
func siteShapes(u *url.URL) []candidate {
	var out []candidate
	path := firstOf(u.EscapedPath(), "/")
	for _, s := range shapes {
		where := path
		if s.host == nil && len(out) > 0 || s.host != nil && !s.host().MatchString(u.Hostname()) {
			continue
		}
		if strings.Contains(s.path().String(), `\?`) {
			where = u.RequestURI()
		}
		if s.path().MatchString(where) {
			out = append(out, candidate{absolute(u, s.path().ReplaceAllString(where, s.feed)), s.title, s.why})
		}
	}
	return out
}

// generators are the programs that make sites and say so, and where their feeds lie: "." is below the page
// itself, which has a feed of its own then.
var generators = []struct{ sign, feeds string }{
	{"wordpress", "./feed/ /feed/"}, {"ghost", "/rss/"}, {"hugo", "./index.xml /index.xml"}, {"jekyll", "/feed.xml"},
	{"eleventy", "/feed.xml"}, {"gatsby", "/rss.xml"}, {"blogger", "/feeds/posts/default"}, {"drupal", "/rss.xml"},
	{"discourse", "/latest.rss"}, {"squarespace", "?format=rss"}, {"wix.com", "/blog-feed.xml"}, {"typo3", "/rss.xml"},
}

var channelID = pattern(`"(?:externalId|channelId)"\s*:\s*"(UC[\w-]{22})"`)

// pageShapes proposes the feeds that the program has which made a page.
func pageShapes(root *nethtml.Node, u *url.URL, source string) []candidate {
	var out []candidate
	if m := channelID().FindStringSubmatch(source); m != nil && strings.HasSuffix(u.Hostname(), "youtube.com") {
		out = append(out, candidate{absolute(u, "/feeds/videos.xml?channel_id="+m[1]), "Videos", "a channel of YouTube"})
	}
	made := strings.ToLower(generatorOf(root))
	switch {
	case made != "":
	case strings.Contains(source, "/wp-content/") || strings.Contains(source, "/wp-json/"):
		made = "wordpress"
	case strings.Contains(source, "substackcdn.com"):
		return append(out, candidate{absolute(u, "/feed"), "", "a newsletter on Substack"})
	}
	for _, g := range generators {
		if made == "" || !strings.Contains(made, g.sign) {
			continue
		}
		for f := range strings.FieldsSeq(g.feeds) {
			below := *u
			below.RawQuery, below.Path, below.RawPath = "", strings.TrimSuffix(u.Path, "/")+"/", ""
			if strings.HasPrefix(f, "?") {
				below.Path = u.Path
			}
			out = append(out, candidate{absolute(&below, f), "", "made by " + g.sign})
		}
	}
	return out
}

func generatorOf(root *nethtml.Node) string {
	for n := range root.Descendants() {
		if n.DataAtom == atom.Meta && strings.EqualFold(attr(n, "name"), "generator") {
			return attr(n, "content")
		}
	}
	return ""
}

// usual are the places where sites have their feeds that name none: below the page that was asked for, then
// at the top.
func usual(u *url.URL) []candidate {
	var out []candidate
	if dir := strings.Trim(u.EscapedPath(), "/"); dir != "" {
		for _, p := range []string{"/feed", "/rss.xml", "/index.xml", "/feed.xml"} {
			out = append(out, candidate{absolute(u, "/"+dir+p), "", whyKnown})
		}
	}
	for _, p := range []string{"/feed", "/rss", "/atom.xml", "/feed.xml", "/index.xml", "/rss.xml", "/feed.json"} {
		out = append(out, candidate{absolute(u, p), "", whyKnown})
	}
	return distinct(out, u)
}

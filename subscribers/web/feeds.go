package web

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"tidings/digest"
	"tidings/templates"
)

// How much a feed has: more than appears between two visits of a feed reader.
const (
	feedEditions = 15
	feedStories  = 40
	mostInFeed   = 1500 // stories of all its editions
)

// newsstand has the archive's feeds.
type newsstand struct{ shelf }

// feed is what both formats say.
type feed struct {
	ID, Title, Author, Lang string
	Page, Self              string // absolute addresses
	Updated                 time.Time
	Entries                 []item
}

// item is an edition or a story.
type item struct {
	ID, Title, Lang string
	URL             string // absolute address of its page
	Via             string // of a story: where it was told; empty: nowhere on the web
	At              time.Time
	HTML            string
}

// format is how a feed is written.
type format struct {
	file, kind string
	name       string // for readers
	write      func(feed) ([]byte, error)
}

// editionFeeds are where feed readers find a digest's editions.
func (s shelf) editionFeeds(name, title string) []templates.FeedLink {
	return feedLinks(asked{digest: name}.base(), title)
}

// topicFeeds are where feed readers find a topic's stories.
func (s shelf) topicFeeds(id, title string) []templates.FeedLink {
	return feedLinks(templates.TopicPath("/", id), title)
}

func feedLinks(base, title string) []templates.FeedLink {
	var all []templates.FeedLink
	for _, f := range []format{atom(), jsonFeed()} {
		all = append(all, templates.FeedLink{Title: title + " (" + f.name + ")", Path: base + "/" + f.file, Type: f.kind})
	}
	return all
}

// tagURI names something for ever, whatever becomes of its address (RFC 4151): by our host's name on a day.
func (s newsstand) tagURI(day time.Time, specific string) string {
	host := "localhost"
	if u, err := url.Parse(s.URL); err == nil && u.Hostname() != "" && !strings.Contains(u.Hostname(), ":") {
		host = strings.ToLower(u.Hostname())
	}
	return "tag:" + host + "," + day.Format(time.DateOnly) + ":" + specific
}

// founded is the day by which feeds, which have none of their own, are named.
func founded() time.Time { return time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC) }

// editionFeed answers with a digest's newest editions.
func (s newsstand) editionFeed(as func() format) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("digest")
		issues, err := s.Archive.Issues(r.Context(), digest.Span{Digest: name, Most: feedEditions})
		title := s.title(name)
		if err == nil && title == "" && len(issues) == 0 {
			err = ErrMissing
		}
		var told []digest.Told
		if err == nil && len(issues) > 0 {
			keys := make([]string, len(issues))
			for i, e := range issues {
				keys[i] = e.Key
			}
			told, err = s.Archive.Stories(r.Context(), digest.Wanted{Editions: keys, Most: mostInFeed})
		}
		if err != nil {
			s.fault(w, r, "feed", err)
			return
		}
		if title == "" {
			title = issues[0].Title
		}
		f := s.newFeed(as(), asked{digest: name}.base(), title, s.speaks(name))
		for _, i := range issues {
			e := item{
				ID: s.tagURI(i.At, i.Key), Title: templates.PastOf(i).Headline, Lang: i.Lang, URL: s.URL + "/e/" + i.Key, At: i.At,
			}
			if e.HTML, err = s.Pages.Syndicate(s.sections(f.Lang, i.Key, told)); err != nil {
				s.broken(w, err)
				return
			}
			f.Entries = append(f.Entries, e)
		}
		s.serveFeed(w, r, as(), f)
	}
}

// sections are an edition's stories in their order, a new heading wherever the topic changes.
func (s newsstand) sections(lang, key string, told []digest.Told) templates.Syndicated {
	all := templates.Syndicated{Frame: templates.Frame{Lang: lang, Title: s.Title, Home: s.URL + "/"}}
	topic := ""
	for _, t := range told {
		if t.Edition != key {
			continue
		}
		if len(all.Sections) == 0 || t.Topic != topic {
			topic = t.Topic
			all.Sections = append(all.Sections, templates.SyndicatedSection{Title: s.topicRef(lang, topic).Title, Brief: topic == digest.Brief})
		}
		last := &all.Sections[len(all.Sections)-1]
		last.Found = append(last.Found, templates.FoundOf(t, all.Home, nil))
	}
	return all
}

// topicFeed answers with a topic's newest stories.
func (s newsstand) topicFeed(as func() format) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id, lang := r.PathValue("topic"), s.speaks("")
		title := s.topicRef(lang, id).Title
		if title == "" {
			s.missing(w, r)
			return
		}
		told, err := s.Archive.Stories(r.Context(), digest.Wanted{Topic: id, Most: feedStories})
		if err != nil {
			s.fault(w, r, "feed", err)
			return
		}
		s.storyFeed(w, r, as(), s.newFeed(as(), templates.TopicPath("/", id), s.Title+": "+title, lang), told)
	}
}

// nameFeed answers with the newest stories that speak of a name. One of which nobody speaks has no feed.
func (s newsstand) nameFeed(as func() format) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name, err := s.named(r)
		var told []digest.Told
		if err == nil {
			told, err = s.Archive.Stories(r.Context(), digest.Wanted{Name: name, Most: feedStories})
		}
		if err == nil && len(told) == 0 {
			err = ErrMissing
		}
		if err != nil {
			s.fault(w, r, "feed", err)
			return
		}
		s.storyFeed(w, r, as(), s.newFeed(as(), templates.NamePath("/", name), s.Title+": "+name, s.speaks("")), told)
	}
}

// storyFeed answers with a feed of stories.
func (s newsstand) storyFeed(w http.ResponseWriter, r *http.Request, as format, f feed, told []digest.Told) {
	for _, t := range told {
		found := templates.FoundOf(t, s.URL+"/", nil)
		e := item{
			ID:    s.tagURI(t.At, strings.Replace(strings.TrimPrefix(found.Path, s.URL+"/e/"), "#", "/", 1)),
			Title: cmp.Or(found.Plain(), found.Title), Lang: found.Lang, URL: found.Path, Via: found.URL, At: t.At,
		}
		piece := templates.Syndicated{Frame: templates.Frame{Lang: f.Lang, Home: s.URL + "/"}, Sections: []templates.SyndicatedSection{{Found: []templates.Found{found}}}}
		var err error
		if e.HTML, err = s.Pages.Syndicate(piece); err != nil {
			s.broken(w, err)
			return
		}
		f.Entries = append(f.Entries, e)
	}
	s.serveFeed(w, r, as, f)
}

// speaks is the language of a digest, or of the first when there is none of that name.
func (s newsstand) speaks(name string) string {
	lang := ""
	for i, d := range s.Digests {
		if i == 0 || d.Name == name {
			lang = d.Lang
		}
	}
	return s.Pages.Lang(lang)
}

// newFeed is a feed without entries.
func (s newsstand) newFeed(as format, path, title, lang string) feed {
	return feed{
		ID: s.tagURI(founded(), strings.Trim(path, "/")), Title: title, Author: s.Title, Lang: lang,
		Page: s.URL + path, Self: s.URL + path + "/" + as.file,
	}
}

func (s newsstand) serveFeed(w http.ResponseWriter, r *http.Request, as format, f feed) {
	f.Updated = founded()
	if len(f.Entries) > 0 {
		f.Updated = slices.MaxFunc(f.Entries, func(a, b item) int { return a.At.Compare(b.At) }).At
	}
	body, err := as.write(f)
	if err != nil {
		s.broken(w, err)
		return
	}
	s.last(w, r, as.kind+"; charset=utf-8", f.Updated, body)
}

// atom is RFC 4287.
func atom() format { return format{"atom.xml", "application/atom+xml", "Atom", writeAtom} }

type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string      `xml:"xml:lang,attr"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Links   []atomLink  `xml:"link"`
	Author  string      `xml:"author>name"`
	Entries []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr,omitempty"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	ID        string     `xml:"id"`
	Title     atomText   `xml:"title"`
	Published string     `xml:"published"`
	Updated   string     `xml:"updated"`
	Links     []atomLink `xml:"link"`
	Content   atomText   `xml:"content"`
}

type atomText struct {
	Type string `xml:"type,attr,omitempty"`
	Lang string `xml:"xml:lang,attr,omitempty"`
	Text string `xml:",chardata"`
}

func writeAtom(f feed) ([]byte, error) {
	const page = "text/html"
	out := atomFeed{
		Lang: f.Lang, ID: f.ID, Title: f.Title, Updated: f.Updated.Format(time.RFC3339), Author: f.Author,
		Links: []atomLink{{"self", atom().kind, f.Self}, {"alternate", page, f.Page}},
	}
	for _, e := range f.Entries {
		links := []atomLink{{"alternate", page, e.URL}}
		if e.Via != "" {
			links = append(links, atomLink{Rel: "via", Href: e.Via})
		}
		out.Entries = append(out.Entries, atomEntry{
			ID: e.ID, Title: atomText{Lang: e.Lang, Text: e.Title}, Published: e.At.Format(time.RFC3339), Updated: e.At.Format(time.RFC3339),
			Links: links, Content: atomText{Type: "html", Text: e.HTML},
		})
	}
	body, err := xml.MarshalIndent(out, "", "")
	return append([]byte(xml.Header), append(body, '\n')...), err
}

// jsonFeed is https://www.jsonfeed.org/version/1.1/.
func jsonFeed() format { return format{"feed.json", "application/feed+json", "JSON Feed", writeJSON} }

type jsonFeedDoc struct {
	Version  string       `json:"version"`
	Title    string       `json:"title"`
	Page     string       `json:"home_page_url"`
	Self     string       `json:"feed_url"`
	Language string       `json:"language"`
	Authors  []jsonAuthor `json:"authors"`
	Items    []jsonItem   `json:"items"`
}

type jsonAuthor struct {
	Name string `json:"name"`
}

type jsonItem struct {
	ID        string `json:"id"`
	URL       string `json:"url"`
	External  string `json:"external_url,omitempty"`
	Title     string `json:"title"`
	Language  string `json:"language,omitempty"`
	HTML      string `json:"content_html"`
	Published string `json:"date_published"`
}

func writeJSON(f feed) ([]byte, error) {
	doc := jsonFeedDoc{
		Version: "https://jsonfeed.org/version/1.1", Title: f.Title, Page: f.Page, Self: f.Self, Language: f.Lang,
		Authors: []jsonAuthor{{f.Author}}, Items: []jsonItem{},
	}
	for _, e := range f.Entries {
		doc.Items = append(doc.Items, jsonItem{
			ID: e.ID, URL: e.URL, External: e.Via, Title: e.Title, Language: e.Lang, HTML: e.HTML, Published: e.At.Format(time.RFC3339),
		})
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(doc)
	return out.Bytes(), err
}

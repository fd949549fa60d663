package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tidings/digest"
	"tidings/templates"
)

// topic lists what was told in a topic.
func (s shelf) topic(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("topic")
	path := templates.TopicPath("/", id)
	page := templates.Stories{Frame: s.reading(r, path), Kind: "topic"}
	page.Here = path
	if page.About = s.topicRef(page.Lang, id).Title; page.About == "" {
		s.missing(w, r)
		return
	}
	page.Feeds = s.topicFeeds(id, page.About)
	s.list(w, r, path, page, digest.Wanted{Topic: id, Most: perList})
}

// name lists all that was told of a company, a person or a model. A name that nobody speaks of has no page.
func (s shelf) name(w http.ResponseWriter, r *http.Request) {
	name, err := s.named(r)
	if err != nil {
		s.fault(w, r, "name", err)
		return
	}
	path := templates.NamePath("/", name)
	page := templates.Stories{Frame: s.reading(r, path), Kind: "name", About: name}
	page.Feeds = feedLinks(path, name)
	s.list(w, r, path, page, digest.Wanted{Name: name, Most: perList})
}

// named is the name that a request asks for, as it is best known; [ErrMissing] where it asks for none.
func (s shelf) named(r *http.Request) (string, error) {
	name := told(r.PathValue("name"))
	if len(digest.SearchWords(name)) == 0 || utf8.RuneCountInString(name) > longestAsk {
		return "", ErrMissing
	}
	if s.Names == nil {
		return name, nil
	}
	return s.Names.Called(r.Context(), name)
}

// search lists what has the words in it that were asked for. It is not for search machines, to which it would be
// without end.
func (s shelf) search(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Robots-Tag", "noindex, nofollow")
	q := []rune(told(r.URL.Query().Get("q")))
	about := string(q[:min(len(q), longestAsk)])
	page := templates.Stories{Frame: s.hidden(r, ""), Kind: "search", About: about}
	path := "/search"
	if about != "" {
		path += "?" + url.Values{"q": {about}}.Encode()
	}
	s.list(w, r, path, page, digest.Wanted{Phrases: digest.Phrases(about), Most: perSearch})
}

// told is what a visitor wrote, as one line of what can be seen.
func told(s string) string {
	seen := func(r rune) rune {
		if unicode.Is(unicode.C, r) && !unicode.IsSpace(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}
	return strings.Join(strings.Fields(strings.Map(seen, s)), " ")
}

// list answers with the stories that are wanted, the page of them that is asked for.
func (s shelf) list(w http.ResponseWriter, r *http.Request, path string, page templates.Stories, wanted digest.Wanted) {
	n, ok := pageOf(r)
	if !ok {
		s.missing(w, r)
		return
	}
	most := wanted.Most
	wanted.Skip, wanted.Most = (n-1)*most, most+1
	var all []digest.Told
	var err error
	if page.Kind != "search" || len(wanted.Phrases) > 0 {
		all, err = s.Archive.Stories(r.Context(), wanted)
	}
	if err != nil {
		s.fault(w, r, page.Kind, err)
		return
	}
	page.Older, page.Newer = turn(path, n, len(all) > most)
	if n > 1 {
		page.Here = ""
		if page.Canonical != "" {
			page.Canonical += "?page=" + strconv.Itoa(n)
		}
	}
	for _, t := range all[:min(len(all), most)] {
		page.Found = append(page.Found, s.found(t, page, wanted.Phrases))
	}
	switch {
	case len(all) > 0 || page.Kind == "search" && n == 1 || page.Kind == "topic" && n == 1:
		s.lastPage(w, r, time.Time{}, page)
	case page.Kind == "name" && n == 1:
		private(w)
		page.Hidden, page.Canonical, page.Feeds = true, "", nil
		s.show(w, http.StatusNotFound, page)
	default:
		s.missing(w, r)
	}
}

// found is a story of the list with its topic, unless the list is of that topic.
func (s shelf) found(t digest.Told, page templates.Stories, phrases []digest.Phrase) templates.Found {
	f := templates.FoundOf(t, page.Home, phrases)
	if page.Kind != "topic" {
		f.Topic = s.topicRef(page.Lang, t.Topic)
	}
	return f
}

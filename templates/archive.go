package templates

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"tidings/digest"
)

// Archive lists past editions, the newest first, and says where else to begin.
type Archive struct {
	Frame
	Digest   Choice    // whose; without a name: those of all
	Month    time.Time // of which; zero: of all
	Editions []Past
	Older    string // path of those before; empty: there are none
	Newer    string
	Shelves  []Ref // the archives of single digests, when there are several
	Years    []Year
	Topics   []Ref
	Names    []Ref // spoken of the most of late
}

// Past is an edition in the list.
type Past struct {
	Key, Title, Lang, Headline string
	Number                     int // 0: it is not told
	At                         time.Time
}

// Ref leads to a page of ours.
type Ref struct {
	Title, Path, Lang string
	Here              bool // it is this one
}

// Year has months in which editions appeared.
type Year struct {
	Year   int
	Months []MonthRef
}

// MonthRef leads to a month.
type MonthRef struct {
	Month time.Time
	Path  string
	Here  bool
}

// Stories lists printed stories, the newest first.
type Stories struct {
	Frame
	Kind  string // "topic", "name" or "search"
	About string // the topic's name, the name, or what was asked; empty: nothing was
	Found []Found
	Older string // path of those before; empty: there are none
	Newer string
}

// Searching reports whether this is the page of the search, whether or not anything was looked for.
func (s Stories) Searching() bool { return s.Kind == "search" }

// Asked is what stands in the field of the search.
func (s Stories) Asked() string { return s.About }

// Asked is what stands in the field of the search: nothing yet.
func (Archive) Asked() string { return "" }

// Found is a printed story in the list. Headline and Summary come in bits, of which some are what was looked for.
type Found struct {
	Path     string // of the story in its edition
	Title    string // of the edition
	At       time.Time
	Headline []Bit
	Lang     string // of the headline
	Summary  []Bit
	Tongue   string // of the summary
	Source   string
	URL      string // empty: it is not on the web
	Topic    Ref
	Label    string // key of the phrase that says what a machine wrote; empty: nothing
}

// Bit is a piece of a text.
type Bit struct {
	Text string
	Hit  bool // it is what was looked for
}

// Syndicated is an edition, or a story, as feed readers show it: no page but a piece of one, whose Home is absolute.
type Syndicated struct {
	Frame
	Sections []SyndicatedSection
}

// SyndicatedSection has stories under a heading.
type SyndicatedSection struct {
	Title string // empty: without one, unless they are in brief
	Brief bool
	Found []Found
}

func (Archive) name() string    { return "archive" }
func (Stories) name() string    { return "stories" }
func (Syndicated) name() string { return "syndicated" }

// PastOf tells of an edition what the list of past ones shows.
func PastOf(i digest.Issue) Past {
	p := Past{Key: i.Key, Title: clean(i.Title, longestName), Lang: tag(i.Lang), Number: i.Number, At: i.At}
	if p.Headline = clean(i.Headline, longestHeadline); p.Headline == "" {
		p.Headline = p.Title
	}
	return p
}

// longestFound is how much of a story's summary a list shows, in characters.
const longestFound = 320

// FoundOf tells of a printed story what a list shows, with what was looked for marked. Home is where the pages lie.
func FoundOf(t digest.Told, home string, phrases []digest.Phrase) Found {
	f := Found{
		Path: home + "e/" + t.Edition + "#" + anchor(t.Place), Title: clean(t.Title, longestName), At: t.At,
		Headline: bits(clean(t.Headline, longestHeadline), phrases), Lang: tag(t.Lang),
		Summary: bits(excerpt(t.Summary, phrases), phrases), Tongue: tag(t.Tongue),
		Source: clean(t.Source, longestName), URL: outside(t.URL),
	}
	if f.Source == "" {
		f.Source = host(f.URL)
	}
	switch m := t.Machine; {
	case m.Headline && m.Summary:
		f.Label = "written.both"
	case m.Headline:
		f.Label = "written.title"
	case m.Summary:
		f.Label = "written.summary"
	}
	return f
}

// Plain is the headline without marks.
func (f Found) Plain() string {
	var out strings.Builder
	for _, b := range f.Headline {
		out.WriteString(b.Text)
	}
	return out.String()
}

// excerpt is a summary from the sentence on in which the first hit stands.
func excerpt(list []string, phrases []digest.Phrase) string {
	whole := clean(sentences(list), longestSummary)
	if hits := digest.Hits(whole, phrases); len(hits) > 0 && len([]rune(whole[:hits[0].From])) > longestFound/2 {
		for i, s := range list {
			if len(digest.Hits(s, phrases)) > 0 {
				whole = "… " + clean(sentences(list[i:]), longestSummary)
				break
			}
		}
	}
	return cut(whole, longestFound)
}

// bits parts a text at what was looked for.
func bits(s string, phrases []digest.Phrase) []Bit {
	var all []Bit
	at := 0
	for _, h := range digest.Hits(s, phrases) {
		if h.From > at {
			all = append(all, Bit{Text: s[at:h.From]})
		}
		all = append(all, Bit{s[h.From:h.To], true})
		at = h.To
	}
	if at < len(s) {
		all = append(all, Bit{Text: s[at:]})
	}
	return all
}

// anchor is what the story at this place of an edition, from 0, is found by within its page.
func anchor(place int) string { return "s" + strconv.Itoa(place+1) }

// NamePath is where all stories that speak of a name are listed.
func NamePath(home, name string) string { return home + "name/" + url.PathEscape(name) }

// TopicPath is where all stories of a topic are listed.
func TopicPath(home, id string) string { return home + "topic/" + url.PathEscape(id) }

// NameRef leads to all stories that speak of a name.
func NameRef(home, name string) Ref {
	return Ref{Title: clean(name, longestName), Path: NamePath(home, name)}
}

// mostNamed is how many names an edition's page leads to.
const mostNamed = 16

// namesIn are the names that an edition's stories speak of, each once: first those that come first in their story.
func namesIn(e digest.Edition, home string) []Ref {
	var all []Ref
	seen := map[string]bool{}
	stories := e.Stories()
	for rank := range 3 {
		for _, s := range stories {
			if rank >= len(s.Names) || len(all) == mostNamed {
				continue
			}
			name := s.Names[rank].Name
			if key := digest.NameKey(name); key != "" && !seen[key] {
				seen[key] = true
				all = append(all, NameRef(home, name))
			}
		}
	}
	return all
}

// Syndicate renders what feed readers show of an edition or a story.
func (s *Set) Syndicate(e Syndicated) (string, error) {
	t, err := s.pages[e.name()]()
	if err != nil {
		return "", plainly(err)
	}
	var out strings.Builder
	if err := t.ExecuteTemplate(&out, "body", pageView{Words: s.in(e.Lang), Frame: e.Frame, Page: e}); err != nil {
		return "", plainly(err)
	}
	return strings.TrimSpace(out.String()), nil
}

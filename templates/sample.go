package templates

import (
	"fmt"
	"io"
	"slices"
	"time"

	"tidings/digest"
)

// Rehearse renders everything in every language, and the letter in every look, so that what is broken is broken at once.
// Errors name file and line.
func (s *Set) Rehearse() error {
	others, err := s.unworn()
	if err != nil {
		return fmt.Errorf("templates: %w", plainly(err))
	}
	for _, tag := range s.tags {
		lang := tag.String()
		err := s.rehearseIn(lang)
		for _, look := range slices.Concat(s.looks, others) {
			if err == nil {
				dressed := *s
				dressed.worn = map[string]*attire{"": look, sampleDigest: look}
				err = rehearseLetter(&dressed, lang)
			}
		}
		if err != nil {
			return fmt.Errorf("templates: %w (in language %q)", plainly(err), lang)
		}
	}
	return nil
}

func rehearseLetter(s *Set, lang string) error {
	full, bare := sampleEdition(lang), digest.Edition{Key: "daily/2000-01-01T0700", Digest: sampleDigest, Lang: lang, Title: "Daily"}
	bare.Brief = []digest.Story{{Lead: digest.Article{}}}
	for _, e := range []digest.Edition{full, bare, {Lang: lang}} {
		for _, r := range []Reader{{Leave: "https://example.org/u/t", Archive: "https://example.org/e/daily/x"}, {}} {
			if _, err := s.Letter(e, r); err != nil {
				return err
			}
		}
		if _, err := s.Print(e, "", func(token string) string { return "https://example.org/u/" + token }); err != nil {
			return err
		}
		if err := s.Page(io.Discard, Edition{Frame: Frame{Lang: lang, Home: "/"}, Edition: e}); err != nil {
			return err
		}
	}
	return nil
}

func (s *Set) rehearseIn(lang string) error {
	for kind := range s.notices {
		if _, err := s.Notice(kind, sampleNotice(lang)); err != nil {
			return err
		}
		if _, err := s.Notice(kind, Notice{Lang: lang}); err != nil {
			return err
		}
	}
	for _, p := range samplePages(lang) {
		if err := s.Page(io.Discard, p); err != nil {
			return err
		}
	}
	return nil
}

// sampleDigest is the one that sample editions are of.
const sampleDigest = "daily"

// Sample returns an invented edition of a digest that has one of everything, and its letter, for those who change
// templates. Its language is one of those that the set speaks.
func (s *Set) Sample(digest, lang string) (digest.Edition, Letter, error) {
	e := sampleEdition(s.Lang(lang))
	e.Digest, e.Key = digest, digest+"/2026-11-23T0700"
	l, err := s.Letter(e, Reader{Leave: samplePlace + "u/token", Archive: samplePlace + "e/" + e.Key})
	return e, l, err
}

const samplePlace = "https://letters.example.org/"

// sampleEdition has one of everything that a letter can show.
func sampleEdition(lang string) digest.Edition {
	at := time.Date(2026, time.November, 23, 7, 0, 0, 0, time.UTC)
	lead := sampleStory(at, "Halden opens its largest model to everybody", "https://example.org/halden")
	lead.Lead.Image = "https://example.org/halden.jpg"
	again := sampleStory(at, "Nordwind sues Kestrel over training data", "https://example.org/nordwind")
	again.Topic = "policy"
	foreign := digest.Story{Topic: "research", Lead: digest.Article{
		Title: "جامعة جديدة للذكاء الاصطناعي", Lang: "ar", Source: digest.Origin{Title: "مثال", Lang: "ar"},
	}}
	short := sampleStory(at, "Corvo shows a chip for small machines", "https://example.org/corvo")
	short.Topic, short.Summary, short.Added = digest.Brief, nil, nil
	return digest.Edition{
		Key: "daily/2026-11-23T0700", Digest: sampleDigest, Title: "Daily", Lang: lang, Number: 2,
		At: at, Note: "A word of the editor’s own.\n\nAnd another.",
		Lead: &lead, Brief: []digest.Story{short}, Read: 20, Sources: 5,
		Sections: []digest.Section{{Topic: "policy", Stories: []digest.Story{again}}, {Topic: "research", Stories: []digest.Story{foreign}}},
		Names:    digest.Names{"models": "Models", "policy": "Law and policy", "research": "Research"},
	}
}

// sampleStory is told by many, goes on with an earlier one, and was partly written by a machine.
func sampleStory(at time.Time, title, url string) digest.Story {
	article := func(title, lang, url, source string) digest.Article {
		return digest.Article{Title: title, Lang: lang, URL: url, Source: digest.Origin{Title: source, Lang: lang}}
	}
	story := digest.Story{
		Lead:    article(title, "en", url, "The Example"),
		Topic:   "models",
		Summary: []string{"One sentence says what happened.", "Another one says why."},
	}
	for i := range 2 * mailed {
		story.Others = append(story.Others, article("Eine Überschrift", "de", fmt.Sprintf("%s/%d", url, i), fmt.Sprint("Beispiel ", i)))
	}
	story.Single, story.Others[1].ID, story.Primary = true, "own", "own"
	story.Update = &digest.Update{Edition: "daily/2026-11-22T0700", At: at.AddDate(0, 0, -1), First: at.AddDate(0, 0, -3), New: []string{"7 million"}}
	story.Added = &digest.Quote{Text: "Ein weiterer Satz.", Lang: "de", Source: "Beispiel 0", URL: url + "/0"}
	story.Written = &digest.Written{Title: title, Summary: []string{"A sentence by a machine."}, By: "a model"}
	return story
}

func sampleNotice(lang string) Notice {
	const page = "https://example.org/page"
	return Notice{
		Title: "Daily", Lang: lang, Confirm: page, Disown: page, Leave: page, Return: page, Manage: page, Archive: page, Home: page, Reply: true,
		Chosen:  Chosen{Paused: true, Until: time.Date(2026, 12, 1, 7, 0, 0, 0, time.UTC), Topics: []string{"Chips", "Policy"}, Lang: "it", Text: true, Timezone: "Europe/Rome"},
		Mailbox: Mailbox{"daily+subscribe@example.org", "daily+unsubscribe@example.org", "daily+status@example.org", "daily+help@example.org", "daily@example.org"},
		Letters: sampleLetters(), Topics: []Choice{{Name: "chips", Title: "Chips"}, {Name: "policy", Title: "Policy"}},
	}
}

// sampleLetters come in all rhythms.
func sampleLetters() []Choice {
	week := []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}
	return []Choice{
		{Name: "daily", Title: "AI Daily", About: "What happened, every day", Lang: "en", When: Rhythm{Weekdays: week, Times: []string{"7:00"}, Zone: "Europe/Rome", Own: true}, Chosen: true},
		{Name: "giorno", Title: "IA ogni giorno", Lang: "it", When: Rhythm{Weekdays: week[:5], Times: []string{"7:00", "19:00"}, Zone: "Europe/Rome"}},
		{Name: "weekly", Title: "AI Weekly", Lang: "en", When: Rhythm{Weekdays: []time.Weekday{time.Monday, time.Thursday}, Times: []string{"8:00"}, Zone: "Europe/Rome"}},
		{Name: "monthly", Title: "AI Monthly", Lang: "en", When: Rhythm{Monthday: 1, Times: []string{"8:00"}, Zone: "UTC"}},
		{Name: "news", Title: "AI News", Lang: "de"},
	}
}

// sampleArchive has the pages of the archive.
func sampleArchive(f Frame) []Page {
	f.Canonical = "https://example.org/archive"
	f.Feeds = []FeedLink{{Title: "Daily", Path: "/archive/daily/atom.xml", Type: "application/atom+xml"}}
	month := time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)
	issue := digest.Issue{Key: "daily/2026-11-23T0700", Digest: "daily", Title: "Daily", Number: 2, At: month.AddDate(0, 0, 22), Headline: "Eine Überschrift", Lang: "de"}
	told := digest.Told{
		Edition: issue.Key, Title: "Daily", At: issue.At, Topic: "models", Headline: "Halden opens Skald 2", Lang: "en",
		Summary: []string{"Its model is open.", "Everybody may use it."}, Tongue: "en", Source: "Model Watch", URL: "https://example.org/a",
		Machine: digest.Machine{Summary: true},
	}
	found := FoundOf(told, f.Home, digest.Phrases("open model"))
	found.Topic = Ref{Title: "Models", Path: "/topic/models"}
	bare := FoundOf(digest.Told{Edition: issue.Key, At: issue.At}, f.Home, nil)
	return []Page{
		Archive{
			Frame: f, Editions: []Past{PastOf(issue)}, Older: "/archive?page=3", Newer: "/archive",
			Shelves: []Ref{{Title: "Daily", Path: "/archive/daily", Lang: "en"}, {Title: "Giorno", Path: "/archive/giorno", Lang: "it", Here: true}},
			Years:   []Year{{2026, []MonthRef{{Month: month, Path: "/archive/2026-11"}, {month.AddDate(0, -1, 0), "/archive/2026-10", true}}}},
			Topics:  []Ref{{Title: "Models", Path: "/topic/models"}}, Names: []Ref{NameRef("/", "Mistral AI"), NameRef("/", "AT&T/1?#")},
		},
		Archive{Frame: f, Digest: Choice{Name: "giorno", Title: "Giorno", Lang: "it"}, Month: month}, Archive{Frame: f},
		Stories{Frame: f, Kind: "search", About: "open model", Found: []Found{found, bare}, Older: "/search?q=open+model&page=3", Newer: "/search?q=open+model"},
		Stories{Frame: f, Kind: "search"}, Stories{Frame: f, Kind: "search", About: "<b>"},
		Stories{Frame: f, Kind: "name", About: "Nordwind"}, Stories{Frame: f, Kind: "name", About: "Halden", Found: []Found{found}},
		Stories{Frame: f, Kind: "topic", About: "Models", Found: []Found{found}}, Stories{Frame: f, Kind: "topic", About: "Models"},
		Syndicated{Frame: f, Sections: []SyndicatedSection{{Title: "Models", Found: []Found{found, bare}}, {Brief: true, Found: []Found{bare}}}},
	}
}

// samplePages has each page but the edition, with all that it can show.
func samplePages(lang string) []Page {
	f := Frame{Lang: lang, Title: "Daily", Home: "/", Hidden: true}
	f.Here = "/"
	choices := sampleLetters()
	topics := []Choice{{Name: "models", Title: "Models", Chosen: true}, {Name: "chips", Title: "Chips"}}
	full := Wishes{Digests: choices, Topics: topics, Langs: []Choice{{Name: "en", Title: "English"}, {Name: "it", Title: "Italiano", Chosen: true}}, Narrow: true}
	entry := Entry{Form: "token", Email: "reader@example.org"}
	faulty := Entry{Form: "token", Email: "reader@example", Faults: []Fault{{"email", "email"}, {"digest", "digest"}, {"topic", "topic"}, {"send", "again"}}}
	pages := []Page{
		Join{Frame: f, Entry: faulty, Wishes: full, Archive: true},
		Join{Frame: f, Entry: entry, About: "About", Wishes: Wishes{Digests: choices[:1]}},
		Link{Frame: f, Entry: entry}, Link{Frame: f, Entry: faulty},
		Lapsed{Frame: f, Entry: entry, Joins: true}, Lapsed{Frame: f, Entry: entry},
		Preferences{Frame: f, Wishes: full, Email: "reader@example.org", Action: "/p/token", Leave: "/u/token"},
		Preferences{
			Frame: f, Wishes: full, Email: "reader@example.org", Action: "/p/token", Leave: "/u/token", Text: true, Done: "paused",
			Timezone: "Europe/Rome", Zones: []string{"Europe/Rome"}, Paused: true, Until: time.Date(2026, 12, 1, 7, 0, 0, 0, time.UTC),
		},
		Preferences{Frame: f, Paused: true, Done: "saved", Faults: []Fault{{"timezone", "timezone"}, {"days", "days"}}},
		Confirm{f, "/c/token", choices}, Confirm{f, "/c/token", nil}, Confirmed{f, choices, "/p/token"}, Confirmed{f, nil, "/link"},
		Disown{f, "/n/token"}, Leave{f, "/u/token", nil}, Leave{f, "/u/token", []string{"AI Daily", "AI Weekly"}}, Left{f, "/r/token"}, Left{Frame: f},
	}
	pages = append(pages, sampleArchive(f)...)
	for _, kind := range []string{"asked", "mailed", "disowned", "returned"} {
		pages = append(pages, Told{f, kind})
	}
	for _, done := range []string{"saved", "paused", "resumed"} {
		pages = append(pages, Preferences{Frame: f, Done: done})
	}
	for _, kind := range []string{"token", "missing", "refused", "busy", "fault"} {
		pages = append(pages, Error{f, kind})
	}
	return pages
}

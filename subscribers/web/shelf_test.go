package web_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidings/digest"
	"tidings/digest/text"
	"tidings/subscribers/web"
	"tidings/templates"
)

// books hold one edition in the open and as many behind it as a test wants.
type books struct{ behind int }

const firstKey = "daily/2023-09-13T0700"

func (s books) Edition(_ context.Context, key string) (digest.Shelved, error) {
	if key != firstKey {
		return digest.Shelved{}, web.ErrMissing
	}
	return digest.Shelved{Edition: shelfEdition(), Sealed: noon, Before: "daily/2023-09-12T0700"}, nil
}

func (s books) Issues(_ context.Context, span digest.Span) ([]digest.Issue, error) {
	e := shelfEdition()
	var all []digest.Issue
	for i := range s.behind + 1 {
		issue := digest.Issue{
			Key: digest.Slot{Digest: "daily", At: e.At.AddDate(0, 0, -i)}.Key(), Digest: "daily", Title: e.Title, Number: s.behind + 42 - i,
			At: e.At.AddDate(0, 0, -i), Sealed: noon, Headline: e.Lead.Lead.Title, Lang: "en",
		}
		if i > 0 {
			issue.Headline = fmt.Sprintf("What happened %d days earlier <&> was told", i)
		}
		late := !span.To.IsZero() && !issue.At.Before(span.To)
		if (span.Digest == "" || span.Digest == issue.Digest) && !issue.At.Before(span.From) && !late {
			all = append(all, issue)
		}
	}
	all = all[min(span.Skip, len(all)):]
	return all[:min(span.Most, len(all))], nil
}

// Stories finds the lead of the one edition, and what is said of it below.
func (s books) Stories(_ context.Context, w digest.Wanted) ([]digest.Told, error) {
	hostile := digest.Told{
		Edition: firstKey, Digest: "daily", Title: "AI Daily", At: shelfEdition().At, Place: 1, Topic: "chips",
		Headline: "<script>alert(1)</script> \u202egnp & \x01 ]]>", Lang: "en", Summary: []string{"</p><b>bold</b>", "A model is open."}, Tongue: "en",
		Source: "Evil & Sons", URL: "javascript:alert(1)",
	}
	lead := shelfEdition().Lead.Told("en")
	lead.Edition, lead.Digest, lead.Title, lead.At, lead.Topic = firstKey, "daily", "AI Daily", shelfEdition().At, "models"
	brief := lead
	brief.Place, brief.Topic, brief.Headline, brief.Lang, brief.Tongue, brief.Machine.Summary = 2, "brief", "阿里云发布Qwen2模型", "zh", "zh", true
	var all []digest.Told
	for _, t := range []digest.Told{lead, hostile, brief} {
		words := t.Headline + strings.Join(t.Summary, " ")
		found := w.Topic == t.Topic || slices.Contains(w.Editions, t.Edition) || w.Name == "OpenAI" && t.Place == 0
		if found || len(w.Phrases) > 0 && len(digest.Hits(words, w.Phrases)) > 0 {
			all = append(all, t)
		}
	}
	all = all[min(w.Skip, len(all)):]
	return all[:min(w.Most, len(all))], nil
}

func (s books) Outline(context.Context) (digest.Outline, error) {
	month := func(m time.Month) digest.Month {
		return digest.Month{Digest: "daily", First: time.Date(2023, m, 1, 0, 0, 0, 0, time.UTC)}
	}
	return digest.Outline{
		Months: []digest.Month{month(time.September), month(time.August)}, Topics: []string{"brief", "models", "chips"}, Names: []string{"OpenAI", "AT&T/1?#"},
	}, nil
}

func (s books) Called(_ context.Context, name string) (string, error) {
	if strings.EqualFold(name, "openai") || name == "オープンAI" {
		return "OpenAI", nil
	}
	return name, nil
}

func shelfEdition() digest.Edition {
	lead := digest.Story{
		Lead:    digest.Article{Title: "OpenAI opens an office in Dublin", URL: "https://silicon-courier.example/dublin", Lang: "en", Source: digest.Origin{Title: "Silicon Courier"}},
		Summary: []string{"It will hire for nine roles."}, Names: []text.Name{{Name: "OpenAI"}, {Name: "AT&T/1?#"}},
	}
	return digest.Edition{
		Key: firstKey, Digest: "daily", Title: "AI Daily", Lang: "en", Number: 42, Sources: 1, Lead: &lead,
		At: time.Date(2023, time.September, 13, 7, 0, 0, 0, time.UTC),
	}
}

// shelvesToSee are the pages of the archive with what they can show.
func shelvesToSee(f templates.Frame) map[string]templates.Page {
	s := books{behind: 5}
	var list templates.Archive
	issues, _ := s.Issues(context.Background(), digest.Span{Most: 9})
	for _, i := range issues {
		list.Editions = append(list.Editions, templates.PastOf(i))
	}
	ref := func(title string) templates.Ref { return templates.NameRef("/", title) }
	list.Frame, list.Older, list.Newer = f, "/archive?page=3", "/archive"
	list.Feeds = []templates.FeedLink{{Title: "AI Daily (Atom)", Path: "/a", Type: "application/atom+xml"}, {Title: "AI Daily (JSON Feed)", Path: "/j", Type: "application/feed+json"}}
	list.Shelves = []templates.Ref{{Title: "AI Daily", Path: "/archive/daily"}, {Title: "IA ogni giorno", Path: "/archive/giorno", Lang: "it"}}
	list.Names = []templates.Ref{ref("OpenAI"), ref("Mistral AI"), ref("Anthropic"), ref("Technology Innovation Institute"), ref("阿里云"), ref("Nvidia"), ref("Hugging Face")}
	list.Topics = []templates.Ref{ref("Model releases"), ref("Research"), ref("Policy and law"), ref("Chips and computing")}
	for year := 2026; year > 2023; year-- {
		y := templates.Year{Year: year}
		for m := time.December; m >= time.January; m-- {
			y.Months = append(y.Months, templates.MonthRef{Month: time.Date(year, m, 1, 0, 0, 0, 0, time.UTC), Path: "/archive/m", Here: year == 2025 && m == time.May})
		}
		list.Years = append(list.Years, y)
	}
	stories := func(kind, about string, phrases string) templates.Stories {
		page := templates.Stories{Frame: f, Kind: kind, About: about, Older: "/older"}
		told, _ := s.Stories(context.Background(), digest.Wanted{Editions: []string{firstKey}, Most: 9})
		for _, t := range told {
			one := templates.FoundOf(t, "/", digest.Phrases(phrases))
			one.Topic = templates.Ref{Title: "Models", Path: "/topic/models"}
			page.Found = append(page.Found, one)
		}
		return page
	}
	return map[string]templates.Page{
		"archive": list, "archive-none": templates.Archive{Frame: f}, "topic": stories("topic", "Models", ""),
		"name": stories("name", "OpenAI", ""), "search": stories("search", "open model 模型", "open model 模型"),
		"search-none": templates.Stories{Frame: f, Kind: "search", About: "Nordwind"}, "search-empty": templates.Stories{Frame: f, Kind: "search"},
		"name-none": templates.Stories{Frame: f, Kind: "name", About: "Nordwind"},
		"edition":   templates.Edition{Frame: f, Edition: shelfEdition(), Before: "daily/2023-09-12T0700", After: "daily/2023-09-14T0700"},
	}
}

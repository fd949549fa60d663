package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/digest"
	"tidings/digest/store"
	"tidings/digest/text"
	"tidings/subscribers"
)

// shelf seals three editions, of which the last is a weekly's.
func shelf(t *testing.T, s *store.Store) {
	t.Helper()
	one := func(topic, headline, lang, summary string, names ...string) digest.Story {
		a := digest.Article{ID: headline, Title: headline, Lang: lang, URL: "https://herald.example/" + headline, Source: digest.Origin{Title: "Herald"}}
		story := digest.Story{ID: headline, Topic: topic, Lead: a, Summary: []string{summary, "It is so."}}
		for _, n := range names {
			story.Names = append(story.Names, text.Name{Name: n})
		}
		return story
	}
	seal := func(d digest.Digest, at time.Time, lead digest.Story, brief ...digest.Story) {
		e := edition(d, at)
		e.Lang, e.Lead, e.Brief = "en", &lead, brief
		ok[int](t)(s.Seal(t.Context(), d, e))
	}
	rome := time.FixedZone("", 3600)
	office := one("business", "Mistral opens an office in Zürich", "en", "Nine roles are open.", "Mistral AI")
	office.Others = []digest.Article{{ID: "de", Title: "Mistral eröffnet ein Büro", Lang: "de"}}
	seal(daily, time.Date(2026, 10, 31, 7, 0, 0, 0, rome), office, one("brief", "Arm prices its shares", "en", "At $51."))
	written := one("models", "阿里云发布Qwen2模型", "zh", "通义千问今日起向全社会开放。", "Qwen")
	written.Written = &digest.Written{Title: "Alibaba Cloud opens Qwen2", Summary: []string{"Everybody may use it."}, By: "m"}
	edited := one("models", "GPT-4 costs less", "en", "By half.")
	edited.Written = &digest.Written{Summary: []string{"A machine's words."}, By: "m"}
	edited.Decided = &digest.Override{Summary: []string{"An editor's words."}}
	seal(daily, time.Date(2026, 11, 1, 7, 0, 0, 0, rome), written, edited)
	seal(digest.Digest{Name: "weekly", Title: "Weekly"}, time.Date(2026, 11, 1, 0, 30, 0, 0, rome), one("business", "The week of Mistral", "en", "Open models, once more.", "mistral ai"))
}

const (
	october  = "daily/2026-10-31T0700"
	november = "daily/2026-11-01T0700"
	week     = "weekly/2026-11-01T0030"
)

func TestShelved(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		shelf(t, s)
		ok[int](t)(s.Seal(t.Context(), daily, edition(daily, seven))) // a quiet day
		for key, want := range map[string][2]string{october: {"", november}, november: {october, ""}, week: {"", ""}} {
			e := ok[digest.Shelved](t)(s.Shelved(t.Context(), key))
			if e.Before != want[0] || e.After != want[1] || e.Key != key || !e.Sealed.Equal(seven) {
				t.Errorf("%s between %q and %q, sealed %s", e.Key, e.Before, e.After, e.Sealed)
			}
		}
		for _, key := range []string{"daily/2026-11-23T0700", "x", "\x00\xff", ""} {
			if _, err := s.Shelved(t.Context(), key); !errors.Is(err, store.ErrNoEdition) {
				t.Errorf("%q: %v", key, err)
			}
		}
	})
}

func TestIssues(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		shelf(t, s)
		day := func(m, d int) time.Time { return time.Date(2026, time.Month(m), d, 0, 0, 0, 0, time.UTC) }
		for _, c := range []struct {
			span digest.Span
			want []string
		}{
			{digest.Span{Most: 9}, []string{november, week, october}},
			{digest.Span{Most: 1, Skip: 1}, []string{week}},
			{digest.Span{Digest: "daily", Most: 9}, []string{november, october}},
			{digest.Span{From: day(11, 1), To: day(12, 1), Most: 9}, []string{november, week}}, // on the wall clock
			{digest.Span{To: day(11, 1), Most: 9}, []string{october}},
			{digest.Span{Digest: "x' OR ''='", Most: 9}, nil},
			{digest.Span{}, nil},
		} {
			var got []string
			for _, i := range ok[[]digest.Issue](t)(s.Issues(t.Context(), c.span)) {
				got = append(got, i.Key)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%+v: %s", c.span, diff)
			}
		}
		want := digest.Issue{
			Key: november, Digest: "daily", Title: "AI Daily", Number: 2, At: time.Date(2026, 11, 1, 7, 0, 0, 0, time.FixedZone("", 3600)),
			Sealed: seven, Headline: "Alibaba Cloud opens Qwen2", Lang: "en",
		}
		if diff := cmp.Diff(want, ok[[]digest.Issue](t)(s.Issues(t.Context(), digest.Span{Most: 1}))[0]); diff != "" {
			t.Error(diff)
		}
		outline := digest.Outline{
			Months: []digest.Month{{Digest: "daily", First: day(11, 1)}, {Digest: "weekly", First: day(11, 1)}, {Digest: "daily", First: day(10, 1)}},
			Topics: []string{"brief", "business", "models"},
			Names:  []string{"mistral ai", "Qwen"},
		}
		got := ok[digest.Outline](t)(s.Outline(t.Context()))
		if strings.EqualFold(got.Names[0], outline.Names[0]) {
			outline.Names[0] = got.Names[0] // either way of writing it will do
		}
		if diff := cmp.Diff(outline, sortedTopics(got)); diff != "" {
			t.Error(diff)
		}
	})
}

func sortedTopics(o digest.Outline) digest.Outline {
	slices.Sort(o.Topics)
	return o
}

// stories are what is found, by edition and place.
func stories(t *testing.T, s *store.Store, w digest.Wanted) string {
	t.Helper()
	var got []string
	for _, told := range ok[[]digest.Told](t)(s.Stories(t.Context(), w)) {
		got = append(got, fmt.Sprint(told.Edition[:1], told.At.Month(), ".", told.Place))
	}
	return strings.Join(got, " ")
}

func TestStories(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		shelf(t, s)
		for _, c := range []struct {
			wanted digest.Wanted
			want   string
		}{
			{digest.Wanted{Topic: "business"}, "wNovember.0 dOctober.0"},
			{digest.Wanted{Topic: "nothing"}, ""},
			{digest.Wanted{Name: "MISTRAL AI"}, "wNovember.0 dOctober.0"},
			{digest.Wanted{Name: "Mistral AI", Topic: "models"}, ""},
			{digest.Wanted{Name: "Mistral AI", Skip: 1}, "dOctober.0"},
			{digest.Wanted{Editions: []string{november, "x"}}, "dNovember.0 dNovember.1"},
			{digest.Wanted{}, ""},
		} {
			c.wanted.Most = 9
			if got := stories(t, s, c.wanted); got != c.want {
				t.Errorf("%+v: %q, want %q", c.wanted, got, c.want)
			}
		}
		if got := ok[string](t)(s.Written(t.Context(), "QWEN")) + ok[string](t)(s.Written(t.Context(), "Spotify")); got != "Qwen" {
			t.Errorf("written as %q", got)
		}
		told := ok[[]digest.Told](t)(s.Stories(t.Context(), digest.Wanted{Topic: "models", Most: 9}))
		at := time.Date(2026, 11, 1, 7, 0, 0, 0, time.FixedZone("", 3600))
		want := []digest.Told{{
			Edition: november, Digest: "daily", Title: "AI Daily", At: at, Topic: "models", Headline: "Alibaba Cloud opens Qwen2", Lang: "en",
			Summary: []string{"Everybody may use it."}, Tongue: "en", Source: "Herald", URL: "https://herald.example/阿里云发布Qwen2模型",
			Machine: digest.Machine{Headline: true, Summary: true},
		}, {
			Edition: november, Digest: "daily", Title: "AI Daily", At: at, Place: 1, Topic: "models", Headline: "GPT-4 costs less", Lang: "en",
			Summary: []string{"An editor's words."}, Tongue: "en", Source: "Herald", URL: "https://herald.example/GPT-4 costs less",
		}}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Error(diff)
		}
	})
}

// What is looked for is found alike in both databases, and nobody gets out of the quotation marks.
func TestSearch(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		shelf(t, s)
		for asked, want := range map[string]string{
			"mistral":                   "wNovember.0 dOctober.0",
			"OFFICE zurich":             "dOctober.0",
			"offi":                      "dOctober.0",
			`"offi"`:                    "",
			"Büro":                      "dOctober.0", // another member's headline
			`"office in"`:               "dOctober.0",
			`"in office"`:               "",
			"gpt-4":                     "dNovember.1",
			"gpt-5":                     "",
			"模型":                        "dNovember.0",
			"型模":                        "",
			"qwen2 everybody":           "dNovember.0",
			"editor's":                  "dNovember.1",
			"nowhere":                   "",
			"' | 'open":                 "dNovember.0 wNovember.0 dOctober.0",
			`") OR words MATCH ("a`:     "",
			`mistral" OR "arm`:          "",
			"words:mistral":             "",
			"mistral NOT week":          "",
			"mistral*":                  "wNovember.0 dOctober.0",
			"^mistral":                  "wNovember.0 dOctober.0",
			"NEAR(mistral, 3)":          "",
			"\x00 \\ '' ; -- /* \xff %": "",
			strings.Repeat("(", 9999):   "",
		} {
			if got := stories(t, s, digest.Wanted{Phrases: digest.Phrases(asked), Most: 9}); got != want {
				t.Errorf("%.40q: %q, want %q", asked, got, want)
			}
		}
	})
}

// An archive from before there were such pages is noted when the store is opened.
func TestShelveOlder(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		shelf(t, s)
		before := ok[[]digest.Told](t)(s.Stories(t.Context(), digest.Wanted{Phrases: digest.Phrases("mistral"), Most: 9}))
		names := ok[digest.Outline](t)(s.Outline(t.Context())).Names
		db := raw(t, address)
		for _, back := range backToSeven() {
			execute(t, db, back)
		}
		again, _ := open(t, address)
		if diff := cmp.Diff(before, ok[[]digest.Told](t)(again.Stories(t.Context(), digest.Wanted{Phrases: digest.Phrases("mistral"), Most: 9}))); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(names, ok[digest.Outline](t)(again.Outline(t.Context())).Names); diff != "" {
			t.Error(diff)
		}
	})
}

// An edition of another house is in the archive as if it had been sealed here, but nobody is owed it.
func TestRestore(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s, _ := open(t, address)
		join(t, s, "ada@example.org", subscribers.Active)
		keep(t, s, []digest.Article{article("a", lab, seven), article("b", lab, seven)})
		e := edition(daily, seven, article("a", lab, seven))
		e.Number, e.Lead.Others = 7, nil
		must(t, s.Restore(t.Context(), e))
		if diff := cmp.Diff(e, ok[digest.Edition](t)(s.Edition(t.Context(), e.Key))); diff != "" {
			t.Error(diff)
		}
		if err := s.Restore(t.Context(), e); !errors.Is(err, digest.ErrSealed) {
			t.Errorf("twice: %v", err)
		}
		if got := unprinted(t, s, "daily", lab); got != "b" {
			t.Errorf("to be printed: %q", got)
		}
		if got := stories(t, s, digest.Wanted{Phrases: digest.Phrases("about"), Most: 9}); got != "dNovember.0" {
			t.Errorf("found %q", got)
		}
		tallied(t, s, e.Key, map[digest.DeliveryState]int{})
		ok[int](t)(s.Seal(t.Context(), daily, edition(daily, seven.AddDate(0, 0, 1), article("b", lab, seven))))
		if got := ok[digest.Edition](t)(s.Edition(t.Context(), "daily/2026-11-24T0700")).Number; got != 8 {
			t.Errorf("the next one has number %d", got)
		}
	})
}

// backToSeven undoes the migrations that came after the seventh.
func backToSeven() []string {
	return []string{
		"DROP INDEX delivery_notice_ended",
		"DELETE FROM goose_db_version WHERE version_id > 7", "DROP TABLE story_text", "DROP TABLE story",
		"DROP INDEX edition_shelf", "DROP INDEX mention_edition", "ALTER TABLE mention DROP COLUMN written",
	}
}

package store_test

import (
	"fmt"
	"testing"

	"tidings/digest"
	"tidings/digest/text"
)

// BenchmarkShelf asks an archive of a thousand editions, of 25 stories each, what its pages ask.
func BenchmarkShelf(b *testing.B) {
	s, _ := open(b, freshFile(b))
	for i := range 1000 {
		e := edition(daily, seven.AddDate(0, 0, i-1000))
		for j := range 25 {
			title := fmt.Sprintf("The company %d opens a model of %d words for everybody", j, i)
			e.Brief = append(e.Brief, digest.Story{
				Topic: []string{"models", "chips", "policy"}[j%3], Names: []text.Name{{Name: fmt.Sprint("Company ", j)}},
				Lead:    digest.Article{ID: fmt.Sprint(i, "/", j), Title: title, Lang: "en", Source: digest.Origin{Title: "Herald"}},
				Summary: []string{"That is what the Herald tells today, and it is not the last word on the matter."},
			})
		}
		ok[int](b)(s.Seal(b.Context(), daily, e))
	}
	for name, ask := range map[string]func() (int, error){
		"index": func() (int, error) {
			all, err := s.Issues(b.Context(), digest.Span{Most: 31})
			return len(all), err
		},
		"outline": func() (int, error) {
			o, err := s.Outline(b.Context())
			return len(o.Months), err
		},
		"edition": func() (int, error) {
			e, err := s.Shelved(b.Context(), digest.Slot{Digest: "daily", At: seven.AddDate(0, 0, -500)}.Key())
			return len(e.Before), err
		},
		"topic": func() (int, error) { return count(s.Stories(b.Context(), digest.Wanted{Topic: "chips", Most: 31})) },
		"name":  func() (int, error) { return count(s.Stories(b.Context(), digest.Wanted{Name: "company 7", Most: 31})) },
		"common word": func() (int, error) {
			return count(s.Stories(b.Context(), digest.Wanted{Phrases: digest.Phrases("company opens"), Most: 21}))
		},
		"rare word": func() (int, error) {
			return count(s.Stories(b.Context(), digest.Wanted{Phrases: digest.Phrases(`"model of 77 words"`), Most: 21}))
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if n, err := ask(); n == 0 || err != nil {
					b.Fatal(n, err)
				}
			}
		})
	}
}

func count(all []digest.Told, err error) (int, error) { return len(all), err }

package digest

import "context"

// Discussion tells how much readers elsewhere discuss addresses: their points there. What nobody discusses, or
// cannot be had in good time, is left out: an edition without points is a good one.
type Discussion interface {
	Points(ctx context.Context, urls []string) map[string]int
}

// mostDiscussed is of how many stories, the best of an edition, discussions are asked for, and of how many
// articles of each.
const (
	mostDiscussed = 30
	mostAddresses = 2
)

// discuss gives the best of stories the points of their most discussed article. Ranked are the same stories
// in the order in which they would be printed otherwise.
func discuss(ctx context.Context, elsewhere Discussion, stories, ranked []Story) {
	links := map[string][]string{} // by story
	var asked []string
	for _, s := range ranked[:min(mostDiscussed, len(ranked))] {
		for _, a := range s.Articles()[:min(mostAddresses, 1+len(s.Others))] {
			if a.URL != "" {
				links[s.ID] = append(links[s.ID], a.URL)
				asked = append(asked, a.URL)
			}
		}
	}
	if len(asked) == 0 {
		return
	}
	points := elsewhere.Points(ctx, asked)
	for i := range stories {
		for _, link := range links[stories[i].ID] {
			stories[i].Points = max(stories[i].Points, points[link])
		}
	}
}

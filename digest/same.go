package digest

import (
	"net/url"
	"slices"
	"strings"

	"tidings/digest/text"
)

// listed is how many titles a page may be told under by links to it; one of more is a list, no article.
const listed = 4

// leastTitle is the least length of a title, in bytes, that names an article by itself.
const leastTitle = 20

// copiedBytes is how much of a text must be another's letter for letter to be that article, under whatever title.
const copiedBytes = 1 << 10

// same parts ordered articles into those that are one article told again: of one identity ([identity]), or within
// a story's time of one title and texts that do not differ, or of one text in two sources. Each part is in order.
// A source that repeats a text under another title means another article.
func same(articles []Article) [][]int {
	s := sets{of: make([]int, len(articles))}
	for i := range s.of {
		s.of[i] = i
	}
	titles := make([]string, len(articles))
	pages := map[string]map[string]bool{} // titles by link
	for i, a := range articles {
		titles[i] = text.Fold(strings.Join(text.Words(cut(a.Title, mostBytes)), " "))
		if page := identity(a.URL); page != "" {
			if pages[page] == nil {
				pages[page] = map[string]bool{}
			}
			if len(pages[page]) <= listed {
				pages[page][titles[i]] = true
			}
		}
	}
	byPage, byTitle, byText := map[string]int{}, map[string]int{}, map[string]int{}
	for i, a := range articles {
		if page := identity(a.URL); page != "" && len(pages[page]) <= listed {
			if first, ok := byPage[page]; ok {
				s.join(first, i)
			} else {
				byPage[page] = i
			}
		}
		if told := cut(lead(a), copiedBytes); len(told) >= leastCopied {
			if first, ok := byText[told]; ok && articles[first].Feed != a.Feed && within(articles[first], a) && oneWork(articles[first], a) {
				s.join(first, i)
			} else {
				byText[told] = i
			}
		}
		if len(titles[i]) < leastTitle {
			continue
		}
		first, ok := byTitle[titles[i]]
		if ok && within(articles[first], a) && sameText(articles[first], a) && oneWork(articles[first], a) {
			s.join(first, i)
		} else {
			byTitle[titles[i]] = i
		}
	}
	return s.sorted()
}

// oneWork says that two links do not lead to two papers or programs.
func oneWork(a, b Article) bool {
	x, y := work(a.URL), work(b.URL)
	return x == "" || y == "" || x == y
}

func within(a, b Article) bool {
	return a.Published.IsZero() || b.Published.IsZero() || b.Published.Sub(a.Published).Abs() <= storyWindow
}

// sameText says whether two texts under one title begin with much the same words, or one is missing.
func sameText(a, b Article) bool {
	x, y := strings.Fields(cut(lead(a), 600)), strings.Fields(cut(lead(b), 600))
	if len(x) < leastBody || len(y) < leastBody {
		return true
	}
	n := 0
	for _, w := range x {
		if slices.Contains(y, w) {
			n++
		}
	}
	return 2*n >= min(len(x), len(y))
}

var (
	arxiv      = pattern(`(?:^|\.)(?:arxiv\.org|alphaxiv\.org|huggingface\.co)/(?:abs|pdf|html|papers|overview)/(\d{4}\.\d{4,5}|[a-z-]+/\d{7})`)
	doi        = pattern(`(?i)\b(10\.\d{4,9}/[^?#\s]+)`)
	repository = pattern(`^(?:github|gitlab|codeberg)\.(?:com|org)/([^/]+/[^/]+)`)
)

// identity is what a link names an article by: the number of a paper, the repository of a program, else the
// link itself. It is "" for a link to the front of a site, which names no article.
func identity(link string) string {
	if id := work(link); id != "" {
		return id
	}
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || strings.Trim(u.Path, "/") == "" && u.RawQuery == "" {
		return ""
	}
	return link
}

// work is the paper or the program that a link leads to: arXiv's number without version, a DOI, or the
// repository's name; "" for any other link.
func work(link string) string {
	_, rest, ok := strings.Cut(link, "://")
	if !ok {
		return ""
	}
	rest = strings.TrimPrefix(rest, "www.")
	if m := arxiv().FindStringSubmatch(rest); m != nil {
		return "arxiv:" + m[1]
	}
	if m := repository().FindStringSubmatch(rest); m != nil && strings.Count(strings.Trim(rest, "/"), "/") == 2 {
		return "repository:" + strings.ToLower(m[1])
	}
	if strings.Contains(rest, "10.") {
		if m := doi().FindStringSubmatch(rest); m != nil {
			return "doi:" + strings.ToLower(strings.TrimSuffix(m[1], "/"))
		}
	}
	return ""
}

// sets are disjoint; each is called by its least member.
type sets struct{ of []int }

func (s *sets) find(i int) int {
	for s.of[i] != i {
		s.of[i] = s.of[s.of[i]]
		i = s.of[i]
	}
	return i
}

func (s *sets) join(i, j int) {
	a, b := s.find(i), s.find(j)
	s.of[max(a, b)] = min(a, b)
}

// sorted lists the sets by their least members.
func (s *sets) sorted() [][]int {
	var out [][]int
	at := map[int]int{}
	for i := range s.of {
		root := s.find(i)
		n, ok := at[root]
		if !ok {
			n = len(out)
			at[root] = n
			out = append(out, nil)
		}
		out[n] = append(out[n], i)
	}
	return out
}

package feed

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"
	"unicode"

	"tidings/digest"
)

// identity makes an article's id from what it is called in its feed and on the web, which must not change
// when somebody corrects a comma.
func identity(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:16])
}

// handle is a hash of what has to be told apart within one source only, where chance alone is the adversary
// (FNV-1a); "" for nothing.
func handle(parts ...string) string {
	h, some := fnv.New64a(), false
	for _, s := range parts {
		some = some || s != ""
		_, _ = h.Write([]byte(s))
		_, _ = h.Write([]byte{'\n'})
	}
	if !some {
		return ""
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

// name gives an article its id and its handles. The id follows the rule: link, else guid, else title and
// date. A guid or title counts only within its feed, unless the guid is of a form that is unique in the world.
// A link to the site that the feed is about is no article's own.
func name(a *digest.Article, guid, scope string) {
	link := linkKey(a.URL)
	if link == linkKey(Canonical(scope)) {
		link = ""
	}
	a.Handles = digest.Handles{Link: handle(link), GUID: handle(guid), Title: titleHandle(a.Title)}
	switch {
	case link != "":
		a.ID = identity(link)
	case strings.Contains(guid, ":") && len(guid) > 10:
		a.ID = identity(guid)
	case guid != "":
		a.ID = identity(scope, guid)
	case a.Published.IsZero():
		a.ID = identity(scope, a.Title, clip(a.Text, maxTitle))
	default:
		a.ID = identity(scope, a.Title, a.Published.UTC().Format(time.RFC3339))
	}
}

// titleHandle is a handle of a title without what editors change in passing: case, space and signs. One of
// two words (Weekly update) names no article, and can only tell beside an id: its handle is marked.
func titleHandle(title string) string {
	var key strings.Builder
	words, inside := 0, false
	for _, r := range title {
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) {
			inside = false
			continue
		}
		if !inside {
			inside = true
			words++
			key.WriteByte(' ')
		}
		key.WriteRune(unicode.ToLower(r))
	}
	if words < 3 && words > 0 && letters(key.String()) < shortTitle {
		return "-" + handle(key.String())
	}
	return handle(key.String())
}

// shortTitle is how many letters two words, or a line that is written without spaces, must have to name an
// article; see [letters].
const shortTitle = 30

// longTitle returns the handle of a title that can name an article, else "".
func longTitle(h digest.Handles) string {
	if strings.HasPrefix(h.Title, "-") {
		return ""
	}
	return h.Title
}

// sumOf is a hash of all that a source says of an article, as far as it is kept.
func sumOf(a digest.Article) string {
	return handle(a.URL, a.Title, a.Author, a.Lang, a.Summary, a.Text, a.Image,
		strconv.FormatInt(a.Published.Unix(), 10), strconv.FormatInt(a.Updated.Unix(), 10))
}

// apart gives items that would share an id one each. Several items on one page (a list of changes, each
// with its own fragment) are told apart by their titles; the very same item twice is kept once. A guid that
// several items have says nothing.
func apart(all []digest.Article) []digest.Article {
	titles, guids := map[string]map[string]bool{}, map[string]int{}
	for _, a := range all {
		if titles[a.ID] == nil {
			titles[a.ID] = map[string]bool{}
		}
		titles[a.ID][a.Title] = true
		guids[a.Handles.GUID]++
	}
	seen := map[string]bool{}
	var out []digest.Article
	for _, a := range all {
		if len(titles[a.ID]) > 1 {
			a.Handles.Link = handle(a.Handles.Link + squeeze(a.Title))
			a.ID = identity(a.ID, a.Title)
		}
		if guids[a.Handles.GUID] > 1 {
			a.Handles.GUID = ""
		}
		if !seen[a.ID] {
			seen[a.ID] = true
			out = append(out, a)
		}
	}
	return out
}

// A source whose ids, links and dates have all changed at once has moved house, and its old articles are not
// news: that is assumed when so many of a visit's unknown articles, and so large a part of them, have the
// titles of known ones. Titles that come again and again (Last Week in AI) do not count.
const (
	floodLeast = 5
	floodShare = 0.5
)

// recall compares what a source holds with what is known of it. It returns the articles that are new, and
// those of which anything is to be remembered anew. The ids of the latter, which are those that they have had,
// come with whether their headlines have changed.
func recall(all []digest.Article, known []digest.Known) (news []digest.Article, changed map[string]bool) {
	changed = map[string]bool{}
	m := newMatching(all, known)
	guid, guided := func(a digest.Article) string { return a.Handles.GUID }, func(k digest.Known) string { return k.Handles.GUID }
	// What has kept all but its link is not mistaken for what has got that link since.
	m.match(guid, guided, func(a digest.Article, k digest.Known) bool {
		return longTitle(a.Handles) != "" && a.Handles.Title == k.Handles.Title && a.Published.Equal(k.Published)
	})
	m.match(func(a digest.Article) string { return a.Handles.Link }, func(k digest.Known) string { return k.Handles.Link }, nil)
	id := func(k digest.Known) string { return k.ID }
	// An id is made of the first link, which may lead to something else by now.
	m.match(func(a digest.Article) string { return a.ID }, id,
		func(a digest.Article, k digest.Known) bool { return a.Handles.Link == "" || k.Handles.Link == "" })
	// A guid that has another link, title and date was used again; one of these may have changed.
	m.match(guid, guided, func(a digest.Article, k digest.Known) bool {
		return a.Handles.Title != "" && a.Handles.Title == k.Handles.Title || !a.Published.IsZero() && a.Published.Equal(k.Published)
	})
	m.match(func(a digest.Article) string { return longTitle(a.Handles) }, func(k digest.Known) string { return longTitle(k.Handles) }, sameDate)
	m.match(secondID, id, nil)
	title, titled := m.singleTitles()
	if again := m.count(title, titled); again >= floodLeast && float64(again) >= floodShare*float64(m.strangers()) {
		m.match(title, titled, nil)
	}
	taken := map[string]bool{}
	for _, k := range known {
		taken[k.ID] = true
	}
	for i, a := range all {
		switch k := m.of[i]; {
		case k < 0:
			if taken[a.ID] {
				a.ID = secondID(a)
			}
			news = append(news, a)
		case saysOther(a.Handles, known[k].Handles):
			a.ID = known[k].ID
			changed[a.ID] = a.Title != "" && a.Handles.Title != known[k].Handles.Title
			news = append(news, a)
		}
	}
	return news, changed
}

// saysOther says whether a source tells an article otherwise than it did, or leads to it by other means.
func saysOther(a, k digest.Handles) bool {
	return a.Link != k.Link || a.GUID != k.GUID || a.Sum != k.Sum
}

// sameDate says whether an article and a known one that have one title have one date too. Without dates they
// must not contradict each other in anything else.
func sameDate(a digest.Article, k digest.Known) bool {
	if !a.Published.IsZero() || !k.Published.IsZero() {
		return a.Published.Equal(k.Published)
	}
	return (a.Handles.Link == "" || k.Handles.Link == "") && (a.Handles.GUID == "" || k.Handles.GUID == "")
}

// secondID is the id of an article whose first one belongs to another.
func secondID(a digest.Article) string {
	return identity(a.ID, a.Handles.Link, a.Handles.GUID, a.Handles.Title, a.Published.UTC().Format(time.RFC3339))
}

// matching pairs articles with known ones, each with one at most.
type matching struct {
	all   []digest.Article
	known []digest.Known
	of    []int // place among the known of each article, or -1
	taken []bool
}

func newMatching(all []digest.Article, known []digest.Known) *matching {
	m := &matching{all, known, make([]int, len(all)), make([]bool, len(known))}
	for i := range m.of {
		m.of[i] = -1
	}
	return m
}

// match pairs those that are still alone and have the same key, if the rule (may be nil) agrees. Of several
// known ones it takes the one seen last, as they are in that order.
func (m *matching) match(key func(digest.Article) string, of func(digest.Known) string, rule func(digest.Article, digest.Known) bool) {
	places := m.alone(of)
	for i, a := range m.all {
		if m.of[i] >= 0 || key(a) == "" {
			continue
		}
		for _, k := range places[key(a)] {
			if !m.taken[k] && (rule == nil || rule(a, m.known[k])) {
				m.of[i], m.taken[k] = k, true
				break
			}
		}
	}
}

// alone are the places of the known ones without a partner, by their key.
func (m *matching) alone(of func(digest.Known) string) map[string][]int {
	places := map[string][]int{}
	for k, one := range m.known {
		if !m.taken[k] && of(one) != "" {
			places[of(one)] = append(places[of(one)], k)
		}
	}
	return places
}

// strangers counts the articles without a partner.
func (m *matching) strangers() int {
	n := 0
	for _, k := range m.of {
		if k < 0 {
			n++
		}
	}
	return n
}

// count tells how many articles without a partner have the key of a known one that has none.
func (m *matching) count(key func(digest.Article) string, of func(digest.Known) string) int {
	places, n := m.alone(of), 0
	for i, a := range m.all {
		if m.of[i] < 0 && key(a) != "" && len(places[key(a)]) > 0 {
			n++
		}
	}
	return n
}

// singleTitles returns the titles, of articles and of known ones, that stand for one article only.
func (m *matching) singleTitles() (title func(digest.Article) string, titled func(digest.Known) string) {
	all, known := map[string]int{}, map[string]int{}
	for _, a := range m.all {
		all[a.Handles.Title]++
	}
	for _, k := range m.known {
		known[k.Handles.Title]++
	}
	single := func(h digest.Handles) string {
		if all[h.Title] > 1 || known[h.Title] > 1 {
			return ""
		}
		return h.Title
	}
	return func(a digest.Article) string { return single(a.Handles) }, func(k digest.Known) string { return single(k.Handles) }
}

package digest_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"tidings/digest"
)

// The week is a week's news as it was read on seven mornings, one file a day, labelled by hand. The events
// are real, but for guides, opinions and small local news; the outlets are invented. A day's file holds its
// articles in the form that [readDay] tells; its comment may say "first:" before the sources in which a party speaks
// for itself, and "on_topic:" before the trade's own press, which an operator would declare so. At its end stands
// what an editor wishes, one wish a line:
//
//	story: a b c     these are one story, and nothing else is in it
//	alone: a         nothing joins it; so it is with every article that no "story" names
//	maybe: a b       a may join the story of b, or not: either is well
//	apart: a b c     no two of these meet in one story
//	copy: a of b     a repeats the text of b, and is no independent report
//	primary: a       in a, a party to its story speaks for itself
//	leads: a or b    one of these leads its story
//	topic: a x or y  the story of a stands under one of these topics
//	tag: a x         its topic or one of its tags is x
//	first: a or b    the edition's lead is one of their stories
//	sources: a n     n independent publishers tell the story of a
//	before: a b      the story of a stands before that of b if they are in one section, and has more than a
//	                 line in brief if that of b has
//	in: a            is printed
//	out: a           is not printed
//	update: a        returns as an update of what an earlier morning told
//	folded: a        was told on an earlier morning, and brings nothing new
//
// What is not yet so is listed in known.txt: a wish behind its day, or "merged: a b" for two stories that
// must not be one. A line there that has come true must go; -update takes it out.
type weekday struct {
	day
	name   string
	wishes []wish
	gold   map[string]string   // by article: the first article of its story
	maybe  map[string][]string // by article: the one whose story it may join
}

// wish is one line of what an editor wants.
type wish struct {
	kind string
	of   []string // articles
	want []string // topics, or a number
	line string
}

func readWish(t *testing.T, line string) wish {
	t.Helper()
	kind, rest, ok := strings.Cut(line, ": ")
	w := wish{kind: kind, line: line}
	w.of = slices.DeleteFunc(strings.Fields(rest), func(s string) bool { return s == "or" || s == "of" })
	one := slices.Contains([]string{"alone", "primary", "leads", "first", "in", "out", "update", "folded"}, kind)
	if !ok || len(w.of) == 0 || len(w.of) == 1 && !one {
		t.Fatalf("%q: not a wish", line)
	}
	if kind == "topic" || kind == "tag" || kind == "sources" {
		w.of, w.want = w.of[:1], w.of[1:]
	}
	for _, id := range w.want {
		if kind != "sources" && !slices.ContainsFunc(topics(), func(t digest.Topic) bool { return t.ID == id }) {
			t.Fatalf("%q: no topic %s", line, id)
		}
	}
	return w
}

func readWeekday(t *testing.T, path string) weekday {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	w := weekday{name: strings.TrimSuffix(filepath.Base(path), ".txtar"), gold: map[string]string{}, maybe: map[string][]string{}}
	w.digest = digest.Digest{Name: "daily", Title: "AI Daily", Lang: "en", Topics: topics(), Location: time.UTC}
	for line := range strings.Lines(string(archive.Comment)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		w.set(t, key, value)
	}
	for _, f := range archive.Files {
		if f.Name == "wish" {
			w.wishAll(t, string(f.Data))
			continue
		}
		a := readArticle(t, f)
		a.URL = "https://" + a.Source.Title + ".example/" + a.ID
		w.add(a)
	}
	return w
}

// wishAll reads the day's wishes, which stand behind its articles, and makes its labelled stories of them.
func (w *weekday) wishAll(t *testing.T, lines string) {
	t.Helper()
	for _, a := range w.articles {
		w.gold[a.ID] = a.ID
	}
	for line := range strings.Lines(lines) {
		one := readWish(t, strings.TrimSpace(line))
		for _, id := range one.of {
			if w.gold[id] == "" {
				t.Fatalf("%s: %q: no article %s", w.name, one.line, id)
			}
		}
		switch one.kind {
		case "story":
			for _, id := range one.of {
				w.gold[id] = one.of[0]
			}
		case "maybe":
			w.maybe[one.of[0]] = append(w.maybe[one.of[0]], one.of[1])
		}
		w.wishes = append(w.wishes, one)
	}
}

// free says whether it is left open that these two articles are in one story.
func (w *weekday) free(a, b string) bool {
	may := func(a, b string) bool {
		return slices.ContainsFunc(w.maybe[a], func(of string) bool { return w.gold[of] == w.gold[b] })
	}
	return may(a, b) || may(b, a)
}

// made is what the program makes of a day.
type made struct {
	*weekday
	edition digest.Edition
	story   map[string]digest.Story // by article
	place   map[string]place        // by article; of those that are printed
}

// place is where a story stands in an edition.
type place struct {
	section string // "" for the edition's lead
	number  int    // among all of the edition's stories, from 1
}

// morning makes the day's edition, as if none had been before.
func (w *weekday) morning() made {
	m := made{weekday: w, edition: w.day.edition(w.articles), story: map[string]digest.Story{}}
	for _, s := range digest.Rank(digest.Group(w.articles, digest.Grouping{Topics: w.digest.Topics}), w.digest, w.at) {
		for _, a := range s.Articles() {
			m.story[a.ID] = s
		}
	}
	m.place = places(m.edition)
	return m
}

// places says where the articles stand that an edition prints.
func places(e digest.Edition) map[string]place {
	out := map[string]place{}
	number := 0
	put := func(section string, stories ...digest.Story) {
		for _, s := range stories {
			number++
			for _, a := range s.Articles() {
				out[a.ID] = place{section, number}
			}
		}
	}
	if e.Lead != nil {
		put("", *e.Lead)
	}
	for _, section := range e.Sections {
		put(section.Topic, section.Stories...)
	}
	put(digest.Brief, e.Brief...)
	return out
}

func (m made) printed(id string) bool { return m.place[id].number > 0 }

// before says whether the story of a is given no less room than that of b.
func (m made) before(a, b string) bool {
	at, than := m.place[a], m.place[b]
	switch {
	case at.number == 0:
		return false
	case than.number == 0 || at.section == than.section:
		return than.number == 0 || at.number < than.number
	}
	return at.section != digest.Brief
}

func (m made) together(a, b string) bool { return m.story[a].ID == m.story[b].ID }

// merged returns pairs of articles, one of each labelled story, that are in one story and should not be.
func (m made) merged() [][2]string {
	var out [][2]string
	seen := map[string]bool{}
	for i, a := range m.articles {
		for _, b := range m.articles[:i] {
			ga, gb := m.gold[a.ID], m.gold[b.ID]
			if ga == gb || !m.together(a.ID, b.ID) || m.free(a.ID, b.ID) || seen[ga+" "+gb] {
				continue
			}
			seen[ga+" "+gb], seen[gb+" "+ga] = true, true
			out = append(out, [2]string{min(ga, gb), max(ga, gb)})
		}
	}
	return out
}

// holds says whether the wish has come true.
func (m made) holds(t *testing.T, w wish) bool {
	t.Helper()
	a := w.of[0]
	s := m.story[a]
	among := func(s digest.Story) bool {
		return slices.ContainsFunc(s.Articles(), func(a digest.Article) bool { return slices.Contains(w.of, a.ID) })
	}
	switch w.kind {
	case "story", "alone":
		return m.exactly(w.of)
	case "maybe":
		return true
	case "apart":
		for i, one := range w.of {
			if slices.ContainsFunc(w.of[:i], func(other string) bool { return m.together(one, other) }) {
				return false
			}
		}
		return true
	case "copy":
		return slices.Contains(s.Copies, a) && m.together(a, w.of[1])
	case "primary":
		return s.Primary == a
	case "leads":
		return slices.Contains(w.of, s.Lead.ID)
	case "topic":
		return slices.Contains(w.want, s.Topic)
	case "tag":
		return s.Topic == w.want[0] || slices.Contains(s.Tags, w.want[0])
	case "first":
		return m.edition.Lead != nil && among(*m.edition.Lead)
	case "before":
		return m.before(a, w.of[1])
	case "sources":
		return w.want[0] == fmt.Sprint(s.Sources)
	case "in":
		return m.printed(a)
	case "out":
		return !m.printed(a)
	case "update":
		return slices.ContainsFunc(m.edition.Stories(), func(s digest.Story) bool { return s.Update != nil && among(s) })
	case "folded":
		return !m.printed(a) && slices.ContainsFunc(m.edition.Folded, among)
	}
	t.Fatalf("%s: %q: no such wish", m.name, w.line)
	return false
}

// exactly says whether these articles are one story, with no other than those that may join it.
func (m made) exactly(ids []string) bool {
	for _, a := range m.articles {
		in := slices.Contains(ids, a.ID)
		if in != m.together(a.ID, ids[0]) && !m.free(a.ID, ids[0]) {
			return false
		}
	}
	return true
}

func week(t *testing.T) []weekday {
	t.Helper()
	files, err := filepath.Glob("testdata/week/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no week: %v", err)
	}
	var out []weekday
	for _, path := range files {
		out = append(out, readWeekday(t, path))
	}
	return out
}

// laterOn says whether a wish is looked at in an edition that knows those before it: what is printed, and where.
// The others are of a day alone.
func laterOn(kind string) bool {
	return slices.Contains([]string{"first", "before", "in", "out", "update", "folded"}, kind)
}

// mornings makes the week's editions one after the other, each with those before it in mind. What one left out is
// read again for the next, as long as it is young enough.
func mornings(t *testing.T, days []weekday) []made {
	t.Helper()
	d := digest.Digest{Name: "daily", Title: "AI Daily", Lang: "en", Topics: topics(), Location: time.UTC}
	archive := &memory{printed: map[string]bool{}}
	press := digest.Press{Feeds: still{}, Archive: archive}
	var out []made
	for i := range days {
		for _, s := range days[i].digest.Sources {
			if !slices.ContainsFunc(d.Sources, func(known digest.Source) bool { return known.URL == s.URL }) {
				d.Sources = append(d.Sources, s)
			}
		}
		archive.articles = append(archive.articles, days[i].articles...)
		d.Layout.Window = 0
		if i == 0 { // a weekend's harvest, and no edition before that would tell so
			d.Layout.Window = 4 * 24 * time.Hour
		}
		e, err := press.Draft(t.Context(), d, digest.Slot{Digest: d.Name, At: days[i].at}, days[i].at)
		if err != nil {
			t.Fatal(err)
		}
		addsUp(t, e)
		archive.keepsIDs(t, e)
		if _, err := archive.Seal(t.Context(), d, e); err != nil {
			t.Fatal(err)
		}
		out = append(out, made{weekday: &days[i], edition: e, place: places(e)})
	}
	return out
}

func TestWeek(t *testing.T) {
	known := readKnown(t)
	told := func(t *testing.T, line string, holds bool) {
		t.Helper()
		listed := known.lines[line]
		known.seen[line] = true
		switch {
		case holds && listed:
			known.come = append(known.come, line)
		case holds:
			t.Logf("holds: %s", line)
		case listed:
			t.Logf("known: %s", line)
		default:
			t.Errorf("FAILS: %s", line)
		}
	}
	var all score
	days := week(t)
	for i := range days {
		t.Run(days[i].name, func(t *testing.T) {
			m := days[i].morning()
			known.looked[m.name] = true
			for _, w := range m.wishes {
				if !laterOn(w.kind) {
					told(t, m.name+" "+w.line, m.holds(t, w))
				}
			}
			for _, pair := range m.merged() {
				told(t, m.name+" merged: "+pair[0]+" "+pair[1], false)
			}
			all.add(m)
		})
	}
	t.Run("across days", func(t *testing.T) {
		known.across = true
		for _, m := range mornings(t, days) {
			for _, w := range m.wishes {
				if laterOn(w.kind) {
					told(t, m.name+" "+w.line, m.holds(t, w))
				}
			}
		}
	})
	t.Log(all.String())
	known.settle(t)
}

// known lists what is not yet as it is wished.
type known struct {
	file  []string        // its lines
	lines map[string]bool // those that are wishes
	seen  map[string]bool // wishes that were looked at
	come  []string        // wishes listed that hold

	looked map[string]bool // days that were looked at alone
	across bool            // the week was looked at as a whole
}

const knownFile = "testdata/week/known.txt"

func readKnown(t *testing.T) *known {
	t.Helper()
	data, err := os.ReadFile(knownFile)
	if err != nil {
		t.Fatal(err)
	}
	k := &known{lines: map[string]bool{}, seen: map[string]bool{}, looked: map[string]bool{}}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		k.file = append(k.file, line)
		if line != "" && !strings.HasPrefix(line, "#") {
			k.lines[line] = true
		}
	}
	return k
}

// settle demands that what has come true is no longer listed, or takes it out.
func (k *known) settle(t *testing.T) {
	t.Helper()
	for line := range maps.Keys(k.lines) {
		day, wish, _ := strings.Cut(line, " ")
		kind, _, _ := strings.Cut(wish, ": ")
		looked := k.looked[day]
		if laterOn(kind) {
			looked = k.across
		}
		if looked && !k.seen[line] {
			k.come = append(k.come, line) // two that are merged no longer, or a wish that nobody has
		}
	}
	slices.Sort(k.come)
	if len(k.come) == 0 {
		return
	}
	if *update {
		k.file = slices.DeleteFunc(k.file, func(line string) bool { return slices.Contains(k.come, line) })
		if err := os.WriteFile(knownFile, []byte(strings.Join(k.file, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, line := range k.come {
		t.Errorf("has come true, or is wished no longer: take it out of %s: %s", knownFile, line)
	}
}

// score counts how well the stories made are those labelled, over several days.
type score struct {
	articles, precision, recall float64 // B³ (Bagga and Baldwin 1998): sums over articles
	joined, labelled, both      float64 // pairs of articles
}

func (s *score) add(m made) {
	for i, a := range m.articles {
		var mine, gold, both float64
		for j, b := range m.articles {
			if i != j && m.free(a.ID, b.ID) {
				continue
			}
			together, same := m.together(a.ID, b.ID), m.gold[a.ID] == m.gold[b.ID]
			one := func(ok bool) float64 {
				if ok {
					return 1
				}
				return 0
			}
			mine, gold, both = mine+one(together), gold+one(same), both+one(together && same)
		}
		s.articles++
		s.precision, s.recall = s.precision+both/mine, s.recall+both/gold
		s.joined, s.labelled, s.both = s.joined+(mine-1)/2, s.labelled+(gold-1)/2, s.both+(both-1)/2
	}
}

func (s *score) String() string {
	f := func(p, r float64) string {
		return fmt.Sprintf("precision %.3f, recall %.3f, F1 %.3f", p, r, 2*p*r/(p+r))
	}
	return fmt.Sprintf("%.0f articles: B³ %s; pairs %s (of %.0f labelled, %.0f of %.0f joined are right)", s.articles,
		f(s.precision/s.articles, s.recall/s.articles), f(s.both/max(1, s.joined), s.both/max(1, s.labelled)), s.labelled, s.both, s.joined)
}

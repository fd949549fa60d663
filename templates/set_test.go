package templates

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"tidings/digest"
)

func TestTwins(t *testing.T) {
	names := map[string]bool{}
	collect(defaults, func(name, _ string) error { names[name] = true; return nil })
	onlyHTML := map[string]bool{"base": true, "byline": true, "lead": true, "link": true, "more": true, "title": true, "tongue": true, "filler": true,
		"head": true, "shelf": true} // of the web edition
	for name := range names {
		dir, file := path.Split(name)
		if dir != "letter/" && dir != "notice/" {
			continue
		}
		bare := strings.TrimSuffix(file, path.Ext(file))
		if !names[dir+bare+".html"] || !names[dir+bare+".txt"] && !onlyHTML[bare] {
			t.Errorf("%s has no twin", name)
		}
	}
}

// Whatever marks text as safe opens the letter to its sources, so it is looked for in the code itself.
func TestNothingMarksTextAsSafe(t *testing.T) {
	files, err := fs.Glob(sources(t), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	var marks []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == "html" && strings.Contains("HTML HTMLAttr CSS JS JSStr URL Srcset", sel.Sel.Name) {
					marks = append(marks, name)
				}
			}
			return true
		})
	}
	// Three constants, and the function that returns them.
	if len(marks) != 4 || marks[0] != "templates.go" {
		t.Errorf("text is marked as safe in %v", marks)
	}
}

func sources(t *testing.T) fs.FS {
	t.Helper()
	return os.DirFS(".")
}

// told are the phrases of [Told].
var told = regexp.MustCompile(`^(asked|mailed|disowned|returned)\.(title|told)$`)

// Every language says everything, and says it of the same things as English.
func TestPhrasesAreComplete(t *testing.T) {
	en, err := readBook("en", read(t, "phrases/en.json"), book{})
	if err != nil {
		t.Fatal(err)
	}
	for name, src := range in(files(t), "phrases/") {
		other, err := readBook(name, src, book{})
		if err != nil {
			t.Fatal(err)
		}
		for key, p := range en.Phrases {
			if other.Phrases[key] == nil {
				t.Errorf("%s lacks %q", name, key)
				continue
			}
			for form, said := range other.Phrases[key] {
				if want, got := blanksOf(p["other"]), blanksOf(said); want != got {
					t.Errorf("%s: %q, form %q speaks of %q, English of %q", name, key, form, got, want)
				}
			}
		}
		for key := range other.Phrases {
			if en.Phrases[key] == nil {
				t.Errorf("en.json lacks %q of %s", key, name)
			}
		}
	}
}

// blanksOf are the blanks of a phrase, each once.
func blanksOf(said string) string {
	all := blanks.FindAllString(said, -1)
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " ")
}

// Whatever a phrase file says, some template or some line of this package says it.
func TestPhrasesAreSaid(t *testing.T) {
	en, err := readBook("en", read(t, "phrases/en.json"), book{})
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	collect(defaults, func(name, src string) error {
		if path.Dir(name) != "phrases" {
			all.WriteString(src)
		}
		return nil
	})
	inGo := []string{"subject", "number", "counts", "stories", "sources", "minutes", "language", "more", "more.web", "untitled", "brief",
		"single", "own", "update.new", "update.told", "update.first", "written.title", "written.summary", "written.both", "colophon.written", "colophon.machine",
		"and", "rhythm.day", "rhythm.work", "rhythm.week", "rhythm.month", "rhythm.at", "rhythm.own"}
	for key := range en.Phrases {
		if strings.HasPrefix(key, "error.") || strings.HasPrefix(key, "fault.") || told.MatchString(key) || strings.HasSuffix(key, ".subject") || strings.Contains(strings.Join(inGo, " "), key) {
			continue
		}
		if !strings.Contains(all.String(), `.Say "`+key+`"`) {
			t.Errorf("nobody says %q", key)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	src, err := fs.ReadFile(defaults, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

func TestDates(t *testing.T) {
	s := load(t)
	day := time.Date(2023, time.September, 13, 7, 0, 0, 0, time.UTC)
	for lang, want := range map[string]string{
		"en":    "Wednesday 13 September 2023",
		"it-CH": "mercoledì 13 settembre 2023",
		"tlh":   "Wednesday 13 September 2023",
		"":      "Wednesday 13 September 2023",
	} {
		if got := s.in(lang).Date(day); got != want {
			t.Errorf("%q: %s, want %s", lang, got, want)
		}
	}
}

func TestLang(t *testing.T) {
	s := load(t)
	for wish, want := range map[string]string{
		"it-IT,it;q=0.9,en;q=0.8": "it", "de-DE,de;q=0.9": "de", "pt-PT": "en", "": "en", "en-GB": "en", "*": "en", "nl, it;q=0.5": "it", ";;;": "en",
	} {
		if got := s.Lang(wish); got != want {
			t.Errorf("%q: %s, want %s", wish, got, want)
		}
	}
}

// An overlay's fault is found when it is loaded, and says where it is.
func TestOverlayFaults(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"letter/story.html", "<p>\n{{.Nonsense}}</p>", "letter/story.html:2:"},
		{"letter/story.html", "<p>\n\n{{if}}", "letter/story.html:3:"},
		{"letter/story.txt", "one\ntwo\n{{range .Missing}}{{end}}", "letter/story.txt:3:8: executing \"letter/story.txt\" at <.Missing>"},
		{"looks/brief/letter/item.html", "\n{{range .Missing}}{{end}}", "looks/brief/letter/item.html:2:"},
		{"looks/mine/letter/item.txt", "\n\n{{.Say 5}}", "looks/mine/letter/item.txt:3:"},
		{"looks/mine/letter/item.html", "<p class=\"nowhere\">", "looks/mine/letter/item.html:1:"},
		{"looks/mine/style/letter.css", "\n.item { color: var(--nothing) }", "looks/mine/style/letter.css:2:"},
		{"looks/mine/page/join.html", "x", "looks/mine/page/join.html:1:"},
		{"letter/letter.txt", "one\n{{.Say \"nothing\"}}", "letter/letter.txt:2:"},
		{"letter/item.html", "\n<p class=\"nowhere\">", "letter/item.html:2:"},
		{"letter/letter.html", "<a href=\"{{if .Web}}x\"{{end}}", "letter/letter.html:1:"},
		{"letter/leter.html", "x", "letter/leter.html:1:"},
		{"notice/confirm.html", "{{define \"body\"}}\n{{.Token}}{{end}}", "notice/confirm.html:2:"},
		{"notice/confirm.txt", "{{.Token}}", "notice/confirm.txt:1:"},
		{"page/join.html", "{{define \"body\"}}\n\n{{.Page.Nonsense}}{{end}}", "page/join.html:3:"},
		{"style/letter.css", ":root{--a: 1}\n.table { color: var(--b) }", "style/letter.css:2:"},
		{"style/letter.css", "\n\n.table {", "style/letter.css:3:"},
		{"phrases/it.json", "{\n\"date\": 5}", "phrases/it.json:2:"},
		{"phrases/it.json", "{\n\"date\": \"x\",\n}", "phrases/it.json:3:"},
		{"phrases/klingon!.json", "{}", "phrases/klingon!.json:1:"},
		{"phrases/it.json", strings.Replace(read(t, "phrases/it.json"), `"links"`, `"lynx"`, 1), `"lynx"`},
		{"phrases/it.json", strings.Replace(read(t, "phrases/it.json"), "{3}", "{4}", 1), "{4}"},
	} {
		_, err := Load(fstest.MapFS{c.name: {Data: []byte(c.src)}})
		if err == nil || !strings.HasPrefix(err.Error(), "templates: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %.30q: %v", c.name, c.src, err)
		}
	}
}

// What is read only is not rendered: whoever renders a broken file, or rehearses, is told of it.
func TestRead(t *testing.T) {
	s, err := Read(fstest.MapFS{
		"notice/help.html":           {Data: []byte("{{define \"body\"}}\n{{if}}{{end}}")},
		"looks/mine/letter/foot.txt": {Data: []byte("{{.Nonsense}}")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Letter(english(), reader()); err != nil {
		t.Error(err)
	}
	if err := s.Page(io.Discard, Told{Frame{Lang: "en"}, "asked"}); err != nil {
		t.Error(err)
	}
	if _, err := s.Notice("help", sampleNotice("en")); err == nil || !strings.HasPrefix(err.Error(), "notice/help.html:2:") {
		t.Error(err)
	}
	if err := s.Rehearse(); err == nil || !strings.HasPrefix(err.Error(), "templates: notice/help.html:2:") {
		t.Error(err)
	}
	s, err = Read(fstest.MapFS{"looks/mine/letter/foot.txt": {Data: []byte("{{.Nonsense}}")}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Rehearse(); err == nil || !strings.HasPrefix(err.Error(), "templates: looks/mine/letter/foot.txt:1:") {
		t.Error(err)
	}
}

// A look is a folder, and what it does not have is the letter's.
func TestOverlayLook(t *testing.T) {
	overlay := fstest.MapFS{
		"looks/mine/style/letter.css": {Data: []byte(":root { --ink: #123456; }\n.deck { color: #654321 }")},
		"looks/mine/letter/foot.html": {Data: []byte(`<p>Our own foot. <a href="{{.Leave}}">Leave</a></p>`)},
	}
	s, err := Load(overlay, Look{Digest: "daily", Name: "mine", Accent: "#003399"})
	if err != nil {
		t.Fatal(err)
	}
	e := english()
	for digest, want := range map[string]bool{"daily": true, "weekly": false} {
		e.Digest = digest
		l, err := s.Letter(e, reader())
		if err != nil {
			t.Fatal(err)
		}
		for _, mine := range []string{"color:#123456", "color:#654321", "Our own foot.", "#003399"} {
			if strings.Contains(l.HTML, mine) != want {
				t.Errorf("%s: %s is there: %v", digest, mine, !want)
			}
		}
	}
	for wish, want := range map[Look]string{
		{Digest: "daily", Name: "yours"}:     `the digest "daily" wishes for the look "yours"; there are default, brief, classic, mine`,
		{Digest: "daily", Accent: "#f0a000"}: `the look of the digest "daily": accent: #f0a000 on the paper`,
	} {
		if _, err := Load(overlay, wish); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v", err)
		}
	}
}

// A language is one file, and what it does not say is said in English.
func TestOverlayLanguage(t *testing.T) {
	pl := `{"date": "{day} {month} {year}", "months": ["1","2","3","4","5","6","7","8","września","10","11","12"], "weekdays": ["n","p","w","ś","c","p","s"],
		"phrases": {"stories": {"one": "{1} temat", "few": "{1} tematy", "many": "{1} tematów", "other": "{1} tematu"}}}`
	s, err := Load(fstest.MapFS{"phrases/pl.json": {Data: []byte(pl)}, "README.md": {Data: []byte("notes")}, "letter/story.html~": {Data: []byte("old")}})
	if err != nil {
		t.Fatal(err)
	}
	w := s.in("pl-PL")
	for n, want := range map[int]string{1: "1 temat", 3: "3 tematy", 5: "5 tematów", 22: "22 tematy"} {
		if got, err := w.Say("stories", n); got != want || err != nil {
			t.Errorf("%s, want %s (%v)", got, want, err)
		}
	}
	e := english()
	e.Lang = "pl"
	l, err := s.Letter(e, reader())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"13 września 2023", "11 tematów from 15 sources", "in angielski"} {
		if !strings.Contains(l.Text, want) {
			t.Errorf("%q is not in the letter", want)
		}
	}
}

// A date is written as its language does it, the first of a month too.
func TestFirstDates(t *testing.T) {
	s := load(t)
	for _, c := range []struct{ lang, first, later, day, month string }{
		{"en", "Friday 1 September 2023", "Wednesday 13 September 2023", "1 September", "September 2023"},
		{"it", "venerdì 1º settembre 2023", "mercoledì 13 settembre 2023", "venerdì 1º settembre", "settembre 2023"}, // “il 1º”, but “l’8”
		{"de", "Freitag, 1. September 2023", "Mittwoch, 13. September 2023", "1. September", "September 2023"},
		{"fr", "vendredi 1er septembre 2023", "mercredi 13 septembre 2023", "1er septembre", "septembre 2023"},
		{"es", "viernes, 1 de septiembre de 2023", "miércoles, 13 de septiembre de 2023", "1 de septiembre", "septiembre de 2023"},
	} {
		first := time.Date(2023, time.September, 1, 7, 0, 0, 0, time.UTC)
		if day, month := s.in(c.lang).Day(first), s.in(c.lang).Month(first); day != c.day || month != c.month {
			t.Errorf("%s: %s in %s, want %s in %s", c.lang, day, month, c.day, c.month)
		}
		for day, want := range map[int]string{1: c.first, 13: c.later} {
			if got := s.in(c.lang).Date(time.Date(2023, time.September, day, 7, 0, 0, 0, time.UTC)); got != want {
				t.Errorf("%s: %s, want %s", c.lang, got, want)
			}
		}
	}
}

func TestRightToLeftEdition(t *testing.T) {
	he := strings.Replace(read(t, "phrases/en.json"), "Wednesday", "יום רביעי", 1)
	s, err := Load(fstest.MapFS{"phrases/he.json": {Data: []byte(he)}})
	if err != nil {
		t.Fatal(err)
	}
	e := digest.Edition{Title: "היומון", Lang: "he", Brief: []digest.Story{{Lead: from("Model Watch/en", "A title in English", "https://example.org/")}}}
	l, err := s.Letter(e, Reader{})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(l.HTML, `<html lang="he" dir="rtl">`) || !strings.Contains(l.HTML, `<span lang="en" dir="ltr">`) {
		t.Error("directions are missing")
	}
}

func TestNoticesGolden(t *testing.T) {
	s := load(t)
	for _, lang := range tongues {
		for _, kind := range []string{"confirm", "welcome", "goodbye", "link", "status", "leaving", "help"} {
			n := sampleNotice(lang)
			n.Title = "AI Daily"
			l, err := s.Notice(kind, n)
			if err != nil {
				t.Fatal(err)
			}
			inspect(t, "notice/"+kind, l.HTML)
			golden(t, "notice/"+kind+"."+lang+".html", l.HTML)
			golden(t, "notice/"+kind+"."+lang+".txt", "Subject: "+l.Subject+"\n\n"+l.Text)
		}
	}
	if _, err := s.Notice("nonsense", Notice{}); err == nil {
		t.Error("an unknown notice was rendered")
	}
}

func TestPagesGolden(t *testing.T) {
	s := load(t)
	seen, shown := map[string]int{}, map[string]bool{}
	for _, lang := range tongues {
		edition := english()
		pages := append(samplePages(lang), Edition{Frame: Frame{Lang: lang, Title: "Daily", Home: "/", Canonical: "https://example.org/e/daily/2023-09-13T0700"}, Edition: edition, Before: "daily/2023-09-12T0700"})
		for _, p := range pages {
			var out strings.Builder
			if feed, ok := p.(Syndicated); ok {
				piece, err := s.Syndicate(feed)
				if err != nil {
					t.Fatal(err)
				}
				out.WriteString(piece)
			} else {
				if err := s.Page(&out, p); err != nil {
					t.Fatal(err)
				}
				inspect(t, "page/"+p.name(), out.String())
			}
			name := p.name()
			if list, ok := p.(Stories); ok {
				name += "-" + list.Kind
			}
			if told, ok := p.(Told); ok {
				name += "-" + told.Kind
			}
			if seen[name+lang]++; seen[name+lang] == 1 {
				golden(t, "page/"+name+"."+lang+".html", out.String())
			}
			shown[p.name()+lang] = true
		}
	}
	for name := range s.pages {
		if !shown[name+"en"] {
			t.Errorf("page %s was not shown", name)
		}
	}
}

func TestWebEditionIsNotPersonal(t *testing.T) {
	var out strings.Builder
	if err := load(t).Page(&out, Edition{Frame: Frame{Home: "/"}, Edition: english()}); err != nil {
		t.Fatal(err)
	}
	for _, no := range []string{"/u/", "Unsubscribe", "You get this"} {
		if strings.Contains(out.String(), no) {
			t.Errorf("%q is in the web edition", no)
		}
	}
	if !strings.Contains(out.String(), "Officina Neurale") || strings.Contains(out.String(), "+ 2 more") {
		t.Error("the web edition does not name all sources")
	}
}

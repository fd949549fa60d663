package templates

import (
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"tidings/digest"
)

func reader() Reader {
	return Reader{Leave: "https://letters.example/u/7.aGVsbG8", Archive: "https://letters.example/e/daily/2023-09-13T0700"}
}

func TestLetterGolden(t *testing.T) {
	s := load(t)
	for name, e := range map[string]digest.Edition{"en": english(), "it": italian(), "written": written()} {
		l, err := s.Letter(e, reader())
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "letter/"+name+".html", l.HTML)
		golden(t, "letter/"+name+".txt", "Subject: "+l.Subject+"\n\n"+l.Text)
	}
}

// tongues are the languages that come with the program.
var tongues = []string{"en", "it", "de", "fr", "es"}

// The same edition in each look and each language, and in each look what feeds may try. Light and dark are one letter:
// what is dark stands in its head.
func TestLooksGolden(t *testing.T) {
	for _, look := range lookNames(files(t)) {
		s := dressed(t, Look{Name: look})
		for _, lang := range tongues {
			e := english()
			e.Lang = lang
			l, err := s.Letter(e, reader())
			if err != nil {
				t.Fatal(err)
			}
			name := look + "." + lang
			inspect(t, name, l.HTML)
			golden(t, "look/"+name+".html", l.HTML)
			golden(t, "look/"+name+".txt", "Subject: "+l.Subject+"\n\n"+l.Text)
		}
		l, err := s.Letter(hostile(), reader())
		if err != nil {
			t.Fatal(err)
		}
		wellMade(t, look+".hostile", hostile(), l)
		golden(t, "look/"+look+".hostile.html", l.HTML)
		golden(t, "look/"+look+".hostile.txt", "Subject: "+l.Subject+"\n\n"+l.Text)
	}
}

// dressed is a set in which the daily's letters have a look.
func dressed(t *testing.T, look Look) *Set {
	t.Helper()
	look.Digest = "daily"
	s, err := Load(nil, look)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The publisher's lines end every look's letter, escaped, and keep to their lines.
func TestImprint(t *testing.T) {
	for _, look := range lookNames(files(t)) {
		s := dressed(t, Look{Name: look, Imprint: " Halden <b>Press</b>\n\n1 Harbour Street\n"})
		e := english()
		e.Digest = "daily"
		l, err := s.Letter(e, reader())
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(l.HTML, "Halden &lt;b&gt;Press&lt;/b&gt;<br>1 Harbour Street</p>") {
			t.Errorf("%s: %.500s", look, l.HTML[len(l.HTML)-500:])
		}
		if !strings.Contains(l.Text, "\n\nHalden <b>Press</b>\n1 Harbour Street\n") {
			t.Errorf("%s: %s", look, l.Text)
		}
	}
}

func TestLetterIsWellMade(t *testing.T) {
	for _, look := range lookNames(files(t)) {
		s := dressed(t, Look{Name: look, Picture: true})
		for name, e := range map[string]digest.Edition{"en": english(), "it": italian(), "written": written(), "hostile": hostile(), "crowded": crowded()} {
			e.Digest = "daily"
			l, err := s.Letter(e, reader())
			if err != nil {
				t.Fatal(err)
			}
			wellMade(t, look+"."+name, e, l)
		}
	}
}

// wellMade tells what is wrong with a letter, whatever its edition says.
func wellMade(t *testing.T, name string, e digest.Edition, l Letter) {
	t.Helper()
	inspect(t, name, l.HTML)
	for _, w := range Lint(e, l) {
		if w.Grave {
			t.Errorf("%s: %s", name, w)
		}
	}
	if !strings.Contains(l.HTML, `href="`+reader().Leave+`"`) || !strings.Contains(l.Text, reader().Leave) {
		t.Errorf("%s: no link to leave", name)
	}
	for line := range strings.SplitSeq(l.Text, "\n") {
		if columnsOf(line) > columns && !strings.Contains(line, "https://") {
			t.Errorf("%s: %d columns: %s", name, columnsOf(line), line)
		}
	}
	if n := utf8.RuneCountInString(strings.TrimSuffix(l.Subject, " · "+clean(e.Title, longestName))); n > longestSubject {
		t.Errorf("%s: subject's headline has %d characters", name, n)
	}
	if strings.ContainsAny(l.Subject+l.Text, "\r\x00\x1b\u202e\u2066") || strings.Contains(l.Subject, "\n") {
		t.Errorf("%s: control characters came through", name)
	}
}

// As many stories as an edition has at most, each with as much as it can have, stay below what mail programs cut off.
func TestLetterIsSmall(t *testing.T) {
	e := crowded()
	e.Digest = "daily"
	for _, look := range lookNames(files(t)) {
		l, err := dressed(t, Look{Name: look}).Letter(e, reader())
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: HTML %d bytes, text %d bytes", look, len(l.HTML), len(l.Text))
		if len(l.HTML) > large {
			t.Errorf("%s has %d bytes, more than 60 KB", look, len(l.HTML))
		}
	}
}

func TestLetterForReaderOfText(t *testing.T) {
	l, err := load(t).Letter(english(), Reader{Text: true})
	if err != nil || l.HTML != "" || l.Text == "" {
		t.Errorf("html %d bytes, text %d bytes, %v", len(l.HTML), len(l.Text), err)
	}
}

func TestEmptyEdition(t *testing.T) {
	l, err := load(t).Letter(digest.Edition{Title: "Daily", Lang: "xx"}, Reader{})
	if err != nil || l.Subject == "" {
		t.Errorf("subject %q, %v", l.Subject, err)
	}
}

func BenchmarkLetter(b *testing.B) {
	s, e := load(b), crowded()
	for b.Loop() {
		if _, err := s.Letter(e, reader()); err != nil {
			b.Fatal(err)
		}
	}
}

// With a reader's token in its place a print is the very letter that one renders for him.
func TestPrint(t *testing.T) {
	s := load(t)
	leave := func(token string) string { return "https://letters.example/ü/u?a=b&c=" + token }
	said := english() // a feed may write what it likes, also what looks like a token
	said.Lead.Lead.Title = "Read https://letters.example/u/" + strings.Repeat("a", 32)
	for name, e := range map[string]digest.Edition{"en": english(), "it": italian(), "written": written(), "hostile": hostile(), "said": said} {
		print, err := s.Print(e, reader().Archive, leave)
		if err != nil {
			t.Fatal(err)
		}
		his := "c7aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		want, err := s.Letter(e, Reader{Leave: leave(his), Archive: reader().Archive})
		if err != nil {
			t.Fatal(err)
		}
		got := Letter{
			Subject: print.Subject,
			HTML:    strings.ReplaceAll(print.HTML, print.Token, his), Text: strings.ReplaceAll(print.Text, print.Token, his),
		}
		if got != want || len(print.Token) != len(his) {
			t.Errorf("%s: the letter differs", name)
		}
	}
}

// A template that bends the link to leave could not be printed for many; that is told when it is loaded.
func TestPrintRefusesBentLinks(t *testing.T) {
	_, err := Load(fstest.MapFS{"letter/foot.txt": {Data: []byte("{{urlquery .Leave}}")}})
	if err == nil || !strings.Contains(err.Error(), "letter/") {
		t.Errorf("%v", err)
	}
	_, err = Load(fstest.MapFS{"letter/foot.html": {Data: []byte("<p>No way out.</p>")}})
	if err == nil || !strings.Contains(err.Error(), ".Leave") {
		t.Errorf("%v", err)
	}
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		load(b)
	}
}

func BenchmarkRead(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(nil); err != nil {
			b.Fatal(err)
		}
	}
}

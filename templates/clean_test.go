package templates

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestLink(t *testing.T) {
	for in, want := range map[string]string{
		"https://example.org/a?b=c#d":                       "https://example.org/a?b=c#d",
		" http://example.org ":                              "http://example.org",
		"HTTPS://EXAMPLE.org/":                              "https://EXAMPLE.org/",
		"https://example.org/è?x=<\"'>":                     "https://example.org/%C3%A8?x=%3C%22%27%3E",
		"javascript:alert(1)":                               "",
		"JaVaScRiPt:alert(1)":                               "",
		"data:text/html,x":                                  "",
		"//example.org/":                                    "",
		"/relative":                                         "",
		"https:///path":                                     "",
		"https://user@example.org/":                         "",
		"https://exa\nmple.org/":                            "",
		"mailto:a@example.org":                              "",
		"file:///etc/passwd":                                "",
		"https://e.org/" + strings.Repeat("a", longestLink): "",
		"": "",
	} {
		if got := link(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		in   string
		max  int
		want string
	}{
		{"short", 10, "short"},
		{"exactly 10", 10, "exactly 10"},
		{"one two three four", 12, "one two…"},
		{"one two, three four", 12, "one two…"},
		{"Verschlüsselungspflicht", 10, "Verschlüs…"},
		{"通义千问今日起向全社会开放", 6, "通义千问今…"},
	} {
		if got := cut(c.in, c.max); got != c.want {
			t.Errorf("%q at %d: %q, want %q", c.in, c.max, got, c.want)
		}
	}
}

func TestDirection(t *testing.T) {
	for _, c := range []struct{ text, lang, want string }{
		{"Plain", "", "ltr"}, {"عنوان", "", "rtl"}, {"OpenAI GPT-4 Turbo عن", "ar", "rtl"}, {"OpenAI عن GPT", "en", "ltr"}, {"כותרת", "en", "rtl"}, {"", "ar", "ltr"},
	} {
		if got := direction(c.text, c.lang); got != c.want {
			t.Errorf("%q in %q: %s", c.text, c.lang, got)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "a  b", "\u202ea", "\xff\xfe", "<script>", strings.Repeat("long ", 100)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := clean(s, 50)
		if utf8.RuneCountInString(got) > 50 || !utf8.ValidString(got) || strings.ContainsAny(got, "\n\r\x00\u202e") {
			t.Errorf("%q", got)
		}
		if l := link(s); l != "" && !strings.HasPrefix(l, "http") {
			t.Errorf("%q", l)
		}
	})
}

func TestFold(t *testing.T) {
	in := "A line " + strings.Repeat("of words ", 10) + "\n  indented " + strings.Repeat("words ", 14) + "\n\n\n\n\n* " + strings.Repeat("bullet ", 12) +
		"\n* " + strings.Repeat("é", 100) +
		"\nLeave: https://example.org/" + strings.Repeat("x", 60) + "   \n\n"
	want := `A line of words of words of words of words of words of words of words of
words of words of words
  indented words words words words words words words words words words
  words words words words


* bullet bullet bullet bullet bullet bullet bullet bullet bullet bullet
  bullet bullet
* ` + strings.Repeat("é", 70) + `
  ` + strings.Repeat("é", 30) + `
Leave: https://example.org/` + strings.Repeat("x", 60) + "\n"
	if got := fold(in); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

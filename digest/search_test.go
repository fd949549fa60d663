package digest

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestSearchWords(t *testing.T) {
	for s, want := range map[string]string{
		"GPT-4 beats Llama-2":      "gpt 4 beats llama 2",
		"L'Università di Zürich":   "l universita di zurich",
		"Straße, 3.5 trillion!":    "strasse 3 5 trillion",
		"阿里云发布Qwen2模型":             "阿 里 云 发 布 qwen2 模 型",
		"グーグル":                     "ク ー ク ル",
		"हिन्दी समाचार":            "हनद समचर",
		`"; DROP TABLE story; --*`: "drop table story",
		"\x00\xff<b>&amp;":         "b amp",
		"":                         "",
	} {
		if got := strings.Join(SearchWords(s), " "); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

func TestPhrases(t *testing.T) {
	for asked, want := range map[string][]Phrase{
		"open model":              {{[]string{"open"}, true}, {[]string{"model"}, true}},
		`“Office in Dublin” AI`:   {{[]string{"office", "in", "dublin"}, false}, {[]string{"ai"}, false}},
		"GPT-4o":                  {{[]string{"gpt", "4o"}, false}},
		"人工智能":                    {{[]string{"人", "工", "智", "能"}, false}},
		`"unclosed quote`:         {{[]string{"unclosed", "quote"}, false}},
		`NEAR( OR * ^ - "" ! | &`: {{[]string{"near"}, true}, {[]string{"or"}, false}},
		" \t ":                    nil,
	} {
		if diff := cmp.Diff(want, Phrases(asked)); diff != "" {
			t.Errorf("%q: %s", asked, diff)
		}
	}
}

// FuzzPhrases looks for words that are more than letters and digits, and for bounds that do not hold.
func FuzzPhrases(f *testing.F) {
	for _, seed := range []string{`a "b c" d`, "人工智能 GPT-4", "' \" \\ \x00 \xff", strings.Repeat("x", 100), "İ ﬁ ½ ǅ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, asked string) {
		all := Phrases(asked)
		if len(all) > mostPhrases {
			t.Errorf("%d phrases", len(all))
		}
		for _, p := range all {
			if len(p.Words) == 0 || len(p.Words) > longestPhrase {
				t.Errorf("%d words", len(p.Words))
			}
			for _, w := range p.Words {
				odd := strings.ContainsFunc(w, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
				if w == "" || odd || !utf8.ValidString(w) || utf8.RuneCountInString(w) > longestWord {
					t.Errorf("the word %q", w)
				}
			}
		}
	})
}

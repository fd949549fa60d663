package text_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"tidings/digest/text"
)

// What survives translation is told with its worth: names whole and in their parts, other Latin words slightly, bare
// numbers not at all, since a quantity is read from them.
func TestPortable(t *testing.T) {
	for _, c := range []struct{ lang, text, want string }{
		{"en", "Anthropic presents Claude Opus 5", "anthropic 1, presents 0.4, claude 1, opus 1"},
		{"fr", "Anthropic présente Claude Opus 5", "anthropic 1, presente 0.4, claude 1, opus 1"},
		{"de", "Rüstungs-Start-up Helsing sammelt 1.000 ein", "rustungs-start-up 1, rustungs 1, start 1, up 1, helsing 1, sammelt 0.4"},
		{"es", "GPT-6 de OpenAI", "gpt-6 1, gpt 1, openai 1"},
		{"it", "La multa a Character.AI", "multa 0.4, character.ai 1, character 1, ai 1"},
		{"zh", "英伟达发布Rubin Ultra，预计H200订单", "rubin 1, ultra 1, h200 1"},
		{"ja", "エヌビディア「Rubin」公開", "rubin 1"},
		{"en", "of the it at 2026 12,5", ""},
	} {
		var got []string
		for _, s := range text.Portable(text.Words(c.text), c.lang) {
			got = append(got, fmt.Sprint(s.Word, " ", s.Worth))
		}
		if told := strings.Join(got, ", "); told != c.want {
			t.Errorf("%s: %q\n got %s\nwant %s", c.lang, c.text, told, c.want)
		}
	}
}

// Whatever a text holds, what survives it is folded, has a worth up to one, and is as long as a word.
func FuzzPortable(f *testing.F) {
	for _, s := range []string{"GPT-4", "a-b.c-d", "---", "Rüstungs-Start-up", "谷歌Gemini", "\xff-\xc3.", "...9", "İstanbul"} {
		f.Add(s, "en")
		f.Add(s, "ja")
	}
	f.Fuzz(func(t *testing.T, s, lang string) {
		for _, one := range text.Portable(text.Words(s), lang) {
			if one.Word == "" || one.Worth <= 0 || one.Worth > 1 || utf8.ValidString(s) && !utf8.ValidString(one.Word) {
				t.Errorf("%q: %+v", s, one)
			}
		}
	})
}

package digest

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFacts(t *testing.T) {
	l := newLore(nil)
	for _, c := range []struct{ lang, text, want string }{
		{"en", "Nordwind raises its offer for Kestrel to $2.6 billion", "name kestrel, number 2.6e+09"},
		{"it", "Nordwind alza l'offerta per Kestrel a 2,6 miliardi", "name kestrel, number 2.6e+09, turn raised"},
		{"de", "Nordwind bietet 2,6 Milliarden für Chipentwickler", "number 2.6e+09"}, // German writes every noun like a name
		{"fr", "Le rachat de Kestrel par Nordwind pour 2,6 milliards est approuvé", "name kestrel, name nordwind, number 2.6e+09, turn approved"},
		{"zh", "监管机构批准Nordwind以26亿美元收购Kestrel", "name nordwind, name kestrel, number 2.6e+09, turn approved"},
		{"ja", "NordwindのKestrel買収、26億ドルで当局が承認", "name nordwind, name kestrel, number 2.6e+09, turn approved"},
		{"en", "OpenAI Sued By Forty Authors Over Books", "name openai, number 40, turn sued"}, // capitals tell nothing where all have them
		{"en", "The model has 120,000 users and 35% of the market", "number 120000, number 35%"},
		{"de", "Das Modell hat 120.000 Nutzer", "number 120000"},
		{"en", "In September 2023, 13 people at 7:30", ""}, // years, days and hours
		{"en", "The maker of GPT-9 speaks on Monday", "name gpt-9"},
		{"", "", ""},
	} {
		var got []string
		for _, f := range l.facts(c.text, c.lang) {
			got = append(got, f.key)
		}
		if told := strings.Join(got, ", "); told != c.want {
			t.Errorf("%s: %q\n got %s\nwant %s", c.lang, c.text, told, c.want)
		}
	}
}

func TestTurnsAreWellMade(t *testing.T) {
	all := parseTurns(turnsFile)
	said := map[string]map[string]bool{}
	for lang, words := range all {
		for _, w := range words {
			if w.turn == "" || len(w.words) == 0 {
				t.Errorf("%s: %v has no turn or no words", lang, w)
			}
			if said[w.turn] == nil {
				said[w.turn] = map[string]bool{}
			}
			said[w.turn][lang] = true
		}
	}
	for turn, langs := range said {
		if len(langs) != 7 {
			t.Errorf("%s is told in %d languages", turn, len(langs))
		}
	}
}

// Whatever a headline says, reading it ends, and what is found stands in it or is made of it.
func FuzzFacts(f *testing.F) {
	for _, s := range []string{"$2.6 billion", "1.2.3,4 5,6.7", "GPT-4 GPT-5 3.5", "26億ドル", "\xff\xfe 9\u00a0999", "…", "OpenAI’s 12万"} {
		f.Add(s, "en")
		f.Add(s, "zh")
	}
	l := newLore(nil)
	f.Fuzz(func(t *testing.T, s, lang string) {
		for _, found := range l.facts(s, lang) {
			if found.key == "" || found.word == "" || utf8.ValidString(s) && !utf8.ValidString(found.word) {
				t.Errorf("%q: %+v", s, found)
			}
		}
	})
}

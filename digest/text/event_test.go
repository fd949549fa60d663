package text_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"tidings/digest/text"
)

// What happens is found by the words that headlines of each language have for it.
func TestEvents(t *testing.T) {
	events := text.NewEvents()
	for _, c := range []struct{ lang, text, want string }{
		{"en", "ServiceNow acquires Oasis", "acquire"},
		{"it", "ServiceNow acquista Oasis", "acquire"},
		{"de", "ServiceNow übernimmt Oasis", "acquire"},
		{"fr", "ServiceNow rachète Oasis", "acquire"},
		{"es", "ServiceNow adquiere Oasis", "acquire"},
		{"zh", "ServiceNow收购Oasis", "acquire"},
		{"ja", "ServiceNowがOasisを買収", "acquire"},
		{"en", "Authors sue Apple", "sue"},
		{"it", "Gli autori fanno causa ad Apple", "sue"},
		{"de", "Autoren verklagen Apple", "sue"},
		{"fr", "Des auteurs portent plainte contre Apple", "sue"},
		{"es", "Autores demandan a Apple", "sue"},
		{"zh", "作家起诉苹果", "sue"},
		{"ja", "作家がアップルを提訴", "sue"},
		{"en", "Irish regulator fines X", "fine"},
		{"it", "Multa a X", "fine"},
		{"de", "Bußgeld für X", "fine"},
		{"fr", "Amende pour X", "fine"},
		{"es", "Multa a X", "fine"},
		{"zh", "X被罚款", "fine"},
		{"ja", "Xに制裁金", "fine"},
		{"en-GB", "Oasis was acquired", "acquire"},
		{"xx", "Oasis was acquired", ""},
		{"en", "", ""},
	} {
		got := events.Find(c.text, text.Words(c.text), c.lang)
		if c.want == "" && len(got) > 0 || c.want != "" && !slices.Contains(got, c.want) {
			t.Errorf("%s: %q tells %q, not %q", c.lang, c.text, got, c.want)
		}
	}
}

// Each event of events.txt has words in all seven languages, or a translation would not find it.
func TestEventsAreToldInAllLanguages(t *testing.T) {
	file, err := os.ReadFile("events.txt")
	if err != nil {
		t.Fatal(err)
	}
	told, event := map[string][]string{}, ""
	for line := range strings.Lines(string(file)) {
		line = strings.TrimSpace(line)
		lang, words, ok := strings.Cut(line, ":")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case ok && strings.TrimSpace(words) != "":
			told[event] = append(told[event], lang)
		case !ok:
			event = line
			told[event] = nil
		}
	}
	if len(told) < 20 {
		t.Fatalf("%d events: the file's form is another one", len(told))
	}
	for _, event := range slices.Sorted(maps.Keys(told)) {
		for _, lang := range []string{"en", "it", "de", "fr", "es", "zh", "ja"} {
			if !slices.Contains(told[event], lang) {
				t.Errorf("%s has no words in %s", event, lang)
			}
		}
	}
}

// Whatever a text says, its events are of the list, each once.
func FuzzEvents(f *testing.F) {
	for _, s := range []string{"Oasis acquired", "收购起诉", "買収", "übernimmt\xff", "", "a", "\u0130\u0131 ACQUIRES", "aaaaaaaaaaaaaaaa"} {
		f.Add(s, "en")
		f.Add(s, "zh")
		f.Add(s, "de")
	}
	events := text.NewEvents()
	f.Fuzz(func(t *testing.T, s, lang string) {
		got := events.Find(s, text.Words(s), lang)
		slices.Sort(got)
		if len(slices.Compact(slices.Clone(got))) != len(got) || slices.Contains(got, "") {
			t.Errorf("%q: %q", s, got)
		}
	})
}

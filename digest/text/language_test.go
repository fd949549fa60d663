package text_test

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"tidings/digest/text"
)

func TestLanguage(t *testing.T) {
	for _, c := range []struct{ in, declared, want string }{
		{"Più della metà degli autori di LLaMA ha lasciato l'azienda", "", "it"},
		{"Più della metà degli autori di LLaMA ha lasciato l'azienda", "en", "it"},
		{"OpenAI lancia GPT-5", "it-IT", "it-IT"},
		{"Der Konzern hat am Mittwoch ein neues Modell vorgestellt", "", "de"},
		{"Le géant américain a dévoilé son nouveau modèle de langue", "", "fr"},
		{"La empresa presentó su nuevo modelo de lenguaje en el evento", "", "es"},
		{"A empresa apresentou um novo modelo de linguagem na quarta-feira", "", "pt"},
		{"The company has released a new model to the public", "it", "en"},
		{"OpenAIが新しいモデルを発表した", "", "ja"},
		{"OpenAI发布了新的人工智能模型", "", "zh"},
		{"", "", ""},
		{"", "it", "it"},
		// Rivals have names of their own.
		{"Et nyt dansk sprog", "", "da"},
		{"Kristiansand får nytt datasenter", "no", "no"},
		{"Novi zakon u Hrvatskoj", "", "hr"},
		{"هوش مصنوعی چیست؟", "", "fa"},
		// Japanese without kana; the same word in the Chinese way.
		{"OpenAI GPT-5 発表", "", "ja"},
		{"OpenAI 发布 GPT-5", "", "zh"},
		{"東京都議会", "ja", "ja"},
		// What is only a name is in no language.
		{"Claude 4.5", "", ""},
		{"Gemini 3 Pro", "", ""},
		{"Bologna", "", ""},
		{"Sam Altman", "", ""},
		{"Claude 4.5", "pt-BR", "pt-BR"},
		{"https://example.com/the-end-of-the-world", "", ""},
		// Markup, addresses, code, mentions and hashtags do not vote.
		{`Nuovo <a href="/about/the/team" title="this is what the others were">modello</a>&nbsp;per l&#39;IA`, "", "it"},
		{"Ecco il video https://youtu.be/the-of-and @the_user #TheBest", "", "it"},
		{"`for all the things in this` ist jetzt möglich", "", "de"},
		{"**Neues** Modell [hier](https://the.of/and) oder auf www.the-and.com/of, siehe main.go und /usr/the/of", "", "de"},
		{"Künst\u00ADliche Intelli\u00ADgenz", "", "de"},
		{"IL GOVERNO BLOCCA LA LEGGE", "", "it"},
		{"L’e\u0301te\u0301 sera chaud a\u0300 Paris", "", "fr"},
		// The declared language: an old name, a region, one that is not known, one that is written otherwise.
		{"Pemerintah blokir Grok sementara", "in-ID", "in-ID"},
		{"A Xunta anuncia novas axudas", "gl", "gl"},
		{"The company has released a new model to the public", "gl", "en"},
		{"Акции рухнули", "en", "ru"},
		{"Claude 4.5", "ja", "ja"},
		{"How Claude writes code", "ja", "en"},
		{"Akcije padaju na berzi", "sr", "sr"},
		{"Un nuovo modello", "und", "it"},
	} {
		if got := text.Language(c.in, c.declared); got != c.want {
			t.Errorf("Language(%q, %q) = %q, want %q", c.in, c.declared, got, c.want)
		}
	}
}

func TestDetectTellsItsEvidence(t *testing.T) {
	for _, c := range []struct {
		in, declared, lang, second string
		by                         text.Evidence
		ahead                      bool
	}{
		{"Il Garante blocca il nuovo modello", "", "it", "", text.ByNgrams, true},
		{"Il Garante blocca il nuovo modello", "en", "it", "", text.ByNgrams, true},
		{"Jornal", "pt-BR", "pt-BR", "", text.ByDeclared, false},
		{"Parar dispositivo multi-disco", "pt", "pt", "es", text.ByDeclared, false},
		{"OpenAIが発表", "en", "ja", "", text.ByScript, false},
		{"GPT-5", "", "", "", "", false},
	} {
		got := text.Detect(c.in, c.declared)
		if got.Lang != c.lang || got.By != c.by || c.second != "" && got.Second != c.second || (got.Margin > 0.1) != c.ahead {
			t.Errorf("Detect(%q, %q) = %+v, want %q by %q", c.in, c.declared, got, c.lang, c.by)
		}
	}
}

// TestTitles holds how many of the short titles are read rightly if nothing is declared, if the right language is, and
// if a wrong one is.
func TestTitles(t *testing.T) {
	all := titles(t)
	floors(t, "nothing declared", count(all, func(specimen) string { return "" }), map[string]float64{"title": 0.96})
	floors(t, "rightly declared", count(all, func(s specimen) string { return s.Lang }), map[string]float64{"title": 0.98})
	floors(t, "wrongly declared", count(all, wrong), map[string]float64{"title": 0.96})
}

// TestCorpus holds the same for the texts that come with the project's data.
func TestCorpus(t *testing.T) {
	all := corpus(t)
	want := map[string]float64{"all": 0.995, "ai-news": 0.99, "ai-talk": 0.995, "interface": 0.99, "sentence": 0.997, "it": 0.995, "": 0.975}
	floors(t, "nothing declared", count(all, func(specimen) string { return "" }), want)
	floors(t, "rightly declared", count(all, func(s specimen) string { return s.Lang }), want)
	floors(t, "wrongly declared", count(all, wrong), want)
}

func wrong(s specimen) string {
	if s.Lang == "en" {
		return "it"
	}
	return "en"
}

// share is how many of so many are right.
type share struct{ right, of int }

func (s share) float() float64 { return float64(s.right) / float64(s.of) }

// count is how many are right of all, of each kind and of each language, if this is declared.
func count(all []specimen, declared func(specimen) string) map[string]share {
	shares := map[string]share{}
	for _, s := range all {
		right := text.Base(text.Language(s.Text, declared(s))) == s.Lang
		for _, of := range []string{"all", s.Kind, s.Lang} {
			n := shares[of]
			n.of++
			if right {
				n.right++
			}
			shares[of] = n
		}
	}
	return shares
}

// floors prints all shares and fails on those below their floor; the floor of "" is that of all others.
func floors(t *testing.T, heading string, got map[string]share, least map[string]float64) {
	t.Helper()
	var line strings.Builder
	for _, of := range slices.Sorted(maps.Keys(got)) {
		fmt.Fprintf(&line, " %s %.3f", of, got[of].float())
		floor, ok := least[of]
		if !ok {
			floor = least[""]
		}
		if got[of].float() < floor {
			t.Errorf("%s: %s %.4f of %d, want %.3f", heading, of, got[of].float(), got[of].of, floor)
		}
	}
	t.Logf("%s:%s", heading, line.String())
}

// specimen is a text whose language is known.
type specimen struct{ Lang, Kind, Text string }

// titles are two to six words each, most with a product's name among them.
func titles(t testing.TB) []specimen {
	f, err := os.Open("testdata/titles.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []specimen
	for lines := bufio.NewScanner(f); lines.Scan(); {
		lang, title, ok := strings.Cut(lines.Text(), "\t")
		if !ok {
			t.Fatalf("%q is not a language, a tab and a title", lines.Text())
		}
		all = append(all, specimen{lang, "title", title})
	}
	return all
}

// corpus reads the short texts that come with the project's data.
func corpus(t testing.TB) []specimen {
	f, err := os.Open("../../../shared/data/langid/texts.jsonl.gz")
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip("the corpus of short texts is not there:", err)
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var all []specimen
	for lines := json.NewDecoder(unzipped); ; {
		var s specimen
		if err := lines.Decode(&s); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		s.Lang = text.Base(s.Lang) // zh-Hant and pt-BR are answered by their first part
		all = append(all, s)
	}
}

// The table is what condense made; that it would make it again is proved in its own module.
func TestTableIsWhole(t *testing.T) {
	table, err := os.ReadFile("ngrams.bin")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("ngrams.sha256")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%x  ngrams.bin\n", sha256.Sum256(table)); got != string(want) {
		t.Errorf("ngrams.bin has the sum %swant %s", got, want)
	}
	if most := 1 << 20; len(table) > most {
		t.Errorf("ngrams.bin has %d bytes of at most %d", len(table), most)
	}
}

func FuzzDetect(f *testing.F) {
	for _, s := range []string{
		"Più della metà degli autori", "\xff\xfe \x00.", "<!-- `x` --> <b", "`", "&#x1F600;&lt;", "l'", "'s don't", "a-1.b", "ｗｉｄｅ 𝗕𝗼𝗹𝗱 e\u0301", "\u0301",
		"Брюксел 発表 κόσμε עולם 세계", "@_\\{}=<>|~*", "AAAA BBBB CCCC", strings.Repeat("x", 9000), strings.Repeat("a b ", 3000), "ÿĳ",
	} {
		f.Add(s, "en")
		f.Add(s, "")
	}
	tag := regexp.MustCompile(`^[a-z]{2,3}$`)
	f.Fuzz(func(t *testing.T, s, declared string) {
		got := text.Detect(s, declared)
		if got.Lang != "" && got.Lang != strings.TrimSpace(declared) && !tag.MatchString(got.Lang) {
			t.Errorf("Detect(%q, %q) = %+v, which is neither a tag nor what is declared", s, declared, got)
		}
		if (got.Lang == "") != (got.By == "") || got.Second != "" && !tag.MatchString(got.Second) || got.Margin != got.Margin {
			t.Errorf("Detect(%q, %q) = %+v, which contradicts itself", s, declared, got)
		}
		if utf8.ValidString(s) && text.Language(s, declared) != got.Lang {
			t.Errorf("Language(%q, %q) differs from Detect", s, declared)
		}
	})
}

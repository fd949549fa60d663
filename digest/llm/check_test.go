package llm

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"tidings/digest"
	"tidings/digest/text"
)

// readMember reads an article of a test: "field: value" lines, and its text after an empty one. The file's name is
// its id and language.
func readMember(t testing.TB, f txtar.File) digest.Article {
	t.Helper()
	id, lang, _ := strings.Cut(f.Name, " ")
	head, body, _ := strings.Cut(string(f.Data), "\n\n")
	a := digest.Article{ID: id, Lang: lang, Text: strings.TrimSpace(body), Feed: "https://" + id + ".example/feed"}
	for line := range strings.SplitSeq(strings.TrimSpace(head), "\n") {
		key, value, _ := strings.Cut(line, ": ")
		switch key {
		case "title":
			a.Title = value
		case "source":
			a.Source.Title = value
		case "date":
			at, err := time.Parse(time.DateOnly, value)
			if err != nil {
				t.Fatal(err)
			}
			a.Published = at
		default:
			t.Fatalf("%s: unknown field %q", f.Name, key)
		}
	}
	return a
}

// story makes a story of a file's articles, led by the first.
func story(t testing.TB, files []txtar.File) digest.Story {
	t.Helper()
	var all []digest.Article
	for _, f := range files {
		if strings.HasPrefix(f.Name, "m") && strings.Contains(f.Name, " ") {
			all = append(all, readMember(t, f))
		}
	}
	return digest.Story{ID: "s", Lead: all[0], Others: all[1:], Topic: digest.Brief, Score: 1, Relevance: 1}
}

// TestClaims holds the checks of names, numbers, quotations and tone to what testdata/claims says of them.
func TestClaims(t *testing.T) {
	files, err := filepath.Glob("testdata/claims/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no claims: %v", err)
	}
	for _, path := range files {
		lang := map[string]string{"english": "en", "italian": "it", "german": "de", "french": "fr", "spanish": "es", "chinese": "zh", "japanese": "ja"}[strings.TrimSuffix(filepath.Base(path), ".txtar")]
		t.Run(lang, func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			e := newEvidence(newTask(story(t, archive.Files), lang, true, true), text.NewNames(nil), nil)
			for _, f := range archive.Files {
				for line := range strings.SplitSeq(strings.TrimSpace(string(f.Data)), "\n") {
					switch _, err := e.claims(line); {
					case f.Name == "may" && err != nil:
						t.Errorf("refused: %s\n%v", line, err)
					case f.Name == "never" && err == nil:
						t.Errorf("let through: %s", line)
					case f.Name == "never":
						t.Logf("%s: %v", line, err)
					}
				}
			}
		})
	}
}

func TestQuantities(t *testing.T) {
	for _, c := range []struct {
		lang, a, other, b string
		same              bool
	}{
		{"en", "$3.5 billion", "it", "3,5 miliardi di dollari", true},
		{"en", "$3.5bn", "de", "3,5 Mrd. Dollar", true},
		{"en", "3.5 billion", "de", "3,5 Billionen", false},
		{"en", "1,300 people", "fr", "1 300 personnes", true},
		{"en", "1,300 people", "it", "1,3 persone", false},
		{"en", "180B parameters", "it", "180 miliardi di parametri", true},
		{"en", "500 million", "zh", "5亿", true},
		{"en", "500 million", "ja", "5億", true},
		{"en", "25 percent", "fr", "25 pour cent", true},
		{"en", "25%", "zh", "25%", true},
		{"en", "25 people", "en", "25%", false},
		{"en", "twelve countries", "es", "doce países", true},
		{"en", "twenty people", "de", "zwanzig Leute", true},
		{"en", "$40", "en", "€40", false},
		{"en", "40", "en", "40 dollars", true},
		{"en", "40 dollars", "en", "40", false},
		{"es", "2.000 millones de euros", "en", "€2 billion", true},
		{"en", "three researchers", "zh", "三名研究人员", true},
		{"it", "GPT-4", "en", "no number", false},
	} {
		a, b := quantities(c.a, c.lang).numbers, quantities(c.b, c.other).numbers
		same := len(a) == 1 && len(b) == 1 && a[0].Matches(b[0])
		if same != c.same {
			t.Errorf("%s is told by %s: %v, want %v (%v, %v)", c.a, c.b, same, c.same, a, b)
		}
	}
}

func TestParse(t *testing.T) {
	for content, want := range map[string]bool{
		`{"sentences":[{"text":"A.","members":["m1"],"spans":["x y z"]}],"title":"T"}`: true,
		"```json\n{\"sentences\":[]}\n```":                                             true,
		"```\n{}":                                                                      false,
		``:                                                                             false,
		`[]`:                                                                           false,
		`null`:                                                                         true,
		`{"sentences":"x"}`:                                                            false,
		`{"sentences":[{"text":1}]}`:                                                   false,
		`{"system":"x"}`:                                                               false,
		`{} {}`:                                                                        false,
		`Sure! {}`:                                                                     false,
		`{"sentences":[{},{},{},{},{}]}`:                                               false,
		`{"title":"` + strings.Repeat("x", longestAnswer) + `"}`:                false,
		strings.Repeat(`{"sentences":[`, 500):                                   false,
		`{"sentences":[{"text":"A.","members":["1","2","3","4","5","6","7"]}]}`: false,
	} {
		if _, err := parse(content); (err == nil) != want {
			t.Errorf("%.60q: %v", content, err)
		}
	}
}

// Whatever a model answers, nothing of it holds that no member tells.
func FuzzAnswer(f *testing.F) {
	f.Add(`{"sentences":[{"text":"Halden has opened Skald 2 to universities.","members":["m1"],"spans":["Halden has opened Skald 2"]}]}`, "en")
	f.Add("```json\n{\"title\":\"Halden öffnet Skald 2\"}\n```", "de")
	f.Add(`{"sentences":[{"text":"Musk “owns” 3,5 Mrd. € 5亿 <b> https://x.example","members":["m9"],"spans":["a b c"]}]}`, "it")
	f.Add(`{"sentences":[{"text":"\u202e\ufeff\u0000 9月12日「」『","members":[""],"spans":[""]}]}`, "ja")
	archive, err := txtar.ParseFile("testdata/claims/english.txtar")
	if err != nil {
		f.Fatal(err)
	}
	s, known := story(f, archive.Files), text.NewNames(nil)
	f.Fuzz(func(t *testing.T, content, lang string) {
		r := round{Writer: &Writer{}, lang: lang, known: known}
		v := r.judge(content, newTask(s, lang, true, true))
		told := strings.Join(append(v.written.Summary, v.written.Title), " ")
		if strings.ContainsAny(told, "<>\x00\u202e") || strings.Contains(told, "://") || strings.Contains(told, "Musk") {
			t.Errorf("%q", told)
		}
		if len([]rune(strings.Join(v.written.Summary, " "))) > longestSummary {
			t.Errorf("%d characters", len(told))
		}
	})
}

// Whatever stands in articles and sentences, reading and checking them ends, and nothing invisible goes out.
func FuzzClaims(f *testing.F) {
	f.Add("Halden opens Skald 2", "It pays $3.5 bn, 25% of 1 300 on 9月12日. “We start,” she said.", "Halden pays 3,5 Mrd. Dollar for Llama 2 in May.", "de")
	f.Add("标题", "海星公司拥有720亿参数。“好。”他说。", "埃隆·马斯克有两个模型。", "zh")
	f.Add("\xff", "\u202e\U000E0041 <!-- x -->https://x", "'' “ ” « 1.2.3 -4", "")
	known := text.NewNames(nil)
	f.Fuzz(func(t *testing.T, title, body, sentence, lang string) {
		s := digest.Story{Lead: digest.Article{ID: "a", Title: title, Text: body, Lang: lang}}
		e := newEvidence(newTask(s, lang, true, true), known, nil)
		e.claims(sentence)
		e.headline(sentence, s.Lead)
		if sent := harmless(body, longestLead); sent != shown(sent) {
			t.Errorf("%q goes out as %q", body, sent)
		}
	})
}

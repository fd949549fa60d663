package text_test

import (
	"strings"
	"testing"

	"tidings/digest/text"
)

func TestWords(t *testing.T) {
	for in, want := range map[string]string{
		"Meta's LLaMA-2 beats GPT-3.5!":      "Meta|s|LLaMA-2|beats|GPT-3.5",
		"l’azienda dell'IA":                  "l|azienda|dell|IA",
		"$500 million — 43 billion":          "500|million|43|billion",
		"人工智能公司OpenAI":                       "人工|工智|智能|能公|公司|OpenAI",
		"":                                   "",
		"state-of-the-art «Code LLaMA» U.S.": "state-of-the-art|Code|LLaMA|U.S",
	} {
		if got := strings.Join(text.Words(in), "|"); got != want {
			t.Errorf("Words(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSentences(t *testing.T) {
	for _, c := range []struct{ lang, in, want string }{
		{"en", "Dr. Smith left. GPT-5.5 came! Did v2.0? Yes.", "Dr. Smith left.|GPT-5.5 came!|Did v2.0?|Yes."},
		{"it", "Il sig. Rossi è qui. Poi no. Vero?", "Il sig. Rossi è qui.|Poi no.|Vero?"},
		{"de", "Das kostet ca. 5 Mio. Euro. Z.B. hier.", "Das kostet ca. 5 Mio. Euro.|Z.B. hier."},
		{"de", "Am 12. November begann es. Im 19. Jahrhundert nicht. Es waren 140. Dann kam Dr. Moll.", "Am 12. November begann es.|Im 19. Jahrhundert nicht.|Es waren 140.|Dann kam Dr. Moll."},
		{"en", "The U.S. Senate met on Jan. 5. Sen. Schumer led it. It cost $3. Nobody paid.", "The U.S. Senate met on Jan. 5.|Sen. Schumer led it.|It cost $3.|Nobody paid."},
		{"en", "Lee et al. Nature 2025. The end, etc. So it goes. Is it a no. See no. 7.", "Lee et al. Nature 2025.|The end, etc.|So it goes.|Is it a no.|See no. 7."},
		{"de", "So stark wie Llama 2. Ziel ist mehr. Am Montag, 3. Juni, kam es. Der 2. Platz.", "So stark wie Llama 2.|Ziel ist mehr.|Am Montag, 3. Juni, kam es.|Der 2. Platz."},
		{"en", "Wait . Then go.", "Wait .|Then go."},
		{"fr", "M. Roux et Mme. Gil sont partis. Mlle. Bon reste.", "M. Roux et Mme. Gil sont partis.|Mlle. Bon reste."},
		{"it", "La Nuvola S.p.A. Torino cresce. Il dott. Bo, p. es. Qui no.", "La Nuvola S.p.A. Torino cresce.|Il dott. Bo, p. es. Qui no."},
		{"en", "One line\n\nAnother line", "One line|Another line"},
		{"ja", "新しいモデルです。とても速い。", "新しいモデルです。|とても速い。"},
		{"en", "", ""},
		{"it", "Il dott. Rossi e l'on. Bianchi. Ha detto: «Non si può.» Poi è uscito.", "Il dott. Rossi e l'on. Bianchi.|Ha detto: «Non si può.»|Poi è uscito."},
		{"de", "Die Firma hat z. B. 3,5 Mio. Euro. „Das ist gut.“ Er ging. „Warum?“ fragte sie.", "Die Firma hat z. B. 3,5 Mio. Euro.|„Das ist gut.“|Er ging.|„Warum?“ fragte sie."},
		{"fr", "Mme Dupont a dit « Non. » Puis elle est partie.", "Mme Dupont a dit « Non. »|Puis elle est partie."},
		{"es", "El Sr. Pérez dijo que EE. UU. actuará. ¿Por qué? Nadie lo sabe.", "El Sr. Pérez dijo que EE. UU. actuará.|¿Por qué?|Nadie lo sabe."},
		{"en", "“Is it over?” she asked. “It is over.” He left.", "“Is it over?” she asked.|“It is over.”|He left."},
		{"zh", "阿里云宣布开源新模型。“我们很高兴。”该公司表示。该模型有720亿参数！价格为3.5美元。", "阿里云宣布开源新模型。|“我们很高兴。”该公司表示。|该模型有720亿参数！|价格为3.5美元。"},
		{"ja", "同社は新モデルを発表した。「とても嬉しい。」と社長は述べた。本当か？", "同社は新モデルを発表した。|「とても嬉しい。」と社長は述べた。|本当か？"},
	} {
		if got := strings.Join(text.Sentences(c.in, c.lang), "|"); got != c.want {
			t.Errorf("Sentences(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestStemUnitesForms(t *testing.T) {
	for _, c := range [][3]string{
		{"en", "researchers", "researcher"}, {"it", "licenziano", "licenziato"}, {"de", "Modelle", "Modell"},
		{"fr", "chercheurs", "chercheur"}, {"es", "modelos", "modelo"}, {"xx", "Zürich", "ZURICH"},
	} {
		if a, b := text.Stem(c[1], c[0]), text.Stem(c[2], c[0]); a != b {
			t.Errorf("%s: Stem(%q) = %q, Stem(%q) = %q", c[0], c[1], a, c[2], b)
		}
	}
}

func TestAnchors(t *testing.T) {
	got := strings.Join(text.Anchors("Secondo The Information, 11 dei 14 autori di LLaMA hanno lasciato Meta", "it"), "|")
	if want := "the|information|11|14|llama|meta"; got != want {
		t.Errorf("Anchors = %q, want %q", got, want)
	}
}

func FuzzText(f *testing.F) {
	f.Add("Meta’s LLaMA. 人工智能\n\nDr. X", "en")
	f.Add("\xff\xfe \x00.", "it")
	f.Fuzz(func(t *testing.T, s, lang string) {
		text.Words(s)
		text.Anchors(s, lang)
		rest := s
		for _, one := range text.Sentences(s, lang) {
			i := strings.Index(rest, one)
			if i < 0 {
				t.Fatalf("the sentence %q does not stand in %q", one, s)
			}
			rest = rest[i+len(one):]
		}
	})
}

func BenchmarkFold(b *testing.B) {
	words := []string{"OpenAI", "Zürich", "融资", "company", "グー", "announced"}
	for b.Loop() {
		for _, w := range words {
			text.Fold(w)
		}
	}
}

package templates

import (
	"fmt"
	"strings"
	"time"

	"tidings/digest"
)

// from makes an article; source is "Name" or "Name/lang".
func from(source, title, url string) digest.Article {
	name, lang, _ := strings.Cut(source, "/")
	if lang == "" {
		lang = "en"
	}
	return digest.Article{Title: title, URL: url, Lang: lang, Source: digest.Origin{Title: name, Lang: lang}}
}

// story makes a story of a lead, its summary, and others named by their sources.
func story(topic string, lead digest.Article, summary string, others ...string) digest.Story {
	s := digest.Story{ID: lead.URL, Lead: lead, Topic: topic, Sources: 1 + len(others)}
	if summary != "" {
		s.Summary = []string{summary}
	}
	for i, source := range others {
		s.Others = append(s.Others, from(source, "The same", fmt.Sprintf("%s/other/%d", lead.URL, i)))
	}
	return s
}

const wire = "https://silicon-courier.example/2023/09/13/"

// english is an edition with one of everything.
func english() digest.Edition {
	lead := story("business", from("Silicon Courier", "OpenAI to open a Dublin office, its first in the European Union, as Brussels finishes the AI Act", wire+"dublin"),
		"The company behind ChatGPT will hire for nine roles in Ireland, among them a head of policy for the region. It has offices in San Francisco and London already, and said that Dublin’s mix of talent and of European regulators on the doorstep decided the matter.",
		"Harbour Gazette", "Datenkutter/de", "La Lanterna Digitale/it", "Le Sémaphore des algorithmes/fr", "La Brújula Binaria/es", "Officina Neurale/it", "Model Watch")
	day := func(n int) time.Time { return time.Date(2023, time.September, n, 7, 0, 0, 0, time.UTC) }
	lead.Others[0].ID, lead.Primary = "own", "own"
	again := story("policy", from("Harbour Gazette", "Senators hear Microsoft and Nvidia on a licence for powerful AI", "https://harbour-gazette.example/senate"),
		"Brad Smith and William Dally told a subcommittee that the riskiest systems need rules. Senators Blumenthal and Hawley have proposed an agency that would grant licences.", "Silicon Courier", "La Gazette du silicium/fr")
	again.Update = &digest.Update{Edition: "daily/2023-09-12T0700", At: day(12), First: day(9), New: []string{"Blumenthal", "approved"}}
	short := story("brief", from("Wafer & Watt", "Arm prices its shares at $51, at the top of the range", "https://wafer.example/arm"), "", "Silicon Courier", "Datenkutter/de")
	short.Update = &digest.Update{Edition: "daily/2023-09-12T0700", At: day(12), First: day(12)}
	short.Added = &digest.Quote{Text: "A line in brief has no room for it, and names its source all the same.", Lang: "en", Source: "Silicon Courier"}
	lead.Added = &digest.Quote{Text: "Der Standort soll bis Jahresende 30 Stellen haben, sagt Justizministerin Helen McEntee.", Lang: "de", Source: "Datenkutter", URL: wire + "dublin/other/1"}
	return digest.Edition{
		Key: "daily/2023-09-13T0700", Digest: "daily", Number: 42, Title: "AI Daily", Lang: "en", Sources: 13, Read: 88,
		At:   time.Date(2023, time.September, 13, 7, 0, 0, 0, time.UTC),
		Lead: &lead,
		Sections: []digest.Section{
			{Topic: "models", Stories: []digest.Story{
				story("models", from("Model Watch", "Technology Innovation Institute releases Falcon 180B", "https://model-watch.example/falcon"),
					"The model was trained on 3.5 trillion tokens and stands at the head of the open models’ table. Commercial use is allowed, with some limits for those who host it.", "Officina Neurale/it", "Rechenwerk heute/de"),
				story("models", from("Rechenwerk heute/de", "Bundesdatenschutzbeauftragter fordert Verschlüsselungsfolgenabschätzungspflicht für Sprachmodelle in Rundfunkanstalten", "https://rechenwerk.example/ki"),
					"Die Behörde sieht in den Trainingsdaten großer Modelle ein ungelöstes Problem und kündigt Prüfungen an."),
				story("models", from("机器之镜/zh", "阿里云宣布通义千问大模型首批通过备案并正式向公众开放，企业可通过阿里云调用其接口", "https://jqzj.example/qwen"),
					"通义千问今日起向全社会开放。广大用户可登录官网体验，企业用户可以通过阿里云调用通义千问接口。", "Model Watch"),
			}},
			{Topic: "policy", Stories: []digest.Story{
				again,
				story("policy", from("صدى التقنية/ar", "الإمارات تطلق أول جامعة للذكاء الاصطناعي وتستقطب باحثين من OpenAI وGoogle", "https://sada.example/uae"),
					"قالت الجامعة إنها ستقبل الدفعة الأولى من الطلاب في خريف العام المقبل، وإن الدراسة ستكون باللغة الإنجليزية."),
			}},
			{Topic: "open-source", Stories: []digest.Story{
				story("open-source", from("llama-esodo", "Notes on moving a newsroom from one model to another (a document on our own disk)", ""),
					"What broke was not the model but everything around it."),
			}},
		},
		Brief: []digest.Story{
			short,
			story("brief", from("Commons Compiler", "Hugging Face’s Optimum gains support for AMD’s Instinct accelerators", "https://commons.example/optimum"), ""),
			story("brief", from("La Lanterna Digitale/it", "Il Garante chiede a Clearview di pagare la multa da 20 milioni", "https://lanterna.example/garante"), ""),
			story("brief", from("Model Watch", "phi-1.5: Microsoft’s small model learns from synthetic textbooks", "https://model-watch.example/phi"), "", "Officina Neurale/it"),
		},
		Names: digest.Names{"business": "Business", "models": "Models", "policy": "Policy and law", "open-source": "Open source"},
	}
}

// italian is a small edition in Italian, where the numbers are one.
func italian() digest.Edition {
	s := story("models", from("Officina Neurale/it", "Da Abu Dhabi arriva Falcon 180B, il gigante dei modelli aperti", "https://officina.example/falcon"),
		"Il Technology Innovation Institute di Abu Dhabi ha pubblicato su Hugging Face un modello linguistico con 180 miliardi di parametri.", "Model Watch", "La Lanterna Digitale/it")
	lead := story("policy", from("La Lanterna Digitale/it", "Il Garante chiede a Clearview di pagare la multa da 20 milioni", "https://lanterna.example/garante"),
		"La società non ha sede in Europa e finora non ha risposto.")
	lead.Single = true
	s.Added = &digest.Quote{Text: "Ai primi confronti si colloca tra GPT-3.5 e GPT-4.", Lang: "it", Source: "La Lanterna Digitale", URL: "https://officina.example/falcon/other/1"}
	return digest.Edition{
		Key: "giorno/2023-09-13T0700", Digest: "giorno", Number: 1, Title: "IA ogni giorno", Lang: "it", Sources: 1,
		At:       time.Date(2023, time.September, 13, 7, 0, 0, 0, time.UTC),
		Lead:     &lead,
		Sections: []digest.Section{{Topic: "models", Stories: []digest.Story{s}}},
		Names:    digest.Names{"models": "Modelli", "policy": "Leggi e politica"},
	}
}

// written is an edition of which a model wrote headlines and summaries.
func written() digest.Edition {
	e := italian()
	both := story("models", from("Model Watch", "Halden opens Skald 2", "https://model-watch.example/skald"), "Halden has opened its model.", "Officina Neurale/it")
	both.Written = &digest.Written{Title: "Halden apre Skald 2", Summary: []string{"Halden ha aperto Skald 2 alle università.", "Il modello ha 14 miliardi di parametri."}, By: "small-model-7b"}
	both.Added = &digest.Quote{Text: "Skald 2 è stato addestrato a Narvik.", Lang: "it", Source: "Officina Neurale"}
	summary := story("models", from("Officina Neurale/it", "Corvo presenta Gazza", "https://officina.example/gazza"), "Corvo ha presentato Gazza.")
	summary.Written = &digest.Written{Summary: []string{"Corvo ha presentato <b>Gazza</b>."}, By: "small-model-7b"}
	title := story("brief", from("Model Watch", "Nordwind sues Kestrel", "https://model-watch.example/sues"), "")
	title.Written = &digest.Written{Title: "Nordwind fa causa a Kestrel", By: "other-model"}
	e.Sections[0].Stories = append(e.Sections[0].Stories, both, summary)
	e.Brief = []digest.Story{title}
	return e
}

// hostile is what a feed may try.
func hostile() digest.Edition {
	lead := story("models", from("<b>Evil</b> \u202eecruoS", "<script>alert('x')</script> & a \u202egnp.exe\u202c \"title\"\r\nBcc: all@example.org", "javascript:alert(1)"),
		"</p><script src=//evil.example></script>{{.Leave}} \x00\x1b[31mred", "A<i>", "B/not a language")
	lead.Added = &digest.Quote{Text: "</p><script>alert('x')</script> \u202egnp \x07", Lang: "not a language", Source: "A<i>", URL: "javascript:alert(1)"}
	lead.Lead.Image = "javascript:alert(1)"
	lead.Others[0].URL = "data:text/html,<script>alert(1)</script>"
	lead.Others[1].URL = `https://example.org/"onmouseover="alert(1)?q=è ü&r=<x>`
	again := story("x", from("Again", "Told \u202eniaga\u2069 & again", "https://example.org/again#<script>"), strings.Repeat("w", 3000), "data:text/html,<b>/ar", "\x07")
	again.Update = &digest.Update{Edition: "daily/2023-09-12T0700", At: time.Date(2022, time.December, 31, 7, 0, 0, 0, time.UTC), New: []string{"<script>", "\u202e2 nworc", " "}}
	again.Written = &digest.Written{Title: "{{.Leave}}<img src=x onerror=alert(1)>", By: "</p><a href=javascript:alert(1)>"}
	short := again
	short.ID, short.Lead.URL = "short", "https://example.org/short\x00"
	return digest.Edition{
		Note:  "<a href=\"javascript:alert(1)\">A note</a> \u202eetoN\n\n\u2066\n\n{{.Leave}}",
		Brief: []digest.Story{short, story("brief", digest.Article{}, ""), story("brief", from("\u202e", "<h1>\u200f\u202d", "javascript:void(0)//https://example.org"), "")},
		Names: digest.Names{"<hr>": "<hr onclick=alert(1)>\u202e"},
		Key:   "daily/2023-09-13T0700", Digest: "daily", Title: "Daily </title><script>", Lang: "en", Number: 3, Sources: 2, Lead: &lead,
		At: time.Date(2023, time.September, 13, 7, 0, 0, 0, time.UTC),
		Sections: []digest.Section{{Topic: "<hr>", Stories: []digest.Story{
			story("x", from("Endless", strings.Repeat("Endless ", 400), "https://user:pass@example.org/"), ""),
			story("x", from("Empty", " \u200b\u2066\u2069 ", "//example.org/relative"), ""),
			story("x", from("Vb", "vbscript in capitals", "VBSCRIPT:x"), ""),
			again,
		}}, {Topic: "empty"}},
	}
}

// crowded is as large as an edition gets: 25 stories and 15 in brief, with 4 further sources each.
func crowded() digest.Edition {
	e := digest.Edition{Key: "daily/2023-09-13T0700", Title: "AI Daily", Lang: "en", Number: 7, Sources: 40, At: time.Date(2023, time.September, 13, 7, 0, 0, 0, time.UTC)}
	long := "https://www.silicon-courier.example/technology/2023/09/13/a-slug-of-ordinary-length-as-newspapers-make-them-"
	one := func(i int, summary string) digest.Story {
		title := fmt.Sprintf("Headline %d of ordinary length: a company announces a model and a price", i)
		return story("t", from("Silicon Courier", title, long+fmt.Sprint(i)), summary, "Harbour Gazette", "Datenkutter/de", "Le Sémaphore/fr", "La Brújula/es")
	}
	summary := strings.Repeat("A sentence of the length that sentences have in news, about twenty words, tells what happened, to whom and when. ", 2)
	for t := range 5 {
		section := digest.Section{Topic: fmt.Sprint("topic ", t)}
		for i := range 5 {
			section.Stories = append(section.Stories, one(t*5+i, summary))
		}
		e.Sections = append(e.Sections, section)
	}
	for i := range 15 {
		e.Brief = append(e.Brief, one(100+i, ""))
	}
	return e
}

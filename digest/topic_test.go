package digest_test

import (
	"bufio"
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"tidings/digest"
)

// eachLine calls f with the parts of each line of a table in testdata.
func eachLine(t *testing.T, path string, f func(line string, part []string)) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		part := strings.SplitN(line, " | ", 3)
		if len(part) != 3 {
			t.Fatalf("%q is not language | topic | headline", line)
		}
		f(line, part)
	}
}

// TestHeadlines reads everyday headlines of the trade in seven languages.
func TestHeadlines(t *testing.T) {
	filer := digest.NewFiler(topics())
	eachLine(t, "testdata/headlines.txt", func(line string, part []string) {
		got := filer.File(digest.Article{Title: part[2], Lang: part[0]})
		if !slices.Contains(strings.Fields(part[1]), got.Topic) {
			t.Errorf("%s\n  is filed under %q by %q", line, got.Topic, got.Words)
		}
	})
}

// TestOwnTopics reads topics that an operator describes, and headlines that belong to them or do not.
func TestOwnTopics(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/own-topics.txtar")
	if err != nil {
		t.Fatal(err)
	}
	all, own := topics(), map[string]*digest.Topic{}
	for line := range strings.Lines(string(archive.Files[0].Data)) {
		how, what, _ := strings.Cut(strings.TrimSpace(line), ": ")
		part := strings.Fields(how)
		topic := own[part[0]]
		if topic == nil {
			topic = &digest.Topic{ID: part[0], Words: map[string][]string{}, Phrases: map[string][]string{}}
			own[part[0]] = topic
		}
		switch part[1] {
		case "words":
			topic.Words[part[2]] = strings.Split(what, ", ")
		case "phrases":
			topic.Phrases[part[2]] = strings.Split(what, ", ")
		default:
			topic.Examples = append(topic.Examples, what)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(own)) {
		all = append(all, *own[id])
	}
	filer := digest.NewFiler(all)
	for line := range strings.Lines(string(archive.Files[1].Data)) {
		part := strings.SplitN(strings.TrimSpace(line), " | ", 3)
		if got := filer.File(digest.Article{Title: part[2], Lang: part[0]}); got.Topic != part[1] {
			t.Errorf("%s\n  is filed under %q by %q", strings.TrimSpace(line), got.Topic, got.Words)
		}
	}
}

// A long text does not drown what its headline says.
func TestHeadlineWeighsMost(t *testing.T) {
	filer := digest.NewFiler(topics())
	a := digest.Article{Lang: "en", Title: "Chief scientist resigns from Lumen AI and joins a rival"}
	a.Text = strings.Repeat("The startup raised money from investors at a high valuation. Its revenue and its shares rose. ", 60)
	if got := filer.File(a); got.Topic != "people" || !slices.Contains(got.Tags, "business") {
		t.Errorf("filed under %q, tagged %q, by %q", got.Topic, got.Tags, got.Words)
	}
}

// What a digest has no section for goes to brief rather than to a section that it hardly touches.
func TestTopicsOfOtherDigests(t *testing.T) {
	filer := digest.NewFiler([]digest.Topic{{ID: "models"}, {ID: "research"}})
	if got := filer.File(digest.Article{Lang: "en", Title: "Judge rules in copyright lawsuit against OpenAI"}); got.Topic != "" {
		t.Errorf("filed under %q by %q", got.Topic, got.Words)
	}
}

// The words that decided are told with what they gave.
func TestWordsThatDecided(t *testing.T) {
	filer := digest.NewFiler(topics())
	var told strings.Builder
	for _, a := range []digest.Article{
		{Lang: "en", Title: "Legal startup raises $150 million in a series B"},
		{Lang: "it", Title: "Il garante multa il chatbot"},
		{Lang: "zh", Title: "机器人初创公司完成5亿元B轮融资"},
		{Lang: "en", Title: "Nothing in particular"},
	} {
		f := filer.File(a)
		fmt.Fprintf(&told, "%s\n  %s\n", a.Title, cmp.Or(f.Topic, digest.Brief))
		for _, w := range f.Words {
			fmt.Fprintf(&told, "    %s\n", w)
		}
	}
	const path = "testdata/words.txt"
	if *update {
		if err := os.WriteFile(path, []byte(told.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, _ := os.ReadFile(path); told.String() != string(want) {
		t.Errorf("%s is not what is told now:\n%s", path, told.String())
	}
}

func TestLearntReadsWhatItWrites(t *testing.T) {
	in := map[string]digest.ClueWeights{"raise million": {0.5, -0.02, 4, -4, 9}, "开源": {}}
	var file strings.Builder
	if err := digest.WriteLearnt(&file, in); err != nil {
		t.Fatal(err)
	}
	var again strings.Builder
	if err := digest.WriteLearnt(&again, digest.ReadLearnt(file.String()).Weights()); err != nil {
		t.Fatal(err)
	}
	if file.String() != again.String() {
		t.Errorf("written:\n%sand read again:\n%s", file.String(), again.String())
	}
}

func FuzzReadLearnt(f *testing.F) {
	f.Add("raise\tOOOOOOOOOOO\n")
	f.Add("\t\n\x00\tO")
	f.Fuzz(func(t *testing.T, file string) {
		l := digest.ReadLearnt(file)
		filer := digest.NewFiler(topics())
		filer.Use(l)
		filer.File(digest.Article{Title: file, Lang: "en"})
	})
}

func BenchmarkFile(b *testing.B) {
	filer := digest.NewFiler(topics())
	a := digest.Article{Lang: "en", Title: "Legal AI startup raises $150 million at a $3 billion valuation from investors"}
	b.ReportAllocs()
	for b.Loop() {
		filer.File(a)
	}
}

func BenchmarkFileChinese(b *testing.B) {
	filer := digest.NewFiler(topics())
	a := digest.Article{Lang: "zh", Title: "清华大学研究团队提出新方法，大幅提升模型推理能力，代码已在GitHub开源"}
	b.ReportAllocs()
	for b.Loop() {
		filer.File(a)
	}
}

// What the program pays once, when it first files an article.
func BenchmarkReadKnowledge(b *testing.B) {
	for b.Loop() {
		digest.ReadKnowledge()
	}
}

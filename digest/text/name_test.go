package text_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"tidings/digest/text"
)

var update = flag.Bool("update", false, "write what comes out as what is wanted")

// A file of testdata/names has texts, and behind each the names that are wanted of it, one a line: name,
// kind, maker.
func TestNames(t *testing.T) {
	names := text.NewNames(nil)
	files, err := filepath.Glob("testdata/names/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no names: %v", err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for i := range archive.Files {
				f := &archive.Files[i]
				in, want, _ := strings.Cut(string(f.Data), "\n---\n")
				var got strings.Builder
				for _, n := range names.Find(in) {
					got.WriteString(strings.TrimRight(n.Name+" | "+string(n.Kind)+" | "+n.Maker, " |") + "\n")
				}
				if *update {
					f.Data = []byte(strings.TrimRight(in, "\n") + "\n---\n" + got.String())
				} else if diff := cmp.Diff(want, got.String()); diff != "" {
					t.Errorf("%s (-want +got):\n%s", f.Name, diff)
				}
			}
			if *update {
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// One's own names come first, and take the place of a built-in one of that name.
func TestOwnNames(t *testing.T) {
	names := text.NewNames([]text.Name{
		{Name: "Quillwright", Kind: text.Organisation, Also: []string{"鹅毛笔公司"}},
		{Name: "Claude", Kind: text.Person, Maker: "Debussy"},
		{Name: "Zink+", Kind: text.Model, Maker: "Quillwright"},
	})
	got := names.Find("Claude of Quillwright (鹅毛笔公司) plays Zink 4 Pro, not Zink")
	want := []text.Name{
		{Name: "Claude", Kind: text.Person, Maker: "Debussy"},
		{Name: "Quillwright", Kind: text.Organisation, Also: []string{"鹅毛笔公司"}},
		{Name: "Zink 4 Pro", Kind: text.Model, Maker: "Quillwright"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

// Each mention is told, so that it can be counted of what a text speaks most.
func TestMentions(t *testing.T) {
	n := 0
	for _, m := range text.NewNames(nil).Mentions("Meta said that Facebook, 脸书 and Metas LLaMA are OpenAI's rivals.") {
		if m.Name == "Meta" {
			n++
		}
	}
	if n != 4 {
		t.Errorf("Meta is mentioned 4 times, not %d", n)
	}
}

func BenchmarkFind(b *testing.B) {
	names := text.NewNames(nil)
	for _, c := range []struct{ name, text string }{
		{"headline", "Meta's LLaMA 2 beats GPT-4.5 and Claude Opus 4.6, says Meta's chief scientist in a report"},
		{"article", strings.Repeat("Meta said on Monday that the model would be open to all developers in Europe, as the company told a reporter. ", 40)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportMetric(float64(len(strings.Fields(c.text))), "words")
			for b.Loop() {
				names.Find(c.text)
			}
		})
	}
}

// Whatever a text says, each name found in it has a name, a kind and a key of its own.
func FuzzFind(f *testing.F) {
	for _, s := range []string{"Meta's LLaMA 2 beats GPT-4.5", "谷歌Gemini 3.5和OpenAI", "グーグル", "GPT-", "-5", "Claude\xff 4", "GPT 4 5 6 7 8 9", "A.B.C.", "\u202eMeta", "Metas Яндекса", "12345678901234567890"} {
		f.Add(s)
	}
	names := text.NewNames(nil)
	f.Fuzz(func(t *testing.T, s string) {
		seen := map[string]bool{}
		for _, n := range names.Find(s) {
			if n.Name == "" || n.Kind == "" || utf8.ValidString(s) && !utf8.ValidString(n.Name) {
				t.Errorf("%q: %+v", s, n)
			}
			if seen[n.Name] {
				t.Errorf("%q: %s twice", s, n.Name)
			}
			seen[n.Name] = true
		}
	})
}

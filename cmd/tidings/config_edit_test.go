package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tidings/digest"
	"tidings/digest/feed"
)

// fullSource says everything that a source can say, with letters that TOML and XML must escape.
func fullSource() SourceConfig {
	return SourceConfig{
		URL: "https://full.example/?a=1&b=<2>", Name: "Full \"of\" \\ 'odd' <letters> & é\t漢", Lang: "pt-BR", Owner: `O'Wner \1`, Weight: 0.25,
		Topic: "chips", First: true, Aggregator: true, OnTopic: true, Group: "One/Two & three", FullText: digest.Always,
		List: ListConfig{Item: `a[href^="/x"] > b`, Link: "a", Title: "h3", Date: "time", Summary: "p.lead", Match: `/\d{4}/'?"`},
	}
}

var sameConfig = cmp.Options{cmpopts.EquateComparable(), cmpopts.EquateEmpty()}

// editable makes a text a file to be edited.
func editable(src []byte) configFile { return configFile{path: "config.toml", src: src} }

func mustParse(t testing.TB, src []byte) Config {
	t.Helper()
	c, err := parseConfig(src, "config.toml", "", nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	return c
}

// Taking out any source of the root file takes out just that one, and no comment; putting one in changes nothing
// else.
func TestEditRootFile(t *testing.T) {
	src := rootConfig(t)
	all := mustParse(t, src)
	notes := bytes.Count(src, []byte("\n#"))
	for i := range all.Source {
		changed, err := editable(src).withoutSource(i)
		if err != nil {
			t.Fatal(err)
		}
		want := all
		want.Source = slices.Delete(slices.Clone(all.Source), i, i+1)
		if diff := cmp.Diff(want, mustParse(t, changed), sameConfig); diff != "" {
			t.Fatalf("source %d: %s", i, diff)
		}
		if n := bytes.Count(changed, []byte("\n#")); n != notes || bytes.Contains(changed, []byte("\n\n\n\n")) {
			t.Errorf("source %d: %d comments of %d, or a gap", i, n, notes)
		}
	}
	changed, err := editable(src).withSources([]SourceConfig{fullSource()})
	if err != nil {
		t.Fatal(err)
	}
	want := all
	want.Source = append(slices.Clone(all.Source), fullSource())
	if diff := cmp.Diff(want, mustParse(t, changed), sameConfig); diff != "" {
		t.Error(diff)
	}
	if back, err := editable(changed).withoutSource(len(all.Source)); err != nil || !bytes.Equal(back, src) {
		t.Errorf("%v: what was put in and taken out has left a trace: %s", err, cmp.Diff(string(src), string(back)))
	}
}

func TestEdit(t *testing.T) {
	const block = "[[source]]\nurl = \"https://new.example/\"\n"
	added := []SourceConfig{{URL: "https://new.example/", Weight: 1}}
	for _, c := range []struct{ name, src, want string }{
		{"empty", "", block},
		{"no end of line", "log.level = \"warn\"", "log.level = \"warn\"\n\n" + block},
		{"no source", "# Only this.\n\n\n", "# Only this.\n\n" + block + "\n\n"},
		{"comment that goes on", "[[source]]\nurl = \"https://a.example/\"\n# More.\n[log]\nlevel = \"warn\"\n", "[[source]]\nurl = \"https://a.example/\"\n\n" + block + "# More.\n[log]\nlevel = \"warn\"\n"},
		{"comment of its own", "[[source]]\nurl = \"https://a.example/\"\n# weight = 2\n\n[log]\n", "[[source]]\nurl = \"https://a.example/\"\n# weight = 2\n\n" + block + "\n[log]\n"},
		{"table of it", "[[source]]\nurl = \"https://a.example/\"\n[source.list]\nmatch = '''\n# /x/\n'''\n[log]\n", "[[source]]\nurl = \"https://a.example/\"\n[source.list]\nmatch = '''\n# /x/\n'''\n\n" + block + "[log]\n"},
		{"of Windows", "[[source]]\r\nurl = \"https://a.example/\"\r\n", "[[source]]\r\nurl = \"https://a.example/\"\r\n\r\n" + strings.ReplaceAll(block, "\n", "\r\n")},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := editable([]byte(c.src)).withSources(added)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, string(got)); diff != "" {
				t.Error(diff)
			}
			n := len(mustParse(t, got).Source) - 1
			back, err := editable(got).withoutSource(n)
			if err != nil || len(mustParse(t, back).Source) != n {
				t.Errorf("%v\n%s", err, back)
			}
		})
	}
}

// What is exported and imported into nothing is what it was.
func TestExportImport(t *testing.T) {
	all := mustParse(t, rootConfig(t)).Source
	all = append(all, fullSource())
	all[3].Group, all[5].Group, all[len(all)-1].Name = "Labs", "Labs/Large", `Full "of" odd <b>letters</b> &amp; é 漢`
	sources := make([]digest.Source, len(all))
	for i, s := range all {
		sources[i] = s.source()
	}
	var b bytes.Buffer
	if err := feed.WriteOPML(&b, "x", outlinesOf(sources)); err != nil {
		t.Fatal(err)
	}
	outlines, err := feed.ReadOPML(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	c := mustParse(t, nil)
	added, known, refused := c.newSources(outlines, false)
	if known > 0 || len(refused) > 0 {
		t.Fatal(known, refused)
	}
	text, err := editable(nil).withSources(added)
	if err != nil {
		t.Fatal(err)
	}
	byURL := cmpopts.SortSlices(func(a, b SourceConfig) bool { return a.URL < b.URL })
	if diff := cmp.Diff(all, mustParse(t, text).Source, byURL, sameConfig); diff != "" {
		t.Error(diff)
	}
}

// A thousand sources of the world go in, and out again.
func TestImportMany(t *testing.T) {
	body, err := os.ReadFile("../../../shared/data/feedlists/kite-categories.json")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("needs ../shared/data/feedlists")
	}
	var outlines []feed.Outline
	for _, u := range regexp.MustCompile(`"https?://[^"]+"`).FindAllString(string(body), -1) {
		outlines = append(outlines, feed.Outline{Source: digest.Source{URL: strings.Trim(u, `"`), Name: "One name", Group: "All"}})
	}
	c := mustParse(t, rootConfig(t))
	added, known, refused := c.newSources(outlines, false)
	for _, r := range refused {
		if !strings.Contains(r.why, "already") {
			t.Error(r.why)
		}
	}
	if len(added) < 200 || len(added)+known+len(refused) != len(outlines) {
		t.Errorf("%d added, %d known, %d refused of %d", len(added), known, len(refused), len(outlines))
	}
	text, err := editable(rootConfig(t)).withSources(added)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(mustParse(t, text).Source); n != len(c.Source)+len(added) {
		t.Error(n)
	}
}

func TestReplaceFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "config.toml")
	write(t, path, "old")
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := replaceFile(path, []byte("other"), []byte("new")); err == nil || !strings.Contains(err.Error(), "somebody else has changed it") {
		t.Error(err)
	}
	if err := replaceFile(path, []byte("old"), []byte("new")); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	info, _ := os.Stat(path)
	names, _ := os.ReadDir(dir)
	if err != nil || string(got) != "new" || info.Mode().Perm() != 0o640 || len(names) != 1 {
		t.Errorf("%v: %q, %v, %v", err, got, info.Mode(), names)
	}
}

// Whatever a configuration looks like, a source that is put in stands in it with all others, and goes out
// without them; or it is refused.
func FuzzEdit(f *testing.F) {
	files, _ := filepath.Glob("testdata/config/*.txtar")
	for _, file := range files {
		f.Add([]byte(readCase(f, file).config), 0)
	}
	f.Add([]byte("[[source]]\nurl='https://a.example'\n# x\n[[source]]\nurl='https://b.example'\nlist.match='''\n[[x]]\n'''\n"), 1)
	f.Add([]byte("source=[{url='https://a.example'}]"), 0)
	f.Add([]byte("[[source]]\nurl='https://a.example'\n[log]\n[source.list]\nmatch='x'"), 0)
	f.Fuzz(func(t *testing.T, src []byte, n int) {
		before, err := parseConfig(src, "config.toml", "", nil)
		if err != nil {
			return
		}
		if changed, err := editable(src).withSources([]SourceConfig{fullSource()}); err == nil {
			after, err := parseConfig(changed, "config.toml", "", nil)
			if err == nil && len(after.Source) != len(before.Source)+1 {
				t.Errorf("%d sources became %d:\n%s", len(before.Source), len(after.Source), changed)
			}
		}
		if n < 0 || n >= len(before.Source) {
			return
		}
		changed, err := editable(src).withoutSource(n)
		if err != nil {
			return
		}
		after, err := parseConfig(changed, "config.toml", "", nil)
		want := before
		want.Source = slices.Delete(slices.Clone(before.Source), n, n+1)
		if diff := cmp.Diff(want, after, sameConfig); err == nil && diff != "" {
			t.Errorf("%s\n%s", diff, changed)
		}
	})
}

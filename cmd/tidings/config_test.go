package main

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tidings/digest"
)

var update = flag.Bool("update", false, "write what is found into the files in testdata")

// Every file in testdata/config is a configuration, perhaps with variables, and the faults that it has.
func TestFaults(t *testing.T) {
	files, err := filepath.Glob("testdata/config/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			c := readCase(t, file)
			_, err := parseConfig([]byte(c.config), "config.toml", "", strings.Split(c.env, "\n"))
			got := ""
			if err != nil {
				got = err.Error() + "\n"
			}
			if strings.Contains(got, "hunter") {
				t.Errorf("a secret is told:\n%s", got)
			}
			if *update {
				write(t, file, c.head+"-- faults --\n"+got)
				return
			}
			if diff := cmp.Diff(c.faults, got); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

// faultCase is a file of testdata/config, in the form of txtar: a remark, config.toml, perhaps env, faults.
type faultCase struct{ head, config, env, faults string }

// readCase reads a case.
func readCase(t testing.TB, file string) faultCase {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var c faultCase
	c.head, c.faults, _ = strings.Cut(string(src), "-- faults --\n")
	_, c.config, _ = strings.Cut(c.head, "-- config.toml --\n")
	c.config, c.env, _ = strings.Cut(c.config, "-- env --\n")
	return c
}

func TestBuiltinIsTheRootFile(t *testing.T) {
	root := rootConfig(t)
	if !bytes.Equal(root, builtinConfig) {
		t.Error("builtin.toml differs from the root's config.toml; run go generate ./cmd/tidings")
	}
}

// rootConfig returns the root's config.toml.
func rootConfig(t *testing.T) []byte {
	t.Helper()
	src, err := os.ReadFile("../../config.toml")
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// The root file says everything with its default, so it must mean what an empty one means.
func TestRootFileIsTheDefaults(t *testing.T) {
	root, err := Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	empty, err := parseConfig(nil, "empty", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	own := cmpopts.IgnoreFields(Config{}, "Source", "Digest")
	if diff := cmp.Diff(empty, root, own, cmpopts.EquateComparable(), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("defaults differ (-built in +config.toml):\n%s", diff)
	}
	var preset DigestConfig
	preset.preset()
	own = cmpopts.IgnoreFields(DigestConfig{}, "Name", "Title", "From", "Timezone")
	if diff := cmp.Diff(preset, root.Digest[0], own, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("defaults of a digest differ (-built in +config.toml):\n%s", diff)
	}
	if n := len(root.Source); n < 40 {
		t.Errorf("config.toml has %d sources", n)
	}
	for _, s := range root.Source {
		if s.Name == "" || s.Lang == "" {
			t.Errorf("source %s has no name or no language", s.URL)
		}
	}
}

// Every setting stands in the root file, perhaps as a comment, and nothing stands there that is none.
func TestRootFileNamesEverySetting(t *testing.T) {
	heading := regexp.MustCompile(`^(?:# )?\[+([a-z._]+)\]+`)
	setting := regexp.MustCompile(`^(?:# )?([a-z_]+) = `)
	told, section := make(map[string]bool), ""
	for line := range strings.Lines(string(rootConfig(t))) {
		if m := heading.FindStringSubmatch(line); m != nil {
			section = m[1]
		} else if m := setting.FindStringSubmatch(line); m != nil {
			told[section+"."+m[1]] = true
		}
	}
	var walk func(reflect.Type, string)
	walk = func(typ reflect.Type, path string) {
		if typ.Kind() == reflect.Slice && settings(typ) {
			typ = typ.Elem()
		}
		if !settings(typ) {
			if !told[path] {
				t.Errorf("config.toml does not tell %s", path)
			}
			delete(told, path)
			return
		}
		for i, key := range keysOf(typ) {
			walk(typ.Field(i).Type, join(path, key))
		}
	}
	walk(reflect.TypeFor[Config](), "")
	for path := range told {
		t.Errorf("config.toml tells %s, which is no setting", path)
	}
}

func TestFind(t *testing.T) {
	home := t.TempDir()
	t.Chdir(t.TempDir())
	env := []string{"HOME=" + home}
	find := func(flag, wantPath string, wantBuiltin bool) {
		t.Helper()
		if path, builtin := Find(flag, env); path != wantPath || builtin != wantBuiltin {
			t.Errorf("Find(%q) = %q, %v; want %q, %v", flag, path, builtin, wantPath, wantBuiltin)
		}
	}
	find("", "", true)
	find("other.toml", "other.toml", false)
	write(t, filepath.Join(home, ".config/tidings/config.toml"), "")
	find("", filepath.Join(home, ".config/tidings/config.toml"), false)
	env = append(env, "XDG_CONFIG_HOME="+filepath.Join(home, "xdg"))
	find("", "", true)
	write(t, filepath.Join(home, "xdg/tidings/config.toml"), "")
	find("", filepath.Join(home, "xdg/tidings/config.toml"), false)
	write(t, "config.toml", "")
	find("", "config.toml", false)
}

// write makes a file with its folders.
func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLoadWithoutFile(t *testing.T) {
	_, err := Load("no/such/config.toml", nil)
	var faults Faults
	if !errors.As(err, &faults) || len(faults) != 1 ||
		err.Error() != "no/such/config.toml: the configuration cannot be read: no such file or directory" {
		t.Errorf("got %v", err)
	}
}

// What the file names lies beside the file; what a variable names lies where the program is started.
func TestRelativePaths(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, "etc/secret", "pass word\r\n")
	write(t, "etc/templates/x", "")
	write(t, "etc/config.toml", `
store.url = "sqlite:data/t.db"
smtp = { url = "smtp://u@h", password_file = "secret" }
templates.dir = "templates"
source = [ { url = "file:docs" }, { url = "file:///srv/docs" }, { url = "file:/a" }, { url = "https://x.example" } ]
[[digest]]
name = "d"
from = "d@example.org"
sources = ["file:docs"]
`)
	c, err := Load("etc/config.toml", nil)
	if err != nil {
		t.Fatal(err)
	}
	etc := filepath.Join(dir, "etc")
	equal(t, c.File, "etc/config.toml")
	equal(t, c.Store.URL, "sqlite:"+etc+"/data/t.db")
	equal(t, c.SMTP.Password, "pass word")
	equal(t, c.Templates.Dir, etc+"/templates")
	equal(t, c.Source[0].URL, "file:"+etc+"/docs")
	equal(t, c.Source[1].URL, "file:///srv/docs")
	equal(t, c.Source[2].URL, "file:/a")
	all, err := c.digests()
	if err != nil {
		t.Fatal(err)
	}
	equal(t, len(all[0].Sources), 1)
	equal(t, all[0].Sources[0].URL, "file:"+etc+"/docs")

	c, err = Load("etc/config.toml", []string{"TIDINGS_STORE__URL=sqlite:here.db"})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, c.Store.URL, "sqlite:here.db")
}

// equal tells two values that differ.
func equal[T comparable](t *testing.T, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

// twoDigests has one digest that says next to nothing and one that says much.
const twoDigests = `
[delivery]
uncertain = "hold"
[[source]]
url = "https://a.example/feed"
name = "A"
first = true
[[source]]
url = "https://b.example/feed"
weight = 0.5
[[topic]]
id = "chips"
name.en = "Silicon"
words.en = ["wafer"]
[[topic]]
id = "robots"
phrases.en = ["robotic arm"]
[[digest]]
name = "daily"
from = "d@example.org"
floor = 0
brief = 0
[[digest.boost]]
words = ["copyright"]
names = ["Facebook", "Nordwind"]
by = -0.1
[[digest]]
name = "it"
title = "Notizie"
from = "d@example.org"
timezone = "Europe/Rome"
sources = ["https://b.example/feed", "A", "https://a.example/feed"]
topics = ["robots", "chips"]
uncertain = "resend"
window = "8d"
`

func TestDigests(t *testing.T) {
	c, err := parseConfig([]byte(twoDigests), "x", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	all, err := c.digests()
	if err != nil {
		t.Fatal(err)
	}
	d := all[0]
	if d.Title != "daily" || d.Lang != "en" || d.Location != time.UTC || d.Uncertain != digest.Hold || len(d.Sources) != 2 {
		t.Errorf("daily: %+v", d)
	}
	if d.Layout.Window != 48*time.Hour || d.Layout.Floor != -1 || d.Layout.Brief != -1 || d.Weights.HalfLife != 18*time.Hour {
		t.Errorf("daily: %+v %+v", d.Layout, d.Weights)
	}
	if diff := cmp.Diff([]digest.Boost{{Words: []string{"copyright"}, Names: []string{"Meta", "Nordwind"}, By: -0.1}}, d.Boosts); diff != "" {
		t.Error(diff)
	}
	equal(t, d.Sources[0].Weight, 1)
	equal(t, d.Sources[0].First, true)
	var ids []string
	for _, topic := range d.Topics {
		ids = append(ids, topic.ID)
	}
	equal(t, strings.Join(ids, " "), "models products research open-source business people policy chips safety society robots")
	equal(t, d.Topics[7].Name["en"], "Silicon")
	equal(t, d.Topics[7].Name["it"], "Chip e calcolo")
	equal(t, d.Topics[7].Words["en"][0], "wafer")

	d = all[1]
	if d.Title != "Notizie" || d.Location.String() != "Europe/Rome" || d.Uncertain != digest.Resend || d.Layout.Window != 192*time.Hour {
		t.Errorf("it: %+v", d)
	}
	if len(d.Sources) != 2 || d.Sources[0].URL != "https://b.example/feed" || len(d.Topics) != 2 || d.Topics[0].ID != "robots" {
		t.Errorf("it: sources %v, topics %v", d.Sources, d.Topics)
	}
}

// The built-in configuration is two digests of all sources and the ten topics.
func TestBuiltinDigests(t *testing.T) {
	c, err := Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	all, err := c.digests()
	if err != nil {
		t.Fatal(err)
	}
	daily, weekly := all[0], all[1]
	if len(all) != 2 || len(daily.Topics) != 10 || len(daily.Sources) != len(c.Source) || daily.Optional {
		t.Errorf("daily: %+v", daily)
	}
	if weekly.Weights.HalfLife != 96*time.Hour || weekly.Layout.Window != 192*time.Hour || !weekly.Optional {
		t.Errorf("weekly: %+v", weekly)
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]Size{
		"16MB": 16 << 20, "500KB": 500 << 10, "1 gb": 1 << 30, "4096": 4096, "7B": 7, "2M": 2 << 20,
	} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%q: %d, %v; want %d", text, s, err, want)
		}
	}
	for _, text := range []string{"", "MB", "1.5MB", "16 litres", "99999999999GB"} {
		var s Size
		if s.UnmarshalText([]byte(text)) == nil {
			t.Errorf("%q: %d", text, s)
		}
	}
}

// Whatever stands in a file or a variable, reading it ends with a configuration or with faults.
func FuzzLoad(f *testing.F) {
	files, _ := filepath.Glob("testdata/config/*.txtar")
	for _, file := range files {
		c := readCase(f, file)
		f.Add([]byte(c.config), c.env)
	}
	f.Add([]byte("a = [[[[[[[[[[{b.c.d.e=[{}]}]]]]]]]]]]\n[[x.y]]\n[x.y.z]\n[[x.y]]"), "TIDINGS_A__B__C=")
	f.Fuzz(func(t *testing.T, src []byte, env string) {
		c, err := parseConfig(src, "fuzz.toml", "", strings.Split(env, "\n"))
		if err == nil {
			if _, err := c.digests(); err != nil {
				t.Errorf("checked, and yet: %v", err)
			}
			return
		}
		lines := bytes.Count(src, []byte("\n")) + 1
		var faults Faults
		if !errors.As(err, &faults) || len(faults) == 0 {
			t.Fatalf("%T: %v", err, err)
		}
		for _, f := range faults {
			if f.Sentence == "" || f.Line > lines || f.Line < 0 || (f.Variable == "" && f.Line > 0 && f.Column < 1) {
				t.Errorf("odd fault %+v", f)
			}
		}
	})
}

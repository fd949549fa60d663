package feed

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/digest"
)

// Each file of testdata/opml is written in the manner of some program; the golden says what it holds.
func TestReadOPML(t *testing.T) {
	files, _ := filepath.Glob("testdata/opml/*.opml")
	if len(files) == 0 {
		t.Fatal("no cases")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			outlines, err := ReadOPML(body)
			var b strings.Builder
			for _, o := range outlines {
				fmt.Fprintf(&b, "line %d: %s\n  %q of %q in %q, type %q, site %s\n", o.Line, o.Source.URL, o.Source.Name, o.Source.Group, o.Source.Lang, o.Type, o.Site)
				if s := o.Source; s.Owner != "" {
					fmt.Fprintf(&b, "  %+v\n", s)
				}
			}
			if err != nil {
				fmt.Fprintln(&b, "error:", err)
			}
			if *update {
				if err := os.WriteFile(file+".golden", []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file + ".golden")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), b.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What WriteOPML writes of our own file is that file.
func TestWriteOPML(t *testing.T) {
	want, err := os.ReadFile("testdata/opml/own.opml")
	if err != nil {
		t.Fatal(err)
	}
	outlines, err := ReadOPML(want)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := WriteOPML(&got, "Sources", outlines); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Error(diff)
	}
}

func TestOPMLBounds(t *testing.T) {
	for body, want := range map[string]string{
		"<opml>" + strings.Repeat("<outline text='x'>", 100):                "line 1: more than 64 elements lie within each other",
		"<opml>" + strings.Repeat("<outline xmlUrl='x'/>\n", maxOutlines+2): "line 20001: it has more than 20000 sources",
		strings.Repeat(" ", maxOPML+1):                                      "it is larger than 16 MiB",
		"":                                                                  "it is no OPML file: it has no <opml> element",
		"<!DOCTYPE opml [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><opml><outline text='&b;' xmlUrl='https://x.example/'/></opml>": "",
	} {
		_, err := ReadOPML([]byte(body))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%.40s: %q, want %q", body, got, want)
		}
	}
}

// Whatever a file holds, what is read of it survives being written and read again.
func FuzzOPML(f *testing.F) {
	files, _ := filepath.Glob("testdata/opml/*.opml")
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		outlines, err := ReadOPML(body)
		if err != nil {
			return
		}
		groups := map[string][]digest.Source{}
		for _, o := range outlines {
			groups[o.Source.Group] = append(groups[o.Source.Group], o.Source)
		}
		var b bytes.Buffer
		if err := WriteOPML(&b, "x", outlines); err != nil {
			t.Fatal(err)
		}
		again, err := ReadOPML(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range again {
			g := o.Source.Group
			if len(groups[g]) == 0 {
				t.Fatalf("%+v is new", o.Source)
			}
			if diff := cmp.Diff(groups[g][0], o.Source); diff != "" {
				t.Fatalf("%q: %s", body, diff)
			}
			groups[g] = groups[g][1:]
		}
		if len(again) != len(outlines) {
			t.Fatalf("%d sources became %d", len(outlines), len(again))
		}
	})
}

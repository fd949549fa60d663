package templates

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
)

// The example beside the templates is what they see of the sample edition.
func TestExample(t *testing.T) {
	s, err := Load(nil, Look{Digest: sampleDigest, Imprint: "Daily, Example Ltd\n1 Example Street, Exampleton", Logo: Logo{"https://example.org/logo.png", 240}, Picture: true})
	if err != nil {
		t.Fatal(err)
	}
	e := sampleEdition("en")
	view, err := s.view(e, Reader{Leave: samplePlace + "u/token", Archive: samplePlace + "e/" + e.Key}, place{mailed, samplePlace + "e/"})
	if err != nil {
		t.Fatal(err)
	}
	out, err := json.MarshalIndent(view, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	links, err := json.MarshalIndent(view.Links(), "  ", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got := strings.TrimSuffix(string(out), "\n}") + ",\n  \"Links\": " + string(links) + "\n}\n"
	if *update {
		if err := os.WriteFile("example.json", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want := read(t, "example.json"); got != want {
		t.Error("example.json is not what the templates see; run the tests with -update")
	}
}

// Every field that a template of the letter may use is explained.
func TestModelIsComplete(t *testing.T) {
	model := read(t, "MODEL.md")
	var look func(reflect.Type)
	look = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct {
			return
		}
		for i := range typ.NumField() {
			f := typ.Field(i)
			if !f.IsExported() && !f.Anonymous {
				continue
			}
			if f.IsExported() && !f.Anonymous && !strings.Contains(model, "`."+f.Name+"`") {
				t.Errorf("MODEL.md does not explain .%s", f.Name)
			}
			look(f.Type)
		}
		for i := range typ.NumMethod() {
			if name := typ.Method(i).Name; typ == reflect.TypeFor[Words]() && name != "Comes" && !strings.Contains(model, "`."+name+" ") {
				t.Errorf("MODEL.md does not explain .%s", name)
			}
		}
	}
	look(reflect.TypeFor[letterView]())
}

package templates

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"tidings/digest"
)

var shown = flag.String("edition", "", "a `FILE` with an edition as JSON, to be shown in the place of the tests' own")

// TestPictures takes pictures of the letter in each look, on a phone and on a screen, in both lights and in large
// print, for people to look at: go test ./templates -run Pictures -screenshots FOLDER. What no phone may do, scroll
// sideways, is checked.
func TestPictures(t *testing.T) {
	if *screenshots == "" {
		t.Skip("nobody wants to look: no -screenshots")
	}
	b := browse(t, 8*time.Minute)
	e := english()
	if *shown != "" {
		src, err := os.ReadFile(*shown)
		if err != nil {
			t.Fatal(err)
		}
		e = digest.Edition{} // what is decoded into an edition is laid over it
		if err := json.Unmarshal(src, &e); err != nil {
			t.Fatal(err)
		}
	}
	for _, look := range lookNames(files(t)) {
		s, err := Load(nil, Look{Digest: e.Digest, Name: look})
		if err != nil {
			t.Fatal(err)
		}
		l, err := s.Letter(e, reader())
		if err != nil {
			t.Fatal(err)
		}
		b.open(l.HTML)
		for _, c := range views {
			b.as(c.width, c.scale, c.light)
			if wide, most := b.wide(), int64(float64(c.width)/c.scale); wide > most {
				t.Errorf("%s is %d pixels wide in a window of %d", look, wide, most)
			}
			b.picture(fmt.Sprintf("%s-%d-%g-%s", look, c.width, c.scale, c.light))
		}
	}
}

// views are how a letter is looked at: a width in pixels, how much larger everything is shown, and the light.
var views = []struct {
	width int64
	scale float64
	light string
}{{640, 1, "light"}, {360, 1, "light"}, {360, 1, "dark"}, {640, 1, "dark"}, {320, 1, "light"}, {700, 1, "light"}, {720, 2, "light"}}

// files are the built-in ones.
func files(t *testing.T) map[string]string {
	t.Helper()
	all, err := gather(nil)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

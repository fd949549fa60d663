package feed

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestRobots reads the cases of robots.txtar: each is a robots.txt, and after a line of dashes the addresses
// with what becomes of them.
func TestRobots(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/robots.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		t.Run(f.Name, func(t *testing.T) {
			body, cases, _ := strings.Cut(string(f.Data), "----\n")
			r := parseRobots(body, product)
			for line := range strings.Lines(cases) {
				want, path, _ := strings.Cut(strings.TrimSpace(line), " ")
				if want == "delay" {
					if got := r.delay.String(); got != path {
						t.Errorf("delay %s, want %s", got, path)
					}
					continue
				}
				u, err := url.Parse("https://press.example" + path)
				if err != nil {
					t.Fatal(err)
				}
				if got := map[bool]string{true: "yes", false: "no"}[r.allows(u)]; got != want {
					t.Errorf("%s: %s, want %s", path, got, want)
				}
			}
			if again := parseRobots(r.String(), product); !cmp.Equal(again.list, r.list, cmp.AllowUnexported(robotsRule{})) || again.delay != r.delay {
				t.Errorf("kept as %q, which says otherwise", r.String())
			}
		})
	}
}

// TestRobotsHostile reads rules that mean to be slow, and one that the bound on their length cuts in two.
func TestRobotsHostile(t *testing.T) {
	path := "/" + strings.Repeat("a", 4000)
	body := "User-agent: *\nDisallow: /" + strings.Repeat("*a", 100_000) + "b\n" + strings.Repeat("Disallow: /*a*a*a*b$\n", 15_000)
	if !parseRobots(body, product).allows(&url.URL{Path: path}) {
		t.Error("a rule that does not fit decides")
	}
}

func FuzzRobots(f *testing.F) {
	seeds, _ := filepath.Glob("testdata/robots.txtar")
	for _, seed := range seeds {
		archive, err := os.ReadFile(seed)
		if err != nil {
			f.Fatal(err)
		}
		for _, one := range txtar.Parse(archive).Files {
			f.Add(string(one.Data), "/a/b?c=*$")
		}
	}
	f.Add("User-agent:*\nDisallow:/%zz%\xff*$$", "/%2a\x00")
	f.Fuzz(func(t *testing.T, body, path string) {
		r := parseRobots(body, product)
		u := &url.URL{Scheme: "https", Host: "press.example", Path: path}
		again := parseRobots(r.String(), product)
		if len(r.String()) < maxRobots && r.allows(u) != again.allows(u) {
			t.Errorf("%q and what is kept of it, %q, do not agree on %q", body, r.String(), path)
		}
		if len(r.list) == 0 && !r.allows(u) {
			t.Error("forbidden by no rule")
		}
	})
}

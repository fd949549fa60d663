package digest

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// shape writes an edition as its stories' ids: lead|section section|brief.
func shape(e Edition) string {
	ids := func(all []Story) string {
		var out []string
		for _, s := range all {
			out = append(out, s.ID)
		}
		return strings.Join(out, "")
	}
	var sections []string
	for _, s := range e.Sections {
		sections = append(sections, s.Topic+ids(s.Stories))
	}
	lead := ""
	if e.Lead != nil {
		lead = e.Lead.ID
	}
	return fmt.Sprintf("%s|%s|%s", lead, strings.Join(sections, " "), ids(e.Brief))
}

func TestShorter(t *testing.T) {
	of := func(ids string) []Story {
		var all []Story
		for _, id := range ids {
			all = append(all, Story{ID: string(id)})
		}
		return all
	}
	lead := Story{ID: "L"}
	e := Edition{Lead: &lead, Sections: []Section{{"m", of("ab")}, {"c", of("d")}, {"p", nil}}, Brief: of("xy")}
	before := shape(e)
	for n, want := range []string{
		"L|mab cd p|xy", "L|mab|dxy", "L|ma|bdxy", "L||abdxy", "L||abdx", "L||abd", "L||ab", "L||a", "L||", "L||",
	} {
		if got := shape(e.Shorter(n)); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	if e.Shortest() != 8 {
		t.Errorf("shortest is %d", e.Shortest())
	}
	if shape(e) != before {
		t.Error("the edition itself changed")
	}
	if none := (Edition{}); none.Shortest() != 0 || !reflect.DeepEqual(none.Shorter(3), none.Shorter(0)) {
		t.Error("an empty edition gets shorter")
	}
}

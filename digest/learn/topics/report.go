package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"tidings/digest"
)

// judged maps a topic onto the sections of a set that are compared, as editors who know only these would file it.
func judged(set, topic string) string {
	for _, section := range judgedSections(set) {
		if slices.Contains(strings.Fields(sections(set)[section]), topic) {
			return section
		}
	}
	return "other"
}

func judgedSections(set string) []string {
	if set == "ai-insight-daily" {
		return []string{"products", "research", "open-source", "industry-society"}
	}
	return []string{"research", "business", "policy", "tools"}
}

// report counts what the filer said of headlines from which it had not learnt.
type report struct {
	met   map[string]map[[2]string]int // by set and by set and language: section and what was said
	said  map[string]map[string]int    // topics by set and section
	about map[string][2]int            // by set and kind: right of all
}

func newReport() report {
	return report{map[string]map[[2]string]int{}, map[string]map[string]int{}, map[string][2]int{}}
}

func (r report) add(e example, f digest.Filing) {
	if e.about != 0 {
		kind := fmt.Sprintf("%s %s, about it: %v", e.set, e.section, e.about > 0)
		if e.about > 0 {
			kind = fmt.Sprintf("%s %s, about it: true", e.set, e.article.Lang)
		}
		n := r.about[kind]
		n[1]++
		if (f.Relevance >= digest.LeastRelevance) == (e.about > 0) {
			n[0]++
		}
		r.about[kind] = n
	}
	if len(e.allowed) == 0 {
		return
	}
	tell(r.said, e.set+" "+e.section, f.Topic)
	if slices.Contains(judgedSections(e.set), e.section) {
		pair := [2]string{e.section, judged(e.set, f.Topic)}
		tell(r.met, e.set, pair)
		tell(r.met, e.set+" "+e.article.Lang, pair)
	}
}

func tell[K comparable](m map[string]map[K]int, key string, what K) {
	if m[key] == nil {
		m[key] = map[K]int{}
	}
	m[key][what]++
}

func (r report) print(out io.Writer) {
	for _, set := range slices.Sorted(maps.Keys(r.met)) {
		base, _, _ := strings.Cut(set, " ")
		right, all, f1 := 0, 0, 0.0
		for pair, n := range r.met[set] {
			all += n
			if pair[0] == pair[1] {
				right += n
			}
		}
		parts := ""
		for _, s := range judgedSections(base) {
			f := r.f1(set, s)
			f1 += f / 4
			parts += fmt.Sprintf("  %s %.2f", s, f)
		}
		fmt.Fprintf(out, "%-22s n %4d  accuracy %.3f  macro-F1 %.3f %s\n", set, all, float64(right)/float64(all), f1, parts)
	}
	for _, section := range slices.Sorted(maps.Keys(r.said)) {
		fmt.Fprintf(out, "%-34s %s\n", section, counts(r.said[section]))
	}
	total := [2]int{}
	for _, kind := range slices.Sorted(maps.Keys(r.about)) {
		n := r.about[kind]
		total[0], total[1] = total[0]+n[0], total[1]+n[1]
		fmt.Fprintf(out, "relevance %-50s %.3f of %d\n", kind, float64(n[0])/float64(n[1]), n[1])
	}
	fmt.Fprintf(out, "relevance in all %.3f of %d\n", float64(total[0])/float64(total[1]), total[1])
}

// f1 is the harmonic mean of precision and recall of one section.
func (r report) f1(set, section string) float64 {
	both, sum := 0, 0
	for pair, n := range r.met[set] {
		for _, s := range pair {
			if s == section {
				sum += n
			}
		}
		if pair == [2]string{section, section} {
			both += n
		}
	}
	if sum == 0 {
		return 0
	}
	return 2 * float64(both) / float64(sum)
}

// counts lists what was counted, the most first.
func counts(m map[string]int) string {
	keys := slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		if m[a] != m[b] {
			return m[b] - m[a]
		}
		return strings.Compare(a, b)
	})
	var parts []string
	for _, k := range keys {
		name := k
		if name == "" {
			name = "none"
		}
		parts = append(parts, fmt.Sprintf("%s %d", name, m[k]))
	}
	return strings.Join(parts, ", ")
}

package digest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tidings/digest/text"
)

// recollection is how far back editions are asked for what they told.
const recollection = 14 * 24 * time.Hour

// What makes a report news of a story that was told: new facts that are worth so much together, where a turn or
// a number in a headline is enough alone and a name there nearly; or so many times the independent sources, and
// so many more.
const (
	worthOfNews  = 3
	worthInTitle = 3
	worthOfName  = 2 // in a headline
	worthInLead  = 1
	timesSources = 2
	moreSources  = 3
	mostNew      = 5 // facts that are listed
	openingWords = 80
)

// account is what earlier editions told of one story.
type account struct {
	update  Update          // of the last one
	printed map[string]bool // ids of the articles that they printed
}

// told is what a digest's earlier editions told, for one that is being made.
type told struct {
	articles []Article           // printed or folded
	stories  map[string]string   // the story that an article was told in, by ids
	tellings map[string]*account // by story
}

// recall gathers what editions told.
func recall(editions []Edition) told {
	t := told{stories: map[string]string{}, tellings: map[string]*account{}}
	ordered := slices.SortedFunc(slices.Values(editions), func(a, b Edition) int { return a.At.Compare(b.At) })
	for _, e := range ordered {
		for _, s := range e.Stories() {
			t.tell(e, s)
		}
	}
	for _, e := range ordered {
		for _, s := range e.Folded {
			if t.tellings[s.ID] != nil { // else its telling is forgotten
				t.keep(s)
			}
		}
	}
	return t
}

// tell remembers a printed story.
func (t *told) tell(e Edition, s Story) {
	one := t.tellings[s.ID]
	if one == nil {
		one = &account{update: Update{First: e.At}, printed: map[string]bool{}}
		t.tellings[s.ID] = one
	}
	printed, _ := s.Headline(e.Lang)
	one.update.Edition, one.update.At, one.update.Title = e.Key, e.At, printed
	if e.Lead != nil && e.Lead.ID == s.ID {
		one.update.Led = e.At
	}
	for _, a := range s.Articles() {
		one.printed[a.ID] = true
	}
	t.keep(s)
}

// keep remembers a story's articles, each under the first story that had it.
func (t *told) keep(s Story) {
	for _, a := range s.Articles() {
		if t.stories[a.ID] == "" {
			t.stories[a.ID] = s.ID
			t.articles = append(t.articles, a)
		}
	}
}

// with returns fresh articles together with those that were told.
func (t *told) with(fresh []Article) []Article {
	all := slices.Clone(fresh)
	twice := make(map[string]bool, len(fresh))
	for _, a := range fresh {
		twice[a.ID] = true
	}
	for _, a := range t.articles {
		if !twice[a.ID] {
			all = append(all, a)
		}
	}
	return all
}

// sequel parts stories into those to print and those to fold in silently. A story of which all was told
// disappears. One that was told in part stays with its fresh members alone: as an update when one of them
// brings something new, when far more sources tell it by now, or when an editor added one; folded otherwise.
func (t *told) sequel(stories []Story, d Digest, names *text.Names, remember remembering) (news, folded []Story) {
	if len(t.stories) == 0 {
		return stories, nil
	}
	n := newness{known: d.known(), lang: d.Lang, remember: remember}
	for _, s := range unite(stories) {
		old, fresh := t.part(s)
		if len(old) == 0 {
			news = append(news, s)
			continue
		}
		if len(fresh) == 0 {
			continue
		}
		n.count(stories, names)
		if next, isNew := t.follow(s, old, fresh, n); isNew {
			news = append(news, next)
		} else {
			folded = append(folded, next)
		}
	}
	return news, folded
}

// unite puts together what grouping parted although it was told as one story.
func unite(stories []Story) []Story {
	var out []Story
	at := map[string]int{}
	for _, s := range stories {
		i, twice := at[s.ID]
		if !twice {
			at[s.ID] = len(out)
			out = append(out, s)
			continue
		}
		one := &out[i]
		one.Others = slices.Concat(one.Others, s.Articles())
		one.Copies = slices.Concat(one.Copies, s.Copies)
		one.Reasons = slices.Concat(one.Reasons, s.Reasons)
		one.Near = slices.Concat(one.Near, s.Near)
		one.Relevance = max(one.Relevance, s.Relevance)
	}
	return out
}

// part tells a story's members apart: those that were told, and the fresh ones.
func (t *told) part(s Story) (old, fresh []Article) {
	for _, a := range s.Articles() {
		if t.stories[a.ID] != "" {
			old = append(old, a)
		} else {
			fresh = append(fresh, a)
		}
	}
	return old, fresh
}

// follow makes the sequel of a story that was told, and says whether it is news.
func (t *told) follow(s Story, old, fresh []Article, n newness) (next Story, isNew bool) {
	update := t.last(old)
	printed := slices.DeleteFunc(slices.Clone(old), func(a Article) bool { return !t.tellings[t.stories[a.ID]].printed[a.ID] })
	update.Before, update.Sources = n.independent(s, printed), n.independent(s, s.Articles())
	before := n.told(s, old)
	slices.SortFunc(fresh, earlier)
	var own, others []fact // as readers' language writes them, and as others do
	for _, a := range fresh {
		facts := n.brings(a, before)
		if len(facts) == 0 {
			continue
		}
		update.By = append(update.By, a.ID)
		if foreign(a, n.lang) {
			others = append(others, facts...)
		} else {
			own = append(own, facts...)
		}
	}
	update.New = newWords(append(own, others...))
	grown := update.Sources >= timesSources*update.Before && update.Sources >= update.Before+moreSources
	added := slices.ContainsFunc(fresh, func(a Article) bool { return strings.HasPrefix(a.Feed, ByHand) })
	s.Lead, s.Others = fresh[0], slices.Clone(fresh[1:])
	s.Copies = slices.DeleteFunc(slices.Clone(s.Copies), func(id string) bool { return t.stories[id] != "" })
	s.Update = &update
	s.Reasons = append(slices.Clip(s.Reasons), Reason{Part: "told", Detail: update.reason(grown, added)})
	return s, len(update.By) > 0 || grown || added
}

// newWords are the words of the first facts, each fact once.
func newWords(facts []fact) []string {
	var out []string
	seen := map[string]bool{}
	for _, f := range facts {
		if len(out) < mostNew && !seen[f.key] && !slices.Contains(out, f.word) {
			out = append(out, f.word)
		}
		seen[f.key] = true
	}
	return out
}

// last joins the tellings of a story's old members, several when stories have come together.
func (t *told) last(old []Article) Update {
	var out Update
	for _, a := range old {
		u := t.tellings[t.stories[a.ID]].update
		if out.First.IsZero() || u.First.Before(out.First) {
			out.First = u.First
		}
		if u.At.After(out.At) {
			out.Edition, out.At, out.Title = u.Edition, u.At, u.Title
		}
		if u.Led.After(out.Led) {
			out.Led = u.Led
		}
	}
	return out
}

// reason tells an editor why a story is told again, or not.
func (u Update) reason(grown, added bool) string {
	why := "nothing new"
	switch {
	case len(u.New) > 0:
		why = "new: " + strings.Join(u.New, ", ")
	case grown:
		why = fmt.Sprintf("%d independent sources by now, %d then", u.Sources, u.Before)
	case added:
		why = "added by an editor"
	}
	return fmt.Sprintf("in %s; %s", u.Edition, why)
}

// newness tells what is new in a report. Nothing is that is on everybody's lips.
type newness struct {
	known    map[string]Source
	lang     string // of the edition
	lore     lore
	remember remembering
	openings map[string][]fact // of headline and lead, by article
	held     map[string]int    // in how many of these each fact stands
	press    map[string]bool   // what the sources call themselves is no fact
}

// count looks at all articles of a draft, once.
func (n *newness) count(stories []Story, names *text.Names) {
	if n.openings != nil {
		return
	}
	n.lore, n.openings, n.held, n.press = newLore(names), map[string][]fact{}, map[string]int{}, map[string]bool{}
	for _, s := range stories {
		for _, a := range s.Articles() {
			facts := n.facts(head(a.Title, openingWords)+".\n\n"+opening(a), language(a))
			for _, f := range facts {
				n.held[f.key]++
			}
			n.openings[a.ID] = facts
			n.press[aName+text.Fold(a.Source.Title)] = true
		}
	}
}

// remembering returns the facts of a text, from memory or as find finds them.
type remembering func(s saying, find func(text, lang string) []fact) []fact

// facts are [lore.facts].
func (n newness) facts(s, lang string) []fact {
	if n.remember == nil {
		return n.lore.facts(s, lang)
	}
	return n.remember(saying{s, lang}, n.lore.facts)
}

// opening is the first two sentences of an article.
func opening(a Article) string {
	sentences := text.Sentences(head(lead(a), openingWords), a.Lang)
	return strings.Join(sentences[:min(2, len(sentences))], " ")
}

// brings returns the facts of a fresh member that were not told before, if they are worth being told. A copy
// brings nothing, nor do names that nobody knows in a language in which the story was not told: there all is called
// otherwise.
func (n newness) brings(a Article, b before) []fact {
	if b.copies[a.ID] {
		return nil
	}
	worth := 0
	var out []fact
	take := func(facts []fact, ofName, ofOther int) {
		for _, f := range facts {
			if b.has(f) || f.spelled && !b.langs[language(a)] || !n.rare(f, b) || slices.ContainsFunc(out, func(o fact) bool { return o.key == f.key }) {
				continue
			}
			out = append(out, f)
			if strings.HasPrefix(f.key, aName) {
				worth += ofName
			} else {
				worth += ofOther
			}
		}
	}
	take(n.facts(head(a.Title, openingWords), language(a)), worthOfName, worthInTitle)
	take(n.openings[a.ID], worthInLead, worthInLead)
	if worth < worthOfNews {
		return nil
	}
	return out
}

// rare says whether few articles beside the story's own tell a fact: two, or one in fifty.
func (n newness) rare(f fact, b before) bool {
	return n.held[f.key]-b.held[f.key] <= max(2, len(n.openings)/50) && !n.press[f.key]
}

// before is what a story stands for before its fresh members are looked at.
type before struct {
	facts  map[string]bool // that its old members tell
	words  map[string]bool // of these, since a fact may stand there written otherwise
	held   map[string]int  // in how many of all its members each fact stands
	copies map[string]bool // ids of members
	langs  map[string]bool // of its old members
}

// told gathers that. Of turns only those count with which a member opens, since a text speaks of others' turns
// too.
func (n newness) told(s Story, old []Article) before {
	b := before{facts: map[string]bool{}, words: map[string]bool{}, held: map[string]int{}, copies: map[string]bool{}, langs: map[string]bool{}}
	for _, id := range s.Copies {
		b.copies[id] = true
	}
	for _, a := range s.Articles() {
		for _, f := range n.openings[a.ID] {
			b.held[f.key]++
		}
	}
	for _, a := range old {
		b.langs[language(a)] = true
		for _, f := range n.openings[a.ID] {
			b.facts[f.key] = true
		}
		whole := head(a.Title, openingWords) + ". " + bodyOf(a, textLen)
		for _, f := range n.facts(whole, language(a)) {
			if !strings.HasPrefix(f.key, aTurn) {
				b.facts[f.key] = true
			}
		}
		for _, w := range folded(whole) {
			b.words[w] = true
		}
	}
	return b
}

// has says whether a fact was told. A name was when all its words were: Kestrel Silicon, after Kestrel and
// silicon.
func (b before) has(f fact) bool {
	if b.facts[f.key] || !strings.HasPrefix(f.key, aName) {
		return b.facts[f.key]
	}
	return !slices.ContainsFunc(folded(f.word), func(w string) bool { return !b.words[w] })
}

// independent counts the independent publishers among a story's members.
func (n newness) independent(s Story, members []Article) int {
	voice, owners := voices(&s, n.known), map[string]bool{}
	for _, a := range members {
		if voice[a.ID] == report {
			owners[owner(a, n.known[a.Feed])] = true
		}
	}
	return len(owners)
}

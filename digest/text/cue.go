package text

// cues finds names that no list knows by the words around them, inside a sentence: what is called Inc, GmbH
// or University is an organisation, who is called the CEO of something is a person, and that something an
// organisation. What no such word tells is left out.
type cues struct {
	s    string
	list []piece
}

// longestRun bounds how many words a name has that is told by cues.
const longestRun = 5

// at finds a name that begins with the piece i.
func (c cues) at(i int) (m mention, next int, ok bool) {
	p := c.list[i]
	if p.sort != letters || !p.capital(c.s) {
		return m, i, false
	}
	end := c.run(i)
	if kind, last := c.byForm(i, end); kind != "" {
		return c.mention(i, last, kind), end, true
	}
	if p.first || end-i > 3 || role(p.key) || titled(c.s, c.list, i) {
		return m, i, false
	}
	switch {
	case i >= 2 && preposition(c.list[i-1].key) && c.list[i-1].gap == space && p.gap == space && role(c.list[i-2].key):
		return c.mention(i, end, Organisation), end, true
	case end-i >= 2 && (c.roleBefore(i) || c.roleBehind(end)):
		return c.mention(i, end, Person), end, true
	}
	return m, i, false
}

func (c cues) mention(i, end int, kind Kind) mention {
	from, to := c.list[i].from, c.list[end-1].to
	return mention{name: Name{Name: c.s[from:to], Kind: kind}, from: from, to: to}
}

// run returns the index behind the words with capitals that go on from i.
func (c cues) run(i int) int {
	end := i + 1
	for end < len(c.list) && end-i < longestRun {
		p := c.list[end]
		if p.first || p.gap == wide || p.sort != letters || !p.capital(c.s) {
			if !(p.gap == space && p.sort == letters && preposition(p.key) && c.institution(i) && c.capitalAt(end+1)) {
				break
			}
		}
		end++
	}
	return end
}

func (c cues) capitalAt(i int) bool {
	return i < len(c.list) && c.list[i].gap == space && c.list[i].sort == letters && c.list[i].capital(c.s)
}

// institution says whether the piece i is a word that begins the name of a university or an institute.
func (c cues) institution(i int) bool {
	switch c.list[i].key {
	case "university", "universita", "universitat", "universite", "universidad", "universidade", "institute", "institut", "istituto", "instituto",
		"politecnico", "hochschule":
		return true
	}
	return false
}

// byForm tells the kind of a run by its own first or last word, and where the name ends.
func (c cues) byForm(i, end int) (Kind, int) {
	if end-i < 2 {
		return "", end
	}
	last := c.list[end-1]
	switch last.key {
	case "inc", "ltd", "llc", "gmbh", "corp", "plc", "spa", "srl", "sas", "sarl", "ag", "bv", "oy", "ab":
		return Organisation, end - 1
	case "labs", "technologies", "robotics", "ventures", "university", "institute", "foundation", "semiconductor", "therapeutics":
		if !c.list[i].first && !titled(c.s, c.list, i) {
			return Organisation, end
		}
	}
	if c.institution(i) {
		return Organisation, end
	}
	return "", end
}

// roleBefore says whether the word before i is what somebody is: CEO Jane Roe.
func (c cues) roleBefore(i int) bool {
	return i > 0 && c.list[i].gap == space && role(c.list[i-1].key)
}

// roleBehind says whether behind a comma it is said what somebody is: Jane Roe, a researcher at ….
func (c cues) roleBehind(end int) bool {
	for i := end; i < len(c.list) && i < end+4 && !c.list[i].first; i++ {
		if comma := c.list[i].gap == wide && c.s[c.list[i-1].to] == ','; comma != (i == end) {
			return false
		}
		if role(c.list[i].key) {
			return true
		}
	}
	return false
}

// role says whether a word is what somebody is in a company or at a university.
func role(key string) bool {
	switch key {
	case "ceo", "cto", "cfo", "coo", "founder", "cofounder", "researcher", "scientist", "professor", "president", "chairman", "chairwoman", "analyst",
		"fondatore", "fondatrice", "cofondatore", "ricercatore", "ricercatrice", "presidente", "professore", "amministratore",
		"grunder", "grunderin", "forscher", "forscherin", "chef", "chefin", "vorstandschef", "professorin",
		"pdg", "fondateur", "cofondateur", "chercheur", "chercheuse", "professeur", "directeur", "directrice",
		"fundador", "cofundador", "investigador", "investigadora", "profesor", "director", "directora":
		return true
	}
	return false
}

// preposition says whether a word ties a role to a company, or a university to its town.
func preposition(key string) bool {
	switch key {
	case "of", "at", "di", "del", "della", "dell", "presso", "von", "der", "bei", "zu", "de", "du", "des", "chez", "en":
		return true
	}
	return false
}

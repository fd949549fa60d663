package digest

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tidings/digest/text"
)

// states says whether a sentence tells something, as far as its form shows: it is no label and no order to the
// reader, and nothing else ran into it. Labels and orders are what companies' own feeds describe their posts by;
// most of what tells them apart is English, as these feeds are.
func states(s, lang string) bool {
	if collided().MatchString(s) || doubled(s) || strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")") {
		return false
	}
	base := text.Base(lang)
	first, rest, _ := strings.Cut(s, " ")
	first = strings.Trim(text.Fold(first), `"'“‘«„,`)
	if slices.Contains(subordinate(base), first) && !strings.ContainsAny(s, ",，、") {
		return false
	}
	if base != "en" {
		return true
	}
	second, _, _ := strings.Cut(rest, " ")
	switch {
	case first == "how", first == "why", label().MatchString(s), strings.HasSuffix(first, "ing") && !strings.Contains(s, ",") && !finite(rest):
		return false
	case slices.Contains(orders, first) && !slices.Contains(noOrder, second):
		return false
	}
	return finite(s)
}

// Two sentences, or a heading and a sentence, with nothing between them.
var collided = pattern(`\p{Ll}{2}[.!?]\p{Lu}(?:\p{Ll}+|['’]\p{Ll}+)? |[\p{L}\d]\(\p{Lu}\p{Ll}+ |\p{Ll}I['’]|\d{4}\p{Lu}\p{Ll}+ `)

// doubled says whether a sentence begins with the same words twice, or has a word with a capital twice in a row,
// as where a heading ran into the sentence under it.
func doubled(s string) bool {
	words := strings.Fields(s)
	for n := 2; n <= 4 && 2*n <= len(words); n++ {
		if slices.Equal(words[:n], words[n:2*n]) {
			return true
		}
	}
	for i, w := range words {
		if first, _ := utf8.DecodeRuneInString(w); i > 0 && w == words[i-1] && unicode.IsUpper(first) {
			return true
		}
	}
	return false
}

// subordinate are the words, folded, with which a clause begins that does not tell anything unless another one
// follows behind a comma.
func subordinate(base string) []string {
	switch base {
	case "en":
		return []string{"when", "while", "if", "because", "although", "as"}
	case "it":
		return []string{"come", "perche", "quando"}
	case "de":
		return []string{"wie", "warum", "wenn", "weil"}
	case "fr":
		return []string{"comment", "pourquoi", "quand"}
	case "es":
		return []string{"como", "cuando"}
	}
	return nil
}

// A label in English: what a post is, or an announcement of it.
var label = pattern(`^No [^,]+ (?:needed|required)\.$|^(?:What (?:we|I|you)(?: \w+)? (?:from|about|in|when|by)|Introducing|Announcing|Presenting|Featuring|Developing|Exploring|Understanding|Unlocking|Rethinking|Sharing|Bringing|Scaling|Improving|` +
	`(?:The |An? |Our |\w+ )?(?:[a-z-]+ ){0,2}(?:guide|look|dive|tutorial|introduction|primer|overview|recap|round-?up|walkthrough) (?:to|at|into|on|of|for)|` +
	`(?:\w+ )?(?:[Tt]ips|[Ll]essons|[Ii]nsights|[Pp]atterns|[Tt]echniques|[Nn]otes|[Ss]tories|[Hh]ighlights) (?:from|for|on|into|about)) `)

// With these words sentences begin in English that tell the reader what to do; unless one of the words below
// makes a noun of the first.
var (
	orders = strings.Fields("use learn see get try explore meet imagine find discover dive build create generate catch ship make turn bring unlock deploy " +
		"connect automate download visit register explain design give review provide boost speed")
	noOrder = strings.Fields("of in by and or is was has cases case ai")
)

// finite says whether an English sentence may have a finite verb: one that is known, a past tense, or a word on -s
// with what does not follow a plural noun at its end. Behind "the" any such word may be one.
func finite(s string) bool {
	words := strings.Fields(s)
	for i, w := range words {
		bare := strings.Trim(w, `.,:;"'“”’()`)
		small := strings.ToLower(bare)
		switch {
		case i > 0 && slices.Contains(relative, words[i-1]): // the verb of a clause that goes with a noun
		case i > 0 && words[i-1] == "to": // an infinitive
		case slices.Contains(verbs, small), contracted().MatchString(w):
			return true
		case len(w) < 4 || i > 0 && small != bare:
		case strings.HasSuffix(small, "ed") && i > 0 && !slices.Contains(nounAhead, words[i-1]):
			return true
		case strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") && i+1 < len(words) && (words[0] == "The" || !slices.Contains(nounBehind, words[i+1])):
			return true
		}
	}
	return false
}

var contracted = pattern(`(?i)(?:n['’]t|['’](?:re|ve|ll|m|d)|^\W*(?:it|that|there|he|she|what|here|who)['’]s)\b`)

// Known forms of English verbs; and the words around another one that make a noun of it, or of what follows.
var (
	verbs = strings.Fields("am is are was were be been has have had do does did will would can could may might must shall should cannot " +
		"began beat became bought broke brought built came chose cut drew drove fell fought found froze gave got grew heard held hit hurt kept knew laid led left lent let lost made meant met " +
		"paid put quit ran read rose said sat saw sent set shook shot shut sold sought spent split spoke spread stood stole struck swore swung taught thought threw told took understood went withdrew won wore wrote " +
		"say see go get give take make find know think want expect believe mean seem begin remain tell allow continue argue warn " +
		"come add agree appear differ fail include rely says plans wants aims comes goes works seems expects adds calls looks turns partners moves falls rises grows begins starts ends talks sits ranks leads relies depends belongs refers applies")
	relative   = []string{"that", "which", "who"}
	nounAhead  = strings.Fields("a an the of for with by from in on and or new newly our its their your his her")
	nounBehind = strings.Fields("of for from on and in into with to at by as or via using that which who without across about between")
)

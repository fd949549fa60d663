package mailin

import (
	"regexp"
	"slices"
	"strings"

	"github.com/jhillyerd/enmime/v2"
)

var (
	plusWord = regexp.MustCompile(`(?i)^[^@]+?(?:\+|-)(subscribe|unsubscribe|help|status)(?:-[a-z0-9-]+)?@`)
	plusSign = regexp.MustCompile(`(?i)^[^@]+\+([cubf])-([a-z2-7]{32})@`)
)

// addressed reads the command in the address that a mail was sent to: NAME+subscribe@, NAME+c-TOKEN@.
func addressed(e *enmime.Envelope) (Message, bool) {
	for _, name := range []string{"Delivered-To", "X-Original-To", "To", "Cc"} {
		for _, to := range address.FindAllString(strings.Join(e.GetHeaderValues(name), ", "), 50) {
			if found := plusSign.FindStringSubmatch(to); found != nil {
				act := map[string]Act{"c": Confirm, "u": Unsubscribe}[strings.ToLower(found[1])]
				if act == "" {
					return Message{Act: Ignore, Reason: "it came to an address for reports and is none"}, true
				}
				return Message{Act: act, Reason: "the address it came to", Command: string(act), Token: strings.ToLower(found[2])}, true
			}
			if found := plusWord.FindStringSubmatch(to); found != nil {
				word := strings.ToLower(found[1])
				return Message{Act: Act(word), Reason: "the address it came to", Command: word}, true
			}
		}
	}
	return Message{}, false
}

// A verb is a command's word. Most stand alone, but for a word of courtesy; some take words after them.
type verb struct {
	act   Act
	words string // after each other, a blank between
	more  int    // words that may follow
}

// command reads a line as a command in English or Italian. A line that says anything else is none: people
// write about leaving without wanting to leave.
func command(line string) (Message, bool) {
	fields := strings.FieldsFunc(strings.ToLower(line), func(r rune) bool { return strings.ContainsRune(" \t\u00a0,.;:!\"'“”«»*_()[]", r) })
	said := strings.Join(slices.DeleteFunc(fields, courteous.MatchString), " ") + " "
	for _, v := range [...]verb{
		{Subscribe, "subscribe|subscribe me|join|sign up|sign me up|iscrivi|iscrivimi|iscrivermi|iscrizione|abbonami", 0},
		{Unsubscribe, "unsubscribe|unsubscribe me|leave|stop|opt out|remove|remove me|sign off|signoff|cancella|cancellami|cancellazione|cancellatemi|disiscrivi|disiscrivimi|disiscrivetemi|disiscrizione", 0},
		{Confirm, "confirm|i confirm|yes|conferma|confermo|sì|si", 0},
		{Confirm, "confirm|conferma|confermo", 1},
		{Help, "help|aiuto|?", 0},
		{Status, "status|stato", 0},
		{Preferences, "preferences|preferenze|resume|riprendi|html|text|plain|testo|topics|argomenti|digests|language|lingua|pause|pausa", 0},
		{Preferences, "topics|argomenti|digests", 20},
		{Preferences, "language|lingua|pause|pausa", 2},
	} {
		for words := range strings.SplitSeq(v.words, "|") {
			rest, ok := strings.CutPrefix(said, words+" ")
			if !ok || len(strings.Fields(rest)) > v.more {
				continue
			}
			m := Message{Act: v.act, Command: strings.TrimSpace(line)}
			if v.act == Confirm && v.more > 0 {
				if m.Token = strings.TrimSpace(rest); len(m.Token) != 32 {
					continue
				}
			}
			return m, true
		}
	}
	return Message{}, false
}

var courteous = regexp.MustCompile(`^(please|pls|thanks|thank|you|hi|hello|ciao|grazie|prego|favore|per|cortesia)$`)

// bareSubject is a subject without the "Re:" of any language in use.
func bareSubject(s string) string { return answer.ReplaceAllString(s, "") }

var (
	answer = regexp.MustCompile(`(?i)^(\s*(re|r|rif|aw|sv|antw|odp|vs)(\[\d+\])?\s*:)+\s*`)
	intro  = regexp.MustCompile(`(?i)^(on|il|am|le|el|op|em)\s.*(wrote|scritto|schrieb|écrit|escribió|schreef|escreveu)\s*:\s*$`)
	old    = regexp.MustCompile(`(?i)^([-_*]{2,}.*(original|forwarded|inoltrat|originale|weitergeleitet|transféré).*|_{5,}|-- ?|[*]?(from|da|von|de)\s?:.*)$`)
)

// firstWritten returns the first line that the writer wrote himself: not empty, not quoted, and before
// any signature or older mail.
func firstWritten(text string) string {
	for line := range strings.Lines(text[:min(len(text), 64<<10)]) {
		line = strings.TrimSpace(line)
		switch {
		case line == "", strings.HasPrefix(line, ">"), strings.HasPrefix(line, "|"), intro.MatchString(line):
			continue
		case old.MatchString(line):
			return ""
		}
		return line
	}
	return ""
}

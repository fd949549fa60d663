package mailin

import (
	"strconv"
	"strings"
)

// Order is a command as understood.
type Order struct {
	Verb  Verb
	Words []string // of topics, digests and language: what is chosen, in lower case; of (un)subscribe: an address or a topic
	Days  int      // of pause: for how long, or 0 if that was not said
	Lang  string   // the language it was given in, or nothing for words that many share
}

// Verb is what is ordered: subscribe, unsubscribe, confirm, help, status, preferences, topics, digests,
// language, pause, resume, html or text.
type Verb string

// Act is what a mail with this order means. All that changes what a reader gets is one act.
func (o Order) Act() Act {
	switch o.Verb {
	case "subscribe", "unsubscribe", "confirm", "help", "status":
		return Act(o.Verb)
	}
	return Preferences
}

// vocabulary is how each verb is said, without accents. Where languages share a word, it is filed under the
// first; where the world shares it, under none.
func vocabulary() [25]phrases {
	return [...]phrases{
		{"subscribe", "en", "subscribe|subscribe me|join|sign up|sign me up"},
		{"subscribe", "it", "iscrivi|iscrivimi|iscrivetemi|iscrivermi|iscriviti|iscrizione|abbonami|abbonamento"},
		{"subscribe", "de", "abonnieren|anmelden|anmeldung"},
		{"subscribe", "fr", "s abonner|abonnez moi|m abonner|inscription|s inscrire|m inscrire"},
		{"subscribe", "es", "suscribir|suscribirme|suscribeme|suscripcion"},
		{"unsubscribe", "en", "unsubscribe|unsubscribe me|leave|stop|opt out|opt-out|remove|remove me|sign off|signoff|unsub|take me off"},
		{"unsubscribe", "it", "cancella|cancellami|cancellatemi|cancellazione|cancellarmi|disiscrivi|disiscrivimi|disiscrivetemi|disiscrivermi|disiscrizione|rimuovimi|rimuovetemi|basta"},
		{"unsubscribe", "de", "abmelden|abmeldung|abbestellen|austragen"},
		{"unsubscribe", "fr", "desabonner|se desabonner|me desabonner|desabonnement|desabonnez moi|desinscrire|me desinscrire|desinscription"},
		{"unsubscribe", "es", "cancelar|baja|darme de baja|dar de baja|cancelar suscripcion|desuscribir|desuscribirme"},
		{"confirm", "en", "confirm|i confirm|confirmed|yes|yes i confirm|ok"},
		{"confirm", "it", "conferma|confermo|si|si confermo"},
		{"confirm", "de", "bestatigen|bestatige|ich bestatige|ja"},
		{"confirm", "fr", "confirmer|je confirme|oui"},
		{"confirm", "es", "confirmar"},
		{"help", "", "help|?|aiuto|hilfe|aide|ayuda"},
		{"status", "", "status|stato|statut|estado"},
		{"preferences", "", "preferences|preferenze|settings|impostazioni|einstellungen|preferencias"},
		{"topics", "", "topics|topic|argomenti|argomento|temi|themen|sujets|themes|temas"},
		{"digests", "", "digests|digest|frequency|edizioni|frequenza|ausgaben|editions|frequence|ediciones|frecuencia"}, //nolint:misspell // French
		{"language", "", "language|lang|lingua|sprache|langue|idioma"},
		{"pause", "", "pause|pausa|sospendi|pausieren|pausar|mettre en pause"},
		{"resume", "", "resume|continue|riprendi|fortsetzen|reprendre|reanudar"},
		{"html", "", "html"},
		{"text", "", "text|plain|plain text|text only|testo|solo testo|nur text|texte|texto"},
	}
}

type phrases struct {
	verb  Verb
	lang  string
	words string
}

// command reads a line as a command. A line that says anything else is none: people write about leaving without
// wanting to leave.
func command(line string) (Message, bool) {
	if len(line) > 500 || strings.ContainsAny(line, "\r\n\x00") {
		return Message{}, false
	}
	said := strings.Join(Words(line), " ") + " "
	for _, p := range vocabulary() {
		for words := range strings.SplitSeq(p.words, "|") {
			rest, ok := strings.CutPrefix(said, words+" ")
			if !ok {
				continue
			}
			order := Order{Verb: p.verb, Lang: p.lang}
			if token, ok := order.take(strings.Fields(rest)); ok {
				return Message{Act: order.Act(), Command: strings.TrimSpace(line), Order: order, Token: token}, true
			}
		}
	}
	return Message{}, false
}

// Words are the words of a line as commands are read: in lower case, without accents, courtesies and punctuation.
func Words(line string) (words []string) {
	plain := strings.NewReplacer("à", "a", "á", "a", "â", "a", "ä", "a", "è", "e", "é", "e", "ê", "e", "ì", "i", "í", "i", "ò", "o", "ó", "o", "ö", "o", "ù", "u", "ú", "u", "ü", "u")
	for _, word := range strings.FieldsFunc(plain.Replace(strings.ToLower(line)), func(r rune) bool {
		return strings.ContainsRune(" \t\u00a0,;:!\"'’“”«»*_()[]<>", r)
	}) {
		if trimmed := strings.Trim(word, ".?"); trimmed != "" {
			word = trimmed
		}
		if !courteous().MatchString(word) && strings.Trim(word, ".-") != "" {
			words = append(words, word)
		}
	}
	return words
}

var (
	courteous  = pattern(`^(please|pls|kindly|thanks|thank|you|hi|hello|dear|ciao|salve|buongiorno|grazie|prego|favore|per|cortesia|bitte|danke|hallo|merci|svp|bonjour|gracias|favor|por|hola|regards|saluti|cheers)$`)
	complement = pattern(`^(me |mi )?((from|to|of|off|dal|dalla|da|alla|al|von|vom|zum|de|du|la|a|le) )?((this|your|the|questa|vostra|tua|la|il|diesem|der|el|cette|esta) )?(mailing ?list|list|newsletter|digest|lista|mailing|liste|boletin|verteiler)? ?$`)
	token      = pattern(`^[a-z2-7]{16,52}$`)
	topicName  = pattern(`^[+-]?[\pL\pN][\pL\pN_-]{0,40}$`)
	refusal    = pattern(`(?i)\b(no|not|never|stop|unsubscribe|didn['’]?t|don['’]?t|spam|phishing|non|mai|nessun\w*|rimuov\w+|cancell\w+|nein|nicht|kein\w*|jamais|pas|nunca)\b`)
)

// take gives the words that follow a verb their meaning; it refuses those that it has no place for.
func (o *Order) take(rest []string) (code string, ok bool) {
	if len(rest) == 0 {
		return "", true
	}
	switch o.Verb {
	case "subscribe", "unsubscribe":
		if len(rest) == 1 && address().FindString(rest[0]) == rest[0] {
			o.Words = rest
			return "", true
		}
		return "", complement().MatchString(strings.Join(rest, " ") + " ")
	case "confirm":
		if len(rest) == 1 && token().MatchString(rest[0]) {
			return rest[0], true
		}
	case "topics", "digests":
		return "", o.choose(rest, 20)
	case "language":
		return "", o.choose(rest, 1)
	case "pause":
		return "", o.last(rest)
	}
	return "", false
}

func (o *Order) choose(rest []string, most int) bool {
	if len(rest) > most {
		return false
	}
	for _, word := range rest {
		if !topicName().MatchString(word) {
			return false
		}
	}
	o.Words = rest
	return true
}

// last reads for how long: "14", "2 weeks", "for 1 month". A pause is no longer than a year.
func (o *Order) last(rest []string) bool {
	if in(rest[0], "for", "di", "fur", "pour") {
		rest = rest[1:]
	}
	if len(rest) == 0 || len(rest) > 2 {
		return false
	}
	n, err := strconv.Atoi(rest[0])
	if err != nil || n < 1 || n > 365 {
		return false
	}
	each := 1
	if len(rest) == 2 {
		switch unit := rest[1]; {
		case in(unit, "day", "days", "d", "giorno", "giorni", "g", "tag", "tage", "jour", "jours", "dia", "dias"):
		case in(unit, "week", "weeks", "w", "settimana", "settimane", "woche", "wochen", "semaine", "semaines", "semana", "semanas"):
			each = 7
		case in(unit, "month", "months", "mese", "mesi", "monat", "monate", "mois", "mes", "meses"):
			each = 30
		default:
			return false
		}
	}
	o.Days = min(n*each, 365)
	return true
}

// bareSubject is a subject without the "Re:" of any language in use, and whether it had one.
func bareSubject(s string) (bare string, answers bool) {
	bare = answer().ReplaceAllString(s, "")
	return bare, bare != s
}

var answer = pattern(`(?i)^(\s*(re|r|rif|aw|sv|antw|antwort|odp|vs|res|ref|ynt|回复|答复|返信)(\[\d+\])?\s*[:：])+\s*`)

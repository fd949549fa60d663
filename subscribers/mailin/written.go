package mailin

import (
	"strings"
)

// written are the lines that the writer wrote himself, without empty ones: nothing that he quotes, in whatever
// manner and language his program announces it, no signature, nothing forwarded. Text below a quotation that
// is marked line by line is his; below one that is not, nobody can tell, and none is.
func written(text string) (own []string) {
	all := strings.Split(text, "\n")
	inQuote := false
	for i := 0; i < len(all) && len(own) < 50; i++ {
		line := strings.TrimSpace(strings.Trim(all[i], "\u200b\ufeff\u2003"))
		if line == "" {
			inQuote = false
			continue
		}
		if quoted(line) {
			inQuote = true
			continue
		}
		if n := intro(all[i:]); n > 0 {
			if !quotesFollow(all[i+n:]) {
				return own
			}
			i += n - 1
			continue
		}
		if end().MatchString(line) || headed(all[i:]) {
			return own
		}
		if inQuote { // a quoted line that was broken, and lost its mark
			continue
		}
		own = append(own, line)
	}
	return own
}

// first is the first line that says more than a greeting.
func first(written []string) string {
	for _, line := range written {
		if len(Words(line)) > 0 && !greeting().MatchString(line) {
			return line
		}
	}
	return ""
}

func quoted(line string) bool {
	return line[0] == '>' || line[0] == '|' || strings.HasPrefix(line, "&gt;")
}

var (
	greeting = pattern(`(?i)^(dear|hello|hi|hey|good (morning|afternoon|evening)|ciao|salve|buongiorno|buonasera|gentil[ei]|egregi|spett\S*|hallo|guten (tag|morgen|abend)|sehr geehrte\S*|liebe\S*|bonjour|bonsoir|hola|buenos d[ií]as|buenas)\b[^.:;]{0,40}[,!.:]?$`)

	// end is a line after which the writer writes no more: a rule with words in it, as before "original message" in
	// any language; a rule alone; a signature's; the advertising of a telephone.
	end = pattern(`(?i)^(` +
		`[-_=*]{2,}\s*\S.{2,60}\S\s*[-_=*]{2,}|` + // -----Original Message-----
		`_{5,}|-{5,}|={10,}|—{3,}|` +
		`--|—|–|` +
		`(begin|start of|inizio) .{0,20}(forwarded|message|messaggio).*|` +
		`(sent|get|gesendet|inviato|envoyé|enviado|verzonden|sendt|skickat|enviada|wysłane|lähetetty|отправлено) (from|with|via|da|dal|mit|von|vom|depuis|de|desde|met|vanaf|fra|från|do|z|с|из|outlook for)\b.{2,60}|` +
		`this (e-?mail|message) (and|is|was|contains|may).{10,}` +
		`)$`)

	dated  = pattern(`(?i)(\b(19|20)\d\d\b|\b\d{1,2}[:.h]\d\d\b|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4})`)
	opener = pattern(`(?i)^[>*\s]*(on|am|le|il|in data|el|em|op|den|dnia|w dniu|dne|på|fra|at|a|in|vào|tarihinde|в|на|у|στις|ngày|在|于|(mon|tue|wed|thu|fri|sat|sun|lun|mar|mer|gio|ven|sab|dom|mo|di|mi|do|fr|sa|so)[a-zìäéèç]*|\d{1,4}[ ./年-]|\S+ \S+ .*@|".*" <|.{2,60}<|\S+@)`)
	verbed = pattern(`(?i)\b(wrote|writes|said|scritto|scrive|schrieb|écrit|ecrit|escribió|escribio|escreveu|schreef|skrev|kirjoitti|napisał|napisal|napsal|írta|scris|написал|пише|написа|έγραψε|yazdı|viết|写道|寫道|kirjutas)|(написал|написав|пишет|写道|寫道|のメッセージ|さんは|작성)`)
)

// intro tells how many lines announce a quotation, as "On … wrote:" does in any language: a line, or up to four
// that belong together, with a date or an address, that ends in a colon or a verb of saying.
func intro(rest []string) int {
	line := strings.TrimSpace(rest[0])
	if !opener().MatchString(line) {
		return 0
	}
	for n := 1; n <= 4 && n <= len(rest); n++ {
		next := strings.TrimSpace(rest[n-1])
		if n > 1 && (next == "" || quoted(next)) {
			return 0
		}
		if n > 1 {
			line += " " + next
		}
		if len(line) > 400 {
			return 0
		}
		marked := dated().MatchString(line) || strings.Contains(line, "@")
		if marked && (strings.HasSuffix(line, ":") && (verbed().MatchString(line) || n == 1 || dated().MatchString(rest[0])) || verbed().MatchString(line) && spoken().MatchString(line)) {
			return n
		}
		if n == 1 && stamped().MatchString(line) {
			return n
		}
	}
	return 0
}

var (
	spoken  = pattern(`(?i)(wrote|writes|scritto|schrieb|écrit|escribió|escreveu|schreef|skrev|napisał(\(a\))?|написал|写道|寫道)\s*[:：]?$`)
	stamped = pattern(`^\d{4}-\d\d-\d\d \d\d:\d\d (GMT|UTC)[+-]\d\d:\d\d .{1,100}$`) // Gmail's, where it knows no word for it
)

// quotesFollow tells whether the lines that follow are marked as quoted.
func quotesFollow(rest []string) bool {
	for _, line := range rest {
		if line = strings.TrimSpace(line); line != "" {
			return quoted(line)
		}
	}
	return false
}

// headed tells whether a header begins here, such as Outlook puts above what it quotes: two fields at least, one
// after the other, of which one has an address or a date. It goes by their shape, in any language.
func headed(rest []string) bool {
	fields, marked := 0, false
	for _, line := range rest[:min(len(rest), 6)] {
		line = strings.Trim(strings.TrimSpace(line), "*")
		if !field().MatchString(line) {
			break
		}
		fields++
		marked = marked || dated().MatchString(line) || strings.Contains(line, "@")
	}
	return fields >= 3 || fields == 2 && marked
}

var field = pattern(`^\pL[\pL -]{0,20}\*?\s?[:：]\*?\s?\S`)

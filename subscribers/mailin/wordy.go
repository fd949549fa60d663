package mailin

import (
	"slices"
	"strings"
)

// wordy reads a report without a machine's part, as servers wrote them before RFC 3464 and odd ones still do. It
// is known by two signs of: a server's sender or none, a subject that tells of a failure, a text that
// does. Whom it is about is told by the shape of its lines, and by the letter that it returns.
func wordy(l *letter) (Message, bool) {
	listed := l.addresses("X-Failed-Recipients")
	subject := l.GetHeader("Subject")
	fails := failing().MatchString(subject)
	server := l.null() && !answering(l) || l.GetHeader("From") == "" && l.GetHeader("Sender") == "" || bySystem(l)
	if !server && (!fails || passedOn().MatchString(subject)) && len(listed) == 0 {
		return Message{}, false
	}
	text := l.told()
	if len(listed) == 0 && !(server && fails) && !announcing().MatchString(text[:min(len(text), 4<<10)]) {
		return Message{}, false
	}
	m := Message{Act: Bounce, Reason: "a report in words"}
	report := unreturned(text)
	if len(listed) == 0 {
		listed = failedIn(report, l)
	}
	late := waiting().MatchString(subject) || waiting().MatchString(report) && !over().MatchString(report)
	var whole Recipient // judged by all that the report says, where it says nothing of one
	for _, to := range listed[:min(len(listed), mostRecipients)] {
		words := about(report, to)
		r := Recipient{Address: to}
		if found := forwarded().FindStringSubmatch(words); found != nil {
			r.Original = strings.ToLower(found[1])
		}
		action := ""
		if late {
			action = "delayed"
		}
		if r.judge(action, words); r.Meaning == "" {
			if whole.Kind == "" {
				whole.judge(action, report[:min(len(report), 4<<10)])
			}
			r.Kind, r.Meaning = whole.Kind, whole.Meaning
			if r.Status == "" {
				r.Status = whole.Status
			}
		}
		r.Diagnostic = reasonIn(words)
		m.add(r)
	}
	return m, len(m.Recipients) > 0 || server
}

// answering tells whether a mail says that it answers for its owner: it has no sender either, and may tell of somebody
// who does not read it. Postfix and Exim say so of their reports too, which have other signs.
func answering(l *letter) bool {
	return strings.HasPrefix(l.low("Auto-Submitted"), "auto-replied") || autoHeader(l) || away().MatchString(l.GetHeader("Subject"))
}

// bySystem tells whether a mail is from the mail system itself, by its own word.
func bySystem(l *letter) bool {
	return daemon().MatchString(l.GetHeader("From")) || daemon().MatchString(l.GetHeader("Sender"))
}

var (
	daemon   = pattern(`(?i)mailer[-_ .]?daemon|post[-_ ]?master|mail[- ]?(delivery|system|administrator|router|transport|gateway|service)|delivery (sub)?system|mdaemon|smtp (server|daemon|gateway)|system administrator|mailsystem|internet mail|network mail|^\s*<>\s*$`)
	failing  = pattern(`(?i)(undeliver|un-?deliverable|delivery[- ](status|fail|has failed|report|error|incomplete|problem|notif|delay|unsuccess|attempt)|deliver(y|ing)? .{0,20}(fail|delay|error|impossible|abort)|(return|bounc)(ed|ing|) (e-?)?mail|mail (system )?(delivery|error|fail|return|undeliver)|(failure|error|non-?delivery|bounce|warning|problem) (notice|report|notification|message|sending|delivering|:)|fail(ed|ure) (mail|delivery|notice)|mail failure|not (be )?delivered|could(n't| not) (be )?(send|sent|deliver)|returning message|non.?remis|non d[ée]livr|unzustellbar|nicht zugestellt|mancat[oa] (recapito|consegna)|mancata|consegna .{0,20}(fallit|non riuscit)|no (se pudo )?entreg|devuelto|user unknown|unknown (user|address)|nondeliverable|onbestelbaar|nedoru|olevererad|delayed|error sending|there was an error|postfix smtp server: errors)`)
	passedOn = pattern(`(?i)^\s*(re|r|fw|fwd|wg|tr|i|rv|enc|aw)\s*:`)

	announcing = pattern(`(?i)(mail delivery (system|software|agent|program|subsystem)|(could|can|was|were|is|has|have|did|do|does|may)( ?n[o']t| not)( yet)? (be |been |being |able to be |reach |receive |accept )?(deliver|send|sent|reach|relayed|complet|process|some or all|the following)|unable to (deliver|send|reach|relay|complete)|(wasn'?t|not|un) ?able to deliver|un-?deliver(able|ed)|deliver(y|ing|) .{0,60}(fail|abort|error|problem|unsuccessful|impossible|not possible|could not)|fail(ed|ure|s)? .{0,40}(deliver|recipient|address)|(fatal|permanent|delivery|non-?fatal|transient) (error|failure|problem)|(following|these|failed|invalid) (e-?mail )?(address|recipient|user|destination)|transcript of (the )?session|(was|been) rejected by|returned to (you|sender|the sender)|returning (the |your )?(message|mail)|recipient(s)?( \S+){0,3} (rejected|unknown|not)|user unknown|unknown user|trouble delivering|rejected recipient|did not reach|error (sending|delivering|message|while)|this is the (qmail|postfix|mail|deliver|machine|dragonfly)|invalid (user|recipient|final)|mailbox is full|rcpt to:|zugestellt werden|nicht zustell|non .{0,20}(recapit|consegnat)|impossibil[ei] (recapitare|consegnare)|n'a pas pu .{0,20}(remis|livr)|no (se )?(pudo|ha podido) .{0,20}(entreg|envia)|has restricted|list of failed)`)
	waiting    = pattern(`(?i)(warning.{0,60}(delay|not yet|still|only|could not send message for)|delayed|not yet been delivered|still (being )?(trying|try|retried|attempt)|will (be retried|retry|continue|keep trying|still try)|attempts? .{0,30}will continue|(do|need) not (need to )?resend|temporar\S+ (delay|deferr)|be (re)?tried (for|until|again)|could not send message for|delivery incomplete|transient (non-?fatal|error))`)
	over       = pattern(`(?i)(given up|giving up|gave up|no (further|more) (delivery )?(attempts|tries)|retry (time|limit|timeout) (exceeded|not reached)|permanent|returned to|has been (removed|deleted)|will not (be retried|retry))`)
)

// unreturned is a report's text without the letter that it returns.
func unreturned(text string) string {
	if at := restAt(text); at > 0 {
		return text[:at]
	}
	return text
}

// restAt is where the report ends and what it returns begins: -1 if nothing is returned.
func restAt(text string) int {
	if at := rest().FindStringIndex(text); at != nil {
		return at[0]
	}
	return -1
}

var rest = pattern(`(?im)^(?:` +
	`(?:received|return-path|x-mailer|mime-version|delivered-to|dkim-signature|message-id|x-envelope-from|content-type): ?\S.*|` +
	`\W{0,3}[-=*_+#~]{2,}.{0,60}\b(?:original (?:message|mail|e-?mail|text|header)|unsent|returned (?:message|mail)|copy of|undelivered|enclosed|below this line|below the next line|headers? (?:of|from|follow)|your (?:message|mail)|message (?:header|text|body|follows|contents|as received)|start of|old message|mail follows).*|` +
	`[^a-z\n]{0,5}(?:the |your |here is the |here is your )?(?:original|unsent|returned|old|undelivered) (?:message|mail|e-?mail)(?: (?:text|headers?|follows|reads|was|is|attached|body|below|contents)\b)?(?: follows| is)?\W{0,12}$|` +
	`.{0,60}\b(?:(?:message|mail|text|headers?|transcript of message) follows|included is a copy|(?:below|following|here) is (?:a|the) copy|copy of (?:the |your )?(?:original |entire )?(?:message|mail|header)|message headers?\W*$|is your returned mail|first \d+ lines|your message (?:reads|begins|follows)|message contents).*` +
	`)`)

// An evidence is how well a line shows that an address in it is one that failed.
type evidence int

const (
	none     evidence = iota
	mentions          // it stands somewhere
	tells             // in a sentence of failure, or in the dialogue of servers
	lists             // it stands at the beginning of a line, or after a label that says what it is
)

// failedIn finds the addresses that a report is about: those that it shows best. The letter returned decides
// between those that are merely mentioned, and is asked itself where the report names none.
func failedIn(report string, l *letter) []string {
	sentTo := recipientsOf(l)
	own := append(l.addresses("To", "From", "Reply-To", "Delivered-To", "Return-Path"), returnedFrom(l)...)
	dialogue := session().FindStringIndex(report)
	by := map[evidence][]string{}
	at := 0
	for line := range strings.Lines(report) {
		for _, found := range address().FindAllStringIndex(line, 20) {
			a := strings.ToLower(strings.TrimLeft(line[found[0]:found[1]], "'`=/"))
			shown := shows(tail(line[:found[0]]), line[found[1]:])
			if dialogue != nil && at > dialogue[0] && shown == lists {
				shown = tells
			}
			if shown == none && slices.Contains(sentTo, a) {
				shown = mentions
			}
			if shown > none && len(by[shown]) < 4*mostRecipients && wellFormed(a) && !slices.Contains(by[shown], a) {
				by[shown] = append(by[shown], a)
			}
		}
		at += len(line)
	}
	for _, shown := range []evidence{lists, tells} {
		if better := without(by[shown], own, sentTo); len(better) > 0 {
			return better
		}
	}
	if both := common(by[mentions], sentTo); len(both) > 0 {
		return both
	}
	if others := without(sentTo, l.addresses("From"), nil); len(others) == 1 {
		return others
	}
	if only := without(by[mentions], own, nil); len(only) == 1 {
		return only
	}
	return append(by[lists], by[tells]...) // ourselves, to whom we had written
}

var (
	session = pattern(`(?i)transcript of (the )?session|session transcript`)
	// beginsLine is what may stand before an address that begins its line.
	beginsLine = pattern(`^[\s*>"'<\[(\-•·=:]*(?:"[^"<@\n]{0,60}"\s?<|[45]\d\d[ -](?:[45]\.\d{1,3}\.\d{1,3} )?[<"'(]*|\d{1,3}[.)] [<"']*|<?smtp[:;]\s?)?$`)
	named      = pattern(`^\s*\pL[\pL.'-]*(?: [\pL.'-]+){0,2} <$`) // Ada Lovelace <
	forwarder  = pattern(`(?i)\((?:expanded|generated) from:?\s*<?$`)
	forwarded  = pattern(`(?i)\((?:expanded|generated) from:?\s*<?(` + addressForm + `)`)
	label      = pattern(`(?i)(?:^|[\s\[,;(])(?:intended|failed|final|original|undeliverable|invalid|bad|unknown|rejected|e-?mail|envelope)?[ -]?(?:recipients?|address(?:es|ee)?|rcpt|user|user ?name|mailbox|error-for|destinat\w+|destino|empf\w+|dest)(?:[ -](?:address|name|e-?mail)| was| is)?\s*[:=]+[\s<"'\[(]*(?:smtp[:;]|rfc822[;:])?\s*<?$`)
	sentence   = pattern(`(?i)(?:\b(?:to|for|recipients?|user|address(?:es)?|mailbox|reach|deliver|account|addressed|a|per|an|à|para|unknown|full|rcpt to|destinatario|empfänger)|delivery userid|unknown user|is full|size)(?: (?:address|the|following|user|recipients?|mailbox|account|e-?mail))*\s*[:=]?[\s<"'\[(]*$`)
	forOthers  = pattern(`(?i)(contact|assist|support|question|complain|help|inquir|enquir|please (send|forward|reply|write|e-?mail|mail|call|visit|direct|refer)|forward|reply|write|(^|\W)from\b|sender|envelope.from|mail from|reverse|originator|subject|message-?id|mts-id|posted|via |\bby\b|host |https?:|unsubscribe|abuse)[^.;]*$`)
	ownHeader  = pattern(`(?i)^[\s>*|]*(to|cc|bcc|a|an|an:|von|from|date|sent|message-id|reply-to|sender|return-path)\s*:`)
)

// tail is the end of a long line, so marked that it is not taken for its beginning.
func tail(s string) string {
	if len(s) <= 200 {
		return s
	}
	return "…" + strings.ToValidUTF8(s[len(s)-200:], "")
}

// shows weighs one address by what stands before and after it in its line.
func shows(before, after string) evidence {
	switch {
	case forwarder().MatchString(before):
		return none
	case ownHeader().MatchString(before):
		return none
	case beginsLine().MatchString(before):
		return lists
	case label().MatchString(before):
		return lists
	case forOthers().MatchString(before):
		return none
	case sentence().MatchString(before):
		return tells
	case named().MatchString(before):
		return lists
	case strings.HasPrefix(strings.TrimLeft(after, ">\"') "), "..."), strings.HasPrefix(after, ">: "), strings.HasPrefix(after, ">:\n"):
		return tells
	}
	return mentions
}

// recipientsOf are the addresses that the letter was sent to, by its own header.
func recipientsOf(l *letter) (all []string) {
	fields := returned(l)
	text := l.told()
	if at := restAt(text); len(fields) == 0 && at >= 0 {
		for _, group := range groups([]byte(text[at:])) {
			if group.Get("To") != "" {
				fields = group
				break
			}
		}
	}
	for _, name := range []string{"X-Envelope-To", "To", "Cc", "Delivered-To"} {
		for _, found := range address().FindAllString(strings.Join(fields[name], ", "), 50) {
			if found = strings.ToLower(found); !slices.Contains(all, found) {
				all = append(all, found)
			}
		}
	}
	return all
}

func returnedFrom(l *letter) (all []string) {
	fields := returned(l)
	for _, found := range address().FindAllString(fields.Get("From")+" "+fields.Get("Return-Path"), 5) {
		all = append(all, strings.ToLower(found))
	}
	return all
}

// without leaves out our own addresses, unless the letter went to them, and the postmasters'.
func without(all, own, sentTo []string) (kept []string) {
	for _, a := range all {
		if (slices.Contains(own, a) || daemon().MatchString(a)) && !slices.Contains(sentTo, a) {
			continue
		}
		kept = append(kept, a)
	}
	return kept
}

func common(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return !slices.Contains(b, s) })
}

// about is what a report says of an address: from the first line that has it to the next address that begins a
// line, and the lines of the dialogue that have it; or all, where the address is not named.
func about(report, to string) string {
	var near strings.Builder
	var dialogue string // what our server said last
	inside, named := 0, false
	for line := range strings.Lines(report) {
		found := address().FindStringIndex(line)
		switch {
		case strings.Contains(strings.ToLower(line), to):
			inside, named = 12, true
			near.WriteString(dialogue)
		case found != nil && beginsLine().MatchString(line[:found[0]]), elsewhere().MatchString(line), strings.TrimSpace(line) == "" && inside < 9:
			inside = 0
		}
		if dialogue = ""; strings.HasPrefix(strings.TrimSpace(line), ">>>") {
			dialogue = line
		}
		if inside > 0 && near.Len() < 1<<10 {
			near.WriteString(line)
			inside--
		}
	}
	if !named {
		return report[:min(len(report), 4<<10)]
	}
	return strings.ToValidUTF8(near.String(), "\uFFFD")
}

// elsewhere begins what is said of another host.
var elsewhere = pattern(`(?i)^(\.\.\. )?while talking|^[45]\d\d \S+ \(\w+\)\.\.\.`)

var replied = pattern(`(?m)(?:^|[\s:<('"\[])[45]\d\d[ -]\S.*|(?:#|\b)[45]\.\d{1,3}\.\d{1,3}\b.*|\((?:reason: |user |unknown ).*\)`)

// reasonIn is the other server's own words, if they can be told from ours.
func reasonIn(words string) string {
	found := strings.Join(strings.Fields(replied().FindString(words)), " ")
	return strings.ToValidUTF8(strings.TrimLeft(found[:min(len(found), 300)], "<:(['\""), "\uFFFD")
}

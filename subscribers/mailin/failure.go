package mailin

import (
	"regexp"
	"strings"
)

// judge classes a failure. The particular status (RFC 3463) is asked first, as far as servers use it for what
// it is defined for; then the words of the other server, then those around them; then the bare reply code
// (RFC 5321, section 4.2.3). Without a clear word it is soft: nobody is taken off a list for a guess.
func (r *Recipient) judge(action, words string) {
	r.Status = particular(r.Status, r.Diagnostic, words)
	cause, ok := causeOf(r.Diagnostic)
	if !ok {
		cause, ok = causeOf(words)
	}
	byStatus := causeOfStatus(r.Status)
	switch {
	case byStatus.certain, cause.vague && byStatus.meaning != "":
		cause = byStatus.cause
	case cause.kind == Hard && byStatus.kind != Hard && terse().MatchString(words) && late().MatchString(words) && !unready().MatchString(words):
		cause.kind, cause.meaning = Soft, "refused after all of the letter was seen"
	case !ok:
		if cause = byStatus.cause; cause.meaning == "" {
			cause = causeOfCode(r.Diagnostic + "\n" + words)
		}
	case cause.kind == Hard && byStatus.alive:
		cause = byStatus.cause
	}
	if cause.kind == "" || cause.kind == Hard && strings.HasPrefix(r.Status, "4.") {
		cause.kind = Soft
	}
	r.Kind, r.Meaning = cause.kind, cause.meaning
	if action == "delayed" {
		r.Kind = Delayed
	}
}

// A cause is why a letter failed.
type cause struct {
	kind    Kind
	meaning string
	vague   bool // so that a status is to be believed rather
}

// A server that has taken the address and refuses only after DATA has a filter; one that was sent everything at
// once (RFC 2920) says at DATA that no recipient was left. One that tells more than "user unknown" is believed.
var (
	late    = pattern(`(?i)(in reply to (end of )?data|(after|following|end of) (the )?(end of )?data|>>> data|\(data\))`)
	terse   = pattern(`(?i)unknown user|user unknown`)
	unready = pattern(`(?m)^<<< 503`)
)

// particular is the status that says most: what the other server said is preferred to what ours made of it,
// and a number to a zero.
func particular(statuses ...string) (best string) {
	for _, text := range statuses {
		for _, found := range statusNumber().FindAllStringSubmatch(text, 10) {
			if best == "" || strings.HasSuffix(best, ".0") && found[3] != "0" || strings.HasSuffix(best, ".0.0") && found[2] != "0" {
				best = found[0]
			}
		}
	}
	return best
}

type statusCause struct {
	cause
	certain bool // whatever the words say
	alive   bool // the mailbox exists, even where the words say that it does not
}

// causeOfStatus knows what the numbers of RFC 3463, 5248 and 7505 mean, and which are misused too often to be
// believed against the words.
func causeOfStatus(status string) (s statusCause) {
	if status == "" {
		return s
	}
	_, rest, _ := strings.Cut(status, ".")
	subject, _, _ := strings.Cut(rest, ".")
	switch rest {
	case "1.1", "1.3", "1.0":
		s.cause = cause{kind: Hard, meaning: "no such mailbox"}
	case "1.2", "4.4":
		s.cause = cause{kind: Hard, meaning: "no such domain"}
	case "1.6":
		s = statusCause{cause: cause{kind: Hard, meaning: "the mailbox has moved"}, certain: true}
	case "1.10":
		s.cause = cause{kind: Hard, meaning: "no such mailbox, or the domain takes no mail"}
	case "1.7", "1.8", "1.9":
		s = statusCause{cause: cause{kind: Blocked, meaning: "our sender's address was refused"}, certain: true}
	case "2.2":
		s = statusCause{cause: cause{kind: Soft, meaning: "the mailbox is full"}, certain: true}
	case "2.1":
		s = statusCause{cause: cause{kind: Soft, meaning: "the mailbox is disabled"}, alive: true}
	case "2.3", "3.4":
		s = statusCause{cause: cause{kind: Soft, meaning: "the letter is too large"}, certain: true}
	default:
		switch subject {
		case "2":
			s = statusCause{cause: cause{kind: Soft, meaning: "the mailbox takes nothing"}, alive: rest != "2.0"}
		case "3":
			s.cause = cause{kind: Soft, meaning: "the other server's fault"}
		case "4":
			s.cause = cause{kind: Soft, meaning: "the other server could not be reached"}
		case "5":
			s.cause = cause{kind: Soft, meaning: "the servers did not understand each other"}
		case "6":
			s = statusCause{cause: cause{kind: Soft, meaning: "the letter's form was refused"}, certain: true}
		case "7":
			s.cause = cause{kind: Blocked, meaning: "a matter of policy"}
		}
	}
	return s
}

var (
	replyCode = pattern(`(?m)(?:^|[\s:=#'"(\[])([45]\d\d)(?:[-\s:,.'")\]#]|$)`)
)

// causeOfCode falls back on the reply code alone. 550 is said of so much that it proves nothing.
func causeOfCode(text string) cause {
	for _, found := range replyCode().FindAllStringSubmatch(text, 20) {
		switch found[1] {
		case "551", "553":
			return cause{kind: Hard, meaning: "no such mailbox"}
		case "552", "452":
			return cause{kind: Soft, meaning: "the mailbox is full"}
		case "556", "521":
			return cause{kind: Hard, meaning: "the domain takes no mail"}
		case "554", "530", "535":
			return cause{kind: Soft, meaning: "refused"}
		case "421", "450", "451":
			return cause{kind: Soft, meaning: "not now"}
		}
	}
	return cause{}
}

// causeOf knows what servers say, in the order in which it must be asked: what is said of us, of the moment or
// of a mailbox that exists comes before "unknown", because the servers say so of these too.
func causeOf(text string) (cause, bool) {
	text = strings.Join(strings.Fields(strings.NewReplacer("’", "'", "=", " ").Replace(text)), " ")
	text = wrapper().ReplaceAllString(text, "")
	if text == "" {
		return cause{}, false
	}
	for _, p := range causes {
		if p.said().MatchString(text) {
			return p.cause, true
		}
	}
	return cause{}, false
}

// wrapper is what Amazon SES writes before whatever the other server said.
var wrapper = pattern(`(?i)unknown address error \d{3}-`)

var causes = []struct {
	cause
	said func() *regexp.Regexp
}{
	{cause{kind: Soft, meaning: "the mailbox is full"}, said(
		`(mailbox|mail box|inbox|mail ?drop|maildir|folder|account|user|recipient|storage|disk)\S* .{0,40}(is |are |was )?(full|over ?quota|exceed\w*|over (the |its )?(\w+ )?(limit|quota|storage))`,
		`over (the )?(disk |storage |its |mail )?quota|quota .{0,30}(exceed|full|reached|violation)|exceed\w* .{0,30}(quota|storage|mailbox)|(not|in)(sufficient| enough) .{0,20}(space|storage)|(disk|mailbox|storage) space|out ?of ?storage`,
		`mailbox full|mailfull|too much mail|casella .{0,20}piena|postfach .{0,20}voll|bo[iî]te .{0,30}pleine|buz[oó]n .{0,20}lleno|quota d[ée]pass|quotaexceeded|EDQUOT`)},
	{cause{kind: Soft, meaning: "too much mail at once"}, said(
		`receiving (mail|messages|e-?mail) (at a rate|too (quickly|fast))|too many (messages|connections|mails|emails|recipients|sessions|concurrent)|(rate|connection|sending|message)s? ?-?limit|throttl\w*|too (quickly|fast|frequently)|maximum .{0,30}(per (hour|day|minute))`,
		`greylist\w*|gr[ea]ylisted|try (again |it )?later|temporar(il|y (fail|def|reject|lookup|local|unavail|problem|error))|please retry|service (is )?(currently |temporarily )?busy|host not found, try again|malformed or unexpected name server`)},
	{cause{kind: Blocked, meaning: "our sender's address was refused"}, said(
		`sender (address )?(was )?(rejected|denied|refused|verif\w+ fail\w*|domain|is not|not|unknown|invalid)|(invalid|bad|unknown|unresolvable|unverifiable) (sender|sending|return address|envelope sender|mail from)|domain of sender|mail ?from (domain|command|address|refused)|sender's (address|domain)|in reply to mail from`,
		`cannot resolve your domain|from address .{0,40}(not exist|invalid)|(helo|ehlo) (command )?(rejected|name)|my name was rejected|invalid ip for sending`)},
	{cause{kind: Blocked, meaning: "taken for spam, or our server is on a list"}, said(
		`\bspam\w*|black ?-?list\w*|block ?-?list\w*|deny ?list|\bdnsbl|\brbl\b|\bsbl\b|\bxbl\b|spamhaus|spamcop|barracuda|senderbase|reputation|unsolicited|junk mail|bulk mail|abus(e|ive)\b.{0,40}(ip|network|detected)|poor reputation|content (filter|restrict|reject|not allowed)\w*|message (content )?rejected (due|because|for)|(virus|malware|phish\w*|infected)`)},
	{cause{kind: Hard, meaning: "the mailbox takes no mail"}, said(
		`has restricted (sms|text|all|incoming) (e-?mail|mail|messages)`)}, // the gateways of American telephones, of mail from anybody
	{cause{kind: Blocked, meaning: "our server was refused"}, said(
		`\bspf\b|\bdkim\b|\bdmarc\b|unauthenticated|authenticat\w+ .{0,30}(fail|require|check)|reverse dns|\bptr\b|reverse (lookup|hostname|name)|cannot find your (reverse )?host|fcrdns|client host .{0,20}(rejected|blocked)|your (ip|server|host|network|mail server|domain) .{0,40}(block|reject|not allowed|banned|refus|listed|denied|poor)|connection (refused|rejected|denied) (due|by policy|from)|blocked (by|using|due|for|list)|\bblocked\b`,
		`relay\w* (access )?(denied|not (permitted|allowed)|prohibited|is not)|(unable|not allowed|cannot|denied|unauthorized) to relay|no relay\w*|we do not relay|not (a )?(local|allowed) (host|to relay)|not (permitted|authori[sz]ed|allowed) to (send|submit|relay|deliver|post)|senders? (is |are )?not authenticated|only (accepts|allowed)|must be a member|not accepting .{0,30}from (this|your)|restricted|delivery not authori[sz]ed`)},
	{cause{kind: Soft, meaning: "the reader's filter may have refused it"}, said(
		`550 ?:+ (: )?user unknown`)}, // the Japanese carrier au says so of its readers' filters too
	{cause{kind: Soft, meaning: "the letter is too large"}, said(
		`(message|mail|e-?mail|size|letter).{0,40}(too (large|big|long)|exceed\w* .{0,40}(size|limit|maximum|length))|(message|mail) size|size .{0,20}exceed|exceeds? .{0,30}(message|mail|fixed|maximum)? ?size|too large`)},
	{cause{kind: Soft, meaning: "the mailbox is disabled"}, said(
		`suspend\w*|\bdisabled?\b|deactivated|inactiv\w*|not (currently )?active|no longer active|(temporarily|currently) (locked|unavailable|not available)|locked|frozen|on ?hold|expired (account|user|mailbox)|(account|mailbox|user)\S* .{0,20}(has |is )?(expired|closed|terminated|locked|discontinued|frozen)|not accepting (mail|messages|e-?mail)|over due|dormant|unverified account|opted out`)},
	{cause{kind: Hard, meaning: "the mailbox has moved"}, said(
		`(has|have) (been )?(moved|changed)( to| address| \w+ address|\.)|new (e-?mail )?address is|no longer (work\w*|employed|at this)|user not local; please try|address (has )?changed`)},
	{cause{kind: Hard, meaning: "no such mailbox"}, said(
		`(unknown|no such|nonexist\w*|non-exist\w*|invalid|undefined|bad|illegal|unrecogni[sz]ed|unrout(e)?able|undeliverable) (\w+ ){0,2}(user|recipient|mailbox|address|account|addressee|local|destination|alias|person|name|userid|e-?mail|rcpt|login|maildrop|party|employee|customer)`,
		`(user|recipient|mailbox|account|address|addressee|name|userid|person|alias|rcpt|maildrop|e-?mail|login|customer|party)\S*( \S+){0,5} (is |was |are |were |has |could |can |does |did |do |s )?(been )?(unknown|invalid|undefined|not? ?found|nonexist\w*|non-exist\w*|not? (be )?(found|valid|known|listed|exist\w*|recogni[sz]ed|defined|available|registered|present|in .{0,30}(table|directory|list|database)|a valid)|doe?s?n?'?t? not exist|doesn't exist|no longer (exist\w*|available|valid|in use|on)|unrouteable|unlisted|deleted|unassigned|on server)`,
		`does( ?n'?t| not) (exist|have an? )|no (mailbox|such user|such address|user|account|one) (here|by|with|found|called|named)|no mailbox|isn'?t a valid|not a (valid|known|registered|local|current)|there is no (user|such|one|mailbox|account)|is not listed|not listed in|couldn'?t be found|wasn'?t found|unknown (recipient|user|local)|user ?unknown|unknown ?user|recipnotfound|recipient ?not ?found|recipient name is not recogni[sz]ed|not (our|in our) (customer|user)|rejected recipient|recipient (address )?rejected(: (undeliverable|unknown|unverified|user|access denied)|\.?( \(|$))|not reachable at|gel[öo]scht|unbekannt|inconnu|n'existe pas|non esiste|inesistente|sconosciut|no existe|desconocid|inexistente|onbekend|não existe`)},
	{cause{kind: Hard, meaning: "no such domain"}, said(
		`(unknown|no such|nonexist\w*|invalid|bad|illegal|unroutable|unrouteable) (mail |\w+ )?(host|domain|mail server)|(host|domain|mx|name)( name| record)?\S*( \S+){0,4} (is |was |could |can |does |did )?(not? (be )?(found|exist\w*|resolved?|known)|unknown|doesn't exist|nonexist\w*|invalid)|host ?unknown|nxdomain|name or service not known|unable to (route|resolve)|no (mx|dns|a|valid|usable) (or (a|mx) )?(record|host|mail server)|couldn'?t find any host|unrouteable (mail )?domain|no mail (server|exchanger)|domain name not found|domain is not reachable|not resolve`)},
	{cause{kind: Hard, meaning: "the domain takes no mail"}, said(
		`(host|domain|server|recipient) .{0,40}(does not|doesn't|do not) (accept|receive|handle) (any )?(mail|e-?mail|smtp|messages)|null ?mx|no mail is accepted|smtp protocol is not`)},
	{cause{kind: Blocked, meaning: "a matter of policy"}, said(
		`polic(y|ies)|access denied|permission denied|denied|not authori[sz]ed|unauthori[sz]ed|prohibited|forbidden|not (permitted|allowed|accepted|wanted)|administratively|banned|refuse[sd]? .{0,30}(mail|message|your)`)},
	{cause{kind: Soft, meaning: "the other server could not be reached", vague: true}, said(
		`time[d ]?-?out|connection (was )?(refused|reset|lost|dropped|closed|timed|failed|died)|could ?n[o']t (connect|contact|establish|reach)|unable to (connect|contact|reach)|(host|network|server|site) .{0,30}(unreachable|not reachable|not respond\w*|is down|unavailable|not available)|no route|lost connection|(too long|too old)|expired|unable to deliver .{0,40}(days|hours)|loop|too many hops|name ?server|lookup fail\w*|host name lookup|dns|retry time|not answer\w*|not respond\w*|deferred`)},
	{cause{kind: Soft, meaning: "the other server's fault", vague: true}, said(
		`(local|internal|system|server|service|configuration|software|processing|resource|i/o|disk|database) ?(configuration |software |processing |server )?(error|fail\w*|problem|unavailable|not available)|service unavailable|can'?t (create|open|write)|permission|requested action|mailbox (unavailable|not available|busy)|unavailable`)},
}

func said(patterns ...string) func() *regexp.Regexp {
	return pattern(`(?i)` + strings.Join(patterns, "|"))
}

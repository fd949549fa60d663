package mailin

import (
	"regexp"
	"slices"
	"strings"

	"github.com/jhillyerd/enmime/v2"
)

var (
	robot   = regexp.MustCompile(`(?i)^(mailer-daemon|postmaster|no-?reply|do-?not-?reply|donotreply|bounces?|auto-?reply|notifications?|listserv|majordomo|mailman|sympa|smartlist|root|daemon|abuse|uucp)([+._-].*)?@`)
	away    = regexp.MustCompile(`(?i)\b(out of (the )?office|auto(matic|mated)?[- ]?(repl|response|antwort|answer)|autoreply|vacation|on holiday|away from (my|the) (office|desk|mail)|risposta automatica|fuori (ufficio|sede)|assente|abwesen|réponse automatique|absence|respuesta automática|fuera de la oficina|resposta automática|afwezig)`)
	silence = regexp.MustCompile(`(?i)\b(all|autoreply|oof|dr)\b`)
	failing = regexp.MustCompile(`(?i)(undeliver|delivery (status|failure|has failed|report|error|incomplete|problem)|returned mail|mail delivery|failure notice|non.?remis|unzustellbar|mancat[oa] (recapito|consegna)|message not delivered|delivery.{0,20}(failed|delayed))`)
)

// machine says what a mail is that no person sat down to write, and by which sign it was known; no act for
// a person's. The signs are those of RFC 3834 and of the list managers in use.
func machine(e *enmime.Envelope) (Act, string) {
	has := func(name string) bool { return e.GetHeader(name) != "" }
	for _, sign := range []struct {
		act    Act
		reason string
		there  bool
	}{
		{AutoReply, "Auto-Submitted says auto-replied", strings.HasPrefix(low(e, "Auto-Submitted"), "auto-replied")},
		{Ignore, "Auto-Submitted says so", has("Auto-Submitted") && low(e, "Auto-Submitted") != "no"},
		{AutoReply, "Precedence says auto_reply", low(e, "Precedence") == "auto_reply"},
		{AutoReply, "an autoresponder's header", has("X-Autoreply") || has("X-Autorespond") || has("X-Autoresponse") || has("X-Autorespond-To") ||
			has("X-Auto-Reply-From") || has("X-Mail-Autoreply") || has("Vacation") || low(e, "Content-Identifier") == "auto-replied"},
		{AutoReply, "its subject tells an absence", away.MatchString(e.GetHeader("Subject"))},
		{Ignore, "a list's header", hasList(e)},
		{Ignore, "Precedence says bulk", in(low(e, "Precedence"), "bulk", "junk", "list")},
		{Ignore, "it asks not to be answered", silence.MatchString(e.GetHeader("X-Auto-Response-Suppress"))},
		{Ignore, "it has been here before", has("X-Loop")},
		{Ignore, "it is marked as spam", strings.HasPrefix(low(e, "X-Spam-Flag"), "yes")},
		{Ignore, "a report of another kind", strings.HasPrefix(low(e, "Content-Type"), "multipart/report") || strings.HasPrefix(low(e, "Content-Type"), "message/")},
		{Ignore, "a null sender", in(strings.TrimSpace(e.GetHeader("Return-Path")), "<>")},
		{Ignore, "a robot's address", robot.MatchString(writer(e))},
		{Ignore, "not exactly one writer", writer(e) == ""},
	} {
		if sign.there {
			return sign.act, sign.reason
		}
	}
	return "", ""
}

func low(e *enmime.Envelope, name string) string {
	return strings.ToLower(strings.TrimSpace(e.GetHeader(name)))
}

func in(s string, words ...string) bool { return slices.Contains(words, s) }

func hasList(e *enmime.Envelope) bool {
	for _, name := range e.GetHeaderKeys() {
		if name := strings.ToLower(name); strings.HasPrefix(name, "list-") || name == "mailing-list" || name == "x-mailing-list" || name == "feedback-id" {
			return true
		}
	}
	return false
}

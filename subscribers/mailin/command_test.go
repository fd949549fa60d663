package mailin

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCommand(t *testing.T) {
	token := strings.Repeat("a", 32)
	for line, want := range map[string]Order{
		"subscribe": {Verb: "subscribe", Lang: "en"}, "Please SUBSCRIBE me, thanks!": {Verb: "subscribe", Lang: "en"}, "“iscrivimi”": {Verb: "subscribe", Lang: "it"},
		"Iscrivimi alla newsletter": {Verb: "subscribe", Lang: "it"}, "subscribe Ada@example.org": {Verb: "subscribe", Lang: "en", Words: []string{"ada@example.org"}},
		"unsubscribe.": {Verb: "unsubscribe", Lang: "en"}, "Please unsubscribe me from this mailing list.": {Verb: "unsubscribe", Lang: "en"}, "STOP": {Verb: "unsubscribe", Lang: "en"},
		"Cancellami, grazie": {Verb: "unsubscribe", Lang: "it"}, "Cancellatemi dalla lista per favore": {Verb: "unsubscribe", Lang: "it"}, "remove me": {Verb: "unsubscribe", Lang: "en"},
		"bitte abmelden": {Verb: "unsubscribe", Lang: "de"}, "désabonnement svp": {Verb: "unsubscribe", Lang: "fr"}, "Darme de baja, por favor": {Verb: "unsubscribe", Lang: "es"},
		"confirm " + token: {Verb: "confirm", Lang: "en"}, "Confermo": {Verb: "confirm", Lang: "it"}, "sì": {Verb: "confirm", Lang: "it"}, "Ja": {Verb: "confirm", Lang: "de"},
		"?": {Verb: "help"}, "aiuto!": {Verb: "help"}, "Help?": {Verb: "help"}, "stato": {Verb: "status"}, "html": {Verb: "html"}, "solo testo": {Verb: "text"}, "riprendi": {Verb: "resume"},
		"topics models, chips, -policy": {Verb: "topics", Words: []string{"models", "chips", "-policy"}}, "Argomenti: modelli": {Verb: "topics", Words: []string{"modelli"}},
		"digests weekly": {Verb: "digests", Words: []string{"weekly"}}, "lingua it": {Verb: "language", Words: []string{"it"}}, "topics": {Verb: "topics"},
		"pause": {Verb: "pause"}, "pausa 3 giorni": {Verb: "pause", Days: 3}, "pause for 2 weeks": {Verb: "pause", Days: 14}, "PAUSE 30": {Verb: "pause", Days: 30}, "pause 12 months": {Verb: "pause", Days: 360},
		"": {}, "I want to unsubscribe my brother": {}, "subscribe to our newsletter": {}, "confirm my order": {}, "stop the war": {}, "help wanted": {}, "unsubscribed": {}, "yes but no": {}, "thanks": {},
		"pause -3": {}, "pause 9999": {}, "pause soon": {}, "language en it": {}, "topics <script>": {Verb: "topics", Words: []string{"script"}}, "topics a\tb\u202eevil": {}, "subscribe a@b c@d": {}, "html text": {},
	} {
		m, ok := command(line)
		if diff := cmp.Diff(want, m.Order); diff != "" || ok != (want.Verb != "") {
			t.Errorf("%q: %v %s", line, ok, diff)
		}
	}
	if m, _ := command("Confirm " + strings.ToUpper(token)); m.Token != token {
		t.Errorf("token %q", m.Token)
	}
}

func TestBareSubject(t *testing.T) {
	for in, want := range map[string]string{"Re: R: AW: help": "help", "RIF: Re[2]: help": "help", "Recipes": "Recipes", "Fwd: unsubscribe": "Fwd: unsubscribe"} {
		if got, _ := bareSubject(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestDoors(t *testing.T) {
	token := strings.Repeat("k2", 13)
	known := Reader{Addresses: []string{"ai-daily@digest.example"}, Delimiter: "="}
	for to, want := range map[string]Door{
		"ai-daily+subscribe@digest.example":             {Address: "ai-daily@digest.example", Word: "subscribe", Order: Order{Verb: "subscribe"}},
		"ai-daily-join@digest.example":                  {Address: "ai-daily@digest.example", Word: "join", Order: Order{Verb: "subscribe"}},
		"ai-daily=aiuto@digest.example":                 {Address: "ai-daily@digest.example", Word: "aiuto", Order: Order{Verb: "help"}},
		"ai-daily+subscribe-open-source@digest.example": {Address: "ai-daily@digest.example", Word: "subscribe", Order: Order{Verb: "subscribe", Words: []string{"open-source"}}},
		"ai-daily+c-" + token + "@digest.example":       {Address: "ai-daily@digest.example", Word: "c", Purpose: 'c', Token: token, Order: Order{Verb: "confirm"}},
		"ai-daily-u-" + token + "@digest.example":       {Address: "ai-daily@digest.example", Word: "u", Purpose: 'u', Token: token, Order: Order{Verb: "unsubscribe"}},
		"ai-daily+b-" + token + "@digest.example":       {Address: "ai-daily@digest.example", Word: "b", Purpose: 'b', Token: token},
		"ai-daily+f-" + token + "@digest.example":       {Address: "ai-daily@digest.example", Word: "f", Purpose: 'f', Token: token},
		"ai-daily@digest.example":                       {Address: "ai-daily@digest.example"},
		"ai-daily#help@digest.example":                  {},
		"other+subscribe@digest.example":                {},
		"ai-daily+c-short@digest.example":               {},
		"":                                              {},
	} {
		if diff := cmp.Diff(want, known.parse(to)); diff != "" {
			t.Errorf("%s: %s", to, diff)
		}
	}
}

// Mail of our own, and a command from an address of ours, is never taken for a reader's.
func TestOwn(t *testing.T) {
	known := Reader{Addresses: []string{"daily@digest.example"}}
	for _, raw := range []string{"From: daily@digest.example\nTo: daily@digest.example\n\nsubscribe\n", "From: daily+help@digest.example\n\nsubscribe\n"} {
		if m, err := known.Read(strings.NewReader(raw), Envelope{}); m.Act != Ignore || err != nil {
			t.Errorf("%+v, %v", m, err)
		}
	}
	raw := "From: ada@example.org\nTo: friends@example.org\n\n\n"
	for sender, want := range map[string]Act{"ada@example.org": Subscribe, "<>": Ignore, "MAILER-DAEMON@example.org": Ignore, "daily@digest.example": Ignore} {
		m, err := known.Read(strings.NewReader(raw), Envelope{Sender: sender, Recipient: "Daily+Subscribe@digest.example"})
		if m.Act != want || err != nil {
			t.Errorf("%s: %+v, %v", sender, m, err)
		}
	}
}

func TestTrust(t *testing.T) {
	reader := Reader{Trusted: []string{"mx.digest.example"}}
	for field, want := range map[string]Trust{
		"mx.digest.example; dmarc=pass (p=REJECT sp=NONE) header.from=example.org":                            {DMARC: "pass"},
		"mx.digest.example; dkim=pass (2048-bit key; unprotected) header.d=example.org header.s=s1; spf=none": {DKIM: "example.org"},
		"MX.digest.example 1; dkim=pass header.i=@sub.example.org; dmarc=fail header.from=example.org":        {DMARC: "fail"},
		"mx.digest.example; dkim=fail header.d=example.org; dkim=pass header.d=mailer.example; dmarc=none":    {DMARC: "none"},
		"evil.example; dmarc=pass header.from=example.org":                                                    {},
		"mx.digest.example; none": {},
		";;;":                     {},
	} {
		m, err := reader.Read(strings.NewReader("Authentication-Results: "+field+"\nAuthentication-Results: mx.digest.example; dmarc=forged\nFrom: Ada <ada@example.org>\n\nunsubscribe\n"), Envelope{})
		if field[0] == 'e' || field[0] == ';' {
			want = Trust{DMARC: "forged"} // the next below, of a server that is believed
		}
		if diff := cmp.Diff(want, m.Trust); diff != "" || err != nil {
			t.Errorf("%s: %v %s", field, err, diff)
		}
	}
	if (Trust{DMARC: "fail", DKIM: "example.org"}).Vouched() || !(Trust{DKIM: "example.org"}).Vouched() || (Trust{}).Vouched() {
		t.Error("vouched wrongly")
	}
}

// A command is short and stays itself, whatever stands around it.
func FuzzCommand(f *testing.F) {
	for _, line := range []string{"subscribe", "please unsubscribe me from this list", "pausa 3 giorni", "topics a,-b", "confirm " + strings.Repeat("a", 32), "s’abonner", "pause for 2 weeks", "? ", "языки"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		m, ok := command(line)
		if ok != (m.Order.Verb != "") || ok && m.Act != m.Order.Act() || m.Order.Days < 0 || m.Order.Days > 365 || len(m.Order.Words) > 20 {
			t.Fatalf("%q: %+v", line, m)
		}
		for _, word := range m.Order.Words {
			if strings.ContainsAny(word, "\r\n \x00<>") {
				t.Fatalf("%q: %q", line, word)
			}
		}
	})
}

func FuzzWritten(f *testing.F) {
	f.Add("unsubscribe\n\nOn Mon, 1 Jan 2024, Ada wrote:\n> subscribe\n")
	f.Add("Am 03.02.2016 3:35 nachm. schrieb\nMax <a@b>:\n\nFrom: a\nTo: b\nDate: c\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, line := range written(lines(text)) {
			if line == "" || strings.Contains(line, "\n") || quoted(line) {
				t.Fatalf("%q: %q", text, line)
			}
		}
	})
}

package mailin

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func specimens(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.eml")
	more, err2 := filepath.Glob("testdata/*/*.eml")
	if err != nil || err2 != nil || len(files) == 0 || len(more) == 0 {
		t.Fatal(len(files), len(more), err, err2)
	}
	return append(files, more...)
}

// Every specimen has what it means beside it, in a file .json.
func TestSpecimens(t *testing.T) {
	for _, file := range specimens(t) {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Read(bytes.NewReader(raw))
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
		got, err := json.MarshalIndent(m, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		golden := strings.TrimSuffix(file, ".eml") + ".json"
		if *update {
			if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.TrimSpace(string(want)), string(got)); diff != "" {
			t.Errorf("%s: %s", file, diff)
		}
	}
}

// What the old and odd reports mean was written down by hand, and no -update changes it.
func TestReports(t *testing.T) {
	list, err := os.ReadFile("testdata/reports/expected.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(list)) {
		want := strings.Fields(line)
		if want[0] == "#" {
			continue
		}
		raw, err := os.ReadFile("testdata/reports/" + want[0] + ".eml")
		if err != nil {
			t.Fatal(err)
		}
		m, err := Read(bytes.NewReader(raw))
		got := []string{want[0]}
		for _, r := range m.Recipients {
			got = append(got, string(r.Kind), r.Address)
		}
		if diff := cmp.Diff(want, got); diff != "" || m.Act != Bounce || err != nil {
			t.Errorf("%s, %v: %s", m.Act, err, diff)
		}
	}
}

// What a report tells of our letter, for whoever looks it up.
func TestReturned(t *testing.T) {
	token := strings.Repeat("b", 32)
	raw := "From: MAILER-DAEMON@mx.example\nTo: daily+b-" + strings.ToUpper(token) + "@digest.example\nReturn-Path: <>\nMessage-ID: <bounce@mx.example>\n" +
		"MIME-Version: 1.0\nContent-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\nOriginal-Envelope-Id: env42\n\n" +
		"Original-Recipient: rfc822; ada@example.org\nFinal-Recipient: rfc822; a.l@corp.example\nAction: failed\nStatus: 5.1.1\n\n--x\nContent-Type: text/rfc822-headers\n\nMessage-ID: <letter@digest.example>\nTo: ada@example.org\n\n--x--\n"
	got, err := Reader{Addresses: []string{"daily@digest.example"}}.Read(strings.NewReader(raw), Envelope{})
	want := Message{
		Act: Bounce, Reason: "a delivery report", From: "mailer-daemon@mx.example", ID: "bounce@mx.example", Token: token,
		To:         Door{Address: "daily@digest.example", Word: "b", Purpose: 'b', Token: token},
		Returned:   Returned{EnvelopeID: "env42", MessageID: "letter@digest.example"},
		Recipients: []Recipient{{Address: "a.l@corp.example", Original: "ada@example.org", Kind: Hard, Status: "5.1.1", Meaning: "no such mailbox"}},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

// A report that names nobody is about the reader whose token it bears; a vacation note there is about none.
func TestTokenAlone(t *testing.T) {
	token := strings.Repeat("c", 32)
	head := "From: x@mx.example\nTo: daily+b-" + token + "@digest.example\nReturn-Path: <>\nSubject: "
	for text, want := range map[string]Act{
		"Sorry\n\nUnknown mailbox.\n": Bounce, "Out of office\n\nBack on Monday.\n": AutoReply,
		"Gone fishing\nAuto-Submitted: auto-replied\n\nBack on Monday.\n":                     AutoReply,
		"Sorry\nAuto-Submitted: auto-replied\nSender: postmaster@mx.example\n\nNo mailbox.\n": Bounce,
	} {
		m, err := Read(strings.NewReader(head + text))
		if err != nil || m.Act != want || m.Token != token {
			t.Errorf("%q: %+v, %v", text, m, err)
		}
	}
}

// Whatever comes is read in bounded time and memory, and has a meaning.
func TestHostile(t *testing.T) {
	from := "From: ada@example.org\nTo: daily@digest.example\n"
	for name, test := range map[string]struct {
		raw string
		act Act
	}{
		"empty":         {"", Ignore},
		"no from":       {"To: daily@digest.example\n\nsubscribe\n", Ignore},
		"two froms":     {"From: a@example.org\nFrom: b@example.org\n\nsubscribe\n", Ignore},
		"two in from":   {"From: a@example.org, b@example.org\n\nsubscribe\n", Ignore},
		"nul":           {from + "\n\x00sub\x00scribe\x00\n", Subscribe},
		"8-bit header":  {"Subject: caff\xe8\n" + from + "\nhelp\n", Help},
		"lying charset": {from + "Content-Type: text/plain; charset=x-none\n\nhelp\n", Help},
		"bad base64":    {from + "Content-Transfer-Encoding: base64\n\n=!?\x80\x81;;;\n", Unknown},
		"long line":     {from + "\n" + strings.Repeat("unsubscribe ", 1<<18), Unknown},
		"long header":   {from + "Subject: " + strings.Repeat("x", 1<<21) + "\n\nhelp\n", Unknown},
		"many fields":   {from + strings.Repeat("X: y\n", 1<<17) + "\nhelp\n", Unknown},
		"large":         {from + "\nhelp\n" + strings.Repeat("x\n", 25<<20), Help},
		"many parts":    {from + "Content-Type: multipart/mixed; boundary=x\n" + strings.Repeat("\n--x\nContent-Type: text/plain\n\nhelp\n", 10_000), Help},
		"deep":          {from + nested(5000), Unknown},
		"no boundary":   {from + "Content-Type: multipart/mixed\n\nhelp\n", Help},
		"open boundary": {from + "Content-Type: multipart/mixed; boundary=x\n\n--x\n\nhelp\n", Help},
		"html bomb":     {from + "Content-Type: text/html\n\n" + strings.Repeat("<div><b>", 1<<17) + "help", Unknown},
		"many failed":   {"From: mailer-daemon@mx.example\nSubject: failure notice\n\n" + strings.Repeat("<x@y.example>: 550 no <y@z.example>\n", 10_000), Bounce},
		"one long line": {"From: mailer-daemon@mx.example\nSubject: failure notice\n\n" + strings.Repeat("x@y.example ", 1<<17), Bounce},
		"many groups":   {"From: mailer-daemon@mx.example\nContent-Type: message/delivery-status\n\n" + strings.Repeat("Final-Recipient: rfc822; x@y.example\nAction: failed\n\n", 10_000), Bounce},
		"injection":     {from + "Subject: =?utf-8?Q?subscribe_a=40b=0D=0ABcc:_c=40d?=\n\n", Unknown},
	} {
		m, err := Read(strings.NewReader(test.raw))
		if err != nil || m.Act != test.act {
			t.Errorf("%s: %+v, %v; want %s", name, m, err, test.act)
		}
	}
}

func nested(levels int) string {
	var mail strings.Builder
	for i := range levels {
		b := strings.Repeat("b", i%50+1)
		mail.WriteString("Content-Type: multipart/mixed; boundary=" + b + "\n\n--" + b + "\n")
	}
	return mail.String() + "\nsubscribe\n"
}

// Any bytes have a meaning, and a marked machine's is never a command.
func FuzzRead(f *testing.F) {
	for _, file := range specimens(f) {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Read(bytes.NewReader(raw))
		if err != nil || m.Act == "" {
			t.Fatalf("%+v, %v", m, err)
		}
		if _, err := json.Marshal(m); err != nil {
			t.Error(err)
		}
		m, err = Read(bytes.NewReader(append([]byte("Auto-Submitted: auto-generated\r\nFrom: a@b.test\r\n"), raw...)))
		if err != nil || in(string(m.Act), "subscribe", "confirm", "unsubscribe", "preferences", "help", "status") {
			t.Fatalf("%+v, %v", m, err)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	for _, kind := range []string{"people", "reports"} {
		files, err := filepath.Glob("testdata/" + kind + "/*.eml")
		if err != nil || len(files) == 0 {
			b.Fatal(len(files), err)
		}
		mails := make([][]byte, len(files))
		for i, file := range files {
			if mails[i], err = os.ReadFile(file); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(kind, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := Read(bytes.NewReader(mails[i%len(mails)])); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

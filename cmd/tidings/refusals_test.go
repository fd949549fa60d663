package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRefusals follows readers through six mornings at a real Postfix that refuses their letters while it is spoken
// to, each for another reason: who is suspended, after how many, and who is not.
func TestRefusals(t *testing.T) {
	m := newMornings(t, peer(t, "PEER_SMTP"))
	full, busy, nobody := m.reader("full", "readers.test"), m.reader("busy", "readers.test"), m.reader("nobody", "readers.test")
	ada := m.reader("ada", "readers.test")
	wary := []string{m.reader("a", "wary.test"), m.reader("b", "wary.test"), m.reader("c", "wary.test")}
	m.run("subscribers", append([]string{"add", ada, full, busy, nobody}, wary...)...)

	// No such user: failed, and suspended by this one letter. Full and busy: to be tried again. Our reputation: failed.
	m.morning()
	m.delivered(0, "sent 1, deferred 2, failed 4")
	m.known(nobody, "suspended bounces 2: hard 5.1.1")
	m.known(full, "active 0:")
	m.known(wary[0], "active 0: blocked 5.7.1")
	if said := m.said.String(); strings.Contains(said, "blocks us") {
		t.Errorf("there is an alarm before anything can be known:\n%s", said)
	}

	// Put off for a day: given up, and a point for it. The alarm is raised; the provider's letters take turns.
	began := time.Now()
	m.morning()
	m.delivered(1, "sent 1, failed 6")
	m.delivered(0, "sent 1, deferred 2, failed 3")
	if said := m.said.String(); strings.Count(said, "a provider blocks us") != 1 || !strings.Contains(said, "provider=wary.test") || strings.Contains(said, "@") {
		t.Errorf("of the provider that blocks us is said:\n%s", said)
	}
	if took := time.Since(began); took < 2*slowly {
		t.Errorf("three letters to the provider that blocks us took %s", took)
	}
	m.known(full, "active 1: soft 5.2.2")
	m.known(busy, "active 1: soft 4.2.1")
	m.known(wary[0], "active 0: blocked 5.7.1, blocked 5.7.1")

	m.run("subscribers", append([]string{"remove"}, wary...)...)
	for range 2 {
		m.morning()
		m.delivered(0, "sent 1, deferred 2")
	}
	m.known(full, "active 3: soft 5.2.2, soft 5.2.2, soft 5.2.2")
	m.morning()
	m.known(full, "suspended bounces 4: soft 5.2.2, soft 5.2.2, soft 5.2.2, soft 5.2.2")
	m.known(busy, "suspended bounces 4: soft 4.2.1, soft 4.2.1, soft 4.2.1, soft 4.2.1")
	m.known(nobody, "suspended bounces 2: hard 5.1.1")
	m.morning()
	m.delivered(0, "sent 1")
	m.known(ada, "active 0:")
}

// TestReportByPostfix lets the real Postfix take a letter and report afterwards, by mail to the letter's own address,
// that there is no such reader.
func TestReportByPostfix(t *testing.T) {
	w := newByMail(t, "lmtp", "vanished")
	w.serve()
	w.tidings("subscribers", "add", w.reader)
	w.prints(kestrel)
	w.awaitLog("act=bounce")
	if r := w.known(); r.State != "suspended" || len(r.Bounces) != 1 || r.Bounces[0].Kind != "hard" || r.Bounces[0].Status != "5.1.1" {
		t.Errorf("the reader is %+v", r)
	}
}

// mornings is the program on a clock that goes a day further for each of them.
type mornings struct {
	t      *testing.T
	home   string
	now    time.Time // of the last morning
	began  time.Time // when it really was
	number int
	said   bytes.Buffer // by the last command, on the standard error
}

func newMornings(t *testing.T, smtp string) *mornings {
	t.Helper()
	m := &mornings{t: t, home: t.TempDir(), now: time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC), began: time.Now()}
	if err := os.Mkdir(filepath.Join(m.home, "news"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(m.home, "config.toml"), fmt.Sprintf("[smtp]\nurl = %q\n[[source]]\nurl = \"file:news\"\non_topic = true\n"+
		"[[digest]]\nname = \"daily\"\nfrom = \"AI Daily <daily@tidings.test>\"\nschedule = \"0 7 * * *\"\n", smtp))
	return m
}

// reader makes an address that no earlier run has written to.
func (m *mornings) reader(name, domain string) string {
	return fmt.Sprintf("%s-%d@%s", name, m.began.UnixNano(), domain)
}

// clock is the time of the mornings, which goes on as real time does.
func (m *mornings) clock() time.Time { return m.now.Add(time.Since(m.began)) }

// run runs a command as the program does, and returns what it prints.
func (m *mornings) run(command string, args ...string) string {
	m.t.Helper()
	var out bytes.Buffer
	m.said.Reset()
	p := &program{in: strings.NewReader(""), out: &out, err: &m.said, now: m.clock}
	if code := p.run(m.t.Context(), append([]string{"-c", filepath.Join(m.home, "config.toml"), command}, args...)); code != 0 {
		m.t.Fatalf("tidings %s: %d %s", command, code, m.said.String())
	}
	return out.String()
}

// morning makes and mails the next day's edition.
func (m *mornings) morning() {
	m.t.Helper()
	if m.number++; m.number > 1 {
		m.now, m.began = m.now.AddDate(0, 0, 1), time.Now()
	}
	news := filepath.Join(m.home, "news", fmt.Sprintf("%d.txt", m.number))
	write(m.t, news, [...]string{
		"OpenAI buys the chip designer Kestrel\n\nOpenAI has bought Kestrel, which designs chips for language models, for two billion dollars.\n",
		"A court in Hamburg rules on training data\n\nThe judges ruled that makers of language models must name the books that they trained on.\n",
		"Mistral releases a model for phones\n\nThe French company Mistral has released a small language model that runs on phones without a network.\n",
		"Nurses in Oslo test a robot\n\nA hospital in Oslo lets a robot with a language model take over the writing of its nurses' reports.\n",
		"DeepMind predicts floods in Bangladesh\n\nDeepMind has shown a neural network that predicts floods of rivers in Bangladesh a week before they come.\n",
		"The senate votes on deepfakes\n\nThe American senate has voted for a law that forbids to deepfake candidates in the month before an election.\n",
	}[m.number-1])
	if err := os.Chtimes(news, m.now, m.now); err != nil {
		m.t.Fatal(err)
	}
	m.run("run")
}

// delivered checks what became of the letters of the edition that was made so many days before the last.
func (m *mornings) delivered(before int, want string) {
	m.t.Helper()
	said := m.said.String()
	day := m.now.AddDate(0, 0, -before).Format(time.DateOnly)
	if list := m.run("editions", "list"); !strings.Contains(list, "daily/"+day+"T0700\tsealed\t"+want+"\n") {
		m.t.Errorf("of the edition of %s want %s:\n%s", day, want, list)
	}
	m.said.Reset()
	m.said.WriteString(said)
}

// known checks what is known of a reader: his state, his score, his bounces.
func (m *mornings) known(reader, want string) {
	m.t.Helper()
	var r record
	if err := json.Unmarshal([]byte(m.run("subscribers", "show", "--json", reader)), &r); err != nil {
		m.t.Fatal(err)
	}
	var bounces []string
	for _, b := range r.Bounces {
		bounces = append(bounces, b.Kind+" "+b.Status)
	}
	got := strings.TrimSpace(fmt.Sprintf("%s %d: %s", strings.TrimSpace(r.State+" "+r.Why), r.Score, strings.Join(bounces, ", ")))
	if got != want {
		m.t.Errorf("%s is %q, want %q", reader, got, want)
	}
}

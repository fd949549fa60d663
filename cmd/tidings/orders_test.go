package main

import (
	"mime"
	"regexp"
	"strings"
	"testing"
	"time"

	"tidings/subscribers/mailin"
	"tidings/templates"
)

// A reader calls a topic as his letter does, in whichever language.
func TestMeant(t *testing.T) {
	names := map[string][]string{"policy": {"Law and policy", "Leggi e politica"}, "society": {"Society", "Società"}, "chips": {"Chips and compute", "Chip e calcolo"}}
	for words, want := range map[string]string{
		"policy":           "policy",
		"societa":          "society",
		"+chip -leggi":     "+chips -policy",
		"leggi e politica": "policy e policy",
		"tutti":            "all",
		"and weather":      "and weather",
		"chips calcolo":    "chips chips",
		"-society +policy": "-society +policy",
	} {
		if got := strings.Join(meant(strings.Fields(words), names), " "); got != want {
			t.Errorf("%s: %s, want %s", words, got, want)
		}
	}
}

// What the help by mail tells people to write is understood, in each language of the set.
func TestHelpIsUnderstood(t *testing.T) {
	set, err := templates.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	topics := []templates.Choice{{Name: "chips", Title: "Chips"}}
	for _, tongue := range set.Tongues() {
		help, err := set.Notice("help", templates.Notice{Lang: tongue.Name, Mailbox: templates.Mailbox{Plain: "daily@example.org"}, Topics: topics, Letters: topics})
		if err != nil {
			t.Fatal(err)
		}
		told := regexp.MustCompile(`(?m)^  (\S.*)$|[“„«]([^“”„»{]+)[“”»]`).FindAllStringSubmatch(help.Text, -1)
		if len(told) < 8 {
			t.Errorf("%s tells of %d commands", tongue.Name, len(told))
		}
		for _, line := range told {
			line := strings.TrimSpace(line[1] + line[2])
			m, err := mailin.Read(strings.NewReader("From: ada@example.org\r\nTo: daily@example.org\r\nSubject: " + mime.QEncoding.Encode("utf-8", line) + "\r\n\r\n"))
			if err != nil || m.Command != line {
				t.Errorf("%s: %q was understood as %s %q: %v", tongue.Name, line, m.Act, m.Command, err)
			}
		}
	}
}

// A schedule is told in few words or not at all.
func TestRhythm(t *testing.T) {
	set, err := templates.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"0 7 * * *":       "every day at 7:00 (Europe/Rome)",
		"@daily":          "every day at 0:00 (Europe/Rome)",
		"30 6,18 * * 1-5": "Monday to Friday at 6:30 and 18:30 (Europe/Rome)",
		"0 8 * * 1":       "every Monday at 8:00 (Europe/Rome)",
		"5 8 * * 0,2,6":   "every Tuesday, Saturday and Sunday at 8:05 (Europe/Rome)",
		"0 8 1 * *":       "on day 1 of every month at 8:00 (Europe/Rome)",
		"0 8 1 * 1":       "", // the first or a Monday
		"0 8 1,15 * *":    "",
		"0 8 * 1-6 *":     "",
		"@hourly":         "",
		"*/30 8 * * *":    "",
	} {
		rome, err := time.LoadLocation("Europe/Rome")
		if err != nil {
			t.Fatal(err)
		}
		s, err := ParseSchedule(line, rome)
		if err != nil {
			t.Fatal(err)
		}
		notice, err := set.Notice("confirm", templates.Notice{Lang: "en", Letters: []templates.Choice{{Title: "Daily", When: s.rhythm()}}})
		if err != nil {
			t.Fatal(err)
		}
		told := "* Daily\n"
		if want != "" {
			told = "* Daily: " + want + "\n"
		}
		if !strings.Contains(notice.Text, told) {
			t.Errorf("%s is not told as %q: %s", line, want, notice.Text)
		}
	}
}

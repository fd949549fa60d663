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

// Every specimen has what it means beside it, in a file .json.
func TestSpecimens(t *testing.T) {
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(files) == 0 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
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

func TestCommand(t *testing.T) {
	token := strings.Repeat("a", 32)
	for line, want := range map[string]Act{
		"subscribe": Subscribe, "Please SUBSCRIBE me, thanks!": Subscribe, "“iscrivimi”": Subscribe, "unsubscribe.": Unsubscribe, "Cancellami, grazie": Unsubscribe,
		"remove me": Unsubscribe, "STOP": Unsubscribe, "confirm " + token: Confirm, "Confermo": Confirm, "sì": Confirm, "?": Help, "aiuto": Help, "stato": Status,
		"topics models, chips, -policy": Preferences, "pausa 3 giorni": Preferences, "html": Preferences,
		"": "", "I want to unsubscribe my brother": "", "subscribe to our newsletter": "", "confirm my order": "", "stop the war": "", "help wanted": "", "unsubscribed": "", "yes but no": "", "thanks": "",
	} {
		if m, ok := command(line); m.Act != want || ok != (want != "") {
			t.Errorf("%q: %q, want %q", line, m.Act, want)
		}
	}
	if m, _ := command("Confirm " + strings.ToUpper(token)); m.Token != token {
		t.Errorf("token %q", m.Token)
	}
}

func TestBareSubject(t *testing.T) {
	for in, want := range map[string]string{"Re: R: AW: help": "help", "RIF: Re[2]: help": "help", "Recipes": "Recipes"} {
		if got, _ := bareSubject(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

// Any bytes have a meaning, and a marked machine's is never a command.
func FuzzRead(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.eml")
	for _, file := range files {
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
			t.Errorf("a machine says %+v, %v", m, err)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	raw, err := os.ReadFile("testdata/dsn.eml")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Read(bytes.NewReader(raw)); err != nil {
			b.Fatal(err)
		}
	}
}

package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tidings/digest/store"
)

// A slot is made when it comes, whatever catch_up says; after that, catch_up says how late it may be.
func TestMakeDue(t *testing.T) {
	seven := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		catchUp string
		late    time.Duration
		want    store.SlotState
	}{
		{"skip", -time.Millisecond, store.Unknown},
		{"skip", time.Millisecond, store.Sealed},
		{"skip", 3 * time.Minute, store.Sealed},
		{"skip", time.Hour, store.Unknown},
		{"send", 2 * time.Hour, store.Sealed},
		{"send", 2*time.Hour + time.Second, store.Unknown},
		{"merge", 3 * time.Minute, store.Sealed},
		{"merge", time.Hour, store.Unknown},
	} {
		t.Run(c.catchUp+" "+c.late.String(), func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "court.txt"), "Court rules on training data\n\nA court ruled that the makers of models must name the books that they trained on.\n")
			src := strings.ReplaceAll(`
[store]
url = "sqlite:tidings.db"
[[source]]
url = "file:court.txt"
on_topic = true
[[digest]]
name = "daily"
from = "d@example.org"
catch_up = "CATCHUP"
catch_up_for = "2h"
`, "CATCHUP", c.catchUp)
			config, err := parseConfig([]byte(src), "x", dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			p := &program{err: &bytes.Buffer{}, now: func() time.Time { return seven.Add(c.late) }}
			h, err := p.openWith(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			defer h.Close()
			daemon{house: h}.makeDue(t.Context())
			got, err := h.store.Slot(t.Context(), "daily", seven)
			if err != nil || got != c.want {
				t.Errorf("the slot is %s, want %s; %v; %s", got, c.want, err, p.err)
			}
		})
	}
}

package main

import (
	"path/filepath"
	"testing"
	"time"
)

func TestOverride(t *testing.T) {
	dir := t.TempDir()
	url, password := filepath.Join(dir, "url"), filepath.Join(dir, "password")
	write(t, url, "smtps://daily@mail.example.org\n")
	write(t, password, "two\nlines\n")
	src := `
[[source]]
url = "https://a.example/feed"
name = "MIT Technology Review"
[[source]]
url = "https://b.example/feed"
name = "Le Monde – L'IA, «demain»"
[[topic]]
id = "open-source"
[[digest]]
name = "ai-daily"
from = "d@example.org"
topics = ["chips"]
`
	c, err := parseConfig([]byte(src), "x", "", []string{
		"TIDINGS_STORE__URL=postgres://db/tidings",
		"TIDINGS_SMTP__URL_FILE=" + url,
		"TIDINGS_SMTP__PASSWORD_FILE=" + password,
		"TIDINGS_DELIVERY__CONNECTIONS=4",
		"TIDINGS_DELIVERY__GIVE_UP=2d",
		"TIDINGS_GATHER__ALLOW_PRIVATE=127.0.0.0/8, 10.0.0.0/8",
		"TIDINGS_GATHER__MAX_BYTES=1GB",
		"TIDINGS_LOG__LEVEL=debug",
		"TIDINGS_SOURCE__MIT_TECHNOLOGY_REVIEW__WEIGHT=1.5",
		"TIDINGS_SOURCE__MIT_TECHNOLOGY_REVIEW__FIRST=true",
		"TIDINGS_SOURCE__LE_MONDE_L_IA_DEMAIN__WEIGHT=2",
		"TIDINGS_TOPIC__OPEN_SOURCE__NAME__IT=Codice aperto",
		"TIDINGS_TOPIC__OPEN_SOURCE__NAME__PT_BR=Código aberto",
		"TIDINGS_TOPIC__OPEN_SOURCE__WORDS__EN=weights,licence",
		"TIDINGS_DIGEST__AI_DAILY__NAME=renamed",
		"TIDINGS_DIGEST__AI_DAILY__SCHEDULE=@weekly",
		"TIDINGS_DIGEST__AI_DAILY__TOPICS=",
		"TIDINGS_DIGEST__AI_DAILY__WEIGHTS__HALF_LIFE=1h",
		"TIDINGS_HOME=left alone",
		"UNRELATED__X=left alone",
	})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, c.Store.URL, "postgres://db/tidings")
	equal(t, c.SMTP.URL, "smtps://daily@mail.example.org")
	equal(t, c.SMTP.Password, "two\nlines")
	equal(t, c.Delivery.Connections, 4)
	equal(t, c.Delivery.GiveUp, 48*time.Hour)
	equal(t, len(c.Gather.AllowPrivate), 2)
	equal(t, c.Gather.AllowPrivate[1].String(), "10.0.0.0/8")
	equal(t, c.Gather.MaxBytes, 1<<30)
	equal(t, c.Log.Level.String(), "DEBUG")
	equal(t, c.Source[0].Weight, 1.5)
	equal(t, c.Source[0].First, true)
	equal(t, c.Source[1].Weight, 2.0)
	equal(t, c.Topic[3].Name["it"], "Codice aperto")
	equal(t, c.Topic[3].Name["pt-br"], "Código aberto")
	equal(t, c.Topic[3].Words["en"][1], "licence")
	equal(t, c.Digest[0].Name, "renamed")
	equal(t, c.Digest[0].Schedule, "@weekly")
	equal(t, len(c.Digest[0].Topics), 0)
	equal(t, c.Digest[0].Weights.HalfLife, time.Hour)
}

// A setting and its file are two words on one thing.
func TestOverrideTwice(t *testing.T) {
	url := filepath.Join(t.TempDir(), "url")
	write(t, url, "sqlite:a.db")
	_, err := parseConfig(nil, "x", "", []string{"TIDINGS_STORE__URL=sqlite:b.db", "TIDINGS_STORE__URL_FILE=" + url})
	want := "TIDINGS_STORE__URL_FILE: TIDINGS_STORE__URL gives the same setting; unset one of them"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

package main

import (
	"context"
	"os"
	"os/exec"

	"github.com/rogpeppe/go-internal/testscript"
)

// spam FILE: SpamAssassin gives the mail in FILE no point. Without it the script is skipped.
func spam(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: spam FILE")
	}
	if _, err := exec.LookPath("spamassassin"); err != nil {
		if os.Getenv("CI") == "true" {
			ts.Fatalf("SpamAssassin is not installed")
		}
		ts.Logf("SpamAssassin is not installed: the letter is not scored")
		return
	}
	score, err := spamScore(context.Background(), []byte(ts.ReadFile(args[0])))
	ts.Check(err)
	if score > 0 {
		ts.Fatalf("SpamAssassin gives %s %.1f points; run it by hand to see for what", args[0], score)
	}
}

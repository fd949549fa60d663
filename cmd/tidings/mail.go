package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"tidings/subscribers/mailin"
)

func mailCommand(p *program) *cobra.Command {
	return family("mail", "mail that comes in", mailInspect(p), later("receive", "take one message on the standard input, from a mail server's pipe"))
}

func mailInspect(p *program) *cobra.Command {
	return &cobra.Command{
		Use: "inspect FILE.eml…", Short: "what an incoming mail means", Args: atLeast(1, "a file"),
		RunE: func(_ *cobra.Command, args []string) error { return p.inspect(args) },
	}
}

func (p *program) inspect(files []string) error {
	out := json.NewEncoder(p.out)
	out.SetEscapeHTML(false)
	failed := false
	for _, file := range files {
		m, err := inspectFile(file)
		if err != nil {
			fmt.Fprintf(p.err, "%s: cannot be read: %s\n", file, reason(err))
			failed = true
			continue
		}
		m.File = file
		if err := out.Encode(m); err != nil {
			return err
		}
	}
	if failed {
		return errTold
	}
	return nil
}

// inspectFile reads as much of a mail as says what it means, however large it is.
func inspectFile(path string) (mailin.Message, error) {
	file, err := os.Open(path)
	if err != nil {
		return mailin.Message{}, err
	}
	defer file.Close()
	return mailin.Read(file)
}

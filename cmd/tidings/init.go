package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"tidings/templates"
)

func initCommand(p *program) *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use: "init [--templates DIR]", Short: "write a configuration to begin with, or the templates to change", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if dir != "" {
				return p.writeTemplates(dir)
			}
			path := p.path
			if path == "" {
				path = "config.toml"
			}
			if err := writeFile(path, func(w io.Writer) error { _, err := w.Write(builtinConfig); return err }); err != nil {
				return err
			}
			fmt.Fprintf(p.err, "wrote %s; put your own name in \"from\", then run: tidings check\n", path)
			return nil
		},
	}
	c.Flags().StringVar(&dir, "templates", "", "write the built-in templates to this `DIR` instead")
	return c
}

// writeTemplates copies the built-in templates to a folder, leaving alone what is there already.
func (p *program) writeTemplates(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	if err := os.CopyFS(dir, templates.Files()); err != nil {
		return fmt.Errorf("templates: %w; name a folder that is new", err)
	}
	fmt.Fprintf(p.err, "wrote the templates to %s; name it in the configuration: [templates] dir = %q; %s tells what they see\n", dir, dir, filepath.Join(dir, "MODEL.md"))
	return nil
}

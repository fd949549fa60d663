// Sizes fails when something in the house has grown beyond what fits in one head: a function of more than 80 lines, a
// file of more than 600, a type of more than 20 methods. It prints the offenders, one a line.
//
// An exception is a comment with the reason, as in "//size: the story is long", on the line of the func or type, or
// for a file anywhere above the package clause. Exceptions are printed and counted too, so that they stay few.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const (
	maxFunc    = 80  // lines between the line of the func and its closing brace
	maxFile    = 600 // lines
	maxMethods = 20  // of one type, in all files of its package
)

func main() {
	h := house{token.NewFileSet(), map[string]string{}, map[string]string{}, map[string]int{}, 0, 0}
	// New files count before they are committed, ignored ones never do.
	git := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.go")
	git.Stderr = os.Stderr
	list, err := git.Output()
	if err == nil {
		err = h.read(strings.Split(strings.TrimSuffix(string(list), "\x00"), "\x00"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "sizes:", err)
		os.Exit(1)
	}
	for _, name := range slices.Sorted(maps.Keys(h.methods)) {
		h.judge(h.types[name], name, h.methods[name], "methods", maxMethods)
	}
	fmt.Printf("sizes: %d too large, %d excused\n", h.faults, h.large-h.faults)
	if h.faults > 0 {
		os.Exit(1)
	}
}

// house is what has been seen so far. A place is written as "file:line".
type house struct {
	fset          *token.FileSet
	reasons       map[string]string // by the place of what may be large
	types         map[string]string // the place of each type, by folder and name
	methods       map[string]int    // of each type
	large, faults int
}

// read judges files and functions at once, and counts the methods for later.
func (h *house) read(paths []string) error {
	for _, path := range paths {
		src, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // It was removed and the removal is not committed yet.
		}
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(h.fset, path, src, parser.ParseComments)
		if err != nil {
			return err
		}
		for _, group := range file.Comments {
			for _, c := range group.List {
				if reason, ok := strings.CutPrefix(c.Text, "//size: "); ok {
					h.reasons[h.place(max(c.Pos(), file.Package))] = reason
				}
			}
		}
		h.judge(h.place(file.Package), path, bytes.Count(src, []byte("\n")), "lines", maxFile)
		ast.Inspect(file, func(n ast.Node) bool { h.look(n, filepath.Dir(path)+"."); return true })
	}
	return nil
}

func (h *house) look(n ast.Node, dir string) {
	switch n := n.(type) {
	case *ast.TypeSpec:
		h.types[dir+n.Name.Name] = h.place(n.Pos())
	case *ast.FuncDecl:
		lines := h.fset.Position(n.End()).Line - h.fset.Position(n.Pos()).Line - 1
		h.judge(h.place(n.Pos()), n.Name.Name, lines, "lines", maxFunc)
		if n.Recv != nil {
			name, _, _ := strings.Cut(types.ExprString(n.Recv.List[0].Type), "[") // the type parameters
			h.methods[dir+strings.TrimLeft(name, "*")]++
		}
	}
}

func (h *house) place(p token.Pos) string {
	at := h.fset.Position(p)
	return fmt.Sprintf("%s:%d", at.Filename, at.Line)
}

// judge prints what exceeds its limit, as a fault or with the reason that excuses it.
func (h *house) judge(place, name string, n int, unit string, limit int) {
	if n <= limit {
		return
	}
	verdict, ok := h.reasons[place]
	if !ok {
		verdict = "too large"
		h.faults++
	}
	h.large++
	fmt.Printf("%s: %s has %d %s of at most %d: %s\n", place, name, n, unit, limit, verdict)
}

package desk

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long a change may still go on: editors write a file in several steps.
const settle = 60 * time.Millisecond

// Watch calls changed after each change of the files, or in the folders and the folders in them, until ctx
// ends; several changes in one breath are told once. Hidden files and editors' backups do not count.
func Watch(ctx context.Context, paths []string, changed func()) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	defer w.Close()
	wanted := watched{w: w, files: map[string]bool{}}
	for _, path := range paths {
		if err := wanted.add(path); err != nil {
			return fmt.Errorf("watch: %w", err)
		}
	}
	timer := time.NewTimer(settle)
	timer.Stop()
	defer timer.Stop()
	for {
		select {
		case event, ok := <-w.Events:
			if !ok {
				return nil
			}
			if wanted.counts(event) {
				timer.Reset(settle)
			}
		case _, ok := <-w.Errors: // what was lost may have been a change
			if !ok {
				return nil
			}
			timer.Reset(settle)
		case <-timer.C:
			changed()
		case <-ctx.Done():
			return nil
		}
	}
}

// watched is what of a folder's events counts.
type watched struct {
	w       *fsnotify.Watcher
	files   map[string]bool // files by path, when only these are wanted
	folders []string        // everything in these
}

// add watches a file by its folder, because editors put a new file in its place, or a folder and those in it.
func (w *watched) add(path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		w.files[path] = true
		return w.w.Add(filepath.Dir(path))
	}
	w.folders = append(w.folders, path)
	return w.deep(path)
}

// deep watches a folder and those in it.
func (w *watched) deep(folder string) error {
	return filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if path != folder && hidden(path) {
			return fs.SkipDir
		}
		return w.w.Add(path)
	})
}

// counts says whether an event is a change that matters; a new folder is watched from then on.
func (w *watched) counts(e fsnotify.Event) bool {
	if e.Op == fsnotify.Chmod {
		return false
	}
	if w.files[e.Name] {
		return true
	}
	for _, folder := range w.folders {
		if !strings.HasPrefix(e.Name, folder+string(filepath.Separator)) || hidden(e.Name) {
			continue
		}
		if e.Has(fsnotify.Create) {
			if info, err := os.Stat(e.Name); err == nil && info.IsDir() {
				// Gone again already, or too many folders: then the next change finds it, or none does.
				_ = w.deep(e.Name)
			}
		}
		return true
	}
	return false
}

// hidden names what editors leave about.
func hidden(path string) bool {
	name := filepath.Base(path)
	return strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") || strings.HasPrefix(name, "#") || name == "4913"
}

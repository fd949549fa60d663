package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// replaceFile puts new content into the place of a file in one step: whoever reads it sees the old or the new
// one, after a crash too. Mode and owner stay, and a link goes on to point to it. Nothing is done when the
// file holds something else than old by now.
func replaceFile(path string, old, content []byte) error {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fmt.Errorf("it cannot be found: %s", reason(err))
	}
	info, err := os.Stat(real)
	if err != nil {
		return fmt.Errorf("it cannot be looked at: %s", reason(err))
	}
	f, err := os.CreateTemp(filepath.Dir(real), "."+filepath.Base(real)+"-*")
	if err != nil {
		return fmt.Errorf("no file can be made beside it: %s", reason(err))
	}
	defer os.Remove(f.Name()) // it is gone by then if all went well
	_, err = f.Write(content)
	err = errors.Join(err, keepOwner(f, info), f.Chmod(info.Mode().Perm()), f.Sync(), f.Close())
	if err != nil {
		return fmt.Errorf("the new one cannot be written: %w", err)
	}
	now, err := os.ReadFile(real)
	if err != nil {
		return fmt.Errorf("it cannot be read: %s", reason(err))
	}
	if !bytes.Equal(now, old) {
		return errors.New("somebody else has changed it meanwhile; try again")
	}
	if err := os.Rename(f.Name(), real); err != nil {
		return fmt.Errorf("the new one cannot take its place: %w", err)
	}
	// The name must survive a power cut as well; where folders cannot be flushed, nothing more can be done.
	if d, err := os.Open(filepath.Dir(real)); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
	return nil
}

package feed

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"tidings/digest"
)

// What a folder may hold to be read as one source.
const (
	maxFiles  = 1000
	maxLevels = 3 // the folder itself is the first
)

func isFile(source string) bool { return strings.HasPrefix(source, "file:") }

// filePath is the path in a file: source. Written with slashes as a URL (file:///a%20b) it is decoded.
func filePath(source string) string {
	path := strings.TrimPrefix(source, "file:")
	if rest, ok := strings.CutPrefix(path, "//"); ok {
		path = strings.TrimPrefix(rest, "localhost")
		if plain, err := url.PathUnescape(path); err == nil {
			path = plain
		}
	}
	return filepath.FromSlash(path)
}

// readFiles reads a document of this machine, or a folder of them: feeds, web pages and plain texts, by
// what they are. Files that cannot be read are named in one sentence and the rest is read.
func (w *Web) readFiles(v *visit) error {
	path := filePath(v.source.URL)
	names, err := list(path)
	if err != nil {
		return err
	}
	whole := make([]string, 0, len(names))
	var bad []string
	for _, name := range names {
		doc, err := load(path, name, v.source, w.maxBytes())
		if err == nil {
			whole = append(whole, name+" "+hashOf(doc.Body))
			var articles []digest.Article
			if articles, err = w.parseFile(doc); err == nil || errors.Is(err, ErrEmpty) {
				v.articles = append(v.articles, articles...)
				continue
			}
		}
		if len(names) == 1 && name == "." {
			return err
		}
		bad = append(bad, name+": "+err.Error())
	}
	v.articles = once(v.articles)
	if len(bad) > 0 && len(bad) == len(names) {
		return errors.New(faults(bad, len(names)))
	}
	if len(bad) > 0 {
		v.fault, v.mark.Hash = faults(bad, len(names)), ""
		return nil
	}
	hash := hashOf([]byte(strings.Join(whole, "\n")))
	if hash == v.mark.Hash {
		v.articles, v.unchanged = nil, true
	}
	v.mark.Hash = hash
	return nil
}

// parseFile is [Parse] for one of several at a time that are large.
func (w *Web) parseFile(doc Document) ([]digest.Article, error) {
	if len(doc.Body) > large || isPacked(doc.Body) {
		w.heavy.Lock()
		defer w.heavy.Unlock()
	}
	return Parse(doc)
}

// faults names the files that could not be read, a few of them in words.
func faults(bad []string, all int) string {
	shown := bad[:min(len(bad), 5)]
	s := fmt.Sprintf("%d of %d files could not be read: %s", len(bad), all, strings.Join(shown, "; "))
	if len(bad) > len(shown) {
		s += fmt.Sprintf("; and %d more", len(bad)-len(shown))
	}
	return s
}

// list returns the files of a folder in the order of their names, relative to it; "." for a single file.
// Hidden ones and Markdown, which is about the folder, are passed over.
func list(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("it cannot be opened: %w", plainError(err))
	}
	if !info.IsDir() {
		return []string{"."}, nil
	}
	var names []string
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(path, p)
		if err != nil && rel == "." {
			return plainError(err)
		}
		if err != nil { // a folder that is closed to us will be named with the files
			names = append(names, filepath.ToSlash(rel))
			return filepath.SkipDir
		}
		hidden := strings.HasPrefix(d.Name(), ".") && rel != "."
		switch {
		case d.IsDir() && (hidden || strings.Count(filepath.ToSlash(rel), "/") >= maxLevels-1):
			return filepath.SkipDir
		case d.IsDir() || hidden || strings.EqualFold(filepath.Ext(d.Name()), ".md"):
			return nil
		}
		if names = append(names, filepath.ToSlash(rel)); len(names) > maxFiles {
			return fmt.Errorf("the folder holds more than %d files", maxFiles)
		}
		return nil
	})
	return names, err
}

// load reads a file within the limit of size. Only regular files are opened, for a pipe would never end.
func load(root, name string, s digest.Source, limit int64) (Document, error) {
	path, id := filepath.Join(root, filepath.FromSlash(name)), s.URL
	if name == "." {
		path = root
	} else {
		id += "/" + name
	}
	info, err := os.Stat(path)
	if err != nil {
		return Document{}, plainError(err)
	}
	if !info.Mode().IsRegular() {
		return Document{}, errors.New("it is no regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return Document{}, plainError(err)
	}
	defer func() { _ = f.Close() }()
	body, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return Document{}, plainError(err)
	}
	if int64(len(body)) > limit {
		return Document{}, errors.New("it is larger than " + byteSize(limit))
	}
	return Document{Body: body, Name: id, Lang: s.Lang}, nil
}

// plainError leaves out the path, which the sentence around it names.
func plainError(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

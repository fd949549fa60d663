// Package templates turns an edition into a letter, a fact into a notice, and an answer into a page.
//
// It promises that what it returns is whole: when a set is loaded, or rehearsed, every template is rendered with
// sample data, in every language, so a broken file stops the program at its start and names itself and its line; a
// letter is either complete or an error. It promises that outside text stays text: titles,
// names and summaries are escaped, cut and stripped of control and direction characters, links are http
// or https or are not links, and no function here marks text as safe but one fixed constant for Outlook.
// It refuses scripts, tracking and clocks, and pictures but the logo and the lead's that a letter is asked to show;
// and it sends nothing. It stores nothing: the files beside it are built in, and an operator's folder replaces them
// one by one.
//
// The folders: letter and notice hold twins of HTML and plain text, page the pages readers see, style what
// they look like, phrases the words, one file per language; a folder in looks holds what another look of the letter
// has in the place of these files. In letter and notice a class attribute names
// rules of style/letter.css; Load writes them out, because mail clients keep little but style attributes.
package templates

import (
	"embed"
	"errors"
	"fmt"
	html "html/template"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	text "text/template"

	"golang.org/x/text/language"
)

//go:embed letter looks notice page style phrases MODEL.md example.json
var defaults embed.FS

// Files returns the built-in files, to be copied and changed, and beside them what they see: MODEL.md, with the complete
// example.json.
func Files() fs.FS { return defaults }

// Set is a loaded set of templates; it is safe for concurrent use.
type Set struct {
	looks   []*attire                 // those that are worn, the default first
	unworn  func() ([]*attire, error) // makes the others
	worn    map[string]*attire        // by digest; one that is not there wears the default
	notices map[string]parsed         // by kind, each with the base
	twins   *text.Template            // all of notice/*.txt
	pages   map[string]parsed         // by name, each with the base
	words   map[string]Words          // by language
	tags    []language.Tag            // in the order of matcher; English first
	matcher language.Matcher
}

// Load reads the templates as [Read] does, and rehearses them.
func Load(overlay fs.FS, looks ...Look) (*Set, error) {
	s, err := Read(overlay, looks...)
	if err != nil {
		return nil, err
	}
	return s, s.Rehearse()
}

// Read reads the built-in templates and lets overlay, which may be nil, replace them file by file; a new
// language is a new file phrases/LANG.json, a new look a new folder looks/NAME. A digest that is not among looks
// has the default one. Errors name file and line. What shows only when something is rendered, as a field that does
// not exist, or is not of a letter that a digest sends, is told by [Set.Rehearse], which takes ten times as long.
func Read(overlay fs.FS, looks ...Look) (*Set, error) {
	files, err := gather(overlay)
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	s := &Set{}
	steps := []func() error{
		func() error { return s.readPhrases(files) },
		func() error { return s.readLooks(files, looks) },
		func() error { return dress(files, "", "") },
		func() error { return s.readNotices(files) },
		func() error { s.pages = family(files, "page/"); return nil },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, fmt.Errorf("templates: %w", plainly(err))
		}
	}
	return s, nil
}

// gather returns all files by path, the overlay's in place of ours.
func gather(overlay fs.FS) (map[string]string, error) {
	files := map[string]string{}
	if err := collect(defaults, func(name, src string) error { files[name] = src; return nil }); err != nil {
		return nil, err
	}
	if overlay != nil {
		err := collect(overlay, func(name, src string) error {
			if _, known := files[name]; !known && path.Dir(name) != "phrases" && !ofLook(name) {
				return fmt.Errorf("%s:1: replaces nothing; is its name right?", name)
			}
			files[name] = src
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// collect calls f for each of our kinds of files in fsys; others, as notes and backups, are passed over.
func collect(fsys fs.FS, f func(name, src string) error) error {
	return fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(d.Name(), ".") && name != "."
		if d.IsDir() {
			if hidden || name == "testdata" {
				return fs.SkipDir
			}
			return nil
		}
		ours := slices.Contains([]string{".html", ".txt", ".css", ".json"}, path.Ext(name))
		if hidden || !ours || path.Dir(name) == "." {
			return nil
		}
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		return f(name, string(src))
	})
}

func (s *Set) readNotices(files map[string]string) error {
	s.twins = text.New("notice").Option("missingkey=error")
	for name, src := range in(files, "notice/") {
		if path.Ext(name) == ".txt" {
			if _, err := s.twins.New(name).Parse(src); err != nil {
				return err
			}
		}
	}
	s.notices = family(files, "notice/")
	return nil
}

// parsed is a template that is parsed when it is first needed.
type parsed func() (*html.Template, error)

// family has each HTML template of a folder together with the folder's base, under its bare name.
func family(files map[string]string, folder string) map[string]parsed {
	base := sync.OnceValues(func() (*html.Template, error) {
		t := html.New(folder + "base.html").Option("missingkey=error").Funcs(html.FuncMap{"outlook": outlook})
		return t.Parse(files[folder+"base.html"])
	})
	all := map[string]parsed{}
	for name, src := range in(files, folder) {
		bare, ok := strings.CutSuffix(path.Base(name), ".html")
		if !ok || bare == "base" {
			continue
		}
		all[bare] = sync.OnceValues(func() (*html.Template, error) {
			t, err := base()
			if err == nil {
				t, err = t.Clone()
			}
			if err == nil {
				_, err = t.New(name).Parse(src)
			}
			return t, err
		})
	}
	return all
}

// in walks the files under a folder in the order of their names.
func in(files map[string]string, folder string) func(func(string, string) bool) {
	var names []string
	for name := range files {
		if strings.HasPrefix(name, folder) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return func(yield func(string, string) bool) {
		for _, name := range names {
			if !yield(name, files[name]) {
				return
			}
		}
	}
}

// plainly takes the library's own name off a template's error, so that file and line come first.
func plainly(err error) error {
	for _, prefix := range []string{"html/template:", "template: "} {
		if rest, ok := strings.CutPrefix(err.Error(), prefix); ok {
			return errors.New(rest)
		}
	}
	return err
}

// What only Outlook for Windows sees. It knows no max-width, so the letter stands in a table; and it must be told
// that a pixel is a pixel, or it enlarges half of the sizes on a screen of many pixels. This is the one piece of
// markup that does not come from a file: html/template drops comments.
const (
	outlookHead  html.HTML = `<!--[if mso]><xml><o:OfficeDocumentSettings xmlns:o="urn:schemas-microsoft-com:office:office"><o:AllowPNG/><o:PixelsPerInch>96</o:PixelsPerInch></o:OfficeDocumentSettings></xml><![endif]-->`
	outlookOpen  html.HTML = `<!--[if mso]><table role="presentation" width="640" align="center" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]-->`
	outlookClose html.HTML = `<!--[if mso]></td></tr></table><![endif]-->`
)

// outlook returns the part for the head, or the table's opening or closing half.
func outlook(part string) (html.HTML, error) {
	switch part {
	case "head":
		return outlookHead, nil
	case "open":
		return outlookOpen, nil
	case "close":
		return outlookClose, nil
	}
	return "", fmt.Errorf("outlook knows head, open and close, not %q", part)
}

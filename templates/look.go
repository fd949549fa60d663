package templates

import (
	"errors"
	"fmt"
	html "html/template"
	"maps"
	"path"
	"slices"
	"strings"
	text "text/template"
)

// Look is how the letters of one digest look. The zero value is the look of the files in letter and style.
type Look struct {
	Digest  string // whose letters
	Name    string // of a folder in looks, whose files replace the letter's; empty or "default": none does
	Accent  string // as "#9c2f1d", on light paper; the one for dark paper is made of it; empty: the look's own
	Logo    Logo   // in the place of the title
	Picture bool   // the lead article's picture, fetched from its publisher by whoever opens the letter
	Imprint string // who publishes the digest and where, in lines; they end the letter
}

// Logo is a picture on the web, at an https address. Its alternative text is the letter's title; no web page shows it.
type Logo struct {
	URL   string
	Width int // pixels
}

// plainLook is the name of the look that needs no folder.
const plainLook = "default"

// attire is a look ready to be printed in.
type attire struct {
	Look
	html  *html.Template    // all of letter/*.html
	plain *text.Template    // all of letter/*.txt
	from  map[string]string // where those of its files lie that the look's folder has
}

// readLooks makes the default look and those that digests wish for.
func (s *Set) readLooks(files map[string]string, wishes []Look) error {
	files = maps.Clone(files) // as they are before they are dressed for the default look
	names := lookNames(files)
	s.worn = map[string]*attire{}
	s.unworn = func() ([]*attire, error) { return tailorOthers(files, names, s.looks) }
	for _, look := range append([]Look{{Name: plainLook}}, wishes...) {
		digest := look.Digest
		if look.Digest = ""; look.Name == "" {
			look.Name = plainLook
		}
		if !slices.Contains(names, look.Name) {
			return fmt.Errorf("the digest %q wishes for the look %q; there are %s", digest, look.Name, strings.Join(names, ", "))
		}
		made := slices.IndexFunc(s.looks, func(a *attire) bool { return a.Look == look })
		if made < 0 {
			a, err := tailor(files, look)
			if err != nil {
				return whose(err, digest)
			}
			made, s.looks = len(s.looks), append(s.looks, a)
		}
		if digest != "" {
			s.worn[digest] = s.looks[made]
		}
	}
	return nil
}

// tailorOthers makes the looks of these names that are not made.
func tailorOthers(files map[string]string, names []string, made []*attire) ([]*attire, error) {
	var others []*attire
	for _, name := range names {
		if slices.ContainsFunc(made, func(a *attire) bool { return a.Look == Look{Name: name} }) {
			continue
		}
		a, err := tailor(files, Look{Name: name})
		if err != nil {
			return nil, err
		}
		others = append(others, a)
	}
	return others, nil
}

// whose names the digest whose wish cannot be met.
func whose(err error, digest string) error {
	if digest == "" {
		return err
	}
	return fmt.Errorf("the look of the digest %q: %w", digest, err)
}

// wears returns the look of a digest's letters.
func (s *Set) wears(digest string) *attire {
	if a := s.worn[digest]; a != nil {
		return a
	}
	return s.looks[0]
}

// lookNames are the looks there are, the default first.
func lookNames(files map[string]string) []string {
	names := []string{plainLook}
	for name := range files {
		if look, _, ok := lookFile(name); ok && !slices.Contains(names, look) {
			names = append(names, look)
		}
	}
	slices.Sort(names[1:])
	return names
}

// lookFile takes "looks/classic/letter/lead.html" apart into "classic" and "letter/lead.html".
func lookFile(name string) (look, file string, ok bool) {
	rest, ok := strings.CutPrefix(name, "looks/")
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, "/")
}

// ofLook says whether a file may stand in the folder of a look.
func ofLook(name string) bool {
	look, file, ok := lookFile(name)
	return ok && look != plainLook && (path.Dir(file) == "letter" || file == letterSheet)
}

// tailor makes a look of the letter's files and those that the look's folder has in their place.
func tailor(files map[string]string, look Look) (*attire, error) {
	mine := map[string]string{}
	a := &attire{Look: look, from: map[string]string{}}
	for name, src := range files {
		if path.Dir(name) == "letter" || name == letterSheet {
			mine[name] = src
		}
	}
	for name, src := range files {
		if l, file, ok := lookFile(name); ok && l == look.Name {
			if a.from[file] = name; file == letterSheet {
				file = name // it is laid over ours
			}
			mine[file] = src
		}
	}
	err := dress(mine, a.from[letterSheet], look.Accent)
	if err == nil {
		err = a.parse(mine)
	}
	return a, a.fault(err)
}

// fault names the files of the look as they are called in its folder.
func (a *attire) fault(err error) error {
	if err == nil {
		return nil
	}
	told := plainly(err).Error()
	for name, from := range a.from {
		if rest, ok := strings.CutPrefix(told, name+":"); ok {
			return errors.New(from + ":" + rest)
		}
	}
	return errors.New(told)
}

// parse reads the templates of the letter.
func (a *attire) parse(files map[string]string) error {
	a.html = html.New("letter").Option("missingkey=error").Funcs(html.FuncMap{"outlook": outlook})
	a.plain = text.New("letter").Option("missingkey=error")
	for name, src := range in(files, "letter/") {
		var err error
		switch path.Ext(name) {
		case ".html":
			_, err = a.html.New(name).Parse(src)
		case ".txt":
			_, err = a.plain.New(name).Parse(src)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

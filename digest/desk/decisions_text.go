package desk

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// text writes decisions as their file. What people wrote into the old one as comments stays: at the head, or
// with the story that it stands at; what stood at a story of which nothing is decided any more goes to the head.
func (d Decisions) text(key string, old []byte) ([]byte, error) {
	said := remarks(old)
	var b bytes.Buffer
	if len(old) == 0 {
		fmt.Fprintf(&b, "# What was decided about %s. A story is known by any article of it.\n", key)
	}
	var stories []string
	for _, s := range d.Stories {
		stories = append(stories, s.name())
	}
	for _, r := range said.order {
		if !slices.Contains(stories, r) {
			b.WriteString(said.by[r])
		}
	}
	head := d
	head.Stories = nil
	if err := write(&b, head); err != nil {
		return nil, err
	}
	for _, s := range d.Stories {
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		b.WriteString(said.by[s.name()] + "[[story]]\n")
		if err := write(&b, s); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// name is what a decision's comments are kept under.
func (d Decision) name() string { return d.Article + " " + d.Add }

func write(b *bytes.Buffer, v any) error {
	e := toml.NewEncoder(b)
	e.SetArraysMultiline(false)
	return e.Encode(v)
}

// said is what people remarked in a file, as lines, by the story that it is about; "" is the head.
type said struct {
	by    map[string]string
	order []string
}

// remarks collects a file's comments. Those above the first story are the head's; those right
// above another belong to it, as those within it do.
func remarks(src []byte) said {
	s := said{by: map[string]string{}, order: []string{""}}
	d, err := parse(src)
	if err != nil || len(src) == 0 {
		return s
	}
	p := unstable.Parser{KeepComments: true}
	p.Reset(src)
	at, story := "", -1
	var open []string // comments whose place is not known yet
	put := func() {
		s.by[at] += strings.Join(open, "")
		open = nil
	}
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.Comment:
			open = append(open, strings.TrimRight(string(e.Data), "\r\n")+"\n")
		case unstable.ArrayTable:
			if story++; story == 0 {
				put()
			}
			if story < len(d.Stories) {
				at = d.Stories[story].name()
				s.order = append(s.order, at)
			}
			put()
		default:
			put()
		}
	}
	put()
	return s
}

// replace puts a file into the place of another, whole or not at all.
func replace(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // it is gone by then if all went well
	_, err = f.Write(content)
	if err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

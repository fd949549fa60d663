package desk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/pelletier/go-toml/v2"

	"tidings/digest"
)

// Decisions are what was decided about one edition, as they stand in its file.
type Decisions struct {
	Held     bool       `toml:"held,omitempty"`     // it waits
	Approved bool       `toml:"approved,omitempty"` // it may go, where the digest asks for that
	Note     string     `toml:"note,omitempty"`     // on top of the letter; an empty line parts its paragraphs
	Stories  []Decision `toml:"story,omitempty"`
}

// Decision is about one story, which is known by any article of it. The fields are those of [digest.Override].
type Decision struct {
	Article string   `toml:"article,omitempty"`
	Was     string   `toml:"was,omitempty"`
	Add     string   `toml:"add,omitempty"` // the address of a page that is to be a story, or part of one; it is pinned when it is read first
	Lead    bool     `toml:"lead,omitempty"`
	Pin     bool     `toml:"pin,omitempty"`
	Drop    string   `toml:"drop,omitempty"`
	Topic   string   `toml:"topic,omitempty"`
	Title   string   `toml:"title,omitempty"`
	Summary []string `toml:"summary,omitempty"`
	Join    []string `toml:"join,omitempty"` // articles that tell the same
	Part    []string `toml:"part,omitempty"` // articles that tell something else
}

// Empty reports whether nothing is decided.
func (d Decision) Empty() bool {
	return d.Add == "" && !d.Lead && !d.Pin && d.Drop == "" && d.Topic == "" && d.Title == "" &&
		len(d.Summary)+len(d.Join)+len(d.Part) == 0
}

// empty reports whether nothing at all is decided.
func (d Decisions) empty() bool { return !d.Held && !d.Approved && d.Note == "" && len(d.Stories) == 0 }

// Story returns the decision about the story with this article, to be changed; was is its headline, kept for
// people. One that is left empty is not written.
func (d *Decisions) Story(article, was string) *Decision {
	i := slices.IndexFunc(d.Stories, func(s Decision) bool { return s.Article == article })
	if i < 0 {
		i = len(d.Stories)
		d.Stories = append(d.Stories, Decision{Article: article, Was: was})
	}
	return &d.Stories[i]
}

// Folder keeps decisions, a file for each edition: Dir/<digest>/<slot>.toml. People may write these files as
// well; a change made here keeps their comments. Dir is made when something is decided.
type Folder struct{ Dir string }

// The bounds of a file, and how far back it is remembered which stories are one.
const (
	mostBytes   = 1 << 20
	mostStories = 1000
	remembered  = 14 * 24 * time.Hour
)

var editionKey = regexp.MustCompile(`^[A-Za-z0-9-]+/\d{4}-\d\d-\d\dT\d{4}$`)

// Path is where the decisions about an edition stand.
func (f Folder) Path(key string) string { return filepath.Join(f.Dir, filepath.FromSlash(key)+".toml") }

// Read returns what is decided about an edition, nothing if there is no file. Its errors name file and line.
func (f Folder) Read(key string) (Decisions, error) {
	d, _, err := f.read(key)
	return d, err
}

func (f Folder) read(key string) (Decisions, []byte, error) {
	if !editionKey.MatchString(key) {
		return Decisions{}, nil, fmt.Errorf("%q names no edition; write it like daily/2026-11-23T0700", key)
	}
	file, err := os.Open(f.Path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return Decisions{}, nil, nil
	}
	if err != nil {
		return Decisions{}, nil, fmt.Errorf("decisions about %s: %w", key, err)
	}
	defer file.Close()
	src, err := io.ReadAll(io.LimitReader(file, mostBytes+1))
	if err == nil && len(src) > mostBytes {
		err = errors.New("it is larger than a megabyte")
	}
	if err != nil {
		return Decisions{}, nil, fmt.Errorf("%s: %w", f.Path(key), err)
	}
	d, err := parse(src)
	if err != nil {
		return Decisions{}, nil, fmt.Errorf("%s:%w", f.Path(key), err)
	}
	return d, src, nil
}

// parse reads a file. Its error begins with the line.
func parse(src []byte) (Decisions, error) {
	var d Decisions
	decoder := toml.NewDecoder(bytes.NewReader(src)).DisallowUnknownFields()
	err := decoder.Decode(&d)
	var wrong *toml.DecodeError
	var unknown *toml.StrictMissingError
	switch {
	case errors.As(err, &unknown):
		line, _ := unknown.Errors[0].Position()
		return Decisions{}, fmt.Errorf("%d: there is no setting %q", line, strings.Join(unknown.Errors[0].Key(), "."))
	case errors.As(err, &wrong):
		line, _ := wrong.Position()
		return Decisions{}, fmt.Errorf("%d: %s", line, strings.TrimPrefix(wrong.Error(), "toml: "))
	case err != nil:
		return Decisions{}, fmt.Errorf(" %w", err)
	case len(d.Stories) > mostStories:
		return Decisions{}, fmt.Errorf(" more than %d stories are decided about", mostStories)
	}
	for i, s := range d.Stories {
		if s.Article == "" && s.Add == "" {
			return Decisions{}, fmt.Errorf(" the %d. [[story]] names no article and no page to add", i+1)
		}
	}
	return d, nil
}

// Change changes what is decided about an edition. Those who change it at one time follow one another, and each
// starts from what the other has left.
func (f Folder) Change(ctx context.Context, key string, change func(*Decisions) error) error {
	_, err := f.Record(ctx, key, change)
	return err
}

// Step is one change of an edition's file. The zero value changed nothing.
type Step struct {
	key           string
	before, after []byte
}

// Record is [Folder.Change]; what it returns can be taken back.
func (f Folder) Record(ctx context.Context, key string, change func(*Decisions) error) (Step, error) {
	release, err := f.lock(ctx)
	if err != nil {
		return Step{}, err
	}
	defer release()
	d, src, err := f.read(key)
	if err != nil {
		return Step{}, err
	}
	if err := change(&d); err != nil {
		return Step{}, err
	}
	d.Stories = slices.DeleteFunc(d.Stories, Decision.Empty)
	if src == nil && d.empty() {
		return Step{}, nil
	}
	text, err := d.text(key, src)
	if err != nil {
		return Step{}, fmt.Errorf("decisions about %s: %w", key, err)
	}
	if bytes.Equal(text, src) {
		return Step{}, nil
	}
	if err := replace(f.Path(key), text); err != nil {
		return Step{}, fmt.Errorf("decisions about %s: %w", key, err)
	}
	return Step{key, src, text}, nil
}

// ErrChanged says that a step cannot be taken back, since the file was changed after it.
var ErrChanged = errors.New("somebody has changed the decisions since; nothing is taken back")

// Undo takes a step back: the file is what it was before, to the letter. Where it was changed since, by whomever, it
// stays as it is, and the error is [ErrChanged].
func (f Folder) Undo(ctx context.Context, s Step) error {
	if s.key == "" {
		return nil
	}
	release, err := f.lock(ctx)
	if err != nil {
		return err
	}
	defer release()
	_, src, err := f.read(s.key)
	switch {
	case err != nil:
		return err
	case !bytes.Equal(src, s.after):
		return ErrChanged
	case s.before == nil:
		err = os.Remove(f.Path(s.key))
	default:
		err = replace(f.Path(s.key), s.before)
	}
	if err != nil {
		return fmt.Errorf("decisions about %s: %w", s.key, err)
	}
	return nil
}

// lock keeps decisions from changing until it is released.
func (f Folder) lock(ctx context.Context) (release func(), err error) {
	if err := os.MkdirAll(f.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("the folder of decisions: %w", err)
	}
	l := flock.New(filepath.Join(f.Dir, ".lock"))
	if _, err := l.TryLockContext(ctx, 10*time.Millisecond); err != nil {
		return nil, fmt.Errorf("the folder of decisions %s: somebody else is changing or sealing: %w", f.Dir, err)
	}
	return func() { _ = l.Close() }, nil
}

// Decided implements [digest.Editor]. Which stories are one and which are not is remembered for two weeks.
func (f Folder) Decided(ctx context.Context, slot digest.Slot) (digest.Overrides, func(), error) {
	if _, err := os.Stat(f.Dir); errors.Is(err, fs.ErrNotExist) {
		return digest.Overrides{}, func() {}, nil // nobody ever decided anything
	}
	release, err := f.lock(ctx)
	if err != nil {
		return digest.Overrides{}, nil, err
	}
	o, err := f.overrides(slot)
	if err != nil {
		release()
		return digest.Overrides{}, nil, err
	}
	return o, release, nil
}

func (f Folder) overrides(slot digest.Slot) (digest.Overrides, error) {
	d, err := f.Read(slot.Key())
	if err != nil {
		return digest.Overrides{}, err
	}
	o := digest.Overrides{Held: d.Held, Approved: d.Approved, Note: d.Note}
	for _, s := range d.Stories {
		o.Stories = append(o.Stories, digest.Override{Article: s.Article, Was: s.Was, Lead: s.Lead, Pin: s.Pin,
			Drop: s.Drop, Topic: s.Topic, Title: s.Title, Summary: s.Summary})
	}
	keys, err := f.since(slot)
	if err != nil {
		return digest.Overrides{}, err
	}
	for _, key := range keys {
		if d, err = f.Read(key); err != nil {
			return digest.Overrides{}, err
		}
		for _, s := range d.Stories {
			if s.Article != "" {
				relate(&o, s)
			}
		}
	}
	return o, nil
}

// relate adds which articles tell the same and which do not. Of a pair the newest word counts.
func relate(o *digest.Overrides, s Decision) {
	same := func(a, b, c, d string) bool { return a == c && b == d || a == d && b == c }
	for _, other := range s.Join {
		o.Parted = slices.DeleteFunc(o.Parted, func(p [2]string) bool { return same(p[0], p[1], s.Article, other) })
		o.Joined = append(o.Joined, []string{s.Article, other})
	}
	for _, other := range s.Part {
		o.Joined = slices.DeleteFunc(o.Joined, func(p []string) bool { return same(p[0], p[1], s.Article, other) })
		o.Parted = append(o.Parted, [2]string{s.Article, other})
	}
}

// stamp changes with every change of a file, whoever makes it.
func (f Folder) stamp() string {
	var all strings.Builder
	// What cannot be looked at has no part in it; a draft tells why.
	_ = filepath.WalkDir(f.Dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".toml" {
			return err
		}
		if info, err := entry.Info(); err == nil {
			fmt.Fprintln(&all, path, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	return all.String()
}

// since lists the editions of the slot's digest about which something was decided, up to the slot.
func (f Folder) since(slot digest.Slot) ([]string, error) {
	files, err := os.ReadDir(filepath.Join(f.Dir, slot.Digest))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the folder of decisions: %w", err)
	}
	first := digest.Slot{Digest: slot.Digest, At: slot.At.Add(-remembered)}.Key()
	var keys []string
	for _, file := range files {
		name, ok := strings.CutSuffix(file.Name(), ".toml")
		key := slot.Digest + "/" + name
		if ok && editionKey.MatchString(key) && key >= first && key <= slot.Key() {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

package digest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"tidings/digest/text"
)

// Feeds reads sources. What they bring comes in parts, each fit to be kept as it comes, so that a round of a
// thousand sources needs little memory and loses little when it is stopped. A source that fails is told
// among the troubles and never stops the others; an error is the last that comes and stops all of them, as a
// cancelled context does.
type Feeds interface {
	Read(ctx context.Context, sources []Source) iter.Seq2[Harvest, error]
}

// Archive is what a press remembers.
type Archive interface {
	// Keep stores a harvest in one transaction, so that no source counts as read whose articles were lost.
	// Articles are stored under their ids. A known one is brought up to date and stays what it was
	// otherwise: printed, first seen then, and no newer than it was. It returns what was news to it.
	Keep(ctx context.Context, h Harvest) (Kept, error)

	// Unprinted returns the articles of these sources which digest has not printed and which were
	// published in (from, to]; undated ones count by the time at which they were first seen, without
	// the upper bound.
	Unprinted(ctx context.Context, digest string, sources []string, from, to time.Time) ([]Article, error)

	// Past returns what digest sealed before the given slot time. Of the editions whose slots lie no longer
	// before it than back, it returns all that they told; texts may be shortened.
	Past(ctx context.Context, digest string, before time.Time, back time.Duration) (Past, error)

	// Seal makes the edition final: in one transaction it is stored under its key, its articles, printed
	// or folded, are marked printed, and one delivery is owed to each reader of the digest. It returns how many are
	// owed. A key that is sealed already gives [ErrSealed] and changes nothing. An edition without
	// stories settles its slot as quiet and owes nothing; a quiet slot may be sealed again.
	Seal(ctx context.Context, d Digest, e Edition) (int, error)
}

// Past is what a digest printed earlier.
type Past struct {
	Last     time.Time // slot of the newest sealed edition; zero: there is none
	Number   int       // the highest of all the digest's editions, which [Archive.Seal] counts on from
	Editions []Edition // sealed ones, the oldest first
}

// Vectors tell what articles mean, as embeddings of one length, by the articles' ids. What cannot be had is
// left out: a grouping without vectors is a good one.
type Vectors interface {
	Vectors(ctx context.Context, articles []Article) map[string][]float32
}

// Writer writes summaries and headlines into an edition, where it can vouch for them. What it cannot write
// stays as it was.
type Writer interface {
	Write(ctx context.Context, e Edition) Edition
}

// Press makes editions. Feeds and Archive are required.
type Press struct {
	Feeds      Feeds
	Archive    Archive
	Names      *text.Names // known names; nil: the built-in ones
	Vectors    Vectors     // one more feature of grouping; nil: none
	Discussion Discussion  // asked for digests that weigh it; nil: nobody is
	Writer     Writer      // nil: summaries are the articles' own sentences
	Editor     Editor      // whose decisions are laid over drafts; nil: nobody decides anything
	News       func(Kept)  // told what a gathering brings, part by part; may be nil

	Memory *Memory // for whoever drafts again and again; nil: every draft is made from nothing
}

// Made is what came of making an edition.
type Made struct {
	Edition Edition
	Owed    int // deliveries owed by its seal
}

// Kept is what was news to an archive.
type Kept struct {
	New     []Article // that no source had brought before
	Changed []Article // that their own source tells otherwise than before
}

// Gathered is what came of a round of gathering.
type Gathered struct {
	Read         int // articles that the sources hold, except those of unchanged sources
	New, Changed int // of these
	Troubles     []Trouble
}

// Gather reads the digest's sources and keeps what they hold. It is the first step of [Press.Make], and
// useful alone to poll oftener than editions appear.
func (p *Press) Gather(ctx context.Context, sources []Source) (Gathered, error) {
	var g Gathered
	for h, err := range p.Feeds.Read(ctx, sources) {
		if err != nil {
			return g, fmt.Errorf("gather: %w", err)
		}
		kept, err := p.Archive.Keep(ctx, h)
		if err != nil {
			return g, fmt.Errorf("keep articles: %w", err)
		}
		if p.News != nil {
			p.News(kept)
		}
		g.Read, g.New, g.Changed = g.Read+h.Read, g.New+len(kept.New), g.Changed+len(kept.Changed)
		g.Troubles = append(g.Troubles, h.Troubles...)
	}
	place := map[string]int{}
	for i, s := range sources {
		place[s.URL] = i
	}
	slices.SortStableFunc(g.Troubles, func(a, b Trouble) int { return place[a.Source] - place[b.Source] })
	return g, nil
}

// Draft composes the edition of a slot from what is kept, with nothing gathered and nothing sealed.
// Articles up to until are considered, together with what earlier editions told: of a story that was told only
// what is new is printed. Without a story in it the error is [ErrQuiet], and the edition still tells what was
// considered and left out. What an editor decided so far is laid over it; a held edition can be drafted.
func (p *Press) Draft(ctx context.Context, d Digest, slot Slot, until time.Time) (Edition, error) {
	o, release, err := p.editor().Decided(ctx, slot)
	if err != nil {
		return Edition{}, fmt.Errorf("what was decided about %s: %w", slot.Key(), err)
	}
	release()
	return p.draft(ctx, d, slot, until, o)
}

func (p *Press) editor() Editor {
	if p.Editor == nil {
		return nobody{}
	}
	return p.Editor
}

func (p *Press) draft(ctx context.Context, d Digest, slot Slot, until time.Time, o Overrides) (Edition, error) {
	past, err := p.Archive.Past(ctx, d.Name, slot.At, recollection)
	if err != nil {
		return Edition{}, fmt.Errorf("past editions of %s: %w", d.Name, err)
	}
	fresh, err := p.Archive.Unprinted(ctx, d.Name, d.read(), d.since(until, past.Last), until)
	if err != nil {
		return Edition{}, fmt.Errorf("unprinted articles of %s: %w", d.Name, err)
	}
	d.rename(fresh)
	told := recall(past.Editions)
	all := told.with(fresh)
	by := Grouping{Topics: d.Topics, Names: p.Names, Stories: told.stories, Joined: o.Joined, Parted: o.Parted}
	if p.Vectors != nil {
		by.Vectors = p.Vectors.Vectors(ctx, all)
	}
	stories, folded := p.Memory.stories(all, by, told, d)
	stories, dropped, open := o.apply(stories, d.Topics)
	if p.Discussion != nil && d.Weights.Discussion > 0 {
		discuss(ctx, p.Discussion, stories, Rank(stories, d, until))
	}
	e := compose(Rank(stories, d, until), d, slot, p.Memory)
	e.Number, e.Read, e.Sources, e.Folded = past.Number+1, len(fresh), countFeeds(fresh), folded
	e.Note, e.Open, e.Dropped = o.Note, open, dropped
	for _, s := range dropped {
		e.Left = append(e.Left, Omitted{Story: s.ID, Article: s.Lead.ID, Title: s.Lead.Title, Why: "dropped by the editor: " + s.Decided.Drop})
	}
	if len(e.Stories()) == 0 {
		return e, ErrQuiet
	}
	if p.Writer != nil {
		e = p.Writer.Write(ctx, e)
	}
	return e, nil
}

// rename gives articles the names that their sources have by now: they may be other than when they were read.
func (d Digest) rename(articles []Article) {
	names := make(map[string]string, len(d.Sources))
	for _, s := range d.Sources {
		names[s.URL] = s.Name
	}
	for i, a := range articles {
		if name := names[a.Feed]; name != "" {
			articles[i].Source.Title = name
		}
	}
}

// Make is the whole morning: gather → read → keep → group → rank → compose → seal. The slot's edition is
// made once for ever; a second call gives [ErrSealed]. When all sources fail the error is
// [ErrUnread] and the slot stays due; with nothing worth printing, the slot is settled and the error is [ErrQuiet].
// What an editor holds back gives [ErrHeld] and stays due; from the look at his decisions to the seal he can make
// no others.
func (p *Press) Make(ctx context.Context, d Digest, slot Slot, until time.Time) (Made, error) {
	gathered, err := p.Gather(ctx, d.Sources)
	if err != nil {
		return Made{}, err
	}
	return p.seal(ctx, d, slot, until, &gathered)
}

// Seal is [Press.Make] without gathering: the edition is made of what is kept. With nothing worth printing the
// error is [ErrQuiet] and the slot stays due, for that says nothing of the day.
func (p *Press) Seal(ctx context.Context, d Digest, slot Slot, until time.Time) (Made, error) {
	return p.seal(ctx, d, slot, until, nil)
}

// seal seals a draft, unless an editor holds it back; he can decide nothing more meanwhile.
func (p *Press) seal(ctx context.Context, d Digest, slot Slot, until time.Time, gathered *Gathered) (Made, error) {
	o, release, err := p.editor().Decided(ctx, slot)
	if err != nil {
		return Made{}, fmt.Errorf("what was decided about %s: %w", slot.Key(), err)
	}
	defer release()
	if err := o.holds(d); err != nil {
		return Made{}, fmt.Errorf("%s: %w", slot.Key(), err)
	}
	edition, quiet := p.draft(ctx, d, slot, until, o)
	if quiet != nil && (!errors.Is(quiet, ErrQuiet) || gathered == nil) {
		return Made{Edition: edition}, quiet
	}
	if gathered != nil {
		edition.Troubles = gathered.Troubles
		if n := len(gathered.Troubles); quiet != nil && n > 0 && n == len(d.Sources) {
			return Made{Edition: edition}, fmt.Errorf("%s: %w; the first of %d: %s", d.Name, ErrUnread, n, gathered.Troubles[0].Reason)
		}
	}
	owed, err := p.Archive.Seal(ctx, d, edition)
	if err != nil {
		return Made{Edition: edition}, fmt.Errorf("seal %s: %w", edition.Key, err)
	}
	return Made{Edition: edition, Owed: owed}, quiet
}

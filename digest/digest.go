// Package digest says what a good edition is: it names the nouns of the trade, groups articles into
// stories, files them under topics, ranks and composes them, and makes an edition from gathering to seal.
//
// It promises that the same articles give the same edition on every machine, whatever their order, and
// that everything it decides is told with its reasons. It refuses to touch the world: no network, no
// file, no clock and no chance; what it needs of them is handed in. It stores nothing itself; [Press]
// says in [Archive] what has to be remembered.
package digest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidings/digest/text"
)

// ErrQuiet says that there was nothing worth printing: a good outcome, not a fault. The slot is settled
// and no letter goes out.
var ErrQuiet = errors.New("nothing worth printing")

// ErrSealed says that the edition asked for was sealed earlier; nothing was changed.
var ErrSealed = errors.New("edition is sealed already")

// ErrUnread says that not one source could be read: the fault is likely ours, and the slot stays due.
var ErrUnread = errors.New("no source could be read")

// Source is a feed, page, file or folder that is read.
type Source struct {
	URL    string  // where it lies: https://…, or file:PATH; names the source everywhere
	Name   string  // what readers see; empty: the title that the feed gives itself
	Lang   string  // language it declares, BCP 47; empty: the feed's own word, then detection
	Owner  string  // who publishes it; sources of one owner count once. Empty: its registrable domain
	Weight float64 // how much its word counts, 1 is ordinary; 0 is read as 1
	Topic  string  // topic of an article whose words decide nothing; empty: brief
	First  bool    // a party's own voice (a company's blog): member of a story, never an independent report
	Group  string  // the operator's own heading; folders within folders are parted by slashes

	Aggregator bool // it passes on what others tell: member of a story, never an independent report
	OnTopic    bool // all that it tells is about artificial intelligence, whatever its words

	FullText FullText // whether the page of an article is read of which the feed has only a teaser
	List     List     // how a page without a feed lists its articles; zero: it is a feed
}

// FullText says whether the pages of articles are read that come from a feed as a teaser.
type FullText string

// With Auto, which the zero value means as well, a page is read when what the feed says is too little.
const (
	Auto   FullText = "auto"
	Never  FullText = "never"
	Always FullText = "always"
)

// List says how a web page without a feed lists its articles. The first five are CSS selectors (Selectors
// Level 4, as far as they need no browser); Link, Title, Date and Summary look within an item, which they
// may be themselves. An empty rule is told beside it.
type List struct {
	Item    string // what holds one article; empty: what stands around a link to an address like Match
	Link    string // the link to it; the first one
	Title   string // its headline; the first heading, else the link's own words
	Date    string // when it appeared: its datetime attribute, or its text; the first <time>, else a text that is a date
	Summary string // a lead; none
	Match   string // regular expression (RE2) that an article's address contains; all addresses
}

// ByHand begins the source of an article that an editor added by its address: alone for every digest, with
// the name of a digest behind it for that one. Such an article is news from when it was added, however old
// it is.
const ByHand = "hand:"

// Origin is what an article carries of where it was read.
type Origin struct {
	Title string `json:"title,omitempty"`
	URL   string `json:"url,omitempty"`  // the site's address, not the feed's
	Lang  string `json:"lang,omitempty"` // as declared, BCP 47
}

// Removed is a piece of a document that was taken out as noise, kept for the editor to see.
type Removed struct {
	Text   string `json:"text"`
	Reason string `json:"reason"` // "counter", "caption", "repeated summary", …
}

// Article is one text from one source. Title, Summary and Text are plain text, paragraphs of Text are
// separated by an empty line; HTML is the sanitised body, which the archive does not keep. Unknown fields are
// zero.
type Article struct {
	ID        string    `json:"id"`            // stable: made from the canonical link, else guid, else title and date
	URL       string    `json:"url,omitempty"` // canonical link: without what only tracks
	Title     string    `json:"title,omitempty"`
	Author    string    `json:"author,omitempty"`
	Lang      string    `json:"lang,omitempty"`    // BCP 47
	LangBy    string    `json:"lang_by,omitempty"` // by what evidence, in words for a person
	Published time.Time `json:"published,omitzero"`
	Updated   time.Time `json:"updated,omitzero"`
	Seen      time.Time `json:"seen,omitzero"` // when we first read it; set by the archive
	Summary   string    `json:"summary,omitempty"`
	Text      string    `json:"text,omitempty"`
	HTML      string    `json:"html,omitempty"`
	Image     string    `json:"image,omitempty"`
	Removed   []Removed `json:"removed,omitempty"`
	Source    Origin    `json:"source,omitzero"`
	Feed      string    `json:"feed,omitempty"` // URL of the [Source] it was gathered from, or [ByHand]
	Full      bool      `json:"full,omitempty"` // Text is that of the article's page; its feed has a teaser
	Handles   Handles   `json:"-"`              // set by who reads, for the archive
}

// Reason is one part of a decision: what was looked at, what it was worth, and the evidence in words.
type Reason struct {
	Part   string  `json:"part"` // "sources", "weight", "recency", "topic", "linked", …
	Value  float64 `json:"value"`
	Detail string  `json:"detail,omitempty"`
}

// Story is one or more articles about one event.
type Story struct {
	ID        string      `json:"id"` // made from its earliest member
	Lead      Article     `json:"lead"`
	Others    []Article   `json:"others,omitempty"`  // best first
	Topic     string      `json:"topic"`             // id of the section it stands in; "brief" when none fits
	Tags      []string    `json:"tags,omitempty"`    // further topics it touches
	Relevance float64     `json:"relevance"`         // to artificial intelligence, from 0 to 1
	Names     []text.Name `json:"names,omitempty"`   // organisations, models, people that it speaks of, the most spoken of first
	Sources   int         `json:"sources"`           // independent publishers: no copies, no party's own voice
	Copies    []string    `json:"copies,omitempty"`  // ids of members that repeat another's text: not independent
	Primary   string      `json:"primary,omitempty"` // id of the member in which a party speaks for itself
	Single    bool        `json:"single,omitempty"`  // it leads the edition though fewer than two publishers tell it
	Points    int         `json:"points,omitempty"`  // in discussions elsewhere, see [Discussion]
	Score     float64     `json:"score"`
	Reasons   []Reason    `json:"reasons,omitempty"`
	Near      []Near      `json:"near,omitempty"`    // what nearly belongs to it, for the editor
	Summary   []string    `json:"summary,omitempty"` // verbatim sentences of Lead
	Added     *Quote      `json:"added,omitempty"`   // what another member adds to that
	Written   *Written    `json:"written,omitempty"` // what a language model wrote in their stead
	Update    *Update     `json:"update,omitempty"`  // it goes on with what an earlier edition told
	Decided   *Override   `json:"decided,omitempty"` // what an editor decided about it
}

// Near is a story that was not joined with another, though not by much: maybe related, or kept apart by a
// conflict.
type Near struct {
	Story   string  `json:"story"`             // id
	Article string  `json:"article,omitempty"` // id of one of its articles, by which an [Override] knows it
	Title   string  `json:"title"`
	Score   float64 `json:"score"` // likeness, on the scale of a "linked" reason
	Why     string  `json:"why"`   // what they share, and what keeps them apart
}

// Quote is a verbatim sentence with who says it.
type Quote struct {
	Text    string `json:"text"`
	Lang    string `json:"lang,omitempty"` // BCP 47
	Article string `json:"article"`        // id
	Source  string `json:"source"`         // the publisher's name
	URL     string `json:"url,omitempty"`
}

// Written is what a language model wrote of a story: its claims were checked against the members, and the
// letter says who wrote it.
type Written struct {
	Title   string   `json:"title,omitempty"` // the headline in the edition's language; empty: it stands as it is
	Summary []string `json:"summary,omitempty"`
	By      string   `json:"by"` // the model's name
}

// Update says what a story goes on with.
type Update struct {
	Edition string    `json:"edition"`       // key of the edition that told the story last
	At      time.Time `json:"at"`            // its slot
	Title   string    `json:"title"`         // the headline that stood there
	First   time.Time `json:"first"`         // slot of the edition that told it first
	Led     time.Time `json:"led,omitzero"`  // slot of the edition that it led last
	New     []string  `json:"new,omitempty"` // names, numbers and words that were not told yet, as they are written
	By      []string  `json:"by,omitempty"`  // ids of the members that tell them
	Sources int       `json:"sources"`       // independent publishers by now, those of earlier editions among them
	Before  int       `json:"before"`        // of these, when it was told last
}

// Articles returns the lead and then the others.
func (s Story) Articles() []Article { return append([]Article{s.Lead}, s.Others...) }

// Brief is the id of the section for stories that fit no topic or found no room elsewhere.
const Brief = "brief"

// Topic is a section's id and name with the words that tell it.
type Topic struct {
	ID       string
	Name     map[string]string   // by language
	Words    map[string][]string // by language, added to the built-in lexicon of that id; matched on word boundaries
	Phrases  map[string][]string // the same for several words in a row
	Examples []string            // headlines that belong there, in any language
}

// Section is a topic's part of an edition.
type Section struct {
	Topic   string  `json:"topic"`
	Stories []Story `json:"stories"`
}

// Trouble is a source that could not be read, for the run's report.
type Trouble struct {
	Source string `json:"source"` // its URL
	Name   string `json:"name,omitempty"`
	Reason string `json:"reason"` // a sentence for a person
}

// Layout bounds an edition. A zero field means its default, told beside it; a negative one means nothing at
// all: no brief, no floor.
type Layout struct {
	Window     time.Duration // how old an article may be at the slot; 48 h. Downtime widens it to the last edition, at most 7 days
	Stories    int           // stories with a block of their own; 25
	PerSection int           // of these in one section; 6
	PerSource  int           // of these led by one source; 3
	Companies  int           // sections of which one company may have more than half; 2
	Brief      int           // one-liners in brief; 15
	Floor      float64       // least score of a story with a block, 0.25; below it goes to brief
	BriefFloor float64       // least score of a story in brief, 0.2; below it is left out
	Sentences  int           // sentences quoted under a headline, together at most 280 characters; 2
}

// Weights say what a story's score is made of. They need not add up to one.
type Weights struct {
	Sources    float64       // independent publishers, on a log scale that is full at 8
	Weight     float64       // mean weight of the members' sources
	Recency    float64       // halves every HalfLife
	Depth      float64       // words of the longest member, full at 800
	Discussion float64       // points elsewhere, on a log scale that is full at 500; 0: nobody is asked
	Lasting    float64       // days on which independent publishers told it, full at 4
	Sameness   float64       // taken off what shares two rare names with a better story
	HalfLife   time.Duration // of recency; 0: three eighths of the window, 18 h of 48
}

// Boost is an editor's wish: so much is added to the score of each story that it fits.
type Boost struct {
	Words  []string // words or phrases in a headline or lead, whatever their case
	Topics []string // ids
	Names  []string // of organisations, models, people
	By     float64  // may be negative
}

// Policy says what becomes of a delivery whose outcome no one can know after a crash.
type Policy string

// The two policies: with Resend nobody is ever missed, with Hold nobody is mailed twice.
const (
	Resend Policy = "resend"
	Hold   Policy = "hold"
)

// Digest is one [[digest]] block of the configuration: who speaks, when, from what, in which language.
type Digest struct {
	Name      string // id: letters, digits, hyphen
	Title     string // masthead
	From      string // RFC 5322 mailbox
	Lang      string // the letter's language, BCP 47
	Schedule  string // cron, on the wall clock of Location
	Location  *time.Location
	Sources   []Source
	Topics    []Topic // in the order of sections
	Layout    Layout
	Weights   Weights
	Boosts    []Boost
	Optional  bool           // only for readers who chose it by name; otherwise also for those who chose none
	DeliverAt *time.Duration // since midnight on each reader's own wall clock; nil: as soon as it is sealed
	Quiet     Hours          // in which no letter goes out, on the same clocks
	Forget    bool           // what a missed edition would have told is not told by the next one
	Uncertain Policy         // of a delivery that nobody can account for; empty: Resend
	Release   Release        // empty: ReleaseAuto
}

// Hours are a part of each day, as times since midnight; it may go over midnight. The zero value is none.
type Hours struct{ From, To time.Duration }

// End returns when the hours end in which a time lies, on its own clock; the time itself when it lies in none.
func (h Hours) End(at time.Time) time.Time {
	clock := time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute +
		time.Duration(at.Second())*time.Second + time.Duration(at.Nanosecond())
	days := 0
	switch {
	case h.From <= h.To && (clock < h.From || clock >= h.To), h.From > h.To && clock < h.From && clock >= h.To:
		return at
	case clock >= h.To:
		days = 1
	}
	return time.Date(at.Year(), at.Month(), at.Day()+days, 0, int(h.To/time.Minute), 0, 0, at.Location())
}

// clock is a reader's: without a time zone, or with one that is not known, the digest's.
func (d Digest) clock(timezone string) *time.Location {
	where, err := time.LoadLocation(timezone)
	if err != nil || timezone == "" {
		return cmp.Or(d.Location, time.UTC)
	}
	return where
}

// Shifts reports whether letters of the digest may be due later than its editions are sealed.
func (d Digest) Shifts() bool { return d.DeliverAt != nil || d.Quiet != (Hours{}) }

// Due returns when an edition that was sealed at a time is due for a reader in a time zone: at the first
// [Digest.DeliverAt] from then on, and not in the quiet hours.
func (d Digest) Due(timezone string, sealed time.Time) time.Time {
	local := sealed.In(d.clock(timezone))
	return d.Awake(timezone, d.arrival(local))
}

// Awake returns when a letter may go out to a reader in a time zone: at that time, or when the quiet hours end in which
// it lies.
func (d Digest) Awake(timezone string, at time.Time) time.Time {
	return d.Quiet.End(at.In(d.clock(timezone)))
}

// arrival is the first hour of arrival from a time on.
func (d Digest) arrival(local time.Time) time.Time {
	if d.DeliverAt == nil {
		return local
	}
	for days := 0; ; days++ {
		minutes := int(*d.DeliverAt / time.Minute)
		if due := time.Date(local.Year(), local.Month(), local.Day()+days, 0, minutes, 0, 0, local.Location()); !due.Before(local) {
			return due
		}
	}
}

// Slot is one appointed time of a digest; At is on the digest's wall clock.
type Slot struct {
	Digest string
	At     time.Time
}

// Key names the slot's edition: "<digest>/<date>T<hour><minute>" on the digest's wall clock, for example
// daily/2026-11-23T0700. It sorts by time and is fit for a path and an address.
func (s Slot) Key() string { return s.Digest + "/" + s.At.Format(slotForm) }

const slotForm = "2006-01-02T1504"

// ParseKey reads what [Slot.Key] writes, of a digest whose wall clock is that of a place.
func ParseKey(key string, place *time.Location) (Slot, error) {
	name, at, _ := strings.Cut(key, "/")
	t, err := time.ParseInLocation(slotForm, at, place)
	if err != nil || name == "" {
		return Slot{}, fmt.Errorf("%q names no edition; write it like daily/2026-11-23T0700", key)
	}
	return Slot{Digest: name, At: t}, nil
}

// Edition is one digest as it is printed; once sealed it does not change.
type Edition struct {
	Key      string    `json:"key"` // see [Slot.Key]
	Digest   string    `json:"digest"`
	Number   int       `json:"number,omitempty"` // counts the digest's sealed editions from 1; set by the archive
	Title    string    `json:"title"`
	From     string    `json:"from"`
	Lang     string    `json:"lang"`
	At       time.Time `json:"at"` // the slot, on the digest's wall clock
	Lead     *Story    `json:"lead,omitempty"`
	Sections []Section `json:"sections,omitempty"`
	Brief    []Story   `json:"brief,omitempty"`
	Folded   []Story   `json:"folded,omitempty"`  // told in earlier editions, with nothing new since: not printed
	Read     int       `json:"read"`              // fresh articles that were considered
	Sources  int       `json:"sources"`           // sources that these came from; see [Edition.Tellers]
	Note     string    `json:"note,omitempty"`    // the editor's own words on top, plain text
	Dropped  []Story   `json:"dropped,omitempty"` // by the editor: not printed, neither here nor later
	Left     []Omitted `json:"left,omitempty"`
	Open     []Omitted `json:"open,omitempty"` // decisions of the editor that could not be applied
	Troubles []Trouble `json:"troubles,omitempty"`
	Names    Names     `json:"names,omitzero"` // what its topics are called, by id
}

// Names are the topics' names in the edition's language, by id.
type Names map[string]string

// Mention is a printed story that speaks of a name.
type Mention struct {
	Edition string    `json:"edition"` // key
	At      time.Time `json:"at"`      // its slot, at the offset of the digest's wall clock
	Title   string    `json:"title"`   // the story's headline
	Lang    string    `json:"lang,omitempty"`
}

// NameKey is what a name is looked up by: without case and accents, with single spaces.
func NameKey(name string) string { return text.Fold(strings.Join(strings.Fields(name), " ")) }

// Only returns what of the edition a reader gets who chose these topics: the stories that stand in one of them
// or touch one. Without topics it is the whole edition.
func (e Edition) Only(topics []string) Edition {
	if len(topics) == 0 {
		return e
	}
	other := func(s Story) bool {
		return !slices.Contains(topics, s.Topic) && !slices.ContainsFunc(s.Tags, func(t string) bool { return slices.Contains(topics, t) })
	}
	if e.Lead != nil && other(*e.Lead) {
		e.Lead = nil
	}
	var sections []Section
	for _, s := range e.Sections {
		if s.Stories = slices.DeleteFunc(slices.Clone(s.Stories), other); len(s.Stories) > 0 {
			sections = append(sections, s)
		}
	}
	e.Sections, e.Brief = sections, slices.DeleteFunc(slices.Clone(e.Brief), other)
	return e
}

// Shorter returns the edition with n of its stories, counted from the end, told more briefly: those in sections
// go to the front of the brief ones, and when all are there the brief ones are left out. The lead story stays,
// and n is at most [Edition.Shortest].
func (e Edition) Shorter(n int) Edition {
	e.Sections, e.Brief = slices.Clone(e.Sections), slices.Clone(e.Brief)
	for ; n > 0 && len(e.Sections) > 0; n-- {
		last := &e.Sections[len(e.Sections)-1]
		end := len(last.Stories) - 1
		if end < 0 {
			n++ // an empty section counts as none
		} else {
			e.Brief = slices.Insert(e.Brief, 0, last.Stories[end])
			last.Stories = last.Stories[:end]
		}
		if end <= 0 {
			e.Sections = e.Sections[:len(e.Sections)-1]
		}
	}
	e.Brief = e.Brief[:len(e.Brief)-min(n, len(e.Brief))]
	return e
}

// Shortest is how often the edition can be made shorter.
func (e Edition) Shortest() int {
	n := len(e.Brief)
	for _, s := range e.Sections {
		n += 2 * len(s.Stories)
	}
	return n
}

// Omitted is a story that was left out, and why.
type Omitted struct {
	Story   string `json:"story"`             // id
	Article string `json:"article,omitempty"` // id of one of its articles, by which an [Override] knows it
	Title   string `json:"title"`
	Why     string `json:"why"`
}

// Stories returns all the edition's stories in the order in which they are printed.
func (e Edition) Stories() []Story {
	var all []Story
	if e.Lead != nil {
		all = append(all, *e.Lead)
	}
	for _, s := range e.Sections {
		all = append(all, s.Stories...)
	}
	return append(all, e.Brief...)
}

// Tellers counts the sources that tell what is printed, by the names that readers see.
func (e Edition) Tellers() int {
	names := map[string]bool{}
	for _, s := range e.Stories() {
		for _, a := range s.Articles() {
			names[cmp.Or(a.Source.Title, a.Feed, a.ID)] = true
		}
	}
	return len(names)
}

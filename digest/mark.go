package digest

import "time"

// Harvest is what one or more sources brought, as far as it is not known yet.
type Harvest struct {
	Articles []Article // of which there is something to keep, new ones and others, in the order of the sources
	Troubles []Trouble // one for each source that could not be read, or is left alone because it fails
	Marks    []Mark    // of the sources that were visited
	Sites    []Site    // of the servers that were asked for pages
	Read     int       // articles that the sources hold, known ones too
}

// Mark is what is remembered of a source between two visits. Its key is the source's URL.
type Mark struct {
	Source   string
	Address  string        // where it lies by now, after it has moved for good; empty: where the source says
	Moving   string        // where the server says it has moved, not yet believed
	Moves    int           // how many visits in a row it has said so
	ETag     string        // as the server gave it, untouched
	Modified string        // the Last-Modified header, untouched
	Hash     string        // of the last body read
	Title    string        // the name that the source gives itself
	Checked  time.Time     // last visit
	Changed  time.Time     // last visit that brought a new article
	Newest   time.Time     // date of the newest article it ever brought
	Interval time.Duration // between two visits, as its habits ask for
	Next     time.Time     // when a visit is worth while again
	Due      time.Time     // not to be visited before then; zero: at any time
	Told     bool          // that is the server's own word, which holds for a person's impatience too
	Failures int           // in a row
	Failing  time.Time     // since when; zero: it does not fail
	Fault    string        // why, a sentence for a person; without a failure a remark on what was read
	Wall     bool          // the fault is a wall against robots
}

// State is how a source does, in a word or two for a person.
type State string

// The states. Of several that are true the first in this order counts.
const (
	Unread  State = "not read yet"
	Walled  State = "bot wall"
	Failing State = "failing"
	Silent  State = "silent" // it is read well, and has nothing new
	Moved   State = "moved"  // it is read elsewhere than the configuration says
	Fine    State = "ok"
)

// silence is how long a source may have nothing new before it is called silent: a month is the pace of the
// slowest that are alive.
const silence = 30 * 24 * time.Hour

// State tells how the source does, and since when; the time is zero for what has no beginning, as the silence
// of a source that never had anything.
func (m Mark) State(now time.Time) (State, time.Time) {
	last := m.Newest
	if last.IsZero() {
		last = m.Changed
	}
	switch {
	case m.Checked.IsZero():
		return Unread, time.Time{}
	case m.Failures > 0 && m.Wall:
		return Walled, m.Failing
	case m.Failures > 0:
		return Failing, m.Failing
	case now.Sub(last) >= silence:
		return Silent, last
	case m.Address != "":
		return Moved, time.Time{}
	}
	return Fine, time.Time{}
}

// Handles are what an article is recognised by when its source brings it again, each a short hash, "" for
// what it has not: changed links, ids and titles are the daily life of feeds.
type Handles struct {
	Link  string // of its address, or of address and title where several articles share one page
	GUID  string // of the id in its feed, when no other item of the feed has it
	Title string // of its title; begins with a hyphen when that is too short to name an article
	Sum   string // of all that its source says of it: tells whether it has changed
}

// Known is what is remembered of an article of a source.
type Known struct {
	ID        string
	Handles   Handles
	Published time.Time
}

// Site is what is remembered of a server that is asked for pages. Its key is the host.
type Site struct {
	Host   string         `json:"host"`
	Robots string         `json:"robots,omitempty"` // its robots.txt, as far as it is about us
	Asked  time.Time      `json:"asked,omitzero"`   // when that was read
	Lines  map[string]int `json:"lines,omitempty"`  // paragraphs by their hash, and in how many articles each stood
	Pages  int            `json:"pages,omitempty"`  // articles that were read of it
}

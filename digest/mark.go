package digest

import "time"

// Harvest is what a round of reading brought.
type Harvest struct {
	Articles []Article // in the order of the sources
	Troubles []Trouble // one for each source that could not be read, or is left alone because it fails
	Marks    []Mark    // of the sources that were visited
}

// Mark is what is remembered of a source between two visits. Its key is the source's URL.
type Mark struct {
	Source   string
	ETag     string    // as the server gave it, untouched
	Modified string    // the Last-Modified header, untouched
	Hash     string    // of the last body read
	Title    string    // the name that the source gives itself
	Checked  time.Time // last visit
	Changed  time.Time // last visit that brought a new article
	Due      time.Time // not to be visited before then; zero: at any time
	Failures int       // in a row
	Failing  time.Time // since when; zero: it does not fail
	Fault    string    // why, a sentence for a person
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tidings/digest"
	"tidings/digest/store"
	"tidings/subscribers"
)

// columns are those of the CSV that import reads and export writes; only the first is required.
func columns() []string {
	return []string{
		"email", "name", "state", "digests", "topics", "lang", "format", "timezone", "consent_at", "consent_how",
		"consent_from", "consent_text", "why", "paused_until", "joined",
	}
}

func subscribersImport(p *program) *cobra.Command {
	var dry bool
	c := &cobra.Command{
		Use: "import FILE.csv", Short: "subscribe people from a CSV file with a header", Args: exactly(1, "one file (- for the standard input)"),
		Long: "Who is imported is active at once: nobody is asked to confirm, and nobody gets a notice. So import only\n" +
			"people who have agreed to these letters, and tell when and how in consent_at and consent_how; otherwise\n" +
			"the record of their consent says no more than \"import\" and the time of it.\n\n" +
			"The header names the columns: email (required), name, state, digests, topics, lang, format, timezone,\n" +
			"consent_at, consent_how, consent_from, consent_text, why (operator, complaint, bounces or probe: what brought\n" +
			"somebody into a state that he did not choose), paused_until, joined. Cells are parted by commas, semicolons\n" +
			"or tabs; lists inside a cell by spaces, commas, semicolons or |. Who has no digests gets all that are not\n" +
			"optional, without topics all topics, without format HTML. Of who is known already only the columns that the\n" +
			"file has are changed. Nobody who has left, bounced, complained or was erased is brought back.\n\n" +
			"A row is one line. One that cannot be taken is told with its line and the reason; the rest is imported,\n" +
			"all of it or, on a fault of the store, nothing. The exit code is 1 then. The same file can be imported again.",
		RunE: func(c *cobra.Command, args []string) error {
			return p.inHouse(c.Context(), func(ctx context.Context, h *house) error { return roll{h}.importCSV(ctx, args[0], dry) })
		},
	}
	c.Flags().BoolVar(&dry, "dry-run", false, "tell what would be done and change nothing")
	return c
}

func (h roll) importCSV(ctx context.Context, path string, dry bool) error {
	in := h.in
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	all, err := h.readCSV(in)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	readers, line, stays := make([]subscribers.Subscriber, len(all.rows)), make(map[string]int, len(all.rows)), map[string]bool{}
	for i, r := range all.rows {
		readers[i], line[r.subscriber.Email] = r.subscriber, r.line
		if s := r.subscriber.State; s == subscribers.Left || s == subscribers.Suspended {
			stays[r.subscriber.Email] = true
		}
	}
	take, said := h.store.Import, "imported"
	if dry {
		take, said = h.store.TryImport, "would import"
	}
	done, err := take(ctx, readers, all.told, h.list.Tokens.Trace)
	if err != nil {
		return err
	}
	refused := all.refused
	for _, email := range done.Kept {
		if stays[email] {
			continue // the file says so itself
		}
		refused = append(refused, refusal{line[email], email + " has left or is suspended; only the reader himself can come back"})
	}
	for _, email := range done.Erased {
		refused = append(refused, refusal{line[email], email + " was erased; only the reader himself can come back, or `tidings subscribers add`"})
	}
	h.refuse(refused)
	fmt.Fprintf(h.err, "%s %s: %d new, %d known; refused %d\n", said, count(done.Added+done.Updated, "row"), done.Added, done.Updated, len(refused))
	return refusing(refused)
}

// row is one that can be taken, with its line in the file.
type row struct {
	line       int
	subscriber subscribers.Subscriber
}

// refusal is a row that cannot, and why.
type refusal struct {
	line int
	why  string
}

func (h roll) refuse(refused []refusal) {
	slices.SortStableFunc(refused, func(a, b refusal) int { return a.line - b.line })
	for _, r := range refused {
		fmt.Fprintf(h.err, "line %d: %s\n", r.line, r.why)
	}
}

func refusing(refused []refusal) error {
	if len(refused) > 0 {
		return errTold
	}
	return nil
}

// intake is what a file holds.
type intake struct {
	rows    []row
	told    store.Told // which columns it has
	refused []refusal
}

// readCSV reads all rows. Its error is for a file that is no such CSV at all.
func (h roll) readCSV(in io.Reader) (intake, error) {
	s := newSheet(in)
	header, err := s.next()
	if errors.Is(err, io.EOF) {
		return intake{}, errors.New("the file is empty; its first line must name the columns, email among them")
	}
	if err != nil {
		return intake{}, fmt.Errorf("line %d, which must name the columns: %w", s.line, err)
	}
	place, err := places(header)
	if err != nil {
		return intake{}, err
	}
	all, seen := intake{told: toldBy(place)}, map[string]int{}
	for {
		cells, err := s.next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil && !errors.As(err, new(badLine)) {
			return intake{}, err
		}
		var sub subscribers.Subscriber
		if err == nil {
			sub, err = h.fromCSV(cells, place)
		}
		switch first := seen[sub.Email]; {
		case err != nil:
			all.refused = append(all.refused, refusal{s.line, err.Error()})
		case first > 0:
			all.refused = append(all.refused, refusal{s.line, fmt.Sprintf("%s stands in line %d already", sub.Email, first)})
		default:
			seen[sub.Email] = s.line
			all.rows = append(all.rows, row{s.line, sub})
		}
	}
}

// toldBy says what a file with these columns tells of who is known already.
func toldBy(place map[string]int) store.Told {
	has := func(column string) bool { _, ok := place[column]; return ok }
	return store.Told{
		Name: has("name"), State: has("state"), Digests: has("digests"), Topics: has("topics"),
		Lang: has("lang"), Text: has("format"), Timezone: has("timezone"),
	}
}

// places tells where each column stands.
func places(header []string) (map[string]int, error) {
	place := map[string]int{}
	for i, name := range header {
		name = strings.ToLower(name)
		if !slices.Contains(columns(), name) {
			return nil, fmt.Errorf("the header has a column %q that is not known; columns are %s", name, strings.Join(columns(), ", "))
		}
		if _, twice := place[name]; twice {
			return nil, fmt.Errorf("the header names the column %s twice", name)
		}
		place[name] = i
	}
	if _, ok := place["email"]; !ok {
		return nil, errors.New("the header has no column email")
	}
	return place, nil
}

// fromCSV makes a row into a subscriber.
func (h roll) fromCSV(record []string, place map[string]int) (subscribers.Subscriber, error) {
	cell := func(name string) string {
		if i, ok := place[name]; ok && i < len(record) {
			return record[i]
		}
		return ""
	}
	if len(record) > len(place) && strings.Join(record[len(place):], "") != "" {
		return subscribers.Subscriber{}, fmt.Errorf("it has %d cells under %s; quote a cell that holds a comma", len(record), count(len(place), "column"))
	}
	s := subscribers.Subscriber{
		Name: cell("name"), State: subscribers.Active, Digests: list(cell("digests")), Topics: list(cell("topics")), Lang: cell("lang"),
		Timezone: cell("timezone"), Joined: h.now(), Changed: h.now(), ConsentAt: h.now(), ConsentHow: "import",
	}
	var err error
	if s.Email, err = subscribers.Normalise(cell("email")); err != nil {
		return s, fmt.Errorf("%q: %w", cell("email"), err)
	}
	if state := cell("state"); state != "" {
		if s.State, err = subscribers.ParseState(state); err != nil {
			return s, err
		}
	}
	if s.Why, err = whyCell(cell("why"), s.State); err != nil {
		return s, err
	}
	if err := h.preferable(s); err != nil {
		return s, err
	}
	if err := formatCell(cell("format"), &s); err != nil {
		return s, err
	}
	if how := cell("consent_how"); how != "" {
		s.ConsentHow = how
	}
	s.ConsentFrom, s.ConsentText = cell("consent_from"), cell("consent_text")
	for column, at := range map[string]*time.Time{"consent_at": &s.ConsentAt, "joined": &s.Joined, "paused_until": &s.Until} {
		if text := cell(column); text != "" {
			if *at, err = parseTime(text, time.UTC); err != nil {
				return s, fmt.Errorf("%s: %w", column, err)
			}
			if at.Year() < 1970 {
				return s, fmt.Errorf("%s: nothing of ours was on %s", column, at.Format(time.DateOnly))
			}
		}
	}
	if at := s.ConsentAt; at.After(h.now().Add(24 * time.Hour)) { // with a day for other zones
		return s, fmt.Errorf("consent_at: nobody can have agreed on %s", at.Format(time.DateOnly))
	}
	if s.State != subscribers.Paused {
		s.Until = time.Time{}
	}
	return s, nil
}

// whyCell reads why somebody is in a state. A file that does not say it of a suspended one means bounces; who is
// active wanted it.
func whyCell(why string, state subscribers.State) (subscribers.Why, error) {
	known := map[subscribers.State][]subscribers.Why{
		subscribers.Left:      {subscribers.ByOperator, subscribers.ByComplaint},
		subscribers.Paused:    {subscribers.ByOperator},
		subscribers.Suspended: {subscribers.ByBounces, subscribers.ByProbe},
	}[state]
	switch given := subscribers.Why(strings.ToLower(why)); {
	case given == "" && state == subscribers.Suspended:
		return subscribers.ByBounces, nil
	case given == "", slices.Contains(known, given):
		return given, nil
	}
	return "", fmt.Errorf("why cannot be %q of one who is %s", why, state)
}

// preferable refuses preferences that nothing could come of.
func (h roll) preferable(s subscribers.Subscriber) error {
	if err := h.knownDigests(s.Digests); err != nil {
		return err
	}
	topics := h.config.topics()
	for _, id := range s.Topics {
		if !slices.ContainsFunc(topics, func(t digest.Topic) bool { return t.ID == id }) {
			return fmt.Errorf("there is no topic %q", id)
		}
	}
	if s.Lang != "" && !langForm.MatchString(s.Lang) {
		return fmt.Errorf(`%q is no language; write it like "en", "it" or "pt-BR"`, s.Lang)
	}
	if _, err := zone(s.Timezone); s.Timezone != "" && err != nil {
		return fmt.Errorf("there is no time zone %q", s.Timezone)
	}
	return nil
}

func formatCell(format string, s *subscribers.Subscriber) error {
	switch strings.ToLower(format) {
	case "", "html":
	case "text", "plain":
		s.Text = true
	default:
		return fmt.Errorf("format must be html or text, not %q", format)
	}
	return nil
}

// list splits a cell that holds several words.
func list(cell string) []string {
	return strings.FieldsFunc(cell, func(r rune) bool { return r == ' ' || r == ',' || r == ';' || r == '|' })
}

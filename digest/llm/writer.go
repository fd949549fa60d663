package llm

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	"tidings/digest"
	"tidings/digest/text"
)

// How a model is asked.
const (
	temperature  = 0.2
	mostTokens   = 700 // of one answer
	giveUpAfter  = 2   // questions in a row without an answer
	perToken     = 3   // bytes; on the safe side for every script
	waitingShare = 3   // one answer may take so much of the edition's time: a third
)

// Writer writes summaries and headlines of an edition with a model. Client, Model, Memory, Log and the budget
// are required. It implements [digest.Writer].
type Writer struct {
	Client    *Client
	Model     string
	Memory    Memory
	Names     *text.Names // known names; nil: the built-in ones
	Summaries bool        // of stories with a block of their own
	Translate bool        // headlines in other languages than the edition's
	MaxCalls  int         // questions for one edition
	MaxTokens int         // of these and their answers together
	Timeout   time.Duration
	Label     string // what the letter calls the model; empty: its name
	Log       *slog.Logger
}

// Write asks about each story that there is something to write of, the best first, while the budget lasts, and
// puts what passes all checks beside the sources' own sentences, which stay. A reason "summary" of each story
// tells what became of it.
func (w *Writer) Write(ctx context.Context, e digest.Edition) digest.Edition {
	e, stories := opened(e)
	r := round{Writer: w, lang: e.Lang, known: w.Names, ordinary: ordinary(stories, e.Lang)}
	if r.known == nil {
		r.known = text.NewNames(nil)
	}
	ctx, cancel := context.WithTimeout(ctx, w.Timeout)
	defer cancel()
	for _, s := range stories {
		if summary, title := r.wants(s); summary || title {
			why := r.write(ctx, s.Story, newTask(*s.Story, e.Lang, summary, title))
			s.Reasons = append(slices.Clip(s.Reasons), digest.Reason{Part: "summary", Detail: why})
		}
	}
	if r.fault != nil {
		w.Log.Warn("language model failed; summaries stay the sources' own", "edition", e.Key, "model", w.Model, "failures", r.failures, "err", r.fault)
	}
	w.Log.Info("summaries written", "edition", e.Key, "model", w.Model, "stories", r.written, "questions", r.calls, "tokens", r.tokens)
	return e
}

// opening is a story of an edition that may be written in; brief ones are a headline only.
type opening struct {
	*digest.Story
	brief bool
}

// opened copies an edition as far as a writer changes it, and lists its stories, the best first and the brief
// ones last.
func opened(e digest.Edition) (digest.Edition, []opening) {
	var out []opening
	if e.Lead != nil {
		lead := *e.Lead
		e.Lead = &lead
		out = append(out, opening{Story: e.Lead})
	}
	e.Sections = slices.Clone(e.Sections)
	for i := range e.Sections {
		e.Sections[i].Stories = slices.Clone(e.Sections[i].Stories)
		for j := range e.Sections[i].Stories {
			out = append(out, opening{Story: &e.Sections[i].Stories[j]})
		}
	}
	slices.SortStableFunc(out, func(a, b opening) int { return cmp.Compare(b.Score, a.Score) })
	e.Brief = slices.Clone(e.Brief)
	for i := range e.Brief {
		out = append(out, opening{Story: &e.Brief[i], brief: true})
	}
	return e, out
}

// ordinary are the words that articles of at least two sources in a language write small: so no name.
func ordinary(stories []opening, lang string) map[string]bool {
	first, out := map[string]string{}, map[string]bool{}
	for _, s := range stories {
		for _, a := range s.Articles() {
			if text.Base(a.Lang) != text.Base(lang) {
				continue
			}
			for _, w := range text.Words(clip(beginning(a), 2*longestLead)) {
				if !small(w) {
					continue
				}
				if feed, seen := first[w]; !seen {
					first[w] = a.Feed
				} else if feed != a.Feed {
					out[text.Fold(w)] = true
				}
			}
		}
	}
	return out
}

// small says whether a word is letters without a capital.
func small(w string) bool {
	for _, r := range w {
		if !unicode.IsLower(r) {
			return false
		}
	}
	return w != ""
}

// round is one edition being written.
type round struct {
	*Writer
	lang     string
	known    *text.Names
	ordinary map[string]bool

	spent, tokens  int // of the edition's budget; what is remembered was paid for by an earlier draft of it
	calls, written int
	failures, row  int   // questions without an answer; in a row
	fault          error // the first
}

// wants says what is to be written of a story.
func (r *round) wants(s opening) (summary, title bool) {
	foreign := text.Base(s.Lead.Lang) != text.Base(r.lang) && s.Lead.Lang != ""
	return r.Summaries && !s.brief, r.Translate && foreign && s.Lead.Title != ""
}

// write writes a story as far as its answer holds, and tells what became of it.
func (r *round) write(ctx context.Context, s *digest.Story, t task) string {
	if len(t.members) == 0 || t.members[0].article.ID != s.Lead.ID {
		return "the source's own: its article gives orders to machines"
	}
	content, err := r.ask(ctx, t)
	if err != nil {
		return "the source's own: " + err.Error()
	}
	v := r.judge(content, t)
	if v.written.Title == "" && v.written.Summary == nil {
		return "the source's own: " + v.why
	}
	v.written.By = cmp.Or(r.Label, r.Model)
	s.Written = &v.written
	r.written++
	told := fmt.Sprintf("written by %s, %d checks passed", r.Model, v.passed)
	if v.why != "" {
		told += "; dropped: " + v.why
	}
	return told
}

// ask returns the model's answer, the remembered one or a new one, while the budget lasts. Both count alike, so that
// an edition and its previews have the same questions answered.
func (r *round) ask(ctx context.Context, t task) (string, error) {
	q := chat{Model: r.Model, Temperature: temperature, MaxTokens: mostTokens}
	var err error
	if q.Messages, err = t.messages(); err != nil {
		return "", err
	}
	question := 0
	for _, m := range q.Messages {
		question += len(m.Content) / perToken
	}
	switch {
	case r.spent >= r.MaxCalls:
		return "", fmt.Errorf("the edition's %d questions are spent", r.MaxCalls)
	case r.tokens+question+mostTokens > r.MaxTokens:
		return "", fmt.Errorf("the edition's %d tokens are spent", r.MaxTokens)
	}
	key := t.key(r.Model)
	known, err := r.Memory.Recall(ctx, []string{key})
	if err != nil {
		r.fault = cmp.Or(r.fault, err)
	}
	if content, ok := known[key]; ok {
		r.spent, r.tokens = r.spent+1, r.tokens+question+len(content)/perToken
		return content, nil
	}
	return r.askAnew(ctx, key, q, question)
}

// askAnew asks the model, and remembers its answer under key.
func (r *round) askAnew(ctx context.Context, key string, q chat, question int) (string, error) {
	if r.row >= giveUpAfter {
		return "", fmt.Errorf("the model has failed %d times in a row", r.row)
	}
	r.spent, r.calls = r.spent+1, r.calls+1
	wait, cancel := context.WithTimeout(ctx, r.Timeout/waitingShare)
	defer cancel()
	content, tokens, err := r.Client.say(wait, q)
	r.tokens += max(tokens, question+len(content)/perToken) // its own word counts only where it is higher
	if err != nil {
		r.failures, r.row = r.failures+1, r.row+1
		r.fault = cmp.Or(r.fault, err)
		return "", err
	}
	r.row = 0
	if len(content) > longestAnswer {
		content = content[:longestAnswer+1] // enough to be refused, now and when it is remembered
	}
	if err := r.Memory.Remember(ctx, map[string]string{key: content}); err != nil {
		r.fault = cmp.Or(r.fault, err)
	}
	return content, nil
}

// verdict is what is left of an answer, how many checks that has passed, and why the first dropped part was
// dropped.
type verdict struct {
	written digest.Written
	passed  int
	why     string
}

// drop notes why something was dropped, the first time.
func (v *verdict) drop(err error) { v.why = cmp.Or(v.why, err.Error()) }

// judge checks an answer. A sentence that fails is dropped; when the first fails, there is no summary. The
// headline stands or falls by itself.
func (r *round) judge(content string, t task) verdict {
	var v verdict
	a, err := parse(content)
	if err != nil {
		v.drop(err)
		return v
	}
	e := newEvidence(t, r.known, r.ordinary)
	headlines := []string{t.members[0].article.Title}
	if t.title {
		if n, err := e.headline(a.Title, t.members[0].article); err != nil {
			v.drop(err)
		} else {
			v.written.Title, v.passed = a.Title, n
			headlines = append(headlines, a.Title)
		}
	}
	if t.summary {
		r.sentences(&v, e, a.Sentences, headlines)
	}
	return v
}

// sentences takes what holds of an answer's sentences, as far as there is room.
func (r *round) sentences(v *verdict, e evidence, claims []claim, headlines []string) {
	if len(claims) == 0 {
		v.drop(fmt.Errorf("its answer has no sentence"))
	}
	size := 0
	for i, c := range claims {
		n, err := e.sentence(c, append(headlines, v.written.Summary...))
		if err == nil && size+utf8.RuneCountInString(c.Text) > longestSummary {
			err = fmt.Errorf("its sentences have more than %d characters together", longestSummary)
		}
		if err != nil {
			v.drop(err)
			if i == 0 {
				return
			}
			continue
		}
		v.written.Summary = append(v.written.Summary, c.Text)
		v.passed += n
		size += utf8.RuneCountInString(c.Text) + 1
	}
}

package subscribers

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	confirmFor = 7 * 24 * time.Hour  // from the question on
	undoFor    = 30 * 24 * time.Hour // for which a leave can be undone
	undoOnPage = 10 * time.Minute    // by who has the token that made it
	blockFor   = 30 * 24 * time.Hour // after "this was not me"
	manageFor  = 7 * 24 * time.Hour  // from when the link was made
	longest    = 366 * 24 * time.Hour
	day        = 24 * time.Hour
	week       = 7 * day
)

// secondAsk and thirdAsk are the waits after the first and the second question about a wish. There is no
// fourth: at most three a week go to an address, whoever asks for them.
const (
	secondAsk = 15 * time.Minute
	thirdAsk  = 24 * time.Hour
)

// A person gets at most ten answers a day, one that only explains, and three goodbyes: who plays with leaving and
// returning fills nobody's mailbox.
const (
	answersADay  = 10
	goodbyesADay = 3
)

// join notes the wish of somebody who is not on the list, and asks him to confirm it as far as the limits
// allow. A later wish renews an earlier one; from who said that it was not he who asked none is taken. Who is on
// the list is mailed the link to his preferences, at most one a day. It returns which limit held a question
// back.
func (p *Person) join(r Request, l Limits, token string, now time.Time) (held string) {
	if p.on() {
		p.explain(Link, r.Answers, now)
		return ""
	}
	if now.Before(p.Trace.Blocked) {
		return ""
	}
	if !p.waits(now) {
		p.Wish = Wish{Made: now}
	}
	p.Wish.Choices, p.Wish.Proof = r.Choices, r.Proof
	if !p.askable(now) {
		return ""
	}
	if held := l.reached(p.Email, p.Recent); held != "" {
		return held
	}
	p.owe(Owed{Notice: Confirm, Token: token, Network: r.Network, Answers: r.Answers}, now)
	return ""
}

// askable reports whether the person may be asked (again) to confirm.
func (p *Person) askable(now time.Time) bool {
	asks := slices.DeleteFunc(slices.Clone(p.Asks), func(at time.Time) bool { return now.Sub(at) >= week })
	switch len(asks) {
	case 0:
		return true
	case 1:
		return now.Sub(asks[0]) >= secondAsk
	case 2:
		return now.Sub(asks[1]) >= thirdAsk
	}
	return false
}

// owe owes a notice; one that answers a mail only if the answers of this day are not used up.
func (p *Person) owe(o Owed, now time.Time) {
	if o.Answers != "" {
		if p.replied(now, day) >= answersADay {
			return
		}
		o.Counted = true
	}
	p.Owed = append(p.Owed, o)
}

// replied counts the replies of a span, of these kinds or of any.
func (p *Person) replied(now time.Time, span time.Duration, kinds ...Notice) (n int) {
	for _, r := range p.Replies {
		if now.Sub(r.At) < span && (len(kinds) == 0 || slices.Contains(kinds, r.Notice)) {
			n++
		}
	}
	return n
}

// explain owes a notice that anybody could cause: one of its kind a day, three a week.
func (p *Person) explain(n Notice, answers string, now time.Time) {
	if p.replied(now, day, n) == 0 && p.replied(now, week, n) < 3 {
		p.owe(Owed{Notice: n, Answers: answers, Counted: true}, now)
	}
}

// confirm puts the person on the list as his wish says. The second time changes nothing.
func (p *Person) confirm(by Proof, answers string, now time.Time) error {
	w := &p.Wish
	switch {
	case p.disowned(now):
		return ErrDisowned
	case w.Made.IsZero(), p.Asked.Before(w.Made), now.Sub(p.Asked) > confirmFor:
		return ErrToken
	case !w.Done.IsZero() && p.on():
		return nil
	case !w.Done.IsZero():
		return ErrToken
	}
	s := &p.Entry
	if s.ID == 0 {
		*s = Subscriber{ID: w.ID, Email: p.Email, Joined: w.Made}
	}
	s.choose(w.Choices)
	s.ConsentAt, s.ConsentHow, s.ConsentFrom, s.ConsentText = now, w.How, evidence(w.Proof, by), w.Agreed
	p.become(Active, "", now)
	w.Done, p.Bounces, p.Trace = now, nil, Trace{}
	p.owe(Owed{Notice: Welcome, Answers: answers}, now)
	return nil
}

// evidence tells what proves a wish and its confirmation.
func evidence(wish, confirmed Proof) string {
	said := strings.TrimSpace("confirmed by " + confirmed.How + " " + confirmed.From)
	if confirmed.How == "" {
		said = "confirmed"
	}
	if wish.From == "" {
		return said
	}
	return wish.From + "; " + said
}

// become puts the entry into a state.
func (p *Person) become(s State, why Why, now time.Time) {
	p.Entry.State, p.Entry.Why, p.Entry.Until, p.Entry.Changed = s, why, time.Time{}, now
}

// disowned reports whether the person has said that it was not he who asked.
func (p *Person) disowned(now time.Time) bool {
	return p.Wish.Made.IsZero() && now.Before(p.Trace.Blocked) && !p.on()
}

// disown drops a wish that was not the person's own, and keeps others from repeating it. Who confirmed it
// leaves.
func (p *Person) disown(now time.Time) error {
	if p.disowned(now) {
		return nil
	}
	if p.Wish.Made.IsZero() || p.Asked.Before(p.Wish.Made) {
		return ErrToken
	}
	if !p.Wish.Done.IsZero() {
		p.leave("", now)
	}
	p.Wish, p.Trace.Blocked = Wish{}, now.Add(blockFor)
	return nil
}

// leave takes the person off the list, from whatever state, any number of times. A goodbye is owed only to who
// was really on it: neither to one who never confirmed nor to one who cannot be reached.
func (p *Person) leave(answers string, now time.Time) {
	if p.waits(now) {
		p.Wish = Wish{}
	}
	if p.Entry.ID == 0 || p.Entry.State == Left {
		return
	}
	told := p.on() && p.replied(now, day, Goodbye) < goodbyesADay
	p.become(Left, "", now)
	if told {
		p.owe(Owed{Notice: Goodbye, Answers: answers, Counted: true}, now)
	}
}

// comeBack undoes a leave. Who was taken off by others or never said yes is asked to confirm.
// The undo was made not before that leave.
func (p *Person) comeBack(l Limits, token string, made, now time.Time) error {
	s := &p.Entry
	switch {
	case s.State != Left:
		return nil
	case now.Sub(s.Changed) > undoFor, made.Before(s.Changed.Truncate(time.Hour)):
		return ErrToken
	case s.ConsentAt.IsZero() || s.Why != "":
		c := Choices{s.Digests, s.Topics, s.Lang, s.Text, s.Timezone}
		p.join(Request{Choices: c, Proof: Proof{How: "return"}}, l, token, now)
		return nil
	}
	s.ConsentAt, s.ConsentHow, s.ConsentFrom = now, "return", ""
	p.become(Active, "", now)
	p.Wish = Wish{}
	return nil
}

// prefer changes what the person chose. Only who is on the list has something to change.
func (p *Person) prefer(c Changes, k Known, now time.Time) error {
	s := &p.Entry
	if !p.on() {
		return ErrToken
	}
	s.Digests = pick(s.Digests, c.Digests, k.Digests, k.Standard)
	s.Topics = pick(s.Topics, c.Topics, k.Topics, k.Topics)
	if c.Lang != nil && lang(*c.Lang) {
		s.Lang = *c.Lang
	}
	if c.Text != nil {
		s.Text = *c.Text
	}
	if c.Timezone != nil && zone(*c.Timezone) {
		s.Timezone = *c.Timezone
	}
	switch {
	case c.Pause == nil:
	case c.Pause.After(now):
		p.become(Paused, "", now)
		s.Until = *c.Pause
		if last := now.Add(longest); s.Until.After(last) {
			s.Until = last
		}
	case s.State == Paused:
		p.become(Active, "", now)
	}
	return nil
}

// langForm is what a BCP 47 tag looks like that names a language.
var langForm = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$`)

// lang reports whether it can be a language; an empty one is the digest's.
func lang(tag string) bool { return tag == "" || langForm.MatchString(tag) }

// zone reports whether it is a time zone; an empty one is the digest's.
func zone(name string) bool {
	_, err := time.LoadLocation(name)
	return err == nil && name != "Local"
}

// pick makes a new choice of what he has, which stands for all when it is empty. What is not known is passed
// over; a choice of nothing changes nothing.
func pick(have, words, known, all []string) []string {
	if words == nil {
		return have
	}
	var chosen []string
	if slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, "+") || strings.HasPrefix(w, "-") }) {
		if chosen = slices.Clone(have); len(have) == 0 {
			chosen = slices.Clone(all)
		}
	}
	for _, word := range words {
		bare := strings.TrimLeft(word, "+-")
		switch {
		case bare == "all":
			return nil
		case strings.HasPrefix(word, "-"):
			chosen = slices.DeleteFunc(chosen, func(c string) bool { return c == bare })
		case slices.Contains(known, bare) && !slices.Contains(chosen, bare):
			chosen = append(chosen, bare)
		}
	}
	if len(chosen) == 0 {
		return have
	}
	slices.Sort(chosen)
	return chosen
}

// forget leaves nothing of the person but that he is to be forgotten.
func (p *Person) forget(now time.Time) {
	p.Entry, p.Wish, p.Bounces, p.Replies, p.Trace.Erased = Subscriber{}, Wish{}, nil, nil, now
}

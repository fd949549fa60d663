package templates

import (
	"fmt"
	"strings"
	"time"
)

// Notice is what a transactional mail tells. Nothing in it was written by a stranger: a confirmation goes
// to somebody who may never have asked for it. Pages are absolute addresses; what is empty is left out.
type Notice struct {
	Title   string  // of the digest, or of the house when it has several
	Lang    string  // BCP 47
	Confirm string  // page to confirm; kind confirm
	Disown  string  // page to say "this was not me"; kind confirm
	Reply   bool    // an answer to the mail confirms as well; kind confirm
	Leave   string  // page to leave; kinds welcome, leaving, status and link
	Return  string  // page to take leaving back; kind goodbye
	Manage  string  // page of preferences; kinds welcome, link and status
	Archive string  // past editions; kind welcome
	Home    string  // page to subscribe; kind help
	Mailbox Mailbox // kind help; of it Plain also kind status
	Chosen  Chosen  // kind status

	Letters []Choice // digests that he gets, or would; kinds confirm, welcome and status; all there are: kind help
	Topics  []Choice // all there are; kinds help and status
}

// Chosen is what a reader has chosen, in words; what is empty is as usual.
type Chosen struct {
	Paused   bool
	Until    time.Time // a pause ends; zero: when he says so
	Topics   []string  // names
	Lang     string    // BCP 47
	Text     bool      // plain text only
	Timezone string    // IANA name
}

// Mailbox are the addresses to which one may write; an empty one is left out. Plain is the one for all that has no
// address of its own.
type Mailbox struct {
	Subscribe, Unsubscribe, Status, Help, Plain string
}

// Notice renders a notice; kind is "confirm", "welcome", "goodbye", "link", "status", "leaving" or "help".
func (s *Set) Notice(kind string, n Notice) (Letter, error) {
	notice, known := s.notices[kind]
	if !known {
		return Letter{}, fmt.Errorf("there is no notice %q", kind)
	}
	t, err := notice()
	if err != nil {
		return Letter{}, plainly(err)
	}
	view := noticeView{
		Words:   s.in(n.Lang),
		Title:   clean(n.Title, longestName),
		Confirm: link(n.Confirm),
		Disown:  link(n.Disown),
		Leave:   link(n.Leave),
		Return:  link(n.Return),
		Manage:  link(n.Manage),
		Archive: link(n.Archive),
		Home:    link(n.Home),
		Reply:   n.Reply,
	}
	view.Chosen, view.Mailbox, view.Topics = n.Chosen, n.Mailbox, n.Topics
	for _, c := range n.Letters {
		c.Title = clean(c.Title, longestName)
		view.Letters = append(view.Letters, c)
	}
	if view.Language = n.Chosen.Lang; view.Language != "" {
		view.Language = view.tongue(n.Chosen.Lang)
	}
	if view.Subject, err = view.Say(kind+".subject", view.Title); err != nil {
		return Letter{}, err
	}
	letter := Letter{Subject: view.Subject}
	var out strings.Builder
	if err := t.ExecuteTemplate(&out, "notice/base.html", view); err != nil {
		return Letter{}, plainly(err)
	}
	letter.HTML = out.String()
	out.Reset()
	if err := s.twins.ExecuteTemplate(&out, "notice/"+kind+".txt", view); err != nil {
		return Letter{}, plainly(err)
	}
	letter.Text = fold(out.String())
	return letter, nil
}

// noticeView is what the templates of notices see; pages are addresses, or nothing.
type noticeView struct {
	Words
	Subject, Title        string
	Confirm, Disown       string
	Leave, Return, Manage string
	Archive, Home         string
	Reply                 bool
	Chosen                Chosen
	Language              string
	Mailbox               Mailbox
	Letters, Topics       []Choice
}

// OwnClock reports whether any of the letters come by the clock of the reader's own time zone.
func (v noticeView) OwnClock() bool { return Wishes{Digests: v.Letters}.OwnClock() }

// Topic is the word of a topic, for an example.
func (v noticeView) Topic() string { return firstName(v.Topics) }

// Letter is the word of a digest, for an example.
func (v noticeView) Letter() string { return firstName(v.Letters) }

func firstName(all []Choice) string {
	if len(all) == 0 {
		return ""
	}
	return all[0].Name
}

// Offer lists the words by which things are chosen, with what they mean where that is another word.
func (noticeView) Offer(all []Choice) string {
	words := make([]string, len(all))
	for i, c := range all {
		words[i] = c.Name
		if !strings.EqualFold(c.Name, c.Title) {
			words[i] += " (" + c.Title + ")"
		}
	}
	return strings.Join(words, ", ")
}

// List writes several words as one.
func (noticeView) List(words []string) string {
	return clean(strings.Join(words, ", "), longestHeadline)
}
